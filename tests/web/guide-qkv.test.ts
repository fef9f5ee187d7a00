/** What the figures of query, key, value and of the formula choose to show, and the picture of a matrix. */
import { describe, expect, it } from 'vitest';
import { lopsided } from '../../web/element/guide/guide-directed';
import { partOf, symbolNow } from '../../web/element/guide/guide-formula';
import { temperatures } from '../../web/element/guide/guide-scale';
import { agreement, offeredKeys } from '../../web/element/guide/guide-vectors';
import { shadesOf } from '../../web/element/guide/heat';

const matrix = (rows: number, ...data: number[]) => ({ rows, cols: data.length / rows, data: Float32Array.from(data) });

describe('the picture of a matrix', () => {
  it('has one path for all cells of a shade, faintest first, and none for zeros', () => {
    expect(shadesOf(matrix(2, 1, 0, 0.5, -1, 0.5, 1))).toEqual([
      { name: 'positive', opacity: 0.5, d: 'M2 0h1v1h-1zM1 1h1v1h-1z' },
      { name: 'positive', opacity: 1, d: 'M0 0h1v1h-1zM2 1h1v1h-1z' },
      { name: 'negative', opacity: 1, d: 'M0 1h1v1h-1z' },
    ]);
  });

  it('shows a part by its own places, as strong as its own largest number', () => {
    expect(shadesOf(matrix(2, 9, 9, 9, 2), { rows: [1], cols: [1] })).toEqual([
      { name: 'positive', opacity: 1, d: 'M0 0h1v1h-1z' },
    ]);
    expect(shadesOf(matrix(1, 2), { most: 4 })[0]?.opacity).toBe(0.5);
  });

  it('leaves masked cells empty, and lets them not count as the largest', () => {
    expect(shadesOf(matrix(1, Number.NEGATIVE_INFINITY, 3))).toEqual([
      { name: 'positive', opacity: 1, d: 'M1 0h1v1h-1z' },
    ]);
    expect(shadesOf(matrix(1, 0, 0))).toEqual([]);
  });
});

it('two rows agree where their signs do, as far as the smaller number goes', () => {
  const agreed = agreement(Float32Array.of(2, -1, 3, -4), Float32Array.of(1, -3, -2, 5));
  expect([...agreed]).toEqual([1, 1, -2, -4]);
});

describe('the keys that are offered', () => {
  const row = Float32Array.of(0.1, 0.5, 0.02, 0.3, 0.08);
  it.each([
    [1, [1, 3, 0, 2]],
    [4, [1, 3, 0, 4, 2]],
  ])('with %i chosen', (key, offered) => {
    expect(offeredKeys(row, key)).toEqual(offered);
  });

  it('are not more than there are', () => {
    expect(offeredKeys(Float32Array.of(0.4, 0.6), 0)).toEqual([1, 0]);
  });
});

describe('lopsided pairs', () => {
  const weights = matrix(3, 0.2, 0.7, 0.1, 0.1, 0.1, 0.8, 0.5, 0.3, 0.2);
  it('come with the harder look first, the farthest apart before the others', () => {
    const pairs = lopsided(weights, new Uint8Array(3), 2).map(({ query, key }) => [query, key]);
    expect(pairs).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  it('leave out what is set apart', () => {
    expect(lopsided(weights, Uint8Array.of(1, 0, 0), 9).map(({ query, key }) => [query, key])).toEqual([[1, 2]]);
  });
});

it('the readout keeps its symbol until another one of the formula is pointed at', () => {
  expect(symbolNow('weights', 'query')).toBe('weights');
  expect(symbolNow(undefined, 'query')).toBe('query');
  expect(symbolNow('w-output', 'value')).toBe('value');
});

it('the readout shows the chosen row and, where columns are tokens, the chosen key', () => {
  const wide = { rows: 100, cols: 100, data: new Float32Array() };
  const byToken = partOf(wide, { query: 99, key: 98 }, true);
  expect([byToken.rows.length, byToken.cols.length]).toEqual([16, 64]);
  expect([byToken.rows.includes(99), byToken.cols.includes(98)]).toEqual([true, true]);
  expect(partOf({ ...wide, cols: 32 }, { query: 0, key: 98 }, false).cols).toHaveLength(32);
});

it('the temperatures go from the model’s own to one that undoes the scale', () => {
  const all = temperatures(64);
  expect(all[0]).toBe(1);
  expect(all.at(-1)).toBeCloseTo(1 / 8, 12);
  expect([...all].sort((a, b) => b - a)).toEqual(all);
});
