/** What a snapshot puts into the light, on a small text whose attention is written out by hand. */
import { describe, expect, it } from 'vitest';
import { sceneWords as words } from '../../web/element/scene-words.ts';
import { focusOf } from '../../web/scene/focus.ts';
import { planLabels } from '../../web/scene/label-plan.ts';
import { labelRows, layOut } from '../../web/scene/layout.ts';
import { LINK_WORDS } from '../../web/scene/packing.ts';
import { planStrokes } from '../../web/scene/strokes.ts';
import type { Snapshot } from '../../web/session/snapshot.ts';
import { initialState, type ViewerState } from '../../web/state/state.ts';

const PIECES = ['[CLS]', 'the', 'animal', 'it', '[SEP]'];
const N = PIECES.length;
const HEADS = 2;
const LAYERS = 2;
// Token 3 in layer 1, head 1; every other row looks at itself.
const ROW = [0.1, 0.14, 0.68, 0.06, 0.02];

function weightOf(layer: number, head: number, query: number, key: number): number {
  return layer === 1 && head === 1 && query === 3 ? ROW[key]! : query === key ? 1 : 0;
}

function snapshotOf(change: Partial<ViewerState>): Snapshot {
  const state = { ...initialState, text: 'the animal it', layer: 1, head: 1, query: 3, ...change };
  const query = state.hover?.query ?? state.query;
  const special = (i: number) => state.apart && (i === 0 || i === N - 1);
  const weights = new Float32Array(LAYERS * HEADS * N);
  const setApart = new Float32Array(LAYERS * HEADS * N);
  const strongest = new Int32Array(LAYERS * HEADS * N);
  const links: number[][] = [];
  for (let layer = 0; layer < LAYERS; layer++) {
    for (let head = 0; head < HEADS; head++) {
      for (let q = 0; q < N; q++) {
        const at = (layer * HEADS + head) * N + q;
        let best = -1;
        for (let key = 0; key < N; key++) {
          const weight = weightOf(layer, head, q, key);
          if (q === query) weights[(layer * HEADS + head) * N + key] = weight;
          if (special(key)) setApart[at]! += weight;
          else if (best < 0 || weight > weightOf(layer, head, q, best)) best = key;
          if (q === query && key !== q && weight > 0 && !special(key) && !special(q)) {
            links.push([layer * 65536 + head, q, key, weight]);
          }
        }
        strongest[at] = best;
      }
    }
  }
  links.sort((a, b) => b[3]! - a[3]!);
  const list = new Uint32Array(links.length * LINK_WORDS);
  for (const [i, link] of links.entries()) {
    list.set(link.slice(0, 3), i * LINK_WORDS);
    new Float32Array(list.buffer)[i * LINK_WORDS + 3] = link[3]!;
  }
  const tokens = PIECES.map((piece, index) => ({
    index,
    id: index,
    piece,
    text: piece,
    start: null,
    end: null,
    special: index === 0 || index === N - 1,
  }));
  const matrix = { rows: N, cols: N, data: new Float32Array(N * N), layer: state.layer, head: state.head };
  const selection = { layer: state.layer, head: state.head, query: state.query, key: state.key ?? 2 };
  const run = { id: 1, text: state.text, tokens, model: { nLayers: LAYERS, nHeads: HEADS } };
  const view = {
    revision: 1,
    run,
    selection,
    apart: Uint8Array.from(PIECES, (_, i) => (special(i) ? 1 : 0)),
    overview: { links: list, counts: new Uint32Array(101), setApart, strongest },
    row: { query, weights, links: list },
    matrix,
  };
  return { state, status: 'ready', error: null, progress: null, model: null, revision: 1, runs: [view] } as never;
}

const focusIn = (snapshot: Snapshot) => focusOf(snapshot, snapshot.runs[0]!);

describe('the focus', () => {
  it('is the selected token, its chosen key with the exact weight, and the share set apart', () => {
    const focus = focusIn(snapshotOf({}));
    expect(focus).toMatchObject({ layer: 1, head: 1, query: 3, link: { key: 2, weight: expect.closeTo(0.68, 6) } });
    expect(focus.others.map((link) => link.key)).toEqual([1]);
    expect(focus.self).toBeCloseTo(0.06, 6);
    expect(focus.apart).toBeCloseTo(0.12, 6);
  });

  it('follows what is hovered, and its own strongest key', () => {
    const hover = { layer: 0, head: 0, query: 2, key: null };
    const focus = focusIn(snapshotOf({ hover }));
    expect(focus).toMatchObject({ layer: 0, head: 0, query: 2, link: null, self: 1 });
    expect(focusIn(snapshotOf({ hover: { layer: null, head: null, query: 3, key: 1 } })).link?.key).toBe(1);
  });

  it('is nothing on a token that is set apart, and something once nothing is', () => {
    expect(focusIn(snapshotOf({ query: 0 })).query).toBeNull();
    const shown = focusIn(snapshotOf({ query: 3, apart: false }));
    expect(shown.apart).toBeNull();
    expect(focusIn(snapshotOf({ query: 0, apart: false })).query).toBe(0);
  });
});

describe('what is written and drawn', () => {
  const planned = (change: Partial<ViewerState>, hidden: readonly number[] = []) => {
    const snapshot = snapshotOf(change);
    const view = snapshot.runs[0]!;
    const focus = focusOf(snapshot, view);
    const labelWidths = PIECES.map((piece) => piece.length * 7);
    const layout = layOut({
      labelWidths,
      nLayers: LAYERS,
      openLayer: 1,
      width: 600,
      height: 300,
      fanGain: 1,
      growing: null,
    });
    const rows = labelRows(layout.x, labelWidths);
    const isHidden = (token: number) => hidden.includes(token);
    const request = { snapshot, view, focus, layout, texts: PIECES, labelWidths, rows, narrow: false, words };
    const wishes = planLabels({ ...request, hidden: isHidden });
    const apart = (token: number) => snapshot.state.apart && view.run.tokens[token]!.special;
    return {
      wishes,
      strokes: planStrokes({ layout, focus, apart, hidden: isHidden, labelWidths, rows }),
    };
  };
  const said = (change: Partial<ViewerState>) => planned(change).wishes.map((w) => `${w.text} ${w.figure}`.trim());

  it('says the key with its weight, and what is set apart with its share', () => {
    expect(said({})).toEqual(expect.arrayContaining(['animal 68 %', '[CLS] [SEP] 12 %', 'layer 1', 'head 1']));
    expect(said({ apart: false }).join()).not.toContain('12 %');
    expect(said({ query: 0 }).join()).not.toContain('%');
  });

  it('gives the chosen link the first places', () => {
    const { wishes } = planned({});
    const [first, second] = [...wishes].sort((a, b) => b.priority - a.priority);
    expect(first!.text).toBe('it');
    expect(second!.figure).toBe('68 %');
  });

  it('draws one path of light: up the key, across, up the query', () => {
    expect(planned({}).strokes.filter((stroke) => stroke.tone === 'accent')).toHaveLength(2);
    expect(planned({ query: 0 }).strokes.filter((stroke) => stroke.tone === 'accent')).toHaveLength(0);
  });

  it('dashes the thread of a token that cannot be seen, in the layer where it cannot', () => {
    const isDashed = (change: Partial<ViewerState>, hidden: readonly number[]) =>
      planned(change, hidden).strokes.filter((stroke) => stroke.dashes > 0);
    expect(isDashed({}, [])).toHaveLength(0);
    const [first, second, ...more] = isDashed({}, [1, 4]);
    expect(more).toHaveLength(0);
    for (const stroke of [first!, second!]) expect(stroke.to[1] - stroke.from[1]).toBeGreaterThan(80);
    expect(first!.from[0]).toBeLessThan(second!.from[0]);
  });

  it('says of a chosen key that is masked just that, and sends no light to it', () => {
    const { wishes, strokes } = planned({}, [2]);
    expect(wishes.find((wish) => wish.text === 'animal' && wish.figure !== '')?.figure).toBe('masked');
    expect(strokes.filter((stroke) => stroke.tone === 'accent')).toHaveLength(0);
  });
});
