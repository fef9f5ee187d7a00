// Measures generation in Chromium: Headlight beside wllama (llama.cpp) on the same file, one thread each, taking turns.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { fileFor, sendFile } from '../../web/tooling/files.mjs';
import { models } from '../../web/tooling/models.mjs';
import { buildFolder } from '../../web/tooling/shell.mjs';
import { browserArguments, chromiumPath } from '../browser/browser.mjs';

const MODEL = 'smollm2-135m-instruct';
const PROMPT =
  'The animal did not cross the street because it was too tired, and the driver who had stopped for it waited until ' +
  'it had reached the other side of the road';
const PROMPT_TOKENS = 32;
const GENERATED = 32;
const REPEATS = 5;
const PEERS = ['headlight', 'wllama'];

/** Runs every measurement and returns rows of {group, name, value, unit}. */
export async function benchGeneration({ peers = PEERS } = {}) {
  const folder = join(buildFolder, 'bench');
  await buildPage(folder);
  const server = createServer(handler(folder));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: browserArguments });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    return rows(
      await page.evaluate(measure, { peers, file: address(), prompt: PROMPT, count: GENERATED, repeats: REPEATS }),
    );
  } finally {
    await browser.close();
    server.close();
  }
}

/** In the page. A first round warms up; of the others the peers take turns, so that a slow moment hits both. */
async function measure({ peers, file, prompt, count, repeats }) {
  const generate = {};
  for (const name of peers) generate[name] = await window.peers[name](new URL(file, location.href).href);
  const timings = Object.fromEntries(peers.map((name) => [name, []]));
  for (let round = 0; round <= repeats; ++round) {
    for (const name of peers) {
      const timing = await generate[name](prompt, count);
      if (round > 0) timings[name].push(timing);
    }
  }
  return timings;
}

function rows(timings) {
  for (const [name, [{ promptTokens }]] of Object.entries(timings)) {
    if (promptTokens !== PROMPT_TOKENS) {
      throw new Error(`the prompt: expected ${PROMPT_TOKENS} tokens, found ${promptTokens} by ${name}`);
    }
  }
  const first = `first token of a ${PROMPT_TOKENS}-token prompt`;
  const rate = `the ${GENERATED - 1} tokens after it`;
  return [
    ...compared(timings, first, 'ms', (timing) => timing.firstMs),
    ...compared(timings, rate, 'tokens/s', (timing) => timing.perSecond),
  ];
}

/** One row a peer, and how many times as fast as the other Headlight is. */
function compared(timings, name, unit, of) {
  const medians = Object.entries(timings).map(([peer, each]) => ({ peer, value: median(each.map(of)) }));
  const group = 'SmolLM2 Q4_1';
  const lines = medians.map(({ peer, value }) => ({ group, name: `${name}: ${peer}`, value, unit }));
  if (medians.length < 2) return lines;
  const [ours, theirs] = medians.map(({ value }) => value);
  const ratio = unit === 'ms' ? theirs / ours : ours / theirs;
  return [...lines, { group, name: `${name}: Headlight's speed by wllama's`, value: ratio, unit: 'x' }];
}

function address() {
  const { files } = models.find(({ id }) => id === MODEL);
  return `./models/${MODEL}/${files[0].name}`;
}

/** The page is built as the site is, so that the engine is the one that readers get. */
async function buildPage(folder) {
  const { build } = await import('vite');
  await build({
    configFile: false,
    root: join(import.meta.dirname, 'generation'),
    base: './',
    logLevel: 'warn',
    worker: { format: 'es' },
    build: { outDir: folder, emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 1000 },
  });
}

/** Without the site's policy: wllama starts its worker from a blob, which the policy refuses. */
function handler(folder) {
  return (request, response) => {
    const pathname = (request.url ?? '/').split(/[?#]/)[0];
    const isModel = pathname.startsWith('/models/');
    const path = fileFor(pathname, { folder: isModel ? buildFolder : folder });
    if (!path || !sendFile(request, response, path)) response.writeHead(404).end();
  };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
