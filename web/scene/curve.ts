/** A link's curve: a cubic Bezier from the key's thread up to the query's. One formula, written twice: here and in GLSL. */
import { railsOf } from './lanes';
import type { Layout, LinkEnds, Vec3 } from './space';

export type { LinkEnds } from './space';

/** Room between a dot's centre and a link's end, and how far control points rise, as a share of the band. */
export const DOT_ROOM = 6;
export const HANDLE = 0.54;
/** Heads bend at different heights, so that those between the same two tokens lie side by side, not on one another. */
export const SHEAF = 0.46;

/** The four control points, from the key (t = 0) to the query (t = 1). */
export function controlPoints(layout: Layout, nHeads: number, link: LinkEnds): readonly [Vec3, Vec3, Vec3, Vec3] {
  const { x, fan } = layout;
  const { low, high, z: plane, lean } = railsOf(layout, nHeads, link);
  const room = Math.min(DOT_ROOM, (high - low) * 0.2);
  const from = low + room;
  const to = high - room;
  const lowRise = (to - from) * (HANDLE + SHEAF * lean);
  const highRise = (to - from) * (HANDLE - SHEAF * lean);
  const z = plane + lean * fan;
  const key = x[link.key]!;
  const query = x[link.query]!;
  return [
    [key, from, plane],
    [key, from + lowRise, z],
    [query, to - highRise, z],
    [query, to, plane],
  ];
}

export function pointAt(points: readonly [Vec3, Vec3, Vec3, Vec3], t: number): Vec3 {
  const s = 1 - t;
  const [a, b, c, d] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
  const at = (i: 0 | 1 | 2) => a * points[0][i] + b * points[1][i] + c * points[2][i] + d * points[3][i];
  return [at(0), at(1), at(2)];
}

/** Needs `tokenX` and `levelY`. Gives the point and the tangent at t; `lane` is `laneIndex` of the head. */
export const CURVE_GLSL = `
void linkCurve(float layer, float head, int lane, int query, int key, float t, out vec3 point, out vec3 tangent) {
  float low = levelY(int(layer)), high = levelY(int(layer) + 1), plane = 0.0, lean = (head + 0.5) / uHeads - 0.5;
  if (lane >= 0) { low = uRails[lane].x; high = uRails[lane].y; plane = uLanes[lane].z; lean = uLanes[lane].w; }
  float room = min(${DOT_ROOM.toFixed(1)}, (high - low) * 0.2);
  float from = low + room, to = high - room, z = plane + lean * uFan;
  float lowRise = (to - from) * (${HANDLE.toFixed(4)} + ${SHEAF.toFixed(4)} * lean);
  float highRise = (to - from) * (${HANDLE.toFixed(4)} - ${SHEAF.toFixed(4)} * lean);
  float xk = tokenX(key), xq = tokenX(query);
  vec3 a = vec3(xk, from, plane), b = vec3(xk, from + lowRise, z), c = vec3(xq, to - highRise, z), d = vec3(xq, to, plane);
  float s = 1.0 - t;
  point = s * s * s * a + 3.0 * s * s * t * b + 3.0 * s * t * t * c + t * t * t * d;
  tangent = 3.0 * (s * s * (b - a) + 2.0 * s * t * (c - b) + t * t * (d - c));
}
`;
