/** By what the wall's heads are put in order, and which of them are shown. */
import { html, nothing, type TemplateResult } from 'lit';
import { ROLES } from '../state/metrics';
import { formatMeasured } from '../state/numbers';
import type { WallOrder } from '../state/state';
import { everyHead, ORDERS, type OrderWords, orderWords, rangeOf, type WallFilter } from '../state/wall-order';
import type { Choice } from './choice-menu';
import { define } from './define';
import { Panel } from './panel';
import { data } from './printed';

/** What the controls hold beside the state: how the present order is looked at. */
export interface WallSettings {
  readonly leastFirst: boolean;
  readonly filter: WallFilter;
}

export const plainWall: WallSettings = { leastFirst: false, filter: everyHead };

const ORDER_CHOICES: readonly Choice[] = [
  { value: 'place', label: 'Place in the model' },
  ...ORDERS.map(({ order, label }) => ({ value: order, label })),
];
const ROLE_CHOICES: readonly Choice[] = [
  { value: '', label: 'Any' },
  ...ROLES.map(({ label }) => ({ value: label, label })),
];

/** Steps of the threshold's slider between the least number and the greatest. */
const STEPS = 100;

export class WallControls extends Panel {
  static override properties = {
    ...Panel.properties,
    settings: { attribute: false },
    values: { attribute: false },
  };

  declare settings: WallSettings | undefined;
  /** What the heads are ordered by; null: their place. */
  declare values: readonly (number | null)[] | null | undefined;

  protected override render(): TemplateResult | typeof nothing {
    const order = this.snapshot?.state.wallOrder;
    if (order === undefined || this.settings === undefined) return nothing;
    const words = orderWords(order);
    const { filter, leastFirst } = this.settings;
    return html`
      <span>Order</span>
      <attn-choice-menu
        label="Order"
        .choices=${ORDER_CHOICES}
        .value=${order}
        @choice=${(event: CustomEvent<WallOrder>) => this.reader.choose({ wallOrder: event.detail })}
      ></attn-choice-menu>
      ${
        words === null
          ? nothing
          : html`<button
              aria-pressed=${leastFirst ? 'true' : 'false'}
              @click=${() => this.#set({ leastFirst: !leastFirst })}
            >${leastFirst ? 'Least first' : 'Greatest first'}</button>`
      }
      <span>Role</span>
      <attn-choice-menu
        label="Role"
        .choices=${ROLE_CHOICES}
        .value=${filter.role ?? ''}
        @choice=${(event: CustomEvent<string>) => this.#set({ filter: { ...filter, role: event.detail || null } })}
      ></attn-choice-menu>
      ${words === null ? nothing : this.#threshold(words, filter)}
    `;
  }

  #threshold({ label, unit }: OrderWords, filter: WallFilter): TemplateResult | typeof nothing {
    const range = rangeOf(this.values ?? []);
    if (range === null) return nothing;
    const [from, to] = range;
    const least = filter.least ?? from;
    const step = (to - from) / STEPS;
    return html`<label class="slider">
      <span>From ${data(least, formatMeasured(least, unit))}</span>
      <input
        type="range"
        min=${from}
        max=${to}
        step=${step > 0 ? step : 'any'}
        .value=${String(least)}
        aria-label=${`Only heads with ${label} from`}
        aria-valuetext=${formatMeasured(least, unit)}
        @input=${(event: Event) => {
          const value = Number((event.target as HTMLInputElement).value);
          this.#set({ filter: { ...filter, least: value <= from ? null : value } });
        }}
      />
    </label>`;
  }

  #set(change: Partial<WallSettings>): void {
    this.dispatchEvent(new CustomEvent('wallsettings', { detail: { ...this.settings, ...change } }));
  }
}

define('attn-wall-controls', WallControls);
