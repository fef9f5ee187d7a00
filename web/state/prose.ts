/** How tokens read as running text: what each is called there, and what stands before it. Pure. */
import type { Run, Token } from '../engine/types';
import { tokenLabel } from './labels';
import { spell } from './spelling';

export interface ProseToken {
  readonly index: number;
  /** The reader's own letters where the token has a place in the text, else the piece. */
  readonly name: string;
  /** Whether there is a space before it. */
  readonly spaced: boolean;
  /** How many lines end before it. */
  readonly breaks: number;
}

/** Longer names are cut; the whole piece stands in the token's title. */
const LONGEST = 48;

export function proseOf(run: Pick<Run, 'tokens' | 'text'>): ProseToken[] {
  const { spelled, places } = spell(run);
  /** Where the letters of the token before ended. */
  let done = 0;
  return run.tokens.map((token, index) => {
    const { start, end } = places[index] ?? { start: done, end: done };
    const slice = spelled.slice(start, end);
    const letters = slice.trim();
    const begin = letters === '' ? start : start + slice.indexOf(letters);
    const between = spelled.slice(done, Math.max(done, begin));
    // A token of nothing but spaces is named by a sign, and the spaces stand after it.
    done = letters === '' ? start : begin + letters.length;
    const breaks = between.split('\n').length - 1;
    return { index, name: nameOf(token, letters), spaced: breaks === 0 && /\s/u.test(between), breaks };
  });
}

/** Whether a text is read from right to left: its first letter decides. */
export function isRightToLeft(text: string): boolean {
  const [letter = ''] = /\p{L}/u.exec(text) ?? [];
  return /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFF\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u.test(letter);
}

function nameOf(token: Token, letters: string): string {
  const { id, piece, start, special } = token;
  const label = tokenLabel(token, LONGEST);
  // What cannot be seen, and bytes that are no whole character, have names of their own.
  const isOwn = special || start === null || letters === '' || /<[0-9A-F]{2,}>$/.test(label);
  return isOwn || piece === letters ? label : tokenLabel({ id, piece: letters, text: letters }, LONGEST);
}
