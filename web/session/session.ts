/**
 * The only owner of what is going on: turns the state into runs and runs into snapshots, cancels what is stale, and
 * keeps the last good picture until a newer one is whole. No DOM.
 */
import { aborted, EngineError, failureOf, isAbort } from '../engine/errors';
import type {
  Candidate,
  Engine,
  HeadMetrics,
  Loaded,
  Matrix,
  ModelInfo,
  Progress,
  Run,
  Source,
  Verification,
} from '../engine/types';
import { type History, noHistory, redo, remember, undo } from '../state/history';
import { sameInterventions } from '../state/interventions';
import { AGGREGATES, isAggregate } from '../state/measures';
import { type Change, initialState, update, type ViewerState } from '../state/state';
import { createBeside } from './beside';
import { type Gathered, gather } from './gather';
import type { Generating, RunView, Snapshot, ViewerError } from './snapshot';
import { sameText, sameWish, type Wish } from './wish';

/** So many candidates for the next token may be asked for. */
const MOST_CANDIDATES = 1000;

export interface Session {
  readonly snapshot: Snapshot;
  /** Calls back after every change, never with an older snapshot than before. Returns how to stop. */
  subscribe(listener: (snapshot: Snapshot) => void): () => void;
  change(change: Change): void;
  /**
   * Opens a model or a trace. A failure leaves everything as it was and is published.
   * `shared`: a model that the page holds from the same address serves as well.
   */
  load(source: Source, options?: { signal?: AbortSignal | undefined; shared?: boolean }): Promise<ModelInfo>;
  /** Shows a trace until a model's own run takes its place. */
  showTrace(source: Source): Promise<void>;
  /** Opens a model beside the one on show, to be compared with it on the same text. A trace is refused. */
  compareWith(source: Source, options?: { signal?: AbortSignal | undefined }): Promise<ModelInfo>;
  /** Takes the last change of the interventions back; without one, nothing happens. */
  undo(): void;
  /** Makes what was undone last once more. */
  redo(): void;
  /**
   * Resolves with the revision when nothing is pending, after an error as well. What is generated is waited for; where
   * that is without end, the token that is being made.
   */
  settled(options?: { signal?: AbortSignal | undefined }): Promise<number>;
  attention(layer: number, head: number, options: { kind: string; measure: string }): Promise<Matrix>;
  hidden(layer: number): Promise<Matrix>;
  /** Many heads of the run on show as one matrix; without a layer, of the chosen one. */
  aggregate(name: string, layer?: number): Promise<Matrix>;
  /** What a head of the run on show does on the text; null where the text cannot show it. */
  metrics(layer: number, head: number): HeadMetrics;
  /** Compares all weights of the run on show with the same softmax in float64. */
  verify(options?: { signal?: AbortSignal | undefined }): Promise<Verification>;
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

/** The run on show, and who made it. */
interface Shown {
  readonly view: RunView;
  readonly gathered: Gathered;
  readonly owner: number;
  /** What the run was made of; null for a trace. */
  readonly wish: Wish | null;
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
    comparison: null,
    beside: null,
    undoable: 0,
    redoable: 0,
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
  const beside = createBeside(engine);
  let runningBeside: { wish: Wish; controller: AbortController } | null = null;
  /** A second run that was refused or cancelled: not tried again until it is another. */
  let refusedBeside: Wish | null = null;
  let history: History<ViewerState['interventions']> = noHistory;
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
    if (shown !== null) {
      const gathered = { ...shown.gathered, filter: '' };
      shown = { ...shown, gathered, lost: shown.wish !== null };
    }
    beside.forget();
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

  function runWish({ text, generated, chat, precision, interventions }: ViewerState): Wish | null {
    if (model === null) return null;
    // An encoder generates nothing: what a link brings waits for a model that does.
    const ids = model.info.causal === true ? generated : [];
    return { model: model.id, text, chat: chat && model.chat, generated: ids, precision, interventions };
  }

  /** What has to stand beside the run on show. */
  function besideWish(): Wish | null {
    return beside.wish(snapshot.state, shown?.lost ? null : (shown?.wish ?? null));
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
    const next = due();
    if (running !== null && !sameWish(running.wish, next)) running.controller.abort();
    const isStale = runningBeside !== null && (next !== null || !sameWish(runningBeside.wish, besideWish()));
    if (isStale) runningBeside?.controller.abort();
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
        } else if (!isAbort(error) && !takeChangesBack(next)) refused = next;
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
    if (!dirty) await makeBeside();
    if (snapshot.generating !== null && !dirty) await extend(snapshot.generating);
  }

  /** Interventions that were refused give way to those that are on show: the last good state stands. */
  function takeChangesBack(next: Wish): boolean {
    const good = shown?.wish ?? null;
    if (good === null || !sameText(good, next) || sameInterventions(good.interventions, next.interventions))
      return false;
    if (!sameInterventions(snapshot.state.interventions, next.interventions)) return false;
    const back = undo(history, next.interventions);
    if (back !== null && sameInterventions(back.value, good.interventions)) history = { ...back.history, future: [] };
    publish({ state: { ...snapshot.state, interventions: good.interventions }, ...historySize() });
    return true;
  }

  const historySize = () => ({ undoable: history.past.length, redoable: history.future.length });

  /** Runs what has to stand beside the run on show, and shows both. */
  async function makeBeside(): Promise<void> {
    const wanted = besideWish();
    if (wanted === null || shown === null || beside.has(wanted) || sameWish(wanted, refusedBeside)) return;
    const controller = new AbortController();
    runningBeside = { wish: wanted, controller };
    making = true;
    publish({});
    try {
      const onProgress = (progress: Progress) => {
        if (runningBeside?.controller === controller) publish({ progress });
      };
      const { model: id, text, chat, generated, interventions } = wanted;
      const run = await engine.run(
        id,
        { text, chat, generated, interventions },
        { signal: controller.signal, onProgress },
      );
      if (controller.signal.aborted || disposed) engine.releaseRun(run.id);
      else {
        beside.take(wanted, run);
        await show(shown.view.run, shown.owner, shown.wish);
      }
    } catch (error) {
      if (isAbort(error)) return;
      refusedBeside = wanted;
      throw error;
    } finally {
      runningBeside = null;
      making = false;
      publish({ progress: null });
    }
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
      const { text, chat, generated, interventions } = next;
      const asked = { text, chat, generated, interventions };
      run = await engine.run(next.model, asked, { signal: controller.signal, onProgress });
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

  /** Gathers what the state asks to see of a run and of what stands beside it, and publishes all of it at once. */
  async function show(run: Run, owner: number, madeBy: Wish | null, signal?: AbortSignal): Promise<void> {
    const { state } = snapshot;
    const gathered = await gather(engine, run, state, shown?.gathered ?? null);
    if (gathered === null || disposed || signal?.aborted) return;
    const last = shown;
    const isNew = last?.view.run.id !== run.id;
    // A run that is made again because the engine died is no change.
    const isAccepted = isNew && !(last?.lost && sameWish(last.wish, madeBy));
    const revision = isAccepted ? snapshot.revision + 1 : snapshot.revision;
    const view = { ...gathered.parts, revision, end: endOf(run, owner === model?.id ? model : null) };
    const second = await beside.gather(view, state, madeBy);
    if (disposed || signal?.aborted) return;
    shown = { view, gathered, owner, wish: madeBy, lost: last?.view.run.id === run.id && last.lost };
    making = false;
    // A new run answers whatever went wrong before it. What came back answers for the engine's death alone, and only if
    // it is what is wished for: a text that the engine died of is not on show.
    const isBack = snapshot.error?.code === 'engine-died' && sameWish(wish(), madeBy);
    const answered = isAccepted || isBack;
    const runs = second === null ? [view] : [view, second[0]];
    publish({ revision, runs, comparison: second?.[1] ?? null, ...(answered ? { error: null } : {}) });
    if (last !== null && isNew) release(last);
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
    accept: (loaded: Loaded, asked: number) => boolean,
    shared = false,
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
      const loaded = await engine.load(source, { signal: controller.signal, onProgress, shared });
      if (disposed || controller.signal.aborted) {
        engine.releaseModel(loaded.id);
        throw aborted();
      }
      loads.delete(controller);
      if (!accept(loaded, asked)) engine.releaseModel(loaded.id);
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

  /** Takes what was loaded, unless something that was asked for later has been taken already. */
  function inOrder(asked: number, take: () => boolean): boolean {
    if (asked <= lastTaken || !take()) return false;
    lastTaken = asked;
    return true;
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
    // Another model's ids are other tokens, its heads other heads; what a link brought waits for the first one.
    const generated = last?.info.causal === true ? [] : snapshot.state.generated;
    const interventions = last === null ? snapshot.state.interventions : [];
    const state = { ...snapshot.state, generated, interventions };
    if (last !== null) history = noHistory;
    const { info, chat } = loaded;
    publish({ state, model: info, offersChat: chat, ...historySize(), error: null, generating: null });
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
      const last = snapshot.state;
      const state = update(last, asked);
      const isSameText = sameText(state, last);
      const isChanged = !sameInterventions(state.interventions, last.interventions);
      if (isChanged && state.interventions.length > 0 && model === null && loads.size === 0 && shown !== null) {
        publish({ error: errorOf(cannotChange(shown.view.run.model)) });
        return;
      }
      if (isChanged) history = remember(history, last.interventions);
      if (asked.query !== undefined) following = false;
      if (state.text !== last.text) {
        // What was refused, cancelled or held is another matter once the text has been another.
        heldText = null;
        // A trace that is not on show yet stands for a text that is gone; without a model it still beats nothing.
        if (model !== null) dropOpened();
      }
      const wanted = isSameText && !isChanged ? null : runWish(state);
      if (wanted !== null && !sameWish(wanted, refused)) refused = null;
      if (wanted !== null && !sameWish(wanted, deadly)) deadly = null;
      // Back at what is on show: the error spoke of a text that is gone.
      const answered = snapshot.error !== null && wanted !== null && sameWish(wanted, shown?.wish ?? null);
      const isOver = !isSameText || isChanged;
      publish({
        state,
        ...historySize(),
        ...(answered ? { error: null } : {}),
        ...(isOver ? { generating: null } : {}),
      });
      invalidate();
    },
    load(source, { signal, shared = false } = {}) {
      latestLoad?.abort();
      const controller = new AbortController();
      latestLoad = controller;
      const take = (loaded: Loaded, asked: number) =>
        inOrder(asked, () => {
          if (loaded.run !== null) takeTrace(loaded, loaded.run, true);
          else takeModel(loaded);
          return true;
        });
      return open(source, signal, controller, take, shared);
    },
    async showTrace(source) {
      await open(source, undefined, new AbortController(), (loaded, asked) =>
        inOrder(asked, () => {
          if (loaded.run === null || model !== null) return false;
          const { text } = snapshot.state;
          // What the reader typed, or a link brought, waits for the model; only a text that is on show gives way.
          const adopt = text === '' || text === heldText || text === shown?.view.run.text;
          takeTrace(loaded, loaded.run, adopt);
          return true;
        }),
      );
    },
    async compareWith(source, { signal } = {}) {
      const info = await open(source, signal, new AbortController(), (loaded) => {
        if (loaded.run !== null) {
          engine.releaseModel(loaded.id);
          throw new EngineError({
            code: 'unsupported',
            message: `${loaded.info.name} is a saved run: only a model can run the text on show.`,
            expected: 'a model',
            found: 'a saved run',
          });
        }
        refusedBeside = null;
        beside.takeModel(loaded);
        publish({ beside: loaded.info, state: update(snapshot.state, { compare: { kind: 'model' } }) });
        return true;
      });
      invalidate();
      return info;
    },
    undo() {
      goTo(undo(history, snapshot.state.interventions));
    },
    redo() {
      goTo(redo(history, snapshot.state.interventions));
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
      if (measure !== 'weights' && measure !== 'scores' && measure !== 'value-weighted')
        throw unsupported(`The measure "${measure}"`, 'weights, scores, value-weighted');
      const { run } = onShow();
      checkIndex('layer', layer, run.model.nLayers);
      checkIndex('head', head, run.model.nHeads);
      const { rows, cols, data } = await uncancelled(engine.matrix(run.id, layer, head, measure));
      return { rows, cols, data };
    },
    async hidden(layer) {
      const { run } = onShow();
      checkIndex('layer', layer, run.model.nLayers + 1);
      return uncancelled(engine.hidden(run.id, layer));
    },
    async aggregate(name, layer) {
      if (!isAggregate(name)) throw unsupported(`The aggregate "${name}"`, AGGREGATES.join(', '));
      const { run, selection } = onShow();
      const at = layer ?? selection.layer;
      checkIndex('layer', at, run.model.nLayers);
      return uncancelled(engine.aggregate(run.id, name, at));
    },
    metrics(layer, head) {
      const { run, overview } = onShow();
      checkIndex('layer', layer, run.model.nLayers);
      checkIndex('head', head, run.model.nHeads);
      const metrics = overview.metrics[layer * run.model.nHeads + head];
      if (metrics === undefined) throw new EngineError({ code: 'bad-request', message: 'The run has no such head.' });
      return { ...metrics };
    },
    verify({ signal } = {}) {
      return uncancelled(engine.verify(onShow().run.id, signal === undefined ? {} : { signal }));
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
      refusedBeside = besideWish() ?? refusedBeside;
      runningBeside?.controller.abort();
      runningBeside = null;
      making = false;
      publish({ progress: null, generating: null });
      for (const { reject } of pending) reject(aborted());
    },
    dispose() {
      session.cancel();
      disposed = true;
      stopListening();
      listeners.clear();
      beside.dispose();
      for (const id of new Set([model?.id, shown?.owner, opened?.loaded.id]))
        if (id !== undefined) engine.releaseModel(id);
    },
  };
  return session;

  function goTo(to: { value: ViewerState['interventions']; history: typeof history } | null): void {
    if (to === null) return;
    history = to.history;
    refused = null;
    publish({ state: update(snapshot.state, { interventions: to.value }), generating: null, ...historySize() });
    invalidate();
  }

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

function cannotChange({ name }: ModelInfo): EngineError {
  return new EngineError({
    code: 'unsupported',
    message: `${name} is a saved run: only a model can be changed and run again.`,
    expected: 'a model',
    found: 'a saved run',
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
