/** The element's arithmetic: what of a large grid is in view, what stays readable, what progress says, and a bare import. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { itemsOf, reveal, step, visible } from '../../web/element/grid-window';
import { remaining } from '../../web/element/progress';
import { isBright, mixed, paintable, parseColour, type Rgb, readTheme } from '../../web/element/theme';

const size = fc.integer({ min: 1, max: 60 });
const count = fc.integer({ min: 0, max: 2000 });
const pixels = fc.integer({ min: 0, max: 5000 });

describe('the window of a grid', () => {
  it('covers every item that touches the viewport, and never more than it needs', () => {
    fc.assert(
      fc.property(pixels, pixels, size, count, (scroll, viewport, itemSize, items) => {
        const { first, last } = visible(scroll, viewport, itemSize, items);
        for (let item = 0; item < items; ++item) {
          const isSeen = item * itemSize < scroll + viewport && (item + 1) * itemSize > scroll;
          if (isSeen && !(item >= first && item < last)) return false;
        }
        return first >= 0 && last <= items && last - first <= Math.ceil(viewport / itemSize) + 6;
      }),
    );
  });

  it('keeps the cell that has the focus in the document, once and in order', () => {
    expect(itemsOf({ first: 5, last: 8 }, 2)).toEqual([2, 5, 6, 7]);
    expect(itemsOf({ first: 5, last: 8 }, 6)).toEqual([5, 6, 7]);
    expect(itemsOf({ first: 5, last: 8 }, 11)).toEqual([5, 6, 7, 11]);
    expect(itemsOf({ first: 0, last: 0 }, -1)).toEqual([]);
  });

  it('scrolls no further than an item needs to be wholly in view', () => {
    fc.assert(
      fc.property(pixels, fc.integer({ min: 60, max: 2000 }), size, count, (scroll, viewport, itemSize, item) => {
        const to = reveal(scroll, viewport, itemSize, item);
        const isWhole = to <= item * itemSize && (item + 1) * itemSize <= to + viewport;
        const wasWhole = scroll <= item * itemSize && (item + 1) * itemSize <= scroll + viewport;
        return isWhole && (!wasWhole || to === scroll);
      }),
    );
  });

  it('is walked by arrows, Home, End and the Page keys, and not left by them', () => {
    expect(step('ArrowRight', false, 3, 4, 16, 16)).toEqual({ row: 3, col: 5 });
    expect(step('ArrowUp', false, 0, 4, 16, 16)).toEqual({ row: 0, col: 4 });
    expect(step('End', false, 3, 4, 16, 16)).toEqual({ row: 3, col: 15 });
    expect(step('Home', true, 3, 4, 16, 16)).toEqual({ row: 0, col: 0 });
    expect(step('PageDown', false, 3, 4, 8, 16)).toEqual({ row: 7, col: 4 });
    expect(step('a', false, 3, 4, 16, 16)).toBeNull();
  });
});

describe('colours', () => {
  it('are read as the page writes them', () => {
    expect(parseColour(' #0b0e14 ')).toEqual([11, 14, 20]);
    expect(parseColour('#fff')).toEqual([255, 255, 255]);
    expect(parseColour('rgb(1, 2, 3)')).toEqual([1, 2, 3]);
    expect(parseColour('rgb(1 2 3 / 50%)')).toEqual([1, 2, 3]);
    expect(parseColour('nonsense')).toEqual([0, 0, 0]);
  });

  it('leave black or white with a contrast of at least 4.5 on every cell of both themes', () => {
    const luminance = (colour: Rgb) => {
      const [red, green, blue] = colour.map((channel) =>
        channel <= 10.31475 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4,
      ) as [number, number, number];
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    for (const [raised, light] of [
      ['#171c26', '#ff9f45'],
      ['#ffffff', '#b0480c'],
    ] as const) {
      for (let share = 0; share <= 1; share += 0.01) {
        const cell = mixed(parseColour(raised), parseColour(light), share);
        const lit = luminance(cell) + 0.05;
        expect(isBright(cell) ? lit / 0.05 : 1.05 / lit).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it('are painted from the ground at 0 to the full light at 255, opaque', () => {
    const ramp = paintable([0, 0, 0], [255, 128, 64]);
    expect(ramp[0]).toBe(0xff000000);
    expect(ramp[255]).toBe(0xff4080ff);
  });

  it('tell a dark page from a light one', () => {
    const theme = (ground: string) => readTheme((name) => (name === '--ground' ? ground : '#888888'));
    expect(theme('#0b0e14').dark).toBe(true);
    expect(theme('#f7f5f0').dark).toBe(false);
  });
});

describe('progress', () => {
  const at = (received: number, total: number) => ({ phase: 'download' as const, received, total });

  it('says nothing of the end while that is unknown, or too early to tell', () => {
    expect(remaining(at(5, 0), 0, 9000)).toEqual({ share: null, seconds: null });
    expect(remaining(at(1, 2), 0, 300)).toEqual({ share: 0.5, seconds: null });
  });

  it('judges the time left by the pace so far', () => {
    expect(remaining(at(25, 100), 1000, 3000)).toEqual({ share: 0.25, seconds: 6 });
    expect(remaining(at(120, 100), 0, 3000)).toEqual({ share: 1, seconds: 0 });
  });
});

it('the element can be imported where there is no document', async () => {
  expect(globalThis.document).toBeUndefined();
  const { AttentionViewer } = await import('../../web/element/attention-viewer');
  expect(AttentionViewer.observedAttributes).toEqual(
    expect.arrayContaining(['src', 'trace', 'text', 'layer', 'head', 'query-index', 'key-index', 'view', 'precision']),
  );
});
