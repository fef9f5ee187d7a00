/**
 * A panel that shows numbers row by row and lets the keyboard walk over them, however few of them are in the document.
 * Only knows places; what stands in a cell is the panel's affair.
 */
import { nothing, type PropertyValues } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { step } from './grid-window';
import { type Measured, measuredOf } from './measured';
import { ScrolledPanel } from './scrolled-panel';

export interface Place {
  readonly row: number;
  readonly col: number;
}

export abstract class GridPanel extends ScrolledPanel {
  /** Where the keyboard is; it leads while numbers of the cells it passes are still on their way. */
  protected cursor: Place = { row: 0, col: 0 };
  #asked: Place | null = null;
  #seen = '';
  /** The place that was last brought into view: only a new one scrolls, so that the reader may look elsewhere. */
  #revealed = '';

  /** A cell's width and height in pixels. */
  protected abstract size(measured: Measured): { width: number; height: number };

  protected get measured(): Measured | null {
    return measuredOf(this.snapshot);
  }

  /** The keyboard's place follows the selection, except where it is ahead of it. */
  protected follow({ matrix, chosen }: Measured): Place {
    const seen = `${chosen.row},${chosen.col},${matrix.rows}`;
    if (this.#asked !== null && this.#asked.row === chosen.row && this.#asked.col === chosen.col) this.#asked = null;
    const isThere = chosen.row >= 0 && chosen.col >= 0;
    if (seen !== this.#seen && this.#asked === null && isThere) this.cursor = chosen;
    this.#seen = seen;
    if (this.cursor.row >= matrix.rows || this.cursor.col >= matrix.cols)
      this.cursor = isThere ? chosen : { row: 0, col: 0 };
    return this.cursor;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    if (this.measured !== null) this.#reveal(this.measured);
  }

  #reveal(measured: Measured): void {
    const place = `${this.cursor.row},${this.cursor.col},${measured.matrix.rows}`;
    if (place === this.#revealed) return;
    this.#revealed = place;
    const { width, height } = this.size(measured);
    this.revealCell(this.cursor.row, this.cursor.col, height, width);
  }

  protected readonly walk = (event: KeyboardEvent): void => {
    const { measured } = this;
    const from = placeOf(event.target);
    if (measured === null || from === null || event.altKey || event.metaKey) return;
    const { rows, cols } = measured.matrix;
    const to = step(event.key, event.ctrlKey, from.row, from.col, rows, cols);
    if (to === null) return;
    event.preventDefault();
    this.cursor = to;
    this.#asked = to;
    this.#reveal(measured);
    this.requestUpdate();
    void this.updateComplete.then(() => {
      const row = `[aria-rowindex="${to.row + 2}"]`;
      this.querySelector<HTMLElement>(`${row} > [aria-colindex="${to.col + 2}"]`)?.focus({ preventScroll: true });
    });
    this.#choose(measured, to);
  };

  protected readonly pick = (event: Event): void => {
    const { measured } = this;
    const at = placeOf(event.target);
    if (measured !== null && at !== null) this.#choose(measured, at);
  };

  #choose(measured: Measured, { row, col }: Place): void {
    this.reader.choose({ query: measured.tokenAt(row), key: measured.tokenAt(col) });
  }

  protected readonly over = (event: Event): void => {
    const { measured } = this;
    const at = placeOf(event.target);
    if (at === null || measured === null) this.reader.point(null);
    else {
      const { layer, head } = measured;
      this.reader.point({ layer, head, query: measured.tokenAt(at.row), key: measured.tokenAt(at.col) });
    }
  };
}

/** The place of the cell that an event is in; null beside the cells. Headers are the first row and column. */
function placeOf(target: EventTarget | null): Place | null {
  const cell = (target as Element | null)?.closest('[data-key]');
  const row = Number(cell?.parentElement?.getAttribute('aria-rowindex') ?? 0) - 2;
  const col = Number(cell?.getAttribute('aria-colindex') ?? 0) - 2;
  return row < 0 || col < 0 ? null : { row, col };
}

/**
 * Items of `count` in rising order, with something in place of those that are left out. What stays in the window, or has
 * the focus, stays itself in the document: a gap's key names its size, so that no gap is taken for the one before, past
 * which items would be moved, and lose the focus.
 */
export function windowed(
  items: readonly number[],
  count: number,
  gap: ((missing: number) => unknown) | null,
  each: (item: number) => unknown,
): unknown {
  const ends = [...items, count];
  const parts = ends.flatMap((item, i) => {
    const missing = item - (i === 0 ? 0 : (ends[i - 1] ?? 0) + 1);
    return [...(missing > 0 ? [{ item, missing }] : []), ...(item < count ? [{ item, missing: 0 }] : [])];
  });
  return repeat(
    parts,
    ({ item, missing }) => `${item} ${missing}`,
    ({ item, missing }) => (missing === 0 ? each(item) : gap === null ? nothing : gap(missing)),
  );
}
