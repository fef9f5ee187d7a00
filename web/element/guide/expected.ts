/** Tokens that may come next, each with its probability: as one bar, or as two where something was changed. */
import { html, nothing, type TemplateResult } from 'lit';
import { data } from '../printed';
import { bar } from './marks';

/** A token, and its probability in each of the runs that are shown. */
export interface Expected {
  readonly name: string;
  /** Null: too improbable to be among those that were asked for. */
  readonly probabilities: readonly (number | null)[];
  /** Whether it is what stands there already. */
  readonly follows?: boolean;
}

/** What is asked for is never less than the most probable thousand: whatever is not among them is below one in a thousand. */
const HARDLY = '<\u202F0.1\u202F%';

/** Never rounded to certainty: `99.7 %`, `>99.9 %`. */
export function probability(value: number): TemplateResult {
  const percent = value * 100;
  const digits = percent < 9.95 || percent > 99.05 ? 1 : 0;
  const text = percent < 0.05 ? HARDLY : percent >= 99.95 ? '>\u202F99.9\u202F%' : `${percent.toFixed(digits)}\u202F%`;
  return data(value, text, { name: 'probability' });
}

/** @param label  what the list is, for who hears it */
export function expectedList(rows: readonly Expected[], label: string): TemplateResult {
  return html`<ol class="expected" aria-label=${label}>
    ${rows.map(
      ({ name, probabilities, follows }) => html`<li class=${follows === true ? 'follows' : nothing}>
        <bdi class="word">${name}</bdi>
        <span class="bars">${probabilities.map((value, i) => probabilityBar(value ?? 0, i))}</span>
        <span class="shares">${probabilities.map((value) =>
          value === null ? html`<span>${HARDLY}</span>` : probability(value),
        )}</span>
      </li>`,
    )}
  </ol>`;
}

/** The first bar of two is what was before. */
function probabilityBar(value: number, which: number): TemplateResult {
  return html`<svg viewBox="0 0 240 10" preserveAspectRatio="none" aria-hidden="true">${bar(value, 0, 0, 240, 10, `bar run-${which}`)}</svg>`;
}
