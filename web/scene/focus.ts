/** What a snapshot puts into the light: which token looks, through which head, at what. Pure; reads, never computes. */
import type { RunView, Snapshot } from '../session/snapshot';
import { countAtLeast, LINK_WORDS, type Link, linkAt } from './packing';

export interface Focus {
  readonly layer: number;
  readonly head: number;
  /** The token that looks; null: nothing is chosen, and all links are shown alike. */
  readonly query: number | null;
  /** The link the labels speak of; null where the row has no visible key but itself or what is set apart. */
  readonly link: Link | null;
  /** Further keys of the same row that deserve a label, strongest first. */
  readonly others: readonly Link[];
  /** The query's weight on itself. */
  readonly self: number;
  /** The share that goes to tokens set apart; null while they are not. */
  readonly apart: number | null;
}

const OTHERS = 2;
const LEAST_LABELLED = 0.08;

export function isApart(view: RunView, token: number): boolean {
  return view.apart[token] === 1;
}

export function focusOf(snapshot: Snapshot, view: RunView): Focus {
  const { run, selection, row, overview } = view;
  const { nLayers, nHeads } = run.model;
  const n = run.tokens.length;
  const hover = snapshot.state.hover;
  const inside = (value: number | null | undefined, count: number) =>
    value !== null && value !== undefined && value >= 0 && value < count;
  const layer = inside(hover?.layer, nLayers) ? hover!.layer! : selection.layer;
  const head = inside(hover?.head, nHeads) ? hover!.head! : selection.head;
  const query = row.query;
  const nothing = { layer, head, query: null, link: null, others: [], self: 0, apart: null };
  // The tokens set apart have no links of their own to show: their choice lights nothing.
  if (!inside(query, n) || isApart(view, query)) return nothing;

  const base = layer * nHeads + head;
  const weightOf = (key: number) => row.weights[base * n + key] ?? 0;
  const chosen = query === selection.query && layer === selection.layer && head === selection.head;
  const key = inside(hover?.key, n)
    ? hover!.key!
    : chosen
      ? selection.key
      : (overview.strongest[base * n + query] ?? -1);
  const speakable = key >= 0 && key < n && key !== query && !isApart(view, key);
  return {
    layer,
    head,
    query,
    link: speakable ? { layer, head, query, key, weight: weightOf(key) } : null,
    others: runnersUp(view, layer, head, key),
    self: weightOf(query),
    apart: snapshot.state.apart ? (overview.setApart[base * n + query] ?? 0) : null,
  };
}

function runnersUp(view: RunView, layer: number, head: number, key: number): Link[] {
  const { links } = view.row;
  const place = layer * 65536 + head;
  const found: Link[] = [];
  const end = countAtLeast(links, LEAST_LABELLED);
  for (let i = 0; i < end && found.length < OTHERS; i++) {
    if (links[i * LINK_WORDS] !== place || links[i * LINK_WORDS + 2] === key) continue;
    found.push(linkAt(links, i));
  }
  return found;
}
