/**
 * A head's metrics in words: names, definitions, and the one place that says from which number on a head plays a role.
 * Pure.
 */
import type { HeadMetrics, MetricName } from '../engine/types';

export interface Metric {
  readonly name: MetricName;
  /** Two or three words for a menu. */
  readonly label: string;
  /** What the number is, in one sentence. */
  readonly definition: string;
  /** A share of the row (0 to 1), a normalised entropy (0 to 1), or a number of tokens. */
  readonly unit: 'share' | 'entropy' | 'tokens';
  /** What the text lacks where there is no such number. */
  readonly lacking: string;
}

/** In the core's order. */
export const METRICS: readonly Metric[] = [
  {
    name: 'entropy',
    label: 'Entropy',
    definition: 'How evenly its rows are spread over the keys they see: 0 is one key, 1 is all alike.',
    unit: 'entropy',
    lacking: 'no token sees more than one key',
  },
  {
    name: 'previous',
    label: 'Previous token',
    definition: 'Mean weight on the token just before.',
    unit: 'share',
    lacking: 'the text is a single token',
  },
  {
    name: 'next',
    label: 'Next token',
    definition: 'Mean weight on the token just after.',
    unit: 'share',
    lacking: 'no token sees the one after it',
  },
  {
    name: 'self',
    label: 'Itself',
    definition: 'Mean weight on the token itself.',
    unit: 'share',
    lacking: 'no token sees any key',
  },
  {
    name: 'first',
    label: 'First token',
    definition: 'Mean weight on the first token, from all others.',
    unit: 'share',
    lacking: 'the text is a single token',
  },
  {
    name: 'special',
    label: 'Separators',
    definition: 'Mean weight on the tokens that the tokenizer added, the first one left out.',
    unit: 'share',
    lacking: 'the tokenizer added no token besides the first',
  },
  {
    name: 'distance',
    label: 'Distance',
    definition: 'How many tokens away it looks on average, weighted by attention.',
    unit: 'tokens',
    lacking: 'no token sees any key',
  },
  {
    name: 'distanceWithoutFirst',
    label: 'Distance, first left out',
    definition: 'The same with the first token left out and each row scaled to add up to 1.',
    unit: 'tokens',
    lacking: 'nothing is left without the first token',
  },
  {
    name: 'duplicate',
    label: 'Duplicate token',
    definition: 'Where a token occurred before: mean weight on all its earlier occurrences.',
    unit: 'share',
    lacking: 'no token occurs twice',
  },
  {
    name: 'induction',
    label: 'Induction',
    definition: 'Where a token occurred before: mean weight on the tokens that came right after it then.',
    unit: 'share',
    lacking: 'no token occurs twice',
  },
];

export function metricOf(name: MetricName): Metric {
  const found = METRICS.find((metric) => metric.name === name);
  if (found === undefined) throw new RangeError(`There is no metric ${name}.`);
  return found;
}

/** A name for what a head does on this text, never without its number. */
export interface Role {
  readonly label: string;
  readonly metric: MetricName;
  readonly value: number;
  /** From which number on the name is given. */
  readonly threshold: number;
}

/** In this order: of several roles the first one names the head. */
export const ROLES: readonly Omit<Role, 'value'>[] = [
  { label: 'induction', metric: 'induction', threshold: 0.4 },
  { label: 'duplicate token', metric: 'duplicate', threshold: 0.4 },
  { label: 'previous token', metric: 'previous', threshold: 0.5 },
  { label: 'next token', metric: 'next', threshold: 0.5 },
  { label: 'itself', metric: 'self', threshold: 0.5 },
  { label: 'first token', metric: 'first', threshold: 0.7 },
  { label: 'separators', metric: 'special', threshold: 0.5 },
  { label: 'nearly uniform', metric: 'entropy', threshold: 0.88 },
];

/** The roles whose threshold the head reaches on this text, the most telling first. */
export function rolesOf(metrics: HeadMetrics): Role[] {
  return ROLES.flatMap(({ label, metric, threshold }) => {
    const value = metrics[metric];
    return value !== null && value >= threshold ? [{ label, metric, value, threshold }] : [];
  });
}
