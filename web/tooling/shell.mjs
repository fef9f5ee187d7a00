// What every command here shares: where things lie, saying what happens, running a program. Uses Node alone.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const buildFolder = join(root, 'build');

/** Everything downloaded lies here, outside the clone, so that a second clone is quick. */
export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'headlight');

/** A reason to stop that its reader can act on: shown as text, never as a stack. */
export class Problem extends Error {
  name = 'Problem';
}

export function say(text) {
  console.log(text);
}

export function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

/** The first of `names` that is an executable on the PATH, or undefined. */
export function findProgram(...names) {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not in this folder: look on.
      }
    }
  }
  return undefined;
}

/** What is captured is shown later, perhaps in a log: without colours. */
const plain = { NO_COLOR: '1', FORCE_COLOR: '0' };

/** Runs a program to its end and returns what it printed; `ok` is whether it exited with 0. */
export function capture(program, args, { env = {}, cwd = root } = {}) {
  const result = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...plain, ...env },
    maxBuffer: 256 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}`;
  return { ok: result.status === 0, stdout: result.stdout ?? '', output: result.error ? String(result.error) : output };
}

/** As `capture`, without blocking: the caller goes on answering while the program runs. */
export function captureAsync(program, args, { env = {}, cwd = root } = {}) {
  return new Promise((done) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...plain, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk) => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', (error) => done({ ok: false, output: String(error) }));
    child.on('close', (code) => done({ ok: code === 0, output }));
  });
}

/** Runs a program in the reader's sight; returns whether it exited with 0. */
export function show(program, args, { env = {}, cwd = root } = {}) {
  const result = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (result.error) throw new Problem(`could not run ${program}: ${result.error.message}`);
  return result.status === 0;
}

/** As `capture`, but a failure is a Problem that says which step failed and shows the end of what was printed. */
export function must(step, program, args, options) {
  const result = capture(program, args, options);
  if (!result.ok) {
    const tail = result.output.trimEnd().split('\n').slice(-15).join('\n');
    throw new Problem(`${step} failed: ${[program, ...args].join(' ')}\n${tail}`);
  }
  return result.stdout;
}

/** The value after `--name`, or `fallback`; `true` for a flag without a value. */
export function option(name, fallback) {
  const index = process.argv.indexOf(`--${name}`);
  if (index < 0) return fallback;
  const value = process.argv[index + 1];
  return value === undefined || value.startsWith('--') ? true : value;
}

/** Runs `main` if the file at `url` is the command that was called, and turns a Problem into one clear message. */
export async function command(url, main) {
  if (!process.argv[1] || url !== pathToFileURL(resolve(process.argv[1])).href) return;
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Problem ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
