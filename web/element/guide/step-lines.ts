/** The four steps of a head as a formula and as a line of NumPy each: the same in every language. */
import { html, type TemplateResult } from 'lit';

export const STEP_LINES = ['project', 'score', 'softmax', 'sum'] as const;
export type StepLine = (typeof STEP_LINES)[number];

export const FORMULAS: Readonly<Record<StepLine, TemplateResult>> = {
  project: html`<math alttext="Q = X W_Q, K = X W_K, V = X W_V"><mrow>
    <mi class="query" data-symbol="query">Q</mi><mo>=</mo><mi data-symbol="input">X</mi><msup data-symbol="w-query"><mi>W</mi><mi>Q</mi></msup><mo separator="true">,</mo><mspace width="0.5em" />
    <mi class="key" data-symbol="key">K</mi><mo>=</mo><mi data-symbol="input">X</mi><msup data-symbol="w-key"><mi>W</mi><mi>K</mi></msup><mo separator="true">,</mo><mspace width="0.5em" />
    <mi class="value" data-symbol="value">V</mi><mo>=</mo><mi data-symbol="input">X</mi><msup data-symbol="w-value"><mi>W</mi><mi>V</mi></msup>
  </mrow></math>`,
  score: html`<math alttext="S = Q K^T / √d_k"><mrow>
    <mi data-symbol="scores">S</mi><mo>=</mo><mi class="query" data-symbol="query">Q</mi><msup class="key" data-symbol="key"><mi>K</mi><mi>T</mi></msup><mo>/</mo><msqrt data-symbol="scale"><msub><mi>d</mi><mpadded voffset="-0.2em"><mi>k</mi></mpadded></msub></msqrt>
  </mrow></math>`,
  softmax: html`<math alttext="A = softmax(S)"><mrow>
    <mi class="light" data-symbol="weights">A</mi><mo>=</mo><mtext>softmax</mtext><mo stretchy="false">(</mo><mi data-symbol="scores">S</mi><mo stretchy="false">)</mo>
  </mrow></math>`,
  sum: html`<math alttext="O = A V"><mrow>
    <mi class="output" data-symbol="output">O</mi><mo>=</mo><mi class="light" data-symbol="weights">A</mi><mi class="value" data-symbol="value">V</mi>
  </mrow></math>`,
};

export const CODE: Readonly<Record<StepLine, TemplateResult>> = {
  project: html`<code><span class="query" data-symbol="query">Q</span>, <span class="key" data-symbol="key">K</span>, <span class="value" data-symbol="value">V</span> = <span data-symbol="input">X</span> @ <span data-symbol="w-query">W_Q</span>, <span data-symbol="input">X</span> @ <span data-symbol="w-key">W_K</span>, <span data-symbol="input">X</span> @ <span data-symbol="w-value">W_V</span></code>`,
  score: html`<code><span data-symbol="scores">scores</span> = <span class="query" data-symbol="query">Q</span> @ <span class="key" data-symbol="key">K.T</span> / <span data-symbol="scale">np.sqrt(d_k)</span></code>`,
  softmax: html`<code><span class="light" data-symbol="weights">weights</span> = softmax(<span data-symbol="scores">scores</span>)</code>`,
  sum: html`<code><span class="output" data-symbol="output">output</span> = <span class="light" data-symbol="weights">weights</span> @ <span class="value" data-symbol="value">V</span></code>`,
};
