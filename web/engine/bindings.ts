/**
 * What cpp/wasm/bindings.cpp exports, written by hand. Only the worker uses it: nothing above knows that WebAssembly
 * exists. Every method that can refuse returns `Reply`: a C++ exception has become `{error}` and nothing was changed.
 */
import type { Cell, Failure, HeadMatrix, Matrix, ModelInfo, Overview, TokenRow } from './types';

export type Reply<T> = T | { readonly error: Failure };

/** ModelInfo without the name, which is the loader's to give. */
export type CoreModelInfo = Omit<ModelInfo, 'name'>;

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

/** One instance of the core: at most one model (or one trace file) and its runs. */
export interface CoreEngine {
  /** Reserves memory for one file that is about to be streamed in. Refuses with `out-of-memory`. */
  reserve(name: string, bytes: number): Reply<object>;
  /** The reserved bytes [offset, offset + length): a view into the heap, to be written at once and then forgotten. */
  window(name: string, offset: number, length: number): Uint8Array;
  /** What a reserved file is, by its own header: 'weights' or 'trace'. Refuses with `bad-file` or `not-a-model`. */
  kind(name: string): Reply<{ readonly kind: 'weights' | 'trace' }>;
  /** Reads the reserved file as a checkpoint, in place. */
  openModel(name: string, configJson: string): Reply<CoreModelInfo>;
  /** Reads the reserved file as a trace and makes it a run. */
  openTrace(name: string): Reply<CoreTraceInfo>;
  /** Starts a forward pass; `stepRun` does the work. Ids are checked against the vocabulary, the count against nCtx. */
  beginRun(ids: Int32Array): Reply<{ readonly run: number }>;
  /** Works for about `milliseconds` and returns. */
  stepRun(run: number, milliseconds: number): Reply<CoreStep>;
  dropRun(run: number): void;
  beginOverview(run: number, apart: Uint8Array, heads: Uint8Array, budget: number): Reply<object>;
  stepOverview(run: number, milliseconds: number): Reply<CoreStep>;
  overview(run: number): Reply<Overview>;
  row(run: number, query: number, apart: Uint8Array, heads: Uint8Array, budget: number): Reply<TokenRow>;
  matrix(run: number, layer: number, head: number, measure: 'weights' | 'scores'): Reply<HeadMatrix>;
  cell(run: number, layer: number, head: number, query: number, key: number): Reply<Cell>;
  hidden(run: number, layer: number): Reply<Matrix>;
  /** Current size of this instance's memory in bytes. */
  memoryBytes(): number;
}

export interface CoreModule {
  Engine: new () => CoreEngine;
}

/** The generated module's default export; `wasmBinary` gives the bytes where there is no server (tests). */
export type InstantiateCore = (options?: {
  wasmBinary?: ArrayBuffer | Uint8Array;
  /** A compiled module, so that a second instance costs no second compilation. */
  instantiateWasm?: (
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ) => object;
}) => Promise<CoreModule>;
