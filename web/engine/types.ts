/**
 * The words the front end and the engine share: plain data, no behaviour. Shapes and equations are those of the
 * headers under cpp/; indices count from zero; every typed array is a copy that its receiver owns.
 */

/** Row-major numbers: entry (row, col) is `data[row * cols + col]`. */
export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float32Array;
}

/** What a caller can do about it differs, so the codes are few. Listed in the element's public contract. */
export type ErrorCode =
  | 'unsupported'
  | 'bad-file'
  | 'bad-config'
  | 'not-a-model'
  | 'too-large'
  | 'too-long'
  | 'missing-file'
  | 'network'
  | 'blocked-by-policy'
  | 'out-of-memory'
  | 'engine-died'
  | 'bad-request';

/** A refusal as data: it crosses the worker's boundary and becomes an `EngineError` on the other side. */
export interface Failure {
  readonly code: ErrorCode;
  /** One sentence for the reader, naming file, field and place. */
  readonly message: string;
  readonly expected: string | null;
  readonly found: string | null;
}

/** A loaded model, or what can be known of a trace's (null where the trace does not say). */
export interface ModelInfo {
  /** From the file's or folder's name. */
  readonly name: string;
  readonly family: string | null;
  readonly nLayers: number;
  readonly nHeads: number;
  readonly nKvHeads: number | null;
  readonly dModel: number | null;
  readonly dHead: number | null;
  /** The longest text, special tokens included. */
  readonly nCtx: number | null;
  /** Size of the weights in memory. */
  readonly bytes: number | null;
  readonly causal: boolean | null;
}

export interface Token {
  readonly index: number;
  readonly id: number | null;
  /** As the vocabulary writes it: `##ing`, `[CLS]`. */
  readonly piece: string;
  /** The slice of the text that this token covers, or the piece where it covers none. */
  readonly text: string;
  /** UTF-16 range in the text; null for tokens without a place in it. */
  readonly start: number | null;
  readonly end: number | null;
  /** Added by the tokenizer itself, not typed. */
  readonly special: boolean;
}

export type Precision = 'auto' | 'f32';

/** Where the numbers come from and how exact they are. */
export interface Backend {
  readonly source: 'model' | 'trace';
  readonly module: 'simd' | 'relaxed';
  readonly precision: 'f32';
  readonly threads: number;
  /** Largest absolute difference of a weight from PyTorch's that the goldens allow. */
  readonly tolerance: number;
}

/** What a run can be asked for: a trace from a file may hold weights alone. */
export interface Capabilities {
  readonly scores: boolean;
  readonly hidden: boolean;
  /** Whether it can say what comes next: a causal model with an output matrix. */
  readonly next: boolean;
}

/** What a model runs on: the reader's text, and the tokens that were generated after it. */
export interface RunText {
  readonly text: string;
  /** Whether the text is put into the model's chat template, as a question that waits for its answer. */
  readonly chat: boolean;
  /** Ids of generated tokens, which follow the text's own. They are never tokenised again: text would not give them back. */
  readonly generated: readonly number[];
}

/** One forward pass, or one opened trace. `id` names it in later requests and is never reused. */
export interface Run {
  readonly id: number;
  /** The reader's text, without what was generated. */
  readonly text: string;
  readonly chat: boolean;
  /** The tokens of the text, special ones included, and then the generated ones. */
  readonly tokens: readonly Token[];
  readonly generated: readonly number[];
  /** How many keys back each layer lets a query see, its own included: sliding windows. Null: all. [nLayers] */
  readonly windows: readonly (number | null)[];
  /** How many of the first tokens were taken from an earlier run instead of being computed again. */
  readonly reused: number;
  readonly model: ModelInfo;
  readonly backend: Backend;
  readonly can: Capabilities;
  /** The core's own time for the forward pass, in milliseconds; 0 for a trace. */
  readonly computeMs: number;
}

/** Which links the reader wants to see, and which tokens' share is set apart from them. */
export interface LinkFilter {
  /** [nTokens] 1: links from and to this token are left out, its share goes to `setApart`. */
  readonly apart: Uint8Array;
  /** [nLayers * nHeads] 1: this head's links are listed. */
  readonly heads: Uint8Array;
  /** The most links to list. */
  readonly budget: number;
}

/**
 * A link is four uint32: layer * 65536 + head, query, key, the weight's float32 bits.
 * Strongest first. A token's link to itself is not a link.
 */
export type LinkList = Uint32Array;

/** What a picture of the whole run needs. */
export interface Overview {
  readonly links: LinkList;
  /** [101] how many links that pass the filter weigh at least p %, listed or not. */
  readonly counts: Uint32Array;
  /** [nLayers, nHeads, size, size] max-pooled weights, 255 * sqrt(weight), row by row. */
  readonly thumbnails: Uint8Array;
  readonly thumbnailSize: number;
  /** [nLayers, nHeads, nQuery] the share of each row that goes to tokens set apart. */
  readonly setApart: Float32Array;
  /** [nLayers, nHeads, nQuery] each row's strongest key that is not set apart (itself included); -1 where none is visible. */
  readonly strongest: Int32Array;
}

/** One token's exact row in every head. */
export interface TokenRow {
  readonly query: number;
  /** [nLayers, nHeads, nKey] */
  readonly weights: Float32Array;
  /** The same as links under the filter, strongest first, cut to the filter's budget. */
  readonly links: LinkList;
}

/** One head's weights. */
export interface HeadMatrix extends Matrix {
  readonly layer: number;
  readonly head: number;
}

/** How one weight came about. What the run lacks is null. */
export interface Cell {
  readonly layer: number;
  readonly head: number;
  readonly queryIndex: number;
  readonly keyIndex: number;
  /** [dHead], [dHead], [dValue]: the query's row, the key's row, the key's value row. */
  readonly query: Float32Array | null;
  readonly key: Float32Array | null;
  readonly value: Float32Array | null;
  /** query . key, before the scale. */
  readonly dot: number | null;
  /** The factor that multiplies `dot`: 1 / sqrt(dHead). */
  readonly scale: number | null;
  /** What is added after the scale; 0 where nothing is. */
  readonly bias: number | null;
  /** What softmax sees; -Infinity where masked. */
  readonly score: number | null;
  readonly rowMax: number | null;
  /** The sum of exp(score - rowMax) over the row's visible keys. */
  readonly rowSum: number | null;
  readonly weight: number;
  readonly masked: boolean;
  /** [dValue] the row's weights . value, before W^O. */
  readonly output: Float32Array | null;
  /** [nKey] the whole row before and after softmax. */
  readonly rowScores: Float32Array | null;
  readonly rowWeights: Float32Array;
}

/** How the next token is chosen from the model's probabilities. */
export interface Sampling {
  /** What logits are divided by: 0 always takes the most probable, 1 is the model's own distribution. 0 to 5. */
  readonly temperature: number;
  /** Only so many of the most probable; 0: all. */
  readonly topK: number;
  /** Only the most probable that together reach this share; 1: all. Above 0. */
  readonly topP: number;
  /** Equal seeds give equal choices. A whole number from 0 to 2^32 - 1. */
  readonly seed: number;
}

/** A token that may come next. */
export interface Candidate {
  readonly id: number;
  readonly piece: string;
  /** How it reads; bytes that are no whole character as `\uFFFD`. */
  readonly text: string;
  readonly logit: number;
  /** The model's own: softmax over the whole vocabulary. */
  readonly probability: number;
  /** What the sampling rules make of it: the chance of being chosen; 0 where they rule it out. */
  readonly chance: number;
}

/** A model at an address, looked at before any weights are fetched. */
export interface Offer {
  /** What `load` takes. */
  readonly address: string;
  readonly name: string;
  /** Who is asked: the address's host, and, after arrows, those to whom it sends on. */
  readonly host: string;
  readonly files: readonly { readonly name: string; readonly bytes: number | null }[];
  /** Of all files; null where the server does not say. */
  readonly bytes: number | null;
  /** As the model's page or file states it; null where it does not. */
  readonly licence: string | null;
  /** The family, as its configuration calls it. */
  readonly family: string | null;
  /** An estimate of what it will take: weights, and a run of `runTokens` tokens. */
  readonly memory: { readonly weights: number | null; readonly run: number | null; readonly runTokens: number };
  /** Bytes of it that are kept in the browser already. */
  readonly stored: number;
}

/** A downloaded model that is kept in the browser. */
export interface StoredModel {
  readonly address: string;
  readonly name: string;
  readonly bytes: number;
  /** False while parts are missing: a download that was cut off and can be resumed. */
  readonly complete: boolean;
}

export interface MemoryUse {
  /** Bytes that the engine's instances hold. */
  readonly used: number;
  /** Bytes that weights and runs may take together. */
  readonly budget: number;
}

/** How far a load or a run is; `total` is 0 while unknown. */
export interface Progress {
  /** `tokenize` is told only where a tokenizer's own pattern may take for ever, right before it is used. */
  readonly phase: 'engine' | 'download' | 'read' | 'tokenize' | 'run';
  /** Bytes of a download; the share that is done of a run. */
  readonly received: number;
  readonly total: number;
}

/** Files the reader picked or dropped, or an address: a folder ends in `/`. */
export type Source = Blob | readonly File[] | URL | string;

/** A model that answers `run`, or a trace that is already a run. */
export interface Loaded {
  /** Names the loaded thing in later requests; never reused. */
  readonly id: number;
  readonly info: ModelInfo;
  /** The one run of a trace; null for a model. */
  readonly run: Run | null;
  /** Whether the checkpoint carries a chat template that can be offered. */
  readonly chat: boolean;
  /** Ids with which a generated text ends; empty where none is known. */
  readonly ends: readonly number[];
}

export interface Options {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * The numeric engine, as the session sees it. Every promise rejects with an `EngineError`, or with the signal's
 * AbortError within 100 ms of cancelling. A failed call leaves every earlier result usable.
 */
export interface Engine {
  load(source: Source, options?: Options): Promise<Loaded>;
  /**
   * Tokenises and runs the forward pass. Refuses with `too-long`, naming the count, past the model's limit. What the
   * model's last runs share with it from the beginning on is not computed again where the model is causal.
   */
  run(model: number, text: RunText, options?: Options): Promise<Run>;
  /** What the model expects after `position`: the `count` most probable tokens, most probable first. */
  next(run: number, position: number, count: number, sampling: Sampling): Promise<readonly Candidate[]>;
  /** Chooses the token after the run's last one. Equal runs and sampling give equal choices. */
  sample(run: number, sampling: Sampling): Promise<Candidate>;
  /** Looks at a model at an address: asks for its small files and sizes, never for weights. */
  offer(address: string, options?: Options): Promise<Offer>;
  /** The downloaded models that are kept in the browser; empty where it keeps nothing. */
  stored(): Promise<readonly StoredModel[]>;
  /** Forgets one of them, or all. */
  forget(address: string | null): Promise<void>;
  memory(): Promise<MemoryUse>;
  /** Refuses what would not fit from now on; what is loaded stays. */
  setBudget(bytes: number): void;
  overview(run: number, filter: LinkFilter, options?: Options): Promise<Overview>;
  row(run: number, query: number, filter: LinkFilter): Promise<TokenRow>;
  matrix(run: number, layer: number, head: number, measure: 'weights' | 'scores'): Promise<HeadMatrix>;
  cell(run: number, layer: number, head: number, query: number, key: number): Promise<Cell>;
  /** Residual stream: layer 0 enters the first block, layer nLayers leaves the last. */
  hidden(run: number, layer: number): Promise<Matrix>;
  /** Frees a run; unknown ids are ignored. */
  releaseRun(run: number): void;
  /** Frees a model and all its runs; unknown ids are ignored. */
  releaseModel(model: number): void;
  /**
   * Called when the engine died and starts again: runs of models are gone and have to be made anew; models and traces
   * keep their names, and requests wait until they have been loaded again. Returns how to stop listening.
   */
  onRestart(listener: () => void): () => void;
}
