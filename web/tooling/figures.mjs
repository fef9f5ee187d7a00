// npm run figures: writes the guide's still figures, as the built page itself draws them from the real models, for readers
// without scripts and for the time before the models have come. A test compares what it wrote with what the page draws.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { languages } from './guide.mjs';
import { photograph } from './photographs.mjs';
import { command, root, say } from './shell.mjs';

const folder = join(root, 'web/site/guide/figures');
/** The scene as a picture, for those who cannot have the scene. */
const scene = join(root, 'web/public/scene.png');

/** Every figure of a page that has drawn itself, by its name. */
export async function figuresOf(page) {
  await page.locator('guide-sentence[data-figure]').waitFor();
  await page.evaluate(async () => {
    const figures = () => [...document.querySelectorAll('[data-figure]')];
    for (const start of document.querySelectorAll('guide-start button')) start.click();
    const isDrawn = (figure) => 'live' in figure.dataset && figure.getAttribute('aria-busy') !== 'true';
    for (const figure of figures()) {
      for (let i = 0; !isDrawn(figure); ++i) {
        // Again and again: sections on the way get their real heights only when they come near.
        if (i % 10 === 0) figure.scrollIntoView();
        if (i > 1200) throw new Error(`${figure.dataset.figure} did not draw itself`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  });
  return page.evaluate(() => {
    const stillOf = (figure) => {
      const copy = figure.cloneNode(true);
      const comments = document.createTreeWalker(copy, NodeFilter.SHOW_COMMENT);
      const found = [];
      while (comments.nextNode()) found.push(comments.currentNode);
      for (const comment of found) comment.remove();
      // What is so only at this moment is not so when the page is read.
      for (const now of copy.querySelectorAll('[data-now]')) now.replaceChildren();
      if (copy.querySelector('[style]') !== null) throw new Error(`${figure.dataset.figure} has a style attribute`);
      return copy.innerHTML.replace(/[ \t]*\n\s*/g, '\n').trim();
    };
    return [...document.querySelectorAll('[data-figure]')].map((figure) => [figure.dataset.figure, stillOf(figure)]);
  });
}

/** On paper: a page without scripts is as often printed as read on a screen. */
async function takeScene(page) {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  const viewer = page.locator('guide-tour attention-viewer');
  await viewer.scrollIntoViewIfNeeded();
  await viewer.evaluate((element) => element.settled());
  await page.locator('guide-sentence').evaluate((bar) => bar.remove());
  await viewer.locator('.camera').evaluate((controls) => controls.remove());
  await viewer.screenshot({ path: scene });
}

export const pageOf = (lang) => (lang === 'en' ? 'index.html' : `index.${lang}.html`);

await command(import.meta.url, () =>
  photograph(async (browser, explorer) => {
    for (const lang of languages()) {
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
      page.setDefaultTimeout(180_000);
      await page.goto(new URL(pageOf(lang), explorer).href);
      const figures = await figuresOf(page);
      if (existsSync(join(folder, lang))) rmSync(join(folder, lang), { recursive: true });
      mkdirSync(join(folder, lang), { recursive: true });
      for (const [name, text] of figures) writeFileSync(join(folder, lang, `${name}.html`), `${text}\n`);
      if (lang === 'en') await takeScene(page);
      await page.close();
      say(`Written: ${figures.length} figures in ${join(folder, lang)}`);
    }
  }),
);
