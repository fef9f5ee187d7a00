/**
 * Where the matrix blocks of a step stand, and how one step becomes the next. Pure numbers. A product is laid out so
 * that factors meet in it: the left one beside its rows, the other above its columns; everything else reads from left
 * to right.
 */
import type { Matrix } from '../engine/types';
import type { Step, StepMatrix } from '../state/state';
import type { Box, Vec3 } from './layout';
import { AXES, type Axis, type ShownMatrix, type Span } from './step-matrices';

/** A matrix as a box. Rows and columns are the matrix's own, turned over where it is transposed. */
export interface Block {
  readonly name: StepMatrix;
  readonly transposed: boolean;
  readonly rows: Span;
  readonly cols: Span;
  readonly min: Vec3;
  readonly max: Vec3;
}

/** What stands between blocks: "×", "→". */
export interface Sign {
  readonly text: string;
  readonly place: Vec3;
}

export interface BlockLayout {
  readonly blocks: readonly Block[];
  readonly signs: readonly Sign[];
  readonly box: Box;
}

type Uncentred = Omit<BlockLayout, 'box'>;

/** Size of a cell along a token's axis and along a vector's: vectors are long, and their elements small. */
export const TOKEN_PITCH = 12;
export const ELEMENT_PITCH = 6;
export const DEPTH = 20;
/** Room between blocks, where names and signs stand, and between stacked ones, where tokens stand as well. */
const GAP = 34;
const STACK_GAP = 44;
/** The least of it in CSS pixels, however small the blocks become. */
const LEAST_GAP = 27;
const LEAST_STACK_GAP = 50;

const PITCH: Readonly<Record<Axis, number>> = {
  query: TOKEN_PITCH,
  key: TOKEN_PITCH,
  element: ELEMENT_PITCH,
  concat: ELEMENT_PITCH,
  model: ELEMENT_PITCH,
};

/** Free room on the canvas, in CSS pixels. */
export interface Room {
  readonly width: number;
  readonly height: number;
}

/** What has no need to stand side by side is stacked where it gets larger by that. */
export function layOutBlocks(step: Step, shown: readonly ShownMatrix[], room: Room): BlockLayout {
  const [first, second, third] = shown;
  const isProduct = step === 'scores' || step === 'weighted-sum' || step === 'output';
  if (isProduct && first && second && third) {
    return roomy(room, GAP, LEAST_GAP, (gap) => product(first, second, third, step === 'scores', gap));
  }
  const sign = step === 'query-key-value' ? null : '→';
  const row = roomy(room, GAP, LEAST_GAP, (gap) => series(shown, false, sign, gap));
  const stack = roomy(room, STACK_GAP, LEAST_STACK_GAP, (gap) => series(shown, true, sign, gap));
  return scaleIn(room, row.box) >= scaleIn(room, stack.box) ? row : stack;
}

/** With gaps that keep so many pixels on the screen. */
function roomy(room: Room, gap: number, least: number, make: (gap: number) => Uncentred): BlockLayout {
  let layout = centred(make(gap));
  // Wider gaps make everything a little smaller, so they are widened once more.
  for (let i = 0; i < 2; ++i) layout = centred(make(Math.max(gap, least / scaleIn(room, layout.box))));
  return layout;
}

function scaleIn({ width, height }: Room, { min, max }: Box): number {
  return Math.min(width / Math.max(1, max[0] - min[0]), height / Math.max(1, max[1] - min[1]));
}

function sizeOf({ name, rows, cols }: ShownMatrix, transposed: boolean): readonly [width: number, height: number] {
  const [rowAxis, colAxis] = AXES[name];
  const down = (rows.end - rows.first) * PITCH[rowAxis];
  const across = (cols.end - cols.first) * PITCH[colAxis];
  return transposed ? [down, across] : [across, down];
}

/** A block whose upper left corner is at (x, y). */
function block(shown: ShownMatrix, x: number, y: number, transposed = false): Block {
  const [width, height] = sizeOf(shown, transposed);
  const { name, rows, cols } = shown;
  return { name, transposed, rows, cols, min: [x, y - height, -DEPTH / 2], max: [x + width, y, DEPTH / 2] };
}

function product(
  left: ShownMatrix,
  above: ShownMatrix,
  result: ShownMatrix,
  transposed: boolean,
  gap: number,
): Uncentred {
  const [width] = sizeOf(left, false);
  const [, height] = sizeOf(above, transposed);
  const blocks = [block(left, -gap - width, 0), block(above, 0, gap + height, transposed), block(result, 0, 0)];
  return { blocks, signs: [{ text: '×', place: [-gap / 2, gap / 2, 0] }] };
}

function series(shown: readonly ShownMatrix[], upright: boolean, sign: string | null, gap: number): Uncentred {
  const blocks: Block[] = [];
  const signs: Sign[] = [];
  let [x, y] = [0, 0];
  for (const [i, one] of shown.entries()) {
    const [width, height] = sizeOf(one, false);
    if (i > 0) {
      const before = blocks[i - 1]!;
      if (upright) y -= gap;
      else x += gap;
      if (sign !== null) {
        const place: Vec3 = upright
          ? [(before.min[0] + before.max[0]) / 2, y + gap * 0.7, 0]
          : [x - gap / 2, y - height / 2, 0];
        signs.push({ text: upright ? '↓' : sign, place });
      }
    }
    blocks.push(block(one, x, y));
    if (upright) y -= height;
    else x += width;
  }
  return { blocks, signs };
}

const EMPTY: Box = { min: [0, 0, 0], max: [0, 0, 0] };

/** The same with its middle in the origin, and the box round it. */
function centred({ blocks, signs }: Uncentred): BlockLayout {
  if (blocks.length === 0) return { blocks, signs, box: EMPTY };
  const extreme = (pick: (...values: number[]) => number, end: 'min' | 'max', axis: 0 | 1 | 2) =>
    pick(...blocks.map((one) => one[end][axis]));
  const middle = ([0, 1, 2] as const).map(
    (axis) => (extreme(Math.min, 'min', axis) + extreme(Math.max, 'max', axis)) / 2,
  );
  const moved = ([x, y, z]: Vec3): Vec3 => [x - middle[0]!, y - middle[1]!, z - middle[2]!];
  const corner = (pick: (...values: number[]) => number, end: 'min' | 'max') =>
    moved([extreme(pick, end, 0), extreme(pick, end, 1), extreme(pick, end, 2)]);
  return {
    blocks: blocks.map((one) => ({ ...one, min: moved(one.min), max: moved(one.max) })),
    signs: signs.map((sign) => ({ ...sign, place: moved(sign.place) })),
    box: { min: corner(Math.min, 'min'), max: corner(Math.max, 'max') },
  };
}

/** A block on its way: how solid it is, and which share of its rows is there. */
export interface DrawnBlock extends Block {
  readonly light: number;
  readonly revealed: number;
}

/**
 * What is drawn at a share of the way from one step to another; at 1 exactly the new step. What goes is gone before
 * what comes is there, so that the two never mix.
 */
export function betweenSteps(from: BlockLayout | null, to: BlockLayout, share: number): DrawnBlock[] {
  const old = new Map((from?.blocks ?? []).map((one) => [one.name, one]));
  const drawn = to.blocks.map((one): DrawnBlock => {
    const before = old.get(one.name);
    if (share >= 1 || from === null) return { ...one, light: 1, revealed: 1 };
    if (!before) return { ...one, light: Math.min(1, Math.max(0, share - 0.3) * 3), revealed: share };
    return { ...one, ...between(before, one, share), light: 1, revealed: 1 };
  });
  if (share >= 1) return drawn;
  const stays = new Set(to.blocks.map((one) => one.name));
  const leaving = [...old.values()].filter((one) => !stays.has(one.name));
  return [...leaving.map((one) => ({ ...one, light: Math.max(0, 1 - share * 2.5), revealed: 1 })), ...drawn];
}

function between(from: Block, to: Block, share: number): Pick<Block, 'min' | 'max'> {
  const lerp = (a: Vec3, b: Vec3): Vec3 => [
    a[0] + (b[0] - a[0]) * share,
    a[1] + (b[1] - a[1]) * share,
    a[2] + (b[2] - a[2]) * share,
  ];
  return { min: lerp(from.min, to.min), max: lerp(from.max, to.max) };
}

/** The corner of the part (rows, cols) of a matrix on the face of its block: from the upper left, in cells. */
export interface CellRect {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Where some of a matrix's cells are on its block, in cells from the upper left; null where none of them is shown. */
export function rectOf(of: Block, rows: Span, cols: Span): CellRect | null {
  const inside = (span: Span, shown: Span) =>
    [Math.max(span.first, shown.first) - shown.first, Math.min(span.end, shown.end) - shown.first] as const;
  const [top, bottom] = inside(rows, of.rows);
  const [left, right] = inside(cols, of.cols);
  if (top >= bottom || left >= right) return null;
  return of.transposed ? { left: top, top: left, right: bottom, bottom: right } : { left, top, right, bottom };
}

/** How many cells a block has across and down. */
export function countsOf({ rows, cols, transposed }: Block): readonly [across: number, down: number] {
  const [down, across] = [rows.end - rows.first, cols.end - cols.first];
  return transposed ? [down, across] : [across, down];
}

/** A point on the front of a block, `col` and `row` in cells from the upper left; halves are middles. */
export function frontPoint(of: Block, col: number, row: number): Vec3 {
  const [across, down] = countsOf(of);
  const { min, max } = of;
  return [min[0] + ((max[0] - min[0]) * col) / across, max[1] - ((max[1] - min[1]) * row) / down, max[2]];
}

/** The shown numbers as they lie on the block, from the upper left, row by row; -Infinity wherever `masks` is. */
export function numbersOn(of: Block, matrix: Matrix, masks: Matrix | null): Float32Array<ArrayBuffer> {
  const [across, down] = countsOf(of);
  const numbers = new Float32Array(across * down);
  for (let y = 0; y < down; ++y) {
    for (let x = 0; x < across; ++x) {
      const row = of.rows.first + (of.transposed ? x : y);
      const col = of.cols.first + (of.transposed ? y : x);
      const isMasked = masks !== null && masks.data[row * masks.cols + col] === -Infinity;
      numbers[y * across + x] = isMasked ? -Infinity : (matrix.data[row * matrix.cols + col] ?? 0);
    }
  }
  return numbers;
}

/** The largest magnitude of what is finite: what a full colour stands for. */
export function largestOf({ data }: Matrix): number {
  let most = 0;
  for (const value of data) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  return most;
}
