/** Tokenising and alignment, against the reference tokenizer's goldens and against anything a keyboard can produce. */
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { visibleBytes } from '../../web/engine/pieces';
import { idsTokenizer, readTokenizer, type Tokenizer } from '../../web/engine/tokenizer';
import { anyText, checkPlaces, gaps, wordPiece } from './texts';

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
/** Reads a tokenizer.json that stands alone, for plain text. */
async function tokenizer(json: string): Promise<(text: string) => ReturnType<Tokenizer['tokenize']>> {
  const read = await readTokenizer({ tokenizer: json, config: null, chatTemplate: null });
  return (text) => read.tokenize(text, false);
}
let loaded: ReturnType<typeof tokenizer> | undefined;
const minilm = () => (loaded ??= tokenizer(readFileSync(model, 'utf8')));
const tokenizeIds = (text: string) => idsTokenizer.tokenize(text, false);

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

describe('other tokenizers', () => {
  test('a cased vocabulary keeps its capital sigma', async () => {
    const tokenize = await tokenizer(wordPiece());
    expect(tokenize('Σ σ abc').map((token) => token.id)).toEqual([1, 2, 3, 4]);
  });

  test('byte-level pieces cover the text without a gap, half characters included', async () => {
    const alphabet = visibleBytes.map((char, id) => [char, id] as const);
    const tokenize = await tokenizer(
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
    const tokenize = await tokenizer(
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
    const tokenize = await tokenizer(
      wordPiece({
        truncation: { max_length: 2, strategy: 'LongestFirst', stride: 0 },
        padding: { strategy: { Fixed: 9 } },
      }),
    );
    expect(tokenize('ab ab ab')).toHaveLength(3);
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
  test('generated ones follow it', () => {
    expect(idsTokenizer.generated([5, 7], 3)).toEqual([
      { index: 3, id: 5, piece: '5', text: ' 5', start: null, end: null, special: false },
      { index: 4, id: 7, piece: '7', text: ' 7', start: null, end: null, special: false },
    ]);
    expect(idsTokenizer.describe(5)).toEqual({ piece: '5', text: '5' });
    expect(idsTokenizer).toMatchObject({ chat: false, ends: [], watched: false });
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
