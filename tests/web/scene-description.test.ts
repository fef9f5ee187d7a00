/** What the scene tells of itself: each drawn link once, from its key up to its query, under the numbers of the whole text. */
import { describe, expect, it } from 'vitest';
import { describeScene } from '../../web/scene/description';
import { drawnOut } from '../../web/scene/lanes';
import { layOut } from '../../web/scene/layout';
import { widthOf } from '../../web/scene/visuals';

const layout = layOut({
  labelWidths: [20, 30, 20],
  nLayers: 2,
  openLayer: 1,
  width: 400,
  height: 300,
  fanGain: 1,
  growing: null,
});

/** Links as the engine lists them. */
function listOf(...links: [layer: number, head: number, query: number, key: number, weight: number][]): Uint32Array {
  const list = new Uint32Array(links.length * 4);
  for (const [i, [layer, head, query, key, weight]] of links.entries()) {
    list.set([layer * 65536 + head, query, key], 4 * i);
    new Float32Array(list.buffer)[4 * i + 3] = weight;
  }
  return list;
}

const focus = listOf([1, 0, 2, 0, 0.5]);
const mass = listOf([1, 0, 2, 0, 0.5], [0, 3, 1, 2, 0.25], [0, 0, 1, 0, 0.1]);
const request = { layout, nHeads: 4, labels: ['the', 'animal', 'it'], first: 0 };
const lists = { focused: { list: focus, count: 1, chosen: 1 }, mass: { list: mass, count: 2 } };

describe('describeScene', () => {
  it('tells each drawn link once, and none that is not drawn', () => {
    const { links } = describeScene({ ...request, ...lists });
    expect(links.map(({ layer, head, query, key, weight }) => [layer, head, query, key, weight])).toEqual([
      [1, 0, 2, 0, 0.5],
      [0, 3, 1, 2, 0.25],
    ]);
    expect(links.map(({ width }) => width)).toEqual([widthOf(0.5), widthOf(0.25)]);
  });

  it('is light where something is chosen, and faint elsewhere', () => {
    const [chosen, other] = describeScene({ ...request, ...lists }).links;
    expect(chosen?.light).toBeGreaterThan(0.8);
    expect(other?.light).toBeGreaterThan(0);
    expect(other?.light).toBeLessThan(0.05);
    const focused = { list: new Uint32Array(), count: 0, chosen: 0 };
    const [, alone] = describeScene({ ...request, focused, mass: lists.mass }).links;
    expect(alone?.light).toBeGreaterThan(5 * (other?.light ?? Infinity));
  });

  it('leads from the key’s thread up to the query’s, within the layer', () => {
    const [link] = describeScene({ ...request, ...lists }).links;
    const [start, end] = [link?.points[0], link?.points.at(-1)];
    expect(start?.[0]).toBeCloseTo(layout.x[0] ?? Number.NaN, 4);
    expect(end?.[0]).toBeCloseTo(layout.x[2] ?? Number.NaN, 4);
    const heights = link?.points.map(([, y]) => y) ?? [];
    expect(heights).toEqual([...heights].sort((a, b) => a - b));
    expect(heights[0]).toBeGreaterThan(layout.levels[1] ?? Infinity);
    expect(heights.at(-1)).toBeLessThan(layout.levels[2] ?? -Infinity);
  });

  it('tells of lanes where heads have them, and then of nothing else', () => {
    const drawn = drawnOut(layout, [{ layer: 0, head: 3 }], 4, 300);
    const { links, tokens } = describeScene({ ...request, ...lists, layout: drawn });
    expect(links.map(({ layer, head }) => [layer, head])).toEqual([[0, 3]]);
    const [lane] = drawn.lanes;
    expect(tokens).toHaveLength(3);
    expect(tokens[2]?.places).toEqual([
      [layout.x[2], lane?.low, lane?.z],
      [layout.x[2], lane?.high, lane?.z],
    ]);
    for (const [, y] of links[0]?.points ?? []) expect(Math.abs(y)).toBeLessThan(lane?.high ?? 0);
  });

  it('counts tokens as the whole text does', () => {
    const { links, tokens } = describeScene({ ...request, ...lists, first: 600 });
    expect(links[0]).toMatchObject({ query: 602, key: 600 });
    expect(tokens.map(({ index, label }) => [index, label])).toEqual([
      [600, 'the'],
      [601, 'animal'],
      [602, 'it'],
    ]);
    expect(tokens[1]?.places.map(([x, y]) => [x, y])).toEqual([...layout.levels].map((y) => [layout.x[1], y]));
  });
});
