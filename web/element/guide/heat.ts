/**
 * A matrix, or a vector as a matrix of one row, as a picture of cells: amber above zero, blue below, as strong as the
 * number is large. Cells of one shade are one path, so that a page that was written at build stays small.
 */
import { html, nothing, svg, type TemplateResult } from 'lit';
import type { Matrix } from '../../engine/types';

/** More of them the eye does not tell apart. */
const SHADES = 20;

/** All cells of one shade. */
export interface Shade {
  readonly name: 'positive' | 'negative';
  readonly opacity: number;
  /** One square of 1 by 1 a cell. */
  readonly d: string;
}

/** What is drawn of a matrix; all of it where nothing is said. */
export interface Part {
  readonly rows?: readonly number[];
  readonly cols?: readonly number[];
  /** The number that gets full strength; the largest of the part where it is not said. */
  readonly most?: number;
}

export const vector = (data: Float32Array): Matrix => ({ rows: 1, cols: data.length, data });

export const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);

/** One row of a matrix. */
export const rowOf = ({ cols, data }: Matrix, row: number): Float32Array => data.subarray(row * cols, (row + 1) * cols);

/** The cells by shade, faintest first; zeros and what is hidden by a mask stay empty. */
export function shadesOf(matrix: Matrix, part: Part = {}): readonly Shade[] {
  const { rows = upTo(matrix.rows), cols = upTo(matrix.cols) } = part;
  const at = (row: number, col: number) => matrix.data[row * matrix.cols + col] ?? 0;
  let { most = 0 } = part;
  if (most === 0)
    for (const row of rows)
      for (const col of cols) if (Number.isFinite(at(row, col))) most = Math.max(most, Math.abs(at(row, col)));
  const paths = new Map<number, string>();
  for (const [y, row] of rows.entries())
    for (const [x, col] of cols.entries()) {
      const value = at(row, col);
      if (!Number.isFinite(value) || most === 0) continue;
      const shade = Math.sign(value) * Math.round(Math.min(1, Math.abs(value) / most) * SHADES);
      if (shade !== 0) paths.set(shade, `${paths.get(shade) ?? ''}M${x} ${y}h1v1h-1z`);
    }
  return [...paths]
    .sort(([a], [b]) => Math.abs(a) - Math.abs(b))
    .map(([shade, d]) => ({ name: shade < 0 ? 'negative' : 'positive', opacity: Math.abs(shade) / SHADES, d }));
}

/** Inside an SVG. */
export const drawShades = (shades: readonly Shade[]): readonly TemplateResult[] =>
  shades.map(({ name, opacity, d }) => svg`<path class=${name} fill-opacity=${opacity} d=${d} />`);

/**
 * The picture, as wide as there is room.
 * @param symbol  what lights up together with it: `query`, `key` and so on; null: nothing
 * @param width   how many cells wide the frame is, where that is more than there are columns
 * @param height  in pixels
 * @param opacity how much of it is taken: a value under its weight
 * @param label   what it says to those who do not see it; without one it says nothing, and the numbers stand beside it
 * @param marks   drawn above the cells, in cells
 */
export function heat(
  matrix: Matrix,
  symbol: string | null,
  {
    width = 0,
    height = 18,
    opacity,
    label,
    marks = nothing,
    ...part
  }: Part & { width?: number; height?: number; opacity?: number; label?: string; marks?: unknown } = {},
): TemplateResult {
  const cols = part.cols?.length ?? matrix.cols;
  const rows = part.rows?.length ?? matrix.rows;
  return html`<svg
    class="heat"
    data-symbol=${symbol ?? nothing}
    viewBox=${`0 0 ${Math.max(width, cols)} ${rows}`}
    height=${height}
    preserveAspectRatio="none"
    shape-rendering="crispEdges"
    opacity=${opacity?.toFixed(2) ?? nothing}
    role=${label === undefined ? nothing : 'img'}
    aria-label=${label ?? nothing}
    aria-hidden=${label === undefined ? 'true' : nothing}
  >
    <rect class="ground" width=${cols} height=${rows} />
    ${drawShades(shadesOf(matrix, part))}
    ${marks}
  </svg>`;
}
