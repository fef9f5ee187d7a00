/** How a token is named on the screen: what cannot be seen gets a visible sign. Pure; a label is text, never markup. */
import type { Token } from '../engine/types';

/** Characters that show nothing or rearrange their neighbours, and the sign that stands for each. */
const SIGNS: ReadonlyMap<string, string> = new Map([
  [' ', '·'],
  ['\n', '⏎'],
  ['\r', '⏎'],
  ['\u2028', '⏎'],
  ['\u2029', '¶'],
  ['\t', '⇥'],
  ['\u00A0', '⍽'],
  ['\u00AD', '[SHY]'],
  ['\u061C', '[ALM]'],
  ['\u200B', '[ZWSP]'],
  ['\u200C', '[ZWNJ]'],
  ['\u200E', '[LRM]'],
  ['\u200F', '[RLM]'],
  ['\u202A', '[LRE]'],
  ['\u202B', '[RLE]'],
  ['\u202C', '[PDF]'],
  ['\u202D', '[LRO]'],
  ['\u202E', '[RLO]'],
  ['\u2060', '[WJ]'],
  ['\u2066', '[LRI]'],
  ['\u2067', '[RLI]'],
  ['\u2068', '[FSI]'],
  ['\u2069', '[PDI]'],
  ['\uFEFF', '[BOM]'],
]);
const JOINER = '\u200D';

/** Longer labels are cut. */
const LONGEST = 24;

/** The piece as the model reads it, with visible signs: "it", "##ing", "[CLS]", "⏎". */
export function tokenLabel(token: Pick<Token, 'piece'>): string {
  const { piece } = token;
  if (piece === '') return '∅';
  if (/^[\x21-\x7E]+$/.test(piece) && piece.length <= LONGEST) return piece;
  // Between emoji a joiner is part of the picture; anywhere else it is a character that nobody sees.
  const shown = [...graphemes.segment(piece)].flatMap(({ segment }) =>
    /\p{Extended_Pictographic}/u.test(segment) ? [segment] : [...segment].map(signOf),
  );
  return shown.length <= LONGEST ? shown.join('') : `${shown.slice(0, LONGEST - 1).join('')}…`;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function signOf(character: string): string {
  if (character === JOINER) return '[ZWJ]';
  return (
    SIGNS.get(character) ?? (/[\p{Cc}\p{Cs}]/u.test(character) ? '\uFFFD' : /\s/u.test(character) ? '·' : character)
  );
}
