/** Which links are drawn: from what weight, of which layers and heads, and whether special tokens stand apart. */
import { css, html, nothing, type TemplateResult } from 'lit';
import type { ModelInfo } from '../engine/types';
import type { ViewerState } from '../state/state';
import { define } from './define';
import { Panel } from './panel';
import { data } from './printed';

/** The slider's ends in percent: above, single links remain; a link of 1 % is as good as invisible. */
const LEAST = 1;
const MOST = 60;

export class LinkFilterPanel extends Panel {
  static override properties = { ...Panel.properties, open: { state: true } };

  declare open: boolean;

  constructor() {
    super();
    this.open = false;
  }

  protected override render(): TemplateResult | typeof nothing {
    const state = this.snapshot?.state;
    const model = this.shown?.run.model;
    if (state === undefined || model === undefined) return nothing;
    return html`
      <label class="slider">
        <span>Links from ${data(state.threshold, `${state.threshold} %`)}</span>
        <input
          type="range"
          min=${LEAST}
          max=${MOST}
          step="1"
          .value=${String(Math.min(state.threshold, MOST))}
          aria-valuetext=${`${state.threshold} %`}
          @input=${(event: Event) => this.reader.choose({ threshold: Number((event.target as HTMLInputElement).value) })}
        />
      </label>
      <label class="switch">
        <input
          type="checkbox"
          role="switch"
          .checked=${state.apart}
          @change=${(event: Event) => this.reader.choose({ apart: (event.target as HTMLInputElement).checked })}
        />
        <span>Set ${this.shown?.run.model.causal === true ? 'the first token' : 'special tokens'} apart</span>
      </label>
      ${
        // In the Heads view the lanes are the filter.
        state.view === 'heads' ? nothing : this.#chooser(model, state)
      }
    `;
  }

  #chooser(model: ModelInfo, state: ViewerState): TemplateResult {
    const limited = state.layers !== null || state.heads !== null;
    return html`
      <div class="chooser" @keydown=${this.#key} @focusout=${this.#leave}>
        <button
          aria-expanded=${this.open ? 'true' : 'false'}
          @click=${() => {
            this.open = !this.open;
          }}
        >
          Layers and heads${limited ? html` <span class="mark">some</span>` : nothing}
        </button>
        ${
          this.open
            ? html`<div class="sheet" tabindex="-1">
                ${this.#choice('Layers', model.nLayers, state.layers, (layers) => this.reader.choose({ layers }))}
                ${this.#choice('Heads, in every layer', model.nHeads, state.heads, (heads) => this.reader.choose({ heads }))}
              </div>`
            : nothing
        }
      </div>
    `;
  }

  /** Null means all; the first choice of one leaves it alone. */
  #choice(
    title: string,
    n: number,
    chosen: readonly number[] | null,
    choose: (chosen: readonly number[] | null) => void,
  ): TemplateResult {
    const toggle = (i: number) => {
      if (chosen === null) choose([i]);
      else if (!chosen.includes(i)) choose([...chosen, i]);
      else choose(chosen.length === 1 ? null : chosen.filter((other) => other !== i));
    };
    return html`
      <fieldset>
        <legend>${title}</legend>
        <button aria-pressed=${chosen === null ? 'true' : 'false'} @click=${() => choose(null)}>All</button>
        ${Array.from(
          { length: n },
          (_, i) => html`<button
            aria-pressed=${chosen?.includes(i) ? 'true' : 'false'}
            aria-label=${`${title.split(',')[0]?.slice(0, -1).toLowerCase()} ${i}`}
            @click=${() => toggle(i)}
          >${i}</button>`,
        )}
      </fieldset>
    `;
  }

  readonly #key = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || !this.open) return;
    this.open = false;
    event.stopPropagation();
    this.querySelector<HTMLElement>('.chooser > button')?.focus();
  };

  readonly #leave = (event: FocusEvent): void => {
    const chooser = event.currentTarget as HTMLElement;
    if (event.relatedTarget instanceof Node && !chooser.contains(event.relatedTarget)) this.open = false;
  };
}

define('attn-link-filter', LinkFilterPanel);

export const linkFilterStyles = css`
  attn-link-filter {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: flex-end;
    gap: 6px 14px;
    font-size: 0.8125rem;
  }
  attn-link-filter label {
    display: inline-flex;
    align-items: center;
    gap: 8px;
    min-height: var(--target);
    white-space: nowrap;
    cursor: pointer;
  }
  attn-link-filter .slider span {
    min-width: 6.2em;
  }
  attn-link-filter input {
    accent-color: var(--accent);
  }
  attn-link-filter input[type='range'] {
    width: 104px;
    height: var(--target);
    margin: 0;
  }
  @container viewer (max-width: 700px) {
    attn-link-filter {
      justify-content: flex-start;
      margin-top: 4px;
    }
  }
  .chooser {
    position: relative;
  }
  .chooser > .sheet {
    position: absolute;
    z-index: 20;
    inset-inline-end: 0;
    bottom: calc(100% + 8px);
    width: min(24rem, 88cqi);
    max-height: 50vh;
    overflow: auto;
    padding: 12px;
    background: var(--raised);
    border: 1px solid var(--line);
    border-radius: var(--radius-large);
  }
  .chooser fieldset {
    display: flex;
    flex-wrap: wrap;
    gap: 4px;
    margin: 0;
    padding: 0;
    border: 0;
    min-width: 0;
  }
  .chooser fieldset + fieldset {
    margin-top: 12px;
  }
  .chooser legend {
    padding: 0 0 4px;
    color: var(--muted);
  }
  .chooser fieldset button {
    padding: 2px 6px;
  }
  .chooser fieldset button[aria-pressed='true'] {
    background: var(--ink);
    color: var(--ground);
  }
`;
