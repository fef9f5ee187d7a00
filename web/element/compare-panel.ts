/** What stands beside the run: the choice of it, and both side by side. The only panel that chooses what is compared. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import './side-by-side';
import type { RunView } from '../session/snapshot';
import { sidesOf } from '../state/comparing';
import { isFor, pairOnShow } from '../state/pairs';
import type { Align, Compare, ViewerState } from '../state/state';
import { endsApart, headsByChange, nextBeside } from './comparison-parts';
import { define } from './define';
import { whatToWatch } from './minimal-pairs';
import { Panel } from './panel';

/** So many of the heads that look most differently are listed. */
const MOST_HEADS = 6;

const KINDS: readonly { readonly kind: Compare['kind'] | null; readonly label: string; readonly about: string }[] = [
  { kind: null, label: 'Nothing', about: 'One run by itself' },
  { kind: 'original', label: 'Original', about: 'The same text without your changes' },
  { kind: 'text', label: 'Sentence', about: 'Another sentence' },
  { kind: 'head', label: 'Head', about: 'Another head on the same sentence' },
  { kind: 'model', label: 'Model', about: 'Another model on the same sentence' },
];

export class ComparePanel extends Panel {
  protected override sees(): readonly unknown[] {
    const snapshot = this.snapshot;
    const state = snapshot?.state;
    const [left, right] = snapshot?.runs ?? [];
    return [
      ...[left?.run, left?.cell, left?.next, right?.run, right?.cell, right?.next, snapshot?.comparison],
      ...[state?.text, state?.compare, state?.align, state?.interventions, snapshot?.model, snapshot?.beside],
    ];
  }

  protected override render(): TemplateResult {
    const shown = this.shown;
    const state = this.snapshot?.state;
    return html`
      <section class="aside-body" aria-label="Compare">
        <header><h2 class="heading">Compare with</h2></header>
        ${
          shown === undefined || state === undefined
            ? html`<p class="muted">A text that has run can be compared here.</p>`
            : this.#body(shown, state)
        }
      </section>
    `;
  }

  #body(shown: RunView, state: ViewerState): TemplateResult {
    const kind = state.compare?.kind ?? null;
    const isTrace = shown.run.backend.source === 'trace';
    return html`
      <div class="kinds of-compare" role="group" aria-label="Compare with">
        ${KINDS.map(
          (one) => html`<button
            aria-pressed=${one.kind === kind ? 'true' : 'false'}
            title=${one.about}
            ?disabled=${isTrace && one.kind !== null && one.kind !== 'head'}
            @click=${() => this.#pick(one.kind, shown, state)}
          >${one.label}</button>`,
        )}
      </div>
      ${isTrace ? html`<p class="muted">A saved run can be compared head with head. For anything else, open its model.</p>` : nothing}
      ${this.#choice(state)} ${this.#beside(shown, state)}
      ${kind === null || kind === 'text' ? html`<attn-minimal-pairs class="part" .snapshot=${this.snapshot} .reader=${this.reader}></attn-minimal-pairs>` : nothing}
    `;
  }

  #pick(kind: Compare['kind'] | null, { run, selection }: RunView, state: ViewerState): void {
    if (kind === state.compare?.kind) return;
    const compare: Compare | null =
      kind === null
        ? null
        : kind === 'text'
          ? { kind, text: state.text }
          : kind === 'head'
            ? { kind, layer: selection.layer, head: (selection.head + 1) % run.model.nHeads }
            : { kind };
    this.reader.choose({ compare });
  }

  // ---- What exactly ----

  #choice(state: ViewerState): TemplateResult | typeof nothing {
    const { compare } = state;
    switch (compare?.kind) {
      case undefined:
        return html`<p class="muted">
          Put a second run beside this one: the same head on another sentence, another head, another model, or the model
          without your changes.
        </p>`;
      case 'original':
        return state.interventions.length > 0
          ? nothing
          : html`<p class="muted">Nothing is changed, so this is the original. Make a change under Changes.</p>`;
      case 'text':
        return html`
          <textarea
            class="other-sentence"
            aria-label="Other sentence"
            rows="2"
            dir="auto"
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
            .value=${live(compare.text)}
            @input=${(event: InputEvent) => {
              // What an input method has not committed is not the reader's text yet.
              if (!event.isComposing) this.#takeText(event);
            }}
            @compositionend=${(event: Event) => this.#takeText(event)}
            @keydown=${(event: KeyboardEvent) => {
              if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) event.preventDefault();
            }}
          ></textarea>
          ${this.#watch(state)} ${this.#align(state)}
        `;
      case 'head':
        return this.#heads(compare);
      case 'model':
        return html`
          <p class="muted">
            ${
              this.snapshot?.beside == null
                ? 'No second model is open yet.'
                : html`Beside it: <bdi class="word">${this.snapshot.beside.name}</bdi>${this.#itsHead()}.`
            }
          </p>
          <button class="wide" aria-haspopup="dialog" @click=${() => this.dispatchEvent(new CustomEvent('openbeside', { bubbles: true }))}>
            ${this.snapshot?.beside == null ? 'Open a second model' : 'Open another second model'}
          </button>
          ${this.#align(state)}
        `;
    }
  }

  /** Of a pair from the library, what there is to see. */
  #watch(state: ViewerState): TemplateResult | typeof nothing {
    const on = pairOnShow(state);
    return on !== null && isFor(on.model, this.snapshot?.model ?? null)
      ? html`<p class="watch">${whatToWatch(on.pair)}</p>`
      : nothing;
  }

  /** Another model may have fewer layers and heads than the choice. */
  #itsHead(): TemplateResult | typeof nothing {
    const selection = this.snapshot?.runs[1]?.selection;
    return selection === undefined ? nothing : html`, layer ${selection.layer}, head ${selection.head}`;
  }

  #takeText(event: Event): void {
    const { value } = event.target as HTMLTextAreaElement;
    const compare = this.snapshot?.state.compare;
    if (compare?.kind === 'text' && compare.text !== value)
      this.reader.choose({ compare: { kind: 'text', text: value } });
  }

  #align({ align }: ViewerState): TemplateResult {
    const button = (to: Align, words: string, about: string) => html`<button
      aria-pressed=${align === to ? 'true' : 'false'}
      title=${about}
      @click=${() => this.reader.choose({ align: to })}
    >${words}</button>`;
    return html`<div class="kinds" role="group" aria-label="Pair the tokens">
      <span class="muted">Pair tokens</span>
      ${button('token', 'that read alike', 'In order; one that was put in another’s place is its partner')}
      ${button('position', 'by position', 'The first with the first, and so on')}
    </div>`;
  }

  #heads(compare: Compare & { kind: 'head' }): TemplateResult {
    const model = this.shown?.run.model;
    const select = (name: 'layer' | 'head', n: number) => html`<label>
      <span>${name === 'layer' ? 'Layer' : 'Head'}</span>
      <input
        type="number"
        min="0"
        max=${n - 1}
        step="1"
        aria-label=${`Other ${name}`}
        .value=${live(String(compare[name]))}
        @input=${(event: Event) => {
          // At once: what is typed must not be written over when the panel draws again.
          const input = event.target as HTMLInputElement;
          if (input.validity.valid && input.value !== '')
            this.reader.choose({ compare: { ...compare, [name]: input.valueAsNumber } });
        }}
        @change=${(event: Event) => {
          (event.target as HTMLInputElement).value = String(compare[name]);
        }}
      />
    </label>`;
    return html`<div class="other-head">${select('layer', model?.nLayers ?? 0)} ${select('head', model?.nHeads ?? 0)}</div>`;
  }

  // ---- Both ----

  #beside(shown: RunView, state: ViewerState): TemplateResult | typeof nothing {
    const snapshot = this.snapshot;
    const right = snapshot?.runs[1];
    const comparison = snapshot?.comparison ?? null;
    if (comparison === null || right === undefined || comparison.compare.kind !== state.compare?.kind) return nothing;
    const sides = sidesOf(comparison.compare, shown.selection, [shown.run.model, right.run.model]);
    const isOneRun = comparison.compare.kind === 'head';
    return html`
      <attn-side-by-side .snapshot=${snapshot} .reader=${this.reader}></attn-side-by-side>
      ${
        isOneRun
          ? nothing
          : html`
              <section class="part">
                <h3>Heads that look most differently</h3>
                ${headsByChange(comparison, shown, MOST_HEADS, (place) => this.reader.choose(place))}
              </section>
              <section class="part">
                <h3>What comes out</h3>
                ${nextBeside(shown, right, sides)} ${endsApart(comparison, shown)}
              </section>
            `
      }
    `;
  }
}

define('attn-compare-panel', ComparePanel);

export const comparePanelStyles = css`
  .kinds {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px;
    font-size: 0.8125rem;
  }
  .kinds button {
    padding: 2px 8px;
  }
  .kinds.of-compare {
    display: grid;
    grid-template-columns: repeat(5, auto);
    font-size: var(--small);
  }
  .kinds.of-compare button {
    padding: 2px;
  }
  .kinds button[aria-pressed='true'] {
    background: var(--ink);
    color: var(--ground);
  }
  .kinds > .muted {
    margin-inline-end: 4px;
  }
  .other-sentence {
    width: 100%;
    min-height: 3.4rem;
    padding: 6px 10px;
    resize: vertical;
    font: 400 0.9375rem / 1.4 var(--font);
    color: var(--ink);
    background: var(--ground);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    unicode-bidi: plaintext;
  }
  attn-compare-panel .watch {
    padding-inline-start: 10px;
    border-inline-start: 2px solid var(--light);
  }
  .other-head {
    display: flex;
    gap: 16px;
    font-size: 0.8125rem;
  }
  .other-head label {
    display: inline-flex;
    align-items: center;
    gap: 8px;
  }
  .other-head select {
    min-height: var(--target);
    padding: 2px 8px;
    font: inherit;
    color: var(--ink);
    background: var(--raised);
    border: 1px solid var(--line);
    border-radius: var(--radius);
  }
  attn-compare-panel .wide {
    width: 100%;
  }
`;
