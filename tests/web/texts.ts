/** Texts and tokenizers that the tests of tokenising share, and what must hold of any tokens. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Token } from '../../web/engine/types';

/** What keyboards, input methods and other people's web pages produce, and what lies between. */
export const anyText = fc
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

/** Places are ordered, within the text, and never halve a character; `edge`: neighbours may share one at their edge. */
export function checkPlaces(text: string, tokens: readonly Token[], joint: 'whole' | 'edge' = 'whole'): void {
  let start = 0;
  let end = 0;
  for (const token of tokens) {
    if (token.start === null || token.end === null) {
      expect(token.text).not.toBe('');
      continue;
    }
    expect(token.start).toBeGreaterThanOrEqual(start);
    expect(token.end).toBeGreaterThanOrEqual(end);
    expect(token.end).toBeGreaterThan(token.start);
    expect(token.end).toBeLessThanOrEqual(text.length);
    // Two tokens share a character or follow one another, and never reach into one another. A byte-level piece may
    // hold a whole character and the beginning of the next.
    const overlap = text.slice(token.start, end);
    if (joint === 'edge') expect(overlap).toMatch(/^(?:.\p{M}*|\p{M}+|[\u1100-\u11FF]{2,3}\p{M}*)?$/su);
    else expect(overlap === '' || (token.start === start && token.end === end)).toBe(true);
    expect(token.text).toBe(text.slice(token.start, token.end));
    for (const at of [token.start, token.end]) {
      expect(/[\uD800-\uDBFF]$/.test(text.slice(0, at)) && /^[\uDC00-\uDFFF]/.test(text.slice(at))).toBe(false);
    }
    [start, end] = [token.start, token.end];
  }
}

/** What no token covers. */
export function gaps(text: string, tokens: readonly Token[]): string {
  const covered = new Set<number>();
  for (const { start, end } of tokens) for (let at = start ?? 0; at < (end ?? 0); ++at) covered.add(at);
  // Two unpaired surrogates must not become one character when what stood between them is taken out.
  return [...text.replace(/\p{Surrogate}/gu, '\uFFFD')].reduce(
    ({ at, left }, character) => ({ at: at + character.length, left: covered.has(at) ? left : left + character }),
    { at: 0, left: '' },
  ).left;
}

/** A tokenizer.json of few pieces. */
export const wordPiece = (parts: object = {}, model: object = {}) =>
  JSON.stringify({
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: false },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    model: { type: 'WordPiece', unk_token: '[UNK]', vocab: { '[UNK]': 0, Σ: 1, σ: 2, ab: 3, '##c': 4 }, ...model },
    ...parts,
  });
