/**
 * Colours, type and the few classes that all panels share. The only module of the element that names a colour: the
 * page's `--attn-…` variables, with the dark look of a page that sets none.
 */
import { css } from 'lit';

export const base = css`
  :host {
    --ground: var(--attn-ground, #0b0e14);
    --panel: var(--attn-panel, #121722);
    --raised: var(--attn-raised, #171c26);
    --hover: var(--attn-hover, #1d2430);
    --line: var(--attn-line, #2a3240);
    --thread: var(--attn-thread, #232a36);
    --muted: var(--attn-muted, #9aa6b8);
    --ink: var(--attn-ink, #e8ecf4);
    --query: var(--attn-query, #3fa0fa);
    --key: var(--attn-key, #eab946);
    --value: var(--attn-value, #56f2cf);
    --output: var(--attn-output, #d06b9e);
    --light: var(--attn-light, #ff9f45);
    --negative: var(--attn-negative, #6aa5ff);
    --zero: var(--attn-zero, #1a202b);
    --positive: var(--attn-positive, #ff9f45);
    --accent: var(--attn-accent, #c3b5ff);
    --on-accent: var(--attn-on-accent, #0b0e14);
    --error: var(--attn-error, #ff8f88);
    --head-0: var(--attn-head-0, #e2b40a);
    --head-1: var(--attn-head-1, #5671d8);
    --head-2: var(--attn-head-2, #5fe6fc);
    --head-3: var(--attn-head-3, #c74c3d);
    --head-4: var(--attn-head-4, #68b5a6);
    --head-5: var(--attn-head-5, #956991);
    --head-6: var(--attn-head-6, #cad99e);
    --head-7: var(--attn-head-7, #b58bf9);
    --black: #000;
    --white: #fff;
    --font: var(--attn-font, system-ui, sans-serif);
    --mono: var(--attn-font-mono, ui-monospace, monospace);
    --small: var(--attn-text-small, 0.75rem);
    --radius: var(--attn-radius, 6px);
    --radius-large: var(--attn-radius-large, 12px);
    --quick: var(--attn-quick, 180ms);
    --ease: var(--attn-ease, ease-out);
    --target: 28px;

    display: block;
    container: viewer / inline-size;
    position: relative;
    min-width: 0;
    background: var(--ground);
    color: var(--ink);
    font: 400 0.875rem / 1.45 var(--font);
    font-variant-numeric: tabular-nums;
    text-align: start;
  }
  :host([hidden]) {
    display: none;
  }
  @media (pointer: coarse) {
    :host {
      --target: 44px;
    }
  }
  * {
    box-sizing: border-box;
  }
  [hidden] {
    display: none !important;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }

  button,
  .button {
    font: inherit;
    color: var(--ink);
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 6px;
    min-height: var(--target);
    min-width: var(--target);
    padding: 2px 10px;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--raised);
    white-space: nowrap;
    cursor: pointer;
  }
  button:hover:not(:disabled),
  .button:hover {
    background: var(--hover);
  }
  button:disabled {
    color: var(--muted);
    cursor: default;
  }
  button[aria-pressed='true'] {
    border-color: var(--ink);
  }
  button.quiet {
    background: none;
    border-color: transparent;
  }

  select {
    font: inherit;
    color: var(--ink);
    min-height: var(--target);
    max-width: 100%;
    padding: 2px 6px;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--raised);
    cursor: pointer;
  }

  input[role='switch'] {
    appearance: none;
    position: relative;
    width: 32px;
    height: 18px;
    margin: 0;
    border: 1px solid var(--muted);
    border-radius: 9px;
    background: var(--raised);
    cursor: pointer;
  }
  input[role='switch']::after {
    content: '';
    position: absolute;
    top: 2px;
    left: 2px;
    width: 12px;
    height: 12px;
    border-radius: 50%;
    background: var(--muted);
    transition: transform var(--quick) var(--ease);
  }
  input[role='switch']:checked {
    background: var(--accent);
    border-color: var(--accent);
  }
  input[role='switch']:checked::after {
    background: var(--on-accent);
    transform: translateX(14px);
  }
  @media (forced-colors: active) {
    input[role='switch'] {
      appearance: auto;
    }
    input[role='switch']::after {
      content: none;
    }
  }

  data {
    font-variant-numeric: tabular-nums;
  }
  .muted {
    color: var(--muted);
  }
  .word {
    font-weight: 600;
    unicode-bidi: isolate;
  }
  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .heading {
    margin: 0;
    font-size: 0.8125rem;
    font-weight: 600;
    letter-spacing: 0.01em;
  }

  /* The four meanings: a colour and a letter, never one alone. */
  .query {
    color: var(--query);
  }
  .key {
    color: var(--key);
  }
  .value {
    color: var(--value);
  }
  .output {
    color: var(--output);
  }
  .letter {
    font-style: italic;
    font-weight: 650;
  }

  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      transition-duration: 0s !important;
      animation: none !important;
    }
  }
  @media (forced-colors: active) {
    button[aria-pressed='true'],
    [aria-selected='true'] {
      outline: 2px solid Highlight;
    }
  }
`;
