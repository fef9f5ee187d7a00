/** Which heads have a lane in the Heads view: the legend of their hues, and the place where lanes come and go. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { hasLane, headName, lanesOf, sameHead, toggleLane } from '../state/lanes';
import { type HeadPlace, MOST_LANES } from '../state/state';
import { define } from './define';
import { Panel } from './panel';
import { count } from './printed';

export class LaneChooser extends Panel {
  protected override render(): TemplateResult | typeof nothing {
    const shown = this.shown;
    const state = this.snapshot?.state;
    if (shown === undefined || state === undefined) return nothing;
    const { selection, run } = shown;
    const lanes = lanesOf(state, selection, run.model);
    const isChosen = state.lanes.length > 0;
    const head = { layer: selection.layer, head: selection.head };
    return html`
      <div class="lanes" role="group" aria-label="Lanes">
        ${lanes.map((lane, i) => this.#lane(lane, i, sameHead(lane, head), lanes))}
        ${hasLane(lanes, head) ? nothing : this.#add(lanes, head)}
        ${
          isChosen
            ? html`<button class="quiet" title="Shows the chosen head among its neighbours" @click=${() => this.reader.choose({ lanes: [] })}>Clear</button>`
            : html`<button
                title="These lanes stay when you choose another head, and further heads can be added"
                @click=${() => this.reader.choose({ lanes })}
              >Keep these</button>`
        }
      </div>
    `;
  }

  /** A click chooses the head; the cross takes its lane away. */
  #lane(lane: HeadPlace, i: number, isChosen: boolean, lanes: readonly HeadPlace[]): TemplateResult {
    const name = headName(lane);
    const words = `layer ${lane.layer}, head ${lane.head}`;
    return html`
      <span class="lane" .style=${`--hue: var(--head-${i})`}>
        <button
          class="choose"
          aria-label=${words}
          aria-pressed=${isChosen ? 'true' : 'false'}
          @click=${() => this.reader.choose({ layer: lane.layer, head: lane.head })}
          @focus=${() => this.reader.point(lane)}
          @blur=${() => this.reader.point(null)}
          @pointerenter=${() => this.reader.point(lane)}
          @pointerleave=${() => this.reader.point(null)}
        ><i class="hue" aria-hidden="true"></i>${name}</button>
        ${
          lanes.length === 1
            ? nothing
            : html`<button
                class="away"
                aria-label=${`Remove the lane of ${words}`}
                title=${`Remove the lane of ${words}`}
                @click=${() => this.reader.choose({ lanes: toggleLane(lanes, lane) })}
              >×</button>`
        }
      </span>
    `;
  }

  #add(lanes: readonly HeadPlace[], head: HeadPlace): TemplateResult {
    const isFull = lanes.length >= MOST_LANES;
    return html`<button
      class="add"
      ?disabled=${isFull}
      title=${isFull ? `At most ${MOST_LANES} lanes: remove one first` : `Gives layer ${head.layer}, head ${head.head} a lane`}
      @click=${() => this.reader.choose({ lanes: toggleLane(lanes, head) })}
    >${isFull ? html`${count(MOST_LANES)} lanes at most` : html`+ ${headName(head)}`}</button>`;
  }
}

define('attn-lane-chooser', LaneChooser);

export const laneChooserStyles = css`
  attn-lane-chooser {
    grid-column: 1 / -1;
    font-size: 0.8125rem;
  }
  .lanes {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
  }
  .lane {
    display: inline-flex;
  }
  .lane button {
    padding-inline: 8px;
    border-color: color-mix(in srgb, var(--hue) 60%, var(--line));
    background: var(--panel);
    color: var(--muted);
  }
  .lane .choose:not(:last-child) {
    border-start-end-radius: 0;
    border-end-end-radius: 0;
    border-inline-end-width: 0;
  }
  .lane .away {
    padding-inline: 0;
    border-start-start-radius: 0;
    border-end-start-radius: 0;
    border-inline-start-width: 0;
  }
  .lane .away:hover {
    color: var(--ink);
  }
  .lane .choose[aria-pressed='true'] {
    color: var(--ink);
    font-weight: 600;
  }
  .lane:has([aria-pressed='true']) button {
    border-color: var(--hue);
    background: color-mix(in srgb, var(--hue) 16%, var(--panel));
  }
  .lane .hue {
    width: 10px;
    height: 10px;
    border-radius: 3px;
    background: var(--hue);
  }
  @media (forced-colors: active) {
    .lane .hue {
      forced-color-adjust: none;
    }
  }
`;
