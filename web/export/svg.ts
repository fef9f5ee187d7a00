/**
 * What figures share: a standalone SVG in millimetres, with a title, its drawing and a caption that says where the
 * numbers come from. No script, no link, no font from elsewhere; every text is escaped and lies in a text node.
 */
import type { Run } from '../engine/types';
import { LIGHT, type Paper } from './paper';
import type { Reading } from './reading';

/** Millimetres: of the text in a figure, of its title, and the room around everything. */
export const TEXT = 2.6;
export const TITLE = 3.6;
export const MARGIN = 4;
const LINE = 1.45;

/** More tokens make a figure that nobody can read. */
export const MOST_FIGURE_TOKENS = 256;

export interface Drawing {
  readonly title: string;
  /** What the drawing holds, and what it leaves out. */
  readonly notes: readonly string[];
  readonly run: Run;
  /** Of the drawing, in millimetres. */
  readonly width: number;
  readonly height: number;
  /** Elements within [0, width] and [0, height]. */
  readonly marks: readonly string[];
}

export function figure(drawing: Drawing, reading: Reading, paper: Paper = LIGHT): string {
  const { title, notes, run, marks } = drawing;
  const inner = Math.max(drawing.width, 86);
  const about = [...notes, sourceOf(run), ...changesOf(run, reading), `“${run.text.trim()}”`];
  const heading = wrapped(title, inner, TITLE);
  const caption = about.flatMap((line) => wrapped(line, inner, TEXT));
  const top = MARGIN + heading.length * TITLE * LINE + 2;
  const below = top + drawing.height + 4;
  const [width, height] = [inner + 2 * MARGIN, below + caption.length * TEXT * LINE + MARGIN];
  const text = (line: string, at: number, look: string) =>
    `<text x="${mm(MARGIN)}" y="${mm(at)}" ${look}>${escaped(line)}</text>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="${mm(width)}mm" height="${mm(height)}mm" viewBox="0 0 ${mm(width)} ${mm(height)}" role="img" font-family="Inter, Helvetica, Arial, sans-serif" font-size="${TEXT}" fill="${paper.ink}">
<title>${escaped(title)}</title>
<desc>${escaped(about.join(' '))}</desc>
<rect width="100%" height="100%" fill="${paper.ground}"/>
${heading.map((line, i) => text(line, MARGIN + TITLE * (0.9 + i * LINE), `font-size="${TITLE}" font-weight="600"`)).join('\n')}
<g transform="translate(${mm(MARGIN)} ${mm(top)})">
${marks.join('\n')}
</g>
${caption.map((line, i) => text(line, below + TEXT * (0.9 + i * LINE), `fill="${paper.muted}"`)).join('\n')}
</svg>
`;
}

function sourceOf({ model, backend, tokens }: Run): string {
  const made = backend.source === 'trace' ? 'a saved run' : `computed in ${backend.precision}`;
  return `${model.name}, ${made}, ${tokens.length} tokens. Layers and heads count from zero.`;
}

function changesOf(run: Run, reading: Reading): string[] {
  const changes = run.interventions.map((one) => reading.change(one, run));
  return changes.length === 0 ? [] : [`Changed by hand: ${changes.join('; ')}.`];
}

/** Text as it may stand in an element or an attribute. What XML cannot hold is replaced, as Unicode has it. */
export function escaped(text: string): string {
  return text
    .replace(UNWRITABLE, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 does not allow.
const UNWRITABLE = /[\0-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]|\p{Cs}/gu;

/** A length, to a hundredth of a millimetre. */
export const mm = (value: number): string => String(Math.round(value * 100) / 100);

/** About how wide a text is: a file cannot measure its reader's font. Errs on the wide side. */
export function widthOf(text: string, size = TEXT): number {
  let ems = 0;
  for (const character of text)
    ems += /[\u1100-\uFFFF]|\p{Extended_Pictographic}/u.test(character)
      ? 1.05
      : /[iljtf.,:;'|!()[\] ]/.test(character)
        ? 0.34
        : 0.62;
  return ems * size;
}

/** Broken between words (a number and its sign stay together), and within those that are longer than a line. */
function wrapped(text: string, width: number, size: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/[ \n\r\t]+/).flatMap((word) => [...(word.match(/.{1,40}/gsu) ?? [])])) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(longer, size) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}
