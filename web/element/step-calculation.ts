/**
 * How one cell of the Steps view came about: its factors as the engine left them, and the engine's result. Multiplies,
 * adds and rounds nothing by itself.
 */
import { html, nothing, type TemplateResult } from 'lit';
import type { Cell, HeadSteps, Matrix } from '../engine/types';
import { ownColumns } from '../scene/step-matrices';
import type { RunView } from '../session/snapshot';
import { concernsHead } from '../state/interventions';
import { labelOf } from '../state/labels';
import { sharedHeadOf, sharingInWords } from '../state/sharing';
import type { StepCell } from '../state/state';
import { visibility, whyHidden } from '../state/visibility';
import { count, data, printed } from './printed';
import { K, MATRIX_NAMES, O, Q, V } from './step-words';
import { largest, vectorStrip } from './vector-strip';

/** So many terms of a sum over keys are listed, the heaviest first. */
const LISTED = 12;

/** A chosen cell with everything that its calculation is told from. */
interface Told {
  readonly steps: HeadSteps;
  readonly shown: RunView;
  readonly at: StepCell;
}

export function stepCalculation(steps: HeadSteps, shown: RunView, at: StepCell): TemplateResult {
  const told = { steps, shown, at };
  switch (at.matrix) {
    case 'query':
    case 'key':
    case 'value':
      return projection(told);
    case 'dots':
      return dotProduct(told);
    case 'scaled':
      return scaling(told);
    case 'scores':
      return masking(told);
    case 'weights':
      return softmax(told);
    case 'output':
      return weightedSum(told);
    case 'concat':
      return concat(told);
    case 'wOutput':
      return learned(told);
    case 'added':
      return addition(told);
  }
}

export function entry(matrix: Matrix | null, row: number, col: number): number {
  return matrix?.data[row * matrix.cols + col] ?? Number.NaN;
}

const rowOf = ({ data: numbers, cols }: Matrix, row: number) => numbers.subarray(row * cols, (row + 1) * cols);
const columnOf = (matrix: Matrix, col: number) =>
  Float32Array.from({ length: matrix.rows }, (_, row) => entry(matrix, row, col));

function token({ run }: RunView, index: number): TemplateResult {
  return html`<bdi class="word">${labelOf(run.tokens[index])}</bdi>`;
}

/** The run's own cell, where it is the one that is told of: scale, bias and the row's softmax are its. */
function engineCell({ shown, at }: Told): Cell | null {
  const { cell } = shown;
  return cell.queryIndex === at.row && cell.keyIndex === at.col ? cell : null;
}

/** What the reader changed about this head, where the numbers of a step may no longer follow from those before it. */
function changed({ shown, steps }: Told, kinds: readonly string[]): TemplateResult | typeof nothing {
  const isChanged = shown.run.interventions.some(
    (one) => kinds.includes(one.kind) && concernsHead(one, steps.layer, steps.head),
  );
  return isChanged
    ? html`<p class="note">You changed this head, so this number need not follow from those above.</p>`
    : nothing;
}

function result(name: TemplateResult | string, value: number): TemplateResult {
  return html`<p class="result-line"><span>${name}</span> = <strong>${printed(value, { name: 'result' })}</strong></p>`;
}

function projection({ steps, shown, at }: Told): TemplateResult {
  const kind = at.matrix as 'query' | 'key' | 'value';
  const letter = { query: Q, key: K, value: V }[kind];
  const vector = rowOf(steps[kind], at.row);
  const shared = kind === 'query' ? null : sharedHeadOf(shown.run.model, steps.head);
  const isTurned = !shown.run.interventions.some((one) => one.kind === 'positions-off');
  return html`
    <p>
      Element ${count(at.col)} of the ${kind} of ${token(shown, at.row)}: the sum of products of its vector in the stream
      with column ${count(at.col)} of this head’s learned matrix W<sup>${kind.charAt(0).toUpperCase()}</sup>, with
      bias${isTurned ? ' and, in models that have it, rotation by position' : nothing}.
    </p>
    ${shared === null ? nothing : html`<p class="muted">${sharingInWords(shared)}.</p>`}
    ${vectorStrip(vector, kind, largest(vector), at.col)}
    ${result(html`${letter}<sub>${at.col}</sub>`, entry(steps[kind], at.row, at.col))}
  `;
}

function dotProduct({ steps, shown, at }: Told): TemplateResult {
  const [query, key] = [rowOf(steps.query, at.row), rowOf(steps.key, at.col)];
  const most = largest(query, key);
  return html`
    <p>The query of ${token(shown, at.row)} and the key of ${token(shown, at.col)}, multiplied element by element; the products are added.</p>
    <div class="vectors">
      <span class="label">${Q} query</span>${vectorStrip(query, 'query', most, null)}
      <span class="label">${K} key</span>${vectorStrip(key, 'key', most, null)}
    </div>
    ${result(html`${Q} · ${K}`, entry(steps.dots, at.row, at.col))}
    ${terms(
      'element',
      [Q, K],
      Array.from(query, (q, i) => ({ label: String(i), factors: [q, key[i] ?? Number.NaN] })),
    )}
  `;
}

function scaling(told: Told): TemplateResult {
  const { steps, at } = told;
  const cell = engineCell(told);
  return html`
    <dl class="sums">
      <div><dt>${Q} · ${K}</dt><dd>${printed(entry(steps.dots, at.row, at.col))}</dd></div>
      <div><dt>× scale</dt><dd>${cell?.scale == null ? '…' : printed(cell.scale, { name: 'scale' })}</dd></div>
      <div class=${cell?.bias === 0 ? 'muted' : ''}><dt>+ bias</dt><dd>${cell?.bias == null ? '…' : printed(cell.bias, { name: 'bias' })}</dd></div>
    </dl>
    ${cell !== null && cell.temperature !== 1 ? html`<p class="note">You divide this head’s scores by the temperature ${printed(cell.temperature)}; scale and bias have it in them.</p>` : nothing}
    ${result('scaled', entry(steps.scaled, at.row, at.col))}
  `;
}

function masking(told: Told): TemplateResult {
  const { steps, shown, at } = told;
  const score = entry(steps.scores, at.row, at.col);
  const why = whyHidden(shown.run, steps.layer, at.row, at.col);
  return html`
    <p>
      ${
        score === -Infinity
          ? html`${token(shown, at.row)} cannot see ${token(shown, at.col)}, which ${
              why === null
                ? 'you hid from it'
                : `${visibility(shown.run, steps.layer, at.row, at.col) === 'later' ? '' : 'is '}${why}`
            }.`
          : html`${token(shown, at.row)} may look at ${token(shown, at.col)}: nothing is masked here.`
      }
    </p>
    <dl class="sums"><div><dt>scaled</dt><dd>${printed(entry(steps.scaled, at.row, at.col))}</dd></div></dl>
    ${result('score', score)}
  `;
}

function softmax(told: Told): TemplateResult {
  const { steps, shown, at } = told;
  const score = entry(steps.scores, at.row, at.col);
  const { cell } = shown;
  const ofRow = cell.queryIndex === at.row ? cell : null;
  const order = byWeight(steps, at.row);
  return html`
    ${
      score === -Infinity
        ? html`<p>Masked: e<sup>−∞</sup> is ${data(0, '0')}, and so is its weight.</p>`
        : html`<p class="formula" role="math" aria-label="weight is the exponential of score minus row maximum, divided by the row's sum">
            e<sup>${printed(score)} − ${ofRow?.rowMax == null ? 'max' : printed(ofRow.rowMax, { name: 'rowMax' })}</sup> /
            ${ofRow?.rowSum == null ? 'sum' : printed(ofRow.rowSum, { name: 'rowSum' })}
          </p>`
    }
    ${result(html`<span class="weight">weight</span>`, entry(steps.weights, at.row, at.col))}
    ${changed(told, ['head-uniform', 'edit-weight'])}
    <p class="muted">The row of ${token(shown, at.row)}, heaviest first:</p>
    ${terms(
      'key',
      ['score', html`<span class="weight">weight</span>`],
      order.slice(0, LISTED).map((key) => ({
        label: token(shown, key),
        factors: [entry(steps.scores, at.row, key), entry(steps.weights, at.row, key)],
      })),
      '→',
    )}
    ${more(order.length, 'keys')}
  `;
}

function weightedSum(told: Told): TemplateResult {
  const { steps, shown, at } = told;
  const order = byWeight(steps, at.row);
  return html`
    <p>Element ${count(at.col)} of every value, taken by the weight with which ${token(shown, at.row)} looks at its token; the products are added.</p>
    ${result(html`${O}<sub>${at.col}</sub>`, entry(steps.output, at.row, at.col))}
    ${terms(
      'key',
      [html`<span class="weight">weight</span>`, html`${V}<sub>${at.col}</sub>`],
      order.slice(0, LISTED).map((key) => ({
        label: token(shown, key),
        factors: [entry(steps.weights, at.row, key), entry(steps.value, key, at.col)],
      })),
    )}
    ${more(order.length, 'keys')}
  `;
}

function concat(told: Told): TemplateResult {
  const { steps, shown, at } = told;
  const own = ownColumns(steps);
  const width = own.end - own.first;
  const isOwn = at.col >= own.first && at.col < own.end;
  const head = Math.floor(at.col / width);
  return html`
    <p>
      ${
        isOwn
          ? html`Column ${count(at.col)} is element ${count(at.col - own.first)} of this head’s output for ${token(shown, at.row)}, put in its place.`
          : html`Column ${count(at.col)} is element ${count(at.col - head * width)} of the output of head ${data(head, String(head))} for ${token(shown, at.row)}.`
      }
    </p>
    ${isOwn ? html`<dl class="sums"><div><dt>${O}<sub>${at.col - own.first}</sub></dt><dd>${printed(entry(steps.output, at.row, at.col - own.first))}</dd></div></dl>` : nothing}
    ${result('Concat', entry(steps.concat, at.row, at.col))}
    ${isOwn ? changed(told, ['head-off', 'head-mean']) : nothing}
  `;
}

function learned({ steps, at }: Told): TemplateResult {
  return html`
    <p>
      A learned number: how much element ${count(at.row)} of this head’s output adds to element ${count(at.col)} of the
      stream.
    </p>
    ${result(html`W<sup>O</sup>`, entry(steps.wOutput, at.row, at.col))}
  `;
}

function addition({ steps, shown, at }: Told): TemplateResult {
  const own = ownColumns(steps);
  const part = rowOf(steps.concat, at.row).subarray(own.first, own.end);
  const column = steps.wOutput === null ? null : columnOf(steps.wOutput, at.col);
  return html`
    <p>This head’s part of Concat for ${token(shown, at.row)} and column ${count(at.col)} of W<sup>O</sup>, multiplied element by element; the products are added.</p>
    <div class="vectors"><span class="label">${O} output</span>${vectorStrip(part, 'output', largest(part), null)}</div>
    ${result('added', entry(steps.added, at.row, at.col))}
    ${terms(
      'element',
      [O, html`W<sup>O</sup>`],
      Array.from(part, (o, i) => ({ label: String(i), factors: [o, column?.[i] ?? Number.NaN] })),
    )}
  `;
}

/** The keys that a row looks at, heaviest first. */
function byWeight(steps: HeadSteps, row: number): number[] {
  const weights = rowOf(steps.weights, row);
  const scores = rowOf(steps.scores, row);
  return [...weights.keys()]
    .filter((key) => scores[key] !== -Infinity)
    .sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0));
}

function more(total: number, what: string): TemplateResult | typeof nothing {
  return total <= LISTED
    ? nothing
    : html`<p class="muted">and ${count(total - LISTED)} more ${what}, none of them with a greater weight.</p>`;
}

interface Term {
  readonly label: TemplateResult | string;
  readonly factors: readonly number[];
}

function terms(
  what: string,
  heads: readonly (TemplateResult | string)[],
  list: readonly Term[],
  sign = '×',
): TemplateResult {
  const table = html`<table class="terms">
    <thead>
      <tr>
        <th scope="col">${what}</th>
        ${heads.map((head, i) => html`${i === 0 ? nothing : html`<td aria-hidden="true"></td>`}<th scope="col">${head}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${list.map(
        ({ label, factors }) => html`<tr>
          <th scope="row">${label}</th>
          ${factors.map((factor, i) => html`${i === 0 ? nothing : html`<td class="sign" aria-hidden="true">${sign}</td>`}<td>${printed(factor)}</td>`)}
        </tr>`,
      )}
    </tbody>
  </table>`;
  return list.length <= LISTED
    ? table
    : html`<details class="all-terms"><summary>All ${count(list.length)} pairs</summary>${table}</details>`;
}

/** "Scores: it and animal". */
export function cellName({ matrix, row, col }: StepCell, shown: RunView): TemplateResult {
  const name = MATRIX_NAMES[matrix];
  switch (matrix) {
    case 'dots':
    case 'scaled':
    case 'scores':
    case 'weights':
      return html`${name}: ${token(shown, row)} <span class="muted">and</span> ${token(shown, col)}`;
    case 'wOutput':
      return html`${name}: row ${count(row)}, column ${count(col)}`;
    default:
      return html`${name}: ${token(shown, row)} <span class="muted">· ${matrix === 'concat' || matrix === 'added' ? 'column' : 'element'} ${count(col)}</span>`;
  }
}
