/** Draws placed labels: plate, border and text of each in one instanced draw, at a constant size on the screen. */
import {
  DynamicDrawUsage,
  Float32BufferAttribute,
  InstancedBufferGeometry,
  InstancedInterleavedBuffer,
  InterleavedBufferAttribute,
  Mesh,
} from 'three';
import { type AtlasText, LabelAtlas } from './label-atlas';
import type { LabelWish, PlacedLabel } from './labels';
import { GROUND_GLSL, material, type Shared } from './shared';
import { toneIndex } from './theme';

const FLOATS = 16;
const CAPACITY = 1200;

const VERTEX = `
in vec3 position;
in vec4 iBox, iText, iTones, iMore;
out vec2 vAt;
flat out vec4 vText, vTones, vMore;
flat out vec2 vHalf;
void main() {
  vec2 half_ = iBox.zw * 0.5;
  vec2 at = position.xy * (half_ + 1.0);
  vec2 pixel = iBox.xy + half_ + at;
  gl_Position = vec4(pixel / uResolution * vec2(2.0, -2.0) + vec2(-1.0, 1.0), 0.0, 1.0);
  vAt = at; vHalf = half_; vText = iText; vTones = iTones; vMore = iMore;
}
`;

const FRAGMENT = `
${GROUND_GLSL}
uniform sampler2D uWords, uFigures;
in vec2 vAt;
flat in vec4 vText, vTones, vMore;
flat in vec2 vHalf;
out vec4 colour;
void main() {
  float round_ = min(vHalf.y, 6.0 * uPixelRatio);
  vec2 q = abs(vAt) - vHalf + round_;
  float edge = length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - round_;
  /* A plate of the ground's own colour has no edge: it dissolves. */
  bool bare = vTones.x < 0.5;
  float cover = bare ? clamp(-edge / (4.0 * uPixelRatio), 0.0, 1.0) : clamp(0.5 - edge, 0.0, 1.0);
  vec3 plate = bare ? groundAt(gl_FragCoord.xy) : uTones[int(vTones.x)];
  if (vTones.y >= 0.0) {
    float border = clamp(uPixelRatio * 0.5 + 0.5 - abs(edge + uPixelRatio * 0.5), 0.0, 1.0);
    plate = mix(plate, uTones[int(vTones.y)], border);
  }
  vec2 in_ = vAt + vText.zw * 0.5;
  vec4 glyph = vec4(0.0);
  if (all(greaterThanEqual(in_, vec2(0.0))) && all(lessThan(in_, vText.zw))) {
    ivec2 texel = ivec2(vText.xy + in_);
    glyph = vMore.y > 0.5 ? texelFetch(uFigures, texel, 0) : texelFetch(uWords, texel, 0);
  }
  vec3 ink = uTones[int(in_.x < vMore.x ? vTones.z : vTones.w)];
  vec3 text = vMore.w > 0.5 ? glyph.rgb : ink * glyph.a;
  vec3 hue = plate * (1.0 - glyph.a) + text;
  cover = max(cover, glyph.a);
  colour = vec4(hue * cover, cover) * vMore.z;
}
`;

/** Which atlas a text belongs to: the line of text changes seldom, what stands beside the focus often. */
function isWord(wish: LabelWish): boolean {
  return !wish.style.bold && wish.figure === '';
}

function textOf(wish: LabelWish): AtlasText {
  return { text: wish.text, figure: wish.figure, bold: wish.style.bold };
}

export class Labels {
  readonly mesh: Mesh<InstancedBufferGeometry>;
  readonly words = new LabelAtlas();
  readonly figures = new LabelAtlas();
  private readonly data = new Float32Array(CAPACITY * FLOATS);
  private readonly buffer = new InstancedInterleavedBuffer(this.data, FLOATS);
  private readonly shared: Shared;
  private fontSize = 13;

  constructor(shared: Shared, order: number) {
    this.shared = shared;
    const geometry = new InstancedBufferGeometry();
    geometry.setAttribute('position', new Float32BufferAttribute([-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0], 3));
    geometry.setIndex([0, 1, 2, 0, 2, 3]);
    this.buffer.setUsage(DynamicDrawUsage);
    for (const [i, name] of ['iBox', 'iText', 'iTones', 'iMore'].entries()) {
      geometry.setAttribute(name, new InterleavedBufferAttribute(this.buffer, 4, i * 4));
    }
    geometry.instanceCount = 0;
    const own = { uWords: { value: this.words.texture }, uFigures: { value: this.figures.texture } };
    this.mesh = new Mesh(geometry, material(shared, own, VERTEX, FRAGMENT));
    this.mesh.frustumCulled = false;
    this.mesh.renderOrder = order;
  }

  setFont(family: string, size: number, ratio: number): void {
    this.fontSize = size;
    this.words.setFont(family, size, ratio);
    this.figures.setFont(family, size, ratio);
  }

  get fontPx(): number {
    return this.fontSize;
  }

  /** Makes sure that all these can be drawn. */
  prepare(wishes: readonly LabelWish[]): void {
    this.shared.uploaded += this.words.fill(wishes.filter(isWord).map(textOf));
    this.shared.uploaded += this.figures.fill(wishes.filter((wish) => !isWord(wish)).map(textOf));
  }

  /** Width and height of a label with its plate, in CSS pixels. */
  measure(wish: LabelWish): [w: number, h: number] {
    const pill = wish.style.edge !== null || wish.style.fill !== 'ground';
    const width = (isWord(wish) ? this.words : this.figures).widthOf(textOf(wish));
    return [width + (pill ? 14 : 4), this.fontSize + (pill ? 9 : 6)];
  }

  show(placed: readonly PlacedLabel[]): void {
    const ratio = this.shared.uniforms.uPixelRatio.value;
    let count = 0;
    // Those placed first are the important ones: drawn last.
    for (let i = placed.length - 1; i >= 0 && count < CAPACITY; i--) {
      const { wish, x, y, w, h } = placed[i]!;
      const word = isWord(wish);
      const entry = (word ? this.words : this.figures).entry(textOf(wish));
      if (!entry) continue;
      const { fill, edge, ink, inkAfter } = wish.style;
      // Whole texels on whole pixels: text as sharp as the page's own. Width and text keep the same parity.
      const size = [evenLike(w * ratio, entry.w), evenLike(h * ratio, entry.h)] as const;
      const at = count++ * FLOATS;
      this.data.set([Math.round(x * ratio), Math.round(y * ratio), size[0], size[1]], at);
      this.data.set([entry.x, entry.y, entry.w, entry.h], at + 4);
      this.data.set([toneIndex(fill), edge ? toneIndex(edge) : -1, toneIndex(ink), toneIndex(inkAfter)], at + 8);
      this.data.set([entry.split, word ? 0 : 1, 1, entry.coloured ? 1 : 0], at + 12);
    }
    this.buffer.clearUpdateRanges();
    this.buffer.addUpdateRange(0, count * FLOATS);
    this.buffer.needsUpdate = true;
    this.mesh.geometry.instanceCount = count;
    this.mesh.visible = count > 0;
    this.shared.uploaded += count * FLOATS * 4;
  }

  dropTextures(): void {
    this.words.texture.dispose();
    this.figures.texture.dispose();
  }
}

/** The nearest whole number that is even or odd like `model`: centring one in the other then moves it by no half. */
function evenLike(value: number, model: number): number {
  const whole = Math.round(value);
  return (whole - model) % 2 === 0 ? whole : whole + 1;
}
