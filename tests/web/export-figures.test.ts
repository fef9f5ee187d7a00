/** Figures: well-formed XML whatever the tokens are called, one mark for every number that is not nothing, nothing from elsewhere. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Matrix, Run } from '../../web/engine/types';
import { arcFigure } from '../../web/export/arc-figure';
import { matrixFigure } from '../../web/export/matrix-figure';
import { DARK, LIGHT, type Paper } from '../../web/export/paper';
import { MOST_FIGURE_TOKENS } from '../../web/export/svg';
import { rowTable, shownTable, type Table } from '../../web/export/table';
import type { ViewerState } from '../../web/state/state';
import { matrixOf, reading, runOf, snapshotOf } from './export-runs';

interface Mark {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Mark[];
  text: string;
}

/** A reader that forgives nothing: what it takes, every reader of XML takes. */
function parseXml(source: string): Mark {
  const root: Mark = { name: '', attributes: new Map(), children: [], text: '' };
  const open = [root];
  const rest = source.replace(/^<\?xml version="1.0" encoding="UTF-8"\?>\n/, '');
  const part = /<\/([\w-]+)>|<([\w-]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
  let at = 0;
  for (let found = part.exec(rest); found !== null; found = part.exec(rest)) {
    at = part.lastIndex;
    const [, closing, name, attributes = '', empty, text] = found;
    const top = open.at(-1) as Mark;
    if (text !== undefined) {
      expect(text).not.toMatch(/&(?!(amp|lt|gt|quot);)/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML does not allow.
      expect(text).not.toMatch(/[\0-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]|\p{Cs}/u);
      top.text += text
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&quot;', '"')
        .replaceAll('&amp;', '&');
    } else if (closing !== undefined) {
      expect(closing).toBe(top.name);
      open.pop();
    } else {
      const list = [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(
        ([, key = '', value = '']) => [key, value] as const,
      );
      expect(new Set(list.map(([key]) => key)).size).toBe(list.length);
      const mark = { name: name ?? '', attributes: new Map(list), children: [], text: '' };
      top.children.push(mark);
      if (empty === '') open.push(mark);
    }
  }
  expect(rest.slice(at)).toBe('');
  expect(open).toEqual([root]);
  expect(root.children.map((child) => child.name)).toEqual(['svg']);
  return root.children[0] as Mark;
}

const all = (mark: Mark, name: string): Mark[] => [
  ...(mark.name === name ? [mark] : []),
  ...mark.children.flatMap((child) => all(child, name)),
];
const texts = (mark: Mark): string[] => all(mark, 'text').map(({ text }) => text);

function tableOf(run: Run, matrix: Matrix, state: Partial<ViewerState> = {}): Table {
  return shownTable(snapshotOf(run, matrix, state)) as Table;
}

const animal = runOf({
  pieces: ['[CLS]', 'the', 'animal', 'it', '[SEP]'],
  name: 'all-MiniLM-L6-v2',
  text: 'the animal it',
});
const weights = matrixOf([
  [0.5, 0.5, 0, 0, 0],
  [0.25, 0.25, 0.25, 0.25, 0],
  [1, 0, 0, 0, 0],
  [0.12, 0.1, 0.68, 0.02, 0.08],
  [0, 0, 0, 0, 1],
]);

describe('the matrix as a figure', () => {
  it('has a mark for every weight, as light as it is, and says what it shows', () => {
    const figure = parseXml(matrixFigure(tableOf(animal, weights, { layer: 1, head: 0 }), reading));
    const cells = all(figure, 'g').find((group) => group.attributes.get('fill') === LIGHT.light)?.children ?? [];
    expect(cells).toHaveLength([...weights.data].filter((weight) => weight > 0).length);
    const strongest = cells.map((cell) => Number(cell.attributes.get('opacity')));
    expect(strongest.filter((strength) => strength === 1)).toHaveLength(2);
    expect(strongest).toContain(Math.round(Math.sqrt(0.68) * 1000) / 1000);
    const words = texts(figure);
    expect(words).toEqual(expect.arrayContaining(['Weights of layer 1, head 0', '[CLS]', 'animal', 'it']));
    expect(words.join(' ')).toContain('all-MiniLM-L6-v2');
    expect(words.join(' ')).toContain('“the animal it”');
  });

  it('has a size on paper', () => {
    const { attributes } = parseXml(matrixFigure(tableOf(animal, weights), reading));
    const [, , width, height] = (attributes.get('viewBox') ?? '').split(' ');
    expect(attributes.get('width')).toBe(`${width}mm`);
    expect(attributes.get('height')).toBe(`${height}mm`);
    expect(Number(width)).toBeGreaterThan(50);
    expect(Number(width)).toBeLessThan(200);
  });

  it('hatches what is masked, and leaves it out of the legend where nothing is', () => {
    const run = runOf({ pieces: ['a', 'b', 'c'], causal: true });
    const lower = matrixOf([
      [1, 0, 0],
      [0.5, 0.5, 0],
      [0.2, 0.3, 0.5],
    ]);
    const masked = parseXml(matrixFigure(tableOf(run, lower), reading));
    expect(texts(masked)).toContain('masked');
    const hatch = all(masked, 'path')[0]?.attributes.get('d') ?? '';
    expect(hatch.match(/M/g)).toHaveLength(3);
    expect(texts(parseXml(matrixFigure(tableOf(animal, weights), reading)))).not.toContain('masked');
  });

  it('shows scores both ways around zero, minus infinity as masked', () => {
    const run = runOf({ pieces: ['a', 'b'], causal: true });
    const scores = matrixOf([
      [-2, -Infinity],
      [1, 4],
    ]);
    const figure = parseXml(matrixFigure(tableOf(run, scores, { measure: 'scores' }), reading));
    const groups = all(figure, 'g').filter((group) => group.attributes.get('shape-rendering') === 'crispEdges');
    const [positive, negative] = [LIGHT.positive, LIGHT.negative].map((fill) =>
      groups.find((group) => group.attributes.get('fill') === fill),
    );
    expect(positive?.children.map((cell) => cell.attributes.get('opacity'))).toEqual(['0.25', '1']);
    expect(negative?.children.map((cell) => cell.attributes.get('opacity'))).toEqual(['0.5']);
    expect(texts(figure)).toEqual(expect.arrayContaining(['−4.00', '0', '4.00', 'masked']));
  });

  it('says what was changed by hand', () => {
    const run = runOf({ pieces: ['a', 'b'], interventions: [{ kind: 'head-off', layer: 0, head: 1 }] });
    const words = texts(
      parseXml(
        matrixFigure(
          tableOf(
            run,
            matrixOf([
              [1, 0],
              [0, 1],
            ]),
          ),
          reading,
        ),
      ),
    ).join(' ');
    expect(words).toContain('Changed by hand: Layer 0, head 1 switched off.');
  });

  it('draws one row as one row', () => {
    const row = rowTable(tableOf(animal, weights), 3);
    const cells = all(parseXml(matrixFigure(row, reading)), 'g').find((g) => g.attributes.get('fill') === LIGHT.light);
    expect(cells?.children).toHaveLength(5);
  });

  it('refuses what nobody could read', () => {
    const pieces = Array.from({ length: MOST_FIGURE_TOKENS + 1 }, () => 'x');
    const table = tableOf(runOf({ pieces }), { rows: 0, cols: pieces.length, data: new Float32Array() });
    expect(() => matrixFigure(table, reading)).toThrow(/257 tokens/);
    expect(() => arcFigure(table, [0], 0, reading)).toThrow(/257 tokens/);
  });
});

describe('the links of a token as arcs', () => {
  it('draws those from the threshold on, says what the rest comes to, and prints each share', () => {
    const figure = parseXml(arcFigure(tableOf(animal, weights, { layer: 1, head: 0 }), [3], 0.04, reading));
    expect(all(figure, 'path')).toHaveLength(4);
    expect(all(figure, 'circle')).toHaveLength(0); // it looks at itself with 2 %, which is below
    const words = texts(figure);
    expect(words[0]).toBe('Where “it” looks: layer 1, head 0');
    expect(words).toEqual(expect.arrayContaining(['68\u202F%', '12\u202F%', 'animal']));
    expect(words.join(' ')).toContain('1 weaker one comes to 2\u202F%');
  });

  it('draws a loop where a token looks at itself', () => {
    expect(all(parseXml(arcFigure(tableOf(animal, weights), [4], 0.04, reading)), 'circle')).toHaveLength(1);
  });

  it('takes several tokens', () => {
    const figure = parseXml(arcFigure(tableOf(animal, weights), [0, 3], 0, reading));
    expect(all(figure, 'path').length + all(figure, 'circle').length).toBe(7);
    expect(texts(figure).join(' ')).toContain('Every link is drawn.');
  });
});

describe('every figure', () => {
  const figures: [string, (table: Table, paper?: Paper) => string][] = [
    ['matrix', (table, paper) => matrixFigure(table, reading, paper)],
    ['arcs', (table, paper) => arcFigure(table, [0], 0.01, reading, paper)],
  ];

  it.each(figures)('%s: is well-formed whatever it has to say', (_name, draw) => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 }),
        fc.string({ unit: 'binary' }),
        (pieces, text) => {
          const run = runOf({ pieces, text, name: text });
          parseXml(draw(tableOf(run, matrixOf(pieces.map(() => pieces.map(() => 0.5))))));
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each(figures)('%s: runs nothing and asks nobody', (_name, draw) => {
    const hostile = '</text><script>alert(1)</script><image href="https://example.org"/>';
    const run = runOf({ pieces: [hostile, '"onload="x'], text: hostile, name: hostile });
    const figure = parseXml(
      draw(
        tableOf(
          run,
          matrixOf([
            [0.5, 0.5],
            [0.5, 0.5],
          ]),
        ),
      ),
    );
    for (const name of ['script', 'image', 'style', 'foreignObject', 'a', 'use']) expect(all(figure, name)).toEqual([]);
    const every = (mark: Mark): string[] => [...mark.attributes.keys(), ...mark.children.flatMap(every)];
    expect(every(figure).filter((name) => /^on|href|src/.test(name))).toEqual([]);
  });

  it.each(figures)('%s: is drawn on dark paper where it is asked for', (_name, draw) => {
    const figure = draw(tableOf(animal, weights), DARK);
    expect(figure).toContain(DARK.ground);
    expect(figure).not.toContain(LIGHT.ink);
  });

  it('has the colours of tokens.css', () => {
    const css = readFileSync(new URL('../../web/site/styles/tokens.css', import.meta.url), 'utf8');
    const block = (selector: string) => css.slice(css.indexOf(selector)).split('}')[0] ?? '';
    const blocks: [Paper, string][] = [
      [LIGHT, block("\n[data-theme='light']")],
      [DARK, block(":root,\n[data-theme='dark']")],
    ];
    for (const [paper, text] of blocks) {
      const { ground, ...rest } = paper;
      for (const [name, value] of Object.entries({ panel: ground, ...rest })) {
        expect(/--attn-(\w+)/.exec(`--attn-${name}`)?.[1]).toBe(name);
        expect(text, name).toContain(`--attn-${name}: ${value};`);
      }
    }
  });
});
