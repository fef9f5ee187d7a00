/** How a weight looks: the only file that turns a weight into width and light. Mirrored for the shaders below. */

export const LEAST_WIDTH = 0.7;
export const WIDTH_GAIN = 2.5;
export const LEAST_LIGHT = 0.07;

/** Ribbon width in CSS pixels at the middle of the scene. */
export function widthOf(weight: number): number {
  return LEAST_WIDTH + WIDTH_GAIN * Math.sqrt(Math.max(0, weight));
}

/** Opacity of a ribbon that nothing dims. */
export function lightOf(weight: number): number {
  const share = Math.min(1, Math.max(0, weight / 0.8));
  return LEAST_LIGHT + (1 - LEAST_LIGHT) * share * share * (3 - 2 * share);
}

/** Many ribbons share the light, or they would add up to a blank. */
export function massLight(count: number): number {
  return Math.min(1, Math.max(0.22, Math.sqrt(700 / Math.max(1, count))));
}

/** The same for one token's links in all the heads that are not the chosen one: a background, however many there are. */
export function focusLight(count: number): number {
  return Math.min(1, Math.max(0.12, 330 / Math.max(1, count)));
}

/**
 * How light a link is beside all the others, near enough to what the shader draws: those of the chosen token in the
 * chosen head, in another head's lane, in any other head; and the mass, which steps back while a token is chosen.
 */
export function lightIn(
  role: 'chosen' | 'lane' | 'focus' | 'mass',
  weight: number,
  count: number,
  isFocused: boolean,
): number {
  if (role === 'chosen') return 0.34 + 0.66 * weight ** 0.35;
  if (role === 'lane') return 0.2 + 0.72 * weight ** 0.4;
  if (role === 'focus') return lightOf(weight) * 0.62;
  return lightOf(weight) * massLight(count) * (isFocused ? 0.09 : 0.95);
}

const float = (value: number) => value.toFixed(4);

export const VISUALS_GLSL = `
float widthOf(float weight) { return ${float(LEAST_WIDTH)} + ${float(WIDTH_GAIN)} * sqrt(weight); }
float lightOf(float weight) { return mix(${float(LEAST_LIGHT)}, 1.0, smoothstep(0.0, 0.8, weight)); }
`;

/** A weight in words on a label: whole percents, and never a made-up zero. */
export function percent(weight: number): string {
  if (weight <= 0) return '0 %';
  const rounded = Math.round(weight * 100);
  return rounded < 1 ? '<1 %' : `${rounded} %`;
}
