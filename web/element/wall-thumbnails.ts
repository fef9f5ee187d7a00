/** Heads as small pictures: the engine's thumbnails, painted into pixels, with what is masked left to the ground. */
import type { RunView } from '../session/snapshot';
import { blockVisibility } from '../state/visibility';
import { paintable, type Rgb } from './theme';

/** What is masked, a weight of 0, and a full one. */
export interface ThumbnailColours {
  readonly ground: Rgb;
  readonly raised: Rgb;
  readonly light: Rgb;
}

/** Paints a head's thumbnail into a picture of so many pixels a row, its upper left corner at `offset`. */
export type PaintHead = (layer: number, head: number, pixels: Uint32Array, width: number, offset: number) => void;

export function thumbnailPainter(
  { run, overview }: Pick<RunView, 'run' | 'overview'>,
  colours: ThumbnailColours,
): PaintHead {
  const { thumbnails, thumbnailSize: size } = overview;
  const n = run.tokens.length;
  const ramp = paintable(colours.raised, colours.light);
  const masked = paintable(colours.ground, colours.ground)[0] ?? 0;
  // A thumbnail's cell stands for a block of the matrix.
  const blocks = Array.from(
    { length: size },
    (_, i) => [Math.ceil((i * n) / size), Math.ceil(((i + 1) * n) / size)] as const,
  );
  const masks: Uint8Array[] = [];
  const maskOf = (layer: number): Uint8Array => {
    masks[layer] ??= Uint8Array.from(
      blocks.flatMap((rows) => blocks.map((cols) => (blockVisibility(run, layer, rows, cols) === 'visible' ? 0 : 1))),
    );
    return masks[layer];
  };
  return (layer, head, pixels, width, offset) => {
    const isMasked = maskOf(layer);
    let at = (layer * run.model.nHeads + head) * size * size;
    for (let cell = 0; cell < size * size; ++cell) {
      const value = thumbnails[at++] ?? 0;
      const pixel = offset + Math.floor(cell / size) * width + (cell % size);
      pixels[pixel] = isMasked[cell] === 1 ? masked : (ramp[value] ?? 0);
    }
  };
}
