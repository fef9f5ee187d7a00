/** One head of the generating model beside one of the encoder, on the reader's sentence: what a causal mask hides. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import type { HeadSteps, Matrix, Run, Token } from '../../engine/types';
import type { RunView, Snapshot } from '../../session/snapshot';
import { labelOf } from '../../state/labels';
import { formatNumber } from '../../state/numbers';
import { define } from '../define';
import { data } from '../printed';
import { say, t } from '../words/words';
import { Figure } from './figure';
import { drawShades, shadesOf } from './heat';
import { type Stage, theLesson } from './lesson';
import { count, stretch, tokenName } from './marks';

/** So many tokens of a longer text are shown. */
const MOST = 16;
const CELL = 18;
/** In fewer tokens there is no room to write what is hidden. */
const SHORT = 11;
const [LEFT, TOP] = [86, 74];

interface Masks {
  readonly run: Run;
  readonly steps: HeadSteps;
  readonly encoder: RunView;
}

/** The first token that reaches beyond a place of the text: the one that stands there. */
export function tokenAt(tokens: readonly Pick<Token, 'end' | 'index'>[], place: number): number | null {
  return tokens.find(({ end }) => end !== null && end > place)?.index ?? null;
}

export class GuideMask extends Figure<Masks> {
  #layer = 16;
  #head = 0;
  /** The row that was chosen here while this was the guide's token; otherwise the row follows that. */
  #row: { readonly query: number; readonly row: number } | null = null;
  #stop: (() => void) | null = null;

  protected override get stage(): Stage {
    return theLesson().generator;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stop = theLesson().sentence.subscribe(() => this.again());
  }

  override disconnectedCallback(): void {
    this.#stop?.();
    super.disconnectedCallback();
  }

  protected override sees({ model }: Snapshot): readonly unknown[] | null {
    const [encoder] = theLesson().sentence.snapshot.runs;
    if (model === null || encoder === undefined || encoder.run.text.trim() === '') return null;
    return [model, encoder.run, encoder.matrix, this.#layer, this.#head];
  }

  protected override ask(): Promise<Masks> {
    const [encoder] = theLesson().sentence.snapshot.runs;
    if (encoder === undefined) throw new Error('There is no run.');
    const [layer, head] = [this.#layer, this.#head];
    return this.stage.experiment([{ text: encoder.run.text }], async (engine, [run]) => {
      if (run === undefined) throw new Error('There is no run.');
      return { run, encoder, steps: await engine.steps(run.id, layer, head) };
    });
  }

  protected override draw({ run, steps, encoder }: Masks): TemplateResult {
    const query = theLesson().sentence.snapshot.runs[0]?.selection.query ?? encoder.selection.query;
    const row = Math.min(this.#rowOf(run, encoder.run, query), run.tokens.length - 1);
    const keys = stretch(run.tokens.length, row, MOST);
    const { nLayers, nHeads } = run.model;
    const hidden = run.tokens.length - 1 - row;
    return html`
      <figure class="mask-figure">
        <div class="tools">
          ${this.#range('layer', nLayers, this.#layer, (value) => {
            this.#layer = value;
          })}
          ${this.#range('head', nHeads, this.#head, (value) => {
            this.#head = value;
          })}
          <label>${t('mask.row')}
            <input type="range" min="0" max=${run.tokens.length - 1} aria-valuetext=${labelOf(run.tokens[row])} value=${row} .value=${live(String(row))}
              @input=${(event: Event) => this.#choose(run, encoder.run, Number((event.target as HTMLInputElement).value))} />
            <output>${labelOf(run.tokens[row])}</output>
          </label>
        </div>
        <div class="matrices">
          <div>
            <h3>${t('mask.generator', { layer: steps.layer, head: steps.head })}</h3>
            ${this.#matrix(run, steps.weights, row, true, (index) => this.#choose(run, encoder.run, index))}
          </div>
          <div>
            <h3>${t('mask.encoder', { layer: encoder.selection.layer, head: encoder.selection.head })}</h3>
            ${this.#matrix(encoder.run, encoder.matrix, query, false, (index) => theLesson().sentence.change({ query: index }))}
          </div>
        </div>
        <div class="wide" tabindex="0" role="group" aria-label=${t('mask.table', { query: labelOf(run.tokens[row]) })}>
          <table>
            <thead>
              <tr>
                <th scope="col">${say('mask.table', { query: tokenName(run, row) })}</th>
                ${keys.map((key) => html`<th scope="col" class="amount">${labelOf(run.tokens[key])}</th>`)}
              </tr>
            </thead>
            <tbody>
              ${this.#line('scores', steps.scaled, row, keys)} ${this.#line('mask', steps.scores, row, keys)}
              ${this.#line('weights', steps.weights, row, keys)}
            </tbody>
          </table>
        </div>
        <figcaption>
          ${say(hidden === 0 ? 'mask.reading.all' : 'mask.reading', {
            query: tokenName(run, row),
            seen: count(row + 1),
            of: count(run.tokens.length),
            hidden: count(hidden),
          })}
          ${keys.length < run.tokens.length ? say('mask.cut', { shown: count(keys.length), of: count(run.tokens.length) }) : nothing}
        </figcaption>
      </figure>
    `;
  }

  /** A line of the row's table: scores, the same with the mask added, weights. */
  #line(
    symbol: 'scores' | 'mask' | 'weights',
    { data: numbers, cols }: Matrix,
    row: number,
    keys: readonly number[],
  ): TemplateResult {
    return html`<tr data-symbol=${symbol}>
      <th scope="row">${t(`mask.line.${symbol}`)}</th>
      ${keys.map((key) => {
        const value = numbers[row * cols + key] ?? Number.NaN;
        const text =
          symbol === 'weights' && value > 0 && value < 0.0005
            ? '<0.001'
            : symbol === 'weights'
              ? value.toFixed(value === 0 ? 0 : 3)
              : formatNumber(value);
        return html`<td class=${key > row ? 'amount later' : 'amount'}>${data(value, text, { index: key })}</td>`;
      })}
    </tr>`;
  }

  #matrix(
    run: Run,
    { data: weights, cols }: Matrix,
    row: number,
    causal: boolean,
    choose: (row: number) => void,
  ): TemplateResult {
    const tokens = stretch(run.tokens.length, row, MOST);
    const n = tokens.length;
    const roots = Float32Array.from(
      tokens.flatMap((query) => tokens.map((key) => Math.sqrt(weights[query * cols + key] ?? 0))),
    );
    const at = row - (tokens[0] ?? 0);
    return html`<svg class="matrix-cells" viewBox=${`0 0 ${LEFT + MOST * CELL + 2} ${TOP + MOST * CELL + 2}`} role="img"
      aria-label=${t(causal ? 'mask.picture' : 'mask.picture.encoder')}>
      ${tokens.map((index, i) => {
        const name = index === row ? 'name chosen' : 'name';
        return svg`<text class=${name} x=${LEFT - 8} y=${TOP + CELL * i + 13} text-anchor="end">${cut(labelOf(run.tokens[index]))}</text>
          <text class="name" transform=${`translate(${LEFT + CELL * i + 13} ${TOP - 8}) rotate(-90)`}>${cut(labelOf(run.tokens[index]))}</text>`;
      })}
      <g transform=${`translate(${LEFT} ${TOP}) scale(${CELL})`}>
        <rect class="ground" width=${n} height=${n} />
        ${drawShades(shadesOf({ rows: n, cols: n, data: roots }, { most: 1 }))}
      </g>
      ${causal && n > 1 ? later(n) : nothing}
      <rect class="row-frame" x=${LEFT} y=${TOP + CELL * at} width=${CELL * n} height=${CELL} />
      ${tokens.map(
        (index, i) => svg`<rect class="row-target" x="0" y=${TOP + CELL * i} width=${LEFT + CELL * n} height=${CELL}
        @click=${() => choose(index)} />`,
      )}
    </svg>`;
  }

  #range(name: 'layer' | 'head', n: number, value: number, take: (value: number) => void): TemplateResult {
    return html`<label>${t(name === 'layer' ? 'row.layer' : 'row.head')}
      <input type="range" min="0" max=${n - 1} value=${value} .value=${live(String(value))} @input=${(event: Event) => {
        take(Number((event.target as HTMLInputElement).value));
        this.again();
        this.requestUpdate();
      }} />
      <output>${value}</output>
    </label>`;
  }

  #rowOf(run: Run, encoder: Run, query: number): number {
    if (this.#row?.query === query) return this.#row.row;
    const start = encoder.tokens[query]?.start ?? null;
    // What the tokenizer added at the start and at the end has no place in the text.
    return start === null ? (query === 0 ? 0 : run.tokens.length - 1) : (tokenAt(run.tokens, start) ?? 0);
  }

  /** A row here is the token of the whole guide that stands at the same place. */
  #choose(run: Run, encoder: Run, row: number): void {
    const query = tokenAt(encoder.tokens, run.tokens[row]?.start ?? 0) ?? 0;
    this.#row = { query, row };
    theLesson().sentence.change({ query });
    this.requestUpdate();
  }
}

/** What comes later than each row, hatched. */
function later(n: number): TemplateResult {
  const stairs = Array.from({ length: n - 1 }, (_, i) => `H${CELL * (n - 1 - i)}V${CELL * (n - 2 - i)}`).join('');
  return svg`<g data-symbol="mask">
    <pattern id="mask-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" /><path d="M0 0v6" /></pattern>
    <path class="later" transform=${`translate(${LEFT} ${TOP})`} d=${`M${CELL} 0H${CELL * n}V${CELL * (n - 1)}${stairs}z`} />
    ${
      n < SHORT
        ? nothing
        : svg`<text class="later-name" x=${LEFT + CELL * n - 12} y=${TOP + 2.5 * CELL} text-anchor="end">${t('mask.later')}</text>`
    }
  </g>`;
}

/** A label has little room beside a matrix. */
const cut = (label: string): string => (label.length <= 9 ? label : `${label.slice(0, 8)}…`);

define('guide-mask', GuideMask);
