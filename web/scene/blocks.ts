/**
 * Draws matrices as boxes: one box a matrix, its cells, grid and marks in the fragment shader, from a texture of the
 * engine's own numbers. Colours numbers, changes none.
 */
import {
  BoxGeometry,
  DataTexture,
  FloatType,
  FrontSide,
  Mesh,
  NearestFilter,
  RedFormat,
  Vector2,
  Vector3,
  Vector4,
} from 'three';
import type { Matrix } from '../engine/types';
import type { StepMatrix } from '../state/state';
import { type Block, type CellRect, countsOf, type DrawnBlock, numbersOn } from './block-layout';
import type { Vec3 } from './layout';
import { material, type Shared } from './shared';
import { type Tone, toneIndex } from './theme';

/** How a block's numbers become colours: both signs up to a largest magnitude, or weights, from 0 to 1, as light. */
export type Colouring = { readonly kind: 'signed'; readonly most: number } | { readonly kind: 'weights' };

/** A block's content, its colours and its marks. */
export interface BlockContent {
  readonly block: Block;
  readonly matrix: Matrix;
  /** Cells that are -Infinity here are hatched. */
  readonly masks: Matrix | null;
  readonly colouring: Colouring;
  /** Of what the marks are: its colour. */
  readonly tone: Tone;
  readonly marks: Marks;
}

/** What is marked on a block. */
export interface Marks {
  /** The cells that take part, and how far the others step back, 0 to 1. */
  readonly lit: CellRect | null;
  readonly dim: number;
  /** The cell whose calculation is shown. */
  readonly chosen: CellRect | null;
  /** The cells under the pointer, or in the row that it is in. */
  readonly pointed: CellRect | null;
}

const VERTEX = `
uniform vec3 uMin, uMax;
in vec3 position, normal;
out vec2 vAt;
flat out vec3 vNormal;
void main() {
  gl_Position = projectionMatrix * viewMatrix * vec4(mix(uMin, uMax, position + 0.5), 1.0);
  vAt = vec2(position.x + 0.5, 0.5 - position.y);
  vNormal = normal;
}
`;

const FRAGMENT = `
uniform sampler2D uCells;
uniform vec2 uCount;
uniform vec4 uLook; /* largest magnitude (0: weights), light, share of rows revealed, tone of the marks */
uniform float uDim;
uniform vec4 uLit, uChosen, uPointed; /* left, top, right, bottom; empty where right is not beyond left */
in vec2 vAt;
flat in vec3 vNormal;
out vec4 colour;

bool inside(vec2 at, vec4 rect) { return all(greaterThanEqual(at, rect.xy)) && all(lessThan(at, rect.zw)); }
/* 1 just outside a rectangle, so many pixels wide: a small cell keeps its colour. At the block's edge it stays on it. */
float border(vec2 at, vec4 rect, vec2 cells, float wide) {
  if (rect.z <= rect.x) return 0.0;
  vec4 outer = vec4(max(rect.xy, wide * cells), min(rect.zw, uCount - wide * cells));
  vec2 away = max(outer.xy - at, at - outer.zw) / cells;
  float beyond = max(away.x, away.y);
  return clamp(beyond + 0.5, 0.0, 1.0) * clamp(wide + 0.5 - beyond, 0.0, 1.0);
}

void main() {
  vec2 at = vAt * uCount, cells = max(fwidth(at), vec2(1e-6));
  /* A side has the colour of the cells at its edge. */
  at = clamp(at, vec2(0.0), uCount - 1e-3);
  bool front = abs(vNormal.z) > 0.5;
  vec2 cell = floor(at);
  float value = texelFetch(uCells, ivec2(cell), 0).r;
  bool masked = value < -1e37, weights = uLook.x == 0.0;
  float share = weights ? sqrt(clamp(value, 0.0, 1.0)) : pow(clamp(abs(value) / uLook.x, 0.0, 1.0), 0.65);
  vec3 hue = mix(ZERO, weights ? ACCENT : value < 0.0 ? NEGATIVE : POSITIVE, masked ? 0.0 : share);
  if (masked) {
    float stripe = abs(fract((gl_FragCoord.x + gl_FragCoord.y) / (7.0 * uPixelRatio)) - 0.5);
    hue = mix(GROUND, mix(LINE, MUTEDINK, 0.35), smoothstep(0.34, 0.42, stripe));
  }
  if (cell.y >= uLook.z * uCount.y) hue = ZERO;
  if (uLit.z > uLit.x && !inside(at, uLit)) hue = mix(hue, GROUND, uDim);
  if (inside(at, uPointed)) hue = mix(hue, INK, 0.14);
  if (front) {
    /* The grid, while cells are large enough to be told apart. */
    vec2 edge = min(fract(at), 1.0 - fract(at)) / cells;
    float room = smoothstep(4.0, 9.0, 1.0 / max(cells.x, cells.y) / uPixelRatio);
    hue = mix(hue, GROUND, room * 0.75 * clamp(1.0 - min(edge.x, edge.y) / uPixelRatio * 1.4, 0.0, 1.0));
    vec3 mark = uTones[int(uLook.w)];
    hue = mix(hue, mark, border(at, uLit, cells, 1.6 * uPixelRatio));
    hue = mix(hue, GROUND, border(at, uChosen, cells, 3.6 * uPixelRatio));
    hue = mix(hue, INK, border(at, uChosen, cells, 2.2 * uPixelRatio));
  } else {
    hue = mix(hue, GROUND, abs(vNormal.y) > 0.5 ? 0.3 : 0.48);
  }
  colour = vec4(hue, 1.0) * uLook.y;
}
`;

const NOTHING: CellRect = { left: 0, top: 0, right: 0, bottom: 0 };

/** One matrix's box. */
class BlockMesh {
  readonly mesh: Mesh<BoxGeometry>;
  private readonly shared: Shared;
  private readonly own = {
    uMin: { value: new Vector3() },
    uMax: { value: new Vector3() },
    uCells: { value: null as DataTexture | null },
    uCount: { value: new Vector2(1, 1) },
    uLook: { value: new Vector4() },
    uDim: { value: 0 },
    uLit: { value: new Vector4() },
    uChosen: { value: new Vector4() },
    uPointed: { value: new Vector4() },
  };
  private content: BlockContent | null = null;

  constructor(shared: Shared, geometry: BoxGeometry) {
    this.shared = shared;
    const look = material(shared, this.own, VERTEX, FRAGMENT);
    look.side = FrontSide;
    this.mesh = new Mesh(geometry, look);
    this.mesh.frustumCulled = false;
    this.mesh.visible = false;
  }

  show(content: BlockContent): void {
    const { block, matrix, masks, colouring, tone, marks } = content;
    const old = this.content;
    this.content = content;
    if (old?.matrix !== matrix || old.masks !== masks || !sameCut(old.block, block)) this.upload(content);
    this.own.uLook.value.x = colouring.kind === 'weights' ? 0 : Math.max(1e-30, colouring.most);
    this.own.uLook.value.w = toneIndex(tone);
    this.own.uDim.value = marks.dim;
    for (const [uniform, rect] of [
      [this.own.uLit, marks.lit],
      [this.own.uChosen, marks.chosen],
      [this.own.uPointed, marks.pointed],
    ] as const) {
      const { left, top, right, bottom } = rect ?? NOTHING;
      uniform.value.set(left, top, right, bottom);
    }
  }

  place({ min, max, light, revealed }: DrawnBlock, order: number): void {
    this.own.uMin.value.set(...min);
    this.own.uMax.value.set(...max);
    this.own.uLook.value.y = light;
    this.own.uLook.value.z = revealed;
    this.mesh.renderOrder = order;
    this.mesh.visible = light > 0 && this.content !== null;
  }

  hide(): void {
    this.mesh.visible = false;
  }

  dropTexture(): void {
    this.own.uCells.value?.dispose();
  }

  private upload({ block, matrix, masks }: BlockContent): void {
    const [across, down] = countsOf(block);
    const numbers = numbersOn(block, matrix, masks);
    const old = this.own.uCells.value;
    if (old && old.image.width === across && old.image.height === down) {
      (old.image.data as Float32Array).set(numbers);
      old.needsUpdate = true;
    } else {
      old?.dispose();
      const texture = new DataTexture(numbers, across, down, RedFormat, FloatType);
      texture.internalFormat = 'R32F';
      texture.minFilter = texture.magFilter = NearestFilter;
      texture.needsUpdate = true;
      this.own.uCells.value = texture;
    }
    this.own.uCount.value.set(across, down);
    this.shared.uploaded += numbers.byteLength;
  }
}

function sameCut(a: Block, b: Block): boolean {
  const same = (p: Block['rows'], q: Block['rows']) => p.first === q.first && p.end === q.end;
  return a.transposed === b.transposed && same(a.rows, b.rows) && same(a.cols, b.cols);
}

/** All blocks of the Steps view: each matrix keeps its box while steps come and go. */
export class Blocks {
  readonly meshes: readonly Mesh[];
  private readonly byName: ReadonlyMap<StepMatrix, BlockMesh>;
  private readonly order: number;

  constructor(shared: Shared, names: readonly StepMatrix[], order: number) {
    const geometry = new BoxGeometry(1, 1, 1);
    this.order = order;
    this.byName = new Map(names.map((name) => [name, new BlockMesh(shared, geometry)]));
    this.meshes = [...this.byName.values()].map(({ mesh }) => mesh);
  }

  show(contents: readonly BlockContent[]): void {
    for (const content of contents) this.byName.get(content.block.name)?.show(content);
  }

  /** Draws these and no others, as seen from `eye`: far ones first, for nothing tests depth. */
  place(drawn: readonly DrawnBlock[], eye: Vec3): void {
    for (const mesh of this.byName.values()) mesh.hide();
    const distance = ({ min, max }: DrawnBlock) =>
      Math.hypot(...([0, 1, 2] as const).map((axis) => (min[axis] + max[axis]) / 2 - eye[axis]));
    const sorted = [...drawn].sort((a, b) => distance(b) - distance(a));
    for (const [i, block] of sorted.entries()) {
      this.byName.get(block.name)?.place(block, this.order + i / (sorted.length + 1));
    }
  }

  dropTextures(): void {
    for (const mesh of this.byName.values()) mesh.dropTexture();
  }
}
