/**
 * The run that stands beside the one on show: which one that is, and what the two come to together. Asks the engine;
 * what it makes is shown by the session.
 */
import type { Engine, Loaded, Matrix, Pairs, Run, RunDistance } from '../engine/types';
import { pairsOf, partnerOf } from '../state/pairing';
import type { Compare, ViewerState } from '../state/state';
import { type Gathered, gather } from './gather';
import type { Comparison, RunView } from './snapshot';
import { sameWish, type Wish } from './wish';

export interface Beside {
  /** The model that was loaded to be compared with. */
  readonly model: Loaded | null;
  /** Takes the place of the one before. */
  takeModel(model: Loaded): void;
  /** What has to run for the state's comparison; null where nothing has: there is none, or it is of the run itself. */
  wish(state: ViewerState, own: Wish | null): Wish | null;
  has(wish: Wish): boolean;
  /** The wish's run; frees the one before. */
  take(wish: Wish, run: Run): void;
  /** The second view and the comparison with `main`; null where there is nothing beside it (yet). */
  gather(main: RunView, state: ViewerState, own: Wish | null): Promise<[RunView, Comparison] | null>;
  /** The engine died and took the runs with it. */
  forget(): void;
  dispose(): void;
}

const NO_DISTANCE: RunDistance = { heads: null, embedding: null, prediction: null };

export function createBeside(engine: Engine): Beside {
  let model: Loaded | null = null;
  let made: { readonly wish: Wish; readonly run: Run } | null = null;
  let gathered: Gathered | null = null;
  let pairs: { readonly left: Run; readonly right: Run; readonly align: string; readonly pairs: Pairs } | null = null;
  let distance: { readonly pairs: Pairs; readonly distance: RunDistance } | null = null;
  let difference: { readonly of: readonly unknown[]; readonly difference: Matrix } | null = null;

  function release(): void {
    if (made === null) return;
    engine.releaseRun(made.run.id);
    made = null;
    gathered = null;
  }

  /** The same object as long as nothing changes, so that what depends on it is known to be the same. */
  function pairsFor(left: Run, right: Run, { align }: ViewerState): Pairs {
    if (pairs?.left !== left || pairs.right !== right || pairs.align !== align) {
      pairs = { left, right, align, pairs: pairsOf(left.tokens, right.tokens, align) };
    }
    return pairs.pairs;
  }

  const beside: Beside = {
    get model() {
      return model;
    },
    takeModel(loaded) {
      release();
      if (model !== null) engine.releaseModel(model.id);
      model = loaded;
    },
    wish({ compare }, own) {
      if (own === null || compare === null) return null;
      switch (compare.kind) {
        case 'head':
          return null;
        case 'original':
          return own.interventions.length === 0 ? null : { ...own, interventions: [] };
        case 'text':
          return { ...own, text: compare.text, generated: [] };
        case 'model': {
          if (model === null) return null;
          const writes = model.info.causal === true;
          // Another model's ids are other tokens, and its heads other heads.
          return { ...own, model: model.id, chat: writes && own.chat && model.chat, generated: [], interventions: [] };
        }
      }
    },
    has: (wish) => made !== null && sameWish(made.wish, wish),
    take(wish, run) {
      release();
      made = { wish, run };
    },
    async gather(main, state, own) {
      const { compare } = state;
      const wish = beside.wish(state, own);
      // What nothing asks for any more is not kept.
      if (wish === null) release();
      if (compare === null) return null;
      const run = compare.kind === 'head' ? main.run : wish !== null && beside.has(wish) ? made?.run : undefined;
      if (run === undefined) return null;
      const paired = pairsFor(main.run, run, state);
      const seen = await gather(engine, run, stateBeside(compare, main, state, paired), gathered);
      if (seen === null) return null;
      gathered = seen;
      const view = { ...seen.parts, revision: main.revision, end: null };
      if (distance?.pairs !== paired) {
        const apart = compare.kind === 'head' ? NO_DISTANCE : await engine.distance(main.run.id, run.id, paired);
        distance = { pairs: paired, distance: apart };
      }
      const of = [main.matrix, view.matrix, paired];
      if (difference === null || of.some((part, i) => part !== difference?.of[i])) {
        difference = { of, difference: await engine.difference(main.matrix, view.matrix, paired) };
      }
      return [view, { compare, pairs: paired, distance: distance.distance, difference: difference.difference }];
    },
    forget() {
      made = null;
      gathered = null;
      distance = null;
    },
    dispose() {
      release();
      if (model !== null) engine.releaseModel(model.id);
      model = null;
    },
  };
  return beside;
}

/** What the reader would have chosen in the second run: the partners of what is chosen in the first. */
function stateBeside(compare: Compare, main: RunView, state: ViewerState, pairs: Pairs): ViewerState {
  const { query, key } = main.selection;
  const partner = (index: number) => partnerOf(pairs, index, 0);
  const hovered = state.hover?.query ?? null;
  const place = compare.kind === 'head' ? { layer: compare.layer, head: compare.head } : {};
  return {
    ...state,
    ...place,
    query: partner(query) ?? query,
    key: partner(key),
    hover: hovered === null || state.hover === null ? null : { ...state.hover, query: partner(hovered) },
    // One of each is enough.
    view: state.view === 'steps' ? 'story' : state.view,
    measure: 'weights',
    wallOrder: 'place',
    textBy: 'row',
  };
}
