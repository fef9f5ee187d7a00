/**
 * The worker: the host behind messages. Errors leave as data, for classes do not survive the way; cancelling is a
 * message of its own. Holds a lock for as long as it lives, by which the page notices its death.
 */

import { expose, type Remote, transfer } from 'comlink';
import instantiate from '#wasm';
import wasmUrl from '../../build/wasm/headlight.wasm?url';
import { EngineError, failureOf, isAbort } from './errors';
import { createHost } from './host';
import type { Aggregate, Failure, Pairs, Progress, RunText } from './types';

export type Answer<T> = { readonly value: T } | { readonly failure: Failure } | { readonly aborted: true };

let compiled: Promise<WebAssembly.Module> | null = null;

/** Compiles once; a failure is forgotten, so that a retry can succeed. */
function compile(): Promise<WebAssembly.Module> {
  compiled ??= compileFetched().catch((error: unknown) => {
    compiled = null;
    throw error;
  });
  return compiled;
}

async function compileFetched(): Promise<WebAssembly.Module> {
  const response = await fetch(wasmUrl).catch(() => null);
  if (!response?.ok) {
    const found = response === null ? 'no answer' : `status ${response.status}`;
    throw new EngineError({
      code: 'network',
      message: `The engine itself could not be fetched: ${found} for ${wasmUrl}.`,
      expected: 'headlight.wasm',
      found,
    });
  }
  // Not every server names the type that streaming wants.
  return WebAssembly.compile(await response.arrayBuffer());
}

const host = createHost(async () => {
  const module = await compile();
  return instantiate({
    instantiateWasm(imports, done) {
      void WebAssembly.instantiate(module, imports).then((instance) => done(instance, module));
      return {};
    },
  });
});

const jobs = new Map<number, AbortController>();

/** Runs one job; `cancel` with its number aborts the signal. */
async function answer<T>(job: number, work: (signal: AbortSignal) => T | Promise<T>): Promise<Answer<T>> {
  const controller = new AbortController();
  jobs.set(job, controller);
  try {
    const value = await work(controller.signal);
    return transfer({ value }, buffersOf(value));
  } catch (error) {
    return isAbort(error) ? { aborted: true } : { failure: failureOf(error) };
  } finally {
    jobs.delete(job);
  }
}

/** The memory of an answer's typed arrays, to be handed over: each has its own and nobody here keeps it. */
function buffersOf(value: unknown): Transferable[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((part) => (ArrayBuffer.isView(part) ? [part.buffer as ArrayBuffer] : []));
}

const api = {
  load: (
    job: number,
    id: number,
    runId: number,
    source: Parameters<typeof host.load>[2],
    report: (progress: Progress) => void,
  ) => answer(job, (signal) => host.load(id, runId, source, signal, report)),
  run: (job: number, runId: number, model: number, text: RunText, report: (progress: Progress) => void) =>
    answer(job, (signal) => host.run(runId, model, text, signal, report)),
  overview: (job: number, run: number, filter: Parameters<typeof host.overview>[1]) =>
    answer(job, (signal) => host.overview(run, filter, signal)),
  row: (job: number, ...question: Parameters<typeof host.row>) => answer(job, () => host.row(...question)),
  matrix: (job: number, ...question: Parameters<typeof host.matrix>) => answer(job, () => host.matrix(...question)),
  cell: (job: number, ...question: Parameters<typeof host.cell>) => answer(job, () => host.cell(...question)),
  hidden: (job: number, ...question: Parameters<typeof host.hidden>) => answer(job, () => host.hidden(...question)),
  aggregate: (job: number, run: number, name: Aggregate, layer: number) =>
    answer(job, (signal) => host.aggregate(run, name, layer, signal)),
  flow: (job: number, run: number, query: number) => answer(job, (signal) => host.flow(run, query, signal)),
  steps: (job: number, ...question: Parameters<typeof host.steps>) => answer(job, () => host.steps(...question)),
  contributions: (job: number, ...question: Parameters<typeof host.contributions>) =>
    answer(job, () => host.contributions(...question)),
  effect: (job: number, ...question: Parameters<typeof host.effect>) => answer(job, () => host.effect(...question)),
  distance: (job: number, left: number, right: number, pairs: Pairs) =>
    answer(job, (signal) => host.distance(left, right, pairs, signal)),
  similarity: (job: number, ...question: Parameters<typeof host.similarity>) =>
    answer(job, () => host.similarity(...question)),
  difference: (job: number, ...question: Parameters<typeof host.difference>) =>
    answer(job, () => host.difference(...question)),
  verify: (job: number, run: number) => answer(job, (signal) => host.verify(run, signal)),
  next: (job: number, ...question: Parameters<typeof host.next>) => answer(job, () => host.next(...question)),
  sample: (job: number, ...question: Parameters<typeof host.sample>) => answer(job, () => host.sample(...question)),
  offer: (job: number, address: string) => answer(job, (signal) => host.offer(address, signal)),
  stored: (job: number) => answer(job, () => host.stored()),
  forget: (job: number, address: string | null) => answer(job, () => host.forget(address)),
  memory: (job: number) => answer(job, () => host.memory()),
  setBudget: (bytes: number) => host.setBudget(bytes),
  cancel: (job: number) => jobs.get(job)?.abort(),
  releaseRun: (run: number) => host.releaseRun(run),
  releaseModel: (model: number) => host.releaseModel(model),
  /** Takes the lock that tells the page when this worker dies; false where locks are denied (sandboxed frames). */
  async alive(lock: string): Promise<boolean> {
    try {
      await new Promise<void>((taken, denied) => {
        navigator.locks.request(lock, () => new Promise<never>(() => taken())).catch(denied);
      });
      return true;
    } catch {
      return false;
    }
  },
  ping: () => true,
};

export type WorkerApi = Remote<typeof api>;

expose(api);
