/** The page's colours as numbers, for what is drawn on a canvas. Reads CSS variables; knows no colour itself. */

import type { SceneTheme } from '../scene/theme';
import { MOST_LANES } from '../state/state';

/** Each 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** `#rgb`, `#rrggbb` or `rgb(…)`; black for anything else. */
export function parseColour(text: string): Rgb {
  const hex = /^#([\da-f]{3}|[\da-f]{6})$/i.exec(text.trim())?.[1];
  if (hex !== undefined) {
    const digits = hex.length === 3 ? [...hex].map((digit) => digit + digit).join('') : hex;
    const value = Number.parseInt(digits, 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  }
  const parts = /^rgba?\(([^)]*)\)$/i
    .exec(text.trim())?.[1]
    ?.split(/[\s,/]+/)
    .map(Number);
  const [red = 0, green = 0, blue = 0] = parts ?? [];
  return [red, green, blue];
}

/** Whether black is easier to read on a colour than white. */
export function isBright([red, green, blue]: Rgb): boolean {
  const linear = (channel: number) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  // Where white and black have the same contrast: 4.58 to 1, so either choice stays above 4.5.
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue) > 0.179;
}

/** A colour on the way from one to another, as `color-mix(in srgb, …)` mixes. */
export function mixed(from: Rgb, to: Rgb, share: number): Rgb {
  const at = (channel: 0 | 1 | 2) => from[channel] + (to[channel] - from[channel]) * share;
  return [at(0), at(1), at(2)];
}

/** The scene's colours, from the variables that the panels use. */
export function readTheme(variable: (name: string) => string): SceneTheme {
  const ground = variable('--ground');
  const [red, green, blue] = parseColour(ground);
  return {
    dark: red * 0.3 + green * 0.6 + blue * 0.1 < 128,
    ground,
    panel: variable('--raised'),
    thread: variable('--thread'),
    line: variable('--line'),
    ink: variable('--ink'),
    mutedInk: variable('--muted'),
    accent: variable('--light'),
    heads: Array.from({ length: MOST_LANES }, (_, i) => variable(`--head-${i}`)),
    font: variable('--font'),
  };
}

/** 256 opaque pixels from one colour to another, as a little-endian canvas holds them. */
export function paintable(from: Rgb, to: Rgb): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const [red, green, blue] = mixed(from, to, i / 255);
    return ((255 << 24) | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red)) >>> 0;
  });
}

/** Calls back whenever the page's theme may have changed; returns how to stop. */
export function watchTheme(changed: () => void): () => void {
  const queries = ['(prefers-color-scheme: light)', '(forced-colors: active)'].map((query) => matchMedia(query));
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'class', 'style'] });
  for (const query of queries) query.addEventListener('change', changed);
  return () => {
    observer.disconnect();
    for (const query of queries) query.removeEventListener('change', changed);
  };
}
