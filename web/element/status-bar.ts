/** The state of affairs in one line, and a thin line of progress. The only `status` of the element. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { define } from './define';
import { Panel } from './panel';
import { bytes, count, data } from './printed';
import { PHASES, remaining } from './progress';

export class StatusBar extends Panel {
  /** When the phase began, for the time left. */
  #phase = '';
  #since = 0;

  protected override render(): TemplateResult {
    const progress = this.snapshot?.progress ?? null;
    const now = performance.now();
    if (progress?.phase !== this.#phase) {
      this.#phase = progress?.phase ?? '';
      this.#since = now;
    }
    const left = progress === null ? null : remaining(progress, this.#since, now);
    return html`
      <p class="words" role="status">${this.#words()}</p>
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
      <div class="line" ?hidden=${progress === null} aria-hidden="true">
        <div class=${left?.share === null ? 'unknown' : 'known'} .style=${`--share: ${left?.share ?? 0.3}`}></div>
      </div>
    `;
  }

  /** Changes only when something ended or began: it is spoken each time. */
  #words(): TemplateResult | string {
    const snapshot = this.snapshot;
    const run = this.shown?.run;
    if (snapshot === undefined || snapshot.status === 'empty') return run === undefined ? 'No model yet' : '';
    if (snapshot.status === 'loading') return run === undefined ? 'Loading' : 'The model is on its way';
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
