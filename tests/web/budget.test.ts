/** What a model and a run are said to take, and when that is refused. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_BUDGET, requireModelFits, requireRunFits, runBytes, runTokensOf } from '../../web/engine/budget';
import type { ModelInfo } from '../../web/engine/types';

const MB = 1024 * 1024;
const smol: ModelInfo = {
  ...{ name: 'SmolLM2', family: 'llama', nLayers: 30, nHeads: 9, nKvHeads: 3, dModel: 576, dHead: 64, nCtx: 8192 },
  ...{ bytes: 98 * MB, causal: true },
};

describe('a run', () => {
  test('keeps query, key, value and the residual stream of each layer and token', () => {
    expect(runBytes(smol, 512)).toBe(4 * 30 * 512 * (9 * 64 + 2 * 3 * 64 + 576));
    expect(runBytes(smol, 1024)).toBe(2 * runBytes(smol, 512));
    expect(runBytes(smol, 0)).toBe(0);
  });

  test('counts a key and a value for each head where heads do not share them', () => {
    const bert = { nLayers: 6, nHeads: 12, nKvHeads: null, dModel: 384, dHead: 32 };
    expect(runBytes(bert, 10)).toBe(4 * 6 * 10 * 4 * 384);
  });

  test('of a trace takes nothing more', () => {
    expect(runBytes({ nLayers: 6, nHeads: 12, nKvHeads: null, dModel: null, dHead: null }, 100)).toBe(0);
  });

  test('that a model must leave room for is as long as it can read, at most 512 tokens', () => {
    expect([runTokensOf(128), runTokensOf(512), runTokensOf(8192), runTokensOf(null)]).toEqual([128, 512, 512, 512]);
  });
});

describe('refusals', () => {
  test('a model fits up to the last byte', () => {
    expect(() => requireModelFits('m', 60, 40, 100)).not.toThrow();
    expect(() => requireModelFits('m', 60, 41, 100)).toThrow(expect.objectContaining({ code: 'too-large' }));
  });

  test('say what is needed, what is allowed and what can be done', () => {
    expect(() => requireModelFits('big', 1200 * MB, 90 * MB, DEFAULT_BUDGET)).toThrow(
      expect.objectContaining({
        code: 'too-large',
        message: expect.stringMatching(/^big needs 1\.3 GB .*1\.2 GB of weights and 90 MB for a run.*512 MB.*Raise/),
        expected: `at most ${512 * MB} bytes`,
        found: `${1290 * MB} bytes`,
      }),
    );
    expect(() => requireModelFits('big', 513 * MB - 1, 0, DEFAULT_BUDGET)).toThrow(/513 MB .*weights alone/);
  });

  test('a run is judged together with its model', () => {
    const room = 98 * MB + runBytes(smol, 2048);
    expect(() => requireRunFits(smol, 2048, room)).not.toThrow();
    expect(() => requireRunFits(smol, 2049, room)).toThrow(
      expect.objectContaining({ code: 'too-large', message: expect.stringMatching(/2049 tokens.*Shorten/) }),
    );
  });
});
