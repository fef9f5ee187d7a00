/** One word in three sentences: how alike its rows of the stream are, layer by layer, in two senses and in one. */
import { html, svg, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import type { Engine, Run } from '../../engine/types';
import type { Snapshot } from '../../session/snapshot';
import { tokenLabel } from '../../state/labels';
import { define } from '../define';
import { say, t } from '../words/words';
import { Figure } from './figure';
import { count, number } from './marks';

/** The same word in one sense, in another, and in the first again; each time in the same place, so that it enters alike. */
const EXAMPLES = ['The bag was very light.', 'She turned on the light.', 'The feather was so light.'] as const;

interface Meanings {
  readonly word: string;
  /** [nLayers + 1] of the first sentence's word with the second's, and with the third's. */
  readonly other: Float32Array;
  readonly same: Float32Array;
}

/** The last word that all runs have, and where each has it; null where they share none. */
export function sharedWord(runs: readonly Pick<Run, 'tokens'>[]): { piece: string; places: readonly number[] } | null {
  const [first, ...others] = runs;
  const words = first?.tokens.filter(({ special, piece }) => !special && /\p{L}{3}/u.test(piece)) ?? [];
  for (const { piece } of words.toReversed()) {
    const placeIn = ({ tokens }: Pick<Run, 'tokens'>) => tokens.findLast((token) => token.piece === piece)?.index;
    const places = [first, ...others].map((run) => (run === undefined ? undefined : placeIn(run)));
    if (places.every((place) => place !== undefined)) return { piece, places };
  }
  return null;
}

export class GuideMeanings extends Figure<Meanings | null> {
  #texts: readonly string[] = EXAMPLES;

  protected override sees({ model }: Snapshot): readonly unknown[] | null {
    return model === null ? null : [model, ...this.#texts];
  }

  protected override ask(): Promise<Meanings | null> {
    return this.stage.experiment(
      this.#texts.map((text) => ({ text })),
      async (engine: Engine, runs) => {
        const shared = sharedWord(runs);
        const [a, b, c] = runs;
        if (shared === null || a === undefined || b === undefined || c === undefined) return null;
        const [atA = 0, atB = 0, atC = 0] = shared.places;
        const [other, same] = await Promise.all([
          engine.similarity(a.id, atA, b.id, atB),
          engine.similarity(a.id, atA, c.id, atC),
        ]);
        const token = a.tokens[atA];
        return { word: token === undefined ? shared.piece : tokenLabel(token), other, same };
      },
    );
  }

  protected override draw(meanings: Meanings | null): TemplateResult {
    return html`<figure class="meanings">
      <div class="texts">
        ${this.#texts.map(
          (text, i) => html`<label>
            <span>${t(`meanings.text.${i}` as 'meanings.text.0')}</span>
            <input
              type="text"
              dir="auto"
              maxlength="200"
              autocomplete="off"
              .value=${live(text)}
              value=${EXAMPLES[i] ?? ''}
              @input=${(event: InputEvent) => this.#type(i, (event.target as HTMLInputElement).value)}
            />
          </label>`,
        )}
      </div>
      ${meanings === null ? html`<p class="none">${t('meanings.none')}</p>` : this.#chart(meanings)}
    </figure>`;
  }

  #chart({ word, other, same }: Meanings): TemplateResult {
    const n = other.length;
    const x = (layer: number) => 64 + (layer * 540) / (n - 1);
    const lowest = Math.floor(10 * Math.min(0.5, ...other, ...same)) / 10;
    const y = (cosine: number) => 20 + (160 * (1 - cosine)) / (1 - lowest);
    const line = (values: Float32Array) =>
      `M${Array.from(values, (value, layer) => `${x(layer).toFixed(1)} ${y(value).toFixed(1)}`).join('L')}`;
    const last = n - 1;
    const name = html`<bdi class="word">${word}</bdi>`;
    return html`
      <svg viewBox="0 0 620 220" role="img" aria-label=${t('meanings.chart', { word })}>
        ${[lowest, (1 + lowest) / 2, 1].map(
          (cosine) =>
            svg`<path class="grid" d=${`M64 ${y(cosine)}H604`} /><text class="mark" x="52" y=${y(cosine) + 5} text-anchor="end">${cosine}</text>`,
        )}
        ${Array.from({ length: n }, (_, layer) => svg`<text class="mark" x=${x(layer)} y="212" text-anchor="middle">${layer}</text>`)}
        <path class="line same" d=${line(same)} />
        <path class="line other" d=${line(other)} />
        ${[same, other].map((values, which) =>
          Array.from(
            values,
            (value, layer) =>
              svg`<circle class=${which === 0 ? 'same' : 'other'} cx=${x(layer)} cy=${y(value)} r="4"><title>${value.toFixed(3)}</title></circle>`,
          ),
        )}
      </svg>
      <div class="wide" tabindex="0" role="group" aria-label=${t('meanings.depth')}>
        <table>
          <thead>
            <tr><th scope="col">${t('meanings.depth')}</th>${Array.from({ length: n }, (_, layer) => html`<th scope="col" class="amount">${count(layer)}</th>`)}</tr>
          </thead>
          <tbody>
            ${(
              [
                ['same', same],
                ['other', other],
              ] as const
            ).map(
              ([which, values]) => html`<tr class=${which}>
                <th scope="row"><i aria-hidden="true"></i>${t(`meanings.${which}`)}</th>
                ${Array.from(values, (value, index) => html`<td class="amount">${number(value, { name: which, index })}</td>`)}
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <figcaption>
        ${say((other[last] ?? 0) < (same[last] ?? 0) ? 'meanings.reading' : 'meanings.contrary', {
          word: name,
          same: number(same[last] ?? Number.NaN),
          other: number(other[last] ?? Number.NaN),
        })}
      </figcaption>
    `;
  }

  #type(i: number, text: string): void {
    this.#texts = this.#texts.map((old, other) => (other === i ? text : old));
    this.again();
  }
}

define('guide-meanings', GuideMeanings);
