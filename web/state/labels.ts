/** How a token is named on the screen: what cannot be seen gets a visible sign. Pure; a label is text, never markup. */
import type { Token } from '../engine/types';

/** Characters that show nothing or rearrange their neighbours, and the sign that stands for each. */
const SIGNS: ReadonlyMap<string, string> = new Map([
  [' ', '·'],
  ['\n', '⏎'],
  ['\r', '⏎'],
  ['\t', '⇥'],
  ['\u00A0', '⍽'],
  ['\u200B', '[ZWSP]'],
  ['\u200C', '[ZWNJ]'],
  ['\u200E', '[LRM]'],
  ['\u200F', '[RLM]'],
  ['\u202A', '[LRE]'],
  ['\u202B', '[RLE]'],
  ['\u202C', '[PDF]'],
  ['\u202D', '[LRO]'],
  ['\u202E', '[RLO]'],
  ['\u2066', '[LRI]'],
  ['\u2067', '[RLI]'],
  ['\u2068', '[FSI]'],
  ['\u2069', '[PDI]'],
  ['\uFEFF', '[BOM]'],
]);

/** Longer labels are cut in the middle of nothing: at a character, with an ellipsis. */
const LONGEST = 24;

/** The piece as the model reads it, with visible signs: "it", "##ing", "[CLS]", "⏎". */
export function tokenLabel(token: Pick<Token, 'piece'>): string {
  const shown = [...token.piece].map((char) => SIGNS.get(char) ?? (/[\p{Cc}\p{Cs}]/u.test(char) ? '\uFFFD' : char));
  if (shown.length === 0) return '∅';
  return shown.length <= LONGEST ? shown.join('') : `${shown.slice(0, LONGEST - 1).join('')}…`;
}
