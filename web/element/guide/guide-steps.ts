/**
 * The four steps of a head for the token that looks, one at a time: a table with a row for each token that is looked at,
 * which stays in its place while the columns go from vectors to scores, to weights and to what is taken.
 */
import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import type { Step } from '../../state/state';
import { define } from '../define';
import { say, t } from '../words/words';
import { HeadFigure, type HeadView } from './head-figure';
import { count, number, shape, share, tokenName } from './marks';
import { CODE, FORMULAS, STEP_LINES, type StepLine } from './step-lines';
import { power, rowsAround, TABLES } from './step-tables';

/** So many tokens have a row. */
const MOST = 20;

/** What a step is called where a viewer shows it. */
const IN_VIEWER: Readonly<Record<StepLine, Step>> = {
  project: 'query-key-value',
  score: 'scores',
  softmax: 'softmax',
  sum: 'weighted-sum',
};

export class GuideSteps extends HeadFigure {
  static override properties = { ...HeadFigure.properties, line: { state: true } };

  declare protected line: StepLine;

  constructor() {
    super();
    this.line = 'project';
  }

  protected override draw(drawn: HeadView): TemplateResult {
    const { run, selection } = drawn.shown;
    const at = STEP_LINES.indexOf(this.line);
    const rows = rowsAround(run.tokens.length, selection.query, selection.key, MOST);
    const about = {
      query: tokenName(run, selection.query),
      key: tokenName(run, selection.key),
      wide: count(drawn.stream.cols),
      narrow: count(drawn.steps.query.cols),
      width: count(drawn.steps.key.cols),
      scale: drawn.shown.cell.scale === null ? '' : number(drawn.shown.cell.scale),
    };
    return html`
      <figure class=${`steps-figure at-${this.line}`}>
        <fieldset class="lines">
          <legend class="unseen">${t('steps.label')}</legend>
          ${STEP_LINES.map(
            (line, i) => html`<div class=${`line${i === at ? ' now' : ''}`}>
              <label><input type="radio" name="guide-steps" .checked=${live(i === at)} @change=${() => this.#go(i)} /><span
                class="place">${i + 1}</span> ${t(`steps.name.${line}`)}</label>
              ${FORMULAS[line]} ${CODE[line]}
            </div>`,
          )}
        </fieldset>
        <div class="telling">
          <p role="status">${say(`steps.does.${this.line}`, about)}</p>
          <span class="turn">
            <button type="button" class="tool" ?disabled=${at === 0} @click=${() => this.#go(at - 1)}>${t('steps.back')}</button>
            <button type="button" class="tool" ?disabled=${at === 3} @click=${() => this.#go(at + 1)}>${t('steps.next')}</button>
          </span>
        </div>
        ${TABLES[this.line](drawn, rows, (key) => this.stage.change({ key }))}
        <figcaption>
          ${this.#reading(drawn)}
          ${
            rows.length === run.tokens.length
              ? nothing
              : say('steps.cut', {
                  all: count(run.tokens.length),
                  rows: count(rows.length),
                  query: tokenName(run, selection.query),
                  key: tokenName(run, selection.key),
                })
          }
        </figcaption>
      </figure>
    `;
  }

  /** The calculation of the chosen key, in numbers. */
  #reading({ shown, steps, stream }: HeadView): readonly unknown[] {
    const { cell, run, selection } = shown;
    const exact = (value: number | null, name: string) => (value === null ? '' : number(value, { name }));
    return say(`steps.reading.${this.line}`, {
      query: tokenName(run, selection.query),
      key: tokenName(run, selection.key),
      layer: count(selection.layer),
      head: count(selection.head),
      input: shape(1, stream.cols),
      vector: shape(1, steps.query.cols),
      tokens: count(run.tokens.length),
      dot: exact(cell.dot, 'dot'),
      scale: exact(cell.scale, 'scale'),
      score: exact(cell.score, 'score'),
      power: power(exact(cell.score, 'score'), exact(cell.rowMax, 'row-max')),
      sum: exact(cell.rowSum, 'row-sum'),
      weight: number(cell.weight, { name: 'weight' }),
      share: share(cell.weight),
    });
  }

  #go(to: number): void {
    this.line = STEP_LINES[to] ?? this.line;
    this.dataset['moved'] = '';
    this.dispatchEvent(new CustomEvent('guidestep', { detail: { step: IN_VIEWER[this.line] }, bubbles: true }));
  }
}

define('guide-steps', GuideSteps);
