/** What the picture shows, in words and numbers, and what of it is left out. The only place where that is said. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { countAtLeast } from '../scene/packing';
import { countInside, tokenRange } from '../scene/token-window';
import { apartNames } from '../state/apart';
import { shareApart } from '../state/explain';
import { labelOf } from '../state/labels';
import { lanesOf } from '../state/lanes';
import { visibility } from '../state/visibility';
import { changedMark } from './changed-mark';
import { define } from './define';
import { Panel } from './panel';
import { count, data, percent } from './printed';
import { say, t } from './words/words';

export class SceneCaption extends Panel {
  protected override render(): TemplateResult | typeof nothing {
    const shown = this.shown;
    const state = this.snapshot?.state;
    if (shown === undefined || state === undefined) return nothing;
    const { selection, cell, overview, run } = shown;
    const name = (index: number) => html`<bdi class="word">${labelOf(run.tokens[index])}</bdi>`;
    const share = shareApart(shown);
    const apart = apartNames(run, t('caption.and'));
    const listed = countAtLeast(overview.links, Math.fround(state.threshold / 100));
    const all = overview.counts[state.threshold] ?? listed;
    const least = data(state.threshold, `${state.threshold} %`);
    const nLanes = state.view === 'heads' ? lanesOf(state, selection, run.model).length : 0;
    const where = nLanes === 0 ? '' : say(nLanes === 1 ? 'caption.lane' : 'caption.lanes', { n: count(nLanes) });
    const range = tokenRange(run.tokens.length, selection.query);
    const isWhole = range.end - range.first === run.tokens.length;
    const window = run.windows[selection.layer] ?? null;
    const isSeen = visibility(run, selection.layer, selection.query, selection.key) === 'visible';
    const { layer, head } = selection;
    const weight = html`<strong>${percent(cell.weight)}</strong>`;
    const names = { query: name(selection.query), key: name(selection.key), layer, head };
    return html`
      <p class="main">
        ${isSeen ? say('caption.looks', { ...names, weight }) : say('caption.cannot', names)} ${changedMark(run)}${
          window === null ? nothing : html` <span class="apart">${say('caption.window', { n: count(window) })}</span>`
        }${
          state.apart && apart !== null && share > 0
            ? html` <span class="apart">${say('caption.apart', { names: apart, share: percent(share) })}</span>`
            : nothing
        }
      </p>
      <p class="drawn muted">
        ${
          all === 0
            ? say('caption.none', { least })
            : isWhole
              ? say(listed < all ? 'caption.some' : 'caption.all', { n: count(listed), all: count(all), least, where })
              : say('caption.part', {
                  first: count(range.first),
                  last: count(range.end - 1),
                  tokens: count(run.tokens.length),
                  n: count(countInside(overview.links, listed, range)),
                  all: count(all),
                  least,
                })
        }
      </p>
    `;
  }
}

define('attn-scene-caption', SceneCaption);

export const sceneCaptionStyles = css`
  /* Its first line has the foot's whole width, its second the room that the filter leaves. */
  attn-scene-caption {
    display: contents;
  }
  attn-scene-caption p {
    margin: 0;
  }
  attn-scene-caption .main {
    grid-column: 1 / -1;
    font-size: 1rem;
  }
  attn-scene-caption strong {
    color: var(--light);
    font-weight: 650;
  }
  attn-scene-caption .muted,
  attn-scene-caption .apart {
    color: var(--muted);
    font-size: 0.8125rem;
  }
`;
