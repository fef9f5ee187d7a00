/** What the steps of a head are called and what each does, in words and symbols. Says only what the run can show. */
import { html, nothing, type TemplateResult } from 'lit';
import type { HeadSteps } from '../engine/types';
import { type Axis, ownColumns } from '../scene/step-matrices';
import type { RunView } from '../session/snapshot';
import type { Step, StepMatrix } from '../state/state';
import { count, data, printed } from './printed';

const W_OUTPUT = html`W<sup>O</sup>`;

/** The four steps that have a number are those of every textbook; the others belong to them. */
export const STEP_NAMES: Readonly<
  Record<Step, { readonly name: string | TemplateResult; readonly number: number | null }>
> = {
  'query-key-value': { name: 'Linear projections', number: 1 },
  scores: { name: 'Scores', number: 2 },
  scale: { name: 'Scale', number: null },
  mask: { name: 'Mask', number: null },
  softmax: { name: 'Softmax', number: 3 },
  'weighted-sum': { name: 'Weighted sum', number: 4 },
  concat: { name: 'Concat', number: null },
  output: { name: W_OUTPUT, number: null },
};

export const MATRIX_NAMES: Readonly<Record<StepMatrix, string | TemplateResult>> = {
  query: 'Query',
  key: 'Key',
  value: 'Value',
  dots: 'Query · key',
  scaled: 'Scaled',
  scores: 'Scores',
  weights: 'Weights',
  output: 'Output',
  concat: 'Concat',
  wOutput: W_OUTPUT,
  added: 'Added to the stream',
};

/** What the rows or columns of an axis are, as more than one of them. */
export const AXIS_NAMES: Readonly<Record<Axis, TemplateResult | string>> = {
  query: 'queries',
  key: 'keys',
  element: 'elements',
  concat: 'columns of Concat',
  model: html`columns of ${W_OUTPUT}`,
};

/** The class of the colour that a matrix's symbol has: the four meanings, and light. */
export const MEANING: Readonly<Record<StepMatrix, string>> = {
  query: 'query',
  key: 'key',
  value: 'value',
  dots: '',
  scaled: '',
  scores: '',
  weights: 'weight',
  output: 'output',
  concat: 'output',
  wOutput: '',
  added: 'output',
};

const letter = (name: 'query' | 'key' | 'value' | 'output', text = name.charAt(0)) =>
  html`<span class=${`letter ${name}`}>${text}</span>`;
export const Q = letter('query');
export const K = letter('key');
export const V = letter('value');
export const O = letter('output');

/** One or two sentences on what a step does, with its formula. */
export function stepSentence(step: Step, shown: RunView, steps: HeadSteps): TemplateResult {
  const { model } = shown.run;
  switch (step) {
    case 'query-key-value':
      return html`Each token’s vector is multiplied by three learned matrices and becomes a query ${Q}, a key ${K} and a
        value ${V}: what it looks for, what it is found by, what it passes on.`;
    case 'scores':
      return html`Every query meets every key: their dot product ${Q} · ${K} is large where both point the same way.`;
    case 'scale': {
      const { scale, bias } = shown.cell;
      const width = steps.query.cols;
      const isRoot = scale !== null && Math.abs(scale - 1 / Math.sqrt(width)) < 1e-6;
      return html`Each dot product is multiplied by the scale${scale === null ? nothing : html` ${printed(scale)}`}${
        isRoot ? html` = 1/√${count(width)}` : nothing
      }, so that long vectors do not make softmax extreme.${
        bias === null || bias === 0 ? nothing : ' A bias for the distance of the two tokens is added.'
      }`;
    }
    case 'mask':
      return steps.scores.data.includes(-Infinity)
        ? html`What a token may not look at is masked: its score becomes −∞${model.causal === true ? ', here for every later token' : ''}. Masked cells are hatched.`
        : html`Nothing is masked in this head: every token may look at every other, and the scores stay as they are.`;
    case 'softmax':
      return html`Each row of scores becomes shares: <span class="weight letter">w</span> = e<sup>score</sup>, divided by the
        row’s sum. A row of weights adds up to ${data(1, '1')}.`;
    case 'weighted-sum':
      return html`Each token’s output is the sum of all values, each taken by its weight:
        ${O} = Σ <span class="weight letter">w</span> ${V}.`;
    case 'concat': {
      const { first, end } = ownColumns(steps);
      return html`The outputs ${O} of all ${count(model.nHeads)} heads stand side by side. This head’s are columns
        ${data(first, String(first))} to ${data(end - 1, String(end - 1))}.`;
    }
    case 'output':
      return html`<span class="letter">${W_OUTPUT}</span> turns this head’s part into what it adds to each token’s vector in the stream, here without
        the bias that all heads share.`;
  }
}
