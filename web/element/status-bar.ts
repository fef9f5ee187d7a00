/** The state of affairs in one line, a thin line of progress, and giving up. The only `status` of the element. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { changedMark } from './changed-mark';
import { define } from './define';
import { Panel } from './panel';
import { bytes, count, data } from './printed';
import { PHASES, remaining } from './progress';

/** Milliseconds. */
const PATIENCE = 200;

export class StatusBar extends Panel {
  /** When the phase began, for the time left. */
  #phase = '';
  #since = 0;
  /** A run that is over in the blink of an eye says nothing of itself while it lasts. */
  #words: TemplateResult | string = '';
  #patience = 0;

  override disconnectedCallback(): void {
    clearTimeout(this.#patience);
    super.disconnectedCallback();
  }

  protected override willUpdate(): void {
    const isGenerating = this.snapshot?.generating != null;
    const isRunning = this.snapshot?.status === 'running' && this.shown !== undefined && !isGenerating;
    if (!isRunning) {
      clearTimeout(this.#patience);
      this.#patience = 0;
      this.#words = this.#say();
    } else if (this.#patience === 0) {
      this.#patience = window.setTimeout(() => {
        this.#words = 'Computing';
        this.requestUpdate();
      }, PATIENCE);
    }
  }

  protected override render(): TemplateResult {
    const progress = this.snapshot?.progress ?? null;
    const busy = this.snapshot?.status === 'loading' || this.snapshot?.status === 'running';
    const now = performance.now();
    if (progress?.phase !== this.#phase) {
      this.#phase = progress?.phase ?? '';
      this.#since = now;
    }
    const left = progress === null ? null : remaining(progress, this.#since, now);
    return html`
      <button class=${`cancel${busy ? '' : ' idle'}`} ?disabled=${!busy} @click=${this.#cancel}>Cancel</button>
      ${changedMark(this.shown?.run)}
      <p class="words" role="status">${this.#words}</p>
      ${
        progress === null || progress.phase === 'run'
          ? nothing
          : html`<p class="words muted far">
              ${PHASES[progress.phase]}${
                progress.phase === 'engine' || progress.received === 0
                  ? nothing
                  : html`: ${bytes(progress.received)}${progress.total > 0 ? html` of ${bytes(progress.total)}` : nothing}`
              }${left?.seconds ? html`, about ${data(left.seconds, String(left.seconds))} s left` : nothing}
            </p>`
      }
      <div class="line" ?hidden=${progress === null || this.snapshot?.generating != null} aria-hidden="true">
        <div class=${left?.share === null ? 'unknown' : 'known'} .style=${`--share: ${left?.share ?? 0.3}`}></div>
      </div>
    `;
  }

  readonly #cancel = (): void => {
    this.dispatchEvent(new CustomEvent('cancelrun', { bubbles: true }));
  };

  /** Changes only when something ended or began: it is spoken each time. */
  #say(): TemplateResult | string {
    const snapshot = this.snapshot;
    const run = this.shown?.run;
    if (snapshot === undefined || snapshot.status === 'empty') return run === undefined ? 'No model yet' : '';
    if (snapshot.status === 'loading') return run === undefined ? 'Loading' : 'The model is on its way';
    if (snapshot.generating !== null) return 'Generating';
    if (snapshot.status === 'running') return 'Computing';
    if (run === undefined) return 'Ready';
    if (snapshot.model === null && snapshot.state.text !== run.text)
      return 'Your own sentence needs a model: open one.';
    const tokens = html`${count(run.tokens.length)} ${run.tokens.length === 1 ? 'token' : 'tokens'}`;
    if (run.backend.source === 'trace') return html`${tokens}, from a saved run`;
    return html`${tokens} in ${data(run.computeMs, run.computeMs < 10 ? run.computeMs.toFixed(1) : String(Math.round(run.computeMs)))} ms`;
  }
}

define('attn-status-bar', StatusBar);

export const statusBarStyles = css`
  attn-status-bar {
    display: flex;
    gap: 12px;
    align-items: center;
    font-size: var(--small);
  }
  attn-status-bar .words {
    margin: 0;
    white-space: nowrap;
  }
  attn-status-bar [role='status'] {
    color: var(--muted);
  }
  /* Keeps its room while there is nothing to cancel, and waits before it shows: most runs are over by then. */
  attn-status-bar .cancel {
    border-color: var(--accent);
    transition: visibility 0s 200ms;
  }
  attn-status-bar .cancel.idle {
    visibility: hidden;
    transition: none;
  }
  attn-status-bar .line {
    position: absolute;
    inset: auto 0 -1px;
    height: 2px;
    overflow: hidden;
  }
  attn-status-bar .line > div {
    height: 100%;
    background: var(--accent);
    transform-origin: 0 50%;
    transform: scaleX(var(--share));
    transition: transform var(--quick) linear;
  }
  attn-status-bar .line > .unknown {
    opacity: 0.6;
  }
  @container viewer (max-width: 700px) {
    attn-status-bar {
      justify-content: space-between;
    }
  }
`;
