// npm run build: the whole static site in build/site.
import { join } from 'node:path';
import { buildCore, ensureCoreTools } from './core.mjs';
import { ensureModels } from './models.mjs';
import { checkNode, ensureNodePackages } from './setup.mjs';
import { command, Problem, root, say } from './shell.mjs';

/** Makes build/site of what is there; the core must be built. */
export async function buildSite() {
  const { build } = await import('vite');
  await build({ configFile: join(root, 'vite.config.js'), logLevel: 'warn' });
}

await command(import.meta.url, async () => {
  checkNode();
  ensureNodePackages();
  const core = await buildCore(ensureCoreTools());
  if (!core.ok) throw new Problem(core.output.trimEnd());
  try {
    await ensureModels();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    say(`${error.message}\nThe site is built without it.`);
  }
  await buildSite();
  say('The site is built: build/site. To see it: npm run serve');
});
