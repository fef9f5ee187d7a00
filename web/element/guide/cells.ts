/** Weights as a picture of cells: those that are about as strong share one path, so that a matrix is a few elements. */
import { svg, type TemplateResult } from 'lit';

const LEVELS = 10;

export interface Cells {
  /** From 0 to 1. */
  readonly opacity: number;
  /** Unit squares, the first cell at the origin. */
  readonly path: string;
}

/** @param strengths  from 0 to 1, row by row; what rounds to nothing is left out */
export function cellsOf(strengths: ArrayLike<number>, cols: number): readonly Cells[] {
  const paths: string[] = [];
  const levelAt = (i: number) => Math.round(Math.min(1, strengths[i] ?? 0) * LEVELS);
  for (let i = 0; i < strengths.length; ) {
    const level = levelAt(i);
    const [row, first] = [Math.floor(i / cols), i % cols];
    let end = i + 1;
    while (end < (row + 1) * cols && levelAt(end) === level) ++end;
    if (level > 0) paths[level] = `${paths[level] ?? ''}M${first} ${row}h${end - i}v1h-${end - i}z`;
    i = end;
  }
  return paths.flatMap((path, level) => (path === undefined ? [] : [{ opacity: level / LEVELS, path }]));
}

/** Inside an SVG. */
export function drawCells(cells: readonly Cells[]): readonly TemplateResult[] {
  return cells.map(({ opacity, path }) => svg`<path class="cell" fill-opacity=${opacity} d=${path} />`);
}
