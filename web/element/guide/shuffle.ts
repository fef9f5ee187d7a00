/** A text in another order, and which token of it is which of the first one's. Pure. */
import type { Token } from '../../engine/types';

/**
 * The words of a text, shuffled: what stands between spaces. The sign at its very end stays there. Equal seeds give equal
 * orders, and the order is another one wherever there is another.
 */
export function shuffled(text: string, seed: number): string {
  const [, body = '', end = ''] = /^(.*?)([.!?…。！？]*)$/su.exec(text.trim()) ?? [];
  const words = body.split(/\s+/u).filter((word) => word !== '');
  if (new Set(words).size < 2) return text;
  const random = randomFrom(seed);
  for (;;) {
    const order = [...words];
    for (let i = order.length - 1; i > 0; --i) {
      const j = Math.floor(random() * (i + 1));
      [order[i], order[j]] = [order[j] ?? '', order[i] ?? ''];
    }
    if (order.some((word, i) => word !== words[i])) return order.join(' ') + end;
  }
}

/** Whole 32-bit arithmetic: the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** For each token of the left text its like in the right one: the n-th of a piece with the n-th; null where there is none. */
export function likes(
  left: readonly Pick<Token, 'piece'>[],
  right: readonly Pick<Token, 'piece'>[],
): readonly (number | null)[] {
  const places = new Map<string, number[]>();
  for (const [index, { piece }] of right.entries()) places.set(piece, [...(places.get(piece) ?? []), index]);
  return left.map(({ piece }) => places.get(piece)?.shift() ?? null);
}
