/** A race over the reader's sentence: a recurrence, a step for each token, against one attention layer; and the path between two tokens. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import type { Run } from '../../engine/types';
import type { RunView, Snapshot } from '../../session/snapshot';
import { labelOf, tokenLabel } from '../../state/labels';
import { define } from '../define';
import { say, t } from '../words/words';
import { Figure } from './figure';
import { count, stretch, tokenName } from './marks';

const MOST = 16;
/** How long a step takes to watch; what a machine needs for one is another matter. */
const STEP_MS = 120;
const ROW = 24;
const TOP = 34;
const LEFT = 112;
const PITCH = 13;
const RIGHT = 346;

export class GuideRace extends Figure<RunView> {
  /** How many steps have been taken; null: the race is over, or has not begun. */
  #step: number | null = null;
  #clock: ReturnType<typeof setInterval> | undefined;
  #raced: Run | null = null;

  override disconnectedCallback(): void {
    this.#end();
    super.disconnectedCallback();
  }

  protected override sees({ runs: [shown] }: Snapshot): readonly unknown[] | null {
    return shown === undefined ? null : [shown.run, shown.selection.query, shown.selection.key];
  }

  protected override ask({ runs }: Snapshot): RunView {
    const shown = runs[0] as RunView;
    if (shown.run !== this.#raced) this.#end();
    return shown;
  }

  protected override draw({ run, selection: { query, key } }: RunView): TemplateResult {
    const n = run.tokens.length;
    const step = this.#step ?? n;
    const isRacing = this.#step !== null;
    const distance = Math.abs(query - key);
    return html`
      <figure class="race-figure">
        <div class="tools">
          <button type="button" class="tool" @click=${() => (isRacing ? this.#end() : this.#start(run))}>
            ${t(isRacing ? 'race.skip' : 'race.start')}</button>
          ${this.#slider('race.from', run, key, (value) => this.stage.change({ query, key: value }))}
          ${this.#slider('race.to', run, query, (value) => this.stage.change({ query: value, key }))}
        </div>
        <div class="desk">
          ${this.#lanes(run, query, key, step)}
          <table>
            <thead>
              <tr><td></td><th scope="col" class="amount">${t('race.recurrence')}</th><th scope="col" class="amount">${t('race.attention')}</th></tr>
            </thead>
            <tbody>
              <tr><th scope="row">${t('race.steps')}</th><td class="amount">${count(n, { name: 'steps' })}</td><td class="amount">${count(1)}</td></tr>
              <tr><th scope="row">${t('race.taken')}</th><td class="amount">${count(step)}</td><td class="amount">${count(Math.min(1, step))}</td></tr>
              <tr><th scope="row">${t('race.across')}</th><td class="amount">${count(n - 1)}</td><td class="amount">${count(Math.min(1, n - 1))}</td></tr>
              <tr><th scope="row">${say('race.between', { key: tokenName(run, key), query: tokenName(run, query) })}</th>
                <td class="amount">${count(distance, { name: 'path' })}</td><td class="amount">${count(Math.min(1, distance))}</td></tr>
            </tbody>
          </table>
        </div>
        <figcaption>
          ${say('race.reading', { n: count(n), layers: count(run.model.nLayers) })}
          ${key > query ? say('race.backwards', { key: tokenName(run, key), query: tokenName(run, query) }) : nothing}
          ${n > MOST ? say('race.part', { shown: count(MOST), n: count(n) }) : nothing}
        </figcaption>
      </figure>
    `;
  }

  #slider(label: 'race.from' | 'race.to', run: Run, value: number, choose: (value: number) => void): TemplateResult {
    return html`<label class="slide"><span>${say(label, { token: tokenName(run, value) })}</span>
      <input type="range" min="0" max=${run.tokens.length - 1} value=${value} .value=${live(String(value))}
        aria-valuetext=${labelOf(run.tokens[value])}
        @input=${(event: Event) => choose(Number((event.target as HTMLInputElement).value))} /></label>`;
  }

  /** A row for each token; to the right, the steps of the recurrence. */
  #lanes(run: Run, query: number, key: number, step: number): TemplateResult {
    const tokens = stretch(run.tokens.length, this.#step ?? query, MOST);
    const first = tokens[0] ?? 0;
    const last = tokens.at(-1) ?? 0;
    const y = (index: number) => TOP + ROW * (index - first);
    const x = (index: number) => LEFT + PITCH * (index - first);
    const shown = (index: number) => Math.min(Math.max(index, first), last);
    const isOnPath = (index: number) => key <= index && index <= query;
    const [from, to] = [y(shown(key)), y(shown(query))];
    const bend = RIGHT + 16 + Math.min(30, Math.abs(to - from) / 5);
    return html`<svg class="lanes" viewBox=${`0 0 396 ${TOP + ROW * MOST}`} role="img" aria-label=${t('race.name')}>
      <text class="head" x=${LEFT - 4} y="12">${t('race.recurrence')}</text>
      <text class="head end" x="396" y="12">${t('race.attention')}</text>
      ${tokens.map((index) => {
        const state = `${index === query ? ' query' : index === key ? ' key' : ''}`;
        const isDone = index < step;
        return svg`<g class=${`token${state}`}>
          <text x=${LEFT - 18} y=${y(index) + 5}>${tokenLabel(run.tokens[index]!, 12)}</text>
          <path class="rail-line" d=${`M${LEFT - 10} ${y(index)}H${x(index) - 4}M${x(index) + 12} ${y(index)}H${RIGHT - 6}`} />
          ${
            index === last
              ? nothing
              : svg`<path class=${`hop${index + 1 < step ? ' done' : ''}${isOnPath(index) && isOnPath(index + 1) ? ' path' : ''}`}
                  d=${`M${x(index) + 4} ${y(index) + 8}V${y(index + 1)}H${x(index + 1)}`} />`
          }
          <rect class=${`cell${isDone ? ' done' : ''}${isOnPath(index) && key !== query ? ' path' : ''}`}
            x=${x(index)} y=${y(index) - 8} width="8" height="16" rx="2" />
          <rect class=${`cell${step >= 1 ? ' done' : ''}${index === query || index === key ? ' path' : ''}`}
            x=${RIGHT} y=${y(index) - 8} width="8" height="16" rx="2" />
        </g>`;
      })}
      ${step >= 1 && from !== to ? svg`<path class="hop done path" d=${`M${RIGHT + 9} ${from}C${bend} ${from} ${bend} ${to} ${RIGHT + 9} ${to}`} />` : nothing}
    </svg>`;
  }

  #start(run: Run): void {
    this.#raced = run;
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) {
      this.#end();
      return;
    }
    this.#step = 0;
    this.#clock = setInterval(() => {
      this.#step = (this.#step ?? 0) + 1;
      if (this.#step >= run.tokens.length) this.#end();
      this.requestUpdate();
    }, STEP_MS);
    this.requestUpdate();
  }

  #end(): void {
    clearInterval(this.#clock);
    this.#step = null;
    this.requestUpdate();
  }
}

define('guide-race', GuideRace);
