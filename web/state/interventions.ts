/**
 * What the reader changes about a forward pass: read from outside, put into words, and asked about. What each change
 * means is the core's to say. Pure.
 */
import type { Intervention, Run } from '../engine/types';
import { tokenLabel } from './labels';
import { formatNumber, formatPercent } from './numbers';
import type { Change, ViewerState } from './state';

/** A longer list is refused: nobody could say what it does. */
export const MOST_INTERVENTIONS = 4096;

/** The fields of each kind; those with a question mark may be left out. */
const FIELDS = {
  'head-off': ['layer?', 'head'],
  'head-mean': ['layer?', 'head'],
  'head-uniform': ['layer?', 'head'],
  temperature: ['layer?', 'head', 'temperature'],
  'edit-weight': ['layer?', 'head', 'query', 'key', 'weight', 'renormalise?'],
  'block-key': ['layer?', 'key'],
  'layer-off': ['layer?'],
  'positions-off': [],
} as const satisfies Record<Intervention['kind'], readonly string[]>;

/** Why a list is none of interventions. */
export class BadIntervention extends Error {
  override name = 'BadIntervention';
  readonly expected: string;
  readonly found: string;

  constructor(message: string, expected: string, found: string) {
    super(message);
    this.expected = expected;
    this.found = found;
  }
}

/**
 * A list from outside as plain interventions, copied. Positions and sizes are the core's to check.
 * @throws {BadIntervention} for a kind that is not known, a field that is missing, unknown or of another type
 */
export function readInterventions(list: unknown): Intervention[] {
  if (!Array.isArray(list) || list.length > MOST_INTERVENTIONS) {
    const found = Array.isArray(list) ? `${list.length} entries` : typeof list;
    throw new BadIntervention('Interventions are a list.', `a list of at most ${MOST_INTERVENTIONS}`, found);
  }
  return list.map(readOne);
}

function readOne(entry: unknown): Intervention {
  const given: Readonly<Record<string, unknown>> = typeof entry === 'object' && entry !== null ? { ...entry } : {};
  const kind = given['kind'];
  if (typeof kind !== 'string' || !Object.hasOwn(FIELDS, kind)) {
    const kinds = Object.keys(FIELDS).join(', ');
    throw new BadIntervention('There is no intervention of this kind.', kinds, String(kind).slice(0, 100));
  }
  const fields: readonly string[] = FIELDS[kind as Intervention['kind']];
  const read: Record<string, unknown> = { kind };
  for (const field of fields) {
    const name = field.replace('?', '');
    const value = given[name];
    if (value === undefined && field !== name) continue;
    if (!fits(name, value)) throw new BadIntervention(`${kind}: ${name} does not fit.`, expected(name), String(value));
    read[name] = value;
  }
  const unknown = Object.keys(given).find((name) => given[name] !== undefined && !(name in read));
  if (unknown !== undefined) {
    throw new BadIntervention(`${kind} has no ${unknown}.`, fields.join(', ') || 'no fields', unknown.slice(0, 100));
  }
  return read as unknown as Intervention;
}

function fits(name: string, value: unknown): boolean {
  if (name === 'renormalise') return typeof value === 'boolean';
  if (name === 'weight') return typeof value === 'number' && value >= 0 && value <= 1;
  if (name === 'temperature') return typeof value === 'number' && value > 0 && value <= 1e6;
  return Number.isInteger(value) && (value as number) >= 0;
}

function expected(name: string): string {
  if (name === 'renormalise') return 'true or false';
  if (name === 'weight') return 'a number from 0 to 1';
  return name === 'temperature' ? 'a number above 0' : 'a whole number from 0';
}

export function sameInterventions(a: readonly Intervention[], b: readonly Intervention[]): boolean {
  return a === b || (a.length === b.length && a.every((one, i) => sameIntervention(one, b[i])));
}

export function sameIntervention(a: Intervention, b: Intervention | undefined): boolean {
  if (b === undefined || a.kind !== b.kind) return false;
  const value = (one: Intervention, name: string) => (one as unknown as Record<string, unknown>)[name];
  return ['layer', 'head', 'query', 'key', 'weight', 'temperature', 'renormalise'].every(
    (name) => value(a, name) === value(b, name),
  );
}

/** "Layer 3, head 1 switched off", "it looks at animal with 50 % in layer 3, head 1", set by hand. */
export function interventionInWords(intervention: Intervention, run: Pick<Run, 'tokens'> | null): string {
  const token = (index: number) => {
    const found = run?.tokens[index];
    return found === undefined ? `token ${index}` : `“${tokenLabel(found)}”`;
  };
  if (intervention.kind === 'positions-off') return 'Positions left out: no token is told where it stands';
  const { layer } = intervention;
  const inLayer = layer === undefined ? 'in every layer' : `in layer ${layer}`;
  const name = (head: number) => (layer === undefined ? `Head ${head} of every layer` : `Layer ${layer}, head ${head}`);
  switch (intervention.kind) {
    case 'head-off':
      return `${name(intervention.head)} switched off`;
    case 'head-mean':
      return `${name(intervention.head)} replaced by its mean over the text`;
    case 'head-uniform':
      return `${name(intervention.head)} looks at all it sees alike`;
    case 'temperature':
      return `${name(intervention.head)} at temperature ${formatNumber(intervention.temperature)}`;
    case 'block-key':
      return `${token(intervention.key)} hidden from all, ${inLayer}`;
    case 'layer-off':
      return layer === undefined ? 'Every layer skipped' : `Layer ${layer} skipped`;
    case 'edit-weight': {
      const { query, key, weight, renormalise } = intervention;
      const raw = renormalise === false ? ', the rest of the row left as it is' : '';
      return `${name(intervention.head)}: ${token(query)} looks at ${token(key)} with ${formatPercent(weight)}${raw}`;
    }
  }
}

/** Whether an intervention is about this head, by itself: those that name none are about all of them. */
export function concernsHead(intervention: Intervention, layer: number, head: number): boolean {
  if (!('head' in intervention)) return false;
  return (intervention.layer ?? layer) === layer && intervention.head === head;
}

/** Whether the reader set this very weight. */
export function isSetByHand(
  { interventions }: Pick<Run, 'interventions'>,
  { layer, head, query, key }: { layer: number; head: number; query: number; key: number },
): boolean {
  return interventions.some(
    (one) => one.kind === 'edit-weight' && concernsHead(one, layer, head) && one.query === query && one.key === key,
  );
}

/** The list with one more; one that says of the same thing something else takes its place. */
export function withIntervention(list: readonly Intervention[], added: Intervention): Intervention[] {
  return [...list.filter((one) => !isAbout(one, added)), added];
}

/** Whether exactly this is in force. */
export function isInForce(list: readonly Intervention[], wanted: Intervention): boolean {
  return list.some((one) => sameIntervention(one, wanted));
}

/**
 * The change that puts another list in force. With the first intervention the comparison with the original comes along,
 * unless something else is compared; with the last one it goes.
 */
export function intervene(
  state: Pick<ViewerState, 'interventions' | 'compare'>,
  list: readonly Intervention[],
): Change {
  const isFirst = state.interventions.length === 0 && list.length > 0 && state.compare === null;
  const isLast = list.length === 0 && state.compare?.kind === 'original';
  return {
    interventions: list,
    ...(isFirst ? { compare: { kind: 'original' } } : {}),
    ...(isLast ? { compare: null } : {}),
  };
}

/** The list without what is said of the same thing. */
export function withoutIntervention(list: readonly Intervention[], gone: Intervention): Intervention[] {
  return list.filter((one) => !sameIntervention(one, gone));
}

/** Whether two interventions would set the same thing. */
function isAbout(a: Intervention, b: Intervention): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === 'positions-off' || b.kind === 'positions-off') return true;
  if (a.layer !== b.layer) return false;
  if (a.kind === 'layer-off' || b.kind === 'layer-off') return true;
  if (a.kind === 'block-key' || b.kind === 'block-key') return 'key' in a && 'key' in b && a.key === b.key;
  if (a.head !== b.head) return false;
  if (a.kind !== 'edit-weight' || b.kind !== 'edit-weight') return true;
  return a.query === b.query && a.key === b.key;
}
