/**
 * Why the numbers can be believed: how they were made, how far they may be off, what was changed by hand; checked now on
 * demand, and for the chosen cell a Python script that computes it elsewhere.
 */
import { css, html, nothing, type TemplateResult } from 'lit';
import type { Run, Verification } from '../engine/types';
import { isMade, python } from '../export/python';
import { interventionInWords } from '../state/interventions';
import { define } from './define';
import { Panel } from './panel';
import { count, data } from './printed';
import { reading } from './reading';

/** What a check said, and of which run: another run has to be checked anew. */
interface Verified {
  readonly run: number;
  readonly found: Verification;
}

const COPIED_MS = 2000;

export class TrustPanel extends Panel {
  static override properties = {
    ...Panel.properties,
    open: { state: true },
    checking: { state: true },
    verified: { state: true },
    copied: { state: true },
    scripted: { state: true },
  };

  declare open: boolean;
  /** The run that is being checked; null: none. */
  declare checking: number | null;
  declare verified: Verified | null;
  declare copied: boolean;
  /** Whether the script is shown. */
  declare scripted: boolean;
  #check: AbortController | null = null;

  constructor() {
    super();
    this.open = false;
    this.checking = null;
    this.verified = null;
    this.copied = false;
    this.scripted = false;
  }

  override disconnectedCallback(): void {
    this.#check?.abort(new DOMException('Stopped.', 'AbortError'));
    super.disconnectedCallback();
  }

  protected override sees(): readonly unknown[] {
    return [this.shown?.run, this.open ? this.shown?.cell : null];
  }

  protected override render(): TemplateResult | typeof nothing {
    const run = this.shown?.run;
    if (run === undefined) return nothing;
    return html`
      <section class="trust" part="trust" aria-label="Trust">
        <h2>
          <button
            class="quiet opener"
            aria-expanded=${this.open ? 'true' : 'false'}
            aria-controls="trust-body"
            @click=${() => {
              this.open = !this.open;
            }}
          >
            <span aria-hidden="true" class=${`turn${this.open ? ' down' : ''}`}></span>
            <span>Can I trust this?</span>
            <span class="muted short">${this.#short(run)}</span>
          </button>
        </h2>
        <div id="trust-body" ?hidden=${!this.open}>${this.open ? this.#body(run) : nothing}</div>
      </section>
    `;
  }

  #short({ backend, interventions }: Run): TemplateResult | string {
    if (interventions.length > 0) return 'changed by you';
    if (backend.source === 'trace') return 'a saved run';
    return html`PyTorch ±${exponent(backend.tolerance)}`;
  }

  #body(run: Run): TemplateResult {
    const { backend } = run;
    const isTrace = backend.source === 'trace';
    return html`
      <dl class="facts">
        <div>
          <dt>Numbers</dt>
          <dd>${isTrace ? 'from a saved run, shown as it was saved' : 'computed in this page, from the model itself'}</dd>
        </div>
        ${
          isTrace
            ? nothing
            : html`<div>
                  <dt>Arithmetic</dt>
                  <dd>
                    ${backend.precision}, ${MODULES[backend.module]}, ${count(backend.threads)}
                    ${backend.threads === 1 ? 'thread' : 'threads'}
                  </dd>
                </div>
                <div>
                  <dt>Against PyTorch</dt>
                  <dd>within ±${exponent(backend.tolerance)}, weight by weight, in every test</dd>
                </div>`
        }
        <div>
          <dt>Changed by you</dt>
          <dd>${this.#changes(run)}</dd>
        </div>
      </dl>
      ${this.#verify(run)} ${this.#script(run)}
    `;
  }

  #changes(run: Run): TemplateResult | string {
    if (run.interventions.length === 0) return 'nothing';
    return html`<ul>
      ${run.interventions.map((one) => html`<li dir="auto">${interventionInWords(one, run)}</li>`)}
    </ul>`;
  }

  #verify(run: Run): TemplateResult {
    const found = this.verified?.run === run.id ? this.verified.found : null;
    const isChecking = this.checking === run.id;
    const words = () => {
      if (!run.can.scores)
        return html`This saved run holds weights alone: there is nothing to compute them from again.`;
      if (isChecking) return html`Computing every weight once more`;
      if (found === null) return html`Computes every weight of this run once more, in double precision.`;
      return html`<strong>${exponent(found.largest)}</strong> is the largest difference of any of
        ${count(found.compared)} weights from double precision.`;
    };
    return html`
      <div class="check">
        <p class=${found === null ? 'muted' : ''} part="verified">${words()}</p>
        <button
          ?disabled=${!run.can.scores}
          aria-disabled=${isChecking ? 'true' : 'false'}
          @click=${() => void this.#run(run)}
        >Verify now</button>
      </div>
    `;
  }

  async #run(run: Run): Promise<void> {
    if (this.checking === run.id) return;
    // A check of a run that is gone is of no use any more.
    this.#check?.abort(new DOMException('Stopped.', 'AbortError'));
    const check = new AbortController();
    this.#check = check;
    this.checking = run.id;
    try {
      const found = await this.reader.verify(check.signal);
      if (check.signal.aborted) return;
      this.verified = { run: run.id, found };
      this.reader.say(`Largest difference ${found.largest.toExponential(1)}, of ${found.compared} weights.`);
    } catch (error) {
      this.reader.fail(error);
    } finally {
      if (this.#check === check) this.checking = null;
    }
  }

  #script(run: Run): TemplateResult {
    const cell = this.shown?.cell;
    if (cell === undefined) return html``;
    const script = python(run, cell, reading);
    return html`
      <div class="check">
        <p class="muted">
          ${
            run.backend.source === 'trace'
              ? 'Python that reads the chosen cell from the file.'
              : run.interventions.every((one) => isMade(one, run))
                ? 'Python for the chosen cell: PyTorch computes the same weight and prints the difference.'
                : 'Python for the chosen cell: PyTorch computes the weight without your changes that it names.'
          }
        </p>
        <div class="actions">
          <button @click=${() => void this.#copy(script)}>${this.copied ? 'Copied' : 'Copy Python'}</button>
          <button
            class="quiet"
            aria-expanded=${this.scripted ? 'true' : 'false'}
            @click=${() => {
              this.scripted = !this.scripted;
            }}
          >${this.scripted ? 'Hide it' : 'Show it'}</button>
        </div>
      </div>
      ${this.scripted ? html`<pre tabindex="0" aria-label="Python for this cell" part="python">${script}</pre>` : nothing}
    `;
  }

  async #copy(script: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(script);
      this.copied = true;
      this.reader.say('The script is copied.');
      setTimeout(() => {
        this.copied = false;
      }, COPIED_MS);
    } catch {
      // A frame may be denied the clipboard: then the script is shown and selected, for the reader's own Ctrl+C.
      this.scripted = true;
      await this.updateComplete;
      const text = this.querySelector('pre');
      if (text !== null) getSelection()?.selectAllChildren(text);
    }
  }
}

const MODULES = { simd: 'fixed-width SIMD', relaxed: 'relaxed SIMD' } as const;

/** 0.00002 as `2e−5`: a difference is read by its exponent. */
function exponent(value: number): TemplateResult {
  const text = value === 0 ? '0' : value.toExponential(1).replace('.0e', 'e').replace('-', '\u2212');
  return data(value, text);
}

define('attn-trust-panel', TrustPanel);

export const trustPanelStyles = css`
  attn-trust-panel {
    display: block;
  }
  .panel.of-trust {
    flex: 0 1 auto;
    min-height: 40px;
    max-height: 72%;
    overflow-y: auto;
    overscroll-behavior: contain;
    scrollbar-width: thin;
    scrollbar-color: var(--line) transparent;
    border-top: 1px solid var(--line);
    background: var(--panel);
  }
  .trust h2 {
    margin: 0;
    font-size: 0.8125rem;
    font-weight: 600;
  }
  .trust .opener {
    width: 100%;
    min-height: 40px;
    justify-content: flex-start;
    gap: 8px;
    padding: 2px 16px;
    font-weight: 600;
    border-radius: 0;
  }
  .trust .opener:focus-visible {
    outline-offset: -2px;
  }
  .trust .short {
    margin-inline-start: auto;
    font-weight: 400;
    font-size: var(--small);
  }
  .turn {
    width: 0;
    height: 0;
    border: 4px solid transparent;
    border-inline-start-color: currentColor;
    border-inline-end: 0;
    transition: transform var(--quick) var(--ease);
  }
  .turn.down {
    transform: rotate(90deg);
  }
  @media (forced-colors: active) {
    .turn {
      display: none;
    }
  }
  #trust-body {
    padding: 2px 16px 16px;
  }
  .trust p,
  .trust ul,
  .trust dd {
    margin: 0;
  }
  .trust ul {
    padding-inline-start: 1.1em;
  }
  .trust .facts {
    display: grid;
    gap: 6px;
    margin: 0 0 12px;
    font-size: 0.8125rem;
  }
  .trust .facts > div {
    display: grid;
    grid-template-columns: 6.4rem minmax(0, 1fr);
    gap: 8px;
  }
  .trust dt {
    color: var(--muted);
  }
  .trust .check {
    display: grid;
    justify-items: start;
    gap: 8px;
    padding: 10px 0;
    border-top: 1px solid var(--line);
    font-size: 0.8125rem;
    line-height: 1.4;
  }
  .trust .check strong {
    color: var(--light);
  }
  .trust .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
  }
  .trust pre {
    margin: 0;
    max-height: 20rem;
    padding: 10px 12px;
    overflow: auto;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--ground);
    font: 400 0.75rem / 1.5 var(--mono);
    tab-size: 4;
    user-select: text;
  }
`;
