/** Where the heads looked from the newest token: the text lit by the strongest weight on each word, and whose that is. */
import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import type { Run } from '../../engine/types';
import type { RunView, Snapshot } from '../../session/snapshot';
import { labelOf } from '../../state/labels';
import { define } from '../define';
import { say, t } from '../words/words';
import { Figure } from './figure';
import { type Stage, theLesson } from './lesson';
import { bar, count, share, shareText, tokenName } from './marks';
import { firstShare, levelOf, lightOfHead, placesOf, type Source, strongestByWord, strongestOf } from './sources';

const MOST = 6;

export class GuideSources extends Figure<RunView> {
  /** The head that alone lights the text, by its place among all heads; null: for each word the strongest one. */
  #alone: number | null = null;

  protected override get stage(): Stage {
    return theLesson().generator;
  }

  protected override sees({ model, runs: [shown] }: Snapshot): readonly unknown[] | null {
    return model === null || shown === undefined ? null : [shown.run, shown.row, this.#alone];
  }

  protected override ask({ runs }: Snapshot): RunView {
    return runs[0] as RunView;
  }

  protected override draw({ run, row }: RunView): TemplateResult {
    const sources = strongestByWord(run, row);
    const places = placesOf(run, row.query);
    const place = places.indexOf(row.query);
    const light = this.#alone === null ? null : lightOfHead(run, row, this.#alone);
    const lightOf = (key: number) => light?.[key] ?? sources.find((source) => source.key === key)?.weight ?? 0;
    return html`
      <figure class="sources-figure">
        <div class="tools">
          <label class="slide"><span>${say('sources.from', { token: tokenName(run, row.query) })}</span>
            <input type="range" min="0" max=${places.length - 1} value=${place} .value=${live(String(place))}
              aria-valuetext=${labelOf(run.tokens[row.query])}
              @input=${(event: Event) => this.stage.change({ query: places[Number((event.target as HTMLInputElement).value)] ?? row.query })} /></label>
          <button type="button" class="tool" aria-pressed=${this.#alone === null ? 'true' : 'false'} @click=${() => this.#choose(null)}>
            ${t('sources.all')}</button>
        </div>
        <div class="desk">
          ${this.#text(run, row.query, lightOf)}
          <ol class="heads-list">
            ${sources.slice(0, MOST).map((source) => html`<li>${this.#source(run, source)}</li>`)}
          </ol>
        </div>
        <figcaption>${this.#reading(run, row, sources)} ${this.#first(run, row)}</figcaption>
      </figure>
    `;
  }

  #text(run: Run, query: number, lightOf: (key: number) => number): TemplateResult {
    const pointed = this.stage.snapshot.state.hover?.key;
    const shown = run.tokens.filter((token) => !token.special || token.index === query);
    return html`<p class="lit-text" dir="auto" tabindex="0" role="group" aria-label=${t('sources.text')}>${shown.map(
      (token) => {
        const place = token.index === query ? 'query' : token.index > query ? 'later' : '';
        const state = `${place}${token.index < query && token.index === pointed ? ' pointed' : ''}`;
        const isAnswer = run.chat && token.index === run.tokens.length - run.generated.length;
        return html`${isAnswer ? html`<br />` : nothing}<span class=${`piece ${state}`} data-level=${levelOf(lightOf(token.index))}
        title=${token.index < query ? shareText(lightOf(token.index)) : nothing}
        @click=${() => this.stage.change({ query: token.index })}>${token.special ? labelOf(token) : token.text}</span>`;
      },
    )}</p>`;
  }

  #source(run: Run, { head, key, weight, heads }: Source): TemplateResult {
    const { nHeads } = run.model;
    return html`<button type="button" class="tool" aria-pressed=${head === this.#alone ? 'true' : 'false'}
      @pointerenter=${() => this.stage.point({ key })} @pointerleave=${() => this.stage.point(null)}
      @focus=${() => this.stage.point({ key })} @blur=${() => this.stage.point(null)}
      @click=${() => this.#choose(head === this.#alone ? null : head)}>
      <bdi class="word">${labelOf(run.tokens[key])}</bdi>
      <span class="place">L${Math.floor(head / nHeads)} H${head % nHeads}</span>
      <svg viewBox="0 0 120 8" preserveAspectRatio="none" aria-hidden="true">${bar(weight, 0, 0, 120)}</svg>
      <span class="amount">${share(weight, { name: 'weight' })}</span>
      <span class="many">${say('sources.heads', { n: count(heads), total: count(nHeads * run.model.nLayers) })}</span>
    </button>`;
  }

  #reading(run: Run, row: RunView['row'], [strongest]: readonly Source[]): unknown {
    if (strongest === undefined) return t('sources.none');
    const { nHeads, nLayers } = run.model;
    const head = this.#alone ?? strongest.head;
    const { key, weight } = strongestOf(run, row, head);
    return say(this.#alone === null ? 'sources.reading' : 'sources.alone', {
      total: count(nLayers * nHeads),
      token: tokenName(run, key),
      layer: count(Math.floor(head / nHeads)),
      head: count(head % nHeads),
      weight: share(weight, { name: 'weight' }),
    });
  }

  #first(run: Run, row: RunView['row']): unknown {
    return say('sources.first', { token: tokenName(run, 0), n: count(firstShare(run, row)) });
  }

  #choose(head: number | null): void {
    this.#alone = head;
    this.again();
  }
}

define('guide-sources', GuideSources);
