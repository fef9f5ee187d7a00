/** The chosen head's weights, or another measure, as a grid of light: rows look, columns are looked at. The only grid of the element. */
import { css, html, nothing, type TemplateResult } from 'lit';
import type { RunView } from '../session/snapshot';
import { brightness, type Scale, type ScaleKind, shortNumber } from '../state/scale';
import { headsInWords, sharedHeadOf } from '../state/sharing';
import { hiddenKinds, REASONS } from '../state/visibility';
import { changedMark } from './changed-mark';
import { define } from './define';
import { GridPanel, windowed } from './grid-panel';
import { itemsOf, visible } from './grid-window';
import { measureChooser, scaleLegend } from './measure-chooser';
import { type Measured, measuredParts } from './measured';
import { data, printed } from './printed';
import { isBright, mixed, type Rgb } from './theme';

/** Cells are as wide as fits, within these. */
const LEAST = 26;
const MOST = 40;
const MOST_STAGED = 58;
/** From this size on a cell has room for its number; a sign needs more. */
const ROOM: Readonly<Record<ScaleKind, number>> = { share: 32, size: 32, signed: 38 };

/** Numbers with less light are printed quietly: their cells are as good as empty, and quiet ink can be read on them. */
const FAINT: Readonly<Record<ScaleKind, number>> = { share: 0.14, size: 0.14, signed: 0.05 };

/** The colours that cells are mixed of. */
export interface CellColours {
  readonly raised: Rgb;
  readonly light: Rgb;
  readonly negative: Rgb;
  readonly zero: Rgb;
  readonly positive: Rgb;
}

export class HeadMatrix extends GridPanel {
  static override properties = {
    ...GridPanel.properties,
    colours: { attribute: false },
    staged: { attribute: false },
  };

  /** What an empty cell and a full one look like: numbers have to be readable on everything in between. */
  declare colours: CellColours | undefined;
  /** Whether it has the stage: then it takes the room that it finds there. */
  declare staged: boolean;
  protected override readonly headers = { width: 88, height: 76 };

  protected override sees(): readonly unknown[] {
    const hover = this.snapshot?.state.hover;
    return [...measuredParts(this.snapshot), hover?.query, hover?.key];
  }

  protected override render(): TemplateResult {
    const { measured, snapshot, shown } = this;
    if (measured === null || snapshot === undefined || shown === undefined)
      return html`<p class="muted empty">One head's weights appear here, token by token.</p>`;
    const { matrix, chosen, layer, head, title } = measured;
    const n = matrix.cols;
    const { width, height } = this.size(measured);
    const kept = this.follow(measured);
    const rows = itemsOf(visible(this.view.top, this.view.height, height, matrix.rows), kept.row);
    const cols = itemsOf(visible(this.view.left, this.view.width, width, n), kept.col);
    const hover = snapshot.state.hover;
    const row = hover?.query == null ? chosen.row : measured.placeOf(hover.query);
    const col = hover?.key == null ? (row === chosen.row ? chosen.col : -1) : measured.placeOf(hover.key);
    const header = (place: number, lit: boolean) =>
      `header${lit ? ' lit' : ''}${measured.isSpecial(place) ? ' special' : ''}`;
    return html`
      <div class="bar-above">
        <h2 class="heading">${title}</h2>
        ${changedMark(shown.run)}
        ${measureChooser(snapshot, this.reader, 'Matrix')} ${scaleLegend(measured.scale, measured.measure === null)}
        ${this.#reading(measured, row, col)} ${this.#legend(measured, shown)}
        <p class="definition muted">${measured.missing ?? measured.definition}</p>
      </div>
      ${matrix.rows === 0 ? html`<p class="muted empty">No token of one text stands beside one of the other.</p>` : nothing}
      <div class="scroller">
        <div
          class=${`matrix of-${measured.scale.kind}${width < ROOM[measured.scale.kind] ? ' small' : ''}`}
          role="grid"
          aria-label=${`${title}: rows look, columns are looked at`}
          aria-readonly="true"
          aria-rowcount=${matrix.rows + 1}
          aria-colcount=${n + 1}
          data-layer=${layer}
          data-head=${head}
          data-measure=${measured.measure?.name ?? 'difference'}
          .style=${`--wide: ${width}px; --high: ${height}px; width: ${this.headers.width + n * width}px; height: ${this.headers.height + matrix.rows * height}px`}
          @keydown=${this.walk}
          @click=${this.pick}
          @pointerover=${this.over}
          @pointerleave=${() => this.reader.point(null)}
        >
          <div role="row" class="top" aria-rowindex="1">
            <span role="columnheader" class="corner" aria-colindex="1"><span class="muted">looks at →</span></span>
            ${windowed(
              cols,
              n,
              null,
              (c) => html`<span
                role="columnheader"
                class=${header(c, c === col)}
                aria-colindex=${c + 2}
                .style=${`--at: ${c}`}
              ><bdi>${measured.nameAt(c)}</bdi></span>`,
            )}
          </div>
          ${windowed(
            rows,
            matrix.rows,
            null,
            (r) => html`
              <div role="row" class="line" aria-rowindex=${r + 2} .style=${`--at: ${r}`}>
                <span role="rowheader" class=${header(r, r === row)} aria-colindex="1"><bdi>${measured.nameAt(r)}</bdi></span>
                ${windowed(cols, n, null, (c) => this.#cell(measured, r, c, r === row, c === col))}
              </div>
            `,
          )}
        </div>
      </div>
    `;
  }

  #cell(measured: Measured, row: number, col: number, rowLit: boolean, colLit: boolean): TemplateResult {
    const { matrix, scale, chosen, measure } = measured;
    const value = matrix.data[row * matrix.cols + col] ?? 0;
    const isChosen = row === chosen.row && col === chosen.col;
    const here = row === this.cursor.row && col === this.cursor.col;
    const why = measured.whyHidden(row, col);
    const kind = measured.look(row, col);
    const light = brightness(value, scale);
    const look = why === null ? this.#inkOn(light, scale) : ` ${kind === 'visible' ? 'later' : kind}`;
    const isSet = measured.isSet(row, col);
    const name = `cell${isChosen ? ' chosen' : ''}${rowLit ? ' in-row' : ''}${rowLit && colLit ? ' lit' : ''}${isSet ? ' set' : ''}${look}`;
    return html`<span
      role="gridcell"
      class=${name}
      part="cell"
      aria-colindex=${col + 2}
      aria-label=${why === null ? nothing : `${shortNumber(value, scale)}, ${why}`}
      title=${isSet ? 'set by you' : (why ?? nothing)}
      aria-selected=${isChosen ? 'true' : 'false'}
      data-query=${measured.tokenAt(row)}
      data-key=${measured.tokenAt(col)}
      tabindex=${here ? 0 : -1}
      .style=${`--at: ${col}; --light-share: ${Math.abs(light)}`}
    >${data(value, shortNumber(value, scale, measure === null))}</span>`;
  }

  /** The cell under the pointer, or the chosen one, with its whole value. */
  #reading(measured: Measured, row: number, col: number): TemplateResult | typeof nothing {
    const { matrix, chosen, measure } = measured;
    const [r, c] = col >= 0 ? [row, col] : [chosen.row, chosen.col];
    if (r < 0 || c < 0) return nothing;
    const [query, key] = [html`<bdi>${measured.nameAt(r)}</bdi>`, html`<bdi>${measured.nameAt(c)}</bdi>`];
    const why = measured.whyHidden(r, c);
    if (why !== null)
      return html`<span class="reading">
        ${query} <span class="muted">cannot see</span> ${key}<span class="muted">: ${why}</span>
      </span>`;
    return html`<span class="reading">
      ${query} <span class="muted">${measure?.name === 'weights' ? 'looks at' : '→'}</span> ${key}:
      ${printed(matrix.data[r * matrix.cols + c] ?? 0)}
    </span>`;
  }

  /** What the hatched cells mean, where there are any, and with whom the head shares its keys. */
  #legend({ layer, head, measure, matrix }: Measured, { run }: RunView): TemplateResult | typeof nothing {
    const kinds = hiddenKinds(measure?.of === 'layers' ? { ...run, windows: [] } : run, layer, matrix.cols);
    const shared = measure?.of === 'head' ? sharedHeadOf(run.model, head) : null;
    if (kinds.length === 0 && shared === null) return nothing;
    return html`<span class="legend muted">
      ${kinds.map(
        (kind) => html`<span class="entry">
          <span class=${`swatch ${kind}`} aria-hidden="true"></span>
          ${REASONS[kind](run.windows[layer] ?? 0)}
        </span>`,
      )}
      ${shared === null ? nothing : html`<span class="entry"><span class="letter key">k</span> ${headsInWords(shared.heads)} share keys ${shared.kv}</span>`}
    </span>`;
  }

  /** The cell's colour is mixed here as the style sheet mixes it, so that its number can be read. */
  #inkOn(light: number, { kind }: Scale): string {
    const side = kind !== 'signed' ? '' : light < 0 ? ' less' : ' more';
    const { colours } = this;
    if (colours === undefined || Math.abs(light) < FAINT[kind]) return side;
    const [from, to] =
      kind !== 'signed'
        ? [colours.raised, colours.light]
        : [colours.zero, light < 0 ? colours.negative : colours.positive];
    return `${side}${isBright(mixed(from, to, Math.abs(light))) ? ' on-bright' : ' on-dark'}`;
  }

  protected override size({ matrix: { rows, cols } }: Measured): { width: number; height: number } {
    const share = (room: number, count: number, most: number) =>
      room > 0 ? Math.min(most, Math.max(LEAST, Math.floor(room / Math.max(1, count)))) : most;
    const width = share(this.view.width, cols, this.staged ? MOST_STAGED : MOST);
    return { width, height: this.staged ? share(this.view.height, rows, MOST) : width };
  }
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
    /* What comes and goes outside the window keeps its room: nothing has to be held in place. */
    overflow-anchor: none;
    scrollbar-width: thin;
    scrollbar-color: var(--line) transparent;
  }
  .definition {
    margin: 0;
    flex: 1 0 100%;
    font-size: 0.8125rem;
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
    padding: 6px 0 0;
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
    background: color-mix(in srgb, var(--light) calc(var(--light-share) * 100%), var(--raised));
    font-family: var(--mono);
    font-size: 0.6875rem;
    cursor: pointer;
  }
  .cell.more {
    background: color-mix(in srgb, var(--positive) calc(var(--light-share) * 100%), var(--zero));
  }
  .cell.less {
    background: color-mix(in srgb, var(--negative) calc(var(--light-share) * 100%), var(--zero));
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
