/** The tooling's decisions: which toolchain is new enough, what counts as a test, what the reader is shown. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSiteModels } from '../../web/element/site-models';
import { isNewEnough } from '../../web/tooling/emscripten.mjs';
import { modelList, models } from '../../web/tooling/models.mjs';
import { bundledPackages, noticesFiles } from '../../web/tooling/notices.mjs';
import { countGoogleTest, headersByObject } from '../../web/tooling/stages.mjs';
import { readArguments, tokenizeTexts } from '../../web/tooling/trace.mjs';
import { overlayError } from '../../web/tooling/vite-plugins.mjs';
import { readGolden } from '../golden/golden';

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
        about: 'An encoder: every token sees the whole sentence.',
        source: 'sentence-transformers/all-MiniLM-L6-v2',
        licence: 'Apache-2.0',
        bytes: 90_868_376 + 466_247 + 612,
        address: 'models/all-minilm-l6-v2/',
      },
      {
        id: 'smollm2-135m-instruct',
        title: 'SmolLM2-135M-Instruct',
        about: 'Writes on: generates text, token by token.',
        source: 'HuggingFaceTB/SmolLM2-135M-Instruct',
        licence: 'Apache-2.0',
        bytes: 98_362_432,
        address: 'models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf',
      },
    ]);
    // The page reads it strictly.
    expect(
      parseSiteModels(offered(), new URL('https://example.org/x/models.json')).map(({ address }) => address),
    ).toEqual([
      'https://example.org/x/models/all-minilm-l6-v2/',
      'https://example.org/x/models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf',
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

describe('npm run trace', () => {
  const golden = join(import.meta.dirname, '../golden');
  const llama = join(golden, 'families/llama');
  const read = (...args: string[]) => readArguments(args, golden);

  it('reads its arguments, paths relative to where it was called', () => {
    expect(read('families/llama', 'A sentence.')).toEqual({
      model: llama,
      text: 'A sentence.',
      output: join(golden, 'trace.safetensors'),
      vectors: false,
      chat: false,
    });
    expect(read('--chat', 'gguf/tiny.gguf', '', '--vectors', '-o', 'gguf/x.safetensors')).toEqual({
      model: join(golden, 'gguf/tiny.gguf'),
      text: '',
      output: join(golden, 'gguf/x.safetensors'),
      vectors: true,
      chat: true,
    });
  });

  it.each([
    ['nothing', [], /expected MODEL and one sentence in quotes, found 0/],
    ['no sentence', ['families/llama'], /found 1 arguments/],
    ['a sentence without quotes', ['families/llama', 'two', 'words'], /found 3 arguments/],
    ['an option that is not known', ['families/llama', 'x', '--outputs', 'y'], /--outputs/],
    ['an option without its value', ['families/llama', 'x', '-o'], /argument missing/],
    ['a folder to write to', ['families/llama', 'x', '-o', 'gguf'], /-o: expected a file .* found "gguf"/],
    ['a folder that is not there', ['families/llama', 'x', '-o', 'no/x'], /-o: expected a file .* found "no\/x"/],
    ['a model that is not there', ['families/none', 'x'], /there is no file or folder .*none/],
    ['a file of another kind', ['README.md', 'x'], /expected a folder or a \.gguf file, found .*README\.md/],
    ['a folder without config.json', ['gguf', 'x'], /expected config\.json in .*gguf, found none/],
  ])('refuses %s and says how it is used', (_name, args, message) => {
    expect(() => read(...args)).toThrow(message);
    expect(() => read(...args)).toThrow(/usage: npm run trace -- MODEL "sentence"/);
  });

  it('tokenises as the page does', async () => {
    const minilm = join(import.meta.dirname, '../../build/models/all-minilm-l6-v2');
    const cases = JSON.parse(readFileSync(join(golden, 'tokenizers/minilm.json'), 'utf8')).slice(0, 8);
    const { name, tokenized } = await tokenizeTexts(
      minilm,
      cases.map(({ text }: { text: string }) => text),
    );
    expect(name).toBe('all-minilm-l6-v2');
    expect(tokenized).toEqual(cases.map(({ ids, tokens }: { ids: number[]; tokens: string[] }) => ({ ids, tokens })));
    await expect(tokenizeTexts(minilm, ['x'], { chat: true })).rejects.toThrow(/no chat template/);
  });

  it('tokenises with the vocabulary that a GGUF file carries', async () => {
    const { metadata, tensor } = readGolden('gguf/tiny_run.safetensors');
    const { name, tokenized } = await tokenizeTexts(join(golden, 'gguf/tiny.gguf'), [metadata['text'] ?? '']);
    expect(name).toBe('headlight tiny');
    expect(tokenized).toEqual([{ ids: [...tensor('input_ids').data], tokens: JSON.parse(metadata['tokens'] ?? '') }]);
  });

  it('takes ids where a model has no tokenizer', async () => {
    const { tokenized } = await tokenizeTexts(llama, ['5 17 23']);
    expect(tokenized).toEqual([{ ids: [5, 17, 23], tokens: ['5', '17', '23'] }]);
    await expect(tokenizeTexts(llama, ['five'])).rejects.toThrow(/type token ids, separated by spaces/);
  });
});

it('the README saves a trace with the lines that made the one the tests read', () => {
  const text = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
  const plain = (code: string) => code.replaceAll("'", '"').replace(/\s+/g, '');
  const block = /```python\n([\s\S]*?)```/.exec(text('README.md'))?.[1] ?? '';
  const lines = /^inputs = [\s\S]*$/m.exec(block)?.[0] ?? '';
  expect(lines.split('\n').length).toBeGreaterThan(3);
  expect(plain(text('tests/golden/make_trace.py'))).toContain(plain(lines));
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
