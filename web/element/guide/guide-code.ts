/** A piece of code beside a formula, with a button that copies it. */
import { define } from '../define';
import { t } from '../words/words';

const base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;
const NOTICE = 2000;

export class GuideCode extends base {
  #button: HTMLButtonElement | null = null;

  connectedCallback(): void {
    const code = this.querySelector('pre');
    if (code === null || this.#button !== null || navigator.clipboard === undefined) return;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = t('code.copy');
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(code.textContent ?? '');
        button.textContent = t('code.copied');
      } catch {
        // Without access to the clipboard the code is chosen instead, for the reader's own keys.
        getSelection()?.selectAllChildren(code);
      }
      setTimeout(() => {
        button.textContent = t('code.copy');
      }, NOTICE);
    });
    this.append(button);
    this.#button = button;
  }
}

define('guide-code', GuideCode);
