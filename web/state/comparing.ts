/** What of a comparison is put side by side, and in which order. Orders and picks, computes nothing. Pure. */
import type { ModelInfo, Pairs } from '../engine/types';
import { headName } from './lanes';
import type { Compare, HeadPlace } from './state';

/** What the two sides of a comparison are called: the run on show, and what stands beside it. */
export function sidesOf(
  compare: Compare,
  chosen: HeadPlace,
  models: readonly [Pick<ModelInfo, 'name'>, Pick<ModelInfo, 'name'>],
): readonly [string, string] {
  switch (compare.kind) {
    case 'original':
      return ['the changed run', 'the original'];
    case 'text':
      return ['this sentence', 'the other sentence'];
    case 'model':
      return [models[0].name, models[1].name];
    case 'head':
      return [headName(chosen), headName(compare)];
  }
}

export interface ChangedHead extends HeadPlace {
  /** How differently it looks: 0 to 1. */
  readonly distance: number;
}

/** The heads that look most differently, first of all the most; those that look alike are left out. */
export function mostChanged(distances: Float32Array, nHeads: number, most: number): ChangedHead[] {
  return Array.from(distances, (distance, i) => ({ layer: Math.floor(i / nHeads), head: i % nHeads, distance }))
    .filter(({ distance }) => distance > 0)
    .sort((a, b) => b.distance - a.distance)
    .slice(0, most);
}

/** A key of either row, or one of each that are a pair. */
export interface KeyBeside {
  readonly left: number | null;
  readonly right: number | null;
}

/**
 * The keys of two rows that get the most, pairs together and strongest first; what is left over is counted.
 * @param chosen  a key of the left row that is listed in any case
 */
export function rowsBeside(
  pairs: Pairs,
  left: Float32Array,
  right: Float32Array,
  most: number,
  chosen: number,
): { listed: KeyBeside[]; rest: number } {
  const all: KeyBeside[] = [];
  for (let i = 0; i + 1 < pairs.length; i += 2) all.push({ left: pairs[i] ?? null, right: pairs[i + 1] ?? null });
  const [hasLeft, hasRight] = [new Set(all.map((one) => one.left)), new Set(all.map((one) => one.right))];
  for (let key = 0; key < left.length; ++key) if (!hasLeft.has(key)) all.push({ left: key, right: null });
  for (let key = 0; key < right.length; ++key) if (!hasRight.has(key)) all.push({ left: null, right: key });
  const weight = (one: KeyBeside) => Math.max(left[one.left ?? -1] ?? 0, right[one.right ?? -1] ?? 0);
  all.sort((a, b) => weight(b) - weight(a));
  const listed = all.slice(0, most);
  const wanted = all.find((one) => one.left === chosen);
  if (wanted !== undefined && !listed.includes(wanted)) listed[listed.length - 1] = wanted;
  return { listed, rest: all.length - listed.length };
}

/** As many of the pairs as fit, around the one at `at`: [first, end). */
export function pairsAround(count: number, at: number, most: number): { first: number; end: number } {
  const first = Math.max(0, Math.min(at - Math.floor(most / 2), count - most));
  return { first, end: Math.min(count, first + most) };
}

/** Which pair a token of the left run is in; null where it has no partner. */
export function pairOf(pairs: Pairs, left: number): number | null {
  for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === left) return i / 2;
  return null;
}
