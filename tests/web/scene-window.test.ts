/** The window that the scene opens on a long text: what it holds, and that nothing in it changes its meaning. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { focusOf } from '../../web/scene/focus.ts';
import { LINK_WORDS, linkAt, linkCount } from '../../web/scene/packing.ts';
import { countInside, MOST_WHOLE, TokenWindow, tokenRange } from '../../web/scene/token-window.ts';
import type { Snapshot } from '../../web/session/snapshot.ts';
import { initialState } from '../../web/state/state.ts';

describe('the window', () => {
  it('is the whole text up to a length that can be shown', () => {
    expect(tokenRange(MOST_WHOLE, 17)).toEqual({ first: 0, end: MOST_WHOLE });
    expect(tokenRange(1, 0)).toEqual({ first: 0, end: 1 });
  });

  it('always holds the selected token, within the text, and most of what stands before it', () => {
    fc.assert(
      fc.property(fc.integer({ min: MOST_WHOLE + 1, max: 4096 }), fc.nat(), (n, at) => {
        const query = at % n;
        const { first, end } = tokenRange(n, query);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(n);
        expect(end - first).toBeLessThanOrEqual(64);
        expect(end - first).toBeGreaterThan(47);
        expect(query).toBeGreaterThanOrEqual(first);
        expect(query).toBeLessThan(end);
        expect(query - first).toBeGreaterThanOrEqual(Math.min(query, 32));
      }),
    );
  });

  it('stands still while the selection takes small steps', () => {
    const firsts = new Set(Array.from({ length: 16 }, (_, i) => tokenRange(2048, 1024 + i).first));
    expect(firsts.size).toBeLessThanOrEqual(2);
  });
});

const N = 700;
const QUERY = 650;
/** Token q looks at the one before it with all its weight, in the one head there is. */
function snapshotOf(query: number, hover: { query: number; key: number } | null = null): Snapshot {
  const rows: [number, number, number][] = Array.from({ length: N - 1 }, (_, i) => [i + 1, i, 1]);
  rows.push([QUERY, 3, 0.5]);
  const pack = (links: readonly [number, number, number][]) => {
    const list = new Uint32Array(links.length * LINK_WORDS);
    for (const [i, [q, key, weight]] of links.entries()) {
      list.set([0, q, key], i * LINK_WORDS);
      new Float32Array(list.buffer)[i * LINK_WORDS + 3] = weight;
    }
    return list;
  };
  const weights = new Float32Array(N);
  weights[query - 1] = 1;
  const data = new Float32Array(N * N);
  for (const [q, key, weight] of rows) data[q * N + key] = weight;
  const tokens = Array.from({ length: N }, (_, index) => ({ index, id: index, piece: `t${index}`, special: false }));
  const view = {
    revision: 1,
    run: { id: 1, tokens, model: { nLayers: 1, nHeads: 1 }, windows: [null], generated: [] },
    selection: { layer: 0, head: 0, query, key: query - 1 },
    apart: new Uint8Array(N),
    overview: {
      links: pack(rows),
      counts: new Uint32Array(101),
      setApart: new Float32Array(N),
      strongest: Int32Array.from({ length: N }, (_, i) => i - 1),
    },
    row: { query, weights, links: pack(rows.filter(([q]) => q === query)) },
    matrix: { rows: N, cols: N, data, layer: 0, head: 0 },
  };
  const state = { ...initialState, query, hover: hover && { layer: null, head: null, ...hover } };
  return { state, status: 'ready', error: null, progress: null, model: null, revision: 1, runs: [view] } as never;
}

describe('a snapshot that is cut down', () => {
  it('speaks of the same tokens, links and weights', () => {
    const window = new TokenWindow();
    const whole = snapshotOf(QUERY);
    const cut = window.of(whole);
    const view = cut.runs[0]!;
    const n = view.run.tokens.length;
    const { first } = window;
    expect(view.run.tokens[view.selection.query]!.piece).toBe(`t${QUERY}`);
    expect(linkCount(view.overview.links)).toBe(n - 1);
    expect(countInside(whole.runs[0]!.overview.links, N, tokenRange(N, QUERY))).toBe(n - 1);
    const link = linkAt(view.overview.links, 10);
    expect([link.query + first, link.key + first, link.weight]).toEqual([first + 11, first + 10, 1]);
    for (const q of [0, 1, n - 1]) {
      for (const key of [0, n - 2]) {
        expect(view.matrix.data[q * n + key]).toBe(whole.runs[0]!.matrix.data[(q + first) * N + key + first]);
      }
    }
    // What stands before the window is no key of it.
    expect(view.overview.strongest[0]).toBe(-1);
    expect(view.overview.strongest[1]).toBe(0);
    expect(focusOf(cut, view)).toMatchObject({ query: QUERY - first, link: { key: QUERY - 1 - first, weight: 1 } });
  });

  it('hands out the same part for the same part', () => {
    const window = new TokenWindow();
    const whole = snapshotOf(QUERY);
    const before = window.of(whole).runs[0]!;
    const row = { ...whole.runs[0]!.row };
    const after = window.of({ ...whole, runs: [{ ...whole.runs[0]!, row }] }).runs[0]!;
    expect(after.overview).toBe(before.overview);
    expect(after.run).toBe(before.run);
    expect(after.row).not.toBe(before.row);
    const elsewhere = snapshotOf(100);
    expect(
      window.of({ ...elsewhere, runs: [{ ...elsewhere.runs[0]!, run: whole.runs[0]!.run }] }).runs[0]!.run,
    ).not.toBe(before.run);
  });

  it('moves what is pointed at along, and leaves a short text alone', () => {
    const window = new TokenWindow();
    const { hover } = window.of(snapshotOf(QUERY, { query: QUERY, key: 640 })).state;
    expect([hover!.query! + window.first, hover!.key! + window.first]).toEqual([QUERY, 640]);
    const short = { ...snapshotOf(5), runs: [] };
    expect(window.of(short)).toBe(short);
  });
});
