/** The Steps view's pure side: what a step shows, where its blocks stand, what a cell is made of, what a point hits. */
import fc from 'fast-check';
import { Matrix4, PerspectiveCamera } from 'three';
import { describe, expect, it } from 'vitest';
import { sceneWords as words } from '../../web/element/scene-words.ts';
import type { HeadSteps, Matrix } from '../../web/engine/types.ts';
import { planBlockLabels } from '../../web/scene/block-labels.ts';
import {
  type BlockLayout,
  betweenSteps,
  countsOf,
  frontPoint,
  layOutBlocks,
  numbersOn,
  rectOf,
} from '../../web/scene/block-layout.ts';
import { enters, pickCell, rayThrough } from '../../web/scene/block-picking.ts';
import { projector } from '../../web/scene/picking.ts';
import {
  AXES,
  chosenCell,
  cutsOf,
  elementsAround,
  MATRICES_OF,
  MOST_ELEMENTS,
  MOST_TOKENS,
  ownColumns,
  shownMatrices,
  sourcesOf,
  tokensAround,
  tokensOf,
} from '../../web/scene/step-matrices.ts';
import { initialState, STEPS, type Step, type StepCell, type StepMatrix, update } from '../../web/state/state.ts';

/** Numbers that tell where they stand. */
function matrix(rows: number, cols: number, scale = 1): Matrix {
  return { rows, cols, data: Float32Array.from({ length: rows * cols }, (_, i) => scale * (i + 1)) };
}

interface Sizes {
  readonly n: number;
  readonly d: number;
  readonly nHeads: number;
  readonly head: number;
  readonly dModel: number;
}

function stepsOf({ n, d, nHeads, head, dModel }: Sizes): HeadSteps {
  const scores = matrix(n, n, 0.01);
  for (let row = 0; row < n; ++row) for (let col = row + 1; col < n; ++col) scores.data[row * n + col] = -Infinity;
  return {
    layer: 0,
    head,
    query: matrix(n, d),
    key: matrix(n, d, -1),
    value: matrix(n, d),
    dots: matrix(n, n),
    scaled: matrix(n, n, 0.1),
    scores,
    weights: matrix(n, n, 1e-5),
    output: matrix(n, d),
    concat: matrix(n, nHeads * d),
    wOutput: matrix(d, dModel),
    added: matrix(n, dModel),
  };
}

const small: Sizes = { n: 5, d: 4, nHeads: 3, head: 1, dModel: 12 };
const sizes = fc
  .record({
    n: fc.integer({ min: 1, max: 90 }),
    d: fc.integer({ min: 1, max: 130 }),
    nHeads: fc.integer({ min: 1, max: 5 }),
  })
  .chain((some) =>
    fc.record({ ...mapped(some), head: fc.nat(some.nHeads - 1), dModel: fc.integer({ min: 1, max: 200 }) }),
  );

function mapped<T extends Record<string, number>>(some: T) {
  return Object.fromEntries(Object.entries(some).map(([name, value]) => [name, fc.constant(value)])) as {
    [Name in keyof T]: fc.Arbitrary<number>;
  };
}

const WIDE = { width: 1000, height: 500 };
const HIGH = { width: 300, height: 600 };
const anyStep = fc.constantFrom(...STEPS);
const place = fc.record({ query: fc.nat(1000), key: fc.nat(1000) });

function laidOut(
  some: Sizes,
  step: Step,
  at: { query: number; key: number },
  room = WIDE,
  asked: StepCell | null = null,
) {
  const steps = stepsOf(some);
  const selection = { query: at.query % some.n, key: at.key % some.n };
  const cell = chosenCell(steps, step, asked, selection);
  const shown = shownMatrices(steps, step, cell, selection);
  return { steps, selection, cell, shown, layout: layOutBlocks(step, shown, room) };
}

const inside = ({ first, end }: { first: number; end: number }, at: number) => at >= first && at < end;

describe('what a step shows', () => {
  it('has the chosen cell and the selection in view, and never more than fits', () => {
    fc.assert(
      fc.property(sizes, anyStep, place, (some, step, at) => {
        const { shown, cell, selection, steps } = laidOut(some, step, at);
        expect(shown.map(({ name }) => name)).toEqual(MATRICES_OF[step]);
        for (const { name, matrix: whole, rows, cols } of shown) {
          for (const [axis, span, count, chosen] of [
            [AXES[name][0], rows, whole.rows, cell.row],
            [AXES[name][1], cols, whole.cols, cell.col],
          ] as const) {
            const isToken = axis === 'query' || axis === 'key';
            expect(span.first).toBeGreaterThanOrEqual(0);
            expect(span.end).toBeLessThanOrEqual(count);
            expect(span.end).toBeGreaterThan(span.first);
            expect(span.end - span.first).toBeLessThanOrEqual(isToken ? MOST_TOKENS : MOST_ELEMENTS);
            if (isToken) expect(inside(span, selection[axis])).toBe(true);
            if (name === cell.matrix) expect(inside(span, chosen)).toBe(true);
          }
        }
        expect(cell.row).toBeLessThan(steps[cell.matrix]!.rows);
        expect(cell.col).toBeLessThan(steps[cell.matrix]!.cols);
      }),
    );
  });

  it('keeps to the cell that the reader asked for while the step has it, and lets it go otherwise', () => {
    const asked: StepCell = { matrix: 'key', row: 2, col: 3 };
    const at = { query: 1, key: 4 };
    expect(laidOut(small, 'scores', at, WIDE, asked).cell).toEqual(asked);
    expect(laidOut(small, 'softmax', at, WIDE, asked).cell).toEqual({ matrix: 'weights', row: 1, col: 4 });
    expect(laidOut(small, 'scores', at, WIDE, { ...asked, row: 99 }).cell).toEqual({ matrix: 'dots', row: 1, col: 4 });
  });

  it('without a cell of the reader’s takes the largest magnitude of the query’s row', () => {
    const steps = stepsOf(small);
    steps.output.data[2 * 4 + 1] = -1000;
    expect(chosenCell(steps, 'weighted-sum', null, { query: 2, key: 0 })).toEqual({ matrix: 'output', row: 2, col: 1 });
    const { first, end } = ownColumns(steps);
    const { col } = chosenCell(steps, 'concat', null, { query: 2, key: 0 });
    expect(inside({ first, end }, col)).toBe(true);
  });

  it('does not invent what a saved run lacks', () => {
    const steps: HeadSteps = { ...stepsOf(small), wOutput: null, added: null };
    const cell = chosenCell(steps, 'output', null, { query: 1, key: 0 });
    expect(cell.matrix).toBe('concat');
    expect(shownMatrices(steps, 'output', cell, { query: 1, key: 0 }).map(({ name }) => name)).toEqual(['concat']);
  });

  it('shows windows that stand still for small moves, and pages of elements', () => {
    expect(tokensAround(48, 47)).toEqual({ first: 0, end: 48 });
    expect(tokensAround(120, 60)).toEqual(tokensAround(120, 61));
    expect(tokensAround(120, 119)).toEqual({ first: 72, end: 120 });
    expect(elementsAround(384, 70)).toEqual({ first: 64, end: 128 });
    expect(elementsAround(70, 65)).toEqual({ first: 64, end: 70 });
  });
});

describe('what a cell is made of', () => {
  /** The number that the sources of a cell must give, worked out here from their cells. */
  it('points at exactly the cells of the equation', () => {
    const steps = stepsOf(small);
    const span = (first: number, end = first + 1) => ({ first, end });
    const of = (matrixName: StepMatrix, row: number, col: number) => sourcesOf(steps, { matrix: matrixName, row, col });
    expect(of('dots', 2, 3)).toEqual([
      { matrix: 'query', rows: span(2), cols: span(0, 4) },
      { matrix: 'key', rows: span(3), cols: span(0, 4) },
    ]);
    expect(of('scaled', 2, 3)).toEqual([{ matrix: 'dots', rows: span(2), cols: span(3) }]);
    expect(of('scores', 2, 3)).toEqual([{ matrix: 'scaled', rows: span(2), cols: span(3) }]);
    expect(of('weights', 2, 3)).toEqual([{ matrix: 'scores', rows: span(2), cols: span(0, 5) }]);
    expect(of('output', 2, 3)).toEqual([
      { matrix: 'weights', rows: span(2), cols: span(0, 5) },
      { matrix: 'value', rows: span(0, 5), cols: span(3) },
    ]);
    expect(of('concat', 2, 6)).toEqual([{ matrix: 'output', rows: span(2), cols: span(2) }]);
    expect(of('concat', 2, 3)).toEqual([]); // Another head's.
    expect(of('added', 2, 9)).toEqual([
      { matrix: 'concat', rows: span(2), cols: span(4, 8) },
      { matrix: 'wOutput', rows: span(0, 4), cols: span(9) },
    ]);
    expect(of('value', 2, 3)).toEqual([]);
  });

  it('lies in the matrices that stand beside it', () => {
    const steps = stepsOf(small);
    for (const step of STEPS) {
      const result = MATRICES_OF[step].at(-1)!;
      for (const { matrix: name } of sourcesOf(steps, { matrix: result, row: 1, col: 5 % steps[result]!.cols })) {
        expect(MATRICES_OF[step]).toContain(name);
      }
    }
  });

  it('belongs to its tokens', () => {
    expect(tokensOf({ matrix: 'weights', row: 2, col: 3 })).toEqual({ query: 2, key: 3 });
    expect(tokensOf({ matrix: 'value', row: 2, col: 3 })).toEqual({ key: 2 });
    expect(tokensOf({ matrix: 'added', row: 2, col: 3 })).toEqual({ query: 2 });
    expect(tokensOf({ matrix: 'wOutput', row: 2, col: 3 })).toEqual({});
  });

  it('is let go by any other choice, but not by its own', () => {
    const asked = update(initialState, { query: 3, stepCell: { matrix: 'output', row: 3, col: 1 } });
    expect(asked.stepCell).not.toBeNull();
    expect(update(asked, { threshold: 9 }).stepCell).toBe(asked.stepCell);
    for (const change of [
      { query: 1 },
      { key: 1 },
      { head: 2 },
      { layer: 1 },
      { step: 'mask' },
      { text: 'x' },
    ] as const) {
      expect(update(asked, change).stepCell).toBeNull();
    }
  });
});

describe('where blocks stand', () => {
  it('never one over another, and all in the box', () => {
    fc.assert(
      fc.property(sizes, anyStep, place, fc.constantFrom(WIDE, HIGH), (some, step, at, room) => {
        const { layout } = laidOut(some, step, at, room);
        for (const [i, a] of layout.blocks.entries()) {
          for (const axis of [0, 1, 2] as const) {
            expect(a.min[axis]).toBeLessThan(a.max[axis]);
            expect(a.min[axis]).toBeGreaterThanOrEqual(layout.box.min[axis] - 1e-9);
            expect(a.max[axis]).toBeLessThanOrEqual(layout.box.max[axis] + 1e-9);
          }
          for (const b of layout.blocks.slice(0, i)) {
            const beside = ([0, 1] as const).some((axis) => a.max[axis] <= b.min[axis] || b.max[axis] <= a.min[axis]);
            expect(beside).toBe(true);
          }
        }
      }),
    );
  });

  it('lets the factors of a product meet in it: rows beside rows, columns below columns', () => {
    fc.assert(
      fc.property(sizes, fc.constantFrom<Step>('scores', 'weighted-sum', 'output'), place, (some, step, at) => {
        const { layout } = laidOut(some, step, at);
        const [left, above, result] = layout.blocks;
        expect([left!.min[1], left!.max[1]]).toEqual([result!.min[1], result!.max[1]]);
        expect([above!.min[0], above!.max[0]]).toEqual([result!.min[0], result!.max[0]]);
        expect(left!.max[0]).toBeLessThan(result!.min[0]);
        expect(above!.min[1]).toBeGreaterThan(result!.max[1]);
        // What is summed over is shown of both alike.
        expect(countsOf(left!)[0]).toBe(countsOf(above!)[1]);
      }),
    );
  });

  it('stacks what gets larger by that, in reading order', () => {
    const at = { query: 1, key: 2 };
    const wide = laidOut(small, 'scale', at, WIDE).layout.blocks;
    const high = laidOut(small, 'scale', at, HIGH).layout.blocks;
    expect(wide[1]!.min[0]).toBeGreaterThan(wide[0]!.max[0]);
    expect(high[1]!.max[1]).toBeLessThan(high[0]!.min[1]);
    expect(high[1]!.min[0]).toBe(high[0]!.min[0]);
  });

  it('puts the numbers where the cells are, turned over where it is transposed, and marks the masked', () => {
    const { steps, layout } = laidOut(small, 'scores', { query: 1, key: 2 });
    const [query, key] = layout.blocks;
    expect([...numbersOn(query!, steps.query, null)]).toEqual([...steps.query.data]);
    const turned = numbersOn(key!, steps.key, null);
    expect(turned[2 * 5 + 3]).toBe(steps.key.data[3 * 4 + 2]);
    expect(rectOf(key!, { first: 3, end: 4 }, { first: 0, end: 4 })).toEqual({ left: 3, top: 0, right: 4, bottom: 4 });
    const softmax = laidOut(small, 'softmax', { query: 1, key: 0 });
    const weights = numbersOn(softmax.layout.blocks[1]!, steps.weights, steps.scores);
    expect(weights[0]).toBe(steps.weights.data[0]);
    expect(weights[1]).toBe(-Infinity);
  });

  it('walks from one step to the next by time alone, and ends in the same frame as the cut', () => {
    const from = laidOut(small, 'scores', { query: 1, key: 2 }).layout;
    const to = laidOut(small, 'scale', { query: 1, key: 2 }).layout;
    const cut = betweenSteps(null, to, 1);
    expect(betweenSteps(from, to, 1)).toEqual(cut);
    expect(betweenSteps(from, to, 0.4)).toEqual(betweenSteps(from, to, 0.4));
    const [middle, start] = [betweenSteps(from, to, 0.5), betweenSteps(from, to, 0)];
    const named = (list: typeof middle, name: string) => list.find((one) => one.name === name);
    expect(named(start, 'dots')!.min).toEqual(from.blocks[2]!.min);
    expect(named(middle, 'dots')!.min[0]).toBeCloseTo((from.blocks[2]!.min[0] + to.blocks[0]!.min[0]) / 2);
    expect(named(middle, 'query')!.light).toBe(0);
    expect(named(start, 'query')!.light).toBe(1);
    expect(named(start, 'scaled')!.light).toBe(0);
    expect(named(middle, 'scaled')!.light).toBeGreaterThan(0.5);
    expect(named(middle, 'scaled')!.revealed).toBe(0.5);
  });
});

describe('what a point hits', () => {
  const camera = new PerspectiveCamera(32, 1.5, 1, 10_000);
  const size = { width: 900, height: 600 };

  function seen(layout: BlockLayout, azimuth: number) {
    camera.position.set(Math.sin(azimuth) * 900, 180, Math.cos(azimuth) * 900);
    camera.lookAt(0, 0, 0);
    camera.updateMatrixWorld();
    const whole = new Matrix4().multiplyMatrices(camera.projectionMatrix, camera.matrixWorldInverse);
    const project = projector(whole.elements, size.width, size.height);
    const inverse = whole.clone().invert();
    const pick = (x: number, y: number) =>
      pickCell(layout.blocks, rayThrough(inverse.elements, size.width, size.height, x, y));
    return { project, pick };
  }

  it('the cell whose middle is drawn there, in every block of every step', () => {
    for (const step of STEPS) {
      const { layout } = laidOut(small, step, { query: 1, key: 2 });
      const { project, pick } = seen(layout, 0.2);
      for (const block of layout.blocks) {
        const [across, down] = countsOf(block);
        for (const [col, row] of [
          [0, 0],
          [across - 1, 0],
          [across - 1, down - 1],
          [Math.floor(across / 2), Math.floor(down / 2)],
        ] as const) {
          const [x, y] = project(frontPoint(block, col + 0.5, row + 0.5))!;
          const [r, c] = block.transposed ? [col, row] : [row, col];
          expect(pick(x, y)).toEqual({ matrix: block.name, row: block.rows.first + r, col: block.cols.first + c });
        }
      }
    }
  });

  it('nothing beside the blocks, the edge’s cell on a side, and the nearer of two', () => {
    const { layout } = laidOut(small, 'scale', { query: 1, key: 2 });
    expect(seen(layout, 0.2).pick(2, 2)).toBeNull();
    const [left] = layout.blocks;
    const fromLeft = { from: [-1000, 0, 0] as const, way: [1, 0, 0] as const };
    expect(pickCell(layout.blocks, fromLeft)).toMatchObject({ matrix: 'dots', col: 0 });
    expect(enters({ from: [-1000, 0, 0], way: [-1, 0, 0] }, left!)).toBeNull();
    expect(enters({ from: [0, 9999, 0], way: [1, 0, 0] }, left!)).toBeNull();
  });
});

describe('what is written beside them', () => {
  const plan = (some: Sizes, step: Step, at: { query: number; key: number }) => {
    const { layout, shown, cell, selection } = laidOut(some, step, at);
    const wishes = planBlockLabels({ layout, shown, cell, ...selection, nameOf: (i) => `t${i}`, number: '0.5', words });
    return wishes.map(({ text, figure }) => (figure === '' ? text : `${text} ${figure}`));
  };

  it('names every matrix with its whole size, the tokens, the sign and the number', () => {
    expect(plan(small, 'scores', { query: 1, key: 2 })).toEqual(
      expect.arrayContaining(['query 5 × 4', 'keyᵀ 4 × 5', 'query · key 5 × 5', '×', 't0', 't4', '0.5']),
    );
    expect(plan({ ...small, n: 100 }, 'mask', { query: 50, key: 2 })).toContain('scores 100 × 100');
  });

  it('says what is cut, once for each axis, and nothing where all is there', () => {
    expect(cutsOf(laidOut(small, 'weighted-sum', { query: 1, key: 2 }).shown)).toEqual([]);
    const long = { ...small, n: 100, nHeads: 30, head: 29 };
    expect(cutsOf(laidOut(long, 'concat', { query: 50, key: 2 }).shown)).toEqual([
      { axis: 'query', shown: { first: 24, end: 72 }, count: 100 },
      { axis: 'concat', shown: { first: 64, end: 120 }, count: 120 },
    ]);
  });
});
