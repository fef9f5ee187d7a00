/**
 * One copy of a model for everyone on the page who is content to share it: an engine around an engine, which only counts
 * who uses what.
 */
import { aborted, isAbort } from './errors';
import type { Engine, Loaded, LoadOptions, Options, Progress, Run, Source } from './types';

/** A model at an address, on its way or there. */
interface Shared {
  readonly loading: Promise<Loaded>;
  readonly stop: AbortController;
  readonly listeners: Set<(progress: Progress) => void>;
  users: number;
}

/** What one who loaded it holds: a name of their own, and the runs that they have made under it. */
interface Share {
  readonly model: number;
  readonly of: Shared;
  readonly address: string;
  readonly runs: Set<number>;
}

/**
 * Loads from equal addresses that say `shared` share one model: `load` answers with another id each time, `releaseModel`
 * frees what was run under that id, and the last one frees the model. Files and saved runs are never shared.
 * @param whole  makes an address whole, so that equal ones look alike
 */
export function shareModels(engine: Engine, whole: (source: Source) => Source = (source) => source): Engine {
  const shared = new Map<string, Shared>();
  const shares = new Map<number, Share>();
  /** Ids of shares are below zero: they can never be taken for the engine's own. */
  let lastShare = 0;

  function leave(address: string, at: Shared): void {
    at.users -= 1;
    if (at.users > 0) return;
    if (shared.get(address) === at) shared.delete(address);
    at.stop.abort();
    at.loading.then(
      ({ id }) => engine.releaseModel(id),
      () => {},
    );
  }

  function start(address: string): Shared {
    const listeners: Shared['listeners'] = new Set();
    const stop = new AbortController();
    const onProgress = (progress: Progress) => {
      for (const listener of listeners) listener(progress);
    };
    const loading = engine.load(address, { signal: stop.signal, onProgress });
    const at: Shared = { loading, stop, listeners, users: 0 };
    shared.set(address, at);
    // What could not be loaded is tried anew by whoever asks next.
    loading.catch(() => shared.get(address) === at && shared.delete(address));
    return at;
  }

  async function loadShared(address: string, { signal, onProgress }: Options): Promise<Loaded> {
    if (signal?.aborted) throw aborted();
    const at = shared.get(address) ?? start(address);
    at.users += 1;
    if (onProgress !== undefined) at.listeners.add(onProgress);
    let stop = () => {};
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(aborted());
    });
    signal?.addEventListener('abort', stop);
    try {
      const loaded = await Promise.race([at.loading, stopped]);
      const id = --lastShare;
      shares.set(id, { model: loaded.id, of: at, address, runs: new Set() });
      return { ...loaded, id, info: { ...loaded.info } };
    } catch (error) {
      if (isAbort(error)) leave(address, at);
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
      if (onProgress !== undefined) at.listeners.delete(onProgress);
    }
  }

  return {
    ...engine,
    async load(source, options: LoadOptions = {}) {
      const address = options.shared === true ? modelAddress(whole(source)) : null;
      return address === null ? engine.load(source, options) : loadShared(address, options);
    },
    async run(model, text, options = {}): Promise<Run> {
      const share = shares.get(model);
      const run = await engine.run(share?.model ?? model, text, options);
      share?.runs.add(run.id);
      return run;
    },
    releaseRun(run) {
      for (const { runs } of shares.values()) runs.delete(run);
      engine.releaseRun(run);
    },
    releaseModel(model) {
      const share = shares.get(model);
      if (share === undefined) return engine.releaseModel(model);
      shares.delete(model);
      for (const run of share.runs) engine.releaseRun(run);
      leave(share.address, share.of);
    },
  };
}

/** Whole addresses of folders and of GGUF files are models; any other may be a saved run, which belongs to who opened it. */
function modelAddress(source: Source): string | null {
  const address = source instanceof URL ? source.href : source;
  return typeof address === 'string' && /(\/|\.gguf)$/.test(address) ? address : null;
}
