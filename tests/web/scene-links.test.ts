/** Lists of links: how many to draw, what the focus keeps, where their curves run, and which one lies under a point. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { controlPoints, pointAt } from '../../web/scene/curve.ts';
import { layOut } from '../../web/scene/layout.ts';
import { countAtLeast, focusList, LINK_WORDS, linkAt, linkCount, textureRows } from '../../web/scene/packing.ts';
import { linkDistance, pickLink, pickToken, projector } from '../../web/scene/picking.ts';
import { lightOf, massLight, percent, widthOf } from '../../web/scene/visuals.ts';

type Row = readonly [layer: number, head: number, query: number, key: number, weight: number];

function listOf(rows: readonly Row[]): Uint32Array {
  const list = new Uint32Array(rows.length * LINK_WORDS);
  const floats = new Float32Array(list.buffer);
  for (const [i, [layer, head, query, key, weight]] of rows.entries()) {
    list.set([layer * 65536 + head, query, key], i * LINK_WORDS);
    floats[i * LINK_WORDS + 3] = weight;
  }
  return list;
}

describe('a list of links', () => {
  it('reads back what was packed', () => {
    const list = listOf([[31, 65535, 2047, 1024, 0.5]]);
    expect(linkAt(list, 0)).toEqual({ layer: 31, head: 65535, query: 2047, key: 1024, weight: 0.5 });
  });

  it('is cut at a threshold exactly as counting would', () => {
    const weights = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { maxLength: 300 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 0, max: 100 }), (values, threshold) => {
        const sorted = [...values].sort((a, b) => b - a);
        const list = listOf(sorted.map((weight) => [0, 0, 1, 2, weight]));
        const least = threshold / 100;
        expect(countAtLeast(list, least)).toBe(sorted.filter((weight) => weight >= least).length);
      }),
    );
  });

  it('fits its texture', () => {
    for (const count of [0, 1, 512, 513, 8192, 8193]) expect(textureRows(count) * 512).toBeGreaterThanOrEqual(count);
    expect(textureRows(8192)).toBe(16);
  });
});

describe('the focused list', () => {
  const list = listOf([
    [3, 2, 5, 1, 0.9],
    [3, 1, 5, 2, 0.7],
    [0, 1, 5, 3, 0.5],
    [3, 1, 5, 4, 0.2],
    [3, 1, 5, 6, 0.01],
  ]);

  it('puts the chosen head first, so that it is drawn last', () => {
    const focused = focusList(list, 0.04, { layer: 3, head: 1 }, null);
    expect(focused.count).toBe(4);
    expect(focused.chosen).toBe(2);
    expect(linkAt(focused.list, 0).key).toBe(2);
    expect(linkAt(focused.list, 1).key).toBe(4);
    expect(linkAt(focused.list, 2).key).toBe(1);
  });

  it('keeps the link that a label speaks of, however light', () => {
    const keep = linkAt(list, 4);
    const focused = focusList(list, 0.04, { layer: 3, head: 1 }, keep);
    expect(focused.chosen).toBe(3);
    expect(linkAt(focused.list, 2)).toEqual(keep);
    // Above the threshold it is there already, and once.
    expect(focusList(list, 0.04, { layer: 3, head: 1 }, linkAt(list, 1)).chosen).toBe(2);
  });

  it('is empty for an empty row', () => {
    expect(linkCount(focusList(new Uint32Array(0), 0.04, { layer: 0, head: 0 }, null).list)).toBe(0);
  });
});

const layout = layOut({
  labelWidths: Array.from({ length: 16 }, () => 30),
  nLayers: 6,
  openLayer: 3,
  width: 800,
  height: 480,
  fanGain: 1,
  growing: null,
});

describe('the curve of a link', () => {
  it('runs from the key at the bottom of its band to the query at the top', () => {
    fc.assert(
      fc.property(fc.nat(5), fc.nat(11), fc.nat(15), fc.nat(15), (layer, head, query, key) => {
        const points = controlPoints(layout, 12, { layer, head, query, key });
        const [start, end] = [pointAt(points, 0), pointAt(points, 1)];
        expect(start[0]).toBeCloseTo(layout.x[key]!, 3);
        expect(end[0]).toBeCloseTo(layout.x[query]!, 3);
        expect(start[2]).toBe(0);
        expect(end[2]).toBe(0);
        for (let t = 0; t <= 1; t += 0.1) {
          const y = pointAt(points, t)[1];
          expect(y).toBeGreaterThanOrEqual(layout.levels[layer]! - 1e-3);
          expect(y).toBeLessThanOrEqual(layout.levels[layer + 1]! + 1e-3);
        }
      }),
    );
  });

  it('keeps heads apart', () => {
    const middle = (head: number) => pointAt(controlPoints(layout, 12, { layer: 3, head, query: 10, key: 2 }), 0.5);
    expect(Math.abs(middle(0)[1] - middle(11)[1])).toBeGreaterThan(10);
    expect(Math.abs(middle(0)[2] - middle(11)[2])).toBeGreaterThan(40);
  });
});

describe('picking', () => {
  // Looks along z without perspective: a unit is a pixel, the origin in the middle of 1000 x 600.
  const flat = projector([1 / 500, 0, 0, 0, 0, 1 / 300, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 1000, 600);
  const onScreen = (x: number, y: number) => [500 + x, 300 - y] as const;

  it('finds a token at its dot, with the layer that wrote it', () => {
    const [x, y] = onScreen(layout.x[10]!, layout.levels[4]!);
    expect(pickToken(layout, flat, x + 5, y - 5)).toEqual({ kind: 'token', layer: 3, query: 10 });
    const [x0, y0] = onScreen(layout.x[0]!, layout.levels[0]!);
    expect(pickToken(layout, flat, x0, y0)).toEqual({ kind: 'token', layer: null, query: 0 });
    expect(pickToken(layout, flat, x + 20, y + 30)).toBeNull();
  });

  it('finds a link anywhere along its curve, and nothing far from it', () => {
    const link = { layer: 3, head: 1, query: 10, key: 2 };
    const points = controlPoints(layout, 12, link);
    for (const t of [0.1, 0.35, 0.5, 0.8]) {
      const point = pointAt(points, t);
      const [x, y] = onScreen(point[0], point[1]);
      expect(linkDistance(layout, 12, link, flat, x, y, 6)).toBeLessThan(1.5);
    }
    expect(linkDistance(layout, 12, link, flat, 900, 20, 6)).toBe(Infinity);
  });

  it('prefers the focus, then the nearer, and of equals the heavier link', () => {
    const light = listOf([[3, 1, 10, 2, 0.2]]);
    const heavy = listOf([
      [3, 1, 10, 2, 0.9],
      [3, 1, 10, 2, 0.1],
    ]);
    const [px, py] = pointAt(controlPoints(layout, 12, { layer: 3, head: 1, query: 10, key: 2 }), 0.5);
    const [x, y] = onScreen(px, py);
    const all = (list: Uint32Array) => ({ list, count: linkCount(list) });
    expect(pickLink([all(light), all(heavy)], layout, 12, flat, x, y)).toMatchObject({
      weight: expect.closeTo(0.2, 5),
    });
    expect(pickLink([all(heavy)], layout, 12, flat, x, y)).toMatchObject({ weight: expect.closeTo(0.9, 5) });
    expect(pickLink([all(heavy)], layout, 12, flat, 5, 5)).toBeNull();
  });

  it('sees nothing behind the camera', () => {
    expect(projector([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, -1, 0, 0, 0, 0], 100, 100)([0, 0, 5])).toBeNull();
  });
});

describe('how a weight looks', () => {
  it('grows with the weight and never vanishes', () => {
    for (let weight = 0; weight < 1; weight += 0.05) {
      expect(widthOf(weight + 0.05)).toBeGreaterThan(widthOf(weight));
      expect(lightOf(weight + 0.05)).toBeGreaterThanOrEqual(lightOf(weight));
    }
    expect(lightOf(0)).toBeGreaterThan(0);
    expect(lightOf(1)).toBeCloseTo(1, 5);
    expect(massLight(100)).toBe(1);
    expect(massLight(8000)).toBeLessThan(0.4);
  });

  it('is named in whole percents, and never as a false zero', () => {
    expect(percent(0.676)).toBe('68 %');
    expect(percent(0.002)).toBe('<1 %');
    expect(percent(0)).toBe('0 %');
    expect(percent(1)).toBe('100 %');
  });
});
