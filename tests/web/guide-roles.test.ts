/** What the guide says that heads do: which head is named, how a weight's change is told, and that its pairs come out as told. */
import { beforeAll, describe, expect, it } from 'vitest';
import { linksOf } from '../../web/element/guide/guide-links';
import { outcomeOf } from '../../web/element/guide/guide-pairs';
import { headOf } from '../../web/element/guide/guide-roles';
import { differing, GUIDE_PAIRS, nameOf, TOLD_PAIRS } from '../../web/element/guide/pair-choices';
import { createHost, type Host } from '../../web/engine/host';
import type { HeadMetrics, Run } from '../../web/engine/types';
import { tokenLabel } from '../../web/state/labels';
import { pairsOf, partnerOf } from '../../web/state/pairing';
import { freshCore, modelFiles } from './core';

describe('the head that plays a role most', () => {
  const heads = (...values: (number | null)[]) => values.map((previous) => ({ previous }) as unknown as HeadMetrics);

  it('is the one with the largest number, the first of equals', () => {
    expect(headOf(heads(0.1, 0.7, null, 0.7), 'previous')).toEqual({ at: 1, value: 0.7 });
    expect(headOf(heads(null, 0), 'previous')).toEqual({ at: 1, value: 0 });
  });

  it('is none where the text cannot show it', () => {
    expect(headOf(heads(null, null), 'previous')).toBeNull();
    expect(headOf([], 'previous')).toBeNull();
  });
});

it('each word has the head that looks at it most, the strongest first', () => {
  // Two layers of two heads, three keys.
  const weights = [0.5, 0.3, 0.2, 0.1, 0.8, 0.1, 0.2, 0.2, 0.6, 0.9, 0.1, 0];
  expect(linksOf(weights, 2, [1, 2], 3)).toEqual([
    { key: 1, layer: 0, head: 1, weight: 0.8 },
    { key: 2, layer: 1, head: 0, weight: 0.6 },
  ]);
  expect(linksOf(weights, 2, [0], 3)).toEqual([{ key: 0, layer: 1, head: 1, weight: 0.9 }]);
});

describe('the guide’s pairs', () => {
  it('are told from the words in which they differ', () => {
    expect(differing('It is too big.', 'It is too small.')).toEqual({
      before: 'It is too ',
      parts: ['big', 'small'],
      after: '.',
    });
    expect(differing('The dog chased a cat.', 'The dog was chased by a cat.')).toEqual({
      ...{ before: 'The dog ', parts: ['chased', 'was chased by'], after: ' a cat.' },
    });
    expect(new Set(GUIDE_PAIRS.map(nameOf)).size).toBe(GUIDE_PAIRS.length);
    // As many as a list to choose from may have, with its heading.
    expect(GUIDE_PAIRS.length - TOLD_PAIRS).toBeLessThan(12);
  });

  it('move from the stated difference on', () => {
    expect([0.15, 0.149, 0, -0.149, -0.15].map(outcomeOf)).toEqual(['less', 'alike', 'alike', 'alike', 'more']);
  });

  describe('on the model of the page', () => {
    let host: Host;
    const signal = new AbortController().signal;
    const run = (id: number, text: string): Promise<Run> =>
      host.run(id, 1, { text, chat: false, generated: [], interventions: [] }, signal, () => {});

    beforeAll(async () => {
      host = createHost(freshCore);
      await host.load(1, 2, modelFiles(), signal, () => {});
    });

    // What the section says of them.
    const told = [
      ['animal', 'animal', 'less'],
      ['keys', 'key', 'less'],
      ['trophy', 'trophy', 'alike'],
      ['bottle', 'bottle', 'alike'],
      ['aunt', 'aunt', 'less'],
      ['doctor', 'doctor', 'more'],
    ];

    it.each(told.map(([left, right, outcome], i) => [i, left, right, outcome] as const))(
      '%d: %s',
      async (i, left, right, outcome) => {
        const pair = GUIDE_PAIRS[i];
        if (pair === undefined) throw new Error('There are fewer pairs.');
        const runs = [await run(10 + 2 * i, pair.text), await run(11 + 2 * i, pair.other)] as const;
        const partners = pairsOf(runs[0].tokens, runs[1].tokens, 'token');
        const placesIn = (index: number) => [index, partnerOf(partners, index, 0) ?? -1] as const;
        const weightsOf = (index: number) =>
          runs.map(({ id }, side) => {
            const { cols, data } = host.matrix(id, pair.layer, pair.head, 'weights');
            return data[(placesIn(pair.query)[side] ?? 0) * cols + (placesIn(index)[side] ?? 0)] ?? Number.NaN;
          }) as [number, number];
        const labels = runs.map(({ tokens }, side) => {
          const token = tokens[placesIn(pair.key)[side] ?? -1];
          return token && tokenLabel(token);
        });
        expect(labels).toEqual([left, right]);
        expect(pair.watch).toEqual([left, right]);
        const [here, there] = weightsOf(pair.key);
        expect(outcomeOf(here - there)).toBe(outcome);
        if (pair.layer !== 1) return;
        // Of the two people the other pronoun prefers the other one.
        const [rivalHere, rivalThere] = weightsOf(pair.rival ?? -1);
        expect(Math.sign(here - rivalHere)).toBe(-Math.sign(there - rivalThere));
      },
    );
  });
});
