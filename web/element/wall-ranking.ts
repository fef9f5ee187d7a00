/** The wall by a number: one tile a head, greatest or least first, each with its name and its number. Templates. */
import { html, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { RunView } from '../session/snapshot';
import { headName, sameHead } from '../state/lanes';
import { rolesOf } from '../state/metrics';
import { formatMeasured } from '../state/numbers';
import type { OrderWords, RankedHead } from '../state/wall-order';
import { measured } from './printed';
import { type ThumbnailColours, thumbnailPainter } from './wall-thumbnails';
import { placeOf, type TileActions, type TileLook, tile } from './wall-tile';

export function wallRanking(
  heads: readonly RankedHead[],
  { label, unit, order }: OrderWords,
  shown: RunView,
  hover: TileLook['hover'],
  actions: TileActions,
): TemplateResult {
  const { selection, overview, run } = shown;
  const tabStop = heads.find((head) => sameHead(head, selection)) ?? heads[0];
  return html`<div
    class="ranking"
    role="group"
    aria-label=${`Heads by ${label}`}
    @keydown=${actions.key}
    @pointerleave=${actions.leave}
  >
    ${repeat(
      heads,
      ({ layer, head }) => `${layer}.${head}`,
      (ranked) => {
        const { layer, head, value } = ranked;
        const [role] = rolesOf(overview.metrics[layer * run.model.nHeads + head] ?? NO_METRICS);
        const number = value === null ? 'not measurable' : formatMeasured(value, unit);
        const name = `layer ${layer}, head ${head}: ${label} ${number}${role === undefined ? '' : `; ${role.label}`}`;
        const content = html`<canvas aria-hidden="true"></canvas>
          <span class="caption">
            <span class="which">${headName(ranked)}</span>
            <span class="how-much">${measured(value, unit, { name: order })}</span>
          </span>
          <span class="role">${role?.label ?? ''}</span>`;
        const look = { selection, hover, name, marks: ' ranked', style: '', isTabStop: ranked === tabStop, content };
        return tile({ layer, head }, look, actions);
      },
    )}
  </div>`;
}

const NO_METRICS = {
  entropy: null,
  previous: null,
  next: null,
  self: null,
  first: null,
  special: null,
  distance: null,
  distanceWithoutFirst: null,
  duplicate: null,
  induction: null,
};

/** Paints the tiles' own pictures; those that were painted from the same run stay. */
export function drawRanking(
  ranking: HTMLElement,
  shown: RunView,
  colours: ThumbnailColours,
  painted: WeakMap<HTMLCanvasElement, unknown>,
): void {
  const { thumbnails, thumbnailSize: size } = shown.overview;
  const paint = thumbnailPainter(shown, colours);
  for (const canvas of ranking.querySelectorAll('canvas')) {
    const place = placeOf(canvas.parentElement);
    if (place === null || painted.get(canvas) === thumbnails) continue;
    canvas.width = canvas.height = size;
    const context = canvas.getContext('2d');
    if (context === null) return;
    const image = context.createImageData(size, size);
    paint(place.layer, place.head, new Uint32Array(image.data.buffer), size, 0);
    context.putImageData(image, 0, 0);
    painted.set(canvas, thumbnails);
  }
}

/** The tile that an arrow key leads to, among tiles that wrap; null for other keys. */
export function besideInRanking(key: string, at: number, count: number, columns: number): number | null {
  const to = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at - columns,
    ArrowDown: at + columns,
    Home: 0,
    End: count - 1,
  }[key];
  if (to === undefined) return null;
  // A step out of the last row ends at the last tile; nothing wraps round.
  if (to < 0) return key === 'ArrowUp' ? at : 0;
  return Math.min(to, count - 1);
}
