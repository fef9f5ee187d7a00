/** The library of minimal pairs as a list to choose from: one click puts both sentences side by side. */
import { css, html, nothing, type TemplateResult } from 'lit';
import {
  choosePair,
  isFor,
  type MinimalPair,
  PAIR_GROUPS,
  PAIR_MODELS,
  type PairGroup,
  pairOnShow,
} from '../state/pairs';
import { define } from './define';
import { Panel } from './panel';

export class MinimalPairs extends Panel {
  protected override sees(): readonly unknown[] {
    return [this.snapshot?.model, this.snapshot?.state.text, this.snapshot?.state.compare];
  }

  protected override render(): TemplateResult {
    const model = this.snapshot?.model ?? null;
    // What was chosen for the model that is there comes first.
    const groups = [...PAIR_GROUPS].sort((a, b) => Number(isFor(b.model, model)) - Number(isFor(a.model, model)));
    return html`
      <h3>Pairs that differ in one thing</h3>
      ${groups.map((group) => this.#group(group, isFor(group.model, model)))}
    `;
  }

  #group(group: PairGroup, isItsModel: boolean): TemplateResult {
    const isOpen = isItsModel && group.pairs.some((pair) => this.#isOn(pair));
    return html`
      <details name="pairs" ?open=${isOpen}>
        <summary>
          ${group.title}${isItsModel ? nothing : html` <span class="muted">for ${PAIR_MODELS[group.model].name}</span>`}
        </summary>
        <p class="muted">
          ${group.about}${isItsModel ? nothing : ' Another model may look otherwise: no head and token are chosen for you.'}
        </p>
        <ul>
          ${group.pairs.map(
            (pair) => html`<li>
              <button
                aria-pressed=${this.#isOn(pair) ? 'true' : 'false'}
                ?disabled=${this.snapshot?.model == null}
                @click=${() => {
                  this.reader.choose(choosePair(pair, isItsModel));
                  this.closest('.aside-body')?.scrollTo({ top: 0 });
                }}
              >
                <span class="title">${pair.title}</span>
                <span class="muted">${pair.text}</span>
                <span class="muted">${pair.other}</span>
                <span>${whatToWatch(pair)}</span>
              </button>
            </li>`,
          )}
        </ul>
      </details>
    `;
  }

  #isOn(pair: MinimalPair): boolean {
    const state = this.snapshot?.state;
    return state !== undefined && pairOnShow(state)?.pair === pair;
  }
}

/** Where to look in a pair, and what to ask oneself. */
export function whatToWatch({ layer, head, from, watch, question }: MinimalPair): TemplateResult {
  return html`Layer ${layer}, head ${head}, from <b>${named(from)}</b>: watch <b>${named(watch)}</b>. ${question}`;
}

/** "it"; "were / was" where the two sentences differ there. */
function named([left, right]: readonly [string, string]): string {
  return left === right ? left : `${left} / ${right}`;
}

define('attn-minimal-pairs', MinimalPairs);

export const minimalPairsStyles = css`
  attn-minimal-pairs {
    display: grid;
    gap: 2px;
    min-width: 0;
    font-size: 0.8125rem;
  }
  attn-minimal-pairs h3 {
    margin: 0 0 4px;
    font-size: 0.8125rem;
    font-weight: 600;
  }
  attn-minimal-pairs summary {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 2px 8px;
    min-height: var(--target);
    cursor: pointer;
  }
  attn-minimal-pairs summary::before {
    content: '';
    flex: none;
    border: 4px solid transparent;
    border-inline-start-color: currentColor;
    border-inline-end: 0;
  }
  attn-minimal-pairs details[open] > summary::before {
    transform: rotate(90deg);
  }
  attn-minimal-pairs ul {
    display: grid;
    gap: 6px;
    margin: 6px 0 10px;
    padding: 0;
    list-style: none;
  }
  attn-minimal-pairs button {
    display: grid;
    justify-content: stretch;
    justify-items: start;
    gap: 2px;
    width: 100%;
    padding: 8px 10px;
    text-align: start;
    white-space: normal;
  }
  attn-minimal-pairs .title {
    font-weight: 600;
  }
`;
