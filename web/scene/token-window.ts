/**
 * Which tokens of a long text stand in the scene, and the snapshot cut down to them, so that everything behind it need
 * not know. Pure; who says so to the reader is the caption.
 */
import type { LinkList, Overview, Run, TokenRow } from '../engine/types';
import type { RunView, Snapshot } from '../session/snapshot';
import { LINK_WORDS } from './packing';

/** Tokens [first, end). */
export interface TokenRange {
  readonly first: number;
  readonly end: number;
}

/** Texts up to this length are shown whole: names of more tokens would stand in each other's way. */
export const MOST_WHOLE = 96;
/** Of longer ones so many tokens, in steps, so that a step of the selection does not move everything. */
const WINDOW = 64;
const STEP = 16;
/** What a token looks at mostly stands before it. */
const BEFORE = 40;

export function tokenRange(nTokens: number, query: number): TokenRange {
  if (nTokens <= MOST_WHOLE) return { first: 0, end: nTokens };
  const wanted = Math.floor((query - BEFORE) / STEP) * STEP;
  const first = Math.max(0, Math.min(wanted, Math.ceil((nTokens - WINDOW) / STEP) * STEP));
  return { first, end: Math.min(nTokens, first + WINDOW) };
}

/** How many of the first `count` links run between tokens in the range. */
export function countInside(list: LinkList, count: number, { first, end }: TokenRange): number {
  let inside = 0;
  for (let at = 0; at < count * LINK_WORDS; at += LINK_WORDS) {
    if (isInside(list, at, first, end)) ++inside;
  }
  return inside;
}

function isInside(list: LinkList, at: number, first: number, end: number): boolean {
  const [query, key] = [list[at + 1]!, list[at + 2]!];
  return query >= first && query < end && key >= first && key < end;
}

/** Cuts snapshots down, and hands out the same part for the same part, so that what did not change is seen not to. */
export class TokenWindow {
  private range: TokenRange = { first: 0, end: 0 };
  private source: RunView | null = null;
  private cut: RunView | null = null;

  /** What has to be added to the cut snapshot's token numbers. */
  get first(): number {
    return this.range.first;
  }

  of(snapshot: Snapshot): Snapshot {
    const view = snapshot.runs[0];
    if (view === undefined) return snapshot;
    const n = view.run.tokens.length;
    const range = tokenRange(n, view.selection.query);
    const isSame = range.first === this.range.first && range.end === this.range.end;
    const known = isSame && this.cut !== null && this.source !== null ? { cut: this.cut, source: this.source } : null;
    this.range = range;
    if (range.end - range.first === n) {
      this.source = this.cut = null;
      return snapshot;
    }
    const part = <Name extends keyof RunView>(name: Name, make: () => RunView[Name]): RunView[Name] =>
      known !== null && known.source[name] === view[name] ? known.cut[name] : make();
    this.source = view;
    this.cut = {
      ...view,
      run: part('run', (): Run => ({ ...view.run, tokens: view.run.tokens.slice(range.first, range.end) })),
      selection: {
        ...view.selection,
        query: view.selection.query - range.first,
        key: view.selection.key - range.first,
      },
      overview: part('overview', () => overviewOf(view.overview, n, range)),
      row: part('row', () => rowOf(view.row, n, range)),
      apart: part('apart', () => view.apart.slice(range.first, range.end)),
      matrix: part('matrix', () => ({ ...view.matrix, ...squareOf(view.matrix.data, n, range) })),
    };
    return { ...snapshot, state: { ...snapshot.state, hover: hoverOf(snapshot, range) }, runs: [this.cut] };
  }
}

function hoverOf({ state: { hover } }: Snapshot, { first }: TokenRange) {
  const moved = (token: number | null) => (token === null ? null : token - first);
  return hover === null ? null : { ...hover, query: moved(hover.query), key: moved(hover.key) };
}

function overviewOf(overview: Overview, n: number, range: TokenRange): Overview {
  const strongest = rowsOf(overview.strongest, n, range).map((key) => (key >= range.end ? -1 : key - range.first));
  return {
    ...overview,
    links: linksOf(overview.links, range),
    setApart: rowsOf(overview.setApart, n, range),
    strongest: strongest.map((key) => Math.max(-1, key)),
  };
}

function rowOf(row: TokenRow, n: number, range: TokenRange): TokenRow {
  return { query: row.query - range.first, weights: rowsOf(row.weights, n, range), links: linksOf(row.links, range) };
}

/** The links between tokens of the range, in the same order, with their numbers in it. */
function linksOf(list: LinkList, { first, end }: TokenRange): LinkList {
  const cut = new Uint32Array(list.length);
  let at = 0;
  for (let i = 0; i < list.length; i += LINK_WORDS) {
    if (!isInside(list, i, first, end)) continue;
    cut.set([list[i]!, list[i + 1]! - first, list[i + 2]! - first, list[i + 3]!], at);
    at += LINK_WORDS;
  }
  return cut.slice(0, at);
}

/** Of each run of n numbers those in the range. */
function rowsOf<Numbers extends Float32Array | Int32Array>(
  rows: Numbers,
  n: number,
  { first, end }: TokenRange,
): Numbers {
  const size = end - first;
  const count = rows.length / n;
  const cut = new (rows.constructor as new (length: number) => Numbers)(count * size);
  for (let i = 0; i < count; i++) cut.set(rows.subarray(i * n + first, i * n + end), i * size);
  return cut;
}

function squareOf(data: Float32Array, n: number, range: TokenRange) {
  const size = range.end - range.first;
  return { rows: size, cols: size, data: rowsOf(data.subarray(range.first * n, range.end * n), n, range) };
}
