/**
 * The tour through the 3D scene: a list of stops in the text, each with a state of the viewer beside it; forwards, back,
 * or any of them. Only sets the viewer's public state; the scene flies there by itself.
 */
import type { AttentionViewer } from '../attention-viewer';
import { define } from '../define';
import { t } from '../words/words';

const base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

export class GuideTour extends base {
  #stops: HTMLElement[] = [];
  #at = -1;
  readonly #back = button(() => this.#go(this.#at - 1));
  readonly #next = button(() => this.#go(this.#at + 1));
  readonly #count = globalThis.document?.createElement('span');

  connectedCallback(): void {
    if (this.#stops.length > 0) return;
    this.#stops = [...this.querySelectorAll<HTMLElement>('ol > li')];
    if (this.#stops.length === 0) return;
    this.#back.textContent = t('tour.back');
    const tools = document.createElement('div');
    tools.className = 'tools';
    this.#count.setAttribute('role', 'status');
    tools.append(this.#back, this.#next, this.#count);
    this.querySelector('ol')?.after(tools);
    this.dataset['live'] = '';
    this.#show(0);
  }

  get #viewer(): AttentionViewer | null {
    return this.querySelector<AttentionViewer>('attention-viewer');
  }

  /** After the last stop the scene is the reader's. */
  #go(to: number): void {
    const at = to >= this.#stops.length ? 0 : Math.max(0, to);
    this.#show(at);
    const stop = this.#stops[at];
    const viewer = this.#viewer;
    if (viewer === null || stop === undefined) return;
    const { text, layer, head, queryIndex } = viewer;
    const chosen = { text, layer: String(layer), head: String(head), query: String(queryIndex), threshold: '4' };
    const wanted = new URLSearchParams(stop.dataset['state'] ?? '');
    // What a stop does not name stays as the reader has it.
    viewer.fragment = new URLSearchParams({ v: '1', ...chosen, ...Object.fromEntries(wanted) }).toString();
  }

  #show(at: number): void {
    this.#at = at;
    const last = this.#stops.length - 1;
    for (const [i, stop] of this.#stops.entries()) {
      stop.hidden = i !== at;
      stop.toggleAttribute('aria-current', i === at);
    }
    this.#back.disabled = at === 0;
    this.#next.textContent = at === last ? t('tour.again') : t('tour.next');
    this.#count.textContent = t('tour.count', { n: at + 1, all: last + 1 });
  }
}

function button(act: () => void): HTMLButtonElement {
  const made = globalThis.document?.createElement('button');
  if (made === undefined) return {} as HTMLButtonElement;
  made.type = 'button';
  made.className = 'tool';
  made.addEventListener('click', act);
  return made;
}

define('guide-tour', GuideTour);
