/** The tokens that follow a text: their names, and what a reader can do about them as changes of the state. Pure. */
import type { Candidate, Run, Sampling } from '../engine/types';
import { tokenLabel } from './labels';
import type { Change } from './state';

export const SAMPLING_BOUNDS =
  'temperature 0 to 5, topK a whole number from 0, topP above 0 to 1, seed a whole number from 0 to 4294967295';

/** Whether a token can be chosen by these rules: with any others, nothing could be shown. */
export function isSampling({ temperature, topK, topP, seed }: Sampling): boolean {
  const isCount = (value: number, most: number) => Number.isInteger(value) && value >= 0 && value <= most;
  return (
    temperature >= 0 && temperature <= 5 && topP > 0 && topP <= 1 && isCount(topK, 1e6) && isCount(seed, 2 ** 32 - 1)
  );
}

type Written = Pick<Run, 'text' | 'tokens' | 'generated'>;

/** How many of the run's tokens are the text's own, those that the tokenizer added included. */
export function typedCount({ tokens, generated }: Written): number {
  return tokens.length - generated.length;
}

/** Whether another token can be put after this one: the text's own tokens stay as they are. */
export function canChooseAfter(run: Written, position: number): boolean {
  return position >= typedCount(run) - 1 && position < run.tokens.length;
}

/** Lets a token follow `position`; what followed it is given up. */
export function chooseAfter(run: Written, position: number, id: number): Change {
  return { generated: [...run.generated.slice(0, position + 1 - typedCount(run)), id], query: position + 1 };
}

/** Takes the last generated token back; who looked from it looks from the one before. */
export function takeBack(run: Written, query: number): Change {
  return { generated: run.generated.slice(0, -1), query: Math.min(query, Math.max(run.tokens.length - 2, 0)) };
}

/** Takes all generated tokens back. */
export function takeAllBack(run: Written, query: number): Change {
  return { generated: [], query: Math.min(query, Math.max(typedCount(run) - 1, 0)) };
}

/** What was generated, as it reads: without control tokens, and without bytes that are no whole character. */
export function generatedText({ tokens, generated }: Pick<Run, 'tokens' | 'generated'>, from = 0): string {
  return tokens
    .slice(tokens.length - generated.length + from)
    .filter(({ special, text }) => !special && !text.includes('\uFFFD'))
    .map(({ text }) => text)
    .join('');
}

/** Makes what was generated part of the reader's text. It is tokenised anew, so tokens may fall otherwise. */
export function keepAsText(run: Written): Change {
  return { text: run.text + generatedText(run), generated: [] };
}

/** As the token strip names them; where two would look the same, the space before the word is shown. */
export function candidateLabels(candidates: readonly Pick<Candidate, 'id' | 'piece' | 'text'>[]): string[] {
  const labels = candidates.map((candidate) => tokenLabel(candidate));
  return candidates.map((candidate, i) => {
    const label = labels[i] ?? '';
    const isAlone = labels.indexOf(label) === labels.lastIndexOf(label);
    return isAlone || candidate.text === '' ? label : tokenLabel({ ...candidate, piece: candidate.text });
  });
}
