// npm run sheet: takes pictures of every view of the explorer, dark and light, on desktop and phone, and puts them on one
// sheet, web/docs/sheet.png. The single pictures stay in build/sheet.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openExplorer, photograph } from './photographs.mjs';
import { buildFolder, command, root, say } from './shell.mjs';

const VIEWS = ['story', 'heads', 'wall', 'steps', 'matrix', 'text', 'table'];
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const THEMES = ['dark', 'light'];
/** Each picture's height on the sheet. */
const HEIGHT = 300;

const folder = join(buildFolder, 'sheet');
const pictureOf = (view, size, theme) => join(folder, `${view}-${size}-${theme}.png`);

await command(import.meta.url, () =>
  photograph(async (browser, explorer) => {
    mkdirSync(folder, { recursive: true });
    for (const [size, viewport] of Object.entries(SIZES)) {
      for (const theme of THEMES) {
        const page = await browser.newPage({ viewport, colorScheme: theme, reducedMotion: 'reduce' });
        const viewer = await openExplorer(page, explorer);
        for (const view of VIEWS) {
          await viewer.evaluate(async (element, name) => {
            element.view = name;
            await element.settled();
            // On a phone what is not in the scene is a sheet below it.
            const sheets = element.shadowRoot.querySelector('.sheets');
            const isInScene = ['story', 'heads', 'steps'].includes(name);
            if (!isInScene && sheets.checkVisibility()) sheets.scrollIntoView();
            else scrollTo(0, 0);
          }, view);
          const path = pictureOf(view, size, theme);
          await page.screenshot({ path });
          say(path);
        }
        await page.close();
      }
    }
    const page = await browser.newPage({ viewport: { width: 1480, height: 400 }, colorScheme: 'light' });
    await page.setContent(sheet());
    await page.waitForFunction(() => [...document.images].every((image) => image.complete));
    const path = join(root, 'web/docs/sheet.png');
    await page.screenshot({ path, fullPage: true });
    say(`Written: ${path}`);
  }),
);

/** A row a view: desktop dark and light, phone dark and light. */
function sheet() {
  const rows = VIEWS.map((view) => {
    const images = Object.keys(SIZES).flatMap((size) =>
      THEMES.map((theme) => {
        const bytes = readFileSync(pictureOf(view, size, theme)).toString('base64');
        return `<img height="${HEIGHT}" alt="${view}, ${size}, ${theme}" src="data:image/png;base64,${bytes}">`;
      }),
    );
    return `<h2>${view}</h2><div>${images.join(' ')}</div>`;
  });
  return `<!doctype html><style>body { font: 15px system-ui; margin: 16px } h2 { margin: 14px 0 6px; font-size: 15px }
    div { display: flex; gap: 10px } img { border: 1px solid #ccc }</style>${rows.join('')}`;
}
