/**
 * The engine as the page sees it: a typed client of the worker. Starts the worker when it is first needed, cancels,
 * notices its death, starts another one and gives it back what was loaded. The only one that knows the worker exists.
 */
import { proxy, wrap } from 'comlink';
import { aborted, EngineError } from './errors';
import { shareModels } from './shared-models';
import type { SentSource } from './sources';
import type { Engine, Loaded, Options, Progress, Run, Source } from './types';
import type { Answer, WorkerApi } from './worker';
import workerUrl from './worker.ts?worker&url';

export { EngineError } from './errors';

/** A cancelled job that the worker has not given up by then means that the worker hangs. */
const PATIENCE_MS = 2000;
/** How long a tokenizer's own pattern may take: regular expressions can be made to take for ever. */
const PATTERN_MS = 2000;
/** Where no lock tells of the worker's death: how often it is asked, and how long it may take to answer. */
const PING_MS = 1000;

/** Deaths within the time that make it pointless to start again by itself. */
const MOST_DEATHS = 3;
const DEATHS_WITHIN_MS = 20_000;

interface Line {
  readonly api: WorkerApi;
  /** Rejects when the worker is dead. */
  readonly death: Promise<never>;
  readonly end: (reason: string) => void;
}

/** What was loaded, to be loaded again when the worker has died. */
interface Retained {
  readonly source: SentSource;
  readonly runId: number;
  /** Why it could not be loaded again. */
  lost: unknown;
}

let shared: Engine | null = null;

/** The page's one engine. */
export function sharedEngine(): Engine {
  shared ??= shareModels(createEngine(), sentSource);
  return shared;
}

export function createEngine(): Engine {
  let line: Line | null = null;
  let lastJob = 0;
  let lastId = 0;
  let lines = 0;
  let restarts = 0;
  let deaths: number[] = [];
  /** What the page allows; null: what the host finds right. */
  let budget: number | null = null;
  const retained = new Map<number, Retained>();
  const listeners = new Set<() => void>();
  /** Settled when what was retained is there again. */
  let reloaded: Promise<void> = Promise.resolve();
  /** Who waits for that, and wants to see how far it is. */
  const waiting = new Set<(progress: Progress) => void>();

  function connect(): Line {
    if (line !== null) return line;
    const worker = startWorker();
    const api = wrap(worker) as unknown as WorkerApi;
    let kill: (error: EngineError) => void = () => {};
    const death = new Promise<never>((_, reject) => {
      kill = reject;
    });
    death.catch(() => {}); // Those who wait for an answer hear of it; nobody else has to.
    const opened: Line = {
      api,
      death,
      end(reason) {
        if (line !== opened) return;
        line = null;
        worker.terminate();
        kill(new EngineError({ code: 'engine-died', message: `The engine stopped (${reason}) and starts again.` }));
        restart();
      },
    };
    line = opened;
    if (budget !== null) void api.setBudget(budget);
    worker.addEventListener('error', (event) => opened.end(event.message || 'an error in it'));
    void watch(opened);
    return opened;
  }

  /** Ends the line when its worker is gone. */
  async function watch(opened: Line): Promise<void> {
    const { api, end } = opened;
    const name = `headlight-${Date.now()}-${Math.random()}-${++lines}`;
    if ((await api.alive(name)) === true) {
      // Granted only when the worker lets go of it, which is when it dies.
      await navigator.locks.request(name, () => {});
      end('it died');
      return;
    }
    const timer = setInterval(async () => {
      if (line !== opened) return clearInterval(timer);
      const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), 5 * PING_MS));
      if (!(await Promise.race([api.ping(), late]))) end('it does not answer');
    }, PING_MS);
  }

  /** A new worker gets what the old one held, under the same names. */
  function restart(): void {
    const now = performance.now();
    deaths = [...deaths.filter((time) => now - time < DEATHS_WITHIN_MS), now];
    reloaded = reload(++restarts, deaths.length > MOST_DEATHS);
    for (const listener of listeners) listener();
  }

  async function reload(turn: number, isHopeless: boolean): Promise<void> {
    const onProgress = (progress: Progress) => {
      for (const report of waiting) report(progress);
    };
    for (const [id, model] of retained) {
      try {
        if (isHopeless) {
          throw new EngineError({ code: 'engine-died', message: 'The engine keeps stopping. Open the model again.' });
        }
        await request<Loaded>({ onProgress }, (api, job, report) =>
          api.load(job, id, model.runId, model.source, report),
        );
        model.lost = null;
      } catch (error) {
        // Died again: the next restart has its own turn with everything.
        if (turn !== restarts) return;
        model.lost = error;
      }
    }
  }

  /** Sends one request and waits for its answer, the signal, or the worker's death, whichever is first. */
  async function request<T>(
    { signal, onProgress }: Options,
    send: (api: WorkerApi, job: number, report: (progress: Progress) => void) => Promise<Answer<T>>,
  ): Promise<T> {
    if (signal?.aborted) throw aborted();
    const at = connect();
    const job = ++lastJob;
    // Progress has its own way and may come after the answer.
    let over = false;
    let deadline: ReturnType<typeof setTimeout> | undefined;
    let giveUp = () => {};
    const tooSlow = new Promise<never>((_, reject) => {
      giveUp = () => {
        reject(slowPattern());
        at.end('a tokenizer took too long');
      };
    });
    const report = (progress: Progress) => {
      if (over) return;
      // The next sign, whatever it is, says that the pattern has come to its end.
      clearTimeout(deadline);
      deadline = progress.phase === 'tokenize' ? setTimeout(giveUp, PATTERN_MS) : undefined;
      onProgress?.(progress);
    };
    const answer = send(at.api, job, proxy(report));
    answer.catch(() => {});
    let stop = () => {};
    const stopped = new Promise<never>((_, reject) => {
      stop = () => {
        reject(aborted());
        void at.api.cancel(job);
        const timer = setTimeout(() => at.end('it did not stop when asked'), PATIENCE_MS);
        const answered = () => clearTimeout(timer);
        answer.then(answered, answered);
      };
    });
    signal?.addEventListener('abort', stop);
    try {
      const reply = await Promise.race([answer, stopped, tooSlow, at.death]);
      if ('aborted' in reply) throw aborted();
      if ('failure' in reply) {
        // What is left of it cannot be trusted.
        if (reply.failure.code === 'engine-died') at.end(reply.failure.message);
        throw new EngineError(reply.failure);
      }
      return reply.value;
    } finally {
      over = true;
      clearTimeout(deadline);
      signal?.removeEventListener('abort', stop);
    }
  }

  /** As request, once what the last worker held is there again. */
  async function ask<T>(options: Options, send: Parameters<typeof request<T>>[1]): Promise<T> {
    const { signal, onProgress } = options;
    if (onProgress !== undefined) waiting.add(onProgress);
    let stop = () => {};
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(aborted());
    });
    stopped.catch(() => {});
    signal?.addEventListener('abort', stop);
    try {
      // It may die again while it is waited for.
      for (let seen: Promise<void> | null = null; seen !== reloaded; ) {
        seen = reloaded;
        await Promise.race([seen, stopped]);
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      if (onProgress !== undefined) waiting.delete(onProgress);
    }
    return request(options, send);
  }

  return {
    async load(source, options = {}) {
      const sent = sentSource(source);
      const id = ++lastId;
      const runId = ++lastId;
      const loaded = await ask<Loaded>(options, (api, job, report) => api.load(job, id, runId, sent, report));
      retained.set(id, { source: sent, runId, lost: null });
      return loaded;
    },
    async run(model, text, options = {}) {
      return ask<Run>(options, (api, job, report) => {
        const lost = retained.get(model)?.lost;
        if (lost != null) throw lost;
        return api.run(job, ++lastId, model, text, report);
      });
    },
    next: (run, position, count, sampling) => ask({}, (api, job) => api.next(job, run, position, count, sampling)),
    sample: (run, sampling) => ask({}, (api, job) => api.sample(job, run, sampling)),
    overview: (run, filter, options = {}) => ask(options, (api, job) => api.overview(job, run, filter)),
    row: (run, query, filter) => ask({}, (api, job) => api.row(job, run, query, filter)),
    matrix: (run, layer, head, measure) => ask({}, (api, job) => api.matrix(job, run, layer, head, measure)),
    cell: (run, layer, head, query, key) => ask({}, (api, job) => api.cell(job, run, layer, head, query, key)),
    hidden: (run, layer) => ask({}, (api, job) => api.hidden(job, run, layer)),
    aggregate: (run, name, layer, options = {}) => ask(options, (api, job) => api.aggregate(job, run, name, layer)),
    flow: (run, query, options = {}) => ask(options, (api, job) => api.flow(job, run, query)),
    steps: (run, layer, head) => ask({}, (api, job) => api.steps(job, run, layer, head)),
    contributions: (run, layer) => ask({}, (api, job) => api.contributions(job, run, layer)),
    effect: (run, position, id) => ask({}, (api, job) => api.effect(job, run, position, id)),
    distance: (left, right, pairs, options = {}) => ask(options, (api, job) => api.distance(job, left, right, pairs)),
    similarity: (left, leftIndex, right, rightIndex) =>
      ask({}, (api, job) => api.similarity(job, left, leftIndex, right, rightIndex)),
    difference: (left, right, pairs) => ask({}, (api, job) => api.difference(job, left, right, pairs)),
    verify: (run, options = {}) => ask(options, (api, job) => api.verify(job, run)),
    offer: (address, options = {}) => ask(options, (api, job) => api.offer(job, address)),
    stored: () => ask({}, (api, job) => api.stored(job)),
    forget: (address) => ask({}, (api, job) => api.forget(job, address)),
    memory: () => ask({}, (api, job) => api.memory(job)),
    setBudget(bytes) {
      budget = bytes;
      void line?.api.setBudget(bytes);
    },
    releaseRun: (run) => void line?.api.releaseRun(run),
    releaseModel(model) {
      retained.delete(model);
      void line?.api.releaseModel(model);
    },
    onRestart(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Not `engine-died`: the next try would die as well. */
const slowPattern = (): EngineError =>
  new EngineError({
    code: 'bad-config',
    message: 'The tokenizer’s pattern took longer than 2 s on this text and was stopped.',
    expected: `an answer within ${PATTERN_MS / 1000} s`,
    found: 'none',
  });

/** Addresses are made whole here: the worker's own address is another one. */
function sentSource(source: Source): SentSource {
  if (source instanceof URL) return source.href;
  if (typeof source !== 'string') return source;
  try {
    return new URL(source, globalThis.document?.baseURI ?? globalThis.location?.href).href;
  } catch {
    throw new EngineError({
      code: 'bad-request',
      message: `This is not an address: ${source.slice(0, 200)}`,
      expected: 'an address',
      found: source.slice(0, 200),
    });
  }
}

function startWorker(): Worker {
  const address = scriptUrl();
  try {
    return new Worker(address, { type: 'module', name: 'headlight' });
  } catch (error) {
    throw new EngineError({
      code: 'blocked-by-policy',
      message: `This page does not let the engine start: ${error instanceof Error ? error.message : String(error)}`,
      expected: "worker-src 'self'",
      found: address,
    });
  }
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string };
}

let policy: { createScriptURL(url: string): string } | null = null;

/** The worker's address; under a Trusted Types policy only this one passes. */
function scriptUrl(): string {
  const url = new URL(workerUrl, import.meta.url);
  if (url.origin !== location.origin)
    throw new EngineError({ code: 'unsupported', message: 'The worker must come from this site.' });
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  if (types === undefined) return url.href;
  policy ??= types.createPolicy('headlight-worker', {
    createScriptURL: (wanted) => {
      if (wanted !== url.href) throw new TypeError('Only the engine may be started.');
      return wanted;
    },
  });
  return policy.createScriptURL(url.href);
}
