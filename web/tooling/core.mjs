// Builds the core for the browser: build/wasm/headlight.mjs and headlight.wasm.
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ensureEmscripten } from './emscripten.mjs';
import { ensurePackages } from './packages.mjs';
import { buildFolder, captureAsync, command, Problem, root, say } from './shell.mjs';

const wasmFolder = join(buildFolder, 'wasm');

/** Gets what the build needs. Slow only the first time. */
export function ensureCoreTools() {
  ensurePackages('core');
  return ensureEmscripten();
}

/**
 * Brings the WebAssembly build up to date; does nothing if it is.
 * @returns {Promise<{ok: boolean, output: string}>} what the compiler said
 */
export async function buildCore({ emcmake, env } = ensureCoreTools()) {
  const release = await lock();
  try {
    // What decides the configuration: with another toolchain or other presets the folder starts afresh.
    const wanted = `${emcmake}\n${JSON.stringify(env)}\n${readFileSync(join(root, 'CMakePresets.json'), 'utf8')}`;
    const stamp = join(wasmFolder, 'configured-with.txt');
    if (textOf(stamp) !== wanted) {
      const configured = await captureAsync(emcmake, ['cmake', '--preset', 'wasm', '--fresh'], { env });
      if (!configured.ok) return configured;
      writeFileSync(stamp, wanted);
    }
    return await captureAsync('cmake', ['--build', '--preset', 'wasm'], { env });
  } finally {
    release();
  }
}

/** Keeps two commands (a running `npm start` and an `npm test`, say) from building in one folder at once. */
async function lock() {
  const path = join(buildFolder, 'wasm.lock');
  const mine = `${path}.${process.pid}`;
  mkdirSync(buildFolder, { recursive: true });
  writeFileSync(mine, String(process.pid));
  try {
    for (;;) {
      try {
        linkSync(mine, path); // Fails if it exists, and is never seen half written.
        return () => rmSync(path, { force: true });
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      if (isRunning(Number(textOf(path)))) await pause(100);
      else rmSync(path, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function isRunning(pid) {
  if (!pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

await command(import.meta.url, async () => {
  const { ok, output } = await buildCore();
  if (!ok) throw new Problem(output.trimEnd());
  say('The core is built: build/wasm/headlight.wasm');
});
