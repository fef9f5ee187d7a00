/** The button that loads the generating model, its size said first; several of them in the text are one and the same load. */
import { html, LitElement, type TemplateResult } from 'lit';
import { formatBytes } from '../../state/numbers';
import { define } from '../define';
import { bytes } from '../printed';
import { say, t } from '../words/words';
import { theLesson } from './lesson';

const NAME = 'SmolLM2-135M-Instruct';

export class GuideStart extends LitElement {
  #unsubscribe: (() => void) | null = null;

  protected override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unsubscribe = theLesson().generator.subscribe(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    this.#unsubscribe?.();
    super.disconnectedCallback();
  }

  protected override render(): TemplateResult {
    const { generator } = theLesson();
    const { source, started, snapshot } = generator;
    if (snapshot.model !== null) return html`<p class="start ready">${say('start.ready', { name: NAME })}</p>`;
    if (started) {
      const { received = 0, total = 0 } = snapshot.progress?.phase === 'download' ? snapshot.progress : {};
      return html`<p class="start" role="status">
        <progress max=${source.bytes} value=${received}></progress>
        ${t('start.loading', { received: formatBytes(received), total: formatBytes(total || source.bytes) })}
      </p>`;
    }
    return html`<p class="start">
      <button type="button" class="primary" @click=${this.#start}>
        ${say('start.load', { name: NAME, size: bytes(source.bytes) })}
      </button>
      <span class="about">${t('start.about')}</span>
      ${snapshot.error === null ? '' : html`<span class="failed" role="alert">${t('start.failed', { why: snapshot.error.message })}</span>`}
    </p>`;
  }

  readonly #start = async (): Promise<void> => {
    this.requestUpdate();
    await theLesson()
      .generator.start()
      .catch(() => {}); // The session publishes why.
    this.requestUpdate();
  };
}

define('guide-start', GuideStart);
