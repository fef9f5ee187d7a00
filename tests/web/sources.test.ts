/** Which file of a source is which, which addresses are opened, and what names of the hub stand for. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HUB, hubAddress, inShards, type Parts, partsOf } from '../../web/engine/sources';

const never = new AbortController().signal;
const of = (source: Parameters<typeof partsOf>[0]) => partsOf(source, never);
const named = (...names: string[]) => names.map((name) => new File(['x'], name));
const weightsOf = ({ weights }: Parts) => weights.map(({ name }) => name);

/** A file of a dropped folder. */
function inFolder(path: string, contents = 'x'): File {
  const file = new File([contents], path.split('/').at(-1) ?? '');
  Object.defineProperty(file, 'webkitRelativePath', { value: path });
  return file;
}

describe('addresses', () => {
  test.each([
    ['javascript:alert(1)'],
    ['data:text/plain,x'],
    ['file:///etc/passwd'],
    ['ftp://example.org/m/'],
    ['http://example.org/m/'],
    ['https://name:secret@example.org/m/'],
    ['https://name@huggingface.co/owner/model'],
    ['not an address'],
  ])('%s is refused', async (address) => {
    await expect(of(address)).rejects.toMatchObject({ code: 'bad-request' });
  });

  test.each([
    ['https://example.org/models/my%20bert/', 'my bert', ['model.safetensors'], true],
    ['https://example.org/models/tiny.v2.safetensors', 'tiny.v2', ['tiny.v2.safetensors'], false],
    ['https://example.org/a/b.Q4_K.gguf?download=true', 'b.Q4_K', ['b.Q4_K.gguf'], false],
    ['http://localhost:8080/m/', 'm', ['model.safetensors'], true],
    ['https://example.org/', 'example.org', ['model.safetensors'], true],
    [`${HUB}/owner/model/resolve/main/`, 'model', ['model.safetensors'], true],
    [`${HUB}/owner/model`, 'model', ['model.safetensors'], true],
    [
      'https://example.org/m-00002-of-00003.safetensors',
      'm',
      [1, 2, 3].map((i) => `m-0000${i}-of-00003.safetensors`),
      false,
    ],
  ])('%s', async (address, name, weights, isFolder) => {
    const parts = await of(address);
    expect({ ...parts, weights: weightsOf(parts) }).toMatchObject({ name, weights, isFolder });
    expect(parts.config?.url?.pathname.endsWith('/config.json')).toBe(true);
  });

  test('what is not of this site is kept, by its address; a blob has no neighbours and is not', async () => {
    expect((await of('https://example.org/m/')).keep).toMatchObject({ address: 'https://example.org/m/', name: 'm' });
    expect(await of('blob:https://example.org/0-1')).toMatchObject({ config: null, tokenizer: null, keep: null });
  });

  test('a part of a GGUF file is refused by name', async () => {
    await expect(of('https://example.org/m-00001-of-00002.gguf')).rejects.toMatchObject({ code: 'unsupported' });
    await expect(of(named('m-00001-of-00002.gguf'))).rejects.toMatchObject({ code: 'unsupported' });
    expect(weightsOf(await of(named('m-00001-of-00001.gguf')))).toEqual(['m-00001-of-00001.gguf']);
  });
});

describe('names of the hub', () => {
  const at = (path: string) => `${HUB}/${path}`;
  test.each([
    ['owner/name', at('owner/name/resolve/main/')],
    [' owner/name ', at('owner/name/resolve/main/')],
    ['owner/name/', at('owner/name/resolve/main/')],
    ['owner/name@v1.0', at('owner/name/resolve/v1.0/')],
    ['owner/name/file.Q4_1.gguf', at('owner/name/resolve/main/file.Q4_1.gguf')],
    ['owner/name@abc/sub/file.gguf', at('owner/name/resolve/abc/sub/file.gguf')],
    ['owner/name/sub', at('owner/name/resolve/main/sub/')],
    [at('owner/name'), at('owner/name/resolve/main/')],
    [at('owner/name/tree/main'), at('owner/name/resolve/main/')],
    [at('owner/name/tree/dev/sub'), at('owner/name/resolve/dev/sub/')],
    [at('owner/name/blob/main/file.gguf'), at('owner/name/resolve/main/file.gguf')],
    [at('owner/name/resolve/main/file.gguf?download=true'), at('owner/name/resolve/main/file.gguf')],
    [at('owner/name?library=x#readme'), at('owner/name/resolve/main/')],
  ])('%s', (text, address) => {
    expect(hubAddress(text)).toBe(address);
  });

  test.each([
    'name',
    '',
    '/',
    'owner/',
    '/name',
    'owner/na me',
    'owner/na\u0000me',
    'owner/name@',
    'owner/name@a@b',
    'owner/name@../x',
    'owner/..',
    '../name',
    'owner/name/../../x.gguf',
    'owner/%2e%2e',
    'owner/name/.git/config',
    `owner/${'n'.repeat(200)}`,
    'owner/name/a/b/c/d/e/f/g.gguf',
    'owner/naïve',
    'https://example.org/owner/name',
    'http://huggingface.co/owner/name',
    'https://huggingface.co.example.org/owner/name',
    'https://name:secret@huggingface.co/owner/name',
    at('datasets/owner/name'),
    at('spaces/owner/name'),
    at('owner'),
    at('owner/name/discussions'),
    at('owner/name/blob/main/%2e%2e%2f%2e%2e%2fx.gguf'),
  ])('%s is none', (text) => {
    expect(hubAddress(text)).toBeNull();
  });

  test('another hub is understood where it is given', () => {
    expect(hubAddress('owner/name', 'http://localhost:1')).toBe('http://localhost:1/owner/name/resolve/main/');
    expect(hubAddress('http://localhost:1/owner/name', 'http://localhost:1')).toBe(
      'http://localhost:1/owner/name/resolve/main/',
    );
  });

  test('whatever is typed, the address stays on the hub and inside the model', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webPath(), fc.stringMatching(/^[\w.@/%-]{0,40}$/)), (text) => {
        const address = hubAddress(text);
        if (address === null) return;
        const url = new URL(address);
        expect(url.href).toBe(address);
        expect(url.origin).toBe(HUB);
        expect(url.pathname).toMatch(/^\/[\w.-]+\/[\w.-]+\/resolve\/[\w.-]+\//);
      }),
    );
  });
});

describe('files', () => {
  test('names come from the folder or the file', async () => {
    expect((await of(named('weights.safetensors', 'config.json'))).name).toBe('weights');
    expect((await of([inFolder('my-model/model.safetensors'), inFolder('my-model/config.json')])).name).toBe(
      'my-model',
    );
    expect((await of([inFolder('folder/tiny.gguf')])).name).toBe('tiny');
    expect((await of(named('m-00001-of-00001.safetensors'))).name).toBe('m');
    expect((await of(new File(['x'], 'run.trace.safetensors'))).name).toBe('run.trace');
    expect((await of(new Blob(['x']))).name).toBe('file');
  });

  test('those beside the weights are found by name', async () => {
    const parts = await of(
      named(
        'tokenizer.json',
        'model.safetensors',
        'README.md',
        'tokenizer_config.json',
        'config.json',
        'chat_template.jinja',
      ),
    );
    expect(parts).toMatchObject({
      config: { name: 'config.json' },
      tokenizer: { name: 'tokenizer.json' },
      tokenizerConfig: { name: 'tokenizer_config.json' },
      chatTemplate: { name: 'chat_template.jinja' },
      isFolder: true,
      bytes: 1,
      keep: null,
    });
    expect(await of(named('model.safetensors'))).toMatchObject({ config: null, tokenizer: null, isFolder: false });
  });

  test('the topmost of a dropped folder are meant', async () => {
    const parts = await of([
      inFolder('m/onnx/config.json', 'deep'),
      inFolder('m/onnx/model.safetensors', 'deeper'),
      inFolder('m/config.json', 'top'),
      inFolder('m/model.safetensors', 'topmost'),
    ]);
    expect(weightsOf(parts)).toEqual(['model.safetensors']);
    expect(parts.bytes).toBe('topmost'.length);
  });

  test('so they are where a path stands in their name, for a dropped folder cannot say it otherwise', async () => {
    const parts = await of([
      new File(['deeper'], 'm/onnx/model.safetensors'),
      new File(['{}'], 'm/config.json'),
      new File(['top'], 'm/model.safetensors'),
    ]);
    expect(parts).toMatchObject({ name: 'm', bytes: 3, isFolder: true, config: { name: 'config.json' } });
    expect(weightsOf(parts)).toEqual(['model.safetensors']);
  });

  test('a set of shards is one model, in order, whatever order it comes in', async () => {
    const shards = [2, 3, 1].map((i) => `model-0000${i}-of-00003.safetensors`);
    const parts = await of(named('config.json', ...shards));
    expect(weightsOf(parts)).toEqual([...shards].sort());
    expect(parts.bytes).toBe(3);
  });

  test('a missing shard is named', async () => {
    const failed = of(named('model-00001-of-00003.safetensors', 'model-00003-of-00003.safetensors', 'config.json'));
    await expect(failed).rejects.toMatchObject({
      code: 'missing-file',
      expected: 'model-00002-of-00003.safetensors',
    });
    await expect(of(named('model-00001-of-00002.safetensors'))).rejects.toMatchObject({
      expected: 'model-00002-of-00002.safetensors',
    });
  });

  const index = (map: unknown, rest: object = {}) =>
    new File(
      [typeof map === 'string' ? map : JSON.stringify({ weight_map: map, ...rest })],
      'model.safetensors.index.json',
    );

  test('an index says which files belong together', async () => {
    const files = [index({ a: 'two.safetensors', b: 'one.safetensors', c: 'two.safetensors' })];
    expect(weightsOf(await of([...files, ...named('one.safetensors', 'two.safetensors')]))).toEqual([
      'one.safetensors',
      'two.safetensors',
    ]);
    await expect(of([...files, ...named('one.safetensors')])).rejects.toMatchObject({
      code: 'missing-file',
      expected: 'two.safetensors',
    });
    await expect(of(files)).rejects.toMatchObject({ code: 'missing-file', expected: 'one.safetensors' });
  });

  test('one whole file is preferred to shards', async () => {
    const files = [index({ a: 'one.safetensors' }), ...named('one.safetensors', 'model.safetensors')];
    expect(weightsOf(await of(files))).toEqual(['model.safetensors']);
  });

  test.each<[string, unknown]>([
    ['no JSON', '<html>'],
    ['no JSON at all', 'x'],
    ['null', 'null'],
    ['no map', '{}'],
    ['a list', '{"weight_map": ["a.safetensors"]}'],
    ['an empty map', {}],
    ['a number for a name', { a: 3 }],
    ['a path', { a: 'sub/a.safetensors' }],
    ['a way up', { a: '../a.safetensors' }],
    ['a way up in Windows', { a: '..\\a.safetensors' }],
    ['an address', { a: 'https://example.org/a.safetensors' }],
    ['an address without a scheme', { a: '//example.org/a.safetensors' }],
    ['a query', { a: 'a.safetensors?x=.safetensors' }],
    ['an escape', { a: '%2e%2e%2fa.safetensors' }],
    ['a hidden file', { a: '.a.safetensors' }],
    ['another kind of file', { a: 'a.bin' }],
    ['a name without end', { a: `${'a'.repeat(300)}.safetensors` }],
    ['control characters', { a: 'a\n.safetensors' }],
    ['too many files', Object.fromEntries(Array.from({ length: 257 }, (_, i) => [i, `${i}.safetensors`]))],
  ])('an index with %s is refused', async (_, map) => {
    const failed = of([index(map), ...named('a.safetensors', 'b.safetensors')]);
    await expect(failed).rejects.toMatchObject({ code: expect.stringMatching(/^(bad-file|not-a-model)$/) });
  });

  test('256 files are not too many', async () => {
    const shards = Array.from({ length: 256 }, (_, i) => `${i}.safetensors`);
    const map = Object.fromEntries(shards.map((name, i) => [`t${i}`, name]));
    expect(weightsOf(await of([index(map), ...named(...shards)]))).toHaveLength(256);
  });

  test('several models, and none, are refused', async () => {
    await expect(of(named('a.safetensors', 'b.safetensors'))).rejects.toMatchObject({
      code: 'bad-request',
      message: expect.stringMatching(/several files/),
    });
    await expect(of(named('a.safetensors', 'b.gguf'))).rejects.toMatchObject({ code: 'bad-request' });
    await expect(of(named('config.json', 'tokenizer.json'))).rejects.toMatchObject({
      code: 'missing-file',
      message: expect.stringMatching(/\.safetensors or \.gguf/),
    });
    await expect(of([])).rejects.toMatchObject({ code: 'missing-file', found: 'no file' });
  });

  test('a trace or a pickle of any name is opened, to be judged by its contents', async () => {
    expect(weightsOf(await of(named('pytorch_model.bin', 'config.json')))).toEqual(['pytorch_model.bin']);
    expect(weightsOf(await of(named('run')))).toEqual(['run']);
  });

  test('without an index there are no shards', async () => {
    await expect(inShards(await of(named('model.safetensors')), never)).rejects.toMatchObject({ code: 'missing-file' });
  });
});
