/** The stepper under the blocks: back, next, the list of steps, and what the present one does. */
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { HeadSteps } from '../engine/types';
import { chosenCell, cutsOf, MATRICES_OF, shownMatrices } from '../scene/step-matrices';
import type { RunView } from '../session/snapshot';
import { STEPS, type Step, type ViewerState } from '../state/state';
import { define } from './define';
import { Panel } from './panel';
import { count, data } from './printed';
import { AXIS_NAMES, STEP_NAMES, stepSentence } from './step-words';

export class StepBar extends Panel {
  protected override sees(): readonly unknown[] {
    return [
      this.snapshot?.state.step,
      this.snapshot?.state.stepCell,
      this.shown?.run,
      this.shown?.steps,
      this.shown?.cell,
    ];
  }

  protected override render(): TemplateResult | typeof nothing {
    const state = this.snapshot?.state;
    const shown = this.shown;
    if (state === undefined || shown === undefined) return nothing;
    const at = STEPS.indexOf(state.step);
    return html`
      <nav class="stepper" aria-label="Steps of the head" @keydown=${this.#key}>
        <button class="back" ?disabled=${at === 0} @click=${() => this.#go(at - 1)}>← Back</button>
        <ol>
          ${STEPS.map((step) => this.#entry(step, step === state.step))}
        </ol>
        <button class="next" ?disabled=${at === STEPS.length - 1} @click=${() => this.#go(at + 1)}>Next →</button>
      </nav>
      <p class="does">
        ${shown.steps === null ? this.#without(shown.run.can.scores) : stepSentence(state.step, shown, shown.steps)}
      </p>
      ${shown.steps === null ? nothing : this.#legend(state.step, shown.steps)}
      ${shown.steps === null ? nothing : this.#cut(state, shown, shown.steps)}
    `;
  }

  #entry(step: Step, isPresent: boolean): TemplateResult {
    const { name, number } = STEP_NAMES[step];
    return html`<li class=${number === null ? 'between' : ''}>
      <button
        aria-current=${isPresent ? 'step' : nothing}
        tabindex=${isPresent ? 0 : -1}
        data-step=${step}
        @click=${() => this.reader.choose({ step })}
      >${number === null ? nothing : html`<span class="number" aria-hidden="true">${number}</span>`}<span>${name}</span></button>
    </li>`;
  }

  /** Which part of a long text or of wide matrices the blocks show; nothing where they show all. */
  #cut({ step, stepCell }: ViewerState, shown: RunView, steps: HeadSteps): TemplateResult | typeof nothing {
    const at = chosenCell(steps, step, stepCell, shown.selection);
    const cuts = cutsOf(shownMatrices(steps, step, at, shown.selection));
    if (cuts.length === 0) return nothing;
    return html`<p class="cut muted">Shown around your choice: ${cuts.map(
      ({ axis, shown: { first, end }, count: all }, i) =>
        html`${i === 0 ? nothing : ', '}${AXIS_NAMES[axis]} ${data(first, String(first))} to ${data(end - 1, String(end - 1))} of ${count(all)}`,
    )}.</p>`;
  }

  /** What the blocks' colours mean in this step. */
  #legend(step: Step, { scores }: HeadSteps): TemplateResult {
    const names = MATRICES_OF[step];
    const isMasked = names.some((name) => name === 'scores' || name === 'weights') && scores.data.includes(-Infinity);
    return html`<p class="scale-key">
      ${names.every((name) => name === 'weights') ? nothing : html`<span>negative<i class="signed" aria-hidden="true"></i>positive</span>`}
      ${names.includes('weights') ? html`<span>weight 0<i class="light" aria-hidden="true"></i>1</span>` : nothing}
      ${isMasked ? html`<span><i class="masked" aria-hidden="true"></i>masked</span>` : nothing}
    </p>`;
  }

  #without(canScores: boolean): TemplateResult {
    return canScores
      ? html`The steps are being computed.`
      : html`This saved run holds weights alone. The steps behind them need query, key and value, which only the model has.`;
  }

  #go(to: number): void {
    const step = STEPS[to];
    if (step !== undefined) this.reader.choose({ step });
  }

  readonly #key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const at = STEPS.indexOf(this.snapshot?.state.step ?? STEPS[0]);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: STEPS.length - 1 }[event.key];
    if (to === undefined || STEPS[to] === undefined) return;
    event.preventDefault();
    this.#follows = true;
    this.#go(to);
  };

  /** The keyboard's focus goes with the step, as soon as it is there. */
  #follows = false;

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const present = this.querySelector<HTMLElement>('[aria-current="step"]');
    if (present === null) return;
    this.#reveal(present);
    if (!this.#follows) return;
    this.#follows = false;
    present.focus({ preventScroll: true });
  }

  /** Where the list is wider than its place, the present step stands in its middle; the page is left alone. */
  #reveal(present: HTMLElement): void {
    const list = present.closest('ol');
    if (list === null) return;
    const from = list.getBoundingClientRect();
    const to = present.getBoundingClientRect();
    list.scrollLeft += to.left + to.width / 2 - (from.left + from.width / 2);
  }
}

define('attn-step-bar', StepBar);

export const stepBarStyles = css`
  attn-step-bar {
    display: none;
  }
  .view-steps attn-step-bar {
    grid-column: 1 / -1;
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 8px 24px;
    min-width: 0;
  }
  .stepper {
    grid-column: 1 / -1;
    display: flex;
    align-items: center;
    gap: 10px;
    min-width: 0;
    font-size: 0.8125rem;
  }
  .stepper > button {
    flex: none;
  }
  .stepper ol {
    flex: 0 1 auto;
    display: flex;
    align-items: stretch;
    min-width: 0;
    margin: 0;
    padding: 3px;
    overflow-x: auto;
    scrollbar-width: none;
    list-style: none;
  }
  .stepper li {
    flex: none;
    display: flex;
    align-items: center;
  }
  .stepper li + li::before {
    content: '';
    width: 10px;
    border-top: 1px solid var(--line);
  }
  .stepper li button {
    padding: 2px 8px;
    border-color: transparent;
    background: none;
    font-weight: 600;
  }
  .stepper li.between button {
    color: var(--muted);
    font-weight: 400;
  }
  .stepper li button:hover {
    background: var(--hover);
  }
  .stepper li button[aria-current='step'] {
    border-color: var(--accent);
    background: var(--hover);
    color: var(--ink);
    font-weight: 600;
  }
  .stepper .number {
    display: grid;
    place-items: center;
    width: 18px;
    height: 18px;
    border: 1px solid var(--line);
    border-radius: 50%;
    font-size: 0.6875rem;
    font-weight: 400;
    color: var(--muted);
  }
  attn-step-bar .cut {
    grid-column: 1 / -1;
    margin: 0;
    font-size: var(--small);
  }
  .scale-key {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 14px;
    margin: 4px 0 0;
    color: var(--muted);
    font-size: var(--small);
  }
  .scale-key span {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    white-space: nowrap;
  }
  .scale-key i {
    width: 40px;
    height: 10px;
    border: 1px solid var(--line);
    border-radius: 2px;
    forced-color-adjust: none;
  }
  .scale-key .signed {
    background: linear-gradient(to right, var(--negative), var(--zero), var(--positive));
  }
  .scale-key .light {
    background: linear-gradient(to right, var(--zero), var(--light));
  }
  .scale-key .masked {
    width: 16px;
    background: repeating-linear-gradient(135deg, var(--muted) 0 1px, transparent 1px 5px) var(--ground);
  }
  attn-step-bar .does {
    max-width: 92ch;
    min-height: 2.9em;
    margin: 0;
    font-size: 1rem;
    text-wrap: pretty;
  }
  .weight {
    color: var(--light);
  }
  @container viewer (max-width: 1000px) {
    .stepper li + li::before {
      width: 3px;
    }
    .stepper li button {
      padding: 2px 6px;
    }
  }
  @container viewer (max-width: 700px) {
    .stepper {
      flex-wrap: wrap;
      justify-content: space-between;
      gap: 4px 8px;
    }
    .stepper ol {
      order: -1;
      flex: 1 0 100%;
    }
    .stepper > button {
      flex: 1;
    }
    attn-step-bar .does,
    .scale-key {
      grid-column: 1 / -1;
    }
    attn-step-bar .does {
      min-height: 4.4em;
      font-size: 0.9375rem;
    }
  }
  @media (forced-colors: active) {
    .stepper li button[aria-current='step'] {
      outline: 2px solid Highlight;
    }
  }
`;
