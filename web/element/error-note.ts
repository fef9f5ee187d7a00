/** A refusal, said where the reader is looking: what went wrong, what to do, to copy and to dismiss. The only alert outside a dialog. */
import { css, html, nothing, type TemplateResult } from 'lit';
import type { ErrorCode } from '../engine/types';
import type { ViewerError } from '../session/snapshot';
import { define } from './define';
import { Panel } from './panel';

/** What the reader can do about each kind of refusal. */
export const REMEDIES: Readonly<Record<ErrorCode, string>> = {
  unsupported:
    'Headlight refuses rather than showing something that only looks right. What was on the screen is still there.',
  'bad-file': 'The file is damaged or cut off. Fetch it again, or open another one.',
  'bad-config': 'Check config.json beside the weights: it has to be the one that belongs to them.',
  'not-a-model':
    'Choose one .gguf file, or .safetensors together with its config.json and tokenizer.json, or a saved run.',
  'too-large': 'Raise the memory budget under “Open model”, or open a smaller model or one with fewer bits per number.',
  'too-long': 'Shorten the text. The last picture stays until then.',
  'missing-file':
    'Open the model’s files from your disk: one .gguf file, or .safetensors, config.json and tokenizer.json together. ' +
    'Where Headlight is built from its sources, npm start fetches its model.',
  network: 'Check the connection and try again, or open the model’s files from your disk.',
  'blocked-by-policy':
    'The page that shows this viewer does not allow it; its owner can. A model that you have on your disk opens all the same.',
  'out-of-memory': 'Close other tabs, shorten the text, or open a smaller model.',
  'engine-died': 'The engine starts again by itself; change the text to run once more.',
  'bad-request': 'Nothing was changed.',
};

export class ErrorNote extends Panel {
  static override properties = {
    ...Panel.properties,
    dismissed: { state: true },
    copied: { state: true },
  };

  declare dismissed: ViewerError | null;
  declare copied: boolean;

  constructor() {
    super();
    this.dismissed = null;
    this.copied = false;
  }

  protected override render(): TemplateResult | typeof nothing {
    const error = this.snapshot?.error ?? null;
    if (error === null || error === this.dismissed) return nothing;
    const { message, expected, found } = error;
    // Most messages say it already.
    const more = [
      expected !== null && !message.includes(expected) && `Expected: ${expected}.`,
      found !== null && !message.includes(found) && `Found: ${found}.`,
    ].filter(Boolean);
    return html`
      <div class="note" role="alert" data-code=${error.code} part="error">
        <div class="text">
          <p><strong>${message}</strong></p>
          ${more.length === 0 ? nothing : html`<p class="muted">${more.join(' ')}</p>`}
          <p>${REMEDIES[error.code]}</p>
        </div>
        <button @click=${() => void this.#copy(error)}>${this.copied ? 'Copied' : 'Copy'}</button>
        <button
          @click=${() => {
            this.dismissed = error;
          }}
        >
          Dismiss
        </button>
      </div>
    `;
  }

  async #copy(error: ViewerError): Promise<void> {
    const { code, message, expected, found } = error;
    const lines = [`${code}: ${message}`, expected && `expected: ${expected}`, found && `found: ${found}`];
    try {
      await navigator.clipboard.writeText(lines.filter(Boolean).join('\n'));
      this.copied = true;
      setTimeout(() => {
        this.copied = false;
      }, 2000);
    } catch {
      // A frame may be denied the clipboard: then the text is selected, for the reader's own Ctrl+C.
      const text = this.querySelector('.text');
      if (text !== null) getSelection()?.selectAllChildren(text);
    }
  }
}

define('attn-error-note', ErrorNote);

export const errorNoteStyles = css`
  attn-error-note {
    display: block;
  }
  attn-error-note .note {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: flex-start;
    margin: 0 16px 10px;
    padding: 10px 12px;
    border: 1px solid var(--error);
    border-inline-start-width: 4px;
    border-radius: var(--radius);
    background: var(--panel);
  }
  attn-error-note .text {
    flex: 1 1 20rem;
    min-width: 0;
    user-select: text;
    overflow-wrap: anywhere;
  }
  attn-error-note p {
    margin: 0;
  }
  attn-error-note strong {
    color: var(--error);
    font-weight: 600;
  }
`;
