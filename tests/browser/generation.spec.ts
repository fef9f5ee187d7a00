/**
 * Letting a causal model go on writing, by the panel's own controls: against the goldens with SmolLM2, and step by step,
 * played, paused, taken back, kept, sampled and restored with a small model that is quick.
 */
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { readGolden } from '../golden/golden';
import { expect, inViewer, openExplorer, opening, printedNumbers, setText, test, weightsOf } from './support';

const TINY = join(import.meta.dirname, '../golden/gguf/tiny.gguf');
const SMOLLM = 'models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf';
const TEXT = 'the cats sat on the old mill';

test.describe.configure({ timeout: 240_000 });

const panelOf = (viewer: Locator): Locator => viewer.getByRole('region', { name: 'Next token' });
const button = (viewer: Locator, name: string): Locator => panelOf(viewer).getByRole('button', { name, exact: true });
const idsOf = (viewer: Locator) => inViewer(viewer, (element) => element.tokenList.map(({ id }) => id));
const settle = (viewer: Locator) => inViewer(viewer, (element) => element.settled());

async function openTiny(page: Page, address?: string): Promise<Locator> {
  const viewer = await openExplorer(page, address);
  expect(await opening(viewer, () => viewer.locator('input[type=file]').setInputFiles([TINY]))).toBeNull();
  return viewer;
}

/** The small model on the text, and how many tokens that has. */
async function started(page: Page): Promise<{ viewer: Locator; typed: number }> {
  const viewer = await openTiny(page);
  await setText(viewer, TEXT);
  await inViewer(viewer, (element) => {
    element.queryIndex = element.tokenList.length - 1;
    return element.settled();
  });
  return { viewer, typed: (await idsOf(viewer)).length };
}

async function openSmollm(page: Page, text: string): Promise<Locator> {
  const viewer = await openExplorer(page);
  expect(
    await opening(viewer, () => inViewer(viewer, async (element, from) => void (await element.load(from)), SMOLLM)),
  ).toBeNull();
  await setText(viewer, text);
  return viewer;
}

/** Presses Step so many times, each when the last token is on show. */
async function step(viewer: Locator, times: number): Promise<void> {
  for (let i = 0; i < times; ++i) {
    const before = (await idsOf(viewer)).length;
    await button(viewer, 'Step').click();
    await expect.poll(async () => (await idsOf(viewer)).length, { timeout: 60_000 }).toBe(before + 1);
    await settle(viewer);
  }
}

/** The printed candidates, in order: the model's probability, and the chance under the rules of sampling. */
async function printedCandidates(viewer: Locator): Promise<{ probability: number; chance: number }[]> {
  const rows = panelOf(viewer)
    .getByRole('list', { name: /Candidates/ })
    .getByRole('listitem');
  const found = [];
  for (const row of await rows.all()) {
    const [probability, chance] = await printedNumbers(row);
    found.push({ probability: Number(probability?.value), chance: Number(chance?.value) });
  }
  return found;
}

test('SmolLM2 goes on as PyTorch does, by the panel’s buttons, and the panel prints what next() says', async ({
  page,
}) => {
  const golden = readGolden('gguf/smollm2/capital.safetensors');
  const expected = [...golden.tensor('continuation.ids').data].slice(0, 5);
  const margins = [...golden.tensor('continuation.margins').data].slice(0, 5);
  expect(Math.min(...margins)).toBeGreaterThan(0.01);
  const viewer = await openSmollm(page, golden.metadata['text'] ?? '');
  const typed = (await idsOf(viewer)).length;
  await viewer
    .getByRole('option')
    .nth(typed - 1)
    .click();
  await settle(viewer);

  const compare = async (position: number) => {
    const printed = await printedCandidates(viewer);
    expect(printed.length).toBeGreaterThanOrEqual(5);
    const next = await inViewer(viewer, (element, [at, k]: readonly [number, number]) => element.next(at, { k }), [
      position,
      printed.length,
    ] as const);
    expect(printed.map(({ probability }) => probability)).toEqual(next.map(({ probability }) => probability));
  };
  await compare(typed - 1);

  await panelOf(viewer).getByRole('switch', { name: 'Most probable' }).check();
  await settle(viewer);
  expect((await printedCandidates(viewer)).map(({ chance }) => chance)).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
  await step(viewer, 5);
  expect((await idsOf(viewer)).slice(typed)).toEqual(expected);

  // The newest token is looked from, and its row is a distribution over all before it.
  const last = typed + 4;
  expect(await inViewer(viewer, (element) => [element.queryIndex, element.calculation?.queryIndex])).toEqual([
    last,
    last,
  ]);
  await expect(viewer.locator('[role=grid][data-layer]').first()).toHaveAttribute('aria-rowcount', String(last + 2));
  await expect(viewer.getByRole('option', { selected: true })).toHaveAttribute('data-index', String(last));
  const { rows, data } = await weightsOf(viewer, 14, 3);
  expect(rows).toBe(last + 1);
  expect(data.slice(last * rows).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
  await compare(last);
});

test('a question is put into SmolLM2’s chat template, whose tokens are not part of the text', async ({ page }) => {
  const question = 'What is gravity?';
  const viewer = await openSmollm(page, question);
  const plain = await idsOf(viewer);
  await panelOf(viewer).getByRole('switch', { name: 'Ask as chat' }).check();
  await expect.poll(async () => (await idsOf(viewer)).length, { timeout: 60_000 }).toBeGreaterThan(plain.length + 5);
  await settle(viewer);
  const tokens = await inViewer(viewer, (element) => element.tokenList.map((token) => ({ ...token })));
  expect(tokens[0]).toMatchObject({ piece: '<|im_start|>', special: true, start: null, end: null });
  const own = tokens.filter(({ special }) => !special);
  expect(own.map(({ id }) => id)).toEqual(plain);
  for (const { text, start, end } of own) expect(text).toBe(question.slice(start ?? -1, end ?? -1));
  expect(tokens.filter(({ special }) => special).every(({ start, end }) => start === null && end === null)).toBe(true);
  expect(tokens.slice(-3).map(({ piece }) => piece)).toEqual(['ass', 'istant', 'Ċ']);
  await expect(viewer.getByRole('option')).toHaveCount(tokens.length);
  expect(await inViewer(viewer, (element) => [element.text, element.error])).toEqual([question, null]);

  // It is answered; the answer is no text of the reader's.
  await panelOf(viewer).getByRole('switch', { name: 'Most probable' }).check();
  await step(viewer, 2);
  expect(await inViewer(viewer, (element) => element.text)).toBe(question);
  await expect(button(viewer, 'Keep as text')).toHaveCount(0);
  await panelOf(viewer).getByRole('switch', { name: 'Ask as chat' }).uncheck();
  await expect
    .poll(async () => (await idsOf(viewer)).filter((id) => id === tokens[0]?.id).length, { timeout: 60_000 })
    .toBe(0);
  await settle(viewer);
  expect((await idsOf(viewer)).slice(0, plain.length)).toEqual(plain);
});

test('Step, Undo, Clear and Keep as text', async ({ page }) => {
  const { viewer, typed } = await started(page);
  const text = await idsOf(viewer);
  await expect(button(viewer, 'Undo')).toHaveAttribute('aria-disabled', 'true');
  await step(viewer, 3);
  const three = await idsOf(viewer);
  expect(three.slice(0, typed)).toEqual(text);
  await button(viewer, 'Undo').click();
  await settle(viewer);
  expect(await idsOf(viewer)).toEqual(three.slice(0, -1));
  expect(await inViewer(viewer, (element) => element.queryIndex)).toBe(typed + 1);
  // Equal seeds and equal texts: what was taken back comes again.
  await step(viewer, 1);
  expect(await idsOf(viewer)).toEqual(three);
  await button(viewer, 'Clear').click();
  await settle(viewer);
  expect(await idsOf(viewer)).toEqual(text);
  await expect(button(viewer, 'Clear')).toHaveAttribute('aria-disabled', 'true');

  // A candidate that the reader chooses follows.
  const [, second] = await inViewer(viewer, (element, at: number) => element.next(at, { k: 2 }), typed - 1);
  await panelOf(viewer)
    .getByRole('list', { name: /Candidates/ })
    .getByRole('button')
    .nth(1)
    .click();
  await settle(viewer);
  expect((await idsOf(viewer)).slice(typed)).toEqual([second?.id]);
  await step(viewer, 2);
  const written = await inViewer(
    viewer,
    (element, from: number) => element.tokenList.slice(from).map((token) => token.text),
    typed,
  );
  await button(viewer, 'Keep as text').click();
  await settle(viewer);
  const kept = await inViewer(viewer, (element) => element.text);
  expect(kept).toBe(TEXT + written.filter((piece) => !piece.includes('\uFFFD')).join(''));
  await expect(viewer.getByRole('textbox', { name: 'Sentence' })).toHaveValue(kept);
  await expect(button(viewer, 'Undo')).toHaveAttribute('aria-disabled', 'true');
});

test.describe('while it plays', () => {
  async function playing(page: Page): Promise<{ viewer: Locator; typed: number }> {
    const { viewer, typed } = await started(page);
    await button(viewer, 'Play').click();
    await expect.poll(async () => (await idsOf(viewer)).length, { timeout: 60_000 }).toBeGreaterThan(typed + 2);
    return { viewer, typed };
  }

  test('Pause stops it where it is, and Step goes on from there', async ({ page }) => {
    const { viewer } = await playing(page);
    await expect(viewer).toHaveAttribute('aria-busy', 'true');
    await button(viewer, 'Pause').click();
    await expect(button(viewer, 'Play')).toBeVisible();
    await settle(viewer);
    await expect(viewer).not.toHaveAttribute('aria-busy', 'true');
    const paused = await idsOf(viewer);
    expect(await inViewer(viewer, (element) => [element.status, element.error])).toEqual(['ready', null]);
    await step(viewer, 1);
    expect((await idsOf(viewer)).slice(0, -1)).toEqual(paused);
  });

  test('cancel stops it, and what was seen stays', async ({ page }) => {
    const { viewer, typed } = await playing(page);
    await inViewer(viewer, (element) => element.cancel());
    await expect(button(viewer, 'Play')).toBeVisible();
    await settle(viewer);
    const seen = await idsOf(viewer);
    expect(seen.length).toBeGreaterThan(typed + 2);
    expect(await inViewer(viewer, (element) => [element.status, element.text])).toEqual(['ready', TEXT]);
    await step(viewer, 1);
    expect((await idsOf(viewer)).slice(0, -1)).toEqual(seen);
  });

  test('typing stops it and takes what was generated away', async ({ page }) => {
    const { viewer, typed } = await playing(page);
    const text = (await idsOf(viewer)).slice(0, typed);
    await viewer.getByRole('textbox', { name: 'Sentence' }).press('End');
    await page.keyboard.type('!');
    await expect(button(viewer, 'Play')).toBeVisible();
    await settle(viewer);
    const ids = await idsOf(viewer);
    expect(ids.slice(0, -1)).toEqual(text);
    expect(await inViewer(viewer, (element) => [element.text, element.status, element.error])).toEqual([
      `${TEXT}!`,
      'ready',
      null,
    ]);
    await expect(button(viewer, 'Undo')).toHaveAttribute('aria-disabled', 'true');
  });

  test('it ends by itself where the model can read no more', async ({ page }) => {
    const { viewer } = await started(page);
    await setText(viewer, 'the '.repeat(122).trim());
    const most = Number(await inViewer(viewer, (element) => element.modelInfo?.['nCtx']));
    await button(viewer, 'Play').click();
    await expect(panelOf(viewer)).toContainText(/longest text the model can read|ended its text/, { timeout: 120_000 });
    await settle(viewer);
    expect((await idsOf(viewer)).length).toBeLessThanOrEqual(most);
    expect(await inViewer(viewer, (element) => [element.status, element.error])).toEqual(['ready', null]);
  });
});

test('equal seeds write equal texts, others write others', async ({ page }) => {
  const { viewer, typed } = await started(page);
  await panelOf(viewer).getByRole('button', { name: 'Sampling' }).click();
  const seed = panelOf(viewer).getByRole('spinbutton', { name: 'Seed' });
  const write = async (value: string) => {
    if ((await idsOf(viewer)).length > typed) await button(viewer, 'Clear').click();
    await seed.fill(value);
    await seed.press('Enter');
    await settle(viewer);
    await step(viewer, 6);
    return (await idsOf(viewer)).slice(typed);
  };
  const first = await write('7');
  const other = await write('8');
  const again = await write('7');
  expect(first).toHaveLength(6);
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);

  // The rules can be seen in the chances: the first two alone, together the whole.
  const topK = panelOf(viewer).getByRole('slider', { name: 'Top-k' });
  await topK.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await settle(viewer);
  const chances = (await printedCandidates(viewer)).map(({ chance }) => chance);
  expect(chances.slice(2).every((chance) => chance === 0)).toBe(true);
  expect((chances[0] ?? 0) + (chances[1] ?? 0)).toBeCloseTo(1, 5);
});

test('the address brings generated tokens back with the same model', async ({ page }) => {
  const { viewer } = await started(page);
  await step(viewer, 3);
  const ids = await idsOf(viewer);
  await expect.poll(() => page.url()).toContain(`generated=${ids.slice(-3).join('.')}`);
  await page.reload();
  await openTiny(page, page.url());
  expect(await idsOf(viewer)).toEqual(ids);
  expect(await inViewer(viewer, (element) => [element.text, element.queryIndex])).toEqual([TEXT, ids.length - 1]);
  await expect(button(viewer, 'Undo')).toHaveAttribute('aria-disabled', 'false');
});

for (const colorScheme of ['dark', 'light'] as const) {
  test(`axe finds nothing in the panel, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const { viewer } = await started(page);
    await panelOf(viewer).getByRole('button', { name: 'Sampling' }).click();
    await step(viewer, 1);
    const { violations } = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
      .analyze();
    expect(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`),
    ).toEqual([]);
  });
}

test('the panel by keyboard alone', async ({ page }) => {
  const { viewer, typed } = await started(page);
  const focused = () =>
    page.evaluate(() => {
      let active = document.activeElement;
      while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
      return (
        active?.getAttribute('aria-label') ??
        active?.closest('label')?.textContent?.trim() ??
        active?.textContent?.trim() ??
        ''
      );
    });
  const tabTo = async (name: RegExp) => {
    for (let i = 0; i < 30; ++i) {
      if (name.test(await focused())) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab does not reach ${name}; the focus is on ${await focused()}`);
  };
  const grows = (to: number) => expect.poll(async () => (await idsOf(viewer)).length, { timeout: 60_000 }).toBe(to);

  await button(viewer, 'Play').focus();
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Step');
  await page.keyboard.press('Enter');
  await grows(typed + 1);
  await settle(viewer);
  // The focus stays, so that it can be pressed again.
  expect(await focused()).toBe('Step');
  await page.keyboard.press('Space');
  await grows(typed + 2);
  await settle(viewer);
  await tabTo(/^Undo$/);
  await page.keyboard.press('Enter');
  await grows(typed + 1);
  await tabTo(/^Clear$/);
  await page.keyboard.press('Enter');
  await grows(typed);
  await settle(viewer);
  // What can no longer be done keeps the focus.
  expect(await focused()).toBe('Clear');
  await tabTo(/: probability .* chance /);
  await page.keyboard.press('Enter');
  await grows(typed + 1);
  await settle(viewer);
  await tabTo(/^Most probable$/);
  await page.keyboard.press('Space');
  await expect(panelOf(viewer).getByRole('switch', { name: 'Most probable' })).toBeChecked();
  await page.keyboard.press('Space');
  await tabTo(/^Sampling/);
  await page.keyboard.press('Enter');
  for (const name of [/^Temperature$/, /^Top-k$/, /^Top-p$/, /^Seed$/, /^New seed$/]) await tabTo(name);
  // Whatever has the focus shows it.
  const outline = await button(viewer, 'New seed').evaluate((element) => getComputedStyle(element).outlineStyle);
  expect(outline).not.toBe('none');
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test('the panel is a sheet of its own, there for causal models alone, and can be hit with a thumb', async ({
    page,
  }) => {
    const viewer = await openExplorer(page);
    const tab = viewer.getByRole('tab', { name: 'Next' });
    await expect(tab).toHaveCount(0);
    expect(await opening(viewer, () => viewer.locator('input[type=file]').setInputFiles([TINY]))).toBeNull();
    await tab.tap();
    await expect(panelOf(viewer)).toBeVisible();
    await panelOf(viewer).getByRole('button', { name: 'Sampling' }).tap();
    const small = await panelOf(viewer)
      .locator('button:visible, label:visible')
      .evaluateAll((elements) =>
        elements
          .filter((element) => element.getBoundingClientRect().height < 43.9)
          .map((element) => element.textContent?.trim()),
      );
    expect(small).toEqual([]);
    const before = (await idsOf(viewer)).length;
    await button(viewer, 'Step').tap();
    await expect.poll(async () => (await idsOf(viewer)).length, { timeout: 60_000 }).toBe(before + 1);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  });
});
