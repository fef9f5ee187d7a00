/** Which straight strokes the scene has: threads, rules, the open band, the stub of what is set apart. Pure. */
import type { Focus } from './focus';
import { LABEL_DROP, LABEL_ROW } from './label-plan';
import { type Berth, berthOf } from './lanes';
import type { Layout, Vec3 } from './layout';
import { type Tone, toneIndex } from './theme';

export interface Stroke {
  readonly from: Vec3;
  readonly to: Vec3;
  /** In CSS pixels; in the scene's units where `soft`. */
  readonly width: number;
  readonly tone: Tone;
  readonly alpha: number;
  /** Share of the length over which both ends fade in. */
  readonly fade: number;
  /** So many dashes; 0: none. */
  readonly dashes: number;
  /** Fades toward its long edges: a band of light rather than a line. */
  readonly soft: boolean;
}

export const STROKE_FLOATS = 12;

export function writeStroke(out: Float32Array, index: number, stroke: Stroke): void {
  const { from, to, width, alpha, tone, fade, dashes, soft } = stroke;
  out.set([...from, ...to, width, alpha, toneIndex(tone), fade, dashes, soft ? 1 : 0], index * STROKE_FLOATS);
}

export interface StrokeRequest {
  readonly layout: Layout;
  readonly focus: Focus;
  readonly apart: (token: number) => boolean;
  /** Whether the focused token cannot see this one in the focused layer. */
  readonly hidden: (token: number) => boolean;
  /** Width of each token's label in CSS pixels. */
  readonly labelWidths: ArrayLike<number>;
  /** Rows of labels under and over the text. */
  readonly rows: number;
}

/** Length of a dash and its gap, in the scene's units. */
const DASH = 9;

export const plain = { fade: 0, dashes: 0, soft: false };

/** How far a thread goes on beyond its last dot: up to its label. */
export function dropOf(token: number, rows: number): number {
  return LABEL_DROP - 8 + (token % rows) * LABEL_ROW;
}

export function planStrokes({ layout, focus, apart, hidden, labelWidths, rows }: StrokeRequest): Stroke[] {
  const { x, levels } = layout;
  const n = x.length;
  const last = levels.length - 1;
  if (n === 0 || last < 1) return [];
  const low = levels[focus.layer]!;
  const high = levels[focus.layer + 1]!;
  const [first, end] = [x[0]!, x[n - 1]!];
  const margin = Math.max(40, (end - first) * 0.06);
  const focused = focus.query !== null;
  // Many threads stand closer and must weigh less each, or they become a wall.
  const weight = Math.min(1, Math.max(0.16, layout.spacing / 22));
  const strokes: Stroke[] = [];

  strokes.push({
    from: [first - margin, (low + high) / 2, 0],
    to: [end + margin, (low + high) / 2, 0],
    width: (high - low) * 1.7,
    tone: 'panel',
    alpha: focused ? 0.9 : 0.6,
    fade: 0.16,
    dashes: 0,
    soft: true,
  });
  for (let level = 0; level <= last; level++) {
    const chosen = level === focus.layer || level === focus.layer + 1;
    strokes.push({
      ...plain,
      from: [first - margin, levels[level]!, 0],
      to: [end + margin, levels[level]!, 0],
      width: 1,
      tone: chosen ? 'line' : 'thread',
      alpha: chosen ? 0.75 : 0.6,
      fade: 0.1,
    });
    // The plane that heads lean out into, by its two far edges.
    for (const z of [layout.box.min[2], layout.box.max[2]]) {
      strokes.push({
        ...plain,
        from: [first - margin, levels[level]!, z],
        to: [end + margin, levels[level]!, z],
        width: 1,
        tone: 'thread',
        alpha: chosen ? 0.55 : 0.3,
        fade: 0.12,
      });
    }
  }
  for (let token = 0; token < n; token++) {
    const drop = dropOf(token, rows);
    const named = token === focus.query || token === focus.link?.key;
    const thread = {
      ...plain,
      width: 1.1,
      tone: named ? ('mutedInk' as const) : ('line' as const),
      alpha: named ? 0.42 : (apart(token) ? 0.32 : 0.85) * weight,
    };
    const [bottom, top]: [Vec3, Vec3] = [
      [x[token]!, levels[0]! - drop, 0],
      [x[token]!, levels[last]! + drop, 0],
    ];
    if (!hidden(token)) {
      strokes.push({ ...thread, from: bottom, to: top });
      continue;
    }
    // What cannot be seen there has no part in this layer: its thread is only hinted at, and by more than a shade.
    const [enter, leave]: [Vec3, Vec3] = [
      [x[token]!, low, 0],
      [x[token]!, high, 0],
    ];
    const dashes = Math.max(2, Math.round((high - low) / DASH));
    strokes.push({ ...thread, from: bottom, to: enter, alpha: thread.alpha * 0.6 });
    strokes.push({ ...thread, from: enter, to: leave, tone: 'mutedInk', alpha: 0.5 * weight, dashes });
    strokes.push({ ...thread, from: leave, to: top, alpha: thread.alpha * 0.6 });
  }
  // What the key carries comes up its own thread, crosses, and goes on up the query's: one path of light.
  if (focus.query !== null && focus.link && !hidden(focus.link.key)) {
    const alpha = 0.2 + 0.6 * focus.link.weight;
    const warm = { ...plain, width: 1.5, tone: 'accent' as const, alpha };
    const [key, query] = [x[focus.link.key]!, x[focus.query]!];
    strokes.push({ ...warm, from: [key, levels[0]! - dropOf(focus.link.key, rows), 0], to: [key, low, 0] });
    strokes.push({ ...warm, from: [query, high, 0], to: [query, levels[last]! + dropOf(focus.query, rows), 0] });
  }
  return [...strokes, ...apartStub({ layout, focus, labelWidths }, berthOf(layout, focus))];
}

/** From whoever looks to the share that is set apart. */
export function apartStub(
  { layout, focus, labelWidths }: Pick<StrokeRequest, 'layout' | 'focus' | 'labelWidths'>,
  berth: Berth | null,
): Stroke[] {
  if (focus.query === null || focus.apart === null || focus.apart <= 0 || berth === null) return [];
  const at = layout.x[focus.query]!;
  const { high, z } = berth;
  const side = berth.isHighest ? -1 : 1;
  return [
    {
      ...plain,
      from: [at + 8, high + 4 * side, z],
      to: [at + labelWidths[focus.query]! / 2 + 28, high + 17 * side, z],
      width: 0.9 + 2.4 * Math.sqrt(focus.apart),
      tone: 'mutedInk',
      alpha: 0.8,
    },
  ];
}

/** The same strokes with less light. */
export function dimmed(strokes: readonly Stroke[], light: number): readonly Stroke[] {
  return light >= 1 ? strokes : strokes.map((stroke) => ({ ...stroke, alpha: stroke.alpha * light }));
}
