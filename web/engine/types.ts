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
  /** Whether its values and W^O are known: value-weighted attention, what a head adds. */
  readonly values: boolean;
  /** Whether each head's direct effect on the next token is known. */
  readonly effect: boolean;
}

/** The head that an intervention changes; without a layer, that head of every layer. */
interface OfHead {
  readonly layer?: number;
  readonly head: number;
}

/** One change of a forward pass. The public contract says what each means, `cpp/model/intervention.h` how. */
export type Intervention =
  | ({ readonly kind: 'head-off' | 'head-mean' | 'head-uniform' } & OfHead)
  | ({ readonly kind: 'temperature'; readonly temperature: number } & OfHead)
  | ({
      readonly kind: 'edit-weight';
      readonly query: number;
      readonly key: number;
      readonly weight: number;
      /** Whether the rest of the row is scaled so that it adds up to 1; yes where it is not said. */
      readonly renormalise?: boolean;
    } & OfHead)
  | { readonly kind: 'block-key'; readonly layer?: number; readonly key: number }
  | { readonly kind: 'layer-off'; readonly layer?: number }
  | { readonly kind: 'positions-off' };

/**
 * What a model runs on: the reader's text, the tokens that were generated after it, and what the reader changes on the
 * way.
 */
export interface RunText {
  readonly text: string;
  /** Whether the text is put into the model's chat template, as a question that waits for its answer. */
  readonly chat: boolean;
  /** Ids of generated tokens, which follow the text's own. They are never tokenised again: text would not give them back. */
  readonly generated: readonly number[];
  readonly interventions: readonly Intervention[];
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
  /** What the reader changed: where there is anything, numbers are not the model's own. */
  readonly interventions: readonly Intervention[];
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

/** The names of a head's metrics, in the order in which the core lists them. */
export type MetricName =
  | 'entropy'
  | 'previous'
  | 'next'
  | 'self'
  | 'first'
  | 'special'
  | 'distance'
  | 'distanceWithoutFirst'
  | 'duplicate'
  | 'induction';

/** What a head does on the text; null where the text cannot show it. Defined in `cpp/analysis/metrics.h`. */
export type HeadMetrics = Readonly<Record<MetricName, number | null>>;

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
  /** [nLayers * nHeads] */
  readonly metrics: readonly HeadMetrics[];
}

/** One token's exact row in every head. */
export interface TokenRow {
  readonly query: number;
  /** [nLayers, nHeads, nKey] */
  readonly weights: Float32Array;
  /** The same as links under the filter, strongest first, cut to the filter's budget. */
  readonly links: LinkList;
}

/**
 * What a matrix of a head holds: `weights`; `scores`, what softmax sees; `value-weighted`, the Euclidean norm of
 * weight x value x W^O, which is how much of the key's value reaches the query (Kobayashi et al. 2020).
 */
export type Measure = 'weights' | 'scores' | 'value-weighted';

/** One head's weights, or another measure of it. */
export interface HeadMatrix extends Matrix {
  readonly layer: number;
  readonly head: number;
}

/**
 * Many heads as one matrix: `mean` and `max` over the heads of a layer; `rollout` up to and with a layer (Abnar and
 * Zuidema 2020).
 */
export type Aggregate = 'mean' | 'max' | 'rollout';

/** One head's way from its query, key and value to what it adds to the stream. Masked cells of `scores` are -Infinity. */
export interface HeadSteps {
  readonly layer: number;
  readonly head: number;
  /** [nTokens, dHead], [nTokens, dHead], [nTokens, dValue] */
  readonly query: Matrix;
  readonly key: Matrix;
  readonly value: Matrix;
  /** [nQuery, nKey] query . key. */
  readonly dots: Matrix;
  /** [nQuery, nKey] dots x scale + bias, over the reader's temperature: before the mask. */
  readonly scaled: Matrix;
  /** [nQuery, nKey] what softmax sees. */
  readonly scores: Matrix;
  /** [nQuery, nKey] */
  readonly weights: Matrix;
  /** [nQuery, dValue] weights x value, before the reader's interventions on it. */
  readonly output: Matrix;
  /** [nQuery, nHeads * dValue] all heads' outputs side by side, the reader's interventions included. */
  readonly concat: Matrix;
  /** [dValue, dModel] the rows of W^O that this head's output meets. Null for a trace. */
  readonly wOutput: Matrix | null;
  /** [nQuery, dModel] what this head adds to the stream: its part of concat x wOutput, without bias. Null for a trace. */
  readonly added: Matrix | null;
}

/** Which token of the left run stands beside which of the right one: pairs (left, right), flat, both rising. */
export type Pairs = Int32Array;

/** How far two runs are apart. */
export interface RunDistance {
  /**
   * [nLayers * nHeads] how differently each head looks: the total variation of its rows, over the left run's paired
   * queries, where keys without a partner count as one key. 0 to 1. Null where the runs' heads are not the same ones.
   */
  readonly heads: Float32Array | null;
  /** 1 - cosine of the mean last hidden states; null where those are unknown or not comparable. */
  readonly embedding: number | null;
  /** Total variation of what both expect after their last tokens, 0 to 1; null where one cannot say. */
  readonly prediction: number | null;
}

/** How exact a run's weights are, checked now. */
export interface Verification {
  /** The largest absolute difference of any weight from the softmax of the same query and key in float64. */
  readonly largest: number;
  /** How many weights were compared. */
  readonly compared: number;
}

/** How much water the edges of a run carry: see `cpp/analysis/flow.h`. */
export interface Flow {
  readonly query: number;
  /** [nKey] the largest flow from the query, at the top, to each token at the bottom. */
  readonly data: Float32Array;
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
  /** What the reader divides the scores by; 1: nothing. It is part of `scale` and `bias` already. */
  readonly temperature: number;
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

export interface LoadOptions extends Options {
  /**
   * Whether a model that somebody else on the page loaded from the same address may serve as well. Without it the
   * address is read anew, as a reader who opens it once more expects.
   */
  readonly shared?: boolean;
}

/**
 * The numeric engine, as the session sees it. Every promise rejects with an `EngineError`, or with the signal's
 * AbortError within 100 ms of cancelling. A failed call leaves every earlier result usable.
 */
export interface Engine {
  load(source: Source, options?: LoadOptions): Promise<Loaded>;
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
  matrix(run: number, layer: number, head: number, measure: Measure): Promise<HeadMatrix>;
  aggregate(run: number, name: Aggregate, layer: number, options?: Options): Promise<Matrix>;
  /** Refused beyond 64 tokens. */
  flow(run: number, query: number, options?: Options): Promise<Flow>;
  /** Refused for a trace without query, key and value. */
  steps(run: number, layer: number, head: number): Promise<HeadSteps>;
  /**
   * [nHeads, nQuery] how much each head of a layer adds to each token's stream: the Euclidean norm of its mixed values x
   * its rows of W^O, the reader's interventions included, without bias. Refused for a trace.
   */
  contributions(run: number, layer: number): Promise<Matrix>;
  /**
   * [nLayers * nHeads] what each head adds by itself to the logit of token `id` after `position`, the final norm held as
   * it is. Refused where a norm stands in between, and where there are no logits.
   */
  effect(run: number, position: number, id: number): Promise<Float32Array>;
  /** How far two runs are apart, of one model or of two. */
  distance(left: number, right: number, pairs: Pairs, options?: Options): Promise<RunDistance>;
  /**
   * [nLayers + 1] the cosine of two tokens' rows in the residual stream at every depth, of one run or of two of one
   * model; 0 where a row has no length. Refused for a trace without hidden states.
   */
  similarity(left: number, leftIndex: number, right: number, rightIndex: number): Promise<Float32Array>;
  /** left - right, cell by cell of the pairs: [nPairs, nPairs]. */
  difference(left: Matrix, right: Matrix, pairs: Pairs): Promise<Matrix>;
  /** Compares all weights with the same softmax in float64. Refused for a trace with weights alone. */
  verify(run: number, options?: Options): Promise<Verification>;
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
