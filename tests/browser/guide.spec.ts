/**
 * The guide as a reader walks it: every section in both languages on large and small screens, every number on show held
 * against the engine's own, questions, symbols, progress, the tour; and what remains without scripts and without WebGL.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { figuresOf } from '../../web/tooling/figures.mjs';
import { sections } from '../../web/tooling/guide.mjs';
import { expect, test } from './support';

const LANGUAGES = { en: 'index.html', zh: 'index.zh.html' } as const;
const SCREENS = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;
const STILLS = join(import.meta.dirname, '../../web/site/guide/figures');

/** The page with the small model loaded and the reader's sentence run on it. */
async function openGuide(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await expect(page.locator('guide-sentence .state')).toContainText('all-minilm-l6-v2', { timeout: 30_000 });
}

const printed = (html: string) => [...html.matchAll(/<data value="([^"]*)"/g)].map(([, value]) => Number(value));
const words = (html: string) =>
  html
    .replace(/<svg[\s\S]*?<\/svg>/g, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/-?[\d.,]+( × 10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?/g, '#')
    .replace(/\s+/g, ' ')
    .trim();

for (const [lang, address] of Object.entries(LANGUAGES)) {
  test(`the still figures in ${lang} are what the page draws @alone`, async ({ page }) => {
    test.setTimeout(240_000);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await openGuide(page, address);
    const drawn = await figuresOf(page);
    expect(drawn.length).toBeGreaterThan(10);
    for (const [name, html] of drawn) {
      const path = join(STILLS, lang, `${name}.html`);
      expect(existsSync(path), `${name}: run npm run figures`).toBe(true);
      const still = readFileSync(path, 'utf8');
      expect(words(html), name).toBe(words(still));
      const [mine, theirs] = [printed(html), printed(still)];
      expect(mine.length, name).toBe(theirs.length);
      for (const [i, value] of mine.entries()) {
        const other = theirs[i] ?? Number.NaN;
        const isSame = value === other || Math.abs(value - other) <= 2e-4 * Math.max(1, Math.abs(value));
        expect(isSame, `${name}, number ${i}: ${value} drawn, ${other} still`).toBe(true);
      }
    }
  });
}

for (const [lang, address] of Object.entries(LANGUAGES)) {
  for (const [screen, viewport] of Object.entries(SCREENS)) {
    test.describe(`in ${lang} on a ${screen}`, () => {
      test.use({ viewport, ...(screen === 'phone' ? { hasTouch: true, isMobile: true } : {}) });

      test('every section is reached by its link, answers its question, and nothing is wider than the page', async ({
        page,
      }) => {
        await page.emulateMedia({ reducedMotion: 'reduce' });
        await openGuide(page, address);
        for (const id of sections()) {
          const link = page.locator(`.contents [data-section="${id}"] a`);
          await link.click();
          await expect(page).toHaveURL(new RegExp(`#${id}$`));
          const section = page.locator(`#${id}`);
          await expect(section.locator('h2')).toBeInViewport();
          for (const question of await section.locator('guide-question').all()) {
            await question.locator('li:not([data-right]) button').first().click();
            await expect(question.locator('.verdict')).toHaveAttribute('data-verdict', 'wrong');
            await expect(question.locator('details')).toHaveAttribute('open', '');
            await question.locator('li[data-right] button').click();
            await expect(question.locator('.verdict')).toHaveAttribute('data-verdict', 'right');
          }
          const read = section.locator('guide-read button');
          if ((await read.count()) > 0) {
            await read.click();
            await expect(page.locator(`.contents [data-section="${id}"]`)).toHaveAttribute('data-read', '');
          }
          const width = await page.evaluate(() => document.documentElement.scrollWidth);
          expect(width, id).toBeLessThanOrEqual(viewport.width);
        }
        await page.reload();
        await expect(page.locator('.contents [data-read]')).toHaveCount(sections().length - 1);
      });
    });
  }
}

test('a sentence of one’s own goes through every figure, and its numbers are the engine’s', async ({ page }) => {
  await openGuide(page, 'index.html');
  const text = 'The keys to the cabinet were on the table.';
  await page.locator('#guide-text').fill(text);
  await expect(page.locator('guide-sentence [role=option]')).toHaveCount(12);
  await page.locator('guide-sentence [role=option][data-index="6"]').click();
  await page.locator('guide-row').scrollIntoViewIfNeeded();
  await expect(page.locator('guide-row figcaption')).toContainText('were');
  // The same run, asked for through a viewer's public contract.
  await page.locator('guide-tour attention-viewer').scrollIntoViewIfNeeded();
  const row = await page.locator('guide-tour attention-viewer').evaluate(async (element) => {
    const viewer = element as unknown as {
      text: string;
      queryIndex: number;
      settled(): Promise<number>;
      attention(layer: number, head: number): Promise<{ cols: number; data: Float32Array }>;
    };
    await viewer.settled();
    const { cols, data } = await viewer.attention(3, 1);
    const { text, queryIndex } = viewer;
    return { text, queryIndex, weights: [...data.subarray(queryIndex * cols, (queryIndex + 1) * cols)] };
  });
  expect(row).toMatchObject({ text, queryIndex: 6 });
  const shown = await page
    .locator('guide-row [data-key]')
    .evaluateAll((marks) => marks.map((mark) => Number(mark.getAttribute('data-weight'))));
  expect(shown).toHaveLength(12);
  for (const [i, weight] of shown.entries())
    expect(Math.abs(weight - (row.weights[i] ?? Number.NaN))).toBeLessThan(1e-6);
});

test('symbols light together, by pointer, by keyboard and pinned', async ({ page }) => {
  await openGuide(page, 'index.html');
  const root = page.locator('html');
  const symbol = page.locator('#formula .legend button.symbol[data-symbol="key"]');
  await symbol.focus();
  await expect(root).toHaveAttribute('data-lit', 'key');
  await page.keyboard.press('Enter');
  await expect(symbol).toHaveAttribute('aria-pressed', 'true');
  await page.locator('#formula h2').hover();
  await page.locator('#guide-text').focus();
  await expect(root).toHaveAttribute('data-lit', 'key');
  await page.keyboard.press('Escape');
  await expect(root).not.toHaveAttribute('data-lit');
});

test('the tour flies from stop to stop and ends where it began', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await openGuide(page, 'index.html');
  const tour = page.locator('guide-tour');
  await tour.scrollIntoViewIfNeeded();
  const viewer = tour.locator('attention-viewer');
  const state = () =>
    viewer.evaluate((element) =>
      new URLSearchParams((element as unknown as { fragment: string }).fragment).get('step'),
    );
  await tour.getByRole('button', { name: 'Next' }).click();
  await tour.getByRole('button', { name: 'Next' }).click();
  await tour.getByRole('button', { name: 'Next' }).click();
  expect(await state()).toBe('softmax');
  await expect(viewer).toHaveAttribute('view', 'steps');
  await tour.getByRole('button', { name: 'Back' }).click();
  expect(await state()).toBe(null);
  for (let i = 0; i < 4; ++i) await tour.getByRole('button', { name: 'Next' }).click();
  await expect(tour.locator('.tools')).toContainText('7 of 7');
  await tour.getByRole('button', { name: 'From the beginning' }).click();
  await expect(viewer).toHaveAttribute('view', 'story');
});

test('one section alone, for another page’s frame', async ({ page }) => {
  await page.goto('index.html?section=formula');
  await expect(page.locator('#formula')).toBeVisible();
  await expect(page.locator('#attention')).toBeHidden();
  await expect(page.locator('.top')).toBeHidden();
  await page.goto('index.html?section=<b>');
  await expect(page.locator('#attention')).toBeVisible();
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });
  for (const address of Object.values(LANGUAGES)) {
    test(`${address} reads well: text, formulas, figures with real numbers, answers`, async ({ page }) => {
      await page.goto(address);
      expect(await page.locator('.lesson').count()).toBe(sections().length);
      await expect(page.locator('guide-row figcaption data').first()).toHaveAttribute('value', /^0\.67/);
      expect(await page.locator('[data-figure] figure').count()).toBeGreaterThan(10);
      const details = page.locator('#q-attention details');
      await details.locator('summary').click();
      await expect(details).toContainText('animal');
    });
  }
});

for (const [lang, address] of Object.entries(LANGUAGES)) {
  for (const colorScheme of ['dark', 'light'] as const) {
    test(`axe finds nothing in the guide, ${lang}, ${colorScheme}`, async ({ page }) => {
      test.setTimeout(120_000);
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await openGuide(page, address);
      const { violations } = await new AxeBuilder({ page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
        .analyze();
      expect(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`),
      ).toEqual([]);
    });
  }
}

test('on a slow connection the text is there within a second, and nothing moves afterwards @alone', async ({
  page,
}) => {
  const client = await page.context().newCDPSession(page);
  await client.send('Network.enable');
  await client.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 150,
    downloadThroughput: (1.6 * 1024 * 1024) / 8,
    uploadThroughput: (0.75 * 1024 * 1024) / 8,
  });
  await page.addInitScript(() => {
    const seen = { shift: 0, paint: 0 };
    Object.assign(window, { seen });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[])
        if (!entry.hadRecentInput) seen.shift += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (entry.name === 'first-contentful-paint') seen.paint = entry.startTime;
    }).observe({ type: 'paint', buffered: true });
  });
  await page.goto('index.html', { waitUntil: 'commit' });
  await expect(page.locator('guide-sentence[data-live]')).toBeVisible({ timeout: 30_000 });
  await page.waitForTimeout(3000);
  const { shift, paint } = await page.evaluate(
    () => (window as unknown as { seen: { shift: number; paint: number } }).seen,
  );
  expect(paint).toBeGreaterThan(0);
  expect(paint).toBeLessThan(1000);
  expect(shift).toBeLessThan(0.01);
});
