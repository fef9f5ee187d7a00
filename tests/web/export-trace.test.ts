/** A run as a trace file: Headlight's own core opens it and has the same numbers, bit for bit. */
import { describe, expect, it } from 'vitest';
import type { CoreEngine, CoreTraceInfo, Reply } from '../../web/engine/bindings';
import type { Intervention, Run } from '../../web/engine/types';
import { type TraceSource, traceFile, weightBytes, whyNoTrace } from '../../web/export/trace';
import { joined } from '../../web/export/zip';
import { readGolden } from '../golden/golden';
import { goldenBytes, tinyLlama } from './checkpoints';
import { freshCore } from './core';
import { runOf } from './export-runs';

function value<T extends object>(reply: Reply<T>): T {
  if ('error' in reply) throw new Error(JSON.stringify(reply.error));
  return reply;
}

/** A run of the small Llama in the core, and how an export asks for its numbers. */
async function tinyRun(interventions: readonly Intervention[] = []) {
  const core = await freshCore();
  const weights = tinyLlama.weights();
  value(core.reserve('model.safetensors', weights.length));
  core.window('model.safetensors', 0, weights.length).set(weights);
  const model = value(core.openModel(['model.safetensors'], new TextDecoder().decode(tinyLlama.config())));
  const ids = [...readGolden('families/llama/run.safetensors').tensor('input_ids').data];
  const { run: id } = value(core.beginRun(Int32Array.from(ids), interventions));
  while (!value(core.stepRun(id, 1000)).done);
  const { nLayers, nHeads } = model;
  const run = runOf({ pieces: ids.map((one) => `<${one}> "ü"`), causal: true, nLayers, nHeads, interventions });
  const source: TraceSource = {
    run,
    read: async (layer, head) => value(core.matrix(id, layer, head, 'weights')),
    hidden: async (layer) => value(core.hidden(id, layer)),
  };
  return { core, id, run, source };
}

async function collected(source: TraceSource): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of traceFile(source)) parts.push(part.slice());
  return joined(parts);
}

async function reopened(file: Uint8Array): Promise<{ core: CoreEngine; info: CoreTraceInfo }> {
  const core = await freshCore();
  value(core.reserve('trace.safetensors', file.length));
  core.window('trace.safetensors', 0, file.length).set(file);
  expect(value(core.kind('trace.safetensors'))).toEqual({ kind: 'trace' });
  return { core, info: value(core.openTrace('trace.safetensors')) };
}

const bits = (data: Float32Array) => [...new Uint32Array(data.slice().buffer)];

async function expectSame(made: Awaited<ReturnType<typeof tinyRun>>, file: Uint8Array): Promise<CoreTraceInfo> {
  const { core, info } = await reopened(file);
  const { nLayers, nHeads } = made.run.model;
  expect([info.nLayers, info.nHeads]).toEqual([nLayers, nHeads]);
  for (let layer = 0; layer < nLayers; ++layer) {
    for (let head = 0; head < nHeads; ++head) {
      const before = value(made.core.matrix(made.id, layer, head, 'weights')).data;
      expect(bits(value(core.matrix(info.run, layer, head, 'weights')).data)).toEqual(bits(before));
    }
  }
  for (let layer = 0; layer <= nLayers; ++layer)
    expect(bits(value(core.hidden(info.run, layer)).data)).toEqual(bits(value(made.core.hidden(made.id, layer)).data));
  return info;
}

describe('a run as a trace file', () => {
  it('opens with the same weights, hidden states, tokens and names', async () => {
    const made = await tinyRun();
    const info = await expectSame(made, await collected(made.source));
    expect(info).toMatchObject({ name: 'Tiny', text: made.run.text, causal: true, scores: false, hidden: true });
    expect(info.tokens).toEqual(made.run.tokens.map(({ piece }) => piece));
  });

  it('says where it was changed', async () => {
    const interventions: Intervention[] = [
      { kind: 'head-off', layer: 0, head: 1 },
      { kind: 'edit-weight', layer: 1, head: 0, query: 4, key: 1, weight: 0.9 },
    ];
    const made = await tinyRun(interventions);
    const info = await expectSame(made, await collected(made.source));
    expect(info.name).toBe('Tiny (changed)');
  });

  it('is as large as it was said to be, but for header and hidden states', async () => {
    const { source, run } = await tinyRun();
    const file = await collected({ ...source, run: { ...run, can: { ...run.can, hidden: false } } });
    const header = Number(new DataView(file.buffer).getBigUint64(0, true));
    expect(header % 8).toBe(0);
    expect(file.length).toBe(8 + header + weightBytes(run));
    expect((await reopened(file)).info.hidden).toBe(false);
  });

  it('takes a saved run, and then its own file, as they are', async () => {
    const bytes = goldenBytes('trace/python.safetensors');
    const first = await reopened(bytes);
    const { tokens, nLayers, nHeads, run: id } = first.info;
    const run: Run = runOf({ pieces: tokens, source: 'trace', nLayers, nHeads, causal: null });
    const read: TraceSource['read'] = async (layer, head) => value(first.core.matrix(id, layer, head, 'weights'));
    const file = await collected({ run, read, hidden: () => Promise.reject(new Error('it has none')) });
    const { core, info } = await reopened(file);
    expect(info).toMatchObject({ tokens, causal: null });
    for (let head = 0; head < nHeads; ++head) {
      const before = value(first.core.matrix(id, 3, head, 'weights')).data;
      expect(bits(value(core.matrix(info.run, 3, head, 'weights')).data)).toEqual(bits(before));
    }
  });

  it('is refused where a row no longer adds up to 1', async () => {
    const raw: Intervention = {
      kind: 'edit-weight',
      layer: 0,
      head: 0,
      query: 1,
      key: 0,
      weight: 1,
      renormalise: false,
    };
    const run: Run = runOf({ pieces: ['a', 'b'], interventions: [raw] });
    expect(whyNoTrace(run)).toContain('add up to 1');
    const never = () => Promise.reject(new Error('asked for'));
    await expect(collected({ run, read: never, hidden: never })).rejects.toThrow('add up to 1');
    expect(whyNoTrace(runOf({ pieces: ['a'] }))).toBeNull();
  });
});
