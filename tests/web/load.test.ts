/** Loading through the shipped WebAssembly: from a server that imitates the hub, from files, and what happens when it fails. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CoreEngine } from '../../web/engine/bindings';
import { createHost, type Host } from '../../web/engine/host';
import type { Progress } from '../../web/engine/types';
import { readGolden } from '../golden/golden';
import { cutIntoShards, goldenBytes, tinyGguf, tinyLlama } from './checkpoints';
import { freshCore, modelFile } from './core';
import { FakeCaches } from './fake-caches';
import { type Hub, LOGIN_PAGE, startHub } from './hub-server';

const never = new AbortController().signal;
const silent = () => {};
const ROOT = '/owner/tiny/resolve/main/';
const IDS = [...readGolden('families/llama/run.safetensors').tensor('input_ids').data].join(' ');
const MB = 1024 * 1024;
let hub: Hub;
let caches: FakeCaches;
let host: Host;
let last = 0;
/** Files that an instance holds for somebody who never opened them. */
let held: Set<string>;

/** The core with a note of what is reserved in it. */
async function watchedCore(): Promise<CoreEngine> {
  const core = await freshCore();
  const { reserve, release, openModel, openTrace } = core;
  core.reserve = (name, bytes) => {
    held.add(name);
    return reserve.call(core, name, bytes);
  };
  core.release = (name) => {
    held.delete(name);
    release.call(core, name);
  };
  core.openModel = (names, config) => {
    const opened = openModel.call(core, names, config);
    if (!('error' in opened)) for (const name of names) held.delete(name);
    return opened;
  };
  core.openTrace = (name) => {
    const opened = openTrace.call(core, name);
    if (!('error' in opened)) held.delete(name);
    return opened;
  };
  return core;
}

beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub.close());
beforeEach(() => {
  hub.files.clear();
  hub.requests.length = 0;
  caches = new FakeCaches();
  held = new Set();
  vi.stubGlobal('caches', caches);
  host = createHost(watchedCore, hub.origin);
});
afterEach(() => {
  vi.unstubAllGlobals();
  expect([...held]).toEqual([]);
});

const load = (source: Parameters<Host['load']>[2], signal = never, report: (progress: Progress) => void = silent) =>
  host.load(++last, ++last, source, signal, report);
const page = () => `${hub.origin}/owner/tiny`;

const putTiny = () => {
  hub.put(`${ROOT}config.json`, tinyLlama.config(), { gzip: true });
  return hub.put(`${ROOT}model.safetensors`, tinyLlama.weights(), { redirect: true });
};

/** The loaded model's first weights are those of the reference. */
async function expectReference(id: number): Promise<void> {
  const run = await host.run(++last, id, { text: IDS, chat: false, generated: [], interventions: [] }, never, silent);
  const expected = readGolden('families/llama/run.safetensors').tensor('layers.1.weights').data;
  const { data } = host.matrix(run.id, 1, 2, 'weights');
  const worst = Math.max(...data.map((weight, i) => Math.abs(weight - (expected[2 * data.length + i] ?? Number.NaN))));
  expect(worst).toBeLessThan(2e-5);
}

describe('from the hub', () => {
  test('a folder, and again without the network', async () => {
    putTiny();
    const loaded = await load(page());
    expect(loaded).toMatchObject({ info: { name: 'tiny', family: 'llama', nKvHeads: 1 }, run: null, chat: false });
    await expectReference(loaded.id);
    expect(await host.stored()).toEqual([
      { address: `${hub.origin}${ROOT}`, name: 'tiny', bytes: 242_328 + 715, complete: true },
    ]);
    expect(await host.offer('owner/tiny', never)).toMatchObject({ stored: 242_328 + 715 });

    hub.files.clear();
    hub.requests.length = 0;
    await expectReference((await load(page())).id);
    expect(hub.requests).toEqual([]);

    await host.forget(`${hub.origin}${ROOT}`);
    expect(await host.stored()).toEqual([]);
    await expect(load(page())).rejects.toMatchObject({ code: 'missing-file' });
  });

  test('a folder in shards, and again without the network', async () => {
    putTiny();
    hub.files.delete(`${ROOT}model.safetensors`);
    const { shards, index } = cutIntoShards(tinyLlama.weights(), 3);
    hub.put(`${ROOT}model.safetensors.index.json`, index);
    for (const [name, bytes] of shards) hub.put(ROOT + name, bytes, { redirect: true });
    const seen: Progress[] = [];
    await expectReference((await load(page(), never, (progress) => seen.push(progress))).id);
    const downloads = seen.filter(({ phase }) => phase === 'download');
    expect(downloads.length).toBeGreaterThan(0);
    for (const { received, total } of downloads) expect(received).toBeLessThanOrEqual(total);
    hub.requests.length = 0;
    await expectReference((await load(page())).id);
    expect(hub.requests).toEqual([]);
  });

  test('one shard stands for its set', async () => {
    putTiny();
    const { shards } = cutIntoShards(tinyLlama.weights(), 2);
    for (const [name, bytes] of shards) hub.put(ROOT + name, bytes);
    const loaded = await load(`${hub.origin}${ROOT}model-00002-of-00002.safetensors`);
    expect(loaded.info.name).toBe('model');
    await expectReference(loaded.id);
  });

  test('a shard that is not there is named', async () => {
    putTiny();
    hub.files.delete(`${ROOT}model.safetensors`);
    const { shards, index } = cutIntoShards(tinyLlama.weights(), 3);
    hub.put(`${ROOT}model.safetensors.index.json`, index);
    for (const [name, bytes] of [...shards].slice(0, 2)) hub.put(ROOT + name, bytes);
    await expect(load(page())).rejects.toMatchObject({
      code: 'missing-file',
      expected: 'model-00003-of-00003.safetensors',
    });
    expect(await host.stored()).toEqual([]);
  });

  test('a GGUF file needs nothing beside it; it names itself, or is named by its file', async () => {
    const bytes = tinyGguf();
    hub.put(`${ROOT}one.gguf`, bytes, { redirect: true });
    const { id, info } = await load(`${page()}/blob/main/one.gguf`);
    expect(info).toMatchObject({ name: 'headlight tiny', family: 'llama', nCtx: 128 });
    const text = { text: 'It has a tokenizer.', chat: false, generated: [], interventions: [] };
    const { tokens } = await host.run(++last, id, text, never, silent);
    expect(tokens.map((token) => token.text).join('')).toContain(text.text);
    const nameless = Buffer.from(bytes);
    nameless.write('general.nama', nameless.indexOf('general.name'));
    hub.put(`${ROOT}two.Q4_0.gguf`, nameless);
    expect((await load(`${page()}/blob/main/two.Q4_0.gguf`)).info.name).toBe('two.Q4_0');
    expect(hub.requests.every(({ path }) => path.endsWith('.gguf'))).toBe(true);
  });

  test('tokenizer and chat template are read where they are there', async () => {
    putTiny();
    hub.put(`${ROOT}tokenizer.json`, modelFile('tokenizer.json'), { gzip: true });
    hub.put(`${ROOT}tokenizer_config.json`, '{"cls_token": "[CLS]"}');
    const template = '{% for m in messages %}{{ m.role }}: {{ m.content }}{% endfor %}';
    expect((await load(page())).chat).toBe(false);
    await host.forget(null);
    hub.put(`${ROOT}chat_template.jinja`, template);
    expect((await load(page())).chat).toBe(true);
    await host.forget(null);
    hub.files.delete(`${ROOT}chat_template.jinja`);
    hub.put(`${ROOT}tokenizer_config.json`, JSON.stringify({ chat_template: template }));
    expect((await load(page())).chat).toBe(true);
  });

  test('what lies on the page’s own site is not kept, and comes in one piece', async () => {
    vi.stubGlobal('location', { origin: hub.origin });
    putTiny().redirect = false;
    await expectReference((await load(`${hub.origin}${ROOT}`)).id);
    expect(hub.asked(`${ROOT}model.safetensors`)).toMatchObject([{ method: 'GET', range: null, status: 200 }]);
    expect(caches.bytes).toBe(0);
  });
});

test('a large model in parts that break, and again without the network', async () => {
  const weights = '/owner/minilm/resolve/main/model.safetensors';
  const bytes = new Uint8Array(modelFile('model.safetensors'));
  hub.put(weights, bytes, { redirect: true, exposed: false, breaks: [8_000_000, 100_000] });
  for (const name of ['config.json', 'tokenizer.json']) {
    hub.put(`/owner/minilm/resolve/main/${name}`, new Uint8Array(modelFile(name)), { gzip: true });
  }
  const golden = readGolden('minilm/one_word.safetensors');
  const expectGolden = async () => {
    const { id, info } = await load(`${hub.origin}/owner/minilm`);
    expect(info).toMatchObject({ name: 'minilm', bytes: 90_868_376 });
    const text = golden.metadata['text'] ?? '';
    const run = await host.run(++last, id, { text, chat: false, generated: [], interventions: [] }, never, silent);
    const { data } = host.matrix(run.id, 5, 0, 'weights');
    const expected = golden.tensor('layers.5.weights').data;
    for (const [i, weight] of data.entries()) expect(Math.abs(weight - (expected[i] ?? 9))).toBeLessThan(2e-5);
    host.releaseModel(id);
  };
  await expectGolden();
  const parts = hub.asked(weights).filter(({ status, method }) => status === 206 && method === 'GET');
  expect(parts).toHaveLength(Math.ceil(bytes.length / (8 * MB)) + 2);
  // Nobody chats with an encoder.
  expect(hub.requests.some(({ path }) => /tokenizer_config|chat_template/.test(path))).toBe(false);
  expect(await host.stored()).toMatchObject([{ name: 'minilm', complete: true }]);
  hub.requests.length = 0;
  await expectGolden();
  expect(hub.requests).toEqual([]);
});

describe('from files', () => {
  const files = (entries: Iterable<readonly [string, Uint8Array | string]>) =>
    [...entries].map(([name, contents]) => new File([contents as BlobPart], name));

  test('shards, with and without their index', async () => {
    const { shards, index } = cutIntoShards(tinyLlama.weights(), 2);
    const all = files([['config.json', tinyLlama.config()], ...shards]);
    await expectReference((await load(all)).id);
    await expectReference((await load([...all, ...files([['model.safetensors.index.json', index]])])).id);
  });

  test('a GGUF file alone', async () => {
    expect((await load(files([['tiny.gguf', tinyGguf()]]))).info.name).toBe('headlight tiny');
    expect((await load(new Blob([tinyGguf() as BlobPart]))).info.name).toBe('headlight tiny');
  });

  test('a trace alone, beside a configuration or not', async () => {
    const trace = goldenBytes('trace/python.safetensors');
    expect((await load(files([['python.safetensors', trace]]))).run?.tokens).toHaveLength(8);
    const { info, run } = await load(
      files([
        ['python.safetensors', trace],
        ['config.json', tinyLlama.config()],
      ]),
    );
    expect([info.name, run?.tokens.length]).toEqual(['python', 8]);
  });

  test('among shards only weights are weights', async () => {
    const { shards } = cutIntoShards(tinyLlama.weights(), 2);
    const second = 'model-00002-of-00002.safetensors';
    for (const [bytes, kind] of [
      [goldenBytes('trace/python.safetensors'), 'trace'],
      [tinyGguf(), 'gguf'],
    ] as const) {
      const failed = load(
        files(
          [['config.json', tinyLlama.config()], ...shards, [second, bytes]].slice(0, 2).concat([[second, bytes]]) as [
            string,
            Uint8Array,
          ][],
        ),
      );
      await expect(failed).rejects.toMatchObject({ code: 'bad-file', found: kind });
    }
  });

  test('the same tensor twice is refused', async () => {
    const twice = tinyLlama.weights();
    const failed = load(
      files([
        ['config.json', tinyLlama.config()],
        ['model-00001-of-00002.safetensors', twice],
        ['model-00002-of-00002.safetensors', twice],
      ]),
    );
    await expect(failed).rejects.toMatchObject({ code: 'bad-file' });
  });
});

describe('the budget', () => {
  test('refuses before the weights are downloaded', async () => {
    const file = putTiny();
    file.trickle = { bytes: 1000, milliseconds: 5 };
    host.setBudget(250_000);
    await expect(load(page())).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringMatching(/^tiny needs 1 MB .*for a run.*Raise the budget/),
      expected: 'at most 250000 bytes',
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(hub.asked(`${ROOT}model.safetensors`).reduce((sum, { sent }) => sum + sent, 0)).toBeLessThan(50_000);
  });

  test('counts all shards before the first arrives', async () => {
    putTiny();
    hub.files.delete(`${ROOT}model.safetensors`);
    const { shards, index } = cutIntoShards(tinyLlama.weights(), 3);
    hub.put(`${ROOT}model.safetensors.index.json`, index);
    for (const [name, bytes] of shards) hub.put(ROOT + name, bytes);
    host.setBudget(300_000);
    await expect(load(page())).rejects.toMatchObject({ code: 'too-large' });
    expect(hub.asked(`${ROOT}model-00002-of-00003.safetensors`)).toEqual([]);
  });

  test('does not believe an index that makes shards small', async () => {
    putTiny();
    hub.files.delete(`${ROOT}model.safetensors`);
    const { shards, index } = cutIntoShards(tinyLlama.weights(), 3);
    hub.put(`${ROOT}model.safetensors.index.json`, index.replace(/"total_size":\d+/, '"total_size":1'));
    for (const [name, bytes] of shards) hub.put(ROOT + name, bytes);
    host.setBudget(300_000);
    await expect(load(page())).rejects.toMatchObject({ code: 'too-large' });
    expect(hub.asked(`${ROOT}model-00003-of-00003.safetensors`).reduce((sum, { sent }) => sum + sent, 0)).toBeLessThan(
      100_000,
    );
  });

  test('where sizes are not told, ends the download', async () => {
    putTiny();
    hub.put(`${ROOT}model.safetensors`, new Uint8Array(20 * MB), {
      length: false,
      ranges: false,
      trickle: { bytes: 100_000, milliseconds: 2 },
    });
    host.setBudget(MB);
    await expect(load(page())).rejects.toMatchObject({ code: 'too-large' });
    expect(hub.asked(`${ROOT}model.safetensors`).reduce((sum, { sent }) => sum + sent, 0)).toBeLessThan(10 * MB);
  });

  test('of a GGUF file leaves room for a run as well', async () => {
    const weights = tinyGguf();
    host.setBudget(weights.length + 1000);
    await expect(load(new File([weights as BlobPart], 'tiny.gguf'))).rejects.toMatchObject({ code: 'too-large' });
    host.setBudget(weights.length + 4 * MB);
    await expect(load(new File([weights as BlobPart], 'tiny.gguf'))).resolves.toMatchObject({
      info: { family: 'llama' },
    });
  });

  test('is the new model’s alone, and what is used is told', async () => {
    expect(host.memory()).toEqual({ used: 0, budget: 512 * MB });
    host.setBudget(8 * MB);
    const one = await load(new File([tinyGguf() as BlobPart], 'tiny.gguf'));
    const { used } = host.memory();
    expect(used).toBeGreaterThan(1_687_584);
    const two = await load(new File([tinyGguf() as BlobPart], 'tiny.gguf'));
    expect(host.memory()).toEqual({ used: 2 * used, budget: 8 * MB });
    host.releaseModel(one.id);
    expect(host.memory().used).toBe(used);
    host.releaseModel(two.id);
    expect(host.memory().used).toBe(0);
  });
});

describe('a load that fails leaves the old model working and nothing behind', () => {
  const bigEndian = () => {
    const bytes = tinyGguf();
    bytes.subarray(4, 8).reverse();
    return bytes;
  };
  const pickle = () => new Uint8Array([0x80, 2, 0x7d, 0x71, ...new Uint8Array(2000)]);
  const weights = `${ROOT}model.safetensors`;

  test.each<[string, () => void, string, RegExp]>([
    ['nothing there', () => hub.files.clear(), 'missing-file', /config\.json.*model\.safetensors/],
    ['no weights', () => hub.files.delete(weights), 'missing-file', /model\.safetensors\.index\.json/],
    ['weights alone', () => hub.files.delete(`${ROOT}config.json`), 'missing-file', /config\.json is not there/],
    [
      'a gated model',
      () => [...hub.files.values()].map((file) => Object.assign(file, { status: 401 })),
      'missing-file',
      /log in/,
    ],
    ['a server error', () => hub.put(weights, '', { status: 500 }), 'network', /500/],
    ['a login page for the configuration', () => hub.put(`${ROOT}config.json`, LOGIN_PAGE), 'not-a-model', /web page/],
    [
      'a pointer for the configuration',
      () => hub.put(`${ROOT}config.json`, 'version https://git-lfs.github.com/spec/v1\n'),
      'not-a-model',
      /LFS/,
    ],
    ['a login page for the weights', () => hub.put(weights, LOGIN_PAGE), 'not-a-model', /web page/],
    [
      'a pointer for the weights',
      () => hub.put(weights, 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n'),
      'not-a-model',
      /LFS/,
    ],
    ['a pickle', () => hub.put(weights, pickle()), 'not-a-model', /pickle/],
    ['a zip archive', () => hub.put(weights, 'PK\u0003\u0004'.padEnd(2000)), 'not-a-model', /zip/],
    [
      'a download that ends early',
      () => hub.put(weights, tinyLlama.weights().subarray(0, 200_000), { ranges: false, lacking: 42_328 }),
      'network',
      /242328 bytes, found 200000/,
    ],
    [
      'a file that was cut before',
      () => hub.put(weights, tinyLlama.weights().subarray(0, 200_000)),
      'bad-file',
      /model\.safetensors/,
    ],
    ['a big-endian GGUF file', () => hub.put(weights, bigEndian()), 'unsupported', /endian/],
    ['a broken configuration', () => hub.put(`${ROOT}config.json`, '{"model_type": 3}'), 'bad-config', /model_type/],
    [
      'a family that is not known',
      () => hub.put(`${ROOT}config.json`, '{"model_type": "mamba"}'),
      'unsupported',
      /mamba/,
    ],
    ['a broken tokenizer', () => hub.put(`${ROOT}tokenizer.json`, '{"model": 3}'), 'bad-config', /tokenizer\.json/],
    [
      'an index that leads away',
      () => {
        hub.files.delete(weights);
        hub.put(`${weights}.index.json`, '{"weight_map": {"a": "../../x.safetensors"}}');
      },
      'bad-file',
      /plain file names/,
    ],
  ])('%s', async (_, spoil, code, says) => {
    const old = await load([
      new File([tinyLlama.weights() as BlobPart], 'model.safetensors'),
      new File([tinyLlama.config() as BlobPart], 'config.json'),
    ]);
    putTiny();
    spoil();
    await expect(load(page())).rejects.toMatchObject({ code, message: expect.stringMatching(says) });
    await expectReference(old.id);
    // What is wrong does not come out of the store the next time.
    await host.forget(null).then(putTiny);
    hub.files.delete(`${ROOT}tokenizer.json`);
    await expectReference((await load(page())).id);
  });

  test('what was wrong is not kept; what broke is', async () => {
    putTiny();
    hub.put(`${ROOT}config.json`, LOGIN_PAGE);
    await expect(load(page())).rejects.toMatchObject({ code: 'not-a-model' });
    expect(await host.stored()).toEqual([]);
    putTiny();
    await expectReference((await load(page())).id);
    await host.forget(null);
    hub.put(weights, tinyLlama.weights(), { ranges: false, breaks: [1000, 1000, 1000, 1000] });
    await expect(load(page())).rejects.toMatchObject({ code: 'network' });
    expect(await host.stored()).toMatchObject([{ name: 'tiny', complete: false }]);
    await expectReference((await load(page())).id);
    expect(await host.stored()).toMatchObject([{ name: 'tiny', complete: true }]);
  });

  test('one that is cancelled, at once', async () => {
    putTiny().trickle = { bytes: 1000, milliseconds: 20 };
    const controller = new AbortController();
    const started = performance.now();
    const failed = load(page(), controller.signal, ({ phase, received }) => {
      if (phase === 'download' && received > 2000) controller.abort();
    });
    await expect(failed).rejects.toMatchObject({ name: 'AbortError' });
    expect(performance.now() - started).toBeLessThan(2000);
    expect(hub.asked(weights).at(-1)?.sent).toBeLessThan(242_328);
    delete hub.files.get(weights)?.trickle;
    await expectReference((await load(page())).id);
  });
});
