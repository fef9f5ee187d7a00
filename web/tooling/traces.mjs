// npm run traces: writes the example traces that the page shows first, from the real model, with the native tool.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureModels, modelsFolder } from './models.mjs';
import { ensurePackages } from './packages.mjs';
import { ensureNodePackages } from './setup.mjs';
import { command, root, say } from './shell.mjs';
import { runTraceProgram, tokenizeTexts } from './trace.mjs';

/** The site's example sentences: one for each thing that attention is known to settle; at most 400 KB of F32 weights. */
export const examples = JSON.parse(readFileSync(join(root, 'web/site/examples.json'), 'utf8')).map(
  ({ trace, text }) => ({
    file: trace,
    name: 'all-minilm-l6-v2',
    text,
  }),
);

export const tracesFolder = join(root, 'web/public/traces');

/** Writes the examples into `target`, computed by the native build, which is brought up to date. */
export async function writeTraces(target) {
  const model = join(modelsFolder, 'all-minilm-l6-v2');
  mkdirSync(target, { recursive: true });
  const { tokenized } = await tokenizeTexts(
    model,
    examples.map(({ text }) => text),
  );
  const texts = examples.map((example, i) => ({ ...example, ...tokenized[i] }));
  return runTraceProgram(model, target, texts);
}

/** Reads a safetensors file into {metadata, tensors: {name: Float32Array}}: enough to compare two of our own traces. */
export function readTrace(path) {
  const bytes = readFileSync(path);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const { __metadata__: metadata, ...entries } = JSON.parse(bytes.toString('utf8', 8, start));
  const numbers = ([
    name,
    {
      data_offsets: [begin, end],
    },
  ]) => [name, new Float32Array(Uint8Array.from(bytes.subarray(start + begin, start + end)).buffer)];
  return { metadata, tensors: Object.fromEntries(Object.entries(entries).map(numbers)) };
}

/** The largest absolute difference of two lists of numbers; NaN where one is shorter or lacks a number. */
export function largestDifference(left, right) {
  return left.reduce((most, value, i) => Math.max(most, Math.abs(value - (right?.[i] ?? Number.NaN))), 0);
}

/** How two trace files differ, or undefined: words exactly, numbers by more than another compiler's rounding. */
export function traceDifference(committed, fresh) {
  const tolerance = 2e-6;
  const [ours, theirs] = [readTrace(committed), readTrace(fresh)];
  if (JSON.stringify(ours.metadata) !== JSON.stringify(theirs.metadata)) return 'their metadata differ';
  if (Object.keys(ours.tensors).join() !== Object.keys(theirs.tensors).join()) return 'their tensors have other names';
  for (const [name, values] of Object.entries(ours.tensors)) {
    const others = theirs.tensors[name];
    if (values.length !== others.length) return `${name} has ${values.length} numbers, a fresh run ${others.length}`;
    const worst = largestDifference(values, others);
    if (!(worst <= tolerance)) return `${name}: expected a fresh run within ${tolerance}, found ${worst}`;
  }
  return undefined;
}

await command(import.meta.url, async () => {
  ensureNodePackages();
  ensurePackages('core', 'native');
  await ensureModels();
  say((await writeTraces(tracesFolder)).trimEnd());
});
