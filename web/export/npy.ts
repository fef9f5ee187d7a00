/** Numbers as NumPy's own file, NPY 1.0: little-endian float32 in C order, after a header of their shape. */

/** The whole file: the header, then the numbers. */
export function npy(shape: readonly number[], data: Float32Array): Uint8Array<ArrayBuffer> {
  const header = npyHeader(shape);
  const file = new Uint8Array(header.length + data.byteLength);
  file.set(header);
  file.set(bytesOf(data), header.length);
  return file;
}

/** What comes before the numbers; its length is a multiple of 64. */
export function npyHeader(shape: readonly number[]): Uint8Array<ArrayBuffer> {
  // A tuple of one needs its comma.
  const tuple = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`;
  const start = 10;
  const length = Math.ceil((start + text.length + 1) / 64) * 64 - start;
  const file = new Uint8Array(start + length);
  file.set([0x93, ...ascii('NUMPY'), 1, 0, length & 0xff, length >> 8]);
  file.set(ascii(`${text.padEnd(length - 1)}\n`), start);
  return file;
}

/** Every machine that runs WebAssembly in a browser keeps numbers as the file does. */
export function bytesOf(data: Float32Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
