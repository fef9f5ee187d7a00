/**
 * A row of signed numbers as a strip of cells, drawn with few elements: cells of the same shade are one path. Whole
 * matrices are many such rows below each other, and a page that is written at build has to stay small.
 */
import { html, svg, type TemplateResult } from 'lit';

/** So many shades on each side of zero. */
const SHADES = 8;

/** The cells of one shade: `shade` from -SHADES to SHADES without 0, `path` in a box of one unit a cell. */
export interface Shade {
  readonly shade: number;
  readonly path: string;
}

/** Cells by their shade, `most` being the strongest; what rounds to no shade is left out. */
export function shadesOf(values: ArrayLike<number>, most: number): readonly Shade[] {
  const paths = new Map<number, string>();
  for (let i = 0; i < values.length; ++i) {
    const size = Math.max(-1, Math.min(1, (values[i] ?? 0) / most));
    const shade = Math.round(size * SHADES);
    if (shade !== 0) paths.set(shade, `${paths.get(shade) ?? ''}M${i} 0h1v1h-1z`);
  }
  return [...paths].map(([shade, path]) => ({ shade, path })).sort((a, b) => a.shade - b.shade);
}

/**
 * Numbers as cells: amber above zero, blue below, as strong as they are large among `most`.
 * @param opacity  how much of it is taken: a value under its weight
 */
export function heat(values: ArrayLike<number>, most: number, opacity = 1): TemplateResult {
  return html`<svg
    class="heat"
    viewBox=${`0 0 ${values.length} 1`}
    preserveAspectRatio="none"
    shape-rendering="crispEdges"
    opacity=${opacity.toFixed(2)}
    aria-hidden="true"
  >${shadesOf(values, most).map(
    ({ shade, path }) => svg`<path class=${shade < 0 ? 'negative' : 'positive'}
      fill-opacity=${Math.abs(shade) / SHADES} d=${path} />`,
  )}</svg>`;
}

/** A row of a matrix, without copying it. */
export function rowOf({ cols, data }: { cols: number; data: Float32Array }, row: number): Float32Array {
  return data.subarray(row * cols, (row + 1) * cols);
}
