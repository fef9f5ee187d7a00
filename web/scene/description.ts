/** What the scene draws, told as plain shapes: the same links, places and curves that its shaders are fed with. Pure. */
import type { LinkList } from '../engine/types';
import type { SceneLink, SceneModel } from '../state/scene-model';
import { controlPoints, pointAt } from './curve';
import { laneOf } from './lanes';
import type { Layout } from './layout';
import { linkAt } from './packing';
import { lightIn, widthOf } from './visuals';

/** Pieces of a ribbon; more of them than the shader draws would show nothing more. */
const SEGMENTS = 24;
const DISC = 2.5;

/** A list of links, of which the first ones are drawn. */
export interface DrawnList {
  readonly list: LinkList;
  readonly count: number;
}

export interface DescriptionRequest {
  readonly layout: Layout;
  readonly nHeads: number;
  /** The chosen token's links; the first of them, so many, are of the chosen head. */
  readonly focused: DrawnList & { readonly chosen: number };
  /** All links; one that is among the focused ones is told once. */
  readonly mass: DrawnList;
  /** Of the tokens in the scene, and the number of the first one in the whole text. */
  readonly labels: readonly string[];
  readonly first: number;
}

export function describeScene(request: DescriptionRequest): SceneModel {
  const { layout, nHeads, focused, mass, labels, first } = request;
  const links = new Map<string, SceneLink>();
  for (const { list, count } of [focused, mass]) {
    for (let i = 0; i < count; ++i) {
      const link = linkAt(list, i);
      // Where heads have lanes, nothing else is drawn.
      const hasLane = laneOf(layout, link) !== null;
      if (layout.lanes.length > 0 && !hasLane) continue;
      const name = `${link.layer} ${link.head} ${link.query} ${link.key}`;
      if (links.has(name)) continue;
      const ends = controlPoints(layout, nHeads, link);
      // Spaced so that the bends at both ends are the finest.
      const points = Array.from({ length: SEGMENTS + 1 }, (_, at) =>
        pointAt(ends, 0.5 - 0.5 * Math.cos((Math.PI * at) / SEGMENTS)),
      );
      const { query, key, weight } = link;
      const others = hasLane ? 'lane' : 'focus';
      const role = list === mass.list ? 'mass' : i < focused.chosen ? 'chosen' : others;
      const light = lightIn(role, weight, mass.count, focused.count > 0);
      links.set(name, { ...link, query: query + first, key: key + first, width: widthOf(weight), light, points });
    }
  }
  const tokens = threadsOf(layout).flatMap((places) =>
    labels.map((label, index) => ({
      index: index + first,
      label,
      places: places.map(([y, z]) => [layout.x[index] ?? 0, y, z] as const),
    })),
  );
  return { tokens, links: [...links.values()], disc: DISC };
}

/** Heights and depths at which a thread has its dots: one thread through the tower, or one in each lane. */
function threadsOf({ lanes, levels }: Layout): (readonly [y: number, z: number])[][] {
  if (lanes.length === 0) return [Array.from(levels, (y) => [y, 0] as const)];
  return lanes.map(({ low, high, z }) => [
    [low, z],
    [high, z],
  ]);
}
