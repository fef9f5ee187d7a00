/** What the scene draws, as plain shapes: the words in which the scene tells it and a file keeps it. Types alone. */

/** One unit is one CSS pixel of the framed scene; y is upward, deeper layers are higher. */
export type Point = readonly [x: number, y: number, z: number];

/** A ribbon that is drawn. */
export interface SceneLink {
  readonly layer: number;
  readonly head: number;
  readonly query: number;
  readonly key: number;
  readonly weight: number;
  readonly width: number;
  /** How much it covers of what is behind it, 0 to 1: what nobody has chosen is faint. */
  readonly light: number;
  /** From the key, below, to the query. */
  readonly points: readonly Point[];
}

/** A token's thread, by the places where it crosses the layers' boundaries, from below. */
export interface SceneToken {
  readonly index: number;
  readonly label: string;
  readonly places: readonly Point[];
}

export interface SceneModel {
  readonly tokens: readonly SceneToken[];
  readonly links: readonly SceneLink[];
  /** Radius of the disc at each of a token's places. */
  readonly disc: number;
}
