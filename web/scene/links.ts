/**
 * Attention as ribbons: one draw for a whole list. Vertices are pulled from an integer texture, eight links to an
 * instance, and widened on the screen along the curve's own tangent. Strong links come last, on top.
 */
import {
  DataTexture,
  Float32BufferAttribute,
  InstancedBufferGeometry,
  Mesh,
  NearestFilter,
  RGBAIntegerFormat,
  UnsignedIntType,
} from 'three';
import type { LinkList } from '../engine/types';
import { CURVE_GLSL } from './curve';
import { LINK_WORDS, TEXTURE_WIDTH, textureRows } from './packing';
import { material, type Shared } from './shared';
import { VISUALS_GLSL } from './visuals';

const PER_INSTANCE = 8;

/** The mass of all links; the focused token's; the light around its chosen ones. */
const ROLES = { mass: 0, focus: 1, glow: 2 } as const;
export type Role = keyof typeof ROLES;

/** A link list on the graphics card, made anew only when it outgrows its place. */
export class LinkTexture {
  texture = this.make(1);
  private readonly shared: Shared;

  constructor(shared: Shared) {
    this.shared = shared;
  }

  set(list: LinkList): void {
    const rows = textureRows(list.length / LINK_WORDS);
    if (rows !== this.texture.image.height) {
      this.texture.dispose();
      this.texture = this.make(rows);
    }
    (this.texture.image.data as unknown as Uint32Array).set(list);
    this.texture.needsUpdate = true;
    this.shared.uploaded += rows * TEXTURE_WIDTH * LINK_WORDS * 4;
  }

  private make(rows: number): DataTexture {
    const data = new Uint32Array(rows * TEXTURE_WIDTH * LINK_WORDS);
    const texture = new DataTexture(data, TEXTURE_WIDTH, rows, RGBAIntegerFormat, UnsignedIntType);
    texture.internalFormat = 'RGBA32UI';
    texture.minFilter = texture.magFilter = NearestFilter;
    texture.needsUpdate = true;
    return texture;
  }
}

/** One ribbon, eight times; `t` is spaced so that the bends at both ends are the finest. */
function ribbonGeometry(segments: number): InstancedBufferGeometry {
  const positions: number[] = [];
  const index: number[] = [];
  for (let link = 0; link < PER_INSTANCE; link++) {
    const base = positions.length / 3;
    for (let i = 0; i <= segments; i++) {
      const t = 0.5 - 0.5 * Math.cos((Math.PI * i) / segments);
      positions.push(t, -1, link, t, 1, link);
    }
    for (let i = 0; i < segments; i++) {
      const v = base + 2 * i;
      index.push(v, v + 1, v + 2, v + 2, v + 1, v + 3);
    }
  }
  const geometry = new InstancedBufferGeometry();
  geometry.setAttribute('position', new Float32BufferAttribute(positions, 3));
  geometry.setIndex(index);
  geometry.instanceCount = 0;
  return geometry;
}

const VERTEX = `
${VISUALS_GLSL}${CURVE_GLSL}
uniform usampler2D uLinks;
uniform int uCount, uRole;
uniform float uMassLight;
in vec3 position;
out vec3 vAcross;
flat out vec3 vColour, vSpark;
flat out vec4 vLook;

/* Wide in the open, narrow where the curve bends into a thread, or the halo would fold over itself. */
float glowReach(float half_, float t) {
  float open = smoothstep(0.0, 0.16, t) * smoothstep(0.0, 0.16, 1.0 - t);
  return (9.0 * uPixelRatio + half_ * 3.0) * mix(0.3, 1.0, open);
}

void main() {
  gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  int i = uCount - 1 - (gl_InstanceID * ${PER_INSTANCE} + int(position.z));
  if (i < 0) return;
  uvec4 link = texelFetch(uLinks, ivec2(i % ${TEXTURE_WIDTH}, i / ${TEXTURE_WIDTH}), 0);
  float layer = float(link.r >> 16u), head = float(link.r & 65535u), weight = uintBitsToFloat(link.a);
  bool inLayer = layer == uFocus.x, chosen = inLayer && head == uFocus.y;
  int lane = laneIndex(layer, head);
  /* In the lanes a head has a hue of its own; the others stay behind in the tower. */
  float own = lane >= 0 ? uSpread : 0.0;
  if (lane < 0 && uSpread > 0.995) return;
  vec3 hue = lane >= 0 ? mix(ACCENT, laneHue(lane), own) : ACCENT;

  float width = widthOf(weight), light = lightOf(weight);
  vec3 colour = mix(mix(COOL, INK, 0.8 * smoothstep(0.2, 0.8, weight)), hue, own);
  if (uRole == 0) {
    light *= uMassLight * mix(0.95, max(mix(0.05, 0.09, float(inLayer)), 0.13 * own), uFocus.w);
    width = mix(width, width * 0.8, uFocus.w);
    if (chosen) {
      colour = mix(hue, mix(COOL, hue, own), uFocus.w * 0.75);
      light = mix(0.3 + 0.7 * weight, light, uFocus.w);
    }
  } else if (chosen) {
    colour = hue;
    light = 0.34 + 0.66 * pow(weight, 0.35);
    /* Ink has no glow to help it. */
    light = mix(mix(light, 1.0, 0.45), light, uDark);
    width *= 1.3;
  } else {
    light = light * mix(0.2 * uMassLight, 0.62, float(inLayer)) + mix(0.03 * uMassLight, 0.06, float(inLayer));
    light = mix(light, 0.2 + 0.72 * pow(weight, 0.4), own);
    width *= mix(mix(0.75, 0.95, float(inLayer)), 1.15, own);
  }
  if (lane < 0) light *= 1.0 - uSpread;

  vec3 point, tangent;
  linkCurve(layer, head, lane, int(link.g), int(link.b), position.x, point, tangent);
  float half_ = width * 0.5 * uPixelRatio, reach = uRole == 2 ? glowReach(half_, position.x) : half_ + 1.0;
  float depth;
  gl_Position = beside(point, tangent, position.y * reach, depth);
  /* What is chosen shines through the haze. */
  float clear = mix(clarity(depth), 1.0, chosen && uRole > 0 ? 0.85 : 0.0);
  vAcross = vec3(position.y * (uRole == 2 ? 1.0 : reach * nearness(depth)), position.x, clear);
  vColour = colour;
  vSpark = mix(SPARK, mix(hue, INK, 0.6), own);
  vLook = vec4(half_ * nearness(depth), light, weight, chosen && uRole == 1 ? 1.0 : 0.0);
}
`;

const FRAGMENT = `
uniform int uRole;
in vec3 vAcross;
flat in vec3 vColour, vSpark;
flat in vec4 vLook;
out vec4 colour;

void main() {
  float off = abs(vAcross.x), t = vAcross.y, half_ = vLook.x;
  /* Brightest at the key that is looked at: the direction, without an arrow. */
  float light = vLook.y * mix(1.0, mix(0.42, 0.9, vLook.w), smoothstep(0.0, 1.0, t));
  vec3 hue = vColour;
  if (uRole > 0) {
    /* Light travels from the query (t = 1) down to the key. */
    float behind = t - 1.0 + uTravel * 1.25;
    light *= smoothstep(0.0, 0.25, behind);
    light *= 1.0 + 1.2 * (1.0 - uTravel) * exp(-behind * behind * 40.0);
  }
  if (uRole == 2) {
    float halo = exp(-off * off * 5.5) * (1.0 - off);
    light *= halo * (0.08 + vLook.z * 0.8) * mix(0.4, 1.0, uDark);
    /* In the dark light adds; on paper it tints. */
    colour = vec4(hue * light * vAcross.z, light * vAcross.z * (1.0 - uDark));
    return;
  }
  float cover = clamp(half_ + 0.5 - off, 0.0, 1.0) * min(1.0, half_ * 2.0);
  if (vLook.w > 0.5) hue = mix(hue, vSpark, (1.0 - smoothstep(0.0, half_, off)) * smoothstep(0.12, 0.6, vLook.z) * mix(1.0, 0.1, smoothstep(0.0, 0.9, t)));
  float alpha = min(1.0, light) * cover * vAcross.z;
  colour = vec4(hue * alpha, alpha);
}
`;

export class Ribbons {
  readonly mesh: Mesh<InstancedBufferGeometry>;
  private readonly own = {
    uLinks: { value: null as DataTexture | null },
    uCount: { value: 0 },
    uRole: { value: 0 },
    uMassLight: { value: 1 },
  };

  constructor(shared: Shared, role: Role, segments: number, order: number) {
    this.own.uRole.value = ROLES[role];
    this.mesh = new Mesh(ribbonGeometry(segments), material(shared, this.own, VERTEX, FRAGMENT));
    this.mesh.frustumCulled = false;
    this.mesh.renderOrder = order;
    this.mesh.visible = false;
  }

  get count(): number {
    return this.own.uCount.value;
  }

  /** Draws the first `count` links of the texture. */
  show(links: LinkTexture, count: number, massLight = 1): void {
    this.own.uLinks.value = links.texture;
    this.own.uCount.value = count;
    this.own.uMassLight.value = massLight;
    this.mesh.geometry.instanceCount = Math.ceil(count / PER_INSTANCE);
    this.mesh.visible = count > 0;
  }
}
