/** Orders of words, and which token stands where: what the guide's figures on masks and positions decide by themselves. */
import { describe, expect, it } from 'vitest';
import { tokenAt } from '../../web/element/guide/guide-mask';
import { likes, shuffled } from '../../web/element/guide/shuffle';

describe('a shuffled text', () => {
  const text = 'The animal didn’t cross the street.';
  const sorted = (of: string) => of.replace('.', '').split(' ').sort();

  it('has the same words in another order, and its last sign at the end', () => {
    for (let seed = 1; seed <= 50; ++seed) {
      const other = shuffled(text, seed);
      expect(other).not.toBe(text);
      expect(other.endsWith('.')).toBe(true);
      expect(sorted(other)).toEqual(sorted(text));
    }
  });

  it('is decided by the seed', () => {
    expect(shuffled(text, 3)).toBe(shuffled(text, 3));
    expect(new Set(Array.from({ length: 20 }, (_, seed) => shuffled(text, seed))).size).toBeGreaterThan(10);
  });

  it('is another one even of two words, and the same where there is no other', () => {
    for (let seed = 1; seed <= 20; ++seed) expect(shuffled('dog bites', seed)).toBe('bites dog');
    for (const same of ['', 'Hello', 'Hello!', 'no no no', '...']) expect(shuffled(same, 1)).toBe(same);
  });
});

it('a token’s like is the same occurrence of the same piece', () => {
  const pieces = (...of: string[]) => of.map((piece) => ({ piece }));
  expect(likes(pieces('the', 'cat', 'the', 'x'), pieces('the', 'the', 'cat'))).toEqual([0, 2, 1, null]);
});

it('a place of the text has the token that reaches beyond it, whether or not a space belongs to it', () => {
  const tokens = [null, 3, 10, 12, null].map((end, index) => ({ end, index }));
  expect([0, 2, 3, 4, 11, 12].map((place) => tokenAt(tokens, place))).toEqual([1, 1, 2, 2, 3, null]);
});
