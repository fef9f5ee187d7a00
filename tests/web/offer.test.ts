/** A model at an address, looked at before it is loaded: what is said of it, and that its weights are not asked for. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ggufFacts } from '../../web/engine/gguf-facts';
import { configFacts, offerOf } from '../../web/engine/offer';
import { cutIntoShards, tinyGguf, tinyLlama } from './checkpoints';
import { FakeCaches } from './fake-caches';
import { type Hub, LOGIN_PAGE, startHub } from './hub-server';

const never = new AbortController().signal;
const ROOT = '/owner/tiny/resolve/main/';
const README = '---\r\nlanguage: en\r\nlicense: apache-2.0\r\n---\r\n# Tiny\r\nlicense: not this one\r\n';
let hub: Hub;
let caches: FakeCaches;

beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub.close());
beforeEach(() => {
  hub.files.clear();
  hub.requests.length = 0;
  caches = new FakeCaches();
  vi.stubGlobal('caches', caches);
});
afterEach(() => vi.unstubAllGlobals());

const offer = (text: string) => offerOf(text, never, hub.origin);
const host = () => new URL(hub.origin).host;
const sentOf = (path: string) => hub.asked(path).reduce((sum, { sent }) => sum + sent, 0);

const putTiny = () => {
  hub.put(`${ROOT}config.json`, tinyLlama.config());
  hub.put(`${ROOT}model.safetensors`, tinyLlama.weights(), { redirect: true });
  hub.put(`${ROOT}README.md`, README);
};

/** 2 layers, a query of 3 x 18, one key and one value of 18, 48 of the residual stream, 64 tokens. */
const TINY_RUN = 4 * 2 * 64 * (54 + 36 + 48);

describe('a folder', () => {
  test('is described by its configuration, its page and its sizes', async () => {
    putTiny();
    hub.put(`${ROOT}tokenizer.json`, '{}');
    expect(await offer('owner/tiny')).toEqual({
      address: `${hub.origin}${ROOT}`,
      name: 'tiny',
      host: `${host()} → ${new URL(hub.cdn).host}`,
      files: [
        { name: 'model.safetensors', bytes: 242_328 },
        { name: 'config.json', bytes: 715 },
        { name: 'tokenizer.json', bytes: 2 },
      ],
      bytes: 242_328 + 715 + 2,
      licence: 'apache-2.0',
      family: 'llama',
      memory: { weights: 242_328, run: TINY_RUN, runTokens: 64 },
      stored: 0,
    });
    expect(sentOf(`${ROOT}model.safetensors`)).toBe(0);
    expect(caches.bytes).toBe(0);
  });

  test.each([true, false])('in shards (sizes known: %s)', async (exposed) => {
    putTiny();
    const { shards, index } = cutIntoShards(tinyLlama.weights(), 3);
    hub.files.delete(`${ROOT}model.safetensors`);
    hub.put(`${ROOT}model.safetensors.index.json`, index);
    for (const [name, bytes] of shards) hub.put(ROOT + name, bytes, { length: exposed, exposed, head: exposed });
    const { files, memory } = await offer(`${hub.origin}/owner/tiny/tree/main`);
    expect(files.map(({ name }) => name)).toEqual([...shards.keys(), 'config.json']);
    const total = [...shards.values()].reduce((sum, { length }) => sum + length, 0);
    // Where the server does not say it, the index does: without the headers.
    expect(memory.weights).toBe(exposed ? total : JSON.parse(index).metadata.total_size);
    for (const name of shards.keys()) expect(sentOf(ROOT + name)).toBeLessThanOrEqual(1);
  });

  test('what is missing is named', async () => {
    await expect(offer('owner/tiny')).rejects.toMatchObject({
      code: 'missing-file',
      message: expect.stringMatching(/model\.safetensors or model\.safetensors\.index\.json/),
    });
    hub.put(`${ROOT}model.safetensors`, tinyLlama.weights());
    await expect(offer('owner/tiny')).rejects.toMatchObject({ code: 'missing-file', expected: 'config.json' });
  });

  test('a login page, a closed door and a wrong address are told apart', async () => {
    putTiny();
    hub.put(`${ROOT}config.json`, LOGIN_PAGE, { type: 'text/html' });
    await expect(offer('owner/tiny')).rejects.toMatchObject({ code: 'not-a-model', found: 'a web page (HTML)' });
    for (const file of hub.files.values()) file.status = 401;
    await expect(offer('owner/tiny')).rejects.toMatchObject({ code: 'missing-file' });
    await expect(offer('tiny')).rejects.toMatchObject({ code: 'bad-request' });
    await expect(offer('https://name:secret@example.org/x/')).rejects.toMatchObject({ code: 'bad-request' });
  });

  test('what cannot be known is null', async () => {
    putTiny();
    hub.files.delete(`${ROOT}README.md`);
    hub.put(`${ROOT}config.json`, '{"model_type": 3}');
    hub.put(`${ROOT}model.safetensors`, tinyLlama.weights(), { length: false, exposed: false, ranges: false });
    const { licence, family, bytes, memory } = await offer('owner/tiny');
    expect({ licence, family, bytes, memory }).toEqual({
      licence: null,
      family: null,
      bytes: null,
      memory: { weights: null, run: null, runTokens: 512 },
    });
  });

  test('can be given up', async () => {
    putTiny();
    const file = hub.files.get(`${ROOT}config.json`);
    if (file !== undefined) file.trickle = { bytes: 1, milliseconds: 1000 };
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    await expect(offerOf('owner/tiny', controller.signal, hub.origin)).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('the licence', () => {
  test.each<[string, string | null]>([
    ['---\nlicense: mit\n---\n', 'mit'],
    ['---\nlicense: "mit"\n---\n', 'mit'],
    ['---\nlicense:\n  - mit\n---\n', 'mit'],
    ['---\nlicense: [mit]\n---\n', 'mit'],
    ['---\nlicense: other\nlicense_name: gemma\n---\n', 'gemma'],
    ['---\nlicense: other\n---\n', 'other'],
    ['\uFEFF---\nlicense: mit\n---\n', 'mit'],
    ['---\nlicense:\nlanguage: en\n---\n', null],
    ['---\nlicense: mit\n', null],
    ['# license: mit\n', null],
    [`---\nlicense: a\u202Eb\u0007${'c'.repeat(500)}\n---\n`, `ab${'c'.repeat(118)}`],
  ])('%j', async (page, licence) => {
    putTiny();
    hub.put(`${ROOT}README.md`, page);
    const found = (await offer('owner/tiny')).licence;
    expect(found).toBe(licence);
  });

  test('only the beginning of a page is read', async () => {
    putTiny();
    hub.put(`${ROOT}README.md`, README + 'x'.repeat(5_000_000), {
      ranges: false,
      trickle: { bytes: 65_536, milliseconds: 1 },
    });
    expect((await offer('owner/tiny')).licence).toBe('apache-2.0');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(sentOf(`${ROOT}README.md`)).toBeLessThan(2_000_000);
  });
});

describe('a GGUF file', () => {
  test('is described by its own first megabyte', async () => {
    hub.put(`${ROOT}tiny.gguf`, tinyGguf(), { redirect: true });
    hub.put(`${ROOT}README.md`, README);
    expect(await offer('owner/tiny/tiny.gguf')).toEqual({
      address: `${hub.origin}${ROOT}tiny.gguf`,
      name: 'headlight tiny',
      host: `${host()} → ${new URL(hub.cdn).host}`,
      files: [{ name: 'tiny.gguf', bytes: 1_687_584 }],
      bytes: 1_687_584,
      licence: 'apache-2.0',
      family: 'llama',
      memory: { weights: 1_687_584, run: 4 * 2 * 128 * (4 * 96 + 2 * 2 * 96 + 256), runTokens: 128 },
      stored: 0,
    });
    expect(hub.asked(`${ROOT}tiny.gguf`).map(({ range }) => range)).toEqual(['bytes=0-1048575']);
  });

  test('in a folder of the repository: its page is at the top', async () => {
    hub.put(`${ROOT}sub/tiny.gguf`, tinyGguf(), { exposed: false });
    hub.put(`${ROOT}README.md`, README);
    expect(await offer('owner/tiny/sub/tiny.gguf')).toMatchObject({ licence: 'apache-2.0', bytes: 1_687_584 });
  });

  test.each([
    [LOGIN_PAGE, 'a web page (HTML)'],
    ['version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n', 'a Git LFS pointer'],
    ['PK\u0003\u0004', '"PK\\u0003\\u0004"'],
  ])('that is none is refused: %#', async (body, found) => {
    hub.put(`${ROOT}tiny.gguf`, body);
    await expect(offer('owner/tiny/tiny.gguf')).rejects.toMatchObject({ code: 'not-a-model', found });
  });

  test('facts are read as far as the bytes go, from any bytes', () => {
    const whole = tinyGguf();
    expect(ggufFacts(whole)).toEqual(ggufFacts(whole.subarray(0, 100_000)));
    for (let length = 0; length < 2000; length += 7) {
      const { architecture, shape, licence } = ggufFacts(whole.subarray(0, length));
      expect([null, 'llama']).toContain(architecture);
      expect([undefined, 256]).toContain(shape?.dModel);
      expect(licence).toBeNull();
    }
    let state = 1;
    for (let i = 0; i < 3000; ++i) {
      const spoilt = whole.slice(0, 4096);
      for (let j = 0; j < 8; ++j) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        spoilt[4 + (state % 1200)] = state >>> 24;
      }
      const { name, shape } = ggufFacts(spoilt);
      expect(name === null || name.length <= 4096).toBe(true);
      expect(shape === null || Object.values(shape).every((value) => value === null || value >= 0)).toBe(true);
    }
  });

  test('a list without end does not keep it busy', () => {
    const bytes = new Uint8Array(64);
    const view = new DataView(bytes.buffer);
    bytes.set(new TextEncoder().encode('GGUF'));
    view.setBigUint64(16, 1n, true);
    view.setBigUint64(24, 1n, true);
    bytes[32] = 120;
    view.setUint32(33, 9, true);
    view.setUint32(37, 8, true);
    view.setBigUint64(41, 2n ** 63n, true); // Strings of no length would fit for ever.
    const started = performance.now();
    expect(ggufFacts(bytes).name).toBeNull();
    expect(performance.now() - started).toBeLessThan(100);
  });
});

test.each<[string, string, number | null]>([
  ['BERT', '{"num_hidden_layers": 6, "num_attention_heads": 12, "hidden_size": 384}', 32],
  ['GPT-2', '{"n_layer": 6, "n_head": 12, "n_embd": 768}', 64],
  ['DistilBERT', '{"n_layers": 6, "n_heads": 12, "dim": 768}', 64],
  [
    'a head of its own width',
    '{"num_hidden_layers": 1, "num_attention_heads": 2, "hidden_size": 8, "head_dim": 18}',
    18,
  ],
  ['no numbers', '{"num_hidden_layers": "6", "num_attention_heads": 12, "hidden_size": 384}', null],
  ['numbers beyond reason', '{"num_hidden_layers": 1e300, "num_attention_heads": 12, "hidden_size": 384}', null],
  ['no object', '[1]', null],
  ['null', 'null', null],
  ['no JSON', '{', null],
])('a configuration: %s', (_, config, dHead) => {
  expect(configFacts(config).shape?.dHead ?? null).toBe(dHead);
});
