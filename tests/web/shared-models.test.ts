/** One copy of a model for all who load it from the same address, and none left when the last of them is gone. */
import { describe, expect, it } from 'vitest';
import { shareModels } from '../../web/engine/shared-models';
import type { RunText } from '../../web/engine/types';
import { FakeEngine } from './fake-engine';

const text: RunText = { text: 'a b', chat: false, generated: [], interventions: [] };
const address = 'https://a.test/model/';

function engines() {
  const engine = new FakeEngine();
  return { engine, sharing: shareModels(bind(engine)) };
}

const shared = { shared: true };

describe('models at equal addresses', () => {
  it('are loaded once, under a name for each', async () => {
    const { engine, sharing } = engines();
    const [a, b] = await Promise.all([sharing.load(address, shared), sharing.load(new URL(address), shared)]);
    const c = await sharing.load(address, shared);
    expect(engine.models.size).toBe(1);
    expect(new Set([a.id, b.id, c.id]).size).toBe(3);
    expect((await sharing.run(b.id, text)).tokens.length).toBeGreaterThan(0);
  });

  it('go with the last who holds them, and each one’s runs with their own', async () => {
    const { engine, sharing } = engines();
    const a = await sharing.load(address, shared);
    const b = await sharing.load(address, shared);
    const ofA = await sharing.run(a.id, text);
    const ofB = await sharing.run(b.id, text);
    sharing.releaseModel(a.id);
    expect([engine.models.size, engine.runs.has(ofA.id), engine.runs.has(ofB.id)]).toEqual([1, false, true]);
    sharing.releaseModel(a.id);
    expect(engine.models.size).toBe(1);
    sharing.releaseModel(b.id);
    await Promise.resolve();
    await Promise.resolve();
    expect(engine.models.size).toBe(0);
    await sharing.load(address, shared);
    expect(engine.models.size).toBe(1);
  });

  it('are tried anew after a failure, and shared again', async () => {
    const { engine, sharing } = engines();
    await expect(sharing.load('bad/', shared)).rejects.toThrow('no model');
    await expect(sharing.load('bad/', shared)).rejects.toThrow('no model');
    expect(engine.asked.filter((label) => label === 'load bad/')).toHaveLength(2);
  });

  it('go on loading for the others when one gives up, and stop when all have', async () => {
    const turns: (() => void)[] = [];
    const engine = new FakeEngine(() => new Promise<void>((resolve) => turns.push(resolve)));
    const sharing = shareModels(bind(engine));
    const stop = new AbortController();
    const first = sharing.load(address, { ...shared, signal: stop.signal });
    const second = sharing.load(address, shared);
    stop.abort();
    await expect(first).rejects.toThrow();
    for (const turn of turns) turn();
    expect((await second).info.name).toBe(address);
    sharing.releaseModel((await second).id);

    const alone = new AbortController();
    const third = sharing.load(address, { ...shared, signal: alone.signal });
    alone.abort();
    await expect(third).rejects.toThrow();
    for (const turn of turns) turn();
    await new Promise((resolve) => setTimeout(resolve));
    expect(engine.models.size).toBe(0);
  });
});

describe('what is not shared', () => {
  it('saved runs and files are loaded each time', async () => {
    const { engine, sharing } = engines();
    await sharing.load('trace a b', shared);
    await sharing.load('trace a b', shared);
    expect(engine.models.size).toBe(2);
  });

  it('an address that is opened once more without a word of sharing is read anew', async () => {
    const { engine, sharing } = engines();
    const first = await sharing.load(address, shared);
    const again = await sharing.load(address);
    expect(engine.models.size).toBe(2);
    expect(again.info).not.toBe(first.info);
  });
});

/** A class's methods are not its instances' own properties, as those of the real engine are. */
function bind(engine: FakeEngine): FakeEngine {
  const names = Reflect.ownKeys(FakeEngine.prototype).filter((name) => name !== 'constructor');
  return Object.fromEntries(
    names.map((name) => [name, (Reflect.get(engine, name) as () => unknown).bind(engine)]),
  ) as unknown as FakeEngine;
}
