/**
 * What the worker does, without the worker: loads models and traces into instances of the core, tokenises, runs, and
 * answers questions about runs. Long work is cut into slices; between them other requests, and cancelling, get a turn.
 */
import type { CoreEngine, CoreModule, CoreNext, CoreStep, Reply } from './bindings';
import { aborted, EngineError } from './errors';
import { type Part, type Parts, partsOf, type SentSource } from './sources';
import { idsTokenizer, readGgufTokenizer, readTokenizer, type Tokenizer } from './tokenizer';
import type {
  Backend,
  Candidate,
  Cell,
  HeadMatrix,
  LinkFilter,
  Loaded,
  Matrix,
  ModelInfo,
  Overview,
  Progress,
  Run,
  RunText,
  Sampling,
  Token,
  TokenRow,
} from './types';

/** Longest uninterrupted work, in milliseconds. */
const SLICE = 20;
/** Largest absolute difference of a weight from PyTorch's that the goldens allow. */
const TOLERANCE = 2e-5;
/** Pieces that tokenizers of known families put around a text: a trace does not say which of its tokens are such. */
const FRAME_PIECES = ['[CLS]', '[SEP]', '[PAD]', '<s>', '</s>', '<pad>', '<|endoftext|>'];

/** From here on a file can be told from a web page, a pointer or an archive. */
const ENOUGH_TO_JUDGE = 1024;
/** As the core's own limit. */
const LONGEST_HEADER = 16 * 1024 * 1024;

type Report = (progress: Progress) => void;

interface OpenModel {
  readonly core: CoreEngine;
  readonly info: ModelInfo;
  readonly tokenizer: Tokenizer;
  /** Whether it has an output matrix. */
  readonly next: boolean;
}

interface OpenRun {
  /** The model or trace it belongs to. */
  readonly owner: number;
  readonly core: CoreEngine;
  readonly coreRun: number;
  readonly nTokens: number;
  /** Grows with every overview that is asked for: the newest one is answered, those before it are given up. */
  looks: number;
}

export interface Host {
  /** `id` and `runId` are the caller's names for what is loaded; a trace's run gets the latter. */
  load(id: number, runId: number, source: SentSource, signal: AbortSignal, report: Report): Promise<Loaded>;
  run(runId: number, model: number, text: RunText, signal: AbortSignal, report: Report): Promise<Run>;
  overview(run: number, filter: LinkFilter, signal: AbortSignal): Promise<Overview>;
  row(run: number, query: number, filter: LinkFilter): TokenRow;
  matrix(run: number, layer: number, head: number, measure: 'weights' | 'scores'): HeadMatrix;
  cell(run: number, layer: number, head: number, query: number, key: number): Cell;
  hidden(run: number, layer: number): Matrix;
  next(run: number, position: number, count: number, sampling: Sampling): Candidate[];
  sample(run: number, sampling: Sampling): Candidate;
  releaseRun(run: number): void;
  releaseModel(model: number): void;
}

/**
 * @param instantiate  makes a fresh instance of the core: one for each thing that is loaded, since WebAssembly memory
 *                     never shrinks. A new one is made before an old one is dropped.
 */
export function createHost(instantiate: () => Promise<CoreModule>): Host {
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

  return {
    async load(id, runId, source, signal, report) {
      report({ phase: 'engine', received: 0, total: 0 });
      const parts = partsOf(source);
      const core = new (await instantiate()).Engine();
      const { name } = parts.main;
      // What is wrong with the small files is known before the large one has arrived: in a folder they come first,
      // beside a single file as soon as its header says that it needs them.
      let beside = parts.isFolder ? await readBeside(parts, signal) : null;
      let kind = 'weights';
      await stream(core, parts.main, signal, report, async () => {
        kind = value(core.kind(name)).kind;
        if (kind === 'weights') beside ??= await readBeside(parts, signal);
      });
      report({ phase: 'read', received: 0, total: 0 });
      await turn();
      if (signal.aborted) throw aborted();
      if (kind === 'trace') {
        const trace = value(core.openTrace(name));
        runs.set(runId, { owner: id, core, coreRun: trace.run, nTokens: trace.tokens.length, looks: 0 });
        const info = infoOf(trace, trace.name ?? parts.name);
        const tokens = trace.tokens.map((piece, index) => traceToken(piece, index));
        const text = trace.text ?? '';
        const run: Run = {
          id: runId,
          text,
          chat: false,
          tokens,
          generated: [],
          windows: Array.from({ length: info.nLayers }, () => null),
          reused: 0,
          model: info,
          backend: backend('trace'),
          can: { scores: trace.scores, hidden: trace.hidden, next: false },
          computeMs: 0,
        };
        return { id, info, run, chat: false, ends: [] };
      }
      const files = kind === 'gguf' ? null : (beside ?? (await readBeside(parts, signal)));
      const opened = value(core.openModel([name], files?.config ?? null));
      const tokenizer =
        opened.tokenizer !== null
          ? await readGgufTokenizer(opened.tokenizer)
          : files === null || files.tokenizer === null
            ? idsTokenizer
            : await readTokenizer({ tokenizer: files.tokenizer, config: null, chatTemplate: null });
      const info = infoOf(opened, opened.name ?? parts.name);
      if (signal.aborted) throw aborted();
      models.set(id, { core, info, tokenizer, next: opened.next });
      return { id, info, run: null, chat: tokenizer.chat, ends: tokenizer.ends };
    },

    async run(runId, model, { text, chat, generated }, signal, report) {
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
      const {
        run: coreRun,
        reused,
        windows,
      } = value(core.beginRun(Int32Array.from(tokens, (token) => token.id ?? -1)));
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
      runs.set(runId, { owner: model, core, coreRun, nTokens: tokens.length, looks: 0 });
      return {
        id: runId,
        text,
        chat,
        tokens,
        generated: [...generated],
        windows: Array.from(windows, (window) => (window === 0 ? null : window)),
        reused,
        model: info,
        backend: backend('model'),
        can: { scores: true, hidden: true, next: open.next },
        computeMs,
      };
    },

    async overview(id, filter, signal) {
      const run = runOf(id);
      const look = ++run.looks;
      value(run.core.beginOverview(run.coreRun, filter.apart, filter.heads, filter.budget));
      await inSlices(() => {
        if (look !== run.looks) throw aborted();
        return value(run.core.stepOverview(run.coreRun, SLICE));
      }, signal);
      return value(run.core.overview(run.coreRun));
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

    next(id, position, count, { temperature, topK, topP }) {
      const { core, coreRun } = runOf(id);
      return candidates(id, value(core.next(coreRun, position, count, temperature, topK, topP)));
    },
    sample(id, { temperature, topK, topP, seed }) {
      const { core, coreRun, nTokens } = runOf(id);
      const [chosen] = candidates(id, value(core.sample(coreRun, nTokens - 1, temperature, topK, topP, seed)));
      if (chosen === undefined) throw new EngineError({ code: 'bad-request', message: 'The vocabulary is empty.' });
      return chosen;
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

async function readBeside(parts: Parts, signal: AbortSignal): Promise<{ config: string; tokenizer: string | null }> {
  if (parts.config === null) {
    throw new EngineError({
      code: 'missing-file',
      message:
        'These weights came without config.json: open it together with them, and tokenizer.json if there is one.',
      expected: 'config.json',
      found: parts.main.name,
    });
  }
  const config = await textOf(parts.config, signal);
  // A checkpoint without a tokenizer is usable: its text is token ids.
  const tokenizer = parts.tokenizer === null ? null : await textOf(parts.tokenizer, signal).catch(nullIfMissing);
  return { config, tokenizer };
}

function nullIfMissing(error: unknown): null {
  if (error instanceof EngineError && error.code === 'missing-file') return null;
  throw error;
}

/** Small files, as text. */
async function textOf(part: Part, signal: AbortSignal): Promise<string> {
  const most = 64 * 1024 * 1024;
  const { body } = await part.open(signal);
  const chunks: Uint8Array[] = [];
  let received = 0;
  await read(part.name, body, signal, (chunk) => {
    received += chunk.length;
    if (received > most) {
      throw new EngineError({
        code: 'too-large',
        message: `${part.name} is too large.`,
        expected: `at most ${most} bytes`,
        found: 'more',
      });
    }
    chunks.push(chunk);
  });
  const text = await new Blob(chunks as BlobPart[]).text();
  const disguise = /^\s*<(?:!doctype|html)/i.test(text)
    ? 'a web page (HTML)'
    : text.startsWith('version https://git-lfs')
      ? 'a Git LFS pointer'
      : null;
  if (disguise !== null) {
    throw new EngineError({
      code: 'not-a-model',
      message: `${part.name} is ${disguise}, not the file itself.`,
      expected: part.name,
      found: disguise,
    });
  }
  return text;
}

/**
 * Streams a file into the core's memory, where it stays: no second copy of the weights. Waits for `onHeader` once the
 * file's header is there, so that a file nobody wants is not read to its end.
 */
async function stream(
  core: CoreEngine,
  part: Part,
  signal: AbortSignal,
  report: Report,
  onHeader: () => Promise<void>,
): Promise<void> {
  const { name, phase } = part;
  const { size, body } = await part.open(signal);
  let received = 0;
  let reported = 0;
  const progress = (total: number) => {
    const now = performance.now();
    if (now - reported < 50 && received < total) return;
    reported = now;
    report({ phase, received, total });
  };
  if (size === null) {
    // Compressed on the way: how much arrives is known only when it has, so it is gathered first.
    const chunks: Uint8Array[] = [];
    await read(name, body, signal, (chunk) => {
      chunks.push(chunk);
      received += chunk.length;
      progress(0);
    });
    value(core.reserve(name, received));
    let offset = 0;
    for (const chunk of chunks) {
      core.window(name, offset, chunk.length).set(chunk);
      offset += chunk.length;
    }
    await onHeader();
    return;
  }
  value(core.reserve(name, size));
  let judged = false;
  await read(name, body, signal, async (chunk) => {
    if (received + chunk.length > size) throw cut(name, size, `more than ${size}`);
    core.window(name, received, chunk.length).set(chunk);
    received += chunk.length;
    progress(size);
    if (judged || received < Math.min(size, ENOUGH_TO_JUDGE) || received < Math.min(size, headerEndOf(core, name)))
      return;
    judged = true;
    await onHeader();
  });
  if (received < size) throw cut(name, size, String(received));
  if (!judged) await onHeader(); // An empty file.
}

/** Where the header of a safetensors file ends; a length beyond all reason is judged by the core at once. */
function headerEndOf(core: CoreEngine, name: string): number {
  const first = core.window(name, 0, 8);
  if (first.length < 8) return 0;
  const length = Number(new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true));
  return length <= LONGEST_HEADER ? 8 + length : 0;
}

async function read(
  name: string,
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  use: (chunk: Uint8Array) => void | Promise<void>,
): Promise<void> {
  const reader = body.getReader();
  const stop = () => void reader.cancel().catch(() => {});
  signal.addEventListener('abort', stop);
  try {
    for (;;) {
      const { done, value: chunk } = await reader.read().catch((cause: unknown) => {
        if (signal.aborted) throw aborted();
        throw new EngineError({ code: 'network', message: `${name} could not be read to its end: ${String(cause)}` });
      });
      if (signal.aborted) throw aborted();
      if (done) return;
      await use(chunk);
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

const cut = (name: string, size: number, found: string): EngineError =>
  new EngineError({
    code: 'network',
    message: `${name} arrived incomplete or changed: expected ${size} bytes, found ${found}. Try again.`,
    expected: `${size} bytes`,
    found: `${found} bytes`,
  });

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
