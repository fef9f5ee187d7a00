/** Which heads have a lane of their own in the Heads view, and what heads are called there. The one place that decides. Pure. */
import type { ModelInfo } from '../engine/types';
import { type HeadPlace, MOST_LANES, type ViewerState } from './state';

/** Where nobody chose lanes, so many heads of the chosen one's layer have one. */
const NEIGHBOURS = 4;

/**
 * The heads that have a lane, in the order in which they were chosen. Where none was: the chosen head among its
 * neighbours, four to a group, so that a choice within the group moves nothing.
 */
export function lanesOf(
  { lanes, layer, head }: Pick<ViewerState, 'lanes' | 'layer' | 'head'>,
  { nLayers, nHeads }: Pick<ModelInfo, 'nLayers' | 'nHeads'>,
): HeadPlace[] {
  const chosen: HeadPlace[] = [];
  for (const place of lanes) {
    const isInside = place.layer < nLayers && place.head < nHeads;
    if (isInside && !hasLane(chosen, place) && chosen.length < MOST_LANES) chosen.push(place);
  }
  if (chosen.length > 0) return chosen;
  const inside = { layer: Math.min(layer, nLayers - 1), head: Math.min(head, nHeads - 1) };
  const first = Math.floor(inside.head / NEIGHBOURS) * NEIGHBOURS;
  const count = Math.min(NEIGHBOURS, nHeads - first);
  return Array.from({ length: count }, (_, i) => ({ layer: inside.layer, head: first + i }));
}

export function sameHead(a: HeadPlace, b: HeadPlace): boolean {
  return a.layer === b.layer && a.head === b.head;
}

export function hasLane(lanes: readonly HeadPlace[], place: HeadPlace): boolean {
  return lanes.some((lane) => sameHead(lane, place));
}

/** The list with one more, where there is room. */
export function withLane(lanes: readonly HeadPlace[], { layer, head }: HeadPlace): readonly HeadPlace[] {
  return hasLane(lanes, { layer, head }) || lanes.length >= MOST_LANES ? lanes : [...lanes, { layer, head }];
}

export function withoutLane(lanes: readonly HeadPlace[], place: HeadPlace): HeadPlace[] {
  return lanes.filter((lane) => !sameHead(lane, place));
}

/** "L3 H1". */
export function headName({ layer, head }: HeadPlace): string {
  return `L${layer} H${head}`;
}
