/** Heads switched off one by one: where each of them looks from the last token, and whether the prediction needed it. */
import { html, type TemplateResult } from 'lit';
import type { Engine, Intervention, Run } from '../../engine/types';
import type { Snapshot } from '../../session/snapshot';
import { candidateLabels } from '../../state/generation';
import { labelOf } from '../../state/labels';
import { define } from '../define';
import { say, t } from '../words/words';
import { expectedList, probability } from './expected';
import { Figure } from './figure';
import { noLinks, type Stage, theLesson } from './lesson';
import { bar, count, share, tokenName } from './marks';
import { strongestOf } from './sources';
import { type Change, changes, type HeadOff, predicted, TRIALS, type Trial } from './trials';
import { GREEDY } from './writing';

const ROWS = 5;
/** Among so many a token of the other run is looked for. */
const CANDIDATES = 1000;

interface Data {
  readonly trial: Trial;
  readonly run: Run;
  readonly changes: readonly Change[];
  /** Of each head of the trial, in the run without changes: the word it looks at most from the last token. */
  readonly looks: readonly { readonly key: number; readonly weight: number }[];
  /** How many heads were off. */
  readonly off: number;
}

export class GuideOff extends Figure<Data> {
  #trial: Trial = TRIALS[0];
  #off: readonly HeadOff[] = [];

  protected override get stage(): Stage {
    return theLesson().generator;
  }

  protected override sees({ model }: Snapshot): readonly unknown[] | null {
    return model === null ? null : [model, this.#trial, this.#off];
  }

  protected override async ask(): Promise<Data> {
    const trial = this.#trial;
    const { text, heads } = trial;
    const off = this.#off;
    const interventions = off.map(({ layer, head }): Intervention => ({ kind: 'head-off', layer, head }));
    return this.stage.experiment([{ text }, { text, interventions }], async (engine, [run, changed]) => {
      if (run === undefined || changed === undefined) throw new Error('An experiment without runs.');
      const row = await rowOf(engine, run);
      return {
        trial,
        run,
        changes: changes(await nextOf(engine, run), await nextOf(engine, changed), ROWS),
        looks: heads.map(({ layer, head }) => strongestOf(run, row, layer * run.model.nHeads + head)),
        off: off.length,
      };
    });
  }

  protected override draw({ trial, run, changes, looks, off }: Data): TemplateResult {
    const names = candidateLabels(changes.map(({ candidate }) => candidate));
    const rows = changes.map(({ before, after }, i) => ({
      name: names[i] ?? '',
      probabilities: [before, after],
    }));
    return html`
      <figure class="off-figure">
        <div class="tools" role="group" aria-label=${t('off.trials')}>
          ${TRIALS.map(
            (each) => html`<button type="button" class="tool" aria-pressed=${each === this.#trial ? 'true' : 'false'}
              @click=${() => this.#choose(each, [])}>${t(`off.${each.name}`)}</button>`,
          )}
        </div>
        <p class="quoted"><bdi>${trial.text}</bdi> <span aria-hidden="true">…</span></p>
        <div class="desk">
          <div>
            <h3>${say('off.heads', { token: tokenName(run, run.tokens.length - 1) })}</h3>
            <ul class="heads-off">
              ${trial.heads.map((each, i) => html`<li>${this.#switch(run, each, looks[i])}</li>`)}
            </ul>
            <button type="button" class="tool" aria-disabled=${this.#off.length === 0 ? 'true' : 'false'}
              @click=${() => this.#off.length > 0 && this.#choose(this.#trial, [])}>${t('off.restore')}</button>
          </div>
          <div>
            <h3>${t('off.next')}</h3>
            <p class="key-of"><span class="before">${t('off.before')}</span> <span class="after">${say('off.after', { n: count(off) })}</span></p>
            ${expectedList(rows, t('off.next'))}
          </div>
        </div>
        <figcaption>${this.#reading(run, changes, names, off)}</figcaption>
      </figure>
    `;
  }

  #switch(run: Run, each: HeadOff, look: Data['looks'][number] | undefined): TemplateResult {
    const { layer, head } = each;
    const isOff = this.#off.includes(each);
    const off = isOff ? this.#off.filter((other) => other !== each) : [...this.#off, each];
    return html`<button type="button" class="tool" role="switch" aria-checked=${isOff ? 'false' : 'true'} @click=${() => this.#choose(this.#trial, off)}>
      <span class="place">L${layer} H${head}</span>
      <bdi class="word">${labelOf(run.tokens[look?.key ?? -1])}</bdi>
      <svg viewBox="0 0 120 8" preserveAspectRatio="none" aria-hidden="true">${bar(look?.weight ?? 0, 0, 0, 120)}</svg>
      <span class="amount">${share(look?.weight ?? 0, { name: 'weight' })}</span>
      <span class="state">${t(isOff ? 'off.is-off' : each.control === true ? 'off.is-control' : 'off.is-on')}</span>
    </button>`;
  }

  #reading(run: Run, changes: readonly Change[], names: readonly string[], off: number): unknown {
    const which = predicted(changes);
    const word = html`<bdi class="word">${names[which]}</bdi>`;
    const before = probability(changes[which]?.before ?? 0);
    if (off === 0) return say('off.none', { word, before });
    const after = probability(changes[which]?.after ?? 0);
    return say('off.reading', {
      word,
      before,
      after,
      n: count(off),
      total: count(run.model.nLayers * run.model.nHeads),
    });
  }

  #choose(trial: Trial, off: readonly HeadOff[]): void {
    this.#trial = trial;
    this.#off = off;
    this.again();
    this.requestUpdate();
  }
}

const nextOf = (engine: Engine, run: Run) => engine.next(run.id, run.tokens.length - 1, CANDIDATES, GREEDY);

const rowOf = (engine: Engine, run: Run) => engine.row(run.id, run.tokens.length - 1, noLinks(run));

define('guide-off', GuideOff);
