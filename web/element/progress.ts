/** What a load or a run says of itself while it lasts. Pure: words and numbers, no DOM. */
import type { Progress } from '../engine/types';

export interface Remaining {
  /** 0 to 1; null while the end is unknown. */
  readonly share: number | null;
  /** Whole seconds left; null while that cannot be told. */
  readonly seconds: number | null;
}

/** How far it is, judged by its pace since `since` (both in milliseconds). Early paces are noise and say nothing. */
export function remaining(progress: Progress, since: number, now: number): Remaining {
  if (!(progress.total > 0)) return { share: null, seconds: null };
  const share = Math.min(1, progress.received / progress.total);
  const elapsed = now - since;
  if (elapsed < 700 || share < 0.02) return { share, seconds: null };
  return { share, seconds: Math.ceil(((elapsed / share) * (1 - share)) / 1000) };
}

export const PHASES: Readonly<Record<Progress['phase'], string>> = {
  engine: 'Starting the engine',
  tokenize: 'Reading the text',
  download: 'Fetching the model',
  read: 'Reading the model',
  run: 'Computing every head',
};
