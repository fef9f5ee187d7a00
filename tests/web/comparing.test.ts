/** What of a comparison is put side by side; what a list of interventions brings along; what the reader hid. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mostChanged, pairOf, pairsAround, rowsBeside, sidesOf } from '../../web/state/comparing';
import { intervene, isInForce, isSetByHand, withIntervention } from '../../web/state/interventions';
import { initialState, update } from '../../web/state/state';
import { blockVisibility, hiddenKinds, visibility, whyHidden } from '../../web/state/visibility';

describe('heads by change', () => {
  it('come with the most changed first, and without those that look alike', () => {
    expect(mostChanged(Float32Array.of(0, 0.25, 0.5, 0, 0.125, 0.75), 3, 3)).toEqual([
      { layer: 1, head: 2, distance: 0.75 },
      { layer: 0, head: 2, distance: 0.5 },
      { layer: 0, head: 1, distance: 0.25 },
    ]);
    expect(mostChanged(new Float32Array(6), 3, 3)).toEqual([]);
  });
});

describe('two rows', () => {
  const pairs = Int32Array.of(0, 0, 2, 1);

  it('are listed by the larger weight of either side, keys without a partner among them', () => {
    const left = Float32Array.of(0.1, 0.2, 0.7);
    const right = Float32Array.of(0.3, 0.25, 0.45);
    expect(rowsBeside(pairs, left, right, 9, 0)).toEqual({
      listed: [
        { left: 2, right: 1 },
        { left: null, right: 2 },
        { left: 0, right: 0 },
        { left: 1, right: null },
      ],
      rest: 0,
    });
  });

  it('keep the chosen key when there is no room for all', () => {
    const { listed, rest } = rowsBeside(pairs, Float32Array.of(0.1, 0.2, 0.7), Float32Array.of(0.3, 0.25, 0.45), 2, 1);
    expect(listed).toEqual([
      { left: 2, right: 1 },
      { left: 1, right: null },
    ]);
    expect(rest).toBe(2);
  });

  it('list every key of both exactly once where there is room', () => {
    const row = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(row, row, (a, b) => {
        const n = Math.min(a.length, b.length);
        const some = Int32Array.from({ length: 2 * Math.floor(n / 2) }, (_, i) => 2 * (i >> 1));
        const { listed } = rowsBeside(some, Float32Array.from(a), Float32Array.from(b), 99, 0);
        const keys = (side: 'left' | 'right') => listed.flatMap((one) => one[side] ?? []).sort((x, y) => x - y);
        expect(keys('left')).toEqual([...a.keys()]);
        expect(keys('right')).toEqual([...b.keys()]);
      }),
    );
  });
});

it('as many pairs as fit stand around the chosen one, and none is left unused', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.nat(200), fc.integer({ min: 1, max: 40 }), (count, at, most) => {
      fc.pre(at < count);
      const { first, end } = pairsAround(count, at, most);
      expect(end - first).toBe(Math.min(count, most));
      expect(first >= 0 && end <= count && at >= first && at < end).toBe(true);
    }),
  );
  expect(pairOf(Int32Array.of(0, 0, 2, 1), 2)).toBe(1);
  expect(pairOf(Int32Array.of(0, 0, 2, 1), 1)).toBeNull();
});

it('both sides of a comparison have a name', () => {
  const models = [{ name: 'one' }, { name: 'two' }] as const;
  const chosen = { layer: 3, head: 1 };
  expect(sidesOf({ kind: 'original' }, chosen, models)).toEqual(['the changed run', 'the original']);
  expect(sidesOf({ kind: 'model' }, chosen, models)).toEqual(['one', 'two']);
  expect(sidesOf({ kind: 'head', layer: 5, head: 11 }, chosen, models)).toEqual(['L3 H1', 'L5 H11']);
});

describe('putting interventions in force', () => {
  const off = { kind: 'head-off', layer: 3, head: 1 } as const;

  it('brings the comparison with the original along, and takes it away with the last one', () => {
    const first = update(initialState, intervene(initialState, [off]));
    expect(first).toMatchObject({ interventions: [off], compare: { kind: 'original' } });
    const both = update(
      first,
      intervene(first, withIntervention(first.interventions, { kind: 'layer-off', layer: 0 })),
    );
    expect(both.compare).toEqual({ kind: 'original' });
    expect(update(both, intervene(both, []))).toMatchObject({ interventions: [], compare: null });
  });

  it('leaves alone what else is compared, and a comparison that was switched off', () => {
    const beside = update(initialState, { compare: { kind: 'text', text: 'other' } });
    expect(intervene(beside, [off])).toEqual({ interventions: [off] });
    expect(intervene({ ...beside, interventions: [off] }, [])).toEqual({ interventions: [] });
    expect(intervene({ interventions: [off], compare: null }, [off, { kind: 'layer-off' }]).compare).toBeUndefined();
  });

  it('knows which weight was set by hand', () => {
    const run = { interventions: [{ kind: 'edit-weight', layer: 3, head: 1, query: 2, key: 4, weight: 0.5 } as const] };
    const cell = { layer: 3, head: 1, query: 2, key: 4 };
    expect(isSetByHand(run, cell)).toBe(true);
    for (const other of [{ layer: 2 }, { head: 0 }, { query: 4 }, { key: 2 }])
      expect(isSetByHand(run, { ...cell, ...other })).toBe(false);
  });

  it('knows what is in force, layer for layer', () => {
    expect(isInForce([off], { kind: 'head-off', layer: 3, head: 1 })).toBe(true);
    expect(isInForce([off], { kind: 'head-off', head: 1 })).toBe(false);
  });
});

describe('what the reader hides', () => {
  const run = (causal: boolean, ...interventions: { kind: 'block-key'; layer?: number; key: number }[]) => ({
    ...{ model: { causal }, windows: [null, null], interventions },
  });

  it('is hidden in its layer, or in all, and said to be so', () => {
    const some = run(false, { kind: 'block-key', layer: 1, key: 2 }, { kind: 'block-key', key: 4 });
    expect([0, 1].map((layer) => visibility(some, layer, 0, 2))).toEqual(['visible', 'blocked']);
    expect([0, 1].map((layer) => visibility(some, layer, 0, 4))).toEqual(['blocked', 'blocked']);
    expect(whyHidden(some, 1, 0, 2)).toBe('hidden by you');
    expect(hiddenKinds(some, 0, 6)).toEqual(['blocked']);
    expect(hiddenKinds(run(false, { kind: 'block-key', layer: 1, key: 2 }), 0, 6)).toEqual([]);
  });

  it('gives way to the causal mask: what comes later is hidden anyway', () => {
    expect(visibility(run(true, { kind: 'block-key', key: 4 }), 0, 3, 4)).toBe('later');
    expect(visibility(run(true, { kind: 'block-key', key: 4 }), 0, 5, 4)).toBe('blocked');
  });

  it('makes a block of cells hidden where all of its keys are', () => {
    const some = run(false, { kind: 'block-key', key: 2 }, { kind: 'block-key', key: 3 });
    expect(blockVisibility(some, 0, [0, 2], [2, 4])).toBe('blocked');
    expect(blockVisibility(some, 0, [0, 2], [2, 5])).toBe('visible');
  });
});
