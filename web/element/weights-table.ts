/** The numbers of the matrix as an ordinary table, three digits each, for reading and for screen readers. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { hiddenKinds, REASONS } from '../state/visibility';
import { changedMark } from './changed-mark';
import { define } from './define';
import { GridPanel, windowed } from './grid-panel';
import { itemsOf, visible } from './grid-window';
import { measureChooser } from './measure-chooser';
import { type Measured, measuredParts } from './measured';
import { data, printed } from './printed';

const WIDTH = 82;
const HEIGHT = 26;
/** What stands in a masked cell instead of a number. */
const HIDDEN = { later: 'later', 'outside window': 'too far', blocked: 'hidden', visible: 'masked' } as const;
/** Tables up to this many tokens stand in the document whole. */
const WHOLE = 24;

export class WeightsTable extends GridPanel {
  protected override readonly headers = { width: 90, height: 30 };

  protected override sees(): readonly unknown[] {
    return measuredParts(this.snapshot);
  }

  protected override size(): { width: number; height: number } {
    return { width: WIDTH, height: HEIGHT };
  }

  protected override render(): TemplateResult {
    const { measured, snapshot, shown } = this;
    if (measured === null || snapshot === undefined || shown === undefined)
      return html`<p class="muted empty">The same weights appear here as a table.</p>`;
    const { matrix, chosen, layer, measure } = measured;
    const n = matrix.cols;
    const kept = this.follow(measured);
    const isWhole = n <= WHOLE;
    const rows = isWhole
      ? upTo(matrix.rows)
      : itemsOf(visible(this.view.top, this.view.height, HEIGHT, matrix.rows), kept.row);
    const cols = isWhole ? upTo(n) : itemsOf(visible(this.view.left, this.view.width, WIDTH, n), kept.col);
    const masks = measure?.of === 'layers' ? { ...shown.run, windows: [], interventions: [] } : shown.run;
    return html`
      <div class="bar-above">
        <h2 class="heading">${measured.title}</h2>
        ${changedMark(shown.run)}
        ${measureChooser(snapshot, this.reader, 'Table')}
        <p class="definition muted" id="of-table">
          ${measured.missing ?? measured.definition} Each row looks, each column is looked at.
          ${hiddenKinds(masks, layer, n).map(
            (kind) => html`<span>“${HIDDEN[kind]}”: ${REASONS[kind](shown.run.windows[layer] ?? 0)}. </span>`,
          )}
        </p>
      </div>
      <div class="scroller" role="region" aria-label="Weights as a table">
        <table
          class="weights"
          aria-label=${measured.title}
          aria-describedby="of-table"
          aria-rowcount=${matrix.rows + 1}
          aria-colcount=${n + 1}
          data-layer=${layer}
          data-head=${measured.head}
          data-measure=${measure?.name ?? 'difference'}
          .style=${`width: ${this.headers.width + n * WIDTH}px`}
          @click=${this.pick}
          @keydown=${this.walk}
        >
          <thead>
            <tr aria-rowindex="1">
              <th class="row-name" aria-colindex="1" scope="col">token</th>
              ${windowed(
                cols,
                n,
                besides,
                (col) => html`<th
                scope="col"
                class=${col === chosen.col ? 'key' : ''}
                aria-colindex=${col + 2}
              ><bdi>${measured.nameAt(col)}</bdi></th>`,
              )}
            </tr>
          </thead>
          <tbody>
            ${windowed(
              rows,
              matrix.rows,
              below,
              (row) => html`<tr
              aria-rowindex=${row + 2}
              class=${row === chosen.row ? 'chosen' : ''}
            >
              <th scope="row" class="row-name" aria-colindex="1"><bdi>${measured.nameAt(row)}</bdi></th>
              ${windowed(cols, n, besides, (col) => this.#cell(measured, row, col))}
            </tr>`,
            )}
          </tbody>
        </table>
      </div>
    `;
  }

  #cell(measured: Measured, row: number, col: number): TemplateResult {
    const { matrix, chosen } = measured;
    const value = matrix.data[row * matrix.cols + col] ?? 0;
    const isChosen = row === chosen.row && col === chosen.col;
    const isHidden = measured.whyHidden(row, col) !== null;
    return html`<td
      class=${`${isChosen ? 'chosen' : ''}${isHidden ? ' masked' : ''}`}
      aria-colindex=${col + 2}
      aria-current=${isChosen ? 'true' : nothing}
      data-query=${measured.tokenAt(row)}
      data-key=${measured.tokenAt(col)}
      tabindex=${row === this.cursor.row && col === this.cursor.col ? 0 : -1}
    >${isHidden ? data(value, HIDDEN[measured.look(row, col)]) : printed(value)}</td>`;
  }
}

const besides = (items: number) => html`<td class="gap" aria-hidden="true" .style=${`width: ${items * WIDTH}px`}></td>`;
const below = (items: number) => html`<tr aria-hidden="true" .style=${`height: ${items * HEIGHT}px`}></tr>`;

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

define('attn-weights-table', WeightsTable);

export const weightsTableStyles = css`
  attn-weights-table {
    display: flex;
    flex-direction: column;
    gap: 10px;
    min-width: 0;
    min-height: 0;
  }
  .weights {
    table-layout: fixed;
    border-collapse: separate;
    border-spacing: 0;
    font-size: var(--small);
  }
  .weights th,
  .weights td {
    width: 82px;
    height: 26px;
    padding: 0 4px;
    overflow: hidden;
    white-space: pre;
    text-overflow: ellipsis;
    text-align: end;
    font-weight: 400;
    border-bottom: 1px solid var(--thread);
  }
  .weights td {
    font-family: var(--mono);
    font-size: 0.6875rem;
    cursor: pointer;
  }
  .weights td:focus-visible {
    outline-offset: -2px;
  }
  .weights td.masked {
    color: var(--muted);
    font-family: var(--font);
  }
  .weights thead th {
    position: sticky;
    z-index: 1;
    top: 0;
    height: 30px;
    background: var(--panel);
    font-weight: 600;
    border-bottom-color: var(--line);
  }
  .weights .row-name {
    position: sticky;
    z-index: 1;
    left: 0;
    width: 90px;
    background: var(--panel);
    text-align: start;
    font-weight: 600;
  }
  .weights thead .row-name {
    z-index: 2;
  }
  .weights tr.chosen > * {
    background: var(--hover);
  }
  .weights tr.chosen > .row-name {
    background: var(--panel);
    color: var(--query);
  }
  .weights td.chosen {
    color: var(--light);
    font-weight: 700;
    box-shadow: inset 0 0 0 1px var(--light);
  }
  .weights .gap {
    padding: 0;
    border: 0;
  }
`;
