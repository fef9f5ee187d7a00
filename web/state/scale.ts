/** How numbers become light: the one place that says how bright a number is, and how it is written in a cell. Pure. */
import { formatNumber } from './numbers';

/**
 * `share`: 0 to 1. `size`: 0 to the largest there is. `signed`: from minus to plus the largest distance from 0.
 * Light grows with the root of a share or size, so that small weights are seen at all, and with a signed number itself.
 */
export type ScaleKind = 'share' | 'size' | 'signed';

export interface Scale {
  readonly kind: ScaleKind;
  /** What has full light; 0 where there is nothing but zeros. */
  readonly most: number;
}

/** The scale on which all of these numbers have room. Masked scores, which are infinite, need none. */
export function scaleOf(kind: ScaleKind, numbers: Float32Array): Scale {
  if (kind === 'share') return { kind, most: 1 };
  let most = 0;
  for (const number of numbers) {
    const size = Math.abs(number);
    if (size > most && Number.isFinite(size)) most = size;
  }
  return { kind, most };
}

/** How bright a number is: 0 to 1, on a signed scale -1 to 1. */
export function brightness(value: number, { kind, most }: Scale): number {
  if (most === 0 || !Number.isFinite(value)) return 0;
  const share = Math.min(1, Math.max(-1, value / most));
  return kind === 'signed' ? share : Math.sqrt(Math.max(0, share));
}

export interface Tick {
  /** Along the scale, 0 to 1. */
  readonly at: number;
  readonly value: number;
}

/** The numbers at both ends of a scale and in its middle. */
export function ticksOf({ kind, most }: Scale): Tick[] {
  const values = kind === 'signed' ? [-most, 0, most] : [0, most / 4, most];
  return values.map((value, i) => ({ at: i / 2, value }));
}

/** A number as it stands in a small cell: "0.68", "−3.1", "+0.12". Differences carry their sign, scores only a minus. */
export function shortNumber(value: number, { kind, most }: Scale, isDifference = false): string {
  if (!Number.isFinite(value)) return formatNumber(value);
  const digits = most > 9.95 ? 1 : 2;
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return value === 0 ? '0' : text;
  if (kind !== 'signed') return text;
  return `${value < 0 ? '\u2212' : isDifference ? '+' : ''}${text}`;
}
