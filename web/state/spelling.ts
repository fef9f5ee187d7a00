/** The text that a run's tokens spell together, and where each of them stands in it. Pure. */
import type { Run, Token } from '../engine/types';

/** UTF-16 units of the spelled text, end excluded. */
export interface Spelled {
  readonly start: number;
  readonly end: number;
}

/** What begins a word in a vocabulary that writes spaces as letters: byte-level BPE and SentencePiece. */
const SPACE = /^[Ġ▁]/u;
const CONTINUES = '##';

/**
 * The reader's own text where tokens have a place in it, what was generated as it reads, and of a trace, which has
 * nothing but pieces, what those say about letters and spaces. Tokens that the tokenizer added stand between spaces.
 */
export function spell({ tokens, text }: Pick<Run, 'tokens' | 'text'>): { spelled: string; places: Spelled[] } {
  const hasSpaces = tokens.some(({ piece }) => SPACE.test(piece));
  let spelled = '';
  /** How far the reader's text has been spelled. */
  let done = 0;
  const places = tokens.map((token): Spelled => {
    if (token.start === null || token.end === null) {
      const start = spelled.length;
      spelled += token.special ? ` ${token.piece} ` : readingOf(token, hasSpaces);
      return { start, end: spelled.length };
    }
    if (token.start > done) spelled += text.slice(done, token.start);
    const start = spelled.length - Math.max(0, done - token.start);
    spelled += text.slice(Math.max(done, token.start), token.end);
    done = Math.max(done, token.end);
    return { start, end: spelled.length };
  });
  return { spelled, places };
}

/** How a token without a place reads, with the space that its piece stands for. */
function readingOf({ piece, text }: Token, hasSpaces: boolean): string {
  if (text !== piece) return text; // It was generated, and reads as it is.
  if (hasSpaces) return piece.replaceAll(/[Ġ▁]/gu, ' ').replaceAll('Ċ', '\n');
  return piece.startsWith(CONTINUES) ? piece.slice(CONTINUES.length) : ` ${piece}`;
}
