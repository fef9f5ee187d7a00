// npm run traces: writes the example traces that the page shows first, from the real model, with the native tool.
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureModels } from './models.mjs';
import { ensurePackages } from './packages.mjs';
import { buildFolder, command, must, Problem, root, say } from './shell.mjs';

await command(import.meta.url, async () => {
  ensurePackages('core', 'native');
  await ensureModels();
  must('Configuring', 'cmake', ['--preset', 'native']);
  must('Building headlight-trace', 'cmake', ['--build', '--preset', 'native', '--target', 'headlight-trace']);
  const entries = readdirSync(join(buildFolder, 'native'), { recursive: true, withFileTypes: true });
  const tool = entries.find((entry) => entry.isFile() && entry.name === 'headlight-trace');
  if (!tool) throw new Problem('expected build/native/**/headlight-trace, found none');
  const target = join(root, 'web/public/traces');
  mkdirSync(target, { recursive: true });
  say(must('Writing the traces', join(tool.parentPath, tool.name), [target]).trimEnd());
});
