/** What can be changed at the chosen head, key and weight: one control for each kind of intervention. Asks, decides nothing. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import { live } from 'lit/directives/live.js';
import type { Intervention } from '../engine/types';
import type { RunView } from '../session/snapshot';
import { intervene, isInForce, withIntervention, withoutIntervention } from '../state/interventions';
import { labelOf } from '../state/labels';
import { formatNumber } from '../state/numbers';
import { whyHidden } from '../state/visibility';
import { define } from './define';
import { Panel } from './panel';
import { data } from './printed';

/** The slider counts twentieths of a power of ten: 0.05 to 10, with 1, which changes nothing, at 0. */
const COLDEST = -26;
const WARMEST = 20;

export class ChangeForm extends Panel {
  static override properties = { ...Panel.properties, warming: { state: true } };

  /** Where the temperature's slider is while it is being moved; null while it is not. */
  declare warming: number | null;

  constructor() {
    super();
    this.warming = null;
  }

  protected override sees(): readonly unknown[] {
    return [this.shown?.run, this.shown?.cell, this.snapshot?.state.interventions];
  }

  protected override render(): TemplateResult | typeof nothing {
    const shown = this.shown;
    if (shown === undefined) return nothing;
    const { layer, head, key } = shown.selection;
    const name = (index: number) => html`<bdi>${labelOf(shown.run.tokens[index])}</bdi>`;
    return html`
      <div class="row" role="group" aria-label=${`Layer ${layer}, head ${head}`}>
        <span class="what">Head ${head}</span>
        ${this.#toggle('Off', { kind: 'head-off', layer, head }, 'Its mixed values become 0')}
        ${this.#toggle('Mean', { kind: 'head-mean', layer, head }, 'Its mixed values become their mean over the text')}
        ${this.#toggle('Uniform', { kind: 'head-uniform', layer, head }, 'It looks at all that it sees alike')}
      </div>
      ${this.#temperature(layer, head)}
      <div class="row" role="group" aria-label=${`The key ${labelOf(shown.run.tokens[key])}`}>
        <span class="what">Hide <span class="key">${name(key)}</span></span>
        ${this.#toggle(`in layer ${layer}`, { kind: 'block-key', layer, key }, 'No token of this layer can look at it')}
        ${this.#toggle('everywhere', { kind: 'block-key', key }, 'No token of any layer can look at it')}
      </div>
      ${this.#weight(shown)}
      <div class="row" role="group" aria-label=${`Layer ${layer}`}>
        <span class="what">Layer ${layer}</span>
        ${this.#toggle('Skip', { kind: 'layer-off', layer }, 'Its output becomes its input; its own attention is still shown')}
      </div>
      <div class="row" role="group" aria-label="Positions">
        <span class="what">Positions</span>
        ${this.#toggle('Leave out', { kind: 'positions-off' }, 'No token is told where it stands: only masks still know the order')}
      </div>
    `;
  }

  get #list(): readonly Intervention[] {
    return this.snapshot?.state.interventions ?? [];
  }

  #put(list: readonly Intervention[]): void {
    const state = this.snapshot?.state;
    if (state !== undefined) this.reader.choose(intervene(state, list));
  }

  #toggle(words: string, one: Intervention, title: string): TemplateResult {
    const isOn = isInForce(this.#list, one);
    return html`<button
      aria-pressed=${isOn ? 'true' : 'false'}
      title=${title}
      @click=${() => this.#put(isOn ? withoutIntervention(this.#list, one) : withIntervention(this.#list, one))}
    >${words}</button>`;
  }

  #temperature(layer: number, head: number): TemplateResult {
    const found = this.#list.find((one) => one.kind === 'temperature' && one.layer === layer && one.head === head);
    const inForce = found?.kind === 'temperature' ? found.temperature : 1;
    const at = this.warming ?? placeOf(inForce);
    const shown = this.warming === null ? inForce : temperatureAt(this.warming);
    const set = (place: number) => {
      this.warming = null;
      const temperature = temperatureAt(place);
      const rest = found === undefined ? this.#list : withoutIntervention(this.#list, found);
      this.#put(temperature === 1 ? rest : withIntervention(rest, { kind: 'temperature', layer, head, temperature }));
    };
    return html`
      <label class="row" title="Its scores are divided by it before softmax: below 1 sharper, above 1 flatter">
        <span class="what">Temperature</span>
        <input
          type="range"
          min=${COLDEST}
          max=${WARMEST}
          step="1"
          .value=${live(String(at))}
          aria-label=${`Temperature of layer ${layer}, head ${head}`}
          aria-valuetext=${formatNumber(shown)}
          @input=${(event: Event) => {
            this.warming = Number((event.target as HTMLInputElement).value);
          }}
          @change=${(event: Event) => set(Number((event.target as HTMLInputElement).value))}
        />
        ${data(shown, formatNumber(shown))}
      </label>
    `;
  }

  /** The chosen weight; where the cell is masked, why there is none to set. */
  #weight(shown: RunView): TemplateResult {
    const { layer, head, query, key } = shown.selection;
    const why = whyHidden(shown.run, layer, query, key);
    const names = html`<bdi class="query">${labelOf(shown.run.tokens[query])}</bdi> → <bdi class="key">${labelOf(shown.run.tokens[key])}</bdi>`;
    if (why !== null) {
      return html`<p class="row masked"><span class="what">${names}</span><span class="muted">${why}: no weight to set</span></p>`;
    }
    const set = (event: SubmitEvent) => {
      event.preventDefault();
      const fields = new FormData(event.target as HTMLFormElement);
      const weight = Number(fields.get('weight'));
      const raw = fields.get('rest') === null ? { renormalise: false } : {};
      this.#put(withIntervention(this.#list, { kind: 'edit-weight', layer, head, query, key, weight, ...raw }));
    };
    return html`${keyed(
      `${layer}.${head}.${query}.${key}`,
      html`<form class="row" @submit=${set} aria-label="The chosen weight">
        <span class="what">${names}</span>
        <input
          type="number"
          name="weight"
          aria-label="Weight from 0 to 1"
          min="0"
          max="1"
          step="any"
          required
          value=${Number(shown.cell.weight.toPrecision(3))}
        />
        <button>Set</button>
        <label class="rest" title="So that the row still adds up to 1">
          <input type="checkbox" name="rest" checked /> scale the rest of the row
        </label>
      </form>`,
    )}`;
  }
}

function temperatureAt(place: number): number {
  return place === COLDEST ? 0.05 : Number((10 ** (place / 20)).toPrecision(2));
}

function placeOf(temperature: number): number {
  return Math.min(WARMEST, Math.max(COLDEST, Math.round(20 * Math.log10(temperature))));
}

define('attn-change-form', ChangeForm);

export const changeFormStyles = css`
  attn-change-form {
    display: grid;
    gap: 6px;
    font-size: 0.8125rem;
  }
  attn-change-form .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px;
    margin: 0;
    min-height: var(--target);
  }
  attn-change-form .what {
    flex: none;
    width: 6rem;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  attn-change-form .row.masked {
    flex-wrap: nowrap;
  }
  attn-change-form button[aria-pressed='true'] {
    border-color: var(--accent);
    background: color-mix(in srgb, var(--accent) 18%, var(--raised));
    font-weight: 600;
  }
  attn-change-form input[type='range'] {
    flex: 1 1 6rem;
    min-width: 0;
    height: var(--target);
    margin: 0;
    accent-color: var(--accent);
  }
  attn-change-form .row > data {
    min-width: 2.6rem;
    font-family: var(--mono);
    text-align: end;
  }
  attn-change-form input[type='number'] {
    width: 5.2rem;
    min-height: var(--target);
    padding: 2px 8px;
    font: 400 0.8125rem / 1.4 var(--mono);
    color: var(--ink);
    background: var(--ground);
    border: 1px solid var(--line);
    border-radius: var(--radius);
  }
  attn-change-form .rest {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    min-height: 24px;
    margin-inline-start: calc(6rem + 6px);
    color: var(--muted);
  }
  attn-change-form .rest input {
    width: 16px;
    height: 16px;
    margin: 0;
    accent-color: var(--accent);
  }
`;
