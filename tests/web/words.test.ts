/** Which tokens make a word, what a word weighs, and how a text reads as prose: for every writing of pieces. */
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTokenizer } from '../../web/engine/tokenizer';
import type { Token } from '../../web/engine/types';
import { isRightToLeft, proseOf } from '../../web/state/prose';
import { spell } from '../../web/state/spelling';
import { weightsOfWords, wordAt, wordsOf } from '../../web/state/words';
import { anyText } from './texts';

/** A run of tokens that stand in the text one after the other; `[…]` are added by the tokenizer. */
function placed(text: string, pieces: readonly string[]): { text: string; tokens: Token[] } {
  let at = 0;
  const tokens = pieces.map((piece, index): Token => {
    if (/^\[.+\]$/.test(piece)) return { index, id: index, piece, text: piece, start: null, end: null, special: true };
    const letters = piece.replace(/^##/, '').replace(/^[Ġ▁]/u, '');
    const start = text.toLowerCase().indexOf(letters.toLowerCase(), at);
    if (start < 0) throw new Error(`${piece} is not in the text`);
    at = start + letters.length;
    return { index, id: index, piece, text: text.slice(start, at), start, end: at, special: false };
  });
  return { text, tokens };
}

/** What a trace has: pieces and nothing else. */
function trace(pieces: readonly string[]): { text: string; tokens: Token[] } {
  const tokens = pieces.map((piece, index) => {
    const special = /^(\[.+\]|<s>)$/.test(piece);
    return { index, id: null, piece, text: piece, start: null, end: null, special };
  });
  return { text: '', tokens };
}

/** The pieces of each word. */
const grouped = (run: { text: string; tokens: Token[] }): string[][] =>
  wordsOf(run).map(({ first, end }) => run.tokens.slice(first, end).map(({ piece }) => piece));

describe('words of a text', () => {
  it('WordPiece: pieces of a word, an apostrophe inside, and no punctuation beside it', () => {
    const text = "The tokenizer didn't care, playing.";
    const pieces = ['[CLS]', 'the', 'token', '##izer', 'didn', "'", 't', 'care', ',', 'playing', '.', '[SEP]'];
    expect(grouped(placed(text, pieces))).toEqual([
      ['[CLS]'],
      ['the'],
      ['token', '##izer'],
      ['didn', "'", 't'],
      ['care'],
      [','],
      ['playing'],
      ['.'],
      ['[SEP]'],
    ]);
  });

  it('byte-level BPE: a space before a piece begins a word, with or without it in the place', () => {
    const run = placed('Anna Kowalski met 3.14', ['Anna', 'ĠK', 'ow', 'als', 'ki', 'Ġmet', 'Ġ3', '.', '14']);
    const words = [['Anna'], ['ĠK', 'ow', 'als', 'ki'], ['Ġmet'], ['Ġ3', '.', '14']];
    expect(grouped(run)).toEqual(words);
    // As tokenizers that keep the space in the place have it.
    const tokens = run.tokens.map((token) =>
      token.piece.startsWith('Ġ') ? { ...token, start: token.start! - 1, text: ` ${token.text}` } : token,
    );
    expect(grouped({ text: run.text, tokens })).toEqual(words);
  });

  it('SentencePiece: ▁ begins a word', () => {
    expect(grouped(placed('Unbelievable news', ['▁Un', 'believ', 'able', '▁news']))).toEqual([
      ['▁Un', 'believ', 'able'],
      ['▁news'],
    ]);
  });

  it('what was generated goes on where the text ended', () => {
    const run = placed('Anna Kow', ['Anna', 'ĠK', 'ow']);
    const generated = ['als', 'ki', ' met'].map((text, i): Token => {
      const piece = text.replace(' ', 'Ġ');
      return { index: 3 + i, id: 40 + i, piece, text, start: null, end: null, special: false };
    });
    expect(grouped({ text: run.text, tokens: [...run.tokens, ...generated] })).toEqual([
      ['Anna'],
      ['ĠK', 'ow', 'als', 'ki'],
      ['Ġmet'],
    ]);
  });

  it('CJK: a boundary of words is never inside a word, and no sign is lost', () => {
    const run = placed('我喜欢北京。', ['我', '喜', '欢', '北', '京', '。']);
    const words = grouped(run);
    expect(words.flat()).toEqual(run.tokens.map(({ piece }) => piece));
    expect(words).toContainEqual(['北', '京']);
    expect(words.at(-1)).toEqual(['。']);
  });

  it('emoji: the bytes of one character, and a family, are one word; two emoji are two', () => {
    const byte = (index: number, piece: string, start: number, end: number): Token => {
      return { index, id: index, piece, text: '🙂', start, end, special: false };
    };
    const bytes = [byte(0, '<0xF0>', 0, 2), byte(1, '<0x9F>', 0, 2), byte(2, '<0x99>', 0, 2), byte(3, '🙂', 2, 4)];
    expect(grouped({ text: '🙂🙂', tokens: bytes })).toEqual([['<0xF0>', '<0x9F>', '<0x99>'], ['🙂']]);
    const family = ['👩', '\u200D', '👧'];
    expect(grouped(placed(family.join(''), family))).toEqual([family]);
  });

  it('traces: pieces say where a word goes on', () => {
    expect(grouped(trace(['[CLS]', 'play', '##ing', '.', '[SEP]']))).toEqual([
      ['[CLS]'],
      ['play', '##ing'],
      ['.'],
      ['[SEP]'],
    ]);
    expect(grouped(trace(['The', 'Ġcat', 's', '.', 'Ċ', 'It', 'Ġisn', "'t"]))).toEqual([
      ['The'],
      ['Ġcat', 's'],
      ['.'],
      ['Ċ'],
      ['It'],
      ['Ġisn', "'t"],
    ]);
    expect(grouped(trace(['<s>', '▁un', 'fair', '▁un']))).toEqual([['<s>'], ['▁un', 'fair'], ['▁un']]);
    expect(grouped(trace(['one', 'two']))).toEqual([['one'], ['two']]);
  });

  it('of any text: every token is in one word, in order, and added ones stand alone', async () => {
    const file = new URL('../../build/models/all-minilm-l6-v2/tokenizer.json', import.meta.url);
    expect(existsSync(file)).toBe(true);
    const reader = await readTokenizer({ tokenizer: readFileSync(file, 'utf8'), config: null, chatTemplate: null });
    fc.assert(
      fc.property(anyText, (text) => {
        const tokens = reader.tokenize(text, false);
        const words = wordsOf({ text, tokens });
        let next = 0;
        for (const { first, end } of words) {
          expect(first).toBe(next);
          expect(end).toBeGreaterThan(first);
          if (tokens.slice(first, end).some(({ special }) => special)) expect(end - first).toBe(1);
          next = end;
        }
        expect(next).toBe(tokens.length);
        const { spelled, places } = spell({ text, tokens });
        for (const [i, { text: own, special }] of tokens.entries())
          if (!special && tokens[i]?.start !== null) expect(spelled.slice(places[i]?.start, places[i]?.end)).toBe(own);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what a word weighs', () => {
  const words = [
    { first: 0, end: 1 },
    { first: 1, end: 3 },
    { first: 3, end: 6 },
  ];

  it('is the sum of its pieces as keys, and the mean of them as queries', () => {
    const weights = Float32Array.of(0.5, 0.25, 0.125, 0.0625, 0.0625, 0);
    expect([...weightsOfWords(words, weights, 'row')]).toEqual([0.5, 0.375, 0.125]);
    const column = Float32Array.of(1, 0.5, 0.25, 0.75, 0, 0);
    expect([...weightsOfWords(words, column, 'column')]).toEqual([1, 0.375, 0.25]);
  });

  it('shares out a row without a rest, however the words fall', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(
        cuts,
        fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 80, maxLength: 80 }),
        (sizes, list) => {
          let end = 0;
          const cut = sizes.map((size) => {
            end += size;
            return { first: end - size, end };
          });
          const weights = Float32Array.from(list.slice(0, end));
          const sum = (numbers: Iterable<number>) => [...numbers].reduce((a, b) => a + b, 0);
          expect(sum(weightsOfWords(cut, weights, 'row'))).toBeCloseTo(sum(weights), 9);
        },
      ),
    );
  });

  it('finds the word of a token', () => {
    expect(wordAt(words, 2)).toBe(words[1]);
    expect(wordAt(words, 6)).toBeUndefined();
  });
});

describe('prose', () => {
  it('reads as the reader wrote it, with spaces and lines where they were', () => {
    const text = 'The Cat\nsat, tokenizer';
    const prose = proseOf(placed(text, ['[CLS]', 'the', 'cat', 'sat', ',', 'token', '##izer', '[SEP]']));
    expect(prose.map(({ name, spaced, breaks }) => [name, spaced, breaks])).toEqual([
      ['[CLS]', true, 0],
      ['The', true, 0],
      ['Cat', true, 0],
      ['sat', false, 1],
      [',', false, 0],
      ['token', true, 0],
      ['izer', false, 0],
      ['[SEP]', true, 0],
    ]);
  });

  it('names what cannot be seen, and parts of a character', () => {
    const newline: Token = { index: 0, id: 0, piece: 'Ċ', text: '\n', start: 0, end: 1, special: false };
    const part: Token = { index: 1, id: 1, piece: '<0xF0>', text: '🙂', start: 1, end: 3, special: false };
    const prose = proseOf({ text: '\n🙂', tokens: [newline, part] });
    expect(prose[0]).toEqual({ index: 0, name: '↵', spaced: false, breaks: 0 });
    expect(prose[1]).toMatchObject({ name: '🙂<F0>', breaks: 1 });
  });

  it('is read in the direction of its first letter', () => {
    expect(['שלום word', '« مرحبا »', '12 שלום'].map(isRightToLeft)).toEqual([true, true, true]);
    expect(['word שלום', '北京', '', '...'].map(isRightToLeft)).toEqual([false, false, false, false]);
  });

  it('never turns a trace’s piece into another', () => {
    const prose = proseOf(trace(['play', '##ing', 'Ġ']));
    expect(prose.map(({ name }) => name)).toEqual(['play', '##ing', '·']);
  });
});
