/** How a number is printed: rounded for the eye, whole in `value`. The only place where panels turn numbers into text. */
import { html, nothing, type TemplateResult } from 'lit';
import { formatBytes, formatMeasured, formatNumber, formatPercent } from '../state/numbers';
import type { OrderWords } from '../state/wall-order';
import { formatMemory } from './memory-budget';

/** What tells one printed number from another: its name in the public contract, and its place in a vector. */
export interface Which {
  readonly name?: string;
  readonly index?: number;
}

/** Three significant digits. */
export function printed(value: number, which: Which = {}): TemplateResult {
  return data(value, formatNumber(value), which);
}

/** A weight in prose: `68 %`. */
export function percent(value: number, which: Which = {}): TemplateResult {
  return data(value, formatPercent(value), which);
}

/** A head's metric, or another number that heads are ordered by, in its own unit. Null: there is no such number. */
export function measured(value: number | null, unit: OrderWords['unit'], which: Which = {}): TemplateResult {
  return value === null
    ? html`<span class="missing-number">not measurable</span>`
    : data(value, formatMeasured(value, unit), which);
}

/** A count, or any number with its own rounding. */
export function data(value: number, text: string, { name, index }: Which = {}): TemplateResult {
  return html`<data value=${String(value)} data-name=${name ?? nothing} data-index=${index ?? nothing}>${text}</data>`;
}

/** Thousands apart: `13,120`. */
export function count(value: number): TemplateResult {
  return data(value, value.toLocaleString('en'));
}

/** A size: `90.9 MB`. */
export function bytes(value: number): TemplateResult {
  return data(value, formatBytes(value));
}

/** A size in memory: `94 MB`. */
export function memory(value: number): TemplateResult {
  return data(value, formatMemory(value));
}
