// npm test: gets what is missing, then everything that must hold, cheapest first, until a stage fails.
//   --only a,b   these stages alone      --long   also what takes longer
import { join } from 'node:path';
import { ensureEmscripten } from './emscripten.mjs';
import { ensureModels } from './models.mjs';
import { ensurePackages } from './packages.mjs';
import { checkNode, ensureNodePackages } from './setup.mjs';
import { command, option, Problem, say } from './shell.mjs';
import { longStages, stages } from './stages.mjs';

await command(import.meta.url, async () => {
  const chosen = chooseStages();
  checkNode();
  ensureNodePackages();
  const needs = new Set(chosen.flatMap((stage) => stage.needs));
  ensurePackages(...needs);
  if (needs.has('emscripten')) ensureEmscripten();
  if (needs.has('model')) await ensureModels();

  const total = { passed: 0, failed: 0 };
  for (const { name, title, run } of chosen) {
    const start = performance.now();
    say(`\n${title}`);
    const { passed, failed, output } = await run();
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    total.passed += passed;
    total.failed += failed;
    if (failed > 0) {
      say(output.trimEnd());
    } else if (passed === 0) {
      total.failed += 1;
      say(`${output.trimEnd()}\nThe stage "${name}" ran no test: expected at least one.`);
    }
    say(`  ${passed} passed, ${failed} failed (${seconds} s)`);
    if (total.failed > 0) {
      say(
        `\nStopped at the stage "${name}". To run it alone: node ${join('web', 'tooling', 'test.mjs')} --only ${name}`,
      );
      process.exitCode = 1;
      break;
    }
  }
  say(`\n${total.passed} passed, ${total.failed} failed`);
});

function chooseStages() {
  const known = [...stages, ...longStages];
  const only = option('only');
  if (typeof only !== 'string') return option('long', false) ? known : stages;
  return only.split(',').map((name) => {
    const stage = known.find((each) => each.name === name);
    if (!stage)
      throw new Problem(`--only: expected some of ${known.map((each) => each.name).join(', ')}; found "${name}"`);
    return stage;
  });
}
