/** The shipped WebAssembly and the real model, for tests in Node. */
import { readFileSync } from 'node:fs';
import instantiate from '#wasm';
import type { CoreEngine } from '../../web/engine/bindings';

const at = (path: string) => new URL(`../../${path}`, import.meta.url);

const wasmBinary = readFileSync(at('build/wasm/headlight.wasm'));

/** A fresh instance of the core, as the worker makes one for everything that it loads. */
export const freshCore = (): Promise<CoreEngine> => instantiate({ wasmBinary });

/** A file of the real model; its absence fails the test with what to do. */
export function modelFile(name: string): Buffer {
  try {
    return readFileSync(at(`build/models/all-minilm-l6-v2/${name}`));
  } catch (cause) {
    throw new Error(`build/models/all-minilm-l6-v2/${name} is missing: "npm start" or "npm test" gets it`, { cause });
  }
}

/** The real model's folder as a reader would drop it. */
export const modelFiles = (): File[] =>
  ['model.safetensors', 'config.json', 'tokenizer.json'].map(
    (name) => new File([new Uint8Array(modelFile(name))], name),
  );
