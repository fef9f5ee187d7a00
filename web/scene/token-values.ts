/** What the shaders are told of each token: its place, its marks, how it looks and is looked at. Pure; reads, never computes. */
import type { RunView } from '../session/snapshot';
import type { Focus } from './focus';
import type { Layout } from './layout';
import type { Reading } from './scene-contract';

/**
 * Per token: place; marks, 1 set apart and 2 hidden from the focused query; weight on itself; weight from that query.
 * [1 + nLanes, nTokens, 4]: first in the focused head, then in each lane.
 */
export function tokenValues(
  { matrix, row, run }: RunView,
  focus: Focus,
  layout: Layout,
  apart: (token: number) => boolean,
  { sees }: Pick<Reading, 'sees'>,
): Float32Array {
  const n = layout.x.length;
  const heads = [focus, ...layout.lanes];
  const values = new Float32Array(heads.length * n * 4);
  for (const [at, { layer, head }] of heads.entries()) {
    const base = (layer * run.model.nHeads + head) * n;
    const current = matrix.layer === layer && matrix.head === head;
    for (let i = 0; i < n; i++) {
      const { query } = focus;
      const looked = query !== null && i !== query && !apart(i);
      const weight = row.weights[base + i] ?? 0;
      const isHidden = query !== null && !sees(run, layer, query, i);
      const self = i === query ? weight : current ? (matrix.data[i * matrix.cols + i] ?? 0) : 0;
      values.set([layout.x[i]!, (apart(i) ? 1 : 0) + (isHidden ? 2 : 0), self, looked ? weight : 0], (at * n + i) * 4);
    }
  }
  return values;
}
