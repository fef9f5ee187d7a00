/** How a token is named on the screen: what cannot be seen gets a visible sign. Pure; a label is text, never markup. */
import type { Token } from '../engine/types';

/** Characters that show nothing or rearrange their neighbours, and the sign that stands for each. */
const SIGNS: ReadonlyMap<string, string> = new Map([
  [' ', '·'],
  ['\n', '↵'],
  ['\r', '↵'],
  ['\u2028', '↵'],
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
/** The other control characters by their names in ASCII, from U+0000 on. */
const CONTROLS = (
  'NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI ' +
  'DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US'
).split(' ');

/** Longer labels are cut. */
const LONGEST = 24;

/**
 * The piece as the model reads it, with visible signs: "it", "##ing", "[CLS]", "↵". A vocabulary that writes bytes or
 * spaces as letters (`Ġcat`, `▁cat`) is read back, and the space before a word is not shown. Bytes that are no whole
 * character are named beside the character that they are a part of: "🙂<F09F>".
 */
export function tokenLabel(token: Pick<Token, 'id' | 'piece' | 'text'>, longest = LONGEST): string {
  const label = withSigns(readingOf(token), longest);
  return label === '' ? '∅' : label;
}

/** The same for a token that may not be there; then there is nothing to read. */
export function labelOf(token: Parameters<typeof tokenLabel>[0] | undefined): string {
  return token === undefined ? '' : tokenLabel(token);
}

function readingOf({ id, piece, text }: Pick<Token, 'id' | 'piece' | 'text'>): string {
  // A trace file gives nothing but the piece: only what no text looks like is taken for such a writing.
  const isWritten = id === null ? /^[Ġ▁]|Ċ/u.test(piece) : folded(piece) !== folded(text);
  const bytes = isWritten ? bytesOf(piece) : null;
  if (bytes === null) return piece;
  try {
    const read = strict.decode(bytes);
    return /^ *[\p{L}\p{N}]/u.test(read) ? read.trimStart() : read;
  } catch {
    const whole = text === piece || text.includes('\uFFFD') ? '' : text.trim();
    const own = bytes[0] === 0x20 ? bytes.subarray(1) : bytes;
    return `${whole}<${Array.from(own, (byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join('')}>`;
  }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const folded = (text: string): string => text.normalize('NFKC').toLowerCase();

/** The bytes of a piece in one of the known writings; null for a piece that is written as it reads. */
function bytesOf(piece: string): Uint8Array | null {
  if (/^<0x[0-9A-F]{2}>$/.test(piece)) return Uint8Array.of(Number.parseInt(piece.slice(3, 5), 16));
  if (piece.includes('▁')) return encoder.encode(piece.replaceAll('▁', ' '));
  const bytes = Array.from(piece, (character) => BYTES.get(character) ?? -1);
  return bytes.includes(-1) ? null : Uint8Array.from(bytes);
}

/** GPT-2's alphabet of bytes: printable ones stand for themselves, the others are counted from U+0100 on. */
const BYTES: ReadonlyMap<string, number> = (() => {
  let next = 0x100;
  const entry = (byte: number): [string, number] => {
    const isPrintable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return [String.fromCharCode(isPrintable ? byte : next++), byte];
  };
  return new Map(Array.from({ length: 256 }, (_, byte) => entry(byte)));
})();

function withSigns(text: string, longest: number): string {
  if (/^[\x21-\x7E]+$/.test(text) && text.length <= longest) return text;
  // Between emoji a joiner is part of the picture; anywhere else it is a character that nobody sees.
  const shown = [...graphemes.segment(text.replaceAll('\r\n', '\n'))].flatMap(({ segment }) =>
    /\p{Extended_Pictographic}/u.test(segment) ? [segment] : [...segment].map(signOf),
  );
  return shown.length <= longest ? shown.join('') : `${shown.slice(0, longest - 1).join('')}…`;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function signOf(character: string): string {
  if (character === JOINER) return '[ZWJ]';
  const sign = SIGNS.get(character);
  if (sign !== undefined) return sign;
  const code = character.codePointAt(0) ?? 0;
  if (/\p{Cc}/u.test(character))
    return `[${CONTROLS[code] ?? (code === 0x7f ? 'DEL' : `U+00${code.toString(16).toUpperCase()}`)}]`;
  return /\p{Cs}/u.test(character) ? '\uFFFD' : /\s/u.test(character) ? '·' : character;
}
