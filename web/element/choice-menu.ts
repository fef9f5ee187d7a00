/**
 * A button that names one of several choices and opens all of them. In place of a native list, whose entries would be
 * options in a document where options are tokens.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { define } from './define';

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export class ChoiceMenu extends LitElement {
  static override properties = {
    label: {},
    choices: { attribute: false },
    value: {},
    open: { state: true },
  };

  /** What is chosen here: "Order". */
  declare label: string;
  declare choices: readonly Choice[];
  declare value: string;
  declare private open: boolean;

  constructor() {
    super();
    this.label = '';
    this.choices = [];
    this.value = '';
    this.open = false;
  }

  protected override createRenderRoot(): this {
    return this;
  }

  protected override render(): TemplateResult {
    const chosen = this.choices.find(({ value }) => value === this.value);
    return html`<div class="choice-menu" @keydown=${this.#key} @focusout=${this.#leave}>
      <button
        class="opener"
        aria-haspopup="menu"
        aria-expanded=${this.open ? 'true' : 'false'}
        aria-label=${`${this.label}: ${chosen?.label ?? ''}`}
        @click=${() => (this.open ? this.#close() : this.#show())}
      >${chosen?.label}</button>
      ${
        this.open
          ? html`<div class="sheet" role="menu" aria-label=${this.label}>
              ${this.choices.map(
                ({ value, label }) => html`<button
                  role="menuitemradio"
                  aria-checked=${value === this.value ? 'true' : 'false'}
                  tabindex="-1"
                  data-value=${value}
                  @click=${() => this.#choose(value)}
                >${label}</button>`,
              )}
            </div>`
          : nothing
      }
    </div>`;
  }

  #items(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>('[role=menuitemradio]')];
  }

  async #show(): Promise<void> {
    this.open = true;
    await this.updateComplete;
    const items = this.#items();
    (items.find((item) => item.dataset['value'] === this.value) ?? items[0])?.focus();
  }

  #close(): void {
    this.open = false;
    this.querySelector<HTMLElement>('.opener')?.focus();
  }

  #choose(value: string): void {
    this.#close();
    if (value !== this.value) this.dispatchEvent(new CustomEvent('choice', { detail: value }));
  }

  readonly #key = (event: KeyboardEvent): void => {
    if (!this.open) {
      if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
      event.preventDefault();
      void this.#show();
      return;
    }
    const items = this.#items();
    const at = items.indexOf(event.target as HTMLElement);
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at - 1 + items.length,
      Home: 0,
      End: items.length - 1,
    }[event.key];
    if (event.key === 'Escape') this.#close();
    else if (to === undefined) return;
    else items[to % items.length]?.focus();
    event.preventDefault();
    event.stopPropagation();
  };

  readonly #leave = (event: FocusEvent): void => {
    if (!(event.relatedTarget instanceof Node && this.contains(event.relatedTarget))) this.open = false;
  };
}

define('attn-choice-menu', ChoiceMenu);

export const choiceMenuStyles = css`
  .choice-menu {
    position: relative;
    display: inline-block;
  }
  .choice-menu .opener::after {
    content: '';
    display: inline-block;
    margin-inline-start: 8px;
    border: 4px solid transparent;
    border-top-color: currentColor;
    vertical-align: -2px;
  }
  .choice-menu .sheet {
    position: absolute;
    z-index: 20;
    inset-inline-start: 0;
    top: calc(100% + 4px);
    display: grid;
    min-width: 100%;
    width: max-content;
    max-width: 88cqi;
    max-height: min(60vh, 480px);
    overflow: auto;
    padding: 4px;
    background: var(--raised);
    border: 1px solid var(--line);
    border-radius: var(--radius);
  }
  /* The last of a row opens towards the middle. */
  attn-choice-menu:last-of-type > .choice-menu > .sheet {
    inset-inline: auto 0;
  }
  .choice-menu [role='menuitemradio'] {
    padding: 4px 12px 4px 26px;
    border: 0;
    background: none;
    text-align: start;
    white-space: nowrap;
  }
  .choice-menu [role='menuitemradio'][aria-checked='true'] {
    background:
      radial-gradient(circle at 13px 50%, var(--accent) 3.4px, transparent 4px) no-repeat,
      var(--hover);
  }
`;
