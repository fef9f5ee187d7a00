/**
 * What a file of numbers is about: a matrix on show, the tokens of its rows and columns, and the run that it is of. The
 * only place that decides what a snapshot has to take away. Changes no number.
 */
import type { Aggregate, Matrix, Measure, Run, Token } from '../engine/types';
import type { Snapshot } from '../session/snapshot';

/** What the numbers are. */
export type Quantity = Measure | Aggregate | 'difference';

/** A row or a column: a token, and in a difference the one of the other run that stands beside it. */
export interface Line {
  readonly token: Token;
  readonly beside: Token | null;
}

export interface Table {
  readonly quantity: Quantity;
  readonly layer: number;
  /** Null: many heads together. */
  readonly head: number | null;
  readonly matrix: Matrix;
  /** They look. */
  readonly rows: readonly Line[];
  /** They are looked at. */
  readonly cols: readonly Line[];
  readonly run: Run;
  /** Whose numbers were subtracted; null where none were. */
  readonly beside: Run | null;
}

/** The chosen head's weights; null while there is no run. */
export function weightsTable(snapshot: Snapshot): Table | null {
  const shown = snapshot.runs[0];
  if (shown === undefined) return null;
  const { run, matrix, selection } = shown;
  const lines = linesOf(run);
  const { layer, head } = selection;
  return { quantity: 'weights', layer, head, matrix, rows: lines, cols: lines, run, beside: null };
}

/** The matrix on show; null while there is none. */
export function shownTable(snapshot: Snapshot): Table | null {
  const shown = snapshot.runs[0];
  if (shown === undefined) return null;
  // What the numbers are, which is not what is asked for where the run cannot say or is still asked.
  const quantity = shown.measure;
  const isOfMany = quantity === 'mean' || quantity === 'max' || quantity === 'rollout';
  const { layer, head } = shown.selection;
  const lines = linesOf(shown.run);
  const { run, measured: matrix } = shown;
  return { quantity, layer, head: isOfMany ? null : head, matrix, rows: lines, cols: lines, run, beside: null };
}

/** One row of a table, as a table. */
export function rowTable(table: Table, row: number): Table {
  const { rows, matrix } = table;
  const { cols, data } = matrix;
  const line = rows[row];
  if (line === undefined) throw new RangeError(`There is no row ${row}.`);
  const one = { rows: 1, cols, data: data.slice(row * cols, (row + 1) * cols) };
  return { ...table, matrix: one, rows: [line] };
}

/** What two runs differ by; null while there is one. */
export function differenceTable(snapshot: Snapshot): Table | null {
  const { comparison, runs } = snapshot;
  const [left, right] = runs;
  if (comparison === null || left === undefined || right === undefined) return null;
  const lines: Line[] = [];
  for (let i = 0; i + 1 < comparison.pairs.length; i += 2) {
    const token = left.run.tokens[comparison.pairs[i] ?? -1];
    const beside = right.run.tokens[comparison.pairs[i + 1] ?? -1];
    if (token !== undefined && beside !== undefined) lines.push({ token, beside });
  }
  const { layer, head } = left.selection;
  const matrix = comparison.difference;
  return {
    quantity: 'difference',
    layer,
    head,
    matrix,
    rows: lines,
    cols: lines,
    run: left.run,
    beside: right.run,
  };
}

function linesOf(run: Run): Line[] {
  return run.tokens.map((token) => ({ token, beside: null }));
}

/** As the vocabulary writes it; in a difference both, where they are not the same: "tired / wide". */
export function pieceOf({ token, beside }: Line): string {
  return beside === null || beside.piece === token.piece ? token.piece : `${token.piece} / ${beside.piece}`;
}

/** "weights of layer 3, head 1", "mean over the heads of layer 3". */
export function nameOf({ quantity, layer, head }: Table): string {
  if (quantity === 'rollout') return `rollout up to layer ${layer}`;
  if (head === null) return `${quantity} over the heads of layer ${layer}`;
  const names: Partial<Record<Quantity, string>> = {
    'value-weighted': 'value-weighted attention',
    difference: 'difference of weights',
  };
  return `${names[quantity] ?? quantity} of layer ${layer}, head ${head}`;
}

/** How a file is called: "headlight-L3H1-it.csv". Parts stand between hyphens; what no system allows is left out. */
export function fileName(parts: readonly (string | number)[], extension: string): string {
  const clean = parts.map((part) =>
    String(part)
      .replace(/[^\p{L}\p{N}_-]+/gu, '')
      .replace(/^-+|-+$/g, ''),
  );
  const named = clean.filter((part) => part !== '').map((part) => part.slice(0, 40));
  return `${['headlight', ...named].join('-')}.${extension}`;
}

/** "L3H1", "L3". */
export function placeOf({ layer, head }: Pick<Table, 'layer' | 'head'>): string {
  return head === null ? `L${layer}` : `L${layer}H${head}`;
}
