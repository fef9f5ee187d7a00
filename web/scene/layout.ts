/**
 * Where everything stands in the one space: x token, y layer, z head. Pure numbers; the only file that decides places.
 * One unit is about one CSS pixel when the whole scene is framed.
 */
import { betweenLanes } from './lanes';
import type { Layout } from './space';

export type { Box, Layout, Vec3 } from './space';

export interface LayoutRequest {
  /** Width of each token's label in CSS pixels: the tokens are set like a line of type. */
  readonly labelWidths: ArrayLike<number>;
  readonly nLayers: number;
  /** This layer's band is taller, so that the chosen links have air; null: all are alike. */
  readonly openLayer: number | null;
  /** Free room on the canvas, in CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** Over 1: heads lean out further, where the camera looks along them. */
  readonly fanGain: number;
  /**
   * The text grows at its end: its line begins at the left and keeps room for what comes. With the layout before, its
   * tokens stay in their places while there is such room. Null: the text is whole, and set in the middle.
   */
  readonly growing: { readonly before: Layout | null } | null;
}

/** Set anew, a growing text takes up so much of the width. */
const GROWN_SHARE = 0.8;

/** Distances between neighbouring labels, and the least room of a token however short it is. */
const LABEL_GAP = 15;
const LEAST_ADVANCE = 34;
/** Few tokens spread out, but not so far that they stop being a sentence. */
const MOST_STRETCH = 2.4;
const LEAST_BAND = 9;
const OPEN_SHARE = 0.3;
/** A Bezier's control points reach a third further than the curve. */
const CURVE_REACH = 0.75;

/** Room of a token in the line of type, in CSS pixels. */
function advanceOf(labelWidth: number): number {
  return Math.max(LEAST_ADVANCE, labelWidth + LABEL_GAP);
}

/** Centres of tokens set in one line, the first at 0, and the stretch with which they fill the width. */
function lineOf(labelWidths: ArrayLike<number>, width: number, most: number): { x: Float32Array; stretch: number } {
  const n = labelWidths.length;
  const x = new Float32Array(n);
  for (let i = 1; i < n; i++) x[i] = x[i - 1]! + (advanceOf(labelWidths[i - 1]!) + advanceOf(labelWidths[i]!)) / 2;
  // From the first centre to the last is what fills the width: half a label overhangs at each end.
  const span = x[n - 1] ?? 0;
  const stretch = span > 0 ? Math.min(most, width / span) : 1;
  return { x: x.map((place) => place * stretch), stretch };
}

/** Centres of tokens set in one line, in the middle. */
export function tokenPlaces(labelWidths: ArrayLike<number>, width: number): Float32Array {
  const { x } = lineOf(labelWidths, width, MOST_STRETCH);
  const half = (x[x.length - 1] ?? 0) / 2;
  return x.map((place) => place - half);
}

/** The line of a growing text: as it was, with the new tokens after it, or set anew from the left where they lack room. */
function growingLine(labelWidths: ArrayLike<number>, width: number, before: Layout | null) {
  const n = labelWidths.length;
  const room = before === null ? null : { first: before.box.min[0], last: before.box.max[0] };
  if (before !== null && room !== null && room.last - room.first > width - 1) {
    const x = new Float32Array(n);
    x.set(before.x.subarray(0, n));
    for (let i = Math.max(1, before.x.length); i < n; i++) {
      const step = (advanceOf(labelWidths[i - 1]!) + advanceOf(labelWidths[i]!)) / 2;
      x[i] = x[i - 1]! + step * before.stretch;
    }
    if ((x[n - 1] ?? 0) <= room.last) return { x, stretch: before.stretch, ...room };
  }
  const line = lineOf(labelWidths, width * GROWN_SHARE, before?.stretch ?? MOST_STRETCH);
  return { ...line, x: line.x.map((place) => place - width / 2), first: -width / 2, last: width / 2 };
}

function wholeLine(labelWidths: ArrayLike<number>, width: number) {
  const { stretch } = lineOf(labelWidths, width, MOST_STRETCH);
  const x = tokenPlaces(labelWidths, width);
  return { x, stretch, first: x[0] ?? 0, last: x[x.length - 1] ?? 0 };
}

/** Heights of the layer boundaries, centred on 0. */
export function levelPlaces(nLayers: number, openLayer: number | null, height: number): Float32Array {
  const levels = new Float32Array(nLayers + 1);
  if (nLayers === 0) return levels;
  const even = Math.max(LEAST_BAND, height / nLayers);
  const total = even * nLayers;
  const open = openLayer === null || nLayers === 1 ? even : Math.max(even, total * OPEN_SHARE);
  const rest = nLayers > 1 ? (total - open) / (nLayers - 1) : 0;
  let y = -total / 2;
  for (let layer = 0; layer < nLayers; layer++) {
    levels[layer] = y;
    y += openLayer === null ? even : layer === openLayer ? open : rest;
  }
  levels[nLayers] = y;
  return levels;
}

export function layOut(request: LayoutRequest): Layout {
  const { labelWidths, nLayers, openLayer, width, height, fanGain, growing } = request;
  const line = growing === null ? wholeLine(labelWidths, width) : growingLine(labelWidths, width, growing.before);
  const { x, stretch, first, last } = line;
  const levels = levelPlaces(nLayers, openLayer, height);
  const fan = fanGain * Math.min(190, Math.max(70, 0.3 * Math.min(width, height)));
  const reach = (CURVE_REACH * fan) / 2;
  return {
    x,
    levels,
    fan,
    spacing: x.length > 1 ? (x[x.length - 1]! - x[0]!) / (x.length - 1) : 80,
    stretch,
    lanes: [],
    spread: 0,
    box: { min: [first, levels[0]!, -reach], max: [last, levels[nLayers]!, reach] },
  };
}

/** How many rows of labels a line of tokens needs so that none is lost: 1 to 3, or 1 when not even three suffice. */
export function labelRows(x: ArrayLike<number>, labelWidths: ArrayLike<number>): number {
  const n = labelWidths.length;
  for (let rows = 1; rows <= 3; rows++) {
    let fits = true;
    for (let i = 0; i + rows < n && fits; i++) {
      const room = (x[i + rows]! - x[i]!) * 0.82;
      fits = room >= (labelWidths[i]! + labelWidths[i + rows]!) / 2 + 6;
    }
    if (fits) return rows;
  }
  return 1;
}

/** On the way from one layout to another of as many layers; tokens that the first did not have stand in their places. */
export function betweenLayouts(from: Layout, to: Layout, share: number): Layout {
  const lerp = (a: Float32Array, b: Float32Array) =>
    b.map((value, i) => (i < a.length ? a[i]! + (value - a[i]!) * share : value));
  return {
    ...to,
    x: lerp(from.x, to.x),
    levels: lerp(from.levels, to.levels),
    fan: from.fan + (to.fan - from.fan) * share,
    lanes: betweenLanes(from, to, share),
    spread: from.spread + (to.spread - from.spread) * share,
  };
}
