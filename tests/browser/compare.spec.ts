/**
 * Two runs side by side: every number of the comparison against what `attention` says of either run, the choice linked
 * in both directions, and all four things that can stand beside a run.
 */
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { expect, inViewer, openExplorer, printedNumbers, setText, test, weightsOf } from './support';

const TINY = join(import.meta.dirname, '../golden/gguf/tiny.gguf');
const HERE = 'The animal didn’t cross the street because it was too tired.';
const THERE = 'The animal didn’t cross the street because it was too wide.';

const settle = (viewer: Locator) => inViewer(viewer, (element) => element.settled());
const panelOf = (viewer: Locator): Locator => viewer.getByRole('region', { name: 'Compare' });
const button = (viewer: Locator, name: string | RegExp): Locator =>
  panelOf(viewer).getByRole('button', typeof name === 'string' ? { name, exact: true } : { name });

/** The explorer with the Compare panel beside the stage, *it* looking at *animal*, and the other sentence beside it. */
async function beside(page: Page, there = THERE): Promise<Locator> {
  const viewer = await openExplorer(page);
  await setText(viewer, HERE);
  await inViewer(viewer, (element) => {
    Object.assign(element, { layer: 3, head: 1, queryIndex: 10, keyIndex: 2 });
    return element.settled();
  });
  await viewer.getByRole('tablist', { name: 'Beside the view' }).getByRole('tab', { name: 'Compare' }).click();
  await button(viewer, 'Sentence').click();
  await panelOf(viewer).getByRole('textbox', { name: 'Other sentence' }).fill(there);
  await settle(viewer);
  return viewer;
}

const cellsOf = (viewer: Locator) =>
  printedNumbers(panelOf(viewer).locator('.difference-map')).then((numbers) =>
    numbers.map(({ value }) => Number(value)),
  );

test('another sentence: the map, both rows and the chosen weight are the weights of either run', async ({ page }) => {
  const viewer = await beside(page);
  const mine = await weightsOf(viewer, 3, 1);
  const map = await cellsOf(viewer);
  const rows = await panelOf(viewer)
    .locator('.both-rows')
    .evaluateAll((twins) =>
      twins.map((twin) => ({
        name: twin.querySelector('.both')?.textContent,
        values: [...twin.querySelectorAll('data')].map((number) => Number(number.value)),
      })),
    );
  const reading = await printedNumbers(panelOf(viewer).locator('.reading-beside'));

  await setText(viewer, THERE);
  const other = await weightsOf(viewer, 3, 1);
  expect(other.rows).toBe(mine.rows);
  expect(map).toHaveLength(mine.data.length);
  for (const [i, value] of map.entries()) expect(value).toBe(Math.fround((mine.data[i] ?? 0) - (other.data[i] ?? 0)));

  const n = mine.cols;
  const [row, otherRow] = [mine, other].map(({ data }) => data.slice(10 * n, 11 * n)) as [number[], number[]];
  expect(rows).toHaveLength(8);
  for (const { values } of rows) {
    const key = row.findIndex((weight, i) => weight === values[0] && otherRow[i] === values[1]);
    expect(key).toBeGreaterThanOrEqual(0);
  }
  expect(rows.map(({ name }) => name?.trim())).toContain('tired / wide');
  expect(reading.map(({ value }) => Number(value)).slice(0, 2)).toEqual([row[2], otherRow[2]]);
});

test('the choice is linked: a token of either run, a head of the list, a cell of the map', async ({ page }) => {
  const viewer = await beside(page, 'Look: the animal did not cross.');
  const second = panelOf(viewer).getByRole('listbox', { name: 'Second run, token by token' });
  const option = (name: string) => second.getByRole('option', { name, exact: true });
  // "it" is in the first run alone.
  await expect(second.locator('[aria-selected=true]')).toHaveCount(0);
  await expect(panelOf(viewer)).toContainText('it has no partner in the second run');
  await expect(option('look')).toHaveAttribute('aria-disabled', 'true');

  await option('cross').click();
  await settle(viewer);
  const chosen = () => inViewer(viewer, (element) => element.tokenList[element.queryIndex ?? -1]?.piece);
  expect(await chosen()).toBe('cross');
  await expect(option('cross')).toHaveAttribute('aria-selected', 'true');
  await option('cross').press('Home');
  await settle(viewer);
  expect(await chosen()).toBe('[CLS]');
  await viewer
    .getByRole('listbox', { name: 'Tokens', exact: true })
    .getByRole('option', { name: 'animal', exact: true })
    .click();
  await settle(viewer);
  await expect(option('animal')).toHaveAttribute('aria-selected', 'true');

  const head = panelOf(viewer).locator('.by-change button').nth(1);
  const name = (await head.textContent())?.match(/layer \d+, head \d+\b/)?.[0];
  await head.click();
  await settle(viewer);
  expect(await inViewer(viewer, (element) => `layer ${element.layer}, head ${element.head}`)).toBe(name);

  await panelOf(viewer).locator('.difference-map [role=row]').nth(2).getByRole('cell').nth(0).click();
  await settle(viewer);
  expect(await inViewer(viewer, (element) => [element.queryIndex, element.keyIndex])).toEqual([1, 0]);
});

test('by position, tokens are paired that do not read alike', async ({ page }) => {
  const viewer = await beside(page, 'Why, the animal slept.');
  const second = panelOf(viewer).getByRole('listbox', { name: 'Second run, token by token' });
  await expect(second.getByRole('option', { name: 'why', exact: true })).toHaveAttribute('aria-disabled', 'true');
  await button(viewer, 'by position').click();
  await settle(viewer);
  const why = second.getByRole('option', { name: 'why', exact: true });
  await expect(why).toHaveAttribute('aria-disabled', 'false');
  await expect(why).toHaveAttribute('title', 'In the first run: the');
});

test('another head of the same run', async ({ page }) => {
  const viewer = await beside(page);
  await button(viewer, 'Head').click();
  await panelOf(viewer).getByRole('spinbutton', { name: 'Other layer' }).fill('5');
  await page.keyboard.press('Enter');
  await panelOf(viewer).getByRole('spinbutton', { name: 'Other head' }).fill('11');
  await page.keyboard.press('Enter');
  await settle(viewer);
  const [mine, other] = [await weightsOf(viewer, 3, 1), await weightsOf(viewer, 5, 11)];
  const map = await cellsOf(viewer);
  expect(map).toHaveLength(mine.data.length);
  for (const [i, value] of map.entries()) expect(value).toBe(Math.fround((mine.data[i] ?? 0) - (other.data[i] ?? 0)));
  await expect(panelOf(viewer)).toContainText('L3 H1');
  await expect(panelOf(viewer)).toContainText('L5 H11');
  await expect(panelOf(viewer).locator('.by-change')).toHaveCount(0);
});

test('another model: it opens beside the first, and only the chosen heads are compared', async ({ page }) => {
  const viewer = await beside(page);
  await button(viewer, 'Model').click();
  await settle(viewer);
  await button(viewer, 'Open a second model').click();
  await expect(viewer.getByRole('dialog')).toContainText('Open a model to compare with');
  await viewer.locator('input[type=file]').setInputFiles([TINY]);
  const second = panelOf(viewer).getByRole('listbox', { name: 'Second run, token by token' });
  await expect(second).toBeVisible();
  await settle(viewer);
  expect(await inViewer(viewer, (element) => element.modelInfo?.['name'])).toBe('all-minilm-l6-v2');
  await expect(panelOf(viewer)).toContainText('only the two chosen heads are compared');
  await expect(panelOf(viewer).locator('.apart-by')).toContainText('not measurable');
  expect(await inViewer(viewer, (element) => element.error)).toBeNull();
});

test('a pair from the library: one click puts both sentences, the head, the token and the key on show', async ({
  page,
}) => {
  const viewer = await openExplorer(page);
  await viewer.getByRole('tablist', { name: 'Beside the view' }).getByRole('tab', { name: 'Compare' }).click();
  await panelOf(viewer).getByText('It does not', { exact: true }).click();
  await button(viewer, /Too wide, too narrow/).click();
  await settle(viewer);
  const shown = await inViewer(viewer, (element) => ({
    text: element.text,
    at: [element.layer, element.head],
    pieces: [element.tokenList[element.queryIndex]?.piece, element.tokenList[element.keyIndex ?? -1]?.piece],
  }));
  expect(shown).toEqual({
    text: 'The piano does not fit through the door because it is too wide.',
    at: [3, 1],
    pieces: ['it', 'piano'],
  });
  await expect(panelOf(viewer).getByRole('textbox', { name: 'Other sentence' })).toHaveValue(/too narrow\.$/);
  await expect(panelOf(viewer).locator('.reading-beside')).toContainText('it looks at piano');
  await expect(panelOf(viewer).locator('.by-change button')).not.toHaveCount(0);
  // What is typed there takes the pair's place.
  await panelOf(viewer).getByRole('textbox', { name: 'Other sentence' }).fill('The piano is too heavy.');
  await settle(viewer);
  await expect(panelOf(viewer).locator('.watch')).toHaveCount(0);
});

test('without a change there is no original, and a saved run is compared head with head only', async ({ page }) => {
  const viewer = await beside(page);
  await button(viewer, 'Original').click();
  await settle(viewer);
  await expect(panelOf(viewer)).toContainText('Nothing is changed, so this is the original');
  await inViewer(viewer, async (element) => {
    await element.load(new URL('traces/animal.safetensors', document.baseURI));
    await element.settled();
  });
  for (const name of ['Original', 'Sentence', 'Model']) await expect(button(viewer, name)).toBeDisabled();
  await button(viewer, 'Head').click();
  await settle(viewer);
  expect((await cellsOf(viewer)).length).toBe((await weightsOf(viewer, 3, 1)).data.length);
});

for (const [colorScheme, width] of [
  ['dark', 1440],
  ['light', 320],
] as const) {
  // Every cell of the map is looked at.
  test(`axe finds nothing serious in the Compare panel, ${colorScheme}, ${width} px`, async ({ page }) => {
    test.setTimeout(180_000);
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const viewer = await beside(page);
    await page.setViewportSize({ width, height: 900 });
    if (width < 700)
      await viewer.getByRole('tablist', { name: 'Details' }).getByRole('tab', { name: 'Compare' }).click();
    await expect(panelOf(viewer).locator('.difference-map')).toBeVisible();
    await settle(viewer);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    const { violations } = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
      .analyze();
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`)).toEqual(
      [],
    );
  });
}
