/**
 * Finds where each of a tokenizer's pieces stands in the text. Pure: it knows text and pieces, not the library that
 * made them, which gives no offsets.
 *
 * The text is read as what the normaliser leaves of each code point ("É" leaves "e", a combining accent leaves
 * nothing), with a note of where each character came from; pieces are then found in it from left to right.
 */

import { namedByte } from './pieces';

/** A UTF-16 range of the text, end excluded. */
export type Span = readonly [start: number, end: number];

export interface Rules {
  /** What the normaliser leaves of one code point; '' where it drops it, a space where it separates. */
  readonly fold: (character: string) => string;
  /** Composes what belongs together (NFC): a letter and its marks are then folded as one. Null: nothing is composed. */
  readonly compose: 'NFC' | 'NFKC' | null;
  /** Whether characters outside the vocabulary become single bytes: pieces such as <0xF0>. */
  readonly bytePieces: boolean;
  /** What a piece inside a word begins with, as `##`; '' where nothing marks it. */
  readonly continuing: string;
  /** The piece that stands for a word outside the vocabulary. */
  readonly unknown: string | null;
  /** The character that a piece may begin with although the text has no such space: `▁` or `Ġ`. */
  readonly space: string | null;
  /** Pieces that the reader can type as they are: `[MASK]`. */
  readonly added: ReadonlySet<string>;
}

/** A piece that the normaliser moved a little (reordered marks) is searched for this far ahead, in UTF-16 units. */
const searchAhead = 64;

const separator = /^\s$/u;
const punctuation = /^[\p{P}\u0021-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u007E]$/u;

/** The span of each piece; null where it has no place in the text. Starts and ends never go backwards. */
export function align(text: string, pieces: readonly string[], rules: Rules): (Span | null)[] {
  const { folded, starts, ends } = foldText(text, rules);
  let at = 0;
  let byteSpan: Span | null = null;
  let bytesLeft = 0;
  const take = (begin: number, length: number): Span => {
    at = begin + length;
    return [starts[begin] ?? 0, ends[at - 1] ?? 0];
  };
  const skipSpaces = (begin: number) => {
    while (begin < folded.length && separator.test(folded[begin] ?? '')) ++begin;
    return begin;
  };

  return pieces.map((piece, i) => {
    // Pieces that are one byte each share the character that they make together.
    if (rules.bytePieces && bytesLeft > 0 && namedByte(piece) !== null) {
      --bytesLeft;
      return byteSpan;
    }
    const bytes = rules.bytePieces ? characterOf(pieces, i) : null;
    if (bytes !== null && folded.startsWith(bytes.character, at)) {
      bytesLeft = bytes.length - 1;
      byteSpan = take(at, bytes.character.length);
      return byteSpan;
    }
    // Where every byte has a piece, no space goes without one.
    const here = rules.bytePieces ? at : skipSpaces(at);
    // A special token that was typed stands there as it is written, unfolded. It may be the unknown piece itself.
    const typed = starts[here];
    if (typed !== undefined && rules.added.has(piece) && text.startsWith(piece, typed)) {
      return take(here, unitsUntil(starts, here, typed + piece.length) - here);
    }
    if (piece === rules.unknown) {
      const length = wordLength(folded, here);
      return length === 0 ? null : take(here, length);
    }
    for (const wanted of spellings(piece, rules)) {
      for (const begin of [at, here]) if (folded.startsWith(wanted, begin)) return take(begin, wanted.length);
    }
    // A space alone that is not here is one that the tokenizer put in front.
    if (piece === rules.space) return null;
    for (const wanted of spellings(piece, rules)) {
      const begin = folded.slice(here, here + searchAhead + wanted.length).indexOf(wanted);
      if (begin >= 0) return take(here + begin, wanted.length);
    }
    return null;
  });
}

/** A piece as it may stand in the folded text, most literal first. */
function spellings(piece: string, { continuing, space }: Rules): string[] {
  const inner = continuing !== '' && piece.startsWith(continuing) ? piece.slice(continuing.length) : piece;
  const bare = space !== null && inner.startsWith(space) ? inner.slice(space.length) : '';
  return [inner, bare].filter((spelling) => spelling !== '');
}

/** The character whose bytes begin with this piece; null where it names no byte, or bytes that are no character. */
function characterOf(pieces: readonly string[], begin: number): { character: string; length: number } | null {
  const first = namedByte(pieces[begin] ?? '');
  if (first === null) return null;
  const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  const bytes = pieces.slice(begin, begin + length).map(namedByte);
  if (bytes.includes(null)) return null;
  const character = new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes as number[]));
  return { character, length };
}

/** The folded text, and for each of its UTF-16 units the range of the characters that it came from. */
function foldText(text: string, { fold, compose }: Rules) {
  const parts: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  let start = 0;
  for (const character of compose === null ? text : composed(text, compose)) {
    const end = start + character.length;
    const left = fold(character);
    if (left !== '') parts.push(left);
    for (let unit = 0; unit < left.length; ++unit) {
      starts.push(start);
      ends.push(end);
    }
    start = end;
  }
  return { folded: parts.join(''), starts, ends };
}

/** The text's code points; those that composing changes together with what they belong to. */
function composed(text: string, form: 'NFC' | 'NFKC'): string[] {
  // Composing joins a character with marks after it, and the parts of a hangul syllable.
  const hangul = /[\u1100-\u1112][\u1161-\u1175][\u11A8-\u11C2]?\p{M}*|[\uAC00-\uD7A3][\u11A8-\u11C2]\p{M}*/u;
  const clusters = text.match(new RegExp(`${hangul.source}|\\P{M}\\p{M}+|\\p{M}+|.`, 'gsu')) ?? [];
  return clusters.flatMap((cluster) => (cluster.normalize(form) === cluster ? [...cluster] : [cluster]));
}

/** How far a word outside the vocabulary reaches: BERT's words are single marks, single ideographs, or runs of the rest. */
function wordLength(folded: string, begin: number): number {
  let end = begin;
  while (end < folded.length) {
    const character = String.fromCodePoint(folded.codePointAt(end) ?? 0);
    if (separator.test(character)) break;
    if (punctuation.test(character) || isIdeograph(character)) return end === begin ? character.length : end - begin;
    end += character.length;
  }
  return end - begin;
}

function unitsUntil(starts: readonly number[], begin: number, textEnd: number): number {
  let unit = begin;
  while (unit < starts.length && (starts[unit] ?? 0) < textEnd) ++unit;
  return unit;
}

/** What BERT sets apart as one word each: the CJK unified ideographs, and neither kana nor hangul. */
export function isIdeograph(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return (
    (code >= 0x4e00 && code <= 0x9fff) ||
    (code >= 0x3400 && code <= 0x4dbf) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0x20000 && code <= 0x2a6df) ||
    (code >= 0x2a700 && code <= 0x2ceaf) ||
    (code >= 0x2f800 && code <= 0x2fa1f)
  );
}

/** Unpaired surrogates are no text: tokenizers see U+FFFD, one unit for one unit, so that offsets stay. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}
