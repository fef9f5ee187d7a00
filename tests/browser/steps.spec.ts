/**
 * The Steps view: what its grids print is what the element answers, every product is made of the numbers beside it, the
 * blocks hit what they show, and a run without the numbers is not given any.
 */
import { readFileSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import type { SceneStats } from '../../web/scene/scene';
import { STEPS, type Step } from '../../web/state/state';
import { expect, inViewer, largestDifference, openExplorer, test, viewerOf } from './support';

test.use({ reducedMotion: 'reduce' } as object);

const ADDRESS =
  'explore.html#v=1&text=The animal didn%27t cross the street because it was too tired.&layer=3&head=1&query=10&view=steps';

/** What the scene counts and shows; the frames it has drawn among it. */
const stats = (viewer: Locator): Promise<SceneStats> =>
  viewer.evaluate((element) => {
    const view = element.shadowRoot?.querySelector('attn-scene-view') as unknown as { inspect(): SceneStats | null };
    const found = view.inspect();
    if (found === null) throw new Error('there is no scene');
    return found;
  });

async function goTo(viewer: Locator, step: Step): Promise<void> {
  await viewer.locator(`.stepper [data-step="${step}"]`).click();
  await inViewer(viewer, (element) => element.settled());
}

/** Every number that a grid of the step prints, by its place in the matrix. */
function twin(viewer: Locator, matrix: string): Promise<{ row: number; col: number; value: number }[]> {
  return viewer.locator(`.twin [data-matrix="${matrix}"]`).evaluateAll((cells) =>
    cells.map((cell) => ({
      row: Number((cell as HTMLElement).dataset['row']),
      col: Number((cell as HTMLElement).dataset['col']),
      value: Number(cell.querySelector('data')?.value),
    })),
  );
}

const values = (cells: readonly { value: number }[]) => cells.map(({ value }) => value);

async function choose(viewer: Locator, matrix: string, row: number, col: number): Promise<void> {
  await viewer.locator(`.twin [data-matrix="${matrix}"][data-row="${row}"][data-col="${col}"]`).click();
  await inViewer(viewer, (element) => element.settled());
}

const result = async (viewer: Locator): Promise<number> =>
  Number(await viewer.locator('.step-calculation data[data-name="result"]').getAttribute('value'));

/** The factors that the calculation lists, pair by pair. */
const factors = (viewer: Locator): Promise<number[][]> =>
  viewer
    .locator('.step-calculation .terms tbody tr')
    .evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('data')].map(({ value }) => Number(value))));

/** The element's own answers about the chosen cell. */
const answers = (viewer: Locator) =>
  inViewer(viewer, async (element) => {
    const found = element.calculation;
    if (found === null) throw new Error('no calculation');
    const { layer, head, queryIndex: row, keyIndex: col } = found;
    const rowOf = ({ data, cols }: { data: Float32Array; cols: number }) => [
      ...data.slice(row * cols, (row + 1) * cols),
    ];
    return {
      row,
      col,
      query: [...(found.query ?? [])],
      key: [...(found.key ?? [])],
      value: [...(found.value ?? [])],
      output: [...(found.output ?? [])],
      dot: found.dot ?? Number.NaN,
      scale: found.scale ?? Number.NaN,
      bias: found.bias ?? Number.NaN,
      rowMax: found.rowMax ?? Number.NaN,
      rowSum: found.rowSum ?? Number.NaN,
      weights: rowOf(await element.attention(layer, head)),
      scores: rowOf(await element.attention(layer, head, { measure: 'scores' })),
    };
  });

for (const [layer, head, query, key] of [
  [3, 1, 10, 2],
  [0, 2, 5, 4],
  [5, 11, 7, 13],
] as const) {
  test(`layer ${layer}, head ${head}: every step's twin prints what the element answers`, async ({ page }) => {
    const viewer = await openExplorer(page, ADDRESS);
    await inViewer(
      viewer,
      async (element, [l, h, q, k]: readonly number[]) => {
        Object.assign(element, { layer: l, head: h, queryIndex: q, keyIndex: k });
        await element.settled();
      },
      [layer, head, query, key] as const,
    );
    const is = await answers(viewer);
    expect([is.row, is.col]).toEqual([query, key]);

    await goTo(viewer, 'query-key-value');
    expect(values(await twin(viewer, 'query'))).toEqual(is.query);
    expect(values(await twin(viewer, 'key'))).toEqual(is.key);
    expect(values(await twin(viewer, 'value'))).toEqual(is.value);

    await goTo(viewer, 'scores');
    expect(values(await twin(viewer, 'query'))).toEqual(is.query);
    const dots = await twin(viewer, 'dots');
    expect(dots.map(({ row, col }) => [row, col])).toEqual(is.scores.map((_, col) => [query, col]));
    expect(await result(viewer)).toBe(dots[key]?.value);
    expect(Math.abs((await result(viewer)) - is.dot)).toBeLessThan(1e-4);
    const pairs = await factors(viewer);
    expect(pairs).toEqual(is.query.map((q, i) => [q, is.key[i]]));

    await goTo(viewer, 'scale');
    const scaled = await twin(viewer, 'scaled');
    expect(Math.abs((await result(viewer)) - (is.dot * is.scale + is.bias))).toBeLessThan(1e-4);
    for (const [col, { value }] of scaled.entries()) {
      expect(Math.abs(value - ((dots[col]?.value ?? Number.NaN) * is.scale + is.bias))).toBeLessThan(1e-4);
    }

    await goTo(viewer, 'mask');
    expect(largestDifference(values(await twin(viewer, 'scores')), is.scores)).toBe(0);

    await goTo(viewer, 'softmax');
    const weights = await twin(viewer, 'weights');
    expect(largestDifference(values(weights), is.weights)).toBe(0);
    const score = is.scores[key] ?? Number.NaN;
    expect(Math.abs((await result(viewer)) - Math.exp(score - is.rowMax) / is.rowSum)).toBeLessThan(1e-6);

    await goTo(viewer, 'weighted-sum');
    expect(values(await twin(viewer, 'weights'))).toEqual(values(weights));
    expect(values(await twin(viewer, 'value'))).toEqual(is.value);
    const output = await twin(viewer, 'output');
    expect(largestDifference(values(output), is.output)).toBeLessThan(1e-5);

    await goTo(viewer, 'concat');
    const own = (await twin(viewer, 'concat')).filter(({ col }) => Math.floor(col / is.output.length) === head);
    expect(values(own)).toEqual(values(output));

    await goTo(viewer, 'output');
    const column = await twin(viewer, 'wOutput');
    const added = await twin(viewer, 'added');
    const chosen = column[0]?.col ?? -1;
    const product = column.reduce((sum, { value }, i) => sum + value * (own[i]?.value ?? Number.NaN), 0);
    expect(added.find(({ col }) => col === chosen)?.value).toBe(await result(viewer));
    expect(Math.abs((await result(viewer)) - product)).toBeLessThan(1e-4);
    expect(await factors(viewer)).toEqual(column.map(({ value }, i) => [own[i]?.value, value]));
  });
}

test('any cell opens the calculation that made it, and its printed factors give its number', async ({ page }) => {
  const viewer = await openExplorer(page, ADDRESS);
  await goTo(viewer, 'weighted-sum');
  for (const col of [0, 13, 31]) {
    await choose(viewer, 'output', 10, col);
    // Twelve of sixteen keys are listed, the heaviest first: the rest adds less than their weights times the largest value.
    const listed = await factors(viewer);
    const sum = listed.reduce((total, [weight = 0, value = 0]) => total + weight * value, 0);
    const rest = 1 - listed.reduce((total, [weight = 0]) => total + weight, 0);
    expect(Math.abs((await result(viewer)) - sum)).toBeLessThan(rest * 10 + 1e-5);
  }
  await goTo(viewer, 'scores');
  await choose(viewer, 'dots', 10, 7);
  expect(await inViewer(viewer, (element) => [element.queryIndex, element.keyIndex])).toEqual([10, 7]);
  const pairs = await factors(viewer);
  const dot = pairs.reduce((total, [q = 0, k = 0]) => total + q * k, 0);
  expect(Math.abs((await result(viewer)) - dot)).toBeLessThan(1e-4);
  // A factor's own cell is opened just so, and lights nothing that it is not made of.
  await choose(viewer, 'key', 7, 3);
  await expect(viewer.locator('.step-calculation h3')).toContainText('Key');
  expect(await result(viewer)).toBe((await answers(viewer)).key[3]);
  // Moving on, the step speaks of its own result again.
  await goTo(viewer, 'softmax');
  await expect(viewer.locator('.step-calculation h3')).toContainText('Weights');
});

test('by keyboard: the stepper goes both ways, and grids are walked cell by cell', async ({ page }) => {
  const viewer = await openExplorer(page, ADDRESS);
  await viewer.getByRole('button', { name: 'Next →' }).click();
  await expect(viewer.locator('.stepper [aria-current="step"]')).toHaveText(/Scores/);
  await viewer.locator('.stepper [aria-current="step"]').focus();
  await page.keyboard.press('ArrowRight');
  await expect(viewer.locator('.stepper [aria-current="step"]')).toBeFocused();
  await expect(viewer.locator('.stepper [aria-current="step"]')).toHaveText('Scale');
  await page.keyboard.press('End');
  await expect(viewer.getByRole('button', { name: 'Next →' })).toBeDisabled();
  for (let i = STEPS.length - 1; i > 0; --i) await page.keyboard.press('ArrowLeft');
  await expect(viewer.getByRole('button', { name: '← Back' })).toBeDisabled();

  await goTo(viewer, 'softmax');
  const stop = viewer.locator('.twin [data-matrix="weights"][tabindex="0"]');
  await expect(stop).toHaveCount(1);
  await stop.focus();
  const from = Number(await stop.getAttribute('data-col'));
  await page.keyboard.press('ArrowRight');
  const next = viewer.locator(`.twin [data-matrix="weights"][data-col="${from + 1}"]`);
  await expect(next).toBeFocused();
  await expect(next).toHaveAttribute('aria-selected', 'true');
  expect(await inViewer(viewer, (element) => element.keyIndex)).toBe(from + 1);
  await page.keyboard.press('ArrowDown');
  await expect(viewer.locator('.twin [data-matrix="weights"][data-row="11"][aria-selected="true"]')).toBeFocused();
  expect(await inViewer(viewer, (element) => element.queryIndex)).toBe(11);
});

/** The middle of the label with the chosen number: its cell is right above it. */
async function chosenPoint(viewer: Locator): Promise<{ x: number; y: number }> {
  const number = await viewer.locator('.step-calculation data[data-name="result"]').textContent();
  const label = (await stats(viewer)).labels.find(({ text }) => text === number);
  if (label === undefined) throw new Error(`no label says ${number}`);
  return { x: label.x + label.w / 2, y: label.y + label.h / 2 - 27 };
}

async function canvasClick(page: Page, viewer: Locator, x: number, y: number): Promise<void> {
  const box = await viewer.locator('canvas[part="canvas"]').boundingBox();
  await page.mouse.click((box?.x ?? 0) + x, (box?.y ?? 0) + y);
  await inViewer(viewer, (element) => element.settled());
}

test('a click on a block chooses the cell under it, and the picture marks it there', async ({ page }) => {
  const viewer = await openExplorer(page, ADDRESS);
  await goTo(viewer, 'softmax');
  const { x, y } = await chosenPoint(viewer);
  // Up and to the right by some pixels is another cell of the same block.
  await canvasClick(page, viewer, x + 110, y - 80);
  const chosen = viewer.locator('.twin [data-matrix="weights"][aria-selected="true"]');
  await expect(chosen).toHaveCount(1);
  const [row, col] = [Number(await chosen.getAttribute('data-row')), Number(await chosen.getAttribute('data-col'))];
  expect(row).toBeLessThan(10);
  expect(col).toBeGreaterThan(2);
  expect(await result(viewer)).toBe((await answers(viewer)).weights[col]);
  // Where the cell is marked now is where it was hit.
  const now = await chosenPoint(viewer);
  expect(Math.hypot(now.x - (x + 110), now.y - (y - 80))).toBeLessThan(24);
});

test('few draws, nothing while nothing changes, and the blocks come back after a lost context', async ({ page }) => {
  const viewer = await openExplorer(page, ADDRESS);
  for (const step of STEPS) {
    await goTo(viewer, step);
    const { calls, blocks, labels } = await stats(viewer);
    expect(calls).toBeLessThanOrEqual(20);
    expect(blocks.length).toBeGreaterThan(1);
    for (const [i, a] of labels.entries()) {
      for (const b of labels.slice(i + 1)) {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        expect(apart, `"${a.text}" over "${b.text}"`).toBe(true);
      }
    }
  }
  const { frames } = await stats(viewer);
  await page.waitForTimeout(400);
  expect((await stats(viewer)).frames).toBe(frames);

  const canvas = viewer.locator('canvas[part="canvas"]');
  const before = await canvas.screenshot();
  await canvas.evaluate(async (element) => {
    const lose = (element as HTMLCanvasElement).getContext('webgl2')?.getExtension('WEBGL_lose_context');
    lose?.loseContext();
    await new Promise((resolve) => setTimeout(resolve, 200));
    lose?.restoreContext();
    await new Promise((resolve) => setTimeout(resolve, 400));
  });
  await inViewer(viewer, (element) => element.settled());
  await expect.poll(async () => (await canvas.screenshot()).equals(before)).toBe(true);
  // And back to the links.
  await viewer.getByRole('tab', { name: 'Story' }).click();
  await inViewer(viewer, (element) => element.settled());
  expect((await stats(viewer)).blocks).toEqual([]);
});

test('a saved run with weights alone is not given numbers that it has not', async ({ page }) => {
  const viewer = await openExplorer(page, ADDRESS);
  const bytes = [...readFileSync(new URL('../golden/trace/python.safetensors', import.meta.url))];
  await inViewer(
    viewer,
    async (element, data: number[]) => {
      await element.load(new File([new Uint8Array(data)], 'python.safetensors'));
      await element.settled();
    },
    bytes,
  );
  expect(await inViewer(viewer, (element) => [element.view, element.backend.source])).toEqual(['steps', 'trace']);
  await expect(viewer.locator('.does')).toContainText('weights alone');
  await expect(viewer.locator('.twin')).toHaveCount(0);
  await expect(viewer.locator('attn-steps-panel data')).toHaveCount(0);
  expect((await stats(viewer)).blocks).toEqual([]);
});

test('a causal model: later keys are hatched, say why, and weigh nothing', async ({ page }) => {
  const viewer = await openExplorer(page, ADDRESS);
  await inViewer(viewer, async (element) => {
    await element.load(new URL('models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf', location.href));
    element.text = 'The capital of France is';
    await element.settled();
    Object.assign(element, { layer: 4, head: 3, queryIndex: 2, keyIndex: 4 });
    await element.settled();
  });
  await goTo(viewer, 'mask');
  const scores = await viewer
    .locator('.twin [data-matrix="scores"] data')
    .evaluateAll((cells) => cells.map((cell) => (cell as HTMLDataElement).value));
  expect(scores.slice(3)).toEqual(['-Infinity', '-Infinity']);
  expect(scores.slice(0, 3).map(Number).every(Number.isFinite)).toBe(true);
  await expect(viewer.locator('.step-calculation')).toContainText('comes later');
  await goTo(viewer, 'softmax');
  expect(values(await twin(viewer, 'weights')).slice(3)).toEqual([0, 0]);
  expect(await result(viewer)).toBe(0);
});

for (const colorScheme of ['dark', 'light'] as const) {
  test(`axe finds nothing serious in the Steps view, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const viewer = await openExplorer(page, ADDRESS);
    await goTo(viewer, 'softmax');
    const { violations } = await new AxeBuilder({ page })
      .include({ fromShadowDom: ['attention-viewer', 'attn-steps-panel'] })
      .include({ fromShadowDom: ['attention-viewer', 'attn-step-bar'] })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
      .analyze();
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)).toEqual(
      [],
    );
  });
}

test('on a phone the steps are a sheet, and nothing is wider than 320 pixels', async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 700 });
  await openExplorer(page);
  const viewer = viewerOf(page);
  await viewer.getByRole('button', { name: 'No hints' }).click();
  await viewer.getByRole('tab', { name: 'Steps' }).click();
  await inViewer(viewer, (element) => element.settled());
  expect(await inViewer(viewer, (element) => element.view)).toBe('steps');
  await expect(viewer.locator('attn-steps-panel')).toBeVisible();
  await expect(viewer.locator('.twin [role=gridcell]').first()).toBeVisible();
  for (const step of STEPS) {
    await goTo(viewer, step);
    const [scroll, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(scroll, step).toBeLessThanOrEqual(width ?? 0);
  }
  await viewer.getByRole('tab', { name: 'Cell' }).click();
  await inViewer(viewer, (element) => element.settled());
  expect(await inViewer(viewer, (element) => element.view)).toBe('story');
  await expect(viewer.locator('attn-cell-panel')).toBeVisible();
});
