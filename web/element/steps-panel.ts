/**
 * The blocks' twin in text: the chosen cell's calculation, and the step's matrices as grids, one row of each, with the
 * engine's numbers.
 */
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { HeadSteps } from '../engine/types';
import { AXES, type Axis, chosenCell, type ShownMatrix, shownMatrices, tokensOf } from '../scene/step-matrices';
import type { RunView } from '../session/snapshot';
import { labelOf } from '../state/labels';
import type { StepCell } from '../state/state';
import { changedMark } from './changed-mark';
import { define } from './define';
import { step as moveIn } from './grid-window';
import { Panel } from './panel';
import { count, data, printed } from './printed';
import { cellName, entry, stepCalculation } from './step-calculation';
import { MATRIX_NAMES, MEANING, STEP_NAMES } from './step-words';

export class StepsPanel extends Panel {
  /** The cell that the keyboard goes to as soon as it is there. */
  #asked: StepCell | null = null;

  protected override sees(): readonly unknown[] {
    const state = this.snapshot?.state;
    return [this.shown?.run, this.shown?.steps, this.shown?.cell, state?.step, state?.stepCell];
  }

  protected override render(): TemplateResult {
    const shown = this.shown;
    const state = this.snapshot?.state;
    if (shown === undefined || state === undefined)
      return html`<p class="muted empty">One head, step by step, appears here.</p>`;
    const { steps, run, selection } = shown;
    if (steps === null) {
      return html`<p class="muted empty">
        ${
          run.can.scores
            ? 'The steps are being computed.'
            : 'A saved run with weights alone has no query, key and value to show. Matrix and Table hold its weights.'
        }
      </p>`;
    }
    const at = chosenCell(steps, state.step, state.stepCell, selection);
    const matrices = shownMatrices(steps, state.step, at, selection);
    const isIncomplete = state.step === 'output' && steps.wOutput === null;
    return html`
      <header>
        <h2 class="heading">${STEP_NAMES[state.step].name}</h2>
        <p class="muted">layer ${steps.layer}, head ${steps.head} ${changedMark(shown.run)}</p>
      </header>
      ${isIncomplete ? html`<p class="note">A saved run has no W<sup>O</sup>: what this head adds to the stream cannot be said.</p>` : nothing}
      <section part="step-calculation" class="step-calculation" aria-label="How this number came about">
        <h3>${cellName(at, shown)}</h3>
        ${stepCalculation(steps, shown, at)}
      </section>
      <section class="twins" aria-label="Numbers of this step" @keydown=${this.#key} @click=${this.#click} @pointerover=${this.#over} @pointerleave=${() => this.reader.point(null)}>
        ${matrices.map((one) => this.#twin(one, steps, shown, at))}
      </section>
    `;
  }

  /** One row of a matrix, or of W^O the column that the chosen number is made with. */
  #twin(one: ShownMatrix, steps: HeadSteps, shown: RunView, at: StepCell): TemplateResult {
    const { name, matrix } = one;
    const isColumn = name === 'wOutput';
    const line = lineOf(one, shown, at);
    const span = isColumn ? one.rows : one.cols;
    const total = isColumn ? matrix.rows : matrix.cols;
    const axis = AXES[name][isColumn ? 0 : 1];
    const cells = Array.from({ length: span.end - span.first }, (_, i): StepCell => {
      const along = span.first + i;
      return { matrix: name, row: isColumn ? along : line, col: isColumn ? line : along };
    });
    const inGrid = (cell: StepCell) => at.matrix === name && at.row === cell.row && at.col === cell.col;
    const stop = cells.findIndex(inGrid);
    return html`
      <h3 id=${`twin-${name}`}>
        <span class=${MEANING[name]}>${MATRIX_NAMES[name]}</span>
        <span class="muted">${isColumn ? html`column ${count(line)}` : html`of <bdi>${labelOf(shown.run.tokens[line])}</bdi>`}${
          span.end - span.first < total
            ? html` · ${data(span.first, String(span.first))} to ${data(span.end - 1, String(span.end - 1))} of ${count(total)}`
            : nothing
        }</span>
      </h3>
      <div
        role="grid"
        class="twin"
        aria-labelledby=${`twin-${name}`}
        aria-readonly="true"
        aria-rowcount=${isColumn ? matrix.cols : matrix.rows}
        aria-colcount=${total}
      >
        <div role="row" aria-rowindex=${line + 1}>
          ${cells.map((cell, i) => this.#cell(cell, span.first + i, axis, inGrid(cell), i === Math.max(0, stop), shown, steps))}
        </div>
      </div>
    `;
  }

  #cell(
    cell: StepCell,
    along: number,
    axis: Axis,
    isChosen: boolean,
    isStop: boolean,
    shown: RunView,
    steps: HeadSteps,
  ): TemplateResult {
    const isToken = axis === 'query' || axis === 'key';
    const value = entry(steps[cell.matrix], cell.row, cell.col);
    return html`<span
      role="gridcell"
      class=${`entry${isChosen ? ' chosen' : ''}${value === -Infinity ? ' masked' : ''}`}
      aria-colindex=${along + 1}
      aria-selected=${isChosen ? 'true' : 'false'}
      data-matrix=${cell.matrix}
      data-row=${cell.row}
      data-col=${cell.col}
      tabindex=${isStop ? 0 : -1}
    ><span class="at">${isToken ? html`<bdi>${labelOf(shown.run.tokens[along])}</bdi>` : along}<span class="unseen">: </span></span>${printed(value)}</span>`;
  }

  readonly #click = (event: Event): void => {
    const cell = cellAt(event.target);
    if (cell !== null) this.#choose(cell);
  };

  readonly #over = (event: Event): void => {
    const cell = cellAt(event.target);
    this.reader.point(cell === null ? null : tokensOf(cell));
  };

  readonly #key = (event: KeyboardEvent): void => {
    const from = cellAt(event.target);
    const matrix = from === null ? null : this.shown?.steps?.[from.matrix];
    if (from === null || matrix == null || event.altKey || event.metaKey) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.#choose(from);
      return;
    }
    // W^O lies on its side here: its column is read along the line.
    const turned = from.matrix === 'wOutput';
    const sides = turned
      ? ([from.col, from.row, matrix.cols, matrix.rows] as const)
      : ([from.row, from.col, matrix.rows, matrix.cols] as const);
    const to = moveIn(event.key, event.ctrlKey, ...sides);
    if (to === null) return;
    event.preventDefault();
    const [row, col] = turned ? [to.col, to.row] : [to.row, to.col];
    this.#asked = { matrix: from.matrix, row, col };
    this.#choose(this.#asked);
  };

  #choose(cell: StepCell): void {
    this.reader.choose({ ...tokensOf(cell), stepCell: cell });
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const asked = this.#asked;
    if (asked === null) return;
    const found = this.querySelector<HTMLElement>(
      `[data-matrix="${asked.matrix}"][data-row="${asked.row}"][data-col="${asked.col}"]`,
    );
    if (found === null) return;
    this.#asked = null;
    found.focus();
  }
}

/** Which row of a matrix is shown: the chosen cell's where it is the matrix's own, else that of the chosen token. */
function lineOf({ name }: ShownMatrix, { selection }: RunView, at: StepCell): number {
  if (name === 'wOutput') return at.matrix === 'added' || at.matrix === 'wOutput' ? at.col : 0;
  if (at.matrix === name) return at.row;
  return AXES[name][0] === 'key' ? selection.key : selection.query;
}

function cellAt(target: EventTarget | null): StepCell | null {
  const cell = (target as Element | null)?.closest<HTMLElement>('[data-matrix]');
  if (cell == null) return null;
  const { matrix, row, col } = cell.dataset;
  return { matrix: matrix as StepCell['matrix'], row: Number(row), col: Number(col) };
}

define('attn-steps-panel', StepsPanel);

export const stepsPanelStyles = css`
  attn-steps-panel {
    display: block;
    padding: 14px 16px 20px;
    overflow-y: auto;
    overscroll-behavior: contain;
    scrollbar-width: thin;
    scrollbar-color: var(--line) transparent;
    background: var(--panel);
  }
  attn-steps-panel header {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    justify-content: space-between;
    gap: 2px 12px;
    padding-bottom: 10px;
    border-bottom: 1px solid var(--line);
  }
  attn-steps-panel p {
    margin: 0;
  }
  attn-steps-panel h3 {
    margin: 16px 0 6px;
    font-size: 0.8125rem;
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  attn-steps-panel h3 .muted {
    font-weight: 400;
  }
  .step-calculation {
    display: grid;
    gap: 8px;
    padding-bottom: 14px;
    border-bottom: 1px solid var(--line);
    font-size: 0.8125rem;
  }
  .step-calculation h3 {
    margin-bottom: 0;
    font-size: 1rem;
  }
  .step-calculation .result-line {
    font-family: var(--mono);
    font-size: 1rem;
  }
  .step-calculation .result-line strong {
    font-size: 1.25rem;
    font-weight: 650;
  }
  .step-calculation .note {
    padding-inline-start: 10px;
    border-inline-start: 3px solid var(--accent);
  }
  .all-terms summary {
    min-height: 24px;
    padding: 3px 0;
    cursor: pointer;
  }
  .terms {
    width: 100%;
    border-collapse: collapse;
    font-family: var(--mono);
    font-size: 0.75rem;
  }
  .terms th,
  .terms td {
    padding: 1px 0 1px 6px;
    text-align: end;
    font-weight: 400;
  }
  .terms th:first-child {
    padding-inline-start: 0;
    text-align: start;
    font-family: var(--font);
    color: var(--muted);
  }
  .terms thead th {
    border-bottom: 1px solid var(--line);
    font-size: 0.8125rem;
  }
  .terms .sign {
    width: 1.5em;
    color: var(--muted);
    text-align: center;
  }
  .twin > [role='row'] {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(68px, 1fr));
    gap: 2px;
  }
  .twin .entry {
    display: grid;
    min-height: 36px;
    padding: 2px 5px;
    border: 1px solid transparent;
    border-radius: 4px;
    background: var(--raised);
    font-family: var(--mono);
    font-size: 0.75rem;
    text-align: end;
    cursor: pointer;
  }
  .twin .at {
    overflow: hidden;
    color: var(--muted);
    font-family: var(--font);
    font-size: 0.6875rem;
    line-height: 1.3;
    text-align: start;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .twin .entry:hover {
    background: var(--hover);
  }
  .twin .entry.chosen {
    border-color: var(--ink);
    background: var(--hover);
  }
  .twin .entry.masked {
    background: repeating-linear-gradient(135deg, var(--line) 0 1px, transparent 1px 5px) var(--ground);
  }
  @media (forced-colors: active) {
    .twin .entry.chosen {
      outline: 2px solid Highlight;
      outline-offset: -2px;
    }
  }
`;
