/** One pass over the reader's sentence against a pass for each token of it, both measured on the generating model. */
import { html, type TemplateResult } from 'lit';
import type { Run } from '../../engine/types';
import type { Snapshot } from '../../session/snapshot';
import { define } from '../define';
import { say, t } from '../words/words';
import { Figure } from './figure';
import { type Asked, type Stage, theLesson } from './lesson';
import { count, number } from './marks';

/** The first so many tokens: each of the passes is kept until all are done. */
const MOST = 24;

interface Measured {
  readonly text: string;
  readonly nTokens: number;
  readonly onePassMs: number;
  readonly tokenByTokenMs: number;
}

export class GuidePasses extends Figure<null> {
  #measured: Measured | null = null;
  #isMeasuring = false;

  protected override get stage(): Stage {
    return theLesson().generator;
  }

  protected override sees({ model }: Snapshot): readonly unknown[] | null {
    return model === null ? null : [];
  }

  protected override ask(): null {
    return null;
  }

  protected override draw(): TemplateResult {
    const measured = this.#measured;
    const ms = (value: number | undefined) => (value === undefined ? '–' : html`${number(value)} ms`);
    return html`
      <figure class="passes-figure">
        <div class="tools">
          <button type="button" class="tool" aria-disabled=${this.#isMeasuring ? 'true' : 'false'} @click=${this.#measure}>
            ${t(this.#isMeasuring ? 'passes.running' : 'passes.measure')}</button>
        </div>
        <p class="what"><bdi>${measured?.text ?? ''}</bdi></p>
        <div class="wide" tabindex="0" role="group" aria-label=${t('passes.name')}>
          <table>
            <thead>
              <tr><td></td><th scope="col" class="amount">${t('passes.passes')}</th><th scope="col" class="amount">${t('passes.tokens')}</th><th scope="col" class="amount">${t('passes.time')}</th></tr>
            </thead>
            <tbody>
              <tr><th scope="row">${t('passes.at-once')}</th><td class="amount">${count(1)}</td><td class="amount">${measured === null ? 'n' : count(measured.nTokens)}</td><td class="amount">${ms(measured?.onePassMs)}</td></tr>
              <tr><th scope="row">${t('passes.one-by-one')}</th><td class="amount">${measured === null ? 'n' : count(measured.nTokens)}</td><td class="amount">${count(1)}</td><td class="amount">${ms(measured?.tokenByTokenMs)}</td></tr>
            </tbody>
          </table>
        </div>
        <figcaption>${measured === null ? t('passes.before') : say('passes.reading', { n: count(measured.nTokens) })}</figcaption>
      </figure>
    `;
  }

  readonly #measure = async (): Promise<void> => {
    if (this.#isMeasuring) return;
    this.#isMeasuring = true;
    this.requestUpdate();
    try {
      this.#measured = await measure(this.stage, theLesson().sentence.snapshot.state.text);
      this.failure = null;
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    }
    this.#isMeasuring = false;
    this.requestUpdate();
  };
}

/** First all of it in one pass; then, when that is forgotten, its beginnings, each of which goes on from the one before. */
async function measure(stage: Stage, text: string): Promise<Measured> {
  const timesOf = (asked: readonly Asked[]) => stage.experiment(asked, async (_, runs) => runs);
  const whole = await stage.experiment([{ text }], async (_, [run]) => run as Run);
  const tokens = whole.tokens.slice(0, MOST);
  const cut = text.slice(0, tokens.at(-1)?.end ?? text.length);
  const ids = tokens.map(({ id }) => id ?? 0);
  const [all] = await timesOf([{ text: cut }]);
  const beginning = text.slice(0, tokens[0]?.end ?? 0);
  const steps = await timesOf(tokens.map((_, i) => ({ text: beginning, generated: ids.slice(1, i + 1) })));
  const isFair =
    all?.reused === 0 &&
    all.tokens.length === tokens.length &&
    steps.every(({ tokens, reused }, i) => tokens.length === i + 1 && reused === i);
  if (all === undefined || !isFair) throw new Error(t('passes.unfair'));
  return {
    text: cut,
    nTokens: tokens.length,
    onePassMs: all.computeMs,
    tokenByTokenMs: steps.reduce((sum, { computeMs }) => sum + computeMs, 0),
  };
}

define('guide-passes', GuidePasses);
