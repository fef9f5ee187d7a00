/** A link's curve: a cubic Bezier from the key's thread up to the query's. One formula, written twice: here and in GLSL. */
import type { Layout, Vec3 } from './layout';

/** Room between a dot's centre and a link's end, and how far control points rise, as a share of the band. */
export const DOT_ROOM = 6;
export const HANDLE = 0.54;
/** Heads bend at different heights, so that those between the same two tokens lie side by side, not on one another. */
export const SHEAF = 0.46;

export interface LinkEnds {
  readonly layer: number;
  readonly head: number;
  readonly query: number;
  readonly key: number;
}

/** Leaning of a head out of the plane: -0.5 to 0.5. */
export function laneOf(head: number, nHeads: number): number {
  return (head + 0.5) / nHeads - 0.5;
}

/** The four control points, from the key (t = 0) to the query (t = 1). */
export function controlPoints(layout: Layout, nHeads: number, link: LinkEnds): readonly [Vec3, Vec3, Vec3, Vec3] {
  const { x, levels, fan } = layout;
  const low = levels[link.layer]!;
  const high = levels[link.layer + 1]!;
  const room = Math.min(DOT_ROOM, (high - low) * 0.2);
  const from = low + room;
  const to = high - room;
  const lane = laneOf(link.head, nHeads);
  const lowRise = (to - from) * (HANDLE + SHEAF * lane);
  const highRise = (to - from) * (HANDLE - SHEAF * lane);
  const z = lane * fan;
  const key = x[link.key]!;
  const query = x[link.query]!;
  return [
    [key, from, 0],
    [key, from + lowRise, z],
    [query, to - highRise, z],
    [query, to, 0],
  ];
}

export function pointAt(points: readonly [Vec3, Vec3, Vec3, Vec3], t: number): Vec3 {
  const s = 1 - t;
  const [a, b, c, d] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
  const at = (i: 0 | 1 | 2) => a * points[0][i] + b * points[1][i] + c * points[2][i] + d * points[3][i];
  return [at(0), at(1), at(2)];
}

/** Needs `tokenX` and `levelY`. Gives the point and the tangent at t. */
export const CURVE_GLSL = `
void linkCurve(float layer, float lane, int query, int key, float t, out vec3 point, out vec3 tangent) {
  float low = levelY(int(layer)), high = levelY(int(layer) + 1);
  float room = min(${DOT_ROOM.toFixed(1)}, (high - low) * 0.2);
  float from = low + room, to = high - room, z = lane * uFan;
  float lowRise = (to - from) * (${HANDLE.toFixed(4)} + ${SHEAF.toFixed(4)} * lane);
  float highRise = (to - from) * (${HANDLE.toFixed(4)} - ${SHEAF.toFixed(4)} * lane);
  float xk = tokenX(key), xq = tokenX(query);
  vec3 a = vec3(xk, from, 0.0), b = vec3(xk, from + lowRise, z), c = vec3(xq, to - highRise, z), d = vec3(xq, to, 0.0);
  float s = 1.0 - t;
  point = s * s * s * a + 3.0 * s * s * t * b + 3.0 * s * t * t * c + t * t * t * d;
  tangent = 3.0 * (s * s * (b - a) + 2.0 * s * t * (c - b) + t * t * (d - c));
}
`;
