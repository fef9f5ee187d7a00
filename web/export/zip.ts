/** Files as one .zip, stored as they are: what is packed here is compressed already. Also the checksum that PNG shares. */

export interface Packed {
  readonly name: string;
  readonly data: Uint8Array;
}

/** At most 65,535 files and 4 GB, as the format's first version has it. */
export function zip(files: readonly Packed[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { name, data } of files) {
    const written = new TextEncoder().encode(name);
    // Version 2.0, names in UTF-8, stored; 1 January 1980, for equal pictures give equal files.
    const common = [20, 0, 0x00, 0x08, 0, 0, 0, 0, 0x21, 0];
    const sizes = [...u32(crc32(data)), ...u32(data.length), ...u32(data.length), ...u16(written.length), 0, 0];
    const local = Uint8Array.of(...u32(0x04034b50), ...common, ...sizes);
    const rest = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    directory.push(Uint8Array.of(...u32(0x02014b50), 20, 0, ...common, ...sizes, ...rest, ...u32(offset)), written);
    parts.push(local, written, data);
    offset += local.length + written.length + data.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const counts = [...u16(files.length), ...u16(files.length)];
  const end = Uint8Array.of(...u32(0x06054b50), 0, 0, 0, 0, ...counts, ...u32(size), ...u32(offset), 0, 0);
  return joined([...parts, ...directory, end]);
}

/** One after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const u16 = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff];
const u32 = (value: number): number[] => [...u16(value), ...u16(value >>> 16)];

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; ++bit) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest;
});

/** ISO 3309, as zip and PNG have it. */
export function crc32(data: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of data) rest = (TABLE[(rest ^ byte) & 0xff] ?? 0) ^ (rest >>> 8);
  return (rest ^ 0xffffffff) >>> 0;
}
