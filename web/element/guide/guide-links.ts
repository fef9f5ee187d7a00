/** From one token, word by word: which of all heads looks there most. Dependencies as they are found in this sentence. */
import { html, type TemplateResult } from 'lit';
import type { RunView, Snapshot } from '../../session/snapshot';
import { labelOf } from '../../state/labels';
import { define } from '../define';
import { say, t } from '../words/words';
import { Figure } from './figure';
import { bar, count, share, tokenName } from './marks';

const MOST = 7;

export interface Link {
  readonly key: number;
  readonly layer: number;
  readonly head: number;
  readonly weight: number;
}

/**
 * For every key the head with the largest weight on it, the strongest first.
 * @param weights  [nLayers, nHeads, nKey] one query's row in every head
 */
export function linksOf(
  weights: ArrayLike<number>,
  nHeads: number,
  keys: readonly number[],
  nKey: number,
): readonly Link[] {
  const found = keys.map((key) => {
    let at = 0;
    for (let i = 1; i * nKey < weights.length; ++i)
      if ((weights[i * nKey + key] ?? 0) > (weights[at * nKey + key] ?? 0)) at = i;
    return { key, layer: Math.floor(at / nHeads), head: at % nHeads, weight: weights[at * nKey + key] ?? 0 };
  });
  return found.sort((a, b) => b.weight - a.weight);
}

interface Links {
  readonly shown: RunView;
  readonly links: readonly Link[];
}

export class GuideLinks extends Figure<Links> {
  protected override sees({ runs: [shown] }: Snapshot): readonly unknown[] | null {
    return shown === undefined ? null : [shown.run, shown.row];
  }

  protected override ask({ runs }: Snapshot): Links {
    const [shown] = runs;
    if (shown === undefined) throw new Error('There is no run.');
    const { run, row } = shown;
    const keys = run.tokens.filter(({ special, index }) => !special && index !== row.query).map(({ index }) => index);
    return { shown, links: linksOf(row.weights, run.model.nHeads, keys, run.tokens.length) };
  }

  protected override draw({ shown, links }: Links, { runs: [now] }: Snapshot): TemplateResult {
    const { run, row } = shown;
    const [first] = links;
    const chosen = now?.selection;
    return html`
      <figure class="links-figure">
        <h3>${say('links.title', { query: tokenName(run, row.query) })}</h3>
        <ol>
          ${links.slice(0, MOST).map(({ key, layer, head, weight }) => {
            const isChosen = chosen?.layer === layer && chosen.head === head && chosen.key === key;
            return html`<li data-key=${key}>
              <span class="to"><bdi class="word">${labelOf(run.tokens[key])}</bdi></span>
              <svg class="amount" viewBox="0 0 150 14" preserveAspectRatio="none" aria-hidden="true">${bar(weight, 0, 3, 150, 8)}</svg>
              <span class="amount-text">${share(weight)}</span>
              <button
                type="button"
                class="tool"
                aria-pressed=${isChosen ? 'true' : 'false'}
                aria-label=${t('links.choose', { key: labelOf(run.tokens[key]), layer, head })}
                @click=${() => this.stage.change({ query: row.query, layer, head, key })}
              >${t('head', { layer, head })}</button>
            </li>`;
          })}
        </ol>
        <figcaption>
          ${
            first === undefined
              ? say('links.none', { query: tokenName(run, row.query) })
              : say('links.reading', {
                  query: tokenName(run, row.query),
                  key: tokenName(run, first.key),
                  weight: share(first.weight),
                  layer: count(first.layer),
                  head: count(first.head),
                  shown: count(Math.min(MOST, links.length)),
                  of: count(links.length),
                  heads: count(run.model.nLayers * run.model.nHeads),
                })
          }
        </figcaption>
      </figure>
    `;
  }
}

define('guide-links', GuideLinks);
