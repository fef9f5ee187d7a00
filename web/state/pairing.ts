/** Which token of one run stands beside which of another: the one place that decides. Pure. */
import type { Pairs, Token } from '../engine/types';
import { tokenLabel } from './labels';
import type { Align } from './state';

type Paired = Pick<Token, 'id' | 'piece' | 'text'>;

/** More tokens are paired by what they begin and end with alike, and by place in between: the table would be too large. */
const MOST_CELLS = 4_000_000;

/**
 * Pairs (left, right), both rising. By token: the longest common subsequence of what the tokens read; where one token in
 * between was put in another's place, they are a pair as well. By position: the first with the first, and so on.
 */
export function pairsOf(ofLeft: readonly Paired[], ofRight: readonly Paired[], align: Align): Pairs {
  if (align === 'position') return byPlace(0, 0, Math.min(ofLeft.length, ofRight.length));
  const [left, right] = [ofLeft.map(readingOf), ofRight.map(readingOf)];
  let start = 0;
  const least = Math.min(left.length, right.length);
  while (start < least && left[start] === right[start]) ++start;
  let end = 0;
  while (end < least - start && left.at(-1 - end) === right.at(-1 - end)) ++end;
  const middle = between(left.slice(start, left.length - end), right.slice(start, right.length - end));
  return Int32Array.of(
    ...byPlace(0, 0, start),
    ...middle.map((index) => index + start),
    ...byPlace(left.length - end, right.length - end, end),
  );
}

/** Vocabularies write the same word in their own ways, and some of them in small letters only. */
function readingOf(token: Paired): string {
  return tokenLabel(token, Number.POSITIVE_INFINITY).toLowerCase();
}

export function readsAlike(left: Paired, right: Paired): boolean {
  return readingOf(left) === readingOf(right);
}

function byPlace(left: number, right: number, count: number): Pairs {
  return Int32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? left : right) + (i >> 1));
}

/** Where texts differ: what they have in common there, and one for one between that. */
function between(left: readonly string[], right: readonly string[]): number[] {
  const [n, m] = [left.length, right.length];
  if (n * m > MOST_CELLS) return n === m ? [...byPlace(0, 0, n)] : [];
  // longest[i][j]: of left from i on and right from j on.
  const width = m + 1;
  const longest = new Uint16Array((n + 1) * width);
  for (let i = n - 1; i >= 0; --i) {
    for (let j = m - 1; j >= 0; --j) {
      longest[i * width + j] =
        left[i] === right[j]
          ? (longest[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(longest[(i + 1) * width + j] ?? 0, longest[i * width + j + 1] ?? 0);
    }
  }
  const pairs: number[] = [];
  let [gapLeft, gapRight] = [0, 0];
  /** Runs of equal length that stand in each other's place. */
  const fill = (i: number, j: number) => {
    if (i - gapLeft === j - gapRight) pairs.push(...byPlace(gapLeft, gapRight, i - gapLeft));
  };
  for (let [i, j] = [0, 0]; i < n && j < m; ) {
    if (left[i] === right[j]) {
      fill(i, j);
      pairs.push(i++, j++);
      [gapLeft, gapRight] = [i, j];
    } else if ((longest[(i + 1) * width + j] ?? 0) >= (longest[i * width + j + 1] ?? 0)) ++i;
    else ++j;
  }
  fill(n, m);
  return pairs;
}

/** The partner of a token; null where it has none. @param side  0: `index` is of the left run */
export function partnerOf(pairs: Pairs, index: number, side: 0 | 1): number | null {
  for (let i = side; i < pairs.length; i += 2) if (pairs[i] === index) return pairs[side === 0 ? i + 1 : i - 1] ?? null;
  return null;
}
