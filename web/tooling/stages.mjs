// The stages of npm test: each runs one tool and says how many of its tests passed and failed.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildCore } from './core.mjs';
import { modelsFolder } from './models.mjs';
import { buildFolder, cacheFolder, captureAsync, root } from './shell.mjs';
import { readArguments, writeTrace } from './trace.mjs';
import { examples, largestDifference, readTrace, traceDifference, tracesFolder, writeTraces } from './traces.mjs';

const reports = join(buildFolder, 'reports');
const bin = (name) => join(root, 'node_modules', name);

/**
 * `needs` names the packages.mjs purposes (and "emscripten" and "model") that must be there before. `run` returns
 * {passed, failed, output}; the output is shown only if something failed.
 */
export const stages = [
  { name: 'check', title: 'Format, lint and types', needs: ['style'], run: check },
  {
    name: 'native',
    title: 'Core, native, optimised',
    needs: ['core', 'native', 'model'],
    run: () => googleTest('native'),
  },
  { name: 'package', title: 'Core, installed as a package', needs: ['core', 'native'], run: installedPackage },
  { name: 'wasm', title: 'Core, for the browser', needs: ['core', 'emscripten'], run: wasm },
  { name: 'traces', title: 'Traces, written', needs: ['core', 'native', 'emscripten', 'model'], run: traces },
  { name: 'vitest', title: 'Web, in Node', needs: ['core', 'model'], run: vitest },
  { name: 'sanitize', title: 'Core, sanitized', needs: ['core', 'native', 'model'], run: () => googleTest('sanitize') },
  { name: 'tidy', title: 'Core, clang-tidy', needs: ['core', 'native', 'style'], run: tidy },
  { name: 'site', title: 'The site, built', needs: ['core', 'emscripten', 'model'], run: site },
  { name: 'browser', title: 'The site, in Chromium', needs: ['browser', 'model'], run: browser },
];

const mutations = 200_000;
const fuzzSeconds = 60;

/** What takes too long for every change: npm run test:long runs these after the others. */
export const longStages = [
  {
    name: 'mutations',
    title: `Core, sanitized: ${mutations.toLocaleString('en')} spoilt files of each format`,
    needs: ['core', 'native'],
    run: () => googleTest('sanitize', { filter: '*Mutation*', env: { HEADLIGHT_MUTATIONS: String(mutations) } }),
  },
  {
    name: 'fuzz',
    title: `Core, fuzzed: ${fuzzSeconds} s for each target`,
    needs: ['core', 'fuzz'],
    run: fuzz,
  },
];

/** Runs [what, program, args] each, two at a time, and counts them. */
async function each(steps) {
  const outcomes = await inParallel(steps, async ([what, program, args]) => ({
    what,
    ...(await captureAsync(program, args)),
  }));
  return tally(outcomes);
}

/** Counts outcomes {what, ok, output}; shows those that failed. */
function tally(outcomes) {
  const failures = outcomes.filter((outcome) => !outcome.ok);
  return {
    passed: outcomes.length - failures.length,
    failed: failures.length,
    output: failures.map(({ what, output }) => `${what}:\n${output.trimEnd()}`).join('\n\n'),
  };
}

async function inParallel(items, work) {
  const results = [];
  const queue = [...items.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: cpus().length }, worker));
  return results;
}

function check() {
  return each([
    ['clang-format', 'clang-format-19', ['--dry-run', '-Werror', ...cppFiles()]],
    [
      'Biome',
      process.execPath,
      [bin('@biomejs/biome/bin/biome'), 'ci', '--colors=off', '--error-on-warnings', '--max-diagnostics=50'],
    ],
    ['TypeScript', process.execPath, [bin('typescript/bin/tsc'), '-p', '.']],
    ['TypeScript, the state without a DOM', process.execPath, [bin('typescript/bin/tsc'), '-p', 'web/state']],
  ]);
}

/** Every C++ file of ours. */
export function cppFiles() {
  return ['cpp', 'tests/cpp', 'tests/fuzz', 'tests/bench'].flatMap((folder) =>
    filesBelow(join(root, folder)).filter((path) => /\.(h|cpp)$/.test(path)),
  );
}

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Configures and builds a native preset; the outcome of the first step that fails, or of the last. */
async function buildNative(preset) {
  const configured = await captureAsync('cmake', ['--preset', preset]);
  return configured.ok ? captureAsync('cmake', ['--build', '--preset', preset]) : configured;
}

/** Builds the core's tests and runs those that `filter` names, one shard a processor. */
async function googleTest(preset, { filter = '*', env: variables = {} } = {}) {
  const built = await buildNative(preset);
  if (!built.ok) return { passed: 0, failed: 1, output: built.output };
  const program = filesBelow(join(buildFolder, preset)).find((path) => path.endsWith('/headlight_tests'));
  if (!program) return { passed: 0, failed: 1, output: `expected build/${preset}/**/headlight_tests, found none` };

  mkdirSync(reports, { recursive: true });
  const shards = cpus().length;
  const results = await inParallel([...Array(shards).keys()], async (shard) => {
    const report = join(reports, `${preset}-${shard}.json`);
    rmSync(report, { force: true });
    const env = { ...variables, GTEST_TOTAL_SHARDS: String(shards), GTEST_SHARD_INDEX: String(shard) };
    const args = ['--gtest_brief=1', `--gtest_filter=${filter}`, `--gtest_output=json:${report}`];
    const { ok, output } = await captureAsync(program, args, { env });
    const { passed, failed } = existsSync(report) ? countGoogleTest(readJson(report)) : { passed: 0, failed: 1 };
    // A crash after the last test, or a leak, fails without a failed test.
    return { passed, failed: ok ? failed : Math.max(failed, 1), output };
  });
  return sum(results);
}

/** How many tests of a GoogleTest report ran and passed, or failed. Tests of other shards did not run. */
export function countGoogleTest(report) {
  const ran = report.testsuites.flatMap((suite) => suite.testsuite).filter((test) => test.result === 'COMPLETED');
  const failed = ran.filter((test) => test.failures?.length > 0).length;
  return { passed: ran.length - failed, failed };
}

/** Builds every libFuzzer target of tests/fuzz and runs each from its committed corpus. */
async function fuzz() {
  const built = await buildNative('fuzz');
  if (!built.ok) return { passed: 0, failed: 1, output: built.output };
  const folder = join(buildFolder, 'fuzz');
  const targets = filesBelow(join(root, 'tests/fuzz'))
    .map((path) => /\/fuzz\/(\w+)\.cpp$/.exec(path)?.[1])
    .filter((name) => name !== undefined);
  const outcomes = await inParallel(targets, async (name) => {
    // libFuzzer adds what it finds to the first folder: the committed corpus stays as it is.
    const found = join(folder, 'found', name);
    const crashes = join(folder, 'crashes', name);
    const corpus = join(root, 'tests/fuzz/corpus', name);
    for (const path of [found, crashes]) mkdirSync(path, { recursive: true });
    const options = [`-max_total_time=${fuzzSeconds}`, `-artifact_prefix=${crashes}/`, '-print_final_stats=1'];
    const run = await captureAsync(join(folder, `fuzz_${name}`), [...options, found, corpus]);
    return { what: `fuzz_${name}`, ...run, output: run.output.split('\n').slice(-60).join('\n') };
  });
  return tally(outcomes);
}

function sum(results) {
  return {
    passed: results.reduce((total, result) => total + result.passed, 0),
    failed: results.reduce((total, result) => total + result.failed, 0),
    output: results.map((result) => result.output.trimEnd()).join('\n'),
  };
}

/**
 * clang-tidy over every source of ours. It is slow, so a file that was clean stays so until something it is made of
 * changes: itself, a header of ours, its compile command or the rules. That is remembered outside the clone.
 */
async function tidy() {
  const built = await buildNative('native');
  if (!built.ok) return { passed: 0, failed: 1, output: built.output };
  const folder = join(buildFolder, 'native');
  const headers = headersByObject((await captureAsync('ninja', ['-C', folder, '-t', 'deps'])).output, folder);
  const rules = readFileSync(join(root, '.clang-tidy'), 'utf8');
  const clean = join(cacheFolder, 'tidy');
  mkdirSync(clean, { recursive: true });
  const sources = readJson(join(folder, 'compile_commands.json')).filter(({ file }) =>
    relative(root, file).startsWith('cpp/'),
  );
  const outcomes = await inParallel(sources, async ({ file, command, output }) => {
    const hash = createHash('sha256').update(rules).update(command.replaceAll(root, ''));
    for (const path of [file, ...(headers.get(output) ?? [])]) hash.update(readFileSync(path));
    const stamp = join(clean, hash.digest('hex'));
    const what = relative(root, file);
    if (existsSync(stamp)) return { what, ok: true, output: '' };
    const args = ['--quiet', '-p', folder, '--extra-arg=-Wno-unknown-warning-option', file];
    const result = await captureAsync('clang-tidy-19', args);
    if (result.ok) writeFileSync(stamp, what);
    return { what, ...result };
  });
  return tally(outcomes);
}

/** From `ninja -t deps`: which headers of ours each object file was made of. */
export function headersByObject(text, folder) {
  const headers = new Map();
  let current;
  for (const line of text.split('\n')) {
    const object = /^(\S.*): #deps /.exec(line)?.[1];
    if (object) {
      current = [];
      headers.set(object, current);
      continue;
    }
    const path = resolve(folder, line.trim());
    if (line.startsWith(' ') && /^(cpp|tests)\//.test(relative(root, path)) && path.endsWith('.h')) current.push(path);
  }
  return headers;
}

/** Installs the core and builds and runs the example against nothing but what was installed. */
async function installedPackage() {
  const prefix = join(buildFolder, 'package/prefix');
  const example = join(buildFolder, 'package/example');
  rmSync(join(buildFolder, 'package'), { recursive: true, force: true });
  const steps = [
    ['cmake', ['--preset', 'native']],
    ['cmake', ['--build', '--preset', 'native']],
    ['cmake', ['--install', 'build/native', '--prefix', prefix]],
    ['cmake', ['-S', 'tests/cpp/package', '-B', example, '-G', 'Ninja', `-DCMAKE_PREFIX_PATH=${prefix}`]],
    ['cmake', ['--build', example]],
    [join(example, 'example'), []],
  ];
  for (const [program, args] of steps) {
    const { ok, output } = await captureAsync(program, args);
    if (!ok) return { passed: 0, failed: 1, output: `${program} ${args.join(' ')}\n${output}` };
  }
  return { passed: 1, failed: 0, output: '' };
}

/** The committed examples are what the core computes today, and npm run trace writes the same for the same sentence. */
async function traces() {
  const core = await buildCore();
  if (!core.ok) return { passed: 0, failed: 1, output: core.output };
  const folder = join(buildFolder, 'traces');
  await writeTraces(folder);
  const difference = (committed, fresh) =>
    existsSync(committed) ? traceDifference(committed, fresh) : 'it is not there: npm run traces';
  const outcomes = examples.map(({ file }) => ({
    what: `web/public/traces/${file}`,
    found: difference(join(tracesFolder, file), join(folder, file)),
  }));
  const [{ file, name, text }] = examples;
  const minilm = await freshTrace(join(modelsFolder, name), text);
  const golden = join(root, 'tests/golden/gguf');
  const reference = join(golden, 'tiny_run.safetensors');
  const tiny = await freshTrace(join(golden, 'tiny.gguf'), readTrace(reference).metadata.text);
  outcomes.push({ what: 'npm run trace, MiniLM', found: difference(join(tracesFolder, file), minilm) });
  outcomes.push({ what: 'npm run trace, a GGUF file', found: goldenDifference(reference, tiny) });
  return tally(outcomes.map(({ what, found }) => ({ what, ok: found === undefined, output: found ?? '' })));
}

/** What the command would write, its arguments read as the shell gives them; where it is. */
async function freshTrace(model, text) {
  const args = [model, text, '-o', 'trace.safetensors'];
  const asked = readArguments(args, mkdtempSync(join(buildFolder, 'traces/')));
  await writeTrace(asked);
  return asked.output;
}

/** How a trace differs from a reference run of the same tokens, or undefined. */
function goldenDifference(golden, fresh) {
  const [expected, found] = [readTrace(golden), readTrace(fresh)];
  const tokens = ({ metadata }) => JSON.stringify(JSON.parse(metadata.tokens));
  if (tokens(expected) !== tokens(found)) return `expected the tokens ${tokens(expected)}, found ${tokens(found)}`;
  const names = Object.keys(expected.tensors).filter((name) => /^layers\.\d+\.weights$/.test(name));
  const differences = names.map((name) => largestDifference(expected.tensors[name], found.tensors[name]));
  const worst = Math.max(...differences);
  return names.length > 0 && worst <= 2e-5 ? undefined : `expected PyTorch's weights within 2e-5, found ${worst}`;
}

async function wasm() {
  return tally([{ what: 'headlight.wasm', ...(await buildCore()) }]);
}

async function vitest() {
  const report = freshReport('vitest.json');
  const args = ['run', '--config', 'tests/web/vitest.config.ts', '--reporter=dot', '--reporter=json'];
  const run = await captureAsync(process.execPath, [bin('vitest/vitest.mjs'), ...args, `--outputFile.json=${report}`]);
  const { numPassedTests = 0, numFailedTests = 0 } = existsSync(report) ? readJson(report) : {};
  // A file that cannot be loaded has no failed test.
  return { passed: numPassedTests, failed: run.ok ? numFailedTests : Math.max(numFailedTests, 1), output: run.output };
}

async function site() {
  const built = await captureAsync(process.execPath, ['web/tooling/build.mjs']);
  if (!built.ok) return { passed: 0, failed: 1, output: built.output };
  return tally([{ what: 'npm run build', ...built }, engineSize(), ...['index.html', 'explore.html'].map(shellSize)]);
}

/** The engine is what every reader downloads before the first number: it has a budget. */
function engineSize() {
  const budget = 122_000;
  const bytes = ['headlight.wasm', 'headlight.mjs']
    .map((name) => gzipSync(readFileSync(join(buildFolder, 'wasm', name)), { level: 9 }).length)
    .reduce((total, size) => total + size);
  const output = `expected at most ${budget} bytes of wasm and glue after gzip, found ${bytes}`;
  return { what: 'size of the engine', ok: bytes <= budget, output };
}

/** A page with everything that it loads before it is of use: the scene comes later, and the engine counts by itself. */
function shellSize(page) {
  const budget = 250_000;
  const folder = join(buildFolder, 'site');
  const seen = new Map();
  const add = (path) => {
    if (seen.has(path) || /^assets\/(scene|worker)-/.test(path)) return;
    const text = readFileSync(join(folder, path), 'utf8');
    seen.set(path, gzipSync(text, { level: 9 }).length);
    const names = path.endsWith('.css') ? [] : text.matchAll(/["'`](?:\.\/)?((?:assets\/)?[\w.-]+\.(?:js|css))["'`]/g);
    for (const [, name] of names) {
      const found = [name, `assets/${name}`].find((each) => existsSync(join(folder, each)));
      if (found !== undefined) add(found);
    }
  };
  add(page);
  const bytes = [...seen.values()].reduce((total, size) => total + size, 0);
  const output = `expected at most ${budget} bytes of HTML, CSS and script after gzip, found ${bytes} in ${[...seen.keys()]}`;
  return { what: `size of ${page}`, ok: bytes <= budget, output };
}

async function browser() {
  const report = freshReport('browser.json');
  const args = ['test', '--config', 'tests/browser/playwright.config.ts', '--reporter=line,json'];
  const env = { PLAYWRIGHT_JSON_OUTPUT_FILE: report, HEADLIGHT_PORT: String(await freePort()) };
  const run = await captureAsync(process.execPath, [bin('@playwright/test/cli.js'), ...args], { env });
  const { expected = 0, unexpected = 0, flaky = 0 } = existsSync(report) ? readJson(report).stats : {};
  const failed = unexpected + flaky;
  return { passed: expected, failed: run.ok ? failed : Math.max(failed, 1), output: run.output };
}

function freePort() {
  return new Promise((done, fail) => {
    const server = createServer();
    server.on('error', fail);
    server.listen(0, () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

function freshReport(name) {
  mkdirSync(reports, { recursive: true });
  const path = join(reports, name);
  rmSync(path, { force: true });
  return path;
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
