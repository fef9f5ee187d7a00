/** What all shaders of the scene share: uniforms, common GLSL, and the one way to make a material. */
import {
  AddEquation,
  CustomBlending,
  DataTexture,
  DoubleSide,
  FloatType,
  GLSL3,
  type IUniform,
  NearestFilter,
  OneFactor,
  OneMinusSrcAlphaFactor,
  RawShaderMaterial,
  RGBAFormat,
  Vector2,
  Vector3,
  Vector4,
} from 'three';
import { LANE_SLOTS, LANES_GLSL } from './lanes';
import type { Layout } from './layout';
import { type Rgb, TONES, type Tone, toneIndex } from './theme';

/** The most layers the shaders' arrays hold. */
export const MOST_LAYERS = 128;

/** Uniforms that every material refers to: changed in one place, seen by all. */
export class Shared {
  readonly tones = TONES.map(() => new Vector3());
  readonly uniforms = {
    uResolution: { value: new Vector2(1, 1) },
    uPixelRatio: { value: 1 },
    /** Device pixels of one unit of space at the middle of the scene. */
    uScale: { value: 1 },
    uDepth: { value: new Vector2(1, 2) },
    uFog: { value: 0.62 },
    uDark: { value: 1 },
    uTones: { value: this.tones },
    uTokens: { value: null as DataTexture | null },
    uTokenCount: { value: 0 },
    uLevels: { value: new Float32Array(MOST_LAYERS + 1) },
    uFan: { value: 0 },
    uHeads: { value: 1 },
    /** Per lane: layer, head, depth, lean; and the heights of its two rails. */
    uLanes: { value: Array.from({ length: LANE_SLOTS }, () => new Vector4()) },
    uRails: { value: Array.from({ length: LANE_SLOTS }, () => new Vector2()) },
    uLaneCount: { value: 0 },
    /** How far the lanes are drawn out of the tower. */
    uSpread: { value: 0 },
    /** layer, head, query (-1: none), how much the focus dims the rest. */
    uFocus: { value: new Vector4(0, 0, -1, 0) },
    /** How far the light has travelled from the query to the key. */
    uTravel: { value: 1 },
    /** The middle of the light behind the scene, in device pixels. */
    uGlowAt: { value: new Vector2() },
  };
  uploaded = 0;

  setTones(tones: ReadonlyMap<Tone, Rgb>, dark: boolean): void {
    for (const [tone, rgb] of tones) this.tones[toneIndex(tone)]!.set(...rgb);
    this.uniforms.uDark.value = dark ? 1 : 0;
    this.uniforms.uFog.value = dark ? 0.62 : 0.55;
  }

  setLayout(layout: Layout): void {
    this.uniforms.uLevels.value.set(layout.levels.subarray(0, MOST_LAYERS + 1));
    this.uniforms.uFan.value = layout.fan;
    this.uniforms.uSpread.value = layout.spread;
    this.uniforms.uLaneCount.value = layout.lanes.length;
    for (const [i, { layer, head, z, lean, low, high }] of layout.lanes.entries()) {
      this.uniforms.uLanes.value[i]!.set(layer, head, z, lean);
      this.uniforms.uRails.value[i]!.set(low, high);
    }
  }

  /**
   * Per token: place, marks (1 set apart, 2 hidden from the focused query), weight on itself, weight from the query. One
   * row for the focused head, then one for each lane.
   */
  setTokens(values: Float32Array, count: number): void {
    const rows = count === 0 ? 1 : values.length / 4 / count;
    const old = this.uniforms.uTokens.value;
    if (old && old.image.width === count && old.image.height === rows) {
      (old.image.data as Float32Array).set(values);
      old.needsUpdate = true;
    } else {
      old?.dispose();
      const texture = new DataTexture(values, Math.max(1, count), rows, RGBAFormat, FloatType);
      texture.minFilter = texture.magFilter = NearestFilter;
      texture.needsUpdate = true;
      this.uniforms.uTokens.value = texture;
    }
    this.uniforms.uTokenCount.value = count;
    this.uploaded += values.byteLength;
  }

  dropTextures(): void {
    this.uniforms.uTokens.value?.dispose();
  }
}

export const COMMON_GLSL = `
precision highp float;
precision highp int;
precision highp sampler2D;
precision highp usampler2D;
uniform mat4 projectionMatrix, viewMatrix;
uniform vec2 uResolution, uDepth, uGlowAt;
uniform float uPixelRatio, uScale, uFog, uDark, uFan, uHeads, uTravel, uSpread;
uniform vec4 uLanes[${LANE_SLOTS}];
uniform vec2 uRails[${LANE_SLOTS}];
uniform int uLaneCount;
uniform vec4 uFocus;
uniform vec3 uTones[${TONES.length}];
uniform sampler2D uTokens;
uniform int uTokenCount;
uniform float uLevels[${MOST_LAYERS + 1}];
${TONES.map((tone, i) => `#define ${tone.toUpperCase()} uTones[${i}]`).join('\n')}
#define HEAD0_AT ${toneIndex('head0')}

vec4 token(int i) { return texelFetch(uTokens, ivec2(i, 0), 0); }
vec4 tokenInLane(int i, int lane) { return texelFetch(uTokens, ivec2(i, 1 + lane), 0); }
float tokenX(int i) { return token(i).x; }
float levelY(int i) { return uLevels[i]; }

${LANES_GLSL}
/* What remains of a thing at this depth: far things sink into the ground, far lanes are still to be read. */
float clarity(float depth) { return 1.0 - uFog * mix(1.0, 0.3, uSpread) * smoothstep(uDepth.x, uDepth.y, depth); }
/* Near things are a little larger than far ones, at any zoom. */
float nearness(float depth) { return clamp(0.5 * (uDepth.x + uDepth.y) / depth, 0.55, 1.8); }

/* A point moved sideways from its tangent by so many device pixels. */
vec4 beside(vec3 point, vec3 tangent, float pixels, out float depth) {
  mat4 toClip = projectionMatrix * viewMatrix;
  vec4 c = toClip * vec4(point, 1.0), d = toClip * vec4(tangent, 0.0);
  vec2 along = (d.xy * c.w - c.xy * d.w) * uResolution;
  float size = length(along);
  along = size > 1e-6 ? along / size : vec2(1.0, 0.0);
  depth = c.w;
  c.xy += vec2(-along.y, along.x) * pixels * nearness(c.w) * 2.0 / uResolution * c.w;
  return c;
}
`;

/** The ground behind everything: a breath of light in the middle, dithered so that it has no steps. */
export const GROUND_GLSL = `
vec3 groundAt(vec2 at) {
  vec2 from = (at - uGlowAt) / uResolution * vec2(1.5, 1.9);
  float lift = exp(-dot(from, from) * 2.2);
  float grain = fract(52.9829189 * fract(dot(at, vec2(0.06711056, 0.00583715)))) - 0.5;
  return mix(GROUND, PANEL, lift * mix(0.55, 0.85, uDark)) + grain / 255.0;
}
`;

/** Premultiplied "over" for everything; alpha 0 with colour adds light. No depth: the order of drawing decides. */
export function material(
  shared: Shared,
  own: Record<string, IUniform>,
  vertexShader: string,
  fragmentShader: string,
): RawShaderMaterial {
  return new RawShaderMaterial({
    glslVersion: GLSL3,
    uniforms: { ...shared.uniforms, ...own },
    vertexShader: `${COMMON_GLSL}${vertexShader}`,
    fragmentShader: `${COMMON_GLSL}${fragmentShader}`,
    side: DoubleSide,
    transparent: true,
    depthTest: false,
    depthWrite: false,
    blending: CustomBlending,
    blendEquation: AddEquation,
    blendSrc: OneFactor,
    blendDst: OneMinusSrcAlphaFactor,
    blendSrcAlpha: OneFactor,
    blendDstAlpha: OneMinusSrcAlphaFactor,
  });
}
