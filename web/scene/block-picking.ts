/** Which cell of which block lies under a point: a ray against boxes. Pure. */
import type { StepCell } from '../state/state';
import { type Block, countsOf } from './block-layout';
import type { Vec3 } from './layout';

export interface Ray {
  readonly from: Vec3;
  /** Of any length. */
  readonly way: Vec3;
}

/** The ray through a point of the canvas, by the inverse of a column-major projection as three.js holds it. */
export function rayThrough(inverse: ArrayLike<number>, width: number, height: number, x: number, y: number): Ray {
  const [nx, ny] = [(x / width) * 2 - 1, 1 - (y / height) * 2];
  const at = (nz: number): Vec3 => {
    const row = (i: number) => inverse[i]! * nx + inverse[i + 4]! * ny + inverse[i + 8]! * nz + inverse[i + 12]!;
    const w = row(3);
    return [row(0) / w, row(1) / w, row(2) / w];
  };
  const [near, far] = [at(-1), at(1)];
  return { from: near, way: [far[0] - near[0], far[1] - near[1], far[2] - near[2]] };
}

/** Where along the ray a box begins; null where it is missed or lies behind. */
export function enters({ from, way }: Ray, { min, max }: Pick<Block, 'min' | 'max'>): number | null {
  let [first, last] = [0, Infinity];
  for (const axis of [0, 1, 2] as const) {
    if (way[axis] === 0) {
      if (from[axis] < min[axis] || from[axis] > max[axis]) return null;
      continue;
    }
    const a = (min[axis] - from[axis]) / way[axis];
    const b = (max[axis] - from[axis]) / way[axis];
    first = Math.max(first, Math.min(a, b));
    last = Math.min(last, Math.max(a, b));
  }
  return first <= last ? first : null;
}

/** The nearest block's cell. On a block's side it is the cell at that edge, as the side is drawn. */
export function pickCell(blocks: readonly Block[], ray: Ray): StepCell | null {
  let best: StepCell | null = null;
  let least = Infinity;
  for (const block of blocks) {
    const at = enters(ray, block);
    if (at === null || at >= least) continue;
    least = at;
    const { min, max } = block;
    const share = (axis: 0 | 1) => (ray.from[axis] + ray.way[axis] * at - min[axis]) / (max[axis] - min[axis]);
    const [across, down] = countsOf(block);
    const cell = (part: number, count: number) => Math.max(0, Math.min(count - 1, Math.floor(part * count)));
    const [col, row] = [cell(share(0), across), cell(1 - share(1), down)];
    best = {
      matrix: block.name,
      row: block.rows.first + (block.transposed ? col : row),
      col: block.cols.first + (block.transposed ? row : col),
    };
  }
  return best;
}
