/** Which keys a query may look at, and why not. The only place that decides; the numbers come masked from the engine. */
import type { ModelInfo, Run } from '../engine/types';

/** `later`: the key comes after the query of a causal model. `outside window`: further back than the layer lets it see. */
export type Visibility = 'visible' | 'later' | 'outside window';

/** The parts of a run that say what is masked. */
export type Masks = Pick<Run, 'windows'> & { readonly model: Pick<ModelInfo, 'causal'> };

export function visibility({ model, windows }: Masks, layer: number, query: number, key: number): Visibility {
  if (model.causal !== true) return 'visible';
  if (key > query) return 'later';
  const window = windows[layer] ?? null;
  return window !== null && key <= query - window ? 'outside window' : 'visible';
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
  return visibility(run, layer, firstQuery, endKey - 1) === 'outside window' ? 'outside window' : 'visible';
}

/** Which kinds of hidden cells a layer's matrix has at all. */
export function hiddenKinds(run: Masks, layer: number, nTokens: number): Exclude<Visibility, 'visible'>[] {
  const kinds: Exclude<Visibility, 'visible'>[] = [];
  if (visibility(run, layer, 0, nTokens - 1) === 'later') kinds.push('later');
  if (visibility(run, layer, nTokens - 1, 0) === 'outside window') kinds.push('outside window');
  return kinds;
}
