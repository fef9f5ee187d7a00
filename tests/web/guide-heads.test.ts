/** What is chosen to be shown of many heads: the special token that gets the most, the later heads that change most. */
import { describe, expect, it } from 'vitest';
import { mostChanged } from '../../web/element/guide/guide-added';
import { strongestSpecial } from '../../web/element/guide/guide-heads';

describe('the strongest special token', () => {
  const tokens = [{ special: true }, { special: false }, { special: true }];

  it('is the one with the largest weight, whatever words get', () => {
    expect(strongestSpecial(tokens, [0.1, 0.7, 0.2])).toBe(2);
    expect(strongestSpecial(tokens, [0.2, 0.7, 0.1])).toBe(0);
  });

  it('is there where all of them get nothing, and not where there is none', () => {
    expect(strongestSpecial(tokens, [0, 1, 0])).toBe(0);
    expect(strongestSpecial([{ special: false }], [1])).toBe(-1);
  });
});

describe('the heads that change most', () => {
  it('are those of later layers only, most first, and no more than asked for', () => {
    const changes = [0.9, 0.9, 0.8, 0.1, 0.2, 0.5, 0.4, 0.3];
    expect(mostChanged(changes, 2, 1, 3)).toEqual([
      { layer: 2, head: 1, change: 0.5 },
      { layer: 3, head: 0, change: 0.4 },
      { layer: 3, head: 1, change: 0.3 },
    ]);
  });

  it('are none after the last layer', () => {
    expect(mostChanged([0.1, 0.2, 0.3, 0.4], 2, 1, 3)).toEqual([]);
  });
});
