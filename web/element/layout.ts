/** Where the panels stand, by the viewer's own width. Names no colour and styles no panel's inside. */
import { css } from 'lit';

export const layout = css`
  .viewer {
    position: relative;
    min-width: 0;
  }
  .ask {
    position: relative;
    z-index: 12;
    display: flex;
    flex-wrap: wrap;
    align-items: flex-start;
    gap: 8px 12px;
    padding: 10px 16px 8px;
  }
  /* An open menu lies over everything, the hints of a first visit included. */
  .ask:has([aria-expanded='true']) {
    z-index: 16;
  }
  .tokens {
    position: relative;
    z-index: 11;
    display: flex;
    align-items: center;
    gap: 4px 16px;
    padding: 0 16px 2px 12px;
    border-bottom: 1px solid var(--line);
  }

  .body {
    display: grid;
    grid-template-columns: 55% minmax(0, 1fr) 332px;
    /* The stage leaves a glimpse of what is below it. */
    grid-template-rows: var(--attn-stage-height, clamp(420px, 74svh, 1000px));
    grid-auto-rows: auto;
  }
  .stage {
    position: relative;
    grid-area: 1 / 1 / 2 / 3;
    min-width: 0;
    overflow: hidden;
  }
  /* Without panels around it the stage has a height of its own. */
  .bare .stage {
    height: var(--attn-stage-height, clamp(360px, 64svh, 680px));
  }
  .panel {
    min-width: 0;
  }
  /* What comes next, and below it the calculation: each scrolls inside. */
  .side {
    grid-area: 1 / 3 / 2 / 4;
    display: flex;
    flex-direction: column;
    min-width: 0;
    min-height: 0;
    border-inline-start: 1px solid var(--line);
  }
  .panel.beside,
  .panel.of-steps {
    flex: 1 1 0;
  }
  .panel.beside:not(.chosen) {
    display: none;
  }
  .asides {
    flex: none;
    display: flex;
    padding: 8px 12px;
    border-bottom: 1px solid var(--line);
    background: var(--panel);
  }
  .asides [role='tab'] {
    flex: 1;
  }
  .panel.of-next {
    flex: 0 1 auto;
    max-height: 66%;
    overflow-y: auto;
    overscroll-behavior: contain;
    scrollbar-width: thin;
    scrollbar-color: var(--line) transparent;
    border-bottom: 1px solid var(--line);
  }
  .panel.of-next:has(.sliders) {
    max-height: 82%;
  }
  /* One thing at a time: whoever changes or compares needs the room. */
  @container viewer (min-width: 1100px) {
    .side:has(.beside.chosen:not(.of-cell)) .panel.of-next {
      max-height: 34%;
    }
  }
  .panel.slot-0,
  .panel.slot-1,
  .panel.slot-2 {
    padding: 16px;
    border-top: 1px solid var(--line);
  }
  .panel.slot-0 {
    grid-area: 2 / 1 / 3 / 2;
  }
  .panel.slot-1 {
    grid-area: 2 / 2 / 3 / 4;
    border-inline-start: 1px solid var(--line);
  }
  .panel.slot-2 {
    grid-area: 3 / 1 / 4 / 4;
    max-height: 640px;
  }
  .panel.slot-1 {
    max-height: 820px;
  }
  /* It has no place below the stage. */
  .panel.unstaged {
    display: none;
  }
  /* On the stage: below the view's tabs, and scrolling inside. */
  .panel.staged {
    grid-area: 1 / 1 / 2 / 3;
    padding: 56px 16px 16px;
    overflow: auto;
  }
  .panel.staged .scroller,
  .panel.staged .wall-frame {
    max-height: none;
  }
  .panel.of-wall.staged .wall {
    max-width: none;
    /* As high as the stage, but never so small that a head cannot be read: then it scrolls. */
    width: min(100%, max(var(--heads) * 72px, (var(--attn-stage-height, clamp(420px, 74svh, 1000px)) - 150px) * var(--heads) / var(--layers)));
  }
  .view-wall .stage,
  .view-matrix .stage,
  .view-text .stage,
  .view-table .stage {
    overflow: visible;
    height: 0;
    z-index: 2;
  }
  /* In the Steps view the stepper has the foot, and its numbers the side. */
  .viewer:not(.bare).view-steps attn-scene-caption,
  .view-steps attn-link-filter,
  .view-steps .asides,
  .view-steps .panel.of-cell,
  .view-steps .panel.of-facts,
  .view-steps .panel.of-next,
  .viewer:not(.view-steps) .panel.of-steps,
  .flat attn-link-filter,
  .flat .drawn,
  .bare.view-steps :is(.drawn, .apart),
  .off,
  .view-wall .foot,
  .view-matrix .foot,
  .view-text .foot,
  .view-table .foot {
    display: none !important;
  }
  .empty {
    margin: 0;
    padding: 24px 0;
  }

  .views {
    display: flex;
  }
  .views {
    position: absolute;
    z-index: 3;
    top: 10px;
    inset-inline-start: 12px;
  }
  .sheets {
    display: none;
  }
  [role='tab'] {
    padding: 2px 14px;
    border: 1px solid var(--line);
    border-radius: 0;
    margin-inline-start: -1px;
    background: var(--panel);
    color: var(--muted);
    font-size: 0.8125rem;
  }
  [role='tab']:first-child {
    border-start-start-radius: var(--radius);
    border-end-start-radius: var(--radius);
    margin-inline-start: 0;
  }
  [role='tab']:last-child {
    border-start-end-radius: var(--radius);
    border-end-end-radius: var(--radius);
  }
  [role='tab'][aria-selected='true'] {
    z-index: 1;
    background: var(--hover);
    color: var(--ink);
    font-weight: 600;
    box-shadow: inset 0 -2px 0 var(--accent);
  }

  .foot {
    position: absolute;
    z-index: 2;
    inset: auto 0 0;
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    align-items: center;
    gap: 2px 24px;
    padding: 28px 16px 10px;
    background: linear-gradient(transparent, color-mix(in srgb, var(--ground) 88%, transparent) 40%, var(--ground));
    pointer-events: none;
  }
  .foot > * > * {
    pointer-events: auto;
  }

  .drop-here {
    display: none;
  }
  .dragging .drop-here {
    position: absolute;
    z-index: 40;
    inset: 8px;
    display: grid;
    place-items: start center;
    margin: 0;
    padding-top: 96px;
    border: 2px dashed var(--accent);
    border-radius: var(--radius-large);
    background: color-mix(in srgb, var(--ground) 82%, transparent);
    font-size: 1.25rem;
    font-weight: 600;
    pointer-events: none;
  }

  /* Between phone and desktop: the stage over the whole width, everything else below it in two columns. */
  @container viewer (max-width: 1099px) {
    .body {
      grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
      grid-template-rows: var(--attn-stage-height, clamp(400px, 66svh, 1000px)) auto;
    }
    .stage,
    .panel.staged {
      grid-area: 1 / 1 / 2 / 3;
    }
    .side {
      grid-area: 2 / 1 / 3 / 2;
      border-top: 1px solid var(--line);
      border-inline-start: 0;
    }
    .panel.beside,
    .panel.of-steps {
      flex: 0 1 auto;
      max-height: 640px;
    }
    .panel.of-next.of-next {
      flex: none;
      max-height: none;
    }
    .panel.slot-0 {
      grid-area: 2 / 2 / 3 / 3;
      border-inline-start: 1px solid var(--line);
    }
    .panel.slot-1 {
      grid-area: 3 / 1 / 4 / 3;
      border-inline-start: 0;
    }
    .panel.slot-2 {
      grid-area: 4 / 1 / 5 / 3;
    }
  }

  /* Phone: the scene, then one panel at a time. */
  @container viewer (max-width: 700px) {
    .ask {
      padding: 8px 10px 6px;
    }
    .tokens {
      flex-direction: column;
      align-items: stretch;
      padding: 0 6px 4px;
    }
    .body {
      display: flex;
      flex-direction: column;
    }
    .view-wall .stage,
    .view-matrix .stage,
    .view-text .stage,
    .view-table .stage,
    .stage {
      order: 1;
      height: auto;
      overflow: hidden;
    }
    .viewer .foot {
      display: block !important;
    }
    .stage attn-scene-view {
      position: relative;
      display: block !important;
      height: clamp(300px, 52svh, 560px);
    }
    .bare .stage {
      display: flex;
      flex-direction: column;
    }
    .bare .stage attn-scene-view {
      flex: 1;
      height: auto;
      min-height: 0;
    }
    /* What is not drawn in the scene is a sheet below it. */
    .views [data-view='wall'],
    .views [data-view='matrix'],
    .views [data-view='text'],
    .views [data-view='table'],
    .asides {
      display: none;
    }
    .views [data-view='steps'] {
      border-start-end-radius: var(--radius);
      border-end-end-radius: var(--radius);
    }
    .foot {
      position: static;
      padding: 8px 12px 12px;
      background: none;
    }
    .sheets {
      display: flex;
      order: 2;
      position: sticky;
      z-index: 5;
      top: 0;
      padding: 8px 10px;
      border-top: 1px solid var(--line);
      overflow-x: auto;
      scrollbar-width: none;
      background: var(--ground);
    }
    .sheets [role='tab'] {
      flex: 1 0 auto;
      min-height: 40px;
      padding: 2px 10px;
    }

    .side {
      display: contents;
    }
    .panel.panel {
      order: 3;
      display: none;
      max-height: none;
      padding: 8px;
      border: 0;
    }
    .panel.panel.of-next {
      padding: 0;
    }
    .panel.panel.open {
      display: flex;
      flex-direction: column;
      max-height: 76svh;
    }
    .panel.of-wall.open,
    .panel.derivation.open {
      max-height: none;
    }
    .panel.of-wall.staged .wall {
      width: 100%;
    }
    .panel.of-cell .calculation {
      border-radius: var(--radius);
    }
  }

  @media (forced-colors: active) {
    [role='tab'][aria-selected='true'] {
      outline: 2px solid Highlight;
      outline-offset: -2px;
    }
  }
`;
