// npm run bench: runs every measurement in tests/bench over the built site and prints one table.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildCore, ensureCoreTools } from './core.mjs';
import { ensureModels } from './models.mjs';
import { ensurePackages } from './packages.mjs';
import { checkNode, ensureNodePackages } from './setup.mjs';
import { buildFolder, command, Problem, root, say } from './shell.mjs';

await command(import.meta.url, async () => {
  checkNode();
  ensureNodePackages();
  ensurePackages('browser');
  await ensureModels();
  const core = await buildCore(ensureCoreTools());
  if (!core.ok) throw new Problem(core.output.trimEnd());
  const { buildSite } = await import('./build.mjs');
  await buildSite();

  // Each module there exports one function: (where the site is) -> rows {group, name, value, unit}.
  const folder = join(root, 'tests/bench');
  for (const file of readdirSync(folder).filter((each) => each.endsWith('.mjs'))) {
    const [measure] = Object.values(await import(pathToFileURL(join(folder, file)).href));
    for (const { group, name, value, unit } of await measure({ folder: join(buildFolder, 'site') })) {
      say(`${group.padEnd(14)} ${name.padEnd(64)} ${value.toFixed(unit === 'x' ? 2 : 1).padStart(9)} ${unit}`);
    }
  }
});
