// npm run fix: formats everything and repairs what the linter can repair.
import { join } from 'node:path';
import { ensurePackages } from './packages.mjs';
import { ensureNodePackages } from './setup.mjs';
import { command, root, show } from './shell.mjs';
import { cppFiles } from './stages.mjs';

await command(import.meta.url, () => {
  ensureNodePackages();
  ensurePackages('style');
  const files = cppFiles();
  const formatted = files.length === 0 || show('clang-format-19', ['-i', ...files]);
  const repaired = show(process.execPath, [
    join(root, 'node_modules/@biomejs/biome/bin/biome'),
    'check',
    '--write',
    '.',
  ]);
  if (!formatted || !repaired) process.exitCode = 1;
});
