/**
 * What each step of a head shows: its matrices, which part of large ones, which cell is chosen and which cells make it.
 * Pure; where they stand is block-layout.ts's to say. It only points at numbers and computes none.
 */
import type { HeadSteps, Matrix } from '../engine/types';
import type { Selection } from '../session/snapshot';
import type { Step, StepCell, StepMatrix } from '../state/state';

/** The matrices of each step, what goes in before what comes out. */
export const MATRICES_OF: Readonly<Record<Step, readonly StepMatrix[]>> = {
  'query-key-value': ['query', 'key', 'value'],
  scores: ['query', 'key', 'dots'],
  scale: ['dots', 'scaled'],
  mask: ['scaled', 'scores'],
  softmax: ['scores', 'weights'],
  'weighted-sum': ['weights', 'value', 'output'],
  concat: ['output', 'concat'],
  output: ['concat', 'wOutput', 'added'],
};

/** What a row or a column of a matrix stands for: a token, or an element of a vector of some kind. */
export type Axis = 'query' | 'key' | 'element' | 'concat' | 'model';

export const AXES: Readonly<Record<StepMatrix, readonly [rows: Axis, cols: Axis]>> = {
  query: ['query', 'element'],
  key: ['key', 'element'],
  value: ['key', 'element'],
  dots: ['query', 'key'],
  scaled: ['query', 'key'],
  scores: ['query', 'key'],
  weights: ['query', 'key'],
  output: ['query', 'element'],
  concat: ['query', 'concat'],
  wOutput: ['element', 'model'],
  added: ['query', 'model'],
};

/** Rows or columns [first, end). */
export interface Span {
  readonly first: number;
  readonly end: number;
}

/** A matrix and the part of it that is shown. */
export interface ShownMatrix {
  readonly name: StepMatrix;
  readonly matrix: Matrix;
  readonly rows: Span;
  readonly cols: Span;
}

/** Cells that take part in a calculation. */
export interface Cells {
  readonly matrix: StepMatrix;
  readonly rows: Span;
  readonly cols: Span;
}

/** Of longer texts so many tokens are shown, and of longer vectors so many elements. */
export const MOST_TOKENS = 48;
export const MOST_ELEMENTS = 64;
/** A token's neighbour stays in view: windows move by so many. */
const STRIDE = 8;

/** Tokens around one of them. */
export function tokensAround(count: number, at: number): Span {
  if (count <= MOST_TOKENS) return { first: 0, end: count };
  const wanted = Math.floor((at - MOST_TOKENS / 2) / STRIDE) * STRIDE;
  const first = Math.max(0, Math.min(wanted, count - MOST_TOKENS));
  return { first, end: first + MOST_TOKENS };
}

/** The page of elements that holds one of them. */
export function elementsAround(count: number, at: number): Span {
  const first = Math.floor(at / MOST_ELEMENTS) * MOST_ELEMENTS;
  return { first, end: Math.min(count, first + MOST_ELEMENTS) };
}

const one = (at: number): Span => ({ first: at, end: at + 1 });
const all = (count: number): Span => ({ first: 0, end: count });

/** The columns of Concat that are this head's. */
export function ownColumns({ head, output }: HeadSteps): Span {
  return { first: head * output.cols, end: (head + 1) * output.cols };
}

/** The cell whose calculation is shown: the reader's, if this step has it, else the step's result at the selection. */
export function chosenCell(
  steps: HeadSteps,
  step: Step,
  asked: StepCell | null,
  { query, key }: Pick<Selection, 'query' | 'key'>,
): StepCell {
  const names = MATRICES_OF[step];
  const found = asked !== null && names.includes(asked.matrix) ? steps[asked.matrix] : null;
  if (asked !== null && found !== null && asked.row < found.rows && asked.col < found.cols) return asked;
  const matrix = step === 'query-key-value' ? 'query' : (names.findLast((name) => steps[name] !== null) ?? 'concat');
  if (AXES[matrix][1] === 'key') return { matrix, row: query, col: key };
  const span = matrix === 'concat' ? ownColumns(steps) : all(steps[matrix]?.cols ?? 0);
  return { matrix, row: query, col: largestIn(steps[matrix], query, span) };
}

/** The column of a row's largest entry, by magnitude: the one most worth explaining. */
function largestIn(matrix: Matrix | null, row: number, { first, end }: Span): number {
  let best = first;
  const size = (col: number) => Math.abs(matrix?.data[row * (matrix?.cols ?? 0) + col] ?? 0);
  for (let col = first + 1; col < end; ++col) if (size(col) > size(best)) best = col;
  return best;
}

/** The cells that a cell is computed from; none for what comes from learned numbers or from another head. */
export function sourcesOf(steps: HeadSteps, { matrix, row, col }: StepCell): Cells[] {
  const wholeRow = (name: StepMatrix, at: number): Cells => ({
    matrix: name,
    rows: one(at),
    cols: all(steps[name]?.cols ?? 0),
  });
  const wholeColumn = (name: StepMatrix, at: number): Cells => ({
    matrix: name,
    rows: all(steps[name]?.rows ?? 0),
    cols: one(at),
  });
  const own = ownColumns(steps);
  switch (matrix) {
    case 'dots':
      return [wholeRow('query', row), wholeRow('key', col)];
    case 'scaled':
      return [{ matrix: 'dots', rows: one(row), cols: one(col) }];
    case 'scores':
      return [{ matrix: 'scaled', rows: one(row), cols: one(col) }];
    case 'weights':
      return [wholeRow('scores', row)];
    case 'output':
      return [wholeRow('weights', row), wholeColumn('value', col)];
    case 'concat':
      return col < own.first || col >= own.end
        ? []
        : [{ matrix: 'output', rows: one(row), cols: one(col - own.first) }];
    case 'added':
      return [{ matrix: 'concat', rows: one(row), cols: own }, wholeColumn('wOutput', col)];
    default:
      return [];
  }
}

/** The matrices of a step that the run can show, each with the part of it around the chosen cell and the selection. */
export function shownMatrices(
  steps: HeadSteps,
  step: Step,
  cell: StepCell,
  { query, key }: Pick<Selection, 'query' | 'key'>,
): ShownMatrix[] {
  const own = ownColumns(steps);
  const [rowAxis, colAxis] = AXES[cell.matrix];
  const at: Record<Axis, number> = {
    query,
    key,
    element: cell.matrix === 'concat' && cell.col >= own.first && cell.col < own.end ? cell.col - own.first : 0,
    concat: own.first,
    model: 0,
    [rowAxis]: cell.row,
    [colAxis]: cell.col,
  };
  const span = (axis: Axis, count: number): Span => {
    if (axis === 'query' || axis === 'key') return tokensAround(count, at[axis]);
    // What meets the rows of W^O is this head's part alone.
    if (axis === 'concat' && step === 'output') {
      const { first, end } = elementsAround(own.end - own.first, at.element);
      return { first: own.first + first, end: own.first + end };
    }
    return elementsAround(count, at[axis]);
  };
  return MATRICES_OF[step].flatMap((name) => {
    const matrix = steps[name];
    if (matrix === null) return [];
    const [rows, cols] = AXES[name];
    return [{ name, matrix, rows: span(rows, matrix.rows), cols: span(cols, matrix.cols) }];
  });
}

/** The tokens that a cell belongs to: choosing or pointing at it chooses or points at them as well. */
export function tokensOf({ matrix, row, col }: StepCell): { query?: number; key?: number } {
  const [rowAxis, colAxis] = AXES[matrix];
  const tokens: { query?: number; key?: number } = {};
  for (const [axis, at] of [
    [rowAxis, row],
    [colAxis, col],
  ] as const) {
    if (axis === 'query' || axis === 'key') tokens[axis] = at;
  }
  return tokens;
}

/** A part of what an axis has. */
export interface Cut {
  readonly axis: Axis;
  readonly shown: Span;
  readonly count: number;
}

/** The axes of which a step shows only a part, each once. */
export function cutsOf(shown: readonly ShownMatrix[]): Cut[] {
  const cuts = new Map<Axis, Cut>();
  for (const { name, matrix, rows, cols } of shown) {
    for (const [axis, part, count] of [
      [AXES[name][0], rows, matrix.rows],
      [AXES[name][1], cols, matrix.cols],
    ] as const) {
      if (part.end - part.first < count) cuts.set(axis, { axis, shown: part, count });
    }
  }
  return [...cuts.values()];
}
