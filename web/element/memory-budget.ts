/** How much memory a model may take: the reader's choice, what it starts from, and whether an offer fits. The only one that stores the choice. */
import type { MemoryUse, Offer } from '../engine/types';

/** Memory is counted in powers of two, by browsers and by the engine's refusals; downloads are not. */
const MB = 1024 * 1024;
const GB = 1024 * MB;

/** What the control steps through, in bytes, from 128 MB to 4 GB. */
export const BUDGETS: readonly number[] = [128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 2560, 3072, 3584, 4096].map(
  (size) => size * MB,
);

const LEAST = BUDGETS[0] as number;
const MOST = BUDGETS.at(-1) as number;
const REMEMBERED = 'attention-viewer-budget';

/** What fits without asking: 512 MB, and half of it on a phone. */
export function defaultBudget(isPhone: boolean): number {
  return (isPhone ? 256 : 512) * MB;
}

/** What was remembered, if it makes sense; else the default. */
export function budgetFrom(remembered: string | null, isPhone: boolean): number {
  const bytes = remembered !== null && /^\d{1,12}$/.test(remembered) ? Number(remembered) : Number.NaN;
  return bytes >= LEAST && bytes <= MOST ? bytes : defaultBudget(isPhone);
}

/** The choice of an earlier visit, or the default of this device. */
export function startingBudget(): number {
  const isPhone = matchMedia('(pointer: coarse)').matches && Math.min(screen.width, screen.height) < 600;
  let remembered: string | null = null;
  try {
    remembered = localStorage.getItem(REMEMBERED);
  } catch {
    // Storage may be refused, as in a sandboxed frame.
  }
  return budgetFrom(remembered, isPhone);
}

export function rememberBudget(bytes: number): void {
  try {
    localStorage.setItem(REMEMBERED, String(bytes));
  } catch {
    // The choice then lasts as long as the page.
  }
}

/** The control's step that comes nearest. */
export function stepOf(budget: number): number {
  let nearest = 0;
  BUDGETS.forEach((each, i) => {
    if (Math.abs(each - budget) < Math.abs((BUDGETS[nearest] as number) - budget)) nearest = i;
  });
  return nearest;
}

/** The smallest step that holds so much; null where none does. */
export function budgetFor(need: number): number | null {
  return BUDGETS.find((each) => each >= need) ?? null;
}

/** `512 MB`, `1.5 GB`: rounded up, for what is said to fit has to fit. */
export function formatMemory(bytes: number): string {
  return bytes < GB ? `${Math.ceil(bytes / MB)}\u00a0MB` : `${Math.ceil((10 * bytes) / GB) / 10}\u00a0GB`;
}

/** An offer against the budget. */
export interface Fit {
  /** Weights and a run, as far as they are known; null where neither is. */
  readonly need: number | null;
  /** Whether it may be loaded. What is not known is left to the engine, which refuses in time. */
  readonly fits: boolean;
  /** Shares of the bar's width: weights, then a run, and where the budget ends. */
  readonly weights: number;
  readonly run: number;
  readonly end: number;
}

export function fitOf({ weights, run }: Offer['memory'], { budget }: Pick<MemoryUse, 'budget'>): Fit {
  if (weights === null && run === null) return { need: null, fits: true, weights: 0, run: 0, end: 1 };
  const need = (weights ?? 0) + (run ?? 0);
  const whole = Math.max(need, budget);
  return {
    need,
    fits: need <= budget,
    weights: (weights ?? 0) / whole,
    run: (run ?? 0) / whole,
    end: budget / whole,
  };
}
