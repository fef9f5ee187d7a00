// Measures the built page in Chromium: forward time by length, keystroke to links, opening to the first picture, bytes.
// Figures are of the machine it runs on; only ratios within one run may be quoted.
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium } from '@playwright/test';
import { siteHandler } from '../../web/tooling/files.mjs';
import { browserArguments, chromiumPath } from '../browser/browser.mjs';

const LENGTHS = [16, 64, 128, 256];
const REPEATS = 9;

/** Runs every measurement and returns rows of {group, name, value, unit}. */
export async function benchPage({ folder }) {
  const base = '/bench/';
  const server = createServer(siteHandler({ folder, base }));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: browserArguments });
  try {
    return [
      ...sizes(folder),
      ...(await opening(browser, `${origin}${base}explore.html`)),
      ...(await running(browser, `${origin}${base}explore.html`)),
    ];
  } finally {
    await browser.close();
    server.close();
  }
}

/** How long from navigation until tokens are in the document, and until the scene's first picture. */
async function opening(browser, address) {
  const samples = { tokens: [], picture: [], model: [] };
  for (let i = 0; i < 3; ++i) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.addInitScript(() => {
      addEventListener('DOMContentLoaded', () => {
        const viewer = document.querySelector('attention-viewer');
        const sceneOf = (element) => element.shadowRoot?.querySelector('attn-scene-view');
        const watch = () => {
          if (window.tokensAt === undefined && viewer.tokenList?.length > 0) window.tokensAt = performance.now();
          if (window.pictureAt === undefined && sceneOf(viewer)?.inspect?.()?.frames > 0) {
            window.pictureAt = performance.now();
          }
          if (window.pictureAt === undefined || window.tokensAt === undefined) requestAnimationFrame(watch);
        };
        watch();
      });
    });
    await page.goto(address);
    await page.locator('attention-viewer').evaluate((viewer) => viewer.settled());
    const seen = await page.evaluate(() => ({
      tokens: window.tokensAt,
      picture: window.pictureAt,
      model: performance.now(),
    }));
    for (const name of Object.keys(samples)) samples[name].push(seen[name]);
    await page.close();
  }
  const row = (name, key) => ({ group: 'from opening', name, value: median(samples[key]), unit: 'ms' });
  return [
    row('tokens and numbers of the example', 'tokens'),
    row('first picture', 'picture'),
    row('the model loaded and run', 'model'),
  ];
}

/** The core's own time for a forward pass, and the time from a change of the text to the picture of it. */
async function running(browser, address) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  await page.goto(address);
  const viewer = page.locator('attention-viewer');
  await viewer.evaluate((element) => element.settled());
  const rows = [];
  for (const length of LENGTHS) {
    const seen = await viewer.evaluate(
      async (element, { length, repeats }) => {
        const compute = [];
        const whole = [];
        element.addEventListener('runcomplete', (event) => compute.push(event.detail.computeMs));
        for (let i = 0; i < repeats + 2; ++i) {
          const start = performance.now();
          element.text = `${'word '.repeat(length - 3)}${i}`;
          await element.settled();
          whole.push(performance.now() - start);
        }
        return { compute: compute.slice(-repeats), whole: whole.slice(-repeats), tokens: element.tokenList.length };
      },
      { length, repeats: REPEATS },
    );
    rows.push({
      group: `${seen.tokens} tokens`,
      name: 'forward pass (f32, one thread)',
      value: median(seen.compute),
      unit: 'ms',
    });
    rows.push({
      group: `${seen.tokens} tokens`,
      name: 'change of text to everything on show',
      value: median(seen.whole),
      unit: 'ms',
    });
  }
  await page.close();
  return [...rows, ...(await drawing(browser, address))];
}

/** Script on the main thread in a frame, with 512 tokens and all heads, while the chosen token moves on. */
async function drawing(browser, address) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  await page.addInitScript(() => {
    const request = window.requestAnimationFrame.bind(window);
    window.frameTimes = [];
    window.requestAnimationFrame = (callback) =>
      request((time) => {
        const start = performance.now();
        callback(time);
        window.frameTimes.push(performance.now() - start);
      });
  });
  await page.goto(address);
  const viewer = page.locator('attention-viewer');
  await viewer.evaluate(async (element, text) => {
    await element.settled();
    element.text = text;
    await element.settled();
  }, 'word '.repeat(510).trim());
  const rows = [];
  for (const view of ['story', 'heads', 'steps']) {
    const times = await viewer.evaluate(async (element, name) => {
      element.view = name;
      await element.settled();
      window.frameTimes.length = 0;
      for (let i = 0; i < 40; ++i) {
        element.queryIndex = 200 + i;
        await element.settled();
      }
      return window.frameTimes;
    }, view);
    rows.push({ group: '512 tokens', name: `script in a frame, ${view}`, value: median(times), unit: 'ms' });
  }
  await page.close();
  return rows;
}

/** Bytes of each part as a host that compresses would send them. */
function sizes(folder) {
  const assets = join(folder, 'assets');
  const built = join(folder, '../wasm');
  const gzip = (path) => gzipSync(readFileSync(path), { level: 9 }).length;
  const files = readdirSync(assets).map((name) => ({ name, bytes: gzip(join(assets, name)) }));
  const sum = (accepts) => files.filter((file) => accepts(file.name)).reduce((total, file) => total + file.bytes, 0);
  const engine = (name) => /^headlight.*\.(wasm|js|mjs)$/.test(name);
  const scene = (name) => /^(scene|three)/.test(name);
  const worker = (name) => /worker|tokeniz/.test(name) && !engine(name);
  const shell = (name) => /\.(js|css)$/.test(name) && !engine(name) && !scene(name) && !worker(name);
  const row = (name, bytes) => ({ group: 'gzip', name, value: bytes / 1000, unit: 'KB' });
  return [
    row('engine: wasm and glue', gzip(join(built, 'headlight.wasm')) + gzip(join(built, 'headlight.mjs'))),
    row('worker (the glue in it) and tokenizer', sum(worker)),
    row('scene with three.js (lazy)', sum(scene)),
    row('shell: scripts and styles of all pages', sum(shell)),
    row(
      'fonts',
      sum((name) => name.endsWith('.woff2')),
    ),
  ];
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
