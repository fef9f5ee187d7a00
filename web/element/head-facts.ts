/** What the chosen head does on this text, in numbers with their definitions, and what can be done with it. */
import { css, html, nothing, type TemplateResult } from 'lit';
import type { HeadMetrics, Intervention } from '../engine/types';
import type { RunView } from '../session/snapshot';
import {
  concernsHead,
  intervene,
  interventionInWords,
  sameIntervention,
  withIntervention,
  withoutIntervention,
} from '../state/interventions';
import { hasLane, headName, toggleLane } from '../state/lanes';
import { METRICS, type Metric, metricOf, type Role, rolesOf } from '../state/metrics';
import { type HeadPlace, MOST_LANES, type ViewerState } from '../state/state';
import { type OrderWords, orderWords } from '../state/wall-order';
import { define } from './define';
import { Panel } from './panel';
import { measured } from './printed';

/** What a forward pass can be made to do to one head, in words for a button. */
const CHANGES = [
  { kind: 'head-off', name: 'Switch off', why: 'Its mixed values become 0 in every position' },
  { kind: 'head-uniform', name: 'Make uniform', why: 'Every token looks at all that it sees alike' },
  {
    kind: 'head-mean',
    name: 'Replace by its mean',
    why: 'Each position gets the mean of its mixed values over the text',
  },
] as const;

export class HeadFacts extends Panel {
  static override properties = { ...Panel.properties, comparing: { state: true } };

  /** Whether a head to compare with is being chosen. */
  declare comparing: boolean;

  constructor() {
    super();
    this.comparing = false;
  }

  protected override sees(): readonly unknown[] {
    const { state, comparison } = this.snapshot ?? {};
    const { overview, selection, effect } = this.shown ?? {};
    return [overview, selection, effect, comparison, state?.interventions, state?.lanes, state?.compare];
  }

  protected override render(): TemplateResult {
    const shown = this.shown;
    const state = this.snapshot?.state;
    if (shown === undefined || state === undefined)
      return html`<p class="muted empty">What the chosen head does appears here.</p>`;
    const { selection, overview, run } = shown;
    const head = { layer: selection.layer, head: selection.head };
    const metrics = overview.metrics[head.layer * run.model.nHeads + head.head];
    return html`
      <section class="about-head" aria-label="The chosen head">
        <h2 class="heading">Layer ${head.layer}, head ${head.head} <span class="muted">on this text</span></h2>
        ${this.#changes(shown, head)}
        ${metrics === undefined ? nothing : [this.#roles(metrics), this.#numbers(shown, head, metrics)]}
        ${this.#actions(shown, state, head)}
      </section>
    `;
  }

  /** What of the forward pass was changed in this head: its numbers are not the model's own then. */
  #changes({ run }: RunView, { layer, head }: HeadPlace): TemplateResult | typeof nothing {
    const changes = run.interventions.filter((one) => concernsHead(one, layer, head));
    if (changes.length === 0) return nothing;
    return html`<p class="changed"><span class="mark">changed by you</span> ${changes.map((one) => interventionInWords(one, run)).join('; ')}.</p>`;
  }

  #roles(metrics: HeadMetrics): TemplateResult {
    const roles = rolesOf(metrics);
    if (roles.length === 0)
      return html`<p class="no-role muted">No number is high enough to give this head a role on this text.</p>`;
    return html`<ul class="roles" aria-label="Roles on this text">
      ${roles.map((role) => this.#role(role))}
    </ul>`;
  }

  #role({ label, metric, value, threshold }: Role): TemplateResult {
    const { unit, definition } = metricOf(metric);
    return html`<li>
      <strong>${label}</strong> ${measured(value, unit)}
      <span class="muted">(named so from ${measured(threshold, unit)}). ${definition}</span>
    </li>`;
  }

  #numbers({ effect, run }: RunView, head: HeadPlace, metrics: HeadMetrics): TemplateResult {
    const at = head.layer * run.model.nHeads + head.head;
    const change = this.snapshot?.comparison?.distance.heads?.[at];
    const further = [
      ...(change === undefined ? [] : [{ words: orderWords('change'), value: change }]),
      ...(effect === null ? [] : [{ words: orderWords('effect'), value: effect[at] ?? null }]),
    ];
    const [first] = METRICS.filter(({ name }) => name === 'first');
    return html`
      <div class="numbers">
        ${METRICS.filter((metric) => metric !== first).map((metric) => this.#number(metric.name, metric, metrics[metric.name]))}
        ${further.map(({ words, value }) => (words === null ? nothing : this.#number(words.order, words, value)))}
      </div>
      ${
        first === undefined
          ? nothing
          : html`<div class="numbers apart">
              ${this.#number(first.name, first, metrics.first)}
              <p class="muted">Shown apart: heads rest there when a text gives them nothing to do.</p>
            </div>`
      }
    `;
  }

  /** A name and a number; its definition on demand. */
  #number(name: string, words: Metric | OrderWords, value: number | null): TemplateResult {
    const hasBar = value !== null && (words.unit === 'share' || words.unit === 'entropy' || words.unit === 'distance');
    return html`<details class="measure">
      <summary>
        <span class="what">${words.label}</span>
        ${hasBar ? html`<span class="share" aria-hidden="true" .style=${`--share: ${value}`}></span>` : nothing}
        <span class="figure">${measured(value, words.unit, { name })}</span>
      </summary>
      <p class="muted">${words.definition}${value === null ? html` Not measurable here: ${words.lacking}.` : nothing}</p>
    </details>`;
  }

  #actions({ run, selection }: RunView, state: ViewerState, head: HeadPlace): TemplateResult {
    const isModel = run.backend.source === 'model';
    const isLane = hasLane(state.lanes, head);
    const isFull = !isLane && state.lanes.length >= MOST_LANES;
    return html`
      <div class="head-actions" role="group" aria-label="What to do with this head">
        ${isModel ? CHANGES.map(({ kind, name, why }) => this.#change({ kind, ...head }, name, why, state)) : nothing}
        <button
          aria-pressed=${isLane ? 'true' : 'false'}
          ?disabled=${isFull}
          title=${isFull ? `At most ${MOST_LANES} lanes: remove one first` : 'Lanes are what the Heads view shows'}
          @click=${() => this.reader.choose({ lanes: toggleLane(state.lanes, head) })}
        >${isLane ? 'Remove lane' : 'Add lane'}</button>
        ${
          state.compare?.kind === 'head'
            ? html`<button @click=${() => this.reader.choose({ compare: null })}>Stop comparing with ${headName(state.compare)}</button>`
            : html`<button
                aria-expanded=${this.comparing ? 'true' : 'false'}
                @click=${() => {
                  this.comparing = !this.comparing;
                }}
              >Compare with…</button>`
        }
      </div>
      ${this.comparing && state.compare?.kind !== 'head' ? this.#partners(run.model, selection) : nothing}
      ${isModel ? nothing : html`<p class="muted">A saved run holds no weights: open its model to switch heads off.</p>`}
    `;
  }

  #change(added: Intervention, name: string, why: string, state: ViewerState): TemplateResult {
    const { interventions } = state;
    const isOn = interventions.some((one) => sameIntervention(one, added));
    return html`<button
      aria-pressed=${isOn ? 'true' : 'false'}
      title=${why}
      @click=${() => this.reader.choose(intervene(state, isOn ? withoutIntervention(interventions, added) : withIntervention(interventions, added)))}
    >${name}</button>`;
  }

  #partners({ nLayers, nHeads }: { nLayers: number; nHeads: number }, chosen: HeadPlace): TemplateResult {
    const next = (chosen.head + 1) % nHeads;
    const choice = (name: string, n: number, at: number) => html`<label>
      <span>${name}</span>
      <input type="number" name=${name} min="0" max=${n - 1} step="1" required .value=${String(at)} />
    </label>`;
    return html`<form class="partners" @submit=${this.#compare}>
      ${choice('layer', nLayers, chosen.layer)} ${choice('head', nHeads, next)}
      <button type="submit">Compare</button>
    </form>`;
  }

  readonly #compare = (event: SubmitEvent): void => {
    event.preventDefault();
    const chosen = new FormData(event.target as HTMLFormElement);
    this.comparing = false;
    this.reader.choose({
      compare: { kind: 'head', layer: Number(chosen.get('layer')), head: Number(chosen.get('head')) },
    });
  };
}

define('attn-head-facts', HeadFacts);

export const headFactsStyles = css`
  attn-head-facts {
    overflow-y: auto;
    overscroll-behavior: contain;
    scrollbar-width: thin;
    scrollbar-color: var(--line) transparent;
  }
  .about-head {
    display: grid;
    gap: 12px;
    padding: 16px;
  }
  .about-head p {
    margin: 0;
  }
  .about-head .heading .muted {
    font-weight: 400;
  }
  .about-head .changed {
    padding: 6px 10px;
    border: 1px solid var(--line);
    border-inline-start: 3px solid var(--accent);
    border-radius: var(--radius);
  }
  .about-head .roles {
    display: grid;
    gap: 6px;
    margin: 0;
    padding: 0;
    list-style: none;
    font-size: 0.8125rem;
  }
  .about-head .roles strong {
    color: var(--light);
  }
  .about-head .roles data {
    font-weight: 600;
  }
  .about-head .roles .muted data {
    font-weight: 400;
  }
  .about-head .numbers {
    border-top: 1px solid var(--line);
  }
  .about-head .numbers.apart {
    padding: 0 10px 8px;
    border: 1px dashed var(--line);
    border-radius: var(--radius);
  }
  .about-head .numbers.apart .measure {
    border: 0;
  }
  .about-head .numbers.apart > p {
    font-size: 0.75rem;
  }
  .about-head .measure {
    border-bottom: 1px solid var(--line);
  }
  .about-head .measure summary {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 72px 7.2em;
    align-items: center;
    gap: 10px;
    min-height: var(--target);
    font-size: 0.8125rem;
    cursor: pointer;
    list-style: none;
  }
  .about-head .measure summary::-webkit-details-marker {
    display: none;
  }
  .about-head .measure summary:hover .what {
    text-decoration: underline;
    text-decoration-style: dotted;
    text-underline-offset: 3px;
  }
  .about-head .measure .what {
    padding-inline-start: 1.1em;
    text-indent: -1.1em;
  }
  .about-head .measure .what::before {
    content: '▸';
    display: inline-block;
    width: 1.1em;
    text-indent: 0;
    color: var(--muted);
    transition: transform var(--quick) var(--ease);
  }
  .about-head .measure[open] .what::before {
    transform: rotate(90deg);
  }
  .about-head .measure .figure {
    grid-column: 2 / -1;
    white-space: nowrap;
    text-align: end;
    font-weight: 600;
  }
  .about-head .measure .share + .figure {
    grid-column: 3;
  }
  .about-head .measure p {
    padding: 0 0 8px 12px;
    font-size: 0.75rem;
  }
  .about-head .share {
    height: 6px;
    border-radius: 3px;
    background: linear-gradient(var(--light), var(--light)) no-repeat 0 / calc(var(--share) * 100%) 100% var(--raised);
    box-shadow: inset 0 0 0 1px var(--line);
  }
  .about-head .head-actions,
  .about-head .partners {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px;
    font-size: 0.8125rem;
  }
  .about-head .head-actions button[aria-pressed='true'] {
    background: var(--ink);
    border-color: var(--ink);
    color: var(--ground);
  }
  .about-head .partners label {
    display: inline-flex;
    align-items: center;
    gap: 4px;
  }
  @media (forced-colors: active) {
    .about-head .share {
      forced-color-adjust: none;
      background-color: Canvas;
    }
  }
`;
