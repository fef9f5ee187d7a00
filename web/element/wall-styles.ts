/** How the wall looks: its grid by place, its ranking, and the controls above. */
import { css } from 'lit';

export const headWallStyles = css`
  attn-head-wall {
    display: flex;
    flex-direction: column;
    gap: 10px;
    min-width: 0;
  }
  .bar-above {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 2px 12px;
    font-size: var(--small);
  }
  .bar-above .heading + .muted {
    flex: 1 1 16rem;
  }
  attn-wall-controls {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 12px;
  }
  attn-wall-controls label {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    min-height: var(--target);
  }
  attn-wall-controls label > span {
    color: var(--muted);
  }
  attn-wall-controls .slider span {
    min-width: 7.5em;
    text-align: end;
  }
  attn-wall-controls input {
    width: 96px;
    height: var(--target);
    margin: 0;
    accent-color: var(--accent);
  }
  .wall-frame {
    flex: 1;
    min-height: 0;
    max-height: 780px;
    overflow: auto;
    overscroll-behavior-x: contain;
    scrollbar-width: thin;
    scrollbar-color: var(--line) transparent;
  }
  .wall {
    --side: 28px;
    --above: 18px;
    --brackets: 0px;
    position: relative;
    display: grid;
    grid-template-columns: var(--side) var(--columns);
    grid-template-rows: var(--above);
    min-width: calc(var(--side) + var(--heads) * 24px);
    max-width: calc(var(--side) + var(--heads) * clamp(76px, 420px / var(--layers), 120px));
    font-size: 0.6875rem;
  }
  .wall.grouped {
    --brackets: 24px;
    grid-template-rows: var(--brackets) var(--above);
    min-width: calc(var(--side) + var(--heads) * 26px);
  }
  .wall .corner {
    position: sticky;
    z-index: 5;
    top: 0;
    left: 0;
    display: grid;
    place-content: end center;
    grid-column: 1;
    background: var(--ground);
    color: var(--muted);
  }
  .wall.grouped .corner {
    grid-row: 1 / 3;
  }
  .wall .axis {
    display: grid;
    place-items: center;
    color: var(--muted);
    min-width: 0;
    overflow: hidden;
    background: var(--ground);
  }
  .wall .axis.head {
    position: sticky;
    z-index: 4;
    top: var(--brackets);
  }
  .wall .axis.layer {
    position: sticky;
    z-index: 3;
    left: 0;
    grid-column: 1;
    align-content: center;
  }
  .wall .axis .window {
    font-size: 0.625rem;
  }
  .wall .bracket {
    position: sticky;
    z-index: 4;
    top: 0;
    container-type: inline-size;
    display: grid;
    place-items: center;
    height: var(--brackets);
    padding-bottom: 6px;
    background: var(--ground);
    color: var(--muted);
    white-space: nowrap;
    overflow: hidden;
  }
  .wall .bracket::after {
    content: '';
    position: absolute;
    inset: auto 2px 0;
    height: 6px;
    border: 1px solid var(--muted);
    border-bottom: 0;
    border-radius: 3px 3px 0 0;
  }
  .wall .bracket.kin {
    color: var(--key);
    font-weight: 600;
  }
  .wall .bracket.kin::after {
    border-color: var(--key);
  }
  .bracket .short,
  .bracket .least {
    display: none;
  }
  @container (max-width: 168px) {
    .bracket .long {
      position: absolute;
      clip-path: inset(50%);
    }
    .bracket .short {
      display: inline;
    }
  }
  @container (max-width: 48px) {
    .bracket .short {
      display: none;
    }
    .bracket .least {
      display: inline;
    }
  }
  .wall canvas {
    position: absolute;
    inset: calc(var(--above) + var(--brackets)) 0 0 var(--side);
    width: calc(100% - var(--side));
    height: calc(100% - var(--above) - var(--brackets));
    image-rendering: pixelated;
    pointer-events: none;
  }
  /* The border is the gap between pictures: it lies over the one canvas beneath. */
  .tile {
    position: relative;
    z-index: 1;
    aspect-ratio: 1;
    min-width: 0;
    min-height: 24px;
    padding: 0;
    border: 2px solid var(--ground);
    border-radius: 0;
    background: none;
    /* Outside, it covers the seam to the next picture where the grid falls between pixels. */
    box-shadow:
      inset 0 0 0 1px var(--line),
      0 0 0 1px var(--ground);
  }
  .tile:hover:not(:disabled),
  .tile.lit {
    background: none;
    box-shadow: inset 0 0 0 1px var(--ink);
  }
  /* A head with a lane wears the lane's hue. */
  .tile.laned::after {
    content: '';
    position: absolute;
    inset: auto 0 0;
    height: 4px;
    background: var(--hue);
    forced-color-adjust: none;
  }
  /* Heads without the role that is asked for: there, but not to be looked at. */
  .tile.faint {
    background: color-mix(in srgb, var(--ground) 75%, transparent);
  }
  .ranking {
    position: relative;
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(96px, 1fr));
    gap: 8px;
  }
  .tile.ranked {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
    aspect-ratio: auto;
    padding: 2px 2px 4px;
    border: 2px solid transparent;
    border-radius: var(--radius);
    background: var(--panel);
    box-shadow: inset 0 0 0 1px var(--line);
    min-width: 0;
    font-size: 0.75rem;
    text-align: start;
    white-space: normal;
    content-visibility: auto;
    contain-intrinsic-size: auto 84px auto 132px;
  }
  .ranked.lit:not(:disabled),
  .ranked:hover:not(:disabled) {
    background: var(--hover);
  }
  .ranked > canvas {
    width: 100%;
    min-width: 0;
    aspect-ratio: 1;
    border-radius: 4px;
    image-rendering: pixelated;
  }
  /* A long number goes below the name. */
  .ranked > .caption {
    display: flex;
    flex-wrap: wrap;
    justify-content: space-between;
    gap: 0 6px;
    padding-inline: 4px;
    white-space: nowrap;
  }
  .ranked .which {
    color: var(--muted);
  }
  .ranked .how-much {
    font-weight: 600;
  }
  .ranked > .role {
    min-height: 1.45em;
    padding-inline: 4px;
    overflow: hidden;
    color: var(--muted);
    font-size: 0.6875rem;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .missing-number {
    color: var(--muted);
    font-weight: 400;
    font-style: italic;
  }
  /* Heads of the chosen layer that read the same keys as the chosen one. */
  .tile.kin {
    box-shadow: inset 0 0 0 1px var(--key);
  }
  .tile[aria-pressed='true'] {
    z-index: 2;
    border-color: var(--accent);
  }
  .tile:focus-visible {
    z-index: 2;
    outline-offset: 0;
  }
  @container viewer (max-width: 420px) {
    .wall-frame {
      max-height: 72svh;
    }
    .wall {
      --side: 24px;
    }
  }
`;
