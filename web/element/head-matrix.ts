/** The chosen head's weights as a grid of light: rows look, columns are looked at. The only grid of the element. */
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { RunView } from '../session/snapshot';
import { isSetByHand } from '../state/interventions';
import { tokenLabel } from '../state/labels';
import { headsInWords, sharedHeadOf } from '../state/sharing';
import { hiddenKinds, REASONS, visibility, whyHidden } from '../state/visibility';
import { changedMark } from './changed-mark';
import { define } from './define';
import { itemsOf, step, visible } from './grid-window';
import { data, printed } from './printed';
import { ScrolledPanel } from './scrolled-panel';
import { isBright, mixed, type Rgb } from './theme';

/** Cells are as wide as fits, within these. */
const LEAST = 26;
const MOST = 40;
const MOST_STAGED = 58;
/** From this size on a cell has room for its number. */
const ROOM = 32;

/** Smaller weights are printed quietly. */
const FAINT = 0.02;

interface Place {
  readonly row: number;
  readonly col: number;
}

export class HeadMatrix extends ScrolledPanel {
  static override properties = {
    ...ScrolledPanel.properties,
    colours: { attribute: false },
    staged: { attribute: false },
  };

  /** What an empty cell and a full one look like: numbers have to be readable on everything in between. */
  declare colours: { raised: Rgb; light: Rgb } | undefined;
  /** Whether it has the stage: then it takes the room that it finds there. */
  declare staged: boolean;
  protected override readonly headers = { width: 88, height: 76 };
  /** Where the keyboard is; it leads while numbers of the cells it passes are still on their way. */
  #cursor: Place = { row: 0, col: 0 };
  #asked: Place | null = null;
  #seen = '';

  protected override sees(): readonly unknown[] {
    const hover = this.snapshot?.state.hover;
    return [this.shown?.run, this.shown?.matrix, this.shown?.selection, hover?.query, hover?.key];
  }

  protected override render(): TemplateResult {
    const shown = this.shown;
    if (shown === undefined) return html`<p class="muted empty">One head's weights appear here, token by token.</p>`;
    const { matrix } = shown;
    const n = matrix.cols;
    const { width, height } = this.#size(matrix);
    const { row: keptRow, col: keptCol } = this.#follow(shown);
    const rows = itemsOf(visible(this.view.top, this.view.height, height, matrix.rows), keptRow);
    const cols = itemsOf(visible(this.view.left, this.view.width, width, n), keptCol);
    const { tokens } = shown.run;
    const label = (index: number) => (tokens[index] === undefined ? '' : tokenLabel(tokens[index]));
    const hover = this.snapshot?.state.hover ?? null;
    const row = hover?.query ?? shown.selection.query;
    const col =
      hover?.key ?? (hover?.query == null || hover.query === shown.selection.query ? shown.selection.key : -1);
    const header = (index: number, lit: boolean) =>
      `header${lit ? ' lit' : ''}${tokens[index]?.special ? ' special' : ''}`;
    return html`
      <div class="bar-above">
        <h2 class="heading">Layer ${matrix.layer}, head ${matrix.head}</h2>
        ${changedMark(shown.run)} ${this.#reading(shown, label)} ${this.#legend(shown)}
      </div>
      <div class="scroller">
        <div
          class=${`matrix${width < ROOM ? ' small' : ''}`}
          role="grid"
          aria-label="Attention weights: rows look, columns are looked at"
          aria-readonly="true"
          aria-rowcount=${matrix.rows + 1}
          aria-colcount=${n + 1}
          data-layer=${matrix.layer}
          data-head=${matrix.head}
          .style=${`--wide: ${width}px; --high: ${height}px; width: ${this.headers.width + n * width}px; height: ${this.headers.height + matrix.rows * height}px`}
          @keydown=${this.#key}
          @click=${this.#click}
          @pointerover=${this.#over}
          @pointerleave=${() => this.reader.point(null)}
        >
          <div role="row" class="top" aria-rowindex="1">
            <span role="columnheader" class="corner" aria-colindex="1"><span class="muted">looks at →</span></span>
            ${repeat(
              cols,
              (c) => c,
              (c) => html`<span
                role="columnheader"
                class=${header(c, c === col)}
                aria-colindex=${c + 2}
                .style=${`--at: ${c}`}
              ><bdi>${label(c)}</bdi></span>`,
            )}
          </div>
          ${repeat(
            rows,
            (r) => r,
            (r) => html`
              <div role="row" class="line" aria-rowindex=${r + 2} .style=${`--at: ${r}`}>
                <span role="rowheader" class=${header(r, r === row)} aria-colindex="1"><bdi>${label(r)}</bdi></span>
                ${repeat(
                  cols,
                  (c) => c,
                  (c) => this.#cell(shown, r, c, r === row, c === col),
                )}
              </div>
            `,
          )}
        </div>
      </div>
    `;
  }

  #cell(shown: RunView, row: number, col: number, rowLit: boolean, colLit: boolean): TemplateResult {
    const { matrix, selection } = shown;
    const weight = matrix.data[row * matrix.cols + col] ?? 0;
    const chosen = row === selection.query && col === selection.key;
    const here = row === this.#cursor.row && col === this.#cursor.col;
    const kind = visibility(shown.run, matrix.layer, row, col);
    const look = kind === 'visible' ? this.#inkOn(weight) : ` ${kind}`;
    const why = whyHidden(shown.run, matrix.layer, row, col) ?? nothing;
    const isSet = isSetByHand(shown.run, { layer: matrix.layer, head: matrix.head, query: row, key: col });
    const name = `cell${chosen ? ' chosen' : ''}${rowLit ? ' in-row' : ''}${rowLit && colLit ? ' lit' : ''}${isSet ? ' set' : ''}${look}`;
    return html`<span
      role="gridcell"
      class=${name}
      part="cell"
      aria-colindex=${col + 2}
      aria-label=${why === nothing ? nothing : `0, ${why}`}
      title=${isSet ? 'set by you' : why}
      aria-selected=${chosen ? 'true' : 'false'}
      data-query=${row}
      data-key=${col}
      tabindex=${here ? 0 : -1}
      .style=${`--at: ${col}; --weight: ${Math.sqrt(weight)}`}
    >${data(weight, weight === 0 ? '0' : weight.toFixed(2))}</span>`;
  }

  /** The cell under the pointer, or the chosen one, with its whole value. */
  #reading(shown: RunView, label: (index: number) => string): TemplateResult {
    const hover = this.snapshot?.state.hover ?? null;
    const { matrix, selection } = shown;
    const pointed = hover?.query != null && hover.key != null;
    const query = pointed ? hover.query : selection.query;
    const key = pointed ? hover.key : selection.key;
    const weight = matrix.data[query * matrix.cols + key] ?? 0;
    const why = whyHidden(shown.run, matrix.layer, query, key);
    if (why !== null) {
      return html`<span class="reading">
        <bdi>${label(query)}</bdi> <span class="muted">cannot see</span> <bdi>${label(key)}</bdi><span class="muted">: ${why}</span>
      </span>`;
    }
    return html`<span class="reading">
      <bdi>${label(query)}</bdi> <span class="muted">looks at</span> <bdi>${label(key)}</bdi>: ${printed(weight)}
    </span>`;
  }

  /** What the hatched cells mean, where there are any, and with whom the head shares its keys. */
  #legend({ matrix, run }: RunView): TemplateResult | typeof nothing {
    const kinds = hiddenKinds(run, matrix.layer, matrix.cols);
    const shared = sharedHeadOf(run.model, matrix.head);
    if (kinds.length === 0 && shared === null) return nothing;
    return html`<span class="legend muted">
      ${kinds.map(
        (kind) => html`<span class="entry">
          <span class=${`swatch ${kind}`} aria-hidden="true"></span>
          ${REASONS[kind](run.windows[matrix.layer] ?? 0)}
        </span>`,
      )}
      ${shared === null ? nothing : html`<span class="entry"><span class="letter key">k</span> ${headsInWords(shared.heads)} share keys ${shared.kv}</span>`}
    </span>`;
  }

  #inkOn(weight: number): string {
    if (weight < FAINT || this.colours === undefined) return '';
    return isBright(mixed(this.colours.raised, this.colours.light, Math.sqrt(weight))) ? ' on-bright' : ' on-dark';
  }

  /** A cell's width and height. */
  #size({ rows, cols }: { readonly rows: number; readonly cols: number }): { width: number; height: number } {
    const share = (room: number, count: number, most: number) =>
      room > 0 ? Math.min(most, Math.max(LEAST, Math.floor(room / Math.max(1, count)))) : most;
    const width = share(this.view.width, cols, this.staged ? MOST_STAGED : MOST);
    return { width, height: this.staged ? share(this.view.height, rows, MOST) : width };
  }

  /** The keyboard's place follows the selection, except where it is ahead of it. */
  #follow(shown: RunView): Place {
    const { selection, matrix } = shown;
    const chosen: Place = { row: selection.query, col: selection.key };
    const seen = `${chosen.row},${chosen.col},${matrix.rows}`;
    if (this.#asked !== null && this.#asked.row === chosen.row && this.#asked.col === chosen.col) this.#asked = null;
    if (seen !== this.#seen && this.#asked === null) this.#cursor = chosen;
    this.#seen = seen;
    if (this.#cursor.row >= matrix.rows || this.#cursor.col >= matrix.cols) this.#cursor = chosen;
    return this.#cursor;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const shown = this.shown;
    if (shown === undefined || this.#revealed === this.#seen) return;
    this.#revealed = this.#seen;
    const { width, height } = this.#size(shown.matrix);
    this.revealCell(this.#cursor.row, this.#cursor.col, height, width);
  }
  #revealed = '';

  readonly #key = (event: KeyboardEvent): void => {
    const shown = this.shown;
    const from = place(event.target);
    if (shown === undefined || from === null || event.altKey || event.metaKey) return;
    const { rows, cols } = shown.matrix;
    const to = step(event.key, event.ctrlKey, from.row, from.col, rows, cols);
    if (to === null) return;
    event.preventDefault();
    this.#cursor = to;
    this.#asked = to;
    const { width, height } = this.#size(shown.matrix);
    this.revealCell(to.row, to.col, height, width);
    this.requestUpdate();
    void this.updateComplete.then(() => {
      this.querySelector<HTMLElement>(`[data-query="${to.row}"][data-key="${to.col}"]`)?.focus({ preventScroll: true });
    });
    this.reader.choose({ query: to.row, key: to.col });
  };

  readonly #click = (event: Event): void => {
    const at = place(event.target);
    if (at !== null) this.reader.choose({ query: at.row, key: at.col });
  };

  readonly #over = (event: Event): void => {
    const at = place(event.target);
    const matrix = this.shown?.matrix;
    if (at === null || matrix === undefined) this.reader.point(null);
    else this.reader.point({ layer: matrix.layer, head: matrix.head, query: at.row, key: at.col });
  };
}

function place(target: EventTarget | null): Place | null {
  const cell = (target as Element | null)?.closest<HTMLElement>('[data-key]');
  if (cell == null) return null;
  return { row: Number(cell.dataset['query']), col: Number(cell.dataset['key']) };
}

define('attn-head-matrix', HeadMatrix);

export const headMatrixStyles = css`
  attn-head-matrix {
    display: flex;
    flex-direction: column;
    gap: 10px;
    min-width: 0;
    min-height: 0;
  }
  .scroller {
    flex: 1;
    min-height: 0;
    max-height: 720px;
    overflow: auto;
    scrollbar-width: thin;
    scrollbar-color: var(--line) transparent;
  }
  .reading bdi {
    font-weight: 600;
  }
  .reading data {
    font-family: var(--mono);
  }
  .matrix {
    position: relative;
    --side: 88px;
    --head: 76px;
    font-size: var(--small);
  }
  .matrix .top {
    position: sticky;
    z-index: 3;
    top: 0;
    height: var(--head);
    background: var(--ground);
  }
  .matrix .corner {
    position: sticky;
    z-index: 4;
    left: 0;
    display: grid;
    place-items: end;
    width: var(--side);
    height: var(--head);
    padding: 0 8px 6px 0;
    background: var(--ground);
    font-size: 0.6875rem;
  }
  .matrix .header {
    overflow: hidden;
    white-space: pre;
    text-overflow: ellipsis;
  }
  .matrix .header.special {
    color: var(--muted);
  }
  .matrix .top .header {
    position: absolute;
    bottom: 0;
    left: calc(var(--side) + var(--at) * var(--wide));
    display: flex;
    align-items: center;
    width: var(--wide);
    height: var(--head);
    padding: 0 0 6px;
    writing-mode: vertical-rl;
    transform: rotate(180deg);
  }
  .matrix .top .header bdi,
  .matrix .line .header bdi {
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .matrix .line {
    position: absolute;
    left: 0;
    top: calc(var(--head) + var(--at) * var(--high));
    width: 100%;
    height: var(--high);
  }
  .matrix .line .header {
    position: sticky;
    z-index: 2;
    left: 0;
    display: flex;
    align-items: center;
    justify-content: flex-end;
    width: var(--side);
    height: 100%;
    padding: 0 8px 0 4px;
    background: var(--ground);
  }
  .matrix .top .header.lit {
    color: var(--key);
    font-weight: 650;
  }
  .matrix .line .header.lit {
    color: var(--query);
    font-weight: 650;
  }
  .cell {
    position: absolute;
    left: calc(var(--side) + var(--at) * var(--wide));
    top: 0;
    display: grid;
    place-items: center;
    width: calc(var(--wide) - 1px);
    height: calc(var(--high) - 1px);
    border-radius: 3px;
    background: color-mix(in srgb, var(--light) calc(var(--weight) * 100%), var(--raised));
    font-family: var(--mono);
    font-size: 0.6875rem;
    cursor: pointer;
  }
  .cell data {
    color: var(--muted);
  }
  .cell.in-row data {
    color: var(--ink);
  }
  .cell.on-bright data {
    color: var(--black);
  }
  .cell.on-dark data {
    color: var(--white);
  }
  /* Masked cells are no weights of zero: they are hatched, and have no number. */
  .cell.later,
  .swatch.later {
    background: repeating-linear-gradient(135deg, var(--line) 0 1px, transparent 1px 5px) var(--ground);
  }
  .cell.outside,
  .swatch.outside {
    background: radial-gradient(circle at 3px 3px, color-mix(in srgb, var(--muted) 50%, transparent) 0.8px, transparent 1.3px) 0 0 / 7px 7px var(--ground);
  }
  /* Hidden by the reader, not by the model: crossed out in the colour of what the reader does. */
  .cell.blocked,
  .swatch.blocked {
    background:
      linear-gradient(45deg, transparent calc(50% - 0.7px), var(--accent) 0 calc(50% + 0.7px), transparent 0),
      linear-gradient(135deg, transparent calc(50% - 0.7px), var(--accent) 0 calc(50% + 0.7px), transparent 0)
      var(--ground);
  }
  .cell.set {
    border-bottom: 3px solid var(--accent);
  }
  .legend {
    display: inline-flex;
    flex-wrap: wrap;
    gap: 2px 14px;
  }
  .legend .entry {
    display: inline-flex;
    align-items: center;
    gap: 6px;
  }
  .swatch {
    width: 16px;
    height: 12px;
    border: 1px solid var(--line);
    border-radius: 2px;
  }
  .cell.later data,
  .cell.outside data,
  .cell.blocked data,
  .small .cell data {
    position: absolute;
    clip-path: inset(50%);
  }
  .cell.lit {
    box-shadow: 0 0 0 1px var(--ink);
  }
  .cell.chosen {
    z-index: 1;
    box-shadow: 0 0 0 2px var(--ink);
  }
  .cell:focus-visible {
    z-index: 1;
    outline-offset: 2px;
  }
  @media (forced-colors: active) {
    .cell,
    .swatch {
      forced-color-adjust: none;
    }
    .cell.chosen {
      outline: 2px solid Highlight;
    }
  }
`;
