/**
 * What the reader has chosen, as one plain object, and the only function that changes it. Pure: no DOM, no engine.
 */
import type { Aggregate, HeadSteps, Intervention, Measure, MetricName, Precision, Sampling } from '../engine/types';

/** What fills the stage. */
export const VIEWS = ['story', 'heads', 'wall', 'steps', 'matrix', 'text', 'table'] as const;
export type View = (typeof VIEWS)[number];

/** A head by its place in the model. */
export interface HeadPlace {
  readonly layer: number;
  readonly head: number;
}

/** At most so many heads have a lane of their own. */
export const MOST_LANES = 8;

/**
 * What stands beside the run: the same text without the interventions, another text, the model that was loaded beside,
 * or another head of the same run.
 */
export type Compare =
  | { readonly kind: 'original' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'model' }
  | ({ readonly kind: 'head' } & HeadPlace);

/** How tokens of two runs are paired: where they read the same, in order; or by their place. */
export type Align = 'token' | 'position';

/** By what the wall's heads are put in order: their place in the model, a metric, their change or their effect. */
export type WallOrder = 'place' | MetricName | 'change' | 'effect';

/**
 * What lights the Text view: where the chosen token looks, who looks at it, or how much all layers' attention together can
 * carry from it to each token.
 */
export const TEXT_BY = ['row', 'column', 'flow'] as const;
export type TextBy = (typeof TEXT_BY)[number];

/** A flow is computed for texts up to so many tokens: it grows with the third power of the length. */
export const MOST_FLOW_TOKENS = 64;

/** The stages of the Steps view, in the order in which a head does them. */
export const STEPS = [
  'query-key-value',
  'scores',
  'scale',
  'mask',
  'softmax',
  'weighted-sum',
  'concat',
  'output',
] as const;
export type Step = (typeof STEPS)[number];

/** A matrix of the Steps view, and one of its cells. */
export type StepMatrix = Exclude<keyof HeadSteps, 'layer' | 'head'>;
export interface StepCell {
  readonly matrix: StepMatrix;
  readonly row: number;
  readonly col: number;
}

export type CameraPreset = 'front' | 'side' | 'above';

/** Something under the pointer or the keyboard's focus; it lights everywhere and changes nothing. */
export interface Hover {
  readonly layer: number | null;
  readonly head: number | null;
  readonly query: number | null;
  readonly key: number | null;
}

export interface ViewerState {
  readonly text: string;
  /** Ids of the tokens that follow the text's own: generated, or chosen among the model's candidates. */
  readonly generated: readonly number[];
  /** Whether the text is asked as a question, in the model's chat template. Without one it is plain text. */
  readonly chat: boolean;
  /** How the next token is chosen. */
  readonly sampling: Sampling;
  readonly layer: number;
  readonly head: number;
  /** The token that looks. */
  readonly query: number;
  /** The token that is looked at; null: the row's strongest. */
  readonly key: number | null;
  readonly view: View;
  readonly precision: Precision;
  readonly camera: CameraPreset;
  /** Whether the share of the tokenizer's own tokens is drawn apart from the links among words. */
  readonly apart: boolean;
  /** Links below this many percent are not drawn. A whole number, 1 to 100. */
  readonly threshold: number;
  /** Layers whose links are drawn; null: all. */
  readonly layers: readonly number[] | null;
  /** Heads (in every shown layer) whose links are drawn; null: all. */
  readonly heads: readonly number[] | null;
  readonly hover: Hover | null;
  /** What the reader changes about the forward pass; empty: nothing. */
  readonly interventions: readonly Intervention[];
  /** What stands beside the run; null: nothing. */
  readonly compare: Compare | null;
  readonly align: Align;
  /** What the matrix shows: a measure of the chosen head, or many heads together. */
  readonly measure: Measure | Aggregate;
  /** Whether, where two runs are compared, the matrix shows the difference of their weights instead. */
  readonly difference: boolean;
  /** The heads that the Heads view shows, at most MOST_LANES; empty: the chosen head and its layer's most telling ones. */
  readonly lanes: readonly HeadPlace[];
  readonly wallOrder: WallOrder;
  /** How far the Steps view is. */
  readonly step: Step;
  /** The cell whose calculation the Steps view shows; null: the step's own result for the chosen query and key. */
  readonly stepCell: StepCell | null;
  /** What lights the Text view. */
  readonly textBy: TextBy;
  /** Whether pieces of one word are shown, and counted, together in the Text view. */
  readonly words: boolean;
}

export const initialState: ViewerState = {
  text: '',
  generated: [],
  chat: false,
  sampling: { temperature: 0.8, topK: 40, topP: 0.95, seed: 1 },
  layer: 0,
  head: 0,
  query: 0,
  key: null,
  view: 'story',
  precision: 'auto',
  camera: 'front',
  apart: true,
  threshold: 4,
  layers: null,
  heads: null,
  hover: null,
  interventions: [],
  compare: null,
  align: 'token',
  measure: 'weights',
  difference: false,
  lanes: [],
  wallOrder: 'place',
  step: 'query-key-value',
  stepCell: null,
  textBy: 'row',
  words: true,
};

/** A partial state: what the reader, an attribute or an address asks for. */
export type Change = Partial<ViewerState>;

/**
 * The state after a change. Choosing another query, layer or head lets the key follow the row's strongest again, and
 * choosing anything lets the cell of the Steps view follow; what was generated goes with the text, or the form of it,
 * that it followed.
 */
export function update(state: ViewerState, change: Change): ViewerState {
  const moves = (names: readonly (keyof ViewerState)[]) =>
    names.some((name) => change[name] !== undefined && change[name] !== state[name]);
  const keyFollows = change.key === undefined && moves(['layer', 'head', 'query', 'text', 'chat']);
  const cellFollows = change.stepCell === undefined && (keyFollows || moves(['query', 'key', 'step']));
  const isRid = change.generated === undefined && state.generated.length > 0 && moves(['text', 'chat']);
  return {
    ...state,
    ...(keyFollows ? { key: null } : {}),
    ...(cellFollows ? { stepCell: null } : {}),
    ...(isRid ? { generated: [] } : {}),
    ...change,
  };
}
