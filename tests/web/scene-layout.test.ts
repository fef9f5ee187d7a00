/** Places in the scene and the camera that frames them: pure geometry, checked by projecting it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axesOf, between, cornersOf, describePose, dot, frame, type Pose } from '../../web/scene/framing.ts';
import { betweenLayouts, labelRows, layOut, levelPlaces, tokenPlaces } from '../../web/scene/layout.ts';

const FOV = (32 * Math.PI) / 180;

/** CSS pixels from the left and the top. */
function seen(point: readonly [number, number, number], pose: Pose, size: { width: number; height: number }) {
  const { right, up, back } = axesOf(pose);
  const from = [0, 1, 2].map((i) => point[i]! - pose.target[i]!) as [number, number, number];
  const depth = pose.distance - dot(from, back);
  const unit = size.height / 2 / Math.tan(FOV / 2) / depth;
  return { x: size.width / 2 + dot(from, right) * unit, y: size.height / 2 - dot(from, up) * unit, depth };
}

describe('tokens', () => {
  it('are set like type: longer words get more room, short ones the least', () => {
    const x = tokenPlaces([40, 40, 4, 4], 200);
    expect(x[1]! - x[0]!).toBeGreaterThan(x[3]! - x[2]!);
    expect(x[3]! - x[2]!).toBeGreaterThan(20);
  });

  it('fill the width, centred, in reading order', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ min: 0, max: 120, noNaN: true }), { minLength: 5, maxLength: 512 }), (widths) => {
        const x = tokenPlaces(widths, 300);
        for (let i = 1; i < x.length; i++) expect(x[i]!).toBeGreaterThan(x[i - 1]!);
        expect(x[0]! + x[x.length - 1]!).toBeCloseTo(0, 3);
        expect(x[x.length - 1]! - x[0]!).toBeLessThanOrEqual(300.01);
      }),
    );
  });

  it('one stands in the middle, none is no error', () => {
    expect([...tokenPlaces([30], 500)]).toEqual([0]);
    expect(tokenPlaces([], 500)).toHaveLength(0);
  });
});

describe('layers', () => {
  it('share the height, and the open one gets more of it', () => {
    const levels = levelPlaces(6, 3, 480);
    expect(levels).toHaveLength(7);
    expect(levels[6]! - levels[0]!).toBeCloseTo(480, 3);
    const bands = Array.from({ length: 6 }, (_, i) => levels[i + 1]! - levels[i]!);
    expect(bands[3]).toBeGreaterThan(1.5 * bands[0]!);
    expect(bands[0]).toBeCloseTo(bands[5]!, 3);
  });

  it('are alike when none is open', () => {
    const levels = levelPlaces(4, null, 400);
    expect([...levels]).toEqual([-200, -100, 0, 100, 200]);
  });
});

describe('framing', () => {
  const sizes = [
    { width: 1000, height: 560 },
    { width: 390, height: 420 },
    { width: 390, height: 844 },
  ];

  it.each(sizes)('keeps the whole box inside the insets at $width x $height', (size) => {
    const insets = { top: 40, right: 30, bottom: 50, left: 80 };
    for (const count of [1, 2, 16, 129, 512]) {
      const labelWidths = Array.from({ length: count }, (_, i) => 8 + ((i * 37) % 60));
      const request = { labelWidths, nLayers: 6, openLayer: 3, width: 300, height: 300, fanGain: 1, growing: null };
      const { box } = layOut(request);
      for (const azimuth of [0, 0.2, 1, -2.5]) {
        for (const elevation of [0, 0.2, 1]) {
          const pose = frame(box, { azimuth, elevation }, FOV, size, insets);
          const points = cornersOf(box).map((corner) => seen(corner, pose, size));
          for (const { x, y, depth } of points) {
            expect(depth).toBeGreaterThan(0);
            expect(x).toBeGreaterThanOrEqual(insets.left - 0.5);
            expect(x).toBeLessThanOrEqual(size.width - insets.right + 0.5);
            expect(y).toBeGreaterThanOrEqual(insets.top - 0.5);
            expect(y).toBeLessThanOrEqual(size.height - insets.bottom + 0.5);
          }
          // It touches two opposite edges: no closer place would do.
          const [left, right] = [Math.min(...points.map((p) => p.x)), Math.max(...points.map((p) => p.x))];
          const [top, bottom] = [Math.min(...points.map((p) => p.y)), Math.max(...points.map((p) => p.y))];
          const fills = [right - left - (size.width - 110), bottom - top - (size.height - 90)];
          expect(Math.max(...fills)).toBeGreaterThan(-1);
        }
      }
    }
  });

  it('goes between poses the short way round', () => {
    const pose = { elevation: 0, distance: 100, target: [0, 0, 0] as const };
    const half = between({ ...pose, azimuth: 3 }, { ...pose, azimuth: -3 }, 0.5);
    expect(Math.abs(half.azimuth)).toBeCloseTo(Math.PI, 5);
  });

  it('says in words where the camera is', () => {
    const pose: Pose = { azimuth: 0.2, elevation: 0.2, distance: 100, target: [0, 0, 0] };
    expect(describePose(pose, pose)).toBe('Seen from the front, whole text in view.');
    expect(describePose({ ...pose, azimuth: 1, distance: 50 }, pose)).toContain('2.0 times closer');
    expect(describePose({ ...pose, elevation: 1.2 }, pose)).toContain('from high above');
  });
});

describe('rows of labels', () => {
  it('are as many as it takes, and one when even three do not suffice', () => {
    expect(labelRows([0, 100, 200], [40, 40, 40])).toBe(1);
    expect(labelRows([0, 40, 80, 120], [40, 40, 40, 40])).toBe(2);
    expect(labelRows([0, 26, 52, 78, 104], [40, 40, 40, 40, 40])).toBe(3);
    expect(labelRows([0, 4, 8, 12, 16], [40, 40, 40, 40, 40])).toBe(1);
  });
});

describe('on the way between two layouts', () => {
  it('starts at one and ends at the other', () => {
    const request = { labelWidths: [20, 20, 20], nLayers: 4, width: 400, height: 300, fanGain: 1, growing: null };
    const from = layOut({ ...request, openLayer: 0 });
    const to = layOut({ ...request, openLayer: 3, fanGain: 2 });
    expect([...betweenLayouts(from, to, 0).levels]).toEqual([...from.levels]);
    expect([...betweenLayouts(from, to, 1).levels]).toEqual([...to.levels]);
    expect(betweenLayouts(from, to, 0.5).fan).toBeCloseTo((from.fan + to.fan) / 2, 5);
  });
});

describe('a text that grows', () => {
  const request = { nLayers: 4, openLayer: 1, width: 900, height: 300, fanGain: 1 };
  const widths = (n: number) => Array.from({ length: n }, (_, i) => 12 + ((i * 31) % 50));

  it('keeps every token in its place while there is room, then is set anew with room to spare, and never leaves its box', () => {
    let before = layOut({ ...request, labelWidths: widths(6), growing: null });
    let kept = 0;
    for (let n = 7; n < 200; n++) {
      const next = layOut({ ...request, labelWidths: widths(n), growing: { before } });
      const isKept = before.x.every((place, i) => place === next.x[i]);
      kept += Number(isKept);
      for (let i = 1; i < n; i++) expect(next.x[i]!).toBeGreaterThan(next.x[i - 1]!);
      expect(next.x[0]!).toBeGreaterThanOrEqual(next.box.min[0] - 0.01);
      expect(next.x[n - 1]!).toBeLessThanOrEqual(next.box.max[0] + 0.01);
      // From the first time on the camera has nothing to do.
      if (n > 7) expect(next.box).toEqual(before.box);
      if (!isKept && n > 40) expect(next.x[n - 1]! - next.x[0]!).toBeLessThan(0.81 * 900);
      before = next;
    }
    expect(kept).toBeGreaterThan(165);
  });

  it('goes back the way it came', () => {
    const first = layOut({ ...request, labelWidths: widths(20), growing: { before: null } });
    const second = layOut({ ...request, labelWidths: widths(21), growing: { before: first } });
    const back = layOut({ ...request, labelWidths: widths(20), growing: { before: second } });
    expect([...back.x]).toEqual([...first.x]);
    expect(betweenLayouts(first, second, 0.5).x).toHaveLength(21);
  });
});

describe('very many layers', () => {
  it('share the height there is, as long as a band can be told from a line', () => {
    const levels = levelPlaces(30, 14, 480);
    expect(levels[30]! - levels[0]!).toBeCloseTo(480, 3);
    const bands = Array.from({ length: 30 }, (_, i) => levels[i + 1]! - levels[i]!);
    expect(bands[14]).toBeCloseTo(144, 1);
    expect(Math.min(...bands)).toBeGreaterThan(8);
    expect(levelPlaces(120, null, 400)[120]! - levelPlaces(120, null, 400)[0]!).toBeGreaterThan(1000);
  });
});
