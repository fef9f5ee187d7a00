/** Every family through the shipped WebAssembly: goldens of random weights, a GGUF with every block type, and SmolLM2. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { CoreEngine, CoreModel, Reply } from '../../web/engine/bindings';
import { createHost } from '../../web/engine/host';
import type { Intervention, RunText } from '../../web/engine/types';
import { type Golden, readGolden } from '../golden/golden';
import { freshCore } from './core';

const never = new AbortController().signal;
const silent = () => {};
const WEIGHTS = 2e-5;
const LOGITS = 2e-4;

const goldenFile = (path: string) => readFileSync(new URL(`../golden/${path}`, import.meta.url));
const smollm = () =>
  readFileSync(new URL('../../build/models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf', import.meta.url));

function value<T extends object>(reply: Reply<T>): T {
  if ('error' in reply) throw new Error(JSON.stringify(reply.error));
  return reply;
}

async function open(files: Record<string, Uint8Array>, config: string | null): Promise<[CoreEngine, CoreModel]> {
  const core = await freshCore();
  for (const [name, bytes] of Object.entries(files)) {
    value(core.reserve(name, bytes.length));
    core.window(name, 0, bytes.length).set(bytes);
  }
  return [core, value(core.openModel(Object.keys(files), config))];
}

function runAll(
  core: CoreEngine,
  ids: ArrayLike<number>,
  interventions: readonly Intervention[] = [],
): { run: number; reused: number } {
  const { run, reused } = value(core.beginRun(Int32Array.from(ids), interventions));
  while (!value(core.stepRun(run, 1000)).done);
  return { run, reused };
}

function expectNear(found: ArrayLike<number>, expected: ArrayLike<number>, offset: number, tolerance: number): void {
  for (let i = 0; i < found.length; ++i) {
    const off = Math.abs((found[i] as number) - (expected[offset + i] as number));
    if (!(off <= tolerance)) expect.fail(`at ${i}: ${found[i]} is not within ${tolerance} of ${expected[offset + i]}`);
  }
}

function expectWeights(core: CoreEngine, run: number, golden: Golden, layers: readonly number[], nHeads: number): void {
  for (const layer of layers) {
    const { data: expected } = golden.tensor(`layers.${layer}.weights`);
    for (let head = 0; head < nHeads; ++head) {
      const { data } = value(core.matrix(run, layer, head, 'weights'));
      expectNear(data, expected, head * data.length, WEIGHTS);
    }
  }
}

const families = [
  ...['bert', 'roberta', 'distilbert', 'gpt2', 'gpt2_bare'].map((name) => [name, 'config.json']),
  ...['llama', 'llama3', 'llama_bias', 'mistral', 'qwen2', 'qwen3'].flatMap((name) => [
    [name, 'config.json'],
    [name, 'config_v4.json'],
  ]),
] as [string, string][];

describe('families equal transformers', () => {
  test.each(families)('%s with %s', async (family, config) => {
    const folder = `families/${family}`;
    const [core, model] = await open(
      { 'model.safetensors': goldenFile(`${folder}/model.safetensors`) },
      goldenFile(`${folder}/${config}`).toString('utf8'),
    );
    for (const name of ['run', 'run_one']) {
      const golden = readGolden(`${folder}/${name}.safetensors`);
      const ids = golden.tensor('input_ids').data;
      const { run } = runAll(core, ids);
      expectWeights(core, run, golden, [...Array(model.nLayers).keys()], model.nHeads);
      // That one was saved without its output.
      if (family === 'gpt2_bare') continue;
      const logits = golden.tensor('logits');
      const nVocab = logits.shape[1] as number;
      for (let position = 0; position < ids.length; ++position) {
        const next = value(core.next(run, position, nVocab, 1, 0, 1));
        const found = new Float32Array(nVocab);
        next.ids.forEach((id, i) => {
          found[id] = next.logits[i] as number;
        });
        expectNear(found, logits.data, position * nVocab, LOGITS);
        expect(next.probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 4);
      }
    }
  });

  test('a checkpoint in two shards is the checkpoint', async () => {
    const bytes = goldenFile('families/llama/model.safetensors');
    const config = goldenFile('families/llama/config.json').toString('utf8');
    const [first, second] = inTwo(bytes);
    const [core] = await open(
      { 'model-00001-of-00002.safetensors': first, 'model-00002-of-00002.safetensors': second },
      config,
    );
    const golden = readGolden('families/llama/run.safetensors');
    const { run } = runAll(core, golden.tensor('input_ids').data);
    expectWeights(core, run, golden, [0, 1], 3);
  });
});

test('a run without positions takes nothing over from one with them, nor the other way round', async () => {
  const [core] = await open(
    { 'model.safetensors': goldenFile('families/llama/model.safetensors') },
    goldenFile('families/llama/config.json').toString('utf8'),
  );
  const ids = [5, 9, 5, 7, 3];
  const bag = [{ kind: 'positions-off' }] as const;
  expect(runAll(core, ids).reused).toBe(0);
  expect(runAll(core, ids, bag).reused).toBe(0);
  expect(runAll(core, [...ids, 2], bag).reused).toBe(5);
  expect(runAll(core, [...ids, 2, 4]).reused).toBe(5);
  expect(core.beginRun(Int32Array.from(ids), [{ kind: 'positions-on' } as unknown as Intervention])).toMatchObject({
    error: { code: 'bad-request', message: 'There is no intervention of this kind.' },
  });
});

/** The tensors of a safetensors file, every other one in another file. */
function inTwo(bytes: Buffer): [Uint8Array, Uint8Array] {
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString('utf8')) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const names = Object.keys(header).filter((name) => name !== '__metadata__');
  const part = (wanted: (i: number) => boolean) => {
    let end = 0;
    const data: Uint8Array[] = [];
    const entries: [string, unknown][] = [];
    for (const name of names.filter((_, i) => wanted(i))) {
      const { dtype, shape, data_offsets } = header[name] as (typeof header)[string];
      const piece = bytes.subarray(8 + length + data_offsets[0], 8 + length + data_offsets[1]);
      entries.push([name, { dtype, shape, data_offsets: [end, end + piece.length] }]);
      end += piece.length;
      data.push(piece);
    }
    const text = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(text.length));
    return new Uint8Array(Buffer.concat([size, text, ...data]));
  };
  return [part((i) => i % 2 === 0), part((i) => i % 2 === 1)];
}

test('a GGUF with every kind of block', async () => {
  const [core, model] = await open({ 'tiny.gguf': goldenFile('gguf/tiny.gguf') }, null);
  expect(model).toMatchObject({ family: 'llama', nHeads: 4, nKvHeads: 2, next: true });
  const golden = readGolden('gguf/tiny_run.safetensors');
  const ids = golden.tensor('input_ids').data;
  const { run } = runAll(core, ids);
  expectWeights(core, run, golden, [0, 1], 4);
  const next = value(core.next(run, ids.length - 1, 299, 1, 0, 1));
  next.ids.forEach((id, i) => {
    expect(
      Math.abs((next.logits[i] as number) - (golden.tensor('logits').data[(ids.length - 1) * 299 + id] as number)),
    ).toBeLessThan(LOGITS);
  });
});

describe('SmolLM2 from its GGUF', () => {
  test.each(['capital', 'chat', 'code'])(
    '%s: weights, most probable tokens, and the greedy text',
    async (name) => {
      const golden = readGolden(`gguf/smollm2/${name}.safetensors`);
      const host = createHost(freshCore);
      const { info } = await host.load(1, 2, new File([smollm()], 'smollm2.gguf'), never, silent);
      expect(info).toMatchObject({ family: 'llama', nLayers: 30, nHeads: 9, nKvHeads: 3, causal: true });
      expect(host.memory().used).toBeLessThan(256 * 1024 * 1024);
      let last = 10;
      let text: RunText = { text: golden.metadata['text'] ?? '', chat: false, generated: [], interventions: [] };
      let run = await host.run(++last, 1, text, never, silent);
      expect(run.tokens.map((token) => token.id)).toEqual([...golden.tensor('input_ids').data]);
      for (const layer of [0, 14, 29]) {
        const expected = golden.tensor(`layers.${layer}.weights`).data;
        for (let head = 0; head < 9; ++head) {
          const { data } = host.matrix(run.id, layer, head, 'weights');
          expectNear(data, expected, head * data.length, WEIGHTS);
        }
      }
      const greedy = { temperature: 0, topK: 0, topP: 1, seed: 0 };
      const top = host.next(run.id, run.tokens.length - 1, 10, greedy);
      expect(top.map((candidate) => candidate.id)).toEqual([...golden.tensor('top10.ids').data]);
      expectNear(
        top.map((candidate) => candidate.logit),
        golden.tensor('top10.logits').data,
        0,
        LOGITS,
      );

      const margins = golden.tensor('continuation.margins').data;
      for (const [i, id] of [...golden.tensor('continuation.ids').data].entries()) {
        const chosen = host.sample(run.id, greedy);
        if ((margins[i] as number) > 0.01) expect(chosen.id).toBe(id);
        text = { ...text, generated: [...text.generated, id] };
        const longer = await host.run(++last, 1, text, never, silent);
        expect(longer.reused).toBe(run.tokens.length);
        host.releaseRun(run.id);
        run = longer;
      }
      const whole = run.tokens
        .slice(-20)
        .map((token) => token.text)
        .join('');
      expect(whole).toBe(golden.metadata['continuation']);
    },
    60_000,
  );
});
