/** The tokenizers that GGUF files carry, against the references' ids, and what malformed ones are told. */
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GgufTokenizer } from '../../web/engine/bindings';
import { byteAlphabet, visibleBytes } from '../../web/engine/pieces';
import { readGgufTokenizer, type Tokenizer } from '../../web/engine/tokenizer';
import { readGolden } from '../golden/golden';
import { ggufTokenizer, readMetadata } from './gguf';
import { anyText, checkPlaces, gaps } from './texts';

interface Golden {
  readonly text: string;
  readonly ids: readonly number[];
  readonly tokens: readonly string[];
  /** In code points. */
  readonly offsets: readonly (readonly [number, number])[];
}

const model = new URL('../../build/models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf', import.meta.url);
const golden = <T>(path: string): T =>
  JSON.parse(readFileSync(new URL(`../golden/tokenizers/${path}`, import.meta.url), 'utf8'));
const goldens = golden<Golden[]>('smollm2.json');

let metadata: GgufTokenizer | undefined;
const smollmData = () => (metadata ??= ggufTokenizer(readMetadata(model)));
let loaded: Promise<Tokenizer> | undefined;
const smollm = () => (loaded ??= readGgufTokenizer(smollmData()));
const idsOf = (tokenizer: Tokenizer, text: string) => tokenizer.tokenize(text, false).map(({ id }) => id);

test('the model is there (npm run setup fetches it)', () => expect(existsSync(model)).toBe(true));

describe('SmolLM2: pieces, ids and places equal the reference', () => {
  test.each(goldens.map((each) => [each.text.slice(0, 60), each] as const))('%j', async (_name, each) => {
    const tokens = (await smollm()).tokenize(each.text, false);
    expect(tokens.map((token) => token.id)).toEqual(each.ids);
    expect(tokens.map((token) => token.piece)).toEqual(each.tokens);
    const units = [0];
    for (const character of each.text) units.push((units.at(-1) ?? 0) + character.length);
    expect(tokens.map((token) => [token.start, token.end])).toEqual(
      each.offsets.map(([start, end]) => [units[start], units[end]]),
    );
  });

  test('typed control tokens are the tokens', async () => {
    const chat = readGolden('gguf/smollm2/chat.safetensors');
    const ids = Array.from(chat.tensor('input_ids').data);
    const tokens = (await smollm()).tokenize(chat.metadata['text'] ?? '', false);
    expect(tokens.map(({ id }) => id)).toEqual(ids);
    expect(tokens.map(({ piece }) => piece)).toEqual(JSON.parse(chat.metadata['tokens'] ?? ''));
    // They were typed, not added.
    expect(tokens.every(({ special, start }) => !special && start !== null)).toBe(true);
  });

  test('its answers end with two pieces, and no pattern is foreign', async () => {
    const tokenizer = await smollm();
    expect([...tokenizer.ends].map((id) => tokenizer.describe(id).piece).sort()).toEqual([
      '<|endoftext|>',
      '<|im_end|>',
    ]);
    expect(tokenizer.watched).toBe(false);
  });
});

describe('the same vocabulary, split as other names say', () => {
  const splits = golden<Record<string, Record<string, number[]>>>('splits.json');
  test.each(['gpt-2', 'llama-bpe', 'llama3', 'qwen2', 'default'])('%s', async (pre) => {
    const tokenizer = await readGgufTokenizer({ ...smollmData(), pre, addBos: false });
    const differing = splits[pre === 'llama3' ? 'llama-bpe' : pre] ?? {};
    expect(Object.keys(differing).length).toBeGreaterThan(0);
    for (const [i, { text, ids }] of goldens.entries()) expect(idsOf(tokenizer, text)).toEqual(differing[i] ?? ids);
  });

  test('white space is Unicode’s, not JavaScript’s', async () => {
    const tokens = [...visibleBytes, 'ĠÂ', '¿!'];
    const tokenizer = await readGgufTokenizer(small({ tokens, types: null, eos: null, merges: ['Ġ Â', '¿ !'] }));
    const pieces = (text: string) => tokenizer.tokenize(text, false).map(({ piece }) => piece);
    // U+0085 is white space: the space before it stands alone.
    expect(pieces('a \u0085b')).toEqual(['a', 'Ġ', 'Â', 'ħ', 'b']);
    // U+FEFF is none: it belongs to the mark after it.
    expect(pieces('a \uFEFF!')).toEqual(['a', 'Ġ', 'ï', '»', '¿!']);
  });
});

test('tiny.gguf: the tokens of its run', async () => {
  const run = readGolden('gguf/tiny_run.safetensors');
  const tokenizer = await readGgufTokenizer(
    ggufTokenizer(readMetadata(new URL('../golden/gguf/tiny.gguf', import.meta.url))),
  );
  const tokens = tokenizer.tokenize(run.metadata['text'] ?? '', false);
  expect(tokens.map(({ id }) => id)).toEqual(Array.from(run.tensor('input_ids').data));
  expect(tokens.map(({ piece }) => piece)).toEqual(JSON.parse(run.metadata['tokens'] ?? ''));
  expect(tokenizer.chat).toBe(false);
});

describe('any text through byte-level BPE', () => {
  const wellFormed = (text: string) => text.replace(/\p{Surrogate}/gu, '\uFFFD');
  /** SmolLM2's vocabulary lacks some control characters' bytes and those that begin characters from U+40000 on. */
  const missing = () => new Set(visibleBytes.filter((byte) => !smollmData().tokens.includes(byte)));
  let lacking: ReadonlySet<string> | undefined;
  const spelled = anyText.map((text) => {
    lacking ??= missing();
    return [...wellFormed(text)].filter((each) => ![...byteAlphabet(each)].some((byte) => lacking?.has(byte))).join('');
  });

  test('reads back as it was written', async () => {
    const tokenizer = await smollm();
    fc.assert(
      fc.property(spelled, (text) => {
        const ids = tokenizer.tokenize(text, false).map(({ id }) => id ?? -1);
        const read = tokenizer.generated(ids, 0).map((token) => token.text);
        expect(read.join('')).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  test('places are ordered, within the text, never halve a character and leave no gap', async () => {
    const tokenizer = await smollm();
    fc.assert(
      fc.property(spelled, (text) => {
        const tokens = tokenizer.tokenize(text, false);
        checkPlaces(text, tokens, 'edge');
        expect(gaps(text, tokens)).toBe('');
      }),
      { numRuns: 2000 },
    );
  });

  test('what the vocabulary has no bytes for moves nothing else', async () => {
    const tokens = (await smollm()).tokenize('ab \u{40000}\u0013 cd', false);
    expect(tokens.at(-1)).toMatchObject({ text: ' cd', start: 6, end: 9 });
    checkPlaces('ab \u{40000}\u0013 cd', tokens, 'edge');
  });

  test('composed first (qwen2), nothing is left over either', async () => {
    const tokenizer = await readGgufTokenizer({ ...smollmData(), pre: 'qwen2' });
    fc.assert(
      fc.property(spelled, (text) => {
        const tokens = tokenizer.tokenize(text, false);
        checkPlaces(text, tokens, 'edge');
        expect(gaps(text, tokens)).toBe('');
      }),
      { numRuns: 500 },
    );
    expect(tokenizer.tokenize('e\u0301!', false).map(({ start, end }) => [start, end])).toEqual([
      [0, 2],
      [2, 3],
    ]);
  });

  test.each([
    ['100,000 letters', 'a'.repeat(100_000)],
    ['100,000 spaces', ' '.repeat(100_000)],
    ['100,000 emoji', '😀'.repeat(50_000)],
    ['100,000 marks', `e${'\u0301'.repeat(100_000)}`],
  ])('%s take time in proportion', async (_name, text) => {
    const tokenizer = await smollm();
    const millisecondsFor = (part: string) => {
      const begin = performance.now();
      expect(tokenizer.tokenize(part, false).at(-1)?.end).toBe(part.length);
      return performance.now() - begin;
    };
    millisecondsFor(text.slice(0, text.length / 10));
    // Squared it would be a hundred times.
    expect(millisecondsFor(text)).toBeLessThan(50 * millisecondsFor(text.slice(0, text.length / 10)) + 100);
  });
});

describe('generated tokens', () => {
  const idOf = async (piece: string) => {
    const id = smollmData().tokens.indexOf(piece);
    expect(id, piece).toBeGreaterThanOrEqual(0);
    return id;
  };

  test('a character belongs to the token that completes it', async () => {
    const tokenizer = await smollm();
    const ids = idsOf(tokenizer, '🦒 a').map((id) => id ?? -1);
    expect(ids.length).toBeGreaterThan(3);
    const tokens = tokenizer.generated(ids, 10);
    expect(tokens.map(({ text }) => text).join('')).toBe('🦒 a');
    const at = tokens.findIndex(({ text }) => text === '🦒');
    expect(at).toBeGreaterThan(0);
    expect(tokens.slice(0, at).every(({ text }) => text === '')).toBe(true);
    expect(tokens.map(({ index }) => index)).toEqual(tokens.map((_, i) => 10 + i));
    expect(tokens.every(({ start, end, special }) => start === null && end === null && !special)).toBe(true);
  });

  test('what never becomes a character reads as U+FFFD', async () => {
    const tokenizer = await smollm();
    const [first = -1, ...rest] = idsOf(tokenizer, '🦒').map((id) => id ?? -1);
    const end = await idOf('<|im_end|>');
    const a = await idOf('a');
    expect(tokenizer.generated([first], 0).map(({ text }) => text)).toEqual(['\uFFFD']);
    expect(tokenizer.generated([first, a], 0).map(({ text }) => text)).toEqual(['', '\uFFFDa']);
    // A control token ends the run of bytes.
    const cut = tokenizer.generated([first, end, ...rest], 0);
    expect(cut[0]?.text).toBe('\uFFFD');
    expect(cut[1]).toMatchObject({ id: end, piece: '<|im_end|>', text: '<|im_end|>', special: true });
  });

  test('one id: its piece, and how it reads', async () => {
    const tokenizer = await smollm();
    expect(tokenizer.describe(await idOf('Ġcat'))).toEqual({ piece: 'Ġcat', text: ' cat' });
    expect(tokenizer.describe(await idOf('Ċ'))).toEqual({ piece: 'Ċ', text: '\n' });
    expect(tokenizer.describe(await idOf(visibleBytes[0xf0] ?? ''))).toEqual({ piece: 'ð', text: '\uFFFD' });
    expect(tokenizer.describe(await idOf('<|im_end|>'))).toEqual({ piece: '<|im_end|>', text: '<|im_end|>' });
    for (const id of [-1, 49152, 1e12, 0.5])
      expect(tokenizer.describe(id)).toEqual({ piece: `#${id}`, text: `#${id}` });
    expect(tokenizer.generated([], 0)).toEqual([]);
  });
});

// ---- SentencePiece ----

interface Pieces {
  readonly tokens: string[];
  readonly scores: number[];
  readonly types: number[];
  readonly runs: readonly { readonly text: string; readonly ids: number[] }[];
}

const bare = { model: 'llama', pre: null, merges: null, bos: 1, eos: 2, unknown: 0, addBos: false, addEos: null };
const sentencePiece = (parts: Partial<GgufTokenizer> = {}): GgufTokenizer => {
  const { tokens, scores, types } = golden<Pieces>('sentencepiece.json');
  return {
    ...{ ...bare, addSpacePrefix: null, chatTemplate: null, huggingface: null, tokens },
    ...{ scores: Float32Array.from(scores), types: Int32Array.from(types) },
    ...parts,
  };
};

describe('SentencePiece', () => {
  test('ids equal SentencePiece’s own, and every character has its place', async () => {
    const tokenizer = await readGgufTokenizer(sentencePiece());
    for (const { text, ids } of golden<Pieces>('sentencepiece.json').runs) {
      const tokens = tokenizer.tokenize(text, false);
      expect(tokens.map(({ id }) => id)).toEqual(ids);
      checkPlaces(text, tokens);
      expect(gaps(text, tokens)).toBe('');
    }
  });

  test('any text: places in order and without a gap, and it reads back', async () => {
    const tokenizer = await readGgufTokenizer(sentencePiece({ addSpacePrefix: false }));
    fc.assert(
      fc.property(anyText, (text) => {
        const tokens = tokenizer.tokenize(text, false);
        checkPlaces(text, tokens);
        expect(gaps(text, tokens)).toBe('');
        const read = tokenizer
          .generated(
            tokens.map(({ id }) => id ?? -1),
            0,
          )
          .map((token) => token.text);
        // A typed ▁ is the same piece as a space.
        expect(read.join('')).toBe(text.replace(/\p{Surrogate}/gu, '\uFFFD').replaceAll('▁', ' '));
      }),
      { numRuns: 1000 },
    );
  });

  test('begins with its first piece unless the file says otherwise', async () => {
    const pieces = async (parts: Partial<GgufTokenizer>) =>
      (await readGgufTokenizer(sentencePiece(parts))).tokenize('a', false);
    expect(await pieces({ addBos: null })).toMatchObject([
      { piece: '<s>', text: '<s>', special: true, start: null },
      { piece: '▁a', text: 'a', special: false, start: 0, end: 1 },
    ]);
    expect((await pieces({ addBos: false })).map(({ piece }) => piece)).toEqual(['▁a']);
    expect((await pieces({ addBos: true, addEos: true })).map(({ piece }) => piece)).toEqual(['<s>', '▁a', '</s>']);
    expect((await pieces({ addSpacePrefix: false })).map(({ piece }) => piece)).toEqual(['a']);
  });

  test('a piece without a place reads as text', async () => {
    const [first] = (await readGgufTokenizer(sentencePiece())).tokenize('🦦', false);
    expect(first).toMatchObject({ piece: '▁', text: ' ', start: null, end: null, special: false });
  });

  test('a byte reads as U+FFFD alone and as its character in a row', async () => {
    const tokenizer = await readGgufTokenizer(sentencePiece());
    const ids = ['<0xC3>', '<0xA9>', '▁a'].map((piece) => sentencePiece().tokens.indexOf(piece));
    expect(tokenizer.describe(ids[0] ?? -1)).toEqual({ piece: '<0xC3>', text: '\uFFFD' });
    expect(tokenizer.generated(ids, 0).map(({ text }) => text)).toEqual(['', 'é', ' a']);
  });
});

// ---- What malformed files are told ----

const small = (parts: Partial<GgufTokenizer> = {}): GgufTokenizer => ({
  ...{ model: 'gpt2', pre: 'gpt-2', tokens: ['a', 'b', 'ab', '<|end|>'], merges: ['a b'], scores: null },
  ...{ types: Int32Array.of(1, 1, 1, 3), bos: null, eos: 3, unknown: null, addBos: null, addEos: null },
  ...{ addSpacePrefix: null, chatTemplate: null, huggingface: null },
  ...parts,
});
const scores = (...numbers: number[]) => Float32Array.from(numbers);
const types = (...numbers: number[]) => Int32Array.from(numbers);

describe('a hostile or broken tokenizer is refused, and the refusal says why', () => {
  test('the small one is right as it is', async () => {
    const tokenizer = await readGgufTokenizer(small());
    expect(idsOf(tokenizer, 'abb<|end|>')).toEqual([2, 1, 3]);
    expect(tokenizer.ends).toEqual([3]);
  });

  test.each<[string, Partial<GgufTokenizer>, RegExp]>([
    ['WordPiece', { model: 'bert' }, /“bert”/],
    ['T5’s', { model: 't5' }, /“t5”/],
    ['RWKV’s', { model: 'rwkv' }, /“rwkv”/],
    ['none', { model: 'none' }, /“none”/],
    ['a model without a name', { model: '' }, /gpt2 or llama/],
    ['a model with a name without end', { model: 'x'.repeat(10_000) }, /…/],
    ['an unknown way to split', { pre: 'viking' }, /pre.*viking/],
    ['a way to split named like an object’s own', { pre: 'constructor' }, /constructor/],
    ['no way to split', { pre: null }, /nothing/],
    ['an empty way to split', { pre: '' }, /tokenizer\.ggml\.pre/],
    ['no pieces', { tokens: [], types: null }, /tokens/],
    ['an empty piece', { tokens: ['a', '', 'ab', '<|end|>'] }, /piece 1/],
    ['a piece without end', { tokens: ['a', 'b', 'x'.repeat(5000), '<|end|>'] }, /piece 2/],
    ['a piece twice', { tokens: ['a', 'b', 'ab', 'a'] }, /twice/],
    ['too few types', { types: types(1, 1) }, /token_type/],
    ['too many types', { types: types(1, 1, 1, 3, 1) }, /token_type/],
    ['an unknown type', { types: types(1, 1, 1, 99) }, /type of piece 3/],
    ['a negative type', { types: types(1, -1, 1, 3) }, /type of piece 1/],
    ['too few scores', { scores: scores(1) }, /scores/],
    ['a score that is none', { scores: scores(0, Number.NaN, 0, 0) }, /score of piece 1/],
    ['an endless score', { scores: scores(0, 0, Number.NEGATIVE_INFINITY, 0) }, /score of piece 2/],
    ['no merges', { merges: null }, /merges/],
    ['a merge of an absent piece', { merges: ['a z'] }, /“?z/],
    ['a merge into an absent piece', { merges: ['b a'] }, /ba/],
    ['a merge of one', { merges: ['ab'] }, /two pieces/],
    ['a merge of three', { merges: ['a b a'] }, /two pieces/],
    ['a merge of nothing', { merges: [' '] }, /piece/],
    ['an empty merge', { merges: [''] }, /two pieces/],
    ['a beginning outside the vocabulary', { bos: 4 }, /bos/],
    ['a negative beginning', { bos: -1 }, /bos/],
    ['an end outside the vocabulary', { eos: 4_000_000_000 }, /eos/],
    ['an end that is no whole number', { eos: 0.5 }, /eos/],
    ['an unknown piece outside the vocabulary', { unknown: 9 }, /unknown/],
    ['a beginning that is added and not named', { addBos: true }, /names none/],
    ['an end that is added and not named', { addEos: true, eos: null }, /names none/],
    ['Llama 3 without a beginning', { pre: 'llama-bpe' }, /names none/],
    ['SentencePiece without scores', { model: 'llama' }, /scores/],
    ['a tokenizer.json that is none', { huggingface: '{' }, /not JSON/],
    ['a tokenizer.json of nothing', { huggingface: '{}' }, /model/],
    [
      'a tokenizer.json of other pieces',
      { huggingface: JSON.stringify({ model: { type: 'BPE', vocab: { b: 0, a: 1, ba: 2 }, merges: ['b a'] } }) },
      /piece 0 differs/,
    ],
  ])('%s', async (_name, parts, says) => {
    await expect(readGgufTokenizer(small(parts))).rejects.toMatchObject({
      name: 'EngineError',
      code: expect.stringMatching(/^(bad-config|unsupported)$/),
      message: expect.stringMatching(says),
    });
  });

  test('what is not known is unsupported, what is wrong is bad', async () => {
    await expect(readGgufTokenizer(small({ pre: 'viking' }))).rejects.toMatchObject({ code: 'unsupported' });
    await expect(readGgufTokenizer(small({ model: 'bert' }))).rejects.toMatchObject({ code: 'unsupported' });
    await expect(readGgufTokenizer(small({ merges: ['a z'] }))).rejects.toMatchObject({ code: 'bad-config' });
  });

  test('SentencePiece pieces that take for ever to take apart', async () => {
    const tokens = Array.from({ length: 1000 }, (_, i) => `${'a'.repeat(1000)}${i}`);
    await expect(
      readGgufTokenizer(sentencePiece({ tokens, types: null, scores: new Float32Array(1000), eos: null })),
    ).rejects.toMatchObject({ code: 'bad-config', message: expect.stringContaining('too long') });
  });

  test('names of the prototype are pieces like others', async () => {
    const tokens = ['__proto__', 'constructor', 'a', '<|end|>'];
    const tokenizer = await readGgufTokenizer(small({ tokens, merges: [], types: types(4, 4, 1, 3) }));
    expect(idsOf(tokenizer, '__proto__a')).toEqual([0, 2]);
  });

  test('a whole tokenizer.json in the file is preferred to its lists', async () => {
    const huggingface = JSON.stringify({
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
      model: { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: [] },
    });
    expect(idsOf(await readGgufTokenizer(small({ huggingface })), 'ab')).toEqual([0, 1]);
  });
});
