/**
 * The state as the fragment of an address, and back. What comes back is hostile: bounded, typed, and anything that does
 * not fit is left out. The fragment never reaches a server. Pure.
 */
import type { Intervention } from '../engine/types';
import { readInterventions } from './interventions';
import { MEASURES } from './measures';
import { METRICS } from './metrics';
import {
  type CameraPreset,
  type Change,
  type Compare,
  type HeadPlace,
  initialState,
  MOST_LANES,
  STEPS,
  TEXT_BY,
  VIEWS,
  type View,
  type ViewerState,
  type WallOrder,
} from './state';

/** Longer fragments are not read at all. */
export const LONGEST_FRAGMENT = 8192;
/** More generated tokens are left out: they stand for nothing without those before them. */
const MOST_GENERATED = 1024;
const ORDERS: readonly WallOrder[] = ['place', ...METRICS.map(({ name }) => name), 'change', 'effect'];
const CAMERAS: readonly CameraPreset[] = ['front', 'side', 'above'];

/** What sampling is called in the address, and what may stand there. */
const SAMPLING = {
  temperature: { name: 'temperature', read: (text: string | null) => decimal(text, 0, 5) },
  topK: { name: 'topk', read: (text: string | null) => wholeNumber(text, 0, 999_999) },
  topP: { name: 'topp', read: (text: string | null) => decimal(text, 0.001, 1) },
  seed: { name: 'seed', read: (text: string | null) => wholeNumber(text, 0, 4_294_967_295) },
} as const;
const RULES = ['temperature', 'topK', 'topP', 'seed'] as const;

/**
 * "v=1&text=…&layer=3&head=1&query=10&threshold=4", without the hash sign; rarer choices only where they differ from
 * the default. A text that would make it too long to be read is left out, and first what was generated after it.
 */
export function toFragment(state: ViewerState): string {
  const pairs = new URLSearchParams({ v: '1', text: state.text });
  for (const name of ['layer', 'head', 'query', 'threshold'] as const) pairs.set(name, String(state[name]));
  if (state.key !== null) pairs.set('key', String(state.key));
  for (const name of ['view', 'camera', 'precision', 'align', 'measure', 'step'] as const) {
    if (state[name] !== initialState[name]) pairs.set(name, state[name]);
  }
  if (!state.apart) pairs.set('apart', '0');
  if (state.chat) pairs.set('chat', '1');
  if (state.wallOrder !== initialState.wallOrder) pairs.set('order', state.wallOrder);
  if (state.textBy !== initialState.textBy) pairs.set('by', state.textBy);
  if (!state.words) pairs.set('words', '0');
  if (state.difference) pairs.set('difference', '1');
  if (state.lanes.length > 0) pairs.set('lanes', state.lanes.map(placeText).join('-'));
  if (state.interventions.length > 0) pairs.set('changes', JSON.stringify(state.interventions));
  // A second model does not travel in a link.
  if (state.compare !== null && state.compare.kind !== 'model') pairs.set('compare', compareText(state.compare));
  for (const rule of RULES) {
    const value = state.sampling[rule];
    if (value !== initialState.sampling[rule]) pairs.set(SAMPLING[rule].name, String(value));
  }
  for (const name of ['layers', 'heads'] as const) {
    const list = state[name];
    if (list !== null) pairs.set(name, list.join('.'));
  }
  const { generated } = state;
  if (generated.length > 0 && generated.length <= MOST_GENERATED) pairs.set('generated', generated.join('.'));
  for (const name of ['generated', 'changes', 'compare', 'text'])
    if (pairs.toString().length > LONGEST_FRAGMENT) pairs.delete(name);
  return pairs.toString();
}

/**
 * The change that a fragment asks for; empty for anything that is no fragment of ours. Choices that `toFragment` leaves
 * out come back as the default, so that going back in the browser's history reaches the state that was left.
 */
export function fromFragment(fragment: string): Change {
  if (fragment.length > LONGEST_FRAGMENT + 1) return {};
  const pairs = new URLSearchParams(fragment.replace(/^#/, ''));
  if (pairs.get('v') !== '1') return {};
  const text = pairs.get('text');
  const threshold = wholeNumber(pairs.get('threshold'), 1, 100);
  const { temperature, topK, topP, seed } = initialState.sampling;
  const change: { -readonly [Name in keyof Change]: Change[Name] } = {
    key: wholeNumber(pairs.get('key'), 0, 65_535),
    view: oneOf<View>(pairs.get('view'), VIEWS, initialState.view),
    camera: oneOf(pairs.get('camera'), CAMERAS, initialState.camera),
    precision: oneOf(pairs.get('precision'), ['auto', 'f32'], initialState.precision),
    apart: pairs.get('apart') !== '0',
    layers: wholeNumbers(pairs.get('layers'), 1023, 256),
    heads: wholeNumbers(pairs.get('heads'), 1023, 256),
    chat: pairs.get('chat') === '1',
    align: oneOf(pairs.get('align'), ['token', 'position'], initialState.align),
    measure: oneOf(
      pairs.get('measure'),
      MEASURES.map(({ name }) => name),
      initialState.measure,
    ),
    difference: pairs.get('difference') === '1',
    step: oneOf(pairs.get('step'), STEPS, initialState.step),
    wallOrder: oneOf(pairs.get('order'), ORDERS, initialState.wallOrder),
    textBy: oneOf(pairs.get('by'), TEXT_BY, initialState.textBy),
    words: pairs.get('words') !== '0',
    lanes: lanesIn(pairs.get('lanes')),
    interventions: interventionsIn(pairs.get('changes')),
    compare: compareIn(pairs.get('compare')),
    sampling: {
      temperature: SAMPLING.temperature.read(pairs.get('temperature')) ?? temperature,
      topK: SAMPLING.topK.read(pairs.get('topk')) ?? topK,
      topP: SAMPLING.topP.read(pairs.get('topp')) ?? topP,
      seed: SAMPLING.seed.read(pairs.get('seed')) ?? seed,
    },
  };
  if (text !== null) {
    change.text = text;
    change.generated = wholeNumbers(pairs.get('generated') || null, 9_999_999, MOST_GENERATED) ?? [];
  }
  if (threshold !== null) change.threshold = threshold;
  for (const name of ['layer', 'head', 'query'] as const) {
    const index = wholeNumber(pairs.get(name), 0, 65_535);
    if (index !== null) change[name] = index;
  }
  return change;
}

const placeText = ({ layer, head }: HeadPlace): string => `${layer}.${head}`;

function placeIn(text: string): HeadPlace | null {
  const [layer, head] = wholeNumbers(text, 1023, 2) ?? [];
  return layer === undefined || head === undefined ? null : { layer, head };
}

/** "3.1-5.11"; one that is none makes the whole list none. */
function lanesIn(text: string | null): readonly HeadPlace[] {
  const parts = text === null || text === '' ? [] : text.split('-');
  if (parts.length > MOST_LANES) return [];
  const lanes = parts.map(placeIn);
  return lanes.every((lane) => lane !== null) ? lanes : [];
}

/** What is no list of interventions changes nothing. */
function interventionsIn(text: string | null): readonly Intervention[] {
  if (text === null) return [];
  try {
    return readInterventions(JSON.parse(text));
  } catch {
    return [];
  }
}

function compareText(compare: Exclude<Compare, { kind: 'model' }>): string {
  if (compare.kind === 'text') return `text:${compare.text}`;
  return compare.kind === 'head' ? `head:${placeText(compare)}` : compare.kind;
}

function compareIn(text: string | null): Compare | null {
  if (text === 'original') return { kind: 'original' };
  if (text?.startsWith('text:')) return { kind: 'text', text: text.slice('text:'.length) };
  const place = text?.startsWith('head:') ? placeIn(text.slice('head:'.length)) : null;
  return place === null ? null : { kind: 'head', ...place };
}

function oneOf<T extends string>(text: string | null, known: readonly T[], otherwise: T): T {
  return known.find((name) => name === text) ?? otherwise;
}

function wholeNumber(text: string | null, least: number, most: number): number | null {
  if (text === null || !/^\d{1,10}$/.test(text)) return null;
  const value = Number(text);
  return value >= least && value <= most ? value : null;
}

/** "0.95": no sign, no exponent. */
function decimal(text: string | null, least: number, most: number): number | null {
  if (text === null || !/^\d(\.\d{1,4})?$/.test(text)) return null;
  const value = Number(text);
  return value >= least && value <= most ? value : null;
}

/** "0.3.11"; an empty text is an empty list: none is chosen. */
function wholeNumbers(text: string | null, most: number, longest: number): number[] | null {
  if (text === null) return null;
  if (text === '') return [];
  const parts = text.split('.');
  if (parts.length > longest) return null;
  const list = parts.map((part) => wholeNumber(part, 0, most));
  return list.every((index) => index !== null) ? list : null;
}
