/** The chosen head's weights as an ordinary table, three digits each, for reading and for screen readers. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { tokenLabel } from '../state/labels';
import { hiddenKinds, REASONS, visibility } from '../state/visibility';
import { changedMark } from './changed-mark';
import { define } from './define';
import { visible } from './grid-window';
import { data, printed } from './printed';
import { ScrolledPanel } from './scrolled-panel';

const WIDTH = 82;
const HEIGHT = 26;
/** What stands in a masked cell instead of a number. */
const HIDDEN = { later: 'later', 'outside window': 'too far', blocked: 'hidden' } as const;
/** Tables up to this many tokens stand in the document whole. */
const WHOLE = 24;

export class WeightsTable extends ScrolledPanel {
  protected override readonly headers = { width: 90, height: 30 };

  protected override sees(): readonly unknown[] {
    return [this.shown?.run, this.shown?.matrix, this.shown?.selection];
  }

  protected override render(): TemplateResult {
    const shown = this.shown;
    if (shown === undefined) return html`<p class="muted empty">The same weights appear here as a table.</p>`;
    const { matrix, selection, run } = shown;
    const n = matrix.cols;
    const whole = n <= WHOLE;
    const rows = whole
      ? { first: 0, last: matrix.rows }
      : visible(this.view.top, this.view.height, HEIGHT, matrix.rows);
    const cols = whole ? { first: 0, last: n } : visible(this.view.left, this.view.width, WIDTH, n);
    const keys = numbers(cols.first, cols.last);
    const label = (index: number) => (run.tokens[index] === undefined ? '' : tokenLabel(run.tokens[index]));
    const gap = (items: number) =>
      items > 0 ? html`<td class="gap" aria-hidden="true" .style=${`width: ${items * WIDTH}px`}></td>` : nothing;
    const space = (items: number) =>
      items > 0 ? html`<tr aria-hidden="true" .style=${`height: ${items * HEIGHT}px`}></tr>` : nothing;
    return html`
      <div class="scroller" tabindex="0" role="region" aria-label="Weights as a table">
        <table
          class="weights"
          aria-rowcount=${matrix.rows + 1}
          aria-colcount=${n + 1}
          .style=${`width: ${this.headers.width + n * WIDTH}px`}
          @click=${this.#click}
        >
          <caption>
            Weights of layer ${matrix.layer}, head ${matrix.head}: each row looks, each column is looked at; a row adds up to 1.
            ${changedMark(run)}
            ${hiddenKinds(run, matrix.layer, n).map(
              (kind) => html`<span>“${HIDDEN[kind]}”: ${REASONS[kind](run.windows[matrix.layer] ?? 0)}. </span>`,
            )}
          </caption>
          <thead>
            <tr aria-rowindex="1">
              <th class="row-name" aria-colindex="1" scope="col">token</th>
              ${gap(cols.first)}${keys.map(
                (key) => html`<th
                  scope="col"
                  class=${key === selection.key ? 'key' : ''}
                  aria-colindex=${key + 2}
                ><bdi>${label(key)}</bdi></th>`,
              )}${gap(n - cols.last)}
            </tr>
          </thead>
          <tbody>
            ${space(rows.first)}
            ${numbers(rows.first, rows.last).map(
              (query) => html`<tr aria-rowindex=${query + 2} class=${query === selection.query ? 'chosen' : ''}>
                <th scope="row" class="row-name" aria-colindex="1"><bdi>${label(query)}</bdi></th>
                ${gap(cols.first)}${keys.map((key) => {
                  const kind = visibility(run, matrix.layer, query, key);
                  const weight = matrix.data[query * n + key] ?? 0;
                  return html`<td
                      class=${`${query === selection.query && key === selection.key ? 'chosen' : ''}${kind === 'visible' ? '' : ' masked'}`}
                      aria-colindex=${key + 2}
                      data-cell=${`${query}.${key}`}
                    >${kind === 'visible' ? printed(weight) : data(weight, HIDDEN[kind])}</td>`;
                })}${gap(n - cols.last)}
              </tr>`,
            )}
            ${space(matrix.rows - rows.last)}
          </tbody>
        </table>
      </div>
    `;
  }

  readonly #click = (event: Event): void => {
    const cell = (event.target as Element).closest<HTMLElement>('[data-cell]')?.dataset['cell'];
    if (cell === undefined) return;
    const [query = 0, key = 0] = cell.split('.').map(Number);
    this.reader.choose({ query, key });
  };
}

function numbers(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
}

define('attn-weights-table', WeightsTable);

export const weightsTableStyles = css`
  attn-weights-table {
    display: flex;
    flex-direction: column;
    min-width: 0;
    min-height: 0;
  }
  .weights {
    table-layout: fixed;
    border-collapse: separate;
    border-spacing: 0;
    font-size: var(--small);
  }
  .weights caption {
    position: sticky;
    left: 0;
    padding: 0 0 8px;
    width: fit-content;
    max-width: calc(100cqi - 40px);
    text-align: start;
    color: var(--muted);
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
