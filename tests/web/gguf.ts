/** Reads a GGUF file's metadata for tests, and the tokenizer in it: a plain reader that shares no code with the product. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { GgufTokenizer } from '../../web/engine/bindings';

type Value = string | number | boolean | bigint | readonly Value[];

/** The metadata of a file whose metadata ends within its first 16 MB. */
export function readMetadata(path: URL): ReadonlyMap<string, Value> {
  const file = openSync(path, 'r');
  const bytes = Buffer.alloc(16 * 1024 * 1024);
  const length = readSync(file, bytes);
  closeSync(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  if (bytes.toString('latin1', 0, 4) !== 'GGUF') throw new Error(`${path} is no GGUF file`);
  let at = 8;
  const take = (size: number) => {
    at += size;
    return at - size;
  };
  const count = () => Number(view.getBigUint64(take(8), true));
  const value = (type: number): Value => {
    switch (type) {
      case 0:
        return view.getUint8(take(1));
      case 1:
        return view.getInt8(take(1));
      case 2:
        return view.getUint16(take(2), true);
      case 3:
        return view.getInt16(take(2), true);
      case 4:
        return view.getUint32(take(4), true);
      case 5:
        return view.getInt32(take(4), true);
      case 6:
        return view.getFloat32(take(4), true);
      case 7:
        return view.getUint8(take(1)) !== 0;
      case 8: {
        const size = count();
        const from = take(size);
        return bytes.toString('utf8', from, from + size);
      }
      case 9: {
        const inner = view.getUint32(take(4), true);
        return Array.from({ length: count() }, () => value(inner));
      }
      case 10:
        return view.getBigUint64(take(8), true);
      case 11:
        return view.getBigInt64(take(8), true);
      case 12:
        return view.getFloat64(take(8), true);
      default:
        throw new Error(`${path} has a value of type ${type}`);
    }
  };
  count(); // Tensors.
  const entries = count();
  return new Map(
    Array.from({ length: entries }, () => [value(8) as string, value(view.getUint32(take(4), true))] as const),
  );
}

export function ggufTokenizer(metadata: ReadonlyMap<string, Value>): GgufTokenizer {
  const get = <T extends Value>(name: string) => (metadata.get(`tokenizer.${name}`) ?? null) as T | null;
  const scores = get<readonly number[]>('ggml.scores');
  const types = get<readonly number[]>('ggml.token_type');
  return {
    model: get<string>('ggml.model') ?? '',
    pre: get<string>('ggml.pre'),
    tokens: get<readonly string[]>('ggml.tokens') ?? [],
    scores: scores === null ? null : Float32Array.from(scores),
    types: types === null ? null : Int32Array.from(types),
    merges: get<readonly string[]>('ggml.merges'),
    bos: get<number>('ggml.bos_token_id'),
    eos: get<number>('ggml.eos_token_id'),
    unknown: get<number>('ggml.unknown_token_id'),
    addBos: get<boolean>('ggml.add_bos_token'),
    addEos: get<boolean>('ggml.add_eos_token'),
    addSpacePrefix: get<boolean>('ggml.add_space_prefix'),
    chatTemplate: get<string>('chat_template'),
    huggingface: get<string>('huggingface.json'),
  };
}
