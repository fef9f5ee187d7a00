/** The minimal pairs, read by the models they were chosen for: their tokens are there, and each group says what is so. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createHost, type Host } from '../../web/engine/host';
import type { Run } from '../../web/engine/types';
import { tokenLabel } from '../../web/state/labels';
import { pairsOf, partnerOf } from '../../web/state/pairing';
import { choosePair, isFor, type MinimalPair, PAIR_GROUPS, type PairModel } from '../../web/state/pairs';
import { initialState, update } from '../../web/state/state';
import { freshCore, modelFiles } from './core';

const never = new AbortController().signal;
const silent = () => {};

/** From this difference of a weight on, a pair is said to change it. */
const CHANGE = 0.1;

const smollm2 = () => {
  const path = '../../build/models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf';
  return [new File([new Uint8Array(readFileSync(new URL(path, import.meta.url)))], 'SmolLM2-135M-Instruct.Q4_1.gguf')];
};

const FILES: Record<PairModel, () => File[]> = { minilm: modelFiles, smollm2 };

describe.each(Object.keys(FILES) as PairModel[])('the pairs for %s', (model) => {
  let host: Host;
  let lastRun = 100;
  const run = (text: string): Promise<Run> =>
    host.run(++lastRun, 1, { text, chat: false, generated: [], interventions: [] }, never, silent);

  beforeAll(async () => {
    host = createHost(freshCore);
    await host.load(1, 2, FILES[model](), never, silent);
  });

  const groups = PAIR_GROUPS.filter((group) => group.model === model);
  const pairs = groups.flatMap((group) => group.pairs.map((pair) => [pair.title, pair, group.changes] as const));

  it.each(pairs)('%s', async (_, pair, changes) => {
    const runs = [await run(pair.text), await run(pair.other)] as const;
    const partners = pairsOf(runs[0].tokens, runs[1].tokens, 'token');
    const inBoth = (index: number) => [index, partnerOf(partners, index, 0) ?? -1];
    const [queries, keys] = [inBoth(pair.query), inBoth(pair.key)];
    const weights = runs.map(({ id, tokens }, side) => {
      const [query, key] = [tokens[queries[side] ?? -1], tokens[keys[side] ?? -1]];
      expect([query, key].map((token) => token && tokenLabel(token))).toEqual([pair.from[side], pair.watch[side]]);
      const { cols, data } = host.matrix(id, pair.layer, pair.head, 'weights');
      return data[(query?.index ?? 0) * cols + (key?.index ?? 0)] ?? Number.NaN;
    });
    const by = Math.abs((weights[0] ?? Number.NaN) - (weights[1] ?? Number.NaN));
    if (changes) expect(by).toBeGreaterThan(CHANGE);
    else expect(by).toBeLessThan(CHANGE);
    // A weight that is nothing in both would be no thing to watch.
    expect(Math.max(...weights)).toBeGreaterThan(CHANGE);
  });
});

describe('the library', () => {
  const all = PAIR_GROUPS.flatMap((group) => group.pairs);

  it('has pairs of every sort, each once, and no number in its words', () => {
    expect(all.length).toBeGreaterThanOrEqual(10);
    expect(new Set(all.map((pair) => pair.title)).size).toBe(all.length);
    for (const { pairs } of PAIR_GROUPS) expect(pairs).not.toEqual([]);
    const words = [...PAIR_GROUPS.map((group) => group.about), ...all.map((pair) => pair.question)];
    for (const text of words) expect(text).not.toMatch(/\d/);
  });

  it('puts both sentences side by side, and chooses a head only in the model it knows', () => {
    const pair = all[0] as MinimalPair;
    const before = update(initialState, { layer: 5, interventions: [{ kind: 'layer-off', layer: 0 }], chat: true });
    expect(update(before, choosePair(pair, true))).toMatchObject({
      ...{ text: pair.text, compare: { kind: 'text', text: pair.other }, interventions: [], chat: false },
      ...{ layer: pair.layer, head: pair.head, query: pair.query, key: pair.key },
    });
    expect(update(before, choosePair(pair, false))).toMatchObject({ text: pair.text, layer: 5, query: 0 });
  });

  it('knows its models by the names that files and folders give them', () => {
    expect(isFor('minilm', { name: 'all-minilm-l6-v2' })).toBe(true);
    expect(isFor('minilm', { name: 'all-MiniLM-L12-v2' })).toBe(false);
    expect(isFor('smollm2', { name: 'SmolLM2-135M-Instruct' })).toBe(true);
    expect(isFor('smollm2', { name: 'SmolLM2-360M' })).toBe(false);
    expect(isFor('smollm2', null)).toBe(false);
  });
});
