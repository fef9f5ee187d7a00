/**
 * How a vocabulary's pieces read. Pure: it turns pieces into bytes and bytes into text, and knows no tokenizer. Many
 * pieces are bytes that are no text alone: a character may end in the piece after the one that it began in.
 */

/** How a vocabulary writes text: bytes as visible characters, spaces as ▁ (and single bytes as <0x0A>), or as it is. */
export type Writing = 'bytes' | 'spaces' | 'plain';

/** GPT-2's way to write bytes as visible characters: printable ones stand for themselves, the rest from U+0100 on. */
export const visibleBytes: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCharCode(printable ? byte : next++);
  });
})();

const byteOf: ReadonlyMap<string, number> = new Map(visibleBytes.map((character, byte) => [character, byte]));
const encoder = new TextEncoder();

/** Text in GPT-2's alphabet. */
export function byteAlphabet(text: string): string {
  return Array.from(encoder.encode(text), (byte) => visibleBytes[byte]).join('');
}

/** The byte that a piece such as <0x0A> stands for; null for every other piece. */
export function namedByte(piece: string): number | null {
  return /^<0x[0-9A-F]{2}>$/.test(piece) ? Number.parseInt(piece.slice(3, 5), 16) : null;
}

/** The UTF-8 bytes that a piece stands for. */
export function bytesOfPiece(piece: string, writing: Writing): Uint8Array {
  if (writing === 'bytes') {
    const bytes = Array.from(piece, (character) => byteOf.get(character));
    // A piece outside the alphabet was added as plain text.
    return bytes.includes(undefined) ? encoder.encode(piece) : Uint8Array.from(bytes as number[]);
  }
  if (writing === 'spaces') {
    const byte = namedByte(piece);
    return byte === null ? encoder.encode(piece.replaceAll('▁', ' ')) : Uint8Array.of(byte);
  }
  return encoder.encode(piece);
}

/**
 * How pieces read one after the other. A character belongs to the piece that completes it; bytes that never become one
 * read as U+FFFD.
 * @param parts  bytes, or text that stands for itself and in which no character can end
 */
export function readPieces(parts: readonly (Uint8Array | string)[]): string[] {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const read: string[] = [];
  const close = () => {
    const left = decoder.decode();
    if (left !== '') read.push((read.pop() ?? '') + left);
  };
  for (const part of parts) {
    if (typeof part === 'string') close();
    read.push(typeof part === 'string' ? part : decoder.decode(part, { stream: true }));
  }
  close();
  return read;
}
