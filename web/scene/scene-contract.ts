/** What the scene promises to those who show it: types, and the one error it throws. */
import type { ModelInfo, Run, Token } from '../engine/types';
import type { Snapshot } from '../session/snapshot';
import type { SceneModel } from '../state/scene-model';
import type { CameraPreset, HeadPlace, StepMatrix, ViewerState } from '../state/state';
import type { LabelBox } from './labels';
import type { Hit } from './picking';
import type { SceneTheme } from './theme';

/** This browser or machine gives no WebGL 2; everything but the scene works without it. */
export class SceneUnavailable extends Error {
  override name = 'SceneUnavailable';
}

/** What the scene writes besides tokens and numbers, in the reader's language. */
export interface SceneWords {
  layer(layer: number): string;
  head(head: number): string;
  matrix(name: StepMatrix): string;
  /** In the place of a weight, where a key cannot be seen. */
  masked(): string;
}

/** How a run reads: decided once for all views, and handed in. */
export interface Reading {
  readonly words: SceneWords;
  /** A token's name on the screen, cut to so many characters. */
  label(token: Token, longest: number): string;
  /** Whether a query may look at a key in a layer. */
  sees(run: Run, layer: number, query: number, key: number): boolean;
  /** A number as the page prints it. */
  number(value: number): string;
  /** The heads that have a lane in the Heads view. */
  lanes(state: ViewerState, chosen: HeadPlace, model: ModelInfo): readonly HeadPlace[];
}

export interface SceneOptions {
  readonly reading: Reading;
  readonly theme: SceneTheme;
  readonly reducedMotion: boolean;
  /** After each drawn frame. */
  readonly onChange?: () => void;
}

export interface ShownLabel extends LabelBox {
  readonly text: string;
  readonly fontPx: number;
  /** The token it names; null for layers and notes. */
  readonly token: number | null;
}

export interface SceneStats {
  readonly linksListed: number;
  readonly linksDrawn: number;
  readonly focusLinks: number;
  /** Of these, how many belong to the chosen head. */
  readonly chosenLinks: number;
  /** The matrices on show, in the Steps view. */
  readonly blocks: readonly StepMatrix[];
  readonly labels: readonly ShownLabel[];
  readonly calls: number;
  readonly triangles: number;
  readonly programs: number;
  readonly textures: number;
  readonly geometries: number;
  /** Since the scene was made. */
  readonly uploadedBytes: number;
  readonly frames: number;
}

export interface SceneCamera {
  preset(name: CameraPreset): void;
  /** Radians to the right and upward. */
  orbit(dx: number, dy: number): void;
  /** Over 1: closer. */
  zoom(factor: number): void;
  /** CSS pixels. */
  pan(dx: number, dy: number): void;
  reset(): void;
  /** Words for those who hear the scene. */
  describe(): string;
}

/** Bands of the canvas, in CSS pixels, that controls lie over: nothing is framed into them. */
export interface Covered {
  readonly top: number;
  readonly bottom: number;
}

export interface Scene {
  show(snapshot: Snapshot): void;
  resize(width: number, height: number, pixelRatio: number): void;
  setCovered(covered: Covered): void;
  setTheme(theme: SceneTheme): void;
  setReducedMotion(reduced: boolean): void;
  /** CSS pixels on the canvas. */
  pick(x: number, y: number): Hit | null;
  readonly camera: SceneCamera;
  /** Whether dragging, wheel and pinch turn the scene; until then the page keeps them. */
  setInteractive(on: boolean): void;
  /** Ends what is moving at once, in the picture that it was on its way to. */
  finish(): void;
  /** When the latest snapshot is on the screen and nothing moves any more. */
  drawn(): Promise<void>;
  /** Revision of the snapshot that was drawn last; -1 before the first. */
  settledRevision(): number;
  inspect(): SceneStats;
  /** What is drawn, as shapes; null before there is anything. */
  describe(): SceneModel | null;
  /**
   * What is on the canvas as a PNG of so many pixels across, drawn once at that size: labels and lines grow with it.
   * Wait for `drawn` first, or it shows what is under way. Rejects where the graphics card has no room for it.
   */
  picture(width: number): Promise<Blob>;
  dispose(): void;
}
