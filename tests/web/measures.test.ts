/** What the matrix may show, and how bright and how a number is written there. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MEASURES, measureOf, shownMeasure, whose, whyNotMeasurable } from '../../web/state/measures';
import { brightness, type ScaleKind, scaleOf, shortNumber, ticksOf } from '../../web/state/scale';

const backend = { source: 'trace', module: 'simd', precision: 'f32', threads: 1, tolerance: 2e-5 } as const;
const everything = { scores: true, hidden: true, next: true, values: true, effect: true };

describe('measures', () => {
  it('have a name and a definition each, and say whose numbers they are', () => {
    expect(MEASURES.map(({ name }) => name)).toEqual(['weights', 'scores', 'value-weighted', 'mean', 'max', 'rollout']);
    for (const { label, definition } of MEASURES) {
      expect(label.length).toBeGreaterThan(3);
      expect(definition).toMatch(/\.$/);
    }
    expect(whose(measureOf('scores'), 3, 1)).toBe('Layer 3, head 1');
    expect(whose(measureOf('max'), 3, 1)).toBe('All heads of layer 3');
    expect(whose(measureOf('rollout'), 3, 1)).toBe('All heads up to layer 3');
    expect(() => measureOf('median' as never)).toThrow('median');
  });

  it('that a run cannot say give way to its weights, with a reason', () => {
    const bare = { backend, can: { ...everything, scores: false, values: false } };
    expect(whyNotMeasurable(bare, 'scores')).toMatch(/^not measurable/);
    expect(shownMeasure(bare, 'scores')).toBe('weights');
    expect(shownMeasure(bare, 'value-weighted')).toBe('weights');
    expect(shownMeasure(bare, 'rollout')).toBe('rollout');
    for (const { name } of MEASURES) expect(shownMeasure({ backend, can: everything }, name)).toBe(name);
  });
});

const kinds: readonly ScaleKind[] = ['share', 'size', 'signed'];
const numbers = fc.array(fc.float({ noNaN: true, min: -100, max: 100 }), { minLength: 1, maxLength: 40 });

describe('scales', () => {
  it('give the largest number full light, zero none, and grow with the number', () => {
    fc.assert(
      fc.property(numbers, fc.constantFrom(...kinds), (list, kind) => {
        const data = Float32Array.from(
          list,
          kind === 'signed' ? (x) => x : (x) => Math.abs(x) / (kind === 'share' ? 100 : 1),
        );
        const scale = scaleOf(kind, data);
        const sorted = [...data].sort((a, b) => a - b);
        const lights = sorted.map((value) => brightness(value, scale));
        expect(brightness(0, scale)).toBe(0);
        expect(lights.every((light, i) => i === 0 || light >= (lights[i - 1] ?? 0))).toBe(true);
        expect(lights.every((light) => light >= (kind === 'signed' ? -1 : 0) && light <= 1)).toBe(true);
        if (kind !== 'share' && scale.most > 0) expect(Math.max(...lights.map(Math.abs))).toBe(1);
      }),
    );
  });

  it('leave masked scores out', () => {
    const scale = scaleOf('signed', Float32Array.of(-2, 1.5, Number.NEGATIVE_INFINITY));
    expect(scale).toEqual({ kind: 'signed', most: 2 });
    expect(brightness(Number.NEGATIVE_INFINITY, scale)).toBe(0);
    expect(scaleOf('size', new Float32Array(3))).toEqual({ kind: 'size', most: 0 });
    expect(brightness(0, scaleOf('size', new Float32Array(3)))).toBe(0);
  });

  it('have ticks where their light is: the middle of a root is a quarter', () => {
    for (const kind of kinds) {
      const scale = scaleOf(kind, Float32Array.of(3, -4));
      for (const { at, value } of ticksOf(scale))
        expect(brightness(value, scale)).toBeCloseTo(kind === 'signed' ? 2 * at - 1 : at, 12);
    }
  });

  it('write numbers briefly, with a minus sign and, for differences, a plus', () => {
    const share = scaleOf('share', Float32Array.of(1));
    expect([0.677, 0.004, 0, 1].map((value) => shortNumber(value, share))).toEqual(['0.68', '0.00', '0', '1.00']);
    const scores = scaleOf('signed', Float32Array.of(-12.345));
    expect(shortNumber(-12.345, scores)).toBe('−12.3');
    expect(shortNumber(-0.01, scores)).toBe('0.0');
    expect(shortNumber(Number.NEGATIVE_INFINITY, scores)).toBe('−∞');
    const difference = scaleOf('signed', Float32Array.of(0.4, -0.2));
    expect([0.4, -0.2, 0].map((value) => shortNumber(value, difference, true))).toEqual(['+0.40', '−0.20', '0']);
  });
});
