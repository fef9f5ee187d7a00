/** An engine without a worker and without arithmetic: every number says which run it belongs to, every answer waits its turn. */
import { aborted, EngineError } from '../../web/engine/errors';
import type {
  Aggregate,
  Candidate,
  Capabilities,
  Cell,
  Engine,
  Flow,
  HeadMatrix,
  HeadMetrics,
  HeadSteps,
  Loaded,
  Matrix,
  Measure,
  MemoryUse,
  ModelInfo,
  Offer,
  Options,
  Overview,
  Pairs,
  Progress,
  Run,
  RunDistance,
  RunText,
  Sampling,
  Source,
  StoredModel,
  Token,
  TokenRow,
  Verification,
} from '../../web/engine/types';

export const nLayers = 2;
export const nHeads = 3;
/** Texts of more words are refused. */
const mostWords = 6;
/** The longest run of a model that writes. */
export const nCtx = 12;
/** The token with which a model that writes ends its text. */
export const END = 99;

/** When an answer may arrive. */
export type Turn = (label: string) => Promise<unknown>;

/** Answers as soon as it is asked. */
export const atOnce: Turn = () => Promise.resolve();

export class FakeEngine implements Engine {
  readonly models = new Map<number, string>();
  readonly runs = new Map<number, { readonly owner: number; readonly n: number; readonly can: Capabilities }>();
  /** Forward passes that are under way and not given up; the most there ever were at once. */
  running = 0;
  mostRunning = 0;
  /** Texts that were run to their end, in order. */
  readonly finished: string[] = [];
  readonly asked: string[] = [];
  /** Kept, so that a test can report progress at any time, late ones included. */
  lastProgress: ((progress: Progress) => void) | undefined;
  can = { scores: true, hidden: true };
  /** What a model that writes chooses for a place in the text. */
  choice: (position: number) => number = (position) => position;
  readonly #turn: Turn;
  readonly #listeners = new Set<() => void>();
  #lastId = 0;

  constructor(turn: Turn = atOnce) {
    this.#turn = turn;
  }

  async load(source: Source, options: Options = {}): Promise<Loaded> {
    const name = String(source);
    await this.#wait(`load ${name}`, options);
    if (name.startsWith('bad')) throw refused('bad-file', `${name} is no model.`);
    const id = ++this.#lastId;
    this.models.set(id, name);
    const info = infoOf(name);
    if (!name.startsWith('trace')) return { id, info, run: null, chat: isWriter(name), ends: [END] };
    const text = { text: name.slice('trace '.length), chat: false, generated: [], interventions: [] };
    return { id, info, run: this.#newRun(id, info, text, true), chat: false, ends: [] };
  }

  async run(model: number, asked: RunText, options: Options = {}): Promise<Run> {
    const { text, chat, generated, interventions } = asked;
    const name = this.models.get(model);
    if (name === undefined) throw refused('bad-request', `There is no model ${model}.`);
    this.mostRunning = Math.max(this.mostRunning, ++this.running);
    const changes = interventions.map(({ kind }) => kind);
    const label = [[chat ? `run chat ${text}` : `run ${text}`, ...generated].join(' +'), ...changes].join(' !');
    try {
      await this.#wait(label, options);
    } finally {
      --this.running;
    }
    if (wordsOf(text).length > mostWords) throw refused('too-long', `The text has ${wordsOf(text).length} tokens.`);
    if (!isWriter(name) && (chat || generated.length > 0)) throw refused('bad-request', `${name} does not write.`);
    if (interventions.some((one) => 'head' in one && one.head >= nHeads)) throw refused('bad-request', 'No such head.');
    if (text === 'deadly') {
      this.die();
      throw refused('engine-died', 'The engine stopped.');
    }
    this.finished.push(label.slice('run '.length));
    return this.#newRun(model, infoOf(name), asked, false);
  }

  async overview(run: number, filter: { apart: Uint8Array; heads: Uint8Array }): Promise<Overview> {
    const { n } = this.#of(run);
    await this.#turn(`overview ${run}`);
    this.#of(run);
    const strongest = new Int32Array(nLayers * nHeads * n).fill(n - 1);
    return {
      links: Uint32Array.of(run, ...filter.heads),
      counts: new Uint32Array(101),
      thumbnails: new Uint8Array(nLayers * nHeads),
      thumbnailSize: 1,
      setApart: new Float32Array(nLayers * nHeads * n).fill(filter.apart.includes(1) ? 0.5 : 0),
      strongest,
      metrics: Array.from({ length: nLayers * nHeads }, () => metricsOf(run)),
    };
  }
  async row(run: number, query: number): Promise<TokenRow> {
    await this.#turn(`row ${run} ${query}`);
    this.#of(run);
    return { query, weights: Float32Array.of(run), links: new Uint32Array() };
  }
  async matrix(run: number, layer: number, head: number, measure: Measure): Promise<HeadMatrix> {
    await this.#turn(`matrix ${run} ${layer} ${head}${measure === 'weights' ? '' : ` ${measure}`}`);
    const { n } = this.#of(run);
    if (measure === 'scores' && !this.can.scores) throw refused('unsupported', 'This trace holds weights alone.');
    return { rows: n, cols: n, data: new Float32Array(n * n).fill(run), layer, head };
  }
  async cell(run: number, layer: number, head: number, queryIndex: number, keyIndex: number): Promise<Cell> {
    await this.#turn(`cell ${run} ${layer} ${head} ${queryIndex} ${keyIndex}`);
    this.#of(run);
    const nothing = { query: null, key: null, value: null, dot: null, scale: null, bias: null, score: null };
    const rest = { temperature: 1, rowMax: null, rowSum: null, masked: false, output: null, rowScores: null };
    return { ...nothing, ...rest, layer, head, queryIndex, keyIndex, weight: run, rowWeights: new Float32Array() };
  }
  async aggregate(run: number, name: Aggregate, layer: number): Promise<Matrix> {
    await this.#turn(`${name} ${run} ${layer}`);
    return square(this.#of(run).n, run);
  }
  async flow(run: number, query: number): Promise<Flow> {
    await this.#turn(`flow ${run} ${query}`);
    return { query, data: new Float32Array(this.#of(run).n) };
  }
  async steps(run: number, layer: number, head: number): Promise<HeadSteps> {
    await this.#turn(`steps ${run} ${layer} ${head}`);
    const all = square(this.#of(run).n, run);
    const parts = { query: all, key: all, value: all, dots: all, scaled: all, scores: all, weights: all };
    return { layer, head, ...parts, output: all, concat: all, wOutput: all, added: all };
  }
  async contributions(run: number, layer: number): Promise<Matrix> {
    await this.#turn(`contributions ${run} ${layer}`);
    const { n } = this.#of(run);
    return { rows: nHeads, cols: n, data: new Float32Array(nHeads * n).fill(run) };
  }
  async effect(run: number, position: number, id: number): Promise<Float32Array> {
    await this.#turn(`effect ${run} ${position} ${id}`);
    this.#of(run);
    return new Float32Array(nLayers * nHeads).fill(id);
  }
  /** Says which two runs it belongs to. */
  async distance(left: number, right: number): Promise<RunDistance> {
    await this.#turn(`distance ${left} ${right}`);
    this.#of(left);
    this.#of(right);
    return { heads: new Float32Array(nLayers * nHeads), embedding: left, prediction: right };
  }
  /** Says which two runs it belongs to. */
  async similarity(left: number, leftIndex: number, right: number, rightIndex: number): Promise<Float32Array> {
    await this.#turn(`similarity ${left} ${leftIndex} ${right} ${rightIndex}`);
    this.#of(left);
    this.#of(right);
    return new Float32Array(nLayers + 1).fill(left / right);
  }
  async difference(left: Matrix, right: Matrix, pairs: Pairs): Promise<Matrix> {
    await this.#turn('difference');
    return square(pairs.length / 2, (left.data[0] ?? 0) - (right.data[0] ?? 0));
  }
  async verify(run: number): Promise<Verification> {
    await this.#turn(`verify ${run}`);
    return { largest: 0, compared: this.#of(run).n };
  }
  async hidden(run: number, layer: number): Promise<Matrix> {
    await this.#turn(`hidden ${run} ${layer}`);
    return { rows: this.#of(run).n, cols: 1, data: new Float32Array(this.#of(run).n) };
  }

  /** Each candidate says which run, which position and which rules it belongs to. */
  async next(run: number, position: number, count: number, { temperature }: Sampling): Promise<readonly Candidate[]> {
    await this.#turn(`next ${run} ${position}`);
    if (!this.#of(run).can.next) throw refused('unsupported', 'This run cannot say what comes next.');
    return Array.from({ length: count }, (_, i) => candidate(position + 1 + i, run, position, temperature));
  }
  async sample(run: number, { temperature }: Sampling): Promise<Candidate> {
    await this.#turn(`sample ${run}`);
    const { n, can } = this.#of(run);
    if (!can.next) throw refused('unsupported', 'This run cannot say what comes next.');
    return candidate(this.choice(n), run, n - 1, temperature);
  }

  offer(address: string): Promise<Offer> {
    return Promise.reject(refused('network', `${address} is not there.`));
  }
  stored(): Promise<readonly StoredModel[]> {
    return Promise.resolve([]);
  }
  forget(): Promise<void> {
    return Promise.resolve();
  }
  memory(): Promise<MemoryUse> {
    return Promise.resolve({ used: this.models.size, budget: 1000 });
  }
  setBudget(): void {}

  releaseRun(run: number): void {
    this.runs.delete(run);
  }
  releaseModel(model: number): void {
    this.models.delete(model);
    for (const [id, { owner }] of this.runs) if (owner === model) this.runs.delete(id);
  }
  onRestart(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The worker dies and comes back at once, with models and traces. */
  die(): void {
    for (const [id, { owner }] of this.runs)
      if (this.models.get(owner)?.startsWith('trace') !== true) this.runs.delete(id);
    for (const listener of this.#listeners) listener();
  }

  #newRun(owner: number, model: ModelInfo, { text, chat, generated, interventions }: RunText, isTrace: boolean): Run {
    const id = ++this.#lastId;
    const typed = tokensOf(chat ? `<chat> ${text}` : text, isTrace);
    const tokens = [...typed, ...generated.map((token, i) => generatedToken(token, typed.length + i))];
    if (model.nCtx !== null && tokens.length > model.nCtx)
      throw refused('too-long', `There are ${tokens.length} tokens.`);
    const next = !isTrace && model.causal === true;
    const can = { ...this.can, next, values: !isTrace, effect: next };
    this.runs.set(id, { owner, n: tokens.length, can });
    const source = isTrace ? 'trace' : 'model';
    const backend = { source, module: 'simd', precision: 'f32', threads: 1, tolerance: 2e-5 } as const;
    const rest = { windows: [null, null], reused: 0, computeMs: 1 };
    return { id, text, chat, tokens, generated: [...generated], interventions, model, backend, can, ...rest };
  }

  #of(run: number) {
    const found = this.runs.get(run);
    if (found === undefined) throw refused('engine-died', `There is no run ${run}.`);
    return found;
  }

  async #wait(label: string, { signal, onProgress }: Options): Promise<void> {
    this.asked.push(label);
    this.lastProgress = onProgress;
    if (signal?.aborted) throw aborted();
    await new Promise<void>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(aborted()));
      onProgress?.({ phase: 'download', received: 1, total: 2 });
      this.#turn(label).then(() => resolve(), reject);
    });
  }
}

export function infoOf(name: string): ModelInfo {
  return {
    name,
    family: null,
    nLayers,
    nHeads,
    nKvHeads: nHeads,
    dModel: 4,
    dHead: 2,
    nCtx: isWriter(name) ? nCtx : 8,
    bytes: 1,
    causal: isWriter(name),
  };
}

const square = (n: number, number: number): Matrix => {
  return { rows: n, cols: n, data: new Float32Array(n * n).fill(number) };
};

/** Every metric is the run's number; what a text without repetitions cannot show is null. */
function metricsOf(run: number): HeadMetrics {
  const shares = { entropy: run, previous: run, next: run, self: run, first: run, special: run };
  return { ...shares, distance: run, distanceWithoutFirst: run, duplicate: null, induction: null };
}

/** Models of this name are causal. */
const isWriter = (name: string): boolean => name.startsWith('writer');

function candidate(id: number, run: number, position: number, temperature: number): Candidate {
  return { id, piece: `p${id}`, text: ` p${id}`, logit: run, probability: position, chance: temperature };
}

function generatedToken(id: number, index: number): Token {
  return { index, id, piece: `p${id}`, text: ` p${id}`, start: null, end: null, special: id === END };
}

const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

function tokensOf(text: string, isTrace: boolean): Token[] {
  return ['[CLS]', ...wordsOf(text), '[SEP]'].map((piece, index, all) => {
    const special = index === 0 || index === all.length - 1;
    return { index, id: isTrace ? null : index, piece, text: piece, start: null, end: null, special };
  });
}

function refused(code: EngineError['code'], message: string): EngineError {
  return new EngineError({ code, message });
}
