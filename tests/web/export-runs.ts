/** Runs, snapshots and a reading for tests of what is exported: small, whole, and without an engine. */
import type { HeadMatrix, Intervention, Matrix, Run, Token } from '../../web/engine/types';
import type { Reading } from '../../web/export/reading';
import type { RunView, Snapshot } from '../../web/session/snapshot';
import { interventionInWords } from '../../web/state/interventions';
import { tokenLabel } from '../../web/state/labels';
import { formatNumber, formatPercent } from '../../web/state/numbers';
import { initialState, type ViewerState } from '../../web/state/state';
import { visibility } from '../../web/state/visibility';

/** How the element has it. */
export const reading: Reading = {
  label: (token) => tokenLabel(token),
  sees: (run, layer, query, key) => visibility(run, layer, query, key) === 'visible',
  change: interventionInWords,
  number: formatNumber,
  percent: formatPercent,
};

export interface RunWish {
  readonly pieces: readonly string[];
  readonly text?: string;
  readonly name?: string;
  readonly source?: 'model' | 'trace';
  readonly causal?: boolean | null;
  readonly interventions?: readonly Intervention[];
  readonly nLayers?: number;
  readonly nHeads?: number;
  readonly ids?: readonly number[];
  readonly family?: string;
  readonly scores?: boolean;
  readonly hidden?: boolean;
}

export function runOf(wish: RunWish): Run {
  const { pieces, name = 'Tiny', source = 'model', causal = false, nLayers = 2, nHeads = 2 } = wish;
  const tokens = pieces.map(
    (piece, index): Token => ({
      index,
      id: source === 'trace' ? null : (wish.ids?.[index] ?? 100 + index),
      piece,
      text: piece,
      start: null,
      end: null,
      special: false,
    }),
  );
  const sizes = { nLayers, nHeads, nKvHeads: nHeads, dModel: 4, dHead: 2, nCtx: 64, bytes: 1 };
  return {
    id: 1,
    text: wish.text ?? pieces.join(' '),
    chat: false,
    tokens,
    generated: [],
    interventions: wish.interventions ?? [],
    windows: Array.from({ length: nLayers }, () => null),
    reused: 0,
    model: { name, family: wish.family ?? 'bert', causal, ...sizes },
    backend: { source, module: 'simd', precision: 'f32', threads: 1, tolerance: 2e-5 },
    can: {
      scores: wish.scores ?? source === 'model',
      hidden: wish.hidden ?? source === 'model',
      values: source === 'model',
      effect: false,
      next: false,
    },
    computeMs: 1,
  };
}

/** A matrix of numbers that a float32 holds. */
export function matrixOf(rows: readonly (readonly number[])[]): Matrix {
  return { rows: rows.length, cols: rows[0]?.length ?? 0, data: Float32Array.from(rows.flat()) };
}

/** Of what a snapshot holds, only what an export reads. */
export function snapshotOf(
  run: Run,
  matrix: Matrix,
  state: Partial<ViewerState> = {},
  more: Partial<Snapshot> = {},
  shown: Partial<RunView> = {},
): Snapshot {
  const layer = state.layer ?? 1;
  const head = state.head ?? 0;
  const whole: HeadMatrix = { ...matrix, layer, head };
  const selection = { layer, head, query: state.query ?? 0, key: 0 };
  const view = { run, selection, matrix: whole, measured: matrix, measure: state.measure ?? 'weights', ...shown };
  return {
    state: { ...initialState, ...state },
    runs: [view as unknown as RunView],
    comparison: null,
    ...more,
  } as Snapshot;
}
