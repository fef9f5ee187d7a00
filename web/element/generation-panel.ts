/** What the model expects after the selected token, and the controls that let it go on writing. Chooses nothing itself. */
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import type { Candidate, Sampling } from '../engine/types';
import type { RunView } from '../session/snapshot';
import {
  canChooseAfter,
  candidateLabels,
  chooseAfter,
  generatedText,
  keepAsText,
  takeAllBack,
  takeBack,
} from '../state/generation';
import { labelOf, tokenLabel } from '../state/labels';
import { formatPercent } from '../state/numbers';
import { initialState } from '../state/state';
import { changedMark } from './changed-mark';
import { define } from './define';
import { Panel } from './panel';
import { count, data } from './printed';

/** So much of what was generated in one go is spoken. */
const MOST_SPOKEN = 300;

export class GenerationPanel extends Panel {
  static override properties = { ...Panel.properties, open: { state: true } };

  /** Whether the rules of sampling can be seen. */
  declare open: boolean;
  /** The temperature to go back to from "most probable". */
  #warm = initialState.sampling.temperature;
  /** How many tokens were generated before the reader let it go on; null: it stands still. */
  #from: number | null = null;

  constructor() {
    super();
    this.open = false;
  }

  protected override sees(): readonly unknown[] {
    const snapshot = this.snapshot;
    const shown = this.shown;
    const state = snapshot?.state;
    return [
      ...[shown?.run, shown?.next, shown?.end, shown?.selection.query, snapshot?.generating, snapshot?.offersChat],
      ...[state?.sampling, state?.chat, snapshot?.status === 'ready'],
    ];
  }

  protected override willUpdate(): void {
    const { temperature } = this.snapshot?.state.sampling ?? initialState.sampling;
    if (temperature > 0) this.#warm = temperature;
  }

  protected override render(): TemplateResult | typeof nothing {
    const shown = this.shown;
    if (this.snapshot === undefined || shown?.next == null) return nothing;
    const { run, selection } = shown;
    const token = run.tokens[selection.query];
    return html`
      <section class="generation" role="region" aria-label="Next token">
        <header>
          <h2 class="heading">Expected after <bdi class="word">${labelOf(token)}</bdi> ${changedMark(shown.run)}</h2>
          ${this.#controls(shown)}
        </header>
        ${this.#distribution(shown, shown.next)} ${this.#sampling(this.snapshot.state.sampling)} ${this.#form(shown)}
      </section>
    `;
  }

  // ---- Going on ----

  #controls(shown: RunView): TemplateResult {
    const { run, selection, end } = shown;
    const going = this.snapshot?.generating ?? null;
    const any = run.generated.length > 0;
    const words =
      end === 'full' && run.model.nCtx !== null
        ? html`That is the longest text the model can read: ${count(run.model.nCtx)} tokens.`
        : end === 'ended'
          ? 'The model ended its text here.'
          : null;
    return html`
      <div class="controls">
        ${
          going !== null
            ? this.#button('Pause', true, () => this.reader.pause(), 'go')
            : this.#button('Play', end === null, () => this.reader.generate(null), 'go')
        }
        ${this.#button('Step', end !== 'full' && going === null, () => this.reader.generate(1))}
        <span class="apart"></span>
        ${this.#button('Undo', any, () => this.reader.choose(takeBack(run, selection.query)), 'quiet')}
        ${this.#button('Clear', any, () => this.reader.choose(takeAllBack(run, selection.query)), 'quiet')}
      </div>
      ${words === null ? nothing : html`<p class="muted">${words}</p>`}
    `;
  }

  /** What cannot be done now keeps its place and the focus: it is told, not taken away. */
  #button(name: string, can: boolean, act: () => void, kind = ''): TemplateResult {
    return html`<button class=${kind} aria-disabled=${can ? 'false' : 'true'} @click=${() => can && act()}>${name}</button>`;
  }

  // ---- What may come next ----

  #distribution(shown: RunView, next: readonly Candidate[]): TemplateResult {
    const { run, selection } = shown;
    const follows = run.tokens[selection.query + 1];
    const chooses = canChooseAfter(run, selection.query);
    const isListed = follows === undefined || next.some(({ id }) => id === follows.id);
    const names = candidateLabels(next);
    const rest = Math.max(0, 1 - next.reduce((sum, { probability }) => sum + probability, 0));
    return html`
      <div class="columns muted" aria-hidden="true">
        <span>${chooses ? 'choose one, or let it be chosen' : nothing}</span><span>model</span><span>chance</span>
      </div>
      <ol class="candidates" aria-label="Candidates, most probable first">
        ${next.map((candidate, i) => html`<li>${this.#candidate(shown, candidate, names[i] ?? '', candidate.id === follows?.id, chooses)}</li>`)}
      </ol>
      <p class="rest muted"><span>everything else</span><span>${share(rest)}</span></p>
      ${
        isListed
          ? nothing
          : html`<p class="muted">
              What follows here, <bdi class="word">${tokenLabel(follows)}</bdi>, is not among the first ${count(next.length)}.
            </p>`
      }
    `;
  }

  #candidate(shown: RunView, candidate: Candidate, name: string, follows: boolean, chooses: boolean): TemplateResult {
    const { id, piece, probability, chance } = candidate;
    const isOut = chance === 0;
    const row = html`
      <span class="name"><bdi>${name}</bdi>${follows ? html`<span class="mark">follows</span>` : nothing}</span>
      <span class="share" aria-hidden="true" .style=${`--probability: ${probability}; --chance: ${chance}`}></span>
      <span class="number">${share(probability)}</span>
      <span class="number chance">${isOut ? html`<data value="0">out</data>` : share(chance)}</span>
    `;
    const kind = `candidate${isOut ? ' out' : ''}${follows ? ' follows' : ''}`;
    if (!chooses) return html`<div class=${kind} title=${piece}>${row}</div>`;
    const words = isOut ? 'ruled out' : `chance ${formatPercent(chance)}`;
    return html`<button
      class=${kind}
      aria-label=${`${name}: probability ${formatPercent(probability)}, ${words}${follows ? ', follows here' : ''}`}
      title=${`Let ${piece} follow`}
      @click=${() => this.reader.choose(chooseAfter(shown.run, shown.selection.query, id))}
    >${row}</button>`;
  }

  // ---- How it is chosen ----

  #sampling(sampling: Sampling): TemplateResult {
    const { temperature, topK, topP, seed } = sampling;
    const set = (change: Partial<Sampling>) => this.reader.choose({ sampling: { ...sampling, ...change } });
    const greedy = temperature === 0;
    return html`
      <div class="rules">
        <label class="switch">
          <input
            type="checkbox"
            role="switch"
            .checked=${live(greedy)}
            @change=${(event: Event) => set({ temperature: (event.target as HTMLInputElement).checked ? 0 : this.#warm })}
          />
          <span>Most probable</span>
        </label>
        <button
          class="quiet more"
          aria-expanded=${this.open ? 'true' : 'false'}
          @click=${this.#toggle}
        >
          Sampling <span aria-hidden="true" class="caret"></span>
        </button>
      </div>
      ${
        this.open
          ? html`<div class="sliders">
              ${slider({
                ...{
                  name: 'Temperature',
                  value: temperature,
                  text: String(temperature),
                  least: 0,
                  most: 2,
                  step: 0.05,
                },
                isIdle: false,
                words: greedy
                  ? 'At 0 the most probable token is always taken.'
                  : 'Scores are divided by it: below 1 the likely become likelier, above 1 the unlikely get a chance.',
                set: (value) => set({ temperature: value }),
              })}
              ${slider({
                ...{
                  name: 'Top-k',
                  value: topK,
                  text: topK === 0 ? 'all' : String(topK),
                  least: 0,
                  most: 100,
                  step: 1,
                },
                isIdle: greedy,
                words: topK === 0 ? 'Any token may be chosen.' : `Only the ${topK} most probable may be chosen.`,
                set: (value) => set({ topK: value }),
              })}
              ${slider({
                ...{
                  name: 'Top-p',
                  value: topP,
                  text: topP === 1 ? 'all' : String(topP),
                  least: 0.05,
                  most: 1,
                  step: 0.05,
                },
                isIdle: greedy,
                words:
                  topP === 1
                    ? 'No share is cut off.'
                    : `Of these, only the most probable that together reach ${formatPercent(topP)}.`,
                set: (value) => set({ topP: value }),
              })}
              <div class="seed">
                <label>
                  <span>Seed</span>
                  <input
                    type="number"
                    min="0"
                    max="4294967295"
                    step="1"
                    .value=${live(String(seed))}
                    @input=${(event: Event) => {
                      // At once: what is typed must not be written over when the panel draws again.
                      const input = event.target as HTMLInputElement;
                      if (input.checkValidity() && input.value !== '') set({ seed: Number(input.value) });
                    }}
                    @change=${(event: Event) => {
                      (event.target as HTMLInputElement).value = String(seed);
                    }}
                  />
                </label>
                <button @click=${() => set({ seed: newSeed() })}>New seed</button>
                <p class="muted">${greedy ? 'Nothing is left to chance now.' : 'Equal seeds write equal texts.'}</p>
              </div>
            </div>`
          : nothing
      }
    `;
  }

  readonly #toggle = async (): Promise<void> => {
    this.open = !this.open;
    await this.updateComplete;
    // Not scrollIntoView: that would scroll the page as well.
    if (this.open) this.scrollTop = this.scrollHeight;
  };

  // ---- What it goes on from ----

  #form({ run }: RunView): TemplateResult | typeof nothing {
    const chat = this.snapshot?.state.chat ?? false;
    const offers = this.snapshot?.offersChat ?? false;
    // An answer is no part of its question.
    const keeps = run.generated.length > 0 && !run.chat;
    if (!offers && !keeps) return nothing;
    return html`
      <div class="form">
        ${
          offers
            ? html`<label class="switch" title="Puts the text into the model’s chat template, as a question that waits for its answer">
                <input
                  type="checkbox"
                  role="switch"
                  .checked=${live(chat)}
                  @change=${(event: Event) => this.reader.choose({ chat: (event.target as HTMLInputElement).checked })}
                />
                <span>Ask as chat</span>
              </label>`
            : nothing
        }
        ${keeps ? this.#button('Keep as text', true, () => this.reader.choose(keepAsText(run))) : nothing}
      </div>
    `;
  }

  /** What was generated is spoken when it stands still: after each step, and after all of a continuous play. */
  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const run = this.shown?.run;
    if (this.snapshot === undefined || run === undefined) return;
    if (this.snapshot.generating !== null) {
      this.#from ??= run.generated.length;
    } else if (this.#from !== null && this.snapshot.status === 'ready') {
      const from = this.#from;
      this.#from = null;
      if (run.generated.length <= from) return;
      const text = generatedText(run, from).trim().slice(-MOST_SPOKEN);
      this.reader.say(text === '' ? 'Generated a token without text.' : `Generated: ${text}`);
    }
  }
}

/** In a narrow column. */
function share(value: number): TemplateResult {
  return data(value, formatPercent(value).replace('under ', '< '));
}

/** Short enough to be read aloud. */
function newSeed(): number {
  return ((crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % 9999) + 1;
}

function slider(of: {
  name: string;
  value: number;
  text: string;
  least: number;
  most: number;
  step: number;
  /** Whether it makes no difference now. */
  isIdle: boolean;
  words: string;
  set: (value: number) => void;
}): TemplateResult {
  return html`
    <label class="slider">
      <span>${of.name}</span>
      <input
        type="range"
        min=${of.least}
        max=${of.most}
        step=${of.step}
        ?disabled=${of.isIdle}
        aria-label=${of.name}
        aria-describedby=${`words-of-${of.name.toLowerCase()}`}
        .value=${live(String(Math.min(of.value, of.most)))}
        aria-valuetext=${of.text}
        @input=${(event: Event) => of.set(Number((event.target as HTMLInputElement).value))}
      />
      ${data(of.value, of.text)}
      <span class="muted words" id=${`words-of-${of.name.toLowerCase()}`}>${of.isIdle ? 'Makes no difference while the most probable is taken.' : of.words}</span>
    </label>
  `;
}

define('attn-generation-panel', GenerationPanel);

export const generationPanelStyles = css`
  attn-generation-panel {
    display: block;
    background: var(--panel);
  }
  .generation {
    padding: 0 16px 12px;
    font-size: 0.8125rem;
  }
  .generation header {
    position: sticky;
    z-index: 1;
    top: 0;
    margin: 0 -16px;
    padding: 12px 16px 8px;
    background: var(--panel);
  }
  .generation p {
    margin: 4px 0 0;
  }
  .generation .controls,
  .generation .rules,
  .generation .form,
  .generation .seed {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px;
  }
  .generation .controls {
    margin-top: 8px;
  }
  .generation .controls .apart {
    flex: 1;
  }
  .generation button[aria-disabled='true'] {
    color: var(--muted);
    cursor: default;
    background: none;
  }
  .generation .go {
    min-width: 64px;
    border-color: var(--accent);
  }
  .generation .go[aria-disabled='false'] {
    background: var(--accent);
    color: var(--on-accent);
    font-weight: 600;
  }
  .generation .columns,
  .generation .candidate,
  .generation .rest {
    display: grid;
    grid-template-columns: minmax(5rem, 5fr) minmax(2.5rem, 4fr) 3.2rem 3rem;
    align-items: center;
    column-gap: 8px;
  }
  .generation .columns {
    font-size: var(--small);
  }
  .generation .columns > :first-child,
  .generation .rest > :first-child {
    grid-column: 1 / 3;
  }
  .generation .columns > :not(:first-child),
  .generation .number,
  .generation .rest > :last-child {
    text-align: end;
    white-space: nowrap;
  }
  .generation .candidates {
    margin: 2px -6px 0;
    padding: 0;
    list-style: none;
  }
  .generation .candidate {
    width: 100%;
    min-height: 24px;
    padding: 1px 6px;
    border: 0;
    background: none;
    text-align: start;
  }
  .generation button.candidate:hover {
    background: var(--hover);
  }
  .generation .name {
    display: flex;
    align-items: center;
    gap: 6px;
    min-width: 0;
    font-weight: 600;
  }
  .generation .name bdi {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: pre;
  }
  .generation .follows .name bdi {
    color: var(--light);
  }
  .generation .name .mark {
    padding: 0 5px;
    font-size: 0.6875rem;
    font-weight: 400;
  }
  /* What the model says, and under it what sampling makes of it. */
  .generation .share {
    position: relative;
    height: 12px;
    border-radius: 2px;
    background: var(--thread);
    overflow: hidden;
  }
  .generation .share::before,
  .generation .share::after {
    content: '';
    position: absolute;
    inset: 0 0 4px;
    background: var(--muted);
    transform-origin: 0 50%;
    transform: scaleX(var(--probability));
    transition: transform var(--quick) var(--ease);
  }
  .generation .share::after {
    inset: 9px 0 0;
    background: var(--accent);
    transform: scaleX(var(--chance));
  }
  .generation .chance {
    color: var(--muted);
  }
  .generation .out .name bdi {
    color: var(--muted);
    font-weight: 400;
    text-decoration: line-through;
  }
  .generation .rules {
    justify-content: space-between;
    margin-top: 8px;
    padding-top: 8px;
    border-top: 1px solid var(--line);
  }
  .generation .more {
    padding: 2px 4px;
    color: var(--muted);
  }
  .generation .more[aria-expanded='true'] .caret {
    transform: rotate(180deg);
  }
  .generation label {
    display: inline-flex;
    align-items: center;
    gap: 8px;
    min-height: var(--target);
    cursor: pointer;
  }
  .generation .slider {
    display: grid;
    grid-template-columns: 5.6rem 1fr 2.4rem;
    column-gap: 8px;
    row-gap: 0;
    margin-top: 6px;
  }
  .generation .slider data {
    text-align: end;
  }
  .generation .slider input {
    width: 100%;
    min-width: 0;
    height: var(--target);
    margin: 0;
    accent-color: var(--accent);
  }
  .generation .words {
    grid-column: 1 / 4;
    font-size: var(--small);
    line-height: 1.35;
  }
  .generation .seed {
    margin-top: 8px;
  }
  .generation .seed input {
    width: 7.5rem;
    min-height: var(--target);
    padding: 2px 8px;
    font: inherit;
    color: var(--ink);
    background: var(--ground);
    border: 1px solid var(--line);
    border-radius: var(--radius);
  }
  .generation .seed p {
    flex: 1 1 100%;
    margin: 0;
    font-size: var(--small);
  }
  .generation .form {
    justify-content: space-between;
    margin-top: 4px;
  }
  @media (pointer: coarse) {
    .generation button.candidate {
      min-height: 44px;
    }
  }
  @media (forced-colors: active) {
    .generation .share::before,
    .generation .share::after {
      forced-color-adjust: none;
      background: Highlight;
    }
    .generation button[aria-disabled='true'] {
      color: GrayText;
    }
  }
`;
