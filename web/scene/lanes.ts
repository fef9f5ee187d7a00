/**
 * Where the lanes of the Heads view stand, one behind the other, and from where in the tower of layers each is drawn
 * out. Pure geometry; which heads have a lane is the state's to say.
 */
import type { HeadPlace } from '../state/state';
import type { Lane, Layout, LinkEnds, Rails } from './space';

export type { Lane, Rails } from './space';

/** The shaders' arrays hold so many: as many as the state allows. */
export const LANE_SLOTS = 8;
/** How high above the front the camera of the Heads view stands, in radians: lanes are spaced so that none covers another. */
export const RAISED = 0.84;

/** A lane's height and the air behind it, as shares of its step up the screen; and the largest step, in CSS pixels. */
const FILL = 0.57;
const MOST_STEP = 190;

/** Leaning of a head out of the tower's plane: -0.5 to 0.5. */
export function leanOf(head: number, nHeads: number): number {
  return (head + 0.5) / nHeads - 0.5;
}

/** The tower's layout with these heads drawn out of it, the shallowest in front. Without heads it is the tower. */
export function drawnOut(layout: Layout, heads: readonly HeadPlace[], nHeads: number, height: number): Layout {
  const n = heads.length;
  if (n === 0) return layout;
  const step = Math.min(MOST_STEP, height / n);
  const half = (step * FILL) / Math.cos(RAISED) / 2;
  const gap = step / Math.sin(RAISED);
  const order = [...heads].sort((a, b) => a.layer - b.layer || a.head - b.head);
  const lanes = heads.map(
    (head): Lane => ({
      layer: head.layer,
      head: head.head,
      low: -half,
      high: half,
      z: ((n - 1) / 2 - order.indexOf(head)) * gap,
      lean: 0,
      home: leanOf(head.head, nHeads),
    }),
  );
  const depth = ((n - 1) / 2) * gap;
  const box = {
    min: [layout.box.min[0], -half, -depth],
    max: [layout.box.max[0], half, depth],
  } as const;
  return { ...layout, lanes, spread: 1, box };
}

/** The lanes on the way between two layouts: out of the tower, back into it, or to their new places. */
export function betweenLanes(from: Layout, to: Layout, share: number): Lane[] {
  if (to.lanes.length === 0) return from.lanes.map((lane) => mixed(lane, inTower(lane, to), share));
  return to.lanes.map((lane) => {
    const before = from.lanes.length === 0 ? inTower(lane, from) : laneOf(from, lane);
    return before === null ? lane : mixed(before, lane, share);
  });
}

export function laneOf({ lanes }: Pick<Layout, 'lanes'>, { layer, head }: HeadPlace): Lane | null {
  return lanes.find((lane) => lane.layer === layer && lane.head === head) ?? null;
}

/** What a link runs between: its head's lane, or its layer's band of the tower. */
export function railsOf(layout: Layout, nHeads: number, { layer, head }: Pick<LinkEnds, 'layer' | 'head'>): Rails {
  return laneOf(layout, { layer, head }) ?? towerRails(layout, layer, leanOf(head, nHeads));
}

/** Where a head's links run, and whether the text's own labels stand right below or above it. */
export interface Berth extends Pick<Rails, 'low' | 'high' | 'z'> {
  readonly isLowest: boolean;
  readonly isHighest: boolean;
}

/** Null where other heads have lanes, and this one has none. */
export function berthOf(layout: Layout, { layer, head }: HeadPlace): Berth | null {
  if (layout.lanes.length === 0) {
    const { low, high, z } = towerRails(layout, layer, 0);
    return { low, high, z, isLowest: layer === 0, isHighest: layer + 2 === layout.levels.length };
  }
  const lane = laneOf(layout, { layer, head });
  if (lane === null) return null;
  const [front, back] = [inDepth(layout.lanes)[0], inDepth(layout.lanes).at(-1)];
  return { low: lane.low, high: lane.high, z: lane.z, isLowest: lane === front, isHighest: lane === back };
}

/** From the front to the back. */
export function inDepth(lanes: readonly Lane[]): Lane[] {
  return [...lanes].sort((a, b) => b.z - a.z);
}

function inTower(lane: Lane, layout: Layout): Lane {
  return { ...lane, ...towerRails(layout, lane.layer, lane.home) };
}

function towerRails({ levels }: Layout, layer: number, lean: number): Rails {
  return { low: levels[layer] ?? 0, high: levels[layer + 1] ?? 0, z: 0, lean };
}

function mixed(from: Lane, to: Lane, share: number): Lane {
  const at = (name: 'low' | 'high' | 'z' | 'lean') => from[name] + (to[name] - from[name]) * share;
  return { ...to, low: at('low'), high: at('high'), z: at('z'), lean: at('lean') };
}

/** Needs the uniforms that `Shared` keeps; -1: no lane. */
export const LANES_GLSL = `
int laneIndex(float layer, float head) {
  for (int i = 0; i < uLaneCount; i++) if (uLanes[i].x == layer && uLanes[i].y == head) return i;
  return -1;
}
vec3 laneHue(int lane) { return uTones[HEAD0_AT + lane]; }
`;
