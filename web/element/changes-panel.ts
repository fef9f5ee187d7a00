/** What the reader changes about the forward pass: what is in force, how to add to it, and what came of it. */
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import './change-form';
import type { RunView } from '../session/snapshot';
import { sidesOf } from '../state/comparing';
import { intervene, interventionInWords, withoutIntervention } from '../state/interventions';
import { endsApart, headsByChange, nextBeside } from './comparison-parts';
import { define } from './define';
import { Panel } from './panel';

/** So many of the heads that look most differently are listed. */
const MOST_HEADS = 5;

export class ChangesPanel extends Panel {
  /** Which entry was removed last: the next one takes the keyboard's place. */
  #removed: number | null = null;

  protected override sees(): readonly unknown[] {
    const snapshot = this.snapshot;
    const state = snapshot?.state;
    return [
      ...[this.shown?.run, this.shown?.cell, this.shown?.next, snapshot?.runs[1]?.next, snapshot?.comparison],
      ...[state?.interventions, state?.compare, snapshot?.undoable, snapshot?.redoable, snapshot?.model],
    ];
  }

  protected override render(): TemplateResult {
    const shown = this.shown;
    const { undoable = 0, redoable = 0 } = this.snapshot ?? {};
    return html`
      <section class="aside-body" aria-label="Changes">
        <header>
          <h2 class="heading">Changes</h2>
          ${this.#step('Undo', undoable, () => this.reader.undo())} ${this.#step('Redo', redoable, () => this.reader.redo())}
        </header>
        ${shown === undefined ? html`<p class="muted">A text that has run can be changed here.</p>` : this.#body(shown)}
      </section>
    `;
  }

  #body(shown: RunView): TemplateResult {
    if (shown.run.backend.source === 'trace') {
      return html`<p class="muted">
        This is a saved run, and a saved run cannot be changed: it holds what happened, not what would happen. Open its
        model to change something.
      </p>`;
    }
    return html`
      <p class="muted">Change one thing in the forward pass and see what follows. The model itself stays as it is.</p>
      <attn-change-form .snapshot=${this.snapshot} .reader=${this.reader}></attn-change-form>
      ${this.#inForce(shown)} ${this.#effects(shown)}
    `;
  }

  /** Stays reachable when there is nothing left to do: a button that vanishes under the keyboard loses it its place. */
  #step(words: string, left: number, act: () => void): TemplateResult {
    return html`<button
      aria-disabled=${left === 0 ? 'true' : 'false'}
      @click=${() => {
        if (left > 0) act();
      }}
    >${words}</button>`;
  }

  #inForce({ run }: RunView): TemplateResult | typeof nothing {
    const state = this.snapshot?.state;
    if (state === undefined || state.interventions.length === 0) return nothing;
    const list = state.interventions;
    return html`
      <section class="part">
        <header>
          <h3>In force</h3>
          <button class="quiet" @click=${() => this.reader.choose(intervene(state, []))}>Remove all</button>
        </header>
        <ul class="in-force">
          ${list.map((one, i) => {
            const words = interventionInWords(one, run);
            return html`<li>
              <span>${words}</span>
              <button
                class="quiet"
                aria-label=${`Remove: ${words}`}
                @click=${() => {
                  this.#removed = i;
                  this.reader.choose(intervene(state, withoutIntervention(list, one)));
                }}
              >Remove</button>
            </li>`;
          })}
        </ul>
      </section>
    `;
  }

  #effects(shown: RunView): TemplateResult | typeof nothing {
    const state = this.snapshot?.state;
    if (state === undefined || state.interventions.length === 0) return nothing;
    const isOn = state.compare?.kind === 'original';
    const show = (event: Event) =>
      this.reader.choose({ compare: (event.target as HTMLInputElement).checked ? { kind: 'original' } : null });
    return html`
      <section class="part">
        <label class="switch">
          <input type="checkbox" role="switch" .checked=${live(isOn)} @change=${show} />
          <span>Show what changed</span>
        </label>
        ${isOn ? this.#changed(shown) : nothing}
      </section>
    `;
  }

  #changed(shown: RunView): TemplateResult {
    const comparison = this.snapshot?.comparison ?? null;
    const original = this.snapshot?.runs[1];
    if (comparison === null || original === undefined || comparison.compare.kind !== 'original') {
      return html`<p class="muted">The original is being computed.</p>`;
    }
    const sides = sidesOf(comparison.compare, shown.selection, [shown.run.model, original.run.model]);
    return html`
      <h3>Heads that look most differently</h3>
      ${headsByChange(comparison, shown, MOST_HEADS, (place) => this.reader.choose(place))}
      <h3>What comes out</h3>
      ${nextBeside(shown, original, sides)} ${endsApart(comparison, shown)}
    `;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    if (this.#removed === null) return;
    const buttons = this.querySelectorAll<HTMLElement>('.in-force button');
    const next =
      buttons[Math.min(this.#removed, buttons.length - 1)] ?? this.querySelector<HTMLElement>('header button');
    if (!this.querySelector(':focus')) next?.focus();
    this.#removed = null;
  }
}

define('attn-changes-panel', ChangesPanel);

export const changesPanelStyles = css`
  attn-changes-panel,
  attn-compare-panel {
    display: block;
    min-height: 0;
  }
  attn-changes-panel > .aside-body,
  attn-compare-panel > .aside-body {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
    gap: 12px;
    height: 100%;
    padding: 14px 16px 20px;
    overflow-y: auto;
    overscroll-behavior: contain;
    scrollbar-width: thin;
    scrollbar-color: var(--line) transparent;
    background: var(--panel);
  }
  .aside-body > header,
  .part > header {
    display: flex;
    align-items: center;
    gap: 6px;
    min-width: 0;
  }
  .aside-body > header .heading,
  .part > header h3 {
    flex: 1;
    min-width: 0;
  }
  .aside-body p,
  .part h3 {
    margin: 0;
  }
  .aside-body p {
    font-size: 0.8125rem;
  }
  .part {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 8px;
    min-width: 0;
    padding-top: 12px;
    border-top: 1px solid var(--line);
  }
  .part h3 {
    font-size: 0.8125rem;
    font-weight: 600;
  }
  .part .switch {
    display: inline-flex;
    align-items: center;
    gap: 8px;
    min-height: var(--target);
    font-size: 0.8125rem;
    font-weight: 600;
    cursor: pointer;
  }
  .aside-body p.fine {
    font-size: var(--small);
  }
  .aside-body button[aria-disabled='true'] {
    color: var(--muted);
    cursor: default;
  }
  .in-force {
    display: grid;
    gap: 2px;
    margin: 0;
    padding: 0;
    list-style: none;
    font-size: 0.8125rem;
  }
  .in-force li {
    display: flex;
    align-items: baseline;
    gap: 8px;
    padding-inline-start: 8px;
    border-inline-start: 2px solid var(--accent);
  }
  .in-force span {
    flex: 1;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .in-force button {
    min-height: 24px;
    padding: 0 6px;
    color: var(--muted);
  }
  @media (pointer: coarse) {
    .in-force button {
      min-height: var(--target);
    }
  }
`;
