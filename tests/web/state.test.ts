/** The pure words and numbers: the state and its address, labels, formats, sentences. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Intervention, Run } from '../../web/engine/types';
import { fromFragment, LONGEST_FRAGMENT, toFragment } from '../../web/state/address';
import { apartNames, standsApart } from '../../web/state/apart';
import { type Explained, explain, explainApart } from '../../web/state/explain';
import {
  canChooseAfter,
  candidateLabels,
  chooseAfter,
  generatedText,
  isSampling,
  keepAsText,
  takeAllBack,
  takeBack,
  typedCount,
} from '../../web/state/generation';
import { tokenLabel } from '../../web/state/labels';
import { formatBytes, formatNumber, formatPercent } from '../../web/state/numbers';
import { initialState, MOST_LANES, STEPS, TEXT_BY, update, VIEWS, type ViewerState } from '../../web/state/state';
import { infoOf } from './fake-engine';

describe('the state', () => {
  test('the key follows the row until it is chosen', () => {
    const chosen = update(initialState, { key: 3 });
    expect(chosen.key).toBe(3);
    expect(update(chosen, { threshold: 9 }).key).toBe(3);
    expect(update(chosen, { query: 0 }).key).toBe(3);
    for (const change of [{ query: 1 }, { layer: 1 }, { head: 1 }, { text: 'x' }]) {
      expect(update(chosen, change).key).toBeNull();
      expect(update(chosen, { ...change, key: 2 }).key).toBe(2);
    }
  });

  test('what was generated goes with the text that it followed, and with nothing else', () => {
    const written = update(initialState, { text: 'it', generated: [7, 8] });
    for (const change of [{ text: 'x' }, { chat: true }]) {
      expect(update(written, change).generated).toEqual([]);
      expect(update(written, { ...change, generated: [9] }).generated).toEqual([9]);
    }
    const sampling = { ...written.sampling, temperature: 0 };
    for (const change of [
      { text: 'it' },
      { chat: false },
      { layer: 1, query: 2 },
      { sampling },
      { precision: 'f32' } as const,
    ])
      expect(update(written, change).generated).toEqual([7, 8]);
  });
});

const index = fc.nat(65_535);
const anyPlace = fc.record({ layer: fc.nat(1023), head: fc.nat(1023) });
const inLayer = fc.oneof(fc.constant({}), fc.record({ layer: fc.nat(40) }));
const anyIntervention: fc.Arbitrary<Intervention> = fc
  .oneof(
    fc.tuple(inLayer, fc.constantFrom('head-off' as const, 'head-mean' as const, 'head-uniform' as const), fc.nat(40)),
    fc.tuple(inLayer, fc.constant('temperature' as const), fc.nat(40)),
    fc.tuple(inLayer, fc.constant('block-key' as const), fc.nat(40)),
    fc.tuple(inLayer, fc.constantFrom('layer-off' as const, 'positions-off' as const), fc.nat(40)),
    fc.tuple(inLayer, fc.constant('edit-weight' as const), fc.nat(40)),
  )
  .map(([layer, kind, n]): Intervention => {
    if (kind === 'temperature') return { kind, ...layer, head: n, temperature: 0.25 + n };
    if (kind === 'block-key') return { kind, ...layer, key: n };
    if (kind === 'layer-off') return { kind, ...layer };
    if (kind === 'positions-off') return { kind };
    if (kind === 'edit-weight')
      return { kind, ...layer, head: n, query: n, key: n + 1, weight: n / 40, renormalise: n % 2 === 0 };
    return { kind, ...layer, head: n };
  });
const anyState: fc.Arbitrary<ViewerState> = fc.record({
  text: fc.string({ unit: 'grapheme', maxLength: 200 }),
  layer: index,
  head: index,
  query: index,
  key: fc.option(index),
  view: fc.constantFrom(...VIEWS),
  precision: fc.constantFrom('auto' as const, 'f32' as const),
  camera: fc.constantFrom('front' as const, 'side' as const, 'above' as const),
  apart: fc.boolean(),
  threshold: fc.integer({ min: 1, max: 100 }),
  generated: fc.array(fc.nat(300_000), { maxLength: 60 }),
  chat: fc.boolean(),
  sampling: fc.record({
    temperature: fc.nat(500).map((n) => n / 100),
    topK: fc.nat(999_999),
    topP: fc.integer({ min: 1, max: 1000 }).map((n) => n / 1000),
    seed: fc.nat(4_294_967_295),
  }),
  layers: fc.option(fc.array(fc.nat(1023), { maxLength: 40 })),
  heads: fc.option(fc.array(fc.nat(1023), { maxLength: 40 })),
  hover: fc.constant(null),
  interventions: fc.array(anyIntervention, { maxLength: 6 }),
  compare: fc.option(
    fc.oneof(
      fc.constant({ kind: 'original' as const }),
      fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => ({ kind: 'text' as const, text })),
      anyPlace.map((place) => ({ kind: 'head' as const, ...place })),
    ),
  ),
  align: fc.constantFrom('token' as const, 'position' as const),
  measure: fc.constantFrom('weights', 'scores', 'value-weighted', 'mean', 'max', 'rollout') as fc.Arbitrary<
    ViewerState['measure']
  >,
  difference: fc.boolean(),
  lanes: fc.array(anyPlace, { maxLength: MOST_LANES }),
  wallOrder: fc.constantFrom('place', 'change', 'effect', 'induction', 'distanceWithoutFirst') as fc.Arbitrary<
    ViewerState['wallOrder']
  >,
  step: fc.constantFrom(...STEPS),
  textBy: fc.constantFrom(...TEXT_BY),
  words: fc.boolean(),
  stepCell: fc.constant(null),
});

/** Two typed tokens, three generated ones: a control token, and half a character. */
const written = (() => {
  const texts = ['it', ' was', ' so', '<|im_end|>', '\uFFFD'];
  const tokens = texts.map((text, index) => {
    return { index, id: 10 + index, piece: text, text, start: null, end: null, special: index === 3 };
  });
  return { text: 'it was', tokens, generated: [12, 13, 14] };
})();

describe('what was generated', () => {
  test('can be taken back, one by one and at once; who looked from it looks from what is left', () => {
    expect(typedCount(written)).toBe(2);
    expect(takeBack(written, 4)).toEqual({ generated: [12, 13], query: 3 });
    expect(takeBack(written, 1)).toEqual({ generated: [12, 13], query: 1 });
    expect(takeAllBack(written, 4)).toEqual({ generated: [], query: 1 });
    expect(takeAllBack(written, 0)).toEqual({ generated: [], query: 0 });
  });

  test('goes on from any of its tokens, and never from within the text', () => {
    expect([0, 1, 2, 3, 4, 5].filter((position) => canChooseAfter(written, position))).toEqual([1, 2, 3, 4]);
    expect(chooseAfter(written, 1, 99)).toEqual({ generated: [99], query: 2 });
    expect(chooseAfter(written, 3, 99)).toEqual({ generated: [12, 13, 99], query: 4 });
    expect(chooseAfter(written, 4, 99)).toEqual({ generated: [12, 13, 14, 99], query: 5 });
  });

  test.each([
    [{}, true],
    [{ temperature: 0, topK: 0, topP: 1, seed: 4_294_967_295 }, true],
    [{ temperature: 5.1 }, false],
    [{ temperature: -0.1 }, false],
    [{ temperature: Number.NaN }, false],
    [{ topP: 0 }, false],
    [{ topP: 1.1 }, false],
    [{ topK: 1.5 }, false],
    [{ topK: -1 }, false],
    [{ topK: Number.POSITIVE_INFINITY }, false],
    [{ seed: 4_294_967_296 }, false],
  ])('rules of sampling: %j', (change, expected) =>
    expect(isSampling({ ...initialState.sampling, ...change })).toBe(expected),
  );

  test('candidates are named as tokens are, and no two of them alike', () => {
    const named = (...pairs: [piece: string, text: string][]) =>
      candidateLabels(pairs.map(([piece, text], id) => ({ id, piece, text })));
    expect(named(['ĠMary', ' Mary'], ['Ġthe', ' the'], [',', ','])).toEqual(['Mary', 'the', ',']);
    expect(named(['ĠMary', ' Mary'], ['Mary', 'Mary'], ['Ċ', '\n'])).toEqual(['·Mary', 'Mary', '↵']);
  });

  test('becomes text without control tokens and broken characters', () => {
    expect(generatedText(written)).toBe(' so');
    expect(generatedText(written, 1)).toBe('');
    expect(keepAsText(written)).toEqual({ text: 'it was so', generated: [] });
  });
});

describe('the address', () => {
  test('reads as a sentence would', () => {
    expect(toFragment({ ...initialState, text: 'it was', layer: 3, head: 1, query: 2 })).toBe(
      'v=1&text=it+was&layer=3&head=1&query=2&threshold=4',
    );
  });

  test('brings any state back, whatever the state was before', () => {
    fc.assert(
      fc.property(anyState, anyState, (state, before) => {
        expect(update(before, fromFragment(toFragment(state)))).toEqual(state);
        expect(update(before, fromFragment(`#${toFragment(state)}`))).toEqual(state);
      }),
    );
  });

  test('a text that is too long for it is left out, and the rest can be read', () => {
    const fragment = toFragment({ ...initialState, text: '注意'.repeat(3000), layer: 5 });
    expect(fragment.length).toBeLessThan(LONGEST_FRAGMENT);
    expect(fromFragment(fragment)).toMatchObject({ layer: 5 });
    expect(fromFragment(fragment)).not.toHaveProperty('text');
  });

  test('says what was generated, how and in which form, where it is not as ever', () => {
    const state: ViewerState = {
      ...{ ...initialState, text: 'it', generated: [5099, 28], chat: true },
      sampling: { temperature: 0, topK: 0, topP: 0.9, seed: 4_294_967_295 },
    };
    expect(toFragment(state)).toBe(
      'v=1&text=it&layer=0&head=0&query=0&threshold=4&chat=1&temperature=0&topk=0&topp=0.9&seed=4294967295&generated=5099.28',
    );
  });

  test('what was generated is left out before the text is, and never stays without it', () => {
    const ids = (n: number) => Array.from({ length: n }, (_, i) => 40_000 + i);
    const long = toFragment({ ...initialState, text: 'it', generated: ids(1024) });
    expect(long.length).toBeLessThanOrEqual(LONGEST_FRAGMENT);
    expect(fromFragment(long)).toMatchObject({ text: 'it', generated: ids(1024) });
    expect(fromFragment(toFragment({ ...initialState, text: 'it', generated: ids(1025) }))).toMatchObject({
      text: 'it',
      generated: [],
    });
    const both = toFragment({ ...initialState, text: 'a'.repeat(8000), generated: ids(100) });
    expect(both).not.toContain('generated');
    expect(fromFragment(both)).toMatchObject({ text: 'a'.repeat(8000), generated: [] });
    expect(toFragment({ ...initialState, text: 'a'.repeat(9000), generated: [1] })).not.toMatch(/text|generated/);
  });

  test.each([
    ['generated=1.2.x', { generated: [] }],
    ['generated=1..2', { generated: [] }],
    ['generated=-1', { generated: [] }],
    ['generated=99999999', { generated: [] }],
    [`generated=${'1.'.repeat(1024)}1`, { generated: [] }],
    ['generated=', { generated: [] }],
    ['generated=7', { generated: [7] }],
    ['chat=true', { chat: false }],
    ['temperature=5.1&topk=-1&topp=0&seed=4294967296', { sampling: initialState.sampling }],
    ['temperature=1e1&topk=1.5&topp=.5&seed=0x1', { sampling: initialState.sampling }],
    ['temperature=NaN&topk=Infinity&topp=-0&seed=', { sampling: initialState.sampling }],
    ['temperature=5&topk=0&topp=1&seed=0', { sampling: { temperature: 5, topK: 0, topP: 1, seed: 0 } }],
  ])('reads %s', (pairs, expected) => expect(fromFragment(`v=1&text=a&${pairs}`)).toMatchObject(expected));

  test('tokens without the text that they follow are not read', () => {
    expect(fromFragment('v=1&generated=1.2')).not.toHaveProperty('generated');
  });

  test.each([
    ['', {}],
    ['section-3', {}],
    ['layer=3', {}],
    ['v=2&layer=3', {}],
    [`v=1&layer=3&text=${'a'.repeat(9000)}`, {}],
    ['v=1&layer=3&__proto__=x&constructor=y&nonsense=z', { layer: 3 }],
    ['v=1&layer=-1&head=1.5&query=1e3&key=0x1', { key: null }],
    ['v=1&layer=999999&head=Infinity&query=NaN&key= 1', { key: null }],
    ['v=1&threshold=0', {}],
    ['v=1&threshold=101', {}],
    ['v=1&view=tower&camera=below&precision=f64', { view: 'story', camera: 'front', precision: 'auto' }],
    ['v=1&view=__proto__', { view: 'story' }],
    ['v=1&layers=1.2.x&heads=4096', { layers: null, heads: null }],
    [`v=1&layers=${'1.'.repeat(300)}1`, { layers: null }],
    ['v=1&text=%F0%9F%98', { text: '\uFFFD' }],
    ['v=1&text=%ZZ%', { text: '%ZZ%' }],
    ['v=1&text=<img src=x onerror=alert(1)>', { text: '<img src=x onerror=alert(1)>' }],
  ])('%s', (fragment, expected) => {
    const change = fromFragment(fragment);
    if (Object.keys(expected).length === 0 && !fragment.startsWith('v=1&threshold')) expect(change).toEqual({});
    expect(change).toMatchObject(expected);
    for (const name of ['layer', 'head', 'query', 'threshold'] as const) {
      if (!(name in expected)) expect(change).not.toHaveProperty(name);
    }
  });

  test('whatever it says, the state stays one', () => {
    const value = fc.oneof(fc.string(), fc.constantFrom('-1', '1e9', 'null', '[]', '0', '7', '1.2.3'));
    const pairs = fc.array(
      fc.tuple(
        fc.constantFrom(
          'text',
          'layer',
          'head',
          'query',
          'key',
          'view',
          'camera',
          'apart',
          'threshold',
          'layers',
          'heads',
          'precision',
          'hover',
          'generated',
          'chat',
          'temperature',
          'topk',
          'topp',
          'seed',
        ),
        value,
      ),
    );
    fc.assert(
      fc.property(pairs, (all) => {
        const state = update(initialState, fromFragment(`v=1&${new URLSearchParams(all)}`));
        expect(Object.keys(state).sort()).toEqual(Object.keys(initialState).sort());
        for (const number of [state.layer, state.head, state.query, state.key ?? 0]) {
          expect(Number.isInteger(number) && number >= 0 && number <= 65_535).toBe(true);
        }
        expect(VIEWS).toContain(state.view);
        expect(typeof state.text).toBe('string');
        expect(state.hover).toBeNull();
        const { temperature, topK, topP, seed } = state.sampling;
        expect(temperature >= 0 && temperature <= 5 && topP > 0 && topP <= 1).toBe(true);
        for (const number of [...state.generated, topK, seed])
          expect(Number.isInteger(number) && number >= 0 && number < 2 ** 32).toBe(true);
        expect(typeof state.chat).toBe('boolean');
      }),
    );
  });
});

describe('numbers', () => {
  test.each([
    [0, '0'],
    [-0, '0'],
    [0.6768, '0.677'],
    [1, '1.00'],
    [-1.25, '−1.25'],
    [0.00012, '0.000120'],
    [0.00001234, '1.23 × 10⁻⁵'],
    [-9.999e-5, '−1.00 × 10⁻⁴'],
    [1.4e-45, '1.40 × 10⁻⁴⁵'],
    [99.95, '100'],
    [999.4, '999'],
    [12_345.6, '12\u202F346'],
    [Number.POSITIVE_INFINITY, '∞'],
    [Number.NEGATIVE_INFINITY, '−∞'],
    [Number.NaN, 'not a number'],
  ])('%s is printed as %s', (value, text) => expect(formatNumber(value)).toBe(text));

  test('a number that is printed is close to the number', () => {
    fc.assert(
      fc.property(
        fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-998), max: Math.fround(998) }),
        (value) => {
          const text = formatNumber(value);
          if (/×/.test(text)) return;
          const read = Number(text.replace('−', '-'));
          expect(Math.abs(read - value)).toBeLessThanOrEqual(Math.max(Math.abs(value) * 0.005, 1e-30));
        },
      ),
    );
  });

  test.each([
    [0, '0 %'],
    [1, '100 %'],
    [0.6768, '68 %'],
    [0.07, '7 %'],
    [Math.fround(0.07), '7 %'],
    [0.0714, '7.1 %'],
    [0.0996, '10 %'],
    [0.0005, '0.1 %'],
    [0.0001, 'under 0.1 %'],
    [0.9999, '100 %'],
  ])('a share of %s is %s', (share, text) => expect(formatPercent(share)).toBe(text.replace(' %', '\u202F%')));

  test.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [90_868_376, '90.9 MB'],
    [74_552, '74.6 KB'],
    [5e9, '5.00 GB'],
  ])('%s bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe('labels', () => {
  test.each([
    ['animal', 'animal'],
    ['##ing', '##ing'],
    ['[CLS]', '[CLS]'],
    ['', '∅'],
    [' ', '·'],
    ['\n', '↵'],
    ['\r\n', '↵'],
    ['\u001B', '[ESC]'],
    ['\u007F', '[DEL]'],
    ['\u0085', '[U+0085]'],
    ['a\u00A0b', 'a⍽b'],
    ['\u3000', '·'],
    ['a\u200Bb', 'a[ZWSP]b'],
    ['\u202Egnp.exe', '[RLO]gnp.exe'],
    ['\u0000', '[NUL]'],
    ['\uD800', '\uFFFD'],
    ['👩\u200D👩\u200D👧', '👩\u200D👩\u200D👧'],
    ['क्\u200Dष', 'क्[ZWJ]ष'],
    ['<img>', '<img>'],
    ['a'.repeat(100), `${'a'.repeat(23)}…`],
    ['👍🏽'.repeat(30), `${'👍🏽'.repeat(23)}…`],
  ])('%j is shown as %j', (piece, label) => expect(tokenLabel({ id: 1, piece, text: piece })).toBe(label));

  // As a vocabulary writes a piece, what it covers of the text, and how it is shown.
  test.each([
    ['Ġcat', ' cat', 'cat'],
    ['Ġcat', 'cat', 'cat'],
    ['Ġ7', ' 7', '7'],
    ['Ġ.', ' .', '·.'],
    ['ĠĠĠ', '   ', '···'],
    ['Ċ', '\n', '↵'],
    ['ĊĊ', '\n\n', '↵↵'],
    ['ĉ', '\t', '⇥'],
    ['Ã©t', 'ét', 'ét'],
    ['ĠÃ©tÃ©', ' été', 'été'],
    ['ðŁĻĤ', '🙂', '🙂'],
    ['ðŁĻ', '🙂', '🙂<F09F99>'],
    ['Ĥ', '', '<82>'],
    ['ĠðŁ', ' 🙂', '🙂<F09F>'],
    ['▁cat', ' cat', 'cat'],
    ['▁', ' ', '·'],
    ['<0x0A>', '\n', '↵'],
    ['<0xF0>', '🙂', '🙂<F0>'],
    ['<|im_end|>', '<|im_end|>', '<|im_end|>'],
    // What a normaliser changed is shown as the model reads it.
    ['the', 'The', 'the'],
    ['##ing', 'ing', '##ing'],
    ['ete', 'été', 'ete'],
    ['é', 'É', 'é'],
    ['ß', 'ẞ', 'ß'],
  ])('%j for %j is shown as %j', (piece, text, label) => expect(tokenLabel({ id: 1, piece, text })).toBe(label));

  test('a trace, which has pieces alone, is read back where no text looks like it', () => {
    const traced = (piece: string) => tokenLabel({ id: null, piece, text: piece });
    expect(['Ġcat', '▁cat', 'cat', 'Ċ', 'Ã©t', '[CLS]'].map(traced)).toEqual([
      'cat',
      'cat',
      'cat',
      '↵',
      'Ã©t',
      '[CLS]',
    ]);
  });

  test('a view with less room has shorter ones', () => {
    expect(tokenLabel({ id: 1, piece: '<img src=x onerror=alert(1)>', text: '' }, 18)).toBe('<img·src=x·onerro…');
  });

  test('nothing that is shown is invisible or turns its neighbours round', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 10 }), (piece) => {
        const label = tokenLabel({ id: 1, piece, text: '' });
        expect(label.length).toBeGreaterThan(0);
        expect(label).not.toMatch(/[\p{Cc}\p{Cs}\s\u202A-\u202E\u2066-\u2069\u200E\u200F\u061C]/u);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('sentences', () => {
  const tokens = ['[CLS]', 'animal', 'it', '[SEP]'].map((piece, i) => {
    const special = i === 0 || i === 3;
    return { index: i, id: i, piece, text: piece, start: null, end: null, special };
  });
  const run: Run = {
    id: 1,
    text: 'animal it',
    chat: false,
    tokens,
    generated: [],
    interventions: [],
    windows: [null, null],
    reused: 0,
    model: infoOf('model'),
    backend: { source: 'model', module: 'simd', precision: 'f32', threads: 1, tolerance: 0 },
    can: { scores: true, hidden: true, next: false, values: true, effect: false },
    computeMs: 0,
  };
  const shown = (
    weight: number,
    apart: number,
    selection = { layer: 1, head: 2, query: 2, key: 1 },
    masked = false,
  ): Explained => ({
    run,
    selection,
    cell: { weight, masked },
    overview: { setApart: new Float32Array(2 * 3 * 4).fill(apart) },
  });

  test('who looks at what, how much, and where', () => {
    expect(explain(shown(0.68, 0.12))).toBe(
      'it looks at animal: 68\u202F%, in layer 1, head 2. Set apart: [CLS] and [SEP] 12\u202F%.',
    );
  });
  test('nothing is said of a share that is not set apart', () => {
    expect(explainApart(shown(0.68, 0))).toBeNull();
    expect(explain(shown(0.68, 0))).toBe('it looks at animal: 68\u202F%, in layer 1, head 2.');
  });
  test('a template’s many tokens are not named one by one', () => {
    const many = [...'abcd'].map((piece, index) => ({ ...tokens[0]!, index, piece }));
    const inChat = { ...shown(0.68, 0.12), run: { ...run, tokens: many } };
    expect(explainApart(inChat)).toBe('Set apart: the tokens around the text 12\u202F%.');
  });
  test('itself, and what cannot be seen', () => {
    expect(explain(shown(0.5, 0, { layer: 0, head: 0, query: 1, key: 1 }))).toBe(
      'animal looks at itself: 50\u202F%, in layer 0, head 0.',
    );
    expect(explain(shown(0, 0, { layer: 0, head: 0, query: 1, key: 2 }, true))).toBe(
      'animal cannot see it in layer 0, head 0.',
    );
  });
  test('why a causal model cannot see, and whose keys a head shares', () => {
    const causal = {
      ...run,
      model: { ...run.model, causal: true, nKvHeads: 1 },
      windows: [null, 2],
    };
    const said = (selection: { layer: number; head: number; query: number; key: number }) =>
      explain({ ...shown(0, 0, selection, true), run: causal });
    expect(said({ layer: 0, head: 0, query: 1, key: 2 })).toBe(
      'animal cannot see it in layer 0, head 0, which shares keys 0: comes later: hidden by the causal mask.',
    );
    expect(said({ layer: 1, head: 2, query: 2, key: 0 })).toBe(
      'it cannot see [CLS] in layer 1, head 2, which shares keys 0: further back than this layer’s window of 2.',
    );
  });
});

describe('what is set apart', () => {
  const tokensOf = (specials: readonly boolean[]) =>
    specials.map((special, index) => ({
      index,
      id: index,
      piece: `p${index}`,
      text: `p${index}`,
      start: null,
      end: null,
      special,
    }));
  const runOf = (causal: boolean, ...specials: boolean[]) =>
    ({ tokens: tokensOf(specials), model: { causal } }) as unknown as Run;

  test('special tokens always; the first one only of a causal text that goes on', () => {
    const apart = (run: Run) => run.tokens.map(({ index }) => standsApart(run, index));
    expect(apart(runOf(false, true, false, true))).toEqual([true, false, true]);
    expect(apart(runOf(false, false, false))).toEqual([false, false]);
    expect(apart(runOf(true, false, false, false))).toEqual([true, false, false]);
    expect(apart(runOf(true, true, false))).toEqual([true, false]);
    expect(apart(runOf(true, false))).toEqual([false]);
  });

  test('it is named, each name once', () => {
    expect(apartNames(runOf(false, false))).toBeNull();
    expect(apartNames(runOf(false, true, false, true))).toBe('p0 and p2');
    expect(apartNames(runOf(true, false, false))).toBe('the first token, p0,');
    expect(apartNames(runOf(true, true, true, true, true, false))).toBe('the tokens around the text');
  });
});
