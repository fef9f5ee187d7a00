/**
 * The marks that the guide's figures share: names of tokens, numbers, bars, strips and grids. Only draws; shades by
 * opacity of one hue, set as attributes of SVG, which the policy allows in a page that was written at build.
 */
import { html, nothing, svg, type TemplateResult } from 'lit';
import type { Run } from '../../engine/types';
import { labelOf } from '../../state/labels';
import { formatNumber } from '../../state/numbers';
import { data, type Which } from '../printed';

/** A token as it is spoken of. */
export function tokenName(run: Run, index: number): TemplateResult {
  return html`<bdi class="word">${labelOf(run.tokens[index])}</bdi>`;
}

/** A share in prose: `68 %`; in every language alike. */
export function share(value: number, which: Which = {}): TemplateResult {
  return data(value, shareText(value), which);
}

export function shareText(value: number): string {
  const percent = value * 100;
  if (percent > 0 && percent < 0.05) return '<\u202F0.1\u202F%';
  return `${Number(percent.toFixed(percent < 9.95 ? 1 : 0))}\u202F%`;
}

/** Three significant digits. */
export function number(value: number, which: Which = {}): TemplateResult {
  return data(value, formatNumber(value), which);
}

/** A whole number. */
export function count(value: number, which: Which = {}): TemplateResult {
  return data(value, value.toLocaleString('en'), which);
}

/** A shape, as the text writes it: `[16 × 32]`. */
export function shape(...sizes: readonly number[]): TemplateResult {
  return html`<span class="shape">[${sizes.map((size, i) => html`${i === 0 ? nothing : ' × '}${count(size)}`)}]</span>`;
}

/** Which of many tokens a figure has room for: a stretch with `index` in it. */
export function stretch(nTokens: number, index: number, most: number): readonly number[] {
  const first = Math.max(0, Math.min(index - Math.floor(most / 2), nTokens - most));
  return Array.from({ length: Math.min(nTokens, most) }, (_, i) => first + i);
}

/** A horizontal bar on a rail, `value` from 0 to 1 over `width`. Inside an SVG. */
export function bar(value: number, x: number, y: number, width: number, height = 8, name = 'bar'): TemplateResult {
  const length = Math.max(0, Math.min(1, value)) * width;
  return svg`<rect class="rail" x=${x} y=${y} width=${width} height=${height} rx="2" /><rect
    class=${name} x=${x} y=${y} width=${length.toFixed(1)} height=${height} rx="2" />`;
}

/**
 * A vector as a row of cells: amber above zero, blue below, as strong as the number is large among `most`.
 * @param symbol  what lights up together with it: `query`, `key` and so on
 */
export function strip(values: ArrayLike<number>, symbol: string, most = largest(values)): TemplateResult {
  const n = values.length;
  const cell = 10;
  return html`<svg
    class="strip"
    data-symbol=${symbol}
    viewBox=${`0 0 ${n * cell} 16`}
    preserveAspectRatio="none"
    aria-hidden="true"
  >${Array.from(values, (value, i) => signedCell(value / most, i * cell, 0, cell, 16))}</svg>`;
}

/** One cell of a signed strip or grid; `size` from -1 to 1. Inside an SVG. */
export function signedCell(size: number, x: number, y: number, width: number, height: number): TemplateResult {
  const opacity = Math.min(1, Math.abs(size));
  return svg`<rect class=${size < 0 ? 'negative' : 'positive'} x=${x} y=${y} width=${width} height=${height}
    fill-opacity=${opacity.toFixed(3)} />`;
}

export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; ++i) most = Math.max(most, Math.abs(values[i] ?? 0));
  return most === 0 ? 1 : most;
}
