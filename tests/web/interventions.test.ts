/** What is read from outside as interventions, how they are told, what can be undone, and when a head has a role. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Intervention, Token } from '../../web/engine/types';
import { noHistory, redo, remember, undo } from '../../web/state/history';
import {
  BadIntervention,
  concernsHead,
  interventionInWords,
  MOST_INTERVENTIONS,
  readInterventions,
  sameInterventions,
  withIntervention,
  withoutIntervention,
} from '../../web/state/interventions';
import { METRICS, rolesOf } from '../../web/state/metrics';
import './repeatable';

const good: Intervention[] = [
  { kind: 'head-off', layer: 2, head: 5 },
  { kind: 'head-mean', head: 5 },
  { kind: 'head-uniform', layer: 0, head: 0 },
  { kind: 'temperature', layer: 1, head: 1, temperature: 0.25 },
  { kind: 'block-key', key: 2 },
  { kind: 'block-key', layer: 3, key: 0 },
  { kind: 'edit-weight', layer: 1, head: 7, query: 10, key: 2, weight: 0.9 },
  { kind: 'edit-weight', layer: 1, head: 7, query: 9, key: 2, weight: 0, renormalise: false },
  { kind: 'layer-off', layer: 2 },
  { kind: 'positions-off' },
];

describe('interventions from outside', () => {
  it('are read as they stand, and copied', () => {
    const read = readInterventions(good);
    expect(read).toEqual(good);
    expect(read[0]).not.toBe(good[0]);
  });

  it.each([
    ['no list', { kind: 'head-off' }],
    ['null', null],
    ['an entry that is none', [7]],
    ['an entry that is null', [null]],
    ['an unknown kind', [{ kind: 'head-on', head: 1 }]],
    ['a kind of the prototype', [{ kind: 'constructor' }]],
    ['no kind', [{ head: 1 }]],
    ['a head that is missing', [{ kind: 'head-off', layer: 1 }]],
    ['a head that is no number', [{ kind: 'head-off', head: '1' }]],
    ['a head below 0', [{ kind: 'head-off', head: -1 }]],
    ['half a layer', [{ kind: 'layer-off', layer: 0.5 }]],
    ['a null layer', [{ kind: 'layer-off', layer: null }]],
    ['positions of one layer', [{ kind: 'positions-off', layer: 0 }]],
    ['positions of one head', [{ kind: 'positions-off', head: 0 }]],
    ['a temperature of 0', [{ kind: 'temperature', head: 0, temperature: 0 }]],
    ['a temperature that is none', [{ kind: 'temperature', head: 0, temperature: Number.NaN }]],
    ['an endless temperature', [{ kind: 'temperature', head: 0, temperature: Number.POSITIVE_INFINITY }]],
    ['a weight above 1', [{ kind: 'edit-weight', head: 0, query: 0, key: 0, weight: 1.01 }]],
    ['a weight that is none', [{ kind: 'edit-weight', head: 0, query: 0, key: 0, weight: Number.NaN }]],
    [
      'a renormalise that is no yes or no',
      [{ kind: 'edit-weight', head: 0, query: 0, key: 0, weight: 1, renormalise: 1 }],
    ],
    ['a field that the kind has not', [{ kind: 'head-off', head: 0, temperature: 1 }]],
    ['a misspelt field', [{ kind: 'block-key', key: 0, layers: 2 }]],
    ['too many', Array.from({ length: MOST_INTERVENTIONS + 1 }, () => good[0])],
  ])('refuse %s', (_, list) => {
    expect(() => readInterventions(list)).toThrow(BadIntervention);
  });

  it('refuse anything or give back what was given', () => {
    fc.assert(
      fc.property(fc.anything(), (thing) => {
        try {
          expect(readInterventions(thing)).toEqual(thing);
        } catch (error) {
          expect(error).toBeInstanceOf(BadIntervention);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a list of interventions', () => {
  it('replaces what says something else of the same thing', () => {
    const list = withIntervention(good, { kind: 'temperature', layer: 1, head: 1, temperature: 4 });
    expect(list).toHaveLength(good.length);
    expect(list.at(-1)).toEqual({ kind: 'temperature', layer: 1, head: 1, temperature: 4 });
    expect(withIntervention(good, { kind: 'temperature', layer: 1, head: 2, temperature: 4 })).toHaveLength(
      good.length + 1,
    );
    expect(withIntervention(good, { kind: 'block-key', key: 3 })).toHaveLength(good.length + 1);
    expect(withIntervention(good, { kind: 'block-key', key: 2 })).toHaveLength(good.length);
    expect(withIntervention(good, { kind: 'positions-off' })).toHaveLength(good.length);
    const edited = { kind: 'edit-weight', layer: 1, head: 7, query: 10, key: 2, weight: 0.1 } as const;
    expect(withIntervention(good, edited)).toHaveLength(good.length);
    expect(withIntervention(good, { ...edited, key: 3 })).toHaveLength(good.length + 1);
  });

  it('loses what is taken out, and is the same only in the same order', () => {
    expect(withoutIntervention(good, { kind: 'block-key', key: 2 })).toHaveLength(good.length - 1);
    expect(withoutIntervention(good, { kind: 'block-key', key: 9 })).toHaveLength(good.length);
    expect(sameInterventions(good, readInterventions(good))).toBe(true);
    expect(sameInterventions(good, good.toReversed())).toBe(false);
  });

  it('says whom it concerns', () => {
    expect(concernsHead({ kind: 'head-off', layer: 2, head: 5 }, 2, 5)).toBe(true);
    expect(concernsHead({ kind: 'head-off', layer: 2, head: 5 }, 1, 5)).toBe(false);
    expect(concernsHead({ kind: 'head-off', head: 5 }, 1, 5)).toBe(true);
    expect(concernsHead({ kind: 'layer-off', layer: 2 }, 2, 5)).toBe(false);
    expect(concernsHead({ kind: 'positions-off' }, 2, 5)).toBe(false);
  });

  it('is told in words that name tokens', () => {
    const tokens = ['[CLS]', 'it', 'was'].map((piece, index): Token => {
      return { index, id: index, piece, text: piece, start: null, end: null, special: index === 0 };
    });
    const words = (one: Intervention) => interventionInWords(one, { tokens });
    expect(words({ kind: 'head-off', layer: 2, head: 5 })).toBe('Layer 2, head 5 switched off');
    expect(words({ kind: 'head-off', head: 5 })).toBe('Head 5 of every layer switched off');
    expect(words({ kind: 'positions-off' })).toBe('Positions left out: no token is told where it stands');
    expect(words({ kind: 'block-key', key: 1 })).toBe('“it” hidden from all, in every layer');
    expect(words({ kind: 'edit-weight', layer: 0, head: 1, query: 2, key: 1, weight: 0.5 })).toBe(
      'Layer 0, head 1: “was” looks at “it” with 50\u202F%',
    );
    expect(interventionInWords({ kind: 'block-key', layer: 1, key: 7 }, { tokens })).toContain('token 7');
    for (const one of good) expect(words(one)).not.toMatch(/undefined|NaN/);
  });
});

describe('history', () => {
  it('goes back and forth to the same values, and forgets the future when something new is done', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 20 }), fc.nat(25), (values, steps) => {
        let history: ReturnType<typeof remember<number>> = noHistory;
        let present = -1;
        const seen = [present];
        for (const value of values) {
          history = remember(history, present);
          present = value;
          seen.push(value);
        }
        let at = seen.length - 1;
        for (let i = 0; i < steps; ++i) {
          const back = undo(history, present);
          if (back === null) break;
          ({ value: present, history } = back);
          expect(present).toBe(seen[--at]);
        }
        for (;;) {
          const forth = redo(history, present);
          if (forth === null) break;
          ({ value: present, history } = forth);
          expect(present).toBe(seen[++at]);
        }
        expect(at).toBe(seen.length - 1);
        expect(redo(remember(history, present), 0)).toBeNull();
      }),
    );
  });
});

describe('roles', () => {
  const none = Object.fromEntries(METRICS.map(({ name }) => [name, null])) as Parameters<typeof rolesOf>[0];
  it('are given only from their threshold on, with the number', () => {
    expect(rolesOf(none)).toEqual([]);
    expect(rolesOf({ ...none, previous: 0.49 })).toEqual([]);
    expect(rolesOf({ ...none, previous: 0.5 })).toEqual([
      { label: 'previous token', metric: 'previous', value: 0.5, threshold: 0.5 },
    ]);
    expect(rolesOf({ ...none, induction: 0.87, previous: 0.9 }).map(({ label }) => label)).toEqual([
      'induction',
      'previous token',
    ]);
  });
});
