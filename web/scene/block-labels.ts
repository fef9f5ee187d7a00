/** What is written beside the blocks of a step: their names and sizes, tokens, and the chosen number. Pure. */
import type { StepCell, StepMatrix } from '../state/state';
import { type Block, type BlockLayout, countsOf, frontPoint, rectOf } from './block-layout';
import { type LabelStyle, type LabelWish, spreadRanks } from './labels';
import type { SceneWords } from './scene-contract';
import { AXES, type ShownMatrix } from './step-matrices';
import type { Tone } from './theme';

/** What a matrix's name and marks are drawn in: the four meanings keep their colours, weights are light. */
export const TONE_OF: Readonly<Record<StepMatrix, Tone>> = {
  query: 'query',
  key: 'key',
  value: 'value',
  dots: 'ink',
  scaled: 'ink',
  scores: 'ink',
  weights: 'accent',
  output: 'output',
  concat: 'output',
  wOutput: 'ink',
  added: 'output',
};

/** From a block's edge to the middle of a label outside it. */
const ABOVE = 15;
const ROW = 22;

export interface BlockLabelRequest {
  readonly layout: BlockLayout;
  readonly shown: readonly ShownMatrix[];
  readonly cell: StepCell;
  readonly query: number;
  readonly key: number;
  readonly nameOf: (token: number) => string;
  /** The chosen cell's number, as the page prints it. */
  readonly number: string;
  readonly words: SceneWords;
}

export function planBlockLabels(request: BlockLabelRequest): LabelWish[] {
  const { layout } = request;
  const wishes: LabelWish[] = layout.signs.map((sign) => ({
    ...PLAIN,
    text: sign.text,
    place: sign.place,
    style: style('mutedInk', true),
    priority: 700,
  }));
  for (const block of layout.blocks) {
    const hasColumns = columnsAreTokens(block) && isTop(block, layout);
    wishes.push(title(request, block, hasColumns));
    if (hasColumns) wishes.push(...columnTokens(request, block));
    if (rowsAreTokens(block) && isFirst(block, layout)) wishes.push(...rowTokens(request, block));
  }
  const block = layout.blocks.find(({ name }) => name === request.cell.matrix);
  if (block) wishes.push(...chosenNumber(request, block));
  return wishes;
}

const style = (ink: Tone, bold = false, inkAfter: Tone = 'mutedInk'): LabelStyle => ({
  fill: 'ground',
  edge: null,
  ink,
  inkAfter,
  bold,
});

const PLAIN = {
  figure: '',
  token: null,
  layer: null,
  dx: 0,
  dy: 0,
  align: 0,
  firm: false,
  elsewhere: [],
} as const satisfies Partial<LabelWish>;

const isToken = (axis: string) => axis === 'query' || axis === 'key';
const columnsAreTokens = ({ name, transposed }: Block) => isToken(AXES[name][transposed ? 0 : 1]);
const rowsAreTokens = ({ name, transposed }: Block) => isToken(AXES[name][transposed ? 1 : 0]);

/** Whether nothing stands to the left of a block: the tokens of its rows are written there. */
function isFirst(block: Block, { blocks }: BlockLayout): boolean {
  return blocks.every(
    (other) => other.min[0] >= block.min[0] || other.max[1] <= block.min[1] || other.min[1] >= block.max[1],
  );
}

/** Whether nothing stands above a block: what its columns share is written once, above the upper one. */
function isTop(block: Block, { blocks }: BlockLayout): boolean {
  return blocks.every((other) => other.min[1] < block.max[1] || other.min[0] !== block.min[0]);
}

/** "value 13 × 32": the whole matrix's size, whichever part of it is shown. */
function title({ shown, words }: BlockLabelRequest, block: Block, hasColumns: boolean): LabelWish {
  const matrix = shown.find(({ name }) => name === block.name)?.matrix;
  const [rows, cols] = [matrix?.rows ?? 0, matrix?.cols ?? 0];
  return {
    ...PLAIN,
    text: `${words.matrix(block.name)}${block.transposed ? 'ᵀ' : ''}`,
    figure: block.transposed ? `${cols} × ${rows}` : `${rows} × ${cols}`,
    style: style(TONE_OF[block.name], true),
    place: frontPoint(block, 0, 0),
    dx: -2,
    dy: -ABOVE - (hasColumns ? ROW : 0),
    align: 1,
    priority: 1100,
    firm: true,
  };
}

/** The tokens of the columns; those near the chosen one stay when not all have room. */
function columnTokens({ key, nameOf }: BlockLabelRequest, block: Block): LabelWish[] {
  const { first } = block.transposed ? block.rows : block.cols;
  const [across] = countsOf(block);
  const ranks = spreadRanks(across);
  return Array.from({ length: across }, (_, i): LabelWish => {
    const chosen = first + i === key;
    return {
      ...PLAIN,
      text: nameOf(first + i),
      style: chosen ? style('key', true) : style('mutedInk'),
      place: frontPoint(block, i + 0.5, 0),
      dy: -ABOVE,
      priority: chosen ? 800 : 200 - (ranks[i] ?? 0) / across,
    };
  });
}

function rowTokens({ query, key, nameOf }: BlockLabelRequest, block: Block): LabelWish[] {
  const { first } = block.rows;
  const [, down] = countsOf(block);
  const isQuery = AXES[block.name][0] === 'query';
  const ranks = spreadRanks(down);
  return Array.from({ length: down }, (_, i): LabelWish => {
    const chosen = first + i === (isQuery ? query : key);
    return {
      ...PLAIN,
      text: nameOf(first + i),
      style: chosen ? style(isQuery ? 'query' : 'key', true) : style('mutedInk'),
      token: isQuery ? first + i : null,
      place: frontPoint(block, 0, i + 0.5),
      dx: -8,
      align: -1,
      priority: chosen ? 850 : 300 - (ranks[i] ?? 0) / down,
    };
  });
}

/** The chosen cell's number, below the cell or wherever there is room. */
function chosenNumber({ cell, number }: BlockLabelRequest, block: Block): LabelWish[] {
  const rect = rectOf(block, { first: cell.row, end: cell.row + 1 }, { first: cell.col, end: cell.col + 1 });
  if (!rect) return [];
  return [
    {
      ...PLAIN,
      text: number,
      style: { fill: 'panel', edge: 'ink', ink: 'ink', inkAfter: 'ink', bold: true },
      place: frontPoint(block, rect.left + 0.5, rect.top + 0.5),
      dy: 27,
      priority: 1000,
      firm: true,
      elsewhere: [
        [0, -27],
        [38, 0],
        [-38, 0],
      ],
    },
  ];
}
