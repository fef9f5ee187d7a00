/** Which token of one run stands beside which of another: the one place that decides. Pure. */
import type { Pairs, Token } from '../engine/types';
import type { Align } from './state';

type Paired = Pick<Token, 'piece'>;

/** More tokens are paired by what they begin and end with alike, and by place in between: the table would be too large. */
const MOST_CELLS = 4_000_000;

/**
 * Pairs (left, right), both rising. By token: the longest common subsequence of the pieces; where one token in between
 * was put in another's place, they are a pair as well. By position: the first with the first, and so on.
 */
export function pairsOf(left: readonly Paired[], right: readonly Paired[], align: Align): Pairs {
  if (align === 'position') return byPlace(0, 0, Math.min(left.length, right.length));
  let start = 0;
  const least = Math.min(left.length, right.length);
  while (start < least && left[start]?.piece === right[start]?.piece) ++start;
  let end = 0;
  while (end < least - start && left.at(-1 - end)?.piece === right.at(-1 - end)?.piece) ++end;
  const middle = between(left.slice(start, left.length - end), right.slice(start, right.length - end));
  return Int32Array.of(
    ...byPlace(0, 0, start),
    ...middle.map((index) => index + start),
    ...byPlace(left.length - end, right.length - end, end),
  );
}

function byPlace(left: number, right: number, count: number): Pairs {
  return Int32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? left : right) + (i >> 1));
}

/** Where texts differ: what they have in common there, and one for one between that. */
function between(left: readonly Paired[], right: readonly Paired[]): number[] {
  const [n, m] = [left.length, right.length];
  if (n * m > MOST_CELLS) return n === m ? [...byPlace(0, 0, n)] : [];
  // longest[i][j]: of left from i on and right from j on.
  const width = m + 1;
  const longest = new Uint16Array((n + 1) * width);
  for (let i = n - 1; i >= 0; --i) {
    for (let j = m - 1; j >= 0; --j) {
      longest[i * width + j] =
        left[i]?.piece === right[j]?.piece
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
    if (left[i]?.piece === right[j]?.piece) {
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
