/** The symbol of the formula that is pointed at, as it is for the reader's sentence: its shape, its rows and its numbers. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import type { HeadSteps, Matrix, Run } from '../../engine/types';
import type { RunView, Selection } from '../../session/snapshot';
import { labelOf } from '../../state/labels';
import { define } from '../define';
import { say, t } from '../words/words';
import { HeadFigure, type HeadView } from './head-figure';
import { heat, rowOf, upTo } from './heat';
import { count, number, shape, stretch, tokenName } from './marks';

/** The symbols of the formula, in the order in which it is worked out. */
export const SYMBOLS = ['input', 'query', 'key', 'scale', 'scores', 'weights', 'value', 'output'] as const;
export type FormulaSymbol = (typeof SYMBOLS)[number];

const SIGNS: Readonly<Record<FormulaSymbol, TemplateResult>> = {
  input: html`<b class="matrix">X</b>`,
  query: html`<b class="matrix query">Q</b>`,
  key: html`<b class="matrix key">K</b>`,
  scale: html`√<var>d<sub>k</sub></var>`,
  scores: html`<b class="matrix"><span class="query">Q</span><span class="key">K</span><sup>T</sup></b> / √<var>d<sub>k</sub></var>`,
  weights: html`<b class="matrix light">softmax(…)</b>`,
  value: html`<b class="matrix value">V</b>`,
  output: html`<b class="matrix output">Attention</b>`,
};

const MOST_ROWS = 16;
const MOST_COLS = 64;
/** Narrower matrices are drawn in a frame of so many columns, so that shapes can be compared. */
const FRAME = 32;
const FIRST = 4;
/** In pixels, as in the style sheet: the names beside the grid go by it. */
const ROW = 16;

/** The symbol that is pointed at, if the formula has it; else the one before. */
export function symbolNow(lit: string | undefined, before: FormulaSymbol): FormulaSymbol {
  return SYMBOLS.find((symbol) => symbol === lit) ?? before;
}

/** What there is room for: rows around the chosen token, and columns, which are tokens too in scores and weights. */
export function partOf({ rows, cols }: Matrix, { query, key }: Pick<Selection, 'query' | 'key'>, isByToken: boolean) {
  return {
    rows: stretch(rows, query, MOST_ROWS),
    cols: isByToken ? stretch(cols, key, MOST_COLS) : upTo(Math.min(cols, MOST_COLS)),
  };
}

export class GuideFormula extends HeadFigure {
  static override properties = { ...HeadFigure.properties, symbol: { state: true } };

  declare private symbol: FormulaSymbol;
  #watch: MutationObserver | null = null;

  constructor() {
    super();
    this.symbol = 'query';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const page = this.ownerDocument.documentElement;
    this.#watch = new MutationObserver(() => {
      this.symbol = symbolNow(page.dataset['lit'], this.symbol);
    });
    this.#watch.observe(page, { attributeFilter: ['data-lit'] });
  }

  override disconnectedCallback(): void {
    this.#watch?.disconnect();
    super.disconnectedCallback();
  }

  protected override draw({ shown, steps, stream }: HeadView): TemplateResult {
    const { run } = shown;
    const { symbol } = this;
    const matrix = matrixOf(symbol, steps, stream);
    return html`
      <figure class="formula-figure">
        <div class="tools" role="group" aria-label=${t('formula.symbols')}>
          ${SYMBOLS.map(
            (each) => html`<button
              type="button"
              class=${`symbol${each === symbol ? ' now' : ''}`}
              data-symbol=${each}
              aria-label=${t(`formula.${each}`)}
            >${SIGNS[each]}</button>`,
          )}
        </div>
        <div class="readout">
          <h3><span>${SIGNS[symbol]}</span> <span>${t(`formula.${symbol}`)}</span> ${matrix === null ? nothing : shape(matrix.rows, matrix.cols)}</h3>
          <p class="about" role="status">${t(`formula.${symbol}.about`)}</p>
          ${matrix === null ? this.#scale(shown) : this.#matrix(matrix, run, shown.selection)}
        </div>
        <figcaption>${matrix === null ? this.#scaled(shown) : this.#reading(matrix, shown)}</figcaption>
      </figure>
    `;
  }

  #matrix(matrix: Matrix, run: Run, selection: Selection): TemplateResult {
    const isByToken = this.symbol === 'scores' || this.symbol === 'weights';
    const part = partOf(matrix, selection, isByToken);
    const { rows, cols } = part;
    const width = Math.max(FRAME, cols.length);
    const row = rows.indexOf(selection.query);
    const label = t('formula.picture', { name: t(`formula.${this.symbol}`), rows: matrix.rows, cols: matrix.cols });
    const marks = svg`<rect class="mark" y=${row} width=${cols.length} height="1" />
      ${isByToken ? svg`<rect class="mark cell" x=${cols.indexOf(selection.key)} y=${row} width="1" height="1" />` : nothing}`;
    return html`<div class="grid">
      <ol>${rows.map(
        (
          index,
        ) => html`<li class=${index === selection.query ? 'query' : run.tokens[index]?.special === true ? 'special' : ''}
          ><bdi>${labelOf(run.tokens[index])}</bdi></li>`,
      )}</ol>
      <div class="cells">${heat(matrix, this.symbol, { ...part, width, height: ROW * rows.length, label, marks })}</div>
      <p class="cut">${
        rows.length === matrix.rows && cols.length === matrix.cols
          ? nothing
          : say('formula.cut', {
              rows: count(rows.length),
              allRows: count(matrix.rows),
              cols: count(cols.length),
              allCols: count(matrix.cols),
            })
      }</p>
    </div>`;
  }

  /** The one symbol that is a single number. */
  #scale({ cell, steps }: RunView): TemplateResult {
    return html`<div class="grid scalar" data-symbol="scale">
      <p>1 / √<var>d<sub>k</sub></var> = 1 / √${count(steps?.key.cols ?? 0)} = <strong>${number(cell.scale ?? 0, { name: 'scale' })}</strong></p>
    </div>`;
  }

  #scaled({ cell, run, steps }: RunView): readonly unknown[] {
    return say('formula.scaled', {
      query: tokenName(run, cell.queryIndex),
      key: tokenName(run, cell.keyIndex),
      width: count(steps?.key.cols ?? 0),
      dot: number(cell.dot ?? 0, { name: 'dot' }),
      scale: number(cell.scale ?? 0, { name: 'scale' }),
      score: number(cell.score ?? 0, { name: 'score' }),
    });
  }

  #reading(matrix: Matrix, { run, selection: { layer, head, query, key } }: RunView): readonly unknown[] {
    const row = rowOf(matrix, query);
    const place = { layer: count(layer), head: count(head), query: tokenName(run, query) };
    if (this.symbol === 'scores' || this.symbol === 'weights')
      return say(`formula.${this.symbol}.reading`, {
        ...place,
        key: tokenName(run, key),
        value: number(row[key] ?? 0),
      });
    const numbers = [...row.subarray(0, FIRST)].map((value, index) => html`${number(value, { index })} `);
    return say(this.symbol === 'input' ? 'formula.row.input' : 'formula.row', { ...place, numbers });
  }
}

/** The tensor that a symbol stands for; null for the scale, which is a number. */
function matrixOf(symbol: FormulaSymbol, steps: HeadSteps, stream: Matrix): Matrix | null {
  return symbol === 'scale' ? null : symbol === 'input' ? stream : steps[symbol];
}

define('guide-formula', GuideFormula);
