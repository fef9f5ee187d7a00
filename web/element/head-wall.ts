/** All heads of the run as thumbnails of their weights, one button each, by place or by a number. Draws from the snapshot alone. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { RunView } from '../session/snapshot';
import { lanesOf } from '../state/lanes';
import { metricOf, ROLES } from '../state/metrics';
import { sharedHeads } from '../state/sharing';
import { orderWords, passes, type RankedHead, ranked, valuesOf } from '../state/wall-order';
import { changedMark } from './changed-mark';
import { define } from './define';
import { Panel } from './panel';
import { count, measured } from './printed';
import { plainWall, type WallSettings } from './wall-controls';
import { besideInGrid, drawGrid, wallGrid } from './wall-grid';
import { besideInRanking, drawRanking, wallRanking } from './wall-ranking';
import type { ThumbnailColours } from './wall-thumbnails';
import { placeOf, type TileActions } from './wall-tile';

export { headWallStyles } from './wall-styles';

export class HeadWall extends Panel {
  static override properties = { ...Panel.properties, colours: { attribute: false }, settings: { state: true } };

  /** New ones when the theme changes. */
  declare colours: ThumbnailColours | undefined;
  declare settings: WallSettings;
  #drawn: unknown;
  #painted = new WeakMap<HTMLCanvasElement, unknown>();
  #revealed = '';
  #order = '';
  /** A wall that was out of sight shows the chosen head as soon as it has a size. */
  readonly #sizes = globalThis.ResizeObserver === undefined ? null : new ResizeObserver(() => this.#reveal());

  constructor() {
    super();
    this.settings = plainWall;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#sizes?.observe(this);
  }

  override disconnectedCallback(): void {
    this.#sizes?.disconnect();
    super.disconnectedCallback();
  }

  protected override sees(): readonly unknown[] {
    const { state, comparison } = this.snapshot ?? {};
    const { overview, selection, effect } = this.shown ?? {};
    const { wallOrder, view, lanes, hover } = state ?? {};
    return [overview, selection, effect, comparison, wallOrder, view, lanes, hover?.layer, hover?.head];
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const order = this.snapshot?.state.wallOrder ?? 'place';
    // A threshold is one of the order that it was chosen in.
    if (order !== this.#order) this.settings = { leastFirst: false, filter: { ...this.settings.filter, least: null } };
    this.#order = order;
  }

  protected override render(): TemplateResult {
    const shown = this.shown;
    const state = this.snapshot?.state;
    if (shown === undefined || state === undefined)
      return html`<p class="muted empty">Every head appears here as a small picture.</p>`;
    const values = this.#values(shown);
    const words = orderWords(state.wallOrder);
    const heads = words === null ? null : this.#ranked(shown, values);
    // Where lanes are on show, the wall says which they are.
    const lanes = state.view === 'heads' ? lanesOf(state, shown.selection, shown.run.model) : [];
    return html`
      <div class="bar-above">
        ${this.#heading(shown, heads)} ${changedMark(shown.run)}
        <attn-wall-controls
          .snapshot=${this.snapshot}
          .reader=${this.reader}
          .settings=${this.settings}
          .values=${values}
          @wallsettings=${(event: CustomEvent<WallSettings>) => {
            this.settings = event.detail;
          }}
        ></attn-wall-controls>
      </div>
      <div class="wall-frame">
        ${
          words === null || heads === null
            ? wallGrid(shown, state.hover, (place) => !this.#isShown(shown, place, null), lanes, this.#actions)
            : wallRanking(heads, words, shown, state.hover, this.#actions)
        }
      </div>
    `;
  }

  #heading(shown: RunView, heads: readonly RankedHead[] | null): TemplateResult {
    const { nLayers, nHeads } = shown.run.model;
    const all = nLayers * nHeads;
    const { role } = this.settings.filter;
    const state = this.snapshot?.state;
    const words = orderWords(state?.wallOrder ?? 'place');
    if (heads === null || words === null) {
      const places = Array.from({ length: all }, (_, i) => ({ layer: Math.floor(i / nHeads), head: i % nHeads }));
      const fitting = role === null ? all : places.filter((place) => this.#isShown(shown, place, null)).length;
      return html`<h2 class="heading">All ${count(all)} heads</h2>
        <span class="muted">
          ${role === null ? html`deeper layers above; click one to open it` : html`${count(fitting)} ${roleInWords(role, fitting)}; the others are faint`}${this.#placeNotes(shown)}
        </span>`;
    }
    const isCut = heads.length < all;
    const lacks = heads.filter(({ value }) => value === null).length;
    const number = isCut ? html`${count(heads.length)} of ${count(all)} heads` : html`All ${count(all)} heads`;
    return html`<h2 class="heading">${number} by ${words.label.toLowerCase()}</h2>
      <span class="muted">
        ${words.definition}${role === null ? nothing : html` Only heads that ${roleInWords(role, 2)}.`}
        ${lacks === 0 ? nothing : html`<span class="lacks">Not measurable in ${lacks === heads.length ? 'any head' : html`${count(lacks)} of them`}: ${words.lacking}.</span>`}
      </span>`;
  }

  #placeNotes({ run }: RunView): TemplateResult {
    const windows = run.windows.some((window) => window !== null)
      ? html`. <span class="window">◂9</span>, for one, marks a layer in which each token sees the last 9 only`
      : nothing;
    return html`${sharedHeads(run.model) === null ? nothing : html`. Heads under one bracket share their keys and values`}${windows}`;
  }

  #values({ overview, effect }: RunView): readonly (number | null)[] | null {
    const change = this.snapshot?.comparison?.distance.heads ?? null;
    return valuesOf(this.snapshot?.state.wallOrder ?? 'place', { metrics: overview.metrics, change, effect });
  }

  #ranked(shown: RunView, values: readonly (number | null)[] | null): RankedHead[] {
    const { nLayers, nHeads } = shown.run.model;
    const known = values ?? Array.from({ length: nLayers * nHeads }, () => null);
    return ranked(known, nHeads, this.settings.leastFirst).filter((head) => this.#isShown(shown, head, head.value));
  }

  #isShown({ overview, run }: RunView, place: { layer: number; head: number }, value: number | null): boolean {
    return passes(this.settings.filter, overview.metrics[place.layer * run.model.nHeads + place.head], value);
  }

  readonly #actions: TileActions = {
    choose: ({ layer, head }) => this.reader.choose({ layer, head }),
    point: ({ layer, head }) => this.reader.point({ layer, head }),
    leave: () => this.reader.point(null),
    key: (event) => this.#key(event),
  };

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    if (changed.has('colours')) {
      this.#drawn = undefined;
      this.#painted = new WeakMap();
    }
    const shown = this.shown;
    if (shown !== undefined && this.colours !== undefined) this.#draw(shown, this.colours);
    this.#reveal();
  }

  #draw(shown: RunView, colours: ThumbnailColours): void {
    const ranking = this.querySelector<HTMLElement>('.ranking');
    const canvas = this.querySelector<HTMLCanvasElement>('.wall > canvas');
    if (ranking !== null) drawRanking(ranking, shown, colours, this.#painted);
    if (canvas === null) this.#drawn = undefined;
    else if (shown.overview.thumbnails !== this.#drawn) {
      this.#drawn = shown.overview.thumbnails;
      drawGrid(canvas, shown, colours);
    }
  }

  /** Scrolls the wall, never the page, so that a newly chosen head can be seen; a new order is read from its beginning. */
  #reveal(): void {
    const selection = this.shown?.selection;
    const frame = this.querySelector<HTMLElement>('.wall-frame');
    const tile = this.querySelector<HTMLElement>('.tile.chosen');
    if (selection === undefined || frame === null || frame.clientHeight === 0) return;
    const order = `${this.#order}.${this.settings.leastFirst}.`;
    // By place it is shown again when the wall gets another size; an order is read from its beginning, until a choice.
    const size = this.#order === 'place' ? frame.clientHeight : '';
    const seen = `${order}${selection.layer}.${selection.head}.${this.shown?.run.model.nLayers}.${size}`;
    if (seen === this.#revealed) return;
    const isNewOrder = this.#order !== 'place' && !this.#revealed.startsWith(order);
    this.#revealed = seen;
    if (isNewOrder) frame.scrollTop = 0;
    if (isNewOrder || tile === null) return;
    const above = this.querySelector<HTMLElement>('.axis.head');
    const beside = this.querySelector<HTMLElement>('.axis.layer');
    const top = above === null ? 0 : above.offsetTop - frame.scrollTop + above.offsetHeight;
    const left = beside?.offsetWidth ?? 0;
    const [start, end] = [tile.offsetTop - frame.scrollTop, tile.offsetTop + tile.offsetHeight - frame.scrollTop];
    if (start < top || end > frame.clientHeight) {
      frame.scrollTop = tile.offsetTop - (frame.clientHeight + top - tile.offsetHeight) / 2;
    }
    if (tile.offsetLeft - frame.scrollLeft < left) frame.scrollLeft = tile.offsetLeft - left;
    else if (tile.offsetLeft + tile.offsetWidth > frame.scrollLeft + frame.clientWidth) {
      frame.scrollLeft = tile.offsetLeft + tile.offsetWidth - frame.clientWidth;
    }
  }

  #key(event: KeyboardEvent): void {
    const shown = this.shown;
    const place = placeOf(event.target);
    if (shown === undefined || place === null || event.ctrlKey || event.altKey || event.metaKey) return;
    const to = this.#order === 'place' ? besideInGrid(event.key, place, shown.run.model) : this.#besideInRanking(event);
    if (to === null) return;
    event.preventDefault();
    this.querySelector<HTMLElement>(`[data-tile="${to.layer}.${to.head}"]`)?.focus();
  }

  #besideInRanking(event: KeyboardEvent): { layer: number; head: number } | null {
    const tiles = [...this.querySelectorAll<HTMLElement>('.ranking > .tile')];
    const columns = tiles.filter((tile) => tile.offsetTop === tiles[0]?.offsetTop).length;
    const to = besideInRanking(event.key, tiles.indexOf(event.target as HTMLElement), tiles.length, columns);
    return to === null ? null : placeOf(tiles[to] ?? null);
  }
}

/** A role is a name for a number, and never stands without the number from which it is given. */
function roleInWords(role: string, heads: number): TemplateResult {
  const found = ROLES.find(({ label }) => label === role);
  const from = found === undefined ? nothing : html` (from ${measured(found.threshold, metricOf(found.metric).unit)})`;
  return html`${heads === 1 ? 'reaches' : 'reach'} the role “${role}”${from}`;
}

define('attn-head-wall', HeadWall);
