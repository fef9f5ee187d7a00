/** What can be undone, and done again: a line of values with the present one in it. Pure. */

/** So many steps back are kept. */
const MOST = 200;

export interface History<T> {
  readonly past: readonly T[];
  readonly future: readonly T[];
}

export const noHistory: History<never> = { past: [], future: [] };

/** The present is about to be replaced by something new. */
export function remember<T>({ past }: History<T>, present: T): History<T> {
  return { past: [...past.slice(-(MOST - 1)), present], future: [] };
}

/** The value before the present one, and the history from there; null where there is none. */
export function undo<T>({ past, future }: History<T>, present: T): { value: T; history: History<T> } | null {
  if (past.length === 0) return null;
  return { value: past[past.length - 1] as T, history: { past: past.slice(0, -1), future: [present, ...future] } };
}

/** The value that was undone last, and the history from there; null where there is none. */
export function redo<T>({ past, future }: History<T>, present: T): { value: T; history: History<T> } | null {
  if (future.length === 0) return null;
  return { value: future[0] as T, history: { past: [...past, present], future: future.slice(1) } };
}
