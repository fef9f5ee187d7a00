/** What a forward pass would be made of, and when two such wishes are one. Pure. */
import type { RunText } from '../engine/types';
import { sameInterventions } from '../state/interventions';
import type { ViewerState } from '../state/state';

export interface Wish extends RunText {
  readonly model: number;
  readonly precision: ViewerState['precision'];
}

export function sameWish(a: Wish | null, b: Wish | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.model === b.model &&
    a.precision === b.precision &&
    sameText(a, b) &&
    sameInterventions(a.interventions, b.interventions)
  );
}

/** Whether two wishes or states are of the same tokens. */
export function sameText(a: Omit<RunText, 'interventions'>, b: Omit<RunText, 'interventions'>): boolean {
  return a.text === b.text && a.chat === b.chat && sameIds(a.generated, b.generated);
}

function sameIds(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((id, i) => id === b[i]));
}
