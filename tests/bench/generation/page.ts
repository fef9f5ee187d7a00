/**
 * The page in which Headlight and wllama generate from one GGUF file, one thread each. `tests/bench/generation.mjs` asks
 * it; both are asked for the same: the most probable token, again and again, from a prompt that neither has seen.
 */
import { Wllama } from '@wllama/wllama/esm/index.js';
import type { ResultTimings } from '@wllama/wllama/esm/types/oai-compat.js';
import wllamaWasm from '@wllama/wllama/esm/wasm/wllama.wasm?url';
import { createEngine } from '../../../web/engine/engine';

export interface Timing {
  readonly promptTokens: number;
  /** From the question to the first token, in milliseconds. */
  readonly firstMs: number;
  /** Tokens after the first one, by the time from it to the last. */
  readonly perSecond: number;
}

/** Reads the model at `address`; what it returns generates `count` tokens after `prompt`. */
type Peer = (address: string) => Promise<(prompt: string, count: number) => Promise<Timing>>;

const greedy = { temperature: 0, topK: 0, topP: 1, seed: 0 };

const headlight: Peer = async (address) => {
  const engine = createEngine();
  const { id: model } = await engine.load(address);
  return async (text, count) => {
    const start = performance.now();
    let run = await engine.run(model, { text, chat: false, generated: [], interventions: [] });
    if (run.reused !== 0) throw new Error(`expected a prompt computed from its beginning, found ${run.reused} reused`);
    const promptTokens = run.tokens.length;
    const generated = [(await engine.sample(run.id, greedy)).id];
    const first = performance.now();
    while (generated.length < count) {
      const longer = await engine.run(model, { text, chat: false, generated, interventions: [] });
      engine.releaseRun(run.id);
      run = longer;
      generated.push((await engine.sample(run.id, greedy)).id);
    }
    const restMs = performance.now() - first;
    engine.releaseRun(run.id);
    return { promptTokens, firstMs: first - start, perSecond: (1000 * (count - 1)) / restMs };
  };
};

const wllama: Peer = async (address) => {
  const peer = new Wllama({ default: new URL(wllamaWasm, location.href).href }, { suppressNativeLog: true });
  const file = await (await fetch(address)).blob();
  await peer.loadModel([file], { n_threads: 1, n_gpu_layers: 0, n_ctx: 512 });
  if (peer.isMultithread()) throw new Error('expected wllama on one thread');
  return async (prompt, count) => {
    // By its own clock: what it sends reaches the page a token late.
    let timings: ResultTimings | undefined;
    await peer.createCompletion({
      prompt,
      max_tokens: count,
      temperature: 0,
      ignore_eos: true,
      // Not in the type of a raw completion, but what passes through is the same.
      ...{ cache_prompt: false, timings_per_token: true },
      stream: true,
      onData: (chunk) => {
        timings = chunk.timings ?? timings;
      },
    });
    if (timings?.predicted_n !== count) {
      throw new Error(`expected ${count} tokens of wllama, found ${timings?.predicted_n}`);
    }
    const { prompt_n: promptTokens, prompt_ms: firstMs, predicted_ms: restMs } = timings;
    return { promptTokens, firstMs, perSecond: (1000 * (count - 1)) / restMs };
  };
};

declare global {
  interface Window {
    peers: Record<string, Peer>;
  }
}

window.peers = { headlight, wllama };
