/** The end of a section: marks it as read, which the list of contents shows. */
import { define } from '../define';
import { t } from '../words/words';
import { markRead, watchProgress } from './progress';

const base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

export class GuideRead extends base {
  #stop: (() => void) | null = null;

  connectedCallback(): void {
    const section = this.getAttribute('section') ?? '';
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'control';
    let isRead = false;
    button.addEventListener('click', () => markRead(section, !isRead));
    this.replaceChildren(button);
    this.#stop = watchProgress(({ read }) => {
      isRead = read.includes(section);
      button.textContent = t(isRead ? 'progress.done' : 'progress.mark');
      button.setAttribute('aria-pressed', isRead ? 'true' : 'false');
    });
  }

  disconnectedCallback(): void {
    this.#stop?.();
  }
}

define('guide-read', GuideRead);
