/** What the state asks to see of one run: gathers it from the engine, and asks for nothing that is there already. */
import { isAbort } from '../engine/errors';
import type { Engine, HeadMatrix, LinkFilter, Matrix, Overview, Run, Sampling, TokenRow } from '../engine/types';
import { standsApart } from '../state/apart';
import { lanesOf, sameHead } from '../state/lanes';
import { isAggregate, shownMeasure } from '../state/measures';
import { MOST_FLOW_TOKENS, type ViewerState } from '../state/state';
import type { RunView, Selection } from './snapshot';

/** The most links of a whole run, and of one token's rows, that are listed. */
const LINK_BUDGET = 16_384;
const ROW_BUDGET = 4096;
/** So many candidates for the next token are on show. */
const CANDIDATES = 8;

/** The parts of a run that are on show, and what they were gathered under. */
export interface Gathered {
  readonly parts: Omit<RunView, 'revision' | 'end'>;
  readonly filter: string;
  readonly sampling: Sampling;
}

/** @returns null where a newer overview of the same run was asked for meanwhile: that one will be shown */
export async function gather(
  engine: Engine,
  run: Run,
  state: ViewerState,
  last: Gathered | null,
): Promise<Gathered | null> {
  const before = last !== null && last.parts.run.id === run.id ? last.parts : null;
  const filter = filterOf(run, state);
  const filterKey = `${filter.apart.join('')} ${filter.heads.join('')}`;
  const keep = before !== null && last?.filter === filterKey;
  let overview: Overview;
  try {
    overview = before !== null && keep ? before.overview : await engine.overview(run.id, filter);
  } catch (error) {
    if (isAbort(error)) return null;
    throw error;
  }
  const selection = selectionOf(run, state, overview);
  const focus = clamp(state.hover?.query ?? selection.query, run.tokens.length);
  const { layer, head, query, key } = selection;
  const { sampling } = state;
  const measure = shownMeasure(run, state.measure);
  const isSameQuery = before !== null && before.selection.query === query;
  const [row, matrix, cell, next, steps] = await Promise.all([
    before !== null && keep && before.row.query === focus ? before.row : rowOf(engine, run, focus, filter),
    before !== null && sameHead(before.matrix, selection)
      ? before.matrix
      : engine.matrix(run.id, layer, head, 'weights'),
    isCell(before, selection) ? before.cell : engine.cell(run.id, layer, head, query, key),
    isSameQuery && last !== null && sameSampling(last.sampling, sampling)
      ? before.next
      : run.can.next
        ? engine.next(run.id, query, CANDIDATES, sampling)
        : null,
    state.view !== 'steps' || !run.can.scores
      ? null
      : before?.steps != null && sameHead(before.steps, selection)
        ? before.steps
        : engine.steps(run.id, layer, head),
  ]);
  const [measured, effect, flow] = await Promise.all([
    before !== null && isMeasured(before, selection, measure)
      ? before.measured
      : measuredOf(engine, run, measure, matrix),
    state.wallOrder === 'effect' && run.can.effect && next?.[0] !== undefined
      ? isSameQuery && before.effect !== null
        ? before.effect
        : engine.effect(run.id, query, next[0].id)
      : null,
    state.view !== 'text' || state.textBy !== 'flow' || run.tokens.length > MOST_FLOW_TOKENS
      ? null
      : before?.flow?.query === query
        ? before.flow
        : engine.flow(run.id, query),
  ]);
  const parts = {
    run,
    selection,
    overview,
    apart: filter.apart,
    row,
    matrix,
    measured,
    measure,
    cell,
    next,
    steps,
    effect,
    flow,
  };
  return { parts, filter: filterKey, sampling };
}

/** Whether the matrix on show under a measure is the one that is asked for. */
function isMeasured(before: Gathered['parts'], { layer, head }: Selection, measure: RunView['measure']): boolean {
  const { selection } = before;
  if (before.measure !== measure || selection.layer !== layer) return false;
  return isAggregate(measure) || selection.head === head;
}

function measuredOf(
  engine: Engine,
  run: Run,
  measure: RunView['measure'],
  matrix: HeadMatrix,
): Matrix | Promise<Matrix> {
  const { layer, head } = matrix;
  if (isAggregate(measure)) return engine.aggregate(run.id, measure, layer);
  return measure === 'weights' ? matrix : engine.matrix(run.id, layer, head, measure);
}

function rowOf(engine: Engine, run: Run, query: number, filter: LinkFilter): Promise<TokenRow> {
  // A token that is set apart but looked at itself shows where it looks.
  const apart = filter.apart.slice();
  apart[query] = 0;
  return engine.row(run.id, query, { ...filter, apart, budget: ROW_BUDGET });
}

function filterOf(run: Run, state: ViewerState): LinkFilter {
  const { nLayers, nHeads } = run.model;
  const apart = Uint8Array.from(run.tokens, ({ index }) => (state.apart && standsApart(run, index) ? 1 : 0));
  const heads = new Uint8Array(nLayers * nHeads);
  if (state.view === 'heads') {
    const chosen = { layer: clamp(state.layer, nLayers), head: clamp(state.head, nHeads) };
    for (const { layer, head } of lanesOf(state, chosen, run.model)) heads[layer * nHeads + head] = 1;
    return { apart, heads, budget: LINK_BUDGET };
  }
  for (let layer = 0; layer < nLayers; ++layer) {
    for (let head = 0; head < nHeads; ++head) {
      const listed = (state.layers?.includes(layer) ?? true) && (state.heads?.includes(head) ?? true);
      heads[layer * nHeads + head] = listed ? 1 : 0;
    }
  }
  return { apart, heads, budget: LINK_BUDGET };
}

/** The state's choices in this run: within its sizes; without a chosen key, the row's strongest that is not set apart. */
function selectionOf(run: Run, state: ViewerState, overview: Overview): Selection {
  const { nLayers, nHeads } = run.model;
  const n = run.tokens.length;
  const layer = clamp(state.layer, nLayers);
  const head = clamp(state.head, nHeads);
  const query = clamp(state.query, n);
  const strongest = overview.strongest[(layer * nHeads + head) * n + query] ?? -1;
  return { layer, head, query, key: clamp(state.key ?? strongest, n) };
}

function clamp(index: number, count: number): number {
  return Math.min(Math.max(index, 0), count - 1);
}

function isCell(view: Gathered['parts'] | null, { layer, head, query, key }: Selection): view is Gathered['parts'] {
  const cell = view?.cell;
  return cell?.layer === layer && cell.head === head && cell.queryIndex === query && cell.keyIndex === key;
}

const sameSampling = (a: Sampling, b: Sampling): boolean =>
  // The seed decides which is chosen, not how likely each is.
  a.temperature === b.temperature && a.topK === b.topK && a.topP === b.topP;
