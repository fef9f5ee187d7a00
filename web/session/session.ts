/**
 * The only owner of what is going on: turns the state into runs and runs into snapshots, cancels what is stale, and
 * keeps the last good picture until a newer one is whole. No DOM.
 */
import { aborted, EngineError, failureOf, isAbort } from '../engine/errors';
import type {
  Candidate,
  Engine,
  HeadMatrix,
  LinkFilter,
  Loaded,
  Matrix,
  ModelInfo,
  Overview,
  Progress,
  Run,
  RunText,
  Sampling,
  Source,
  TokenRow,
} from '../engine/types';
import { standsApart } from '../state/apart';
import { BUILT_VIEWS, type Change, initialState, update, type ViewerState } from '../state/state';
import type { Generating, RunView, Selection, Snapshot, ViewerError } from './snapshot';

/** The most links of a whole run, and of one token's rows, that are listed. */
const LINK_BUDGET = 16_384;
const ROW_BUDGET = 4096;
/** So many candidates for the next token are on show, and may be asked for. */
const CANDIDATES = 8;
const MOST_CANDIDATES = 1000;

export interface Session {
  readonly snapshot: Snapshot;
  /** Calls back after every change, never with an older snapshot than before. Returns how to stop. */
  subscribe(listener: (snapshot: Snapshot) => void): () => void;
  change(change: Change): void;
  /** Opens a model or a trace. A failure leaves everything as it was and is published. */
  load(source: Source, options?: { signal?: AbortSignal | undefined }): Promise<ModelInfo>;
  /** Shows a trace until a model's own run takes its place. */
  showTrace(source: Source): Promise<void>;
  /**
   * Resolves with the revision when nothing is pending, after an error as well. What is generated is waited for; where
   * that is without end, the token that is being made.
   */
  settled(options?: { signal?: AbortSignal | undefined }): Promise<number>;
  attention(layer: number, head: number, options: { kind: string; measure: string }): Promise<Matrix>;
  hidden(layer: number): Promise<Matrix>;
  /** What the model expects after a token of the run on show: the `k` most probable tokens, most probable first. */
  next(position: number, k: number): Promise<Omit<Candidate, 'text' | 'chance'>[]>;
  /**
   * Adds token after token, each of them run and shown before the next is chosen, until there are `steps` more (null:
   * without end), the model ends its text or cannot read more, the reader changes the text, or something fails, which is
   * published. The selection goes with the newest token until the reader chooses another.
   * @throws {EngineError} bad-request without a model, and for steps that are no count; unsupported where the model
   *   cannot say what comes next
   */
  generate(steps: number | null): void;
  /** No more tokens; the last one is still shown. */
  pause(): void;
  /** Publishes an error that arose above. */
  fail(error: ViewerError): void;
  /** Gives up loads and runs: whoever waits gets an AbortError; text and picture stay. */
  cancel(): void;
  dispose(): void;
}

/** What a forward pass would be made of. */
interface Wish extends RunText {
  readonly model: number;
  readonly precision: ViewerState['precision'];
}

const sameWish = (a: Wish | null, b: Wish | null): boolean =>
  a === b || (a !== null && b !== null && a.model === b.model && a.precision === b.precision && sameText(a, b));

const sameText = (a: RunText, b: RunText): boolean =>
  a.text === b.text && a.chat === b.chat && sameIds(a.generated, b.generated);

const sameIds = (a: readonly number[], b: readonly number[]): boolean =>
  a === b || (a.length === b.length && a.every((id, i) => id === b[i]));

/** The run on show, and who made it. */
interface Shown {
  readonly view: RunView;
  readonly owner: number;
  /** What the run was made of; null for a trace. */
  readonly wish: Wish | null;
  readonly filter: string;
  readonly sampling: Sampling;
  /** The engine died: the picture stands, but nothing more can be asked of its run. */
  readonly lost: boolean;
}

export function createSession(engine: Engine, initial: Change = {}): Session {
  let snapshot: Snapshot = {
    state: update(initialState, initial),
    status: 'empty',
    error: null,
    progress: null,
    model: null,
    offersChat: false,
    generating: null,
    revision: 0,
    runs: [],
  };
  const listeners = new Set<(snapshot: Snapshot) => void>();
  let model: Loaded | null = null;
  let shown: Shown | null = null;
  /** A trace that was opened and has yet to be shown. */
  let opened: { loaded: Loaded; run: Run } | null = null;
  /** The text that a trace stands for: until it changes, the model does not run it again. */
  let heldText: string | null = null;
  /** What was tried and refused or cancelled: not tried again until something changes. */
  let refused: Wish | null = null;
  /** What the engine last died of: tried once more when it is back, and then no longer. */
  let deadly: Wish | null = null;
  /** Whether the selection goes with what is generated. */
  let following = false;
  /** Whether a run is being made, from its beginning until it is on show. */
  let making = false;
  let running: { wish: Wish; controller: AbortController } | null = null;
  const loads = new Set<AbortController>();
  /** The reader's own latest load: a newer one takes its place. */
  let latestLoad: AbortController | null = null;
  /** Loads in the order in which they were asked for: an older one never replaces a newer one. */
  let lastAsked = 0;
  let lastTaken = 0;
  /** Ends with every cancel: whatever is being waited for is given up. */
  let cancelled = new AbortController();
  let dirty = false;
  let pumping = false;
  let disposed = false;
  let waiters: { resolve: (revision: number) => void; reject: (error: unknown) => void }[] = [];

  const stopListening = engine.onRestart(() => {
    // Runs of models are gone with the old worker, traces come back.
    if (shown !== null) shown = { ...shown, filter: '', lost: shown.wish !== null };
    invalidate();
  });

  function publish(change: Partial<Snapshot>): void {
    if (disposed) return;
    snapshot = { ...snapshot, ...change };
    const isShowing = snapshot.runs.length > 0 || model !== null;
    const isRunning = making || snapshot.generating !== null || due() !== null;
    const status = loads.size > 0 ? 'loading' : isRunning ? 'running' : isShowing ? 'ready' : 'empty';
    if (snapshot.status !== status) snapshot = { ...snapshot, status };
    for (const listener of listeners) listener(snapshot);
  }

  /** What the model should have run by now; null where there is nothing to run. */
  function wish(): Wish | null {
    return heldText === snapshot.state.text ? null : runWish(snapshot.state);
  }

  function runWish({ text, generated, chat, precision }: ViewerState): Wish | null {
    if (model === null) return null;
    // An encoder generates nothing: what a link brings waits for a model that does.
    const ids = model.info.causal === true ? generated : [];
    return { model: model.id, text, chat: chat && model.chat, generated: ids, precision };
  }

  /** What has to run next; null where everything is on show that can be. */
  function due(): Wish | null {
    const wanted = wish();
    const isShown = wanted !== null && shown !== null && !shown.lost && sameWish(wanted, shown.wish);
    if (wanted !== null && !isShown && !sameWish(wanted, refused)) return wanted;
    // The state's text is not to be run: at least what was on show is made again.
    const lost = shown?.lost ? shown.wish : null;
    return sameWish(lost, refused) ? null : lost;
  }

  function invalidate(): void {
    dirty = true;
    if (running !== null && !sameWish(running.wish, due())) running.controller.abort();
    if (!pumping) void pump();
  }

  /** Brings the picture up to date, again and again until nothing has changed meanwhile. */
  async function pump(): Promise<void> {
    pumping = true;
    while (dirty && !disposed) {
      dirty = false;
      try {
        await refresh();
      } catch (error) {
        if (!isAbort(error)) publish({ error: errorOf(error), generating: null });
      }
    }
    pumping = false;
    settle();
  }

  async function refresh(): Promise<void> {
    const next = due();
    if (next !== null) {
      making = true;
      try {
        await make(next);
        deadly = null;
      } catch (error) {
        // A dead engine comes back and the text runs once more; anything else would fail in the same way.
        if (isDeath(error) && !sameWish(next, deadly)) {
          deadly = next;
          dirty = true;
        } else refused = next;
        throw error;
      } finally {
        making = false;
        publish({});
      }
    } else if (opened !== null) {
      const { loaded, run } = opened;
      opened = null;
      await show(run, loaded.id, null);
    } else if (shown !== null && !shown.lost) {
      await show(shown.view.run, shown.owner, shown.wish);
    }
    if (snapshot.generating !== null && !dirty) await extend(snapshot.generating);
  }

  /** Lets one more token follow what is on show, or ends generating. */
  async function extend(going: Generating): Promise<void> {
    const wanted = wish();
    const isWished = shown !== null && wanted !== null && !shown.lost && sameWish(wanted, shown.wish);
    // Something else is on show, and will stay: a trace, or what was there before a text that was refused.
    if (shown === null || !isWished) return publish({ generating: null });
    const { run, end } = shown.view;
    if (!run.can.next) throw cannotSayNext(run.model);
    if (going.done === going.steps || end === 'full' || (end === 'ended' && going.done > 0))
      return publish({ generating: null });
    if (going.steps === null && loads.size === 0) answerWaiters();
    const { id } = await engine.sample(run.id, snapshot.state.sampling);
    if (snapshot.generating !== going) return; // Paused, or overtaken by what the reader did.
    const { generated } = snapshot.state;
    const query = following ? { query: run.tokens.length } : {};
    publish({
      state: update(snapshot.state, { generated: [...generated, id], ...query }),
      generating: { ...going, done: going.done + 1 },
    });
    dirty = true;
  }

  /** Runs the text and shows the run, unless it is given up meanwhile. */
  async function make(next: Wish): Promise<void> {
    const { signal } = cancelled;
    const controller = new AbortController();
    const waiting = opened;
    running = { wish: next, controller };
    publish({});
    let run: Run;
    try {
      const onProgress = (progress: Progress) => {
        if (running?.controller === controller) publish({ progress });
      };
      const { text, chat, generated } = next;
      run = await engine.run(next.model, { text, chat, generated }, { signal: controller.signal, onProgress });
    } catch (error) {
      if (isAbort(error)) return;
      throw error;
    } finally {
      running = null;
      publish({ progress: null });
    }
    try {
      await show(run, next.model, next, signal);
    } finally {
      if (shown?.view.run.id !== run.id) engine.releaseRun(run.id);
      // A trace that waited while a newer wish was made has been overtaken.
      else if (opened === waiting) dropOpened();
    }
  }

  /** Gathers what the state asks to see of a run, as far as it is not on show already, and publishes all of it at once. */
  async function show(run: Run, owner: number, madeBy: Wish | null, signal?: AbortSignal): Promise<void> {
    const { state } = snapshot;
    const before = shown !== null && shown.view.run.id === run.id ? shown.view : null;
    const filter = filterOf(run, state);
    const filterKey = `${filter.apart.join('')} ${filter.heads.join('')}`;
    const keep = before !== null && shown?.filter === filterKey;
    let overview: Overview;
    try {
      overview = before !== null && keep ? before.overview : await engine.overview(run.id, filter);
    } catch (error) {
      // An overview that a newer one overtook: the newer one is shown.
      if (isAbort(error)) return;
      throw error;
    }
    const selection = selectionOf(run, state, overview);
    const focus = clamp(state.hover?.query ?? selection.query, run.tokens.length);
    const { layer, head, query, key } = selection;
    const { sampling } = state;
    const isSameNext = before !== null && before.selection.query === query && sameSampling(shown?.sampling, sampling);
    const [row, matrix, cell, next] = await Promise.all([
      before !== null && keep && before.row.query === focus ? before.row : rowOf(run, focus, filter),
      before?.matrix.layer === layer && before.matrix.head === head
        ? before.matrix
        : engine.matrix(run.id, layer, head, 'weights'),
      isCell(before, selection) ? before.cell : engine.cell(run.id, layer, head, query, key),
      isSameNext ? before.next : run.can.next ? engine.next(run.id, query, CANDIDATES, sampling) : null,
    ]);
    if (disposed || signal?.aborted) return;
    const isNew = before === null;
    const last = shown;
    // A run that is made again because the engine died is no change.
    const isAccepted = isNew && !(last?.lost && sameWish(last.wish, madeBy));
    const revision = isAccepted ? snapshot.revision + 1 : snapshot.revision;
    const view = {
      revision,
      run,
      selection,
      overview,
      apart: filter.apart,
      row,
      matrix,
      cell,
      next,
      end: endOf(run, owner === model?.id ? model : null),
    };
    shown = { view, owner, wish: madeBy, filter: filterKey, sampling, lost: last?.view.run.id === run.id && last.lost };
    making = false;
    // A new run answers whatever went wrong before it. What came back answers for the engine's death alone, and only if
    // it is what is wished for: a text that the engine died of is not on show.
    const isBack = snapshot.error?.code === 'engine-died' && sameWish(wish(), madeBy);
    const answered = isAccepted || isBack;
    publish({ revision, runs: [view], ...(answered ? { error: null } : {}) });
    if (last !== null && last.view.run.id !== run.id) release(last);
  }

  function rowOf(run: Run, query: number, filter: LinkFilter): Promise<TokenRow> {
    // A token that is set apart but looked at itself shows where it looks.
    const apart = filter.apart.slice();
    apart[query] = 0;
    return engine.row(run.id, query, { ...filter, apart, budget: ROW_BUDGET });
  }

  /** Frees a run that is no longer on show, and its model if a newer one has taken its place. */
  function release(last: Shown): void {
    engine.releaseRun(last.view.run.id);
    if (last.owner !== model?.id && last.owner !== shown?.owner) engine.releaseModel(last.owner);
  }

  function settle(): void {
    if (!pumping && loads.size === 0) answerWaiters();
  }

  function answerWaiters(): void {
    const done = waiters;
    waiters = [];
    for (const { resolve } of done) resolve(snapshot.revision);
  }

  /** Loads, and hands what was loaded to `accept`, which may not want it, before anyone hears that nothing is pending. */
  async function open(
    source: Source,
    signal: AbortSignal | undefined,
    controller: AbortController,
    accept: (loaded: Loaded) => boolean,
  ): Promise<ModelInfo> {
    if (signal?.aborted) throw aborted();
    const stop = () => controller.abort();
    signal?.addEventListener('abort', stop);
    loads.add(controller);
    publish({});
    const asked = ++lastAsked;
    try {
      const onProgress = (progress: Progress) => {
        if (loads.has(controller)) publish({ progress });
      };
      const loaded = await engine.load(source, { signal: controller.signal, onProgress });
      if (disposed || controller.signal.aborted) {
        engine.releaseModel(loaded.id);
        throw aborted();
      }
      loads.delete(controller);
      if (asked > lastTaken && accept(loaded)) lastTaken = asked;
      else engine.releaseModel(loaded.id);
      return loaded.info;
    } catch (error) {
      loads.delete(controller);
      if (!isAbort(error)) publish({ error: errorOf(error) });
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
      if (loads.size === 0 && running === null) publish({ progress: null });
      settle();
    }
  }

  /** @param adopt  whether the trace's text becomes the state's, which a text that has not run yet would lose by */
  function takeTrace(loaded: Loaded, run: Run, adopt: boolean): void {
    dropOpened();
    opened = { loaded, run };
    if (adopt) {
      heldText = run.text === '' ? run.tokens.map((token) => token.text).join(' ') : run.text;
      if (heldText !== snapshot.state.text) publish({ state: { ...snapshot.state, text: heldText, generated: [] } });
      publish({ generating: null });
    }
    invalidate();
  }

  function dropOpened(): void {
    if (opened !== null) engine.releaseModel(opened.loaded.id);
    opened = null;
  }

  function takeModel(loaded: Loaded): void {
    const last = model;
    model = loaded;
    heldText = null;
    refused = null;
    deadly = null;
    dropOpened();
    // The old one answers for what is on show until the new one's run takes its place.
    if (last !== null && shown?.owner !== last.id) engine.releaseModel(last.id);
    // Another model's ids are other tokens.
    const state = last?.info.causal === true ? { ...snapshot.state, generated: [] } : snapshot.state;
    publish({ state, model: loaded.info, offersChat: loaded.chat, error: null, generating: null });
    invalidate();
  }

  const session: Session = {
    get snapshot() {
      return snapshot;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    change(asked) {
      const { view, ...rest } = asked;
      const unbuilt = view !== undefined && !BUILT_VIEWS.includes(view);
      const last = snapshot.state;
      const state = update(last, unbuilt ? rest : asked);
      const isSameText = sameText(state, last);
      if (asked.query !== undefined) following = false;
      if (state.text !== last.text) {
        // What was refused, cancelled or held is another matter once the text has been another.
        heldText = null;
        // A trace that is not on show yet stands for a text that is gone; without a model it still beats nothing.
        if (model !== null) dropOpened();
      }
      const wanted = isSameText ? null : runWish(state);
      if (wanted !== null && !sameWish(wanted, refused)) refused = null;
      if (wanted !== null && !sameWish(wanted, deadly)) deadly = null;
      // Back at what is on show: the error spoke of a text that is gone.
      const answered = snapshot.error !== null && wanted !== null && sameWish(wanted, shown?.wish ?? null);
      publish({ state, ...(answered ? { error: null } : {}), ...(isSameText ? {} : { generating: null }) });
      if (unbuilt) publish({ error: errorOf(unsupported(`The view "${view}"`, BUILT_VIEWS.join(', '))) });
      invalidate();
    },
    load(source, { signal } = {}) {
      latestLoad?.abort();
      const controller = new AbortController();
      latestLoad = controller;
      return open(source, signal, controller, (loaded) => {
        if (loaded.run !== null) takeTrace(loaded, loaded.run, true);
        else takeModel(loaded);
        return true;
      });
    },
    async showTrace(source) {
      await open(source, undefined, new AbortController(), (loaded) => {
        if (loaded.run === null || model !== null) return false;
        const { text } = snapshot.state;
        // What the reader typed, or a link brought, waits for the model; only a text that is on show gives way.
        const adopt = text === '' || text === heldText || text === shown?.view.run.text;
        takeTrace(loaded, loaded.run, adopt);
        return true;
      });
    },
    settled({ signal } = {}) {
      if (signal?.aborted) return Promise.reject(aborted());
      if (!pumping && loads.size === 0) return Promise.resolve(snapshot.revision);
      return new Promise((resolve, reject) => {
        const waiter = { resolve, reject };
        signal?.addEventListener('abort', () => {
          waiters = waiters.filter((other) => other !== waiter);
          reject(aborted());
        });
        waiters.push(waiter);
      });
    },
    async attention(layer, head, { kind, measure }) {
      if (kind !== 'self') throw unsupported(`Attention of kind "${kind}"`, 'self');
      if (measure !== 'weights' && measure !== 'scores')
        throw unsupported(`The measure "${measure}"`, 'weights, scores');
      const { run } = onShow();
      checkIndex('layer', layer, run.model.nLayers);
      checkIndex('head', head, run.model.nHeads);
      const { rows, cols, data }: HeadMatrix = await uncancelled(engine.matrix(run.id, layer, head, measure));
      return { rows, cols, data };
    },
    async hidden(layer) {
      const { run } = onShow();
      checkIndex('layer', layer, run.model.nLayers + 1);
      return uncancelled(engine.hidden(run.id, layer));
    },
    async next(position, k) {
      const { run } = onShow();
      if (!run.can.next) throw cannotSayNext(run.model);
      checkIndex('position', position, run.tokens.length);
      checkCount('k', k, MOST_CANDIDATES);
      const candidates = await uncancelled(engine.next(run.id, position, k, snapshot.state.sampling));
      return candidates.map(({ id, piece, logit, probability }) => ({ id, piece, logit, probability }));
    },
    generate(steps) {
      if (steps !== null) checkCount('steps', steps, Number.MAX_SAFE_INTEGER);
      if (model === null)
        throw new EngineError({
          code: 'bad-request',
          message: 'Load a model first: there is none that could generate.',
        });
      if (model.info.causal !== true) throw cannotSayNext(model.info);
      if (wish() === null) throw cannotSayNext(onShow().run.model); // A saved run stands for the text.
      following = true;
      refused = null; // Asked for once more.
      publish({ generating: { steps, done: 0 } });
      invalidate();
    },
    pause() {
      if (snapshot.generating !== null) publish({ generating: null });
    },
    fail(error) {
      publish({ error });
    },
    cancel() {
      const { state, generating } = snapshot;
      const seen = shown?.wish?.generated;
      // A generated token that nobody has seen is not kept.
      if (generating !== null && generating.done > 0 && seen !== undefined)
        snapshot = { ...snapshot, state: { ...state, generated: seen } };
      refused = due() ?? refused;
      const pending = waiters;
      waiters = [];
      cancelled.abort();
      cancelled = new AbortController();
      for (const controller of loads) controller.abort();
      loads.clear();
      running?.controller.abort();
      running = null;
      making = false;
      publish({ progress: null, generating: null });
      for (const { reject } of pending) reject(aborted());
    },
    dispose() {
      session.cancel();
      disposed = true;
      stopListening();
      listeners.clear();
      for (const id of new Set([model?.id, shown?.owner, opened?.loaded.id]))
        if (id !== undefined) engine.releaseModel(id);
    },
  };
  return session;

  /** The answer, or an AbortError once `cancel` is called. */
  function uncancelled<T>(answer: Promise<T>): Promise<T> {
    const { signal } = cancelled;
    return new Promise((resolve, reject) => {
      const stop = () => reject(aborted());
      signal.addEventListener('abort', stop);
      answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
    });
  }

  function onShow(): RunView {
    if (shown?.lost)
      throw new EngineError({ code: 'engine-died', message: 'The engine is starting again: ask once it has.' });
    if (shown === null)
      throw new EngineError({ code: 'bad-request', message: 'Nothing is on show yet: load a model or a trace first.' });
    return shown.view;
  }
}

function isDeath(error: unknown): boolean {
  return error instanceof EngineError && error.code === 'engine-died';
}

function errorOf(error: unknown): ViewerError {
  return { ...failureOf(error), recoverable: true };
}

function unsupported(what: string, expected: string): EngineError {
  return new EngineError({ code: 'unsupported', message: `${what} is not built yet.`, expected, found: what });
}

function cannotSayNext({ name }: ModelInfo): EngineError {
  return new EngineError({
    code: 'unsupported',
    message: `${name} cannot say what comes next: it is not a causal model with an output matrix, or a saved run.`,
    expected: 'a causal model',
    found: name,
  });
}

function checkCount(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  const expected = `a whole number from 1 to ${most}`;
  throw new EngineError({
    code: 'bad-request',
    message: `${name} must be ${expected}.`,
    expected,
    found: String(value),
  });
}

const sameSampling = (a: Sampling | undefined, b: Sampling): boolean =>
  // The seed decides which is chosen, not how likely each is.
  a !== undefined && a.temperature === b.temperature && a.topK === b.topK && a.topP === b.topP;

/** Whether there is nothing to add to a run. */
function endOf({ model, tokens, generated }: Run, loaded: Loaded | null): RunView['end'] {
  if (model.nCtx !== null && tokens.length >= model.nCtx) return 'full';
  const last = generated.at(-1);
  return last !== undefined && loaded?.ends.includes(last) ? 'ended' : null;
}

function checkIndex(name: string, index: number, count: number): void {
  if (Number.isInteger(index) && index >= 0 && index < count) return;
  throw new EngineError({
    code: 'bad-request',
    message: `There is no ${name} ${index}.`,
    expected: `${name} 0 to ${count - 1}`,
    found: String(index),
  });
}

function clamp(index: number, count: number): number {
  return Math.min(Math.max(index, 0), count - 1);
}

function filterOf(run: Run, state: ViewerState): LinkFilter {
  const { nLayers, nHeads } = run.model;
  const apart = Uint8Array.from(run.tokens, ({ index }) => (state.apart && standsApart(run, index) ? 1 : 0));
  const heads = new Uint8Array(nLayers * nHeads);
  for (let layer = 0; layer < nLayers; ++layer) {
    for (let head = 0; head < nHeads; ++head) {
      const listed = (state.layers?.includes(layer) ?? true) && (state.heads?.includes(head) ?? true);
      heads[layer * nHeads + head] = listed ? 1 : 0;
    }
  }
  return { apart, heads, budget: LINK_BUDGET };
}

/** The state's choices in this run: within its sizes; without a chosen key, the row's strongest that is not set apart. */
function selectionOf(run: Run, state: ViewerState, overview: Overview): Selection {
  const { nLayers, nHeads } = run.model;
  const n = run.tokens.length;
  const layer = clamp(state.layer, nLayers);
  const head = clamp(state.head, nHeads);
  const query = clamp(state.query, n);
  const strongest = overview.strongest[(layer * nHeads + head) * n + query] ?? -1;
  return { layer, head, query, key: clamp(state.key ?? strongest, n) };
}

function isCell(view: RunView | null, { layer, head, query, key }: Selection): view is RunView {
  const cell = view?.cell;
  return cell?.layer === layer && cell.head === head && cell.queryIndex === query && cell.keyIndex === key;
}
