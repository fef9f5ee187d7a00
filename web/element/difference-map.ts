/** Where the weights of two heads differ: a small signed picture, pair by pair, each cell with its sign and its number. */
import { css, html, nothing, type TemplateResult } from 'lit';
import type { Token } from '../engine/types';
import type { Comparison, RunView } from '../session/snapshot';
import { pairOf, pairsAround } from '../state/comparing';
import { labelOf } from '../state/labels';
import { count, data } from './printed';

/** So many pairs have room in the map. */
const MAPPED = 20;
/** A smaller difference gets no sign in the map. */
const FAINT = 0.01;

/** Two runs, and what both sides are called. */
export interface Beside {
  readonly left: RunView;
  readonly right: RunView;
  readonly comparison: Comparison;
  readonly sides: readonly [string, string];
}

/** @param choose  is told which query and key of the left run were chosen */
export function differenceMap(
  { left, right, comparison, sides }: Beside,
  choose: (cell: { query: number; key: number }) => void,
): TemplateResult {
  const { pairs, difference } = comparison;
  const n = difference.rows;
  if (n === 0)
    return html`<p class="muted">No token of one is a partner of one of the other, so no weights are compared.</p>`;
  const { first, end } = pairsAround(n, pairOf(pairs, left.selection.query) ?? 0, MAPPED);
  const shown = Array.from({ length: end - first }, (_, i) => first + i);
  const tokens = shown.map((pair) => [
    left.run.tokens[pairs[2 * pair] ?? -1],
    right.run.tokens[pairs[2 * pair + 1] ?? -1],
  ]);
  const label = (i: number) => twoNames(tokens[i]?.[0], tokens[i]?.[1]);
  const chosen = [pairOf(pairs, left.selection.query), pairOf(pairs, left.selection.key)];
  const more = comparison.compare.kind === 'head' ? 'from' : 'in';
  return html`
    <section class="part">
      <h3>Where the weights differ</h3>
      <p class="muted fine legend-beside">
        <span class="entry"><span class="swatch plus" aria-hidden="true">+</span> more ${more} ${sides[0]}</span>
        <span class="entry"><span class="swatch minus" aria-hidden="true">−</span> more ${more} ${sides[1]}</span>
      </p>
      <div
        class="difference-map"
        role="table"
        aria-label=${`Difference of the weights, ${sides[0]} minus ${sides[1]}: rows look, columns are looked at`}
        .style=${`--n: ${shown.length}`}
      >
        <div role="row">
          <span role="columnheader" class="corner"><span class="unseen">token</span></span>
          ${shown.map((_, i) => html`<span role="columnheader" class="name top"><bdi>${label(i)}</bdi></span>`)}
        </div>
        ${shown.map(
          (row, r) => html`<div role="row">
          <span role="rowheader" class="name"><bdi>${label(r)}</bdi></span>
          ${shown.map((col, c) => {
            const by = difference.data[row * n + col] ?? 0;
            const sign = by >= FAINT ? '+' : by <= -FAINT ? '\u2212' : '';
            const isChosen = row === chosen[0] && col === chosen[1];
            return html`<span
              role="cell"
              class=${`by${by > 0 ? ' plus' : by < 0 ? ' minus' : ''}${isChosen ? ' chosen' : ''}`}
              title=${`${label(r)} → ${label(c)}`}
              .style=${`--size: ${Math.sqrt(Math.abs(by))}`}
              @click=${() => choose({ query: pairs[2 * row] ?? 0, key: pairs[2 * col] ?? 0 })}
            >${data(by, sign)}</span>`;
          })}
        </div>`,
        )}
      </div>
      <p class="muted fine">Differences under ${data(FAINT, String(FAINT))} have no sign.</p>
      ${
        shown.length === n
          ? nothing
          : html`<p class="muted fine">Pairs ${count(first)} to ${count(end - 1)} of ${count(n)}: those around the chosen token.</p>`
      }
    </section>
  `;
}

function twoNames(left: Token | undefined, right: Token | undefined): string {
  const [a, b] = [labelOf(left), labelOf(right)];
  return a === b ? a : `${a}/${b}`;
}

export const differenceMapStyles = css`
  .legend-beside {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 14px;
  }
  .legend-beside .entry {
    display: inline-flex;
    align-items: center;
    gap: 6px;
  }
  .legend-beside .swatch {
    display: grid;
    place-items: center;
    width: 18px;
    height: 16px;
    font: 700 0.6875rem / 1 var(--mono);
    color: var(--ink);
    --size: 1;
  }
  .difference-map {
    display: grid;
    gap: 1px;
    min-width: 0;
  }
  .difference-map [role='row'] {
    display: grid;
    grid-template-columns: 4.6rem repeat(var(--n), minmax(0, 22px));
    gap: 1px;
  }
  .difference-map .name {
    overflow: hidden;
    padding-inline-end: 4px;
    color: var(--muted);
    font-size: 0.6875rem;
    text-align: end;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .difference-map .top {
    height: 4.2rem;
    padding: 0 0 3px;
    justify-self: center;
    text-align: start;
    writing-mode: vertical-rl;
    transform: rotate(180deg);
  }
  .difference-map .by,
  .legend-beside .swatch {
    background: var(--zero);
  }
  .difference-map .by {
    display: grid;
    place-items: center;
    aspect-ratio: 1;
    min-width: 0;
    border-radius: 2px;
    font: 700 0.6875rem / 1 var(--mono);
    cursor: pointer;
  }
  /* Half of the full colour at most: the sign stays readable on it. */
  .difference-map .by.plus,
  .legend-beside .swatch.plus {
    background: color-mix(in srgb, var(--positive) calc(var(--size) * 50%), var(--zero));
  }
  .difference-map .by.minus,
  .legend-beside .swatch.minus {
    background: color-mix(in srgb, var(--negative) calc(var(--size) * 50%), var(--zero));
  }
  .difference-map .by.chosen {
    box-shadow: 0 0 0 2px var(--ink);
  }
  @media (forced-colors: active) {
    .difference-map .by {
      border: 1px solid GrayText;
    }
    .difference-map .by.chosen {
      outline: 2px solid Highlight;
    }
  }
`;
