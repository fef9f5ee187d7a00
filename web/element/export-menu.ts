/** "Take it with you": what is on show as files, made in the page and saved by the browser. The only panel that saves. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { EngineError } from '../engine/errors';
import type { Run } from '../engine/types';
import { define } from './define';
import { type Choice, choicesOf, type Group } from './export-choices';
import { Panel } from './panel';

/** How far a file is, or what became of it. */
interface Notice {
  readonly words: string;
  readonly isBusy: boolean;
}

/** A browser may still read the file when it says that it has begun. */
const KEEP_MS = 60_000;

export class ExportMenu extends Panel {
  static override properties = { ...Panel.properties, open: { state: true }, notice: { state: true } };

  declare open: boolean;
  declare notice: Notice | null;
  #making: AbortController | null = null;

  constructor() {
    super();
    this.open = false;
    this.notice = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('pointerdown', this.#closeOutside);
  }

  override disconnectedCallback(): void {
    document.removeEventListener('pointerdown', this.#closeOutside);
    this.#close();
    super.disconnectedCallback();
  }

  /** A closed menu has nothing that a snapshot could change but whether there is a run. */
  protected override sees(): readonly unknown[] {
    return this.open ? [this.snapshot] : [this.shown !== undefined];
  }

  protected override render(): TemplateResult {
    return html`
      <div class="menu take" @keydown=${this.#key} @focusout=${this.#leave}>
        <button
          class="opener"
          aria-haspopup="menu"
          aria-expanded=${this.open ? 'true' : 'false'}
          ?disabled=${this.shown === undefined}
          title="Figures, numbers and the scene as files"
          @click=${() => this.#toggle()}
        >
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <path d="M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11"></path>
          </svg>
          <span class="name">Take it with you</span>
        </button>
        ${this.open ? this.#sheet() : nothing}
      </div>
    `;
  }

  #sheet(): TemplateResult {
    const groups = this.snapshot === undefined ? [] : choicesOf(this.snapshot, this.reader);
    return html`
      <div class="sheet">
        <div role="menu" aria-label="Take it with you">${groups.map((group) => this.#group(group))}</div>
        <p class=${`notice${this.notice?.isBusy ? '' : ' muted'}`}>
          ${this.notice?.words ?? 'Files are made in your browser and go nowhere else.'}
          ${
            this.notice?.isBusy
              ? html`<button class="quiet" tabindex="-1" @click=${() => this.#stop()}>Stop</button>`
              : nothing
          }
        </p>
      </div>
    `;
  }

  #group({ title, about, choices }: Group): TemplateResult {
    const reasons = [...new Set(choices.flatMap(({ why }) => why ?? []))];
    return html`
      <div class="of" role="group" aria-label=${title}>
        <div class="what" aria-hidden="true">
          <span class="title">${title}</span>
          <span class="muted" dir="auto">${about}</span>
          ${reasons.map((reason) => html`<span class="reason">${reason}</span>`)}
        </div>
        <div class="kinds">
          ${choices.map(
            (choice) => html`<button
              role="menuitem"
              tabindex="-1"
              aria-label=${`${choice.label}: ${title.toLowerCase()}, ${about}. ${choice.why ?? choice.hint}`}
              aria-disabled=${choice.why !== null || this.notice?.isBusy ? 'true' : 'false'}
              title=${choice.why ?? choice.hint}
              data-file=${choice.file}
              @click=${() => void this.#take(choice)}
            >${choice.label}</button>`,
          )}
        </div>
      </div>
    `;
  }

  async #take(choice: Choice): Promise<void> {
    if (choice.why !== null || this.#making !== null) return;
    const making = new AbortController();
    this.#making = making;
    const report = (words: string) => {
      if (this.#making === making) this.notice = { words, isBusy: true };
    };
    report(`Making ${choice.file}`);
    try {
      const isShown = (run: Run) => this.shown?.run.id === run.id;
      const parts = await choice.make({ signal: making.signal, report, isShown });
      making.signal.throwIfAborted();
      save(new Blob(parts, { type: choice.type }), choice.file);
      this.notice = { words: `Saved: ${choice.file}`, isBusy: false };
      this.reader.say(`${choice.file} is saved.`);
    } catch (error) {
      this.notice = null;
      // What a file cannot hold was said by a plain error: nothing broke, and the reader can choose another kind.
      const isPlain = error instanceof RangeError || error instanceof TypeError;
      this.reader.fail(isPlain ? new EngineError({ code: 'bad-request', message: error.message }) : error);
    } finally {
      if (this.#making === making) this.#making = null;
    }
  }

  #stop(): void {
    this.#making?.abort(new DOMException('Stopped.', 'AbortError'));
    this.#making = null;
    this.notice = null;
  }

  #toggle(): void {
    if (this.open) this.#close();
    else {
      this.open = true;
      this.notice = null;
      void this.updateComplete.then(() => this.#items()[0]?.focus());
    }
  }

  #close(): void {
    this.open = false;
    this.#stop();
  }

  #items(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>('[role=menuitem]')];
  }

  /** Sideways from kind to kind, up and down from group to group. */
  readonly #key = (event: KeyboardEvent): void => {
    if (!this.open) return;
    if (event.key === 'Escape') {
      this.#close();
      this.querySelector<HTMLElement>('.opener')?.focus();
      event.stopPropagation();
      return;
    }
    const items = this.#items();
    const at = items.indexOf(event.target as HTMLElement);
    if (at < 0) return;
    const groups = [...this.querySelectorAll('.of')];
    const group = groups.findIndex((one) => one.contains(event.target as Node));
    const inGroup = (by: number) =>
      groups[(group + by + groups.length) % groups.length]?.querySelector<HTMLElement>('[role=menuitem]');
    const to = {
      ArrowRight: items[(at + 1) % items.length],
      ArrowLeft: items[(at - 1 + items.length) % items.length],
      ArrowDown: inGroup(1),
      ArrowUp: inGroup(-1),
      Home: items[0],
      End: items.at(-1),
    }[event.key];
    if (to === undefined || to === null) return;
    event.preventDefault();
    to.focus();
  };

  readonly #leave = (event: FocusEvent): void => {
    if (event.relatedTarget instanceof Node && !this.contains(event.relatedTarget)) this.#close();
  };

  readonly #closeOutside = (event: Event): void => {
    if (this.open && !event.composedPath().includes(this)) this.#close();
  };
}

/** Hands a file to the browser, which puts it where its reader's downloads go. */
function save(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEEP_MS);
}

define('attn-export-menu', ExportMenu);

export const exportMenuStyles = css`
  attn-export-menu {
    display: block;
  }
  .take svg {
    fill: none;
    stroke: currentColor;
    stroke-width: 1.5;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
  .menu.take > .sheet {
    width: min(30rem, calc(100cqi - 20px));
    max-height: min(34rem, 78svh);
    overflow-y: auto;
    overscroll-behavior: contain;
    padding: 4px 14px 10px;
  }
  .take .of {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    align-items: center;
    gap: 6px 12px;
    padding: 9px 0;
    border-bottom: 1px solid var(--line);
  }
  .take .what {
    display: grid;
    min-width: 0;
  }
  .take .what > * {
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .take .what .muted,
  .take .reason {
    font-size: var(--small);
    line-height: 1.35;
  }
  .take .kinds {
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: 4px;
  }
  .take [aria-disabled='true'] {
    color: var(--muted);
    cursor: default;
    border-style: dashed;
  }
  .take .notice {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 12px;
    min-height: var(--target);
    margin: 8px 0 0;
    font-size: var(--small);
    overflow-wrap: anywhere;
  }
  @container viewer (max-width: 700px) {
    /* The way to another model and the way out share a line; the arrow into the tray says what it is. */
    attn-model-bar {
      flex: 1 1 calc(100% - 64px);
    }
    .take .name {
      position: absolute;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip-path: inset(50%);
    }
    .take > .opener {
      min-height: max(36px, var(--target));
      min-width: 44px;
    }
  }
  @container viewer (max-width: 480px) {
    .take .of {
      grid-template-columns: minmax(0, 1fr);
    }
    .take .kinds {
      justify-content: flex-start;
    }
  }
`;
