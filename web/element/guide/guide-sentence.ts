/** The reader's sentence, carried through the whole guide: its text, its tokens, which of them looks, and the model's state. */
import { html, type nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import type { Snapshot } from '../../session/snapshot';
import { labelOf } from '../../state/labels';
import { formatBytes } from '../../state/numbers';
import { define } from '../define';
import { bytes } from '../printed';
import { say, t } from '../words/words';
import { Figure } from './figure';
import { theLesson } from './lesson';

export class GuideSentence extends Figure<null> {
  protected override sees(snapshot: Snapshot): readonly unknown[] | null {
    return snapshot.runs[0] === undefined && snapshot.error === null ? null : [];
  }

  protected override ask(): null {
    return null;
  }

  protected override draw(_: null, snapshot: Snapshot): TemplateResult {
    const { state, runs, status } = snapshot;
    const shown = runs[0];
    const run = shown?.run;
    const { example } = theLesson();
    const isBusy = status === 'running';
    return html`
      <div class="sentence">
        <div class="write">
          <label class="unseen" for="guide-text">${t('sentence.label')}</label>
          <input
            id="guide-text"
            type="text"
            dir="auto"
            autocomplete="off"
            spellcheck="false"
            maxlength="2000"
            placeholder=${t('sentence.label')}
            value=${example}
            .value=${live(state.text)}
            @input=${(event: InputEvent) => this.#type((event.target as HTMLInputElement).value)}
          />
          <button
            type="button"
            class="control reset"
            ?disabled=${state.text === example}
            @click=${() => this.#type(example)}
          >${t('sentence.reset')}</button>
        </div>
        <div class="chips" role="listbox" tabindex="-1" aria-label=${t('sentence.tokens')} aria-orientation="horizontal" @keydown=${this.#key}>
          ${run?.tokens.map(
            (token) => html`<div
              role="option"
              class=${`chip${token.special ? ' special' : ''}${token.index === shown?.selection.key ? ' seen' : ''}`}
              data-index=${token.index}
              aria-selected=${token.index === shown?.selection.query ? 'true' : 'false'}
              tabindex=${token.index === shown?.selection.query ? 0 : -1}
              @click=${() => this.stage.change({ query: token.index })}
              @pointerenter=${() => this.stage.point({ query: token.index })}
              @pointerleave=${() => this.stage.point(null)}
            ><bdi>${labelOf(token)}</bdi></div>`,
          )}
        </div>
        <p class="state" data-now role="status" aria-busy=${isBusy ? 'true' : 'false'}>${this.#state(snapshot)}</p>
      </div>
    `;
  }

  #state({ error, model, progress, runs, status }: Snapshot): TemplateResult | readonly unknown[] | typeof nothing {
    const { started, source } = this.stage;
    if (error !== null && model !== null) return say('sentence.refused', { why: error.message });
    if (error !== null && !started)
      return html`${say('sentence.model.failed', { why: error.message })}
        <button type="button" class="link" @click=${() => void this.stage.start().catch(() => {})}>${t('sentence.model.retry')}</button>`;
    if (model !== null && runs[0]?.run.backend.source === 'model')
      return status === 'running' ? say('sentence.running') : say('sentence.model.ready', { name: model.name });
    if (progress?.phase === 'download')
      return html`<progress max=${source.bytes} value=${progress.received}></progress> ${say('sentence.model.loading', {
        received: formatBytes(progress.received),
        total: formatBytes(progress.total || source.bytes),
      })}`;
    return say('sentence.model.waiting', { size: bytes(source.bytes) });
  }

  /** The token that looks is in sight, however long the sentence is; the page itself stays where it is. */
  protected override updated(): void {
    const query = this.stage.snapshot.runs[0]?.selection.query;
    if (query === this.#inSight) return;
    this.#inSight = query;
    const chips = this.querySelector<HTMLElement>('.chips');
    const chip = chips?.querySelector<HTMLElement>('[aria-selected=true]');
    if (chips == null || chip == null) return;
    const [start, end] = [chip.offsetLeft - chips.offsetLeft, chip.offsetLeft - chips.offsetLeft + chip.offsetWidth];
    if (start < chips.scrollLeft || end > chips.scrollLeft + chips.clientWidth)
      chips.scrollLeft = start - (chips.clientWidth - chip.offsetWidth) / 2;
  }
  #inSight: number | undefined;

  #type(text: string): void {
    this.stage.change({ text });
    // Nothing can be run without the model, and typing asks for it.
    if (!this.stage.started) void this.stage.start().catch(() => {});
  }

  readonly #key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const { runs } = this.stage.snapshot;
    const n = runs[0]?.run.tokens.length ?? 0;
    const from = runs[0]?.selection.query ?? 0;
    const to = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: n - 1 }[event.key];
    if (to === undefined || n === 0) return;
    event.preventDefault();
    const query = Math.min(Math.max(to, 0), n - 1);
    this.stage.change({ query });
    this.querySelector<HTMLElement>(`[data-index="${query}"]`)?.focus();
  };
}

define('guide-sentence', GuideSentence);
