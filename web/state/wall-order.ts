/**
 * In which order the wall shows its heads, and which of them. Reads, sorts and compares the engine's numbers; makes none.
 * Pure.
 */
import type { HeadMetrics } from '../engine/types';
import { METRICS, type Metric, rolesOf } from './metrics';
import type { HeadPlace, WallOrder } from './state';

/** The numbers that heads can be ordered by, [nLayers * nHeads] each; null where there are none. */
export interface Orderable {
  readonly metrics: readonly HeadMetrics[];
  readonly change: ArrayLike<number> | null;
  readonly effect: ArrayLike<number> | null;
}

export interface OrderWords {
  readonly order: WallOrder;
  /** For a menu. */
  readonly label: string;
  readonly definition: string;
  readonly unit: Metric['unit'] | 'distance' | 'logit';
  /** Why a head has no such number. */
  readonly lacking: string;
}

/** Every order but that of place, in which there are no numbers. */
export const ORDERS: readonly OrderWords[] = [
  ...METRICS.map(({ name, ...words }) => ({ order: name, ...words })),
  {
    order: 'change',
    label: 'Change',
    definition: 'How differently the head looks in the run beside this one: 0 is the same, 1 is wholly elsewhere.',
    unit: 'distance',
    lacking: 'no other run of these heads stands beside this one',
  },
  {
    order: 'effect',
    label: 'Direct effect',
    definition:
      'What the head by itself adds to the logit of the token that the model expects most after the chosen one; below 0 it lowers it.',
    unit: 'logit',
    lacking: 'this run cannot say what a head adds to the next token',
  },
];

export function orderWords(order: WallOrder): OrderWords | null {
  return ORDERS.find((words) => words.order === order) ?? null;
}

/** One number for each head, null where there is none; null for the order of place, and where nobody has such numbers. */
export function valuesOf(order: WallOrder, { metrics, change, effect }: Orderable): readonly (number | null)[] | null {
  if (order === 'place') return null;
  if (order === 'change') return change === null ? null : Array.from(change);
  if (order === 'effect') return effect === null ? null : Array.from(effect);
  return metrics.map((head) => head[order]);
}

export interface RankedHead extends HeadPlace {
  readonly value: number | null;
}

/** Greatest first, or least first; heads without a number last, equal ones by their place. */
export function ranked(values: readonly (number | null)[], nHeads: number, leastFirst: boolean): RankedHead[] {
  const heads = values.map((value, i) => ({ layer: Math.floor(i / nHeads), head: i % nHeads, value }));
  const sign = leastFirst ? 1 : -1;
  return heads.sort((a, b) => {
    if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null);
    return sign * (a.value - b.value);
  });
}

/** What of the wall is shown. */
export interface WallFilter {
  /** Only heads with a role of this name; null: any. */
  readonly role: string | null;
  /** Only heads whose number is at least this; null: any, those without a number included. */
  readonly least: number | null;
}

export const everyHead: WallFilter = { role: null, least: null };

export function passes({ role, least }: WallFilter, metrics: HeadMetrics | undefined, value: number | null): boolean {
  const hasRole = role === null || (metrics !== undefined && rolesOf(metrics).some(({ label }) => label === role));
  return hasRole && (least === null || (value !== null && value >= least));
}

/** The least and the greatest number there is; null where there is none. */
export function rangeOf(values: readonly (number | null)[]): readonly [least: number, greatest: number] | null {
  let range: [number, number] | null = null;
  for (const value of values) {
    if (value === null) continue;
    range = range === null ? [value, value] : [Math.min(range[0], value), Math.max(range[1], value)];
  }
  return range;
}
