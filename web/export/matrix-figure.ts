/** A table as a figure: a grid of light with its tokens on both sides, and a legend of what the light means. */
import type { Paper } from './paper';
import { LIGHT } from './paper';
import type { Reading } from './reading';
import { escaped, figure, MOST_FIGURE_TOKENS, mm, TEXT, widthOf } from './svg';
import { type Line, nameOf, type Table } from './table';

/** A cell's side in millimetres: as large as fits a page, but never too small to see. */
const LEAST = 2;
const MOST = 6;
const PAGE = 140;

/** How a number looks: which way it is, and how strongly, from 0 to 1. */
interface Shade {
  readonly of: (value: number) => number;
  readonly isSigned: boolean;
  /** The number that has full strength. */
  readonly most: number;
}

export function matrixFigure(table: Table, reading: Reading, paper: Paper = LIGHT): string {
  const { matrix, rows, cols, run, layer, beside } = table;
  if (cols.length > MOST_FIGURE_TOKENS)
    throw new RangeError(`A figure of ${cols.length} tokens cannot be read: ${MOST_FIGURE_TOKENS} at most.`);
  const name = ({ token, beside: other }: Line) => {
    const [label, second] = [reading.label(token), other === null ? null : reading.label(other)];
    return second === null || second === label ? label : `${label} / ${second}`;
  };
  const side = Math.max(LEAST, Math.min(MOST, PAGE / cols.length));
  const size = Math.min(TEXT, side * 0.82);
  const widest = (lines: readonly Line[]) => Math.max(...lines.map((line) => widthOf(name(line), size)));
  const [left, above] = [widest(rows) + 1.5, widest(cols) + 1.5];
  const shade = shadeOf(table);
  const hides = (row: Line, col: Line) =>
    beside === null && !reading.sees(run, layer, row.token.index, col.token.index);

  const strengths: Record<'positive' | 'negative', string[]> = { positive: [], negative: [] };
  let masked = '';
  for (const [r, row] of rows.entries()) {
    for (const [c, col] of cols.entries()) {
      const value = matrix.data[r * matrix.cols + c] ?? Number.NaN;
      const [x, y] = [left + c * side, above + r * side];
      if (hides(row, col) || !Number.isFinite(value)) {
        masked += `M${mm(x)} ${mm(y + side)}l${mm(side)} ${mm(-side)}`;
        continue;
      }
      const strength = shade.of(value);
      const share = Math.round(Math.abs(strength) * 1000) / 1000;
      if (share === 0) continue;
      strengths[strength < 0 ? 'negative' : 'positive'].push(
        `<rect x="${mm(x)}" y="${mm(y)}" width="${mm(side)}" height="${mm(side)}" opacity="${share}"/>`,
      );
    }
  }

  const [width, height] = [cols.length * side, rows.length * side];
  const legend = legendOf(shade, masked !== '', reading, paper);
  const marks = [
    group(`fill="${shade.isSigned ? paper.positive : paper.light}" shape-rendering="crispEdges"`, strengths.positive),
    group(`fill="${paper.negative}" shape-rendering="crispEdges"`, strengths.negative),
    masked === '' ? '' : `<path d="${masked}" stroke="${paper.line}" stroke-width="0.15"/>`,
    `<rect x="${mm(left)}" y="${mm(above)}" width="${mm(width)}" height="${mm(height)}" fill="none" stroke="${paper.line}" stroke-width="0.2"/>`,
    group(
      `font-size="${mm(size)}" text-anchor="end"`,
      rows.map(
        (line, r) =>
          `<text x="${mm(left - 1)}" y="${mm(above + (r + 0.5) * side + size * 0.35)}">${escaped(name(line))}</text>`,
      ),
    ),
    group(
      `font-size="${mm(size)}"`,
      cols.map((line, c) => {
        const [x, y] = [left + (c + 0.5) * side + size * 0.35, above - 1];
        return `<text transform="translate(${mm(x)} ${mm(y)}) rotate(-90)">${escaped(name(line))}</text>`;
      }),
    ),
    `<g transform="translate(${mm(left)} ${mm(above + height + 4)})">${legend.marks}</g>`,
  ];
  const named = nameOf(table);
  const note =
    beside === null
      ? 'Rows look, columns are looked at.'
      : `Rows look, columns are looked at: this run minus “${beside.text.trim()}” (${beside.model.name}).`;
  return figure(
    {
      title: `${named[0]?.toUpperCase()}${named.slice(1)}`,
      notes: [note],
      run,
      width: left + Math.max(width, legend.width),
      height: above + height + 4 + legend.height,
      marks: marks.filter((mark) => mark !== ''),
    },
    reading,
    paper,
  );
}

/** Weights and shares by their square root, as on the screen; what may be negative in proportion, around zero. */
function shadeOf({ quantity, matrix }: Table): Shade {
  const largest = (start: number) =>
    matrix.data.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), start);
  if (quantity === 'scores' || quantity === 'difference') {
    const most = largest(0) || 1;
    return { of: (value) => value / most, isSigned: true, most };
  }
  const most = quantity === 'value-weighted' ? largest(0) || 1 : 1;
  return { of: (value) => Math.sqrt(Math.max(0, value) / most), isSigned: false, most };
}

function legendOf({ of, isSigned, most }: Shade, hasMasked: boolean, reading: Reading, paper: Paper) {
  const [wide, high, steps] = [44, 2.6, 44];
  const ticks = isSigned ? [-most, 0, most] : [0, most * 0.1, most * 0.3, most];
  /** Where a number stands on the bar: the bar is even in strength. */
  const at = (value: number) => (isSigned ? (of(value) + 1) / 2 : of(value)) * wide;
  const bar = Array.from({ length: steps }, (_, i) => {
    const strength = isSigned ? (2 * (i + 0.5)) / steps - 1 : (i + 0.5) / steps;
    const fill = strength < 0 ? paper.negative : isSigned ? paper.positive : paper.light;
    return `<rect x="${mm((i * wide) / steps)}" width="${mm(wide / steps)}" height="${high}" fill="${fill}" opacity="${mm(Math.abs(strength))}"/>`;
  });
  const words = ticks.map(
    (tick) =>
      `<text x="${mm(at(tick))}" y="${mm(high + TEXT * 1.2)}" text-anchor="middle" fill="${paper.muted}">${escaped(reading.number(tick))}</text>`,
  );
  const hidden = hasMasked
    ? `<path d="M${wide + 8} ${high}l${high} ${-high}" stroke="${paper.muted}" stroke-width="0.25"/><rect x="${wide + 8}" width="${high}" height="${high}" fill="none" stroke="${paper.line}" stroke-width="0.2"/><text x="${mm(wide + 8 + high + 1)}" y="${mm(high * 0.85)}" fill="${paper.muted}">masked</text>`
    : '';
  const frame = `<rect width="${wide}" height="${high}" fill="none" stroke="${paper.line}" stroke-width="0.2"/>`;
  return {
    marks: [`<g shape-rendering="crispEdges">${bar.join('')}</g>`, frame, ...words, hidden].join(''),
    width: hasMasked ? wide + 24 : wide + 4,
    height: high + TEXT * 1.6,
  };
}

function group(look: string, marks: readonly string[]): string {
  return marks.length === 0 ? '' : `<g ${look}>\n${marks.join('\n')}\n</g>`;
}
