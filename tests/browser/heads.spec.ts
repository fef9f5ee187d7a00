/**
 * Many heads at once: the lanes of the Heads view, the wall in the order of a number, and the chosen head's facts. Every
 * number that is printed is compared with the element's own `metrics`.
 */
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import type { SceneStats } from '../../web/scene/scene';
import { expect, inViewer, openExplorer, printedNumbers, setText, test } from './support';

/** Chooses from one of the wall's two menus. */
async function pick(viewer: Locator, menu: 'Order' | 'Role', value: string): Promise<void> {
  await viewer
    .locator('attn-wall-controls')
    .getByRole('button', { name: `${menu}: ` })
    .click();
  await viewer.locator(`attn-wall-controls [role=menuitemradio][data-value="${value}"]`).click();
}

type Metrics = Record<string, number | null>;

const still = { reducedMotion: 'reduce' } as object;

const stats = (viewer: Locator): Promise<SceneStats> =>
  viewer.evaluate((element) => {
    const view = element.shadowRoot?.querySelector('attn-scene-view') as unknown as { inspect(): SceneStats | null };
    const found = view.inspect();
    if (found === null) throw new Error('there is no scene');
    return found;
  });

const settled = (viewer: Locator) => inViewer(viewer, (element) => element.settled());

async function show(viewer: Locator, view: string): Promise<void> {
  await viewer.getByRole('tab', { name: view, exact: true }).first().click();
  await settled(viewer);
}

/** What the element itself says of every head, by "layer.head". */
const allMetrics = (viewer: Locator) =>
  inViewer(viewer, async (element) => {
    const found: Record<string, Metrics> = {};
    for (let layer = 0; layer < 6; ++layer)
      for (let head = 0; head < 12; ++head) found[`${layer}.${head}`] = (await element.metrics(layer, head)) as Metrics;
    return found;
  });

const laneLabels = async (viewer: Locator): Promise<string[]> =>
  (await stats(viewer)).labels.map(({ text }) => text).filter((text) => /^L\d+ H\d+$/.test(text));

test.describe('the chosen head', () => {
  test.use(still);

  test('has the facts that the element’s metrics hold, and says what cannot be measured and why', async ({ page }) => {
    const viewer = await openExplorer(page);
    const facts = viewer.locator('attn-head-facts');
    await show(viewer, 'Head');
    for (const [layer, head] of [
      [3, 1],
      [0, 2],
      [5, 11],
    ] as const) {
      await inViewer(
        viewer,
        async (element, [l, h]: readonly [number, number]) => {
          Object.assign(element, { layer: l, head: h });
          await element.settled();
        },
        [layer, head] as const,
      );
      const metrics = (await allMetrics(viewer))[`${layer}.${head}`] ?? {};
      const printed = await printedNumbers(facts);
      for (const [name, value] of Object.entries(metrics)) {
        const shown = printed.filter((number) => number.name === name);
        if (value !== null)
          expect(
            shown.map((number) => Number(number.value)),
            name,
          ).toEqual([value]);
        else expect(shown, name).toEqual([]);
      }
      await expect(facts.locator('.missing-number')).toHaveCount(
        Object.values(metrics).filter((value) => value === null).length,
      );
    }
    // "the" stands twice in the sentence, so these are numbers; in one without a repetition they are none.
    await setText(viewer, 'A dog sees one bird.');
    const duplicate = facts.locator('details', { hasText: 'Duplicate token' });
    await expect(duplicate.locator('summary')).toContainText('not measurable');
    await duplicate.locator('summary').click();
    await expect(duplicate).toContainText('no token occurs twice');
  });

  test('gets a role only with its number and threshold', async ({ page }) => {
    const viewer = await openExplorer(page);
    await show(viewer, 'Head');
    const roles = viewer.getByRole('list', { name: 'Roles on this text' });
    // Layer 0, head 2 looks at the previous token, always; layer 3, head 1 has no role.
    await inViewer(viewer, async (element) => {
      Object.assign(element, { layer: 0, head: 2 });
      await element.settled();
    });
    await expect(roles).toContainText(/previous token\s+(100|99)\s?%/);
    await expect(roles).toContainText(/from 50\s?%/);
    const value = (await allMetrics(viewer))['0.2']?.['previous'];
    expect(Number(await roles.locator('data').first().getAttribute('value'))).toBe(value);
  });

  test('can be switched off, made uniform and replaced, and back', async ({ page }) => {
    const viewer = await openExplorer(page);
    await show(viewer, 'Head');
    const interventions = () => inViewer(viewer, (element) => element.interventions as { kind: string }[]);
    for (const [name, kind] of [
      ['Switch off', 'head-off'],
      ['Make uniform', 'head-uniform'],
      ['Replace by its mean', 'head-mean'],
    ] as const) {
      const button = viewer.getByRole('button', { name, exact: true });
      await button.click();
      await settled(viewer);
      expect(await interventions()).toEqual([{ kind, layer: 3, head: 1 }]);
      await expect(button).toHaveAttribute('aria-pressed', 'true');
      await expect(viewer.locator('attn-head-facts .changed')).toContainText('Layer 3, head 1');
      if (kind === 'head-uniform') {
        const printed = await printedNumbers(viewer.locator('attn-head-facts'));
        expect(Number(printed.find((number) => number.name === 'entropy')?.value)).toBeCloseTo(1, 4);
      }
      await button.click();
      await settled(viewer);
      expect(await interventions()).toEqual([]);
    }
  });
});

test.describe('the wall', () => {
  test.use(still);

  const tiles = (viewer: Locator) =>
    viewer.locator('.ranking > button').evaluateAll((buttons) =>
      buttons.map((button) => ({
        place: (button as HTMLElement).dataset['tile'] ?? '',
        name: button.querySelector('.which')?.textContent,
        value: button.querySelector('data')?.value ?? null,
        words: button.getAttribute('aria-label') ?? '',
      })),
    );

  test('in the order of a metric: every head once, with its name and its own number', async ({ page }) => {
    const viewer = await openExplorer(page);
    const metrics = await allMetrics(viewer);
    for (const name of ['previous', 'entropy', 'distanceWithoutFirst']) {
      await pick(viewer, 'Order', name);
      await settled(viewer);
      const shown = await tiles(viewer);
      expect(shown).toHaveLength(72);
      expect(new Set(shown.map(({ place }) => place)).size).toBe(72);
      for (const { place, name: label, value, words } of shown) {
        const [layer, head] = place.split('.');
        expect(label).toBe(`L${layer} H${head}`);
        expect(words).toContain(`layer ${layer}, head ${head}: `);
        expect(value === null ? null : Number(value)).toBe(metrics[place]?.[name]);
      }
      const values = shown.map(({ value }) => (value === null ? -Infinity : Number(value)));
      expect(values).toEqual([...values].sort((a, b) => b - a));
    }
    // The other way round, and cut by a threshold.
    await viewer.getByRole('button', { name: 'Greatest first' }).click();
    await settled(viewer);
    const values = (await tiles(viewer)).map(({ value }) => Number(value));
    expect(values).toEqual([...values].sort((a, b) => a - b));
    const slider = viewer.getByRole('slider', { name: /Only heads with/ });
    await slider.press('End');
    await settled(viewer);
    const last = (await tiles(viewer)).map(({ value }) => Number(value));
    expect(last.length).toBeLessThan(10);
    expect(Math.min(...last)).toBeGreaterThanOrEqual(Number(await slider.inputValue()) - 1e-6);
    await expect(viewer.locator('attn-head-wall .heading')).toContainText(`${last.length} of 72 heads`);
  });

  test('by keyboard: the order is walked, a head is chosen', async ({ page }) => {
    const viewer = await openExplorer(page);
    await pick(viewer, 'Order', 'previous');
    await settled(viewer);
    const shown = await tiles(viewer);
    const chosen = viewer.locator('.ranking > button[tabindex="0"]');
    await expect(chosen).toHaveCount(1);
    await chosen.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await settled(viewer);
    const [layer, head] = (shown[1]?.place ?? '').split('.').map(Number);
    expect(await inViewer(viewer, (element) => [element.layer, element.head])).toEqual([layer, head]);
  });

  test('says what this text cannot show, and what an order needs', async ({ page }) => {
    const viewer = await openExplorer(page);
    await setText(viewer, 'A dog sees one bird.');
    await pick(viewer, 'Order', 'induction');
    await settled(viewer);
    await expect(viewer.locator('attn-head-wall .lacks')).toContainText('no token occurs twice');
    expect((await tiles(viewer)).every(({ value, words }) => value === null && words.includes('not measurable'))).toBe(
      true,
    );
    for (const name of ['change', 'effect']) {
      await pick(viewer, 'Order', name);
      await settled(viewer);
      await expect(viewer.locator('attn-head-wall .lacks')).toContainText('Not measurable in any head');
      expect((await tiles(viewer)).every(({ value }) => value === null)).toBe(true);
    }
  });

  test('by role: the others grow faint in their place, and leave an order', async ({ page }) => {
    const viewer = await openExplorer(page);
    const metrics = await allMetrics(viewer);
    const previous = Object.keys(metrics).filter((place) => (metrics[place]?.['previous'] ?? 0) >= 0.5);
    expect(previous).toContain('0.2');
    await pick(viewer, 'Role', 'previous token');
    await settled(viewer);
    await expect(viewer.locator('.wall > .tile:not(.faint)')).toHaveCount(previous.length);
    await pick(viewer, 'Order', 'entropy');
    await settled(viewer);
    expect((await tiles(viewer)).map(({ place }) => place).sort()).toEqual([...previous].sort());
  });
});

test.describe('the lanes', () => {
  test.use(still);

  test('hold the chosen head and its neighbours, each with its name, its strongest key and few draws', async ({
    page,
  }) => {
    const viewer = await openExplorer(page);
    const story = await stats(viewer);
    await show(viewer, 'Heads');
    const lanes = await stats(viewer);
    expect((await laneLabels(viewer)).sort()).toEqual(['L3 H0', 'L3 H1', 'L3 H2', 'L3 H3']);
    expect(lanes.labels.some(({ text }) => /animal 68/.test(text))).toBe(true);
    expect(lanes.linksListed).toBeLessThan(story.linksListed / 10);
    expect(lanes.calls).toBeLessThanOrEqual(20);
    await page.waitForTimeout(500);
    expect((await stats(viewer)).frames).toBe(lanes.frames);
    // What each lane says of the token is the head's own weight.
    const weights = await inViewer(viewer, async (element) => [...(await element.attention(3, 2)).data]);
    const n = Math.sqrt(weights.length);
    const row = weights.slice(10 * n, 11 * n);
    const strongest = Math.max(...row.slice(1, -1).filter((_, i) => i + 1 !== 10));
    const piece = await inViewer(viewer, (element, at: number) => element.tokenList[at]?.piece, row.indexOf(strongest));
    expect(lanes.labels.map(({ text }) => text)).toContain(`${piece} ${Math.round(strongest * 100)} %`);
  });

  test('a higher threshold draws fewer links of the same list', async ({ page }) => {
    const viewer = await openExplorer(page);
    await show(viewer, 'Heads');
    const before = await stats(viewer);
    await viewer.getByRole('slider').first().focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await settled(viewer);
    const after = await stats(viewer);
    expect(after.linksListed).toBe(before.linksListed);
    expect(after.linksDrawn).toBeLessThan(before.linksDrawn);
  });

  test('are added from the wall, named below, and never more than eight', async ({ page }) => {
    const viewer = await openExplorer(page);
    await show(viewer, 'Heads');
    await viewer.getByRole('button', { name: 'Keep these' }).click();
    for (const [layer, head] of [
      [0, 2],
      [1, 8],
      [2, 1],
      [5, 11],
    ] as const) {
      await viewer.locator(`.wall [data-tile="${layer}.${head}"]`).click();
      await settled(viewer);
      await viewer.getByRole('button', { name: `+ L${layer} H${head}` }).click();
      await settled(viewer);
      expect(await laneLabels(viewer)).toContain(`L${layer} H${head}`);
    }
    await viewer.locator('.wall [data-tile="4.4"]').click();
    await settled(viewer);
    await expect(viewer.getByRole('button', { name: '8 lanes at most' })).toBeDisabled();
    expect(await laneLabels(viewer)).toHaveLength(8);
    await expect(viewer.getByText(/in 8 lanes are drawn/)).toBeVisible();
    await viewer.getByRole('button', { name: 'Remove the lane of layer 3, head 0' }).click();
    await settled(viewer);
    expect(await laneLabels(viewer)).toHaveLength(7);
    await viewer.getByRole('button', { name: 'Clear', exact: true }).click();
    await settled(viewer);
    expect((await laneLabels(viewer)).sort()).toEqual(['L4 H4', 'L4 H5', 'L4 H6', 'L4 H7']);
  });

  for (const [width, height] of [
    [1440, 900],
    [390, 844],
    [320, 640],
  ] as const) {
    test(`labels are legible and apart at ${width} x ${height}, and nothing is wider than the screen`, async ({
      page,
    }) => {
      await page.setViewportSize({ width, height });
      // A first visit's hint may lie over the tabs of a small screen until it is dismissed.
      await page.addInitScript(() => localStorage.setItem('attention-viewer-hints', 'dismissed'));
      const viewer = await openExplorer(page);
      await show(viewer, 'Heads');
      const { labels } = await stats(viewer);
      expect(await laneLabels(viewer)).toHaveLength(4);
      for (const [i, a] of labels.entries()) {
        expect(a.fontPx).toBeGreaterThanOrEqual(11);
        for (const b of labels.slice(i + 1)) {
          const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
          expect(apart, `"${a.text}" over "${b.text}"`).toBe(true);
        }
      }
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    });
  }

  for (const colorScheme of ['dark', 'light'] as const) {
    test(`axe finds nothing serious in lanes, order and facts, ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme });
      const viewer = await openExplorer(page);
      await show(viewer, 'Heads');
      await viewer.getByRole('tab', { name: 'Head', exact: true }).first().click();
      await pick(viewer, 'Order', 'first');
      await settled(viewer);
      const { violations } = await new AxeBuilder({ page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
        .analyze();
      expect(
        violations
          .filter(({ impact }) => impact === 'serious' || impact === 'critical')
          .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`),
      ).toEqual([]);
    });
  }
});

test('the way into the lanes and back ends in the same pictures as the cut', async ({ page }) => {
  const pictures = async (to: Page, motion: 'reduce' | 'no-preference') => {
    await to.emulateMedia({ reducedMotion: motion });
    const viewer = await openExplorer(to);
    const canvas = viewer.locator('canvas[role=img]').first();
    const found: Buffer[] = [];
    for (const view of ['Heads', 'Story', 'Heads']) {
      await show(viewer, view);
      found.push(await canvas.screenshot());
    }
    const { frames } = await stats(viewer);
    return { found, frames };
  };
  const cut = await pictures(page, 'reduce');
  const moved = await pictures(page, 'no-preference');
  expect(moved.frames).toBeGreaterThan(cut.frames);
  for (const [i, picture] of moved.found.entries())
    expect(picture.equals(cut.found[i] as Buffer), `view ${i}`).toBe(true);
});
