/** The tokens of the run, each with the weight that the looking token gives it. The only listbox of tokens. */
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Token } from '../engine/types';
import { typedCount } from '../state/generation';
import { tokenLabel } from '../state/labels';
import { define } from './define';
import { Panel } from './panel';

export class TokenStrip extends Panel {
  /** The token that was last brought into view: only a new one moves the strip. */
  #revealed = -1;
  /** What stands beside the strip takes room from it. */
  readonly #sizes =
    globalThis.ResizeObserver === undefined ? null : new ResizeObserver(() => this.#reveal(this.#revealed));

  protected override sees(): readonly unknown[] {
    const hover = this.snapshot?.state.hover;
    return [this.shown?.run, this.shown?.cell, hover?.query, hover?.key];
  }

  protected override render(): TemplateResult {
    const shown = this.shown;
    if (shown === undefined) {
      return html`<div class="list" role="listbox" aria-label="Tokens" tabindex="0" aria-busy="true"></div>`;
    }
    const { tokens } = shown.run;
    const hover = this.snapshot?.state.hover ?? null;
    return html`
      <div
        class="list"
        role="listbox"
        aria-label="Tokens"
        aria-orientation="horizontal"
        @keydown=${this.#key}
        @pointerleave=${() => this.reader.point(null)}
      >
        ${tokens.map((token) => this.#option(token, hover?.query === token.index || hover?.key === token.index))}
      </div>
    `;
  }

  #option(token: Token, lit: boolean): TemplateResult {
    const { run, selection, cell } = this.shown!;
    const isGenerated = token.index >= typedCount(run);
    const label = tokenLabel(token);
    const looking = token.index === selection.query;
    const weight = cell.rowWeights[token.index] ?? 0;
    const name = [
      'token',
      looking && 'looking',
      token.index === selection.key && 'seen',
      token.special && 'special',
      isGenerated && 'generated',
      lit && 'lit',
    ];
    return html`<div
      class=${name.filter(Boolean).join(' ')}
      part=${looking ? 'token token-selected' : 'token'}
      role="option"
      data-index=${token.index}
      aria-selected=${looking ? 'true' : 'false'}
      tabindex=${looking ? 0 : -1}
      aria-label=${isGenerated ? `${label}, generated` : nothing}
      title=${isGenerated ? `${token.piece}: generated` : token.special ? `${token.piece}: added by the tokenizer` : nothing}
      .style=${`--weight: ${weight}`}
      @click=${() => this.reader.choose({ query: token.index })}
      @pointerenter=${(event: PointerEvent) => {
        if (event.pointerType !== 'touch') this.reader.point({ query: token.index });
      }}
    ><bdi>${label}</bdi></div>`;
  }

  readonly #key = (event: KeyboardEvent): void => {
    const shown = this.shown;
    if (shown === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    const last = shown.run.tokens.length - 1;
    const from = Number((event.target as HTMLElement).dataset['index'] ?? shown.selection.query);
    const to =
      event.key === 'ArrowRight' || event.key === 'ArrowDown'
        ? from + 1
        : event.key === 'ArrowLeft' || event.key === 'ArrowUp'
          ? from - 1
          : event.key === 'Home'
            ? 0
            : event.key === 'End'
              ? last
              : event.key === 'Enter' || event.key === ' '
                ? from
                : null;
    if (to === null) return;
    event.preventDefault();
    const query = Math.min(Math.max(to, 0), last);
    this.querySelector<HTMLElement>(`[data-index="${query}"]`)?.focus();
    this.reader.choose({ query });
  };

  override connectedCallback(): void {
    super.connectedCallback();
    this.#sizes?.observe(this);
  }

  override disconnectedCallback(): void {
    this.#sizes?.disconnect();
    super.disconnectedCallback();
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const query = this.shown?.selection.query ?? -1;
    if (query === this.#revealed) return;
    this.#revealed = query;
    this.#reveal(query);
  }

  #reveal(query: number): void {
    const list = this.querySelector('.list');
    const option = this.querySelector<HTMLElement>(`[data-index="${query}"]`);
    if (list === null || option === null) return;
    // Not scrollIntoView: that would scroll the page as well.
    const start = option.offsetLeft - 24;
    const end = option.offsetLeft + option.offsetWidth + 24;
    if (start < list.scrollLeft) list.scrollLeft = start;
    else if (end > list.scrollLeft + list.clientWidth) list.scrollLeft = end - list.clientWidth;
  }
}

define('attn-token-strip', TokenStrip);

export const tokenStripStyles = css`
  attn-token-strip {
    display: block;
    min-width: 0;
    flex: 1;
  }
  attn-token-strip .list {
    position: relative;
    display: flex;
    gap: 3px;
    min-height: 36px;
    padding: 3px;
    overflow-x: auto;
    scrollbar-width: thin;
    scrollbar-color: var(--line) transparent;
  }
  .token {
    position: relative;
    flex: none;
    display: grid;
    place-items: center;
    min-width: 28px;
    min-height: 30px;
    max-width: 14rem;
    padding: 2px 8px 4px;
    border: 1px solid transparent;
    border-radius: var(--radius);
    cursor: pointer;
  }
  .token bdi {
    max-width: 100%;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: pre;
  }
  /* The weight that the looking token gives this one, as light under it. */
  .token::after {
    content: '';
    position: absolute;
    inset: auto 5px 1px;
    height: 3px;
    border-radius: 2px;
    background: var(--light);
    opacity: calc(0.08 + 0.92 * var(--weight, 0));
    transform: scaleX(max(0.12, var(--weight, 0)));
    transition:
      transform var(--quick) var(--ease),
      opacity var(--quick) var(--ease);
  }
  .token.special {
    color: var(--muted);
    font-size: 0.8125rem;
  }
  /* Written by the model, not by the reader. */
  .token.generated {
    background: color-mix(in srgb, var(--accent) 13%, transparent);
    border-top: 1px dashed var(--accent);
  }
  .token.lit,
  .token:hover {
    background: var(--hover);
  }
  .token.seen {
    border-color: var(--key);
  }
  .token.looking {
    background: var(--ink);
    color: var(--ground);
    font-weight: 600;
  }
  .token.looking.seen {
    border-color: var(--key);
  }
  @media (pointer: coarse) {
    .token {
      min-width: 44px;
      min-height: 44px;
    }
  }
  @media (forced-colors: active) {
    .token::after {
      background: Highlight;
      forced-color-adjust: none;
    }
    .token.generated {
      border-top-color: CanvasText;
    }
    .token.looking {
      forced-color-adjust: none;
      background: Highlight;
      color: HighlightText;
    }
  }
`;
