/** Which labels stay when they would collide: greedy, the important ones first. Pure; boxes are CSS pixels on the canvas. */
import type { Tone } from './theme';

export interface LabelStyle {
  readonly fill: Tone;
  /** Null: no border. */
  readonly edge: Tone | null;
  readonly ink: Tone;
  /** Colour from `split` on, where a text has two parts. */
  readonly inkAfter: Tone;
  readonly bold: boolean;
}

/** A text that would like a place. */
export interface LabelWish {
  readonly text: string;
  /** The second part, in the second colour: "animal" and "68 %". */
  readonly figure: string;
  readonly style: LabelStyle;
  /** Where it hangs: a point of the scene, then an offset in pixels to the label's centre. */
  readonly token: number | null;
  /** The layer that a click on it chooses; null leaves the layer alone. */
  readonly layer: number | null;
  /** The head of that layer that a click on it chooses, where it names one. */
  readonly head?: number;
  readonly place: readonly [x: number, y: number, z: number];
  readonly dx: number;
  readonly dy: number;
  /** -1: the label's right edge stands at the point, 1: its left edge, 0: its centre. */
  readonly align: -1 | 0 | 1;
  /** Greater goes first. */
  readonly priority: number;
  /** Never leaves for another label; it may still leave the canvas. */
  readonly firm: boolean;
  /** Further offsets to try, in order, before giving up. */
  readonly elsewhere: readonly (readonly [dx: number, dy: number])[];
}

export interface LabelBox {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** A label with a place: `x`, `y` is its upper left corner. */
export interface PlacedLabel extends LabelBox {
  readonly wish: LabelWish;
}

/** Least distance between two labels beside each other; between two rows the lines of type keep their own. */
const AIR = 3;
const LEADING = 0.5;
const EDGE = 2;

export function overlaps(a: LabelBox, b: LabelBox, air = 0, leading = 0): boolean {
  const beside = a.x < b.x + b.w + air && b.x < a.x + a.w + air;
  return beside && a.y < b.y + b.h + leading && b.y < a.y + a.h + leading;
}

export interface Screen {
  readonly width: number;
  readonly height: number;
}

/** `project` gives CSS pixels, or null behind the camera; `measure` a label's size. */
export function placeLabels(
  wishes: readonly LabelWish[],
  screen: Screen,
  project: (place: LabelWish['place']) => readonly [x: number, y: number] | null,
  measure: (wish: LabelWish) => readonly [w: number, h: number],
): PlacedLabel[] {
  const ordered = [...wishes].sort((a, b) => b.priority - a.priority);
  const placed: PlacedLabel[] = [];
  for (const wish of ordered) {
    const point = project(wish.place);
    if (!point) continue;
    const [w, h] = measure(wish);
    const left = point[0] - (wish.align === 0 ? w / 2 : wish.align < 0 ? w : 0);
    for (const [dx, dy] of [[wish.dx, wish.dy] as const, ...wish.elsewhere]) {
      const free = { x: left + dx, y: point[1] + dy - h / 2, w, h };
      // A firm label leans against the edge rather than leaving while its point can be seen.
      const seen = point[0] > 0 && point[0] < screen.width && point[1] > 0 && point[1] < screen.height;
      const box = wish.firm && seen ? pushedInside(free, screen) : free;
      if (!inside(box, screen)) continue;
      if (placed.some((other) => overlaps(box, other, AIR, LEADING))) continue;
      placed.push({ ...box, wish });
      break;
    }
  }
  return placed;
}

function pushedInside(box: LabelBox, screen: Screen): LabelBox {
  const x = Math.max(EDGE, Math.min(box.x, screen.width - box.w - EDGE));
  const y = Math.max(EDGE, Math.min(box.y, screen.height - box.h - EDGE));
  return { ...box, x, y };
}

function inside(box: LabelBox, screen: Screen): boolean {
  return box.x >= 0 && box.y >= 0 && box.x + box.w <= screen.width && box.y + box.h <= screen.height;
}

/**
 * In what order tokens give way when not all have room: the ends first, then every k-th, halving k. So what stays is
 * evenly spread. Returns a rank from 0 (stays longest).
 */
export function spreadRanks(count: number): Uint16Array {
  const ranks = new Uint16Array(count);
  let rank = 0;
  const given = new Uint8Array(count);
  const give = (i: number) => {
    if (i < count && !given[i]) {
      given[i] = 1;
      ranks[i] = rank++;
    }
  };
  let step = 1;
  while (step < count) step *= 2;
  give(0);
  for (; step >= 1; step /= 2) for (let i = 0; i < count; i += step) give(i);
  return ranks;
}
