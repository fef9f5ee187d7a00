/** Where tokens look in one head, as arcs over the text: the wider and fuller an arc, the greater its weight. */
import type { Paper } from './paper';
import { LIGHT } from './paper';
import type { Reading } from './reading';
import { escaped, figure, MOST_FIGURE_TOKENS, mm, TEXT, widthOf } from './svg';
import type { Table } from './table';

/** Millimetres. */
const GAP = 2.6;
const LEAST_ADVANCE = 5;
const HIGHEST = 55;
const LOOP = 3;

/**
 * @param table  weights, whole: a row for each token
 * @param queries  the tokens whose links are drawn
 * @param least  links below this weight are left out, and the caption says what they come to
 */
export function arcFigure(
  table: Table,
  queries: readonly number[],
  least: number,
  reading: Reading,
  paper: Paper = LIGHT,
): string {
  const { matrix, cols, layer, head, run } = table;
  if (cols.length > MOST_FIGURE_TOKENS)
    throw new RangeError(`A figure of ${cols.length} tokens cannot be read: ${MOST_FIGURE_TOKENS} at most.`);
  const labels = cols.map(({ token }) => reading.label(token));
  const places: number[] = [];
  let end = 0;
  for (const label of labels) {
    const advance = Math.max(LEAST_ADVANCE, widthOf(label) + GAP);
    places.push(end + advance / 2);
    end += advance;
  }
  const at = (token: number) => places[token] ?? 0;

  const arcs: { query: number; key: number; weight: number }[] = [];
  const left = { count: 0, sum: 0 };
  for (const query of queries) {
    for (let key = 0; key < cols.length; ++key) {
      const weight = matrix.data[query * matrix.cols + key] ?? 0;
      if (weight > 0 && weight >= least) arcs.push({ query, key, weight });
      else if (weight > 0) {
        left.count += 1;
        left.sum += weight;
      }
    }
  }
  arcs.sort((a, b) => a.weight - b.weight); // The strongest come last, on top.
  const rise = (query: number, key: number) =>
    query === key ? 2 * LOOP : Math.min(HIGHEST, Math.abs(at(query) - at(key)) * 0.44);
  const sky = Math.max(LOOP * 2, ...arcs.map(({ query, key }) => rise(query, key))) + 2;
  const look = (weight: number) => `stroke-width="${mm(0.15 + 1.5 * weight)}" opacity="${mm(0.25 + 0.75 * weight)}"`;
  const path = ({ query, key, weight }: (typeof arcs)[number]) => {
    if (query === key) return `<circle cx="${mm(at(key))}" cy="${mm(sky - LOOP)}" r="${LOOP}" ${look(weight)}/>`;
    const [from, to] = [at(query), at(key)];
    const sweep = to > from ? 1 : 0;
    return `<path d="M${mm(from)} ${mm(sky)}A${mm(Math.abs(to - from) / 2)} ${mm(rise(query, key))} 0 0 ${sweep} ${mm(to)} ${mm(sky)}" ${look(weight)}/>`;
  };
  const isLooking = (token: number) => queries.includes(token);
  const words = labels.map((label, token) => {
    const isNamed = isLooking(token) || arcs.some(({ key }) => key === token);
    return `<text x="${mm(at(token))}" y="${mm(sky + 4)}"${isNamed ? '' : ` fill="${paper.muted}"`}${isLooking(token) ? ' font-weight="700"' : ''}>${escaped(label)}</text>`;
  });
  // With several tokens that look, a key has no single share to print.
  const shares =
    queries.length !== 1
      ? []
      : arcs.map(
          ({ key, weight }) =>
            `<text x="${mm(at(key))}" y="${mm(sky + 8)}" fill="${paper.light}" font-size="${mm(TEXT * 0.85)}">${escaped(reading.percent(weight))}</text>`,
        );

  const first = queries[0];
  const who = queries.length === 1 && first !== undefined ? `“${labels[first] ?? ''}”` : `${queries.length} tokens`;
  const cut =
    left.count === 0
      ? 'Every link is drawn.'
      : `Links from ${reading.percent(least)} are drawn; ${left.count} weaker ${left.count === 1 ? 'one comes' : 'ones come'} to ${reading.percent(left.sum)}.`;
  return figure(
    {
      title: `Where ${who} ${queries.length === 1 ? 'looks' : 'look'}: layer ${layer}, head ${head}`,
      notes: [cut],
      run,
      width: end,
      height: sky + 10,
      marks: [
        `<g fill="none" stroke="${paper.light}">\n${arcs.map(path).join('\n')}\n</g>`,
        `<g text-anchor="middle">\n${[...words, ...shares].join('\n')}\n</g>`,
      ],
    },
    reading,
    paper,
  );
}
