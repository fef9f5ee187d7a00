/** What the session does with interventions and with what stands beside the run. */
import { describe, expect, test, vi } from 'vitest';
import { createSession, type Session } from '../../web/session/session';
import { FakeEngine, nHeads, nLayers, type Turn } from './fake-engine';

const off = (head: number) => ({ kind: 'head-off', layer: 0, head }) as const;

async function withModel(text = 'it was', name = 'model', turn?: Turn) {
  const engine = new FakeEngine(turn);
  const session = createSession(engine, { text });
  await session.load(name);
  await session.settled();
  return { engine, session };
}

const shownChanges = (session: Session) => session.snapshot.runs[0]?.run.interventions;

describe('interventions', () => {
  test('run the text again and grow the revision; none give the model’s own numbers back', async () => {
    const { engine, session } = await withModel();
    session.change({ interventions: [off(1)] });
    expect(await session.settled()).toBe(2);
    expect(shownChanges(session)).toEqual([off(1)]);
    session.change({ interventions: [] });
    expect(await session.settled()).toBe(3);
    expect(shownChanges(session)).toEqual([]);
    expect(engine.finished).toEqual(['it was', 'it was !head-off', 'it was']);
    expect(engine.runs.size).toBe(1);
  });

  test('the same list again is no change', async () => {
    const { session } = await withModel();
    session.change({ interventions: [off(1)] });
    await session.settled();
    session.change({ interventions: [{ ...off(1) }] });
    expect(await session.settled()).toBe(2);
    expect(session.snapshot.undoable).toBe(1);
  });

  test('are undone and done again, and the text keeps them', async () => {
    const { session } = await withModel();
    session.change({ interventions: [off(0)] });
    session.change({ interventions: [off(0), off(1)] });
    await session.settled();
    expect(session.snapshot).toMatchObject({ undoable: 2, redoable: 0 });
    session.undo();
    await session.settled();
    expect(shownChanges(session)).toEqual([off(0)]);
    session.change({ text: 'it is' });
    await session.settled();
    expect(shownChanges(session)).toEqual([off(0)]);
    session.redo();
    await session.settled();
    expect(shownChanges(session)).toEqual([off(0), off(1)]);
    expect(session.snapshot).toMatchObject({ undoable: 2, redoable: 0 });
    session.undo();
    session.undo();
    session.undo(); // One more than there is: nothing happens.
    await session.settled();
    expect(shownChanges(session)).toEqual([]);
    expect(session.snapshot).toMatchObject({ undoable: 0, redoable: 2 });
  });

  test('that the core refuses give way to those on show, and are told', async () => {
    const { session } = await withModel();
    session.change({ interventions: [off(0)] });
    await session.settled();
    session.change({ interventions: [off(0), off(nHeads)] });
    await session.settled();
    expect(session.snapshot.error).toMatchObject({ code: 'bad-request' });
    expect(session.snapshot.state.interventions).toEqual([off(0)]);
    expect(session.snapshot).toMatchObject({ status: 'ready', undoable: 1, redoable: 0, revision: 2 });
    session.change({ interventions: [off(2)] });
    await session.settled();
    expect(session.snapshot.error).toBeNull();
    expect(shownChanges(session)).toEqual([off(2)]);
  });

  test('wait for the first model, and end with it', async () => {
    const engine = new FakeEngine();
    const session = createSession(engine, { text: 'it was', interventions: [off(0)] });
    await session.load('model');
    await session.settled();
    expect(shownChanges(session)).toEqual([off(0)]);
    session.change({ interventions: [off(1)] });
    await session.load('model two');
    await session.settled();
    expect(shownChanges(session)).toEqual([]);
    expect(session.snapshot).toMatchObject({ state: { interventions: [] }, undoable: 0, redoable: 0 });
  });

  test('of a saved run are refused, and the state stays', async () => {
    const engine = new FakeEngine();
    const session = createSession(engine, {});
    await session.load('trace it was');
    await session.settled();
    session.change({ interventions: [off(0)] });
    await session.settled();
    expect(session.snapshot.error).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('saved run'),
    });
    expect(session.snapshot.state.interventions).toEqual([]);
    expect(session.snapshot.undoable).toBe(0);
  });

  test('end what is generated, for its tokens followed another model', async () => {
    const { session } = await withModel('it was', 'writer');
    session.generate(2);
    await session.settled();
    expect(session.snapshot.runs[0]?.run.generated).toHaveLength(2);
    session.change({ interventions: [off(0)] });
    await session.settled();
    expect(session.snapshot.generating).toBeNull();
    expect(session.snapshot.runs[0]?.run).toMatchObject({ interventions: [off(0)], generated: [4, 5] });
  });
});

describe('beside the run', () => {
  test('stands nothing until it is asked for', async () => {
    const { session } = await withModel();
    expect(session.snapshot).toMatchObject({ comparison: null, beside: null });
    session.change({ compare: { kind: 'original' } });
    await session.settled();
    expect(session.snapshot.runs, 'nothing is changed, so there is no other').toHaveLength(1);
  });

  test('the original stands as soon as something is changed', async () => {
    const { engine, session } = await withModel();
    session.change({ compare: { kind: 'original' }, interventions: [off(1)] });
    expect(await session.settled()).toBe(2);
    const [changed, original] = session.snapshot.runs;
    expect(changed?.run.interventions).toEqual([off(1)]);
    expect(original?.run.interventions).toEqual([]);
    const { comparison } = session.snapshot;
    expect(comparison?.distance).toMatchObject({ embedding: changed?.run.id, prediction: original?.run.id });
    expect(comparison?.difference.data[0]).toBe((changed?.run.id ?? 0) - (original?.run.id ?? 0));
    session.change({ interventions: [] });
    await session.settled();
    expect(session.snapshot).toMatchObject({ comparison: null });
    session.change({ compare: null });
    await session.settled();
    expect(engine.runs.size).toBe(1);
  });

  test('another text has the partners of what is chosen', async () => {
    const { session } = await withModel('it was so big');
    session.change({ compare: { kind: 'text', text: 'it is so small' }, query: 3, key: 1 });
    await session.settled();
    const [, other] = session.snapshot.runs;
    expect(other?.run.text).toBe('it is so small');
    expect(other?.selection).toMatchObject({ query: 3, key: 1 });
    expect([...(session.snapshot.comparison?.pairs ?? [])]).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    session.change({ query: 4 });
    await session.settled();
    expect(session.snapshot.runs[1]?.selection.query).toBe(4);
  });

  test('another head is of the same run, which runs once', async () => {
    const { engine, session } = await withModel();
    session.change({ compare: { kind: 'head', layer: 1, head: 2 } });
    await session.settled();
    const [own, other] = session.snapshot.runs;
    expect(other?.run).toBe(own?.run);
    expect(other?.selection).toMatchObject({ layer: 1, head: 2 });
    expect(session.snapshot.comparison?.distance).toEqual({ heads: null, embedding: null, prediction: null });
    expect(engine.finished).toEqual(['it was']);
  });

  test('a run that nothing asks for any more is not kept', async () => {
    const { engine, session } = await withModel();
    for (const compare of [{ kind: 'head', layer: 1, head: 2 } as const, { kind: 'original' } as const, null]) {
      session.change({ compare: { kind: 'text', text: 'it is' } });
      await session.settled();
      expect(engine.runs.size).toBe(2);
      session.change({ compare });
      await session.settled();
      expect(engine.runs.size).toBe(1);
    }
  });

  test('another model runs the same text, and is freed when it goes', async () => {
    const { engine, session } = await withModel();
    await session.compareWith('model two');
    await session.settled();
    expect(session.snapshot).toMatchObject({ model: { name: 'model' }, beside: { name: 'model two' } });
    expect(session.snapshot.runs.map(({ run }) => run.model.name)).toEqual(['model', 'model two']);
    await session.compareWith('model three');
    await session.settled();
    expect([...engine.models.values()].sort()).toEqual(['model', 'model three']);
    session.change({ text: 'it is' });
    await session.settled();
    expect(session.snapshot.runs.map(({ run }) => run.text)).toEqual(['it is', 'it is']);
    expect(engine.runs.size).toBe(2);
    await expect(session.compareWith('trace it')).rejects.toMatchObject({ code: 'unsupported' });
    expect(session.snapshot.beside?.name).toBe('model three');
    session.dispose();
    expect(engine.models.size).toBe(0);
  });

  test('a text that is refused is told once, and the run stays', async () => {
    const { engine, session } = await withModel();
    session.change({ compare: { kind: 'text', text: 'one two three four five six seven' } });
    await session.settled();
    expect(session.snapshot).toMatchObject({ error: { code: 'too-long' }, status: 'ready', comparison: null });
    const asked = engine.asked.length;
    session.change({ query: 1 });
    await session.settled();
    expect(engine.asked).toHaveLength(asked);
    session.change({ compare: { kind: 'text', text: 'one two' } });
    await session.settled();
    expect(session.snapshot.runs).toHaveLength(2);
  });

  test('comes back after the engine died', async () => {
    const { engine, session } = await withModel();
    session.change({ compare: { kind: 'text', text: 'it is' } });
    await session.settled();
    engine.die();
    await vi.waitFor(() => expect(session.snapshot.runs).toHaveLength(2));
    await session.settled();
    expect(session.snapshot.runs.map(({ run }) => run.text)).toEqual(['it was', 'it is']);
    expect(engine.runs.size).toBe(2);
  });

  test('cancel gives up what is being made for it', async () => {
    const waiting: (() => void)[] = [];
    let isHeld = false;
    const turn: Turn = () => (isHeld ? new Promise<void>((go) => waiting.push(go)) : Promise.resolve());
    const { engine, session } = await withModel('it was', 'model', turn);
    isHeld = true;
    session.change({ compare: { kind: 'text', text: 'it is' } });
    await vi.waitFor(() => expect(engine.asked).toContain('run it is'));
    const settled = session.settled();
    session.cancel();
    await expect(settled).rejects.toMatchObject({ name: 'AbortError' });
    isHeld = false;
    for (const go of waiting) go();
    await session.settled();
    expect(session.snapshot).toMatchObject({ status: 'ready', comparison: null });
    expect(session.snapshot.runs).toHaveLength(1);
  });
});

describe('what is asked of the run on show', () => {
  test('metrics and aggregates, within its sizes', async () => {
    const { session } = await withModel();
    const id = session.snapshot.runs[0]?.run.id;
    expect(session.metrics(1, 2)).toMatchObject({ previous: id, induction: null });
    expect(() => session.metrics(nLayers, 0)).toThrow(/layer 2/);
    expect((await session.aggregate('rollout', 1)).data[0]).toBe(id);
    await expect(session.aggregate('rollout', nLayers)).rejects.toMatchObject({ code: 'bad-request' });
    await expect(session.aggregate('median')).rejects.toMatchObject({ code: 'unsupported' });
    expect(await session.verify()).toEqual({ largest: 0, compared: 4 });
  });

  test('the matrix shows the state’s measure, asked for only when it changes', async () => {
    const { engine, session } = await withModel();
    const [before] = session.snapshot.runs;
    expect(before?.measured).toBe(before?.matrix);
    session.change({ measure: 'mean', layer: 1 });
    await session.settled();
    expect(engine.asked.length).toBeGreaterThan(0);
    const [after] = session.snapshot.runs;
    expect(after?.measured).not.toBe(after?.matrix);
    session.change({ query: 1 });
    await session.settled();
    expect(session.snapshot.runs[0]?.measured).toBe(after?.measured);
  });

  test('the flow is known while it lights the text, and only from the chosen token', async () => {
    const { engine, session } = await withModel();
    expect(session.snapshot.runs[0]?.flow).toBeNull();
    session.change({ view: 'text', textBy: 'flow', query: 2 });
    await session.settled();
    expect(session.snapshot.runs[0]?.flow?.query).toBe(2);
    session.change({ head: 1 });
    await session.settled();
    session.change({ query: 1 });
    await session.settled();
    expect(engine.asked.length).toBeGreaterThan(0);
    expect(session.snapshot.runs[0]?.flow?.query).toBe(1);
    session.change({ textBy: 'row' });
    await session.settled();
    expect(session.snapshot.runs[0]?.flow).toBeNull();
  });

  test('effects are known while the wall is in their order, for the most probable token', async () => {
    const { session } = await withModel('it was', 'writer');
    expect(session.snapshot.runs[0]?.effect).toBeNull();
    session.change({ wallOrder: 'effect', query: 2 });
    await session.settled();
    const [view] = session.snapshot.runs;
    expect(view?.effect?.[0]).toBe(view?.next?.[0]?.id);
  });
});
