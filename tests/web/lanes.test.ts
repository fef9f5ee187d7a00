/** Lanes: which heads have one, where each stands, how it comes out of the tower, and what is written and drawn there. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sceneWords as words } from '../../web/element/scene-words.ts';
import { controlPoints, pointAt } from '../../web/scene/curve.ts';
import type { Focus } from '../../web/scene/focus.ts';
import { axesOf, dot, frame } from '../../web/scene/framing.ts';
import { planLaneLabels, planLaneStrokes, strongestIn } from '../../web/scene/lane-plan.ts';
import { berthOf, drawnOut, inDepth, LANE_SLOTS, RAISED } from '../../web/scene/lanes.ts';
import { betweenLayouts, type Layout, layOut } from '../../web/scene/layout.ts';
import { LINK_WORDS } from '../../web/scene/packing.ts';
import { linkDistance, pickToken, projector } from '../../web/scene/picking.ts';
import { headTone, TONES } from '../../web/scene/theme.ts';
import { hasLane, headName, lanesOf, toggleLane } from '../../web/state/lanes.ts';
import { type HeadPlace, MOST_LANES } from '../../web/state/state.ts';

const HEADS = 12;
const model = { nLayers: 6, nHeads: HEADS };
const places = (...pairs: [number, number][]): HeadPlace[] => pairs.map(([layer, head]) => ({ layer, head }));
const anyPlaces = fc.uniqueArray(fc.record({ layer: fc.nat(5), head: fc.nat(11) }), {
  minLength: 1,
  maxLength: MOST_LANES,
  selector: headName,
});

const tower = layOut({
  labelWidths: Array.from({ length: 16 }, () => 30),
  nLayers: 6,
  openLayer: 3,
  width: 800,
  height: 480,
  fanGain: 1,
  growing: null,
});
const out = (heads: readonly HeadPlace[]): Layout => drawnOut(tower, heads, HEADS, 480);

describe('the heads that have a lane', () => {
  it('are the chosen head and its neighbours, until lanes are chosen', () => {
    expect(lanesOf({ lanes: [] }, { layer: 3, head: 1 }, model)).toEqual(places([3, 0], [3, 1], [3, 2], [3, 3]));
    expect(lanesOf({ lanes: [] }, { layer: 0, head: 8 }, { nLayers: 1, nHeads: 9 })).toEqual(places([0, 8]));
    const lanes = places([5, 11], [0, 2]);
    expect(lanesOf({ lanes }, { layer: 3, head: 1 }, model)).toEqual(lanes);
  });

  it('stay the same while the choice moves among them', () => {
    fc.assert(
      fc.property(fc.nat(5), fc.nat(11), (layer, head) => {
        const lanes = lanesOf({ lanes: [] }, { layer, head }, model);
        expect(hasLane(lanes, { layer, head })).toBe(true);
        for (const lane of lanes) expect(lanesOf({ lanes: [] }, lane, model)).toEqual(lanes);
      }),
    );
  });

  it('are within the model, each once, and never more than there are hues', () => {
    const lanes = [
      ...places([9, 0], [0, 40], [1, 1], [1, 1]),
      ...Array.from({ length: 12 }, (_, head) => ({ layer: 2, head })),
    ];
    const found = lanesOf({ lanes }, { layer: 0, head: 0 }, model);
    expect(found).toHaveLength(MOST_LANES);
    expect(found[0]).toEqual({ layer: 1, head: 1 });
    expect(new Set(found.map(headName)).size).toBe(MOST_LANES);
    // A link made with another model names no head of this one: the neighbours are shown.
    expect(lanesOf({ lanes: places([9, 0]) }, { layer: 0, head: 0 }, model)).toHaveLength(4);
  });

  it('come and go by the same step, and stay as they are when there is no room', () => {
    const full = Array.from({ length: MOST_LANES }, (_, head) => ({ layer: 0, head }));
    expect(toggleLane(places([0, 1]), { layer: 3, head: 2 })).toEqual(places([0, 1], [3, 2]));
    expect(toggleLane(places([0, 1], [3, 2]), { layer: 0, head: 1 })).toEqual(places([3, 2]));
    expect(toggleLane(full, { layer: 5, head: 5 })).toBe(full);
  });

  it('have as many slots in the shaders, and as many tones, as the state allows', () => {
    expect(LANE_SLOTS).toBe(MOST_LANES);
    const tones = Array.from({ length: MOST_LANES }, (_, i) => headTone(i));
    expect(new Set(tones).size).toBe(MOST_LANES);
    for (const tone of tones) expect(TONES).toContain(tone);
  });
});

describe('a lane', () => {
  it('keeps its place among the chosen ones, while the shallowest stands in front', () => {
    const layout = out(places([5, 11], [0, 2], [3, 1], [3, 0]));
    expect(layout.lanes.map(headName)).toEqual(['L5 H11', 'L0 H2', 'L3 H1', 'L3 H0']);
    expect(inDepth(layout.lanes).map(headName)).toEqual(['L0 H2', 'L3 H0', 'L3 H1', 'L5 H11']);
  });

  it('covers no other on the screen, and all of them fill the frame', () => {
    const size = { width: 1000, height: 560 };
    const insets = { top: 50, right: 30, bottom: 50, left: 80 };
    const fov = (32 * Math.PI) / 180;
    fc.assert(
      fc.property(anyPlaces, (heads) => {
        const layout = out(heads);
        const direction = { azimuth: 0.08, elevation: RAISED };
        const pose = frame(layout.box, direction, fov, size, insets);
        const { up, back } = axesOf(direction);
        const height = (y: number, z: number) => {
          const from = [-pose.target[0], y - pose.target[1], z - pose.target[2]] as const;
          const unit = size.height / 2 / Math.tan(fov / 2) / (pose.distance - dot(from, back));
          return size.height / 2 - dot(from, up) * unit;
        };
        const rails = inDepth(layout.lanes).flatMap(({ low, high, z }) => [height(low, z), height(high, z)]);
        for (let i = 1; i < rails.length; i++) expect(rails[i]!).toBeLessThan(rails[i - 1]! - 2);
        expect(Math.max(...rails)).toBeLessThanOrEqual(size.height);
        expect(Math.min(...rails)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('holds its links between its rails, in its own plane', () => {
    const layout = out(places([3, 1], [0, 2]));
    const [lane] = layout.lanes;
    const points = controlPoints(layout, HEADS, { layer: 3, head: 1, query: 10, key: 2 });
    for (let t = 0; t <= 1; t += 0.1) {
      const [, y, z] = pointAt(points, t);
      expect(z).toBeCloseTo(lane!.z, 6);
      expect(y).toBeGreaterThan(lane!.low);
      expect(y).toBeLessThan(lane!.high);
    }
  });

  it('comes out of its band of the tower, and goes back into it', () => {
    const layout = out(places([3, 1]));
    const link = { layer: 3, head: 1, query: 10, key: 2 };
    const inTower = controlPoints(tower, HEADS, link);
    const start = controlPoints(betweenLayouts(tower, layout, 0), HEADS, link);
    const end = controlPoints(betweenLayouts(layout, tower, 1), HEADS, link);
    for (const [i, point] of inTower.entries()) {
      for (const axis of [0, 1, 2] as const) {
        expect(start[i]![axis]).toBeCloseTo(point[axis], 4);
        expect(end[i]![axis]).toBeCloseTo(point[axis], 4);
      }
    }
    expect(betweenLayouts(tower, layout, 1).lanes).toEqual(layout.lanes);
    expect(betweenLayouts(tower, layout, 0.5).spread).toBe(0.5);
  });

  it('moves over when another comes, from where it stood', () => {
    const before = out(places([3, 1], [0, 2]));
    const after = out(places([3, 1], [0, 2], [5, 0]));
    const half = betweenLayouts(before, after, 0.5);
    expect(half.lanes).toHaveLength(3);
    expect(half.lanes[0]!.z).toBeCloseTo((before.lanes[0]!.z + after.lanes[0]!.z) / 2, 6);
    expect(half.lanes[2]!.z).toBe(after.lanes[2]!.z);
  });

  it('is found under a point by its dots and its links; heads without a lane are not', () => {
    const layout = out(places([3, 1], [0, 2]));
    // Looks from straight above: x to the right, z downward; a unit is a pixel.
    const above = projector([1 / 500, 0, 0, 0, 0, 0, 0, 0, 0, -1 / 300, 0, 0, 0, 0, 0, 1], 1000, 600);
    const [lane] = layout.lanes;
    const [x, y] = [500 + layout.x[10]!, 300 + lane!.z];
    expect(pickToken(layout, above, x + 3, y + 3)).toMatchObject({ kind: 'token', query: 10 });
    const middle = pointAt(controlPoints(layout, HEADS, { layer: 3, head: 1, query: 10, key: 2 }), 0.5);
    const at = (head: number) =>
      linkDistance(layout, HEADS, { layer: 3, head, query: 10, key: 2 }, above, 500 + middle[0], 300 + middle[2], 6);
    expect(at(1)).toBeLessThan(1.5);
    expect(at(4)).toBe(Infinity);
  });
});

describe('what is written and drawn in the lanes', () => {
  const N = 5;
  const widths = [28, 21, 42, 14, 28];
  const texts = ['[CLS]', 'the', 'animal', 'it', '[SEP]'];
  const layout = drawnOut(
    layOut({ labelWidths: widths, nLayers: 6, openLayer: 3, width: 600, height: 300, fanGain: 1, growing: null }),
    places([3, 1], [0, 2], [1, 8]),
    HEADS,
    300,
  );
  const links = new Uint32Array(3 * LINK_WORDS);
  [
    [3, 1, 2, 0.68],
    [0, 2, 1, 0.5],
    [0, 2, 2, 0.25],
  ].forEach(([layer = 0, head = 0, key = 0, weight = 0], i) => {
    links.set([layer * 65536 + head, 3, key], i * LINK_WORDS);
    new Float32Array(links.buffer)[i * LINK_WORDS + 3] = weight;
  });
  const focus: Focus = {
    layer: 3,
    head: 1,
    query: 3,
    link: { layer: 3, head: 1, query: 3, key: 2, weight: 0.68 },
    others: [],
    self: 0.06,
    apart: 0.12,
  };
  const view = { apart: Uint8Array.from([1, 0, 0, 0, 1]), row: { links } };
  const request = { view, layout, texts, labelWidths: widths, rows: 1, narrow: false, hidden: () => false, words };
  const labelsOf = (seen: Focus) => planLaneLabels({ ...request, focus: seen } as never);
  const said = (seen: Focus) => labelsOf(seen).map((wish) => `${wish.text} ${wish.figure}`.trim());

  it('names every lane, each in its own tone, and a click on a name chooses the head', () => {
    const names = labelsOf(focus).filter((wish) => wish.head !== undefined);
    expect(names.map((wish) => wish.text).sort()).toEqual(['L0 H2', 'L1 H8', 'L3 H1']);
    expect(new Set(names.map((wish) => wish.style.edge)).size).toBe(3);
    expect(names.find((wish) => wish.text === 'L3 H1')).toMatchObject({ layer: 3, head: 1, style: { bold: true } });
  });

  it('says in each lane what the token looks at most there, with the weight; nothing where the list has nothing', () => {
    expect(said(focus)).toEqual(expect.arrayContaining(['animal 68 %', 'the 50 %', '[CLS] [SEP] 12 %']));
    expect(said(focus).filter((text) => text.includes('%'))).toHaveLength(3);
    expect(strongestIn(links, { layer: 1, head: 8 })).toBeNull();
    expect(said({ ...focus, query: null, link: null }).join()).not.toContain('%');
  });

  it('writes the text once below and once above all lanes', () => {
    for (const text of ['the', '[SEP]']) expect(said(focus).filter((one) => one === text)).toHaveLength(2);
  });

  it('lights nothing for a head that has no lane', () => {
    const elsewhere = { ...focus, layer: 5, head: 5 };
    expect(berthOf(layout, elsewhere)).toBeNull();
    expect(labelsOf(elsewhere).some((wish) => wish.text === 'it' && wish.style.fill === 'ink')).toBe(false);
  });

  it('gives each lane two rails in its tone, and fewer threads where they would be a wall', () => {
    const strokes = (spacing: number) => {
      const dense = { ...layout, spacing };
      return planLaneStrokes({
        layout: dense,
        focus,
        apart: () => false,
        hidden: () => false,
        labelWidths: widths,
        rows: 1,
      });
    };
    for (let i = 0; i < 3; i++) expect(strokes(40).filter(({ tone }) => tone === headTone(i))).toHaveLength(2);
    // Each token's thread: through every lane, on to the next, and out at the end.
    expect(strokes(40).filter(({ from, to }) => from[0] === to[0])).toHaveLength(N * 6);
    expect(strokes(2).filter(({ from, to }) => from[0] === to[0])).toHaveLength(2 * 6);
  });
});
