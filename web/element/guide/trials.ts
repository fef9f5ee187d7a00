/** Two predictions, and the heads whose part in them is put to the test; first the one that the section asks about. Pure. */
import type { Candidate } from '../../engine/types';

export interface HeadOff {
  readonly layer: number;
  readonly head: number;
  /** It has no readable part in the prediction: what happens without it shows what switching off any head does. */
  readonly control?: true;
}

export interface Trial {
  readonly name: 'pattern' | 'names';
  readonly text: string;
  readonly heads: readonly HeadOff[];
}

const head = (layer: number, at: number): HeadOff => ({ layer, head: at });

export const TRIALS: readonly [Trial, ...Trial[]] = [
  {
    name: 'names',
    text: 'When Mary and John went to the store, John gave a drink to',
    heads: [head(24, 4), head(23, 0), head(23, 1), head(23, 7), head(22, 7), { ...head(5, 2), control: true }],
  },
  {
    name: 'pattern',
    text: 'Anna Kowalski met Tom in Prague. The next day, Anna Kow',
    heads: [head(18, 6), head(17, 4), head(17, 5), head(17, 3), head(16, 0), { ...head(5, 2), control: true }],
  },
];

/** A token with its probability in two runs; null: it is not among those that were asked for. */
export interface Change {
  readonly candidate: Candidate;
  readonly before: number | null;
  readonly after: number | null;
}

/** The most probable tokens of either run, by the larger of their two probabilities. */
export function changes(before: readonly Candidate[], after: readonly Candidate[], most: number): readonly Change[] {
  const named = new Map(
    [...before.slice(0, most), ...after.slice(0, most)].map((candidate) => [candidate.id, candidate]),
  );
  const probability = (list: readonly Candidate[], id: number) =>
    list.find((each) => each.id === id)?.probability ?? null;
  const larger = (change: Change) => Math.max(change.before ?? 0, change.after ?? 0);
  return [...named.values()]
    .map((candidate) => ({
      candidate,
      before: probability(before, candidate.id),
      after: probability(after, candidate.id),
    }))
    .sort((a, b) => larger(b) - larger(a))
    .slice(0, most);
}

/** The token that was predicted before anything was changed. */
export function predicted(changes: readonly Change[]): number {
  return changes.reduce((best, { before }, i) => ((before ?? 0) > (changes[best]?.before ?? 0) ? i : best), 0);
}
