/** Which texts the scene would like to show for a snapshot, and how each looks. Pure; who gets a place is labels.ts. */
import type { RunView, Snapshot } from '../session/snapshot';
import { type Focus, isApart } from './focus';
import { type LabelStyle, type LabelWish, spreadRanks } from './labels';
import { type Berth, berthOf } from './lanes';
import type { Layout } from './layout';
import type { SceneWords } from './scene-contract';
import { percent } from './visuals';

/** From the last dot of a thread to the middle of its label, and from one row of labels to the next. */
export const LABEL_DROP = 21;
export const LABEL_ROW = 25;
/** From a dot to the label that stands beside it inside the scene. */
export const NEAR_DROP = 22;

export const style = (fill: LabelStyle['fill'], edge: LabelStyle['edge'], ink: LabelStyle['ink'], bold = false) => ({
  fill,
  edge,
  ink,
  inkAfter: 'accent' as const,
  bold,
});
export const STYLES = {
  plain: style('ground', null, 'ink'),
  quiet: style('ground', null, 'mutedInk'),
  looked: style('panel', 'accent', 'ink', true),
  looking: style('ink', null, 'ground', true),
  runnerUp: style('panel', 'line', 'ink'),
  endLooking: style('ground', null, 'ink', true),
  endLooked: style('ground', null, 'accent', true),
  layer: style('ground', null, 'mutedInk'),
  chosenLayer: style('ground', null, 'ink', true),
  chosenHead: style('ground', null, 'accent', true),
};

/** Longer tokens are cut: the line of text has room for words, not for addresses. */
export const LONGEST_LABEL = 18;

export interface PlanRequest {
  readonly snapshot: Snapshot;
  readonly view: RunView;
  readonly focus: Focus;
  readonly layout: Layout;
  readonly texts: readonly string[];
  /** Width of each text in CSS pixels. */
  readonly labelWidths: ArrayLike<number>;
  readonly rows: number;
  /** Whether the focused token cannot see this one in the focused layer. */
  readonly hidden: (token: number) => boolean;
  /** A small canvas: layers are called by their number alone. */
  readonly narrow: boolean;
  readonly words: SceneWords;
}

/** What is written in the tower. */
export function planLabels(request: PlanRequest): LabelWish[] {
  const { layout } = request;
  const end = (level: number) => ({ y: layout.levels[level]!, z: 0 });
  const ends = [...endWishes(request, end(0), false), ...endWishes(request, end(layout.levels.length - 1), true)];
  return [...layerWishes(request), ...ends, ...focusWishes(request)];
}

function layerWishes({ layout, focus, narrow, words }: PlanRequest): LabelWish[] {
  const x = layout.x[0] ?? 0;
  const nLayers = layout.levels.length - 1;
  const ranks = spreadRanks(nLayers);
  const wishes = Array.from({ length: nLayers }, (_, layer): LabelWish => {
    const chosen = layer === focus.layer;
    return {
      text: narrow ? `L${layer}` : words.layer(layer),
      figure: '',
      style: chosen ? STYLES.chosenLayer : STYLES.layer,
      token: null,
      layer: null,
      place: [x, (layout.levels[layer]! + layout.levels[layer + 1]!) / 2, 0],
      dx: narrow ? -8 : -30,
      dy: chosen ? -10 : 0,
      align: -1,
      priority: chosen ? 900 : 60 + 20 * (1 - ranks[layer]! / nLayers),
      firm: chosen,
      elsewhere: [],
    };
  });
  // The one head that has a colour is named in it.
  const chosen = wishes[focus.layer];
  if (chosen) {
    const text = narrow ? `H${focus.head}` : words.head(focus.head);
    wishes.push({ ...chosen, text, style: STYLES.chosenHead, dy: 10, priority: 899 });
  }
  return wishes;
}

/** The text itself, at the lowest or the highest dots. */
export function endWishes(
  { view, focus, layout, texts, labelWidths, rows }: PlanRequest,
  at: { readonly y: number; readonly z: number },
  up: boolean,
): LabelWish[] {
  const ranks = spreadRanks(texts.length);
  const drop = (row: number) => (up ? -1 : 1) * (LABEL_DROP + row * LABEL_ROW);
  return texts.map((text, token) => {
    const row = token % rows;
    const looking = token === focus.query;
    const looked = token === focus.link?.key;
    const other = focus.others.some((link) => link.key === token);
    const quiet = isApart(view, token) || (focus.query !== null && !looking && !looked && !other);
    const rank = 1 - ranks[token]! / (texts.length + 1);
    return {
      text,
      figure: '',
      style: looking ? STYLES.endLooking : looked ? STYLES.endLooked : quiet ? STYLES.quiet : STYLES.plain,
      token,
      layer: null,
      place: [layout.x[token]!, at.y, at.z],
      dx: row < rows - 1 ? aside(layout.x, token, labelWidths[token]!) : 0,
      dy: drop(row),
      align: 0,
      priority: (looking ? 700 : looked ? 690 : other ? 500 : 100) + rank * 20 - (up ? 1 : 0),
      firm: false,
      elsewhere: [],
    };
  });
}

/** How far a label moves so that the threads on their way to farther rows do not run along its edge. */
function aside(x: Float32Array, token: number, width: number): number {
  const half = width / 2 + 1;
  // The first and the last place where it stands free of both neighbours.
  const before = (x[token - 1] ?? -Infinity) - x[token]! + half;
  const after = (x[token + 1] ?? Infinity) - x[token]! - half;
  if (before <= 0 && after >= 0) return 0;
  if (before <= after) return Math.max(before, Math.min(after, 0));
  const middle = (before + after) / 2;
  return Math.abs(middle) < 8 ? middle : 0;
}

/** Beside the chosen link itself: who looks, at whom, with what weight, and what is set apart. */
export function focusWishes(request: PlanRequest): LabelWish[] {
  const { focus, layout, texts, hidden, words } = request;
  const berth = berthOf(layout, focus);
  if (focus.query === null || berth === null) return [];
  const { query } = focus;
  const base = { dx: 0, align: 0 as const, firm: true };
  const wishes: LabelWish[] = [
    {
      ...base,
      text: texts[query]!,
      figure: '',
      style: STYLES.looking,
      token: query,
      layer: focus.layer,
      place: [layout.x[query]!, berth.high, berth.z],
      dy: berth.isHighest ? -LABEL_DROP : -NEAR_DROP,
      priority: 1000,
      elsewhere: [],
    },
  ];
  const keys = focus.link ? [focus.link, ...focus.others] : focus.others;
  for (const [i, link] of keys.entries()) {
    const strongest = link === focus.link;
    const drop = berth.isLowest ? LABEL_DROP : NEAR_DROP;
    wishes.push({
      ...base,
      text: texts[link.key]!,
      figure: hidden(link.key) ? words.masked() : percent(link.weight),
      style: strongest ? STYLES.looked : STYLES.runnerUp,
      token: link.key,
      layer: null,
      place: [layout.x[link.key]!, berth.low, berth.z],
      dy: drop,
      priority: strongest ? 990 : 950 - i,
      firm: strongest,
      elsewhere: strongest ? [] : [[0, drop + LABEL_ROW]],
    });
  }
  return [...wishes, ...apartWishes(request, query, berth)];
}

function apartWishes(
  { focus, layout, texts, labelWidths, view }: PlanRequest,
  query: number,
  berth: Berth,
): LabelWish[] {
  if (focus.apart === null || focus.apart <= 0) return [];
  const names = [...new Set(texts.filter((_, token) => isApart(view, token)))];
  const aside = labelWidths[query]! / 2 + 30;
  return [
    {
      text: names.slice(0, 3).join(' '),
      figure: percent(focus.apart),
      style: { ...STYLES.quiet, inkAfter: 'mutedInk' },
      token: null,
      layer: null,
      place: [layout.x[query]!, berth.high, berth.z],
      dx: aside,
      // Over the highest dots the text itself is written.
      dy: berth.isHighest ? NEAR_DROP : -NEAR_DROP,
      align: 1,
      priority: 980,
      firm: true,
      elsewhere: [
        [aside, NEAR_DROP],
        [aside, -NEAR_DROP - LABEL_ROW],
      ],
    },
  ];
}
