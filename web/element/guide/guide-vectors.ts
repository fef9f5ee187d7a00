/** One token in one head: its row of the stream, the query, key and value made from it, and its query against a key. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import type { RunView } from '../../session/snapshot';
import { labelOf } from '../../state/labels';
import { define } from '../define';
import { say, t } from '../words/words';
import { HeadFigure, type HeadView } from './head-figure';
import { heat, rowOf, vector } from './heat';
import { count, largest, number, shape, share, tokenName } from './marks';

/** How many of a vector's numbers are printed beside its strip. */
const FIRST = 4;
const KINDS = ['query', 'key', 'value'] as const;
const LETTERS = { query: 'q', key: 'k', value: 'v' } as const;

/**
 * Where two rows have the same sign: above zero where they have, below where they have not, as large as the smaller of the
 * two numbers. No product: which places add to the dot product and which take away from it is all that it says.
 */
export function agreement(left: Float32Array, right: Float32Array): Float32Array {
  return left.map((a, i) => {
    const b = right[i] ?? 0;
    const least = Math.min(Math.abs(a), Math.abs(b));
    return a < 0 === b < 0 ? least : -least;
  });
}

/** Which keys are offered for comparison: the row's three strongest, its weakest, and the chosen one, strongest first. */
export function offeredKeys(row: Float32Array, key: number): readonly number[] {
  const byWeight = [...row.keys()].sort((a, b) => (row[b] ?? 0) - (row[a] ?? 0));
  const offered = new Set([...byWeight.slice(0, 3), ...byWeight.slice(-1), key]);
  return byWeight.filter((index) => offered.has(index));
}

export class GuideVectors extends HeadFigure {
  static override properties = { ...HeadFigure.properties, open: { state: true } };

  /** All numbers are printed; only while they are asked for: there are hundreds. */
  declare private open: boolean;

  constructor() {
    super();
    this.open = false;
  }

  protected override draw({ shown, steps, stream }: HeadView): TemplateResult {
    const { run, selection, cell } = shown;
    const { layer, head, query } = selection;
    const token = tokenName(run, query);
    const x = rowOf(stream, query);
    const rows = KINDS.map((kind) => ({ kind, row: rowOf(steps[kind], query) }));
    const first = (row: Float32Array, name: string) => html`<p class="first">
      ${[...row.subarray(0, FIRST)].map((value, index) => html`${number(value, { name, index })} `)}…
    </p>`;
    return html`
      <figure class="vectors">
        <div class="vector stream">
          <h3><b class="matrix" data-symbol="input">x</b> <span>${say('vectors.stream', { token, layer: count(layer) })}</span> ${shape(1, x.length)}</h3>
          ${heat(vector(x), 'input')} ${first(x, 'input')}
        </div>
        <svg class="fan" viewBox="0 0 300 30" preserveAspectRatio="none" aria-hidden="true">
          ${[50, 150, 250].map((to) => svg`<path d=${`M150 0C150 22 ${to} 8 ${to} 30`} />`)}
        </svg>
        <div class="three">
          ${rows.map(
            ({ kind, row }) => html`<div class=${`vector ${kind}`}>
              <h3>
                <b class=${`matrix ${kind}`} data-symbol=${kind}>${LETTERS[kind]}</b> ${t(`vectors.${kind}`)} ${shape(1, row.length)}
              </h3>
              ${heat(vector(row), kind)} ${first(row, kind)}
              <p class="from">${t(`vectors.${kind}.what`)}</p>
            </div>`,
          )}
        </div>
        ${this.#meeting(shown)}
        <figcaption>
          ${say('vectors.reading', {
            query: token,
            key: tokenName(run, cell.keyIndex),
            layer: count(layer),
            head: count(head),
            dot: number(cell.dot ?? 0, { name: 'dot' }),
            score: number(cell.score ?? 0, { name: 'score' }),
            weight: share(cell.weight, { name: 'weight' }),
          })}
        </figcaption>
        <details @toggle=${(event: Event) => (this.open = (event.target as HTMLDetailsElement).open)}>
          <summary>${t('vectors.all')}</summary>
          ${this.open ? [{ kind: 'input', row: x }, ...rows].map(all) : nothing}
        </details>
      </figure>
    `;
  }

  /** The chosen query above a key, and between them where they agree. */
  #meeting({ run, selection, steps, cell }: RunView): TemplateResult {
    const { query, key, dot } = cell;
    if (query === null || key === null || dot === null || steps === null) return html``;
    const most = Math.max(largest(query), largest(key));
    const agrees = agreement(query, key);
    const keys = offeredKeys(rowOf(steps.weights, selection.query), selection.key);
    const line = (
      name: string,
      label: unknown,
      values: Float32Array,
      symbol: string | null,
    ) => html`<div class=${`line ${name}`}>
      <span class="label">${label}</span>${heat(vector(values), symbol, { most })}
    </div>`;
    return html`<div class="meeting">
      <div class="tools" role="group" aria-label=${t('vectors.against')}>
        <span>${t('vectors.against')}</span>
        ${keys.map(
          (index) => html`<button
            type="button"
            class="tool"
            aria-pressed=${index === selection.key ? 'true' : 'false'}
            @click=${() => this.stage.change({ key: index })}
          ><bdi>${labelOf(run.tokens[index])}</bdi></button>`,
        )}
      </div>
      <div class="lines">
        ${line('query', html`<b class="matrix query">q</b> ${tokenName(run, cell.queryIndex)}`, query, 'query')}
        ${line('agree', t('vectors.agree'), agrees, null)}
        ${line('key', html`<b class="matrix key">k</b> ${tokenName(run, cell.keyIndex)}`, key, 'key')}
      </div>
      <p class="dot">
        <span><b class="matrix query">q</b> · <b class="matrix key">k</b> =</span>
        <strong>${number(dot, { name: 'dot' })}</strong>
        <small>${say('vectors.same', { same: count(agrees.filter((value) => value > 0).length), all: count(agrees.length) })}</small>
      </p>
    </div>`;
  }
}

/** Every number of a row, to be read or copied. */
function all({ kind, row }: { readonly kind: string; readonly row: Float32Array }): TemplateResult {
  const letter = kind === 'input' ? 'x' : LETTERS[kind as keyof typeof LETTERS];
  return html`<p class="all" tabindex="0" role="group" aria-label=${letter}>
    <b class=${`matrix ${kind}`}>${letter}</b> = ${[...row].map((value, index) => html`${number(value, { index })} `)}
  </p>`;
}

define('guide-vectors', GuideVectors);
