/** Texts as pixels: any script the reader's fonts know, packed into one canvas at the screen's own resolution. */
import { CanvasTexture, LinearFilter, NoColorSpace } from 'three';

export interface AtlasText {
  readonly text: string;
  /** A second part after a space; empty: none. */
  readonly figure: string;
  readonly bold: boolean;
}

export interface AtlasEntry {
  /** Texels. */
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  /** Where the second part starts, in texels. */
  readonly split: number;
  /** Has colours of its own (emoji), which are not to be tinted. */
  readonly coloured: boolean;
}

export function keyOf({ text, figure, bold }: AtlasText): string {
  return `${bold ? 1 : 0} ${figure} ${text}`;
}

const MOST = 4096;
const PICTURE = /\p{Extended_Pictographic}|\p{Regional_Indicator}/u;
const PICTURE_FONTS = "'Apple Color Emoji', 'Segoe UI Emoji', 'Noto Color Emoji'";

const PROBE = 32;

function probeContext(): CanvasRenderingContext2D | null {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = PROBE;
  return canvas.getContext('2d', { willReadFrequently: true });
}

/** Measures and draws in one font; sizes are CSS pixels. */
export class LabelAtlas {
  readonly texture: CanvasTexture;
  private readonly canvas = document.createElement('canvas');
  private readonly context: CanvasRenderingContext2D;
  private readonly probe = probeContext();
  private entries = new Map<string, AtlasEntry>();
  private readonly widths = new Map<string, number>();
  private family = 'system-ui, sans-serif';
  private size = 13;
  private ratio = 1;
  /** Where the next text has room. */
  private cursor = { x: 0, y: 0 };

  constructor() {
    this.canvas.width = this.canvas.height = 4;
    const context = this.canvas.getContext('2d');
    if (!context) throw new Error('This browser gives no 2D canvas, so the scene has no labels.');
    this.context = context;
    this.texture = this.makeTexture();
  }

  /** Everything measured or drawn before is void after this. */
  setFont(family: string, size: number, ratio: number): void {
    this.family = family;
    this.size = size;
    this.ratio = ratio;
    this.widths.clear();
    this.entries.clear();
  }

  /** Width of a text in CSS pixels. */
  widthOf(text: AtlasText): number {
    const key = keyOf(text);
    const known = this.widths.get(key);
    if (known !== undefined) return known;
    this.context.font = this.font(text, 1);
    const width = Math.ceil(this.context.measureText(text.figure ? `${text.text}  ${text.figure}` : text.text).width);
    this.widths.set(key, width);
    return width;
  }

  entry(text: AtlasText): AtlasEntry | undefined {
    return this.entries.get(keyOf(text));
  }

  /**
   * Draws those of these texts that it does not hold; where they lack room it forgets all others and begins anew.
   * Returns the bytes to upload; 0 when it held them all already.
   */
  fill(texts: readonly AtlasText[]): number {
    const wanted = new Map(texts.map((text) => [keyOf(text), text]));
    const missing = new Map([...wanted].filter(([key]) => !this.entries.has(key)));
    if (missing.size === 0) return 0;
    const row = Math.ceil(this.size * 1.7 * this.ratio);
    const { canvas } = this;
    if (this.entries.size > 0 && this.place(missing, canvas.width, canvas.height, row)) {
      this.draw(missing, canvas.width, canvas.height, row);
      return canvas.width * canvas.height * 4;
    }
    const width = Math.min(MOST, wanted.size > 60 ? 2048 : 1024);
    this.entries = new Map();
    this.cursor = { x: 0, y: 0 };
    this.place(wanted, width, MOST, row);
    let height = 32;
    while (height < this.cursor.y + row) height *= 2;
    this.context.clearRect(0, 0, canvas.width, canvas.height);
    this.draw(wanted, width, height, row);
    return width * height * 4;
  }

  /** Gives each text a place after those that have one; false where not all have room. */
  private place(texts: ReadonlyMap<string, AtlasText>, width: number, height: number, row: number): boolean {
    let { x, y } = this.cursor;
    for (const [key, text] of texts) {
      const w = Math.min(width, Math.ceil(this.widthOf(text) * this.ratio) + 4);
      if (x + w > width) [x, y] = [0, y + row];
      if (y + row > height) return false;
      const split = text.figure ? this.splitOf(text) : w;
      this.entries.set(key, { x, y, w, h: row, split, coloured: false });
      x += w + 1;
      this.cursor = { x, y };
    }
    return true;
  }

  private splitOf(text: AtlasText): number {
    this.context.font = this.font(text, this.ratio);
    return 2 + this.context.measureText(`${text.text} `).width;
  }

  private draw(wanted: ReadonlyMap<string, AtlasText>, width: number, height: number, row: number): void {
    const { canvas, context } = this;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      // The texture's storage has a fixed size: a canvas of another size needs another one.
      this.texture.dispose();
    }
    context.fillStyle = '#fff';
    context.textBaseline = 'alphabetic';
    for (const [key, text] of wanted) {
      const entry = this.entries.get(key);
      if (!entry) continue;
      context.font = this.font(text, this.ratio);
      // Capitals and x-height letters look centred with the baseline a third of the size below the middle.
      const baseline = entry.y + Math.round(row / 2 + this.size * this.ratio * 0.345);
      context.fillText(text.figure ? `${text.text}  ${text.figure}` : text.text, entry.x + 2, baseline);
      // Whether a font drew the picture in colour can only be seen.
      if (PICTURE.test(text.text)) this.entries.set(key, { ...entry, coloured: this.hasColour(text) });
    }
    this.texture.needsUpdate = true;
  }

  private hasColour(text: AtlasText): boolean {
    const { probe } = this;
    if (!probe) return false;
    probe.clearRect(0, 0, PROBE, PROBE);
    probe.fillStyle = '#fff';
    probe.font = this.font(text, 1);
    probe.fillText(text.text, 0, PROBE * 0.75);
    const { data } = probe.getImageData(0, 0, PROBE, PROBE);
    for (let i = 0; i < data.length; i += 4) {
      // A font without colour paints in the white it was given.
      if (data[i + 3]! > 200 && Math.min(data[i]!, data[i + 1]!, data[i + 2]!) < 225) return true;
    }
    return false;
  }

  private font({ text, bold }: AtlasText, ratio: number): string {
    const family = PICTURE.test(text) ? `${PICTURE_FONTS}, ${this.family}` : this.family;
    return `${bold ? 600 : 450} ${this.size * ratio}px ${family}`;
  }

  private makeTexture(): CanvasTexture {
    const texture = new CanvasTexture(this.canvas);
    texture.flipY = false;
    texture.premultiplyAlpha = true;
    texture.generateMipmaps = false;
    texture.minFilter = texture.magFilter = LinearFilter;
    texture.colorSpace = NoColorSpace;
    return texture;
  }
}
