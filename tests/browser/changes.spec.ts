/**
 * Changing the forward pass by the panel's own controls: the same numbers as through the property, undone bit for bit,
 * marked wherever they stand, and set beside the original.
 */
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { expect, inViewer, openExplorer, opening, printedNumbers, setText, test } from './support';

const TINY = join(import.meta.dirname, '../golden/gguf/tiny.gguf');

const settle = (viewer: Locator) => inViewer(viewer, (element) => element.settled());
const panelOf = (viewer: Locator): Locator => viewer.getByRole('region', { name: 'Changes' });
const button = (viewer: Locator, name: string | RegExp): Locator =>
  panelOf(viewer).getByRole('button', typeof name === 'string' ? { name, exact: true } : { name });

/** All heads' weights, one after another. */
function everyWeight(viewer: Locator): Promise<number[]> {
  return inViewer(viewer, async (element) => {
    const { nLayers, nHeads } = element.modelInfo as { nLayers: number; nHeads: number };
    const all: number[] = [];
    for (let layer = 0; layer < nLayers; ++layer)
      for (let head = 0; head < nHeads; ++head) all.push(...(await element.attention(layer, head)).data);
    return all;
  });
}

async function put(viewer: Locator, interventions: unknown[]): Promise<void> {
  await inViewer(
    viewer,
    (element, list: unknown[]) => {
      element.interventions = list;
      return element.settled();
    },
    interventions,
  );
}

/** The explorer with the Changes panel beside the stage, and *it* looking at *animal* in layer 3, head 1. */
async function opened(page: Page): Promise<Locator> {
  const viewer = await openExplorer(page);
  await inViewer(viewer, (element) => {
    Object.assign(element, { layer: 3, head: 1, queryIndex: 10, keyIndex: 2 });
    return element.settled();
  });
  await viewer.getByRole('tablist', { name: 'Beside the view' }).getByRole('tab', { name: 'Changes' }).click();
  return viewer;
}

const setTemperature = async (viewer: Locator) => {
  const slider = panelOf(viewer).getByRole('slider', { name: /^Temperature/ });
  await slider.focus();
  await slider.press('ArrowRight');
};
const setWeight = async (viewer: Locator, isScaled: boolean) => {
  const form = panelOf(viewer).getByRole('form', { name: 'The chosen weight' });
  await form.getByRole('spinbutton').fill('0.25');
  if (!isScaled) await form.getByRole('checkbox').uncheck();
  await form.getByRole('button', { name: 'Set' }).click();
};

const at = { layer: 3, head: 1 };
const edit = { kind: 'edit-weight', ...at, query: 10, key: 2, weight: 0.25 };
const KINDS: [string, (viewer: Locator) => Promise<void>, object][] = [
  ['head off', (viewer) => button(viewer, 'Off').click(), { kind: 'head-off', ...at }],
  ['head replaced by its mean', (viewer) => button(viewer, 'Mean').click(), { kind: 'head-mean', ...at }],
  ['head uniform', (viewer) => button(viewer, 'Uniform').click(), { kind: 'head-uniform', ...at }],
  ['temperature', setTemperature, { kind: 'temperature', ...at, temperature: 1.1 }],
  ['key hidden in a layer', (v) => button(v, 'in layer 3').click(), { kind: 'block-key', layer: 3, key: 2 }],
  ['key hidden everywhere', (viewer) => button(viewer, 'everywhere').click(), { kind: 'block-key', key: 2 }],
  ['weight set', (viewer) => setWeight(viewer, true), edit],
  ['weight set alone', (viewer) => setWeight(viewer, false), { ...edit, renormalise: false }],
  ['layer skipped', (viewer) => button(viewer, 'Skip').click(), { kind: 'layer-off', layer: 3 }],
  ['positions left out', (viewer) => button(viewer, 'Leave out').click(), { kind: 'positions-off' }],
];

for (const [name, act, wanted] of KINDS) {
  test(`${name}: the panel asks for what the property would, and Undo takes it back bit for bit`, async ({ page }) => {
    const viewer = await opened(page);
    const own = await everyWeight(viewer);
    await act(viewer);
    await expect.poll(() => inViewer(viewer, (element) => element.interventions)).toEqual([wanted]);
    await settle(viewer);
    const changed = await everyWeight(viewer);
    expect(changed).not.toEqual(own);

    await button(viewer, 'Undo').click();
    await settle(viewer);
    expect(await inViewer(viewer, (element) => element.interventions)).toEqual([]);
    expect(await everyWeight(viewer)).toEqual(own);
    await button(viewer, 'Redo').click();
    await settle(viewer);
    expect(await everyWeight(viewer)).toEqual(changed);

    await put(viewer, []);
    expect(await everyWeight(viewer)).toEqual(own);
    await put(viewer, [wanted]);
    expect(await everyWeight(viewer)).toEqual(changed);
  });
}

test('keys undo and redo, but not while a text is being typed', async ({ page }) => {
  const viewer = await opened(page);
  await button(viewer, 'Off').click();
  await settle(viewer);
  const list = () => inViewer(viewer, (element) => element.interventions.length);
  await page.keyboard.press('Control+z');
  await expect.poll(list).toBe(0);
  await page.keyboard.press('Control+Shift+Z');
  await expect.poll(list).toBe(1);
  const box = viewer.getByRole('textbox', { name: 'Sentence' });
  await box.focus();
  await box.press('End');
  await page.keyboard.type('!');
  await page.keyboard.press('Control+z');
  await settle(viewer);
  expect(await list()).toBe(1);
});

test('every number of a changed run is marked, in words, and the marks go with the last change', async ({ page }) => {
  const viewer = await opened(page);
  const marks = viewer.getByText('changed', { exact: true });
  await expect(marks).toHaveCount(0);
  await button(viewer, 'everywhere').click();
  await button(viewer, 'Skip').click();
  await settle(viewer);
  for (const part of [
    'attn-status-bar',
    'attn-scene-caption',
    'attn-head-wall',
    'attn-head-matrix',
    'attn-cell-panel',
    'attn-weights-table',
  ]) {
    const mark = viewer.locator(part).getByText('changed', { exact: true });
    await expect(mark, part).toHaveCount(1);
    await expect(mark, part).toHaveAttribute('title', /“animal” hidden from all, in every layer; Layer 3 skipped/);
  }
  // What the reader hides is no weight of zero, and does not look like what the model masks.
  const cell = viewer.locator('[role=grid] [data-query="10"][data-key="2"]');
  await expect(cell).toHaveAttribute('title', 'hidden by you');
  await expect(cell).toHaveClass(/blocked/);
  await viewer.locator('[role=grid] [data-query="10"][data-key="3"]').click();
  await settle(viewer);
  await expect(viewer.locator('[role=grid] [data-query="10"][data-key="3"]')).not.toHaveClass(/blocked/);

  await button(viewer, /^Remove: .*hidden/).click();
  await settle(viewer);
  await expect(button(viewer, /^Remove: Layer 3/)).toBeFocused();
  await button(viewer, 'Remove all').click();
  await settle(viewer);
  await expect(marks).toHaveCount(0);
  expect(await inViewer(viewer, (element) => element.interventions)).toEqual([]);
});

test('the heads that changed most are listed with the total variation of their rows', async ({ page }) => {
  const viewer = await opened(page);
  const nHeads = 12;
  const own = await everyWeight(viewer);
  await button(viewer, 'everywhere').click();
  await settle(viewer);
  const changed = await everyWeight(viewer);
  const n = Math.sqrt(own.length / (6 * nHeads));
  const size = n * n;
  const distances = Array.from({ length: 6 * nHeads }, (_, i) => {
    let sum = 0;
    for (let cell = i * size; cell < (i + 1) * size; ++cell) sum += Math.abs((own[cell] ?? 0) - (changed[cell] ?? 0));
    return { name: `layer ${Math.floor(i / nHeads)}, head ${i % nHeads}`, by: sum / 2 / n };
  }).sort((a, b) => b.by - a.by);

  const listed = panelOf(viewer).locator('.by-change button');
  await expect(listed).toHaveCount(5);
  for (const [i, { name, by }] of distances.slice(0, 5).entries()) {
    await expect(listed.nth(i)).toContainText(name);
    const [number] = await printedNumbers(listed.nth(i));
    expect(Math.abs(Number(number?.value) - by)).toBeLessThan(1e-5);
  }
  await listed.first().click();
  await settle(viewer);
  const chosen = await inViewer(viewer, (element) => `layer ${element.layer}, head ${element.head}`);
  expect(chosen).toBe(distances[0]?.name);

  await panelOf(viewer).getByRole('switch', { name: 'Show what changed' }).uncheck();
  await expect(listed).toHaveCount(0);
  expect(await inViewer(viewer, (element) => element.interventions)).toHaveLength(1);
});

test('what comes next is set beside what came next, for a model that writes', async ({ page }) => {
  const viewer = await openExplorer(page);
  expect(await opening(viewer, () => viewer.locator('input[type=file]').setInputFiles([TINY]))).toBeNull();
  await setText(viewer, 'the cats sat on the old mill');
  await inViewer(viewer, (element) => {
    element.queryIndex = element.tokenList.length - 1;
    return element.settled();
  });
  const next = () => inViewer(viewer, (element) => element.next(element.queryIndex, { k: 1000 }));
  const before = new Map((await next()).map(({ piece, probability }) => [piece, probability]));
  await viewer.getByRole('tablist', { name: 'Beside the view' }).getByRole('tab', { name: 'Changes' }).click();
  await button(viewer, 'Skip').click();
  await settle(viewer);
  const after = new Map((await next()).map(({ piece, probability }) => [piece, probability]));
  let variation = 0;
  for (const [piece, probability] of after) variation += Math.abs(probability - (before.get(piece) ?? Number.NaN)) / 2;

  const numbers = await printedNumbers(panelOf(viewer).locator('.next-beside tbody'));
  expect(numbers.length).toBeGreaterThanOrEqual(8);
  const known = [...before.values(), ...after.values()];
  for (const { value } of numbers) expect(known).toContain(Number(value));
  const [apart] = await printedNumbers(panelOf(viewer).locator('.apart-by > div', { hasText: 'Next token' }));
  expect(Math.abs(Number(apart?.value) - variation)).toBeLessThan(1e-4);
});

test('a saved run says that it cannot be changed', async ({ page }) => {
  const viewer = await openExplorer(page);
  await inViewer(viewer, async (element) => {
    await element.load(new URL('traces/animal.safetensors', document.baseURI));
    await element.settled();
  });
  await viewer.getByRole('tablist', { name: 'Beside the view' }).getByRole('tab', { name: 'Changes' }).click();
  await expect(panelOf(viewer)).toContainText('a saved run cannot be changed');
  await expect(button(viewer, 'Off')).toHaveCount(0);
});

for (const colorScheme of ['dark', 'light'] as const) {
  test(`axe finds nothing serious in the Changes panel, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const viewer = await opened(page);
    await button(viewer, 'everywhere').click();
    await settle(viewer);
    const { violations } = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
      .analyze();
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`)).toEqual(
      [],
    );
  });
}
