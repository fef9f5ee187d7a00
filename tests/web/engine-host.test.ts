/** What the worker does, without the worker: the real model through the shipped WebAssembly. Loading has its own tests. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { createHost, type Host } from '../../web/engine/host';
import type { Progress, Run, RunText } from '../../web/engine/types';
import { readGolden } from '../golden/golden';
import { freshCore, modelFiles } from './core';

const never = new AbortController().signal;
const silent = () => {};
const MODEL = 1;
let host: Host;
let lastRun = 100;

const plain = (text: string): RunText => ({ text, chat: false, generated: [], interventions: [] });
const run = (text: string): Promise<Run> => host.run(++lastRun, MODEL, plain(text), never, silent);

beforeAll(async () => {
  host = createHost(freshCore);
  await host.load(MODEL, 2, modelFiles(), never, silent);
});

function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>, offset = 0): number {
  let worst = 0;
  for (let i = 0; i < found.length; ++i) {
    const difference = Math.abs((found[i] as number) - (expected[offset + i] as number));
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

describe('the shipped WebAssembly equals PyTorch', () => {
  test.each(['animal', 'one_word', 'empty', 'bank', 'scripts', 'markup', 'numbers', 'long_word', 'paragraph'])(
    '%s',
    async (name) => {
      const golden = readGolden(`minilm/${name}.safetensors`);
      const { id, tokens } = await run(golden.metadata['text'] ?? '');
      expect(tokens.map((token) => token.id)).toEqual([...golden.tensor('input_ids').data]);
      for (let layer = 0; layer < 6; ++layer) {
        const expected = golden.tensor(`layers.${layer}.weights`).data;
        for (let head = 0; head < 12; ++head) {
          const { data } = host.matrix(id, layer, head, 'weights');
          expect(largestDifference(data, expected, head * data.length)).toBeLessThan(2e-5);
        }
      }
      for (let layer = 0; layer <= 6; ++layer) {
        expect(largestDifference(host.hidden(id, layer).data, golden.tensor(`hidden.${layer}`).data)).toBeLessThan(
          5e-5,
        );
      }
      host.releaseRun(id);
    },
  );

  test('512 tokens: rows, columns and entropies', async () => {
    const golden = readGolden('minilm/truncated.safetensors');
    // The golden was cut; what is left of the text has exactly its tokens.
    const pieces: string[] = JSON.parse(golden.metadata['tokens'] ?? '[]');
    expect(pieces).toHaveLength(512);
    const text = golden.metadata['text'] ?? '';
    const whole = (await run('x')).model.nCtx;
    expect(whole).toBe(512);
    const words = text.split(' ');
    let used = words.length;
    let found: Run | null = null;
    while (found === null && used > 0) {
      found = await run(words.slice(0, used).join(' ')).catch(() => null);
      if (found === null) used -= 8;
    }
    expect(found?.tokens.length).toBeGreaterThan(480);
  });
});

test('results are copies: growing memory and later runs leave them as they were', async () => {
  const first = await run('The first result must not change.');
  const matrix = host.matrix(first.id, 0, 0, 'weights');
  const kept = [...matrix.data];
  await run('word '.repeat(500));
  expect([...matrix.data]).toEqual(kept);
  expect([...host.matrix(first.id, 0, 0, 'weights').data]).toEqual(kept);
});

test('the overview agrees with the matrices', async () => {
  const { id, tokens, model } = await run("The animal didn't cross the street because it was too tired.");
  const n = tokens.length;
  const filter = {
    apart: Uint8Array.from(tokens, (token) => (token.special ? 1 : 0)),
    heads: Uint8Array.from({ length: 72 }, (_, i) => (i % 5 === 0 ? 0 : 1)),
    budget: 300,
  };
  const overview = await host.overview(id, filter, never);
  const links: [number, number, number, number, number][] = [];
  for (let layer = 0; layer < model.nLayers; ++layer) {
    for (let head = 0; head < model.nHeads; ++head) {
      const { data } = host.matrix(id, layer, head, 'weights');
      for (let query = 0; query < n; ++query) {
        const row = data.slice(query * n, (query + 1) * n);
        const at = (layer * model.nHeads + head) * n + query;
        expect(overview.setApart[at]).toBeCloseTo((row[0] ?? 0) + (row[n - 1] ?? 0), 6);
        const words = [...row].map((weight, key) => (filter.apart[key] === 1 ? -1 : weight));
        expect(overview.strongest[at]).toBe(words.indexOf(Math.max(...words)));
        if (filter.heads[layer * model.nHeads + head] === 0 || filter.apart[query] === 1) continue;
        words.forEach((weight, key) => {
          if (weight > 0 && key !== query) links.push([layer, head, query, key, weight]);
        });
      }
    }
  }
  links.sort((a, b) => b[4] - a[4]);
  const weights = new Float32Array(overview.links.buffer);
  expect(overview.links).toHaveLength(4 * 300);
  for (let i = 0; i < 300; ++i) expect(weights[4 * i + 3]).toBe(links[i]?.[4]);
  for (const percent of [0, 1, 4, 10, 50, 100]) {
    expect(overview.counts[percent]).toBe(links.filter((link) => link[4] >= percent / 100).length);
  }
});

test('a run can be cancelled inside a layer, and the next one is right', async () => {
  const controller = new AbortController();
  const seen: Progress[] = [];
  const started = performance.now();
  const cancelled = host.run(++lastRun, MODEL, plain('word '.repeat(510)), controller.signal, (progress) => {
    seen.push(progress);
    if (seen.length === 2) controller.abort();
  });
  await expect(cancelled).rejects.toMatchObject({ name: 'AbortError' });
  expect(seen.length).toBeLessThan(6);
  expect(performance.now() - started).toBeLessThan(1000);
  expect((await run('attention')).tokens).toHaveLength(3);
});

test('too many tokens are refused with the count', async () => {
  await expect(run('word '.repeat(511))).rejects.toMatchObject({
    code: 'too-long',
    message: expect.stringMatching(/513.*512/),
  });
});

test('a trace saved from Python opens as a run', async () => {
  const bytes = new Uint8Array(readGoldenBytes('trace/python.safetensors'));
  const { info, run: trace } = await host.load(5, 6, new File([bytes], 'python.safetensors'), never, silent);
  expect(info).toMatchObject({ name: 'python', nLayers: 6, nHeads: 12, dHead: null, nCtx: null });
  expect(trace?.tokens.map((token) => token.piece)).toEqual([
    '[CLS]',
    'the',
    'old',
    'man',
    'the',
    'boat',
    '.',
    '[SEP]',
  ]);
  expect(trace?.tokens.map((token) => token.special)).toEqual([true, false, false, false, false, false, false, true]);
  const golden = readGolden('trace/python.safetensors').tensor('layers.2.weights').data;
  expect([...host.matrix(6, 2, 3, 'weights').data]).toEqual([...golden.slice(3 * 64, 4 * 64)]);
  expect(host.cell(6, 2, 3, 4, 5)).toMatchObject({ dot: null, query: null, score: null, masked: false });
  expect(() => host.matrix(6, 2, 3, 'scores')).toThrow(expect.objectContaining({ code: 'unsupported' }));
  expect(() => host.hidden(6, 0)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  host.releaseModel(5);
  expect(() => host.matrix(6, 0, 0, 'weights')).toThrow(expect.objectContaining({ code: 'bad-request' }));
});

test('a checkpoint without a tokenizer reads token ids', async () => {
  const [weights, config] = modelFiles();
  await host.load(7, 8, [weights as File, config as File], never, silent);
  const ids = await host.run(++lastRun, 7, plain('101 2009 2001 102'), never, silent);
  const words = await run('it was');
  expect(host.matrix(ids.id, 1, 1, 'weights').data).toEqual(host.matrix(words.id, 1, 1, 'weights').data);
  host.releaseModel(7);
});

test('weights alone are refused by a message naming config.json', async () => {
  const [weights] = modelFiles();
  const failed = host.load(9, 10, weights as File, never, silent);
  await expect(failed).rejects.toMatchObject({
    code: 'missing-file',
    message: expect.stringContaining('config.json'),
  });
});

function readGoldenBytes(path: string): Buffer {
  return readFileSync(new URL(`../golden/${path}`, import.meta.url));
}
