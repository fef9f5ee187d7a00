/** Which numbers the matrix and the table show, and how bright a number is. The only place where that is chosen. */
import { css, html, nothing, type TemplateResult } from 'lit';
import type { Snapshot } from '../session/snapshot';
import { MEASURES, type MeasureText, whyNotMeasurable } from '../state/measures';
import { type Scale, shortNumber, ticksOf } from '../state/scale';
import type { Change } from '../state/state';
import { hasDifference } from './measured';
import type { Reader } from './panel';
import { data } from './printed';

const OF: Readonly<Record<MeasureText['of'], string>> = { head: 'Head', layer: 'Layer', layers: 'Layers' };

/** The measures, by whose numbers they are. @param what  who shows them: "Matrix" */
export function measureChooser(snapshot: Snapshot, reader: Reader, what: string): TemplateResult | typeof nothing {
  const shown = snapshot.runs[0];
  if (shown === undefined) return nothing;
  const isDifference = snapshot.state.difference && hasDifference(snapshot);
  const choice = (value: string, label: string, why: string | null, isChosen: boolean, change: Change) => html`<label
    class="choice"
    title=${why ?? nothing}
    ><input
      type="radio"
      name=${`${what} shows`}
      value=${value}
      ?disabled=${why !== null}
      .checked=${isChosen}
      @change=${() => reader.choose(change)}
    /><span>${label}${why === null ? nothing : html`<span class="unseen">, ${why}</span>`}</span></label
  >`;
  const group = (of: MeasureText['of']) => html`<span class="of"
    ><span class="muted">${OF[of]}</span>${MEASURES.filter((text) => text.of === of).map(({ name, label }) =>
      choice(name, label, whyNotMeasurable(shown.run, name), !isDifference && name === shown.measure, {
        measure: name,
        difference: false,
      }),
    )}</span
  >`;
  return html`<div class="measures" role="radiogroup" aria-label=${`${what} shows`}>
    ${group('head')} ${group('layer')} ${group('layers')}
    ${
      hasDifference(snapshot)
        ? html`<span class="of"
            ><span class="muted">Compared</span>${choice('difference', 'Difference', null, isDifference, {
              difference: true,
            })}</span
          >`
        : nothing
    }
  </div>`;
}

/** The light with the numbers at its ends and in its middle. */
export function scaleLegend(scale: Scale, isDifference = false): TemplateResult {
  return html`<span class=${`light-scale of-${scale.kind}${isDifference ? ' of-two' : ''}`}>
    <span class="unseen">Light: </span>
    <span class="ticks">
      ${ticksOf(scale).map(({ value }) => html`<span>${data(value, shortNumber(value, scale, isDifference))}</span>`)}
    </span>
    <span class="shade" aria-hidden="true"></span>
    ${isDifference ? html`<span class="ends"><span>second looks more</span><span>first looks more</span></span>` : nothing}
  </span>`;
}

export const measureChooserStyles = css`
  .measures {
    display: flex;
    flex-wrap: wrap;
    gap: 6px 14px;
  }
  .measures .of {
    display: inline-flex;
    flex-wrap: wrap;
    align-items: center;
  }
  .measures .of > .muted {
    margin-inline-end: 6px;
    font-size: var(--small);
  }
  .choice {
    position: relative;
    display: inline-flex;
    align-items: center;
    min-height: var(--target);
    padding: 2px 10px;
    border: 1px solid var(--line);
    margin-inline-start: -1px;
    background: var(--raised);
    color: var(--muted);
    font-size: 0.8125rem;
    white-space: nowrap;
  }
  .muted + .choice {
    border-start-start-radius: var(--radius);
    border-end-start-radius: var(--radius);
    margin-inline-start: 0;
  }
  .choice:last-child {
    border-start-end-radius: var(--radius);
    border-end-end-radius: var(--radius);
  }
  .choice input {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    margin: 0;
    opacity: 0;
    cursor: pointer;
  }
  .choice:hover {
    background: var(--hover);
  }
  .choice:has(:checked) {
    z-index: 1;
    background: var(--hover);
    color: var(--ink);
    font-weight: 600;
    box-shadow: inset 0 -2px 0 var(--accent);
  }
  .choice:has(:focus-visible) {
    z-index: 2;
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .choice:has(:disabled) {
    border-style: dashed;
    background: none;
    text-decoration: line-through;
  }
  .choice :disabled {
    cursor: default;
  }
  @media (forced-colors: active) {
    .choice:has(:checked) {
      outline: 2px solid Highlight;
      outline-offset: -2px;
    }
  }
  .light-scale {
    display: inline-grid;
    gap: 2px;
    width: 148px;
    font-size: 0.6875rem;
    color: var(--muted);
  }
  .light-scale.of-two {
    width: 212px;
  }
  .light-scale .ticks,
  .light-scale .ends {
    display: grid;
    grid-template-columns: 1fr auto 1fr;
    font-family: var(--mono);
  }
  .light-scale .ends {
    grid-template-columns: auto auto;
    justify-content: space-between;
    font-family: var(--font);
  }
  .light-scale .ticks :last-child {
    text-align: end;
  }
  .light-scale .shade {
    height: 8px;
    border: 1px solid var(--line);
    border-radius: 4px;
    background: linear-gradient(90deg in srgb, var(--raised), var(--light));
    forced-color-adjust: none;
  }
  .light-scale.of-signed .shade {
    background: linear-gradient(90deg in srgb, var(--negative), var(--zero), var(--positive));
  }
`;
