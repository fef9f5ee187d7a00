/** The sentence: a textarea of one growing line, and the examples. The only panel that changes the text. */
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { createRef, ref } from 'lit/directives/ref.js';
import { define } from './define';
import { Panel } from './panel';

/** A sentence worth looking at, with a saved run that can be shown while no model is there. */
export interface Example {
  readonly name: string;
  /** What to look for; the name where absent. */
  readonly title?: string;
  readonly text: string;
  /** Address of the saved run. */
  readonly trace: string;
  readonly layer: number;
  readonly head: number;
  /** The token that looks. */
  readonly query: number;
}

export class SentenceInput extends Panel {
  static override properties = {
    ...Panel.properties,
    examples: { attribute: false },
    open: { state: true },
  };

  declare examples: readonly Example[];
  declare open: boolean;
  #composing = false;
  readonly #area = createRef<HTMLTextAreaElement>();
  /** Another width breaks the text elsewhere. */
  readonly #sizes =
    globalThis.ResizeObserver === undefined
      ? null
      : new ResizeObserver(([entry]) => {
          const width = entry?.contentRect.width ?? 0;
          if (width === this.#width) return;
          this.#width = width;
          // Not within the observation: growing changes the size that is observed.
          requestAnimationFrame(() => this.#grow());
        });
  #width = 0;

  constructor() {
    super();
    this.examples = [];
    this.open = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#sizes?.observe(this);
    document.addEventListener('pointerdown', this.#closeOutside);
  }

  override disconnectedCallback(): void {
    this.#sizes?.disconnect();
    document.removeEventListener('pointerdown', this.#closeOutside);
    super.disconnectedCallback();
  }

  protected override render(): TemplateResult {
    const text = this.snapshot?.state.text ?? '';
    return html`
      <textarea
        ${ref(this.#area)}
        aria-label="Sentence"
        rows="1"
        dir="auto"
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
        enterkeyhint="done"
        placeholder="Type a sentence"
        .value=${this.#composing ? (this.#area.value?.value ?? text) : live(text)}
        @compositionstart=${() => {
          this.#composing = true;
        }}
        @compositionend=${() => {
          this.#composing = false;
          this.#take();
        }}
        @input=${(event: InputEvent) => {
          this.#grow();
          // What an input method has not committed is not the reader's text yet.
          if (!event.isComposing) this.#take();
        }}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) event.preventDefault();
        }}
      ></textarea>
      ${this.examples.length > 0 ? this.#menu() : nothing}
    `;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    this.#grow();
  }

  #menu(): TemplateResult {
    return html`
      <div class="menu" @keydown=${this.#key} @focusout=${this.#leave}>
        <button
          class="opener"
          aria-haspopup="menu"
          aria-expanded=${this.open ? 'true' : 'false'}
          @click=${() => this.#toggle(!this.open)}
        >
          Examples <span aria-hidden="true" class="caret"></span>
        </button>
        ${
          this.open
            ? html`<div class="sheet" role="menu" aria-label="Example sentences">
                ${this.examples.map(
                  (example) => html`
                    <button role="menuitem" tabindex="-1" @click=${() => this.#pick(example)}>
                      <span class="title">${example.title ?? example.name}</span>
                      <span class="muted" dir="auto">${example.text}</span>
                    </button>
                  `,
                )}
              </div>`
            : nothing
        }
      </div>
    `;
  }

  #take(): void {
    const text = this.#area.value?.value;
    if (text !== undefined && text !== this.snapshot?.state.text) this.reader.choose({ text });
  }

  /** One line that grows with its text, up to a few lines; then it scrolls. */
  #grow(): void {
    const area = this.#area.value;
    if (area === undefined) return;
    area.style.height = 'auto';
    area.style.height = `${area.scrollHeight + 2}px`;
  }

  #toggle(open: boolean): void {
    this.open = open;
    if (open) void this.updateComplete.then(() => this.#items()[0]?.focus());
  }

  #items(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>('[role=menuitem]')];
  }

  #pick(example: Example): void {
    this.open = false;
    this.dispatchEvent(new CustomEvent('example', { detail: example, bubbles: true }));
    this.querySelector<HTMLElement>('.opener')?.focus();
  }

  readonly #key = (event: KeyboardEvent): void => {
    if (!this.open) return;
    const items = this.#items();
    const at = items.findIndex((item) => item.matches(':focus'));
    const to =
      event.key === 'ArrowDown'
        ? at + 1
        : event.key === 'ArrowUp'
          ? at - 1 + items.length
          : event.key === 'Home'
            ? 0
            : event.key === 'End'
              ? items.length - 1
              : null;
    if (to !== null) {
      items[to % items.length]?.focus();
      event.preventDefault();
    } else if (event.key === 'Escape') {
      this.open = false;
      this.querySelector<HTMLElement>('.opener')?.focus();
      event.stopPropagation();
    }
  };

  readonly #leave = (event: FocusEvent): void => {
    if (!(event.relatedTarget instanceof Node && this.contains(event.relatedTarget))) this.open = false;
  };

  readonly #closeOutside = (event: Event): void => {
    if (this.open && !event.composedPath().includes(this)) this.open = false;
  };
}

define('attn-sentence-input', SentenceInput);

export const sentenceInputStyles = css`
  attn-sentence-input {
    display: flex;
    align-items: flex-start;
    gap: 8px;
    flex: 1 1 22rem;
    min-width: 0;
  }
  attn-sentence-input textarea {
    flex: 1;
    min-width: 0;
    min-height: 36px;
    max-height: 6.3em;
    padding: 6px 12px;
    resize: none;
    overflow-y: auto;
    font: 450 1rem / 1.4 var(--font);
    color: var(--ink);
    background: var(--panel);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    unicode-bidi: plaintext;
  }
  attn-sentence-input textarea:focus-visible {
    outline-offset: -1px;
  }
  attn-sentence-input textarea::placeholder {
    color: var(--muted);
    opacity: 1;
  }
  .menu {
    position: relative;
  }
  .menu > .opener {
    min-height: 36px;
  }
  .caret {
    width: 0;
    height: 0;
    border: 4px solid transparent;
    border-top-color: currentColor;
    border-bottom: 0;
  }
  @media (forced-colors: active) {
    .caret {
      display: none;
    }
  }
  .menu > .sheet {
    position: absolute;
    z-index: 30;
    inset-inline-end: 0;
    top: calc(100% + 6px);
    width: min(30rem, 92cqi);
    padding: 6px;
    display: grid;
    background: var(--raised);
    border: 1px solid var(--line);
    border-radius: var(--radius-large);
  }
  .menu > .sheet > button {
    display: grid;
    justify-content: stretch;
    justify-items: start;
    gap: 0;
    padding: 8px 10px;
    border-color: transparent;
    background: none;
    text-align: start;
    white-space: normal;
  }
  .menu > .sheet > button:hover,
  .menu > .sheet > button:focus {
    background: var(--hover);
  }
  .menu .title {
    font-weight: 600;
  }
`;
