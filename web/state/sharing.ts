/** Which query heads share a key/value head: grouped-query attention. Pure; says nothing where every head has its own. */
import type { ModelInfo } from '../engine/types';

/** A key/value head and the query heads that read it. */
export interface SharedHead {
  readonly kv: number;
  /** In order; at least one. */
  readonly heads: readonly number[];
}

type Heads = Pick<ModelInfo, 'nHeads' | 'nKvHeads'>;

/** The key/value heads in order; null where each query head has its own keys and values, or nobody knows. */
export function sharedHeads({ nHeads, nKvHeads }: Heads): readonly SharedHead[] | null {
  if (nKvHeads === null || nKvHeads < 1 || nKvHeads >= nHeads) return null;
  const groups = Array.from({ length: nKvHeads }, (_, kv) => ({ kv, heads: [] as number[] }));
  for (let head = 0; head < nHeads; ++head) groups[Math.floor((head * nKvHeads) / nHeads)]?.heads.push(head);
  return groups;
}

/** The key/value head that a query head reads; null where it has its own. */
export function sharedHeadOf(model: Heads, head: number): SharedHead | null {
  return sharedHeads(model)?.find(({ heads }) => heads.includes(head)) ?? null;
}

/** "heads 0, 1, 2", "heads 0 to 7". */
export function headsInWords(heads: readonly number[]): string {
  if (heads.length === 1) return `head ${heads[0]}`;
  return heads.length <= 4 ? `heads ${heads.join(', ')}` : `heads ${heads[0]} to ${heads.at(-1)}`;
}

/** "key/value head 0, shared by heads 0, 1, 2". */
export function sharingInWords({ kv, heads }: SharedHead): string {
  return `key/value head ${kv}, shared by ${headsInWords(heads)}`;
}
