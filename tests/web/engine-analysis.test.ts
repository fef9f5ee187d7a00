/** Interventions, metrics, aggregates and comparisons through the shipped WebAssembly. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { createHost, type Host } from '../../web/engine/host';
import type { Intervention, Matrix, RunText } from '../../web/engine/types';
import { readGolden } from '../golden/golden';
import { freshCore, modelFiles } from './core';

const never = new AbortController().signal;
const silent = () => {};
const MODEL = 1;
let host: Host;
let lastRun = 100;

interface Case {
  readonly name: string;
  readonly text: string;
  readonly interventions: readonly Intervention[];
}
const cases: readonly Case[] = JSON.parse(
  readFileSync(new URL('../golden/interventions.json', import.meta.url), 'utf8'),
).interventions;

const run = (text: string, interventions: readonly Intervention[] = []) => {
  const asked: RunText = { text, chat: false, generated: [], interventions };
  return host.run(++lastRun, MODEL, asked, never, silent);
};
const animal = cases[0]?.text ?? '';

beforeAll(async () => {
  host = createHost(freshCore);
  await host.load(MODEL, 2, modelFiles(), never, silent);
});

function worst(found: ArrayLike<number>, expected: ArrayLike<number>, offset = 0): number {
  let largest = 0;
  for (let i = 0; i < found.length; ++i) {
    const apart = Math.abs((found[i] as number) - (expected[offset + i] as number));
    if (!(apart <= largest)) largest = apart;
  }
  return largest;
}

describe('interventions equal PyTorch', () => {
  test.each(cases)('$name', async ({ name, text, interventions }) => {
    const golden = readGolden(`interventions/${name}.safetensors`);
    const { id } = await run(text, interventions);
    for (let layer = 0; layer < 6; ++layer) {
      const expected = golden.tensor(`layers.${layer}.weights`).data;
      for (let head = 0; head < 12; ++head) {
        const { data } = host.matrix(id, layer, head, 'weights');
        expect(worst(data, expected, head * data.length)).toBeLessThan(2e-5);
      }
    }
    for (let layer = 0; layer <= 6; ++layer) {
      expect(worst(host.hidden(id, layer).data, golden.tensor(`hidden.${layer}`).data)).toBeLessThan(5e-5);
    }
    host.releaseRun(id);
  });

  test('what names something that is not there is refused, and the next run is fine', async () => {
    await expect(run(animal, [{ kind: 'head-off', layer: 9, head: 0 }])).rejects.toMatchObject({ code: 'bad-request' });
    expect((await run(animal)).interventions).toEqual([]);
  });
});

describe('what is said of a run', () => {
  test('metrics follow from the weights, and are null where the text cannot show them', async () => {
    const { id, tokens } = await run('the cat saw the cat');
    const n = tokens.length;
    const filter = { apart: new Uint8Array(n), heads: new Uint8Array(72).fill(1), budget: 10 };
    const { metrics } = await host.overview(id, filter, never);
    expect(metrics).toHaveLength(72);
    const { data } = host.matrix(id, 2, 7, 'weights');
    const weight = (query: number, key: number) => data[query * n + key] ?? Number.NaN;
    // [CLS] the cat saw the cat [SEP]
    const found = metrics[2 * 12 + 7];
    expect(found?.duplicate).toBeCloseTo((weight(4, 1) + weight(5, 2)) / 2, 9);
    expect(found?.induction).toBeCloseTo((weight(4, 2) + weight(5, 3)) / 2, 9);
    let special = 0;
    for (let query = 0; query < n; ++query) special += weight(query, n - 1) / n;
    expect(found?.special).toBeCloseTo(special, 9);
    const once = await run('one two three');
    const none = await host.overview(once.id, { ...filter, apart: new Uint8Array(5) }, never);
    expect(none.metrics[0]).toMatchObject({ duplicate: null, induction: null });
    expect(none.metrics[0]?.self).toBeGreaterThan(0);
  });

  test('aggregates, value-weighted attention and steps agree with the heads', async () => {
    const { id } = await run(animal);
    const heads = Array.from({ length: 12 }, (_, head) => host.matrix(id, 3, head, 'weights').data);
    const mean = await host.aggregate(id, 'mean', 3, never);
    expect(mean.data[40]).toBeCloseTo(heads.reduce((sum, data) => sum + (data[40] ?? 0), 0) / 12, 6);
    const rollout = await host.aggregate(id, 'rollout', 5, never);
    for (let row = 0; row < rollout.rows; ++row) {
      const sum = rollout.data.subarray(row * rollout.cols, (row + 1) * rollout.cols).reduce((a, b) => a + b, 0);
      expect(sum).toBeCloseTo(1, 4);
    }
    const steps = host.steps(id, 3, 1);
    const [query, key] = [10, 2];
    const norm = (matrix: Matrix | null, row: number) =>
      Math.hypot(...(matrix?.data.subarray(row * matrix.cols, (row + 1) * matrix.cols) ?? []));
    // One key alone: its value through W^O, as long as the weight says.
    let moved = 0;
    for (let column = 0; column < 384; ++column) {
      let sum = 0;
      for (let i = 0; i < 32; ++i)
        sum += (steps.value.data[key * 32 + i] ?? 0) * (steps.wOutput?.data[i * 384 + column] ?? Number.NaN);
      moved += sum * sum;
    }
    const n = steps.weights.cols;
    const valueWeighted = host.matrix(id, 3, 1, 'value-weighted').data[query * n + key] ?? Number.NaN;
    expect(valueWeighted).toBeCloseTo((steps.weights.data[query * n + key] ?? 0) * Math.sqrt(moved), 5);
    const contributions = host.contributions(id, 3);
    expect([contributions.rows, contributions.cols]).toEqual([12, n]);
    expect(contributions.data[n + query]).toBeCloseTo(norm(steps.added, query), 5);
    expect(norm(steps.added, query)).toBeGreaterThan(0);
    expect(() => host.contributions(id, 6)).toThrow(expect.objectContaining({ code: 'bad-request' }));
    const { largest, compared } = await host.verify(id, never);
    expect(compared).toBe(72 * n * n);
    expect(largest).toBeLessThan(2e-6);
    const flow = await host.flow(id, 10, never);
    expect(flow.data).toHaveLength(n);
    expect(Math.max(...flow.data)).toBeLessThanOrEqual(1.000001);
  });

  test('an encoder’s heads have no direct effect, and no prediction to compare', async () => {
    const { id } = await run(animal);
    expect(() => host.effect(id, 3, 5)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  test('two runs are as far apart as their rows are', async () => {
    const [left, right] = [await run(animal), await run(animal, [{ kind: 'head-off', layer: 0, head: 2 }])];
    const n = left.tokens.length;
    const pairs = Int32Array.from({ length: 2 * n }, (_, i) => i >> 1);
    const { heads, embedding, prediction } = await host.distance(left.id, right.id, pairs, never);
    expect(heads?.slice(0, 12)).toEqual(new Float32Array(12));
    expect(Math.max(...(heads?.slice(12) ?? []))).toBeGreaterThan(0.001);
    expect(embedding).toBeGreaterThan(1e-6);
    expect(prediction).toBeNull();
    const [a, b] = [host.matrix(left.id, 4, 1, 'weights'), host.matrix(right.id, 4, 1, 'weights')];
    const difference = await host.difference(a, b, pairs);
    expect(
      worst(
        difference.data,
        Float32Array.from(a.data, (weight, i) => weight - (b.data[i] ?? 0)),
      ),
    ).toBe(0);
    await expect(host.difference(a, b, Int32Array.of(0, 99))).rejects.toMatchObject({ code: 'bad-request' });
  });

  test('two tokens are as alike at every depth as their rows in the stream', async () => {
    const [left, right] = [await run(animal), await run('It was tired.')];
    const found = host.similarity(left.id, 9, right.id, 1);
    expect(found).toHaveLength(7);
    for (const [layer, similarity] of found.entries()) {
      const row = (id: number, index: number) => host.hidden(id, layer).data.subarray(384 * index, 384 * (index + 1));
      const [x, y] = [row(left.id, 9), row(right.id, 1)];
      const dot = x.reduce((sum, number, i) => sum + number * (y[i] ?? Number.NaN), 0);
      expect(similarity).toBeCloseTo(dot / (Math.hypot(...x) * Math.hypot(...y)), 5);
    }
    for (const itself of host.similarity(left.id, 9, left.id, 9)) expect(itself).toBeCloseTo(1, 6);
    expect(() => host.similarity(left.id, 99, right.id, 1)).toThrow(expect.objectContaining({ code: 'bad-request' }));
    const OTHER = 3;
    await host.load(OTHER, 4, modelFiles(), never, silent);
    const asked = { text: animal, chat: false, generated: [], interventions: [] };
    const other = await host.run(++lastRun, OTHER, asked, never, silent);
    expect(() => host.similarity(left.id, 9, other.id, 9)).toThrow(expect.objectContaining({ code: 'bad-request' }));
    host.releaseModel(OTHER);
  });

  test('long work ends when it is no longer wanted', async () => {
    const { id } = await run('word '.repeat(200));
    const controller = new AbortController();
    const wanted = host.verify(id, controller.signal);
    controller.abort();
    await expect(wanted).rejects.toMatchObject({ name: 'AbortError' });
  });
});
