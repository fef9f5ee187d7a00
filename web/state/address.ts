/**
 * The state as the fragment of an address, and back. What comes back is hostile: bounded, typed, and anything that does
 * not fit is left out. The fragment never reaches a server. Pure.
 */
import { BUILT_VIEWS, type CameraPreset, type Change, initialState, type View, type ViewerState } from './state';

/** Longer fragments are not read at all. */
export const LONGEST_FRAGMENT = 8192;
const CAMERAS: readonly CameraPreset[] = ['front', 'side', 'above'];

/**
 * "v=1&text=…&layer=3&head=1&query=10&threshold=4", without the hash sign; rarer choices only where they differ from
 * the default. A text that would make it too long to be read is left out.
 */
export function toFragment(state: ViewerState): string {
  const pairs = new URLSearchParams({ v: '1', text: state.text });
  for (const name of ['layer', 'head', 'query', 'threshold'] as const) pairs.set(name, String(state[name]));
  if (state.key !== null) pairs.set('key', String(state.key));
  for (const name of ['view', 'camera', 'precision'] as const) {
    if (state[name] !== initialState[name]) pairs.set(name, state[name]);
  }
  if (!state.apart) pairs.set('apart', '0');
  for (const name of ['layers', 'heads'] as const) {
    const list = state[name];
    if (list !== null) pairs.set(name, list.join('.'));
  }
  if (pairs.toString().length > LONGEST_FRAGMENT) pairs.delete('text');
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
  const change: { -readonly [Name in keyof Change]: Change[Name] } = {
    key: wholeNumber(pairs.get('key'), 0, 65_535),
    view: oneOf<View>(pairs.get('view'), BUILT_VIEWS, initialState.view),
    camera: oneOf(pairs.get('camera'), CAMERAS, initialState.camera),
    precision: oneOf(pairs.get('precision'), ['auto', 'f32'], initialState.precision),
    apart: pairs.get('apart') !== '0',
    layers: wholeNumbers(pairs.get('layers')),
    heads: wholeNumbers(pairs.get('heads')),
  };
  if (text !== null) change.text = text;
  if (threshold !== null) change.threshold = threshold;
  for (const name of ['layer', 'head', 'query'] as const) {
    const index = wholeNumber(pairs.get(name), 0, 65_535);
    if (index !== null) change[name] = index;
  }
  return change;
}

function oneOf<T extends string>(text: string | null, known: readonly T[], otherwise: T): T {
  return known.find((name) => name === text) ?? otherwise;
}

function wholeNumber(text: string | null, least: number, most: number): number | null {
  if (text === null || !/^\d{1,5}$/.test(text)) return null;
  const value = Number(text);
  return value >= least && value <= most ? value : null;
}

/** "0.3.11"; an empty text is an empty list: none is chosen. */
function wholeNumbers(text: string | null): number[] | null {
  if (text === null) return null;
  if (text === '') return [];
  const list = text.split('.').map((part) => wholeNumber(part, 0, 1023));
  return list.length <= 256 && list.every((index) => index !== null) ? list : null;
}
