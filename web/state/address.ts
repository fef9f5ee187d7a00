/**
 * The state as the fragment of an address, and back. What comes back is hostile: bounded, typed, and anything that does
 * not fit is left out. The fragment never reaches a server. Pure.
 */
import { BUILT_VIEWS, type CameraPreset, type Change, type View, type ViewerState } from './state';

/** Longer fragments are not read at all. */
export const LONGEST_FRAGMENT = 8192;
const CAMERAS: readonly CameraPreset[] = ['front', 'side', 'above'];

/** "v=1&text=…&layer=3&head=1&query=10", without the hash sign. */
export function toFragment(state: ViewerState): string {
  const pairs = new URLSearchParams({ v: '1', text: state.text });
  for (const name of ['layer', 'head', 'query'] as const) pairs.set(name, String(state[name]));
  if (state.key !== null) pairs.set('key', String(state.key));
  if (state.view !== 'story') pairs.set('view', state.view);
  if (state.camera !== 'front') pairs.set('camera', state.camera);
  if (!state.apart) pairs.set('apart', '0');
  pairs.set('threshold', String(state.threshold));
  if (state.layers !== null) pairs.set('layers', state.layers.join('.'));
  if (state.heads !== null) pairs.set('heads', state.heads.join('.'));
  return pairs.toString();
}

/** The change that a fragment asks for; empty for anything that is no fragment of ours. */
export function fromFragment(fragment: string): Change {
  if (fragment.length > LONGEST_FRAGMENT) return {};
  const pairs = new URLSearchParams(fragment.replace(/^#/, ''));
  if (pairs.get('v') !== '1') return {};
  const change: { -readonly [Name in keyof Change]: Change[Name] } = {};
  const text = pairs.get('text');
  if (text !== null) change.text = text;
  for (const name of ['layer', 'head', 'query', 'key'] as const) {
    const index = wholeNumber(pairs.get(name), 0, 65_535);
    if (index !== null) change[name] = index;
  }
  const view = pairs.get('view') as View;
  if (BUILT_VIEWS.includes(view)) change.view = view;
  const camera = pairs.get('camera') as CameraPreset;
  if (CAMERAS.includes(camera)) change.camera = camera;
  if (pairs.get('apart') === '0') change.apart = false;
  const threshold = wholeNumber(pairs.get('threshold'), 1, 100);
  if (threshold !== null) change.threshold = threshold;
  for (const name of ['layers', 'heads'] as const) {
    const list = pairs
      .get(name)
      ?.split('.')
      .map((part) => wholeNumber(part, 0, 1023));
    if (list !== undefined && list.length <= 256 && list.every((index) => index !== null))
      change[name] = list as number[];
  }
  return change;
}

function wholeNumber(text: string | null, least: number, most: number): number | null {
  if (text === null || !/^\d{1,5}$/.test(text)) return null;
  const value = Number(text);
  return value >= least && value <= most ? value : null;
}
