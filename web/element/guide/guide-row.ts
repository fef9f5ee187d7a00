/** Where one token looks in one head: the sentence as a column, arcs from the token to what it looks at, shares beside. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import type { RunView, Snapshot } from '../../session/snapshot';
import { labelOf, tokenLabel } from '../../state/labels';
import { define } from '../define';
import { say, t } from '../words/words';
import { Figure } from './figure';
import { count, share, shareText, stretch, tokenName } from './marks';

const MOST = 24;
const STEP = 26;
const LEFT = 116;
/** Where the bars begin, and how long one of 100 % is. */
const BARS = 230;
const FULL = 102;
/** A token's label has no more room before them. */
const LONGEST = 10;

export class GuideRow extends Figure<RunView> {
  protected override sees({ runs: [shown] }: Snapshot): readonly unknown[] | null {
    return shown === undefined ? null : [shown.run, shown.cell];
  }

  protected override ask({ runs }: Snapshot): RunView {
    return runs[0] as RunView;
  }

  protected override draw(shown: RunView): TemplateResult {
    const { run, selection, cell } = shown;
    const { layer, head, query, key } = selection;
    const { nLayers, nHeads } = run.model;
    const tokens = stretch(run.tokens.length, query, MOST);
    const at = (index: number) => 15 + STEP * (index - (tokens[0] ?? 0));
    const height = STEP * tokens.length + 4;
    const weightOf = (index: number) => cell.rowWeights[index] ?? 0;
    const choose = (name: 'layer' | 'head') => (event: Event) =>
      this.stage.change({ [name]: Number((event.target as HTMLSelectElement).value) });
    const chooser = (name: 'layer' | 'head', n: number, value: number) => html`<label>
      ${t(name === 'layer' ? 'row.layer' : 'row.head')}
      <select .value=${String(value)} @change=${choose(name)}>
        ${Array.from({ length: n }, (_, i) => html`<option value=${i} ?selected=${i === value}>${i}</option>`)}
      </select>
    </label>`;
    return html`
      <figure class="row-figure">
        <svg class="row" viewBox=${`0 0 380 ${height}`} role="img" aria-label=${t('row.name', { query: labelOf(run.tokens[query]) })}>
          <path class="thread" d=${`M${LEFT} 15V${at(tokens.at(-1) ?? 0)}`} />
          ${tokens
            .filter((index) => index !== query && weightOf(index) >= 0.01)
            .sort((a, b) => weightOf(a) - weightOf(b))
            .map((index) => {
              const reach = LEFT - Math.min(148, 14 * Math.abs(index - query) + 26);
              return svg`<path class="arc" stroke-opacity=${(0.25 + 0.7 * weightOf(index)).toFixed(2)}
                stroke-width=${(1 + 5 * weightOf(index)).toFixed(1)}
                d=${`M${LEFT} ${at(query)}C${reach} ${at(query)} ${reach} ${at(index)} ${LEFT} ${at(index)}`} />`;
            })}
          ${tokens.map((index) => {
            const special = run.tokens[index]?.special === true;
            const name = `token${special ? ' special' : ''}${index === query ? ' query' : index === key ? ' strongest' : ''}`;
            const letter = index === query ? 'Q' : index === key ? 'K' : null;
            return svg`<g class=${name} data-key=${index} data-weight=${weightOf(index)}
                @click=${() => this.stage.change({ query: index })}
              >
              <circle cx=${LEFT} cy=${at(index)} r=${index === query ? 5 : 3.5} />
              <text x=${LEFT + 16} y=${at(index) + 5}>${tokenLabel(run.tokens[index]!, LONGEST)}</text>
              ${letter === null ? nothing : svg`<text class="letter" x=${BARS - 13} y=${at(index) + 5}>${letter}</text>`}
              <rect class="rail" x=${BARS} y=${at(index) - 3} width=${FULL} height="6" rx="1.5" />
              <rect class="bar" x=${BARS} y=${at(index) - 3} width=${(FULL * weightOf(index)).toFixed(1)} height="6" rx="1.5" />
              <text class="share" x="378" y=${at(index) + 5}>${shareText(weightOf(index))}</text>
            </g>`;
          })}
        </svg>
        <figcaption>
          <span>${say('row.reading', {
            query: tokenName(run, query),
            key: tokenName(run, key),
            weight: share(cell.weight, { name: 'weight' }),
            layer: count(layer),
            head: count(head),
          })}</span>
          <span class="choosers">${chooser('layer', nLayers, layer)} ${chooser('head', nHeads, head)}</span>
        </figcaption>
      </figure>
    `;
  }
}

define('guide-row', GuideRow);
