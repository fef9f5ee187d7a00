/** Which heads have a lane of their own in the Heads view: the one place that decides. Pure. */
import type { ModelInfo } from '../engine/types';
import { type HeadPlace, MOST_LANES, type ViewerState } from './state';

/** Without a choice of the reader's, the chosen head has so many others of its layer beside it. */
const NEIGHBOURS = 3;

/**
 * The reader's lanes as far as the model has such heads; without any, the chosen head first and the ones after it in
 * its layer, round the corner.
 */
export function lanesOf(
  state: Pick<ViewerState, 'lanes'>,
  chosen: HeadPlace,
  { nLayers, nHeads }: Pick<ModelInfo, 'nLayers' | 'nHeads'>,
): readonly HeadPlace[] {
  const lanes = state.lanes.filter(({ layer, head }) => layer < nLayers && head < nHeads).slice(0, MOST_LANES);
  if (lanes.length > 0) return lanes;
  const { layer, head } = chosen;
  return Array.from({ length: Math.min(NEIGHBOURS + 1, nHeads) }, (_, i) => ({ layer, head: (head + i) % nHeads }));
}

/** The lanes with one more, as far as there is room; or without it, where it is one already. */
export function toggleLane(lanes: readonly HeadPlace[], lane: HeadPlace): readonly HeadPlace[] {
  const others = lanes.filter(({ layer, head }) => layer !== lane.layer || head !== lane.head);
  if (others.length < lanes.length) return others;
  return lanes.length < MOST_LANES ? [...lanes, lane] : lanes;
}
