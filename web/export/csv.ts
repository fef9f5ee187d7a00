/**
 * A table as comma-separated values, RFC 4180: a header of tokens, then one line a row. No comments, so that any reader
 * takes it; what it is of stands in the first field. Every text is quoted and none is changed: a token "=" stays one,
 * so a spreadsheet has to be told that these fields are text.
 */
import { nameOf, pieceOf, type Table } from './table';

export function csv(table: Table): string {
  const { matrix, rows, cols } = table;
  const lines = rows.map((line, row) => {
    const numbers = matrix.data.subarray(row * matrix.cols, (row + 1) * matrix.cols);
    return [quoted(pieceOf(line)), ...Array.from(numbers, written)];
  });
  const header = [`${nameOf(table)}: rows look at columns`, ...cols.map(pieceOf)].map(quoted);
  return [header, ...lines].map((fields) => `${fields.join(',')}\r\n`).join('');
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** All digits of the number; a masked score as NumPy, pandas and R read it. */
function written(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
}
