/**
 * Pairs of sentences that differ in one thing, each with a head, a token and a key to watch. Plain data, and what
 * choosing a pair changes. Pure. No numbers: they are measured when a pair is on show; a test holds what a group says.
 */
import type { ModelInfo } from '../engine/types';
import type { Change, HeadPlace, ViewerState } from './state';

/** The two models that the pairs were chosen for, and how their names are told. */
export const PAIR_MODELS = {
  minilm: { name: 'all-MiniLM-L6-v2', isNamed: /minilm-?l6/i },
  smollm2: { name: 'SmolLM2-135M', isNamed: /smollm2.*135m/i },
} as const;
export type PairModel = keyof typeof PAIR_MODELS;

export interface MinimalPair extends HeadPlace {
  readonly title: string;
  readonly text: string;
  readonly other: string;
  /** The token that looks: its place in the first text, and how it reads in either. */
  readonly query: number;
  readonly from: readonly [string, string];
  /** The key to watch: its place in the first text, and how it and its partner read. */
  readonly key: number;
  readonly watch: readonly [string, string];
  /** What to ask oneself. */
  readonly question: string;
}

export interface PairGroup {
  readonly title: string;
  readonly model: PairModel;
  /** Whether the weight on the key to watch is another one in the second text. */
  readonly changes: boolean;
  readonly about: string;
  readonly pairs: readonly MinimalPair[];
}

export const PAIR_GROUPS: readonly PairGroup[] = [
  {
    title: 'It changes',
    model: 'minilm',
    changes: true,
    about: 'A small change in the words, and the token looks elsewhere.',
    pairs: [
      {
        title: 'Too lazy, too heavy',
        text: 'The dog did not chase the ball because it was too lazy.',
        other: 'The dog did not chase the ball because it was too heavy.',
        layer: 3,
        head: 1,
        query: 9,
        key: 2,
        from: ['it', 'it'],
        watch: ['dog', 'dog'],
        question: 'Does it look at dog as much when something is too heavy?',
      },
      {
        title: 'Who is plural?',
        text: 'The labels on the bottle were missing.',
        other: 'The label on the bottles was missing.',
        layer: 3,
        head: 1,
        query: 6,
        key: 2,
        from: ['were', 'was'],
        watch: ['labels', 'label'],
        question: 'From the verb: how much goes to its subject, past the noun in between?',
      },
      {
        title: 'Not, and very',
        text: 'The soup was not hot.',
        other: 'The soup was very hot.',
        layer: 5,
        head: 9,
        query: 5,
        key: 4,
        from: ['hot', 'hot'],
        watch: ['not', 'very'],
        question: 'Does hot look at the word before it in both?',
      },
      {
        title: 'Two kinds of spring',
        text: 'The spring in the old mattress was broken.',
        other: 'The spring in the old forest was frozen.',
        layer: 0,
        head: 10,
        query: 2,
        key: 6,
        from: ['spring', 'spring'],
        watch: ['mattress', 'forest'],
        question: 'Which of the two springs finds a word that says what it is, in the very first layer?',
      },
      {
        title: 'She or he',
        text: 'My brother visited his aunt because she was ill.',
        other: 'My brother visited his aunt because he was ill.',
        layer: 1,
        head: 3,
        query: 7,
        key: 5,
        from: ['she', 'he'],
        watch: ['aunt', 'aunt'],
        question: 'Whom does the pronoun look at, and what of that changes with it?',
      },
      {
        title: 'Chased, and was chased',
        text: 'The dog chased the cat through the garden.',
        other: 'The dog was chased by the cat through the garden.',
        layer: 3,
        head: 1,
        query: 3,
        key: 5,
        from: ['chased', 'chased'],
        watch: ['cat', 'cat'],
        question: 'Does the verb look at the cat as much once the cat is the one who chases?',
      },
    ],
  },
  {
    title: 'It does not',
    model: 'minilm',
    changes: false,
    about: 'You read the two apart; six layers that were trained to compare sentences look the same way.',
    pairs: [
      {
        title: 'Too wide, too narrow',
        text: 'The piano does not fit through the door because it is too wide.',
        other: 'The piano does not fit through the door because it is too narrow.',
        layer: 3,
        head: 1,
        query: 10,
        key: 2,
        from: ['it', 'it'],
        watch: ['piano', 'piano'],
        question: 'A door is too narrow, not a piano. Does it look at door now?',
      },
      {
        title: 'Too tight, too thick',
        text: 'The coat does not go over the sweater because it is too tight.',
        other: 'The coat does not go over the sweater because it is too thick.',
        layer: 3,
        head: 1,
        query: 10,
        key: 2,
        from: ['it', 'it'],
        watch: ['coat', 'coat'],
        question: 'Which of the two gets more in both, and is that right in either?',
      },
      {
        title: 'Why she paid',
        text: 'Nina paid Clara because she was finished.',
        other: 'Nina paid Clara because she was generous.',
        layer: 1,
        head: 3,
        query: 5,
        key: 1,
        from: ['she', 'she'],
        watch: ['nina', 'nina'],
        question: 'Does she look at another person when the reason is another?',
      },
    ],
  },
  {
    title: 'It shows a bias',
    model: 'minilm',
    changes: true,
    about: 'Neither sentence says who is who. The weights lean to one side all the same.',
    pairs: [
      {
        title: 'The engineer and the secretary',
        text: 'The engineer called the secretary because she was late.',
        other: 'The engineer called the secretary because he was late.',
        layer: 1,
        head: 3,
        query: 7,
        key: 2,
        from: ['she', 'he'],
        watch: ['engineer', 'engineer'],
        question: 'Nothing but the pronoun changes. Who gets the weight?',
      },
      {
        title: 'The mechanic and the receptionist',
        text: 'The mechanic greeted the receptionist because she was early.',
        other: 'The mechanic greeted the receptionist because he was early.',
        layer: 1,
        head: 3,
        query: 7,
        key: 5,
        from: ['she', 'he'],
        watch: ['receptionist', 'receptionist'],
        question: 'Which job does she look at, and which one he?',
      },
      {
        title: 'The surgeon and the nurse',
        text: 'The surgeon waited for the nurse because she was busy.',
        other: 'The surgeon waited for the nurse because he was busy.',
        layer: 5,
        head: 11,
        query: 8,
        key: 6,
        from: ['she', 'he'],
        watch: ['nurse', 'nurse'],
        question: 'Does nurse get as much from he?',
      },
    ],
  },
  {
    title: 'While it writes',
    model: 'smollm2',
    changes: true,
    about: 'The last token decides what comes next: compare where it looks, and what follows.',
    pairs: [
      {
        title: 'A name again',
        text: 'Oskar Lindqvist lives in Rome. The neighbours of Oskar Lind',
        other: 'Oskar Kowalski lives in Rome. The neighbours of Oskar Lind',
        layer: 18,
        head: 6,
        query: 17,
        key: 4,
        from: ['Lind', 'Lind'],
        watch: ['q', 'ow'],
        question: 'Where does an induction head look when the name has not occurred before?',
      },
      {
        title: 'A list again',
        text: 'seven lamp river stone seven lamp',
        other: 'seven book river stone seven lamp',
        layer: 17,
        head: 4,
        query: 5,
        key: 2,
        from: ['lamp', 'lamp'],
        watch: ['river', 'river'],
        question: 'Without an earlier lamp, is there anything to copy?',
      },
      {
        title: 'Who gets the letter',
        text: 'When Kate and Peter came home, Peter handed the letter to',
        other: 'When Kate and Peter came home, Kate handed the letter to',
        layer: 23,
        head: 0,
        query: 11,
        key: 1,
        from: ['to', 'to'],
        watch: ['Kate', 'Kate'],
        question: 'Does the head look at the one who has not been named again?',
      },
    ],
  },
  {
    title: 'It looks alike, and writes another word',
    model: 'smollm2',
    changes: false,
    about: 'Where a head looks is not what it reads there.',
    pairs: [
      {
        title: 'Two capitals',
        text: 'The capital of Italy is',
        other: 'The capital of Spain is',
        layer: 23,
        head: 4,
        query: 4,
        key: 3,
        from: ['is', 'is'],
        watch: ['Italy', 'Spain'],
        question: 'The weights are nearly the same. What comes next?',
      },
    ],
  },
];

/** Whether a pair was chosen for this model: only then its head and token mean anything. */
export function isFor(model: PairModel, info: Pick<ModelInfo, 'name'> | null): boolean {
  return info !== null && PAIR_MODELS[model].isNamed.test(info.name);
}

/** The pair that is on show, and the model it is for; null for anything else. */
export function pairOnShow(
  state: Pick<ViewerState, 'text' | 'compare'>,
): { readonly pair: MinimalPair; readonly model: PairModel } | null {
  const { text, compare } = state;
  if (compare?.kind !== 'text') return null;
  for (const { pairs, model } of PAIR_GROUPS) {
    const pair = pairs.find((one) => one.text === text && one.other === compare.text);
    if (pair !== undefined) return { pair, model };
  }
  return null;
}

/** Both sentences side by side, as the model reads them; with the pair's own model, its head and token as well. */
export function choosePair(pair: MinimalPair, isItsModel: boolean): Change {
  const { text, other, layer, head, query, key } = pair;
  return {
    text,
    generated: [],
    chat: false,
    interventions: [],
    compare: { kind: 'text', text: other },
    align: 'token',
    ...(isItsModel ? { layer, head, query, key } : {}),
  };
}
