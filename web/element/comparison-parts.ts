/** How far two runs are apart, as the Changes and the Compare panel both print it. Reads a comparison, computes nothing. */
import { css, html, nothing, type TemplateResult } from 'lit';
import type { Candidate } from '../engine/types';
import type { Comparison, RunView } from '../session/snapshot';
import { mostChanged } from '../state/comparing';
import { candidateLabels } from '../state/generation';
import { labelOf } from '../state/labels';
import { formatPercent } from '../state/numbers';
import type { HeadPlace } from '../state/state';
import { data, printed } from './printed';

/** So many candidates of either run are set side by side. */
const CANDIDATES = 5;

/** The heads that look most differently, as buttons; says so where the two runs' heads are not the same ones. */
export function headsByChange(
  { distance }: Comparison,
  { run, selection }: RunView,
  most: number,
  choose: (place: HeadPlace) => void,
): TemplateResult {
  if (distance.heads === null) {
    return html`<p class="muted">These are not the same heads, so there is no list: only the two chosen heads are compared.</p>`;
  }
  const heads = mostChanged(distance.heads, run.model.nHeads, most);
  if (heads.length === 0) return html`<p class="muted">No head looks any differently.</p>`;
  return html`
    <ol class="by-change">
      ${heads.map(
        ({ layer, head, distance: by }) => html`<li>
          <button
            class="bar"
            aria-pressed=${layer === selection.layer && head === selection.head ? 'true' : 'false'}
            .style=${`--weight: ${by}`}
            @click=${() => choose({ layer, head })}
          >
            <span>layer ${layer}, head ${head}</span> <span class="track"></span> ${printed(by)}
          </button>
        </li>`,
      )}
    </ol>
    <p class="muted fine">0: looks at the same; 1: wholly elsewhere (total variation of its rows).</p>
  `;
}

/** How far the ends of the two runs are apart. What an encoder does not have, a next token, is no line. */
export function endsApart({ distance }: Comparison, { run }: RunView): TemplateResult {
  const row = (name: string, about: string, value: number | null) => html`<div title=${about}>
    <dt>${name}</dt>
    <dd>${value === null ? html`<span class="muted">not measurable</span>` : printed(value)}</dd>
  </div>`;
  return html`<dl class="apart-by">
    ${row('Sentence vectors, 1\u00A0−\u00A0cosine', 'Of the means of the last hidden states', distance.embedding)}
    ${run.can.next ? row('Next token, total variation', 'Of what both expect after their last tokens: 0 the same, 1 wholly other', distance.prediction) : nothing}
  </dl>`;
}

/** What both runs expect after the chosen token; nothing where one of them cannot say. */
export function nextBeside(
  left: RunView,
  right: RunView,
  sides: readonly [string, string],
): TemplateResult | typeof nothing {
  const [mine, other] = [left.next, right.next];
  if (mine === null || other === null) return nothing;
  const ids = [...new Set([...mine.slice(0, CANDIDATES), ...other.slice(0, CANDIDATES)].map(({ id }) => id))];
  const of = (list: readonly Candidate[], id: number) => list.find((candidate) => candidate.id === id);
  const candidates = ids.map((id) => of(mine, id) ?? of(other, id)).filter((found) => found !== undefined);
  const labels = candidateLabels(candidates);
  const chosen = left.run.tokens[left.selection.query];
  const cell = (list: readonly Candidate[], id: number) => {
    const found = of(list, id);
    return html`<td .style=${`--weight: ${found?.probability ?? 0}`}>
      ${found === undefined ? html`<span class="muted" title=${`not among its ${list.length} most probable`}>lower</span>` : data(found.probability, formatPercent(found.probability))}
    </td>`;
  };
  return html`
    <table class="next-beside">
      <caption>
        After <bdi class="word">${labelOf(chosen)}</bdi>
      </caption>
      <thead>
        <tr>
          <th scope="col">token</th>
          ${sides.map((side) => html`<th scope="col">${side}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${candidates.map(
          ({ id }, i) => html`<tr>
            <th scope="row"><bdi>${labels[i]}</bdi></th>
            ${cell(mine, id)} ${cell(other, id)}
          </tr>`,
        )}
      </tbody>
    </table>
  `;
}

export const comparisonPartsStyles = css`
  .by-change {
    display: grid;
    margin: 0 -6px;
    padding: 0;
    list-style: none;
  }
  .by-change .bar {
    width: 100%;
    grid-template-columns: 8rem 1fr 3.6rem;
    align-items: center;
    font-variant-numeric: tabular-nums;
  }
  .by-change .bar:hover {
    background: var(--hover);
  }
  .by-change .bar[aria-pressed='true'] {
    border-color: var(--ink);
    font-weight: 600;
  }
  .apart-by {
    display: grid;
    gap: 3px;
    margin: 0;
    font-size: 0.8125rem;
  }
  .apart-by > div {
    display: flex;
    justify-content: space-between;
    gap: 12px;
  }
  .apart-by dd {
    margin: 0;
    white-space: nowrap;
    font-family: var(--mono);
  }
  .next-beside {
    width: 100%;
    border-collapse: collapse;
    font-size: 0.8125rem;
  }
  .next-beside caption {
    padding-bottom: 4px;
    color: var(--muted);
    text-align: start;
  }
  .next-beside th {
    padding: 3px 8px 3px 0;
    overflow-wrap: anywhere;
    font-weight: 600;
    text-align: start;
  }
  .next-beside thead th {
    color: var(--muted);
    font-size: var(--small);
    font-weight: 400;
  }
  .next-beside td {
    width: 34%;
    padding: 3px 6px;
    border-inline-start: 2px solid var(--line);
    background: linear-gradient(var(--light), var(--light)) no-repeat 0 100% / calc(100% * var(--weight)) 3px;
    font-family: var(--mono);
  }
  @media (forced-colors: active) {
    .next-beside td {
      forced-color-adjust: none;
      background-image: linear-gradient(Highlight, Highlight);
      color: CanvasText;
    }
  }
`;
