/**
 * Opening a model: those of this site, the reader's own files, an address, and what the browser keeps; and how much
 * memory a model may take. The only panel with a file input, and the only one that asks who has which models.
 */
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { createRef, ref } from 'lit/directives/ref.js';
import { failureOf, isAbort } from '../engine/errors';
import type { Engine, Failure, MemoryUse, Offer, StoredModel } from '../engine/types';
import { define } from './define';
import { REMEDIES } from './error-note';
import { BUDGETS, budgetFor, fitOf, formatMemory, rememberBudget, stepOf } from './memory-budget';
import { hostAsked, offerCard } from './model-offer';
import { modelOf, Panel } from './panel';
import { bytes, memory } from './printed';
import { fetchSiteModels, type SiteModel } from './site-models';

/** What of the engine the dialog asks. */
export type Models = Pick<Engine, 'offer' | 'stored' | 'forget' | 'memory' | 'setBudget'>;

/** The look at an address. */
type Look =
  | { readonly kind: 'none' }
  | { readonly kind: 'looking'; readonly host: string }
  /** Tight: it did not fit at some time, so the budget is in the reader's hand. */
  | { readonly kind: 'found'; readonly offer: Offer; readonly tight: boolean }
  | { readonly kind: 'refused'; readonly failure: Failure };

const NO_LOOK: Look = { kind: 'none' };
const HEADING = 'Open a model';

export class ModelDialog extends Panel {
  static override properties = {
    ...Panel.properties,
    models: { attribute: false },
    library: { attribute: false },
    isOpen: { state: true },
    heading: { state: true },
    site: { state: true },
    address: { state: true },
    look: { state: true },
    kept: { state: true },
    use: { state: true },
    asking: { state: true },
    said: { state: true },
  };

  declare models: Models | undefined;
  /** Address of the list of the site's own models; null where the page names none. */
  declare library: string | null;
  declare private isOpen: boolean;
  declare private heading: string;
  /** Null: there is none. */
  declare private site: readonly SiteModel[] | Failure | null;
  declare private address: string;
  declare private look: Look;
  /** Null while it is not known. */
  declare private kept: readonly StoredModel[] | null;
  declare private use: MemoryUse | null;
  /** Whether the reader is asked if really everything is to be removed. */
  declare private asking: boolean;
  /** What is said to assistive technology: outside the dialog nothing is heard while it is open. */
  declare private said: string;

  readonly #dialog = createRef<HTMLDialogElement>();
  readonly #input = createRef<HTMLInputElement>();
  /** Ends what is being asked when the dialog closes. */
  #closed = new AbortController();
  #looking = new AbortController();

  constructor() {
    super();
    this.library = null;
    this.isOpen = false;
    this.heading = HEADING;
    this.site = null;
    this.address = '';
    this.look = NO_LOOK;
    this.kept = null;
    this.use = null;
    this.asking = false;
    this.said = '';
  }

  /** Opens the dialog and finds out what there is. @param heading  what the model is opened for */
  open(heading = HEADING): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.heading = heading;
    this.asking = false;
    this.said = '';
    this.#closed = new AbortController();
    void this.updateComplete.then(() => this.#dialog.value?.showModal());
    void this.#refresh();
    void this.#findSite();
  }

  close(): void {
    this.#dialog.value?.close();
  }

  override disconnectedCallback(): void {
    this.close();
    super.disconnectedCallback();
  }

  /** Closed, it draws nothing of the snapshot. */
  protected override sees(): readonly unknown[] {
    return [this.isOpen ? modelOf(this.snapshot) : null];
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    if (this.isOpen && changed.has('snapshot')) void this.#refresh();
    if (changed.has('look') && this.look.kind !== 'looking')
      this.querySelector('.offer, .refusal')?.scrollIntoView({ block: 'nearest' });
  }

  protected override render(): TemplateResult {
    return html`
      <input
        ${ref(this.#input)}
        type="file"
        hidden
        aria-label="Open model"
        multiple
        accept=".safetensors,.gguf,.json,.jinja,.txt"
        @change=${this.#picked}
      />
      <dialog
        ${ref(this.#dialog)}
        class="models"
        aria-labelledby="models-title"
        @close=${this.#onClose}
        @pointerdown=${(event: PointerEvent) => {
          if (event.target === this.#dialog.value) this.close(); // Beside it.
        }}
      >
        ${this.isOpen ? this.#inside() : nothing}
      </dialog>
    `;
  }

  #inside(): TemplateResult {
    return html`
      <div class="inside">
        <header>
          <h2 id="models-title" tabindex="-1" autofocus>${this.heading}</h2>
          <button class="quiet" @click=${() => this.close()}>Close</button>
        </header>
        <p class="lead">The model runs in this page, on your own machine. Your files and your text never leave it.</p>
        ${this.#siteSection()}
        <div class="column">${this.#fileSection()} ${this.#keptSection()}</div>
        <div class="column">${this.#addressSection()} ${this.#memorySection()}</div>
        <p class="unseen" aria-live="polite">${this.said}</p>
      </div>
    `;
  }

  // ---- On this site ----

  #siteSection(): TemplateResult | typeof nothing {
    const { site } = this;
    if (site === null || (Array.isArray(site) && site.length === 0)) return nothing;
    return html`
      <section class="wide" aria-labelledby="models-site">
        <h3 id="models-site">On this site</h3>
        ${
          'message' in site
            ? html`<p class="muted">${site.message}</p>`
            : html`<ul class="shelf">
                ${site.map(
                  (model) => html`<li>
                    <button class="card" @click=${() => this.#load(model.address)}>
                      <span class="title"><bdi>${model.title}</bdi></span>
                      ${model.about === null ? nothing : html`<span class="about">${model.about}</span>`}
                      <span class="muted">${bytes(model.bytes)} · <bdi>${model.licence}</bdi></span>
                      <span class="go">Load</span>
                    </button>
                  </li>`,
                )}
              </ul>`
        }
      </section>
    `;
  }

  async #findSite(): Promise<void> {
    if (this.library === null || this.library === '') return;
    const { signal } = this.#closed;
    try {
      const site = await fetchSiteModels(new URL(this.library, document.baseURI), signal);
      if (!signal.aborted) this.site = site;
    } catch (error) {
      if (!signal.aborted) this.site = failureOf(error);
    }
  }

  // ---- From the reader's own machine ----

  #fileSection(): TemplateResult {
    return html`
      <section aria-labelledby="models-files">
        <h3 id="models-files">Your own files</h3>
        <div class="drop-zone">
          <p class="drop-words">Drop files or a folder here, or</p>
          <p class="actions">
            <button @click=${() => this.#pick(false)}>Choose files</button>
            <button class="folder" @click=${() => this.#pick(true)}>Choose a folder</button>
          </p>
        </div>
        <ul class="needs muted">
          <li>one <b>.gguf</b> file, or</li>
          <li><b>.safetensors</b> with its <b>config.json</b> and <b>tokenizer.json</b>, or</li>
          <li>a saved run, a <b>.safetensors</b> file too.</li>
        </ul>
        <p class="muted">The files are read here. Nothing is uploaded.</p>
      </section>
    `;
  }

  #pick(folder: boolean): void {
    const input = this.#input.value;
    if (input === undefined) return;
    input.webkitdirectory = folder;
    input.click();
  }

  readonly #picked = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    const files = [...(input.files ?? [])];
    input.value = ''; // The same file again is a new choice.
    input.webkitdirectory = false;
    if (files.length === 0) return;
    this.close();
    this.dispatchEvent(new CustomEvent('files', { detail: files, bubbles: true }));
  };

  // ---- From an address ----

  #addressSection(): TemplateResult {
    const { look } = this;
    const host = hostAsked(this.address);
    return html`
      <section aria-labelledby="models-address">
        <h3 id="models-address">From an address or the hub</h3>
        <form class="address" novalidate @submit=${this.#onSubmit}>
          <label for="models-where">Address, or owner/name on the hub</label>
          <div class="row">
            <input
              id="models-where"
              type="text"
              inputmode="url"
              autocomplete="off"
              autocapitalize="off"
              spellcheck="false"
              maxlength="2000"
              placeholder="openai-community/gpt2"
              aria-describedby="models-asks"
              aria-invalid=${look.kind === 'refused' ? 'true' : 'false'}
              .value=${this.address}
              @input=${this.#onInput}
            />
            ${
              look.kind === 'looking'
                ? html`<button type="button" @click=${() => this.#stopLooking()}>Stop</button>`
                : html`<button type="submit" ?disabled=${this.address.trim() === ''}>Look</button>`
            }
          </div>
          <p id="models-asks" class="muted">
            ${
              look.kind === 'looking'
                ? html`Asking <bdi>${look.host}</bdi>…`
                : look.kind === 'found'
                  ? html`<bdi>${look.offer.host}</bdi> was asked. Nothing is downloaded before you press Load.`
                  : html`Nothing is requested before you press Look. Then ${host === null ? 'the host' : html`<bdi>${host}</bdi>`}
                    is asked what the model is and how large, and nothing is downloaded yet.`
            }
          </p>
        </form>
        ${look.kind === 'refused' ? refusal(look.failure) : nothing}
        ${look.kind === 'found' ? this.#found(look.offer, look.tight) : nothing}
      </section>
    `;
  }

  #found(offer: Offer, tight: boolean): TemplateResult {
    const budget = this.#budget;
    const { fits, need } = fitOf(offer.memory, { budget });
    const enough = budgetFor(need ?? 0);
    const actions = fits
      ? html`<button class="primary" @click=${() => this.#load(offer.address)}>Load</button>`
      : enough === null
        ? html`A page cannot give it that much: look for a smaller version of it, or one with fewer bits per number.`
        : html`<button @click=${() => void this.#raise(enough)}>Raise the budget to ${formatMemory(enough)}</button>`;
    return offerCard(offer, budget, actions, tight || !fits ? this.#budgetControl('models-budget-offer') : null);
  }

  async #raise(budget: number): Promise<void> {
    this.#setBudget(budget);
    await this.updateComplete;
    this.querySelector<HTMLElement>('.offer .primary')?.focus(); // In place of the button that was pressed.
  }

  readonly #onInput = (event: Event): void => {
    this.address = (event.target as HTMLInputElement).value;
    // What was found was found elsewhere.
    this.#stopLooking();
  };

  readonly #onSubmit = (event: Event): void => {
    event.preventDefault();
    void this.#lookAt(this.address.trim());
  };

  #stopLooking(): void {
    this.#looking.abort();
    this.look = NO_LOOK;
  }

  async #lookAt(address: string): Promise<void> {
    const { models } = this;
    if (models === undefined || address === '') return;
    this.#looking.abort();
    const controller = new AbortController();
    this.#looking = controller;
    this.look = { kind: 'looking', host: hostAsked(address) ?? address.slice(0, 80) };
    try {
      const offer = await models.offer(address, { signal: controller.signal });
      if (controller.signal.aborted) return;
      this.look = { kind: 'found', offer, tight: !fitOf(offer.memory, { budget: this.#budget }).fits };
      this.said = `Found ${offer.name}.`;
    } catch (error) {
      if (!controller.signal.aborted && !isAbort(error)) this.look = { kind: 'refused', failure: failureOf(error) };
    }
  }

  // ---- What the browser keeps ----

  #keptSection(): TemplateResult {
    const { kept } = this;
    return html`
      <section aria-labelledby="models-kept">
        <h3 id="models-kept">Kept in this browser</h3>
        ${
          kept === null || kept.length === 0
            ? html`<p class="muted">
                ${kept === null ? 'Looking…' : 'Nothing is kept yet. What you load from an address is kept here, if this browser allows it, and opens at once the next time.'}
              </p>`
            : html`<ul class="kept">
                  ${kept.map((model) => this.#keptModel(model))}
                </ul>
                ${this.#removeAll(kept)}`
        }
      </section>
    `;
  }

  #keptModel({ address, name, bytes: size, complete }: StoredModel): TemplateResult {
    return html`<li>
      <span class="what">
        <span class="title" title=${address}><bdi>${name}</bdi></span>
        <span class="muted">${bytes(size)}${complete ? nothing : ' so far, the rest is fetched when you load it'}</span>
      </span>
      <button aria-label=${`Load ${name}`} @click=${() => this.#load(address)}>Load</button>
      <button class="quiet" aria-label=${`Remove ${name}`} @click=${() => void this.#forget(address, name)}>Remove</button>
    </li>`;
  }

  #removeAll(kept: readonly StoredModel[]): TemplateResult {
    const size = kept.reduce((sum, model) => sum + model.bytes, 0);
    return html`<p class="actions">
      ${
        this.asking
          ? html`Remove all ${bytes(size)}?
              <button class="answer" @click=${() => void this.#forget(null, 'everything')}>Remove</button>
              <button class="quiet" @click=${() => void this.#ask(false)}>Keep</button>`
          : html`<button class="quiet answer" @click=${() => void this.#ask(true)}>Remove all</button>`
      }
    </p>`;
  }

  async #ask(asking: boolean): Promise<void> {
    this.asking = asking;
    await this.updateComplete;
    this.querySelector<HTMLElement>('.answer')?.focus(); // In place of the button that was pressed.
  }

  async #forget(address: string | null, name: string): Promise<void> {
    this.asking = false;
    try {
      await this.models?.forget(address);
      this.said = `Removed ${name}.`;
    } catch (error) {
      this.said = failureOf(error).message;
    }
    await this.#refresh();
    // The button that was pressed is gone.
    this.querySelector<HTMLElement>('#models-title')?.focus();
  }

  // ---- Memory ----

  #memorySection(): TemplateResult {
    const { use } = this;
    const model = modelOf(this.snapshot);
    return html`
      <section class="memory" aria-labelledby="models-memory">
        <h3 id="models-memory">Memory</h3>
        ${this.#budgetControl('models-budget')}
        <p class="muted">
          ${
            use === null
              ? nothing
              : html`${memory(use.used)} in use${model === null ? nothing : html`, now open: <bdi>${model.name}</bdi>`}.`
          }
          What would take more than the budget is refused before it is downloaded.
        </p>
      </section>
    `;
  }

  /** Until it is known, nothing is said to exceed it. */
  get #budget(): number {
    return this.use?.budget ?? Number.POSITIVE_INFINITY;
  }

  #budgetControl(id: string): TemplateResult {
    const budget = this.use?.budget ?? null;
    return html`
      <div class="budget">
        <label for=${id}>Budget for weights and texts</label>
        <output for=${id}>${budget === null ? '' : memory(budget)}</output>
        <input
          id=${id}
          type="range"
          min="0"
          max=${BUDGETS.length - 1}
          step="1"
          ?disabled=${budget === null}
          .value=${String(budget === null ? 0 : stepOf(budget))}
          aria-valuetext=${budget === null ? 'not known yet' : formatMemory(budget)}
          @input=${(event: Event) => this.#setBudget(BUDGETS[Number((event.target as HTMLInputElement).value)] as number)}
        />
      </div>
    `;
  }

  #setBudget(budget: number): void {
    this.models?.setBudget(budget);
    rememberBudget(budget);
    if (this.use !== null) this.use = { ...this.use, budget };
    const { look } = this;
    if (look.kind === 'found' && !fitOf(look.offer.memory, { budget }).fits) this.look = { ...look, tight: true };
    this.said = `The budget is ${formatMemory(budget)}.`;
  }

  // ---- All of it ----

  #load(address: string): void {
    this.close();
    this.dispatchEvent(new CustomEvent('address', { detail: address, bubbles: true }));
  }

  async #refresh(): Promise<void> {
    const { models } = this;
    if (models === undefined) return;
    const before = this.use?.budget;
    const [kept, use] = await Promise.all([models.stored().catch(() => []), models.memory().catch(() => null)]);
    this.kept = kept;
    // A budget that the reader chose meanwhile is newer than the answer.
    const now = this.use?.budget;
    this.use = use !== null && now !== undefined && now !== before ? { ...use, budget: now } : use;
  }

  readonly #onClose = (): void => {
    this.isOpen = false;
    this.#closed.abort();
    if (this.look.kind !== 'found') this.#stopLooking();
  };
}

function refusal(failure: Failure): TemplateResult {
  return html`<div class="refusal" role="alert" data-code=${failure.code}>
    <p><strong>${failure.message}</strong></p>
    <p>${REMEDIES[failure.code]}</p>
  </div>`;
}

define('attn-model-dialog', ModelDialog);

export const modelDialogStyles = css`
  attn-model-dialog {
    display: contents;
  }
  dialog.models {
    width: min(880px, 100vw - 32px);
    max-width: none;
    max-height: min(860px, 100dvh - 48px);
    padding: 0;
    overflow: auto;
    overscroll-behavior: contain;
    scroll-padding: 60px 0 16px;
    color: var(--ink);
    background: var(--panel);
    border: 1px solid var(--line);
    border-radius: var(--radius-large);
  }
  dialog.models::backdrop {
    background: color-mix(in srgb, var(--ground) 72%, transparent);
  }
  .models .inside {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
    gap: 20px 32px;
    padding: 0 24px 24px;
  }
  .models header {
    position: sticky;
    z-index: 1;
    top: 0;
    grid-column: 1 / -1;
    display: flex;
    align-items: center;
    justify-content: space-between;
    margin: 0 -24px -12px;
    padding: 14px 12px 10px 24px;
    background: var(--panel);
  }
  .models h2 {
    margin: 0;
    font-size: 1.25rem;
    font-weight: 600;
    outline: none;
  }
  .models h3 {
    margin: 0 0 8px;
    font-size: 0.9375rem;
    font-weight: 600;
  }
  .models h4 {
    margin: 0 0 8px;
    font-size: 0.9375rem;
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .models p {
    margin: 0;
  }
  .models ul {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .models .lead {
    grid-column: 1 / -1;
    color: var(--muted);
  }
  .models section {
    min-width: 0;
  }
  .models section.wide {
    grid-column: 1 / -1;
  }
  .models .title {
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .models .actions {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
  }
  .models button {
    min-height: max(36px, var(--target));
  }
  .models button.primary {
    min-width: 96px;
    color: var(--on-accent);
    background: var(--accent);
    border-color: var(--accent);
    font-weight: 600;
  }
  .models button.primary:hover {
    background: color-mix(in srgb, var(--accent) 88%, var(--ink));
  }

  .models .column {
    display: grid;
    align-content: start;
    gap: 20px;
    min-width: 0;
  }

  .shelf {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
    gap: 12px 32px;
  }
  .shelf .card {
    width: 100%;
    height: 100%;
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    align-content: start;
    gap: 2px 12px;
    padding: 12px 14px;
    border-radius: var(--radius-large);
    text-align: start;
    white-space: normal;
  }
  .shelf .card > * {
    grid-column: 1;
  }
  .shelf .card > .go {
    grid-area: 1 / 2 / 4 / 3;
    align-self: center;
    color: var(--accent);
    font-weight: 600;
  }
  .shelf .card:hover {
    border-color: var(--accent);
  }

  .drop-zone {
    display: grid;
    justify-items: center;
    gap: 10px;
    padding: 20px 12px;
    border: 1.5px dashed var(--muted);
    border-radius: var(--radius-large);
    text-align: center;
  }
  .drop-zone .actions {
    justify-content: center;
  }
  .dragging .drop-zone {
    border-color: var(--accent);
    background: var(--hover);
  }
  .models .needs {
    margin: 10px 0;
    padding-inline-start: 18px;
    list-style: disc;
  }
  .models .needs b {
    color: var(--ink);
    font-weight: 550;
  }
  /* Phones have no folders to choose from, and nothing to drop. */
  @media (pointer: coarse) and (max-width: 700px) {
    .drop-zone .folder,
    .drop-zone .drop-words {
      display: none;
    }
    .drop-zone {
      padding: 0;
      border: 0;
      justify-items: start;
    }
  }

  .address label,
  .budget label {
    display: block;
  }
  .address .row {
    display: flex;
    gap: 8px;
    margin: 4px 0 6px;
  }
  .address input {
    flex: 1;
    min-width: 0;
    min-height: max(36px, var(--target));
    padding: 4px 10px;
    font: inherit;
    color: var(--ink);
    background: var(--ground);
    border: 1px solid var(--muted);
    border-radius: var(--radius);
  }
  .address input::placeholder {
    color: var(--muted);
    opacity: 1;
  }
  .address input[aria-invalid='true'] {
    border-color: var(--error);
  }
  .refusal {
    margin-top: 10px;
    padding: 10px 12px;
    border: 1px solid var(--error);
    border-inline-start-width: 4px;
    border-radius: var(--radius);
    overflow-wrap: anywhere;
    user-select: text;
  }
  .refusal strong {
    color: var(--error);
    font-weight: 600;
  }

  .offer {
    margin-top: 12px;
    padding: 14px;
    border: 1px solid var(--line);
    border-radius: var(--radius-large);
    background: var(--raised);
  }
  .offer dl {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 4px 14px;
    margin: 0 0 12px;
  }
  .offer dt {
    color: var(--muted);
  }
  .offer dd {
    margin: 0;
    overflow-wrap: anywhere;
  }
  .models .offer .files {
    font-size: var(--small);
  }
  .offer .estimate {
    position: relative;
    display: flex;
    height: 10px;
    margin: 5px 0 4px;
    overflow: hidden;
    border: 1px solid var(--muted);
    border-radius: 3px;
  }
  .offer .for-weights {
    background: var(--muted);
  }
  .offer .for-run {
    background: repeating-linear-gradient(115deg, var(--muted) 0 2px, transparent 2px 5px);
  }
  .offer .estimate > .for-end {
    position: absolute;
    inset-block: 0;
    width: 2px;
    background: var(--error);
    box-shadow: 0 0 0 1px var(--raised);
  }
  .offer .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 0 12px;
    font-size: var(--small);
  }
  .offer .legend i {
    display: inline-block;
    width: 10px;
    height: 10px;
    margin-inline-end: 5px;
    border: 1px solid var(--muted);
  }
  .offer .legend i.for-end {
    width: 2px;
    border: 0;
    background: var(--error);
  }
  .offer .too-large {
    margin-bottom: 12px;
  }
  .offer .too-large .no {
    color: var(--error);
  }
  .offer .budget {
    margin-top: 8px;
  }

  .kept > li {
    display: flex;
    align-items: center;
    gap: 6px;
    padding: 4px 0;
    border-top: 1px solid var(--line);
  }
  .kept .what {
    flex: 1;
    min-width: 0;
    display: grid;
  }
  .kept + .actions {
    padding-top: 4px;
    border-top: 1px solid var(--line);
  }

  .budget {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    align-items: baseline;
    gap: 2px 12px;
  }
  .budget output {
    font-weight: 600;
  }
  .budget input {
    grid-column: 1 / -1;
    width: 100%;
    height: max(28px, var(--target));
    margin: 0;
    accent-color: var(--accent);
  }

  /* A phone's whole screen. */
  @media (max-width: 700px) {
    dialog.models {
      width: 100vw;
      height: 100dvh;
      max-height: none;
      border: 0;
      border-radius: 0;
    }
    .models .shelf,
    .models .inside {
      grid-template-columns: minmax(0, 1fr);
    }
    .models .inside {
      padding: 0 16px 32px;
    }
    .models header {
      margin: 0 -16px -12px;
      padding: 10px 8px 8px 16px;
      border-bottom: 1px solid var(--line);
    }
    .models .address input {
      font-size: 1rem; /* Smaller text makes some phones zoom in. */
    }
  }
  @media (forced-colors: active) {
    .offer .estimate > *,
    .offer .legend i {
      forced-color-adjust: none;
    }
  }
`;
