/** The pairs of sentences that the guide tries, and what a pair's words are. Pure. */
import { type MinimalPair, PAIR_GROUPS } from '../../state/pairs';

/** A pair without words about it: those are the catalogue's. Places are those of the first sentence. */
export interface GuidePair extends Pick<MinimalPair, 'text' | 'other' | 'layer' | 'head' | 'query' | 'key' | 'watch'> {
  /** Another key that may get what the first one loses. */
  readonly rival: number | null;
}

/** What the text of the section speaks of. */
const TOLD: readonly GuidePair[] = [
  {
    text: "The animal didn't cross the street because it was too tired.",
    other: "The animal didn't cross the street because it was too wide.",
    watch: ['animal', 'animal'],
    ...{ layer: 3, head: 1, query: 10, key: 2, rival: 8 },
  },
  {
    text: 'The keys to the cabinet were on the table.',
    other: 'The key to the cabinets was on the table.',
    watch: ['keys', 'key'],
    ...{ layer: 3, head: 1, query: 6, key: 2, rival: 5 },
  },
  {
    text: 'The trophy does not fit into the suitcase because it is too big.',
    other: 'The trophy does not fit into the suitcase because it is too small.',
    watch: ['trophy', 'trophy'],
    ...{ layer: 3, head: 1, query: 10, key: 2, rival: 8 },
  },
  {
    text: 'She poured water from the bottle into the cup until it was full.',
    other: 'She poured water from the bottle into the cup until it was empty.',
    watch: ['bottle', 'bottle'],
    ...{ layer: 3, head: 1, query: 11, key: 6, rival: 9 },
  },
  {
    text: 'My brother visited his aunt because she was ill.',
    other: 'My brother visited his aunt because he was ill.',
    watch: ['aunt', 'aunt'],
    ...{ layer: 1, head: 3, query: 7, key: 5, rival: 2 },
  },
  {
    text: 'The doctor asked the nurse because she was busy.',
    other: 'The doctor asked the nurse because he was busy.',
    watch: ['doctor', 'doctor'],
    ...{ layer: 1, head: 3, query: 7, key: 2, rival: 5 },
  },
];

/** The rest of the explorer's library for the guide's model. */
const MORE: readonly GuidePair[] = PAIR_GROUPS.filter(({ model }) => model === 'minilm')
  .flatMap(({ pairs }) => pairs)
  .filter((pair) => !TOLD.some(({ text }) => text === pair.text))
  .map((pair) => ({ ...pair, rival: null }));

export const GUIDE_PAIRS: readonly GuidePair[] = [...TOLD, ...MORE];
/** So many of them are told of in the text. */
export const TOLD_PAIRS = TOLD.length;

/** "animal: tired / wide", or "keys / key" where the key to watch differs itself. Both languages name a pair so. */
export function nameOf({ text, other, watch }: GuidePair): string {
  return watch[0] === watch[1] ? `${watch[0]}: ${named(differing(text, other).parts)}` : named(watch);
}

/** Two words as one name. */
export const named = ([left, right]: readonly [string, string]): string =>
  left === right ? left : `${left} / ${right}`;

/** What is alike before, what differs in each, and what is alike after: whole words. */
export function differing(
  text: string,
  other: string,
): { before: string; parts: readonly [string, string]; after: string } {
  const [left, right] = [wordsOf(text), wordsOf(other)];
  const least = Math.min(left.length, right.length);
  let start = 0;
  while (start < least && left[start] === right[start]) ++start;
  let end = 0;
  while (end < least - start && left.at(-1 - end) === right.at(-1 - end)) ++end;
  const part = (words: readonly string[]) =>
    words
      .slice(start, words.length - end)
      .join('')
      .trim();
  return {
    before: left.slice(0, start).join(''),
    parts: [part(left), part(right)],
    after: left.slice(left.length - end).join(''),
  };
}

/** Words and what stands between them. */
const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}’']+|[^\p{L}\p{N}’']+/gu) ?? [];
