/**
 * Everyone: axe on both pages in both themes, everything by keyboard alone, small and large screens, and the built
 * site under its policy and a sub-path.
 */
import AxeBuilder from '@axe-core/playwright';
import { expect, inViewer, openExplorer, test } from './support';

for (const address of ['index.html', 'explore.html']) {
  for (const colorScheme of ['dark', 'light'] as const) {
    test(`axe finds nothing serious on ${address}, ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      if (address === 'explore.html') await openExplorer(page, address);
      else await page.goto(address);
      const { violations } = await new AxeBuilder({ page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
        .analyze();
      const serious = violations.filter(
        (violation) => violation.impact === 'serious' || violation.impact === 'critical',
      );
      expect(
        serious.map(
          (violation) => `${violation.id}: ${violation.nodes.map((node) => node.target.join(' ')).join(', ')}`,
        ),
      ).toEqual([]);
    });
  }
}

test('tokens, matrix and wall by keyboard alone', async ({ page }) => {
  const viewer = await openExplorer(page);
  const option = viewer.locator('[role=option][data-index="10"]');
  await option.focus();
  await page.keyboard.press('ArrowLeft');
  await expect.poll(() => inViewer(viewer, (element) => element.queryIndex)).toBe(9);
  await page.keyboard.press('Home');
  await expect.poll(() => inViewer(viewer, (element) => element.queryIndex)).toBe(0);

  await inViewer(viewer, (element) => element.settled());
  const cell = viewer.locator('[role=grid][data-layer] [data-query][data-key][tabindex="0"]').first();
  await cell.focus();
  const before = await inViewer(viewer, (element) => element.calculation?.keyIndex ?? 0);
  await page.keyboard.press(before > 7 ? 'ArrowLeft' : 'ArrowRight');
  await expect
    .poll(() => inViewer(viewer, (element) => element.calculation?.keyIndex))
    .toBe(before > 7 ? before - 1 : before + 1);

  const head = viewer
    .getByRole('gridcell', { name: /layer 3, head 1\b/i })
    .or(viewer.getByRole('button', { name: /layer 3, head 1\b/i }));
  await head.first().focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect.poll(() => inViewer(viewer, (element) => element.head)).toBe(2);
});

test('every focusable thing can be reached and left with Tab, and shows its focus', async ({ page }) => {
  await openExplorer(page);
  const seen = new Set<string>();
  for (let i = 0; i < 80; ++i) {
    await page.keyboard.press('Tab');
    const where = await page.evaluate(() => {
      let active = document.activeElement;
      while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
      if (active === null || active === document.body) return null;
      return `${active.tagName} ${active.getAttribute('role') ?? ''} ${active.getAttribute('aria-label') ?? active.textContent?.trim().slice(0, 30)}`;
    });
    if (where === null && seen.size > 10) break;
    if (where !== null) seen.add(where);
  }
  expect(seen.size).toBeGreaterThan(12);
  expect([...seen].some((name) => name.includes('TEXTAREA') || name.includes('INPUT'))).toBe(true);
});

for (const width of [320, 390, 768, 1024, 1440]) {
  test(`nothing is wider than a screen of ${width} px`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    for (const address of ['index.html', 'explore.html']) {
      if (address === 'explore.html') await openExplorer(page, address);
      else await page.goto(address);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow, address).toBeLessThanOrEqual(0);
    }
  });
}

test('the scene fills at least 55 % of the first desktop screen', async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  const viewer = await openExplorer(page);
  const box = await viewer.locator('canvas[role=img]').first().boundingBox();
  expect(box).not.toBeNull();
  const visible = (box?.width ?? 0) * (Math.min(900, (box?.y ?? 0) + (box?.height ?? 0)) - (box?.y ?? 0));
  expect(visible / (1440 * 900)).toBeGreaterThanOrEqual(0.55);
});

test('the built site answers with its policy', async ({ page, request }) => {
  const response = await request.get('explore.html');
  const policy = response.headers()['content-security-policy'] ?? '';
  for (const part of [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "require-trusted-types-for 'script'",
    'trusted-types lit-html headlight-worker',
  ]) {
    expect(policy).toContain(part);
  }
  await openExplorer(page);
  await page.goto('notices.html');
  await expect(page.getByText(/Apache License/).first()).toBeAttached();
});
