/**
 * The 3D scene's place in the document: its canvas, the camera's buttons, and what a pointer does on it. The only
 * module of the element that loads the scene, and only when there is something to show.
 */
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import { createRef, ref } from 'lit/directives/ref.js';
import type { HeadSteps } from '../engine/types';
import type { Covered, Hit, Scene, SceneStats } from '../scene/scene';
import { AXES, type Axis, tokensOf } from '../scene/step-matrices';
import type { SceneTheme } from '../scene/theme';
import { labelOf, tokenLabel } from '../state/labels';
import { lanesOf } from '../state/lanes';
import { formatNumber, formatPercent } from '../state/numbers';
import type { CameraPreset, StepCell } from '../state/state';
import { visibility } from '../state/visibility';
import { define } from './define';
import { type DrawnScene, Panel } from './panel';
import { sceneWords } from './scene-words';
import { t } from './words/words';

const PRESETS: readonly CameraPreset[] = ['front', 'side', 'above'];
/** A press that moves less than this, in pixels, is a click. */
const CLICK = 5;
/** What a button turns the camera by, and what a dragged pixel does; in radians. */
const TURN = 0.2;
const TURN_PER_PIXEL = 0.006;

export class SceneView extends Panel {
  static override properties = {
    ...Panel.properties,
    theme: { attribute: false },
    interacting: { state: true },
    missing: { state: true },
    tip: { state: true },
    wheelHint: { state: true },
  };

  declare theme: SceneTheme | undefined;
  declare interacting: boolean;
  /** Why there is no scene; null while there may be one. */
  declare missing: string | null;
  declare tip: { x: number; y: number; words: string } | null;
  declare wheelHint: boolean;

  #scene: Scene | null = null;
  #loading: Promise<void> | null = null;
  readonly #canvas = createRef<HTMLCanvasElement>();
  readonly #sizes = globalThis.ResizeObserver === undefined ? null : new ResizeObserver(() => this.#resize());
  #press: { id: number; x: number; y: number } | null = null;
  #moved = 0;
  /** A canvas whose scene is gone has lost its context: after a move in the document it is a new one. */
  #life = 0;
  #frame = 0;
  #at = { x: 0, y: 0 };

  constructor() {
    super();
    this.interacting = false;
    this.missing = null;
    this.tip = null;
    this.wheelHint = false;
  }

  /** Resolves when the picture shows the latest snapshot, or when there is no picture. */
  async drawn(): Promise<void> {
    await this.updateComplete;
    await this.#loading;
    if (this.#scene === null || !this.#isSeen) return;
    await this.#scene.drawn();
    this.#canvas.value?.setAttribute('data-drawn-revision', String(this.#scene.settledRevision()));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#sizes?.observe(this);
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    cancelAnimationFrame(this.#frame);
    this.#sizes?.disconnect();
    this.#foot?.disconnect();
    const scene = this.#scene;
    this.#scene = null;
    this.#loading = null;
    this.#frame = 0;
    this.#isSeen = false;
    this.interacting = false;
    this.#life++;
    super.disconnectedCallback();
    scene?.dispose();
  }

  protected override render(): TemplateResult {
    const shown = this.shown;
    return html`
      <div class=${`frame${this.interacting ? ' interacting' : ''}`} @keydown=${this.#key}>
        ${
          this.missing === null
            ? keyed(this.#life, this.#picture())
            : html`<div class="missing" role="note">
                <p><strong>${this.missing}</strong></p>
                <p>${t('scene.missing.rest')}</p>
              </div>`
        }
        ${
          this.snapshot?.state.view === 'steps' && shown?.run.can.scores === false
            ? html`<div class="missing over" role="note">
                <p><strong>${t('scene.weights-only')}</strong></p>
                <p>${t('scene.weights-only.why')}</p>
              </div>`
            : nothing
        }
        ${this.tip === null ? nothing : html`<div class="tip" aria-hidden="true" .style=${`left: ${this.tip.x}px; top: ${this.tip.y}px`}>${this.tip.words}</div>`}
        ${this.wheelHint ? html`<div class="wheel-hint" aria-hidden="true">${t('scene.wheel')}</div>` : nothing}
        ${this.missing === null && shown !== undefined ? this.#buttons() : nothing}
      </div>
    `;
  }

  #picture(): TemplateResult {
    return html`<canvas
      ${ref(this.#canvas)}
      part="canvas"
      role="img"
      tabindex="-1"
      aria-label=${this.#description()}
      @pointerdown=${this.#down}
      @pointermove=${this.#move}
      @pointerup=${this.#up}
      @pointercancel=${this.#up}
      @pointerleave=${this.#away}
    ></canvas>`;
  }

  #buttons(): TemplateResult {
    const camera = this.snapshot?.state.camera;
    const move = (name: string, symbol: TemplateResult, act: (scene: Scene) => void) => html`<button
      class="icon"
      aria-label=${name}
      title=${name}
      @click=${() => this.#moveCamera(act)}
    >${symbol}</button>`;
    return html`
      <div class="camera" role="group" aria-label=${t('scene.camera')}>
        <span class="presets">
          ${PRESETS.map(
            (preset) => html`<button
              aria-pressed=${preset === camera ? 'true' : 'false'}
              @click=${() => {
                this.reader.choose({ camera: preset });
                this.#moveCamera((scene) => scene.camera.preset(preset));
              }}
            >${t(`scene.${preset}`)}</button>`,
          )}
        </span>
        <span class="moves">
          ${move(t('scene.left'), ROTATE_LEFT, (scene) => scene.camera.orbit(-TURN, 0))}
          ${move(t('scene.right'), ROTATE_RIGHT, (scene) => scene.camera.orbit(TURN, 0))}
          ${move(t('scene.in'), PLUS, (scene) => scene.camera.zoom(1.2))}
          ${move(t('scene.out'), MINUS, (scene) => scene.camera.zoom(1 / 1.2))}
          ${move(t('scene.whole'), WHOLE, (scene) => scene.camera.reset())}
        </span>
        <button
          class="interact"
          aria-pressed=${this.interacting ? 'true' : 'false'}
          title=${t('scene.interact.title')}
          @click=${() => this.#interact(!this.interacting)}
        >
          ${t(this.interacting ? 'scene.release' : 'scene.interact')}
        </button>
      </div>
    `;
  }

  #description(): string {
    const shown = this.shown;
    if (shown === undefined) return t('scene.empty');
    const { run, selection, cell } = shown;
    const { state } = this.snapshot ?? {};
    const name = (index: number) => labelOf(run.tokens[index]);
    if (state?.view === 'steps') {
      return t('scene.steps', { layer: selection.layer, head: selection.head });
    }
    const lanes = state?.view === 'heads' ? lanesOf(state, selection, run.model) : [];
    const tokens = run.tokens.length;
    const what =
      lanes.length === 0
        ? t('scene.layers', { tokens, layers: run.model.nLayers, heads: run.model.nHeads })
        : t('scene.lanes', {
            tokens,
            lanes: lanes.length,
            names: lanes.map(({ layer, head }) => t('scene.lane', { layer, head })).join('; '),
          });
    const { layer, head, query, key } = selection;
    const weight = formatPercent(cell.weight);
    return `${what} ${t('scene.looks', { layer, head, query: name(query), key: name(key), weight })}`;
  }

  protected override willUpdate(): void {
    // What the tip told of has moved on.
    const { view, step } = this.snapshot?.state ?? {};
    if (view !== this.#tipOf.view || step !== this.#tipOf.step) this.tip = null;
    this.#tipOf = { view, step };
  }
  #tipOf: { view?: string | undefined; step?: string | undefined } = {};

  /** What stands in the foot changes with the view, and in the Steps view with each step. */
  readonly #foot =
    globalThis.ResizeObserver === undefined
      ? null
      : new ResizeObserver(() => {
          const view = this.snapshot?.state.view;
          if (view === this.#footOf && view !== 'steps') return;
          this.#footOf = view;
          this.#resize();
        });
  #footOf: string | undefined;

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const foot = this.parentElement?.querySelector('.foot');
    if (foot != null) this.#foot?.observe(foot);
    const view = this.snapshot?.state.view;
    if (view !== this.#view || !this.#isSeen) {
      this.#view = view;
      this.#isSeen = (this.#canvas.value?.clientWidth ?? 0) > 0;
    }
    if (changed.has('theme') && this.theme !== undefined) this.#scene?.setTheme(this.theme);
    if (this.#isSeen) this.#draw();
  }

  /** Whether the canvas has a place on the screen: a scene behind another view is neither loaded nor drawn. */
  #isSeen = false;
  #view: string | undefined;

  #draw(): void {
    if (this.shown === undefined || this.snapshot === undefined) return;
    if (this.#scene === null && this.#loading === null && this.missing === null) this.#loading = this.#load();
    this.#scene?.show(this.snapshot);
    void this.#mark();
  }

  /** Tells, in the document, which revision the picture shows. */
  async #mark(): Promise<void> {
    const scene = this.#scene;
    if (scene === null) return;
    await scene.drawn();
    if (scene === this.#scene) this.#canvas.value?.setAttribute('data-drawn-revision', String(scene.settledRevision()));
  }

  async #load(): Promise<void> {
    try {
      const { createScene } = await import('../scene/scene');
      const canvas = this.#canvas.value;
      if (!this.isConnected || canvas === undefined || this.theme === undefined) {
        this.#loading = null;
        return;
      }
      const motion = matchMedia('(prefers-reduced-motion: reduce)');
      this.#scene = createScene(canvas, {
        reading: {
          words: sceneWords,
          label: tokenLabel,
          sees: (run, layer, query, key) => visibility(run, layer, query, key) === 'visible',
          number: formatNumber,
          lanes: lanesOf,
        },
        theme: this.theme,
        reducedMotion: motion.matches,
      });
      motion.onchange = () => this.#scene?.setReducedMotion(motion.matches);
      canvas.addEventListener('wheel', this.#wheel, { passive: false });
      this.#resize();
      if (this.snapshot !== undefined) this.#scene.show(this.snapshot);
      void this.#mark();
    } catch (error) {
      this.dispatchEvent(new CustomEvent('sceneless'));
      this.missing =
        error instanceof Error && error.name === 'SceneUnavailable'
          ? t('scene.missing.webgl')
          : t('scene.missing.load');
    }
  }

  /** What was drawn, in numbers: for tests and measurements. Null while there is no scene. */
  inspect(): SceneStats | null {
    return this.#scene?.inspect() ?? null;
  }

  /** The scene where it can be seen: what is taken of it is what stands there. */
  get seen(): DrawnScene | null {
    return this.#isSeen ? this.#scene : null;
  }

  #resize(): void {
    const canvas = this.#canvas.value;
    const wasSeen = this.#isSeen;
    this.#isSeen = canvas !== undefined && canvas.clientWidth > 0;
    if (canvas === undefined || !this.#isSeen) return;
    const coarse = matchMedia('(pointer: coarse)').matches;
    this.#scene?.resize(canvas.clientWidth, canvas.clientHeight, Math.min(devicePixelRatio, coarse ? 1.5 : 2));
    this.#scene?.setCovered(this.#covered());
    if (!wasSeen) this.#draw();
  }

  /** What the viewer's own controls lie over: the tabs and the camera's buttons above, on wide screens the caption below. */
  #covered(): Covered {
    const foot = this.parentElement?.querySelector<HTMLElement>('.foot');
    const isOver = foot != null && getComputedStyle(foot).position === 'absolute';
    // The foot begins with an empty fade.
    return { top: 48, bottom: isOver ? Math.max(0, foot.offsetHeight - 24) : 0 };
  }

  #moveCamera(act: (scene: Scene) => void): void {
    const scene = this.#scene;
    if (scene === null) return;
    act(scene);
    this.reader.say(scene.camera.describe());
  }

  #interact(on: boolean): void {
    this.interacting = on;
    this.#scene?.setInteractive(on);
    if (on) this.#canvas.value?.focus({ preventScroll: true });
    this.reader.say(t(on ? 'scene.taken' : 'scene.released'));
  }

  readonly #key = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && this.interacting) {
      this.#interact(false);
      this.querySelector<HTMLElement>('.interact')?.focus();
      event.stopPropagation();
      return;
    }
    if (event.target !== this.#canvas.value || event.ctrlKey || event.altKey || event.metaKey) return;
    const act: ((scene: Scene) => void) | undefined = {
      ArrowLeft: (scene: Scene) => scene.camera.orbit(-TURN, 0),
      ArrowRight: (scene: Scene) => scene.camera.orbit(TURN, 0),
      ArrowUp: (scene: Scene) => scene.camera.orbit(0, TURN),
      ArrowDown: (scene: Scene) => scene.camera.orbit(0, -TURN),
      '+': (scene: Scene) => scene.camera.zoom(1.2),
      '-': (scene: Scene) => scene.camera.zoom(1 / 1.2),
      '0': (scene: Scene) => scene.camera.reset(),
    }[event.key];
    if (act === undefined) return;
    event.preventDefault();
    this.#moveCamera(act);
  };

  /** The wheel belongs to the page, unless the reader gave it to the scene. */
  readonly #wheel = (event: WheelEvent): void => {
    if (this.interacting) return; // The scene's own controls take it.
    if (!event.ctrlKey && !event.metaKey) {
      if (!this.wheelHint) {
        this.wheelHint = true;
        setTimeout(() => {
          this.wheelHint = false;
        }, 1600);
      }
      return;
    }
    event.preventDefault();
    this.#scene?.camera.zoom(Math.exp(-event.deltaY / (event.deltaMode === 1 ? 16 : 500)));
  };

  /** A mouse turns the scene at any time; a finger scrolls the page, until the scene's own controls are let in. */
  readonly #down = (event: PointerEvent): void => {
    this.#scene?.finish();
    this.#moved = 0;
    this.#press = { id: event.pointerId, x: event.clientX, y: event.clientY };
    if (event.pointerType !== 'touch' && !this.interacting) this.#canvas.value?.setPointerCapture(event.pointerId);
  };

  readonly #move = (event: PointerEvent): void => {
    const press = this.#press;
    if (press === null) {
      if (event.pointerType !== 'touch') this.#pick(event);
      return;
    }
    if (press.id !== event.pointerId) return;
    const dx = event.clientX - press.x;
    const dy = event.clientY - press.y;
    this.#press = { id: press.id, x: event.clientX, y: event.clientY };
    this.#moved += Math.abs(dx) + Math.abs(dy);
    if (this.#moved < CLICK || event.pointerType === 'touch' || this.interacting) return;
    this.tip = null;
    if (event.shiftKey || (event.buttons & 6) !== 0) this.#scene?.camera.pan(dx, dy);
    else this.#scene?.camera.orbit(-dx * TURN_PER_PIXEL, dy * TURN_PER_PIXEL);
  };

  readonly #up = (event: PointerEvent): void => {
    const pressed = this.#press?.id === event.pointerId;
    this.#press = null;
    if (!pressed || event.type !== 'pointerup' || this.#moved >= CLICK) return;
    const { x, y } = this.#position(event);
    const hit = this.#scene?.pick(x, y) ?? null;
    if (hit === null) return;
    if (hit.kind === 'token') this.reader.choose({ query: hit.query });
    else if (hit.kind === 'head') this.reader.choose({ layer: hit.layer, head: hit.head });
    else if (hit.kind === 'cell') {
      const { kind, ...cell } = hit;
      this.reader.choose({ ...tokensOf(cell), stepCell: cell });
    } else this.reader.choose({ layer: hit.layer, head: hit.head, query: hit.query, key: hit.key });
  };

  readonly #away = (): void => {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.tip = null;
    this.reader.point(null);
  };

  #pick(event: PointerEvent): void {
    this.#at = this.#position(event);
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#show(this.#scene?.pick(this.#at.x, this.#at.y) ?? null);
    });
  }

  #show(hit: Hit | null): void {
    const canvas = this.#canvas.value;
    if (canvas !== undefined) canvas.style.cursor = hit === null ? '' : 'pointer';
    const run = this.shown?.run;
    if (hit === null || run === undefined) {
      this.tip = null;
      this.reader.point(null);
      return;
    }
    if (hit.kind === 'token') {
      this.tip = null;
      this.reader.point({ query: hit.query });
      return;
    }
    if (hit.kind === 'head') {
      this.tip = null;
      this.reader.point({ layer: hit.layer, head: hit.head });
      return;
    }
    const name = (index: number) => labelOf(run.tokens[index]);
    if (hit.kind === 'cell') {
      this.tip = { x: this.#at.x, y: this.#at.y, words: cellInWords(hit, this.shown?.steps ?? null, name) };
      this.reader.point(tokensOf(hit));
      return;
    }
    this.tip = {
      x: this.#at.x,
      y: this.#at.y,
      words: t('scene.link', {
        query: name(hit.query),
        key: name(hit.key),
        weight: formatPercent(hit.weight),
        layer: hit.layer,
        head: hit.head,
      }),
    };
    this.reader.point({ layer: hit.layer, head: hit.head, query: hit.query, key: hit.key });
  }

  #position(event: PointerEvent): { x: number; y: number } {
    const box = this.#canvas.value?.getBoundingClientRect();
    return { x: event.clientX - (box?.left ?? 0), y: event.clientY - (box?.top ?? 0) };
  }
}

/** "it and animal: 0.68", "it, element 8: −0.0761". */
function cellInWords({ matrix, row, col }: StepCell, steps: HeadSteps | null, name: (token: number) => string): string {
  const found = steps?.[matrix];
  const value = formatNumber(found?.data[row * found.cols + col] ?? Number.NaN);
  const [rowAxis, colAxis] = AXES[matrix];
  const isToken = (axis: Axis) => axis === 'query' || axis === 'key';
  const start = isToken(rowAxis) ? name(row) : `row ${row}`;
  const end = isToken(colAxis) ? ` and ${name(col)}` : `, ${colAxis === 'element' ? 'element' : 'column'} ${col}`;
  return `${start}${end}: ${value}`;
}

const icon = (path: string) =>
  html`<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d=${path}></path></svg>`;
const ROTATE_LEFT = icon('M3 8a5 5 0 1 1 1.6 3.7M3 3.5V8h4.5');
const ROTATE_RIGHT = icon('M13 8a5 5 0 1 0-1.6 3.7M13 3.5V8H8.5');
const PLUS = icon('M8 3v10M3 8h10');
const MINUS = icon('M3 8h10');
const WHOLE = icon('M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10');

define('attn-scene-view', SceneView);

export const sceneViewStyles = css`
  attn-scene-view,
  attn-scene-view .frame {
    display: block;
    position: absolute;
    inset: 0;
  }
  attn-scene-view canvas {
    display: block;
    width: 100%;
    height: 100%;
    touch-action: pan-y;
    cursor: grab;
  }
  attn-scene-view canvas:active {
    cursor: grabbing;
  }
  attn-scene-view canvas:focus-visible {
    outline-offset: -2px;
  }
  attn-scene-view .interacting canvas {
    touch-action: none;
    outline: 2px solid var(--accent);
    outline-offset: -2px;
  }
  attn-scene-view .missing {
    display: grid;
    place-content: center;
    gap: 4px;
    height: 100%;
    padding: 64px 24px;
    text-align: center;
    color: var(--muted);
  }
  attn-scene-view .missing.over {
    position: absolute;
    inset: 0;
    pointer-events: none;
  }
  attn-scene-view .missing strong {
    color: var(--ink);
  }
  attn-scene-view .missing p {
    margin: 0;
  }
  .camera {
    position: absolute;
    top: 10px;
    inset-inline-end: 12px;
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: 6px 10px;
    max-width: calc(100% - 24px);
    font-size: 0.8125rem;
  }
  .camera .presets,
  .camera .moves {
    display: flex;
  }
  .camera .presets button,
  .camera .moves button {
    border-radius: 0;
    margin-inline-start: -1px;
  }
  .camera span > button:first-child {
    border-start-start-radius: var(--radius);
    border-end-start-radius: var(--radius);
  }
  .camera span > button:last-child {
    border-start-end-radius: var(--radius);
    border-end-end-radius: var(--radius);
  }
  .camera button[aria-pressed='true'] {
    z-index: 1;
  }
  .camera .icon {
    padding: 0;
    width: var(--target);
  }
  .camera svg {
    fill: none;
    stroke: currentColor;
    stroke-width: 1.5;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
  .tip {
    position: absolute;
    z-index: 5;
    transform: translate(-50%, calc(-100% - 12px));
    padding: 3px 8px;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--raised);
    font-size: var(--small);
    white-space: nowrap;
    pointer-events: none;
  }
  .wheel-hint {
    position: absolute;
    inset: 50% auto auto 50%;
    transform: translate(-50%, -50%);
    padding: 6px 14px;
    border-radius: 999px;
    background: var(--raised);
    border: 1px solid var(--line);
    pointer-events: none;
  }
  @container viewer (max-width: 700px) {
    .camera .presets,
    .camera .moves {
      display: none;
    }
    .interacting .camera .presets,
    .interacting .camera .moves {
      display: flex;
    }
  }
`;
