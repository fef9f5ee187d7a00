/** The tooling's decisions: which toolchain is new enough, what counts as a test, what the reader is shown. */
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isNewEnough } from '../../web/tooling/emscripten.mjs';
import { modelList, models } from '../../web/tooling/models.mjs';
import { bundledPackages, noticesFiles } from '../../web/tooling/notices.mjs';
import { countGoogleTest, headersByObject } from '../../web/tooling/stages.mjs';
import { overlayError } from '../../web/tooling/vite-plugins.mjs';

it.each([
  ['3.1.69~dfsg-1', true],
  ['emcc (Emscripten gcc/clang-like replacement) 3.1.60 (abc)', true],
  ['4.0.10', true],
  ['3.1.6~dfsg-5', false],
  ['3.1.59', false],
  ['2.9.99', false],
  ['no version', false],
])('Emscripten "%s": new enough is %s', (version, expected) => expect(isNewEnough(version)).toBe(expected));

it('knows size, checksum, licence and origin of every model', () => {
  expect(models.map((model) => model.id)).toEqual(['all-minilm-l6-v2', 'smollm2-135m-instruct']);
  for (const model of models) {
    expect(model.licence).not.toBe('');
    expect(model.wheel.version).toMatch(/^\d/);
    for (const file of model.files) {
      expect(file.name).toMatch(/^[\w.-]+$/);
      expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(file.bytes).toBeGreaterThan(0);
    }
  }
});

it('offers the models that are there whole, each at its address', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headlight-models-'));
  const put = (id: string, name: string, bytes: number) => {
    mkdirSync(join(folder, id), { recursive: true });
    writeFileSync(join(folder, id, name), '');
    truncateSync(join(folder, id, name), bytes); // Takes no room on the disk.
  };
  const offered = () => JSON.parse(modelList(folder));
  try {
    expect(offered()).toEqual([]);
    for (const { id, files } of models) for (const { name, bytes } of files) put(id, name, bytes);
    expect(offered()).toEqual([
      {
        id: 'all-minilm-l6-v2',
        title: 'all-MiniLM-L6-v2',
        source: 'sentence-transformers/all-MiniLM-L6-v2',
        licence: 'Apache-2.0',
        bytes: 90_868_376 + 466_247 + 612,
        address: 'models/all-minilm-l6-v2/',
      },
      {
        id: 'smollm2-135m-instruct',
        title: 'SmolLM2-135M-Instruct',
        source: 'HuggingFaceTB/SmolLM2-135M-Instruct',
        licence: 'Apache-2.0',
        bytes: 98_362_432,
        address: 'models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf',
      },
    ]);
    put('smollm2-135m-instruct', 'SmolLM2-135M-Instruct.Q4_1.gguf', 98_362_431);
    rmSync(join(folder, 'all-minilm-l6-v2/config.json'));
    expect(offered()).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('counts only tests that ran', () => {
  const test = (result: string, failures?: object[]) => ({ result, ...(failures && { failures }) });
  const report = { testsuites: [{ testsuite: [test('COMPLETED'), test('COMPLETED', [{}]), test('SUPPRESSED')] }] };
  expect(countGoogleTest(report)).toEqual({ passed: 1, failed: 1 });
});

it("reads an object's own headers from ninja", () => {
  const text =
    'a.o: #deps 3, deps mtime 1 (VALID)\n    ../../cpp/attn/mask.h\n    /usr/include/stdio.h\n\nb.o: #deps 0\n';
  const folder = `${import.meta.dirname}/../../build/native`;
  const headers = [...headersByObject(text, folder)].map(([object, paths]) => [object, paths.length]);
  expect(headers).toEqual([
    ['a.o', 1],
    ['b.o', 0],
  ]);
});

it("shows a compiler's first error where it is", () => {
  const { err } = overlayError("noise\n/code/cpp/attn/mask.cpp:12:3: error: expected ';'\nmore");
  expect(err).toMatchObject({ message: "expected ';'", loc: { file: '/code/cpp/attn/mask.cpp', line: 12, column: 3 } });
  expect(overlayError('ninja: broken').err.frame).toBe('ninja: broken');
});

describe('the notices', () => {
  const page = noticesFiles().find((file) => file.name === 'notices.html')?.text ?? '';

  it('name everything that ends in the site, the models among them', () => {
    for (const name of [...bundledPackages(), 'Eigen', 'nlohmann', 'musl', 'libc++', 'Emscripten']) {
      expect(page).toContain(name);
    }
    for (const model of models) expect(page).toContain(model.title);
  });

  it('work under the strict policy', () => {
    expect(page).not.toMatch(/<script|<style|style=|onclick/);
    expect(page).not.toMatch(/(src|href)="(https?:|\/)/);
  });
});
