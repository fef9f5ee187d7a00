/** Which token of one run stands beside which of another. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairsOf, partnerOf } from '../../web/state/pairing';
import './repeatable';

/** As a vocabulary writes it. */
const token = (piece: string) => ({ id: 0, piece, text: piece.replace('Ġ', ' ') });
const tokens = (text: string) => (text === '' ? [] : text.split(' ')).map(token);
const pairs = (left: string, right: string, align: 'token' | 'position' = 'token') => {
  const flat = pairsOf(tokens(left), tokens(right), align);
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
};

describe('pairs', () => {
  it('are by place, or by what the tokens read', () => {
    expect(pairs('a b c', 'a b', 'position')).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(pairs('a b c d', 'a c d')).toEqual([
      [0, 0],
      [2, 1],
      [3, 2],
    ]);
  });

  it('put a token beside the one that took its place', () => {
    expect(pairs('it was too tired .', 'it was too wide .')).toEqual([0, 1, 2, 3, 4].map((i) => [i, i]));
    // One for two has no partner.
    expect(pairs('the key was', 'the many keys was')).toEqual([
      [0, 0],
      [2, 3],
    ]);
    expect(pairs('a x y b z c', 'a p q b c')).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
      [5, 4],
    ]);
  });

  it('are found in whatever way two vocabularies write them', () => {
    expect(pairs('[CLS] the dog barks [SEP]', 'The Ġdog Ġbarks')).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
    ]);
  });

  it('are none where a run has none', () => {
    expect(pairs('', 'a b')).toEqual([]);
    expect(pairs('', '')).toEqual([]);
  });

  it('rise on both sides, and pair equal tokens as often as they can', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 });
    fc.assert(
      fc.property(text, text, (left, right) => {
        const found = pairs(left.join(' '), right.join(' '));
        for (const [i, [l, r]] of found.entries()) {
          expect(l).toBeGreaterThan(found[i - 1]?.[0] ?? -1);
          expect(r).toBeGreaterThan(found[i - 1]?.[1] ?? -1);
        }
        const equal = found.filter(([l, r]) => left[l ?? -1] === right[r ?? -1]).length;
        expect(equal).toBe(longest(left, right));
      }),
    );
  });

  it('of very long texts are still found', () => {
    const long = Array.from({ length: 5000 }, (_, i) => token(`t${i}`));
    const other = long.map((one, i) => (i === 2500 ? token('x') : one));
    expect(pairsOf(long, other, 'token')).toHaveLength(10_000);
  });

  it('know partners both ways', () => {
    const flat = pairsOf(tokens('a b c d'), tokens('a c d'), 'token');
    expect(partnerOf(flat, 2, 0)).toBe(1);
    expect(partnerOf(flat, 1, 1)).toBe(2);
    expect(partnerOf(flat, 1, 0)).toBeNull();
  });
});

/** The length of the longest common subsequence, the slow way. */
function longest(left: readonly string[], right: readonly string[]): number {
  const [first, ...rest] = left;
  if (first === undefined || right.length === 0) return 0;
  const at = right.indexOf(first);
  const without = longest(rest, right);
  return at < 0 ? without : Math.max(without, 1 + longest(rest, right.slice(at + 1)));
}
