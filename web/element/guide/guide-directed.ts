/** Two tokens, both ways: the score and weight of one that looks at the other, and of the other that looks back. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import type { Matrix } from '../../engine/types';
import type { RunView, Snapshot } from '../../session/snapshot';
import { labelOf } from '../../state/labels';
import { define } from '../define';
import { say, t } from '../words/words';
import { Figure } from './figure';
import { count, number, share, shareText, tokenName } from './marks';

/** How many pairs are listed. */
const LISTED = 5;

/** A pair of tokens, the one that looks harder as `query`. */
export interface Lopsided {
  readonly query: number;
  readonly key: number;
  readonly there: number;
  readonly back: number;
}

/** The pairs whose two weights are farthest apart, farthest first. Tokens that are set apart are not among them. */
export function lopsided({ cols, data }: Matrix, apart: Uint8Array, most: number): readonly Lopsided[] {
  const pairs: Lopsided[] = [];
  const weight = (query: number, key: number) => data[query * cols + key] ?? 0;
  for (let a = 0; a < cols; ++a) {
    for (let b = 0; b < a; ++b) {
      if (apart[a] === 1 || apart[b] === 1) continue;
      const [query, key] = weight(a, b) >= weight(b, a) ? [a, b] : [b, a];
      pairs.push({ query, key, there: weight(query, key), back: weight(key, query) });
    }
  }
  return pairs.sort((one, other) => other.there - other.back - (one.there - one.back)).slice(0, most);
}

export class GuideDirected extends Figure<RunView> {
  protected override sees({ model, runs: [shown] }: Snapshot): readonly unknown[] | null {
    return model === null || shown?.steps == null ? null : [shown.run, shown.steps, shown.cell];
  }

  protected override ask({ runs }: Snapshot): RunView {
    return runs[0] as RunView;
  }

  protected override draw({ run, selection, steps, apart }: RunView): TemplateResult {
    if (steps === null) return html``;
    const { layer, head, query, key } = selection;
    const { weights, scores } = steps;
    const at = ({ cols, data }: Matrix, row: number, col: number) => data[row * cols + col] ?? 0;
    const way = (from: number, to: number) => html`<div class="way">
      <p class="who">${say('directed.looks', { query: tokenName(run, from), key: tokenName(run, to) })}</p>
      <p class="numbers">
        ${say('directed.score', { score: number(at(scores, from, to), { name: 'score' }) })}
        <strong>${share(at(weights, from, to), { name: 'weight' })}</strong>
      </p>
    </div>`;
    const arc = (
      weight: number,
      up: boolean,
    ) => svg`<path class="arc" stroke-opacity=${(0.25 + 0.7 * weight).toFixed(2)}
      stroke-width=${(1 + 9 * weight).toFixed(1)} d=${up ? 'M40 42C120 6 260 6 332 40' : 'M340 58C260 94 120 94 48 60'} />
      <path class="tip" fill-opacity=${(0.35 + 0.65 * weight).toFixed(2)} d=${up ? 'M342 45L327 45L334 32Z' : 'M38 55L53 55L46 68Z'} />`;
    const pairs = lopsided(weights, apart, LISTED);
    return html`
      <figure class="directed">
        <div class="both-ways">
          ${way(query, key)}
          <svg class="ways" viewBox="0 0 380 106" role="img" aria-label=${t('directed.name', {
            query: labelOf(run.tokens[query]),
            key: labelOf(run.tokens[key]),
            there: shareText(at(weights, query, key)),
            back: shareText(at(weights, key, query)),
          })}>
            ${query === key ? nothing : [arc(at(weights, query, key), true), arc(at(weights, key, query), false)]}
            <circle class="query" cx="34" cy="50" r="6" /><circle class="key" cx="346" cy="50" r="6" />
            <text class="query" x="26" y="100">${labelOf(run.tokens[query])}</text>
            <text class="key" x="354" y="100">${labelOf(run.tokens[key])}</text>
          </svg>
          ${way(key, query)}
        </div>
        <div class="pairs">
          <h3>${t('directed.pairs')}</h3>
          <ul aria-label=${t('directed.pairs')}>
            ${pairs.map(
              (pair) => html`<li><button
                type="button"
                class="tool"
                aria-pressed=${pair.query === query && pair.key === key ? 'true' : 'false'}
                @click=${() => this.stage.change({ query: pair.query, key: pair.key })}
              >${tokenName(run, pair.query)} → ${tokenName(run, pair.key)}
                <span>${share(pair.there)} / ${share(pair.back)}</span></button></li>`,
            )}
            ${pairs.length === 0 ? html`<li class="none">${t('directed.none')}</li>` : nothing}
          </ul>
        </div>
        <figcaption>
          ${say(query === key ? 'directed.itself' : 'directed.reading', {
            query: tokenName(run, query),
            key: tokenName(run, key),
            there: share(at(weights, query, key)),
            back: share(at(weights, key, query)),
            layer: count(layer),
            head: count(head),
          })}
        </figcaption>
      </figure>
    `;
  }
}

define('guide-directed', GuideDirected);
