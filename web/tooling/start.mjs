// npm start: gets what is missing, builds the core, and shows the pages while they are being worked on.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildCore, ensureCoreTools } from './core.mjs';
import { ensureModels } from './models.mjs';
import { checkNode, ensureNodePackages } from './setup.mjs';
import { buildFolder, command, Problem, root, say } from './shell.mjs';

await command(import.meta.url, async () => {
  checkNode();
  ensureNodePackages();
  const tools = ensureCoreTools();
  try {
    await ensureModels();
  } catch (error) {
    // The page works without: it shows the example traces and opens files from disk.
    if (!(error instanceof Problem)) throw error;
    say(`${error.message}\nGoing on without it.`);
  }

  say(existsSync(join(buildFolder, 'wasm/headlight.wasm')) ? 'Checking the core' : 'Building the core: about a minute');
  const core = await buildCore(tools);
  if (!core.ok) throw new Problem(core.output.trimEnd());

  const { createServer } = await import('vite');
  const server = await createServer({ configFile: join(root, 'vite.config.js') });
  await server.listen();
  server.printUrls();
});
