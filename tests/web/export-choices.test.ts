/** What the menu offers: files that are of one run, under names that say which. */
import { describe, expect, it } from 'vitest';
import { type Choice, choicesOf, type Making } from '../../web/element/export-choices';
import type { Reader } from '../../web/element/panel';
import type { Snapshot } from '../../web/session/snapshot';
import { STEPS, type ViewerState } from '../../web/state/state';
import { matrixOf, type RunWish, runOf, snapshotOf } from './export-runs';

const weights = matrixOf([
  [1, 0],
  [0.25, 0.75],
]);

function readerOf(more: Partial<Reader> = {}): Reader {
  const reader: Partial<Reader> = {
    matrix: async (layer) => ({
      rows: 2,
      cols: 2,
      data: Float32Array.of(1, 0, layer / 8, 1 - layer / 8),
    }),
    hidden: async () => ({ rows: 2, cols: 3, data: new Float32Array(6) }),
    scene: () => null,
    ...more,
  };
  return reader as Reader;
}

const making = (more: Partial<Making> = {}): Making => ({
  signal: new AbortController().signal,
  report: () => {},
  isShown: () => true,
  ...more,
});

function offered(
  wish: Partial<RunWish> = {},
  more: Partial<Snapshot> = {},
  reader = readerOf(),
  state: Partial<ViewerState> = {},
) {
  const run = runOf({ pieces: ['the', 'it'], name: 'all-MiniLM-L6-v2', ...wish });
  const groups = choicesOf(snapshotOf(run, weights, { query: 1, layer: 1, head: 0, ...state }, more), reader);
  const find = (group: string, label: string): Choice => {
    const found = groups.find(({ title }) => title === group)?.choices.find((choice) => choice.label === label);
    if (found === undefined) throw new Error(`${group} has no ${label}`);
    return found;
  };
  return { groups, find };
}

const textOf = async (parts: BlobPart[]): Promise<string> => new Blob(parts).text();

describe('what can be taken', () => {
  it('is nothing while there is no run', () => {
    expect(choicesOf({ ...snapshotOf(runOf({ pieces: ['a'] }), weights), runs: [] }, readerOf())).toEqual([]);
  });

  it('is named for what it holds', () => {
    const names = offered().groups.flatMap(({ choices }) => choices.map(({ file }) => file));
    expect(names).toEqual([
      'headlight-L1H0-weights.csv',
      'headlight-L1H0-weights.npy',
      'headlight-L1H0-weights.json',
      'headlight-L1H0-weights.svg',
      'headlight-L1H0-it.csv',
      'headlight-L1H0-it.json',
      'headlight-L1H0-it.svg',
      'headlight-all-MiniLM-L6-v2.safetensors',
      'headlight-all-MiniLM-L6-v2.npy',
      'headlight-L1H0-scene.png',
      'headlight-L1H0-scene.glb',
      'headlight-L1H0-frames.zip',
    ]);
  });

  it('says in its name that it was changed by hand', () => {
    const { groups } = offered({ interventions: [{ kind: 'head-off', layer: 0, head: 0 }] });
    for (const { choices } of groups) for (const { file } of choices) expect(file).toMatch(/-changed\.\w+$/);
  });

  it('is refused with its reason', () => {
    const raw = { kind: 'edit-weight', layer: 0, head: 0, query: 1, key: 0, weight: 1, renormalise: false } as const;
    expect(offered({ interventions: [raw] }).find('Whole run', 'Saved run').why).toContain('add up to 1');
    expect(offered().find('Scene', 'PNG').why).toContain('not on the screen');
    const pieces = Array.from({ length: 300 }, () => 'x');
    const { find } = offered({ pieces }, {}, readerOf());
    expect(find('Matrix', 'Figure').why).toContain('256');
    expect(find('Matrix', 'CSV').why).toBeNull();
  });

  it('is the row of the chosen token', async () => {
    const row = await textOf(await offered().find('One token', 'CSV').make(making()));
    expect(row.split('\r\n').slice(1)).toEqual(['"it",0.25,0.75', '']);
  });

  it.each(['Saved run', 'NPY'])('%s is never of two runs', async (label) => {
    const { find } = offered();
    let asked = 0;
    const isShown = () => ++asked < 3;
    await expect(find('Whole run', label).make(making({ isShown }))).rejects.toMatchObject({ code: 'bad-request' });
    expect((await textOf(await find('Whole run', label).make(making()))).length).toBeGreaterThan(0);
  });

  it('is given up when it is stopped', async () => {
    const stop = new AbortController();
    const reader = readerOf({
      hidden: async () => {
        stop.abort();
        return { rows: 2, cols: 3, data: new Float32Array(6) };
      },
    });
    const made = offered({}, {}, reader)
      .find('Whole run', 'Saved run')
      .make(making({ signal: stop.signal }));
    await expect(made).rejects.toMatchObject({ name: 'AbortError' });
  });

  it.each([
    ['story', [{ layer: 0 }, { layer: 1 }, { layer: 1, key: null }]],
    ['steps', [...STEPS.map((step) => ({ step })), { step: 'softmax' }]],
  ] as const)('draws every frame of the %s view, and gives back what was chosen', async (view, expected) => {
    const chosen: unknown[] = [];
    const scene = { describe: () => null, picture: async () => new Blob([Uint8Array.of(1)]) };
    const choose = (change: unknown) => void chosen.push(change);
    const reader = readerOf({ scene: () => scene, settled: async () => 1, choose });
    const { find } = offered({}, {}, reader, { view, step: 'softmax' });
    const made = await find('Scene', 'Frames').make(making());
    expect(chosen).toEqual(expected);
    const names = new Set((await textOf(made)).match(/(layer|step)-[\w-]+\.png/g));
    expect(names.size).toBe(expected.length - 1);
    expect(find('Scene', '3D model').why === null).toBe(view === 'story');
  });
});
