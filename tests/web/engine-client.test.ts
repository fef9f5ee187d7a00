/** The page's side of the worker, with a worker that the test can hang, kill and bring back. */
import { expose } from 'comlink';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createEngine } from '../../web/engine/engine';
import type { Engine, Loaded, Progress, RunText } from '../../web/engine/types';
import type { Answer } from '../../web/engine/worker';
import { infoOf } from './fake-engine';

const workerAddress = 'https://site.example/x/assets/worker.js';
vi.mock('../../web/engine/worker.ts?worker&url', () => ({ default: 'https://site.example/x/assets/worker.js' }));

type Report = (progress: Progress) => void;

/** What the worker under test does with each job; the test decides when it answers. */
interface Job {
  readonly job: number;
  readonly what: string;
  readonly answer: (answer: Answer<unknown>) => void;
  readonly report: Report | undefined;
}

class FakeWorker extends EventTarget {
  static readonly all: FakeWorker[] = [];
  /** Whether locks are there, as in an ordinary page, or denied, as in a sandboxed frame. */
  static locks = true;
  readonly jobs: Job[] = [];
  readonly cancelled: number[] = [];
  readonly released: number[] = [];
  isTerminated = false;
  answersPings = true;
  readonly address: string;
  readonly #port: MessagePort;
  #letGo: () => void = () => {};

  constructor(address: string | URL) {
    super();
    this.address = String(address);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = (event) => this.dispatchEvent(new MessageEvent('message', { data: event.data }));
    const job = (what: string, job: number, report?: Report) =>
      new Promise<Answer<unknown>>((answer) => this.jobs.push({ job, what, answer, report }));
    expose(
      {
        load: (n: number, id: number, runId: number, source: string, report: Report) =>
          job(`load ${id} ${runId} ${source}`, n, report),
        run: (n: number, runId: number, model: number, { text }: RunText, report: Report) =>
          job(`run ${runId} ${model} ${text}`, n, report),
        overview: (n: number, run: number) => job(`overview ${run}`, n),
        matrix: (n: number, run: number) => job(`matrix ${run}`, n),
        cancel: (n: number) => void this.cancelled.push(n),
        releaseRun: (id: number) => void this.released.push(id),
        releaseModel: (id: number) => void this.released.push(id),
        alive: (name: string) => {
          if (FakeWorker.locks)
            heldLocks.set(
              name,
              new Promise<void>((resolve) => {
                this.#letGo = resolve;
              }),
            );
          return FakeWorker.locks;
        },
        ping: () => (this.answersPings ? true : new Promise(() => {})),
      },
      port2 as unknown as Parameters<typeof expose>[1],
    );
    FakeWorker.all.push(this);
  }
  postMessage(message: unknown, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer as never[]);
  }
  terminate(): void {
    this.isTerminated = true;
    this.die();
  }
  close(): void {
    this.#port.close();
  }
  /** As the system ends it: nobody is told but by the lock. */
  die(): void {
    this.#letGo();
    this.#port.close();
  }
  /** The job of that kind once it has arrived. */
  async job(what: string): Promise<Job> {
    return vi.waitFor(() => {
      const found = this.jobs.find((job) => job.what.startsWith(what));
      if (found === undefined) throw new Error(`no "${what}" among ${this.jobs.map((job) => job.what)}`);
      return found;
    });
  }
}

const typed = (text: string): RunText => ({ text, chat: false, generated: [], interventions: [] });

const heldLocks = new Map<string, Promise<void>>();
const latest = (count: number): Promise<FakeWorker> =>
  vi.waitFor(() => {
    const worker = FakeWorker.all[count - 1];
    if (worker === undefined) throw new Error(`only ${FakeWorker.all.length} workers`);
    return worker;
  });

const loaded = (id: number): Answer<Loaded> => ({
  value: { id, info: infoOf('model'), run: null, chat: false, ends: [] },
});

beforeEach(() => {
  FakeWorker.all.length = 0;
  FakeWorker.locks = true;
  heldLocks.clear();
  vi.stubGlobal('Worker', FakeWorker);
  vi.stubGlobal('location', new URL('https://site.example/x/explore.html'));
  vi.stubGlobal('navigator', {
    locks: { request: (name: string, then: () => void) => heldLocks.get(name)?.then(then) },
  });
});
afterEach(() => {
  for (const worker of FakeWorker.all) worker.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** An engine with one model, and its worker. */
async function withModel(): Promise<{ engine: Engine; worker: FakeWorker; model: number }> {
  const engine = createEngine();
  const load = engine.load('https://site.example/x/models/mini/');
  const worker = await latest(1);
  (await worker.job('load')).answer(loaded(1));
  return { engine, worker, model: (await load).id };
}

describe('ordinary days', () => {
  test('no worker is started before there is work', () => {
    createEngine();
    expect(FakeWorker.all).toHaveLength(0);
  });

  test('addresses are made whole against the page, for the worker has another one', async () => {
    const engine = createEngine();
    const load = engine.load('models/mini/');
    const job = await (await latest(1)).job('load');
    expect(job.what).toBe('load 1 2 https://site.example/x/models/mini/');
    job.answer(loaded(1));
    expect((await load).id).toBe(1);
    await expect(engine.load('https://')).rejects.toMatchObject({ code: 'bad-request' });
  });

  test('a refusal arrives as an EngineError with all it says', async () => {
    const { engine, worker, model } = await withModel();
    const run = engine.run(model, typed('text'));
    const failure = { code: 'too-long', message: 'The text has 9 tokens.', expected: 'at most 8', found: '9' } as const;
    (await worker.job('run')).answer({ failure });
    await expect(run).rejects.toMatchObject({ name: 'EngineError', ...failure });
    expect(worker.isTerminated).toBe(false);
  });

  test('progress is told while the work lasts, and not after', async () => {
    const { engine, worker, model } = await withModel();
    const seen: number[] = [];
    const run = engine.run(model, typed('text'), { onProgress: ({ received }) => seen.push(received) });
    const job = await worker.job('run');
    job.report?.({ phase: 'run', received: 0.5, total: 1 });
    await vi.waitFor(() => expect(seen).toEqual([0.5]));
    job.answer({ value: {} });
    await run;
    job.report?.({ phase: 'run', received: 1, total: 1 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen).toEqual([0.5]);
  });
});

describe('cancelling', () => {
  test('answers at once and tells the worker', async () => {
    const { engine, worker, model } = await withModel();
    const controller = new AbortController();
    const run = engine.run(model, typed('text'), { signal: controller.signal });
    const job = await worker.job('run');
    const begin = performance.now();
    controller.abort();
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    expect(performance.now() - begin).toBeLessThan(100);
    await vi.waitFor(() => expect(worker.cancelled).toEqual([job.job]));
    job.answer({ aborted: true });
    // It must arrive before the test is over: the engine's patience would end the worker in the middle of another.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(worker.isTerminated).toBe(false);
  });

  test('what is cancelled beforehand is not even sent', async () => {
    const { engine, worker, model } = await withModel();
    await expect(engine.run(model, typed('text'), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(worker.jobs.map((job) => job.what)).toHaveLength(1);
  });

  test('a worker that does not stop within two seconds is replaced', async () => {
    const { engine, worker, model } = await withModel();
    const controller = new AbortController();
    const run = engine.run(model, typed('text'), { signal: controller.signal });
    await worker.job('run');
    const other = engine.matrix(9, 0, 0, 'weights');
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    controller.abort();
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    vi.advanceTimersByTime(1900);
    expect(worker.isTerminated).toBe(false);
    vi.advanceTimersByTime(200);
    vi.useRealTimers();
    expect(worker.isTerminated).toBe(true);
    await expect(other).rejects.toMatchObject({ code: 'engine-died' });
    expect(await latest(2)).not.toBe(worker);
  });
});

describe('a tokenizer whose pattern takes for ever', () => {
  /** A run whose worker has just said that it begins to tokenise. */
  async function tokenising(onProgress?: Report) {
    const { engine, worker, model } = await withModel();
    const run = engine.run(
      model,
      { text: `${'a'.repeat(26)}!`, chat: false, generated: [], interventions: [] },
      onProgress === undefined ? {} : { onProgress },
    );
    const job = await worker.job('run');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    job.report?.({ phase: 'tokenize', received: 0, total: 0 });
    // The message has its own way.
    for (let turn = 0; turn < 50; ++turn) await new Promise((resolve) => setImmediate(resolve));
    return { engine, worker, model, run, job };
  }

  test('is ended after two seconds, the text is refused and not tried again, and the model comes back', async () => {
    const { engine, worker, model, run } = await tokenising();
    vi.advanceTimersByTime(1900);
    expect(worker.isTerminated).toBe(false);
    vi.advanceTimersByTime(200);
    vi.useRealTimers();
    await expect(run).rejects.toMatchObject({
      name: 'EngineError',
      code: 'bad-config',
      message: expect.stringContaining('pattern took longer than 2 s'),
    });
    expect(worker.isTerminated).toBe(true);
    const second = await latest(2);
    (await second.job('load 1')).answer(loaded(1));
    const short = engine.run(model, typed('a'));
    const job = await second.job('run');
    job.answer({ value: { id: 9 } });
    expect(await short).toMatchObject({ id: 9 });
    expect(second.jobs.map((each) => each.what.split(' ')[0])).toEqual(['load', 'run']);
  });

  test.each<[string, (job: Job) => void]>([
    ['further progress', (job) => job.report?.({ phase: 'run', received: 0, total: 1 })],
    ['the answer', (job) => job.answer({ value: { id: 9 } })],
  ])('%s within that time ends the watch', async (_name, sign) => {
    const seen: string[] = [];
    const { worker, run, job } = await tokenising(({ phase }) => seen.push(phase));
    vi.advanceTimersByTime(1900);
    sign(job);
    for (let turn = 0; turn < 50; ++turn) await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(5000);
    vi.useRealTimers();
    expect(worker.isTerminated).toBe(false);
    job.answer({ value: { id: 9 } });
    expect(await run).toMatchObject({ id: 9 });
    expect(seen[0]).toBe('tokenize');
  });

  test('others that wait are told that the engine starts again', async () => {
    const { engine, run } = await tokenising();
    const other = engine.matrix(9, 0, 0, 'weights');
    const refused = expect(other).rejects.toMatchObject({ code: 'engine-died' });
    run.catch(() => {});
    for (let turn = 0; turn < 50; ++turn) await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(2100);
    vi.useRealTimers();
    await refused;
    await (await latest(2)).job('load 1');
  });
});

describe('a dead worker', () => {
  test('is noticed; who waits is told, and the model comes back under its name', async () => {
    const { engine, worker, model } = await withModel();
    const restarts: number[] = [];
    engine.onRestart(() => restarts.push(performance.now()));
    const run = engine.run(model, typed('text'));
    await worker.job('run');
    const died = performance.now();
    worker.die();
    await expect(run).rejects.toMatchObject({ code: 'engine-died' });
    const second = await latest(2);
    expect(performance.now() - died).toBeLessThan(1000);
    expect(restarts).toHaveLength(1);
    const progress: Progress[] = [];
    const again = engine.run(model, typed('again'), { onProgress: (each) => progress.push(each) });
    const reload = await second.job('load');
    expect(reload.what).toBe('load 1 2 https://site.example/x/models/mini/');
    // Nothing is asked of a model that is not there yet, but who waits sees how far it is.
    reload.report?.({ phase: 'download', received: 1, total: 2 });
    await vi.waitFor(() => expect(progress).toEqual([{ phase: 'download', received: 1, total: 2 }]));
    expect(second.jobs).toHaveLength(1);
    reload.answer(loaded(1));
    const job = await second.job('run');
    expect(job.what).toMatch(/ 1 again$/);
    job.answer({ value: { id: 7 } });
    expect(await again).toMatchObject({ id: 7 });
  });

  test('waiting for it to come back can be cancelled', async () => {
    const { engine, worker, model } = await withModel();
    worker.die();
    const second = await latest(2);
    await second.job('load');
    const controller = new AbortController();
    const run = engine.run(model, typed('text'), { signal: controller.signal });
    controller.abort();
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('dies again while it loads: the third one loads everything once', async () => {
    const { engine, worker, model } = await withModel();
    const other = engine.load('https://site.example/other/');
    (await worker.job('load 3')).answer(loaded(3));
    await other;
    worker.die();
    const second = await latest(2);
    await second.job('load 1');
    second.die();
    const third = await latest(3);
    (await third.job('load 1')).answer(loaded(1));
    (await third.job('load 3')).answer(loaded(3));
    const run = engine.run(model, typed('text'));
    (await third.job('run')).answer({ value: {} });
    await run;
    expect(third.jobs.filter((job) => job.what.startsWith('load'))).toHaveLength(2);
  });

  test('a model that cannot be loaded again says why', async () => {
    const { engine, worker, model } = await withModel();
    worker.die();
    const second = await latest(2);
    const failure = { code: 'missing-file', message: 'It is gone.', expected: null, found: null } as const;
    (await second.job('load')).answer({ failure });
    await expect(engine.run(model, typed('text'))).rejects.toMatchObject({
      code: 'missing-file',
      message: 'It is gone.',
    });
  });

  test('a model that was released does not come back', async () => {
    const { engine, worker, model } = await withModel();
    engine.releaseModel(model);
    await vi.waitFor(() => expect(worker.released).toEqual([model]));
    worker.die();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(FakeWorker.all).toHaveLength(1);
  });

  test('an instance that trapped is not trusted any more', async () => {
    const { engine, worker, model } = await withModel();
    const run = engine.run(model, typed('text'));
    const failure = { code: 'engine-died', message: 'unreachable', expected: null, found: null } as const;
    (await worker.job('run')).answer({ failure });
    await expect(run).rejects.toMatchObject({ code: 'engine-died' });
    expect(worker.isTerminated).toBe(true);
    await (await latest(2)).job('load 1');
  });

  test('one that keeps dying is not started for ever', async () => {
    const { engine, worker, model } = await withModel();
    worker.die();
    for (let n = 2; n <= 4; ++n) {
      const next = await latest(n);
      await next.job('load');
      next.die();
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(FakeWorker.all).toHaveLength(4);
    await expect(engine.run(model, typed('text'))).rejects.toMatchObject({
      code: 'engine-died',
      message: expect.stringContaining('Open the model again'),
    });
    // Opening it again is a new beginning.
    const load = engine.load('https://site.example/x/models/mini/');
    (await (await latest(5)).job('load')).answer(loaded(9));
    expect((await load).info.name).toBe('model');
  });

  test('where locks are denied it is asked now and then', async () => {
    FakeWorker.locks = false;
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearInterval'] });
    const engine = createEngine();
    const load = engine.load('https://site.example/x/models/mini/').catch((error) => error.code);
    for (let turn = 0; turn < 50; ++turn) await new Promise((resolve) => setImmediate(resolve));
    const worker = FakeWorker.all[0] as FakeWorker;
    await vi.advanceTimersByTimeAsync(3000);
    expect(worker.isTerminated).toBe(false);
    worker.answersPings = false;
    await vi.advanceTimersByTimeAsync(7000);
    vi.useRealTimers();
    expect(worker.isTerminated).toBe(true);
    expect(await load).toBe('engine-died');
  });
});

describe('the worker’s address', () => {
  test('passes the one Trusted Types policy, which lets nothing else pass', async () => {
    vi.resetModules();
    const policies: { name: string; rules: { createScriptURL: (url: string) => string } }[] = [];
    vi.stubGlobal('trustedTypes', {
      createPolicy: (name: string, rules: { createScriptURL: (url: string) => string }) => {
        policies.push({ name, rules });
        return rules;
      },
    });
    const { createEngine: create } = await import('../../web/engine/engine');
    void create()
      .load('https://site.example/m/')
      .catch(() => {});
    void create()
      .load('https://site.example/m/')
      .catch(() => {});
    await latest(2);
    expect(policies.map((policy) => policy.name)).toEqual(['headlight-worker']);
    const { createScriptURL } = policies[0]?.rules ?? { createScriptURL: String };
    expect(createScriptURL(workerAddress)).toBe(workerAddress);
    expect(FakeWorker.all.map((worker) => worker.address)).toEqual([workerAddress, workerAddress]);
    for (const url of ['https://elsewhere.example/worker.js', 'data:text/javascript,1', 'blob:x', '']) {
      expect(() => createScriptURL(url)).toThrow(TypeError);
    }
  });

  test('a page that refuses workers is named', async () => {
    vi.stubGlobal(
      'Worker',
      class {
        constructor() {
          throw new DOMException('Refused.', 'SecurityError');
        }
      },
    );
    await expect(createEngine().load('https://site.example/m/')).rejects.toMatchObject({ code: 'blocked-by-policy' });
  });
});
