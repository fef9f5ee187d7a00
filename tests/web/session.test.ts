/** Who wins when everything happens at once: the session against an engine whose answers come in any order. */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { Progress } from '../../web/engine/types';
import { createSession, type Session } from '../../web/session/session';
import type { Snapshot } from '../../web/session/snapshot';
import { initialState } from '../../web/state/state';
import { END, FakeEngine, nCtx, nHeads, nLayers, type Turn } from './fake-engine';

/** Everything a snapshot promises, whatever happened before it. */
function check(snapshot: Snapshot, before: Snapshot | undefined): void {
  expect(snapshot.revision).toBeGreaterThanOrEqual(before?.revision ?? 0);
  expect(snapshot.runs.length).toBeLessThanOrEqual(2);
  expect(snapshot.comparison === null).toBe(snapshot.runs.length < 2);
  const [view] = snapshot.runs;
  const [last] = before?.runs ?? [];
  if (last !== undefined) expect(view).toBeDefined();
  // Between two tokens it does not look as if nothing were going on.
  if (snapshot.generating !== null) {
    expect(['running', 'loading']).toContain(snapshot.status);
    expect(snapshot.generating.done).toBeLessThanOrEqual(snapshot.generating.steps ?? Number.POSITIVE_INFINITY);
  }
  if (view === undefined) return;
  const { run, selection, overview, row, matrix, cell, next } = view;
  expect(view.revision).toBeLessThanOrEqual(snapshot.revision);
  // An older result never replaces a newer one.
  expect(run.id).toBeGreaterThanOrEqual(last?.run.id ?? 0);
  // All parts belong to the same run.
  expect([overview.links[0], row.weights[0], matrix.data[0], cell.weight]).toEqual([run.id, run.id, run.id, run.id]);
  // And to the same choices, within the run's sizes.
  expect(matrix).toMatchObject({ layer: selection.layer, head: selection.head });
  expect([cell.layer, cell.head, cell.queryIndex, cell.keyIndex]).toEqual([
    selection.layer,
    selection.head,
    selection.query,
    selection.key,
  ]);
  expect(selection.layer).toBeLessThan(nLayers);
  expect(selection.head).toBeLessThan(nHeads);
  expect(selection.query).toBeLessThan(run.tokens.length);
  expect(selection.key).toBeLessThan(run.tokens.length);
  expect(next === null).toBe(!run.can.next);
  if (next === null) return;
  expect(next.every(({ logit, probability }) => logit === run.id && probability === selection.query)).toBe(true);
  expect(run.generated).toEqual(run.tokens.slice(run.tokens.length - run.generated.length).map(({ id }) => id));
  expect(run.tokens.length).toBeLessThanOrEqual(nCtx);
}

function watched(engine: FakeEngine, initial = {}): { session: Session; seen: Snapshot[] } {
  const session = createSession(engine, initial);
  const seen: Snapshot[] = [];
  session.subscribe((snapshot) => {
    check(snapshot, seen.at(-1));
    expect(session.snapshot).toBe(snapshot);
    seen.push(snapshot);
  });
  return { session, seen };
}

/** Answers wait until the test lets them go. */
function held() {
  const waiting: { label: string; go: () => void }[] = [];
  const turn: Turn = (label) => new Promise<void>((go) => waiting.push({ label, go }));
  return {
    turn,
    waiting,
    /** Lets the first answer of that label through, waiting for it to be asked for. */
    async release(label: string): Promise<void> {
      await vi.waitFor(() =>
        expect(waiting.map((entry) => entry.label)).toContainEqual(expect.stringContaining(label)),
      );
      const at = waiting.findIndex((entry) => entry.label.includes(label));
      waiting.splice(at, 1)[0]?.go();
    },
    async releaseAll(): Promise<void> {
      for (let quiet = 0; quiet < 20; ) {
        if (waiting.length === 0) ++quiet;
        else quiet = 0;
        for (const { go } of waiting.splice(0)) go();
        await Promise.resolve();
      }
    },
  };
}

async function withModel(text = 'it was'): Promise<{ engine: FakeEngine; session: Session; seen: Snapshot[] }> {
  const engine = new FakeEngine();
  const made = watched(engine, { text });
  await made.session.load('model');
  await made.session.settled();
  return { engine, ...made };
}

/** A model that writes; its texts begin with [CLS] and end with [SEP], and its tokens are numbered by their place. */
async function withWriter(text = 'it was', initial = {}) {
  const engine = new FakeEngine();
  const made = watched(engine, { text, ...initial });
  await made.session.load('writer');
  await made.session.settled();
  return { engine, ...made };
}

describe('from nothing to a picture', () => {
  test('nothing is asked of the engine before somebody loads', async () => {
    const engine = new FakeEngine();
    const { session, seen } = watched(engine, { text: 'it was' });
    session.change({ layer: 1 });
    expect(await session.settled()).toBe(0);
    expect(engine.asked).toEqual([]);
    expect(session.snapshot).toMatchObject({ status: 'empty', model: null, runs: [], error: null });
    expect(seen.at(-1)?.state.layer).toBe(1);
  });

  test('a model runs the text that is there', async () => {
    const { session, seen } = await withModel();
    expect(session.snapshot).toMatchObject({ status: 'ready', revision: 1, progress: null, model: { name: 'model' } });
    expect(session.snapshot.runs[0]?.run.text).toBe('it was');
    const statuses = seen.map((snapshot) => snapshot.status).filter((status, i, all) => status !== all[i - 1]);
    expect(statuses).toEqual(['loading', 'running', 'ready']);
    expect(seen.some((snapshot) => snapshot.progress?.received === 1)).toBe(true);
  });

  test('an empty text runs', async () => {
    const { session } = await withModel('');
    expect(session.snapshot.runs[0]?.run.tokens).toHaveLength(2);
  });

  test('the revision is published together with the run that shows it, and says so', async () => {
    const { session, seen } = await withModel();
    session.change({ text: 'another text' });
    expect(session.snapshot.revision).toBe(1);
    expect(await session.settled()).toBe(2);
    for (const snapshot of seen) expect(snapshot.runs[0]?.revision ?? 0).toBe(snapshot.revision);
  });
});

describe('typing', () => {
  test('no run per keystroke piles up, and the latest text wins', async () => {
    const hold = held();
    const engine = new FakeEngine(hold.turn);
    const { session } = watched(engine, { text: '' });
    const loading = session.load('model');
    await hold.releaseAll();
    await loading;
    for (const text of ['i', 'it', 'it ', 'it w', 'it wa', 'it was']) {
      session.change({ text });
      await Promise.resolve();
    }
    await hold.releaseAll();
    await session.settled();
    expect(engine.mostRunning).toBe(1);
    expect(engine.finished.length).toBeLessThanOrEqual(3);
    expect(engine.finished.at(-1)).toBe('it was');
    expect(session.snapshot.runs[0]?.run.text).toBe('it was');
  });

  test('the last good picture stays while a newer one is made', async () => {
    const hold = held();
    const engine = new FakeEngine(hold.turn);
    const { session } = watched(engine, { text: 'old' });
    void session.load('model');
    await hold.releaseAll();
    session.change({ text: 'new' });
    await vi.waitFor(() => expect(session.snapshot.status).toBe('running'));
    expect(session.snapshot.runs[0]?.run.text).toBe('old');
    expect(session.snapshot.state.text).toBe('new');
    await hold.release('run new');
    // The forward pass is done, its parts are not: still the old one, still running.
    await vi.waitFor(() =>
      expect(hold.waiting.map(({ label }) => label)).toContainEqual(expect.stringContaining('overview')),
    );
    expect(session.snapshot).toMatchObject({ status: 'running', revision: 1 });
    await hold.releaseAll();
    expect(session.snapshot).toMatchObject({ status: 'ready', revision: 2 });
  });

  test('a refused text is kept, the picture stays, and the next success clears the error', async () => {
    const { session } = await withModel();
    const tooLong = 'a b c d e f g';
    session.change({ text: tooLong });
    expect(await session.settled()).toBe(1);
    expect(session.snapshot).toMatchObject({ status: 'ready', error: { code: 'too-long', recoverable: true } });
    expect(session.snapshot.state.text).toBe(tooLong);
    expect(session.snapshot.runs[0]?.run.text).toBe('it was');
    session.change({ text: 'short' });
    expect(await session.settled()).toBe(2);
    expect(session.snapshot.error).toBeNull();
  });

  test('a refused text is not tried again by pointing at something', async () => {
    const { engine, session } = await withModel();
    session.change({ text: 'a b c d e f g' });
    await session.settled();
    const asked = engine.asked.length;
    session.change({ layer: 1, hover: { layer: 0, head: 0, query: 1, key: null } });
    await session.settled();
    expect(engine.asked).toHaveLength(asked);
    expect(session.snapshot.runs[0]?.row.query).toBe(1);
  });

  test('going back to the text on show needs no run and clears the error', async () => {
    const { engine, session } = await withModel();
    session.change({ text: 'a b c d e f g' });
    await session.settled();
    session.change({ text: 'it was' });
    expect(await session.settled()).toBe(1);
    expect(session.snapshot.error).toBeNull();
    expect(engine.finished).toEqual(['it was']);
  });

  test('another precision is another run', async () => {
    const { engine, session } = await withModel();
    session.change({ precision: 'f32' });
    expect(await session.settled()).toBe(2);
    expect(engine.finished).toEqual(['it was', 'it was']);
  });
});

describe('choosing', () => {
  test('a choice asks for what it changes and nothing else', async () => {
    const asked: string[] = [];
    const engine = new FakeEngine((label) => {
      asked.push(label.replace(/ .*/, ''));
      return Promise.resolve();
    });
    const { session } = watched(engine, { text: 'it was so' });
    await session.load('model');
    await session.settled();
    const during = async (change: object) => {
      asked.length = 0;
      session.change(change);
      await session.settled();
      return [...asked].sort();
    };
    expect(await during({ key: 1 })).toEqual(['cell']);
    expect(await during({ query: 2 })).toEqual(['cell', 'row']);
    expect(await during({ head: 1 })).toEqual(['cell', 'matrix']);
    expect(await during({ layer: 1 })).toEqual(['cell', 'matrix']);
    expect(await during({ hover: { layer: 0, head: 0, query: 3, key: 1 } })).toEqual(['row']);
    expect(session.snapshot.runs[0]).toMatchObject({ row: { query: 3 }, matrix: { layer: 1, head: 1 } });
    expect(await during({ hover: null })).toEqual(['row']);
    expect(await during({ threshold: 9, camera: 'side', view: 'wall' })).toEqual([]);
    expect(await during({ apart: false })).toEqual(['overview', 'row']);
    expect(await during({ heads: [0, 2] })).toEqual(['overview', 'row']);
    expect(session.snapshot.runs[0]?.overview.links.slice(1)).toEqual(Uint32Array.of(1, 0, 1, 1, 0, 1));
    expect(await during({ layers: [1] })).toEqual(['overview', 'row']);
    expect(session.snapshot.runs[0]?.overview.links.slice(1)).toEqual(Uint32Array.of(0, 0, 0, 1, 0, 1));
    expect(session.snapshot.revision).toBe(1);
  });

  test('what is out of range is clamped in the picture and kept in the state', async () => {
    const { session } = await withModel();
    session.change({ layer: 99, head: 99, query: 99, key: 99 });
    await session.settled();
    expect(session.snapshot.runs[0]?.selection).toEqual({ layer: 1, head: 2, query: 3, key: 3 });
    expect(session.snapshot.state).toMatchObject({ layer: 99, head: 99, query: 99, key: 99 });
    session.change({ text: 'one two three four' });
    await session.settled();
    expect(session.snapshot.runs[0]?.selection.query).toBe(5);
  });

  test('without a chosen key the row’s strongest is shown', async () => {
    const { session } = await withModel();
    expect(session.snapshot.runs[0]?.selection.key).toBe(3);
    session.change({ key: 0 });
    await session.settled();
    expect(session.snapshot.runs[0]?.selection.key).toBe(0);
    session.change({ query: 2 });
    await session.settled();
    expect(session.snapshot.runs[0]?.selection).toMatchObject({ query: 2, key: 3 });
  });
});

describe('loading', () => {
  test('a failed load leaves everything as it was', async () => {
    const { engine, session } = await withModel();
    await expect(session.load('bad')).rejects.toMatchObject({ code: 'bad-file' });
    expect(await session.settled()).toBe(1);
    expect(session.snapshot).toMatchObject({
      status: 'ready',
      error: { code: 'bad-file' },
      model: { name: 'model' },
      progress: null,
    });
    session.change({ text: 'still here' });
    await session.settled();
    expect(session.snapshot).toMatchObject({ error: null, runs: [{ run: { text: 'still here' } }] });
    expect(engine.models.size).toBe(1);
  });

  test('the first model that fails leaves nothing', async () => {
    const { session } = watched(new FakeEngine());
    await expect(session.load('bad')).rejects.toMatchObject({ code: 'bad-file' });
    expect(session.snapshot).toMatchObject({ status: 'empty', error: { code: 'bad-file' }, runs: [] });
  });

  test('a new model takes the old one’s place once its run is on show', async () => {
    const { engine, session, seen } = await withModel();
    await session.load('model two');
    expect(await session.settled()).toBe(2);
    expect(session.snapshot.runs[0]?.run.model.name).toBe('model two');
    expect([...engine.models.values()]).toEqual(['model two']);
    expect(engine.runs.size).toBe(1);
    expect(seen.every((snapshot) => snapshot.runs[0] !== undefined || snapshot.revision === 0)).toBe(true);
  });

  test('a new model that refuses the text leaves the old picture alive', async () => {
    const { engine, session } = await withModel();
    session.change({ text: 'a b c d e f g' });
    await session.settled();
    await session.load('model two');
    await session.settled();
    expect(session.snapshot).toMatchObject({ model: { name: 'model two' }, error: { code: 'too-long' } });
    session.change({ query: 1 });
    await session.settled();
    expect(session.snapshot.runs[0]).toMatchObject({ run: { text: 'it was' }, selection: { query: 1 } });
    expect(engine.models.size).toBe(2);
    session.change({ text: 'short' });
    await session.settled();
    expect([...engine.models.values()]).toEqual(['model two']);
  });

  test('of two loads the later one wins, whichever arrives last', async () => {
    const hold = held();
    const engine = new FakeEngine(hold.turn);
    const { session } = watched(engine, { text: 'x' });
    const first = session.load('model one').catch((error: Error) => error.name);
    const second = session.load('model two');
    await hold.releaseAll();
    expect(await first).toBe('AbortError');
    expect((await second).name).toBe('model two');
    await session.settled();
    expect([...engine.models.values()]).toEqual(['model two']);
  });

  test('a signal gives a load up', async () => {
    const hold = held();
    const { session } = watched(new FakeEngine(hold.turn));
    const controller = new AbortController();
    const load = session.load('model', { signal: controller.signal });
    controller.abort();
    await expect(load).rejects.toMatchObject({ name: 'AbortError' });
    expect(session.snapshot).toMatchObject({ status: 'empty', error: null, progress: null });
    await expect(session.load('model', { signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('traces', () => {
  test('an example is on show while the model loads, and gives way with the choices kept', async () => {
    const hold = held();
    const engine = new FakeEngine(hold.turn);
    const { session } = watched(engine, { text: 'it was', layer: 1, head: 1, query: 2 });
    const trace = session.showTrace('trace it was');
    await hold.releaseAll();
    await trace;
    await session.settled();
    expect(session.snapshot).toMatchObject({ status: 'ready', model: null, revision: 1 });
    expect(session.snapshot.runs[0]?.run.backend.source).toBe('trace');
    const load = session.load('model');
    expect(session.snapshot).toMatchObject({ status: 'loading', runs: [{ run: { text: 'it was' } }] });
    await hold.releaseAll();
    await load;
    await hold.releaseAll();
    expect(await session.settled()).toBe(2);
    expect(session.snapshot.runs[0]).toMatchObject({
      run: { text: 'it was', backend: { source: 'model' } },
      selection: { layer: 1, head: 1, query: 2 },
    });
    expect([...engine.models.values()]).toEqual(['model']);
    expect(engine.runs.size).toBe(1);
  });

  test('what is typed before the model arrives is kept and then run', async () => {
    const engine = new FakeEngine();
    const { session } = watched(engine);
    await session.showTrace('trace it was');
    await session.settled();
    expect(session.snapshot.state.text).toBe('it was');
    session.change({ text: 'my own words' });
    expect(await session.settled()).toBe(1);
    expect(session.snapshot.runs[0]?.run.text).toBe('it was');
    await session.load('model');
    await session.settled();
    expect(session.snapshot.runs[0]?.run.text).toBe('my own words');
  });

  test('a text that a link brought is not lost to an example', async () => {
    const engine = new FakeEngine();
    const { session } = watched(engine, { text: 'from a link' });
    await session.showTrace('trace it was');
    await session.settled();
    expect(session.snapshot).toMatchObject({ state: { text: 'from a link' }, runs: [{ run: { text: 'it was' } }] });
    await session.load('model');
    await session.settled();
    expect(session.snapshot.runs[0]?.run.text).toBe('from a link');
  });

  test('one example after another', async () => {
    const engine = new FakeEngine();
    const { session } = watched(engine, { text: 'it was' });
    await session.showTrace('trace it was');
    await session.settled();
    await session.showTrace('trace she sat');
    await session.settled();
    expect(session.snapshot).toMatchObject({ state: { text: 'she sat' }, runs: [{ run: { text: 'she sat' } }] });
    expect(engine.models.size).toBe(1);
  });

  test('an example that comes after the model is not shown', async () => {
    const hold = held();
    const engine = new FakeEngine(hold.turn);
    const { session } = watched(engine, { text: 'mine' });
    void session.showTrace('trace it was');
    void session.load('model');
    await hold.release('load model');
    await hold.release('run mine');
    await hold.releaseAll();
    await session.settled();
    expect(session.snapshot.runs[0]?.run.text).toBe('mine');
    expect([...engine.models.values()]).toEqual(['model']);
    session.change({ layer: 1 });
    await hold.releaseAll();
    await session.settled();
    expect(session.snapshot.runs[0]?.run.text).toBe('mine');
  });

  test('a trace that is opened over a model is shown, and typing goes back to the model', async () => {
    const { engine, session } = await withModel();
    await session.load('trace she sat');
    await session.settled();
    expect(session.snapshot).toMatchObject({
      state: { text: 'she sat' },
      runs: [{ run: { text: 'she sat', backend: { source: 'trace' } } }],
    });
    session.change({ text: 'she sat down' });
    await session.settled();
    expect(session.snapshot.runs[0]?.run.backend.source).toBe('model');
    expect([...engine.models.values()]).toEqual(['model']);
    session.change({ text: 'she sat' });
    await session.settled();
    expect(session.snapshot.runs[0]?.run).toMatchObject({ text: 'she sat', backend: { source: 'model' } });
  });

  test('an example that fails is an ordinary error', async () => {
    const { session } = watched(new FakeEngine());
    await expect(session.showTrace('bad')).rejects.toMatchObject({ code: 'bad-file' });
    await session.settled();
    expect(session.snapshot).toMatchObject({ status: 'empty', error: { code: 'bad-file' } });
  });
});

describe('cancelling', () => {
  test('whoever waits gets an AbortError; text and picture stay', async () => {
    const hold = held();
    const engine = new FakeEngine(hold.turn);
    const { session } = watched(engine, { text: 'old' });
    void session.load('model');
    await hold.releaseAll();
    session.change({ text: 'new' });
    await vi.waitFor(() => expect(session.snapshot.status).toBe('running'));
    const settled = session.settled().catch((error: Error) => error.name);
    const attention = session.attention(0, 0, { kind: 'self', measure: 'weights' }).catch((error: Error) => error.name);
    session.cancel();
    expect(session.snapshot).toMatchObject({ status: 'ready', error: null, progress: null, state: { text: 'new' } });
    expect(await settled).toBe('AbortError');
    expect(await attention).toBe('AbortError');
    await hold.releaseAll();
    expect(await session.settled()).toBe(1);
    expect(session.snapshot.runs[0]?.run.text).toBe('old');
    // It is not run again by itself, and another text runs.
    session.change({ layer: 1 });
    await hold.releaseAll();
    expect(session.snapshot.runs[0]).toMatchObject({ run: { text: 'old' }, selection: { layer: 1 } });
    session.change({ text: 'newer' });
    await hold.releaseAll();
    expect(session.snapshot.runs[0]?.run.text).toBe('newer');
  });

  test('a run whose parts are still gathered is given up too', async () => {
    const hold = held();
    const engine = new FakeEngine(hold.turn);
    const { session } = watched(engine, { text: 'old' });
    void session.load('model');
    await hold.releaseAll();
    session.change({ text: 'new' });
    await hold.release('run new');
    await vi.waitFor(() => expect(hold.waiting.length).toBeGreaterThan(0));
    session.cancel();
    await hold.releaseAll();
    expect(session.snapshot).toMatchObject({ revision: 1, status: 'ready', runs: [{ run: { text: 'old' } }] });
    expect(engine.runs.size).toBe(1);
  });

  test('a load as well', async () => {
    const hold = held();
    const { session } = watched(new FakeEngine(hold.turn));
    const load = session.load('model').catch((error: Error) => error.name);
    session.cancel();
    expect(await load).toBe('AbortError');
    expect(session.snapshot).toMatchObject({ status: 'empty', error: null });
    expect(await session.settled()).toBe(0);
  });

  test('with nothing pending it does nothing', async () => {
    const { session } = await withModel();
    session.cancel();
    expect(session.snapshot).toMatchObject({ status: 'ready', revision: 1, error: null });
    expect(await session.settled()).toBe(1);
  });

  test('a signal gives up waiting alone', async () => {
    const hold = held();
    const { session } = watched(new FakeEngine(hold.turn), { text: 'x' });
    const load = session.load('model');
    const controller = new AbortController();
    const settled = session.settled({ signal: controller.signal });
    controller.abort();
    await expect(settled).rejects.toMatchObject({ name: 'AbortError' });
    await hold.releaseAll();
    expect((await load).name).toBe('model');
  });

  test('progress that comes late is not shown for ever', async () => {
    const { engine, session } = await withModel();
    const late: Progress = { phase: 'run', received: 1, total: 1 };
    engine.lastProgress?.(late);
    expect(session.snapshot.progress).toBeNull();
  });
});

describe('the engine dies', () => {
  test('the text runs again, as the same revision', async () => {
    const { engine, session } = await withModel();
    const before = session.snapshot.runs[0]?.run.id ?? 0;
    engine.die();
    expect(await session.settled()).toBe(1);
    expect(session.snapshot).toMatchObject({ status: 'ready', error: null, runs: [{ run: { text: 'it was' } }] });
    expect(session.snapshot.runs[0]?.run.id).toBeGreaterThan(before);
    session.change({ layer: 1, query: 1 });
    await session.settled();
    expect(session.snapshot.runs[0]?.selection).toMatchObject({ layer: 1, query: 1 });
  });

  test('a trace on show can be asked again', async () => {
    const engine = new FakeEngine();
    const { session } = watched(engine);
    await session.showTrace('trace it was');
    await session.settled();
    engine.die();
    session.change({ layer: 1, head: 2 });
    expect(await session.settled()).toBe(1);
    expect(session.snapshot).toMatchObject({ error: null, runs: [{ selection: { layer: 1, head: 2 } }] });
  });

  test('a text that kills it is tried twice and no more, and what was on show comes back', async () => {
    const { engine, session } = await withModel();
    session.change({ text: 'deadly' });
    await session.settled();
    expect(engine.asked.filter((label) => label === 'run deadly')).toHaveLength(2);
    expect(session.snapshot.runs[0]?.run.text).toBe('it was');
    expect(session.snapshot.error?.code).toBe('engine-died');
    session.change({ query: 2 });
    await session.settled();
    expect(session.snapshot.runs[0]?.selection.query).toBe(2);
    session.change({ text: 'harmless' });
    await session.settled();
    expect(session.snapshot).toMatchObject({ error: null, runs: [{ run: { text: 'harmless' } }] });
  });

  test('a refused text does not keep the old picture from coming back', async () => {
    const { engine, session } = await withModel();
    session.change({ text: 'a b c d e f g' });
    await session.settled();
    engine.die();
    await session.settled();
    session.change({ query: 1 });
    await session.settled();
    expect(session.snapshot.runs[0]).toMatchObject({ run: { text: 'it was' }, selection: { query: 1 } });
    // Why the text is not on show is still said.
    expect(session.snapshot.error?.code).toBe('too-long');
  });
});

describe('asking for numbers', () => {
  const self = { kind: 'self', measure: 'weights' };
  test('weights and scores of a head, as copies without more than the contract says', async () => {
    const { session } = await withModel();
    const first = await session.attention(1, 2, self);
    expect(Object.keys(first)).toEqual(['rows', 'cols', 'data']);
    expect(first).toMatchObject({ rows: 4, cols: 4 });
    first.data.fill(0);
    expect((await session.attention(1, 2, self)).data[0]).not.toBe(0);
    expect((await session.attention(0, 0, { kind: 'self', measure: 'scores' })).rows).toBe(4);
    expect((await session.hidden(nLayers)).rows).toBe(4);
  });

  test.each([
    ['kind encoder', 0, 0, { kind: 'encoder', measure: 'weights' }, 'unsupported'],
    ['kind cross', 0, 0, { kind: 'cross', measure: 'weights' }, 'unsupported'],
    ['measure median', 0, 0, { kind: 'self', measure: 'median' }, 'unsupported'],
    ['a layer too far', nLayers, 0, self, 'bad-request'],
    ['a layer below', -1, 0, self, 'bad-request'],
    ['half a layer', 0.5, 0, self, 'bad-request'],
    ['no number', Number.NaN, 0, self, 'bad-request'],
    ['a head too far', 0, nHeads, self, 'bad-request'],
  ])('%s is refused', async (_name, layer, head, options, code) => {
    const { session } = await withModel();
    await expect(session.attention(layer, head, options)).rejects.toMatchObject({ name: 'EngineError', code });
  });

  test('a refusal names what exists and what was asked for', async () => {
    const { session } = await withModel();
    await expect(session.attention(7, 0, self)).rejects.toMatchObject({ expected: 'layer 0 to 1', found: '7' });
    await expect(session.hidden(3)).rejects.toMatchObject({ expected: 'layer 0 to 2', found: '3' });
  });

  test('with nothing on show there is nothing to ask', async () => {
    const { session } = watched(new FakeEngine());
    await expect(session.attention(0, 0, self)).rejects.toMatchObject({ code: 'bad-request' });
  });
});

describe('generating', () => {
  test('token after token, each shown before the next is chosen', async () => {
    const { session, seen } = await withWriter();
    const from = seen.length;
    session.generate(3);
    expect(await session.settled()).toBe(4);
    expect(session.snapshot).toMatchObject({
      ...{ status: 'ready', error: null, generating: null },
      state: { text: 'it was', generated: [4, 5, 6], query: 6 },
      runs: [{ run: { text: 'it was', generated: [4, 5, 6] }, selection: { query: 6 }, end: null }],
    });
    const shown = seen.slice(from).map((snapshot) => snapshot.runs[0]?.run.generated.length);
    expect([...new Set(shown)]).toEqual([0, 1, 2, 3]);
    const statuses = seen.slice(from).map((snapshot) => snapshot.status);
    expect(statuses.filter((status, i) => status !== statuses[i - 1])).toEqual(['running', 'ready']);
  });

  test('layer, head and view stay; the selection goes with it until the reader chooses', async () => {
    const hold = held();
    const engine = new FakeEngine(hold.turn);
    const { session } = watched(engine, { text: 'it was', layer: 1, head: 2, view: 'wall', query: 1 });
    void session.load('writer');
    await hold.releaseAll();
    session.generate(3);
    await hold.release('sample');
    await vi.waitFor(() => expect(session.snapshot.state.generated).toEqual([4]));
    expect(session.snapshot.state.query).toBe(4);
    session.change({ query: 2 });
    await hold.releaseAll();
    await session.settled();
    expect(session.snapshot.state).toMatchObject({ generated: [4, 5, 6], layer: 1, head: 2, view: 'wall', query: 2 });
    session.generate(1);
    await hold.releaseAll();
    await session.settled();
    expect(session.snapshot.state.query).toBe(7);
  });

  test('a token that ends the text ends it, and a further step goes on', async () => {
    const { engine, session } = await withWriter();
    engine.choice = (position) => (position === 5 ? END : position);
    session.generate(5);
    await session.settled();
    expect(session.snapshot).toMatchObject({
      state: { generated: [4, END] },
      runs: [{ end: 'ended' }],
      generating: null,
    });
    session.generate(1);
    await session.settled();
    expect(session.snapshot).toMatchObject({ state: { generated: [4, END, 6] }, runs: [{ end: null }] });
  });

  test('no further than the model can read', async () => {
    const { session } = await withWriter();
    session.generate(null);
    await vi.waitFor(() => expect(session.snapshot.generating).toBeNull());
    expect(session.snapshot).toMatchObject({ status: 'ready', error: null, runs: [{ end: 'full' }] });
    expect(session.snapshot.runs[0]?.run.tokens).toHaveLength(nCtx);
    const { revision } = session.snapshot;
    session.generate(2);
    expect(await session.settled()).toBe(revision);
  });

  test('pausing keeps what was generated and shows it', async () => {
    const hold = held();
    const engine = new FakeEngine(hold.turn);
    const { session } = watched(engine, { text: 'it' });
    void session.load('writer');
    await hold.releaseAll();
    session.generate(null);
    await hold.release('sample');
    await vi.waitFor(() => expect(session.snapshot.state.generated).toEqual([3]));
    session.pause();
    await hold.releaseAll();
    expect(await session.settled()).toBe(2);
    expect(session.snapshot).toMatchObject({ status: 'ready', runs: [{ run: { generated: [3] } }] });
    // Chosen when it was paused already: not wanted any more.
    session.generate(null);
    await vi.waitFor(() =>
      expect(hold.waiting.map(({ label }) => label)).toContainEqual(expect.stringContaining('sample')),
    );
    session.pause();
    await hold.releaseAll();
    expect(session.snapshot.state.generated).toEqual([3]);
  });

  test('who waits hears of each token of an endless text, and of the end of a counted one', async () => {
    const hold = held();
    const engine = new FakeEngine(hold.turn);
    const { session } = watched(engine, { text: '' });
    void session.load('writer');
    await hold.releaseAll();
    session.generate(null);
    await hold.release('sample');
    const settled = session.settled();
    await hold.release('run');
    for (const part of ['overview', 'row', 'matrix', 'cell', 'next']) await hold.release(part);
    expect(await settled).toBe(2);
    expect(session.snapshot).toMatchObject({ status: 'running', runs: [{ run: { generated: [2] } }] });
    session.generate(2);
    const done = session.settled();
    await hold.releaseAll();
    await done;
    expect(session.snapshot).toMatchObject({ status: 'ready', state: { generated: [2, 3, 4] } });
  });

  test('a text that was typed just before is run first', async () => {
    const { engine, session } = await withWriter();
    session.change({ text: 'so' });
    session.generate(2);
    await session.settled();
    expect(session.snapshot.runs[0]?.run).toMatchObject({ text: 'so', generated: [3, 4] });
    expect(engine.finished).toEqual(['it was', 'so', 'so +3', 'so +3 +4']);
  });

  test.each([
    ['the text', { text: 'else' }, 'else', []],
    ['the form', { chat: true }, 'it was', []],
    ['the tokens', { generated: [50] }, 'it was', [50]],
  ])('a change of %s stops it', async (_name, change, text, generated) => {
    const hold = held();
    const engine = new FakeEngine(hold.turn);
    const { session } = watched(engine, { text: 'it was' });
    void session.load('writer');
    await hold.releaseAll();
    session.generate(null);
    await hold.release('sample');
    await vi.waitFor(() => expect(session.snapshot.state.generated).toEqual([4]));
    session.change(change);
    expect(session.snapshot.generating).toBeNull();
    await hold.releaseAll();
    await session.settled();
    expect(session.snapshot).toMatchObject({ status: 'ready', runs: [{ run: { text, generated } }] });
  });

  test('pointing, choosing and other rules do not', async () => {
    const { session } = await withWriter();
    session.generate(2);
    session.change({ layer: 1, hover: { layer: 0, head: 0, query: 1, key: null } });
    session.change({ sampling: { ...initialState.sampling, temperature: 0 } });
    await session.settled();
    expect(session.snapshot).toMatchObject({ state: { generated: [4, 5] }, runs: [{ selection: { layer: 1 } }] });
    expect(session.snapshot.runs[0]?.next?.[0]?.chance).toBe(0);
  });

  test('another model begins anew; what a link brought waits for one that writes', async () => {
    const engine = new FakeEngine();
    const { session } = watched(engine, { text: 'it was', generated: [50, 51], chat: true });
    await session.load('model');
    await session.settled();
    expect(session.snapshot).toMatchObject({
      offersChat: false,
      runs: [{ run: { generated: [], chat: false }, next: null }],
    });
    await session.load('writer');
    await session.settled();
    expect(session.snapshot).toMatchObject({ offersChat: true, runs: [{ run: { generated: [50, 51], chat: true } }] });
    await session.load('writer two');
    await session.settled();
    expect(session.snapshot).toMatchObject({
      state: { generated: [] },
      runs: [{ run: { generated: [], chat: true } }],
    });
  });

  test('a trace that is opened meanwhile stops it', async () => {
    const hold = held();
    const engine = new FakeEngine(hold.turn);
    const { session } = watched(engine, { text: 'it was' });
    void session.load('writer');
    await hold.releaseAll();
    session.generate(null);
    await vi.waitFor(() =>
      expect(hold.waiting.map(({ label }) => label)).toContainEqual(expect.stringMatching('sample')),
    );
    void session.load('trace she sat');
    await hold.release('load trace');
    await vi.waitFor(() => expect(session.snapshot.state.text).toBe('she sat'));
    // Chosen for a text that is gone.
    await hold.release('sample');
    await hold.releaseAll();
    await session.settled();
    expect(session.snapshot).toMatchObject({
      ...{ status: 'ready', generating: null, error: null, state: { text: 'she sat', generated: [] } },
      runs: [{ run: { backend: { source: 'trace' } } }],
    });
    expect(() => session.generate(1)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  test('cancelling takes back a token that nobody has seen', async () => {
    const hold = held();
    const engine = new FakeEngine(hold.turn);
    const { session } = watched(engine, { text: 'it was' });
    void session.load('writer');
    await hold.releaseAll();
    session.generate(null);
    await hold.release('sample');
    await vi.waitFor(() => expect(session.snapshot.state.generated).toEqual([4]));
    session.cancel();
    expect(session.snapshot).toMatchObject({ status: 'ready', generating: null, state: { generated: [] } });
    await hold.releaseAll();
    expect(await session.settled()).toBe(1);
    session.change({ generated: [4] });
    await hold.releaseAll();
    expect(session.snapshot.runs[0]?.run.generated).toEqual([4]);
  });

  test('a failure stops it and is published', async () => {
    const { engine, session } = await withWriter();
    engine.choice = () => {
      throw new Error('The vocabulary is empty.');
    };
    session.generate(3);
    await session.settled();
    expect(session.snapshot).toMatchObject({
      ...{ status: 'ready', generating: null, error: { message: expect.stringContaining('vocabulary') } },
      state: { generated: [] },
    });
    engine.choice = (position) => position;
    session.generate(1);
    await session.settled();
    expect(session.snapshot).toMatchObject({ error: null, state: { generated: [4] } });
  });

  test('the engine’s death costs nothing that was generated', async () => {
    const { engine, session } = await withWriter();
    session.generate(2);
    await session.settled();
    engine.die();
    expect(await session.settled()).toBe(3);
    expect(session.snapshot).toMatchObject({ error: null, runs: [{ run: { generated: [4, 5] } }] });
    session.generate(1);
    await session.settled();
    expect(session.snapshot.state.generated).toEqual([4, 5, 6]);
  });

  test.each([
    ['nothing', async () => watched(new FakeEngine()), 1, 'bad-request'],
    ['an encoder', () => withModel(), 1, 'unsupported'],
    ['no steps', () => withWriter(), 0, 'bad-request'],
    ['half a step', () => withWriter(), 0.5, 'bad-request'],
    ['endless steps', () => withWriter(), Number.POSITIVE_INFINITY, 'bad-request'],
  ])('with %s it is refused', async (_name, make, steps, code) => {
    const { session } = await make();
    const before = session.snapshot;
    expect(() => session.generate(steps)).toThrow(expect.objectContaining({ code }));
    expect(session.snapshot).toBe(before);
    session.pause();
  });
});

describe('what comes next', () => {
  test('is on show for the selected token, and asked anew when the rules change', async () => {
    const asked: string[] = [];
    const engine = new FakeEngine((label) => {
      asked.push(label.replace(/ .*/, ''));
      return Promise.resolve();
    });
    const { session } = watched(engine, { text: 'it was so' });
    await session.load('writer');
    await session.settled();
    const during = async (change: object) => {
      asked.length = 0;
      session.change(change);
      await session.settled();
      return [...asked].sort();
    };
    expect(await during({ query: 2 })).toEqual(['cell', 'next', 'row']);
    expect(await during({ head: 1 })).toEqual(['cell', 'matrix']);
    const { sampling } = session.snapshot.state;
    expect(await during({ sampling: { ...sampling, temperature: 1.5 } })).toEqual(['next']);
    expect(await during({ sampling: { ...sampling, temperature: 1.5, seed: 7 } })).toEqual([]);
    expect(session.snapshot.runs[0]?.next?.[0]).toMatchObject({ probability: 2, chance: 1.5 });
  });

  test('can be asked for any position', async () => {
    const { session } = await withWriter();
    const next = await session.next(2, 3);
    expect(next).toHaveLength(3);
    expect(next[0]).toEqual({ id: 3, piece: 'p3', logit: session.snapshot.runs[0]?.run.id, probability: 2 });
  });

  test.each([
    [-1, 1],
    [4, 1],
    [0.5, 1],
    [Number.NaN, 1],
    [0, 0],
    [0, 1001],
    [0, 1.5],
  ])('position %s, k %s is refused', async (position, k) => {
    const { session } = await withWriter();
    await expect(session.next(position, k)).rejects.toMatchObject({ code: 'bad-request' });
  });

  test('an encoder and a saved run cannot say, and a cancel gives it up', async () => {
    const { session } = await withModel();
    await expect(session.next(0, 1)).rejects.toMatchObject({ code: 'unsupported', found: 'model' });
    const { session: writer } = await withWriter();
    const next = writer.next(0, 1).catch((error: Error) => error.name);
    writer.cancel();
    expect(await next).toBe('AbortError');
    await writer.load('trace it was');
    await writer.settled();
    await expect(writer.next(0, 1)).rejects.toMatchObject({ code: 'unsupported' });
  });
});

test('an error of the view layer is shown until the next success', async () => {
  const { session } = await withModel();
  session.fail({ code: 'unsupported', message: 'No WebGL.', expected: null, found: null, recoverable: true });
  expect(session.snapshot.error?.message).toBe('No WebGL.');
  session.change({ text: 'next' });
  await session.settled();
  expect(session.snapshot.error).toBeNull();
});

test('a disposed session frees everything and says no more', async () => {
  const { engine, session, seen } = await withModel();
  await session.load('trace she sat');
  await session.settled();
  session.change({ text: 'on its way' });
  const count = seen.length;
  session.dispose();
  await new Promise((resolve) => setTimeout(resolve));
  expect(engine.models.size).toBe(0);
  expect(engine.runs.size).toBe(0);
  // Cancelling on the way out may still be told, nothing after it.
  expect(seen.length - count).toBeLessThanOrEqual(1);
  engine.die();
  expect(seen.length - count).toBeLessThanOrEqual(1);
});

const anyChange = fc.record(
  {
    text: fc.constantFrom('', 'a', 'a b', 'a b c', 'b', 'a b c d e f g'),
    layer: fc.nat(4),
    head: fc.nat(4),
    query: fc.nat(6),
    key: fc.option(fc.nat(6)),
    precision: fc.constantFrom('auto' as const, 'f32' as const),
    apart: fc.boolean(),
    heads: fc.option(fc.subarray([0, 1, 2])),
    generated: fc.array(fc.integer({ min: 50, max: 52 }), { maxLength: 3 }),
    chat: fc.boolean(),
    sampling: fc.constantFrom(initialState.sampling, { ...initialState.sampling, temperature: 0 }),
    hover: fc.option(
      fc.record({ layer: fc.constant(0), head: fc.constant(0), query: fc.nat(6), key: fc.constant(null) }),
    ),
  },
  { requiredKeys: [] },
);

const allowingRefusal = (act: () => void): void => {
  try {
    act();
  } catch (error) {
    expect(error).toMatchObject({ name: 'EngineError' });
  }
};

const anyEvent = fc.oneof(
  { weight: 6, arbitrary: anyChange.map((change) => (session: Session) => session.change(change)) },
  fc
    .constantFrom('model', 'writer', 'writer two', 'bad', 'trace b')
    .map((source) => (session: Session) => void session.load(source).catch(() => {})),
  fc
    .constantFrom('trace a', 'bad')
    .map((source) => (session: Session) => void session.showTrace(source).catch(() => {})),
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(1, 2, 20, null)
      .map((steps) => (session: Session) => allowingRefusal(() => session.generate(steps))),
  },
  fc.constant((session: Session) => session.pause()),
  fc.constant((session: Session) => session.cancel()),
  fc.constant((_session: Session, engine: FakeEngine) => engine.die()),
);

test('whatever happens in whatever order, snapshots are consistent and the latest wishes win', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(anyEvent, { maxLength: 12 }), async (scheduler, events) => {
      const engine = new FakeEngine((label) => scheduler.schedule(Promise.resolve(), label));
      engine.choice = (position) => (position % 7 === 6 ? END : position);
      const { session, seen } = watched(engine, initialState);
      const { task } = scheduler.scheduleSequence(
        events.map((event, i) => ({ label: `event ${i}`, builder: async () => event(session, engine) })),
      );
      await scheduler.waitFor(task);
      // The reader types once more, and waits.
      session.change({ text: 'z', layer: 1, head: 0, query: 1, key: 0, hover: null });
      await scheduler.waitFor(session.settled());
      const { snapshot } = session;
      expect(engine.mostRunning).toBeLessThanOrEqual(1);
      expect(snapshot.progress).toBeNull();
      expect(snapshot.status).toBe(snapshot.runs.length > 0 || snapshot.model !== null ? 'ready' : 'empty');
      // A trace that was opened meanwhile brings its own text.
      expect(['z', 'a', 'b']).toContain(snapshot.state.text);
      if (snapshot.model !== null) {
        // Only a load that failed after the last run may still be spoken of.
        expect(snapshot.error?.code ?? 'bad-file').toBe('bad-file');
        expect(snapshot.runs[0]?.run.text).toBe(snapshot.state.text);
        if (snapshot.state.text === 'z') expect(snapshot.runs[0]?.run.model).toEqual(snapshot.model);
        // What was generated belongs to the text before.
        expect(snapshot.runs[0]?.run.generated).toEqual([]);
      }
      expect(snapshot.generating).toBeNull();
      if (snapshot.runs[0] !== undefined) {
        expect(snapshot.runs[0].selection).toEqual({ layer: 1, head: 0, query: 1, key: 0 });
      }
      // Nothing is kept that is not on show or loaded.
      expect(engine.runs.size).toBe(snapshot.runs.length);
      const showsTrace = snapshot.runs[0]?.run.backend.source === 'trace';
      expect(engine.models.size).toBe(Number(snapshot.model !== null) + Number(showsTrace));
      // It goes on from there, and once more; what fails is no reason to hang.
      allowingRefusal(() => session.generate(2));
      await scheduler.waitFor(session.settled());
      const { generating, status, state, runs } = session.snapshot;
      expect(generating).toBeNull();
      expect(status).not.toBe('running');
      if (runs[0]?.run.can.next) {
        expect(runs[0].run.generated).toEqual(state.generated);
        expect(state.generated.length).toBe(2);
      }
      expect(engine.runs.size).toBe(runs.length);
      session.dispose();
      expect(engine.models.size + engine.runs.size).toBe(0);
      expect(seen.every((each) => each.state.text !== undefined)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
