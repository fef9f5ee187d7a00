/**
 * The engine as the page sees it: a typed client of the worker. Starts the worker when it is first needed, cancels,
 * notices its death, starts another one and gives it back what was loaded. The only one that knows the worker exists.
 */
import { proxy, releaseProxy, wrap } from 'comlink';
import { aborted, EngineError } from './errors';
import type { SentSource } from './sources';
import type { Engine, Loaded, Options, Progress, Run, Source } from './types';
import type { Answer, WorkerApi } from './worker';
import workerUrl from './worker.ts?worker&url';

export { EngineError } from './errors';

/** A cancelled job that the worker has not given up by then means that the worker hangs. */
const PATIENCE_MS = 2000;
/** Where no lock tells of the worker's death: how often it is asked, and how long it may take to answer. */
const PING_MS = 1000;

interface Line {
  readonly worker: Worker;
  readonly api: WorkerApi;
  /** Rejects when the worker is dead. */
  readonly death: Promise<never>;
  readonly end: (reason: string) => void;
}

let shared: Engine | null = null;

/** The page's one engine. */
export function sharedEngine(): Engine {
  shared ??= createEngine();
  return shared;
}

export function createEngine(): Engine {
  let line: Line | null = null;
  let lastJob = 0;
  let lastId = 0;
  let locks = 0;
  const retained = new Map<number, { source: SentSource; runId: number }>();
  const listeners = new Set<() => void>();
  let reloading: Promise<void> = Promise.resolve();

  function connect(): Line {
    if (line !== null) return line;
    const worker = new Worker(scriptUrl(), { type: 'module', name: 'headlight' });
    const api = wrap(worker) as unknown as WorkerApi;
    let end: Line['end'] = () => {};
    const death = new Promise<never>((_, reject) => {
      end = (reason) => {
        if (line !== opened) return;
        line = null;
        worker.terminate();
        api[releaseProxy]();
        reject(new EngineError({ code: 'engine-died', message: `The engine stopped (${reason}) and starts again.` }));
        if (retained.size > 0) restart();
      };
    });
    death.catch(() => {}); // Those who wait for an answer hear of it; nobody else has to.
    const opened: Line = { worker, api, death, end };
    line = opened;
    worker.addEventListener('error', (event) => end(event.message || 'an error in it'));
    void watch(opened);
    return opened;
  }

  /** Ends the line when its worker is gone. */
  async function watch({ api, end }: Line): Promise<void> {
    const name = `headlight-${crypto.randomUUID()}-${++locks}`;
    if ((await api.alive(name)) === true) {
      // Granted only when the worker lets go of it, which is when it dies.
      await navigator.locks.request(name, () => {});
      end('it died');
      return;
    }
    const timer = setInterval(async () => {
      const answer = await Promise.race([
        api.ping(),
        new Promise<false>((resolve) => setTimeout(() => resolve(false), 5 * PING_MS)),
      ]);
      if (answer) return;
      clearInterval(timer);
      end('it does not answer');
    }, PING_MS);
  }

  /** A new worker gets what the old one held, under the same names. */
  function restart(): void {
    reloading = (async () => {
      for (const [id, { source, runId }] of retained) {
        await request<Loaded>({}, (api, job) => api.load(job, id, runId, source, proxy(ignore))).catch(() =>
          retained.delete(id),
        );
      }
    })();
    void reloading.then(() => {
      for (const listener of listeners) listener();
    });
  }

  /** Sends one request and waits for its answer, the signal, or the worker's death, whichever is first. */
  async function request<T>(
    { signal }: Options,
    send: (api: WorkerApi, job: number) => Promise<Answer<T>>,
  ): Promise<T> {
    if (signal?.aborted) throw aborted();
    const at = connect();
    const job = ++lastJob;
    const answer = send(at.api, job);
    answer.catch(() => {});
    const stopped = new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => {
        reject(aborted());
        void at.api.cancel(job);
        const timer = setTimeout(() => at.end('it did not stop when asked'), PATIENCE_MS);
        answer.then(
          () => clearTimeout(timer),
          () => clearTimeout(timer),
        );
      });
    });
    stopped.catch(() => {});
    const reply = await Promise.race([answer, stopped, at.death]);
    if ('aborted' in reply) throw aborted();
    if ('failure' in reply) throw new EngineError(reply.failure);
    return reply.value;
  }

  /** As request, once what the last worker held is there again. */
  async function ask<T>(options: Options, send: (api: WorkerApi, job: number) => Promise<Answer<T>>): Promise<T> {
    await reloading;
    return request(options, send);
  }

  return {
    async load(source: Source, options: Options = {}): Promise<Loaded> {
      const sent: SentSource =
        source instanceof URL ? source.href : typeof source === 'string' ? new URL(source, baseAddress()).href : source;
      const id = ++lastId;
      const runId = ++lastId;
      const loaded = await ask<Loaded>(options, (api, job) =>
        api.load(job, id, runId, sent, proxy(options.onProgress ?? ignore)),
      );
      retained.set(id, { source: sent, runId });
      return loaded;
    },
    run: (model, text, options = {}) =>
      ask<Run>(options, (api, job) => api.run(job, ++lastId, model, text, proxy(options.onProgress ?? ignore))),
    overview: (run, filter, options = {}) => ask(options, (api, job) => api.overview(job, run, filter)),
    row: (run, query, filter) => ask({}, (api, job) => api.row(job, run, query, filter)),
    matrix: (run, layer, head, measure) => ask({}, (api, job) => api.matrix(job, run, layer, head, measure)),
    cell: (run, layer, head, query, key) => ask({}, (api, job) => api.cell(job, run, layer, head, query, key)),
    hidden: (run, layer) => ask({}, (api, job) => api.hidden(job, run, layer)),
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

const ignore = (_progress: Progress): void => {};

const baseAddress = (): string => globalThis.document?.baseURI ?? globalThis.location?.href;

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
