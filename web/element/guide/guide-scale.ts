/** What softmax makes of one row of scores while the division by the root of the key's width is taken away by degrees. */
import { html, svg, type TemplateResult } from 'lit';
import type { Matrix, Run } from '../../engine/types';
import type { RunView, Snapshot } from '../../session/snapshot';
import { labelOf, tokenLabel } from '../../state/labels';
import { define } from '../define';
import { say, t } from '../words/words';
import { Figure } from './figure';
import { rowOf } from './heat';
import { noLinks } from './lesson';
import { bar, count, largest, number, share, shareText, stretch, tokenName } from './marks';

/** How much of the division is left out, in powers of the width: none, …, all of it. */
const STEPS = [0, 0.25, 0.5, 0.75, 1];
const LAST = STEPS.length - 1;
const MOST = 16;
const STEP = 24;
const TOP = 30;
/** Longer names of tokens are cut. */
const LONGEST = 11;

/** The head with one factor in place of the model's own scale. */
interface Stop {
  /** What multiplies the dot products. */
  readonly factor: number;
  readonly weights: Matrix;
  readonly entropy: number | null;
}

interface Data {
  readonly shown: RunView;
  readonly width: number;
  readonly stops: readonly Stop[];
}

/** The reader's temperatures for a head of this width: at the last one the division by its root is undone. */
export const temperatures = (width: number): readonly number[] => STEPS.map((step) => width ** (-step / 2));

export class GuideScale extends Figure<Data> {
  static override properties = { ...Figure.properties, stop: { state: true } };

  declare private stop: number;

  constructor() {
    super();
    this.stop = LAST;
  }

  protected override sees({ model, runs: [shown] }: Snapshot): readonly unknown[] | null {
    return model === null || shown?.steps == null ? null : [shown.run, shown.steps];
  }

  protected override async ask({ runs }: Snapshot): Promise<Data> {
    const shown = runs[0] as RunView;
    const { run, steps } = shown;
    const width = steps?.key.cols ?? 1;
    const stops: Stop[] = [];
    for (const temperature of temperatures(width)) {
      // The reader has gone on: the answer would not be shown.
      if (this.stage.snapshot.runs[0]?.steps !== steps) throw new DOMException('Not asked for any more.', 'AbortError');
      stops.push(await this.#stop(run, shown, temperature));
    }
    return { shown, width, stops };
  }

  #stop({ text, model }: Run, { selection: { layer, head } }: RunView, temperature: number): Promise<Stop> {
    const changed = { text, interventions: [{ kind: 'temperature', layer, head, temperature } as const] };
    return this.stage.experiment([changed], async (engine, [run]) => {
      if (run === undefined) throw new Error('An experiment without runs.');
      const { id } = run;
      const [weights, cell, overview] = await Promise.all([
        engine.matrix(id, layer, head, 'weights'),
        engine.cell(id, layer, head, 0, 0),
        engine.overview(id, noLinks(run)),
      ]);
      return {
        factor: cell.scale ?? Number.NaN,
        weights,
        entropy: overview.metrics[layer * model.nHeads + head]?.entropy ?? null,
      };
    });
  }

  protected override draw({ shown, width, stops }: Data, snapshot: Snapshot): TemplateResult {
    const { run, selection: asked } = shown;
    // The row is the reader's present one: all rows of the head are here.
    const now = snapshot.runs[0];
    const query = now?.run === run ? now.selection.query : asked.query;
    const { layer, head } = asked;
    const rows = stops.map(({ weights }) => rowOf(weights, query));
    const [own, chosen] = [rows[0], rows[this.stop]];
    const [first, stop] = [stops[0], stops[this.stop]];
    if (own === undefined || chosen === undefined || first === undefined || stop === undefined) return html``;
    const key = own.indexOf(largest(own));
    const tokens = stretch(run.tokens.length, query, MOST);
    return html`
      <figure class="scale-figure">
        <svg viewBox=${`0 0 370 ${TOP + STEP * tokens.length}`} role="img" aria-label=${t('scale.name', { query: labelOf(run.tokens[query]) })}>
          <text class="head" x="102" y="14">${t('scale.own')}</text>
          <text class="head" x="242" y="14">${t(this.stop === LAST ? 'scale.none' : this.stop === 0 ? 'scale.same' : 'scale.part')}</text>
          ${tokens.map((index, i) => {
            const token = run.tokens[index];
            const y = TOP + STEP * i;
            const name = `${token?.special === true ? 'special ' : ''}${index === query ? 'query' : index === key ? 'key' : ''}`;
            return svg`<g class=${name}>
              <text class="token" x="92" y=${y + 14}>${token === undefined ? '' : tokenLabel(token, LONGEST)}</text>
              ${bar(own[index] ?? 0, 102, y + 5, 74, 10, 'bar own')}
              <text class="share" data-value=${own[index] ?? 0} x="226" y=${y + 14}>${shareText(own[index] ?? 0)}</text>
              ${bar(chosen[index] ?? 0, 242, y + 5, 74, 10)}
              <text class="share" data-value=${chosen[index] ?? 0} x="368" y=${y + 14}>${shareText(chosen[index] ?? 0)}</text>
            </g>`;
          })}
        </svg>
        <div class="degrees">
          <table>
            <caption>${say('scale.table', { query: tokenName(run, query) })}</caption>
            <thead>
              <tr>
                <th scope="col">${t('scale.factor')}</th>
                <th scope="col" class="amount">${t('scale.largest')}</th>
                <th scope="col" class="amount">${t('scale.entropy')}</th>
              </tr>
            </thead>
            <tbody>
              ${stops.map(
                ({ factor, entropy }, i) => html`<tr class=${i === this.stop ? 'now' : ''}>
                  <th scope="row">
                    <label>
                      <input type="radio" name="scale-stop" value=${i} .checked=${i === this.stop} ?checked=${i === this.stop} @change=${() => (this.stop = i)} />
                      ${number(factor, { name: 'factor', index: i })}
                      <small>${i === 0 ? say('scale.is.own', { width: count(width) }) : i === LAST ? t('scale.is.none') : ''}</small>
                    </label>
                  </th>
                  <td class="amount">${number(largest(rows[i] ?? []), { name: 'largest', index: i })}</td>
                  <td class="amount">${entropy === null ? '–' : number(entropy, { name: 'entropy', index: i })}</td>
                </tr>`,
              )}
            </tbody>
          </table>
          <p class="note">
            ${t('scale.note')}
            ${tokens.length < run.tokens.length ? t('scale.cut', { shown: tokens.length, all: run.tokens.length }) : ''}
          </p>
        </div>
        <figcaption>
          ${say('scale.reading', {
            query: tokenName(run, query),
            key: tokenName(run, key),
            layer: count(layer),
            head: count(head),
            own: share(largest(own)),
            chosen: share(largest(chosen)),
            factor: number(stop.factor),
          })}
        </figcaption>
      </figure>
    `;
  }
}

define('guide-scale', GuideScale);
