/** Small checkpoints for tests of loading: the reference models' files, whole and cut into shards. */
import { readFileSync } from 'node:fs';

export const goldenBytes = (path: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../golden/${path}`, import.meta.url)));

/** A model of two layers with random weights: 48 wide, 206 tokens. It has no tokenizer. */
export const tinyLlama = {
  config: () => goldenBytes('families/llama/config.json'),
  weights: () => goldenBytes('families/llama/model.safetensors'),
};

/** A model of the same family as GGUF: 256 wide, 128 positions; its weights take most of its 1.7 MB. */
export const tinyGguf = (): Uint8Array => goldenBytes('gguf/tiny.gguf');

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Cuts a safetensors file into shards of about as many tensors each, with the index that lists them. */
export function cutIntoShards(file: Uint8Array, count: number): { shards: Map<string, Uint8Array>; index: string } {
  const view = new DataView(file.buffer, file.byteOffset);
  const length = Number(view.getBigUint64(0, true));
  const header: Record<string, Entry> = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  const tensors = Object.entries(header).filter(([name]) => name !== '__metadata__');
  const shards = new Map<string, Uint8Array>();
  const map: Record<string, string> = {};
  const two = (i: number) => String(i).padStart(5, '0');
  for (let shard = 0; shard < count; ++shard) {
    const own = tensors.filter((_, i) => i % count === shard);
    const name = `model-${two(shard + 1)}-of-${two(count)}.safetensors`;
    let at = 0;
    const placed = own.map(
      ([
        tensor,
        {
          dtype,
          shape,
          data_offsets: [begin, end],
        },
      ]) => {
        map[tensor] = name;
        at += end - begin;
        return [tensor, { dtype, shape, data_offsets: [at - (end - begin), at] }] as const;
      },
    );
    const text = JSON.stringify(Object.fromEntries(placed));
    const written = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8));
    const head = new Uint8Array(8);
    new DataView(head.buffer).setBigUint64(0, BigInt(written.length), true);
    const data = own.map(
      ([
        ,
        {
          data_offsets: [begin, end],
        },
      ]) => file.subarray(8 + length + begin, 8 + length + end),
    );
    shards.set(name, new Uint8Array(Buffer.concat([head, written, ...data])));
  }
  const total_size = file.length - 8 - length;
  return { shards, index: JSON.stringify({ metadata: { total_size }, weight_map: map }) };
}
