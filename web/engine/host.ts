/**
 * What the worker does, without the worker: loads models and traces into instances of the core, tokenises, runs, and
 * answers questions about runs. Long work is cut into slices; between them other requests, and cancelling, get a turn.
 */
import type { CoreEngine, CoreNext, CoreOverview, CoreStep, CoreWork, GgufTokenizer, Reply } from './bindings';
import { DEFAULT_BUDGET, requireModelFits, requireRunFits, runBytes, runTokensOf } from './budget';
import type { Opened } from './download';
import { aborted, EngineError } from './errors';
import { ggufFacts } from './gguf-facts';
import { configFacts, offerOf } from './offer';
import { HUB, inShards, isMissing, type Part, type Parts, partsOf, type SentSource, textOf } from './sources';
import { forgetModel, keepWhole, keptModels } from './store';
import { idsTokenizer, readGgufTokenizer, readTokenizer, type Tokenizer } from './tokenizer';
import type {
  Aggregate,
  Backend,
  Candidate,
  Cell,
  ErrorCode,
  Flow,
  HeadMatrix,
  HeadMetrics,
  HeadSteps,
  LinkFilter,
  Loaded,
  Matrix,
  Measure,
  MemoryUse,
  MetricName,
  ModelInfo,
  Offer,
  Overview,
  Pairs,
  Progress,
  Run,
  RunDistance,
  RunText,
  Sampling,
  StoredModel,
  Token,
  TokenRow,
  Verification,
} from './types';

/** Longest uninterrupted work, in milliseconds. */
const SLICE = 20;
/** Largest absolute difference of a weight from PyTorch's that the goldens allow. */
const TOLERANCE = 2e-5;
/** Pieces that tokenizers of known families put around a text: a trace does not say which of its tokens are such. */
const FRAME_PIECES = ['[CLS]', '[SEP]', '[PAD]', '<s>', '</s>', '<pad>', '<|endoftext|>'];

/** As cpp/analysis/metrics.h lists them. */
const METRIC_NAMES: readonly MetricName[] = [
  'entropy',
  'previous',
  'next',
  'self',
  'first',
  'special',
  'distance',
  'distanceWithoutFirst',
  'duplicate',
  'induction',
];

/** From here on a file can be told from a web page, a pointer or an archive. */
const ENOUGH_TO_JUDGE = 1024;
/** As the core's own limit. */
const LONGEST_HEADER = 16 * 1024 * 1024;

/** Codes that mean that other bytes are needed, not another try. */
const WRONG_FILES: ReadonlySet<ErrorCode> = new Set([
  'not-a-model',
  'bad-file',
  'bad-config',
  'missing-file',
  'unsupported',
]);

type Report = (progress: Progress) => void;

interface OpenModel {
  readonly core: CoreEngine;
  readonly info: ModelInfo;
  readonly tokenizer: Tokenizer;
  /** Whether it has an output matrix. */
  readonly next: boolean;
  readonly effect: boolean;
}

interface OpenRun {
  /** The model or trace it belongs to. */
  readonly owner: number;
  readonly core: CoreEngine;
  readonly coreRun: number;
  readonly tokens: readonly Token[];
  /** Whether it can say what comes next. */
  readonly next: boolean;
  /** Grows with every overview that is asked for: the newest one is answered, those before it are given up. */
  looks: number;
}

export interface Host {
  /** `id` and `runId` are the caller's names for what is loaded; a trace's run gets the latter. */
  load(id: number, runId: number, source: SentSource, signal: AbortSignal, report: Report): Promise<Loaded>;
  run(runId: number, model: number, text: RunText, signal: AbortSignal, report: Report): Promise<Run>;
  overview(run: number, filter: LinkFilter, signal: AbortSignal): Promise<Overview>;
  row(run: number, query: number, filter: LinkFilter): TokenRow;
  matrix(run: number, layer: number, head: number, measure: Measure): HeadMatrix;
  aggregate(run: number, name: Aggregate, layer: number, signal: AbortSignal): Promise<Matrix>;
  flow(run: number, query: number, signal: AbortSignal): Promise<Flow>;
  steps(run: number, layer: number, head: number): HeadSteps;
  contributions(run: number, layer: number): Matrix;
  effect(run: number, position: number, id: number): Float32Array;
  distance(left: number, right: number, pairs: Pairs, signal: AbortSignal): Promise<RunDistance>;
  similarity(left: number, leftIndex: number, right: number, rightIndex: number): Float32Array;
  difference(left: Matrix, right: Matrix, pairs: Pairs): Promise<Matrix>;
  verify(run: number, signal: AbortSignal): Promise<Verification>;
  cell(run: number, layer: number, head: number, query: number, key: number): Cell;
  hidden(run: number, layer: number): Matrix;
  next(run: number, position: number, count: number, sampling: Sampling): Candidate[];
  sample(run: number, sampling: Sampling): Candidate;
  offer(address: string, signal: AbortSignal): Promise<Offer>;
  stored(): Promise<readonly StoredModel[]>;
  forget(address: string | null): Promise<void>;
  memory(): MemoryUse;
  setBudget(bytes: number): void;
  releaseRun(run: number): void;
  releaseModel(model: number): void;
}

/**
 * @param instantiate  makes a fresh instance of the core: one for each thing that is loaded, since WebAssembly memory
 *                     never shrinks. A new one is made before an old one is dropped.
 * @param hub          whose pages and names are understood
 */
export function createHost(instantiate: () => Promise<CoreEngine>, hub = HUB): Host {
  let budget = DEFAULT_BUDGET;
  const models = new Map<number, OpenModel>();
  const runs = new Map<number, OpenRun>();

  const runOf = (id: number): OpenRun => {
    const run = runs.get(id);
    if (run === undefined) throw new EngineError({ code: 'bad-request', message: `There is no run ${id}.` });
    return run;
  };

  /** The core's parallel lists as tokens that can be read. */
  const candidates = (run: number, { ids, logits, probabilities, chances }: CoreNext): Candidate[] => {
    const tokenizer = models.get(runOf(run).owner)?.tokenizer ?? idsTokenizer;
    return Array.from(ids, (id, i) => ({
      id,
      ...tokenizer.describe(id),
      logit: logits[i] ?? Number.NaN,
      probability: probabilities[i] ?? Number.NaN,
      chance: chances[i] ?? Number.NaN,
    }));
  };

  /** Reads a source into a fresh instance. `reserved` grows by every file that is there. */
  const open = async (
    id: number,
    runId: number,
    parts: Parts,
    core: CoreEngine,
    reserved: string[],
    signal: AbortSignal,
    report: Report,
  ): Promise<Loaded> => {
    // What is wrong with the small files is known before the large ones have arrived: in a folder they come first,
    // beside a single file as soon as its header says that it needs them.
    let beside = parts.isFolder ? await readBeside(parts, signal) : null;
    const { weights, first, bytes } = await openFirst(parts, signal);
    let kind = 'weights';
    let done = 0;
    for (const part of weights) {
      const opened = part === weights[0] ? first : await part.open(signal);
      const isKnown = weights.length === 1 || bytes !== null;
      const total = isKnown ? Math.max(bytes ?? 0, done + (opened.size ?? 0)) : 0;
      let shape = beside === null ? null : configFacts(beside.config).shape;
      const fits = (size: number) => {
        const run = shape === null ? 0 : runBytes(shape, runTokensOf(shape.nCtx));
        requireModelFits(parts.name, Math.max(bytes ?? 0, done + size), run, budget);
      };
      reserved.push(part.name);
      done += await stream(
        core,
        part,
        opened,
        signal,
        fits,
        (received) => report({ phase: part.phase, received: done + received, total }),
        async (beginning) => {
          kind = value(core.kind(part.name)).kind;
          if (kind !== 'weights' && weights.length > 1) throw notShard(part.name, kind);
          if (kind === 'weights') beside ??= await readBeside(parts, signal);
          if (kind === 'trace') return;
          // With the run that it must leave room for: what will not fit is refused before the rest has arrived.
          shape ??=
            beside === null ? ggufFacts(core.window(part.name, 0, beginning)).shape : configFacts(beside.config).shape;
          fits(opened.size ?? beginning);
        },
      );
    }
    report({ phase: 'read', received: 0, total: 0 });
    await turn();
    if (signal.aborted) throw aborted();
    if (kind === 'trace') return openTrace(id, runId, parts, core, reserved[0] ?? '');
    const opened = value(core.openModel(reserved, beside?.config ?? null));
    const info = infoOf(opened, opened.name ?? parts.name);
    requireModelFits(parts.name, info.bytes ?? done, runBytes(info, runTokensOf(info.nCtx)), budget);
    const tokenizer = await tokenizerFor(opened.tokenizer, beside);
    if (signal.aborted) throw aborted();
    models.set(id, { core, info, tokenizer, next: opened.next, effect: opened.effect });
    return { id, info, run: null, chat: tokenizer.chat, ends: tokenizer.ends };
  };

  const openTrace = (id: number, runId: number, parts: Parts, core: CoreEngine, name: string): Loaded => {
    const trace = value(core.openTrace(name));
    const tokens = trace.tokens.map((piece, index) => traceToken(piece, index));
    runs.set(runId, { owner: id, core, coreRun: trace.run, tokens, next: false, looks: 0 });
    const info = infoOf(trace, trace.name ?? parts.name);
    const run: Run = {
      id: runId,
      text: trace.text ?? '',
      chat: false,
      tokens,
      generated: [],
      interventions: [],
      windows: Array.from({ length: info.nLayers }, () => null),
      reused: 0,
      model: info,
      backend: backend('trace'),
      can: { scores: trace.scores, hidden: trace.hidden, next: false, values: false, effect: false },
      computeMs: 0,
    };
    return { id, info, run, chat: false, ends: [] };
  };

  return {
    async load(id, runId, source, signal, report) {
      report({ phase: 'engine', received: 0, total: 0 });
      const parts = await partsOf(source, signal, hub);
      const core = await instantiate();
      const reserved: string[] = [];
      try {
        const loaded = await open(id, runId, parts, core, reserved, signal, report);
        if (parts.keep !== null && !parts.keep.complete) await keepWhole(parts.keep);
        return loaded;
      } catch (error) {
        for (const name of reserved) core.release(name);
        // What turned out to be wrong must not come out of the store again.
        const isWrong = error instanceof EngineError && WRONG_FILES.has(error.code);
        if (isWrong && parts.keep !== null) await forgetModel(parts.keep.address);
        throw error;
      }
    },

    async run(runId, model, { text, chat, generated, interventions }, signal, report) {
      const open = models.get(model);
      if (open === undefined) throw new EngineError({ code: 'bad-request', message: `There is no model ${model}.` });
      const { core, info, tokenizer } = open;
      if (tokenizer.watched) {
        // Whoever waits stops this worker if nothing more is heard of it.
        report({ phase: 'tokenize', received: 0, total: 0 });
        await turn();
      }
      const typed = tokenizer.tokenize(text, chat);
      if (tokenizer.watched) report({ phase: 'run', received: 0, total: 1 });
      const tokens = [...typed, ...tokenizer.generated(generated, typed.length)];
      // What the model does not take at all is refused by the core, and by its name.
      if (info.nCtx === null || tokens.length <= info.nCtx) requireRunFits(info, tokens.length, budget);
      const { run: coreRun, reused, windows } = value(core.beginRun(idsOf(tokens), interventions));
      let computeMs = 0;
      try {
        await inSlices(
          () => {
            const start = performance.now();
            const step = value(core.stepRun(coreRun, SLICE));
            computeMs += performance.now() - start;
            return step;
          },
          signal,
          (step) => report({ phase: 'run', received: step.progress, total: 1 }),
        );
        if (!models.has(model)) throw aborted(); // Released meanwhile: nobody would free its run.
      } catch (error) {
        core.dropRun(coreRun);
        throw error;
      }
      runs.set(runId, { owner: model, core, coreRun, tokens, next: open.next, looks: 0 });
      return {
        id: runId,
        text,
        chat,
        tokens,
        generated: [...generated],
        interventions: [...interventions],
        windows: Array.from(windows, (window) => (window === 0 ? null : window)),
        reused,
        model: info,
        backend: backend('model'),
        can: { scores: true, hidden: true, next: open.next, values: true, effect: open.effect },
        computeMs,
      };
    },

    async overview(id, filter, signal) {
      const run = runOf(id);
      const look = ++run.looks;
      const special = Uint8Array.from(run.tokens, (token) => (token.special ? 1 : 0));
      const { apart, heads, budget } = filter;
      value(run.core.beginOverview(run.coreRun, sameIds(run.tokens), special, apart, heads, budget));
      await inSlices(() => {
        if (look !== run.looks) throw aborted();
        return value(run.core.stepOverview(run.coreRun, SLICE));
      }, signal);
      return overviewOf(value(run.core.overview(run.coreRun)));
    },

    row(id, query, filter) {
      const { core, coreRun } = runOf(id);
      return value(core.row(coreRun, query, filter.apart, filter.heads, filter.budget));
    },
    matrix(id, layer, head, measure) {
      const { core, coreRun } = runOf(id);
      return value(core.matrix(coreRun, layer, head, measure));
    },
    cell(id, layer, head, query, key) {
      const { core, coreRun } = runOf(id);
      return value(core.cell(coreRun, layer, head, query, key));
    },
    hidden(id, layer) {
      const { core, coreRun } = runOf(id);
      return value(core.hidden(coreRun, layer));
    },

    async aggregate(id, name, layer, signal) {
      const { core, coreRun } = runOf(id);
      return (await work(core, core.beginAggregate(coreRun, name, layer), signal)).matrix;
    },
    async flow(id, query, signal) {
      const { core, coreRun } = runOf(id);
      return { query, data: (await work(core, core.beginFlow(coreRun, query), signal)).numbers };
    },
    steps(id, layer, head) {
      const { core, coreRun } = runOf(id);
      return value(core.steps(coreRun, layer, head));
    },
    contributions(id, layer) {
      const { core, coreRun } = runOf(id);
      return value(core.contributions(coreRun, layer));
    },
    effect(id, position, token) {
      const { core, coreRun } = runOf(id);
      return value(core.effect(coreRun, position, token));
    },
    async verify(id, signal) {
      const { core, coreRun } = runOf(id);
      const { largest, compared } = await work(core, core.beginVerify(coreRun), signal);
      return { largest, compared };
    },

    async distance(leftId, rightId, pairs, signal) {
      const [left, right] = [runOf(leftId), runOf(rightId)];
      const sameModel = left.core === right.core;
      const heads = sameModel
        ? (await work(left.core, left.core.beginChange(left.coreRun, right.coreRun, pairs), signal)).numbers
        : null;
      // Numbers of two models lie in two memories: they meet in the left one's. What has another width has no distance.
      const apart = (kind: 'cosine' | 'prediction', a: () => Reply<Matrix>, b: () => Reply<Matrix>) => {
        const [mine, other] = [a(), b()];
        if ('error' in mine || 'error' in other || mine.cols !== other.cols) return null;
        return value(left.core.distance(mine, other, kind)).value;
      };
      const last = ({ core, coreRun, tokens }: OpenRun) => core.logits(coreRun, tokens.length - 1);
      return {
        heads,
        embedding: sameModel
          ? apart(
              'cosine',
              () => left.core.embedding(left.coreRun),
              () => right.core.embedding(right.coreRun),
            )
          : null,
        prediction:
          left.next && right.next
            ? apart(
                'prediction',
                () => last(left),
                () => last(right),
              )
            : null,
      };
    },
    similarity(leftId, leftIndex, rightId, rightIndex) {
      const [left, right] = [runOf(leftId), runOf(rightId)];
      if (left.core !== right.core) {
        const message = 'Only tokens of one model can be compared layer by layer.';
        throw new EngineError({ code: 'bad-request', message });
      }
      return value(left.core.similarity(left.coreRun, leftIndex, right.coreRun, rightIndex));
    },
    async difference(left, right, pairs) {
      const open = [...models.values(), ...runs.values()][0];
      if (open === undefined) throw new EngineError({ code: 'bad-request', message: 'Nothing is loaded.' });
      return value(open.core.difference(left, right, pairs));
    },

    next(id, position, count, { temperature, topK, topP }) {
      const { core, coreRun } = runOf(id);
      return candidates(id, value(core.next(coreRun, position, count, temperature, topK, topP)));
    },
    sample(id, { temperature, topK, topP, seed }) {
      const { core, coreRun, tokens } = runOf(id);
      const [chosen] = candidates(id, value(core.sample(coreRun, tokens.length - 1, temperature, topK, topP, seed)));
      if (chosen === undefined) throw new EngineError({ code: 'bad-request', message: 'The vocabulary is empty.' });
      return chosen;
    },

    offer: (address, signal) => offerOf(address, signal, hub),
    stored: () => keptModels(),
    forget: (address) => forgetModel(address),
    memory() {
      const cores = new Set([...models.values(), ...runs.values()].map(({ core }) => core));
      return { used: [...cores].reduce((sum, core) => sum + core.memoryBytes(), 0), budget };
    },
    setBudget(bytes) {
      budget = bytes;
    },

    releaseRun(id) {
      const run = runs.get(id);
      if (run === undefined) return;
      ++run.looks; // An overview under way must not step what is gone.
      run.core.dropRun(run.coreRun);
      runs.delete(id);
    },
    releaseModel(id) {
      for (const [runId, run] of runs) if (run.owner === id) this.releaseRun(runId);
      models.delete(id);
    },
  };
}

/** The answer, or the refusal as an error. */
function value<T extends object>(reply: Reply<T>): T {
  if ('error' in reply) throw new EngineError(reply.error);
  return reply;
}

/** Lets waiting messages in. A message of our own comes after those, and sooner than any timer. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

async function inSlices(step: () => CoreStep, signal: AbortSignal, after?: (step: CoreStep) => void): Promise<void> {
  for (;;) {
    if (signal.aborted) throw aborted();
    const state = step();
    if (state.done) return;
    after?.(state);
    await turn();
  }
}

/** Does long work to its end, and frees it. */
async function work(core: CoreEngine, begun: Reply<{ readonly work: number }>, signal: AbortSignal): Promise<CoreWork> {
  const { work: id } = value(begun);
  try {
    await inSlices(() => value(core.stepWork(id, SLICE)), signal);
    return value(core.endWork(id));
  } finally {
    core.dropWork(id);
  }
}

function idsOf(tokens: readonly Token[]): Int32Array {
  return Int32Array.from(tokens, (token) => token.id ?? -1);
}

/** Equal numbers for equal tokens: a trace knows its pieces alone. */
function sameIds(tokens: readonly Token[]): Int32Array {
  const known = new Map<string, number>();
  return Int32Array.from(tokens, ({ id, piece }) => {
    if (id !== null) return id;
    if (!known.has(piece)) known.set(piece, known.size);
    return known.get(piece) ?? -1;
  });
}

function overviewOf({ metrics, ...overview }: CoreOverview): Overview {
  const n = METRIC_NAMES.length;
  const heads = Array.from({ length: metrics.length / n }, (_, head) => {
    const named = METRIC_NAMES.map((name, i) => {
      const number = metrics[head * n + i] ?? Number.NaN;
      return [name, Number.isNaN(number) ? null : number] as const;
    });
    return Object.fromEntries(named) as HeadMetrics;
  });
  return { ...overview, metrics: heads };
}

/** The small files beside the weights. */
interface Beside {
  readonly config: string;
  readonly tokenizer: string | null;
  readonly tokenizerConfig: string | null;
  readonly chatTemplate: string | null;
}

async function readBeside(parts: Parts, signal: AbortSignal): Promise<Beside> {
  if (parts.config === null) {
    throw new EngineError({
      code: 'missing-file',
      message:
        'These weights came without config.json: open it together with them, and tokenizer.json if there is one.',
      expected: 'config.json',
      found: parts.weights[0]?.name ?? 'nothing',
    });
  }
  const config = await textOf(parts.config, signal).catch((error: unknown) => {
    if (!(error instanceof EngineError) || !isMissing(error) || parts.index === null) throw error;
    const message =
      `${error.message} A model's folder holds config.json and model.safetensors, or the files that ` +
      'model.safetensors.index.json lists. A GGUF file has an address of its own.';
    throw new EngineError({ code: error.code, message, expected: error.expected, found: error.found });
  });
  const optional = async (part: Part | null) => {
    try {
      return part === null ? null : await textOf(part, signal);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  };
  // A checkpoint without a tokenizer is usable: its text is token ids.
  const tokenizer = await optional(parts.tokenizer);
  // What else is there is about chats. Asking an encoder's folder for it would only leave errors in the log.
  if (tokenizer === null || !configFacts(config).mayGenerate) {
    return { config, tokenizer, tokenizerConfig: null, chatTemplate: null };
  }
  const tokenizerConfig = await optional(parts.tokenizerConfig);
  return { config, tokenizer, tokenizerConfig, chatTemplate: await optional(parts.chatTemplate) };
}

function tokenizerFor(gguf: GgufTokenizer | null, beside: Beside | null): Promise<Tokenizer> | Tokenizer {
  if (gguf !== null) return readGgufTokenizer(gguf);
  if (beside === null || beside.tokenizer === null) return idsTokenizer;
  const { tokenizer, tokenizerConfig: config, chatTemplate } = beside;
  return readTokenizer({ tokenizer, config, chatTemplate });
}

/** The weights' files, and the first of them opened: one, or the shards that stand in for it. */
async function openFirst(
  parts: Parts,
  signal: AbortSignal,
): Promise<{ readonly weights: readonly Part[]; readonly first: Opened; readonly bytes: number | null }> {
  const openOf = async ({ weights, bytes }: Parts) => ({
    weights,
    first: await (weights[0] as Part).open(signal),
    bytes,
  });
  try {
    return await openOf(parts);
  } catch (error) {
    if (!isMissing(error) || parts.index === null) throw error;
    return openOf(await inShards(parts, signal));
  }
}

/**
 * Streams a file into the core's memory, where it stays: no second copy of the weights. Waits for `onHeader` once the
 * file's header is there, so that a file nobody wants is not read to its end.
 * @param fits      refuses a file of so many bytes, before they are reserved
 * @param onHeader  is told how many bytes are there
 * @returns how many bytes it has
 */
async function stream(
  core: CoreEngine,
  { name }: Part,
  { size, body, close }: Opened,
  signal: AbortSignal,
  fits: (size: number) => void,
  report: (received: number) => void,
  onHeader: (received: number) => Promise<void>,
): Promise<number> {
  let received = 0;
  let reported = 0;
  const progress = () => {
    const now = performance.now();
    if (now - reported < 50 && received !== size) return;
    reported = now;
    report(received);
  };
  if (size === null) {
    // Compressed on the way: how much arrives is known only when it has, so it is gathered first.
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) {
      chunks.push(chunk);
      received += chunk.length;
      fits(received);
      progress();
    }
    value(core.reserve(name, received));
    let offset = 0;
    for (const chunk of chunks) {
      core.window(name, offset, chunk.length).set(chunk);
      offset += chunk.length;
    }
    await onHeader(received);
    return received;
  }
  try {
    fits(size);
    value(core.reserve(name, size));
  } catch (error) {
    close();
    throw error;
  }
  let judged = false;
  for await (const chunk of body) {
    core.window(name, received, chunk.length).set(chunk);
    received += chunk.length;
    progress();
    if (judged || received < Math.min(size, ENOUGH_TO_JUDGE) || received < Math.min(size, headerEndOf(core, name)))
      continue;
    judged = true;
    await onHeader(received);
    if (signal.aborted) throw aborted();
  }
  if (!judged) await onHeader(received); // An empty file.
  return received;
}

const notShard = (name: string, kind: string): EngineError =>
  new EngineError({
    code: 'bad-file',
    message: `${name} should hold a part of the weights; it is a ${kind} file.`,
    expected: 'weights',
    found: kind,
  });

/** Where the header of a safetensors file ends; a length beyond all reason is judged by the core at once. */
function headerEndOf(core: CoreEngine, name: string): number {
  const first = core.window(name, 0, 8);
  if (first.length < 8) return 0;
  const length = Number(new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true));
  return length <= LONGEST_HEADER ? 8 + length : 0;
}

function infoOf(core: Omit<ModelInfo, 'name'>, name: string): ModelInfo {
  const { family, nLayers, nHeads, nKvHeads, dModel, dHead, nCtx, bytes, causal } = core;
  return { name, family, nLayers, nHeads, nKvHeads, dModel, dHead, nCtx, bytes, causal };
}

function backend(source: Backend['source']): Backend {
  return { source, module: 'simd', precision: 'f32', threads: 1, tolerance: TOLERANCE };
}

function traceToken(piece: string, index: number): Token {
  return { index, id: null, piece, text: piece, start: null, end: null, special: FRAME_PIECES.includes(piece) };
}
