/** Which tokens' share is drawn apart from the links among words: the one place that decides. Pure. */
import type { Run, Token } from '../engine/types';
import { tokenLabel } from './labels';

/** More kinds of tokens are not named one by one. */
const MOST_NAMED = 3;

/**
 * Special tokens, and the first token of a causal text: what a head has no better use for goes there, and would
 * otherwise be most of the picture.
 */
export function standsApart(run: Pick<Run, 'tokens' | 'model'>, index: number): boolean {
  const token = run.tokens[index];
  return token?.special === true || isSink(run, token);
}

/** Names for "Set apart: …": each once, the word for "and" between them; null where nothing stands apart. */
export function apartNames(run: Pick<Run, 'tokens' | 'model'>, and = ' and '): string | null {
  const [first] = run.tokens;
  const special = [...new Set(run.tokens.filter((token) => token.special).map((token) => tokenLabel(token)))];
  // A chat template brings a whole conversation.
  const named = special.length <= MOST_NAMED ? special : ['the tokens around the text'];
  const sink =
    first !== undefined && !first.special && isSink(run, first) ? [`the first token, ${tokenLabel(first)},`] : [];
  const names = [...sink, ...named];
  return names.length === 0 ? null : names.join(and);
}

function isSink(run: Pick<Run, 'tokens' | 'model'>, token: Token | undefined): boolean {
  return run.model.causal === true && token?.index === 0 && run.tokens.length > 1;
}
