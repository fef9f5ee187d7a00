/** Which keys a query may look at, and why not. The only place that decides; the numbers come masked from the engine. */
import type { ModelInfo, Run } from '../engine/types';

/**
 * `later`: the key comes after the query of a causal model. `outside window`: further back than the layer lets it see.
 * `blocked`: the reader hides it.
 */
export type Visibility = 'visible' | 'later' | 'outside window' | 'blocked';

/** The parts of a run that say what is masked. */
export type Masks = Pick<Run, 'windows' | 'interventions'> & { readonly model: Pick<ModelInfo, 'causal'> };

export function visibility(run: Masks, layer: number, query: number, key: number): Visibility {
  if (run.model.causal === true) {
    if (key > query) return 'later';
    const window = run.windows[layer] ?? null;
    if (window !== null && key <= query - window) return 'outside window';
  }
  return isBlocked(run, layer, key) ? 'blocked' : 'visible';
}

function isBlocked({ interventions }: Masks, layer: number, key: number): boolean {
  return interventions.some((one) => one.kind === 'block-key' && one.key === key && (one.layer ?? layer) === layer);
}

/** Why a query cannot see a key, as the end of a sentence about the key; null where it can. */
export function whyHidden(run: Masks, layer: number, query: number, key: number): string | null {
  const found = visibility(run, layer, query, key);
  return found === 'visible' ? null : REASONS[found](run.windows[layer] ?? 0);
}

/** What is hidden, in words that need no token: for legends and for cells. */
export const REASONS: Readonly<Record<Exclude<Visibility, 'visible'>, (window: number) => string>> = {
  later: () => 'comes later: hidden by the causal mask',
  'outside window': (window) => `further back than this layer’s window of ${window}`,
  blocked: () => 'hidden by you',
};

/**
 * Whether a block of cells, rows [firstQuery, endQuery) and columns [firstKey, endKey), has none that is visible, and
 * of which kind: the cells of thumbnails are such blocks.
 */
export function blockVisibility(
  run: Masks,
  layer: number,
  [firstQuery, endQuery]: readonly [number, number],
  [firstKey, endKey]: readonly [number, number],
): Visibility {
  // The last query reaches the first key if any does; the first query's window ends last.
  if (visibility(run, layer, endQuery - 1, firstKey) === 'later') return 'later';
  if (visibility(run, layer, firstQuery, endKey - 1) === 'outside window') return 'outside window';
  if (run.interventions.length === 0) return 'visible';
  for (let key = firstKey; key < endKey; ++key) if (!isBlocked(run, layer, key)) return 'visible';
  return endKey > firstKey ? 'blocked' : 'visible';
}

/** Which kinds of hidden cells a layer's matrix has at all. */
export function hiddenKinds(run: Masks, layer: number, nTokens: number): Exclude<Visibility, 'visible'>[] {
  const kinds: Exclude<Visibility, 'visible'>[] = [];
  if (visibility(run, layer, 0, nTokens - 1) === 'later') kinds.push('later');
  if (visibility(run, layer, nTokens - 1, 0) === 'outside window') kinds.push('outside window');
  if (run.interventions.some((one) => one.kind === 'block-key' && (one.layer ?? layer) === layer))
    kinds.push('blocked');
  return kinds;
}
