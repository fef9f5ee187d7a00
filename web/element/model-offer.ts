/** A model that was looked at, as a card: what it is, what it asks for, whether it fits, and what is here already. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Offer } from '../engine/types';
import { type Fit, fitOf } from './memory-budget';
import { bytes, count, memory } from './printed';

/** Where `owner/name` is looked for. */
const HUB = 'huggingface.co';
/** Files of a large model come in many parts. */
const MOST_LISTED = 5;

/** Who would be asked about what the reader typed; null while it is neither an address nor `owner/name`. */
export function hostAsked(text: string): string | null {
  const typed = text.trim();
  if (/^https?:\/\//i.test(typed)) return URL.canParse(typed) ? new URL(typed).host || null : null;
  return /^[\w.-]+\/[\w.@-]+(\/\S+)?$/.test(typed) && !typed.startsWith('.') ? HUB : null;
}

/** What still has to come over the line; null where the size is not known. */
export function toDownload({ bytes: whole, stored }: Pick<Offer, 'bytes' | 'stored'>): number | null {
  return whole === null ? null : Math.max(0, whole - stored);
}

/** @param control  of the budget, where it was too small: it stays while the reader moves it */
export function offerCard(
  offer: Offer,
  budget: number,
  actions: TemplateResult,
  control: TemplateResult | null,
): TemplateResult {
  const fit = fitOf(offer.memory, { budget });
  const left = toDownload(offer);
  return html`
    <article class="offer" aria-label=${`Found: ${offer.name}`}>
      <h4><bdi>${offer.name}</bdi></h4>
      <dl>
        <dt>Comes from</dt>
        <dd><bdi>${offer.host}</bdi></dd>
        <dt>Family</dt>
        <dd>${offer.family === null ? notStated() : html`<bdi>${offer.family}</bdi>`}</dd>
        <dt>Licence</dt>
        <dd>${offer.licence === null ? notStated() : html`<bdi>${offer.licence}</bdi>`}</dd>
        <dt>Download</dt>
        <dd>
          ${left === null ? html`size not stated` : left === 0 ? html`nothing: all of it is kept in this browser` : bytes(left)}${
            offer.stored > 0 && left !== 0 ? html`, and ${bytes(offer.stored)} is here already` : nothing
          }
          ${fileList(offer)}
        </dd>
        <dt>Memory</dt>
        <dd>${memoryLine(offer, fit, budget)}</dd>
      </dl>
      ${
        control === null
          ? nothing
          : html`<div class="too-large">
              <p>
                ${fit.fits ? html`<strong>It fits.</strong>` : html`<strong class="no">It does not fit.</strong>`}
                It takes about ${memory(fit.need ?? 0)}; the budget is ${memory(budget)}.
              </p>
              ${control}
            </div>`
      }
      <p class="actions">${actions}</p>
    </article>
  `;
}

function fileList({ files }: Offer): TemplateResult | typeof nothing {
  if (files.length === 0) return nothing;
  const rest = files.slice(MOST_LISTED);
  const known = rest.reduce((sum, file) => sum + (file.bytes ?? 0), 0);
  return html`
    <ul class="files">
      ${files
        .slice(0, MOST_LISTED)
        .map(
          (file) =>
            html`<li><bdi>${file.name}</bdi> <span class="muted">${file.bytes === null ? '' : bytes(file.bytes)}</span></li>`,
        )}
      ${rest.length === 0 ? nothing : html`<li class="muted">and ${count(rest.length)} more${known > 0 ? html`, ${bytes(known)}` : nothing}</li>`}
    </ul>
  `;
}

/** The bar says in shares what the line below it says in numbers. */
function memoryLine(offer: Offer, fit: Fit, budget: number): TemplateResult {
  if (fit.need === null) return html`not known before it is loaded; it is refused if it does not fit`;
  const { weights, run, runTokens } = offer.memory;
  return html`
    <span class="estimate" aria-hidden="true">
      <span class="for-weights" .style=${`width: ${100 * fit.weights}%`}></span>
      <span class="for-run" .style=${`width: ${100 * fit.run}%`}></span>
      ${fit.end < 1 ? html`<span class="for-end" .style=${`left: ${100 * fit.end}%`}></span>` : nothing}
    </span>
    <span class="legend">
      ${weights === null ? nothing : html`<span><i class="for-weights"></i>weights ${memory(weights)}</span>`}
      ${run === null ? nothing : html`<span><i class="for-run"></i>a text of ${count(runTokens)} tokens ${memory(run)}</span>`}
      <span>${fit.fits ? nothing : html`<i class="for-end"></i>`}budget ${memory(budget)}</span>
    </span>
  `;
}

function notStated(): TemplateResult {
  return html`<span class="muted">not stated</span>`;
}
