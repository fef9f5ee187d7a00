/** The wall's order and filter, and the words and numbers that go with them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { besideInGrid } from '../../web/element/wall-grid';
import { besideInRanking } from '../../web/element/wall-ranking';
import type { HeadMetrics } from '../../web/engine/types';
import { METRICS, ROLES, rolesOf } from '../../web/state/metrics';
import { formatMeasured } from '../../web/state/numbers';
import { everyHead, ORDERS, orderWords, passes, rangeOf, ranked, valuesOf } from '../../web/state/wall-order';

const none = Object.fromEntries(METRICS.map(({ name }) => [name, null])) as unknown as HeadMetrics;
const withMetrics = (some: Partial<HeadMetrics>): HeadMetrics => ({ ...none, ...some });
const number = fc.oneof(fc.constant(null), fc.double({ min: -5, max: 5, noNaN: true }));

describe('the order of heads', () => {
  it('is of the numbers themselves: greatest or least first, those without a number last', () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 60 }), fc.boolean(), (values, leastFirst) => {
        const heads = ranked(values, 4, leastFirst);
        expect(heads).toHaveLength(values.length);
        expect(new Set(heads.map(({ layer, head }) => layer * 4 + head)).size).toBe(values.length);
        for (const [i, { layer, head, value }] of heads.entries()) {
          expect(value).toBe(values[layer * 4 + head]);
          const next = heads[i + 1];
          if (next === undefined || next.value === null) continue;
          expect(value).not.toBeNull();
          if (leastFirst) expect(value!).toBeLessThanOrEqual(next.value);
          else expect(value!).toBeGreaterThanOrEqual(next.value);
        }
      }),
    );
  });

  it('leaves equal heads in their place', () => {
    const heads = ranked([0.5, null, 0.5, 0.5, null], 3, false);
    expect(heads.map(({ layer, head }) => [layer, head])).toEqual([
      [0, 0],
      [0, 2],
      [1, 0],
      [0, 1],
      [1, 1],
    ]);
  });

  it('takes a metric, the change and the effect from the engine’s results, and is none where there are none', () => {
    const metrics = [withMetrics({ previous: 0.9 }), withMetrics({ previous: null })];
    const known = { metrics, change: Float32Array.of(0.25, 0.5), effect: Float32Array.of(-1, 2) };
    expect(valuesOf('place', known)).toBeNull();
    expect(valuesOf('previous', known)).toEqual([0.9, null]);
    expect(valuesOf('change', known)).toEqual([0.25, 0.5]);
    expect(valuesOf('effect', known)).toEqual([-1, 2]);
    expect(valuesOf('change', { ...known, change: null })).toBeNull();
    expect(valuesOf('effect', { ...known, effect: null })).toBeNull();
  });

  it('has words for every order but the place', () => {
    expect(ORDERS).toHaveLength(METRICS.length + 2);
    for (const { order, label, definition, lacking } of ORDERS) {
      expect(orderWords(order)?.label).toBe(label);
      for (const text of [label, definition, lacking]) expect(text.length).toBeGreaterThan(3);
    }
    expect(orderWords('place')).toBeNull();
  });
});

describe('the filter', () => {
  it('lets every head through while nothing is asked for', () => {
    expect(passes(everyHead, none, null)).toBe(true);
    expect(passes(everyHead, undefined, null)).toBe(true);
  });

  it('by a role keeps exactly the heads that have it', () => {
    for (const { label, metric, threshold } of ROLES) {
      const filter = { role: label, least: null };
      const at = withMetrics({ [metric]: threshold });
      expect(rolesOf(at).map((role) => role.label)).toContain(label);
      expect(passes(filter, at, null)).toBe(true);
      expect(passes(filter, withMetrics({ [metric]: threshold - 0.01 }), null)).toBe(false);
      expect(passes(filter, none, null)).toBe(false);
    }
  });

  it('by a threshold leaves out lighter heads, and those without a number', () => {
    const filter = { role: null, least: 0.3 };
    expect(passes(filter, none, 0.3)).toBe(true);
    expect(passes(filter, none, 0.29)).toBe(false);
    expect(passes(filter, none, null)).toBe(false);
  });

  it('knows between which numbers a threshold can lie', () => {
    expect(rangeOf([null, 0.25, -2, null, 0.5])).toEqual([-2, 0.5]);
    expect(rangeOf([null, null])).toBeNull();
    expect(rangeOf([])).toBeNull();
  });
});

describe('a number', () => {
  it('is printed in its unit', () => {
    expect(formatMeasured(0.684, 'share')).toBe('68\u202F%');
    expect(formatMeasured(0.8912, 'entropy')).toBe('0.891');
    expect(formatMeasured(2.3149, 'tokens')).toBe('2.31\u00A0tokens');
    expect(formatMeasured(0.412, 'logit')).toBe('+0.412');
    expect(formatMeasured(-0.412, 'logit')).toBe('\u22120.412');
    expect(formatMeasured(0.25, 'distance')).toBe('0.250');
  });
});

describe('the wall under the keyboard', () => {
  it('is walked by its layers and heads, and not left', () => {
    const model = { nLayers: 6, nHeads: 12 };
    expect(besideInGrid('ArrowUp', { layer: 3, head: 1 }, model)).toEqual({ layer: 4, head: 1 });
    expect(besideInGrid('ArrowUp', { layer: 5, head: 1 }, model)).toEqual({ layer: 5, head: 1 });
    expect(besideInGrid('End', { layer: 3, head: 1 }, model)).toEqual({ layer: 3, head: 11 });
    expect(besideInGrid('a', { layer: 3, head: 1 }, model)).toBeNull();
  });

  it('in a ranking is walked by the order, row by row', () => {
    expect(besideInRanking('ArrowRight', 3, 20, 8)).toBe(4);
    expect(besideInRanking('ArrowDown', 3, 20, 8)).toBe(11);
    expect(besideInRanking('ArrowDown', 15, 20, 8)).toBe(19);
    expect(besideInRanking('ArrowUp', 3, 20, 8)).toBe(3);
    expect(besideInRanking('ArrowLeft', 0, 20, 8)).toBe(0);
    expect(besideInRanking('ArrowRight', 19, 20, 8)).toBe(19);
    expect(besideInRanking('Home', 11, 20, 8)).toBe(0);
    expect(besideInRanking('End', 11, 20, 8)).toBe(19);
    expect(besideInRanking('Tab', 11, 20, 8)).toBeNull();
  });
});
