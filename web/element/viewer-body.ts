/**
 * The viewer below its text: the stage with the view on it, what stands beside it, and the panels below. Only says which
 * panel stands where; what is in them is theirs.
 */
import { html, nothing, type TemplateResult } from 'lit';
import type { SceneTheme } from '../scene/theme';
import type { Snapshot } from '../session/snapshot';
import { VIEWS, type View } from '../state/state';
import type { CellColours } from './head-matrix';
import type { Reader } from './panel';
import type { Rgb } from './theme';

const VIEW_NAMES: Readonly<Record<View, string>> = {
  story: 'Story',
  heads: 'Heads',
  wall: 'Wall',
  steps: 'Steps',
  matrix: 'Matrix',
  text: 'Text',
  table: 'Table',
};

/** On a narrow screen one panel is shown under the scene. */
const SHEETS = {
  wall: 'Wall',
  matrix: 'Matrix',
  text: 'Text',
  cell: 'Cell',
  facts: 'Head',
  changes: 'Changes',
  compare: 'Compare',
  steps: 'Steps',
  table: 'Table',
  next: 'Next',
} as const;
export type Sheet = keyof typeof SHEETS;

/**
 * Beside the stage stands one of them: how the chosen weight came about, what the chosen head does, what the reader
 * changes, or what is compared.
 */
export const ASIDES = ['cell', 'facts', 'changes', 'compare'] as const satisfies readonly Sheet[];
export type Aside = (typeof ASIDES)[number];

/** The theme's colours as numbers, for what is painted. */
export type ViewerColours = { readonly scene: SceneTheme; readonly ground: Rgb; readonly panel: Rgb } & CellColours;

export interface ViewerBody {
  readonly snapshot: Snapshot | undefined;
  readonly reader: Reader;
  readonly view: View;
  /** Chosen on a narrow screen. */
  readonly sheet: Sheet;
  /** Chosen beside the stage. */
  readonly aside: Aside;
  readonly colours: ViewerColours | undefined;
  openSheet(sheet: Sheet): void;
  /** Asks for a model to compare with. */
  openBeside(): void;
  /** There is no WebGL here. */
  sceneless(): void;
}

export function viewerBody(body: ViewerBody): TemplateResult {
  const { snapshot, reader: feed, view, aside, colours, openSheet, openBeside, sceneless } = body;
  const inScene = view === 'story' || view === 'heads' || view === 'steps';
  const canNext = snapshot?.runs[0]?.run.can.next === true;
  const sheet = body.sheet === 'next' && !canNext ? 'cell' : body.sheet;
  // Whatever is not on the stage stands below it, in this order.
  const below = (['wall', 'matrix', 'table'] as const).filter((name) => name !== view);
  const place = (name: 'wall' | 'matrix' | 'table') =>
    `panel of-${name} ${name === view ? 'staged' : `slot-${below.indexOf(name)}`}${name === sheet ? ' open' : ''}`;
  const beside = (name: Aside) =>
    `panel of-${name} beside${name === aside ? ' chosen' : ''}${name === sheet ? ' open' : ''}`;
  return html`
  <div class="body">
    <div class="stage">
      <div class="views" role="tablist" aria-label="View" @keydown=${tabKey}>
        ${VIEWS.map(
          (name) => html`<button
            role="tab"
            data-view=${name}
            aria-selected=${name === view ? 'true' : 'false'}
            tabindex=${name === view ? 0 : -1}
            @click=${() => feed.choose({ view: name })}
          >${VIEW_NAMES[name]}</button>`,
        )}
      </div>
      <attn-scene-view
        class=${inScene ? '' : 'off'}
        .snapshot=${snapshot}
        .reader=${feed}
        .theme=${colours?.scene}
        @sceneless=${sceneless}
      ></attn-scene-view>
      <div class="foot">
        <attn-scene-caption .snapshot=${snapshot} .reader=${feed}></attn-scene-caption>
        <attn-link-filter .snapshot=${snapshot} .reader=${feed}></attn-link-filter>
        <attn-step-bar .snapshot=${snapshot} .reader=${feed}></attn-step-bar>
        ${view === 'heads' ? html`<attn-lane-chooser .snapshot=${snapshot} .reader=${feed}></attn-lane-chooser>` : nothing}
      </div>
    </div>
    <div class="sheets" role="tablist" aria-label="Details" @keydown=${tabKey}>
      ${Object.entries(SHEETS)
        .filter(([name]) => (name === 'next' ? canNext && view !== 'steps' : name !== 'steps' || view === 'steps'))
        .map(
          ([name, label]) => html`<button
          role="tab"
          aria-selected=${name === sheet ? 'true' : 'false'}
          tabindex=${name === sheet ? 0 : -1}
          @click=${() => openSheet(name as Sheet)}
        >${label}</button>`,
        )}
    </div>
    <div class="side">
      <attn-generation-panel
        class=${`panel of-next${canNext ? '' : ' off'}${sheet === 'next' ? ' open' : ''}`}
        .snapshot=${snapshot}
        .reader=${feed}
      ></attn-generation-panel>
      <div class="asides" role="tablist" aria-label="Beside the view" @keydown=${tabKey}>
        ${ASIDES.map(
          (name) => html`<button
            role="tab"
            aria-selected=${name === aside ? 'true' : 'false'}
            tabindex=${name === aside ? 0 : -1}
            @click=${() => openSheet(name)}
          >${SHEETS[name]}</button>`,
        )}
      </div>
      <attn-head-facts class=${beside('facts')} .snapshot=${snapshot} .reader=${feed}></attn-head-facts>
      <attn-cell-panel class=${beside('cell')} .snapshot=${snapshot} .reader=${feed}></attn-cell-panel>
      <attn-changes-panel class=${beside('changes')} .snapshot=${snapshot} .reader=${feed}></attn-changes-panel>
      <attn-compare-panel
        class=${beside('compare')}
        .snapshot=${snapshot}
        .reader=${feed}
        @openbeside=${openBeside}
      ></attn-compare-panel>
      <attn-steps-panel
        class=${`panel of-steps${sheet === 'steps' ? ' open' : ''}`}
        .snapshot=${snapshot}
        .reader=${feed}
      ></attn-steps-panel>
      <attn-trust-panel
        class=${`panel of-trust${sheet === 'cell' ? ' open' : ''}`}
        .snapshot=${snapshot}
        .reader=${feed}
      ></attn-trust-panel>
    </div>
    <attn-head-wall
      class=${place('wall')}
      .snapshot=${snapshot}
      .reader=${feed}
      .colours=${colours}
    ></attn-head-wall>
    <attn-head-matrix
      class=${place('matrix')}
      .snapshot=${snapshot}
      .reader=${feed}
      .colours=${colours}
      .staged=${view === 'matrix'}
    ></attn-head-matrix>
    <attn-weights-table class=${place('table')} .snapshot=${snapshot} .reader=${feed}></attn-weights-table>
    ${
      view === 'text' || sheet === 'text'
        ? html`<attn-text-view
            class=${`panel ${view === 'text' ? 'staged' : 'unstaged'}${sheet === 'text' ? ' open' : ''}`}
            .snapshot=${snapshot}
            .reader=${feed}
            .colours=${colours}
          ></attn-text-view>`
        : nothing
    }
  </div>
  `;
}

/** The scene alone with its caption, for a page that says and asks the rest itself. */
export function bareBody({ snapshot, reader: feed, colours, sceneless }: ViewerBody): TemplateResult {
  return html`<div class="stage">
    <attn-scene-view
      .snapshot=${snapshot}
      .reader=${feed}
      .theme=${colours?.scene}
      @sceneless=${sceneless}
    ></attn-scene-view>
    <div class="foot"><attn-scene-caption .snapshot=${snapshot} .reader=${feed}></attn-scene-caption></div>
  </div>`;
}

/** Arrows, Home and End move along a list of tabs. */
function tabKey(event: KeyboardEvent): void {
  const tabs = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('[role=tab]')];
  const at = tabs.indexOf(event.target as HTMLElement);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + tabs.length, Home: 0, End: tabs.length - 1 }[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  const tab = tabs[to % tabs.length];
  tab?.focus();
  tab?.click();
}
