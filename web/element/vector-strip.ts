/** A vector as a row of signed bars, element by element. Draws numbers that are printed elsewhere, so it is mute. */
import { css, type SVGTemplateResult, svg } from 'lit';

/** Bars up for positive elements, down for negative; `most` is what a full bar stands for. */
export function vectorStrip(
  vector: ArrayLike<number>,
  meaning: string,
  most: number,
  lit: number | null,
): SVGTemplateResult {
  const bars = Array.from(vector, (value, i) => {
    const height = most > 0 ? Math.min(1, Math.abs(value) / most) * 15 : 0;
    return svg`<rect
      class=${i === lit ? 'lit' : ''}
      x=${i + 0.12}
      y=${value < 0 ? 16 : 16 - height}
      width="0.76"
      height=${Math.max(height, 0.4)}
    ></rect>`;
  });
  return svg`<svg class=${`strip ${meaning}`} viewBox=${`0 0 ${vector.length} 32`} preserveAspectRatio="none" aria-hidden="true">
    <rect class="zero" x="0" y="15.8" width=${vector.length} height="0.4"></rect>
    ${bars}
  </svg>`;
}

/** The largest magnitude in any of the vectors: strips that are compared share it. */
export function largest(...vectors: (ArrayLike<number> | null)[]): number {
  let most = 0;
  for (const vector of vectors) {
    for (let i = 0; i < (vector?.length ?? 0); ++i) most = Math.max(most, Math.abs(vector?.[i] ?? 0));
  }
  return most;
}

export const vectorStripStyles = css`
  .strip {
    display: block;
    width: 100%;
    height: 32px;
  }
  .strip rect {
    fill: currentColor;
    opacity: 0.8;
  }
  .strip rect.zero {
    fill: var(--muted);
    opacity: 0.5;
  }
  .strip rect.lit {
    opacity: 1;
    stroke: var(--ink);
    stroke-width: 0.12;
  }
`;
