/** All heads of the run as thumbnails of their weights, one button each. Draws from the overview alone. */
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { headsInWords, type SharedHead, sharedHeads } from '../state/sharing';
import { blockVisibility } from '../state/visibility';
import { changedMark } from './changed-mark';
import { define } from './define';
import { Panel } from './panel';
import { count } from './printed';
import { paintable, type Rgb } from './theme';

/** From so many heads on a column has room for its number alone. */
const MANY = 20;
/** Between heads that share their keys and the next ones, as a share of a thumbnail. */
const GAP = 0.14;

export class HeadWall extends Panel {
  static override properties = { ...Panel.properties, colours: { attribute: false } };

  /** What is masked, a weight of 0, and a full one; new ones when the theme changes. */
  declare colours: { ground: Rgb; raised: Rgb; light: Rgb } | undefined;
  #drawn: unknown;
  /** A wall that was out of sight shows the chosen head as soon as it has a size. */
  readonly #sizes = globalThis.ResizeObserver === undefined ? null : new ResizeObserver(() => this.#reveal());

  override connectedCallback(): void {
    super.connectedCallback();
    this.#sizes?.observe(this);
  }

  override disconnectedCallback(): void {
    this.#sizes?.disconnect();
    super.disconnectedCallback();
  }

  protected override sees(): readonly unknown[] {
    const hover = this.snapshot?.state.hover;
    return [this.shown?.overview, this.shown?.selection, hover?.layer, hover?.head];
  }

  protected override render(): TemplateResult {
    const shown = this.shown;
    if (shown === undefined) return html`<p class="muted empty">Every head appears here as a small picture.</p>`;
    const { nLayers, nHeads } = shown.run.model;
    const hover = this.snapshot?.state.hover ?? null;
    const { selection } = shown;
    const layers = Array.from({ length: nLayers }, (_, i) => nLayers - 1 - i);
    const groups = sharedHeads(shown.run.model);
    const place = placesOf(nHeads, shown.overview.thumbnailSize, groups);
    const shared = Array.from({ length: nHeads }, (_, head) => groups?.find(({ heads }) => heads.includes(head)));
    const kin = shared[selection.head];
    const windows = shown.run.windows.some((window) => window !== null)
      ? html`. <span class="window">◂9</span>, for one, marks a layer in which each token sees the last 9 only`
      : nothing;
    return html`
      <div class="bar-above">
        <h2 class="heading">All ${count(nLayers * nHeads)} heads</h2>
        ${changedMark(shown.run)}
        <span class="muted">
          deeper layers above; click one to open
          it${groups === null ? nothing : html`. Heads under one bracket share their keys and values`}${windows}
        </span>
      </div>
      <div class="wall-frame">
        <div
          class=${`wall${groups === null ? '' : ' grouped'}`}
          role="group"
          aria-label="All heads"
          .style=${`--layers: ${nLayers}; --heads: ${nHeads}; --columns: ${place.columns}`}
          @keydown=${this.#key}
          @pointerleave=${() => this.reader.point(null)}
        >
          <div class="corner" aria-hidden="true">${nHeads > MANY ? 'H' : nothing}</div>
          ${groups?.map(
            (group) => html`<div
              class=${`bracket${group === kin ? ' kin' : ''}`}
              .style=${`grid-column: ${place.columnOf(group.heads[0] ?? 0)} / ${place.columnOf(group.heads.at(-1) ?? 0) + 1}`}
              title=${`${headsInWords(group.heads)} share the keys and values of key/value head ${group.kv}`}
            >
              <span class="long">${headsInWords(group.heads)} share keys ${group.kv}</span>
              <span class="short" aria-hidden="true">keys ${group.kv}</span>
              <span class="least" aria-hidden="true">${group.kv}</span>
            </div>`,
          )}
          ${Array.from(
            { length: nHeads },
            (_, head) => html`<div
              class="axis head"
              aria-hidden="true"
              .style=${`grid-column: ${place.columnOf(head)}`}
            >${nHeads > MANY ? head : `H${head}`}</div>`,
          )}
          ${layers.map(
            (layer) => html`
              <div class="axis layer" aria-hidden="true" title=${this.#windowOf(layer) ?? nothing}>
                L${layer}${this.#windowOf(layer) === null ? nothing : html`<span class="window">◂${shown.run.windows[layer]}</span>`}
              </div>
              ${Array.from({ length: nHeads }, (_, head) => {
                const group = shared[head];
                const name = `layer ${layer}, head ${head}${group === undefined ? '' : `, shares keys ${group.kv}`}`;
                const chosen = layer === selection.layer && head === selection.head;
                const lit = hover !== null && hover.layer === layer && hover.head === head;
                const isKin = group !== undefined && group === kin && layer === selection.layer;
                return html`<button
                  class=${`tile${chosen ? ' chosen' : isKin ? ' kin' : ''}${lit ? ' lit' : ''}`}
                  data-tile=${`${layer}.${head}`}
                  aria-label=${name}
                  aria-pressed=${chosen ? 'true' : 'false'}
                  title=${name}
                  tabindex=${chosen ? 0 : -1}
                  .style=${`grid-column: ${place.columnOf(head)}`}
                  @click=${() => this.reader.choose({ layer, head })}
                  @focus=${() => this.reader.point({ layer, head })}
                  @blur=${() => this.reader.point(null)}
                  @pointerenter=${() => this.reader.point({ layer, head })}
                ></button>`;
              })}
            `,
          )}
          <canvas aria-hidden="true"></canvas>
        </div>
      </div>
    `;
  }

  /** What is said of a layer whose tokens see only the last few; null where they see all. */
  #windowOf(layer: number): string | null {
    const window = this.shown?.run.windows[layer] ?? null;
    return window === null ? null : `layer ${layer}: each token sees the last ${window} only`;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const overview = this.shown?.overview;
    if (changed.has('colours')) this.#drawn = undefined;
    if (overview !== undefined && overview.thumbnails !== this.#drawn) this.#draw();
    this.#reveal();
  }

  /** Scrolls the wall, never the page, so that a newly chosen head can be seen. */
  #reveal(): void {
    const selection = this.shown?.selection;
    const frame = this.querySelector<HTMLElement>('.wall-frame');
    const tile = this.querySelector<HTMLElement>('.tile.chosen');
    if (selection === undefined || frame === null || tile === null || frame.clientHeight === 0) return;
    const seen = `${selection.layer}.${selection.head}.${this.shown?.run.model.nLayers}.${frame.clientHeight}`;
    if (seen === this.#revealed) return;
    this.#revealed = seen;
    const above = this.querySelector<HTMLElement>('.axis.head');
    const beside = this.querySelector<HTMLElement>('.axis.layer');
    const top = (above?.offsetTop ?? 0) - frame.scrollTop + (above?.offsetHeight ?? 0);
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
  #revealed = '';

  /** All thumbnails in one picture, laid under the buttons. */
  #draw(): void {
    const canvas = this.querySelector('canvas');
    const shown = this.shown;
    if (canvas === null || shown === undefined || this.colours === undefined) return;
    const { thumbnails, thumbnailSize: size } = shown.overview;
    const { run } = shown;
    const { nLayers, nHeads } = run.model;
    const n = run.tokens.length;
    const place = placesOf(nHeads, size, sharedHeads(run.model));
    this.#drawn = thumbnails;
    canvas.width = place.width;
    canvas.height = nLayers * size;
    const context = canvas.getContext('2d');
    if (context === null || canvas.width === 0 || canvas.height === 0) return;
    const image = context.createImageData(canvas.width, canvas.height);
    const pixels = new Uint32Array(image.data.buffer);
    const ramp = paintable(this.colours.raised, this.colours.light);
    const masked = paintable(this.colours.ground, this.colours.ground)[0] ?? 0;
    // A thumbnail's cell stands for a block of the matrix.
    const blocks = Array.from(
      { length: size },
      (_, i) => [Math.ceil((i * n) / size), Math.ceil(((i + 1) * n) / size)] as const,
    );
    const isMasked = new Uint8Array(size * size);
    let at = 0;
    for (let layer = 0; layer < nLayers; ++layer) {
      const top = (nLayers - 1 - layer) * size;
      blocks.forEach((rows, y) => {
        blocks.forEach((cols, x) => {
          isMasked[y * size + x] = blockVisibility(run, layer, rows, cols) === 'visible' ? 0 : 1;
        });
      });
      for (let head = 0; head < nHeads; ++head) {
        for (let y = 0; y < size; ++y) {
          const row = (top + y) * canvas.width + place.pixelOf(head);
          for (let x = 0; x < size; ++x) {
            const value = thumbnails[at++] ?? 0;
            pixels[row + x] = isMasked[y * size + x] === 1 ? masked : (ramp[value] ?? 0);
          }
        }
      }
    }
    context.putImageData(image, 0, 0);
  }

  readonly #key = (event: KeyboardEvent): void => {
    const shown = this.shown;
    const tile = (event.target as HTMLElement).dataset['tile'];
    if (shown === undefined || tile === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    const [layer = 0, head = 0] = tile.split('.').map(Number);
    const { nLayers, nHeads } = shown.run.model;
    const [toLayer, toHead] =
      event.key === 'ArrowUp'
        ? [layer + 1, head]
        : event.key === 'ArrowDown'
          ? [layer - 1, head]
          : event.key === 'ArrowLeft'
            ? [layer, head - 1]
            : event.key === 'ArrowRight'
              ? [layer, head + 1]
              : event.key === 'Home'
                ? [layer, 0]
                : event.key === 'End'
                  ? [layer, nHeads - 1]
                  : [null, null];
    if (toLayer === null || toHead === null) return;
    event.preventDefault();
    const bounded = `${Math.min(Math.max(toLayer, 0), nLayers - 1)}.${Math.min(Math.max(toHead, 0), nHeads - 1)}`;
    this.querySelector<HTMLElement>(`[data-tile="${bounded}"]`)?.focus();
  };
}

/**
 * Where the heads stand side by side, in the canvas's pixels and in the grid's columns (the first is the layers'): those
 * that share their keys stand together, with a gap after them.
 */
export function placesOf(nHeads: number, size: number, groups: readonly SharedHead[] | null) {
  const gap = groups === null ? 0 : Math.max(1, Math.round(size * GAP));
  const group = new Uint16Array(nHeads);
  for (const { kv, heads } of groups ?? []) for (const head of heads) group[head] = kv;
  const gaps = groups === null ? 0 : groups.length - 1;
  const block = (heads: number) => `repeat(${heads}, minmax(0, ${size}fr))`;
  return {
    width: nHeads * size + gaps * gap,
    pixelOf: (head: number) => head * size + (group[head] ?? 0) * gap,
    columnOf: (head: number) => 2 + head + (group[head] ?? 0),
    columns:
      groups === null ? block(nHeads) : groups.map(({ heads }) => block(heads.length)).join(` minmax(0, ${gap}fr) `),
  };
}

define('attn-head-wall', HeadWall);

export const headWallStyles = css`
  attn-head-wall {
    display: flex;
    flex-direction: column;
    gap: 10px;
    min-width: 0;
  }
  .bar-above {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 2px 12px;
    font-size: var(--small);
  }
  .wall-frame {
    flex: 1;
    min-height: 0;
    max-height: 780px;
    overflow: auto;
    overscroll-behavior-x: contain;
    scrollbar-width: thin;
    scrollbar-color: var(--line) transparent;
  }
  .wall {
    --side: 28px;
    --above: 18px;
    --brackets: 0px;
    position: relative;
    display: grid;
    grid-template-columns: var(--side) var(--columns);
    grid-template-rows: var(--above);
    min-width: calc(var(--side) + var(--heads) * 24px);
    max-width: calc(var(--side) + var(--heads) * clamp(76px, 420px / var(--layers), 120px));
    font-size: 0.6875rem;
  }
  .wall.grouped {
    --brackets: 24px;
    grid-template-rows: var(--brackets) var(--above);
    min-width: calc(var(--side) + var(--heads) * 26px);
  }
  .wall .corner {
    position: sticky;
    z-index: 5;
    top: 0;
    left: 0;
    display: grid;
    place-content: end center;
    grid-column: 1;
    background: var(--ground);
    color: var(--muted);
  }
  .wall.grouped .corner {
    grid-row: 1 / 3;
  }
  .wall .axis {
    display: grid;
    place-items: center;
    color: var(--muted);
    min-width: 0;
    overflow: hidden;
    background: var(--ground);
  }
  .wall .axis.head {
    position: sticky;
    z-index: 4;
    top: var(--brackets);
  }
  .wall .axis.layer {
    position: sticky;
    z-index: 3;
    left: 0;
    grid-column: 1;
    align-content: center;
  }
  .wall .axis .window {
    font-size: 0.625rem;
  }
  .wall .bracket {
    position: sticky;
    z-index: 4;
    top: 0;
    container-type: inline-size;
    display: grid;
    place-items: center;
    height: var(--brackets);
    padding-bottom: 6px;
    background: var(--ground);
    color: var(--muted);
    white-space: nowrap;
    overflow: hidden;
  }
  .wall .bracket::after {
    content: '';
    position: absolute;
    inset: auto 2px 0;
    height: 6px;
    border: 1px solid var(--muted);
    border-bottom: 0;
    border-radius: 3px 3px 0 0;
  }
  .wall .bracket.kin {
    color: var(--key);
    font-weight: 600;
  }
  .wall .bracket.kin::after {
    border-color: var(--key);
  }
  .bracket .short,
  .bracket .least {
    display: none;
  }
  @container (max-width: 168px) {
    .bracket .long {
      position: absolute;
      clip-path: inset(50%);
    }
    .bracket .short {
      display: inline;
    }
  }
  @container (max-width: 48px) {
    .bracket .short {
      display: none;
    }
    .bracket .least {
      display: inline;
    }
  }
  .wall canvas {
    position: absolute;
    inset: calc(var(--above) + var(--brackets)) 0 0 var(--side);
    width: calc(100% - var(--side));
    height: calc(100% - var(--above) - var(--brackets));
    image-rendering: pixelated;
    pointer-events: none;
  }
  /* The border is the gap between pictures: it lies over the one canvas beneath. */
  .tile {
    position: relative;
    z-index: 1;
    aspect-ratio: 1;
    min-width: 0;
    min-height: 24px;
    padding: 0;
    border: 2px solid var(--ground);
    border-radius: 0;
    background: none;
    /* Outside, it covers the seam to the next picture where the grid falls between pixels. */
    box-shadow:
      inset 0 0 0 1px var(--line),
      0 0 0 1px var(--ground);
  }
  .tile:hover:not(:disabled),
  .tile.lit {
    background: none;
    box-shadow: inset 0 0 0 1px var(--ink);
  }
  /* Heads of the chosen layer that read the same keys as the chosen one. */
  .tile.kin {
    box-shadow: inset 0 0 0 1px var(--key);
  }
  .tile[aria-pressed='true'] {
    z-index: 2;
    border-color: var(--accent);
  }
  .tile:focus-visible {
    z-index: 2;
    outline-offset: 0;
  }
  @container viewer (max-width: 420px) {
    .wall-frame {
      max-height: 72svh;
    }
    .wall {
      --side: 24px;
    }
  }
`;
