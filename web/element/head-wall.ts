/** All heads of the run as thumbnails of their weights, one button each. Draws from the overview alone. */
import { css, html, type PropertyValues, type TemplateResult } from 'lit';
import { define } from './define';
import { Panel } from './panel';
import { count } from './printed';
import { paintable, type Rgb } from './theme';

export class HeadWall extends Panel {
  static override properties = { ...Panel.properties, colours: { attribute: false } };

  /** Ground and light; new ones when the theme changes. */
  declare colours: { ground: Rgb; light: Rgb } | undefined;
  #drawn: unknown;

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
    return html`
      <div class="bar-above">
        <h2 class="heading">All ${count(nLayers * nHeads)} heads</h2>
        <span class="muted">deeper layers above; click one to open it</span>
      </div>
      <div
        class="wall"
        role="group"
        aria-label="All heads"
        .style=${`--layers: ${nLayers}; --heads: ${nHeads}`}
        @keydown=${this.#key}
        @pointerleave=${() => this.reader.point(null)}
      >
        <div class="corner"></div>
        ${Array.from({ length: nHeads }, (_, head) => html`<div class="axis" aria-hidden="true">H${head}</div>`)}
        ${layers.map(
          (layer) => html`
            <div class="axis" aria-hidden="true">L${layer}</div>
            ${Array.from({ length: nHeads }, (_, head) => {
              const chosen = layer === selection.layer && head === selection.head;
              const lit = hover !== null && hover.layer === layer && hover.head === head;
              return html`<button
                class=${`tile${chosen ? ' chosen' : ''}${lit ? ' lit' : ''}`}
                data-tile=${`${layer}.${head}`}
                aria-label=${`layer ${layer}, head ${head}`}
                aria-pressed=${chosen ? 'true' : 'false'}
                title=${`layer ${layer}, head ${head}`}
                tabindex=${chosen ? 0 : -1}
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
    `;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const overview = this.shown?.overview;
    if (changed.has('colours')) this.#drawn = undefined;
    if (overview !== undefined && overview.thumbnails !== this.#drawn) this.#draw();
  }

  /** All thumbnails in one picture, laid under the buttons. */
  #draw(): void {
    const canvas = this.querySelector('canvas');
    const shown = this.shown;
    if (canvas === null || shown === undefined || this.colours === undefined) return;
    const { thumbnails, thumbnailSize: size } = shown.overview;
    const { nLayers, nHeads } = shown.run.model;
    this.#drawn = thumbnails;
    canvas.width = nHeads * size;
    canvas.height = nLayers * size;
    const context = canvas.getContext('2d');
    if (context === null || canvas.width === 0 || canvas.height === 0) return;
    const image = context.createImageData(canvas.width, canvas.height);
    const pixels = new Uint32Array(image.data.buffer);
    const ramp = paintable(this.colours.ground, this.colours.light);
    let at = 0;
    for (let layer = 0; layer < nLayers; ++layer) {
      const top = (nLayers - 1 - layer) * size;
      for (let head = 0; head < nHeads; ++head) {
        for (let y = 0; y < size; ++y) {
          const row = (top + y) * canvas.width + head * size;
          for (let x = 0; x < size; ++x) pixels[row + x] = ramp[thumbnails[at++] ?? 0] ?? 0;
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
  .wall {
    position: relative;
    display: grid;
    grid-template-columns: 24px repeat(var(--heads), minmax(0, 1fr));
    grid-template-rows: 18px;
    font-size: 0.6875rem;
  }
  .wall .axis {
    display: grid;
    place-items: center;
    color: var(--muted);
    min-width: 0;
    overflow: hidden;
  }
  .wall canvas {
    position: absolute;
    inset: 18px 0 0 24px;
    width: calc(100% - 24px);
    height: calc(100% - 18px);
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
    box-shadow: inset 0 0 0 1px var(--line);
  }
  .tile:hover:not(:disabled),
  .tile.lit {
    background: none;
    box-shadow: inset 0 0 0 1px var(--ink);
  }
  .tile[aria-pressed='true'] {
    border-color: var(--accent);
  }
  .tile:focus-visible {
    z-index: 2;
    outline-offset: 0;
  }
  @container viewer (max-width: 420px) {
    .wall {
      grid-template-columns: 18px repeat(var(--heads), minmax(0, 1fr));
    }
    .wall canvas {
      inset-inline-start: 18px;
      width: calc(100% - 18px);
    }
  }
`;
