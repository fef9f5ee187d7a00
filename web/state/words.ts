/** Which tokens make a word, and what a word weighs: the only place that decides, and that adds weights up. Pure. */
import type { Run } from '../engine/types';
import { spell } from './spelling';

/** Tokens [first, end): every token is in one word, and words follow each other. */
export interface Word {
  readonly first: number;
  readonly end: number;
}

/** The root rules of every locale: what a word is does not depend on the reader's browser. */
const words = new Intl.Segmenter('en', { granularity: 'word' });

/**
 * Tokens that stand in one word of the text, as Unicode divides it: a boundary between two tokens is a boundary of
 * words or it joins them. Where tokens have no place in the text, their pieces say where spaces are. Tokens that the
 * tokenizer added stand alone.
 */
export function wordsOf(run: Pick<Run, 'tokens' | 'text'>): Word[] {
  const { tokens } = run;
  const { spelled, places } = spell(run);
  const boundaries = Uint8Array.from({ length: spelled.length + 1 });
  for (const { index } of words.segment(spelled)) boundaries[index] = 1;
  const joins = (index: number): boolean => {
    const [before, place] = [places[index - 1], places[index]];
    if (before === undefined || place === undefined) return false;
    if (tokens[index - 1]?.special || tokens[index]?.special) return false;
    // Two tokens that share a character are parts of it.
    if (place.start < before.end) return true;
    return !boundaries.subarray(before.end, place.start + 1).includes(1);
  };
  const found: Word[] = [];
  for (let first = 0; first < tokens.length; ) {
    let end = first + 1;
    while (end < tokens.length && joins(end)) ++end;
    found.push({ first, end });
    first = end;
  }
  return found;
}

/** The word that a token is in. */
export function wordAt(list: readonly Word[], token: number): Word | undefined {
  return list.find(({ first, end }) => token >= first && token < end);
}

/**
 * What each word weighs. Looking at it (row): the sum of its pieces' weights, for a row is shared out over them. Looking
 * from it (column): the mean of its pieces' weights, for each of them shares out a row of its own.
 */
export function weightsOfWords(list: readonly Word[], weights: ArrayLike<number>, by: 'row' | 'column'): Float64Array {
  return Float64Array.from(list, ({ first, end }) => {
    let sum = 0;
    for (let token = first; token < end; ++token) sum += weights[token] ?? 0;
    return by === 'row' ? sum : sum / (end - first);
  });
}
