/** A long text at a glance: where the chosen token looks in all of it, and which part of it stands in the scene. */
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { MOST_WHOLE, tokenRange } from '../scene/token-window';
import { labelOf } from '../state/labels';
import { brightness, type Scale } from '../state/scale';
import { define } from './define';
import { Panel } from './panel';
import { count } from './printed';
import { mixed, type Rgb } from './theme';

const SHARE: Scale = { kind: 'share', most: 1 };
const PAGE = 16;

export class WindowStrip extends Panel {
  static override properties = { ...Panel.properties, colours: { attribute: false } };

  declare colours: { readonly ground: Rgb; readonly raised: Rgb; readonly light: Rgb } | undefined;
  readonly #sizes = globalThis.ResizeObserver === undefined ? null : new ResizeObserver(() => this.#paint());
  #watched: HTMLCanvasElement | null = null;

  protected override sees(): readonly unknown[] {
    return [this.shown?.run, this.shown?.matrix, this.shown?.selection];
  }

  protected override render(): TemplateResult | typeof nothing {
    const { shown } = this;
    const n = shown?.run.tokens.length ?? 0;
    if (shown === undefined || n <= MOST_WHOLE) return nothing;
    const { query, key } = shown.selection;
    const { first, end } = tokenRange(n, query);
    return html`
      <div
        class="whole-text"
        role="slider"
        tabindex="0"
        aria-label="The chosen token, in the whole text"
        aria-valuemin="0"
        aria-valuemax=${n - 1}
        aria-valuenow=${query}
        aria-valuetext=${`${labelOf(shown.run.tokens[query])}, token ${query} of ${n}`}
        .style=${`--n: ${n}; --at-query: ${query}; --at-key: ${key}; --first: ${first}; --end: ${end}`}
        @keydown=${this.#key}
        @pointerdown=${this.#press}
        @pointermove=${this.#drag}
      >
        <canvas aria-hidden="true"></canvas>
        <span class="window"></span>
        <span class="key-mark"></span><span class="query-mark"></span>
      </div>
      <p class="in-scene muted">
        ${count(end - first)} of ${count(n)} tokens in the scene
      </p>
    `;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const canvas = this.querySelector('canvas');
    if (canvas !== this.#watched) {
      this.#sizes?.disconnect();
      if (canvas !== null) this.#sizes?.observe(canvas);
      this.#watched = canvas;
    }
    this.#paint();
  }

  override disconnectedCallback(): void {
    this.#sizes?.disconnect();
    this.#watched = null;
    super.disconnectedCallback();
  }

  /** One bar for each token, or, where there are more tokens than pixels, for the strongest of those in one. */
  #paint(): void {
    const canvas = this.querySelector('canvas');
    const context = canvas?.getContext('2d');
    const { shown, colours } = this;
    if (canvas == null || context == null || shown === undefined || colours === undefined) return;
    const ratio = globalThis.devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (width === 0 || height === 0) return;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    context.clearRect(0, 0, width, height);
    const { matrix, selection } = shown;
    const n = matrix.cols;
    const lights = new Float32Array(width);
    for (let token = 0; token < n; ++token) {
      const light = brightness(matrix.data[selection.query * n + token] ?? 0, SHARE);
      const [from, to] = [Math.floor((token * width) / n), Math.max(1, Math.floor(((token + 1) * width) / n))];
      for (let x = Math.min(from, to - 1); x < to; ++x) lights[x] = Math.max(lights[x] ?? 0, light);
    }
    const least = Math.max(1, ratio);
    for (let x = 0; x < width; ++x) {
      const light = lights[x] ?? 0;
      const [red, green, blue] = mixed(colours.raised, colours.light, light);
      context.fillStyle = `rgb(${red} ${green} ${blue})`;
      const tall = Math.max(least, light * height);
      context.fillRect(x, height - tall, 1, tall);
    }
  }

  readonly #key = (event: KeyboardEvent): void => {
    const { shown } = this;
    if (shown === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    const { query } = shown.selection;
    const last = shown.run.tokens.length - 1;
    const to = {
      ArrowRight: query + 1,
      ArrowUp: query + 1,
      ArrowLeft: query - 1,
      ArrowDown: query - 1,
      PageUp: query + PAGE,
      PageDown: query - PAGE,
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.reader.choose({ query: Math.min(Math.max(to, 0), last) });
  };

  readonly #press = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.#take(event);
  };

  readonly #drag = (event: PointerEvent): void => {
    if ((event.currentTarget as HTMLElement).hasPointerCapture(event.pointerId)) this.#take(event);
  };

  #take(event: PointerEvent): void {
    const { shown } = this;
    if (shown === undefined) return;
    const { left, width } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const n = shown.run.tokens.length;
    const query = Math.min(Math.max(Math.floor(((event.clientX - left) / width) * n), 0), n - 1);
    if (query !== shown.selection.query) this.reader.choose({ query });
  }
}

define('attn-window-strip', WindowStrip);

export const windowStripStyles = css`
  attn-window-strip {
    display: flex;
    align-items: center;
    gap: 4px 16px;
    padding: 0 16px;
  }
  attn-window-strip:has(.whole-text) {
    padding-block: 6px;
    border-bottom: 1px solid var(--line);
  }
  .whole-text {
    position: relative;
    flex: 1;
    min-width: 0;
    height: 28px;
    border-radius: 4px;
    background: var(--panel);
    cursor: pointer;
    touch-action: pan-y;
  }
  .whole-text canvas {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
  }
  /* The part that stands in the scene. */
  .whole-text .window {
    position: absolute;
    inset-block: -2px;
    left: calc(100% * var(--first) / var(--n));
    width: calc(100% * (var(--end) - var(--first)) / var(--n));
    border: 2px solid var(--muted);
    border-radius: 4px;
  }
  .whole-text .query-mark {
    position: absolute;
    width: 2px;
    margin-left: -1px;
    inset-block: -3px;
    left: calc(100% * (var(--at-query) + 0.5) / var(--n));
    background: var(--query);
  }
  /* A notch above the token that is looked at. */
  .whole-text .key-mark {
    position: absolute;
    top: -3px;
    left: calc(100% * (var(--at-key) + 0.5) / var(--n));
    width: 0;
    margin-left: -4px;
    border: 4px solid transparent;
    border-top-color: var(--key);
  }
  .in-scene {
    flex: none;
    margin: 0;
    font-size: var(--small);
  }
  .flat .in-scene,
  .flat .whole-text .window {
    display: none;
  }
  @container viewer (max-width: 700px) {
    attn-window-strip {
      flex-direction: column;
      align-items: stretch;
      padding-inline: 10px;
    }
    .whole-text {
      flex: none;
      height: 32px;
    }
  }
  @media (forced-colors: active) {
    .whole-text .query-mark {
      background: Highlight;
    }
  }
`;
