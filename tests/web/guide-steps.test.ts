/** The four steps: which tokens have a row, and how rows of numbers become shades. */
import { describe, expect, it } from 'vitest';
import { rowOf } from '../../web/element/guide/heat';
import { rowsAround } from '../../web/element/guide/step-tables';

describe('the rows', () => {
  it('are all tokens of a short text', () => {
    expect(rowsAround(5, 2, 4, 20)).toEqual([0, 1, 2, 3, 4]);
    expect(rowsAround(1, 0, 0, 20)).toEqual([0]);
  });

  it.each([
    ['within the stretch', 50, 52],
    ['before it', 50, 3],
    ['after it', 50, 99],
    ['at the first token', 0, 99],
    ['at the last one', 99, 0],
  ])('of a long text hold the one that looks and the one that is looked at: %s', (_, query, key) => {
    const rows = rowsAround(100, query, key, 20);
    expect(rows).toHaveLength(20);
    expect(new Set(rows).size).toBe(20);
    expect(rows).toContain(query);
    expect(rows).toContain(key);
    expect([...rows].sort((a, b) => a - b)).toEqual(rows);
  });
});

it('a row of a matrix is read where it stands', () => {
  expect([...rowOf({ rows: 2, cols: 2, data: Float32Array.of(1, 2, 3, 4) }, 1)]).toEqual([3, 4]);
});
