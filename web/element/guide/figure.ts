/**
 * What every live figure of the guide is: an element in the page's own tree that keeps the picture made at build until it
 * has numbers of its own, asks anew when what it shows has changed, and never shows an older answer after a newer one.
 */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { failureOf, isAbort } from '../../engine/errors';
import type { Snapshot } from '../../session/snapshot';
import { say } from '../words/words';
import { type Stage, theLesson } from './lesson';

export abstract class Figure<Data> extends LitElement {
  static override properties = { data: { state: true }, failure: { state: true } };

  /** What it draws; undefined until it has been asked for the first time. */
  declare protected data: Data | undefined;
  declare protected failure: string | null;

  #unsubscribe: (() => void) | null = null;
  #near: IntersectionObserver | null = null;
  #isNear = false;
  #asked: readonly unknown[] | null = null;
  #turn = 0;
  /** The picture made at build; empty once there are numbers. */
  #still: readonly ChildNode[] = [];

  constructor() {
    super();
    this.failure = null;
  }

  /** Whose numbers it shows. */
  protected get stage(): Stage {
    return theLesson().sentence;
  }

  /**
   * What of the snapshot, and of the figure's own controls, its numbers depend on: it asks anew when one of them is another
   * (compared with ===). Null: what it needs is not there yet.
   */
  protected abstract sees(snapshot: Snapshot): readonly unknown[] | null;
  /** The numbers. Rejections are shown in the figure's place, below the last good drawing. */
  protected abstract ask(snapshot: Snapshot): Data | Promise<Data>;
  /** No `style` attributes: the drawing is also written into the page at build, where the policy refuses them. */
  protected abstract draw(data: Data, snapshot: Snapshot): TemplateResult;

  /** In the page's own tree: one style sheet, and symbols that light up together with the text's. */
  protected override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    if (!this.hasUpdated) this.#still = [...this.childNodes];
    this.dataset['figure'] ??= this.localName;
    super.connectedCallback();
    this.#unsubscribe = this.stage.subscribe(() => this.#follow());
    if (globalThis.IntersectionObserver === undefined) this.#isNear = true;
    else {
      this.#near = new IntersectionObserver(
        (entries) => {
          this.#isNear = entries.at(-1)?.isIntersecting === true;
          this.#follow();
        },
        { rootMargin: '600px' },
      );
      this.#near.observe(this);
    }
    this.#follow();
  }

  override disconnectedCallback(): void {
    this.#unsubscribe?.();
    this.#near?.disconnect();
    super.disconnectedCallback();
  }

  /** Something of its own that `sees` names is another now. */
  protected again(): void {
    this.#follow();
  }

  #follow(): void {
    if (!this.#isNear || !this.isConnected) return;
    const { snapshot } = this.stage;
    const seen = this.sees(snapshot);
    if (seen === null) return;
    const isSame = seen.length === this.#asked?.length && seen.every((part, i) => part === this.#asked?.[i]);
    if (isSame) {
      this.requestUpdate();
      return;
    }
    this.#asked = seen;
    void this.#ask(snapshot);
  }

  async #ask(snapshot: Snapshot): Promise<void> {
    const turn = ++this.#turn;
    this.setAttribute('aria-busy', 'true');
    try {
      const data = await this.ask(snapshot);
      if (turn !== this.#turn) return;
      this.failure = null;
      this.data = data;
    } catch (error) {
      if (turn !== this.#turn || isAbort(error)) return;
      this.failure = failureOf(error).message;
    } finally {
      if (turn === this.#turn) {
        await this.updateComplete;
        this.removeAttribute('aria-busy');
      }
    }
  }

  protected override shouldUpdate(): boolean {
    return this.data !== undefined || this.failure !== null;
  }

  protected override willUpdate(): void {
    if (this.data === undefined || 'live' in this.dataset) return;
    // What had the focus in the still picture has it in the live one.
    const held = this.#controls().indexOf(document.activeElement as HTMLElement);
    for (const node of this.#still) node.remove();
    this.#still = [];
    this.dataset['live'] = '';
    if (held >= 0) void this.updateComplete.then(() => this.#controls()[held]?.focus({ preventScroll: true }));
  }

  #controls(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>('button, input, select, summary, [tabindex]')];
  }

  protected override render(): TemplateResult {
    return html`
      ${this.data === undefined ? nothing : this.draw(this.data, this.stage.snapshot)}
      ${this.failure === null ? nothing : html`<p class="failed" role="alert">${say('figure.failed', { why: this.failure })}</p>`}
    `;
  }
}
