/** What lies under a point: the nearest token first, then the nearest link, heavier links winning ties. Pure. */
import { controlPoints, type LinkEnds, pointAt } from './curve';
import { laneOf } from './lanes';
import type { Layout, Vec3 } from './layout';
import { type Link, linkAt } from './packing';

export type Hit =
  | { readonly kind: 'token'; readonly layer: number | null; readonly query: number }
  | { readonly kind: 'head'; readonly layer: number; readonly head: number }
  | ({ readonly kind: 'link' } & Link);

/** CSS pixels on the canvas; null behind the camera. */
export type Project = (point: Vec3) => readonly [x: number, y: number] | null;

export const TOKEN_REACH = 14;
/** For fingers. */
export const COARSE_REACH = 24;
export const LINK_REACH = 6;
const CHORDS = 16;
/** Distances that a hand cannot tell apart; among these the heavier link wins. */
const TIE = 1.5;

/** Projection by a column-major 4 x 4 matrix, as three.js holds it. */
export function projector(matrix: ArrayLike<number>, width: number, height: number): Project {
  const m = (i: number) => matrix[i]!;
  return ([x, y, z]) => {
    const w = m(3) * x + m(7) * y + m(11) * z + m(15);
    if (w <= 1e-6) return null;
    const px = (m(0) * x + m(4) * y + m(8) * z + m(12)) / w;
    const py = (m(1) * x + m(5) * y + m(9) * z + m(13)) / w;
    return [(px * 0.5 + 0.5) * width, (0.5 - py * 0.5) * height];
  };
}

/** A dot at the top of a layer's band is what that layer wrote; the lowest dots belong to no layer. */
export function pickToken(layout: Layout, project: Project, x: number, y: number, reach = TOKEN_REACH): Hit | null {
  let best: Hit | null = null;
  let least = reach;
  for (const { y: height, z, layer } of dotRows(layout)) {
    for (let query = 0; query < layout.x.length; query++) {
      const point = project([layout.x[query]!, height, z]);
      if (!point) continue;
      const distance = Math.hypot(point[0] - x, point[1] - y);
      if (distance >= least) continue;
      least = distance;
      best = { kind: 'token', layer, query };
    }
  }
  return best;
}

/** The rows of dots, each with the layer that wrote it: the levels of the tower, or both rails of every lane. */
function dotRows({ lanes, levels }: Layout): { y: number; z: number; layer: number | null }[] {
  if (lanes.length === 0) return Array.from(levels, (y, level) => ({ y, z: 0, layer: level === 0 ? null : level - 1 }));
  return lanes.flatMap(({ low, high, z, layer }) => [
    { y: low, z, layer: null },
    { y: high, z, layer },
  ]);
}

/** Distance in pixels from a point to a link's curve, or Infinity beyond `reach` or behind the camera. */
export function linkDistance(
  layout: Layout,
  nHeads: number,
  link: LinkEnds,
  project: Project,
  x: number,
  y: number,
  reach: number,
): number {
  if (layout.lanes.length > 0 && laneOf(layout, link) === null) return Infinity;
  const points = controlPoints(layout, nHeads, link);
  // The curve lies inside the hull of its control points, so most links are refused here.
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const point of points) {
    const at = project(point);
    if (!at) return Infinity;
    left = Math.min(left, at[0]);
    right = Math.max(right, at[0]);
    top = Math.min(top, at[1]);
    bottom = Math.max(bottom, at[1]);
  }
  if (x < left - reach || x > right + reach || y < top - reach || y > bottom + reach) return Infinity;
  let least = Infinity;
  let last = project(points[0])!;
  for (let i = 1; i <= CHORDS; i++) {
    const next = project(pointAt(points, i / CHORDS))!;
    least = Math.min(least, chordDistance(last, next, x, y));
    last = next;
  }
  return least <= reach ? least : Infinity;
}

function chordDistance(a: readonly [number, number], b: readonly [number, number], x: number, y: number): number {
  const [vx, vy] = [b[0] - a[0], b[1] - a[1]];
  const length = vx * vx + vy * vy;
  const share = length > 0 ? Math.min(1, Math.max(0, ((x - a[0]) * vx + (y - a[1]) * vy) / length)) : 0;
  return Math.hypot(a[0] + share * vx - x, a[1] + share * vy - y);
}

/** Lists are searched in order; a hit in an earlier one (the focus) beats those of later ones. */
export function pickLink(
  lists: readonly { readonly list: Uint32Array; readonly count: number }[],
  layout: Layout,
  nHeads: number,
  project: Project,
  x: number,
  y: number,
): Hit | null {
  for (const { list, count } of lists) {
    let best: Link | null = null;
    let least = Infinity;
    for (let i = 0; i < count; i++) {
      const link = linkAt(list, i);
      const distance = linkDistance(layout, nHeads, link, project, x, y, LINK_REACH);
      if (distance === Infinity) continue;
      const nearer = distance < least - TIE;
      const heavier = distance < least + TIE && (best === null || link.weight > best.weight);
      if (!nearer && !heavier) continue;
      best = link;
      least = Math.min(least, distance);
    }
    if (best) return { kind: 'link', ...best };
  }
  return null;
}
