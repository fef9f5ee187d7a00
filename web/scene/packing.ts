/** Link lists as textures: how many to draw, and in which texels. Pure; knows the list's format and nothing else. */
import type { LinkList } from '../engine/types';
import type { LinkEnds } from './curve';

export interface Link extends LinkEnds {
  readonly weight: number;
}

/** uint32 numbers of one link, which are one texel. */
export const LINK_WORDS = 4;
export const TEXTURE_WIDTH = 512;

export function linkCount(list: LinkList): number {
  return list.length / LINK_WORDS;
}

/** The weights' view of a list: entry 4 i + 3 is link i's. */
function floats(list: LinkList): Float32Array {
  return new Float32Array(list.buffer, list.byteOffset, list.length);
}

export function linkAt(list: LinkList, index: number): Link {
  const at = index * LINK_WORDS;
  const place = list[at]!;
  return {
    layer: place >>> 16,
    head: place & 0xffff,
    query: list[at + 1]!,
    key: list[at + 2]!,
    weight: floats(list)[at + 3]!,
  };
}

/** How many links of a descending list weigh at least `least`: the list's head, found by bisection. */
export function countAtLeast(list: LinkList, least: number): number {
  const weights = floats(list);
  let low = 0;
  let high = linkCount(list);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (weights[middle * LINK_WORDS + 3]! >= least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows of a texture that holds so many links; powers of two, so that it is seldom made anew. */
export function textureRows(links: number): number {
  let rows = 1;
  while (rows * TEXTURE_WIDTH < links) rows *= 2;
  return rows;
}

export interface FocusList {
  readonly list: LinkList;
  readonly count: number;
  /** So many at the start belong to the chosen head of the chosen layer. */
  readonly chosen: number;
}

/**
 * One token's links for drawing: those of the chosen head first, so that they are drawn last, on top. Links lighter
 * than `least` are left out, but never the chosen one itself: `keep` is a link that a label speaks of.
 */
export function focusList(
  list: LinkList,
  least: number,
  chosen: { readonly layer: number; readonly head: number },
  keep: Link | null,
): FocusList {
  const count = countAtLeast(list, least);
  const place = chosen.layer * 65536 + chosen.head;
  const mine: number[] = [];
  const others: number[] = [];
  for (let i = 0; i < count; i++) {
    if (list[i * LINK_WORDS] === place) mine.push(i);
    else others.push(i);
  }
  const extra = keep !== null && keep.weight > 0 && keep.weight < least ? keep : null;
  const out = new Uint32Array((mine.length + others.length + (extra ? 1 : 0)) * LINK_WORDS);
  let at = 0;
  for (const i of mine) {
    out.set(list.subarray(i * LINK_WORDS, (i + 1) * LINK_WORDS), at);
    at += LINK_WORDS;
  }
  if (extra) {
    out.set([extra.layer * 65536 + extra.head, extra.query, extra.key], at);
    floats(out)[at + 3] = extra.weight;
    at += LINK_WORDS;
  }
  for (const i of others) {
    out.set(list.subarray(i * LINK_WORDS, (i + 1) * LINK_WORDS), at);
    at += LINK_WORDS;
  }
  return { list: out, count: linkCount(out), chosen: mine.length + (extra ? 1 : 0) };
}
