/**
 * A table as JSON, with everything that is known of it: model, text, tokens, changes, exactness. JSON has no infinity:
 * where a score is masked it says null.
 */
import type { Run } from '../engine/types';
import { type Line, nameOf, type Table } from './table';

export function json(table: Table): string {
  const { quantity, layer, head, matrix, rows, cols, run, beside } = table;
  const { data } = matrix;
  const about = {
    format: 'headlight-table',
    version: 1,
    name: nameOf(table),
    quantity,
    layer,
    head,
    axes: 'row looks at column',
    null: 'masked: minus infinity',
    run: aboutRun(run),
    ...(beside === null ? {} : { minus: aboutRun(beside) }),
    rows: rows.map(aboutLine),
    cols: cols.map(aboutLine),
  };
  const lines = Array.from({ length: matrix.rows }, (_, row) =>
    JSON.stringify([...data.subarray(row * matrix.cols, (row + 1) * matrix.cols)]),
  );
  // A line of the file for each row: a person can read it, and so can a diff.
  return `${JSON.stringify(about, null, 1).slice(0, -2)},\n "data": [\n  ${lines.join(',\n  ')}\n ]\n}\n`;
}

function aboutRun({ text, chat, generated, interventions, model, backend }: Run) {
  const { source, precision, module, tolerance } = backend;
  return { model, source, precision, module, tolerance, text, chat, generated, interventions };
}

function aboutLine({ token, beside }: Line) {
  const { index, id, piece, text, special } = token;
  return { index, id, piece, text, special, ...(beside === null ? {} : { beside: beside.piece }) };
}
