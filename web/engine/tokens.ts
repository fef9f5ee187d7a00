/**
 * Which part of the text each token covers. Tokenizers change what they read (case, accents, spaces, control
 * characters) and give no offsets; this finds the places again. Pure.
 */

/** A token as a tokenizer gives it. */
export interface Piece {
  readonly id: number;
  readonly piece: string;
}

/** UTF-16 range in the text; null where a token has no place in it. */
export type Place = { readonly start: number; readonly end: number } | null;

/** One character as the tokenizer may see it, with the range it came from. */
interface Letter {
  readonly char: string;
  readonly start: number;
  readonly end: number;
  /** Which word it belongs to: words end at spaces, and punctuation and CJK characters are words of their own. */
  readonly word: number;
}

const SPACE = /[\s\p{Z}]/u;
const REMOVED = /^[\p{C}\uFFFD]$/u;
const ALONE = /^[\p{P}$+<=>^`|~]$/u;
const CJK = /^[\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]$/u;
/** How far a piece's letter may be from where it is expected, before the piece is given up. */
const REACH = 64;

/**
 * Aligns pieces, in order, with the text they were made of.
 *
 * Both sides are folded in the same way (decomposed, marks dropped, lower case), so that it does not matter which of
 * these the tokenizer did. An unknown piece takes the rest of the word at hand. Ranges never go backwards and lie
 * within the text; a piece that cannot be found has none, and those after it are still looked for.
 * Cost: linear in the text.
 */
export function align(text: string, pieces: readonly Piece[], unknown: string): Place[] {
  const letters = lettersOf(text);
  let at = 0;
  return pieces.map(({ piece }) => {
    if (piece === unknown && !text.startsWith(unknown, letters[at]?.start ?? text.length)) {
      const first = letters[at];
      if (first === undefined) return null;
      let last = first;
      for (; letters[at]?.word === first.word; ++at) last = letters[at] as Letter;
      return { start: first.start, end: last.end };
    }
    const wanted = [...fold(piece.startsWith('##') && piece.length > 2 ? piece.slice(2) : piece)];
    let next = at;
    let start: number | null = null;
    let end = 0;
    for (const char of wanted) {
      const limit = Math.min(letters.length, next + REACH);
      while (next < limit && letters[next]?.char !== char) ++next;
      const letter = next < limit ? letters[next] : undefined;
      if (letter === undefined) return null;
      start ??= letter.start;
      end = letter.end;
      ++next;
    }
    at = next;
    return start === null ? null : { start, end };
  });
}

const fold = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase();

function lettersOf(text: string): Letter[] {
  const letters: Letter[] = [];
  let word = 0;
  let start = 0;
  for (const point of text) {
    const end = start + point.length;
    if (SPACE.test(point)) ++word;
    else if (!REMOVED.test(point)) {
      const alone = ALONE.test(point) || CJK.test(point);
      if (alone) ++word;
      for (const char of fold(point)) letters.push({ char, start, end, word });
      if (alone) ++word;
    }
    start = end;
  }
  return letters;
}
