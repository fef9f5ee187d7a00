/** Downloads against a server that imitates the hub: parts, breaks, what is kept and what must not be mixed. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { beginningOf, lookAt, openRemote, type Remote } from '../../web/engine/download';
import { forgetModel, type Keep, keepModel, keepWhole, keptModels, PART_BYTES } from '../../web/engine/store';
import { FakeCaches } from './fake-caches';
import { type Hub, startHub } from './hub-server';

const MODEL = 'https://hub.example/owner/model/';
const PATH = '/owner/model/resolve/main/model.safetensors';
const never = new AbortController().signal;
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

/** Bytes that differ from place to place, so that any shift or mixture shows. */
function noise(length: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let i = 0, state = seed; i < words.length; ++i) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

const large = noise(2 * PART_BYTES + 12_345);

const remote = (keep: Keep | null = null, inParts = true): Remote => ({
  name: 'model.safetensors',
  url: new URL(PATH, hub.origin),
  keep,
  inParts,
});
const kept = () => keepModel(MODEL, 'model');

async function bytesOf(what: Remote, signal = never): Promise<Uint8Array> {
  const { body } = await openRemote(what, signal);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk.slice());
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

/** A large comparison that does not print megabytes when it fails. */
const isSame = (found: Uint8Array, expected: Uint8Array) => Buffer.compare(found, expected) === 0;

const ranges = () => hub.asked(PATH).map(({ method, range }) => range ?? method);

describe('in parts', () => {
  test('of 8 MiB, through the redirect', async () => {
    hub.put(PATH, large, { redirect: true });
    const { size } = await openRemote(remote(), never);
    expect(size).toBe(large.length);
    hub.requests.length = 0;
    expect(isSame(await bytesOf(remote()), large)).toBe(true);
    expect(ranges()).toEqual(['bytes=0-8388607', 'bytes=8388608-16777215', `bytes=16777216-${large.length - 1}`]);
    expect(hub.asked(PATH).every(({ server, status }) => server === 'cdn' && status === 206)).toBe(true);
    expect(hub.requests.some(({ method }) => method === 'OPTIONS')).toBe(false);
  });

  test('from a server that exposes neither ranges nor versions: HEAD tells the size', async () => {
    hub.put(PATH, large, { exposed: false });
    expect(isSame(await bytesOf(remote()), large)).toBe(true);
    expect(ranges()).toEqual([
      'bytes=0-8388607',
      'HEAD',
      'bytes=8388608-16777215',
      `bytes=16777216-${large.length - 1}`,
    ]);
  });

  test('where HEAD is refused too, as a whole', async () => {
    const file = hub.put(PATH, large, { exposed: false, head: false });
    expect(isSame(await bytesOf(remote()), large)).toBe(true);
    expect(hub.asked(PATH).map(({ method, status }) => [method, status])).toEqual([
      ['GET', 206],
      ['HEAD', 403],
      ['GET', 206],
      ['GET', 200],
    ]);
    file.trickle = { bytes: 1000, milliseconds: 5 };
    hub.requests.length = 0;
    const { size, close } = await openRemote(remote(), never);
    expect(size).toBe(large.length);
    close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(hub.requests.reduce((sum, { sent }) => sum + sent, 0)).toBeLessThan(1_000_000);
  });

  test.each([1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES])('%d bytes', async (length) => {
    hub.put(PATH, large.subarray(0, length), { exposed: length % 2 === 0 });
    const { size } = await openRemote(remote(), never);
    expect(size).toBe(length);
    expect(isSame(await bytesOf(remote()), large.subarray(0, length))).toBe(true);
  });

  test('an empty file is empty', async () => {
    hub.put(PATH, new Uint8Array());
    expect(await bytesOf(remote())).toHaveLength(0);
  });

  test('a server without ranges sends the whole file once', async () => {
    hub.put(PATH, large, { ranges: false });
    expect(isSame(await bytesOf(remote()), large)).toBe(true);
    expect(hub.asked(PATH)).toHaveLength(1);
  });

  test('a server that does not say how much it sends', async () => {
    hub.put(PATH, large, { ranges: false, length: false });
    const { size } = await openRemote(remote(), never);
    expect(size).toBeNull();
    expect(isSame(await bytesOf(remote()), large)).toBe(true);
  });

  test('what arrives compressed is unpacked, and its announced length is not believed', async () => {
    const text = new TextEncoder().encode('{"model_type": "bert"}'.repeat(100));
    hub.put(PATH, text, { gzip: true });
    const { size } = await openRemote(remote(null, false), never);
    expect(size).toBeNull();
    expect(isSame(await bytesOf(remote(null, false)), text)).toBe(true);
  });

  test('a slow transfer arrives', async () => {
    hub.put(PATH, large.subarray(0, 40_000), { trickle: { bytes: 4_000, milliseconds: 15 } });
    expect(isSame(await bytesOf(remote()), large.subarray(0, 40_000))).toBe(true);
  });
});

describe('a transfer that breaks', () => {
  test('goes on where it stopped', async () => {
    const file = hub.put(PATH, large, { redirect: true, breaks: [300_000, 200_000] });
    expect(isSame(await bytesOf(remote()), large)).toBe(true);
    expect(file.breaks).toEqual([]);
    const asked = hub.asked(PATH);
    const starts = asked.map(({ range }) => Number(/=(\d+)/.exec(range ?? '')?.[1]));
    expect(starts[0]).toBe(0);
    expect(starts[1]).toBeGreaterThan(0);
    expect(starts[1]).toBeLessThanOrEqual(300_000);
    expect(starts[2]).toBeGreaterThan(starts[1] ?? 0);
    expect(starts.slice(3)).toEqual([PART_BYTES, 2 * PART_BYTES]);
    expect(asked[2]?.range).toMatch(/-8388607$/);
  });

  test('where there are no ranges, the beginning is passed over', async () => {
    hub.put(PATH, large, { ranges: false, breaks: [5_000_000] });
    expect(isSame(await bytesOf(remote()), large)).toBe(true);
    expect(hub.asked(PATH).map(({ status }) => status)).toEqual([200, 200]);
  });

  test('a file of this site is one transfer, and goes on by range', async () => {
    hub.put(PATH, large, { breaks: [9_000_000] });
    expect(isSame(await bytesOf(remote(null, false)), large)).toBe(true);
    const asked = ranges();
    expect(asked[0]).toBe('GET');
    expect(asked[1]).toMatch(new RegExp(`^bytes=\\d+-${large.length - 1}$`));
    expect(asked).toHaveLength(2);
  });

  test('a busy server is asked again once the file has begun', async () => {
    hub.put(PATH, large, { breaks: [100_000] });
    const { body } = await openRemote(remote(), never);
    const file = hub.files.get(PATH);
    if (file !== undefined) file.statuses = [503, 429];
    let length = 0;
    for await (const chunk of body) length += chunk.length;
    expect(length).toBe(large.length);
    expect(
      hub
        .asked(PATH)
        .slice(1, 3)
        .map(({ status }) => status),
    ).toEqual([503, 429]);
  });

  test('is given up after three more tries, saying how much came', async () => {
    hub.put(PATH, large, { breaks: [1000, 900, 800, 700, 600] });
    await expect(bytesOf(remote())).rejects.toMatchObject({
      code: 'network',
      message: expect.stringMatching(new RegExp(`model.safetensors.*${large.length} bytes, found \\d+ bytes`)),
    });
    expect(hub.asked(PATH)).toHaveLength(4);
  });

  test('or that nobody answers any more', async () => {
    const file = hub.put(PATH, large, { breaks: [1000] });
    const { body } = await openRemote(remote(), never);
    file.breaks = [0, 0, 0, 0];
    const read = async () => {
      for await (const _ of body);
    };
    await expect(read()).rejects.toMatchObject({ code: 'network', message: expect.stringMatching(/127\.0\.0\.1/) });
  });

  test('fewer bytes than announced count as broken; more are refused', async () => {
    hub.put(PATH, large.subarray(0, 1000), { ranges: false, lacking: 500 });
    await expect(bytesOf(remote())).rejects.toMatchObject({
      code: 'network',
      message: expect.stringMatching(/1500 bytes, found 1000 bytes/),
    });
    vi.stubGlobal(
      'fetch',
      async () => new Response(new Blob([large as BlobPart]).stream(), { headers: { 'content-length': '10' } }),
    );
    await expect(bytesOf(remote())).rejects.toMatchObject({
      code: 'network',
      message: expect.stringMatching(/10 bytes, found more than 10/),
    });
  });

  test('other bytes than those that were asked for are refused', async () => {
    const headers = { 'content-range': 'bytes 5-14/100', 'content-length': '10' };
    vi.stubGlobal('fetch', async () => new Response(large.slice(0, 10), { status: 206, headers }));
    await expect(bytesOf(remote())).rejects.toMatchObject({
      code: 'network',
      message: expect.stringMatching(/bytes from 5/),
    });
  });
});

describe('cancelling', () => {
  test.each([
    ['while it waits for the first byte', { trickle: { bytes: 1, milliseconds: 60_000 } }],
    ['between tries', { breaks: [10, 0, 0, 0, 0] }],
    ['in a slow transfer', { trickle: { bytes: 1000, milliseconds: 50 } }],
  ])('%s takes effect at once', async (_, how) => {
    hub.put(PATH, large, how);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 150);
    const started = performance.now();
    await expect(bytesOf(remote(), controller.signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('what is kept', () => {
  test('a whole model comes without the network', async () => {
    hub.put(PATH, large);
    const first = await kept();
    await bytesOf(remote(first));
    await keepWhole(first);
    hub.requests.length = 0;
    expect(isSame(await bytesOf(remote(await kept())), large)).toBe(true);
    expect(hub.requests).toEqual([]);
    expect(await keptModels()).toEqual([{ address: MODEL, name: 'model', bytes: large.length, complete: true }]);
    expect(caches.entries(PATH, 'part=')).toHaveLength(3);
  });

  test('that a file is missing is remembered, for a whole model only', async () => {
    const first = await kept();
    await expect(openRemote(remote(first), never)).rejects.toMatchObject({ code: 'missing-file' });
    await expect(openRemote(remote(await kept()), never)).rejects.toMatchObject({ code: 'missing-file' });
    expect(hub.asked(PATH)).toHaveLength(2);
    await keepWhole(first);
    await expect(openRemote(remote(await kept()), never)).rejects.toMatchObject({ code: 'missing-file' });
    expect(hub.asked(PATH)).toHaveLength(2);
  });

  const stopInThirdPart = async () => {
    hub.put(PATH, large);
    const { body } = await openRemote(remote(await kept()), never);
    let length = 0;
    for await (const chunk of body) {
      length += chunk.length;
      if (length > 2 * PART_BYTES) break;
    }
    hub.requests.length = 0;
  };

  test('a download that was cut off goes on with the next part', async () => {
    await stopInThirdPart();
    expect(await keptModels()).toEqual([{ address: MODEL, name: 'model', bytes: 2 * PART_BYTES, complete: false }]);
    expect(isSame(await bytesOf(remote(await kept())), large)).toBe(true);
    expect(ranges()).toEqual(['HEAD', `bytes=16777216-${large.length - 1}`]);
  });

  test('a file that changed meanwhile is not mixed with its old parts', async () => {
    await stopInThirdPart();
    const changed = noise(large.length, 7);
    hub.put(PATH, changed);
    expect(isSame(await bytesOf(remote(await kept())), changed)).toBe(true);
    expect(ranges().slice(0, 2)).toEqual(['HEAD', 'bytes=0-8388607']);
    const again = await kept();
    await keepWhole(again);
    hub.requests.length = 0;
    expect(isSame(await bytesOf(remote(await kept())), changed)).toBe(true);
    expect(hub.requests).toEqual([]);
  });

  test('nor where the server does not tell versions apart', async () => {
    await stopInThirdPart();
    const changed = noise(large.length, 7);
    hub.put(PATH, changed, { exposed: false });
    expect(isSame(await bytesOf(remote(await kept())), changed)).toBe(true);
  });

  test('a file that changes during the download is refused', async () => {
    hub.put(PATH, large);
    const { body } = await openRemote(remote(await kept()), never);
    hub.put(PATH, noise(large.length, 7));
    const read = async () => {
      for await (const _ of body);
    };
    await expect(read()).rejects.toMatchObject({
      code: 'network',
      message: expect.stringMatching(/changed on the server/),
    });
  });

  test('a damaged part is fetched again', async () => {
    hub.put(PATH, large);
    const first = await kept();
    await bytesOf(remote(first));
    await keepWhole(first);
    const [, second = ''] = caches.entries(PATH, 'part=');
    for (const store of caches.stores.values()) store.set(second, new Uint8Array(5));
    hub.requests.length = 0;
    expect(isSame(await bytesOf(remote(await kept())), large)).toBe(true);
    expect(ranges()).toEqual(['bytes=8388608-16777215', `bytes=16777216-${large.length - 1}`]);
  });

  test('a full store ends the keeping, not the download', async () => {
    hub.put(PATH, large);
    caches.quota = PART_BYTES + 1000;
    const keep = await kept();
    expect(isSame(await bytesOf(remote(keep)), large)).toBe(true);
    expect(keep.off).toBe(true);
    await keepWhole(keep);
    expect(await keptModels()).toEqual([{ address: MODEL, name: 'model', bytes: PART_BYTES, complete: false }]);
  });

  test.each(['denied', 'missing'])('%s storage: everything works, nothing is kept', async (how) => {
    if (how === 'denied') caches.denied = true;
    else vi.stubGlobal('caches', undefined);
    hub.put(PATH, large);
    expect(isSame(await bytesOf(remote(await kept())), large)).toBe(true);
    expect(await keptModels()).toEqual([]);
    await expect(forgetModel(null)).resolves.toBeUndefined();
    await expect(forgetModel(MODEL)).resolves.toBeUndefined();
  });

  test('one model is forgotten without the others, or all are', async () => {
    hub.put(PATH, large.subarray(0, 100));
    await bytesOf(remote(await kept()));
    await bytesOf(remote(await keepModel('https://hub.example/owner/model2/', 'other')));
    await forgetModel(MODEL);
    expect((await keptModels()).map(({ name, bytes }) => [name, bytes])).toEqual([['other', 100]]);
    expect(caches.entries('owner/model/').filter((key) => !key.includes('model2'))).toEqual([]);
    await forgetModel(null);
    expect(await keptModels()).toEqual([]);
    expect(caches.bytes).toBe(0);
  });
});

describe('answers that are none', () => {
  test.each([
    [404, 'missing-file', /model\.safetensors is not there.*404/],
    [410, 'missing-file', /410/],
    [401, 'missing-file', /wants you to log in/],
    [403, 'missing-file', /accept its terms/],
    [429, 'network', /too many requests/],
    [500, 'network', /status 500/],
    [503, 'network', /busy/],
  ])('status %d', async (status, code, message) => {
    hub.put(PATH, large, { status });
    await expect(openRemote(remote(), never)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(hub.requests).toHaveLength(1);
  });

  test('nobody there', async () => {
    const gone = { ...remote(), url: new URL('http://127.0.0.1:9/model.safetensors') };
    await expect(openRemote(gone, never)).rejects.toMatchObject({
      code: 'network',
      message: expect.stringMatching(/127\.0\.0\.1:9/),
    });
  });

  test('a policy that forbids it is named', async () => {
    const listeners = new Set<(event: unknown) => void>();
    vi.stubGlobal('addEventListener', (_: string, listener: (event: unknown) => void) => listeners.add(listener));
    vi.stubGlobal('removeEventListener', (_: string, listener: (event: unknown) => void) => listeners.delete(listener));
    vi.stubGlobal('fetch', async () => {
      for (const listener of listeners) listener({ effectiveDirective: 'connect-src' });
      throw new TypeError('Failed to fetch');
    });
    await expect(openRemote(remote(), never)).rejects.toMatchObject({
      code: 'blocked-by-policy',
      message: expect.stringContaining('connect-src'),
    });
    expect(listeners.size).toBe(0);
  });
});

describe('looking without fetching', () => {
  const file = () => ({ name: 'model.safetensors', url: new URL(PATH, hub.origin) });

  test('size, version and last host', async () => {
    hub.put(PATH, large, { redirect: true, etag: '"one"' });
    expect(await lookAt(file(), never)).toEqual({
      size: large.length,
      validator: '"one"',
      host: new URL(hub.cdn).host,
    });
    expect(hub.requests.reduce((sum, { sent }) => sum + sent, 0)).toBe(0);
  });

  test('one byte where HEAD is refused', async () => {
    hub.put(PATH, large, { head: false });
    expect(await lookAt(file(), never)).toMatchObject({ size: large.length });
    expect(hub.requests.reduce((sum, { sent }) => sum + sent, 0)).toBe(1);
  });

  test('a missing file costs one request', async () => {
    await expect(lookAt(file(), never)).rejects.toMatchObject({ code: 'missing-file' });
    expect(hub.requests).toHaveLength(1);
  });

  test.each([true, false])('the beginning of a file (server with ranges: %s)', async (served) => {
    hub.put(PATH, large, { ranges: served, trickle: { bytes: 16_384, milliseconds: 1 } });
    const { bytes, size } = await beginningOf(file(), 50_000, never);
    expect(isSame(bytes, large.subarray(0, 50_000))).toBe(true);
    expect(size).toBe(large.length);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(hub.requests[0]?.sent).toBeLessThan(1_000_000);
  });

  test('of a file that is shorter', async () => {
    hub.put(PATH, large.subarray(0, 10));
    const { bytes, size } = await beginningOf(file(), 50_000, never);
    expect([bytes.length, size]).toEqual([10, 10]);
  });
});
