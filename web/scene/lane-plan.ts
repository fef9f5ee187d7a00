/** What is written and drawn in the lanes: each head's name, its rails in its own hue, its strongest key. Pure. */
import type { LinkList } from '../engine/types';
import { endWishes, focusWishes, LABEL_DROP, NEAR_DROP, type PlanRequest, style } from './label-plan';
import type { LabelWish } from './labels';
import { berthOf, inDepth, type Lane, RAISED } from './lanes';
import type { Vec3 } from './layout';
import { LINK_WORDS, type Link, linkAt } from './packing';
import { apartStub, dropOf, plain, type Stroke, type StrokeRequest } from './strokes';
import { headTone } from './theme';
import { percent } from './visuals';

/** Threads that stand closer than this would be a wall across every lane: then only those of the focus are drawn. */
const LEAST_SPACING = 7;

export function planLaneLabels(request: PlanRequest): LabelWish[] {
  const { layout } = request;
  const order = inDepth(layout.lanes);
  const [front, back] = [order[0], order.at(-1)];
  if (front === undefined || back === undefined) return [];
  return [
    ...order.map((lane, depth) => nameWish(request, lane, depth)),
    ...endWishes(request, { y: front.low, z: front.z }, false),
    ...endWishes(request, { y: back.high, z: back.z }, true),
    ...order.flatMap((lane) => keyWishes(request, lane)),
    ...focusWishes(request),
  ];
}

/** "L3 H1" at the left end of its lane, framed in the lane's hue. */
function nameWish({ layout, focus, narrow }: PlanRequest, lane: Lane, depth: number): LabelWish {
  const { layer, head, low, high, z } = lane;
  const isChosen = layer === focus.layer && head === focus.head;
  const tone = headTone(layout.lanes.indexOf(lane));
  return {
    text: `L${layer} H${head}`,
    figure: '',
    style: style('panel', tone, isChosen ? 'ink' : 'mutedInk', isChosen),
    token: null,
    layer,
    head,
    place: [layout.x[0] ?? 0, (low + high) / 2, z],
    dx: narrow ? -10 : -26,
    dy: 0,
    align: -1,
    priority: 985 - depth,
    firm: true,
    elsewhere: [],
  };
}

/** What the focused token looks at most in a lane that is not the focus itself. */
function keyWishes({ view, focus, layout, texts }: PlanRequest, lane: Lane): LabelWish[] {
  const isFocus = lane.layer === focus.layer && lane.head === focus.head;
  const link = focus.query === null || isFocus ? null : strongestIn(view.row.links, lane);
  if (link === null) return [];
  return [
    {
      text: texts[link.key]!,
      figure: percent(link.weight),
      style: { ...style('ground', null, 'ink'), inkAfter: 'ink' },
      token: link.key,
      layer: null,
      place: [layout.x[link.key]!, lane.low, lane.z],
      dx: 0,
      dy: lane === inDepth(layout.lanes)[0] ? LABEL_DROP : NEAR_DROP - 2,
      align: 0,
      priority: 940,
      firm: false,
      elsewhere: [],
    },
  ];
}

/** The first, and so the strongest, link of a head in a descending list. */
export function strongestIn(links: LinkList, { layer, head }: Pick<Lane, 'layer' | 'head'>): Link | null {
  const place = layer * 65536 + head;
  for (let i = 0; i * LINK_WORDS < links.length; i++) if (links[i * LINK_WORDS] === place) return linkAt(links, i);
  return null;
}

export function planLaneStrokes(request: StrokeRequest): Stroke[] {
  const { layout, focus, rows } = request;
  const order = inDepth(layout.lanes);
  const n = layout.x.length;
  if (order.length === 0 || n === 0) return [];
  const strokes: Stroke[] = [];
  for (const lane of order) strokes.push(...railStrokes(request, lane));
  for (let token = 0; token < n; token++) {
    const isNamed = token === focus.query || token === focus.link?.key;
    if (layout.spacing < LEAST_SPACING && !isNamed) continue;
    const drop = dropOf(token, rows) / Math.cos(RAISED);
    for (const [i, lane] of order.entries()) {
      const behind = order[i + 1];
      const at = (y: number, z = lane.z): Vec3 => [layout.x[token]!, y, z];
      const thread = threadOf(request, token, isNamed);
      strokes.push({ ...thread, from: at(i === 0 ? lane.low - drop : lane.low), to: at(lane.high) });
      // From lane to lane only the token goes on, no attention: the same thread, fainter.
      if (behind !== undefined) {
        strokes.push({ ...thread, alpha: thread.alpha * 0.45, from: at(lane.high), to: at(behind.low, behind.z) });
      } else strokes.push({ ...thread, from: at(lane.high), to: at(lane.high + drop) });
    }
  }
  return [...strokes, ...apartStub(request, berthOf(layout, focus))];
}

function threadOf({ layout, apart }: StrokeRequest, token: number, isNamed: boolean) {
  const weight = Math.min(1, Math.max(0.2, layout.spacing / 26));
  return {
    ...plain,
    width: 1,
    tone: isNamed ? ('mutedInk' as const) : ('line' as const),
    alpha: isNamed ? 0.4 : (apart(token) ? 0.3 : 0.62) * weight,
  };
}

function railStrokes({ layout, focus }: StrokeRequest, lane: Lane): Stroke[] {
  const { x } = layout;
  const [first, end] = [x[0]!, x[x.length - 1]!];
  const margin = Math.max(18, (end - first) * 0.02);
  const isFocus = lane.layer === focus.layer && lane.head === focus.head;
  const tone = headTone(layout.lanes.indexOf(lane));
  const along = (y: number): Pick<Stroke, 'from' | 'to'> => ({
    from: [first - margin, y, lane.z],
    to: [end + margin, y, lane.z],
  });
  const rail = { ...plain, width: isFocus ? 1.6 : 1.1, tone, alpha: isFocus ? 0.9 : 0.5, fade: 0.03 };
  const light: Stroke = {
    ...along((lane.low + lane.high) / 2),
    width: (lane.high - lane.low) * Math.cos(RAISED) * 1.5,
    tone: 'panel',
    alpha: 0.95,
    fade: 0.1,
    dashes: 0,
    soft: true,
  };
  return [...(isFocus ? [light] : []), { ...rail, ...along(lane.low) }, { ...rail, ...along(lane.high) }];
}
