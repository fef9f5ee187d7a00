// npm run picture: takes the README's picture of the real page, as a reader with a dark screen first sees it.
import { join } from 'node:path';
import { openExplorer, photograph } from './photographs.mjs';
import { command, root, say } from './shell.mjs';

await command(import.meta.url, () =>
  photograph(async (browser, explorer) => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' });
    await openExplorer(page, explorer);
    await page.waitForTimeout(2000); // The scene comes to rest.
    const path = join(root, 'web/docs/picture.png');
    await page.screenshot({ path });
    say(`Written: ${path}`);
  }),
);
