/** What the matrix and the table may show, in words: names, definitions, and what a run can be asked for. Pure. */
import type { Aggregate, Measure, Run } from '../engine/types';
import type { ScaleKind } from './scale';

export interface MeasureText {
  readonly name: Measure | Aggregate;
  /** One or two words for a menu. */
  readonly label: string;
  /** What the numbers are, in one sentence. */
  readonly definition: string;
  /** Whose numbers: one head's, all heads' of a layer, or all layers' up to it. */
  readonly of: 'head' | 'layer' | 'layers';
  readonly scale: ScaleKind;
}

export const MEASURES: readonly MeasureText[] = [
  {
    name: 'weights',
    label: 'Weights',
    definition: 'How each token’s look is shared out over the keys it sees: a row adds up to 1.',
    of: 'head',
    scale: 'share',
  },
  {
    name: 'scores',
    label: 'Scores',
    definition: 'Query times key, scaled: what softmax turns into weights. Only differences within a row matter.',
    of: 'head',
    scale: 'signed',
  },
  {
    name: 'value-weighted',
    label: 'Value-weighted',
    definition: 'The length of weight × value × output matrix: how much of the key’s value really reaches the query.',
    of: 'head',
    scale: 'size',
  },
  {
    name: 'mean',
    label: 'Mean',
    definition: 'The mean weight over all heads of the layer: a row adds up to 1.',
    of: 'layer',
    scale: 'share',
  },
  {
    name: 'max',
    label: 'Largest',
    definition: 'The largest weight that any head of the layer gives.',
    of: 'layer',
    scale: 'share',
  },
  {
    name: 'rollout',
    label: 'Rollout',
    definition:
      'Mean weights with each token’s own path added, multiplied layer by layer: an estimate of how much of each token at the bottom has arrived. A row adds up to 1.',
    of: 'layers',
    scale: 'share',
  },
];

/** Many heads as one matrix, in the order of the menu. */
export const AGGREGATES = ['mean', 'max', 'rollout'] as const satisfies readonly Aggregate[];

export function isAggregate(name: string): name is Aggregate {
  return AGGREGATES.some((known) => known === name);
}

export function measureOf(name: Measure | Aggregate): MeasureText {
  const found = MEASURES.find((measure) => measure.name === name);
  if (found === undefined) throw new RangeError(`There is no measure ${name}.`);
  return found;
}

/** What a difference is, in one sentence. */
export const DIFFERENCE =
  'First minus second, for the tokens that stand beside each other: above 0 the first looks more, below 0 the second.';

/** Why a run cannot be asked for a measure; null where it can. */
export function whyNotMeasurable(
  { can, backend }: Pick<Run, 'can' | 'backend'>,
  name: MeasureText['name'],
): string | null {
  const whose = backend.source === 'trace' ? 'this saved run' : 'this model';
  if (name === 'scores' && !can.scores) return `not measurable: ${whose} has weights alone`;
  if (name === 'value-weighted' && !can.values) return `not measurable: ${whose} has no output matrix`;
  return null;
}

/** What is shown of a run where this is asked for: the weights where it cannot say. */
export function shownMeasure(run: Pick<Run, 'can' | 'backend'>, name: MeasureText['name']): MeasureText['name'] {
  return whyNotMeasurable(run, name) === null ? name : 'weights';
}

/** "Layer 3, head 1", "All heads of layer 3", "Up to layer 3": whose numbers these are. */
export function whose({ of }: Pick<MeasureText, 'of'>, layer: number, head: number): string {
  if (of === 'head') return `Layer ${layer}, head ${head}`;
  return of === 'layer' ? `All heads of layer ${layer}` : `All heads up to layer ${layer}`;
}
