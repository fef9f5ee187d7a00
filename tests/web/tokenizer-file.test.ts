/** What a tokenizer.json may say: hostile and broken ones are refused, odd ones are read, and patterns are watched. */
import { describe, expect, test } from 'vitest';
import { readTokenizer } from '../../web/engine/tokenizer';
import { wordPiece } from './texts';

const read = (tokenizer: string, config: string | null = null) =>
  readTokenizer({ tokenizer, config, chatTemplate: null });

const added = (content: string, id: number) => ({ id, content, special: true });

/** A byte pair tokenizer of three pieces. */
const bpe = (parts: object = {}, model: object = {}) =>
  JSON.stringify({
    pre_tokenizer: { type: 'WhitespaceSplit' },
    model: { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: ['a b'], ...model },
    ...parts,
  });

/** Takes time that doubles with each letter. */
const bomb = '(a+)+$';

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
    ['a model of null', '{"model": null}', /model/],
    ['a piece that is a number', JSON.stringify({ model: { type: 'Unigram', vocab: [[7, 0]] } }), /string/],
    ['an empty Unigram vocabulary', JSON.stringify({ model: { type: 'Unigram', vocab: [] } }), /empty/],
    [
      'an unknown piece beyond the list',
      JSON.stringify({ model: { type: 'Unigram', unk_id: 5, vocab: [['a', 0]] } }),
      /unk_id/,
    ],
    [
      'an unknown piece that is no number',
      JSON.stringify({ model: { type: 'Unigram', unk_id: 'a', vocab: [['a', 0]] } }),
      /unknown piece/,
    ],
    ['a merge of an absent piece', bpe({}, { merges: ['a z'] }), /no piece.*z/],
    ['a merge into an absent piece', bpe({}, { merges: ['b a'] }), /no piece.*ba/],
    ['a merge of one', bpe({}, { merges: ['ab'] }), /two pieces/],
    ['a merge of numbers', bpe({}, { merges: [[1, 2]] }), /two pieces/],
    ['a merge of null', bpe({}, { merges: [null] }), /list/],
    ['no merges', bpe({}, { merges: undefined }), /merges/],
    ['an absent unknown piece of BPE', bpe({}, { unk_token: '<unk>' }), /unk_token/],
    ['BPE with prefixes inside words', bpe({}, { continuing_subword_prefix: '##' }), /prefix/],
    ['a suffix that is an object', bpe({}, { end_of_word_suffix: {} }), /end_of_word_suffix/],
    [
      'a continuing prefix that is a number',
      wordPiece({}, { continuing_subword_prefix: 3 }),
      /continuing_subword_prefix/,
    ],
    ['an added token of two ids', bpe({ added_tokens: [added('[X]', 1), added('[X]', 2)] }), /two ids/],
    ['an added token that is a string', bpe({ added_tokens: ['[X]'] }), /object/],
    ['an added token without end', bpe({ added_tokens: [added('x'.repeat(2000), 3)] }), /too long/],
    ['a normaliser that is a list', bpe({ normalizer: [{ type: 'NFC' }] }), /normalizer/],
    ['a pre-tokenizer that is a string', bpe({ pre_tokenizer: 'ByteLevel' }), /pre_tokenizer/],
    ['a post-processor that is a number', bpe({ post_processor: 4 }), /post_processor/],
    ['pieces of length 0, for ever', bpe({ pre_tokenizer: { type: 'FixedLength', length: 0 } }), /FixedLength/],
    ['pieces of length -1, for ever', bpe({ pre_tokenizer: { type: 'FixedLength', length: -1 } }), /FixedLength/],
    [
      'replacing that multiplies a text',
      bpe({ normalizer: { type: 'Replace', pattern: { String: 'a' }, content: 'a'.repeat(1000) } }),
      /longer/,
    ],
    [
      'replacing that doubles it again and again',
      bpe({
        normalizer: {
          type: 'Sequence',
          normalizers: Array.from({ length: 30 }, () => ({ type: 'Replace', pattern: { String: 'a' }, content: 'aa' })),
        },
      }),
      /longer/,
    ],
    [
      'replacing nothing by something',
      bpe({ normalizer: { type: 'Replace', pattern: { Regex: 'x*' }, content: 'y'.repeat(99) } }),
      /longer/,
    ],
    [
      'a foreign pattern that would run while the file is read',
      bpe({
        normalizer: { type: 'Replace', pattern: { Regex: bomb }, content: '' },
        added_tokens: [{ id: 9, content: `${'a'.repeat(40)}!`, special: false, normalized: true }],
      }),
      /pattern is not known/,
    ],
    ['an unknown post-processor', bpe({ post_processor: { type: 'Magic' } }), /Magic/],
  ])('%s', async (_name, json, says) => {
    await expect(read(json)).rejects.toMatchObject({
      name: 'EngineError',
      code: expect.stringMatching(/^(bad-config|unsupported)$/),
      message: expect.stringMatching(says),
    });
  });

  test('names of the prototype are pieces like others', async () => {
    const vocab = '{"[UNK]": 0, "__proto__": 1, "constructor": 2, "ab": 3}';
    const tokenizer = await read(
      `{"pre_tokenizer": {"type": "WhitespaceSplit"}, "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "vocab": ${vocab}}}`,
    );
    expect(tokenizer.tokenize('ab __proto__ constructor toString', false).map((token) => token.id)).toEqual([
      3, 1, 2, 0,
    ]);
    expect(({} as Record<string, unknown>)['ab']).toBeUndefined();
  });
});

describe('beside it', () => {
  test.each([
    ['a tokenizer_config.json that is none', '<html>'],
    ['one that is a list', '[]'],
  ])('%s is refused by its name', async (_name, config) => {
    await expect(read(bpe(), config)).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining('tokenizer_config.json'),
    });
  });

  test.each([
    ['as a string', { eos_token: '</s>' }],
    ['as an object', { eos_token: { content: '</s>', lstrip: false } }],
  ])('names the piece that ends a text, %s', async (_name, config) => {
    const tokenizer = await read(
      bpe({ added_tokens: [added('</s>', 7), added('<|im_end|>', 8)] }),
      JSON.stringify(config),
    );
    expect([...tokenizer.ends].sort()).toEqual([7, 8]);
  });

  test('an end that is no piece, or a piece of ordinary text, ends nothing', async () => {
    expect((await read(bpe(), '{"eos_token": "[GONE]"}')).ends).toEqual([]);
    expect((await read(bpe({}, { vocab: { a: 0, b: 1, ab: 2, '</s>': 3 } }))).ends).toEqual([]);
  });
});

describe('merges', () => {
  test('may be pairs, strings, or both', async () => {
    const vocab = { a: 0, b: 1, ab: 2, abb: 3 };
    for (const merges of [
      ['a b', 'ab b'],
      [
        ['a', 'b'],
        ['ab', 'b'],
      ],
      ['a b', ['ab', 'b']],
      [['a', 'b'], 'ab b'],
    ]) {
      expect((await read(bpe({}, { vocab, merges }))).tokenize('abb', false).map(({ id }) => id)).toEqual([3]);
    }
  });
});

describe('patterns', () => {
  const split = (regex: string) =>
    bpe({ pre_tokenizer: { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false } });

  test.each([
    ['GPT-2’s', String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`],
    [
      'Llama 3’s',
      String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
    ],
    [
      'Qwen2’s',
      String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
    ],
    ['digits', String.raw`\p{N}`],
  ])('%s is known, needs no watch and stays fast', async (_name, regex) => {
    const tokenizer = await read(split(regex));
    expect(tokenizer.watched).toBe(false);
    for (const text of ['a'.repeat(100_000), ' '.repeat(100_000), ' \n'.repeat(50_000), '\u0301'.repeat(100_000)]) {
      const begin = performance.now();
      tokenizer.tokenize(text, false);
      expect(performance.now() - begin).toBeLessThan(2000);
    }
  });

  test('a foreign one is watched, and reading the file does not run it', async () => {
    const begin = performance.now();
    const tokenizer = await read(split(bomb));
    expect(performance.now() - begin).toBeLessThan(1000);
    expect(tokenizer.watched).toBe(true);
    expect(tokenizer.tokenize('ab', false).map(({ piece }) => piece)).toEqual(['ab']);
    // Twenty-odd letters are enough to see it coming: the page's side ends the worker after two seconds.
    const time = (letters: number) => {
      const from = performance.now();
      tokenizer.tokenize(`${'a'.repeat(letters)}!`, false);
      return performance.now() - from;
    };
    time(14);
    expect(time(22)).toBeGreaterThan(4 * time(16));
  });

  test('so is one in a normaliser, wherever it is nested', async () => {
    const normalizer = {
      type: 'Sequence',
      normalizers: [{ type: 'NFC' }, { type: 'Replace', pattern: { Regex: bomb }, content: '' }],
    };
    expect((await read(bpe({ normalizer }))).watched).toBe(true);
  });
});
