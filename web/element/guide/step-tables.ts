/**
 * The table of each of a head's four steps for one query: a row for each token that is looked at, at the same height in
 * every step, with one line above the rows for what they meet and one below for what comes of them.
 */
import { html, nothing, type TemplateResult } from 'lit';
import type { RunView } from '../../session/snapshot';
import { labelOf } from '../../state/labels';
import { say, t } from '../words/words';
import type { HeadView } from './head-figure';
import { heat, rowOf, vector } from './heat';
import { bar, largest, number, shape, stretch, tokenName } from './marks';
import type { StepLine } from './step-lines';

/** @param rows  the tokens that have a row; @param choose  takes one of them as the key */
type Table = (drawn: HeadView, rows: readonly number[], choose: (key: number) => void) => TemplateResult;

const LETTERS = { query: 'Q', key: 'K', value: 'V' } as const;

/** The layer's input, and what the three matrices make of every token's row. */
const project: Table = ({ shown, steps, stream }, rows, choose) => {
  const { query } = shown.selection;
  const x = rowOf(stream, query);
  const names = ['query', 'key', 'value'] as const;
  const most = { query: largest(steps.query.data), key: largest(steps.key.data), value: largest(steps.value.data) };
  return html`<table class="ledger">
    <colgroup><col class="of-token" /><col /><col /><col /></colgroup>
    <thead>
      <tr><th scope="row" data-symbol="input"><var>x</var> ${tokenName(shown.run, query)}</th><td colspan="3" class="from" data-symbol="input">${heat(vector(x), null, { most: largest(x) })}</td></tr>
      <tr><td></td>${names.map((name) => html`<th scope="col" class=${name} data-symbol=${name}><var>${LETTERS[name]}</var> ${t(`steps.${name}`)}</th>`)}</tr>
    </thead>
    <tbody>${rows.map(
      (index) =>
        html`<tr>${token(shown, index, choose)}${names.map(
          (name) =>
            html`<td class=${`made${name === 'query' && index !== query ? ' unneeded' : ''}`} data-symbol=${name}>${heat(vector(rowOf(steps[name], index)), null, { most: most[name] })}</td>`,
        )}</tr>`,
    )}</tbody>
    <tfoot><tr><td></td>${names.map((name) => html`<td>${shape(steps[name].rows, steps[name].cols)}</td>`)}</tr></tfoot>
  </table>`;
};

/** The chosen query against every key. */
const score: Table = ({ shown, steps }, rows, choose) => {
  const { query } = shown.selection;
  const scores = rowOf(steps.scores, query);
  const dots = rowOf(steps.dots, query);
  const { rowMax, scale } = shown.cell;
  const most = largest(scores.filter(Number.isFinite));
  return html`<table class="ledger">
    <colgroup><col class="of-token" /><col /><col class="amount" /><col class="amount wide-amount" /><col class="roomy" /></colgroup>
    <thead>
      <tr><th scope="row" class="query" data-symbol="query"><var>q</var> ${tokenName(shown.run, query)}</th><td class="from" data-symbol="query">${heat(vector(rowOf(steps.query, query)), null, { most: largest(steps.query.data) })}</td><td></td><td></td><td class="roomy"></td></tr>
      <tr><td></td><th scope="col" class="key" data-symbol="key"><var>K</var> ${t('steps.key')}</th><th scope="col" class="amount"><var class="query">q</var> · <var class="key">k</var></th><th scope="col" class="amount" data-symbol="scores">${say('steps.scaled', { scale: scale === null ? '' : number(scale) })}</th><td class="roomy"></td></tr>
    </thead>
    <tbody>${rows.map(
      (index) => html`<tr>${token(shown, index, choose)}
        <td data-symbol="key">${heat(vector(rowOf(steps.key, index)), null, { most: largest(steps.key.data) })}</td>
        <td class="amount made">${number(dots[index] ?? 0)}</td>
        <td class="amount made late" data-symbol="scores">${number(scores[index] ?? 0)}</td>
        <td class="roomy made late">${signedBar(scores[index] ?? 0, most)}</td></tr>`,
    )}</tbody>
    <tfoot><tr><td></td><td colspan="2" class="amount">${t('steps.largest')}</td><td class="amount">${rowMax === null ? nothing : number(rowMax)}</td><td class="roomy"></td></tr></tfoot>
  </table>`;
};

/** The row of scores and the row of weights. */
const softmax: Table = ({ shown, steps }, rows, choose) => {
  const { query } = shown.selection;
  const scores = rowOf(steps.scores, query);
  const weights = rowOf(steps.weights, query);
  const { rowMax, rowSum } = shown.cell;
  const most = largest(scores.filter(Number.isFinite));
  return html`<table class="ledger">
    <colgroup><col class="of-token" /><col class="amount" /><col /><col class="amount" /><col /></colgroup>
    <thead>
      <tr><th scope="row">${tokenName(shown.run, query)}</th><td colspan="4">${
        rowMax === null || rowSum === null
          ? nothing
          : say('steps.row', { power: power(html`<var>s</var>`, number(rowMax)), sum: number(rowSum) })
      }</td></tr>
      <tr><td></td><th scope="col" class="amount" data-symbol="scores">${t('steps.score')}</th><td></td><th scope="col" class="amount light" data-symbol="weights">${t('steps.weight')}</th><td></td></tr>
    </thead>
    <tbody>${rows.map(
      (index) => html`<tr>${token(shown, index, choose)}
        <td class="amount from" data-symbol="scores">${number(scores[index] ?? 0)}</td>
        <td>${signedBar(scores[index] ?? 0, most)}</td>
        <td class="amount made" data-symbol="weights">${number(weights[index] ?? 0)}</td>
        <td class="made">${weightBar(weights[index] ?? 0)}</td></tr>`,
    )}</tbody>
    <tfoot><tr><td></td><td colspan="2" class="amount">${t('steps.total')}</td><td class="amount">${number(1)}</td><td></td></tr></tfoot>
  </table>`;
};

/** Every value as strong as its weight, and their sum. */
const sum: Table = ({ shown, steps }, rows, choose) => {
  const { query } = shown.selection;
  const weights = rowOf(steps.weights, query);
  const strongest = largest(weights);
  const most = largest(steps.value.data);
  const shapes = {
    weights: shape(1, weights.length),
    values: shape(steps.value.rows, steps.value.cols),
    output: shape(1, steps.output.cols),
  };
  return html`<table class="ledger">
    <colgroup><col class="of-token" /><col class="amount" /><col class="short" /><col /></colgroup>
    <thead>
      <tr><th scope="row">${tokenName(shown.run, query)}</th><td colspan="3">${say('steps.shapes', shapes)}</td></tr>
      <tr><td></td><th scope="col" class="amount light" data-symbol="weights">${t('steps.weight')}</th><td></td><th scope="col" class="value" data-symbol="value"><var>V</var> ${t('steps.value')}</th></tr>
    </thead>
    <tbody>${rows.map((index) => {
      const weight = weights[index] ?? 0;
      return html`<tr>${token(shown, index, choose)}
        <td class="amount from" data-symbol="weights">${number(weight)}</td>
        <td>${weightBar(weight)}</td>
        <td class="fades" data-symbol="value">${heat(vector(rowOf(steps.value, index)), null, { most, opacity: weight / strongest })}</td></tr>`;
    })}</tbody>
    <tfoot><tr><td></td><th scope="row" colspan="2" class="amount output" data-symbol="output"><var>o</var> ${t('steps.output')}</th><td class="made late" data-symbol="output">${heat(vector(rowOf(steps.output, query)), null, { most })}</td></tr></tfoot>
  </table>`;
};

export const TABLES: Readonly<Record<StepLine, Table>> = { project, score, softmax, sum };

/** Which of many tokens have a row: `most` around the one that looks, and the one that is looked at in any case. */
export function rowsAround(nTokens: number, query: number, key: number, most: number): readonly number[] {
  const around = stretch(nTokens, query, most);
  return around.includes(key) ? around : [...stretch(nTokens, query, most - 1), key].sort((a, b) => a - b);
}

/** e to the power of a score minus the row's largest. */
export function power(value: unknown, most: unknown): TemplateResult {
  return html`<var>e</var><sup>${value} − ${most}</sup>`;
}

/** A token's name before its row: a button that chooses it as the key. */
function token({ run, selection }: RunView, index: number, choose: (key: number) => void): TemplateResult {
  const is = index === selection.key ? ' key' : index === selection.query ? ' query' : '';
  const special = run.tokens[index]?.special === true ? ' special' : '';
  return html`<th scope="row" class=${`of-token${is}${special}`}><button
    type="button"
    aria-pressed=${index === selection.key ? 'true' : 'false'}
    @click=${() => choose(index)}
  ><bdi>${labelOf(run.tokens[index])}</bdi></button></th>`;
}

/** A score as a bar from the middle, to the right where it is positive; nothing where it is masked. */
function signedBar(value: number, most: number): TemplateResult {
  const length = Number.isFinite(value) ? (Math.abs(value) / most) * 50 : 0;
  return html`<svg class="level" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
    <rect class="rail" x="0" y="4.5" width="100" height="1" />
    <rect class=${value < 0 ? 'negative' : 'positive'} x=${(value < 0 ? 50 - length : 50).toFixed(1)} y="1" width=${length.toFixed(1)} height="8" />
  </svg>`;
}

function weightBar(weight: number): TemplateResult {
  return html`<svg class="level" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">${bar(weight, 0, 1, 100)}</svg>`;
}
