/** Which cells are masked and why, which heads share their keys, and where the wall puts them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placesOf } from '../../web/element/wall-grid';
import { headsInWords, sharedHeadOf, sharedHeads, sharingInWords } from '../../web/state/sharing';
import { blockVisibility, hiddenKinds, visibility, whyHidden } from '../../web/state/visibility';

const runOf = (causal: boolean | null, ...windows: (number | null)[]) => ({
  model: { causal },
  windows,
  interventions: [],
});

describe('what a query sees', () => {
  const mistral = runOf(true, 9, null);

  it('is everything in an encoder, and in a trace that does not say', () => {
    for (const causal of [false, null]) expect(visibility(runOf(causal, null), 0, 0, 5)).toBe('visible');
  });

  it('is nothing that comes later, and itself', () => {
    expect(visibility(mistral, 1, 4, 5)).toBe('later');
    expect(visibility(mistral, 1, 4, 4)).toBe('visible');
    expect(visibility(mistral, 1, 40, 0)).toBe('visible');
  });

  it('is as many keys as the window says, its own included', () => {
    const seen = Array.from({ length: 30 }, (_, key) => visibility(mistral, 0, 20, key));
    expect(seen.filter((each) => each === 'visible')).toHaveLength(9);
    expect(seen[12]).toBe('visible');
    expect(seen[11]).toBe('outside window');
    expect(seen[21]).toBe('later');
  });

  it('is said in words', () => {
    expect(whyHidden(mistral, 0, 20, 20)).toBeNull();
    expect(whyHidden(mistral, 0, 20, 21)).toBe('comes later: hidden by the causal mask');
    expect(whyHidden(mistral, 0, 20, 11)).toBe('further back than this layer’s window of 9');
  });

  it('has only the kinds of hidden cells that occur', () => {
    expect(hiddenKinds(mistral, 0, 30)).toEqual(['later', 'outside window']);
    expect(hiddenKinds(mistral, 0, 9)).toEqual(['later']);
    expect(hiddenKinds(mistral, 1, 30)).toEqual(['later']);
    expect(hiddenKinds(mistral, 0, 1)).toEqual([]);
    expect(hiddenKinds(runOf(false, null), 0, 30)).toEqual([]);
  });

  it('is in a block whatever any of its cells shows', () => {
    const range = (most: number) =>
      fc.tuple(fc.nat(most), fc.integer({ min: 1, max: 6 })).map(([a, n]) => [a, a + n] as const);
    fc.assert(
      fc.property(range(30), range(30), fc.integer({ min: 1, max: 12 }), (rows, cols, window) => {
        const run = runOf(true, window);
        const kinds = new Set<string>();
        for (let q = rows[0]; q < rows[1]; q++)
          for (let k = cols[0]; k < cols[1]; k++) kinds.add(visibility(run, 0, q, k));
        const block = blockVisibility(run, 0, rows, cols);
        if (kinds.has('visible')) expect(block).toBe('visible');
        else if (kinds.size === 1) expect([...kinds]).toEqual([block]);
      }),
    );
  });
});

describe('heads that share keys and values', () => {
  it('are none where every head has its own', () => {
    expect(sharedHeads({ nHeads: 12, nKvHeads: 12 })).toBeNull();
    expect(sharedHeads({ nHeads: 12, nKvHeads: null })).toBeNull();
    expect(sharedHeadOf({ nHeads: 12, nKvHeads: 12 }, 3)).toBeNull();
  });

  it('stand side by side, and each belongs to one', () => {
    expect(sharedHeads({ nHeads: 9, nKvHeads: 3 })?.map(({ heads }) => heads)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
      [6, 7, 8],
    ]);
    expect(sharedHeads({ nHeads: 32, nKvHeads: 4 })?.flatMap(({ heads }) => heads)).toEqual([...Array(32).keys()]);
    expect(sharedHeadOf({ nHeads: 32, nKvHeads: 4 }, 17)).toMatchObject({ kv: 2 });
  });

  it('are named', () => {
    expect(sharingInWords({ kv: 0, heads: [0, 1, 2] })).toBe('key/value head 0, shared by heads 0, 1, 2');
    expect(headsInWords([8, 9, 10, 11, 12, 13, 14, 15])).toBe('heads 8 to 15');
    expect(headsInWords([3])).toBe('head 3');
  });

  it('stand under one bracket on the wall, with a gap to the next', () => {
    const place = placesOf(9, 50, sharedHeads({ nHeads: 9, nKvHeads: 3 }));
    expect([2, 3, 8].map(place.pixelOf)).toEqual([100, 157, 414]);
    expect(place.width).toBe(464);
    expect([2, 3, 8].map(place.columnOf)).toEqual([4, 6, 12]);
    expect(place.columns.match(/50fr/g)).toHaveLength(3);
    expect(placesOf(12, 13, null)).toMatchObject({ width: 156, columns: 'repeat(12, minmax(0, 13fr))' });
  });
});
