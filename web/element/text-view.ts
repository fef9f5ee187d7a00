/**
 * The run's text as running prose, lit by where one token looks in the chosen head, by who looks at it there, or by the
 * flow through all heads together.
 */
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { RunView } from '../session/snapshot';
import { apartNames } from '../state/apart';
import { shareApart } from '../state/explain';
import { labelOf } from '../state/labels';
import { formatPercent } from '../state/numbers';
import { isRightToLeft, type ProseToken, proseOf } from '../state/prose';
import { brightness, type Scale } from '../state/scale';
import { MOST_FLOW_TOKENS, TEXT_BY, type TextBy } from '../state/state';
import { hiddenKinds, visibility, whyHidden } from '../state/visibility';
import { type Word, weightsOfWords, wordAt, wordsOf } from '../state/words';
import { changedMark } from './changed-mark';
import { define } from './define';
import { scaleLegend } from './measure-chooser';
import { Panel } from './panel';
import { count, percent } from './printed';
import { isBright, mixed, type Rgb } from './theme';

const BY_NAMES: Readonly<Record<TextBy, string>> = {
  row: 'Where it looks',
  column: 'Who looks at it',
  flow: 'Flow',
};
const LIT_BY: Readonly<Record<TextBy, string>> = {
  row: 'where the chosen token looks',
  column: 'which tokens look at the chosen one',
  flow: 'the flow from the chosen token through all layers',
};
/** So many of the strongest have their number printed. */
const PRINTED = 6;
/** Weaker ones never have: the numbers would be noise. */
const LEAST = 0.02;
/** Texts up to so many tokens have room to be set large. */
const SHORT = 48;
const SHARE: Scale = { kind: 'share', most: 1 };

/** What the text is lit by. */
interface Lit {
  readonly by: TextBy;
  /** The token whose row or column it is. */
  readonly chosen: number;
  /** [nTokens] */
  readonly weights: Float32Array;
  readonly words: readonly Word[];
  readonly ofWords: Float64Array;
  /** Indices of the words whose numbers are printed. */
  readonly strongest: ReadonlySet<number>;
}

export class TextView extends Panel {
  static override properties = { ...Panel.properties, colours: { attribute: false } };

  declare colours: { readonly raised: Rgb; readonly light: Rgb } | undefined;
  /** Where the keyboard is. */
  #cursor = 0;
  #chosen = -1;
  /** The run's text as prose, and its words: they change with the run alone. */
  #read: { run: RunView['run']; prose: ProseToken[]; words: Word[] } | null = null;

  protected override sees(): readonly unknown[] {
    const { shown } = this;
    const state = this.snapshot?.state;
    const { hover } = state ?? {};
    return [
      shown?.run,
      shown?.matrix,
      shown?.selection,
      shown?.apart,
      shown?.flow,
      state?.textBy,
      state?.words,
      hover?.query,
      hover?.key,
    ];
  }

  protected override render(): TemplateResult {
    const { shown } = this;
    const state = this.snapshot?.state;
    if (shown === undefined || state === undefined) return html`<p class="muted empty">Your text appears here.</p>`;
    const { run, selection } = shown;
    if (this.#read?.run !== run) this.#read = { run, prose: proseOf(run), words: wordsOf(run) };
    const { prose, words } = this.#read;
    const lit = litOf(shown, state.textBy, state.words ? words : words.flatMap(single));
    const isFlow = lit.by === 'flow';
    if (lit.chosen !== this.#chosen) this.#cursor = this.#chosen = lit.chosen;
    if (this.#cursor >= run.tokens.length) this.#cursor = lit.chosen;
    const isRow = lit.by !== 'column';
    const { layer, head } = selection;
    return html`
      <div class="bar-above">
        <h2 class="heading">${isFlow ? 'All layers and heads' : `Layer ${layer}, head ${head}`}</h2>
        ${changedMark(run)}
        <div class="by" role="group" aria-label="What lights the text">
          ${TEXT_BY.map(
            (by) => html`<button
              aria-pressed=${by === state.textBy ? 'true' : 'false'}
              @click=${() => this.reader.choose({ textBy: by })}
            >${BY_NAMES[by]}</button>`,
          )}
        </div>
        <label class="switch">
          <input
            type="checkbox"
            role="switch"
            .checked=${state.words && !isFlow}
            ?disabled=${isFlow}
            @change=${(event: Event) => this.reader.choose({ words: (event.target as HTMLInputElement).checked })}
          />
          <span>Whole words</span>
        </label>
        ${scaleLegend(SHARE)}
      </div>
      <p class="said">${this.#caption(shown, lit, isRow)}</p>
      <div
        class=${`prose${run.tokens.length <= SHORT ? ' short' : ''}`}
        dir=${isRightToLeft(run.text) ? 'rtl' : 'ltr'}
        role="group"
        aria-label=${`The text, lit by ${LIT_BY[lit.by]}`}
        @keydown=${this.#key}
        @click=${this.#pick}
        @pointerover=${this.#over}
        @focusin=${this.#over}
        @pointerleave=${() => this.reader.point(null)}
        @focusout=${() => this.reader.point(null)}
      >${lit.words.map((word, i) => this.#word(shown, prose, lit, word, i, isRow))}</div>
    `;
  }

  /** "it looks at each token with this weight. A word's weight is the sum of its pieces'. Set apart: …" */
  #caption(shown: RunView, lit: Lit, isRow: boolean): TemplateResult {
    const { run } = shown;
    const state = this.snapshot!.state;
    if (lit.by === 'flow') return flowCaption(shown, lit, state.hover?.key ?? shown.selection.key);
    const tooLong =
      state.textBy === 'flow'
        ? html`Flow is computed up to ${count(MOST_FLOW_TOKENS)} tokens; this text has ${count(run.tokens.length)}. `
        : nothing;
    const name = html`<bdi class=${`word ${isRow ? 'query' : 'key'}`}>${labelOf(run.tokens[lit.chosen])}</bdi>`;
    const hover = state.hover;
    const pointed = isRow ? hover?.key : hover?.query;
    const at = pointed ?? (isRow ? shown.selection.key : shown.selection.query);
    const word = wordAt(lit.words, at);
    const weight = word === undefined ? 0 : (lit.ofWords[lit.words.indexOf(word)] ?? 0);
    const other = html`<bdi class=${`word ${isRow ? 'key' : 'query'}`}>${word === undefined ? '' : wordName(run, word)}</bdi>`;
    const [query, key] = isRow ? [lit.chosen, at] : [at, lit.chosen];
    const why = whyHidden(run, shown.selection.layer, query, key);
    const verb = why === null ? 'looks at' : 'cannot see';
    const apart = apartNames(run);
    const share = shareApart(shown);
    const rule = state.words
      ? isRow
        ? 'A word’s weight is the sum of its pieces’.'
        : 'A word’s weight is the mean of its pieces’.'
      : isRow
        ? 'All weights add up to 100 %.'
        : 'These weights come from different rows: they need not add up.';
    return html`<span class="reading"
        >${isRow ? html`${name} ${verb} ${other}` : html`${other} ${verb} ${name}`}${
          why === null ? html`: <strong>${percent(weight, { name: 'weight' })}</strong>.` : html`: ${why}.`
        }</span
      >
      <span class="muted">${tooLong}${rule}${
        isRow && state.apart && apart !== null && share > 0
          ? html` Set apart: ${apart} ${percent(share, { name: 'apart' })}.`
          : nothing
      }${
        hiddenKinds(run, shown.selection.layer, run.tokens.length).length === 0
          ? nothing
          : html` <span class="entry"><span class="swatch later" aria-hidden="true"></span> ${
              isRow ? 'it cannot see these' : 'these cannot see it'
            }</span>`
      }</span>`;
  }

  #word(shown: RunView, prose: readonly ProseToken[], lit: Lit, word: Word, place: number, isRow: boolean) {
    const { run, apart, selection } = shown;
    const first = prose[word.first];
    const weight = lit.ofWords[place] ?? 0;
    const tokens = Array.from({ length: word.end - word.first }, (_, i) => word.first + i);
    const isHidden = tokens.every((token) => {
      // What a flow reaches through several layers is hidden by none of their windows alone.
      if (lit.by === 'flow') return run.model.causal === true && token > lit.chosen;
      const [query, key] = isRow ? [lit.chosen, token] : [token, lit.chosen];
      return visibility(run, selection.layer, query, key) !== 'visible';
    });
    const isApart = apart[word.first] === 1 && lit.by !== 'flow';
    const isPrinted = !isHidden && (lit.strongest.has(place) || (isApart && weight >= LEAST));
    const light = isApart ? 0 : brightness(weight, SHARE);
    const isSpecial = run.tokens[word.first]?.special === true;
    const name = `group${isSpecial ? ' special' : ''}${isApart ? ' apart' : ''}${isHidden ? ' hidden' : ''}${this.#ink(light)}`;
    return html`${Array.from({ length: first?.breaks ?? 0 }, () => html`<br />`)}${first?.spaced ? ' ' : nothing}<span
        class=${name}
        dir="auto"
        .style=${`--light-share: ${light}`}
        ><span class="pieces">${tokens.map((token) => this.#token(shown, prose[token], lit, weight, tokens, isHidden, isRow))}</span
        ><span class="number" dir="ltr" aria-hidden="true">${isPrinted ? percent(weight) : nothing}</span></span
      >`;
  }

  #token(
    shown: RunView,
    prose: ProseToken | undefined,
    lit: Lit,
    weight: number,
    tokens: readonly number[],
    isHidden: boolean,
    isRow: boolean,
  ): TemplateResult | typeof nothing {
    if (prose === undefined) return nothing;
    const { run, selection } = shown;
    const { index, name } = prose;
    const hover = this.snapshot?.state.hover ?? null;
    const pointed = isRow ? (hover?.key ?? hover?.query) : (hover?.query ?? hover?.key);
    const isChosen = index === lit.chosen;
    const [query, key] = isRow ? [lit.chosen, index] : [index, lit.chosen];
    const why = isHidden ? (whyHidden(run, selection.layer, query, key) ?? 'hidden') : null;
    const words = tokens.length > 1 ? `, part of ${wordName(run, { first: tokens[0]!, end: tokens.at(-1)! + 1 })}` : '';
    const number = why ?? formatPercent(weight);
    return html`<button
      class=${`piece${isChosen ? ' chosen' : ''}${pointed === index ? ' lit' : ''}`}
      data-index=${index}
      aria-pressed=${isChosen ? 'true' : 'false'}
      aria-label=${`${name}${words}: ${number}`}
      title=${`${run.tokens[index]?.piece}${words}: ${number}`}
      tabindex=${index === this.#cursor ? 0 : -1}
    ><span class="name">${name}</span></button>`;
  }

  #ink(light: number): string {
    if (this.colours === undefined || light < 0.14) return '';
    return isBright(mixed(this.colours.raised, this.colours.light, light)) ? ' on-bright' : ' on-dark';
  }

  readonly #pick = (event: Event): void => {
    const index = indexOf(event.target);
    if (index !== null)
      this.reader.choose(this.snapshot?.state.textBy === 'column' ? { key: index } : { query: index });
  };

  readonly #over = (event: Event): void => {
    const index = indexOf(event.target);
    const { shown } = this;
    if (index === null || shown === undefined) {
      this.reader.point(null);
      return;
    }
    const { layer, head, query, key } = shown.selection;
    const isRow = this.snapshot?.state.textBy !== 'column';
    this.reader.point({ layer, head, query: isRow ? query : index, key: isRow ? index : key });
  };

  readonly #key = (event: KeyboardEvent): void => {
    const from = indexOf(event.target);
    if (from === null || event.ctrlKey || event.altKey || event.metaKey) return;
    const buttons = [...this.querySelectorAll<HTMLElement>('.piece')];
    const to = destination(event.key, from, buttons);
    if (to === null) return;
    event.preventDefault();
    this.#cursor = to;
    this.requestUpdate();
    buttons[to]?.focus();
  };

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    this.#reveal();
    const { activeElement } = this.getRootNode() as ShadowRoot;
    // The keyboard stays on a token when words become pieces, or the other way round.
    if (activeElement?.matches('.piece') && this.contains(activeElement) && indexOf(activeElement) !== this.#cursor)
      this.#cursor = indexOf(activeElement) ?? this.#cursor;
  }

  /** Scrolls the prose, never the page, to a token that was chosen elsewhere. */
  #reveal(): void {
    const chosen = `${this.shown?.run.id} ${this.#chosen}`;
    if (chosen === this.#revealed) return;
    this.#revealed = chosen;
    const prose = this.querySelector('.prose');
    const button = this.querySelector(`[data-index="${this.#chosen}"]`);
    if (prose === null || button === null) return;
    const [room, place] = [prose.getBoundingClientRect(), button.getBoundingClientRect()];
    if (place.top < room.top || place.bottom > room.bottom)
      prose.scrollTop += place.top - room.top - (room.height - place.height) / 2;
  }
  #revealed = '';
}

/** @param asked  a flow that is not known gives way to the row */
function litOf({ matrix, selection, flow }: RunView, asked: TextBy, asWords: readonly Word[]): Lit {
  const { query, key } = selection;
  const n = matrix.cols;
  const by = asked === 'flow' && flow === null ? 'row' : asked;
  // Flows to the pieces of a word share edges: they do not add up.
  const words = by === 'flow' ? asWords.flatMap(single) : asWords;
  const weights =
    by === 'flow' && flow !== null
      ? flow.data
      : by === 'row'
        ? matrix.data.subarray(query * n, (query + 1) * n)
        : Float32Array.from({ length: matrix.rows }, (_, row) => matrix.data[row * n + key] ?? 0);
  const ofWords = weightsOfWords(words, weights, by === 'column' ? 'column' : 'row');
  const strongest = Array.from(words.keys())
    .filter((i) => (ofWords[i] ?? 0) >= LEAST)
    .sort((a, b) => (ofWords[b] ?? 0) - (ofWords[a] ?? 0))
    .slice(0, PRINTED);
  return { by, chosen: by === 'column' ? key : query, weights, words, ofWords, strongest: new Set(strongest) };
}

/** "From it to animal: 43 %. The most that …" */
function flowCaption(shown: RunView, lit: Lit, at: number): TemplateResult {
  const { run } = shown;
  return html`<span class="reading"
      >From <bdi class="word query">${labelOf(run.tokens[lit.chosen])}</bdi> to <bdi class="word key">${labelOf(run.tokens[at])}</bdi>:
      <strong>${percent(lit.weights[at] ?? 0, { name: 'flow' })}</strong>.</span
    >
    <span class="muted"
      >Flow: the most that the attention of all layers, mean over their heads and half of it staying where it is, can carry
      down to that token by all ways together. Each token has a flow of its own: they need not add up.</span
    >`;
}

/** Each token as a word of its own. */
function single({ first, end }: Word): Word[] {
  return Array.from({ length: end - first }, (_, i) => ({ first: first + i, end: first + i + 1 }));
}

/** As the text has it where its pieces have a place there, else its pieces in a row. */
function wordName(run: RunView['run'], { first, end }: Word): string {
  if (end - first === 1) return labelOf(run.tokens[first]);
  const { start } = run.tokens[first] ?? {};
  const { end: stop } = run.tokens[end - 1] ?? {};
  if (start != null && stop != null) return run.text.slice(start, stop).trim();
  return Array.from({ length: end - first }, (_, i) => labelOf(run.tokens[first + i]).replace(/^##/, '')).join('');
}

function indexOf(target: EventTarget | null): number | null {
  const index = (target as Element | null)?.closest<HTMLElement>('.piece')?.dataset['index'];
  return index === undefined ? null : Number(index);
}

/** The token that a key leads to: the next one, or the nearest in the line above or below. Null for any other key. */
function destination(key: string, from: number, buttons: readonly HTMLElement[]): number | null {
  const last = buttons.length - 1;
  if (key === 'ArrowRight') return Math.min(from + 1, last);
  if (key === 'ArrowLeft') return Math.max(from - 1, 0);
  if (key === 'Home') return 0;
  if (key === 'End') return last;
  if (key !== 'ArrowUp' && key !== 'ArrowDown') return null;
  const places = buttons.map((button) => button.getBoundingClientRect());
  const here = places[from];
  if (here === undefined) return null;
  const isUp = key === 'ArrowUp';
  const beyond = places.flatMap((place, i) =>
    (isUp ? place.bottom <= here.top : place.top >= here.bottom) ? [i] : [],
  );
  const line = beyond.length === 0 ? null : places[(isUp ? beyond.at(-1) : beyond[0]) ?? 0]!.top;
  if (line === null) return from;
  const middle = (place: DOMRect) => (place.left + place.right) / 2;
  const off = (i: number) => Math.abs(middle(places[i]!) - middle(here));
  return beyond.filter((i) => places[i]!.top === line).reduce((best, i) => (off(i) < off(best) ? i : best));
}

define('attn-text-view', TextView);

export const textViewStyles = css`
  attn-text-view {
    display: flex;
    flex-direction: column;
    gap: 12px;
    min-width: 0;
    min-height: 0;
  }
  attn-text-view .bar-above {
    align-items: center;
    gap: 8px 16px;
  }
  attn-text-view .by {
    display: flex;
  }
  attn-text-view .by button {
    border-radius: 0;
    margin-inline-start: -1px;
    font-size: 0.8125rem;
    color: var(--muted);
  }
  attn-text-view .by button:first-child {
    border-start-start-radius: var(--radius);
    border-end-start-radius: var(--radius);
    margin-inline-start: 0;
  }
  attn-text-view .by button:last-child {
    border-start-end-radius: var(--radius);
    border-end-end-radius: var(--radius);
  }
  attn-text-view .by button[aria-pressed='true'] {
    z-index: 1;
    border-color: var(--line);
    background: var(--hover);
    color: var(--ink);
    font-weight: 600;
    box-shadow: inset 0 -2px 0 var(--accent);
  }
  attn-text-view .switch {
    display: inline-flex;
    align-items: center;
    gap: 8px;
    min-height: var(--target);
    font-size: 0.8125rem;
    cursor: pointer;
  }
  attn-text-view .said {
    margin: 0;
    max-width: 72ch;
    font-size: 1rem;
  }
  attn-text-view .said .muted {
    font-size: 0.8125rem;
  }
  attn-text-view .said .entry {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    margin-inline-start: 8px;
  }
  attn-text-view strong {
    color: var(--light);
    font-weight: 650;
  }
  attn-text-view .prose {
    flex: 1;
    min-height: 0;
    max-width: 46rem;
    padding: 6px 4px 16px;
    overflow: auto;
    font-size: 1.125rem;
    line-height: 1.2;
    scrollbar-width: thin;
    scrollbar-color: var(--line) transparent;
  }
  attn-text-view .prose.short {
    max-width: 56rem;
    font-size: clamp(1.25rem, 2.4cqi, 1.875rem);
  }
  attn-text-view .group {
    display: inline-flex;
    flex-direction: column;
    align-items: center;
    max-width: 100%;
    margin: 1px 0 2px;
    vertical-align: top;
  }
  attn-text-view .pieces {
    display: flex;
    flex-wrap: wrap;
    border-radius: var(--radius);
    background: color-mix(in srgb, var(--light) calc(var(--light-share) * 100%), transparent);
  }
  attn-text-view .piece {
    justify-content: center;
    min-width: 24px;
    min-height: 30px;
    padding: 2px 5px;
    border: 0;
    background: none;
    color: inherit;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  /* Pieces of one word: a hairline between them. */
  attn-text-view .piece + .piece {
    border-inline-start: 1px solid color-mix(in srgb, currentColor 28%, transparent);
    border-start-start-radius: 0;
    border-end-start-radius: 0;
  }
  attn-text-view .piece:not(:last-child) {
    border-start-end-radius: 0;
    border-end-end-radius: 0;
  }
  attn-text-view .piece .name {
    unicode-bidi: isolate;
  }
  attn-text-view .piece:hover:not(:disabled),
  attn-text-view .piece.lit {
    background: color-mix(in srgb, var(--ink) 14%, transparent);
  }
  attn-text-view .on-bright .piece {
    color: var(--black);
  }
  attn-text-view .on-dark .piece {
    color: var(--white);
  }
  attn-text-view .piece.chosen {
    box-shadow: 0 0 0 2px var(--ink);
    border-radius: var(--radius);
    font-weight: 650;
    z-index: 1;
  }
  attn-text-view .piece.chosen[aria-pressed='true'] {
    border-color: transparent;
  }
  attn-text-view .group .number {
    min-height: 0.875rem;
    font-family: var(--mono);
    font-size: 0.6875rem;
    line-height: 0.875rem;
    color: var(--light);
    white-space: nowrap;
  }
  attn-text-view .group.special .piece {
    font-size: 0.75rem;
  }
  attn-text-view .group.apart .piece {
    color: var(--muted);
    outline: 1px dashed var(--line);
    outline-offset: -2px;
  }
  attn-text-view .group.apart .piece:focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  attn-text-view .group.apart .number {
    color: var(--muted);
  }
  attn-text-view .group.hidden .piece {
    color: var(--muted);
    background: repeating-linear-gradient(135deg, var(--line) 0 1px, transparent 1px 6px);
  }
  @media (pointer: coarse) {
    attn-text-view .piece {
      min-height: 40px;
      min-width: 28px;
    }
  }
  @media (forced-colors: active) {
    attn-text-view .pieces {
      forced-color-adjust: none;
      color: CanvasText;
    }
    attn-text-view .piece.chosen {
      outline: 2px solid Highlight;
    }
  }
`;
