/** Two runs beside one another: the second one's tokens, both heads' rows, and where their weights differ. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { pairOf, rowsBeside, sidesOf } from '../state/comparing';
import { labelOf, tokenLabel } from '../state/labels';
import { formatPercent } from '../state/numbers';
import { partnerOf, readsAlike } from '../state/pairing';
import { define } from './define';
import { type Beside, differenceMap } from './difference-map';
import { Panel } from './panel';
import { count, data, percent, printed } from './printed';

/** So many keys of the two rows are listed. */
const LISTED = 8;

export class SideBySide extends Panel {
  protected override sees(): readonly unknown[] {
    const [left, right] = this.snapshot?.runs ?? [];
    return [left?.run, left?.cell, right?.run, right?.cell, this.snapshot?.comparison];
  }

  protected override render(): TemplateResult | typeof nothing {
    const [left, right] = this.snapshot?.runs ?? [];
    const comparison = this.snapshot?.comparison ?? null;
    if (left === undefined || right === undefined || comparison === null) return nothing;
    const sides = sidesOf(comparison.compare, left.selection, [left.run.model, right.run.model]);
    const beside = { left, right, comparison, sides };
    return html`
      ${comparison.compare.kind === 'head' ? nothing : this.#strip(beside)} ${this.#reading(beside)} ${this.#rows(beside)}
      ${differenceMap(beside, (cell) => this.reader.choose(cell))}
    `;
  }

  // ---- The second run's tokens ----

  #strip({ left, right, comparison, sides }: Beside): TemplateResult {
    const { pairs } = comparison;
    const { tokens } = right.run;
    const looking = partnerOf(pairs, left.selection.query, 0);
    const first = tokens.findIndex((token) => partnerOf(pairs, token.index, 1) !== null);
    const at = looking ?? first;
    const choose = (index: number) => {
      const query = partnerOf(pairs, index, 1);
      if (query !== null) this.reader.choose({ query });
    };
    const key = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const options = [...this.querySelectorAll<HTMLElement>('.second [role=option]:not([aria-disabled=true])')];
      const from = options.indexOf(event.target as HTMLElement);
      const to = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: options.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const option = options[Math.min(Math.max(to, 0), options.length - 1)];
      option?.focus();
      choose(Number(option?.dataset['second']));
    };
    return html`
      <div class="tokens-beside">
        <h3>Tokens of <bdi>${sides[1]}</bdi></h3>
        <div class="second" role="listbox" aria-label="Second run, token by token" aria-orientation="horizontal" @keydown=${key}>
          ${tokens.map((token) => {
            const partner = partnerOf(pairs, token.index, 1);
            const other = partner === null ? undefined : left.run.tokens[partner];
            const isOther = other !== undefined && !readsAlike(other, token);
            const name = [
              'token',
              token.index === looking && 'looking',
              token.index === right.selection.key && 'seen',
              token.special && 'special',
              partner === null && 'alone',
              isOther && 'other',
            ];
            return html`<div
              class=${name.filter(Boolean).join(' ')}
              role="option"
              data-second=${token.index}
              aria-selected=${token.index === looking ? 'true' : 'false'}
              aria-disabled=${partner === null ? 'true' : 'false'}
              tabindex=${token.index === at ? 0 : -1}
              title=${partner === null ? 'It has no partner in the first run' : isOther ? `In the first run: ${labelOf(other)}` : nothing}
              .style=${`--weight: ${right.cell.rowWeights[token.index] ?? 0}`}
              @click=${() => choose(token.index)}
            ><bdi>${tokenLabel(token)}</bdi></div>`;
          })}
        </div>
      </div>
    `;
  }

  // ---- The chosen weight in both ----

  #reading({ left, right, comparison }: Beside): TemplateResult {
    const { query, key } = left.selection;
    const { pairs, difference } = comparison;
    const name = (index: number) => html`<bdi class="word">${labelOf(left.run.tokens[index])}</bdi>`;
    const [row, col] = [pairOf(pairs, query), pairOf(pairs, key)];
    if (row === null) {
      return html`<p class="muted">${name(query)} has no partner in the second run: choose a token that both have.</p>`;
    }
    if (col === null) return html`<p class="muted">${name(key)} has no partner in the second run.</p>`;
    const by = difference.data[row * difference.cols + col] ?? Number.NaN;
    const other = right.cell.rowWeights[partnerOf(pairs, key, 0) ?? -1] ?? Number.NaN;
    return html`<p class="reading-beside">
      ${name(query)} looks at ${name(key)}: ${percent(left.cell.weight)} and ${percent(other)}, a difference of
      <strong>${signed(by)}</strong>.
    </p>`;
  }

  // ---- Both rows ----

  #rows({ left, right, comparison, sides }: Beside): TemplateResult {
    const mine = left.cell.rowWeights;
    const other = right.cell.rowWeights;
    const { listed, rest } = rowsBeside(comparison.pairs, mine, other, LISTED, left.selection.key);
    const share = (row: Float32Array, key: number | null, side: string) =>
      key === null
        ? html`<span class="none muted" title=${`No such token in ${side}`}>–</span>`
        : data(row[key] ?? Number.NaN, formatPercent(row[key] ?? Number.NaN).replace('under ', '< '));
    return html`
      <div class="rows-beside" role="group" aria-label="Both rows: the shares of their keys">
        <div class="names muted" aria-hidden="true"><span>${sides[0]}</span><span>${sides[1]}</span></div>
        ${listed.map((one) => {
          const isChosen = one.left === left.selection.key;
          const names = [labelOf(left.run.tokens[one.left ?? -1]), labelOf(right.run.tokens[one.right ?? -1])];
          const [a, b] = names.filter((label) => label !== '');
          return html`<button
            class=${`both-rows${isChosen ? ' chosen' : ''}`}
            aria-pressed=${isChosen ? 'true' : 'false'}
            ?disabled=${one.left === null}
            .style=${`--mine: ${mine[one.left ?? -1] ?? 0}; --other: ${other[one.right ?? -1] ?? 0}`}
            @click=${() => {
              if (one.left !== null) this.reader.choose({ key: one.left });
            }}
          >
            ${share(mine, one.left, sides[0])} <span class="track mine"></span>
            <span class="both"><bdi>${a}</bdi>${b === undefined || b === a ? nothing : html` / <bdi>${b}</bdi>`}</span>
            <span class="track other"></span> ${share(other, one.right, sides[1])}
          </button>`;
        })}
      </div>
      ${rest === 0 ? nothing : html`<p class="muted fine">The ${count(rest)} keys that get least are not listed.</p>`}
    `;
  }
}

/** A difference with its sign. */
function signed(value: number): TemplateResult {
  return html`${value > 0 ? '+' : nothing}${printed(value)}`;
}

define('attn-side-by-side', SideBySide);

export const sideBySideStyles = css`
  attn-side-by-side {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 12px;
    min-width: 0;
  }
  attn-side-by-side h3 {
    margin: 0;
    overflow-wrap: anywhere;
    font-size: 0.8125rem;
    font-weight: 600;
  }
  .tokens-beside {
    min-width: 0;
  }
  .second {
    display: flex;
    flex-wrap: wrap;
    gap: 2px;
    max-height: 9.5rem;
    margin: 4px -6px 0;
    overflow-y: auto;
    scrollbar-width: thin;
    scrollbar-color: var(--line) transparent;
  }
  .second .token {
    min-width: 24px;
    padding: 1px 6px 4px;
    font-size: 0.8125rem;
  }
  /* What differs is underlined; what has no partner cannot be chosen. */
  .second .token.other bdi {
    text-decoration: underline dotted 2px;
    text-underline-offset: 3px;
  }
  .second .token.alone {
    color: var(--muted);
    font-style: italic;
    cursor: default;
  }
  .reading-beside strong {
    font-weight: 650;
  }
  .rows-beside {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    margin: 0 -6px;
  }
  .rows-beside .names {
    display: flex;
    justify-content: space-between;
    gap: 16px;
    padding: 0 6px 2px;
    font-size: var(--small);
  }
  .rows-beside .names span {
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .both-rows {
    display: grid;
    grid-template-columns: 2.9rem minmax(0, 1fr) minmax(0, 5.6rem) minmax(0, 1fr) 2.9rem;
    gap: 6px;
    min-height: 24px;
    padding: 1px 6px;
    border-color: transparent;
    background: none;
    font-size: var(--small);
  }
  .both-rows data,
  .both-rows .none {
    font-family: var(--mono);
    font-size: 0.6875rem;
    text-align: start;
  }
  .both-rows > :last-child {
    text-align: end;
  }
  .both-rows .both {
    overflow: hidden;
    text-overflow: ellipsis;
    text-align: center;
  }
  .both-rows .track {
    height: 8px;
    border-radius: 4px;
    background: linear-gradient(var(--light), var(--light)) no-repeat 0 / calc(100% * var(--share)) var(--thread);
  }
  .both-rows .mine {
    --share: var(--mine);
    background-position: 100%;
  }
  .both-rows .other {
    --share: var(--other);
  }
  .both-rows.chosen {
    color: var(--key);
    border-color: var(--key);
    font-weight: 600;
  }
  @media (pointer: coarse) {
    .second .token {
      min-width: 36px;
      min-height: 36px;
    }
    .both-rows {
      min-height: 36px;
    }
  }
  @media (forced-colors: active) {
    .both-rows .track {
      forced-color-adjust: none;
      background-image: linear-gradient(Highlight, Highlight);
      border: 1px solid CanvasText;
    }
  }
`;
