/**
 * What is going on, at one moment, as the views see it: the reader's state, and the runs with everything that the
 * state asks to be shown of them. Immutable; a new snapshot replaces the old one.
 */
import type { Cell, Failure, HeadMatrix, ModelInfo, Overview, Progress, Run, TokenRow } from '../engine/types';
import type { ViewerState } from '../state/state';

export type Status = 'empty' | 'loading' | 'running' | 'ready';

export interface ViewerError extends Failure {
  /** Whether the reader can go on working with what is on the screen. */
  readonly recoverable: boolean;
}

/** What the state's choices come to in this run: clamped to its sizes, the key resolved. */
export interface Selection {
  readonly layer: number;
  readonly head: number;
  readonly query: number;
  readonly key: number;
}

/** A run and the parts of it that are on show. All parts belong to the same run and the same state. */
export interface RunView {
  readonly revision: number;
  readonly run: Run;
  readonly selection: Selection;
  readonly overview: Overview;
  /** The row of the hovered token, else of the selected one. */
  readonly row: TokenRow;
  /** The selected head's weights. */
  readonly matrix: HeadMatrix;
  readonly cell: Cell;
}

export interface Snapshot {
  readonly state: ViewerState;
  readonly status: Status;
  readonly error: ViewerError | null;
  readonly progress: Progress | null;
  /** The loaded model; null while only a trace is shown or nothing is. */
  readonly model: ModelInfo | null;
  /** Grows with each accepted change of text, model or precision. */
  readonly revision: number;
  /** One run; two when comparing. */
  readonly runs: readonly RunView[];
}
