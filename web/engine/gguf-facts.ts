/**
 * What the first bytes of a GGUF file say about the model, for what is shown and judged before it is downloaded. Estimates
 * only: the core reads the file again, strictly, and nothing here reaches it.
 */
import type { RunShape } from './budget';

export interface GgufFacts {
  readonly name: string | null;
  readonly licence: string | null;
  readonly architecture: string | null;
  /** Null where a number that decides a run's size is missing. */
  readonly shape: (RunShape & { readonly nCtx: number | null }) | null;
}

const MOST_ENTRIES = 4096;
const LONGEST_KEY = 256;
const LONGEST_TEXT = 4096;

/** Bytes of each value type; strings (8) and lists (9) tell their own length. */
const widths = new Map([
  ...[0, 1, 7].map((type) => [type, 1] as const),
  ...[2, 3].map((type) => [type, 2] as const),
  ...[4, 5, 6].map((type) => [type, 4] as const),
  ...[10, 11, 12].map((type) => [type, 8] as const),
]);

/** Whether these are the first bytes of a GGUF file. */
export const isGguf = (bytes: Uint8Array): boolean => new TextDecoder('latin1').decode(bytes.subarray(0, 4)) === 'GGUF';

/**
 * Reads entries until one does not fit into `bytes` or cannot be understood; what was found until then is told. Time
 * grows with `bytes`.
 */
export function ggufFacts(bytes: Uint8Array): GgufFacts {
  const found = new Map<string, string | number>();
  try {
    readEntries(bytes, found);
  } catch (error) {
    // The beginning ends somewhere inside an entry.
    if (!(error instanceof RangeError)) throw error;
  }
  const text = (key: string) => {
    const value = found.get(key);
    return typeof value === 'string' ? value : null;
  };
  const architecture = text('general.architecture');
  const count = (key: string) => {
    const value = found.get(`${architecture}.${key}`);
    return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value < 1e9 ? value : null;
  };
  return {
    name: text('general.name'),
    licence: text('general.license'),
    architecture,
    shape: shapeOf({
      nLayers: count('block_count'),
      nHeads: count('attention.head_count'),
      nKvHeads: count('attention.head_count_kv'),
      dModel: count('embedding_length'),
      dHead: count('attention.key_length'),
      nCtx: count('context_length'),
    }),
  };
}

/** A shape as far as its numbers are known: heads are as wide as the model allows unless they say otherwise. */
export function shapeOf(
  found: Readonly<Record<'nLayers' | 'nHeads' | 'nKvHeads' | 'dModel' | 'dHead' | 'nCtx', number | null>>,
): (RunShape & { readonly nCtx: number | null }) | null {
  const { nLayers, nHeads, nKvHeads, dModel, dHead, nCtx } = found;
  if (nLayers === null || nHeads === null || dModel === null) return null;
  return { nLayers, nHeads, nKvHeads: nKvHeads ?? nHeads, dModel, dHead: dHead ?? Math.floor(dModel / nHeads), nCtx };
}

function readEntries(bytes: Uint8Array, found: Map<string, string | number>): void {
  if (!isGguf(bytes)) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 16; // The magic, the version, the number of tensors.
  const take = (size: number) => {
    if (size > bytes.length - at) throw new RangeError('the beginning ends here');
    at += size;
    return at - size;
  };
  const length = () => Number(view.getBigUint64(take(8), true));
  const string = (most: number) => {
    const size = length();
    const from = take(size);
    return size > most ? null : new TextDecoder().decode(bytes.subarray(from, from + size));
  };
  const skip = (type: number, many: number) => {
    if (type === 8) for (let i = 0; i < many; ++i) take(length());
    else take((widths.get(type) ?? Number.POSITIVE_INFINITY) * many);
  };
  const entries = Math.min(length(), MOST_ENTRIES);
  for (let i = 0; i < entries; ++i) {
    const key = string(LONGEST_KEY);
    const type = view.getUint32(take(4), true);
    if (type === 8) {
      const value = string(LONGEST_TEXT);
      if (key !== null && value !== null) found.set(key, value);
    } else if (type === 9) {
      const kind = view.getUint32(take(4), true);
      skip(kind, length());
    } else if (type === 4 && key !== null) {
      found.set(key, view.getUint32(take(4), true));
    } else if (type === 10 && key !== null) {
      found.set(key, Number(view.getBigUint64(take(8), true)));
    } else {
      skip(type, 1);
    }
  }
}
