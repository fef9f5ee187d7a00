/** Three short hints for a first visit, each beside the thing it speaks of. Never in the way, gone once dismissed. */
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { labelOf } from '../state/labels';
import { define } from './define';
import { Panel } from './panel';
import { count, percent } from './printed';

const REMEMBERED = 'attention-viewer-hints';

/** Where a hint points: an element of the viewer. */
const ANCHORS = [
  '[data-index][aria-selected="true"]',
  'attn-sentence-input textarea',
  '.views [data-view="wall"]',
] as const;

export class FirstHints extends Panel {
  static override properties = { ...Panel.properties, at: { state: true }, place: { state: true } };

  /** Which hint; past the last: none. */
  declare at: number;
  declare place: { left: number; top: number; arrow: number } | null;
  readonly #sizes = globalThis.ResizeObserver === undefined ? null : new ResizeObserver(() => this.#anchor());

  constructor() {
    super();
    this.at = wasDismissed() ? ANCHORS.length : 0;
    this.place = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const host = (this.getRootNode() as ShadowRoot).host;
    if (host !== undefined) this.#sizes?.observe(host);
  }

  override disconnectedCallback(): void {
    this.#sizes?.disconnect();
    super.disconnectedCallback();
  }

  protected override render(): TemplateResult | typeof nothing {
    const shown = this.shown;
    // Who lets the model write has found the way; and the token that the first hint speaks of is on the move.
    if (shown === undefined || this.at >= ANCHORS.length || shown.run.generated.length > 0) return nothing;
    const last = this.at === ANCHORS.length - 1;
    return html`
      <aside
        class="hint"
        aria-label="Hint"
        .style=${this.place === null ? 'visibility: hidden' : `left: ${this.place.left}px; top: ${this.place.top}px; --arrow: ${this.place.arrow}px`}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key === 'Escape') this.#dismiss();
        }}
      >
        <p>${this.#words()}</p>
        <p class="more">
          <span class="muted">${this.at + 1} of ${ANCHORS.length}</span>
          <button class="quiet" @click=${this.#dismiss}>${last ? 'Done' : 'No hints'}</button>
          ${
            last
              ? nothing
              : html`<button
                  @click=${() => {
                    this.at++;
                  }}
                >Next</button>`
          }
        </p>
      </aside>
    `;
  }

  #words(): TemplateResult {
    const { run, selection, cell } = this.shown!;
    const name = (index: number) => html`<bdi class="word">${labelOf(run.tokens[index])}</bdi>`;
    switch (this.at) {
      case 0:
        // What is set apart may be most of it.
        return html`This is ${name(selection.query)}. Here it looks ${cell.weight >= 0.5 ? 'mostly at' : 'at'} ${name(selection.key)}: ${percent(cell.weight)}. Choose another token to follow its look.`;
      case 1:
        return html`Type your own sentence: every head is computed again while you type.`;
      default:
        return html`The same numbers, seen in other ways. Wall shows all ${count(run.model.nLayers * run.model.nHeads)} heads; click one to open it.`;
    }
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    if (changed.has('at') || (changed.has('snapshot') && this.place === null)) this.#anchor();
    else if (changed.has('snapshot') && this.at === 0) this.#anchor();
  }

  /** Under its anchor, inside the viewer. */
  #anchor(): void {
    const card = this.querySelector<HTMLElement>('.hint');
    const viewer = this.closest('.viewer');
    const anchor = ANCHORS[this.at];
    const target = anchor === undefined ? null : viewer?.querySelector(anchor);
    if (card === null || viewer === null || target == null) return;
    const outer = viewer.getBoundingClientRect();
    const inner = target.getBoundingClientRect();
    if (inner.width === 0) {
      // Its thing is not on this screen (the tab of the wall, on a phone).
      this.at++;
      return;
    }
    const middle = inner.left + Math.min(inner.width / 2, 160) - outer.left;
    const most = outer.width - card.offsetWidth - 8;
    const left = Math.max(8, Math.min(most, middle - 40));
    const place = {
      left,
      top: inner.bottom - outer.top + 10,
      arrow: Math.max(12, Math.min(card.offsetWidth - 12, middle - left)),
    };
    const now = this.place;
    if (now?.left !== place.left || now.top !== place.top || now.arrow !== place.arrow) this.place = place;
  }

  readonly #dismiss = (): void => {
    this.at = ANCHORS.length;
    try {
      localStorage.setItem(REMEMBERED, 'dismissed');
    } catch {
      // A sandboxed frame has no storage: the hints come back next time.
    }
  };
}

function wasDismissed(): boolean {
  try {
    return localStorage.getItem(REMEMBERED) !== null;
  } catch {
    return false;
  }
}

define('attn-first-hints', FirstHints);

export const firstHintsStyles = css`
  .hint {
    position: absolute;
    z-index: 15;
    width: min(20rem, calc(100cqi - 16px));
    padding: 12px 14px 8px;
    border: 1px solid var(--accent);
    border-radius: var(--radius-large);
    background: var(--raised);
  }
  .hint::before {
    content: '';
    position: absolute;
    top: -7px;
    left: calc(var(--arrow, 20px) - 6px);
    width: 12px;
    height: 12px;
    border: 1px solid var(--accent);
    border-width: 1px 0 0 1px;
    background: var(--raised);
    transform: rotate(45deg);
  }
  .hint p {
    margin: 0;
  }
  .hint .more {
    display: flex;
    align-items: center;
    gap: 6px;
    margin-top: 6px;
  }
  .hint .more .muted {
    flex: 1;
    font-size: var(--small);
  }
`;
