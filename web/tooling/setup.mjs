// Makes a fresh clone ready: one function for each thing a command may need. A thing that is there costs nothing.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, Problem, root, say } from './shell.mjs';

const oldestNode = [20, 19];

/** Stops with one clear message where Node is too old for Vite. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  throw new Problem(`Node ${oldestNode.join('.')} or newer is needed, this is ${process.versions.node}.`);
}

/** Gets the node packages if those in node_modules are not what the lock file says. */
export function ensureNodePackages() {
  const wanted = packagesIn(join(root, 'package-lock.json'));
  const present = packagesIn(join(root, 'node_modules/.package-lock.json'));
  const required = Object.entries(wanted).filter(([path, entry]) => path !== '' && !entry.optional);
  if (required.every(([path, { version }]) => present[path]?.version === version)) return;
  say(`Getting ${required.length} node packages: about 250 MB on disk`);
  must('Getting the node packages', 'npm', ['ci', '--no-progress']);
}

function packagesIn(lockFile) {
  return existsSync(lockFile) ? JSON.parse(readFileSync(lockFile, 'utf8')).packages : {};
}
