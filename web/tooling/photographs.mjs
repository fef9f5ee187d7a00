// A browser over the built site, for the scripts that take its pictures. No page imports it.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { siteHandler } from './files.mjs';
import { ensurePackages, findChromium } from './packages.mjs';
import { buildFolder } from './shell.mjs';

/**
 * Calls `take` with a browser and the explorer's address, and closes both whatever comes of it.
 * @param {(browser: import('@playwright/test').Browser, explorer: string) => Promise<void>} take
 */
export async function photograph(take) {
  ensurePackages('browser');
  const { chromium } = await import('@playwright/test');
  const { browserArguments } = await import('../../tests/browser/browser.mjs');
  const server = createServer(siteHandler({ folder: join(buildFolder, 'site') }));
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const browser = await chromium.launch({ executablePath: findChromium(), args: browserArguments });
  try {
    await take(browser, `http://127.0.0.1:${server.address().port}/explore.html`);
  } finally {
    await browser.close();
    server.close();
  }
}

/** The explorer with everything on show. A first visit's hints would cover what a picture is of. */
export async function openExplorer(page, explorer) {
  await page.goto(explorer);
  const viewer = page.locator('attention-viewer');
  await viewer.evaluate(async (element) => {
    element.hints = false;
    await element.settled();
  });
  return viewer;
}
