/** Which rows and columns of a large grid are in view. Pure: only arithmetic on sizes. */

/** Whole items [first, last). */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** The items of one axis that a viewport shows, with `margin` more on either side, so that scrolling meets no gap. */
export function visible(scroll: number, viewport: number, size: number, count: number, margin = 2): Range {
  if (!(size > 0) || count <= 0) return { first: 0, last: 0 };
  const first = Math.floor(scroll / size) - margin;
  const last = Math.ceil((scroll + viewport) / size) + margin;
  return { first: clamp(first, 0, count), last: clamp(last, 0, count) };
}

/** The range's items in order, and `kept` as well: what has the focus must stay in the document. */
export function itemsOf(range: Range, kept: number): number[] {
  const items: number[] = [];
  if (kept >= 0 && kept < range.first) items.push(kept);
  for (let i = range.first; i < range.last; ++i) items.push(i);
  if (kept >= range.last) items.push(kept);
  return items;
}

/** Where to scroll so that an item is wholly in view; the same place if it is. */
export function reveal(scroll: number, viewport: number, size: number, item: number): number {
  const start = item * size;
  if (start < scroll) return start;
  if (start + size > scroll + viewport) return start + size - viewport;
  return scroll;
}

/** Where an arrow, Home, End or Page key leads from a cell of a grid; null for any other key. */
export function step(
  key: string,
  ctrl: boolean,
  row: number,
  col: number,
  rows: number,
  cols: number,
): { row: number; col: number } | null {
  const page = 10;
  const to = (r: number, c: number) => ({ row: clamp(r, 0, rows - 1), col: clamp(c, 0, cols - 1) });
  switch (key) {
    case 'ArrowLeft':
      return to(row, col - 1);
    case 'ArrowRight':
      return to(row, col + 1);
    case 'ArrowUp':
      return to(row - 1, col);
    case 'ArrowDown':
      return to(row + 1, col);
    case 'Home':
      return to(ctrl ? 0 : row, 0);
    case 'End':
      return to(ctrl ? rows - 1 : row, cols - 1);
    case 'PageUp':
      return to(row - page, col);
    case 'PageDown':
      return to(row + page, col);
    default:
      return null;
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), Math.max(most, least));
}
