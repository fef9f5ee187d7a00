/** What each head of a layer adds to a token's row of the stream, and what happens where heads are switched off. */
import { html, type TemplateResult } from 'lit';
import type { Matrix, Run, RunDistance } from '../../engine/types';
import type { RunView, Snapshot } from '../../session/snapshot';
import { define } from '../define';
import { say, t } from '../words/words';
import { Figure } from './figure';
import { bar, count, largest, number, share, tokenName } from './marks';

/** So many tries are remembered. */
const TRIES = 5;

/** Keeps the room of a line that has nothing to say yet. */
const EMPTY = '\u00A0';

interface Drawn {
  readonly shown: RunView;
  /** [nHeads, nQuery] Euclidean norms, every head working. */
  readonly added: Matrix;
  /** Null: no head is off. */
  readonly distance: RunDistance | null;
}

export class GuideAdded extends Figure<Drawn> {
  /** Heads of the layer on show that are switched off, rising. */
  #off: readonly number[] = [];
  #about: { run: Run; layer: number } | null = null;
  /** What came of switching heads off, newest first; of the run and layer on show. */
  #tries: readonly { off: number; embedding: number }[] = [];

  protected override sees({ model, runs: [shown] }: Snapshot): readonly unknown[] | null {
    if (model === null || shown === undefined || !shown.run.can.values) return null;
    const { run, selection } = shown;
    if (this.#about?.layer !== selection.layer) this.#off = [];
    if (this.#about?.layer !== selection.layer || this.#about.run !== run) this.#tries = [];
    this.#about = { run, layer: selection.layer };
    return [run, selection.layer, this.#off];
  }

  protected override ask({ runs: [first] }: Snapshot): Promise<Drawn> {
    const shown = first as RunView;
    const { text, tokens } = shown.run;
    const { layer } = shown.selection;
    const off = this.#off;
    const changed = { text, interventions: off.map((head) => ({ kind: 'head-off' as const, layer, head })) };
    return this.stage.experiment(off.length === 0 ? [{ text }] : [{ text }, changed], async (engine, [left, right]) => {
      if (left === undefined) throw new Error('There is no run.');
      const added = await engine.contributions(left.id, layer);
      if (right === undefined) return { shown, added, distance: null };
      const pairs = Int32Array.from({ length: 2 * tokens.length }, (_, i) => i >> 1);
      const distance = await engine.distance(left.id, right.id, pairs);
      if (this.#about?.run === shown.run && this.#about.layer === layer)
        this.#tries = [{ off: off.length, embedding: distance.embedding ?? 0 }, ...this.#tries].slice(0, TRIES);
      return { shown, added, distance };
    });
  }

  protected override draw({ shown, added, distance }: Drawn, { runs: [now] }: Snapshot): TemplateResult {
    const { run, selection } = shown;
    const off = this.#off;
    // Another token of the same run needs no new numbers.
    const query = now?.run === run ? now.selection.query : selection.query;
    const heads = Array.from({ length: added.rows }, (_, head) => head);
    const lengthOf = (head: number) => added.data[head * added.cols + query] ?? 0;
    const most = Math.max(...heads.map(lengthOf), 1e-9);
    return html`
      <figure class="added-figure">
        <div class="tools">
          <button type="button" class="tool" ?disabled=${off.length === 0} @click=${() => this.#switch([])}>${t('added.on')}</button>
          <button type="button" class="tool" ?disabled=${off.length === heads.length} @click=${() => this.#switch(heads)}>${t('added.off')}</button>
          <button type="button" class="tool" @click=${() => this.#switch(heads.filter((head) => head !== now?.selection.head))}>${say('added.only', { head: count(now?.selection.head ?? 0) })}</button>
        </div>
        <div class="added">
          <ol class="switches" aria-label=${t('added.label')}>
            ${heads.map(
              (
                head,
              ) => html`<li class=${`${off.includes(head) ? 'is-off' : ''}${head === now?.selection.head ? ' chosen' : ''}`}>
                <button type="button" class="tool" role="switch" aria-checked=${off.includes(head) ? 'false' : 'true'} @click=${() => this.#toggle(head)}>${say('heads.head', { head: count(head) })}</button>
                ${level(lengthOf(head) / most, 'bar output-bar')}
                ${number(lengthOf(head))}
              </li>`,
            )}
          </ol>
          <div class="moved" role="status">${this.#moved(run.model.nHeads, selection.layer, distance, off)}</div>
        </div>
        <figcaption>${say('added.reading', { query: tokenName(run, query), layer: count(selection.layer) })}</figcaption>
      </figure>
    `;
  }

  #moved(nHeads: number, layer: number, distance: RunDistance | null, off: readonly number[]): TemplateResult {
    const most = largest(this.#tries.map(({ embedding }) => embedding));
    const changed = distance?.heads == null ? [] : mostChanged(distance.heads, nHeads, layer, 3);
    return html`
      <h3>${t('added.embedding')}</h3>
      <p class="big">${number(distance?.embedding ?? 0, { name: 'embedding' })}</p>
      ${level(distance?.embedding ?? 0, 'bar')}
      <p class="about">${t('added.ruler')}</p>
      <h3>${t('added.later')}</h3>
      <ul>${[0, 1, 2].map((i) => {
        const one = changed[i];
        if (one !== undefined && one.change > 0)
          return html`<li>${say('added.head', { layer: count(one.layer), head: count(one.head), change: share(one.change) })}</li>`;
        return html`<li>${i > 0 ? EMPTY : t(off.length === 0 ? 'added.none' : 'added.last')}</li>`;
      })}</ul>
      <h3>${t('added.tries')}</h3>
      <ol class="tries">${Array.from({ length: TRIES }, (_, i) => {
        const one = this.#tries[i];
        if (one === undefined) return html`<li class="yet">${i > 0 ? EMPTY : t('added.yet')}</li>`;
        return html`<li><span>${say('added.try', { n: count(one.off) })}</span>${level(one.embedding / most, 'bar')}${number(one.embedding)}</li>`;
      })}</ol>
    `;
  }

  #toggle(head: number): void {
    this.#switch(
      this.#off.includes(head) ? this.#off.filter((one) => one !== head) : [...this.#off, head].sort((a, b) => a - b),
    );
  }

  #switch(off: readonly number[]): void {
    this.#off = off;
    this.requestUpdate();
    this.again();
  }
}

function level(size: number, name: string): TemplateResult {
  return html`<svg class="level" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">${bar(size, 0, 1, 100, 8, name)}</svg>`;
}

/** The heads of the layers after `layer` whose rows change most, most first. */
export function mostChanged(
  changes: ArrayLike<number>,
  nHeads: number,
  layer: number,
  most: number,
): readonly { layer: number; head: number; change: number }[] {
  return Array.from(changes, (change, i) => ({ layer: Math.floor(i / nHeads), head: i % nHeads, change }))
    .filter((one) => one.layer > layer)
    .sort((a, b) => b.change - a.change)
    .slice(0, most);
}

define('guide-added', GuideAdded);
