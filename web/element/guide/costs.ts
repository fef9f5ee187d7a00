/** Texts of a wanted length, and what is counted and measured about them. Pure. */
import type { Run, Token } from '../../engine/types';

/** Lengths in tokens, each twice the one before. */
export const LENGTHS = [16, 32, 64, 128, 256] as const;
/** Takes its time: only where the reader asks for it. */
export const LONGEST = 512;

/** Short runs are measured so often, and the one in the middle counts. */
export const timesOf = (length: number): number => (length <= 64 ? 3 : 1);

/** What was measured about a text; lengths as they came out. */
export interface Cost {
  readonly nTokens: number;
  readonly forwardMs: number;
  readonly weightsMs: number;
}

/** A text of so many tokens, made by saying one text again and again; special tokens count. */
export function repeated({ text, tokens }: Pick<Run, 'text' | 'tokens'>, length: number): string {
  const placed = tokens.filter((token): token is Token & { end: number } => !token.special && token.end !== null);
  const room = length - tokens.filter(({ special }) => special).length;
  if (placed.length === 0 || room <= 0) return '';
  const times = Math.floor(room / placed.length);
  const rest = room % placed.length;
  const part = rest === 0 ? '' : text.slice(0, placed[rest - 1]?.end);
  return [...Array.from({ length: times }, () => text.trim()), part].join(' ').trim();
}

/** The one in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** All heads' weights together. */
export const weightCount = (nTokens: number, { nLayers, nHeads }: Run['model']): number =>
  nTokens * nTokens * nLayers * nHeads;
