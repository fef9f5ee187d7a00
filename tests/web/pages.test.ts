/** The pages' own words and numbers: the examples exist, nothing is written inline. The guide's own are in guide.test.ts. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import examples from '../../web/site/examples.json';
import { withGuide } from '../../web/tooling/guide.mjs';

const web = join(import.meta.dirname, '../../web');
const read = (name: string) => readFileSync(join(web, name), 'utf8');
const pages = Object.fromEntries(
  ['index.html', 'index.zh.html', 'explore.html'].map((name) => [name, withGuide(read(name))]),
) as Record<'index.html' | 'index.zh.html' | 'explore.html', string>;

/** A saved trace: its metadata and one layer's weights [n_heads, n, n]. */
function trace(file: string, layer: number) {
  const bytes = readFileSync(join(web, 'public/traces', file));
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start));
  const { shape, data_offsets: range } = header[`layers.${layer}.weights`];
  const weights = new Float32Array(Uint8Array.from(bytes.subarray(start + range[0], start + range[1])).buffer);
  const tokens: string[] = JSON.parse(header.__metadata__.tokens);
  const row = (head: number, query: number) => {
    const at = (head * shape[1] + query) * shape[2];
    return [...weights.subarray(at, at + shape[2])];
  };
  return { text: header.__metadata__.text as string, tokens, row, heads: shape[0] as number };
}

const attribute = (tag: string, name: string) => new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];

describe('the examples', () => {
  it.each(examples)('$name shows something: its row has a strongest word', (example) => {
    const { text, tokens, row, heads } = trace(example.trace, example.layer);
    expect(text).toBe(example.text);
    expect(example.head).toBeLessThan(heads);
    const weights = row(example.head, example.query);
    const strongest = weights.indexOf(Math.max(...weights));
    expect(tokens[strongest]).not.toMatch(/^\[|^\W$/);
    expect(weights[strongest]).toBeGreaterThanOrEqual(0.5);
  });

  it('weigh at most 400 KB together', () => {
    const bytes = examples.map(({ trace: file }) => statSync(join(web, 'public/traces', file)).size);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(400_000);
  });

  it('begin with what the explorer opens with', () => {
    const tag = /<attention-viewer[^>]*>/.exec(pages['explore.html'])?.[0] ?? '';
    const [first] = examples;
    expect(attribute(tag, 'trace')).toBe(`traces/${first?.trace}`);
    expect(attribute(tag, 'text')).toBe(first?.text);
    expect(['layer', 'head', 'query-index'].map((name) => Number(attribute(tag, name)))).toEqual([
      first?.layer,
      first?.head,
      first?.query,
    ]);
  });
});

describe.each(Object.entries(pages))('%s', (_name, page) => {
  it('keeps to the policy: nothing inline, nothing from elsewhere', () => {
    expect(page).not.toMatch(/\sstyle=|<style|\son\w+=|https?:\/\/|javascript:/);
    for (const [tag] of page.matchAll(/<script[^>]*>/g)) expect(tag).toMatch(/\ssrc="\.\//);
    for (const [, address] of page.matchAll(/\s(?:href|src)="([^"]*)"/g)) expect(address).not.toMatch(/^\//);
  });

  it('has one first heading, and none that skips a level', () => {
    const levels = [...page.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    for (const [i, level] of levels.entries()) expect(level - (levels[i - 1] ?? 0)).toBeLessThanOrEqual(1);
  });
});

it('the fonts are the three that the page may have, 120 KB at most', () => {
  const files = [...read('site/styles/fonts.css').matchAll(/url\('([^']+)'\)/g)].map(([, file]) => file ?? '');
  const bytes = files.map((file) => statSync(join(web, '../node_modules', file)).size);
  expect(files).toHaveLength(3);
  expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(120 * 1024);
});

it('the pages and their styles name a colour in one file only', () => {
  const files = readdirSync(join(web, 'site/styles'), { recursive: true, encoding: 'utf8' });
  for (const name of files.filter((file) => file.endsWith('.css') && file !== 'tokens.css'))
    expect(read(`site/styles/${name}`), name).not.toMatch(/#[\da-f]{3,8}\b|rgba?\(|hsla?\(|oklch\(/i);
});
