/**
 * Python for a cell: text that Python compiles, with every number in it; and, where there is a Python with PyTorch and
 * transformers ($PYTHON, or python3), run on a model of every family against the reference weights.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CoreEngine, Reply } from '../../web/engine/bindings';
import type { Run } from '../../web/engine/types';
import { python } from '../../web/export/python';
import { readGolden } from '../golden/golden';
import { freshCore } from './core';
import { reading, runOf } from './export-runs';

const folder = mkdtempSync(join(tmpdir(), 'headlight-python-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = process.env['PYTHON'] ?? 'python3';
const call = (...args: string[]) => spawnSync(program, args, { encoding: 'utf8', cwd: folder });
const hasPython = call('--version').status === 0;
const hasTorch = hasPython && call('-c', 'import torch, transformers').status === 0;
const hasSafetensors = hasPython && call('-c', 'import numpy, safetensors').status === 0;
const skips = [
  !hasPython && `there is no ${program}: no script is even compiled`,
  !hasTorch && `${program} has no torch and transformers: no script is run against a model`,
  !hasSafetensors && `${program} has no numpy and safetensors: no script is run against a saved run`,
].filter((reason) => reason !== false);
if (skips.length > 0) console.warn(`SKIPPED in export-python.test.ts: ${skips.join('; ')}.`);

const written = (script: string): string => {
  const path = join(folder, 'cell.py');
  writeFileSync(path, script);
  return path;
};
const cell = { layer: 1, head: 0, queryIndex: 2, keyIndex: 0, weight: Math.fround(0.123456789) };

const hostile = ['"""', "'''\n", '\\', '#', 'a\u2028b', '\ud800', '{x}', '日本'];
const scripts: [string, Run][] = [
  ['an encoder', runOf({ pieces: ['[CLS]', 'it', '[SEP]'] })],
  ['a long text', runOf({ pieces: Array.from({ length: 100 }, (_, i) => `t${i}`), family: 'llama', causal: true })],
  ['hostile names', runOf({ pieces: hostile, name: '"; import os #\n\\' })],
  ['a changed run', runOf({ pieces: hostile, interventions: [{ kind: 'block-key', key: 1 }] })],
  ['a saved run of weights', runOf({ pieces: hostile, source: 'trace', name: "it's\n" })],
  ['a saved run of vectors', runOf({ pieces: hostile, source: 'trace', scores: true })],
];

describe('the script', () => {
  it('has everything that the number depends on', () => {
    const ids = [101, 2009, 102];
    const text = python(runOf({ pieces: ['[CLS]', 'it', '[SEP]'], ids, name: 'all-MiniLM-L6-v2' }), cell, reading);
    for (const part of [
      'layer, head, query, key = 1, 0, 2, 0',
      '    101, 2009, 102,',
      'headlight = 0.123456791', // nine digits tell any float32 from its neighbours
      '"path/to/all-MiniLM-L6-v2"',
      '"attn_implementation": "eager"',
      'output_attentions=True',
      'gguf_file=MODEL.name',
      '"local_files_only": True',
    ])
      expect(text).toContain(part);
    expect(Math.fround(0.123456791)).toBe(cell.weight);
  });

  it('writes out every id, a dozen to a line', () => {
    const run = scripts[1]?.[1] as Run;
    const found = /ids = \[\n([\s\S]*?)\n\]/.exec(python(run, cell, reading))?.[1] ?? '';
    expect(found.split('\n').every((line) => line.length < 120)).toBe(true);
    expect(found.match(/\d+/g)?.map(Number)).toEqual(run.tokens.map(({ id }) => id));
  });

  it('says what was changed, and does not pretend to change it', () => {
    const run = runOf({
      pieces: ['a', 'b', 'c'],
      interventions: [
        { kind: 'head-off', layer: 0, head: 1 },
        { kind: 'temperature', layer: 1, head: 0, temperature: 2 },
      ],
    });
    const text = python(run, cell, reading);
    expect(text.match(/^# Changed in Headlight, and not here: .+$/gm)).toEqual([
      '# Changed in Headlight, and not here: "Layer 0, head 1 switched off"',
      '# Changed in Headlight, and not here: "Layer 1, head 0 at temperature 2.00"',
    ]);
    expect(text).toContain('headlight_changed = 0.123456791');
    expect(text).toContain('the model unchanged');
    expect(text).not.toMatch(/hook|Difference:/);
  });

  it('leaves positions out itself, where it knows how, and then claims the same number', () => {
    const bag = { kind: 'positions-off' } as const;
    const wish = { pieces: ['a', 'b', 'c'], family: 'qwen2', interventions: [bag] };
    const text = python(runOf(wish), cell, reading);
    expect(text).toContain('model.rotary_emb.inv_freq.data.zero_()  # "Positions left out');
    expect(text).toContain('Difference:');
    expect(text).not.toMatch(/not here|changed/);
    const more = python(runOf({ ...wish, interventions: [{ kind: 'layer-off', layer: 0 }, bag] }), cell, reading);
    expect(more.match(/not here: .+$/gm)).toEqual(['not here: "Layer 0 skipped"']);
    expect(more).toContain('PyTorch, positions left out:');
    const unknown = python(runOf({ ...wish, family: 'other' }), cell, reading);
    expect(unknown).toContain('not here: "Positions left out');
    expect(unknown).not.toContain('zero_');
  });

  it('reads a saved run from its file', () => {
    const text = python(scripts[4]?.[1] as Run, cell, reading);
    expect(text).toContain('safe_open(TRACE, "numpy")');
    expect(text).not.toMatch(/torch|transformers/);
  });

  it.skipIf(!hasPython).each(scripts)('compiles: %s', (_name, run) => {
    const { status, stderr } = call('-m', 'py_compile', written(python(run, cell, reading)));
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});

/** The script with the reader's own path in it. */
function named(script: string, [placeholder, path]: readonly [string, string]): string {
  expect(script).toContain(placeholder);
  return script.replace(placeholder, path);
}

/** What a script printed: its numbers by their names. */
function numbersIn(stdout: string): Map<string, number> {
  const lines = stdout.matchAll(/^([\w, ]+): +([-+.\de]+)/gm);
  return new Map([...lines].map(([, name = '', value]) => [name, Number(value)]));
}

function report(script: string, replace: readonly [string, string]): Map<string, number> {
  const { stdout, stderr, status } = call(written(named(script, replace)));
  expect(status, stderr).toBe(0);
  return numbersIn(stdout);
}

/** Of several scripts, by one Python: PyTorch takes longer to start than to compute. */
function reports(scripts: readonly string[]): Map<string, number>[] {
  const paths = scripts.map((script, i) => {
    const path = join(folder, `${i}.py`);
    writeFileSync(path, script);
    return path;
  });
  const all = `
import sys
for path in sys.argv[1:]:
    print("== " + path)
    exec(compile(open(path, encoding="utf-8").read(), path, "exec"), {})
`;
  const { stdout, stderr, status } = call('-c', all, ...paths);
  expect(status, stderr).toBe(0);
  const parts = stdout.split(/^== .*$/m).slice(1);
  expect(parts).toHaveLength(scripts.length);
  return parts.map(numbersIn);
}

function answered<T extends object>(reply: Reply<T>): T {
  if ('error' in reply) throw new Error(JSON.stringify(reply.error));
  return reply;
}

/** The core with a model's folder or GGUF file in it, and the family that it is of. */
async function openedCore(path: string): Promise<[CoreEngine, string | null]> {
  const core = await freshCore();
  const isGguf = path.endsWith('.gguf');
  const bytes = readFileSync(isGguf ? path : join(path, 'model.safetensors'));
  answered(core.reserve('weights', bytes.length));
  core.window('weights', 0, bytes.length).set(bytes);
  const config = isGguf ? null : readFileSync(join(path, 'config.json'), 'utf8');
  return [core, answered(core.openModel(['weights'], config)).family];
}

const families = [
  'bert',
  'roberta',
  'distilbert',
  'gpt2',
  'gpt2_bare',
  'llama',
  'llama3',
  'llama_bias',
  'mistral',
  'qwen2',
  'qwen3',
];

describe.skipIf(!hasTorch)('run against PyTorch', () => {
  const golden = (path: string, model: string, family: string, interventions: Run['interventions'] = []) => {
    const found = readGolden(path);
    const ids = [...found.tensor('input_ids').data];
    const { shape, data } = found.tensor('layers.1.weights');
    const [nHeads = 0, n = 0] = shape;
    const run = runOf({ pieces: ids.map(String), ids, family, nHeads, name: family, interventions });
    const [head, queryIndex, keyIndex] = [nHeads - 1, n - 1, 2];
    const weight = data[(head * n + queryIndex) * n + keyIndex] ?? Number.NaN;
    const path_ = JSON.stringify(fileURLToPath(new URL(`../golden/${model}`, import.meta.url)));
    const replace: [string, string] = [JSON.stringify(`path/to/${family}`), path_];
    return { run, chosen: { layer: 1, head, queryIndex, keyIndex, weight }, replace };
  };

  const cases = [
    ...families.map(
      (family) => [family, golden(`families/${family}/run.safetensors`, `families/${family}`, family)] as const,
    ),
    ['a GGUF file', golden('gguf/tiny_run.safetensors', 'gguf/tiny.gguf', 'llama')] as const,
    [
      'a changed run',
      golden('families/bert/run.safetensors', 'families/bert', 'bert', [{ kind: 'layer-off', layer: 0 }]),
    ] as const,
  ];
  const printed = new Map<string, Map<string, number>>();

  beforeAll(() => {
    const all = cases.map(([, { run, chosen, replace }]) => {
      const weight = run.interventions.length > 0 ? Math.fround(chosen.weight + 0.25) : chosen.weight;
      return named(python(run, { ...chosen, weight }, reading), replace);
    });
    for (const [i, numbers] of reports(all).entries()) printed.set(cases[i]?.[0] ?? '', numbers);
  }, 300_000);

  it.each(cases.filter(([, { run }]) => run.interventions.length === 0))('%s', (name, { chosen }) => {
    const found = printed.get(name);
    expect(found?.get('Headlight')).toBeCloseTo(chosen.weight, 8);
    expect(Math.abs((found?.get('PyTorch') ?? Number.NaN) - chosen.weight)).toBeLessThan(2e-5);
    expect(found?.get('Difference')).toBeLessThan(2e-5);
  });

  it('a changed run: prints both, and by how much they differ', () => {
    const found = printed.get('a changed run');
    expect(found?.get('What the change did here')).toBeCloseTo(0.25, 4);
  });

  it('positions left out: PyTorch finds what the core found, in every family', async () => {
    const all = cases.filter(([, { run }]) => run.interventions.length === 0);
    const asked = all.map(async ([, { run, chosen: far, replace }]) => {
      const chosen = { ...far, keyIndex: far.queryIndex - 2 }; // Within every window.
      const path = JSON.parse(replace[1]) as string;
      const [core, family] = await openedCore(path);
      const interventions = [{ kind: 'positions-off' }] as const;
      const ids = Int32Array.from(run.tokens, ({ id }) => id ?? -1);
      const { run: coreRun } = answered(core.beginRun(ids, interventions));
      while (!answered(core.stepRun(coreRun, 1000)).done);
      const { data } = answered(core.matrix(coreRun, chosen.layer, chosen.head, 'weights'));
      const weight = data[chosen.queryIndex * ids.length + chosen.keyIndex] ?? Number.NaN;
      expect(weight).toBeGreaterThan(0);
      const bag = { ...run, interventions, model: { ...run.model, family } };
      return named(python(bag, { ...chosen, weight }, reading), replace);
    });
    for (const [i, numbers] of reports(await Promise.all(asked)).entries())
      expect(numbers.get('Difference'), all[i]?.[0]).toBeLessThan(2e-5);
  }, 300_000);
});

describe.skipIf(!hasSafetensors)('run on a saved run', () => {
  it.each([false, true])('weights from the file (it may have vectors: %s)', (scores) => {
    const file = readGolden('trace/python.safetensors');
    const { shape, data } = file.tensor('layers.1.weights');
    const n = shape[1] ?? 0;
    const tokens: string[] = JSON.parse(file.metadata['tokens'] ?? '[]');
    const run = runOf({ pieces: tokens, source: 'trace', name: 'saved', scores });
    const chosen = { layer: 1, head: 2, queryIndex: 3, keyIndex: 1, weight: data[(2 * n + 3) * n + 1] ?? Number.NaN };
    const path = fileURLToPath(new URL('../golden/trace/python.safetensors', import.meta.url));
    const found = report(python(run, chosen, reading), ['"path/to/saved.safetensors"', JSON.stringify(path)]);
    expect(found.get('Difference')).toBeLessThan(1e-8);
  });

  it('vectors alone: the weight is their softmax', () => {
    const path = join(folder, 'vectors.safetensors');
    const program = `
import json, sys, numpy, safetensors.numpy
g = safetensors.numpy.load_file(sys.argv[1])
tensors = {f"layers.{n}.{p}": g[f"layers.{n}.{p}"] for n in (0, 1) for p in ("query", "key", "value")}
n = g["input_ids"].shape[0]
safetensors.numpy.save_file(tensors, sys.argv[2], {"format": "attention-trace", "version": "1", "causal": "true", "tokens": json.dumps([str(i) for i in range(n)])})
`;
    const source = fileURLToPath(new URL('../golden/families/llama_bias/run.safetensors', import.meta.url));
    expect(call('-c', program, source, path).status).toBe(0);
    const { shape, data } = readGolden('families/llama_bias/run.safetensors').tensor('layers.1.weights');
    const n = shape[1] ?? 0;
    const pieces = Array.from({ length: n }, (_, i) => String(i));
    const run = runOf({ pieces, source: 'trace', name: 'saved', scores: true });
    const chosen = {
      layer: 1,
      head: 1,
      queryIndex: n - 2,
      keyIndex: 1,
      weight: data[(n + n - 2) * n + 1] ?? Number.NaN,
    };
    const found = report(python(run, chosen, reading), ['"path/to/saved.safetensors"', JSON.stringify(path)]);
    expect(found.get('Difference')).toBeLessThan(1e-5);
  });
});
