/** A panel whose grid may be larger than its window. Only watches the window; what is shown in it is the panel's affair. */
import type { PropertyValues } from 'lit';
import { reveal } from './grid-window';
import { Panel } from './panel';

/** What of the grid is in view, without its headers. */
export interface View {
  left: number;
  top: number;
  width: number;
  height: number;
}

export abstract class ScrolledPanel extends Panel {
  protected view: View = { left: 0, top: 0, width: 0, height: 0 };
  #scroller: HTMLElement | null = null;
  readonly #sizes = globalThis.ResizeObserver === undefined ? null : new ResizeObserver(() => this.#measure());

  /** Sizes of the row and column headers, in pixels. */
  protected abstract readonly headers: { width: number; height: number };

  override disconnectedCallback(): void {
    this.#sizes?.disconnect();
    this.#scroller = null;
    super.disconnectedCallback();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.requestUpdate(); // After a move in the document the window is watched again.
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const scroller = this.querySelector<HTMLElement>('.scroller');
    if (scroller === this.#scroller) return;
    this.#sizes?.disconnect();
    this.#scroller?.removeEventListener('scroll', this.#measure);
    this.#scroller = scroller;
    if (scroller === null) return;
    this.#sizes?.observe(scroller);
    scroller.addEventListener('scroll', this.#measure, { passive: true });
    this.#measure();
  }

  readonly #measure = (): void => {
    const scroller = this.#scroller;
    if (scroller === null) return;
    const next: View = {
      left: scroller.scrollLeft,
      top: scroller.scrollTop,
      width: scroller.clientWidth - this.headers.width,
      height: scroller.clientHeight - this.headers.height,
    };
    const { view } = this;
    if (next.left === view.left && next.top === view.top && next.width === view.width && next.height === view.height)
      return;
    this.view = next;
    this.requestUpdate();
  };

  /** Scrolls the window, never the page, until a cell is in it. */
  protected revealCell(row: number, col: number, height: number, width: number): void {
    const scroller = this.#scroller;
    if (scroller === null) return;
    const { view } = this;
    scroller.scrollLeft = reveal(scroller.scrollLeft, view.width, width, col);
    scroller.scrollTop = reveal(scroller.scrollTop, view.height, height, row);
    this.#measure();
  }
}
