/**
 * How much memory a model and a run take, and whether that is allowed. Pure: the only place where the budget is compared
 * with anything, so that what is offered, loaded and run is judged alike.
 */
import { EngineError } from './errors';
import type { ModelInfo } from './types';

const MIB = 1024 * 1024;

/** Until the page says otherwise: what a desktop's tab can be expected to have. */
export const DEFAULT_BUDGET = 512 * MIB;

/** A model must leave room for a run of so many tokens, or of as many as it can read. */
const RUN_TOKENS = 512;

/** What decides how much a run takes. */
export type RunShape = Pick<ModelInfo, 'nLayers' | 'nHeads' | 'nKvHeads' | 'dModel' | 'dHead'>;

/** The length of the run that a model must leave room for. */
export const runTokensOf = (nCtx: number | null): number => Math.min(RUN_TOKENS, nCtx ?? RUN_TOKENS);

/**
 * Bytes that the trace of `nTokens` tokens takes: query, key, value and the residual stream as float32, for each layer
 * and token. Weights and scores are made when they are looked at and are not in it. 0 for a trace from a file, whose
 * widths are not known: it is in memory already.
 */
export function runBytes({ nLayers, nHeads, nKvHeads, dModel, dHead }: RunShape, nTokens: number): number {
  const head = dHead ?? 0;
  return 4 * nLayers * nTokens * (nHeads * head + 2 * (nKvHeads ?? nHeads) * head + (dModel ?? 0));
}

/**
 * Whether a model fits, by itself. The one that is open stays until the new one is there, so that for a moment both take
 * their room: a failed load must leave the old one working, and refusing what fits alone would help nobody.
 * @param weights  bytes of the weights
 * @param run      bytes of the run it must leave room for; 0 where it is not known yet
 * @throws {EngineError} too-large, saying what it needs, what is allowed and what can be done
 */
export function requireModelFits(name: string, weights: number, run: number, budget: number): void {
  if (weights + run <= budget) return;
  const parts = run === 0 ? 'for its weights alone' : `${sizeText(weights)} of weights and ${sizeText(run)} for a run`;
  throw new EngineError({
    code: 'too-large',
    message:
      `${name} needs ${sizeText(weights + run)} of memory (${parts}); the budget allows ${sizeText(budget)}. ` +
      'Raise the budget if this device has the memory, or take a smaller model or one with fewer bits for each weight.',
    expected: `at most ${budget} bytes`,
    found: `${weights + run} bytes`,
  });
}

/**
 * Whether a run of `nTokens` tokens fits beside its model's weights.
 * @throws {EngineError} too-large, saying what it needs, what is allowed and what can be done
 */
export function requireRunFits(info: ModelInfo, nTokens: number, budget: number): void {
  const weights = info.bytes ?? 0;
  const run = runBytes(info, nTokens);
  if (weights + run <= budget) return;
  throw new EngineError({
    code: 'too-large',
    message:
      `A run of ${nTokens} tokens needs ${sizeText(run)} beside ${sizeText(weights)} of weights; the budget allows ` +
      `${sizeText(budget)}. Shorten the text, or raise the budget if this device has the memory.`,
    expected: `at most ${budget} bytes`,
    found: `${weights + run} bytes`,
  });
}

/** Rounded up: what is said to fit fits. A megabyte is 2^20 bytes, as budgets are counted. */
const sizeText = (bytes: number): string =>
  bytes < 1024 * MIB
    ? `${Math.ceil(bytes / MIB)} MB`
    : `${(Math.ceil((10 * bytes) / (1024 * MIB)) / 10).toFixed(1)} GB`;
