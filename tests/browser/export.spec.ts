/**
 * Take it with you, and Trust: every kind of file is downloaded and read back against what the element says, by mouse
 * and by keyboard; the numbers are verified on demand, and what was changed is said.
 */
import { readFileSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { expect, inViewer, openExplorer, opening, test, weightsOf } from './support';

test.use({ reducedMotion: 'reduce' } as object);

async function openMenu(page: Page): Promise<Locator> {
  await page.getByRole('button', { name: 'Take it with you' }).click();
  const menu = page.getByRole('menu', { name: 'Take it with you' });
  await expect(menu).toBeVisible();
  return menu;
}

/** What the browser saved. */
async function take(page: Page, group: string, label: string): Promise<{ name: string; path: string; bytes: Buffer }> {
  const item = page
    .getByRole('menu')
    .getByRole('group', { name: group })
    .getByRole('menuitem', { name: `${label}:` });
  const [download] = await Promise.all([page.waitForEvent('download'), item.click()]);
  const path = await download.path();
  return { name: download.suggestedFilename(), path, bytes: readFileSync(path) };
}

const float32 = (bytes: Buffer, from: number): number[] => [
  ...new Float32Array(Uint8Array.from(bytes.subarray(from)).buffer),
];

test('the matrix and a row of it come back as they are', async ({ page }) => {
  const viewer = await openExplorer(page);
  const { rows, cols, data } = await weightsOf(viewer, 3, 1);
  const tokens = await inViewer(viewer, (element) => element.tokenList.map(({ piece }) => piece));
  const text = await inViewer(viewer, (element) => element.text);
  await openMenu(page);

  const csv = await take(page, 'Matrix', 'CSV');
  expect(csv.name).toBe('headlight-L3H1-weights.csv');
  const lines = csv.bytes.toString('utf8').trimEnd().split('\r\n');
  expect(lines[0]?.split(',"').slice(1)).toEqual(tokens.map((token) => `${token}"`));
  expect(
    lines.slice(1).flatMap((line) =>
      line
        .replace(/^"[^"]*",/, '')
        .split(',')
        .map(Number),
    ),
  ).toEqual(data);

  const npy = await take(page, 'Matrix', 'NPY');
  expect(npy.bytes.toString('latin1', 10, 90)).toContain(`'shape': (${rows}, ${cols})`);
  expect(float32(npy.bytes, 10 + npy.bytes.readUInt16LE(8))).toEqual(data);

  const json = JSON.parse((await take(page, 'Matrix', 'JSON')).bytes.toString('utf8'));
  expect(json.data.flat()).toEqual(data);
  expect(json).toMatchObject({ layer: 3, head: 1, quantity: 'weights', run: { text, interventions: [] } });

  const row = await take(page, 'One token', 'JSON');
  expect(row.name).toBe('headlight-L3H1-it.json');
  const found = JSON.parse(row.bytes.toString('utf8'));
  expect(found.rows.map((line: { piece: string }) => line.piece)).toEqual(['it']);
  expect(found.data).toEqual([data.slice(10 * cols, 11 * cols)]);
});

test('figures are drawn by a browser that knows nothing of the page', async ({ page, context }) => {
  await openExplorer(page);
  await openMenu(page);
  const figures = [await take(page, 'Matrix', 'Figure'), await take(page, 'One token', 'Figure')];
  const other = await context.newPage();
  for (const { bytes } of figures) {
    const found = await other.evaluate((source) => {
      const { documentElement: svg } = new DOMParser().parseFromString(source, 'image/svg+xml');
      document.body.replaceChildren(document.importNode(svg, true));
      const box = (document.body.firstElementChild as SVGSVGElement).getBoundingClientRect();
      const texts = [...document.querySelectorAll('text')].map((text) => text.getBoundingClientRect());
      const cut = texts.filter(
        (t) => t.left < box.left || t.right > box.right || t.top < box.top || t.bottom > box.bottom,
      );
      return { name: svg.nodeName, cut: cut.length, texts: texts.length, words: svg.textContent ?? '' };
    }, bytes.toString('utf8'));
    expect(found.name).toBe('svg');
    expect(found.cut).toBe(0);
    expect(found.texts).toBeGreaterThan(16);
    expect(found.words).toContain('layer 3, head 1');
  }
});

test('a saved run opens again with the same numbers, bit for bit', async ({ page }) => {
  const viewer = await openExplorer(page);
  const before = await weightsOf(viewer, 3, 1);
  await openMenu(page);
  const numbers = await take(page, 'Whole run', 'NPY');
  const whole = float32(numbers.bytes, 10 + numbers.bytes.readUInt16LE(8));
  expect(whole).toHaveLength(6 * 12 * 16 * 16);
  expect(whole.slice((3 * 12 + 1) * 256, (3 * 12 + 2) * 256)).toEqual(before.data);

  const { name, bytes } = await take(page, 'Whole run', 'Saved run');
  expect(name).toBe('headlight-all-minilm-l6-v2.safetensors');
  await page.keyboard.press('Escape');
  const file = { name, mimeType: 'application/octet-stream', buffer: bytes };
  expect(await opening(viewer, () => viewer.locator('input[type=file]').setInputFiles(file))).toBeNull();
  expect(await inViewer(viewer, (element) => element.backend.source)).toBe('trace');
  for (const [layer, head] of [
    [3, 1],
    [0, 0],
    [5, 11],
  ] as const) {
    const { data } = await weightsOf(viewer, layer, head);
    const at = (layer * 12 + head) * 256;
    expect(data).toEqual(whole.slice(at, at + 256));
  }
});

test('the scene comes as a picture for print, as a model and as frames', async ({ page }) => {
  test.slow(); // Seven large pictures by a software rasteriser.
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  const viewer = await openExplorer(page);
  await openMenu(page);
  const size = await viewer
    .locator('canvas')
    .first()
    .evaluate((canvas: HTMLCanvasElement) => [canvas.width, canvas.height]);

  const png = await take(page, 'Scene', 'PNG');
  expect(png.bytes.readUInt32BE(16)).toBe(2126); // 180 mm at 300 dots per inch
  expect(png.bytes.toString('latin1', 37, 41)).toBe('pHYs');
  const colours = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes]));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    // Attention's own hue, and how much of the picture has nothing drawn on it.
    let [warm, clear] = [0, 0];
    for (let i = 0; i < data.length; i += 4) {
      const [red = 0, green = 0, blue = 0, alpha = 0] = data.subarray(i, i + 4);
      if (red > 200 && green < 200 && blue < 140) ++warm;
      if (alpha < 255) ++clear;
    }
    return { warm, clear };
  }, png.bytes.toString('base64'));
  expect(colours.warm).toBeGreaterThan(3000);
  expect(colours.clear).toBe(0);
  // The canvas is what it was.
  expect(
    await viewer
      .locator('canvas')
      .first()
      .evaluate((canvas: HTMLCanvasElement) => [canvas.width, canvas.height]),
  ).toEqual(size);

  const { bytes } = await take(page, 'Scene', '3D model');
  expect(bytes.readUInt32LE(8)).toBe(bytes.length);
  const gltf = JSON.parse(bytes.toString('utf8', 20, 20 + bytes.readUInt32LE(12)));
  const links = gltf.nodes.filter((node: { extras?: { weight?: number } }) => node.extras?.weight !== undefined);
  const weight = await inViewer(viewer, (element) => element.calculation?.weight ?? 0);
  const chosen = links.find(({ name }: { name: string }) => name === 'L3 H1 it -> animal 0.68');
  expect(chosen.extras).toEqual({ layer: 3, head: 1, query: 10, key: 2, weight });
  const drawn = await viewer.evaluate((element) => {
    const view = element.shadowRoot?.querySelector('attn-scene-view') as unknown as {
      inspect(): { linksDrawn: number };
    };
    return view.inspect().linksDrawn;
  });
  expect(links.length).toBeGreaterThanOrEqual(drawn);

  const frames = await take(page, 'Scene', 'Frames');
  const names = [...frames.bytes.toString('latin1').matchAll(/layer-\d{3}\.png/g)].map(([name]) => name);
  expect(new Set(names).size).toBe(6);
  expect(await inViewer(viewer, (element) => [element.layer, element.head, element.queryIndex])).toEqual([3, 1, 10]);
});

test('the menu by keyboard alone', async ({ page }) => {
  await openExplorer(page);
  const opener = page.getByRole('button', { name: 'Take it with you' });
  await opener.focus();
  await page.keyboard.press('Enter');
  const focused = () =>
    page.evaluate(() => {
      const root = document.querySelector('attention-viewer')?.shadowRoot;
      return root?.activeElement?.getAttribute('data-file') ?? root?.activeElement?.className ?? null;
    });
  await expect.poll(focused).toBe('headlight-L3H1-weights.csv');
  for (const [key, file] of [
    ['ArrowRight', 'headlight-L3H1-weights.npy'],
    ['ArrowDown', 'headlight-L3H1-it.csv'],
    ['ArrowLeft', 'headlight-L3H1-weights.svg'],
    ['ArrowUp', 'headlight-L3H1-scene.png'],
    ['End', 'headlight-L3H1-frames.zip'],
    ['Home', 'headlight-L3H1-weights.csv'],
  ] as const) {
    await page.keyboard.press(key);
    expect(await focused()).toBe(file);
  }
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  expect(download.suggestedFilename()).toBe('headlight-L3H1-weights.csv');
  await expect(page.locator('attn-export-menu .notice')).toContainText('Saved: headlight-L3H1-weights.csv');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu', { name: 'Take it with you' })).toHaveCount(0);
  await expect(opener).toBeFocused();
});

test('what cannot be had says why', async ({ page }) => {
  const viewer = await openExplorer(page);
  await inViewer(viewer, async (element) => {
    element.view = 'table';
    await element.settled();
  });
  const menu = await openMenu(page);
  const item = menu.getByRole('menuitem', { name: 'PNG:' });
  await expect(item).toHaveAttribute('aria-disabled', 'true');
  await expect(menu.getByText('The scene is not on the screen.')).toBeVisible();
});

test('the numbers are verified now, and another run has to be verified anew', async ({ page }) => {
  const viewer = await openExplorer(page);
  await page.getByRole('button', { name: 'Can I trust this?' }).click();
  await page.getByRole('button', { name: 'Verify now' }).click();
  const result = page.locator('[part=verified] data');
  await expect(result).toHaveCount(2);
  const [largest, compared] = await result.evaluateAll((list) =>
    list.map((one) => Number((one as HTMLDataElement).value)),
  );
  expect(compared).toBe(6 * 12 * 16 * 16);
  expect(largest).toBeGreaterThan(0);
  expect(largest).toBeLessThan(2e-5);
  await inViewer(viewer, async (element) => {
    element.text = 'Another sentence.';
    await element.settled();
  });
  await expect(result).toHaveCount(0);
});

test('what was changed by hand is said, and Python leaves it out', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const viewer = await openExplorer(page);
  await page.getByRole('button', { name: 'Can I trust this?' }).click();
  const trust = page.getByRole('region', { name: 'Trust' });
  await expect(trust).toContainText('nothing');
  await page.getByRole('button', { name: 'Copy Python' }).click();
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  const script = await page.evaluate(() => navigator.clipboard.readText());
  const weight = await inViewer(viewer, (element) => element.calculation?.weight ?? 0);
  expect(script).toContain(`headlight = ${weight.toPrecision(9)}`);
  expect(script).toContain('layer, head, query, key = 3, 1, 10, 2');

  await inViewer(viewer, async (element) => {
    (element as unknown as { interventions: object[] }).interventions = [{ kind: 'head-off', layer: 0, head: 2 }];
    await element.settled();
  });
  await expect(trust).toContainText('Layer 0, head 2 switched off');
  await page.getByRole('button', { name: 'Show it' }).click();
  await expect(trust.locator('pre')).toContainText(
    '# Changed in Headlight, and not here: "Layer 0, head 2 switched off"',
  );
  await openMenu(page);
  expect((await take(page, 'Matrix', 'CSV')).name).toBe('headlight-L3H1-weights-changed.csv');
});

for (const [width, height, colorScheme] of [
  [1440, 900, 'dark'],
  [390, 844, 'light'],
  [320, 700, 'dark'],
] as const) {
  test(`menu and trust at ${width} x ${height}, ${colorScheme}: axe content, nothing cut`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await openExplorer(page);
    await page.getByRole('button', { name: 'Can I trust this?' }).click();
    await page.getByRole('button', { name: 'Show it' }).click();
    const menu = await openMenu(page);
    const outside = await menu
      .getByRole('menuitem')
      .evaluateAll(
        (items) =>
          items
            .map((item) => item.getBoundingClientRect())
            .filter(({ left, right, height: high }) => left < 0 || right > innerWidth || high < 24).length,
      );
    expect(outside).toBe(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    const { violations } = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
      .analyze();
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)).toEqual(
      [],
    );
  });
}
