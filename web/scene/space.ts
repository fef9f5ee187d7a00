/** The words of the one space that the scene is drawn in: x token, y layer, z head. Types alone. */
import type { HeadPlace } from '../state/state';

export type Vec3 = readonly [x: number, y: number, z: number];

export interface Box {
  readonly min: Vec3;
  readonly max: Vec3;
}

export interface Layout {
  /** [nTokens] in reading order, centred on 0. */
  readonly x: Float32Array;
  /** [nLayers + 1] where layer n's band starts (n) and ends (n + 1); upward is deeper. */
  readonly levels: Float32Array;
  /** How far the outermost heads' control points lean out of the plane, both ways together. */
  readonly fan: number;
  /** Mean distance between neighbouring tokens. */
  readonly spacing: number;
  /** Units of space for each CSS pixel of the line of type. */
  readonly stretch: number;
  /** The heads that are drawn out of the tower, in the order in which they were chosen; empty: none. */
  readonly lanes: readonly Lane[];
  /** How far they are drawn out: 0 the tower, 1 nothing but lanes. */
  readonly spread: number;
  readonly box: Box;
}

/** What a link's curve runs between: keys on the lower rail, queries on the upper one. */
export interface Rails {
  readonly low: number;
  readonly high: number;
  readonly z: number;
  /** How far its links lean out of their plane, as a share of the fan. */
  readonly lean: number;
}

/** The lanes of a layout are in the order in which they were chosen: so are their colours. */
export interface Lane extends HeadPlace, Rails {
  /** Its head's leaning in the tower. */
  readonly home: number;
}

export interface LinkEnds {
  readonly layer: number;
  readonly head: number;
  readonly query: number;
  readonly key: number;
}
