// npm run picture: takes the README's picture of the real page, as a reader with a dark screen first sees it.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { siteHandler } from './files.mjs';
import { ensurePackages, findChromium } from './packages.mjs';
import { buildFolder, command, root, say } from './shell.mjs';

await command(import.meta.url, async () => {
  ensurePackages('browser');
  const { chromium } = await import('@playwright/test');
  const { browserArguments } = await import('../../tests/browser/browser.mjs');
  const server = createServer(siteHandler({ folder: join(buildFolder, 'site') }));
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const browser = await chromium.launch({ executablePath: findChromium(), args: browserArguments });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' });
    await page.goto(`http://127.0.0.1:${server.address().port}/explore.html`);
    await page.locator('attention-viewer').evaluate(async (viewer) => {
      viewer.hints = false; // A first visit's hint would cover what the picture is of.
      await viewer.settled();
    });
    await page.waitForTimeout(2000); // The scene comes to rest.
    const path = join(root, 'web/docs/picture.png');
    await page.screenshot({ path });
    say(`Written: ${path}`);
  } finally {
    await browser.close();
    server.close();
  }
});
