/** The scene's colours: takes CSS colours, gives shader tones. Nothing else in the scene knows a colour. */

/** CSS colours as the page's variables hold them. */
export interface SceneTheme {
  readonly dark: boolean;
  readonly ground: string;
  readonly panel: string;
  readonly thread: string;
  readonly line: string;
  readonly ink: string;
  readonly mutedInk: string;
  /** The warm hue of attention. */
  readonly accent: string;
  /** One for each lane. */
  readonly heads: readonly string[];
  /** A CSS font family list; the system's when left out. */
  readonly font?: string;
}

export type Rgb = readonly [red: number, green: number, blue: number];

/** What a shader's `uTones` holds, in this order. */
const HEAD_TONES = ['head0', 'head1', 'head2', 'head3', 'head4', 'head5', 'head6', 'head7'] as const;
const BASE_TONES = ['ground', 'panel', 'thread', 'line', 'mutedInk', 'ink', 'accent', 'cool', 'spark'] as const;
export const TONES = [...BASE_TONES, ...HEAD_TONES];
export type Tone = (typeof TONES)[number];

/** The tone of a lane, by its place among the chosen ones. */
export function headTone(lane: number): Tone {
  return HEAD_TONES[lane % HEAD_TONES.length]!;
}

/** A tone's place in `uTones`. */
export function toneIndex(tone: Tone): number {
  return TONES.indexOf(tone);
}

export function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const at = (channel: 0 | 1 | 2) => from[channel] + (to[channel] - from[channel]) * share;
  return [at(0), at(1), at(2)];
}

/**
 * All tones, 0 to 1, display-referred. `cool` is the neutral of links nobody chose; `spark` is the core of a chosen
 * link: hotter than its hue on a dark ground, deeper ink on paper.
 */
export function tonesOf(theme: SceneTheme, parse: (css: string) => Rgb): Map<Tone, Rgb> {
  const ground = parse(theme.ground);
  const ink = parse(theme.ink);
  const accent = parse(theme.accent);
  return new Map<Tone, Rgb>([
    ['ground', ground],
    ['panel', parse(theme.panel)],
    ['thread', parse(theme.thread)],
    ['line', parse(theme.line)],
    ['mutedInk', parse(theme.mutedInk)],
    ['ink', ink],
    ['accent', accent],
    ['cool', mix(parse(theme.mutedInk), ink, theme.dark ? 0.35 : 0.1)],
    ['spark', theme.dark ? mix(accent, [1, 0.98, 0.9], 0.7) : mix(accent, ink, 0.12)],
    ...HEAD_TONES.map((tone, i): [Tone, Rgb] => [tone, parse(theme.heads[i] ?? theme.accent)]),
  ]);
}

/** Any CSS colour as numbers, read back from one painted pixel. */
export function colourParser(): (css: string) => Rgb {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  return (css) => {
    if (!context) return [0.5, 0.5, 0.5];
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = css;
    context.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
    return [red / 255, green / 255, blue / 255];
  };
}
