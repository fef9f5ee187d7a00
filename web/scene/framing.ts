/** Where a camera stands so that a box fills the free part of the canvas. Pure geometry. */
import type { Box, Vec3 } from './layout';

/** Where a camera looks from: `azimuth` to the right of the front, `elevation` above it, in radians. */
export interface Direction {
  readonly azimuth: number;
  readonly elevation: number;
}

export interface Pose extends Direction {
  readonly target: Vec3;
  readonly distance: number;
}

/** Parts of the canvas, in CSS pixels, that belong to labels. */
export interface Insets {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

export interface Axes {
  readonly right: Vec3;
  readonly up: Vec3;
  /** From the scene to the camera. */
  readonly back: Vec3;
}

export function axesOf({ azimuth, elevation }: Direction): Axes {
  const sa = Math.sin(azimuth);
  const ca = Math.cos(azimuth);
  const se = Math.sin(elevation);
  const ce = Math.cos(elevation);
  return { right: [ca, 0, -sa], up: [-sa * se, ce, -ca * se], back: [sa * ce, se, ca * ce] };
}

export function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cornersOf({ min, max }: Box): Vec3[] {
  const corners: Vec3[] = [];
  for (const x of [min[0], max[0]]) {
    for (const y of [min[1], max[1]]) for (const z of [min[2], max[2]]) corners.push([x, y, z]);
  }
  return corners;
}

/** `fov` is the vertical angle in radians. */
export function frame(
  box: Box,
  direction: Direction,
  fov: number,
  viewport: { readonly width: number; readonly height: number },
  insets: Insets,
): Pose {
  const axes = axesOf(direction);
  const slopeY = Math.tan(fov / 2);
  const slopeX = (slopeY * viewport.width) / viewport.height;
  // The free rectangle's edges as slopes from the optical axis.
  const free = (size: number, inset: number) => Math.max(0.1, 1 - (2 * inset) / size);
  const left = slopeX * free(viewport.width, insets.left);
  const right = slopeX * free(viewport.width, insets.right);
  const top = slopeY * free(viewport.height, insets.top);
  const bottom = slopeY * free(viewport.height, insets.bottom);

  // Each corner p demands (p.x - cx) / slope + p.z <= distance on its side; cx balances the two sides.
  const demand = { left: -Infinity, right: -Infinity, top: -Infinity, bottom: -Infinity };
  for (const corner of cornersOf(box)) {
    const x = dot(corner, axes.right);
    const y = dot(corner, axes.up);
    const z = dot(corner, axes.back);
    demand.left = Math.max(demand.left, -x / left + z);
    demand.right = Math.max(demand.right, x / right + z);
    demand.top = Math.max(demand.top, y / top + z);
    demand.bottom = Math.max(demand.bottom, -y / bottom + z);
  }
  const cx = (demand.right - demand.left) / (1 / right + 1 / left);
  const cy = (demand.top - demand.bottom) / (1 / top + 1 / bottom);
  const distance = Math.max(demand.right - cx / right, demand.top - cy / top, 1);
  const along = (i: 0 | 1 | 2) => axes.right[i] * cx + axes.up[i] * cy;
  return { ...direction, target: [along(0), along(1), along(2)], distance };
}

/** Whether two poses show the same picture. */
export function samePose(a: Pose, b: Pose): boolean {
  const near = (p: number, q: number) => Math.abs(p - q) < 1e-6 * Math.max(1, Math.abs(p));
  return (
    near(a.azimuth, b.azimuth) &&
    near(a.elevation, b.elevation) &&
    near(a.distance, b.distance) &&
    a.target.every((value, i) => Math.abs(value - b.target[i]!) < 1e-6 * a.distance)
  );
}

/** Between two poses, the short way round. */
export function between(from: Pose, to: Pose, share: number): Pose {
  const lerp = (a: number, b: number) => a + (b - a) * share;
  const turn = Math.atan2(Math.sin(to.azimuth - from.azimuth), Math.cos(to.azimuth - from.azimuth));
  return {
    azimuth: from.azimuth + turn * share,
    elevation: lerp(from.elevation, to.elevation),
    distance: lerp(from.distance, to.distance),
    target: [
      lerp(from.target[0], to.target[0]),
      lerp(from.target[1], to.target[1]),
      lerp(from.target[2], to.target[2]),
    ],
  };
}

/** A pose in words, for those who hear the scene. */
export function describePose(pose: Pose, framed: Pose): string {
  const degrees = (radians: number) => Math.round((Math.abs(radians) * 180) / Math.PI);
  const parts: string[] = [];
  const side = degrees(pose.azimuth);
  if (side > 150) parts.push('from behind');
  else if (side < 25) parts.push('from the front');
  else parts.push(`from the ${pose.azimuth > 0 ? 'right' : 'left'}, ${side} degrees round`);
  const height = degrees(pose.elevation);
  if (height >= 60) parts.push('from high above');
  else if (height >= 15) parts.push(`${height} degrees ${pose.elevation > 0 ? 'above' : 'below'}`);
  const scale = framed.distance / pose.distance;
  if (scale > 1.08) parts.push(`${scale.toFixed(1)} times closer`);
  else if (scale < 0.92) parts.push(`${(1 / scale).toFixed(1)} times further away`);
  else parts.push('whole text in view');
  return `Seen ${parts.join(', ')}.`;
}
