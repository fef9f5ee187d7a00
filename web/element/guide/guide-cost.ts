/** What longer texts cost: weights counted exactly, and two times measured in the reader's own browser, each against length. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Engine, Run } from '../../engine/types';
import type { Snapshot } from '../../session/snapshot';
import { define } from '../define';
import { say, t } from '../words/words';
import { type Cost, LENGTHS, LONGEST, median, repeated, timesOf, weightCount } from './costs';
import { Figure } from './figure';
import { growthPlot } from './growth';
import { count, number } from './marks';

export class GuideCost extends Figure<Run> {
  #costs: readonly Cost[] = [];
  /** The length that is being measured; null: nothing is. */
  #at: number | null = null;
  #stop = new AbortController();
  #run: Run | null = null;

  override disconnectedCallback(): void {
    this.#stop.abort();
    super.disconnectedCallback();
  }

  protected override sees({ runs: [shown] }: Snapshot): readonly unknown[] | null {
    return shown === undefined ? null : [shown.run];
  }

  protected override ask({ runs }: Snapshot): Run {
    const run = (runs[0] as Snapshot['runs'][number]).run;
    // Measurements are of one sentence: with another, they begin again. The same text from the model is the same sentence.
    if (run.text !== this.#run?.text) {
      this.#stop.abort();
      this.#costs = [];
    }
    this.#run = run;
    return run;
  }

  protected override draw(run: Run): TemplateResult {
    const { nLayers, nHeads } = run.model;
    const last = this.#costs.at(-1);
    const isMeasuring = this.#at !== null;
    const can = this.stage.snapshot.model !== null;
    return html`
      <figure class="cost-figure">
        <div class="tools">
          <button type="button" class="tool" aria-disabled=${can || isMeasuring ? 'false' : 'true'}
            @click=${() => (isMeasuring ? this.#stop.abort() : can && void this.#measure(run, LENGTHS))}>
            ${isMeasuring ? t('cost.stop') : t('cost.measure')}</button>
          <button type="button" class="tool" aria-disabled=${can && !isMeasuring && this.#costs.length === LENGTHS.length ? 'false' : 'true'}
            @click=${() => can && !isMeasuring && this.#costs.length === LENGTHS.length && void this.#measure(run, [LONGEST], this.#costs)}>
            ${t('cost.more', { n: LONGEST })}</button>
          <progress class=${isMeasuring ? '' : 'idle'} max=${LENGTHS.length} value=${Math.min(this.#costs.length, LENGTHS.length)} aria-label=${t('cost.progress')}></progress>
          <span role="status">${this.#at === null ? nothing : say('cost.running', { n: count(this.#at) })}</span>
        </div>
        <div class="desk">
          ${growthPlot(this.#costs, run.model)}
          <div class="wide" tabindex="0" role="group" aria-label=${t('cost.table')}>
            <table>
              <thead>
                <tr><th scope="col" class="amount">${t('cost.tokens')}</th><th scope="col" class="amount">${t('cost.weights')}</th><th scope="col" class="amount">${t('cost.forward')}</th><th scope="col" class="amount">${t('cost.again')}</th></tr>
              </thead>
              <tbody>${[...LENGTHS, LONGEST].map((length, i) => this.#row(run, length, this.#costs[i]))}</tbody>
            </table>
          </div>
        </div>
        <figcaption>${
          last === undefined
            ? say('cost.before', { heads: count(nHeads), layers: count(nLayers) })
            : say('cost.reading', {
                n: count(last.nTokens),
                forward: number(last.forwardMs, { name: 'forward' }),
                again: number(last.weightsMs, { name: 'weights' }),
              })
        }</figcaption>
      </figure>
    `;
  }

  #row(run: Run, length: number, cost: Cost | undefined): TemplateResult {
    const n = cost?.nTokens ?? length;
    const ms = (value: number | undefined) => (value === undefined ? '–' : html`${number(value)} ms`);
    return html`<tr><td class="amount">${count(n)}</td><td class="amount">${count(weightCount(n, run.model))}</td>
      <td class="amount">${ms(cost?.forwardMs)}</td><td class="amount">${ms(cost?.weightsMs)}</td></tr>`;
  }

  async #measure(run: Run, lengths: readonly number[], before: readonly Cost[] = []): Promise<void> {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#costs = before;
    this.failure = null;
    try {
      for (const length of lengths) {
        this.#at = length;
        this.requestUpdate();
        const text = repeated(run, length);
        if (text === '') throw new Error(t('cost.empty'));
        const asked = Array.from({ length: timesOf(length) }, () => ({ text }));
        const cost = await this.stage.experiment(asked, (engine, runs) => costOf(engine, runs, signal));
        signal.throwIfAborted();
        this.#costs = [...this.#costs, cost];
      }
    } catch (error) {
      if (!signal.aborted) this.failure = error instanceof Error ? error.message : String(error);
    }
    if (signal !== this.#stop.signal) return; // A newer measurement goes on.
    this.#at = null;
    this.requestUpdate();
  }
}

async function costOf(engine: Engine, runs: readonly Run[], signal: AbortSignal): Promise<Cost> {
  const again: number[] = [];
  for (const { id } of runs) {
    const start = performance.now();
    await engine.verify(id, { signal });
    again.push(performance.now() - start);
  }
  return {
    nTokens: runs[0]?.tokens.length ?? 0,
    forwardMs: median(runs.map(({ computeMs }) => computeMs)),
    weightsMs: median(again),
  };
}

define('guide-cost', GuideCost);
