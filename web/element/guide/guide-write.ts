/** The generating model at work: a text of the reader's, what is written after it token by token, and what may come next. */
import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import type { RunView, Snapshot } from '../../session/snapshot';
import { candidateLabels, generatedText } from '../../state/generation';
import { labelOf } from '../../state/labels';
import { define } from '../define';
import { say, t } from '../words/words';
import { expectedList, probability } from './expected';
import { Figure } from './figure';
import { type Stage, theLesson } from './lesson';
import { count, tokenName } from './marks';
import { BY_CHANCE, GREEDY, PROMPTS, writeOn } from './writing';

const MANY = 12;
const CANDIDATES = 6;

export class GuideWrite extends Figure<RunView> {
  protected override get stage(): Stage {
    return theLesson().generator;
  }

  override connectedCallback(): void {
    // Before the model is there, so that its first run is of this text.
    const [first] = PROMPTS;
    if (this.stage.snapshot.state.text === '')
      this.stage.change({ ...writeOn(first.text, first.chat), sampling: GREEDY });
    super.connectedCallback();
  }

  protected override sees({ model, runs: [shown] }: Snapshot): readonly unknown[] | null {
    return model === null || shown?.next == null ? null : [shown];
  }

  protected override ask({ runs }: Snapshot): RunView {
    return runs[0] as RunView;
  }

  protected override draw(shown: RunView, { state, generating, error }: Snapshot): TemplateResult {
    const { run, selection, end } = shown;
    const next = shown.next ?? [];
    const names = candidateLabels(next);
    const follows = run.tokens[selection.query + 1]?.id;
    const rows = next.slice(0, CANDIDATES).map(({ id, probability }, i) => ({
      name: names[i] ?? '',
      probabilities: [probability],
      follows: id === follows,
    }));
    return html`
      <figure class="write-figure">
        <div class="tools" role="group" aria-label=${t('write.prompts')}>
          ${PROMPTS.map(
            ({ name, text, chat }) => html`<button type="button" class="tool"
              aria-pressed=${state.text === text && state.chat === chat ? 'true' : 'false'}
              @click=${() => this.stage.change(writeOn(text, chat))}>${t(`write.${name}`)}</button>`,
          )}
        </div>
        <div class="desk">
          <div>
            <label class="prompt"><span>${t('write.prompt')}</span>
              <textarea rows="3" dir="auto" spellcheck="false" maxlength="1000" placeholder=${PROMPTS[0].text} .value=${live(state.text)}
                @input=${(event: InputEvent) => this.stage.change(writeOn((event.target as HTMLTextAreaElement).value, state.chat))}
              ></textarea></label>
            <label class="check"><input type="checkbox" .checked=${live(state.chat)}
              @input=${() => this.stage.change(writeOn(state.text, !state.chat))} /> ${t('write.chat')}</label>
            ${this.#written(shown)}
          </div>
          <div>
            <h3>${say('write.expected', { token: tokenName(run, selection.query) })}</h3>
            ${expectedList(rows, t('write.candidates', { token: labelOf(run.tokens[selection.query]) }))}
          </div>
        </div>
        ${this.#controls(shown, state.sampling.temperature > 0, generating !== null)}
        <figcaption>
          ${error === null ? this.#reading(shown) : say('sentence.refused', { why: error.message })}
          ${end === null || generating !== null ? nothing : t(`write.${end}`)}
        </figcaption>
        <p class="unseen" role="status">${generating === null ? generatedText(run) : nothing}</p>
      </figure>
    `;
  }

  /** The text as it grows. Nothing but its own white space may stand between the pieces. */
  #written({ run }: RunView): TemplateResult {
    const written = run.tokens.slice(run.tokens.length - run.generated.length);
    return html`<p class="written" dir="auto" tabindex="0" role="group" aria-label=${t('write.text')}><span>${run.text}</span>${run.chat ? html`<br />` : nothing}${written.map(
      (token) =>
        token.special || token.text.includes('\uFFFD')
          ? html`<mark class="sign">${labelOf(token)}</mark>`
          : token.text.trim() === ''
            ? html`<mark class="sign">${labelOf(token)}</mark>${token.text}`
            : html`<mark>${token.text}</mark>`,
    )}</p>`;
  }

  #controls({ run, end }: RunView, isByChance: boolean, isWriting: boolean): TemplateResult {
    const canWrite = end === null;
    // What cannot be done now keeps its place and the focus.
    const button = (name: string, can: boolean, act: () => void) =>
      html`<button type="button" class="tool" aria-disabled=${can ? 'false' : 'true'} @click=${() => can && act()}>${name}</button>`;
    return html`<div class="tools">
      ${button(t('write.one'), canWrite && !isWriting, () => this.stage.generate(1))}
      ${
        isWriting
          ? button(t('write.stop'), true, () => this.stage.pause())
          : button(t('write.many', { n: MANY }), canWrite, () => this.stage.generate(MANY))
      }
      ${button(t('write.again'), run.generated.length > 0 && !isWriting, () => this.#again())}
      <label class="check"><input type="checkbox" .checked=${live(isByChance)}
        @input=${() => this.stage.change({ sampling: isByChance ? GREEDY : BY_CHANCE })} /> ${t('write.chance')}</label>
    </div>`;
  }

  #reading({ run, next, selection }: RunView): unknown {
    const [best] = next ?? [];
    if (best === undefined) return nothing;
    const around = run.tokens
      .slice(0, run.tokens.length - run.generated.length)
      .filter(({ special }) => special).length;
    return html`${say('write.reading', {
      token: tokenName(run, selection.query),
      best: html`<bdi class="word">${labelOf({ ...best, ...NOWHERE })}</bdi>`,
      probability: probability(best.probability),
      n: count(run.generated.length),
      layers: count(run.model.nLayers),
    })} ${run.chat ? say('write.around', { n: count(around) }) : nothing}`;
  }

  /** Back to the text alone; by chance, the next attempt is another one. */
  #again(): void {
    const { text, chat, sampling } = this.stage.snapshot.state;
    this.stage.change({ ...writeOn(text, chat), sampling: { ...sampling, seed: sampling.seed + 1 } });
  }

  protected override updated(): void {
    const page = this.querySelector('.written');
    if (page !== null && this.stage.snapshot.generating !== null) page.scrollTop = page.scrollHeight;
  }
}

/** A candidate has no place in the text yet. */
const NOWHERE = { index: -1, start: null, end: null, special: false };

define('guide-write', GuideWrite);
