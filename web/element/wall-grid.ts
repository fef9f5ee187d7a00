/** The wall by place: layers upward, heads side by side, one picture under a grid of buttons. Templates and pure layout. */
import { html, nothing, type TemplateResult } from 'lit';
import type { RunView } from '../session/snapshot';
import { sameHead } from '../state/lanes';
import { headsInWords, type SharedHead, sharedHeads } from '../state/sharing';
import type { HeadPlace } from '../state/state';
import { type ThumbnailColours, thumbnailPainter } from './wall-thumbnails';
import { type TileActions, type TileLook, tile } from './wall-tile';

/** From so many heads on a column has room for its number alone. */
const MANY = 20;
/** Between heads that share their keys and the next ones, as a share of a thumbnail. */
const GAP = 0.14;

export function wallGrid(
  shown: RunView,
  hover: TileLook['hover'],
  isFaint: (place: HeadPlace) => boolean,
  lanes: readonly HeadPlace[],
  actions: TileActions,
): TemplateResult {
  const { nLayers, nHeads } = shown.run.model;
  const { selection } = shown;
  const groups = sharedHeads(shown.run.model);
  const place = placesOf(nHeads, shown.overview.thumbnailSize, groups);
  const shared = Array.from({ length: nHeads }, (_, head) => groups?.find(({ heads }) => heads.includes(head)));
  const kin = shared[selection.head];
  return html`
    <div
      class=${`wall${groups === null ? '' : ' grouped'}`}
      role="group"
      aria-label="All heads"
      .style=${`--layers: ${nLayers}; --heads: ${nHeads}; --columns: ${place.columns}`}
      @keydown=${actions.key}
      @pointerleave=${actions.leave}
    >
      <div class="corner" aria-hidden="true">${nHeads > MANY ? 'H' : nothing}</div>
      ${groups?.map((group) => bracket(group, group === kin, place))}
      ${Array.from(
        { length: nHeads },
        (_, head) => html`<div
          class="axis head"
          aria-hidden="true"
          .style=${`grid-column: ${place.columnOf(head)}`}
        >${nHeads > MANY ? head : `H${head}`}</div>`,
      )}
      ${Array.from({ length: nLayers }, (_, i) => nLayers - 1 - i).map(
        (layer) => html`
          ${layerAxis(shown, layer)}
          ${Array.from({ length: nHeads }, (_, head) => {
            const group = shared[head];
            const isKin = group !== undefined && group === kin && layer === selection.layer;
            const name = `layer ${layer}, head ${head}${group === undefined ? '' : `, shares keys ${group.kv}`}`;
            const look = { selection, hover, isTabStop: layer === selection.layer && head === selection.head };
            const lane = lanes.findIndex((one) => sameHead(one, { layer, head }));
            const marks = `${isKin ? ' kin' : ''}${isFaint({ layer, head }) ? ' faint' : ''}${lane < 0 ? '' : ' laned'}`;
            const style = `grid-column: ${place.columnOf(head)}${lane < 0 ? '' : `; --hue: var(--head-${lane})`}`;
            return tile({ layer, head }, { ...look, name, marks, style, content: nothing }, actions);
          })}
        `,
      )}
      <canvas aria-hidden="true"></canvas>
    </div>
  `;
}

function bracket(group: SharedHead, isKin: boolean, place: ReturnType<typeof placesOf>): TemplateResult {
  return html`<div
    class=${`bracket${isKin ? ' kin' : ''}`}
    .style=${`grid-column: ${place.columnOf(group.heads[0] ?? 0)} / ${place.columnOf(group.heads.at(-1) ?? 0) + 1}`}
    title=${`${headsInWords(group.heads)} share the keys and values of key/value head ${group.kv}`}
  >
    <span class="long">${headsInWords(group.heads)} share keys ${group.kv}</span>
    <span class="short" aria-hidden="true">keys ${group.kv}</span>
    <span class="least" aria-hidden="true">${group.kv}</span>
  </div>`;
}

/** A layer's name, and what is said of one whose tokens see only the last few. */
function layerAxis({ run }: RunView, layer: number): TemplateResult {
  const window = run.windows[layer] ?? null;
  const words = window === null ? nothing : `layer ${layer}: each token sees the last ${window} only`;
  return html`<div class="axis layer" aria-hidden="true" title=${words}>
    L${layer}${window === null ? nothing : html`<span class="window">◂${window}</span>`}
  </div>`;
}

/** All thumbnails in one picture, laid under the buttons. */
export function drawGrid(canvas: HTMLCanvasElement, shown: RunView, colours: ThumbnailColours): void {
  const { nLayers, nHeads } = shown.run.model;
  const { thumbnailSize: size } = shown.overview;
  const place = placesOf(nHeads, size, sharedHeads(shown.run.model));
  canvas.width = place.width;
  canvas.height = nLayers * size;
  const context = canvas.getContext('2d');
  if (context === null || canvas.width === 0 || canvas.height === 0) return;
  const image = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  const paint = thumbnailPainter(shown, colours);
  for (let layer = 0; layer < nLayers; ++layer) {
    const top = (nLayers - 1 - layer) * size;
    for (let head = 0; head < nHeads; ++head) {
      paint(layer, head, pixels, canvas.width, top * canvas.width + place.pixelOf(head));
    }
  }
  context.putImageData(image, 0, 0);
}

/** The head that an arrow key leads to; null for other keys. */
export function besideInGrid(
  key: string,
  { layer, head }: HeadPlace,
  { nLayers, nHeads }: { readonly nLayers: number; readonly nHeads: number },
): HeadPlace | null {
  const steps: Readonly<Record<string, HeadPlace>> = {
    ArrowUp: { layer: layer + 1, head },
    ArrowDown: { layer: layer - 1, head },
    ArrowLeft: { layer, head: head - 1 },
    ArrowRight: { layer, head: head + 1 },
    Home: { layer, head: 0 },
    End: { layer, head: nHeads - 1 },
  };
  const to = steps[key];
  if (to === undefined) return null;
  const within = (value: number, count: number) => Math.min(Math.max(value, 0), count - 1);
  return { layer: within(to.layer, nLayers), head: within(to.head, nHeads) };
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
