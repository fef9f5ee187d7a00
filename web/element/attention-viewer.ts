/**
 * `<attention-viewer>`: attributes, properties, methods and events of the public contract, and the layout of the
 * panels. The only part of the element that talks to the session.
 */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { sharedEngine } from '../engine/engine';
import { failureOf, isAbort } from '../engine/errors';
import type {
  Backend,
  Candidate,
  Failure,
  HeadMetrics,
  Intervention,
  Matrix,
  ModelInfo,
  Sampling,
  Source,
  Token,
} from '../engine/types';
import { createSession, type Session } from '../session/session';
import type { Snapshot, Status, ViewerError } from '../session/snapshot';
import { fromFragment, toFragment } from '../state/address';
import { explain } from '../state/explain';
import { isSampling, SAMPLING_BOUNDS } from '../state/generation';
import { BadIntervention, readInterventions } from '../state/interventions';
import { type Change, type Hover, initialState, VIEWS, type View, type ViewerState } from '../state/state';
import { define } from './define';
import { droppedFiles } from './dropped-files';
import { startingBudget } from './memory-budget';
import type { ModelDialog } from './model-dialog';
import { modelOf, type Panel, type Reader } from './panel';
import type { SceneView } from './scene-view';
import type { Example } from './sentence-input';
import { parseColour, readTheme, watchTheme } from './theme';
import { undoKey } from './undo-key';
import {
  ASIDES,
  type Aside,
  bareBody,
  type Sheet,
  type ViewerBody,
  type ViewerColours,
  viewerBody,
} from './viewer-body';
import { viewerStyles } from './viewer-styles';

/** How one weight came about: the cell on show, under the contract's names. */
export interface Calculation {
  readonly revision: number;
  readonly layer: number;
  readonly head: number;
  readonly queryIndex: number;
  readonly keyIndex: number;
  readonly query: Float32Array | null;
  readonly key: Float32Array | null;
  readonly value: Float32Array | null;
  readonly dot: number | null;
  readonly scale: number | null;
  readonly bias: number | null;
  readonly score: number | null;
  readonly rowMax: number | null;
  readonly rowSum: number | null;
  readonly weight: number;
  readonly masked: boolean;
  readonly output: Float32Array | null;
}

/** The attributes that are part of the state, and their names there. */
const STATE_ATTRIBUTES = {
  text: 'text',
  layer: 'layer',
  head: 'head',
  'query-index': 'query',
  'key-index': 'key',
  view: 'view',
  precision: 'precision',
} as const satisfies Record<string, keyof ViewerState>;
type StateAttribute = keyof typeof STATE_ATTRIBUTES;

export class AttentionViewer extends LitElement {
  static override properties = {
    src: { reflect: true },
    trace: { reflect: true },
    library: { reflect: true },
    loading: { reflect: true },
    hints: { type: Boolean, reflect: true },
    bare: { type: Boolean, reflect: true },
    examples: { attribute: false },
    snapshot: { state: true },
    sheet: { state: true },
    aside: { state: true },
    spoken: { state: true },
    theme: { state: true },
    dragging: { state: true },
    flat: { state: true },
  };

  static override get observedAttributes(): string[] {
    // biome-ignore lint/complexity/noThisInStatic: Lit derives its own from this class, not from its base.
    return [...super.observedAttributes, ...Object.keys(STATE_ATTRIBUTES)];
  }

  static override styles = viewerStyles;

  /** The model: a folder's address ends in `/`. */
  declare src: string | null;
  /** A saved run, shown at once; the model's own run takes its place. */
  declare trace: string | null;
  /** Address of a list of models that the site carries, offered where a model is opened. */
  declare library: string | null;
  declare loading: 'lazy' | 'eager';
  /** Whether a first visit is met with three short hints. */
  declare hints: boolean;
  /** Whether the scene stands alone (the views story, heads and steps): the page around it says and asks the rest. */
  declare bare: boolean;
  /** Sentences offered beside the input. */
  declare examples: readonly Example[];
  declare private snapshot: Snapshot | undefined;
  declare private sheet: Sheet;
  declare private aside: Aside;
  declare private spoken: string;
  declare private theme: ViewerColours | undefined;
  declare private dragging: boolean;
  /** There is no scene here, and nothing may say what it draws. */
  declare private flat: boolean;

  #session: Session | null = null;
  #unsubscribe: (() => void) | null = null;
  /** What was asked for before there was a session. */
  #initial: Change = {};
  #started = false;
  #opening: Promise<void> = Promise.resolve();
  /** Counts what was asked to be opened: a model that the reader chose is not replaced by one that attributes name. */
  #openings = 0;
  #cancelled = new AbortController();
  #near: IntersectionObserver | null = null;
  #stopWatching: (() => void) | null = null;
  /** Attributes are being written from the state, not by the page. */
  #reflecting = false;
  #quiet = 0;
  #hoverFrame = 0;
  #hover: Hover | null = null;
  #speaks = false;

  constructor() {
    super();
    this.src = null;
    this.trace = null;
    this.library = null;
    this.loading = 'lazy';
    this.hints = false;
    this.bare = false;
    this.examples = [];
    this.sheet = 'cell';
    this.aside = 'cell';
    this.spoken = '';
    this.dragging = false;
    this.flat = false;
  }

  // ---- The state, as properties ----

  get text(): string {
    return this.#state.text;
  }
  set text(text: string) {
    this.#change({ text: String(text) });
  }
  get layer(): number {
    return this.#state.layer;
  }
  set layer(layer: number) {
    this.#index('layer', layer);
  }
  get head(): number {
    return this.#state.head;
  }
  set head(head: number) {
    this.#index('head', head);
  }
  get queryIndex(): number {
    return this.#state.query;
  }
  set queryIndex(index: number) {
    this.#index('query', index);
  }
  /** Null: the strongest key of the row. */
  get keyIndex(): number | null {
    return this.#state.key;
  }
  set keyIndex(index: number | null) {
    if (index === null) this.#change({ key: null });
    else this.#index('key', index);
  }
  get view(): View {
    return this.#state.view;
  }
  set view(view: View) {
    if (VIEWS.includes(view)) this.#change({ view });
    else this.#refuse('bad-request', `There is no view "${view}".`, VIEWS.join(', '), String(view));
  }
  get precision(): ViewerState['precision'] {
    return this.#state.precision;
  }
  set precision(precision: ViewerState['precision']) {
    if (precision === 'auto' || precision === 'f32') this.#change({ precision });
    else this.#refuse('unsupported', `The precision "${precision}" is not built yet.`, 'auto, f32', String(precision));
  }
  /** Ids of the tokens after the text's own, generated or set; a change of text takes them away. */
  get generated(): readonly number[] {
    return [...this.#state.generated];
  }
  set generated(ids: readonly number[]) {
    if (Array.isArray(ids) && ids.every((id) => Number.isInteger(id) && id >= 0)) this.#change({ generated: [...ids] });
    else this.#refuse('bad-request', 'generated must be a list of token ids.', 'whole numbers from 0', String(ids));
  }
  /** Whether the text is asked as a question, in the model's chat template; without one it is plain text. */
  get chat(): boolean {
    return this.#state.chat;
  }
  set chat(chat: boolean) {
    this.#change({ chat: Boolean(chat) });
  }
  /** How `generate` chooses; what is left out of an assignment stays. */
  get sampling(): Sampling {
    return { ...this.#state.sampling };
  }
  set sampling(sampling: Partial<Sampling>) {
    const rules = { ...this.#state.sampling, ...sampling };
    if (isSampling(rules)) this.#change({ sampling: rules });
    else this.#refuse('bad-request', 'These are no rules of sampling.', SAMPLING_BOUNDS, JSON.stringify(rules));
  }
  /** What is changed about the forward pass; [] restores the model's own numbers. */
  get interventions(): readonly Intervention[] {
    return this.#state.interventions.map((one) => ({ ...one }));
  }
  set interventions(list: readonly Intervention[]) {
    try {
      this.#change({ interventions: readInterventions(list) });
    } catch (error) {
      if (!(error instanceof BadIntervention)) throw error;
      this.#refuse('bad-request', error.message, error.expected, error.found);
    }
  }

  /** What the reader sees as an address's fragment, without the hash sign; setting it is a change like any other. */
  get fragment(): string {
    return toFragment(this.#state);
  }
  set fragment(fragment: string) {
    this.#change(fromFragment(fragment));
  }

  // ---- What is known ----

  get status(): Status {
    return this.#session?.snapshot.status ?? 'empty';
  }
  get error(): ViewerError | null {
    return this.#session?.snapshot.error ?? null;
  }
  get revision(): number {
    return this.#session?.snapshot.revision ?? 0;
  }
  get modelInfo(): ModelInfo | null {
    return modelOf(this.#session?.snapshot);
  }
  get tokenList(): Token[] {
    return [...(this.#session?.snapshot.runs[0]?.run.tokens ?? [])];
  }
  get backend(): Backend | null {
    return this.#session?.snapshot.runs[0]?.run.backend ?? null;
  }
  get calculation(): Calculation | null {
    const shown = this.#session?.snapshot.runs[0];
    if (shown === undefined) return null;
    const { rowScores, rowWeights, temperature, ...cell } = shown.cell;
    return { revision: shown.revision, ...cell };
  }

  // ---- Methods ----

  /** Opens a model or a saved run. A failed load leaves everything as it was. */
  load(source: Source, options: { signal?: AbortSignal } = {}): Promise<ModelInfo> {
    this.#started = true; // What the attributes name would only replace it.
    ++this.#openings;
    return this.#connected().load(source, options);
  }

  /**
   * Starts lazy work and resolves with the revision once everything shows it; after an error as well. Where the model
   * goes on writing without end, once the token that is being made is on show.
   */
  async settled({ signal }: { signal?: AbortSignal } = {}): Promise<number> {
    const session = this.#connected();
    this.#start();
    const stop = signal === undefined ? this.#cancelled.signal : AbortSignal.any([signal, this.#cancelled.signal]);
    do {
      await orAborted(this.#opening, stop);
      await orAborted(session.settled({ signal: stop }), stop);
      await orAborted(this.#drawn(), stop);
    } while (isBusy(session.snapshot.status) && session.snapshot.generating?.steps !== null);
    return session.snapshot.revision;
  }

  async attention(
    layer: number,
    head: number,
    { kind = 'self', measure = 'weights' }: { kind?: string; measure?: string } = {},
  ): Promise<Matrix> {
    return this.#connected().attention(layer, head, { kind, measure });
  }

  // @ts-expect-error: the contract's name for the residual stream; HTMLElement has a flag of that name.
  async hidden(layer: number): Promise<Matrix> {
    return this.#connected().hidden(layer);
  }

  /** Many heads as one matrix: `mean` or `max` over the heads of a layer, or the `rollout` up to and with it. */
  async aggregate(name: string, { layer }: { layer?: number } = {}): Promise<Matrix> {
    return this.#connected().aggregate(name, layer);
  }

  /** What a head does on the text; null where the text cannot show it. */
  async metrics(layer: number, head: number): Promise<HeadMetrics> {
    return this.#connected().metrics(layer, head);
  }

  /** What the model expects after a token of the run on show, most probable first; at most 1000. */
  async next(position: number, { k = 10 }: { k?: number } = {}): Promise<Omit<Candidate, 'text' | 'chance'>[]> {
    return this.#connected().next(position, k);
  }

  /**
   * Lets the model go on writing, each token chosen under `sampling` and shown before the next: so many tokens, or fewer
   * where it ends its text; null: until `pause` or that end. Resolves as `settled` does: look at `error`.
   */
  async generate(steps: number | null = 1, options: { signal?: AbortSignal } = {}): Promise<number> {
    this.#connected().generate(steps);
    return this.settled(options);
  }

  /** No more tokens; what was generated stays. */
  pause(): void {
    this.#session?.pause();
  }

  /** Stops loads and runs: pending promises reject with AbortError; text and picture stay. */
  cancel(): void {
    this.#cancelled.abort(new DOMException('Cancelled.', 'AbortError'));
    this.#cancelled = new AbortController();
    this.#session?.cancel();
  }

  // ---- Life in the document ----

  override connectedCallback(): void {
    super.connectedCallback();
    this.#readTheme();
    this.#connected();
    this.#stopWatching = watchTheme(() => this.#readTheme());
    if (this.loading === 'eager' || globalThis.IntersectionObserver === undefined) this.#start();
    else if (!this.#started) {
      this.#near = new IntersectionObserver(
        (entries) => {
          if (entries.some((entry) => entry.isIntersecting)) this.#start();
        },
        { rootMargin: '200px' },
      );
      this.#near.observe(this);
    }
  }

  override disconnectedCallback(): void {
    this.#near?.disconnect();
    this.#stopWatching?.();
    cancelAnimationFrame(this.#hoverFrame);
    this.#hoverFrame = 0;
    super.disconnectedCallback();
    // A move takes the element out and puts it back at once; only one that stays out gives its memory back.
    setTimeout(() => {
      if (this.isConnected || this.#session === null) return;
      const { hover, ...state } = this.#session.snapshot.state;
      this.#initial = state;
      this.#unsubscribe?.();
      this.#session.dispose();
      this.#session = null;
      this.#started = false;
    });
  }

  override attributeChangedCallback(name: string, old: string | null, value: string | null): void {
    super.attributeChangedCallback(name, old, value);
    if (this.#reflecting || old === value || !(name in STATE_ATTRIBUTES)) return;
    const attribute = name as StateAttribute;
    if (attribute === 'text') this.text = value ?? '';
    else if (attribute === 'view') this.view = (value ?? initialState.view) as View;
    else if (attribute === 'precision') this.precision = (value ?? initialState.precision) as ViewerState['precision'];
    else if (attribute === 'key-index' && value === null) this.keyIndex = null;
    else
      this.#index(STATE_ATTRIBUTES[attribute], value === null ? 0 : value.trim() === '' ? Number.NaN : Number(value));
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (this.#started && this.hasUpdated && (changed.has('src') || changed.has('trace'))) this.#open();
  }

  protected override render(): TemplateResult {
    const state = this.#state;
    const { view } = state;
    const feed = this.#reader;
    if (this.bare) {
      return html`<div class=${`viewer bare view-${view}${this.flat ? ' flat' : ''}`} @keydown=${this.#undoKey}>
        <attn-error-note .snapshot=${this.snapshot} .reader=${feed}></attn-error-note>
        ${bareBody(this.#bodyParts(view))}
        <p class="unseen" aria-live="polite">${this.spoken}</p>
      </div>`;
    }
    return html`
      <div
        class=${`viewer view-${view}${this.dragging ? ' dragging' : ''}${this.flat ? ' flat' : ''}`}
        @keydown=${this.#undoKey}
        @dragover=${this.#dragOver}
        @dragleave=${this.#dragLeave}
        @drop=${this.#drop}
      >
        <div class="ask">
          <attn-sentence-input
            .snapshot=${this.snapshot}
            .reader=${feed}
            .examples=${this.examples}
            @example=${(event: CustomEvent<Example>) => void this.#showExample(event.detail)}
          ></attn-sentence-input>
          <attn-model-bar
            .snapshot=${this.snapshot}
            .reader=${feed}
            @openmodel=${() => this.#openDialog('instead')}
          ></attn-model-bar>
          <attn-export-menu .snapshot=${this.snapshot} .reader=${feed}></attn-export-menu>
        </div>
        <attn-error-note .snapshot=${this.snapshot} .reader=${feed}></attn-error-note>
        <div class="tokens">
          <attn-token-strip .snapshot=${this.snapshot} .reader=${feed}></attn-token-strip>
          <attn-status-bar
            .snapshot=${this.snapshot}
            .reader=${feed}
            @cancelrun=${() => this.cancel()}
          ></attn-status-bar>
        </div>
        <attn-window-strip .snapshot=${this.snapshot} .reader=${feed} .colours=${this.theme}></attn-window-strip>
        ${viewerBody(this.#bodyParts(view))}
        ${this.hints && view !== 'steps' ? html`<attn-first-hints .snapshot=${this.snapshot} .reader=${feed}></attn-first-hints>` : nothing}
        <attn-model-dialog
          .snapshot=${this.snapshot}
          .reader=${feed}
          .models=${sharedEngine()}
          .library=${this.library}
          @files=${(event: CustomEvent<File[]>) => this.#takeChosen(event.detail)}
          @address=${(event: CustomEvent<string>) => this.#takeChosen(event.detail)}
        ></attn-model-dialog>
        <p class="unseen" aria-live="polite">${this.spoken}</p>
        <p class="drop-here" aria-hidden="true">Drop a model’s files, its folder, or a saved run</p>
      </div>
    `;
  }

  #bodyParts(view: View): ViewerBody {
    return {
      snapshot: this.snapshot,
      reader: this.#reader,
      view,
      sheet: this.sheet,
      aside: this.aside,
      colours: this.theme,
      openSheet: (sheet) => this.#openSheet(sheet),
      openBeside: () => this.#openDialog('beside'),
      sceneless: () => {
        this.flat = true;
      },
    };
  }

  // ---- State in a circle ----

  get #state(): ViewerState {
    return this.#session?.snapshot.state ?? { ...initialState, ...this.#initial };
  }

  #change(change: Change): void {
    if (this.#session === null) this.#initial = { ...this.#initial, ...change };
    else this.#session.change(change);
  }

  #index(name: 'layer' | 'head' | 'query' | 'key', value: number): void {
    if (Number.isInteger(value) && value >= 0) this.#change({ [name]: value });
    else this.#refuse('bad-request', `${name} must be a whole number from 0.`, 'a whole number from 0', String(value));
  }

  #refuse(code: Failure['code'], message: string, expected: string, found: string): void {
    this.#connected().fail({ code, message, expected, found, recoverable: true });
  }

  #connected(): Session {
    if (this.#session === null) {
      const engine = sharedEngine();
      engine.setBudget(startingBudget());
      this.#session = createSession(engine, this.#initial);
      this.#unsubscribe = this.#session.subscribe((snapshot) => this.#show(snapshot));
      this.#show(this.#session.snapshot);
    }
    return this.#session;
  }

  #show(snapshot: Snapshot): void {
    const before = this.snapshot;
    this.snapshot = snapshot;
    this.#reflect(snapshot.state);
    this.#tell(before, snapshot);
    if (before?.state.view !== snapshot.state.view) this.#followView(snapshot.state.view);
    const pointed = before !== undefined && before.state !== snapshot.state && onlyHover(before.state, snapshot.state);
    if (!pointed || isBusy(snapshot.status)) this.#watchQuiet();
    if (this.#speaks && before?.runs[0]?.cell !== snapshot.runs[0]?.cell) this.#speak(snapshot);
  }

  #reflect(state: ViewerState): void {
    this.#reflecting = true;
    for (const [attribute, name] of Object.entries(STATE_ATTRIBUTES)) {
      const value = state[name];
      // An attribute that says what is the case anyway is not added.
      if (value === null || (value === initialState[name] && !this.hasAttribute(attribute))) {
        if (value === null) this.removeAttribute(attribute);
      } else if (this.getAttribute(attribute) !== String(value)) this.setAttribute(attribute, String(value));
    }
    this.#reflecting = false;
  }

  #tell(before: Snapshot | undefined, now: Snapshot): void {
    const fire = (type: string, detail?: unknown) =>
      this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
    if (now.progress !== null && now.progress !== before?.progress) fire('modelprogress', { ...now.progress });
    const run = now.runs[0];
    if (modelOf(now) !== null && modelOf(now) !== modelOf(before)) fire('modelload', modelOf(now));
    if (run !== undefined && run.run.id !== before?.runs[0]?.run.id && run.run.backend.source === 'model') {
      fire('runcomplete', { revision: run.revision, computeMs: run.run.computeMs });
    }
    if (now.error !== null && now.error !== before?.error) fire('modelerror', { error: now.error });
    if (before !== undefined && before.state !== now.state && !onlyHover(before.state, now.state)) fire('statechange');
  }

  readonly #reader: Reader = {
    choose: (change) => {
      // What is typed is heard from the text box, what is generated from its panel; what is chosen is spoken.
      const isChosen = (['query', 'key', 'layer', 'head'] as const).some((name) => change[name] !== undefined);
      if (isChosen && change.text === undefined) this.#speaks = true;
      this.#connected().change({ ...change, hover: null });
      if (change.query === undefined && change.key === undefined) return;
      const { layer, head, query, key } = this.#state;
      this.dispatchEvent(
        new CustomEvent('tokenselect', {
          detail: { layer, head, queryIndex: query, keyIndex: key },
          bubbles: true,
          composed: true,
        }),
      );
    },
    point: (hover) => {
      this.#hover = hover === null ? null : { layer: null, head: null, query: null, key: null, ...hover };
      if (this.#hoverFrame !== 0) return;
      this.#hoverFrame = requestAnimationFrame(() => {
        this.#hoverFrame = 0;
        const state = this.#session?.snapshot.state;
        if (state !== undefined && !sameHover(state.hover, this.#hover)) this.#session?.change({ hover: this.#hover });
      });
    },
    generate: (steps) => {
      try {
        this.#connected().generate(steps);
      } catch (error) {
        this.#connected().fail({ ...failureOf(error), recoverable: true });
      }
    },
    pause: () => this.pause(),
    undo: () => this.#connected().undo(),
    redo: () => this.#connected().redo(),
    compareWith: (source) =>
      void this.#connected()
        .compareWith(source)
        .catch(() => {}), // The session publishes it.
    matrix: (layer, head, measure) => this.#connected().attention(layer, head, { kind: 'self', measure }),
    hidden: (layer) => this.#connected().hidden(layer),
    verify: (signal) => this.#connected().verify(signal === undefined ? {} : { signal }),
    scene: () => this.renderRoot.querySelector<SceneView>('attn-scene-view')?.seen ?? null,
    settled: () => this.settled(),
    fail: (error) => {
      if (!isAbort(error)) this.#connected().fail({ ...failureOf(error), recoverable: true });
    },
    say: (sentence) => {
      this.spoken = sentence;
    },
  };

  #speak(snapshot: Snapshot): void {
    const shown = snapshot.runs[0];
    if (shown === undefined) return;
    this.#speaks = false;
    this.spoken = explain(shown);
  }

  // ---- Loading ----

  #start(): void {
    this.#near?.disconnect();
    if (this.#started) return;
    this.#started = true;
    this.#open();
  }

  /** The saved run first, for it is small; then the model, whose own run takes its place. */
  #open(): void {
    const session = this.#connected();
    const address = (text: string | null) => (text ? new URL(text, document.baseURI) : null);
    const turn = ++this.#openings;
    const open = async () => {
      const trace = address(this.trace);
      const model = address(this.src);
      // The session has published what went wrong; the model is tried all the same.
      if (trace !== null) await session.showTrace(trace).catch(() => {});
      if (model !== null && turn === this.#openings) await session.load(model, { shared: true }).catch(() => {});
    };
    this.#opening = open().catch((error: unknown) => {
      this.#refuse('bad-request', 'The address cannot be read.', 'an address', String(error));
    });
    this.#watchQuiet();
  }

  get #dialog(): ModelDialog | null {
    return this.renderRoot.querySelector<ModelDialog>('attn-model-dialog');
  }

  /** What the dialog's choice is for: a model instead of the one on show, or one to stand beside it. */
  #purpose: 'instead' | 'beside' = 'instead';

  #openDialog(purpose: 'instead' | 'beside'): void {
    this.#purpose = purpose;
    this.#dialog?.open(purpose === 'beside' ? 'Open a model to compare with' : undefined);
  }

  #takeChosen(source: Source): void {
    if (this.#purpose === 'beside') this.#reader.compareWith(source);
    else this.#openChosen(source);
  }

  #openChosen(source: Source): void {
    // The session publishes the refusal.
    this.load(source).catch(() => {});
  }

  async #showExample({ text, trace, layer, head, query }: Example): Promise<void> {
    const session = this.#connected();
    this.#speaks = true;
    const selection: Change = { layer, head, query, key: null, hover: null };
    if (session.snapshot.model !== null) {
      session.change({ text, ...selection });
      return;
    }
    try {
      await session.showTrace(new URL(trace, document.baseURI));
      session.change(selection);
    } catch {
      // The session publishes the refusal.
    }
  }

  readonly #dragOver = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    this.dragging = true;
  };

  readonly #dragLeave = (event: DragEvent): void => {
    const viewer = event.currentTarget as Element;
    if (!(event.relatedTarget instanceof Node && viewer.contains(event.relatedTarget))) this.dragging = false;
  };

  readonly #drop = (event: DragEvent): void => {
    this.dragging = false;
    const items = event.dataTransfer?.items;
    if (items === undefined || !event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    this.#dialog?.close();
    const open = async () => {
      try {
        const files = await droppedFiles(items);
        if (files.length > 0) this.#openChosen(files);
      } catch (error) {
        this.#connected().fail({ ...failureOf(error), recoverable: true });
      }
    };
    void open();
  };

  // ---- Being settled ----

  /** Everything on the screen shows the latest snapshot. */
  async #drawn(): Promise<void> {
    await quiet(this);
    const panels = [...(this.shadowRoot?.querySelectorAll<Panel>('.viewer *') ?? [])].filter(
      (element) => 'updateComplete' in element,
    );
    await Promise.all(panels.map(quiet));
    await this.shadowRoot?.querySelector<SceneView>('attn-scene-view')?.drawn();
  }

  /** Marks the host busy until nothing is pending any more. */
  #watchQuiet(): void {
    const turn = ++this.#quiet;
    if (this.getAttribute('aria-busy') !== 'true') this.setAttribute('aria-busy', 'true');
    const wait = async () => {
      await this.#opening;
      await this.#session?.settled().catch(() => {});
      await this.#drawn();
      if (turn === this.#quiet && this.#session?.snapshot.generating == null) this.removeAttribute('aria-busy');
    };
    void wait();
  }

  // ---- Tabs and theme ----

  readonly #undoKey = (event: KeyboardEvent): void => {
    const step = undoKey(event);
    if (step === null) return;
    event.preventDefault();
    this.#reader[step]();
  };

  #followView(view: View): void {
    if (view !== 'story' && view !== 'heads') this.sheet = view;
    else if (this.sheet === 'steps') this.sheet = 'cell';
  }

  /** The steps' sheet goes with their blocks on the stage; every other one leaves them. */
  #openSheet(sheet: Sheet): void {
    this.sheet = sheet;
    const aside = ASIDES.find((name) => name === sheet);
    if (aside !== undefined) this.aside = aside;
    if (sheet === 'steps') this.#reader.choose({ view: 'steps' });
    else if (this.#state.view === 'steps') this.#reader.choose({ view: 'story' });
  }

  #readTheme(): void {
    const style = getComputedStyle(this);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    this.theme = {
      scene: readTheme(colour),
      ground: parseColour(colour('--ground')),
      panel: parseColour(colour('--panel')),
      raised: parseColour(colour('--raised')),
      light: parseColour(colour('--light')),
      negative: parseColour(colour('--negative')),
      zero: parseColour(colour('--zero')),
      positive: parseColour(colour('--positive')),
    };
  }
}

/** Until a component's rendering asks for no further one: large grids measure themselves and render again. */
async function quiet(component: { readonly updateComplete: Promise<boolean> }): Promise<void> {
  while (!(await component.updateComplete));
}

function isBusy(status: Status): boolean {
  return status === 'loading' || status === 'running';
}

function sameHover(a: Hover | null, b: Hover | null): boolean {
  if (a === null || b === null) return a === b;
  return a.layer === b.layer && a.head === b.head && a.query === b.query && a.key === b.key;
}

/** Whether two states differ in nothing but what is pointed at. */
function onlyHover(a: ViewerState, b: ViewerState): boolean {
  return (Object.keys(b) as (keyof ViewerState)[]).every((name) => name === 'hover' || a[name] === b[name]);
}

/** The promise, or a rejection as soon as the signal says so. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) {
      stop();
      return;
    }
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

define('attention-viewer', AttentionViewer as unknown as CustomElementConstructor);

declare global {
  interface HTMLElementTagNameMap {
    'attention-viewer': AttentionViewer;
  }
}
