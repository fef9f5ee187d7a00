/**
 * Reads a reference file for tests: a plain safetensors reader that shares no code with the product.
 */
import { readFileSync } from 'node:fs';

export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

export interface Golden {
  readonly metadata: Readonly<Record<string, string>>;
  readonly names: readonly string[];
  tensor(name: string): GoldenTensor;
}

/** `path` is relative to this folder. */
export function readGolden(path: string): Golden {
  const bytes = readFileSync(new URL(path, import.meta.url));
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength));
  const { __metadata__: metadata = {}, ...tensors } = header;
  return {
    metadata,
    names: Object.keys(tensors),
    tensor(name) {
      const entry = tensors[name];
      if (entry === undefined) throw new Error(`${path} has no tensor ${name}`);
      const [begin, end] = entry.data_offsets;
      // Copied, so that the typed array starts on its own boundary.
      const slice = Uint8Array.from(bytes.subarray(8 + headerLength + begin, 8 + headerLength + end)).buffer;
      const kinds = { F32: Float32Array, I32: Int32Array, U8: Uint8Array } as const;
      return { shape: entry.shape, data: new kinds[entry.dtype as keyof typeof kinds](slice) };
    },
  };
}
