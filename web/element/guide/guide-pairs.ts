/** Two sentences that differ in one thing, both run: what one head makes of the difference. Predict first, then look. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import type { Snapshot } from '../../session/snapshot';
import { labelOf } from '../../state/labels';
import { pairsOf, partnerOf } from '../../state/pairing';
import { define } from '../define';
import { say, t } from '../words/words';
import { Figure } from './figure';
import { bar, count, share, shareText } from './marks';
import { differing, GUIDE_PAIRS, type GuidePair, named, nameOf, TOLD_PAIRS } from './pair-choices';

/** From this difference on a weight is said to move; in percent. */
const LEAST = 15;

type Outcome = 'less' | 'alike' | 'more';
const OUTCOMES: readonly Outcome[] = ['less', 'alike', 'more'];

/** What becomes of a weight in the second sentence. @param difference  the first one's weight minus the second's */
export function outcomeOf(difference: number): Outcome {
  return Math.abs(difference) < LEAST / 100 ? 'alike' : difference > 0 ? 'less' : 'more';
}

/** One key: how it reads in both sentences, and what it gets. */
interface Watched {
  readonly labels: readonly [string, string];
  readonly weights: readonly [number, number];
}

interface Result {
  readonly pair: number;
  readonly layer: number;
  readonly head: number;
  readonly from: readonly [string, string];
  readonly keys: readonly Watched[];
  /** The first sentence's weight on the first key minus the second's. */
  readonly difference: number;
}

export class GuidePairs extends Figure<Result> {
  #pair = 0;
  #byGuide = false;
  /** What was predicted, by pair. The first pair is shown as a worked example. */
  readonly #guesses = new Map<number, Outcome | null>([[0, null]]);

  protected override sees({ model, runs: [shown] }: Snapshot): readonly unknown[] | null {
    if (model === null || shown === undefined) return null;
    const { layer, head } = this.#headOf(shown.selection);
    return [model, this.#pair, layer, head];
  }

  #headOf(selection: { layer: number; head: number }): { layer: number; head: number } {
    return this.#byGuide ? selection : this.#choice;
  }

  get #choice(): GuidePair {
    return GUIDE_PAIRS[this.#pair] as GuidePair;
  }

  protected override ask({ runs }: Snapshot): Promise<Result> {
    const pair = this.#pair;
    const choice = this.#choice;
    const { layer, head } = this.#headOf(runs[0]?.selection ?? choice);
    return this.stage.experiment([{ text: choice.text }, { text: choice.other }], async (engine, [left, right]) => {
      if (left === undefined || right === undefined) throw new Error('There are not two runs.');
      const partners = pairsOf(left.tokens, right.tokens, 'token');
      const weights = await Promise.all([left, right].map(({ id }) => engine.matrix(id, layer, head, 'weights')));
      const [first, second] = weights as [(typeof weights)[0], (typeof weights)[0]];
      const difference = await engine.difference(first, second, partners);
      const inBoth = (index: number): readonly [number, number] => [index, partnerOf(partners, index, 0) ?? index];
      const [query, otherQuery] = inBoth(choice.query);
      const keys = [choice.key, ...(choice.rival === null ? [] : [choice.rival]), 0].map((key): Watched => {
        const [here, there] = inBoth(key);
        return {
          labels: [labelOf(left.tokens[here]), labelOf(right.tokens[there])],
          weights: [first.data[query * first.cols + here] ?? 0, second.data[otherQuery * second.cols + there] ?? 0],
        };
      });
      const placeOf = (index: number) => partners.findIndex((left, i) => i % 2 === 0 && left === index) / 2;
      return {
        ...{ pair, layer, head, keys },
        from: [labelOf(left.tokens[query]), labelOf(right.tokens[otherQuery])],
        difference: difference.data[placeOf(query) * difference.cols + placeOf(choice.key)] ?? 0,
      };
    });
  }

  protected override draw(result: Result, { runs: [shown] }: Snapshot): TemplateResult {
    const { text, other, layer, head } = GUIDE_PAIRS[result.pair] as GuidePair;
    const guess = this.#guesses.get(result.pair);
    const isOpen = guess !== undefined;
    const guide = shown?.selection ?? { layer, head };
    const { before, parts, after } = differing(text, other);
    return html`
      <figure class="pairs-figure">
        <div class="tools" role="group" aria-label=${t('pairs.choose')}>
          ${GUIDE_PAIRS.slice(0, TOLD_PAIRS).map(
            (pair, i) => html`<button
              type="button"
              class="tool"
              aria-pressed=${i === this.#pair ? 'true' : 'false'}
              @click=${() => this.#choose(i)}
            >${nameOf(pair)}</button>`,
          )}
          <label>${t('pairs.others')}
            <select
              .value=${live(this.#pair < TOLD_PAIRS ? '' : String(this.#pair))}
              @change=${(event: Event) => this.#choose(Number((event.target as HTMLSelectElement).value))}
            >
              <option value="" disabled ?selected=${this.#pair < TOLD_PAIRS}>${t('pairs.library')}</option>
              ${GUIDE_PAIRS.slice(TOLD_PAIRS).map(
                (pair, i) => html`<option value=${TOLD_PAIRS + i}>${nameOf(pair)}</option>`,
              )}
            </select>
          </label>
        </div>
        <ol class="sentences" type="A">
          ${parts.map((part) => html`<li>${before}<strong>${part}</strong>${after}</li>`)}
        </ol>
        <div class="tools" role="group" aria-label=${t('pairs.head')}>
          <span>${say('pairs.from', { query: html`<bdi class="word">${named(result.from)}</bdi>` })}</span>
          ${this.#headButton(false, t('head', { layer, head }))}
          ${this.#headButton(true, t('pairs.head.guide', { layer: guide.layer, head: guide.head }), guide.layer === layer && guide.head === head)}
        </div>
        <div class="pair-result">
          ${this.#bars(result, isOpen)}
          <div class="verdict-line">
            ${isOpen ? this.#verdict(result, guess) : this.#prediction(result)}
          </div>
        </div>
        <figcaption>
          ${say('pairs.reading', {
            query: html`<bdi class="word">${named(result.from)}</bdi>`,
            layer: count(result.layer),
            head: count(result.head),
          })}
          ${result.keys.map(
            ({ labels, weights: [left, right] }) => html`<span class="pair">
              <bdi class="word">${named(labels)}</bdi> ${share(left)} → ${isOpen ? share(right) : '?'}</span>`,
          )}
        </figcaption>
      </figure>
    `;
  }

  /** @param isSame  it is the other button's head, so there is nothing to choose */
  #headButton(byGuide: boolean, label: string, isSame = false): TemplateResult {
    return html`<button
      type="button"
      class="tool"
      aria-pressed=${byGuide === this.#byGuide ? 'true' : 'false'}
      ?disabled=${isSame && byGuide !== this.#byGuide}
      @click=${() => {
        this.#byGuide = byGuide;
        this.again();
        this.requestUpdate();
      }}
    >${label}</button>`;
  }

  #bars({ keys }: Result, isOpen: boolean): TemplateResult {
    // Room for a third key, so that pairs with two of them are as high.
    return html`<svg class="pair-bars" viewBox="0 0 400 174" role="img" aria-label=${t('pairs.picture')}>
      ${keys.map(({ labels, weights }, i) => {
        const top = 58 * i + 4;
        return svg`<text class="key-name" x="0" y=${top + 26} data-symbol="key">${named(labels)}</text>
          ${weights.map((weight, side) => {
            const y = top + 4 + 22 * side;
            const isKnown = side === 0 || isOpen;
            return svg`<text class="side" x="128" y=${y + 12}>${side === 0 ? 'A' : 'B'}</text>
              ${bar(isKnown ? weight : 0, 146, y + 2, 200, 11)}
              <text class="figure-number" data-value=${isKnown ? weight : nothing} x="398" y=${y + 12}>${isKnown ? shareText(weight) : '?'}</text>`;
          })}`;
      })}
    </svg>`;
  }

  #prediction({ keys: [watched], pair }: Result): TemplateResult {
    if (watched === undefined) return html`${nothing}`;
    return html`<p>${say('pairs.predict', { key: html`<bdi class="word">${named(watched.labels)}</bdi>`, least: LEAST })}</p>
      <div class="tools">
        ${OUTCOMES.map(
          (outcome) => html`<button
            type="button"
            class="tool"
            @click=${() => this.#guess(pair, outcome)}
          >${t(`pairs.guess.${outcome}`)}</button>`,
        )}
      </div>`;
  }

  #verdict({ difference, keys: [watched] }: Result, guess: Outcome | null) {
    if (watched === undefined) return nothing;
    const outcome = outcomeOf(difference);
    const [left, right] = watched.weights;
    return html`<p class="outcome" tabindex="-1">
      ${guess === null ? nothing : html`<strong>${t(guess === outcome ? 'question.right' : 'question.wrong')}</strong> `}
      ${say(`pairs.result.${outcome}`, { key: html`<bdi class="word">${named(watched.labels)}</bdi>`, left: share(left), right: share(right), least: LEAST })}
    </p>`;
  }

  async #guess(pair: number, outcome: Outcome): Promise<void> {
    this.#guesses.set(pair, outcome);
    this.requestUpdate();
    await this.updateComplete;
    // The button that was pressed is gone: the reader goes on at what came out.
    this.querySelector<HTMLElement>('.outcome')?.focus({ preventScroll: true });
  }

  #choose(pair: number): void {
    this.#pair = pair;
    this.again();
    this.requestUpdate();
  }
}

define('guide-pairs', GuidePairs);
