/** What heads do on the reader's sentence: for each role the head that plays it most, its number, and its picture. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import type { HeadMetrics, Matrix, Overview, Run } from '../../engine/types';
import type { Snapshot } from '../../session/snapshot';
import { ROLES } from '../../state/metrics';
import { formatNumber } from '../../state/numbers';
import { define } from '../define';
import { data } from '../printed';
import { say, t } from '../words/words';
import { Figure } from './figure';
import { heat } from './heat';
import { bar, count, shareText } from './marks';

/** The metrics that are told as roles, in the order in which they are read. */
const TOLD = ['previous', 'next', 'self', 'first', 'special', 'entropy', 'duplicate', 'distanceWithoutFirst'] as const;
type Told = (typeof TOLD)[number];

const BAR = 150;

/** The head with the largest number; null where the text cannot show it. */
export function headOf(metrics: readonly HeadMetrics[], name: Told): { at: number; value: number } | null {
  let best: { at: number; value: number } | null = null;
  for (const [at, of] of metrics.entries()) {
    const value = of[name];
    if (value !== null && (best === null || value > best.value)) best = { at, value };
  }
  return best;
}

/** From which number on the explorer calls a head by this name; null: it has no such name. */
const thresholdOf = (name: Told): number | null => ROLES.find(({ metric }) => metric === name)?.threshold ?? null;

interface Row {
  readonly name: Told;
  readonly threshold: number | null;
  readonly found: {
    readonly layer: number;
    readonly head: number;
    readonly value: number;
    readonly picture: Matrix;
  } | null;
}

interface Roles {
  readonly run: Run;
  readonly rows: readonly Row[];
}

export class GuideRoles extends Figure<Roles> {
  protected override sees({ runs: [shown] }: Snapshot): readonly unknown[] | null {
    return shown === undefined ? null : [shown.run];
  }

  protected override ask({ runs }: Snapshot): Roles {
    const [shown] = runs;
    if (shown === undefined) throw new Error('There is no run.');
    const { run, overview } = shown;
    const rows = TOLD.map((name): Row => {
      const best = headOf(overview.metrics, name);
      const found =
        best === null
          ? null
          : {
              layer: Math.floor(best.at / run.model.nHeads),
              head: best.at % run.model.nHeads,
              value: best.value,
              picture: pictureOf(overview, best.at),
            };
      return { name, threshold: thresholdOf(name), found };
    });
    return { run, rows };
  }

  protected override draw({ run, rows }: Roles, { runs: [shown] }: Snapshot): TemplateResult {
    const told = rows.filter(({ threshold }) => threshold !== null);
    const clear = told.filter(({ found, threshold }) => found !== null && found.value >= (threshold ?? 0));
    return html`
      <figure class="roles-figure">
        <ol>
          ${rows.map(({ name, threshold, found }) => {
            const { layer = -1, head = -1 } = shown?.selection ?? {};
            const isChosen = found !== null && found.layer === layer && found.head === head;
            return html`<li class=${isChosen ? 'role chosen' : 'role'} data-metric=${name}>
              ${this.#picture(name, found)}
              <div class="what">
                <h3>${t(`roles.name.${name}`)}</h3>
                <p>${t(`roles.means.${name}`)}</p>
              </div>
              <div class="who">
                ${
                  found === null
                    ? html`<p class="lacking">${t(`roles.lacking.${name}`)}</p>`
                    : html`
                      ${this.#amount(name, found.value, threshold, run.tokens.length)}
                      <button
                        type="button"
                        class="tool"
                        aria-pressed=${isChosen ? 'true' : 'false'}
                        aria-label=${t('roles.choose', { layer: found.layer, head: found.head, role: t(`roles.name.${name}`) })}
                        @click=${() => this.stage.change({ layer: found.layer, head: found.head })}
                      >${t('head', { layer: found.layer, head: found.head })}</button>
                    `
                }
              </div>
            </li>`;
          })}
        </ol>
        <figcaption>
          ${say('roles.reading', {
            clear: count(clear.length),
            of: count(told.length),
            heads: count(run.model.nLayers * run.model.nHeads),
            tokens: count(run.tokens.length),
          })}
        </figcaption>
      </figure>
    `;
  }

  #picture(name: Told, found: Row['found']): TemplateResult {
    if (found === null) return html`<div class="picture"></div>`;
    const { layer, head, picture } = found;
    const label = t('roles.picture', { layer, head, role: t(`roles.name.${name}`) });
    return html`<div class="picture">${heat(picture, null, { most: 1, height: 84, label })}</div>`;
  }

  /** The number, its bar, and on the bar a tick where a tendency begins to deserve the name. */
  #amount(name: Told, value: number, threshold: number | null, nTokens: number): TemplateResult {
    const isTokens = name === 'distanceWithoutFirst';
    const isWeak = threshold !== null && value < threshold;
    const text = isTokens
      ? t('roles.tokens', { n: formatNumber(value) })
      : name === 'entropy'
        ? formatNumber(value)
        : shareText(value);
    return html`
      <svg class="amount" viewBox=${`0 0 ${BAR} 14`} preserveAspectRatio="none" aria-hidden="true">
        ${bar(isTokens ? value / Math.max(1, nTokens - 1) : value, 0, 4, BAR, 6)}
        ${threshold === null ? nothing : svg`<path class="tick" d=${`M${(threshold * BAR).toFixed(1)} 0v14`} />`}
      </svg>
      <p class="amount-text">${data(value, text, { name })}${isWeak ? html` <span class="weak">${t('roles.weak')}</span>` : nothing}</p>
    `;
  }
}

/** A head's thumbnail; its cells are the roots of the weights already. */
function pictureOf({ thumbnails, thumbnailSize: size }: Overview, at: number): Matrix {
  const cells = thumbnails.subarray(at * size * size, (at + 1) * size * size);
  return { rows: size, cols: size, data: Float32Array.from(cells, (byte) => byte / 255) };
}

define('guide-roles', GuideRoles);
