/**
 * Opening a model from the page: the dialog by keyboard and on a phone, the site's own models, files and a dropped
 * folder, an address that is looked at first, what the policy forbids, and the memory budget.
 */
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { expect, inViewer, openExplorer, test } from './support';

const MODELS = join(import.meta.dirname, '../../build/models');

async function openDialog(page: Page): Promise<{ viewer: Locator; dialog: Locator }> {
  const viewer = await openExplorer(page);
  await inViewer(viewer, (element) =>
    element.addEventListener('modelload', (event) =>
      element.setAttribute('data-loaded', (event as CustomEvent).detail.name),
    ),
  );
  await page.getByRole('button', { name: 'Open model' }).click();
  const dialog = viewer.getByRole('dialog', { name: 'Open a model' });
  await expect(dialog).toBeVisible();
  return { viewer, dialog };
}

/** Waits until another model than the one that was there is loaded, which may have the same name. */
async function nameOnceLoaded(viewer: Locator, name: RegExp): Promise<void> {
  await expect(viewer).toHaveAttribute('data-loaded', name, { timeout: 45_000 });
  expect(await inViewer(viewer, (element) => element.settled().then(() => element.error))).toBeNull();
}

test('the dialog opens and closes by keyboard, and gives the focus back', async ({ page }) => {
  const viewer = await openExplorer(page);
  const button = page.getByRole('button', { name: 'Open model' });
  await button.focus();
  await page.keyboard.press('Enter');
  const dialog = viewer.getByRole('dialog', { name: 'Open a model' });
  await expect(dialog.getByRole('heading', { name: 'Open a model' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(dialog.getByRole('button', { name: 'Close' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(button).toBeFocused();
});

for (const colorScheme of ['dark', 'light'] as const) {
  test(`axe finds nothing in the dialog, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const { dialog } = await openDialog(page);
    await expect(dialog.getByRole('button', { name: /SmolLM2/ })).toBeVisible();
    const { violations } = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
      .analyze();
    expect(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`),
    ).toEqual([]);
  });
}

test('a model of this site is one press away, and its licence and size are said before', async ({ page }) => {
  const { viewer, dialog } = await openDialog(page);
  const choice = dialog.getByRole('button', { name: /SmolLM2/ });
  await expect(choice).toContainText('98.4 MB');
  await expect(choice).toContainText('Apache-2.0');
  await choice.click();
  await expect(dialog).toBeHidden();
  await nameOnceLoaded(viewer, /SmolLM2/i);
});

test.describe('looking at a folder', () => {
  // What few folders have is asked for in vain.
  test.use({ expected: [(message: string) => /README\.md|tokenizer_config\.json|chat_template\.jinja/.test(message)] });

  test('an address is looked at first, and loaded on a second word', async ({ page }) => {
    const { viewer, dialog } = await openDialog(page);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    const address = await viewer.evaluate(() => new URL('models/all-minilm-l6-v2/', document.baseURI).href);
    const field = dialog.getByRole('textbox', { name: /owner\/name/ });
    await field.fill(address);
    expect(asked).toEqual([]);
    await field.press('Enter');
    const found = dialog.getByRole('article');
    await expect(found).toContainText('all-minilm-l6-v2');
    await expect(found).toContainText('bert');
    await expect(found).toContainText('model.safetensors');
    await expect(found).toContainText('90.9 MB');
    await found.getByRole('button', { name: 'Load' }).click();
    await expect(dialog).toBeHidden();
    await nameOnceLoaded(viewer, /^all-minilm-l6-v2$/);
  });
});

test.describe('under a policy that allows no other host', () => {
  test.use({ expected: [(message: string) => /huggingface\.co/.test(message)] });

  test('the hub is not asked before Look, and then the refusal names the directive', async ({ page }) => {
    const { dialog } = await openDialog(page);
    const field = dialog.getByRole('textbox', { name: /owner\/name/ });
    await field.fill('someone/some-model');
    await expect(dialog).toContainText('Then huggingface.co is asked');
    await dialog.getByRole('button', { name: 'Look' }).click();
    const alert = dialog.getByRole('alert');
    await expect(alert).toHaveAttribute('data-code', 'blocked-by-policy');
    await expect(alert).toContainText('connect-src');
    await expect(field).toHaveAttribute('aria-invalid', 'true');
    await field.fill('someone/other');
    await expect(alert).toHaveCount(0);
  });
});

test('what does not fit is refused before it is downloaded, and the budget is right there', async ({ page }) => {
  const { viewer, dialog } = await openDialog(page);
  const budget = dialog.getByRole('slider', { name: /Budget/ });
  await expect(budget).toBeEnabled(); // Once the engine has said what it is.
  await budget.focus();
  await page.keyboard.press('Home');
  await expect(dialog.locator('output')).toContainText('128');
  const address = await viewer.evaluate(
    () => new URL('models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf', document.baseURI).href,
  );
  await dialog.getByRole('textbox', { name: /owner\/name/ }).fill(address);
  await dialog.getByRole('button', { name: 'Look' }).click();
  const found = dialog.getByRole('article');
  await expect(found).toContainText('It does not fit.');
  await expect(found.getByRole('button', { name: 'Load' })).toHaveCount(0);
  await found.getByRole('button', { name: /Raise the budget/ }).click();
  await expect(found).toContainText('It fits.');
  await expect(found.getByRole('button', { name: 'Load' })).toBeFocused();
  const raised = await budget.last().getAttribute('aria-valuetext');
  await page.reload();
  await inViewer(viewer, (element) => element.settled());
  await page.getByRole('button', { name: 'Open model' }).click();
  await expect(dialog.getByRole('slider', { name: /Budget/ })).toHaveAttribute('aria-valuetext', raised ?? '');
});

test('a folder is dropped on the open dialog', async ({ page }) => {
  const { viewer, dialog } = await openDialog(page);
  const box = await dialog.locator('.drop-zone').boundingBox();
  const at = { x: (box?.x ?? 0) + 20, y: (box?.y ?? 0) + 20 };
  const client = await page.context().newCDPSession(page);
  const data = { items: [], files: [join(MODELS, 'all-minilm-l6-v2')], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await client.send('Input.dispatchDragEvent', { type, ...at, data });
  await expect(dialog).toBeHidden();
  await nameOnceLoaded(viewer, /^all-minilm-l6-v2$/);
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test('the dialog takes the whole screen and can be hit with a thumb', async ({ page }) => {
    const { dialog } = await openDialog(page);
    await expect(dialog.getByRole('button', { name: /SmolLM2/ })).toBeVisible();
    expect(await dialog.boundingBox()).toEqual({ x: 0, y: 0, width: 390, height: 844 });
    expect(await dialog.evaluate((element) => element.scrollWidth)).toBe(390);
    const small = await dialog
      .locator('button:visible, input:visible')
      .evaluateAll((elements) =>
        elements.filter((element) => element.getBoundingClientRect().height < 44).map((element) => element.textContent),
      );
    expect(small).toEqual([]);
    // Half of a desktop's.
    await expect(dialog.getByRole('slider')).toHaveAttribute('aria-valuetext', '256\u00a0MB');
  });
});
