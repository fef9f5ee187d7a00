/** The prompts that the generating model begins with, and how its stage is told what to write on. Pure. */
import type { Sampling } from '../../engine/types';
import type { Change } from '../../state/state';

/** A text that the small model really continues well. */
export interface Prompt {
  readonly name: 'continue' | 'answer' | 'code';
  readonly text: string;
  readonly chat: boolean;
}

export const PROMPTS: readonly [Prompt, ...Prompt[]] = [
  { name: 'continue', text: 'When Mary and John went to the store, John gave a drink to', chat: false },
  {
    name: 'answer',
    text:
      'Anna left her red umbrella on the train to Lyon. The next day she bought a blue one in Paris. ' +
      "Where is Anna's red umbrella?",
    chat: true,
  },
  { name: 'code', text: 'def add(a, b):\n    return', chat: false },
];

/** Always the most probable token. */
export const GREEDY: Sampling = { temperature: 0, topK: 0, topP: 1, seed: 1 };
/** By the model's own probabilities, none ruled out. */
export const BY_CHANCE: Sampling = { ...GREEDY, temperature: 1 };

/** Beyond every text: the session takes it for the last token. */
const LAST = Number.MAX_SAFE_INTEGER;

/** A new text: nothing is written yet, and its last token is the one that looks. */
export const writeOn = (text: string, chat: boolean): Change => ({ text, chat, generated: [], query: LAST });
