/** Labels: none over another, the important ones stay, and what a snapshot wants said. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LabelWish, overlaps, placeLabels, spreadRanks } from '../../web/scene/labels.ts';
import { easeOut, Tween } from '../../web/scene/motion.ts';

const style = { fill: 'ground', edge: null, ink: 'ink', inkAfter: 'ink', bold: false } as const;

function wish(text: string, x: number, y: number, priority: number, more: Partial<LabelWish> = {}): LabelWish {
  return {
    text,
    figure: '',
    style,
    token: null,
    layer: null,
    place: [x, y, 0],
    dx: 0,
    dy: 0,
    align: 0,
    priority,
    firm: false,
    elsewhere: [],
    ...more,
  };
}

const screen = { width: 800, height: 400 };
const project = (place: LabelWish['place']) => [place[0], place[1]] as const;
const measure = (label: LabelWish): [number, number] => [label.text.length * 7 + 8, 19];
const place = (wishes: LabelWish[]) => placeLabels(wishes, screen, project, measure);

describe('placing labels', () => {
  it('never lets two overlap, nor one leave the canvas', () => {
    const some = fc.array(
      fc.record({ x: fc.integer({ min: -50, max: 850 }), y: fc.integer({ min: -50, max: 450 }), n: fc.nat(20) }),
      { maxLength: 120 },
    );
    fc.assert(
      fc.property(some, (spots) => {
        const placed = place(
          spots.map(({ x, y, n }, i) => wish('x'.repeat(n + 1), x, y, i % 7, { firm: i % 5 === 0 })),
        );
        for (const [i, box] of placed.entries()) {
          expect(box.x).toBeGreaterThanOrEqual(0);
          expect(box.x + box.w).toBeLessThanOrEqual(screen.width);
          for (const other of placed.slice(0, i)) expect(overlaps(box, other)).toBe(false);
        }
      }),
    );
  });

  it('gives the place to the more important one', () => {
    const placed = place([wish('common', 100, 100, 1), wish('focus', 104, 100, 9)]);
    expect(placed.map((label) => label.wish.text)).toEqual(['focus']);
  });

  it('tries the other places a label knows before it gives up', () => {
    const placed = place([wish('first', 100, 100, 9), wish('second', 100, 100, 1, { elsewhere: [[0, 30]] })]);
    expect(placed).toHaveLength(2);
    expect(placed[1]!.y).toBeGreaterThan(placed[0]!.y + 20);
  });

  it('leans a firm label against the edge while its point is in sight', () => {
    const [label] = place([wish('a long firm label', 10, 100, 1, { firm: true })]);
    expect(label!.x).toBeGreaterThanOrEqual(0);
    expect(place([wish('a long firm label', -30, 100, 1, { firm: true })])).toHaveLength(0);
  });

  it('stands on the side it is told to', () => {
    const [left] = place([wish('left', 400, 100, 1, { align: -1 })]);
    expect(left!.x + left!.w).toBe(400);
    const [right] = place([wish('right', 400, 100, 1, { align: 1 })]);
    expect(right!.x).toBe(400);
  });
});

describe('giving way evenly', () => {
  it('ranks every token once, the first and every k-th before those between', () => {
    const ranks = spreadRanks(100);
    expect(new Set(ranks).size).toBe(100);
    const first = [...ranks.keys()].filter((i) => ranks[i]! < 8).sort((a, b) => a - b);
    const steps = first.slice(1).map((token, i) => token - first[i]!);
    expect(Math.max(...steps)).toBeLessThanOrEqual(2 * Math.min(...steps));
  });
});

describe('a tween', () => {
  it('starts its clock at the first look, eases out, and ends exactly at its goal', () => {
    const tween = new Tween(0);
    tween.aim(10, 200);
    expect(tween.pending).toBe(true);
    expect(tween.at(5000)).toBe(0);
    expect(tween.at(5100)).toBeGreaterThan(5);
    expect(tween.at(5200)).toBe(10);
    expect(tween.pending).toBe(false);
  });

  it('without time is already there', () => {
    const tween = new Tween(0);
    tween.aim(1, 0);
    expect(tween.pending).toBe(false);
    expect(tween.at(0)).toBe(1);
    expect(easeOut(1)).toBe(1);
    expect(easeOut(0)).toBe(0);
  });
});
