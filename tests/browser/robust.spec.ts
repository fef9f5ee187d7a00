/**
 * What goes wrong for readers: odd and long text, bad files, cancelling, a dead worker, no WebGL, a lost context.
 */
import { readFileSync } from 'node:fs';
import { expect, inViewer, openExplorer, setText, test } from './support';

test('markup in the text stays text', async ({ page }) => {
  const viewer = await openExplorer(page);
  await setText(viewer, '<img src=x onerror="document.title=\'owned\'"> <script>document.title="owned"</script>');
  expect(await page.title()).not.toBe('owned');
  expect(await viewer.locator('img, script').count()).toBe(0);
  await expect(viewer.getByRole('option').filter({ hasText: '<' }).first()).toBeVisible();
});

for (const [name, text, least] of [
  ['empty', '', 2],
  ['only spaces', ' \t\n ', 2],
  ['emoji', '😀👩‍👩‍👧🏳️‍🌈 ok', 4],
  ['right to left', 'שלום עולם مرحبا بالعالم', 4],
  ['combining marks', 'e\u0301 o\u0308\u0323 क्षि', 4],
  ['lone surrogate', 'a \ud83d b', 4],
  ['a word of 10,000 characters', 'a'.repeat(10_000), 3],
] as const) {
  test(`odd text: ${name}`, async ({ page }) => {
    const viewer = await openExplorer(page);
    await setText(viewer, text);
    const seen = await inViewer(viewer, (element) => ({
      count: element.tokenList.length,
      error: element.error,
      status: element.status,
    }));
    expect(seen.error).toBeNull();
    expect(seen.status).toBe('ready');
    expect(seen.count).toBeGreaterThanOrEqual(least);
  });
}

test('512 tokens run; one more is refused with the count, and nothing is lost', async ({ page }) => {
  const viewer = await openExplorer(page);
  await setText(viewer, 'word '.repeat(510).trim());
  expect(await inViewer(viewer, (element) => element.tokenList.length)).toBe(512);
  const grid = viewer.locator('[role=grid][data-layer]').first();
  await expect(grid).toHaveAttribute('aria-rowcount', '513');
  expect(await viewer.locator('[role=grid][data-layer] [data-query]').count()).toBeLessThan(6000);
  const before = await inViewer(viewer, (element) => element.revision);
  const longer = 'word '.repeat(511).trim();
  await setText(viewer, longer);
  const seen = await inViewer(viewer, (element) => ({
    code: element.error?.code,
    message: element.error?.message,
    text: element.text,
    count: element.tokenList.length,
    revision: element.revision,
  }));
  expect(seen.code).toBe('too-long');
  expect(seen.message).toContain('513');
  expect(seen.message).toContain('512');
  expect(seen.text).toBe(longer);
  expect(seen.count).toBe(512);
  expect(seen.revision).toBe(before);
  await expect(viewer.getByRole('alert')).toHaveAttribute('data-code', 'too-long');
  await setText(viewer, 'short again');
  expect(await inViewer(viewer, (element) => element.error)).toBeNull();
});

test('cancelling a run of 512 tokens answers within 100 ms', { tag: '@alone' }, async ({ page }) => {
  const viewer = await openExplorer(page);
  const seen = await inViewer(viewer, async (element) => {
    const revision = element.revision;
    const text = 'word '.repeat(510).trim();
    element.text = text;
    while (element.status !== 'running') await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 150));
    const settled = element.settled().then(
      () => 'settled',
      (error) => error.name,
    );
    const start = performance.now();
    element.cancel();
    const outcome = await settled;
    const waited = performance.now() - start;
    // The engine itself must be free again: a small request is answered at once.
    const begin = performance.now();
    await element.attention(0, 0);
    return {
      outcome,
      waited,
      answered: performance.now() - begin,
      kept: element.text === text,
      revision: element.revision === revision,
      tokens: element.tokenList.length,
      status: element.status,
    };
  });
  expect(seen).toMatchObject({ outcome: 'AbortError', kept: true, revision: true, tokens: 16, status: 'ready' });
  expect(seen.waited).toBeLessThan(100);
  expect(seen.answered).toBeLessThan(100);
});

test.describe('a dead worker', () => {
  test.use({ expected: [(message: string) => /engine/i.test(message)] });
  test('comes back with the model, and the text runs again', async ({ page }) => {
    const viewer = await openExplorer(page);
    const worker = page.workers()[0];
    expect(worker).toBeDefined();
    await worker?.evaluate(() => self.close()).catch(() => {});
    await setText(viewer, 'It answers after the restart.');
    await expect
      .poll(
        async () => {
          await inViewer(viewer, (element) => element.settled().catch(() => 0));
          return inViewer(viewer, (element) => [
            element.status,
            element.tokenList.at(-3)?.text,
            element.error?.code ?? null,
          ]);
        },
        { timeout: 20_000 },
      )
      .toEqual(['ready', 'restart', null]);
    expect((await inViewer(viewer, (element) => element.attention(0, 0))).rows).toBeGreaterThan(5);
  });
});

const NOT_MODELS: readonly (readonly [name: string, file: string, bytes: Buffer, code: string, says: RegExp])[] = [
  [
    'a web page',
    'model.safetensors',
    Buffer.from('<!DOCTYPE html><html><body>404</body></html>'),
    'not-a-model',
    /HTML/i,
  ],
  [
    'a Git-LFS pointer',
    'model.safetensors',
    Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 90868376\n'),
    'not-a-model',
    /LFS/,
  ],
  [
    'a zip',
    'model.safetensors',
    Buffer.from('PK\u0003\u0004\u0014\0\0\0\u0008\0 a compressed entry'),
    'not-a-model',
    /zip/i,
  ],
  [
    'a pickle',
    'model.safetensors',
    Buffer.from([0x80, 2, 0x7d, 0x71, 0, 0x2e, 0, 0, 0, 0, 0, 0]),
    'not-a-model',
    /pickle/i,
  ],
  ['a cut file', 'model.safetensors', Buffer.from([255, 0, 0, 0, 0, 0, 0, 0, 0x7b]), 'bad-file', /header/i],
  ['nothing', 'model.safetensors', Buffer.alloc(0), 'bad-file', /8 bytes|empty/i],
];
for (const [name, file, bytes, code, says] of NOT_MODELS) {
  test(`opening ${name} is refused and the model goes on`, async ({ page }) => {
    const viewer = await openExplorer(page);
    await viewer
      .locator('input[type=file]')
      .setInputFiles([{ name: file, mimeType: 'application/octet-stream', buffer: bytes }]);
    await expect(viewer.getByRole('alert')).toHaveAttribute('data-code', code);
    const error = await inViewer(viewer, async (element) => {
      await element.settled();
      return element.error;
    });
    expect(error?.message).toMatch(says);
    expect(error?.recoverable).toBe(true);
    await setText(viewer, 'The old model still answers.');
    expect(await inViewer(viewer, (element) => [element.error, element.modelInfo?.['name']])).toEqual([
      null,
      'all-minilm-l6-v2',
    ]);
  });
}

test('weights without config.json are refused by a message naming it', async ({ page }) => {
  const viewer = await openExplorer(page);
  const weights = tinySafetensors();
  await viewer.locator('input[type=file]').setInputFiles([{ name: 'w.safetensors', mimeType: '', buffer: weights }]);
  await expect(viewer.getByRole('alert')).toHaveAttribute('data-code', 'missing-file');
  await expect(viewer.getByRole('alert')).toContainText('config.json');
});

test.describe('without the model', () => {
  test.use({ expected: [(message: string) => /models\/|404/.test(message)] });
  test('the page says what is missing and how to get it, and shows the example traces', async ({ page }) => {
    await page.route('**/models/**', (route) => route.fulfill({ status: 404, body: 'no' }));
    const viewer = await openExplorer(page);
    const note = viewer.getByRole('alert');
    await expect(note).toHaveAttribute('data-code', 'missing-file');
    await expect(note).toContainText('config.json');
    await expect(note).toContainText('npm start');
    const seen = await inViewer(viewer, (element) => [
      element.tokenList.length,
      element.backend.source,
      element.status,
    ]);
    expect(seen).toEqual([16, 'trace', 'ready']);
    await expect(viewer.locator('input[type=file]')).toHaveCount(1);
  });
});

test('a trace saved from Python is shown like a live run', async ({ page }) => {
  const viewer = await openExplorer(page);
  const buffer = readFileSync(new URL('../golden/trace/python.safetensors', import.meta.url));
  await viewer.locator('input[type=file]').setInputFiles([{ name: 'python.safetensors', mimeType: '', buffer }]);
  await expect.poll(() => inViewer(viewer, (element) => element.backend.source)).toBe('trace');
  const seen = await inViewer(viewer, async (element) => {
    await element.settled();
    return {
      pieces: element.tokenList.map((token) => token.piece),
      nulls: element.tokenList.every((token) => token.id === null && token.start === null && token.end === null),
      info: element.modelInfo,
      dot: element.calculation?.dot,
      weight: typeof element.calculation?.weight,
    };
  });
  expect(seen.pieces).toEqual(['[CLS]', 'the', 'old', 'man', 'the', 'boat', '.', '[SEP]']);
  expect(seen).toMatchObject({
    nulls: true,
    dot: null,
    weight: 'number',
    info: { nLayers: 6, nHeads: 12, dHead: null },
  });
});

test.describe('without WebGL', () => {
  test.use({
    expected: [(message: string) => /WebGL|THREE/i.test(message)],
  });
  test('everything but the scene works', async ({ page }) => {
    await page.addInitScript(() => {
      const { getContext } = HTMLCanvasElement.prototype;
      HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, kind: string, ...rest: unknown[]) {
        return kind.startsWith('webgl') ? null : getContext.call(this, kind as '2d', ...(rest as []));
      } as typeof getContext;
    });
    const viewer = await openExplorer(page);
    await setText(viewer, 'Numbers need no picture.');
    await expect(viewer.getByRole('option')).toHaveCount(7);
    await viewer.getByRole('option').nth(3).click();
    await expect(viewer.locator('[part~="calculation"] data[data-name="weight"]').first()).toBeVisible();
    await expect(viewer.getByText(/WebGL/).first()).toBeVisible();
  });
});

test('a lost WebGL context is restored', async ({ page }) => {
  const viewer = await openExplorer(page);
  const canvas = viewer.locator('canvas[role=img]').first();
  await canvas.evaluate(async (element) => {
    const lose = (element as HTMLCanvasElement).getContext('webgl2')?.getExtension('WEBGL_lose_context');
    lose?.loseContext();
    await new Promise((resolve) => setTimeout(resolve, 200));
    lose?.restoreContext();
    await new Promise((resolve) => setTimeout(resolve, 500));
  });
  await setText(viewer, 'Drawn after the loss.');
  const picture = await canvas.screenshot();
  expect(new Set(picture).size).toBeGreaterThan(50);
  expect(await canvas.evaluate((element) => (element as HTMLCanvasElement).getContext('webgl2')?.isContextLost())).toBe(
    false,
  );
});

/** One F32 tensor of one number. */
function tinySafetensors(): Buffer {
  const header = Buffer.from('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(4)]);
}
