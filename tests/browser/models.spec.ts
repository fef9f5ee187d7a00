/**
 * The reader's own models in the built site: real files by drop, picker and address against the goldens, what is refused
 * and what then stays, downloads from a server that imitates the hub, and the memory that many models leave.
 */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { siteHandler } from '../../web/tooling/files.mjs';
import { type Golden, readGolden } from '../golden/golden';
import { type Hub, startHub } from '../web/hub-server';
import {
  dropFrom,
  expect,
  inViewer,
  largestDifference,
  openExplorer,
  opening,
  type Refusal,
  setText,
  test,
  weightsOf,
} from './support';

/** The site reads its own models from the same folder. */
const MODELS = join(import.meta.dirname, '../../build/models');
const GOLDEN = join(import.meta.dirname, '../golden');
const SMOLLM = 'models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf';
const MINILM = ['config.json', 'tokenizer.json', 'model.safetensors'].map((name) => `models/all-minilm-l6-v2/${name}`);

test.describe.configure({ timeout: 240_000 });

const onDisk = (path: string): string => join(MODELS, '..', path);
const family = (name: string): string[] =>
  ['config.json', 'model.safetensors'].map((file) => join(GOLDEN, 'families', name, file));
const load = (viewer: Locator, address: string): Promise<unknown> =>
  inViewer(viewer, async (element, from: string) => void (await element.load(from).catch(() => {})), address);
const pick = (viewer: Locator, files: string[] | Picked[]): Promise<void> =>
  viewer.locator('input[type=file]').setInputFiles(files);

interface Picked {
  name: string;
  mimeType: string;
  buffer: Buffer;
}
const file = (name: string, bytes: Uint8Array | string): Picked => ({
  name,
  mimeType: 'application/octet-stream',
  buffer: Buffer.from(bytes),
});

/** Weights of some layers against a golden run. */
async function expectWeights(viewer: Locator, golden: Golden, layers: readonly number[]): Promise<void> {
  for (const layer of layers) {
    const expected = golden.tensor(`layers.${layer}.weights`);
    const [nHeads, nQuery, nKey] = expected.shape as [number, number, number];
    for (let head = 0; head < nHeads; ++head) {
      const found = await weightsOf(viewer, layer, head);
      expect([found.rows, found.cols]).toEqual([nQuery, nKey]);
      const worst = largestDifference(found.data, expected.data, head * nQuery * nKey);
      expect(worst, `layer ${layer}, head ${head}`).toBeLessThan(2e-5);
    }
  }
}

// ---- Real files, three ways ----

interface Tokenised {
  readonly text: string;
  readonly ids: readonly number[];
  /** In code points. */
  readonly offsets: readonly (readonly [number, number])[];
}

test.describe('SmolLM2 as GGUF', () => {
  const ways: Record<string, (viewer: Locator) => Promise<unknown>> = {
    drop: (viewer) => dropFrom(viewer, [SMOLLM]),
    picker: (viewer) => pick(viewer, [onDisk(SMOLLM)]),
    address: (viewer) => load(viewer, SMOLLM),
  };
  for (const [way, open] of Object.entries(ways)) {
    test(`by ${way}: tokens, weights and what comes next equal the goldens`, async ({ page }) => {
      const golden = readGolden('gguf/smollm2/capital.safetensors');
      const viewer = await openExplorer(page);
      expect(await opening(viewer, () => open(viewer))).toBeNull();
      expect(await inViewer(viewer, (element) => element.modelInfo)).toMatchObject({
        name: expect.stringMatching(/smollm2/i),
        family: 'llama',
        nLayers: 30,
        nHeads: 9,
        nKvHeads: 3,
        dModel: 576,
        dHead: 64,
        nCtx: 8192,
        causal: true,
      });

      await setText(viewer, golden.metadata['text'] ?? '');
      const tokens = await inViewer(viewer, (element) => element.tokenList.map(({ id, piece }) => ({ id, piece })));
      expect(tokens.map(({ id }) => id)).toEqual([...golden.tensor('input_ids').data]);
      expect(tokens.map(({ piece }) => piece)).toEqual(JSON.parse(golden.metadata['tokens'] ?? ''));
      await expectWeights(viewer, golden, [0, 14, 29]);

      const next = await inViewer(viewer, (element, last: number) => element.next(last, { k: 10 }), tokens.length - 1);
      expect(next.map(({ id }) => id)).toEqual([...golden.tensor('top10.ids').data]);
      const logits = next.map(({ logit }) => logit);
      expect(largestDifference(logits, golden.tensor('top10.logits').data)).toBeLessThan(2e-4);
      const all = golden.tensor('logits').data as Float32Array;
      const sum = all.reduce((total, logit) => total + Math.exp(logit - (all[7268] ?? 0)), 0);
      expect(next[0]?.probability).toBeCloseTo(1 / sum, 4);
      expect(await inViewer(viewer, (element) => element.error)).toBeNull();
    });
  }

  test('splits texts as the reference does, digits and emoji included', async ({ page }) => {
    const all: Tokenised[] = JSON.parse(readFileSync(join(GOLDEN, 'tokenizers/smollm2.json'), 'utf8'));
    const chosen = all.filter(({ text }) => /1234567890|family$|three$|^Café|^Hello|<\|im_start/.test(text));
    expect(chosen.length).toBeGreaterThanOrEqual(5);
    const viewer = await openExplorer(page);
    expect(await opening(viewer, () => load(viewer, SMOLLM))).toBeNull();
    for (const { text, ids, offsets } of chosen) {
      await setText(viewer, text);
      const tokens = await inViewer(viewer, (element) =>
        element.tokenList.map(({ id, start, end }) => ({ id, start, end })),
      );
      expect(
        tokens.map(({ id }) => id),
        text,
      ).toEqual(ids);
      const units = [0];
      for (const character of text) units.push((units.at(-1) ?? 0) + character.length);
      expect(
        tokens.map(({ start, end }) => [start, end]),
        text,
      ).toEqual(offsets.map(([start, end]) => [units[start], units[end]]));
    }
  });
});

test.describe('MiniLM as safetensors', () => {
  const ways: Record<string, (viewer: Locator) => Promise<unknown>> = {
    drop: (viewer) => dropFrom(viewer, MINILM),
    picker: (viewer) => pick(viewer, MINILM.map(onDisk)),
    address: (viewer) => load(viewer, 'models/all-minilm-l6-v2/'),
  };
  for (const [way, open] of Object.entries(ways)) {
    test(`by ${way}: weights equal the goldens`, async ({ page }) => {
      const golden = readGolden('minilm/bank.safetensors');
      const viewer = await openExplorer(page);
      // Something else first, so that what is found is what was opened.
      expect(await opening(viewer, () => pick(viewer, family('gpt2')))).toBeNull();
      expect(await inViewer(viewer, (element) => element.modelInfo?.['family'])).toBe('gpt2');
      expect(await opening(viewer, () => open(viewer))).toBeNull();
      // Files by themselves do not say what folder they lay in.
      const name = way === 'address' ? 'all-minilm-l6-v2' : 'model';
      expect(await inViewer(viewer, (element) => element.modelInfo)).toMatchObject({
        name,
        family: 'bert',
        nLayers: 6,
      });
      await setText(viewer, golden.metadata['text'] ?? '');
      const ids = await inViewer(viewer, (element) => element.tokenList.map(({ id }) => id));
      expect(ids).toEqual([...golden.tensor('input_ids').data]);
      await expectWeights(viewer, golden, [0, 3, 5]);
    });
  }
});

test('heads that share keys, and a window: masked cells are 0, marked and explained', async ({ page }) => {
  const golden = readGolden('families/mistral/run.safetensors');
  const ids = [...golden.tensor('input_ids').data];
  const viewer = await openExplorer(page);
  expect(await opening(viewer, () => pick(viewer, family('mistral')))).toBeNull();
  await setText(viewer, ids.join(' '));
  expect(await inViewer(viewer, (element) => element.modelInfo)).toMatchObject({
    family: 'mistral',
    nHeads: 4,
    nKvHeads: 2,
    dHead: 14,
    causal: true,
  });
  expect(await inViewer(viewer, (element) => element.tokenList.map(({ id }) => id))).toEqual(ids);
  await expectWeights(viewer, golden, [0, 1, 2]);
  const { rows, data } = await weightsOf(viewer, 1, 2);
  for (let query = 0; query < rows; ++query) {
    for (let key = 0; key < rows; ++key) {
      const isMasked = key > query || key <= query - 9;
      if (isMasked) expect(data[query * rows + key], `${query}, ${key}`).toBe(0);
      else expect(data[query * rows + key], `${query}, ${key}`).toBeGreaterThan(0);
    }
  }
  const next = await inViewer(viewer, (element) => element.next(11, { k: 145 }));
  const logits = golden.tensor('logits').data.slice(11 * 145, 12 * 145);
  expect(
    largestDifference(
      next.map(({ logit, id }) => logit - (logits[id] ?? Number.NaN)),
      Array(145).fill(0),
    ),
  ).toBeLessThan(2e-4);

  // The matrix shows both looks and says what they mean, and with whom the head shares its keys.
  await inViewer(viewer, async (element) => {
    Object.assign(element, { view: 'matrix', layer: 1, head: 2, queryIndex: 20, keyIndex: 3 });
    await element.settled();
  });
  const cell = (query: number, key: number) => viewer.locator(`[role=grid] [data-query="${query}"][data-key="${key}"]`);
  await expect(viewer.getByText('comes later: hidden by the causal mask').first()).toBeVisible();
  await expect(viewer.getByText('further back than this layer’s window of 9').first()).toBeVisible();
  await expect(viewer.getByText(/heads 2, 3\s+share keys 1/).first()).toBeVisible();
  await expect(cell(3, 5)).toHaveAttribute('aria-label', /^0, comes later/);
  await expect(cell(20, 11)).toHaveAttribute('aria-label', /^0, further back/);
  await expect(cell(20, 12)).not.toHaveAttribute('aria-label');
  expect(await cell(20, 11).locator('data').getAttribute('value')).toBe('0');
  const looks = async (query: number, key: number) =>
    cell(query, key).evaluate((element) => getComputedStyle(element).backgroundImage);
  expect(new Set([await looks(3, 5), await looks(20, 11), await looks(20, 12)]).size).toBe(3);

  const calculation = viewer.locator('[part~="calculation"]');
  await expect(calculation).toContainText('cannot see');
  await expect(calculation).toContainText('further back than this layer’s window of 9');
  expect(await inViewer(viewer, (element) => [element.calculation?.masked, element.calculation?.weight])).toEqual([
    true,
    0,
  ]);
  expect(await inViewer(viewer, (element) => element.calculation?.score)).toBe(Number.NEGATIVE_INFINITY);
});

// ---- Memory ----

/**
 * Counts the engine's WebAssembly memories from now on.
 * @returns the sizes in bytes of those that are still there once the worker's garbage has been collected
 */
async function watchMemories(page: Page): Promise<() => Promise<number[]>> {
  const session = await page.context().newCDPSession(page);
  const attached = new Promise<string>((resolve) => {
    session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
      if (targetInfo.type === 'worker') resolve(sessionId);
    });
  });
  await session.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  const sessionId = await attached;
  const [worker] = page.workers();
  if (worker === undefined) throw new Error('There is no worker.');
  await worker.evaluate(() => {
    const memories: WeakRef<WebAssembly.Memory>[] = [];
    const { instantiate } = WebAssembly;
    const watched = async (module: WebAssembly.Module, imports: WebAssembly.Imports) => {
      const instance = await instantiate(module, imports);
      for (const exported of Object.values(instance.exports))
        if (exported instanceof WebAssembly.Memory) memories.push(new WeakRef(exported));
      return instance;
    };
    Object.assign(WebAssembly, { instantiate: watched });
    Object.assign(self, { memories });
  });
  return async () => {
    // Only this way reaches a worker's own collector.
    await new Promise<void>((resolve, reject) => {
      session.on('Target.receivedMessageFromTarget', ({ message }) => {
        const answer: { id?: number; error?: { message: string } } = JSON.parse(message);
        if (answer.error !== undefined) reject(new Error(answer.error.message));
        else if (answer.id === 1) resolve();
      });
      const message = JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' });
      session.send('Target.sendMessageToTarget', { sessionId, message }).catch(reject);
    });
    return worker.evaluate(() =>
      (self as unknown as { memories: WeakRef<WebAssembly.Memory>[] }).memories.flatMap(
        (memory) => memory.deref()?.buffer.byteLength ?? [],
      ),
    );
  };
}

test('ten models one after the other leave memory flat', async ({ page }) => {
  const viewer = await openExplorer(page);
  await setText(viewer, '5 9 14');
  const tiny = ['llama', 'gpt2', 'mistral', 'qwen3', 'roberta'];
  const memories = await watchMemories(page);
  const seen: number[][] = [];
  for (const name of tiny) {
    expect(await opening(viewer, () => pick(viewer, family(name))), name).toBeNull();
    expect(await inViewer(viewer, (element) => element.modelInfo?.['family'])).toBe(name);
    expect(await opening(viewer, () => load(viewer, 'models/all-minilm-l6-v2/'))).toBeNull();
    expect(await inViewer(viewer, (element) => element.tokenList.length)).toBe(5);
    seen.push(await memories());
  }
  // The open model's instance, and at most one that is about to go.
  const words = JSON.stringify(seen);
  const sum = (sizes: readonly number[] = []) => sizes.reduce((total, size) => total + size, 0);
  expect(sum(seen[0]), words).toBeGreaterThan(90e6);
  for (const sizes of seen) {
    expect(sizes.length, words).toBeLessThanOrEqual(2);
    expect(sum(sizes), words).toBeLessThanOrEqual(1.1 * sum(seen[0]));
  }
});

// ---- What is refused ----

/** Everything that a failed load must leave as it was. */
async function shownBy(viewer: Locator) {
  const known = await inViewer(viewer, async (element) => ({
    status: element.status,
    revision: element.revision,
    info: element.modelInfo,
    backend: element.backend,
    text: element.text,
    tokens: element.tokenList,
    weights: [...(await element.attention(3, 1)).data],
    cell: element.calculation?.weight,
  }));
  const printed = await viewer
    .locator('[role=grid][data-layer] data, [part~="calculation"] data')
    .evaluateAll((elements) => elements.map((element) => (element as HTMLDataElement).value));
  expect(printed.length).toBeGreaterThan(200);
  return { ...known, printed, options: await viewer.getByRole('option').allTextContents() };
}

/** The GGUF file with its last tensor in Q2_K: 299 rows of one block of 84 bytes. */
function withQ2K(bytes: Buffer): Buffer {
  const at = bytes.lastIndexOf('output.weight') + 'output.weight'.length;
  const nDims = bytes.readUInt32LE(at);
  const type = at + 4 + 8 * nDims;
  const begin = Number(bytes.readBigUInt64LE(type + 4));
  const padded = (size: number) => Math.ceil(size / 32) * 32;
  const data = bytes.length - padded(begin + 299 * 210); // Of Q6_K, which it is in.
  const copy = Buffer.from(bytes.subarray(0, data + padded(begin + 299 * 84)));
  copy.writeUInt32LE(10, type);
  return copy;
}

function refusedFiles(): [what: string, files: Picked[], code: string, says: RegExp][] {
  const html = '<!DOCTYPE html>\n<html><head><title>404</title></head><body>Not found</body></html>';
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935\nsize 90868376\n';
  const gguf = readFileSync(join(GOLDEN, 'gguf/tiny.gguf'));
  const config = readFileSync(join(GOLDEN, 'families/llama/config.json'));
  const weights = readFileSync(join(GOLDEN, 'families/llama/model.safetensors'));
  const other = { ...JSON.parse(config.toString()), model_type: 'mamba', architectures: ['MambaForCausalLM'] };
  const bigEndian = Buffer.from(gguf);
  bigEndian.writeUInt32BE(3, 4);
  const architecture = Buffer.from(gguf);
  architecture.write('gizmo', architecture.indexOf('llama', architecture.indexOf('general.architecture')));
  return [
    ['a Git-LFS pointer as GGUF', [file('m.gguf', pointer)], 'not-a-model', /Git.LFS/],
    [
      'a Git-LFS pointer as safetensors',
      [file('model.safetensors', pointer), file('config.json', config)],
      'not-a-model',
      /Git.LFS/,
    ],
    [
      'a Git-LFS pointer as config.json',
      [file('model.safetensors', weights), file('config.json', pointer)],
      'not-a-model',
      /config\.json.*Git.LFS/,
    ],
    ['a web page as GGUF', [file('m.gguf', html)], 'not-a-model', /HTML/],
    [
      'a web page as safetensors',
      [file('model.safetensors', html), file('config.json', config)],
      'not-a-model',
      /HTML/,
    ],
    ['a pickle', [file('pytorch_model.bin', Buffer.from('80027d71002e000000000000', 'hex'))], 'not-a-model', /pickle/i],
    [
      'a zip',
      [file('model.safetensors', 'PK\u0003\u0004\u0014\0\0\0\u0008\0 a compressed entry')],
      'not-a-model',
      /zip/i,
    ],
    ['a cut GGUF file', [file('cut.gguf', gguf.subarray(0, gguf.length / 2))], 'bad-file', /cut\.gguf/],
    [
      'a cut safetensors file',
      [file('cut.safetensors', weights.subarray(0, weights.length - 1000)), file('config.json', config)],
      'bad-file',
      /cut\.safetensors/,
    ],
    ['a big-endian GGUF file', [file('ppc.gguf', bigEndian)], 'unsupported', /big-endian/],
    [
      'an unknown family',
      [file('model.safetensors', weights), file('config.json', JSON.stringify(other))],
      'unsupported',
      /mamba/i,
    ],
    ['weights alone', [file('model.safetensors', weights)], 'missing-file', /config\.json/],
    ['a GGUF file of an unknown architecture', [file('m.gguf', architecture)], 'unsupported', /gizmo/],
    ['a type of tensor that is not computed', [file('m.gguf', withQ2K(gguf))], 'unsupported', /Q2_K/],
  ];
}

test('what cannot be opened is named, and everything stays as it was', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const viewer = await openExplorer(page);
  const before = await shownBy(viewer);
  const canvas = viewer.locator('canvas[role=img]').first();
  const picture = await canvas.screenshot();
  const alert = viewer.getByRole('alert');
  for (const [what, files, code, says] of refusedFiles()) {
    await test.step(what, async () => {
      const refusal = await opening(viewer, () => pick(viewer, files));
      expect(refusal, what).toMatchObject({ code, message: expect.stringMatching(says) });
      await expect(alert).toHaveAttribute('data-code', code);
      await expect(alert).toContainText(refusal?.message ?? '');
      expect(await shownBy(viewer)).toEqual(before);
    });
  }
  await alert.getByRole('button', { name: /dismiss|close/i }).click();
  await expect(alert).toHaveCount(0);
  await inViewer(viewer, (element) => element.settled());
  expect((await canvas.screenshot()).equals(picture)).toBe(true);

  // The next success clears it.
  expect(await opening(viewer, () => pick(viewer, [file('m.gguf', 'no model at all')]))).not.toBeNull();
  await expect(alert).toHaveCount(1);
  expect(await opening(viewer, () => pick(viewer, [join(GOLDEN, 'gguf/tiny.gguf')]))).toBeNull();
  await expect(alert).toHaveCount(0);
  expect(await inViewer(viewer, (element) => [element.error, element.modelInfo?.['family']])).toEqual([null, 'llama']);
});

test('what is over the budget is refused before it is read', async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), 'headlight-'));
  try {
    // Takes no room on the disk, and would take long to read.
    const path = join(folder, 'huge.gguf');
    writeFileSync(path, readFileSync(join(GOLDEN, 'gguf/tiny.gguf')));
    truncateSync(path, 40e9);
    const viewer = await openExplorer(page);
    const before = await shownBy(viewer);
    const refusal = await opening(viewer, () => pick(viewer, [path]));
    expect(refusal).toMatchObject({ code: 'too-large', message: expect.stringMatching(/huge.*37\.3 GB.*512 MB/) });
    await expect(viewer.getByRole('alert')).toHaveAttribute('data-code', 'too-large');
    expect(await shownBy(viewer)).toEqual(before);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a GGUF file whose run would not fit is refused by its header', async ({ page }) => {
  // The least budget there is holds the weights of SmolLM2, but no run beside them.
  await page.addInitScript(() => localStorage.setItem('attention-viewer-budget', String(128 * 1024 * 1024)));
  const viewer = await openExplorer(page);
  const before = await shownBy(viewer);
  await inViewer(viewer, (element) => {
    element.addEventListener('modelprogress', (event) => {
      const { phase, received } = (event as CustomEvent).detail;
      if (phase === 'download') element.setAttribute('data-received', received);
    });
  });
  const refusal = await opening(viewer, () => load(viewer, SMOLLM));
  expect(refusal).toMatchObject({ code: 'too-large', message: expect.stringMatching(/94 MB of weights.*128 MB/) });
  expect(await shownBy(viewer)).toEqual(before);
  expect(Number((await viewer.getAttribute('data-received')) ?? 0)).toBeLessThan(20e6);
});

test.describe('a foreign address under the site’s own policy', () => {
  test.use({ expected: [(message: string) => message.includes('example.org')] });
  test('is refused by a message that names the directive, and nothing leaves the page', async ({ page }) => {
    let asked = 0;
    await page.context().route('https://example.org/**', (route) => {
      ++asked;
      return route.abort();
    });
    const viewer = await openExplorer(page);
    const before = await shownBy(viewer);
    const refusal = await inViewer(viewer, (element) =>
      element.load('https://example.org/m/').then(
        () => null,
        (error: Refusal) => ({ code: error.code, message: error.message }),
      ),
    );
    expect(refusal).toMatchObject({ code: 'blocked-by-policy', message: expect.stringContaining('connect-src') });
    expect(refusal?.message).toContain('example.org');
    await expect(viewer.getByRole('alert')).toHaveAttribute('data-code', 'blocked-by-policy');
    expect(await shownBy(viewer)).toEqual(before);
    expect(asked).toBe(0);
  });
});

// ---- From a hub ----

test.describe('from a server that imitates the hub', () => {
  // The page itself comes from a server of the test's own, whose policy lets it ask the hub; both are local.
  test.use({ expected: [(message: string) => /^foreign request: http:\/\/(localhost|127\.0\.0\.1):/.test(message)] });

  const FOLDER = '/someone/small-encoder/resolve/main/';
  const WEIGHTS = `${FOLDER}model.safetensors`;
  let hub: Hub;
  let site: Server;
  let address = '';
  let size = 0;

  test.beforeEach(async () => {
    hub = await startHub();
    const folder = join(MODELS, '../site');
    site = createServer(siteHandler({ folder, base: '/headlight/', connect: `${hub.origin} ${hub.cdn}` }));
    await new Promise<void>((resolve) => site.listen(0, 'localhost', resolve));
    address = `http://localhost:${(site.address() as AddressInfo).port}/headlight/explore.html`;
    for (const path of MINILM) {
      const name = path.split('/').at(-1) ?? '';
      hub.put(FOLDER + name, readFileSync(onDisk(path)), { etag: `"${name}"`, redirect: name === 'model.safetensors' });
    }
    hub.put(`${FOLDER}README.md`, '---\nlicense: apache-2.0\n---\n# A model\n');
    size = hub.files.get(WEIGHTS)?.body.length ?? 0;
  });
  test.afterEach(async () => {
    site.closeAllConnections();
    await new Promise((resolve) => site.close(resolve));
    await hub.close();
  });

  const readsWeights = () => hub.asked(WEIGHTS).filter(({ method }) => method === 'GET');
  const expectLoaded = async (viewer: Locator) => {
    expect(await inViewer(viewer, (element) => element.modelInfo?.['name'])).toBe('small-encoder');
    const golden = readGolden('minilm/animal.safetensors');
    await setText(viewer, golden.metadata['text'] ?? '');
    await expectWeights(viewer, golden, [5]);
  };
  async function openDialog(page: Page, viewer: Locator): Promise<Locator> {
    await page.getByRole('button', { name: 'Open model' }).click();
    return viewer.getByRole('dialog', { name: 'Open a model' });
  }

  test('its size, licence, host and memory are shown before any weights are asked for', async ({ page }) => {
    const viewer = await openExplorer(page, address);
    const dialog = await openDialog(page, viewer);
    const field = dialog.getByRole('textbox', { name: /owner\/name/ });
    await field.fill(hub.origin + FOLDER);
    expect(hub.requests).toEqual([]);
    await field.press('Enter');
    const card = dialog.getByRole('article');
    await expect(card).toContainText('small-encoder');
    await expect(card).toContainText('apache-2.0');
    await expect(card).toContainText(new URL(hub.origin).host);
    await expect(card).toContainText(new URL(hub.cdn).host);
    await expect(card).toContainText('90.9 MB');
    await expect(card).toContainText(/weights\s+87\sMB/);
    await expect(card).toContainText(/a text of\s+512\s+tokens/);
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const { violations } = await new AxeBuilder({ page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
        .analyze();
      expect(
        violations.map(({ id }) => id),
        colorScheme,
      ).toEqual([]);
    }
    expect(readsWeights()).toEqual([]);
    expect(await opening(viewer, () => card.getByRole('button', { name: 'Load' }).click())).toBeNull();
    expect(readsWeights().length).toBeGreaterThan(0);
    await expectLoaded(viewer);
  });

  test('comes in parts with progress, goes on where it broke, is kept, and is forgotten when told', async ({
    page,
  }) => {
    const weights = hub.files.get(WEIGHTS);
    if (weights === undefined) throw new Error('no weights');
    weights.breaks = [3_000_000, 5_000_000];
    const viewer = await openExplorer(page, address);
    await inViewer(viewer, (element) => {
      const progress: { phase: string; received: number; total: number }[] = [];
      Object.assign(window, { progress });
      element.addEventListener('modelprogress', (event) => progress.push((event as CustomEvent).detail));
    });
    expect(await opening(viewer, () => load(viewer, hub.origin + FOLDER))).toBeNull();
    await expectLoaded(viewer);

    // In parts of 8 MB, each asked for once; the two that broke once more, from where they broke. How much of what was
    // sent before a break arrives is the network's to say, and nothing is possible.
    const ranges = readsWeights().map(({ range }) =>
      /^bytes=(\d+)-(\d+)$/
        .exec(range ?? '')
        ?.slice(1)
        .map(Number),
    );
    const starts = ranges.map((range) => range?.[0] ?? -1);
    const PART = 8 * 1024 * 1024;
    const nParts = Math.ceil(size / PART);
    expect([...new Set(starts.filter((start) => start % PART === 0))]).toEqual(
      Array.from({ length: nParts }, (_, i) => i * PART),
    );
    // A browser repeats a request by itself when the connection that it reused turns out to be closed.
    expect(starts.length).toBeGreaterThanOrEqual(nParts + 2);
    expect(starts.length).toBeLessThanOrEqual(nParts + 4);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    const sent = readsWeights().reduce((sum, request) => sum + request.sent, 0);
    expect(sent).toBeGreaterThanOrEqual(size);
    expect(sent).toBeLessThan(size + 8_000_000);

    const progress = await page.evaluate(
      () => (window as unknown as { progress: { phase: string; received: number; total: number }[] }).progress,
    );
    const download = progress.filter(({ phase, total }) => phase === 'download' && total === size);
    expect(download.length).toBeGreaterThan(2);
    expect(download.every(({ received }, i) => received >= (download[i - 1]?.received ?? 0))).toBe(true);
    expect(download.at(-1)?.received).toBe(size);

    // From the store: nobody is asked for weights.
    await openExplorer(page, address);
    hub.requests.length = 0;
    expect(await opening(viewer, () => load(viewer, hub.origin + FOLDER))).toBeNull();
    await expectLoaded(viewer);
    expect(readsWeights()).toEqual([]);

    const dialog = await openDialog(page, viewer);
    await expect(dialog.getByText('small-encoder').first()).toBeVisible();
    await dialog.getByRole('button', { name: 'Remove small-encoder' }).click();
    await expect(dialog.getByText('Nothing is kept yet')).toBeVisible();
    await page.keyboard.press('Escape');
    expect(await opening(viewer, () => load(viewer, hub.origin + FOLDER))).toBeNull();
    expect(readsWeights().length).toBeGreaterThan(0);
  });

  test('is cancelled on the way: the old model stays, and the next try goes on from what is here', async ({ page }) => {
    const weights = hub.files.get(WEIGHTS);
    if (weights === undefined) throw new Error('no weights');
    weights.trickle = { bytes: 256 * 1024, milliseconds: 5 };
    const viewer = await openExplorer(page, address);
    const before = await shownBy(viewer);
    const outcome = await inViewer(
      viewer,
      async (element, from: string) => {
        const far = new Promise<number>((resolve) => {
          element.addEventListener('modelprogress', (event) => {
            const { phase, received } = (event as CustomEvent).detail;
            if (phase === 'download' && received > 20e6) resolve(received);
          });
        });
        const loading = element.load(from).then(
          () => 'loaded',
          (error: Error) => error.name,
        );
        const received = await far;
        const status = element.status;
        element.cancel();
        return { name: await loading, received, status, error: element.error };
      },
      hub.origin + FOLDER,
    );
    expect(outcome).toMatchObject({ name: 'AbortError', status: 'loading', error: null });
    expect(outcome.received).toBeLessThan(size);
    expect(await shownBy(viewer)).toEqual(before);

    delete weights.trickle;
    await openExplorer(page, address);
    hub.requests.length = 0;
    expect(await opening(viewer, () => load(viewer, hub.origin + FOLDER))).toBeNull();
    await expectLoaded(viewer);
    const starts = readsWeights().map(({ range }) => Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1]));
    expect(starts[0]).toBeGreaterThanOrEqual(2 * 8 * 1024 * 1024);
    const sent = readsWeights().reduce((sum, request) => sum + request.sent, 0);
    expect(sent).toBeLessThan(size - 16_000_000);
  });

  test('what announces more than fits is not fetched', async ({ page }) => {
    const weights = hub.files.get(WEIGHTS);
    if (weights === undefined) throw new Error('no weights');
    // Without ranges the whole length is announced at once; it comes slowly, if anybody waits for it.
    Object.assign(weights, { ranges: false, lacking: 3e9, trickle: { bytes: 64 * 1024, milliseconds: 20 } });
    const viewer = await openExplorer(page, address);
    const before = await shownBy(viewer);
    const refusal = await opening(viewer, () => load(viewer, hub.origin + FOLDER));
    expect(refusal).toMatchObject({ code: 'too-large', message: expect.stringContaining('2.9 GB') });
    expect(await shownBy(viewer)).toEqual(before);
    for (const { sent } of readsWeights()) expect(sent).toBeLessThan(size / 2);
  });
});

// ---- A hostile tokenizer ----

test('a tokenizer’s pattern that takes for ever is cut off and named, and the page goes on', async ({ page }) => {
  const tokenizer = {
    version: '1.0',
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'Split', pattern: { Regex: '(a|a|a)*b' }, behavior: 'Isolated', invert: false },
    post_processor: null,
    decoder: null,
    model: { type: 'BPE', vocab: { a: 0, b: 1, '!': 2 }, merges: [] },
  };
  const [config = '', weights = ''] = family('gpt2');
  const files = [
    file('config.json', readFileSync(config)),
    file('model.safetensors', readFileSync(weights)),
    file('tokenizer.json', JSON.stringify(tokenizer)),
  ];
  const viewer = await openExplorer(page);
  await setText(viewer, 'aab');
  expect(await opening(viewer, () => pick(viewer, files))).toBeNull();
  expect(await inViewer(viewer, (element) => element.tokenList.map(({ id }) => id))).toEqual([0, 0, 1]);

  const box = viewer.getByRole('textbox', { name: 'Sentence' });
  const hostile = `${'a'.repeat(26)}!`;
  await box.fill(hostile);
  const alert = viewer.getByRole('alert');
  await expect(alert).toHaveAttribute('data-code', 'bad-config', { timeout: 30_000 });
  await expect(alert).toContainText('pattern took longer than 2 s');
  await inViewer(viewer, (element) => element.settled());
  expect(await inViewer(viewer, (element) => [element.text, element.status, element.tokenList.length])).toEqual([
    hostile,
    'ready',
    3,
  ]);

  // The model comes back by itself and reads what its pattern can read.
  await box.fill('abab');
  await inViewer(viewer, (element) => element.settled());
  expect(await inViewer(viewer, (element) => [element.error, element.tokenList.map(({ id }) => id)])).toEqual([
    null,
    [0, 1, 0, 1],
  ]);
  expect(await opening(viewer, () => load(viewer, 'models/all-minilm-l6-v2/'))).toBeNull();
  await setText(viewer, hostile);
  expect(await inViewer(viewer, (element) => [element.error, element.modelInfo?.['family']])).toEqual([null, 'bert']);
});
