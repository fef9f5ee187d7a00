// How the pages are served and built: every page in web/, relative addresses only, nothing that a strict content
// security policy refuses.
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { guide, notices, rebuildCore, serveModels } from './web/tooling/vite-plugins.mjs';

const root = fileURLToPath(new URL('.', import.meta.url));
const web = join(root, 'web');
const pages = readdirSync(web).filter((name) => name.endsWith('.html'));

export default defineConfig({
  root: web,
  base: './',
  appType: 'mpa', // A missing file is a 404, not the start page.
  plugins: [guide(), rebuildCore(), serveModels(), notices()],
  server: {
    // The core is built outside web/; its half-written files must not reload the page (rebuildCore does that).
    fs: { allow: [root] },
    watch: { ignored: ['**/build/**', '**/unfinished-*'] },
  },
  // The worker is started by its address, where Vite does not look for packages: found late, they would reload the page.
  optimizeDeps: { entries: ['*.html', 'engine/worker.ts'] },
  worker: { format: 'es' },
  build: {
    outDir: '../build/site',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0, // Scripts and fonts as data: addresses are refused by the policy.
    modulePreload: { polyfill: false }, // Every browser with WebAssembly SIMD has it.
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      input: Object.fromEntries(pages.map((name) => [basename(name, '.html'), join(web, name)])),
    },
  },
});
