/** Which words the heads look at from one token, found by comparing their weights. Pure. */
import type { Run, TokenRow } from '../../engine/types';

/** A word that is looked at, and the head that gives it most. */
export interface Source {
  readonly key: number;
  /** By its place among all heads: layer * nHeads + head. */
  readonly head: number;
  readonly weight: number;
  /** How many heads give no other word more. */
  readonly heads: number;
}

type Seen = Pick<Run, 'tokens' | 'model'>;
type Row = Pick<TokenRow, 'query' | 'weights'>;

/** Not the first token, which takes what a head has no use for; not the token itself; nothing that nobody typed or wrote. */
const isWord = ({ tokens }: Seen, { query }: Row, key: number): boolean =>
  key > 0 && key !== query && tokens[key]?.special !== true;

/** From where one may look, in order: what was typed or written, the last token, and where one looks from already. */
export const placesOf = ({ tokens }: Pick<Run, 'tokens'>, query: number): readonly number[] =>
  tokens
    .filter(({ special, index }) => !special || index === tokens.length - 1 || index === query)
    .map(({ index }) => index);

/** Every word that gets any weight, most weight first. */
export function strongestByWord(run: Seen, row: Row): readonly Source[] {
  const nKeys = run.tokens.length;
  const nHeads = run.model.nLayers * run.model.nHeads;
  const keys = run.tokens.map(({ index }) => index).filter((key) => isWord(run, row, key));
  const weightOf = (head: number, key: number) => row.weights[head * nKeys + key] ?? 0;
  const favourites = Array.from({ length: nHeads }, (_, head) => best(keys, (key) => weightOf(head, key)));
  return keys
    .map((key) => {
      const head = best(
        favourites.map((_, i) => i),
        (i) => weightOf(i, key),
      );
      const heads = favourites.filter((favourite) => favourite === key).length;
      return { key, head, weight: weightOf(head, key), heads };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight);
}

/** The word that one head looks at most. */
export function strongestOf(run: Seen, row: Row, head: number): { readonly key: number; readonly weight: number } {
  const light = lightOfHead(run, row, head);
  const key = best(
    light.map((_, i) => i),
    (i) => light[i] ?? 0,
  );
  return { key, weight: light[key] ?? 0 };
}

/** [nKey] what one head gives each word; 0 for what is no word. */
export function lightOfHead(run: Seen, row: Row, head: number): readonly number[] {
  const nKeys = run.tokens.length;
  return run.tokens.map(({ index }) => (isWord(run, row, index) ? (row.weights[head * nKeys + index] ?? 0) : 0));
}

/** How many heads give the first token more than half. */
export function firstShare(run: Seen, { weights }: Row): number {
  const nKeys = run.tokens.length;
  const nHeads = run.model.nLayers * run.model.nHeads;
  return Array.from({ length: nHeads }, (_, head) => weights[head * nKeys] ?? 0).filter((weight) => weight > 0.5)
    .length;
}

/** How brightly a weight is shown: 0 to 8. */
export const levelOf = (weight: number): number => Math.round(8 * Math.min(1, Math.max(0, weight)));

/** The first of those with the largest value; -1 where there are none. */
function best(among: readonly number[], measure: (of: number) => number): number {
  let found = -1;
  for (const each of among) if (found === -1 || measure(each) > measure(found)) found = each;
  return found;
}
