/** How the browser tests run: Chromium over the built site, under a sub-path and the strict headers that serve.mjs sends. */
import { defineConfig } from '@playwright/test';
import { browserArguments, chromiumPath } from './browser.mjs';

const port = Number(process.env.HEADLIGHT_PORT ?? 4173);
const base = '/headlight/';
const executablePath = chromiumPath();

export default defineConfig({
  testDir: '.',
  outputDir: '../../build/reports/browser',
  fullyParallel: true,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: [['line']],
  // What is measured against the clock runs when nothing else does, and one at a time.
  projects: [
    { name: 'together', grepInvert: /@alone/ },
    { name: 'alone', grep: /@alone/, dependencies: ['together'], workers: 1 },
  ],
  use: {
    baseURL: `http://localhost:${port}${base}`,
    browserName: 'chromium',
    headless: true,
    launchOptions: { args: browserArguments, ...(executablePath && { executablePath }) },
    screenshot: 'only-on-failure',
    viewport: { width: 1440, height: 900 },
  },
  webServer: {
    command: `node ../../web/tooling/serve.mjs --port ${port} --base ${base}`,
    url: `http://localhost:${port}${base}`,
    reuseExistingServer: false,
  },
});
