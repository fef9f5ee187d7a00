/** Where one token looks in every head of a layer: a small drawing a head, each of which chooses its head. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import type { Token } from '../../engine/types';
import type { RunView, Snapshot } from '../../session/snapshot';
import { labelOf } from '../../state/labels';
import { define } from '../define';
import { say, t } from '../words/words';
import { Figure } from './figure';
import { count, share, stretch, tokenName } from './marks';

/** So many tokens have a bar. */
const MOST = 128;

export class GuideHeads extends Figure<RunView> {
  protected override sees({ runs: [shown] }: Snapshot): readonly unknown[] | null {
    return shown === undefined ? null : [shown.run, shown.row, shown.selection.layer, shown.selection.head];
  }

  protected override ask({ runs }: Snapshot): RunView {
    return runs[0] as RunView;
  }

  protected override draw(shown: RunView): TemplateResult {
    const { run, row, selection } = shown;
    const { nLayers, nHeads } = run.model;
    const { layer, head } = selection;
    const tokens = stretch(run.tokens.length, row.query, MOST);
    const heads = Array.from({ length: nHeads }, (_, at) => at);
    return html`
      <figure class="heads-figure">
        <div class="tools">
          <span class="of-layer" role="group" aria-label=${t('heads.layer')}>
            <button type="button" class="tool" aria-label=${t('heads.down')} ?disabled=${layer === 0} @click=${() => this.stage.change({ layer: layer - 1 })}>−</button>
            <output>${say('heads.which', { layer: count(layer) })}</output>
            <button type="button" class="tool" aria-label=${t('heads.up')} ?disabled=${layer === nLayers - 1} @click=${() => this.stage.change({ layer: layer + 1 })}>+</button>
          </span>
          <span class="of-token">${say('heads.about', { query: tokenName(run, row.query) })}</span>
        </div>
        <div class="tiles">${heads.map((at) => this.#tile(shown, at, tokens, at === head))}</div>
        <figcaption>
          ${say('heads.reading', {
            query: tokenName(run, row.query),
            layer: count(layer),
            heads: count(nHeads),
            keys: count(keysOf(shown).size),
          })}
          ${tokens.length === run.tokens.length ? nothing : say('heads.cut', { first: count(tokens[0] ?? 0), last: count(tokens.at(-1) ?? 0), all: count(run.tokens.length) })}
        </figcaption>
      </figure>
    `;
  }

  #tile(shown: RunView, head: number, tokens: readonly number[], isChosen: boolean): TemplateResult {
    const { run, row } = shown;
    const weights = weightsOf(shown, head);
    const key = strongestOf(shown, head);
    const apart = strongestSpecial(run.tokens, weights);
    return html`<button
      type="button"
      class=${`tile${isChosen ? ' chosen' : ''}`}
      aria-pressed=${isChosen ? 'true' : 'false'}
      @click=${() => this.stage.change({ head })}
    >
      <span class="which">${say('heads.head', { head: count(head) })}</span>
      <svg viewBox=${`0 0 ${tokens.length} 44`} preserveAspectRatio="none" aria-hidden="true">
        <rect class="rail" x="0" y="39" width=${tokens.length} height="1" />
        ${tokens.map((index, i) => {
          const height = 38 * (weights[index] ?? 0);
          const name = run.tokens[index]?.special === true ? ' special' : index === key ? ' strongest' : '';
          return svg`${index === row.query ? svg`<rect class="own" x=${i + 0.1} y="41" width="0.8" height="3" />` : nothing}<rect
            class=${`bar${name}`} x=${i + 0.1} y=${(39 - height).toFixed(1)} width="0.8" height=${height.toFixed(1)} />`;
        })}
      </svg>
      ${key < 0 ? nothing : html`<span class="most"><bdi>${labelOf(run.tokens[key])}</bdi> ${share(weights[key] ?? 0)}</span>`}
      <span class="apart">${apart < 0 ? nothing : html`<bdi>${labelOf(run.tokens[apart])}</bdi> ${share(weights[apart] ?? 0)}`}</span>
    </button>`;
  }
}

/** The special token that gets the most: what a head has no use for goes there. -1: there is none. */
export function strongestSpecial(tokens: readonly Pick<Token, 'special'>[], weights: ArrayLike<number>): number {
  let most = -1;
  for (const [index, { special }] of tokens.entries())
    if (special && (weights[index] ?? 0) > (weights[most] ?? -1)) most = index;
  return most;
}

/** The row of the token in one head of the layer on show. */
function weightsOf({ run, row, selection }: RunView, head: number): Float32Array {
  const n = run.tokens.length;
  const start = (selection.layer * run.model.nHeads + head) * n;
  return row.weights.subarray(start, start + n);
}

/** The token that gets the most, special tokens aside; -1: none. */
function strongestOf({ run, row, selection, overview }: RunView, head: number): number {
  return overview.strongest[(selection.layer * run.model.nHeads + head) * run.tokens.length + row.query] ?? -1;
}

/** How many different tokens the heads of the layer look at most. */
function keysOf(shown: RunView): Set<number> {
  return new Set(Array.from({ length: shown.run.model.nHeads }, (_, head) => strongestOf(shown, head)));
}

define('guide-heads', GuideHeads);
