/**
 * What cpp/wasm/bindings.cpp exports, written by hand. Only the worker uses it: nothing above knows that WebAssembly
 * exists. Every method that can refuse returns `Reply`: a C++ exception has become `{error}` and nothing was changed.
 */
import type {
  Aggregate,
  Cell,
  Failure,
  HeadMatrix,
  HeadSteps,
  Intervention,
  Matrix,
  Measure,
  ModelInfo,
  Overview,
  Pairs,
  TokenRow,
  Verification,
} from './types';

/** The tokenizer that a GGUF file carries, as it stands there. What the file lacks is null. */
export interface GgufTokenizer {
  /** 'gpt2' is byte-level BPE, 'llama' SentencePiece, 'bert' WordPiece. */
  readonly model: string;
  /** How the text is split before the merges: 'smollm', 'llama-bpe', 'qwen2', 'gpt-2', … */
  readonly pre: string | null;
  readonly tokens: readonly string[];
  readonly scores: Float32Array | null;
  /** 1 normal, 2 unknown, 3 control, 4 user defined, 5 unused, 6 byte. */
  readonly types: Int32Array | null;
  readonly merges: readonly string[] | null;
  readonly bos: number | null;
  readonly eos: number | null;
  readonly unknown: number | null;
  readonly addBos: boolean | null;
  readonly addEos: boolean | null;
  readonly addSpacePrefix: boolean | null;
  readonly chatTemplate: string | null;
  /** The whole tokenizer.json, where the writer was so kind. */
  readonly huggingface: string | null;
}

export type Reply<T> = T | { readonly error: Failure };

/** ModelInfo without the name, which is the loader's to give. */
export type CoreModelInfo = Omit<ModelInfo, 'name'>;

/** What openModel says. */
export interface CoreModel extends CoreModelInfo {
  /** As the file calls the model (`general.name` of a GGUF); null where it does not. */
  readonly name: string | null;
  readonly licence: string | null;
  /** Whether it has an output matrix, so that `next` can answer. */
  readonly next: boolean;
  /** Whether nothing but a final norm stands between its heads and that matrix, so that `effect` can answer. */
  readonly effect: boolean;
  /** Of a GGUF. */
  readonly tokenizer: GgufTokenizer | null;
}

/** Parallel lists, most probable first. */
export interface CoreNext {
  readonly ids: Int32Array;
  readonly logits: Float32Array;
  readonly probabilities: Float32Array;
  readonly chances: Float32Array;
}

export interface CoreTraceInfo extends CoreModelInfo {
  readonly run: number;
  /** The trace's own name and text; null where its metadata lacks them. */
  readonly name: string | null;
  readonly text: string | null;
  readonly tokens: readonly string[];
  readonly scores: boolean;
  readonly hidden: boolean;
}

export interface CoreStep {
  readonly done: boolean;
  /** 0 to 1. */
  readonly progress: number;
}

/** An overview as the core gives it. */
export interface CoreOverview extends Omit<Overview, 'metrics'> {
  /** [nLayers * nHeads, 10] in the order of `MetricName`; NaN where the text cannot show it. */
  readonly metrics: Float64Array;
}

/** What long work comes to; each kind of work fills its own field. */
export interface CoreWork extends Verification {
  readonly matrix: Matrix;
  readonly numbers: Float32Array;
}

/** One instance of the core: at most one model (or one trace file) and its runs. */
export interface CoreEngine {
  /** Reserves memory for one file that is about to be streamed in. Refuses with `out-of-memory`. */
  reserve(name: string, bytes: number): Reply<object>;
  /** The reserved bytes [offset, offset + length): a view into the heap, to be written at once and then forgotten. */
  window(name: string, offset: number, length: number): Uint8Array;
  /**
   * What a reserved file is. A GGUF says so in its first bytes; the header of a safetensors file must be there whole.
   * Refuses with `bad-file` or `not-a-model`.
   */
  kind(name: string): Reply<{ readonly kind: 'weights' | 'trace' | 'gguf' }>;
  /** Reads the reserved files as one checkpoint, in place: the shards of a safetensors model, or one GGUF. */
  openModel(names: readonly string[], configJson: string | null): Reply<CoreModel>;
  /** Frees a reserved file that is not wanted after all. */
  release(name: string): void;
  /** Reads the reserved file as a trace and makes it a run. */
  openTrace(name: string): Reply<CoreTraceInfo>;
  /**
   * Starts a forward pass; `stepRun` does the work. Ids are checked against the vocabulary, the count against nCtx. The
   * first `reused` tokens are taken from the complete run under the same interventions that shares the longest
   * beginning, where the model is causal.
   */
  beginRun(
    ids: Int32Array,
    interventions: readonly Intervention[],
  ): Reply<{
    readonly run: number;
    readonly reused: number;
    /** [nLayers] sliding windows; 0: none. */
    readonly windows: Int32Array;
  }>;
  /** The most probable tokens after `position`. Works in one go: one product with the output matrix. */
  next(run: number, position: number, count: number, temperature: number, topK: number, topP: number): Reply<CoreNext>;
  /** The token chosen after `position`; equal arguments give equal choices. One entry. */
  sample(run: number, position: number, temperature: number, topK: number, topP: number, seed: number): Reply<CoreNext>;
  /** Works for about `milliseconds` and returns. */
  stepRun(run: number, milliseconds: number): Reply<CoreStep>;
  dropRun(run: number): void;
  /** @param ids  equal numbers for equal tokens; `special`: 1 for those that the tokenizer added */
  beginOverview(
    run: number,
    ids: Int32Array,
    special: Uint8Array,
    apart: Uint8Array,
    heads: Uint8Array,
    budget: number,
  ): Reply<object>;
  stepOverview(run: number, milliseconds: number): Reply<CoreStep>;
  overview(run: number): Reply<CoreOverview>;
  /** Long work on complete runs: begun here, done by `stepWork`, its result by `endWork`; `dropWork` frees it. */
  beginAggregate(run: number, name: Aggregate, layer: number): Reply<{ readonly work: number }>;
  beginFlow(run: number, query: number): Reply<{ readonly work: number }>;
  beginChange(left: number, right: number, pairs: Pairs): Reply<{ readonly work: number }>;
  beginVerify(run: number): Reply<{ readonly work: number }>;
  stepWork(work: number, milliseconds: number): Reply<CoreStep>;
  endWork(work: number): Reply<CoreWork>;
  dropWork(work: number): void;
  steps(run: number, layer: number, head: number): Reply<HeadSteps>;
  contributions(run: number, layer: number): Reply<Matrix>;
  effect(run: number, position: number, id: number): Reply<Float32Array>;
  difference(left: Matrix, right: Matrix, pairs: Pairs): Reply<Matrix>;
  /** Of two rows of numbers: `cosine` of embeddings, or `prediction` of logits. */
  distance(left: Matrix, right: Matrix, kind: 'cosine' | 'prediction'): Reply<{ readonly value: number }>;
  similarity(left: number, leftIndex: number, right: number, rightIndex: number): Reply<Float32Array>;
  /** [1, dModel] the mean last hidden state. */
  embedding(run: number): Reply<Matrix>;
  /** [1, nVocab] */
  logits(run: number, position: number): Reply<Matrix>;
  row(run: number, query: number, apart: Uint8Array, heads: Uint8Array, budget: number): Reply<TokenRow>;
  matrix(run: number, layer: number, head: number, measure: Measure): Reply<HeadMatrix>;
  cell(run: number, layer: number, head: number, query: number, key: number): Reply<Cell>;
  hidden(run: number, layer: number): Reply<Matrix>;
  /** Current size of this instance's memory in bytes. */
  memoryBytes(): number;
}

/** The generated module's default export; `wasmBinary` gives the bytes where there is no server (tests). */
export type InstantiateCore = (options?: {
  wasmBinary?: ArrayBuffer | Uint8Array;
  /** A compiled module, so that a second instance costs no second compilation. */
  instantiateWasm?: (
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ) => object;
}) => Promise<CoreEngine>;
