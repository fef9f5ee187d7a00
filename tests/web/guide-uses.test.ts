/** What the figures on writing, looking and cost choose to show. */
import { describe, expect, it } from 'vitest';
import { median, repeated, weightCount } from '../../web/element/guide/costs';
import {
  firstShare,
  levelOf,
  lightOfHead,
  placesOf,
  strongestByWord,
  strongestOf,
} from '../../web/element/guide/sources';
import { changes, predicted } from '../../web/element/guide/trials';
import type { Candidate, ModelInfo, Token } from '../../web/engine/types';

const model = { nLayers: 2, nHeads: 1 } as ModelInfo;

/** Words in a row with their places in the text; `[x]` is special. */
function tokensOf(text: string): Token[] {
  let at = 0;
  return text.split(' ').map((piece, index): Token => {
    const special = piece.startsWith('[');
    const start = special ? null : at;
    at += special ? 0 : piece.length + 1;
    return { index, id: index, piece, text: piece, start, end: start === null ? null : start + piece.length, special };
  });
}

describe('where heads look', () => {
  const run = { tokens: tokensOf('When Mary [x] gave to'), model };
  const row = { query: 4, weights: Float32Array.from([0.6, 0.1, 0.15, 0.05, 0.1, 0.1, 0.2, 0.1, 0.5, 0.1]) };

  it('lists each word once, with the head that gives it most, and leaves out first token, special tokens and itself', () => {
    expect(strongestByWord(run, row)).toEqual([
      { key: 3, head: 1, weight: 0.5, heads: 1 },
      { key: 1, head: 1, weight: expect.closeTo(0.2), heads: 1 },
    ]);
  });

  it('has nothing to list where there is no word but the first', () => {
    expect(strongestByWord({ tokens: tokensOf('Hi'), model }, { query: 0, weights: Float32Array.of(1, 1) })).toEqual(
      [],
    );
  });

  it('may be asked from whatever was typed or written and from the last token, and from no other special one', () => {
    const tokens = tokensOf('[a] What [b] [c]');
    expect(placesOf({ tokens }, 3)).toEqual([1, 3]);
    expect(placesOf({ tokens }, 0)).toEqual([0, 1, 3]);
  });

  it('takes one head alone in the same way', () => {
    expect(strongestOf(run, row, 0)).toEqual({ key: 1, weight: expect.closeTo(0.1) });
    expect([...lightOfHead(run, row, 1)]).toEqual([0, expect.closeTo(0.2), 0, 0.5, 0]);
  });

  it('counts the heads that give the first token more than half', () => {
    expect(firstShare(run, row)).toBe(1);
  });

  it.each([
    [0, 0],
    [0.05, 0],
    [0.5, 4],
    [1, 8],
    [1.2, 8],
  ])('a weight of %s is level %s', (weight, level) => {
    expect(levelOf(weight)).toBe(level);
  });
});

describe('a text of a wanted length', () => {
  const run = { text: 'the cat sat', tokens: tokensOf('[CLS] the cat sat [SEP]').map((token) => ({ ...token })) };

  it.each([
    [3, 'the'],
    [5, 'the cat sat'],
    [7, 'the cat sat the cat'],
    [8, 'the cat sat the cat sat'],
  ])('of %s tokens, special ones included', (length, text) => {
    expect(repeated(run, length)).toBe(text);
  });

  it('is empty where there is nothing to repeat, or no room', () => {
    expect(repeated({ text: '', tokens: tokensOf('[CLS] [SEP]') }, 16)).toBe('');
    expect(repeated(run, 2)).toBe('');
  });

  it('has tokens × tokens weights in every head', () => {
    expect(weightCount(16, { nLayers: 6, nHeads: 12 } as ModelInfo)).toBe(18_432);
  });

  it('counts the middle one of its times', () => {
    expect(median([9, 1, 4])).toBe(4);
    expect(median([7])).toBe(7);
  });
});

describe('a prediction before and after', () => {
  const of = (entries: readonly (readonly [number, number])[]) =>
    entries.map(([id, probability]) => ({ id, probability }) as Candidate);
  const before = of([
    [1, 0.9],
    [2, 0.05],
    [3, 0.02],
  ]);
  const after = of([
    [2, 0.6],
    [4, 0.2],
    [1, 0.1],
  ]);

  it('shows the tokens that are most probable in either, each with both numbers', () => {
    expect(changes(before, after, 3).map(({ candidate, before, after }) => [candidate.id, before, after])).toEqual([
      [1, 0.9, 0.1],
      [2, 0.05, 0.6],
      [4, null, 0.2],
    ]);
  });

  it('speaks of the token that was predicted first, wherever it stands now', () => {
    const shown = changes(before, of([[2, 0.95]]), 3);
    expect(shown[0]?.candidate.id).toBe(2);
    expect(shown[predicted(shown)]?.candidate.id).toBe(1);
  });
});
