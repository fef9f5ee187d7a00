// npm run trace -- MODEL "sentence": writes where a model's heads look as a trace file, computed by the native tool.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { buildCore, ensureCoreTools } from './core.mjs';
import { ensurePackages } from './packages.mjs';
import { checkNode, ensureNodePackages } from './setup.mjs';
import { buildFolder, command, must, Problem, root, say } from './shell.mjs';

const usage = `usage: npm run trace -- MODEL "sentence" [-o FILE] [--vectors] [--chat]

  MODEL       a folder with config.json, its .safetensors and tokenizer.json, or one .gguf file
  "sentence"  in quotes; for a model without a tokenizer its token ids, separated by spaces
  -o FILE     where to write; trace.safetensors if it is left out
  --vectors   also query, key and value of every head
  --chat      puts the sentence into the model's chat template`;

/**
 * What the command was asked for; paths are relative to `folder`.
 * @returns {{model: string, text: string, output: string, vectors: boolean, chat: boolean}} absolute paths
 */
export function readArguments(args, folder) {
  const wrong = (message) => new Problem(`${message}\n\n${usage}`);
  const flag = { type: 'boolean', default: false };
  const output = { type: 'string', short: 'o', default: 'trace.safetensors' };
  let parsed;
  try {
    parsed = parseArgs({ args, allowPositionals: true, options: { output, vectors: flag, chat: flag } });
  } catch (error) {
    throw wrong(error.message);
  }
  const { values, positionals } = parsed;
  if (positionals.length !== 2) {
    throw wrong(`expected MODEL and one sentence in quotes, found ${positionals.length} arguments`);
  }
  const [model, text] = [resolve(folder, positionals[0]), positionals[1]];
  const path = resolve(folder, values.output);
  if (isFolder(path) || !isFolder(dirname(path))) {
    throw wrong(`-o: expected a file in a folder that is there, found "${values.output}"`);
  }
  checkModel(model, wrong);
  return { model, text, output: path, vectors: values.vectors, chat: values.chat };
}

function checkModel(model, wrong) {
  if (!existsSync(model)) throw wrong(`MODEL: there is no file or folder ${model}`);
  if (!isFolder(model)) {
    if (!isGguf(model)) throw wrong(`MODEL: expected a folder or a .gguf file, found ${model}`);
    return;
  }
  const names = readdirSync(model);
  if (!names.includes('config.json')) throw wrong(`MODEL: expected config.json in ${model}, found none`);
  if (!names.some((name) => name.endsWith('.safetensors'))) {
    throw wrong(`MODEL: expected a .safetensors file in ${model}, found none`);
  }
}

const isFolder = (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
const isGguf = (path) => path.toLowerCase().endsWith('.gguf');

/** Brings the native tool up to date; where it is. */
export function traceProgram() {
  must('Configuring', 'cmake', ['--preset', 'native']);
  must('Building headlight-trace', 'cmake', ['--build', '--preset', 'native', '--target', 'headlight-trace']);
  const entries = readdirSync(join(buildFolder, 'native'), { recursive: true, withFileTypes: true });
  const tool = entries.find((entry) => entry.isFile() && entry.name === 'headlight-trace');
  if (!tool) throw new Problem('expected build/native/**/headlight-trace, found none');
  return join(tool.parentPath, tool.name);
}

/** Runs `model` on `texts`, as cpp/tools/trace.cpp describes them, into `folder`; what the tool printed. */
export function runTraceProgram(model, folder, texts) {
  const run = spawnSync(traceProgram(), [model, folder], { input: JSON.stringify(texts), encoding: 'utf8' });
  if (run.status !== 0) throw new Problem(`headlight-trace failed: ${run.stderr || run.error || run.signal}`);
  return run.stdout;
}

/**
 * Tokenises with the page's own tokenizer, so that a trace shows what a reader gets who types the same. For a GGUF the
 * core in build/wasm reads the vocabulary.
 * @returns {Promise<{name: string, tokenized: {ids: number[], tokens: string[]}[]}>} the model's name, and one entry a text
 */
export async function tokenizeTexts(model, texts, { chat = false } = {}) {
  const { createServer } = await import('vite');
  const options = {
    configFile: false,
    root,
    appType: 'custom',
    logLevel: 'error',
    server: { middlewareMode: true, ws: false },
  };
  const server = await createServer(options);
  try {
    const { readTokenizer, readGgufTokenizer, idsTokenizer } = await server.ssrLoadModule('/web/engine/tokenizer.ts');
    const file = (name) => (existsSync(join(model, name)) ? readFileSync(join(model, name), 'utf8') : null);
    let name = basename(model);
    let tokenizer = idsTokenizer;
    if (isGguf(model)) {
      const opened = await openGguf(model);
      name = opened.name ?? basename(model).replace(/\.gguf$/i, '');
      if (opened.tokenizer !== null) tokenizer = await readGgufTokenizer(opened.tokenizer);
    } else if (file('tokenizer.json') !== null) {
      tokenizer = await readTokenizer({
        tokenizer: file('tokenizer.json'),
        config: file('tokenizer_config.json'),
        chatTemplate: file('chat_template.jinja'),
      });
    }
    if (chat && !tokenizer.chat) throw new Problem('--chat: this model has no chat template that can be offered');
    const tokenized = texts.map((text) => {
      const tokens = tokenizer.tokenize(text, chat);
      return { ids: tokens.map(({ id }) => id), tokens: tokens.map(({ piece }) => piece) };
    });
    return { name, tokenized };
  } catch (error) {
    throw error.name === 'EngineError' ? new Problem(error.message) : error;
  } finally {
    await server.close();
  }
}

/** Reads a GGUF file with the core as the page does: what it says of the model. */
async function openGguf(path) {
  const core = join(buildFolder, 'wasm/headlight');
  const { default: instantiate } = await import(pathToFileURL(`${core}.mjs`).href);
  const engine = await instantiate({ wasmBinary: readFileSync(`${core}.wasm`) });
  const answered = (reply) => {
    if (reply.error) throw new Problem(reply.error.message);
    return reply;
  };
  const [name, bytes, piece] = [basename(path), statSync(path).size, 1 << 24];
  answered(engine.reserve(name, bytes));
  const file = openSync(path);
  try {
    for (let offset = 0; offset < bytes; ) {
      const window = engine.window(name, offset, Math.min(piece, bytes - offset));
      const count = readSync(file, window, 0, window.length, offset);
      if (count === 0) throw new Problem(`${path}: expected ${bytes} bytes, found ${offset}`);
      offset += count;
    }
  } finally {
    closeSync(file);
  }
  return answered(engine.openModel([name], null));
}

/** Does what the command does; what the tool printed. */
export async function writeTrace({ model, text, output, vectors, chat }) {
  const { name, tokenized } = await tokenizeTexts(model, [text], { chat });
  const entry = { file: basename(output), name, text, ...tokenized[0], ...(vectors && { vectors }) };
  return runTraceProgram(model, dirname(output), [entry]);
}

await command(import.meta.url, async () => {
  checkNode();
  // npm goes to the project's folder and leaves behind where it was called.
  const asked = readArguments(process.argv.slice(2), process.env.INIT_CWD ?? process.cwd());
  ensureNodePackages();
  ensurePackages('core', 'native');
  if (isGguf(asked.model)) {
    const core = await buildCore(ensureCoreTools());
    if (!core.ok) throw new Problem(core.output.trimEnd());
  }
  say((await writeTrace(asked)).trimEnd());
  say(`Written: ${asked.output}. To see it: Open model, in the page.`);
});
