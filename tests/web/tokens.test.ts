/** Tokenising and alignment, against the reference tokenizer's goldens and against anything a keyboard can produce. */
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTokenizer, type Tokenize, tokenizeIds, visibleBytes } from '../../web/engine/tokenizer';
import type { Token } from '../../web/engine/types';

interface Golden {
  readonly text: string;
  readonly ids: readonly number[];
  readonly tokens: readonly string[];
  /** In code points; [0, 0] for what the tokenizer adds. */
  readonly offsets: readonly (readonly [number, number])[];
}

const model = new URL('../../build/models/all-minilm-l6-v2/tokenizer.json', import.meta.url);
const goldens: Golden[] = JSON.parse(
  readFileSync(new URL('../golden/tokenizers/minilm.json', import.meta.url), 'utf8'),
);
let loaded: Promise<Tokenize> | undefined;
const minilm = () => (loaded ??= readTokenizer(readFileSync(model, 'utf8')));

test('the model is there (npm run setup fetches it)', () => expect(existsSync(model)).toBe(true));

describe('pieces, ids and places equal the reference', () => {
  for (const golden of goldens) {
    const name = JSON.stringify(golden.text);
    test(name.length > 60 ? `${name.slice(0, 60)}… (${golden.text.length})` : name, async () => {
      const tokens = (await minilm())(golden.text);
      expect(tokens.map((token) => token.id)).toEqual(golden.ids);
      expect(tokens.map((token) => token.piece)).toEqual(golden.tokens);
      const units = [0];
      for (const character of golden.text) units.push((units.at(-1) ?? 0) + character.length);
      const wanted = golden.offsets.map(([start, end]) => (end === 0 ? [null, null] : [units[start], units[end]]));
      expect(tokens.map((token) => [token.start, token.end])).toEqual(wanted);
    });
  }
});

/** What keyboards, input methods and other people's web pages produce, and what lies between. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom(
        ...[
          'İ',
          'Σ',
          'ΟΔΟΣ',
          'ß',
          'ﬁ',
          'e\u0301\u0323',
          '\u0345',
          '👩\u200D👩\u200D👧',
          '🏳\uFE0F\u200D🌈',
          '注意',
          '𠮷𠮷',
          '안녕',
        ],
        ...['\uD83D', '\uDE00', '\0', '\u200B', '\u202E', '\u00AD', '\uFFFD', '\uE000', ' ', '\t', '\n', '\u3000'],
        ...['[MASK]', '[UNK]', '[CLS', '##ing', '#', 'playing', 'Ġ', '▁', '\u1B44\u1B34', '\u302E'],
      ),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

function checkPlaces(text: string, tokens: readonly Token[]): void {
  let start = 0;
  let end = 0;
  for (const token of tokens) {
    if (token.start === null || token.end === null) {
      expect(token.text).toBe(token.piece);
      continue;
    }
    expect(token.start).toBeGreaterThanOrEqual(start);
    expect(token.end).toBeGreaterThanOrEqual(end);
    expect(token.end).toBeGreaterThan(token.start);
    expect(token.end).toBeLessThanOrEqual(text.length);
    // Two tokens share a character or follow one another, and never reach into one another.
    expect(token.start >= end || (token.start === start && token.end === end)).toBe(true);
    expect(token.text).toBe(text.slice(token.start, token.end));
    for (const at of [token.start, token.end]) {
      expect(/[\uD800-\uDBFF]$/.test(text.slice(0, at)) && /^[\uDC00-\uDFFF]/.test(text.slice(at))).toBe(false);
    }
    [start, end] = [token.start, token.end];
  }
}

/** What no token covers. */
function gaps(text: string, tokens: readonly Token[]): string {
  const covered = new Set<number>();
  for (const { start, end } of tokens) for (let at = start ?? 0; at < (end ?? 0); ++at) covered.add(at);
  // Two unpaired surrogates must not become one character when what stood between them is taken out.
  return [...text.replace(/\p{Surrogate}/gu, '\uFFFD')].reduce(
    ({ at, left }, character) => ({ at: at + character.length, left: covered.has(at) ? left : left + character }),
    { at: 0, left: '' },
  ).left;
}

describe('any text', () => {
  test('places are ordered, within the text, and never halve a character', async () => {
    const tokenize = await minilm();
    fc.assert(
      fc.property(anyText, (text) => checkPlaces(text, tokenize(text))),
      { numRuns: 2000 },
    );
  });

  test('nothing is left over but spaces and what the normaliser drops', async () => {
    const tokenize = await minilm();
    fc.assert(
      fc.property(anyText, (text) => {
        expect(gaps(text, tokenize(text)).replace(/[\s\p{C}\p{Mn}\uFFFD]/gu, '')).toBe('');
      }),
      { numRuns: 2000 },
    );
  });

  test('exactly the tokens that the tokenizer adds are special', async () => {
    const tokenize = await minilm();
    fc.assert(
      fc.property(anyText, (text) => {
        const tokens = tokenize(text);
        expect(tokens.map((token) => token.special)).toEqual(tokens.map((_, i) => i === 0 || i === tokens.length - 1));
        expect(tokens.every((token) => !token.special || token.start === null)).toBe(true);
        expect(tokens.map((token) => token.index)).toEqual(tokens.map((_, i) => i));
      }),
    );
  });
});

describe('long text does not hang', () => {
  test.each([
    ['a word of 10,000 characters', 'a'.repeat(10_000), 3],
    ['100,000 characters of words', 'word '.repeat(20_000), 20_002],
    ['100,000 ideographs', '力'.repeat(100_000), 100_002],
    ['100,000 combining marks', `e${'\u0301'.repeat(100_000)}`, 3],
    ['100,000 emoji', '😀'.repeat(50_000), 3],
    ['100,000 marks', '!?'.repeat(50_000), 100_002],
  ])('%s', async (_name, text, count) => {
    const tokenize = await minilm();
    const begin = performance.now();
    const tokens = tokenize(text);
    expect(performance.now() - begin).toBeLessThan(2000);
    expect(tokens).toHaveLength(count);
    checkPlaces(text.slice(0, 0), []);
  });

  test('beyond reason it is refused before any work', async () => {
    expect(() => tokenizeIds('1 '.repeat(200_000))).toThrow(expect.objectContaining({ code: 'too-long' }));
    const tokenize = await minilm();
    expect(() => tokenize('x'.repeat(200_001))).toThrow(
      expect.objectContaining({ code: 'too-long', message: expect.stringContaining('200001') }),
    );
  });
});

/** A tokenizer.json of few pieces. */
const wordPiece = (parts: object = {}, model: object = {}) =>
  JSON.stringify({
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: false },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    model: { type: 'WordPiece', unk_token: '[UNK]', vocab: { '[UNK]': 0, Σ: 1, σ: 2, ab: 3, '##c': 4 }, ...model },
    ...parts,
  });

describe('other tokenizers', () => {
  test('a cased vocabulary keeps its capital sigma', async () => {
    const tokenize = await readTokenizer(wordPiece());
    expect(tokenize('Σ σ abc').map((token) => token.id)).toEqual([1, 2, 3, 4]);
  });

  test('byte-level pieces cover the text without a gap, half characters included', async () => {
    const alphabet = visibleBytes.map((char, id) => [char, id] as const);
    const tokenize = await readTokenizer(
      JSON.stringify({
        pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
        model: {
          type: 'BPE',
          vocab: Object.fromEntries([...alphabet, ['he', 256], ['Ġhe', 257]]),
          merges: ['h e', 'Ġ he'],
        },
      }),
    );
    expect(tokenize('he he 😀').map(({ piece, start, end }) => [piece, start, end])).toEqual([
      ['he', 0, 2],
      ['Ġhe', 2, 5],
      ['Ġ', 5, 6],
      ...['ð', 'Ł', 'ĺ', 'Ģ'].map((piece) => [piece, 6, 8]),
    ]);
    fc.assert(
      fc.property(anyText, (text) => {
        const tokens = tokenize(text);
        checkPlaces(text, tokens);
        expect(gaps(text, tokens)).toBe('');
      }),
    );
  });

  test('a piece may begin with a space that the text does not have', async () => {
    const tokenize = await readTokenizer(
      JSON.stringify({
        pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always' },
        model: {
          type: 'Unigram',
          unk_id: 0,
          vocab: [
            ['<unk>', 0],
            ['▁it', -1],
            ['▁was', -1],
            ['s', -2],
            ['▁', -3],
          ],
        },
      }),
    );
    expect(tokenize('it was its').map(({ piece, start, end }) => [piece, start, end])).toEqual([
      ['▁it', 0, 2],
      ['▁was', 2, 6],
      ['▁it', 6, 9],
      ['s', 9, 10],
    ]);
  });

  test('truncation and padding are ignored', async () => {
    const tokenize = await readTokenizer(
      wordPiece({
        truncation: { max_length: 2, strategy: 'LongestFirst', stride: 0 },
        padding: { strategy: { Fixed: 9 } },
      }),
    );
    expect(tokenize('ab ab ab')).toHaveLength(3);
  });
});

const nested = (depth: number): object =>
  depth === 0 ? { type: 'NFC' } : { type: 'Sequence', normalizers: [nested(depth - 1)] };

describe('a hostile or broken tokenizer.json is refused, and the refusal says why', () => {
  test.each<[string, string, RegExp]>([
    ['not JSON', '<!DOCTYPE html><p>Sign in</p>', /not JSON/],
    ['nothing', '', /not JSON/],
    ['a list', '[]', /object/],
    ['null', 'null', /object/],
    ['no model', '{}', /model/],
    ['a model that is a string', '{"model": "BPE"}', /model/],
    ['an unknown type', wordPiece({}, { type: 'Oracle' }), /Oracle/],
    ['a type that is a number', wordPiece({}, { type: 3 }), /type/],
    ['no vocabulary', wordPiece({}, { vocab: undefined }), /vocab/],
    ['an empty vocabulary', wordPiece({}, { vocab: {} }), /vocab/],
    ['a vocabulary that is a list', wordPiece({}, { vocab: [] }), /vocab/],
    ['an id that is a string', wordPiece({}, { vocab: { '[UNK]': '0' } }), /\[UNK\]/],
    ['a negative id', wordPiece({}, { vocab: { '[UNK]': 0, a: -1 } }), /“a”/],
    ['an id of 10^12', wordPiece({}, { vocab: { '[UNK]': 0, a: 1e12 } }), /1000000000000/],
    ['an id that is no whole number', wordPiece({}, { vocab: { '[UNK]': 0, a: 1.5 } }), /1.5/],
    ['an id that is null', wordPiece({}, { vocab: { '[UNK]': 0, a: null } }), /null/],
    ['a piece without end', wordPiece({}, { vocab: { '[UNK]': 0, ['a'.repeat(5000)]: 1 } }), /too long/],
    ['no unknown piece', wordPiece({}, { unk_token: null }), /unk_token/],
    ['an unknown piece outside the vocabulary', wordPiece({}, { unk_token: '[WHAT]' }), /\[WHAT\]/],
    ['words of 10^9 characters', wordPiece({}, { max_input_chars_per_word: 1e9 }), /max_input_chars_per_word/],
    ['merges that are no list', JSON.stringify({ model: { type: 'BPE', vocab: { a: 0 }, merges: {} } }), /merges/],
    ['a merge of three', JSON.stringify({ model: { type: 'BPE', vocab: { a: 0 }, merges: ['a b c'] } }), /two pieces/],
    ['scores that are strings', JSON.stringify({ model: { type: 'Unigram', vocab: [['a', 'b']] } }), /score/],
    ['an added token of 10^12', wordPiece({ added_tokens: [{ id: 1e12, content: '[X]', special: true }] }), /\[X\]/],
    ['an added token without content', wordPiece({ added_tokens: [{ id: 1, special: true }] }), /added token/],
    ['an added token that is empty', wordPiece({ added_tokens: [{ id: 1, content: '' }] }), /empty/],
    ['added tokens that are no list', wordPiece({ added_tokens: 'x' }), /added_tokens/],
    ['an unknown normaliser', wordPiece({ normalizer: { type: 'Magic' } }), /Magic/],
    ['an unknown pre-tokenizer', wordPiece({ pre_tokenizer: { type: 'Magic' } }), /Magic/],
    ['normalisers nested without end', wordPiece({ normalizer: nested(40) }), /nested/],
    [
      'a pattern without end',
      wordPiece({ pre_tokenizer: { type: 'Split', pattern: { Regex: 'a?'.repeat(9000) }, behavior: 'Isolated' } }),
      /too long/,
    ],
    [
      'a pattern that is none',
      wordPiece({ pre_tokenizer: { type: 'Split', pattern: { Regex: '(' }, behavior: 'Isolated' } }),
      /cannot be used/,
    ],
    [
      'a special token outside the vocabulary',
      wordPiece({
        post_processor: {
          type: 'TemplateProcessing',
          single: [{ SpecialToken: { id: '[GONE]', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
        },
      }),
      /\[GONE\]/,
    ],
    [
      'the text twice',
      wordPiece({
        post_processor: { type: 'TemplateProcessing', single: [{ Sequence: { id: 'A' } }, { Sequence: { id: 'A' } }] },
      }),
      /once/,
    ],
  ])('%s', async (_name, json, says) => {
    await expect(readTokenizer(json)).rejects.toMatchObject({
      name: 'EngineError',
      code: expect.stringMatching(/^(bad-config|unsupported)$/),
      message: expect.stringMatching(says),
    });
  });

  test('names of the prototype are pieces like others', async () => {
    const vocab = '{"[UNK]": 0, "__proto__": 1, "constructor": 2, "ab": 3}';
    const tokenize = await readTokenizer(
      `{"pre_tokenizer": {"type": "WhitespaceSplit"}, "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "vocab": ${vocab}}}`,
    );
    expect(tokenize('ab __proto__ constructor toString').map((token) => token.id)).toEqual([3, 1, 2, 0]);
    expect(({} as Record<string, unknown>)['ab']).toBeUndefined();
  });
});

describe('without a tokenizer the text is token ids', () => {
  test('with their places', () => {
    expect(tokenizeIds(' 101\t7 \n102')).toMatchObject([
      { index: 0, id: 101, piece: '101', text: '101', start: 1, end: 4, special: false },
      { id: 7, start: 5, end: 6 },
      { id: 102, start: 8, end: 11 },
    ]);
    expect(tokenizeIds('')).toEqual([]);
  });
  test.each(['hello', '-1', '1.5', '1e3', '0x10', '٣', '99999999999', '101,102', 'NaN', '2000000'])(
    '%s is none',
    (text) => {
      expect(() => tokenizeIds(`101 ${text}`)).toThrow(
        expect.objectContaining({ code: 'bad-request', message: expect.stringContaining('tokenizer.json') }),
      );
    },
  );
});
