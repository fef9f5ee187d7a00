/**
 * What the matrix draws and the table lists: the same numbers under the same names. Only decides which of the snapshot's
 * numbers those are, and reads them.
 */
import type { Matrix } from '../engine/types';
import type { Selection, Snapshot } from '../session/snapshot';
import { pairOf } from '../state/comparing';
import { isSetByHand } from '../state/interventions';
import { labelOf } from '../state/labels';
import { DIFFERENCE, type MeasureText, measureOf, whose, whyNotMeasurable } from '../state/measures';
import { type Scale, scaleOf } from '../state/scale';
import { type Visibility, visibility, whyHidden } from '../state/visibility';

/** One matrix with everything that it takes to name a cell. Rows look, columns are looked at. */
export interface Measured {
  readonly matrix: Matrix;
  /** Null for a difference of two runs. */
  readonly measure: MeasureText | null;
  readonly layer: number;
  readonly head: number;
  /** "Layer 3, head 1". */
  readonly title: string;
  /** What the numbers are, in one sentence. */
  readonly definition: string;
  /** Why these are not the numbers that were asked for; null where they are. */
  readonly missing: string | null;
  readonly scale: Scale;
  /** Where the chosen cell is; -1 where it is not among these. */
  readonly chosen: { readonly row: number; readonly col: number };
  /** The run's token that a row, or a column, stands for. */
  tokenAt(place: number): number;
  /** The row, or column, of the run's token; -1 where it has none. */
  placeOf(token: number): number;
  nameAt(place: number): string;
  isSpecial(place: number): boolean;
  /** What kind of hidden a cell is. */
  look(row: number, col: number): Visibility;
  /** Why a cell is hidden, as the end of a sentence about the key; null where it is not. */
  whyHidden(row: number, col: number): string | null;
  /** Whether the reader set this weight by hand. */
  isSet(row: number, col: number): boolean;
}

let known: { readonly parts: readonly unknown[]; readonly measured: Measured } | null = null;

/** Null until there is a run. Two panels ask for the same, and again whenever something is pointed at: it is made once. */
export function measuredOf(snapshot: Snapshot | undefined): Measured | null {
  if (snapshot === undefined || snapshot.runs.length === 0) return null;
  const parts = measuredParts(snapshot);
  if (known === null || parts.some((part, i) => part !== known?.parts[i])) known = { parts, measured: make(snapshot) };
  return known.measured;
}

/** The parts of a snapshot that it is made of: while they are the same, so is what is shown. */
export function measuredParts(snapshot: Snapshot | undefined): readonly unknown[] {
  const shown = snapshot?.runs[0];
  const state = snapshot?.state;
  return [shown?.run, shown?.measured, shown?.selection, snapshot?.comparison, state?.measure, state?.difference];
}

/** Whether there is a difference of two runs to show. */
export function hasDifference(snapshot: Snapshot): boolean {
  return snapshot.comparison !== null && snapshot.runs.length > 1;
}

function make(snapshot: Snapshot): Measured {
  return snapshot.state.difference && hasDifference(snapshot) ? differenceOf(snapshot) : measureShown(snapshot);
}

function measureShown({ runs, state }: Snapshot): Measured {
  const { run, selection, measured, measure: name } = runs[0]!;
  const { layer, head, query, key } = selection;
  const measure = measureOf(name);
  const why = whyNotMeasurable(run, state.measure);
  // What a rollout reaches through several layers is hidden by none of their windows alone.
  const masks = measure.of === 'layers' ? { model: run.model, windows: [], interventions: [] } : run;
  const value = (row: number, col: number) => measured.data[row * measured.cols + col] ?? 0;
  return {
    matrix: measured,
    measure,
    layer,
    head,
    title: whose(measure, layer, head),
    definition: measure.definition,
    missing:
      why === null ? null : `${measureOf(state.measure).label}: ${why}. These are its ${measure.label.toLowerCase()}.`,
    scale: scaleOf(measure.scale, measured.data),
    chosen: { row: query, col: key },
    tokenAt: (place) => place,
    placeOf: (token) => token,
    nameAt: (place) => labelOf(run.tokens[place]),
    isSpecial: (place) => run.tokens[place]?.special === true,
    look: (row, col) => visibility(masks, layer, row, col),
    whyHidden: (row, col) =>
      whyHidden(masks, layer, row, col) ?? (value(row, col) === Number.NEGATIVE_INFINITY ? 'masked' : null),
    isSet: (row, col) => measure.of === 'head' && isSetByHand(run, { layer, head, query: row, key: col }),
  };
}

function differenceOf({ runs, comparison }: Snapshot): Measured {
  const [left, right] = [runs[0]!, runs[1]!];
  const { pairs, difference } = comparison!;
  const { layer, head, query, key } = left.selection;
  const tokenAt = (place: number) => pairs[2 * place] ?? -1;
  const placeOf = (token: number) => pairOf(pairs, token) ?? -1;
  const otherAt = (place: number) => pairs[2 * place + 1] ?? -1;
  /** What one of the two runs can see has a difference. */
  const isHidden = (row: number, col: number) =>
    visibility(left.run, layer, tokenAt(row), tokenAt(col)) !== 'visible' &&
    visibility(right.run, right.selection.layer, otherAt(row), otherAt(col)) !== 'visible';
  return {
    matrix: difference,
    measure: null,
    layer,
    head,
    title: differenceTitle(left.selection, right.selection),
    definition: DIFFERENCE,
    missing: null,
    scale: scaleOf('signed', difference.data),
    chosen: { row: placeOf(query), col: placeOf(key) },
    tokenAt,
    placeOf,
    nameAt: (place) => {
      const name = labelOf(left.run.tokens[tokenAt(place)]);
      const other = labelOf(right.run.tokens[otherAt(place)]);
      return name === other ? name : `${name} / ${other}`;
    },
    isSpecial: (place) => left.run.tokens[tokenAt(place)]?.special === true,
    look: (row, col) => (isHidden(row, col) ? visibility(left.run, layer, tokenAt(row), tokenAt(col)) : 'visible'),
    whyHidden: (row, col) => (isHidden(row, col) ? whyHidden(left.run, layer, tokenAt(row), tokenAt(col)) : null),
    isSet: () => false,
  };
}

/** Of two runs with the same head chosen, or of two heads. */
function differenceTitle(first: Selection, second: Selection): string {
  const [one, other] = [first, second].map(({ layer, head }) => whose({ of: 'head' }, layer, head));
  return one === other ? `${one}: difference` : `${one} minus ${other?.toLowerCase()}`;
}
