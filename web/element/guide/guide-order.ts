/** The reader's sentence and the same words in another order, with positions and without: how alike their tokens come out. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import type { Run } from '../../engine/types';
import type { Snapshot } from '../../session/snapshot';
import { labelOf } from '../../state/labels';
import { formatNumber } from '../../state/numbers';
import { define } from '../define';
import { say, t } from '../words/words';
import { Figure } from './figure';
import { bar, count, number, stretch } from './marks';
import { likes, shuffled } from './shuffle';

/** So many tokens of a longer text are compared. */
const MOST = 18;
const STEP = 23;
const TOP = 30;

interface Alike {
  readonly index: number;
  readonly label: string;
  /** The cosine of the token's last rows in both orders; null where it has no like in the other. */
  readonly placed: number | null;
  readonly bag: number | null;
}

interface Orders {
  readonly text: string;
  readonly other: string;
  readonly tokens: readonly Alike[];
  readonly nTokens: number;
  readonly nLayers: number;
}

export class GuideOrder extends Figure<Orders> {
  #seed = 1;

  protected override sees({ model, runs: [shown] }: Snapshot): readonly unknown[] | null {
    if (model === null || shown === undefined) return null;
    // A long text is compared around the token that looks; a short one does not depend on it.
    const isCut = shown.run.tokens.length > MOST;
    return [model, shown.run.text, this.#seed, isCut ? shown.selection.query : 0];
  }

  protected override ask({ runs }: Snapshot): Promise<Orders> {
    const text = runs[0]?.run.text ?? '';
    const query = runs[0]?.selection.query ?? 0;
    const other = shuffled(text, this.#seed);
    const interventions = [{ kind: 'positions-off' }] as const;
    const asked = [{ text }, { text: other }, { text, interventions }, { text: other, interventions }];
    return this.stage.experiment(asked, async (engine, runs) => {
      const [placed, placedOther, bag, bagOther] = runs as readonly [Run, Run, Run, Run];
      const partners = likes(placed.tokens, placedOther.tokens);
      const lastOf = async (left: Run, right: Run, index: number) => {
        const partner = partners[index] ?? null;
        return partner === null ? null : ((await engine.similarity(left.id, index, right.id, partner)).at(-1) ?? null);
      };
      const tokens = await Promise.all(
        stretch(placed.tokens.length, query, MOST).map(async (index) => ({
          index,
          label: labelOf(placed.tokens[index]),
          placed: await lastOf(placed, placedOther, index),
          bag: await lastOf(bag, bagOther, index),
        })),
      );
      return { text, other, tokens, nTokens: placed.tokens.length, nLayers: placed.model.nLayers };
    });
  }

  protected override draw(
    { text, other, tokens, nTokens, nLayers }: Orders,
    { runs: [shown] }: Snapshot,
  ): TemplateResult {
    const query = shown?.selection.query ?? 0;
    const chosen = tokens.find(({ index }) => index === query);
    const isSame = text === other;
    return html`
      <figure class="order-figure">
        <div class="tools">
          <button type="button" class="tool" ?disabled=${isSame} @click=${this.#shuffle}>${t('order.shuffle')}</button>
          <span>${isSame ? t('order.same') : nothing}</span>
        </div>
        <ol class="sentences" type="A">
          <li><bdi>${text}</bdi></li>
          <li><bdi>${other}</bdi></li>
        </ol>
        <svg class="order-bars" viewBox=${`0 0 400 ${TOP + STEP * tokens.length}`} role="img" aria-label=${t('order.picture')}>
          <text class="head" x="116" y="14">${t('order.with')}</text>
          <text class="head" x="270" y="14">${t('order.without')}</text>
          ${tokens.map(({ index, label, placed, bag }, i) => {
            const y = TOP + STEP * i;
            return svg`<g class=${index === query ? 'token query' : 'token'} @click=${() => this.stage.change({ query: index })}>
              <rect class="target" x="0" y=${y - 4} width="400" height=${STEP} />
              <text class="name" x="0" y=${y + 13}>${label}</text>
              ${alike(placed, 116, y)} ${alike(bag, 270, y)}
            </g>`;
          })}
        </svg>
        <figcaption>
          ${
            chosen === undefined || chosen.placed === null || chosen.bag === null
              ? t('order.none')
              : say('order.reading', {
                  query: html`<bdi class="word">${chosen.label}</bdi>`,
                  layers: count(nLayers),
                  placed: number(chosen.placed, { name: 'placed' }),
                  bag: number(chosen.bag, { name: 'bag' }),
                })
          }
          ${tokens.length < nTokens ? say('mask.cut', { shown: count(tokens.length), of: count(nTokens) }) : nothing}
        </figcaption>
      </figure>
    `;
  }

  readonly #shuffle = (): void => {
    ++this.#seed;
    this.again();
  };
}

/** A cosine as a bar and a number. */
function alike(cosine: number | null, x: number, y: number): TemplateResult {
  return svg`${bar(cosine ?? 0, x, y + 3, 84, 10)}
    <text class="figure-number" data-value=${cosine ?? nothing} x=${x + 128} y=${y + 13}>${cosine === null ? '·' : formatNumber(cosine)}</text>`;
}

define('guide-order', GuideOrder);
