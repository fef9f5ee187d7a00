/** Numbers as files: every one comes back as it was, whatever the tokens are called. */
import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csv } from '../../web/export/csv';
import { json } from '../../web/export/json';
import { npy, npyHeader } from '../../web/export/npy';
import { printPixels, withResolution } from '../../web/export/png';
import {
  differenceTable,
  fileName,
  nameOf,
  pieceOf,
  placeOf,
  rowTable,
  shownTable,
  type Table,
} from '../../web/export/table';
import { crc32, zip } from '../../web/export/zip';
import type { Comparison, RunView } from '../../web/session/snapshot';
import { matrixOf, runOf, snapshotOf } from './export-runs';

const hostile = ['=1+1', 'a,"b"', 'two\nlines', '-@+', '[CLS]', '##ing', '', '日本'];
const numbers = hostile.map((_, row) => hostile.map((_, col) => Math.fround(1 / (row * 8 + col + 3))));

function tableOf(rows = numbers, state = {}): Table {
  const table = shownTable(snapshotOf(runOf({ pieces: hostile }), matrixOf(rows), state));
  if (table === null) throw new Error('nothing is on show');
  return table;
}

/** RFC 4180, to the letter: what a strict reader makes of it. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let [row, at]: [string[], number] = [[], 0];
  while (at < text.length) {
    let field = '';
    if (text[at] === '"') {
      for (++at; ; ++at) {
        if (at >= text.length) throw new Error('a quote is not closed');
        if (text[at] !== '"') field += text[at];
        else if (text[at + 1] === '"') field += text[at++];
        else break;
      }
      ++at;
    } else while (at < text.length && !/[,\r\n]/.test(text[at] ?? '')) field += text[at++];
    row.push(field);
    if (text[at] === ',') ++at;
    else if (text.startsWith('\r\n', at)) {
      rows.push(row);
      row = [];
      at += 2;
    } else throw new Error(`neither a comma nor the end of a line at ${at}`);
  }
  return rows;
}

describe('CSV', () => {
  it('gives back tokens and numbers', () => {
    const [header, ...rows] = parseCsv(csv(tableOf()));
    expect(header).toEqual(['weights of layer 1, head 0: rows look at columns', ...hostile]);
    expect(rows.map((row) => row[0])).toEqual(hostile);
    expect(rows.map((row) => row.slice(1).map(Number))).toEqual(numbers);
  });

  it('says of masked scores what NumPy and pandas read', () => {
    const table = tableOf(
      [
        [0.5, -Infinity],
        [1, 2],
      ],
      { measure: 'scores' },
    );
    const two = { ...table, rows: table.rows.slice(0, 2), cols: table.cols.slice(0, 2) };
    expect(parseCsv(csv(two)).map((row) => row.slice(1))[1]).toEqual(['0.5', '-inf']);
  });

  it('survives any token', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 5 }), (pieces) => {
        const run = runOf({ pieces });
        const table = shownTable(snapshotOf(run, matrixOf(pieces.map(() => pieces.map(() => 0.25)))));
        expect(parseCsv(csv(table as Table))[0]?.slice(1)).toEqual(pieces);
      }),
      { numRuns: 50 },
    );
  });
});

/** NPY 1.0, as its description has it. */
function parseNpy(file: Uint8Array): { shape: number[]; data: Float32Array } {
  const text = new TextDecoder('latin1').decode(file);
  expect(text.slice(0, 8)).toBe('\x93NUMPY\x01\x00');
  const length = (file[8] ?? 0) + 256 * (file[9] ?? 0);
  expect((10 + length) % 64).toBe(0);
  const header = text.slice(10, 10 + length);
  const found = /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(([^)]*)\), \} *\n$/.exec(header);
  const list = found?.[1] ?? '';
  // A tuple of one has a comma, or Python reads a number.
  expect(list).toMatch(/^(\d+,|\d+(, \d+)+)$/);
  const shape = list
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  return { shape, data: new Float32Array(file.slice(10 + length).buffer) };
}

describe('NPY', () => {
  it.each([[[64]], [[8, 8]], [[2, 2, 4, 4]]])('holds numbers of shape %j bit for bit', (shape) => {
    const data = Float32Array.from({ length: 64 }, (_, i) => (i === 7 ? -Infinity : 1 / (i + 3)));
    const found = parseNpy(npy(shape, data));
    expect(found.shape).toEqual(shape);
    expect(found.data).toEqual(data);
  });

  it('takes a view of a larger buffer as the view it is', () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    expect([...parseNpy(npy([2], data)).data]).toEqual([2, 3]);
  });

  it('has a header that grows with the shape', () => {
    expect(npyHeader([1]).length % 64).toBe(0);
    expect(npyHeader(Array.from({ length: 40 }, () => 123456)).length % 64).toBe(0);
  });
});

describe('JSON', () => {
  it('says what it is of, and every number exactly', () => {
    const run = runOf({ pieces: hostile, text: 'a "text"', interventions: [{ kind: 'head-off', layer: 0, head: 1 }] });
    const table = shownTable(snapshotOf(run, matrixOf(numbers))) as Table;
    const found = JSON.parse(json(table));
    expect(found).toMatchObject({
      format: 'headlight-table',
      quantity: 'weights',
      layer: 1,
      head: 0,
      run: { model: { name: 'Tiny' }, text: 'a "text"', interventions: [{ kind: 'head-off', layer: 0, head: 1 }] },
    });
    expect(found.rows.map((row: { piece: string }) => row.piece)).toEqual(hostile);
    expect(found.data).toEqual(numbers);
  });

  it('has null where a score is masked', () => {
    const table = tableOf(
      [
        [0.5, -Infinity],
        [1, 2],
      ],
      { measure: 'scores' },
    );
    expect(JSON.parse(json(table)).data).toEqual([
      [0.5, null],
      [1, 2],
    ]);
  });
});

describe('what there is to take', () => {
  it('is nothing before there is a run', () => {
    const snapshot = { ...snapshotOf(runOf({ pieces: ['a'] }), matrixOf([[1]])), runs: [] };
    expect(shownTable(snapshot)).toBeNull();
    expect(differenceTable(snapshot)).toBeNull();
  });

  it.each([
    ['weights', 0, 'weights of layer 1, head 0', 'L1H0'],
    ['value-weighted', 0, 'value-weighted attention of layer 1, head 0', 'L1H0'],
    ['mean', null, 'mean over the heads of layer 1', 'L1'],
    ['rollout', null, 'rollout up to layer 1', 'L1'],
  ] as const)('%s is named for what it is', (measure, head, name, place) => {
    const table = tableOf(numbers, { measure });
    expect([table.head, nameOf(table), placeOf(table)]).toEqual([head, name, place]);
  });

  it('is named for the numbers on show, not for those that were asked for', () => {
    const asked = snapshotOf(
      runOf({ pieces: hostile }),
      matrixOf(numbers),
      { measure: 'scores' },
      {},
      { measure: 'weights' },
    );
    expect(shownTable(asked)?.quantity).toBe('weights');
  });

  it('is one row where a row is asked for', () => {
    const row = rowTable(tableOf(), 3);
    expect(parseCsv(csv(row)).slice(1)).toEqual([[hostile[3], ...(numbers[3] ?? []).map(String)]]);
  });

  it('names both tokens of a difference where they are not the same', () => {
    const left = runOf({ pieces: ['too', 'tired'] });
    const right = runOf({ pieces: ['too', 'wide'] });
    const comparison = {
      pairs: Int32Array.of(0, 0, 1, 1),
      difference: matrixOf([
        [0, 0.5],
        [-0.25, 0],
      ]),
    };
    const snapshot = snapshotOf(
      left,
      matrixOf([
        [1, 0],
        [0, 1],
      ]),
    );
    const table = differenceTable({
      ...snapshot,
      comparison: comparison as unknown as Comparison,
      runs: [...snapshot.runs, { ...snapshot.runs[0], run: right } as RunView],
    }) as Table;
    expect(table.rows.map(pieceOf)).toEqual(['too', 'tired / wide']);
    expect(JSON.parse(json(table))).toMatchObject({ quantity: 'difference', minus: { text: 'too wide' } });
    expect(JSON.parse(json(table)).data).toEqual([
      [0, 0.5],
      [-0.25, 0],
    ]);
  });

  it('gets a name that every system takes', () => {
    expect(fileName(['L3H1', 'it'], 'csv')).toBe('headlight-L3H1-it.csv');
    expect(fileName(['L3H1', '../..\\"<>|:*?\n'], 'csv')).toBe('headlight-L3H1.csv');
    expect(fileName(['', '日本', 'x'.repeat(200)], 'npy')).toBe(`headlight-日本-${'x'.repeat(40)}.npy`);
  });
});

/** The end record, the directory and each file's own header, as a strict reader follows them. */
function parseZip(file: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(file.buffer);
  const end = file.length - 22;
  expect(view.getUint32(end, true)).toBe(0x06054b50);
  const [count, size, start] = [
    view.getUint16(end + 10, true),
    view.getUint32(end + 12, true),
    view.getUint32(end + 16, true),
  ];
  expect(start + size).toBe(end);
  const found = new Map<string, Uint8Array>();
  for (let i = 0, at = start; i < count; ++i) {
    expect(view.getUint32(at, true)).toBe(0x02014b50);
    const [crc, length, name, place] = [16, 24, 28, 42].map((o) =>
      o === 28 ? view.getUint16(at + o, true) : view.getUint32(at + o, true),
    ) as [number, number, number, number];
    const title = new TextDecoder().decode(file.subarray(at + 46, at + 46 + name));
    expect(view.getUint32(place, true)).toBe(0x04034b50);
    expect(view.getUint32(place + 14, true)).toBe(crc);
    expect(view.getUint16(place + 6, true)).toBe(0x0800);
    const data = file.slice(
      place + 30 + view.getUint16(place + 26, true),
      place + 30 + view.getUint16(place + 26, true) + length,
    );
    expect(crc32(data)).toBe(crc);
    found.set(title, data);
    at += 46 + name;
  }
  return found;
}

describe('zip and PNG', () => {
  it('knows the checksum that the standard gives', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });

  it('gives back every file', () => {
    const files = [
      { name: 'frame-00.png', data: Uint8Array.of(1, 2, 3) },
      { name: 'ünï.txt', data: new Uint8Array() },
      { name: 'more', data: Uint8Array.from({ length: 1000 }, (_, i) => i) },
    ];
    expect([...parseZip(zip(files))]).toEqual(files.map(({ name, data }) => [name, data]));
  });

  it('is as large on paper as it says', () => {
    expect(printPixels(180, 300)).toBe(2126);
    const dot = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
      'base64',
    );
    const file = Buffer.from(withResolution(dot, 300));
    // Chunk by chunk: each checksum holds, and the picture is still the same.
    const chunks: [string, Buffer][] = [];
    for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
      const length = file.readUInt32BE(at);
      expect(crc32(file.subarray(at + 4, at + 8 + length))).toBe(file.readUInt32BE(at + 8 + length));
      chunks.push([file.toString('latin1', at + 4, at + 8), file.subarray(at + 8, at + 8 + length)]);
    }
    expect(chunks.map(([name]) => name)).toEqual(['IHDR', 'pHYs', 'IDAT', 'IEND']);
    expect(chunks[1]?.[1].readUInt32BE(0)).toBe(11811); // per metre: 300 per inch
    expect(inflateSync(chunks[2]?.[1] as Buffer).length).toBe(5);
    expect(() => withResolution(Uint8Array.of(1, 2, 3))).toThrow('no PNG');
  });
});
