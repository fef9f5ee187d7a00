/** Holds the colours of tokens.css to what the file states: contrasts, distances for every kind of sight, equal copies. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

type Triple = readonly [number, number, number];
type Matrix3 = readonly [Triple, Triple, Triple];
type Palette = ReadonlyMap<string, string>;

const css = readFileSync(join(import.meta.dirname, '../../web/site/styles/tokens.css'), 'utf8');

/** The declarations of the innermost block that follows `selector`. */
function block(selector: string): Palette {
  const start = css.indexOf(selector);
  expect(start, selector).toBeGreaterThanOrEqual(0);
  const body = css.slice(css.indexOf('{', start) + 1, css.indexOf('}', start));
  return new Map([...body.matchAll(/^\s*([\w-]+):\s*([^;]+);/gm)].map(([, name = '', value = '']) => [name, value]));
}

const themes = { dark: block(":root,\n[data-theme='dark']"), light: block("\n[data-theme='light']") };
const system = block(':root:not([data-theme])');

/** WCAG's and OKLab's common ground: red, green and blue proportional to light. */
function linear(hex: string): Triple {
  expect(hex).toMatch(/^#[\da-f]{6}$/);
  const channel = (at: number) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

const dot = (a: Triple, b: Triple) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const times = (m: Matrix3, v: Triple): Triple => [dot(m[0], v), dot(m[1], v), dot(m[2], v)];

/** WCAG 2.2, contrast ratio. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string) => dot([0.2126, 0.7152, 0.0722], linear(hex));
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** Björn Ottosson, "A perceptual color space for image processing" (2020). */
function oklab(rgb: Triple): Triple {
  const toCones: Matrix3 = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
  ];
  const toLab: Matrix3 = [
    [0.2104542553, 0.793617785, -0.0040720468],
    [1.9779984951, -2.428592205, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.808675766],
  ];
  const [l, m, s] = times(toCones, rgb);
  return times(toLab, [Math.cbrt(l), Math.cbrt(m), Math.cbrt(s)]);
}

/** Machado, Oliveira and Fernandes (2009), severity 1. */
const sights: Record<string, Matrix3> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** The OKLab distance of two colours to the eye that tells them apart least. */
function distance(a: string, b: string): number {
  const seen = (hex: string, sight: Matrix3): Triple => {
    const [red, green, blue] = times(sight, linear(hex)).map((value) => Math.min(1, Math.max(0, value)));
    return oklab([red ?? 0, green ?? 0, blue ?? 0]);
  };
  return Math.min(...Object.values(sights).map((sight) => Math.hypot(...subtract(seen(a, sight), seen(b, sight)))));
}

const subtract = (a: Triple, b: Triple): Triple => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];

function leastDistance(colours: readonly string[]): number {
  return Math.min(...colours.flatMap((a, i) => colours.slice(i + 1).map((b) => distance(a, b))));
}

it('measures what is known: black on white is 21, its lightness 0 and 1', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 10);
  expect(oklab(linear('#ffffff'))[0]).toBeCloseTo(1, 4);
  expect(oklab(linear('#000000'))[0]).toBe(0);
});

it('has one light palette, twice', () => {
  expect(system).toEqual(themes.light);
});

it('names the same colours in both themes, and documents every one', () => {
  expect([...themes.dark.keys()]).toEqual([...themes.light.keys()]);
  const comment = css.slice(0, css.indexOf('*/'));
  for (const name of themes.dark.keys()) {
    const word = name.replace('--attn-', '').replace(/^head-\d$/, 'head-0');
    if (name !== 'color-scheme') expect(comment, name).toMatch(new RegExp(`\\b${word}\\b`));
  }
});

/** Expected smallest distance of the four meanings and smallest contrast on the ground: the direction's own figures. */
const stated = {
  dark: { distance: 0.1465, contrast: 5.5 },
  light: { distance: 0.1415, contrast: 4.6 },
};

describe.each(['dark', 'light'] as const)('%s', (theme) => {
  const colour = (name: string) => themes[theme].get(`--attn-${name}`) ?? '';
  const meanings = ['query', 'key', 'value', 'output'].map(colour);
  const heads = Array.from({ length: 8 }, (_, i) => colour(`head-${i}`));

  it('tells the four meanings apart, for every kind of sight', () => {
    expect(leastDistance(meanings)).toBeGreaterThanOrEqual(stated[theme].distance);
  });

  it('shows the four meanings clearly on the ground, and readably on the panels', () => {
    for (const meaning of meanings) {
      expect(contrast(meaning, colour('ground')), meaning).toBeGreaterThanOrEqual(stated[theme].contrast);
      for (const surface of ['panel', 'raised', 'hover'])
        expect(contrast(meaning, colour(surface)), `${meaning} on ${surface}`).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('writes text readably on every surface', () => {
    for (const ink of ['ink', 'muted'])
      for (const surface of ['ground', 'panel', 'raised', 'hover'])
        expect(contrast(colour(ink), colour(surface)), `${ink} on ${surface}`).toBeGreaterThanOrEqual(4.5);
    for (const ink of ['light', 'error', 'accent', 'negative', 'positive'])
      for (const surface of ['ground', 'panel', 'raised', 'hover'])
        expect(contrast(colour(ink), colour(surface)), `${ink} on ${surface}`).toBeGreaterThanOrEqual(4.5);
    expect(contrast(colour('on-accent'), colour('accent'))).toBeGreaterThanOrEqual(4.5);
  });

  it('keeps accent and focus apart from the four meanings and from attention', () => {
    for (const other of [...meanings, colour('light')])
      expect(distance(colour('accent'), other), other).toBeGreaterThanOrEqual(0.08);
  });

  it('grows both signs out of a zero near the ground, and tells them apart', () => {
    expect(distance(colour('zero'), colour('ground'))).toBeLessThanOrEqual(0.08);
    expect(distance(colour('negative'), colour('positive'))).toBeGreaterThanOrEqual(0.2);
  });

  it('tells eight heads apart', () => {
    expect(leastDistance(heads)).toBeGreaterThanOrEqual(0.1);
    for (const head of heads) expect(contrast(head, colour('ground')), head).toBeGreaterThanOrEqual(3.4);
  });
});
