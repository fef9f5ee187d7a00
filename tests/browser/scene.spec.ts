/**
 * What the scene draws, by its own counters and by its pixels: labels that can be read, work only when something
 * changed, honesty about what is cut. No stored pictures: relations between two states of one session.
 */
import type { Locator } from '@playwright/test';
import type { SceneStats } from '../../web/scene/scene';
import { expect, inViewer, openExplorer, setText, test } from './support';

test.use({ reducedMotion: 'reduce' } as object);

const stats = (viewer: Locator): Promise<SceneStats> =>
  viewer.evaluate((element) => {
    const view = element.shadowRoot?.querySelector('attn-scene-view') as unknown as { inspect(): SceneStats | null };
    const found = view.inspect();
    if (found === null) throw new Error('there is no scene');
    return found;
  });

for (const [width, height] of [
  [1440, 900],
  [1024, 768],
  [390, 844],
] as const) {
  test(`labels are legible and apart at ${width} x ${height}`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    const viewer = await openExplorer(page);
    for (const text of [
      null,
      'one',
      'שלום 注意力 😀 naïve café, a rather long sentence that goes on and on until there are more words than room for them all.',
    ]) {
      if (text !== null) await setText(viewer, text);
      const { labels } = await stats(viewer);
      expect(labels.length).toBeGreaterThan(3);
      for (const [i, a] of labels.entries()) {
        expect(a.fontPx, a.text).toBeGreaterThanOrEqual(11);
        for (const b of labels.slice(i + 1)) {
          const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
          expect(apart, `"${a.text}" over "${b.text}"`).toBe(true);
        }
      }
    }
  });
}

test('the focused token and its strongest key are named without hovering', async ({ page }) => {
  const viewer = await openExplorer(page);
  const { labels } = await stats(viewer);
  const texts = labels.map((label) => label.text);
  expect(texts).toContain('it');
  expect(texts.some((text) => /animal.*68/.test(text))).toBe(true);
  expect(texts.some((text) => /\[CLS\].*1[12]/.test(text))).toBe(true);
});

test('nothing is drawn while nothing changes, and few calls draw it all', async ({ page }) => {
  const viewer = await openExplorer(page);
  const before = await stats(viewer);
  await page.waitForTimeout(600);
  const after = await stats(viewer);
  expect(after.frames).toBe(before.frames);
  expect(after.calls).toBeLessThanOrEqual(20);
});

test('a higher threshold draws fewer links, uploads none of the mass again and says so', async ({ page }) => {
  const viewer = await openExplorer(page);
  const before = await stats(viewer);
  const slider = viewer.getByRole('slider').first();
  await slider.focus();
  for (let i = 0; i < 8; ++i) await page.keyboard.press('ArrowRight');
  await inViewer(viewer, (element) => element.settled());
  const after = await stats(viewer);
  expect(after.linksDrawn).toBeLessThan(before.linksDrawn);
  expect(after.linksListed).toBe(before.linksListed);
  // The list of all links stays where it is: eight steps upload less than it once, for labels and the focused token.
  const bytesOfALink = 16;
  expect(after.uploadedBytes - before.uploadedBytes).toBeLessThan(before.linksListed * bytesOfALink);
  await expect(viewer.getByText(/links from 12\s?%/i).first()).toBeVisible();
});

test('another head moves the light', async ({ page }) => {
  const viewer = await openExplorer(page);
  const canvas = viewer.locator('canvas[role=img]').first();
  const first = await canvas.screenshot();
  await inViewer(viewer, async (element) => {
    element.head = 5;
    await element.settled();
  });
  expect((await canvas.screenshot()).equals(first)).toBe(false);
  await inViewer(viewer, async (element) => {
    element.head = 1;
    await element.settled();
  });
  expect((await canvas.screenshot()).equals(first)).toBe(true);
});

test('at 512 tokens: one context, few calls, none when idle, and what is cut is said', async ({ page }) => {
  await page.addInitScript(() => {
    const { getContext } = HTMLCanvasElement.prototype;
    const contexts = new Set<unknown>();
    Object.assign(window, { contexts });
    HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, kind: string, ...rest: unknown[]) {
      const context = getContext.call(this, kind as '2d', ...(rest as []));
      if (kind.startsWith('webgl') && context !== null) contexts.add(context);
      return context;
    } as typeof getContext;
  });
  const viewer = await openExplorer(page);
  await setText(viewer, 'word '.repeat(510).trim());
  for (const view of ['story', 'heads', 'steps']) {
    await inViewer(
      viewer,
      (element, name: string) => {
        Object.assign(element, { view: name, queryIndex: 300 });
        return element.settled();
      },
      view,
    );
    const before = await stats(viewer);
    expect(before.calls, view).toBeGreaterThan(0);
    expect(before.calls, view).toBeLessThanOrEqual(20);
    expect(before.linksListed, view).toBeLessThanOrEqual(16_384);
    expect(before.linksDrawn, view).toBeLessThanOrEqual(16_384);
    await page.waitForTimeout(400);
    expect((await stats(viewer)).frames, `${view}: nothing is drawn while nothing changes`).toBe(before.frames);
  }
  await expect(viewer.locator('attn-window-strip .in-scene')).toHaveText('64 of 512 tokens in the scene');
  expect(await page.evaluate(() => (window as unknown as { contexts: Set<unknown> }).contexts.size)).toBe(1);
});
