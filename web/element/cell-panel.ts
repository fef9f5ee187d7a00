/** How the chosen weight came about, from the two vectors to the mixed values, every number printed. Computes none. */
import { css, html, nothing, type TemplateResult } from 'lit';
import type { Cell, Run, Token } from '../engine/types';
import { labelOf } from '../state/labels';
import { type SharedHead, sharedHeadOf, sharingInWords } from '../state/sharing';
import { type Visibility, visibility, whyHidden } from '../state/visibility';
import { changedMark } from './changed-mark';
import { define } from './define';
import { Panel } from './panel';
import { count, percent, printed } from './printed';
import { largest, vectorStrip } from './vector-strip';

/** So many keys of a row are listed; the rest is summed up. */
const LISTED = 10;

export class CellPanel extends Panel {
  static override properties = { ...Panel.properties, element: { state: true } };

  /** The element of the vectors under the pointer. */
  declare element: number | null;

  constructor() {
    super();
    this.element = null;
  }

  protected override sees(): readonly unknown[] {
    return [this.shown?.run, this.shown?.cell, this.snapshot?.state.hover?.key];
  }

  protected override render(): TemplateResult {
    const shown = this.shown;
    if (shown === undefined) {
      return html`<section part="calculation" class="calculation" aria-label="Calculation">
        <p class="muted">The calculation of one weight appears here.</p>
      </section>`;
    }
    const { cell, run } = shown;
    const name = (index: number) => labelOf(run.tokens[index]);
    const shared = sharedHeadOf(run.model, cell.head);
    const why = whyHidden(run, cell.layer, cell.queryIndex, cell.keyIndex);
    const kind = visibility(run, cell.layer, cell.queryIndex, cell.keyIndex);
    return html`
      <section
        part="calculation"
        class="calculation"
        aria-label="Calculation"
        tabindex="0"
        data-layer=${cell.layer}
        data-head=${cell.head}
        data-query=${cell.queryIndex}
        data-key=${cell.keyIndex}
      >
        <header>
          <h2 class="pair">
            <bdi class="query">${name(cell.queryIndex)}</bdi>
            <span class="muted">${cell.masked ? 'cannot see' : 'looks at'}</span>
            <bdi class="key">${name(cell.keyIndex)}</bdi>
          </h2>
          <p class="muted">layer ${cell.layer}, head ${cell.head} ${changedMark(run)}</p>
          <p class="result">${cell.masked ? html`<strong>masked</strong>` : html`<strong>${percent(cell.weight)}</strong>`}</p>
        </header>
        ${
          why === null
            ? nothing
            : html`<p class="note why">
                <span class=${`swatch ${kind}`} aria-hidden="true"></span>
                <span><bdi class="key">${name(cell.keyIndex)}</bdi> ${kind === 'later' ? '' : 'is '}${why}. Its score becomes −∞, and its weight 0.</span>
              </p>`
        }
        ${cell.dot === null ? this.#withoutVectors() : this.#score(cell, name, shared)} ${this.#softmax(cell, run)}
        ${cell.output === null ? nothing : this.#mix(cell, name, shared)} ${cell.query === null ? nothing : this.#elements(cell)}
      </section>
    `;
  }

  #withoutVectors(): TemplateResult {
    return html`<p class="note muted">
      This trace holds weights only. Query, key and score behind a weight need the model itself.
    </p>`;
  }

  #score(cell: Cell, name: (index: number) => string, shared: SharedHead | null): TemplateResult {
    const most = largest(cell.query, cell.key);
    return html`
      <section class="step">
        <h3><span class="number">1</span> Score: how well they match</h3>
        ${
          cell.query === null || cell.key === null
            ? nothing
            : html`
                <div class="vectors" @pointermove=${this.#pointAt} @pointerleave=${this.#pointAway}>
                  <span class="label"><span class="letter query">q</span> query of <bdi>${name(cell.queryIndex)}</bdi></span>
                  ${vectorStrip(cell.query, 'query', most, this.element)}
                  <span class="label"><span class="letter key">k</span> key of <bdi>${name(cell.keyIndex)}</bdi>${sharing(shared)}</span>
                  ${vectorStrip(cell.key, 'key', most, this.element)}
                </div>
                ${this.#product(cell.query, cell.key)}
              `
        }
        <dl class="sums">
          <div>
            <dt><span class="letter query">q</span> · <span class="letter key">k</span></dt>
            <dd>${printed(cell.dot ?? Number.NaN, { name: 'dot' })}</dd>
          </div>
          <div>
            <dt>× ${cell.query === null ? 'scale' : html`1/√${count(cell.query.length)}`}</dt>
            <dd>${value(cell.scale, 'scale')}</dd>
          </div>
          <div class=${cell.bias === 0 ? 'muted' : ''}>
            <dt>+ bias</dt>
            <dd>${value(cell.bias, 'bias')}</dd>
          </div>
          <div class="total">
            <dt>score</dt>
            <dd>${value(cell.score, 'score')}</dd>
          </div>
        </dl>
      </section>
    `;
  }

  /** The product of the element under the pointer; otherwise how to see one. */
  #product(query: Float32Array, key: Float32Array): TemplateResult {
    const i = this.element;
    const q = i === null ? undefined : query[i];
    const k = i === null ? undefined : key[i];
    if (q === undefined || k === undefined) {
      return html`<p class="product muted">Each pair of bars is multiplied; the ${count(query.length)} products are added.</p>`;
    }
    return html`<p class="product">
      element ${i}: <span class="query">${printed(q)}</span> × <span class="key">${printed(k)}</span> = ${printed(q * k)}
    </p>`;
  }

  #softmax(cell: Cell, run: Run): TemplateResult {
    const { tokens } = run;
    const kindOf = (key: number) => visibility(run, cell.layer, cell.queryIndex, key);
    const isSeen = (key: number) => kindOf(key) === 'visible';
    const order = [...cell.rowWeights.keys()]
      .filter((key) => isSeen(key) || key === cell.keyIndex)
      .sort((a, b) => (cell.rowWeights[b] ?? 0) - (cell.rowWeights[a] ?? 0));
    const hidden = [...cell.rowWeights.keys()].filter((key) => !isSeen(key));
    const hiddenBy = (kind: Visibility) => hidden.filter((key) => kindOf(key) === kind).length;
    const [later, outside, blocked] = [hiddenBy('later'), hiddenBy('outside window'), hiddenBy('blocked')];
    const listed = order.slice(0, LISTED);
    if (!listed.includes(cell.keyIndex)) listed[listed.length - 1] = cell.keyIndex;
    const rest = order.filter((key) => !listed.includes(key));
    return html`
      <section class="step">
        <h3><span class="number">${cell.dot === null ? 1 : 2}</span> Softmax: scores become shares</h3>
        ${
          cell.score === null
            ? nothing
            : html`
                <p class="formula" role="math" aria-label="weight is the exponential of score minus row maximum, divided by the row's sum">
                  weight = e<sup>score − ${value(cell.rowMax, 'rowMax')}</sup> / ${value(cell.rowSum, 'rowSum')} =
                  <strong>${printed(cell.weight, { name: 'weight' })}</strong>
                </p>
              `
        }
        ${cell.score === null ? html`<p class="formula">weight = <strong>${printed(cell.weight, { name: 'weight' })}</strong></p>` : nothing}
        <div class="row-bars" role="group" aria-label="The row: the shares of all keys">
          ${listed.map((key) => this.#bar(cell, key, tokens, kindOf(key)))}
        </div>
        ${
          rest.length === 0
            ? nothing
            : html`<p class="muted rest">
                and ${count(rest.length)} more, together ${percent(rest.reduce((sum, key) => sum + (cell.rowWeights[key] ?? 0), 0))}
              </p>`
        }
        ${later === 0 ? nothing : html`<p class="muted rest">${count(later)} later ${later === 1 ? 'token is' : 'tokens are'} masked</p>`}
        ${
          outside === 0
            ? nothing
            : html`<p class="muted rest">
                ${count(outside)} further back than the window of ${count(run.windows[cell.layer] ?? 0)} are masked
              </p>`
        }
        ${blocked === 0 ? nothing : html`<p class="muted rest">${count(blocked)} hidden by you ${blocked === 1 ? 'is' : 'are'} masked</p>`}
      </section>
    `;
  }

  #bar(cell: Cell, key: number, tokens: readonly Token[], kind: Visibility): TemplateResult {
    const weight = cell.rowWeights[key] ?? 0;
    const hover = this.snapshot?.state.hover ?? null;
    const name = [
      'bar',
      key === cell.keyIndex && 'chosen',
      hover?.key === key && 'lit',
      tokens[key]?.special && 'muted',
      kind !== 'visible' && kind,
    ];
    return html`<button
      class=${name.filter(Boolean).join(' ')}
      aria-pressed=${key === cell.keyIndex ? 'true' : 'false'}
      .style=${`--weight: ${weight}`}
      @click=${() => this.reader.choose({ key })}
      @pointerenter=${() => this.reader.point({ layer: cell.layer, head: cell.head, query: cell.queryIndex, key })}
      @pointerleave=${() => this.reader.point(null)}
    >
      <bdi>${labelOf(tokens[key])}</bdi><span class="track"></span>${percent(weight, { name: 'rowWeights', index: key })}
    </button>`;
  }

  #mix(cell: Cell, name: (index: number) => string, shared: SharedHead | null): TemplateResult {
    const most = largest(cell.value, cell.output);
    return html`
      <section class="step">
        <h3><span class="number">3</span> Mix: the values, by weight</h3>
        <div class="vectors" @pointermove=${this.#pointAt} @pointerleave=${this.#pointAway}>
          <span class="label"><span class="letter value">v</span> value of <bdi>${name(cell.keyIndex)}</bdi>, taken ${percent(cell.weight)}${sharing(shared)}</span>
          ${vectorStrip(cell.value ?? [], 'value', most, this.element)}
          <span class="label"><span class="letter output">o</span> output: the sum over all keys</span>
          ${vectorStrip(cell.output ?? [], 'output', most, this.element)}
        </div>
      </section>
    `;
  }

  #elements(cell: Cell): TemplateResult {
    const { query, key, value: values, output } = cell;
    const rows = Math.max(query?.length ?? 0, values?.length ?? 0);
    const number = (vector: Float32Array | null, which: string, i: number) => {
      const entry = vector?.[i];
      return entry === undefined ? '' : printed(entry, { name: which, index: i });
    };
    return html`
      <section class="step">
        <h3>Element by element</h3>
        <table class="elements">
          <thead>
            <tr>
              <th scope="col"><span class="unseen">element</span></th>
              <th scope="col" class="letter query" aria-label="query">q</th>
              <th scope="col" class="letter key" aria-label="key">k</th>
              <th scope="col" aria-label="query times key">
                <span class="letter query">q</span> <span class="letter key">k</span>
              </th>
              <th scope="col" class="letter value" aria-label="value">v</th>
              <th scope="col" class="letter output" aria-label="output">o</th>
            </tr>
          </thead>
          <tbody @pointerleave=${this.#pointAway}>
            ${Array.from(
              { length: rows },
              (_, i) => html`<tr class=${i === this.element ? 'lit' : ''} @pointerenter=${() => this.#light(i)}>
                <th scope="row">${i}</th>
                <td class="query">${number(query, 'query', i)}</td>
                <td class="key">${number(key, 'key', i)}</td>
                <td>${query?.[i] === undefined || key?.[i] === undefined ? '' : printed(query[i] * key[i])}</td>
                <td class="value">${number(values, 'value', i)}</td>
                <td class="output">${number(output, 'output', i)}</td>
              </tr>`,
            )}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row" colspan="3">sum of the products</th>
              <td>${cell.dot === null ? '' : printed(cell.dot)}</td>
              <td colspan="2"></td>
            </tr>
          </tfoot>
        </table>
      </section>
    `;
  }

  #light(element: number | null): void {
    this.element = element;
  }

  readonly #pointAway = (): void => this.#light(null);

  readonly #pointAt = (event: PointerEvent): void => {
    const strip = (event.target as Element).closest('svg');
    const cell = this.shown?.cell;
    if (strip === null || cell === undefined) return;
    const box = strip.getBoundingClientRect();
    const length = (strip.matches('.query, .key') ? cell.query : cell.value)?.length ?? 0;
    this.#light(Math.min(length - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * length))));
  };
}

/** A number that a trace may lack. */
function value(number: number | null, name: string): TemplateResult {
  return number === null ? html`<span class="muted">not in this trace</span>` : printed(number, { name });
}

/** Whose key or value it is, where several heads read the same one. */
function sharing(shared: SharedHead | null): TemplateResult | typeof nothing {
  if (shared === null) return nothing;
  return html`<span class="muted shared">${sharingInWords(shared)}</span>`;
}

define('attn-cell-panel', CellPanel);

export const cellPanelStyles = css`
  attn-cell-panel {
    display: block;
    min-height: 0;
  }
  .calculation {
    height: 100%;
    overflow-y: auto;
    overscroll-behavior: contain;
    scrollbar-width: thin;
    scrollbar-color: var(--line) transparent;
    padding: 14px 16px 20px;
    background: var(--panel);
  }
  .calculation:focus-visible {
    outline-offset: -2px;
  }
  .calculation header {
    display: grid;
    grid-template-columns: 1fr auto;
    column-gap: 12px;
    align-items: baseline;
    padding-bottom: 12px;
    border-bottom: 1px solid var(--line);
  }
  .calculation p {
    margin: 0;
  }
  .calculation .pair {
    margin: 0;
    font-size: 1.0625rem;
    font-weight: 650;
    line-height: 1.3;
    overflow-wrap: anywhere;
  }
  .calculation .pair .muted {
    font-weight: 400;
  }
  .calculation .result {
    grid-area: 1 / 2 / 3 / 3;
    font-size: 1.75rem;
    line-height: 1;
    color: var(--light);
  }
  .calculation .note {
    margin-top: 12px;
  }
  .calculation .why {
    display: flex;
    align-items: baseline;
    gap: 8px;
  }
  .calculation .why .swatch {
    flex: none;
  }
  .step {
    padding: 12px 0 0;
  }
  .step h3 {
    display: flex;
    align-items: center;
    gap: 8px;
    margin: 0 0 8px;
    font-size: 0.8125rem;
    font-weight: 600;
  }
  .step .number {
    display: grid;
    place-items: center;
    width: 18px;
    height: 18px;
    border: 1px solid var(--line);
    border-radius: 50%;
    font-size: 0.6875rem;
    color: var(--muted);
  }
  .vectors {
    display: grid;
    gap: 2px;
  }
  .vectors .label {
    font-size: var(--small);
  }
  .vectors .shared {
    display: block;
  }
  .product {
    min-height: 2.9em;
    padding-top: 6px;
    font-size: var(--small);
  }
  .sums {
    display: grid;
    gap: 3px;
    margin: 4px 0 0;
    font-family: var(--mono);
    font-size: 0.8125rem;
  }
  .sums > div {
    display: flex;
    justify-content: space-between;
  }
  .sums dd {
    margin: 0;
  }
  .sums .total {
    padding-top: 3px;
    border-top: 1px solid var(--line);
    font-weight: 600;
  }
  .formula {
    font-family: var(--mono);
    font-size: 0.8125rem;
    line-height: 1.7;
  }
  .formula sup {
    font-size: 0.8em;
  }
  .row-bars {
    display: grid;
    margin: 6px -6px 0;
  }
  .bar {
    display: grid;
    grid-template-columns: 5.5rem 1fr 5rem;
    gap: 8px;
    min-height: 24px;
    padding: 1px 6px;
    border-color: transparent;
    background: none;
    text-align: start;
    font-size: var(--small);
  }
  .bar bdi {
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .bar data {
    text-align: end;
    font-family: var(--mono);
  }
  .bar .track {
    height: 8px;
    border-radius: 4px;
    background: linear-gradient(var(--light), var(--light)) no-repeat 0 / calc(100% * var(--weight)) var(--thread);
  }
  .bar.later .track {
    background: repeating-linear-gradient(135deg, var(--muted) 0 1px, transparent 1px 5px);
  }
  .bar.blocked .track {
    background: repeating-linear-gradient(45deg, var(--accent) 0 1px, transparent 1px 5px);
  }
  .bar.outside .track {
    background: radial-gradient(circle at 3px 3px, var(--muted) 0.9px, transparent 1.3px) 0 0 / 7px 7px;
  }
  @media (forced-colors: active) {
    .bar .track {
      forced-color-adjust: none;
      background: linear-gradient(Highlight, Highlight) no-repeat 0 / calc(100% * var(--weight));
      border: 1px solid CanvasText;
    }
  }
  .bar.lit {
    background: var(--hover);
  }
  .bar.chosen {
    color: var(--key);
    border-color: var(--key);
    font-weight: 600;
  }
  .rest {
    padding-top: 4px;
    font-size: var(--small);
  }
  .elements {
    width: 100%;
    border-collapse: collapse;
    font-family: var(--mono);
    font-size: 0.6875rem;
  }
  .elements th,
  .elements td {
    padding: 2px 0 2px 4px;
    text-align: end;
    font-weight: 400;
  }
  .elements thead th {
    font-size: 0.8125rem;
    border-bottom: 1px solid var(--line);
  }
  .elements tbody th {
    color: var(--muted);
  }
  .elements tr.lit {
    background: var(--hover);
  }
  .elements tfoot th,
  .elements tfoot td {
    border-top: 1px solid var(--line);
    font-weight: 600;
  }
`;
