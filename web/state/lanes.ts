/** Which heads have a lane of their own in the Heads view, and what heads are called there. The one place that decides. Pure. */
import type { ModelInfo } from '../engine/types';
import { type HeadPlace, MOST_LANES, type ViewerState } from './state';

/** Without a choice of the reader's, so many heads of the chosen one's layer have a lane. */
const NEIGHBOURS = 4;

/**
 * The reader's lanes as far as the model has such heads, in the order in which they were chosen. Without any, the chosen
 * head among its neighbours: four to a group, so that a choice within the group moves nothing.
 */
export function lanesOf(
  { lanes }: Pick<ViewerState, 'lanes'>,
  { layer, head }: HeadPlace,
  { nLayers, nHeads }: Pick<ModelInfo, 'nLayers' | 'nHeads'>,
): readonly HeadPlace[] {
  const chosen = lanes
    .filter((lane, i) => lane.layer < nLayers && lane.head < nHeads && !hasLane(lanes.slice(0, i), lane))
    .slice(0, MOST_LANES);
  if (chosen.length > 0) return chosen;
  const first = Math.floor(head / NEIGHBOURS) * NEIGHBOURS;
  return Array.from({ length: Math.min(NEIGHBOURS, nHeads - first) }, (_, i) => ({ layer, head: first + i }));
}

export function sameHead(a: HeadPlace, b: HeadPlace): boolean {
  return a.layer === b.layer && a.head === b.head;
}

export function hasLane(lanes: readonly HeadPlace[], place: HeadPlace): boolean {
  return lanes.some((lane) => sameHead(lane, place));
}

/** The lanes with one more, as far as there is room; or without it, where it is one already. */
export function toggleLane(lanes: readonly HeadPlace[], { layer, head }: HeadPlace): readonly HeadPlace[] {
  const others = lanes.filter((lane) => !sameHead(lane, { layer, head }));
  if (others.length < lanes.length) return others;
  return lanes.length < MOST_LANES ? [...lanes, { layer, head }] : lanes;
}

/** "L3 H1". */
export function headName({ layer, head }: HeadPlace): string {
  return `L${layer} H${head}`;
}
