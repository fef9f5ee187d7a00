/**
 * A dot where each thread crosses a layer boundary or a lane's rail, hollow where the focused token cannot look; rings show the weight on
 * oneself. One draw, no vertex data.
 */
import { Float32BufferAttribute, InstancedBufferGeometry, Mesh } from 'three';
import { material, type Shared } from './shared';

const VERTEX = `
uniform float uDot, uHollow, uDotLight;
uniform int uDotLevels;
in vec3 position;
out vec2 vAt;
flat out vec3 vHue;
flat out vec4 vLook;
flat out vec4 vMark;
void main() {
  int i = gl_InstanceID % uTokenCount, level = gl_InstanceID / uTokenCount;
  /* After the levels of the tower come the two rails of each lane: keys, then queries. */
  int rail = level - uDotLevels, lane = rail / 2;
  bool inLane = rail >= 0, isQueries = rail % 2 == 1;
  float share = inLane ? uSpread : 1.0 - uSpread;
  gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  if (share < 0.005) return;
  vec4 data = inLane ? tokenInLane(i, lane) : token(i);
  float barred = step(1.5, data.y);
  data.y -= 2.0 * barred;
  bool focused = uFocus.z >= 0.0;
  bool reads = inLane ? isQueries : float(level) == uFocus.x + 1.0;
  bool gives = inLane ? !isQueries : float(level) == uFocus.x;
  barred *= focused && gives ? 1.0 : 0.0;
  float looking = focused && reads && float(i) == uFocus.z ? 1.0 : 0.0;
  float heat = focused && gives ? data.w * smoothstep(0.6, 1.0, uTravel) : 0.0;
  float self = reads && data.y < 0.5 && (looking > 0.5 || (!focused && data.z > 0.05)) ? data.z : 0.0;
  float radius = mix(uDot * (1.0 - 0.25 * data.y), uHollow, barred) + heat * 2.6 + looking * max(1.6, 4.4 - uDot);
  vec3 place = vec3(data.x, levelY(min(level, uDotLevels - 1)), 0.0);
  if (inLane) place.yz = vec2(isQueries ? uRails[lane].y : uRails[lane].x, uLanes[lane].z);
  vec4 c = projectionMatrix * viewMatrix * vec4(place, 1.0);
  float scale = uPixelRatio * nearness(c.w), reach = (radius + (self > 0.0 || looking > 0.5 || heat > 0.02 ? 14.0 : 1.5)) * scale;
  gl_Position = vec4(c.xy + position.xy * reach * 2.0 / uResolution * c.w, c.zw);
  vAt = position.xy * reach;
  vLook = vec4(radius * scale, scale, clarity(c.w) * (1.0 - 0.5 * data.y) * uDotLight * share, looking * share);
  vHue = inLane ? laneHue(lane) : ACCENT;
  vMark = vec4(heat * share, self, focused ? 1.0 : 0.0, barred);
}
`;

const FRAGMENT = `
in vec2 vAt;
flat in vec3 vHue;
flat in vec4 vLook;
flat in vec4 vMark;
out vec4 colour;
void main() {
  float away = length(vAt), radius = vLook.x, scale = vLook.y, looking = vLook.w;
  vec3 hue = mix(mix(LINE, MUTEDINK, 0.42), vHue, smoothstep(0.03, 0.4, vMark.x));
  hue = mix(hue, INK, looking);
  float disc = clamp(radius + 0.5 - away, 0.0, 1.0);
  if (vMark.w > 0.5) disc *= clamp(away - radius + 1.1 * scale + 0.5, 0.0, 1.0);
  float alpha = disc * mix(vLook.z, 1.0, max(looking, vMark.x));
  colour = vec4(hue * alpha, alpha);
  /* A soft light round whoever looks, and round what is looked at. */
  float lit = max(looking * 0.3, vMark.x * 0.55);
  float halo = lit * exp(-pow(away / (radius + 4.0 * scale), 2.0) * 1.6) * (1.0 - alpha) * mix(0.35, 0.8, uDark);
  colour += vec4(mix(INK, vHue, step(looking, 0.5)) * halo, halo * (1.0 - uDark));
  if (vMark.y > 0.0) {
    float at = radius + 3.6 * scale, ring = clamp(scale * 0.8 + 0.5 - abs(away - at), 0.0, 1.0);
    float turn = fract(atan(vAt.x, vAt.y) / 6.2831853);
    float swept = step(turn, vMark.y);
    float a = ring * mix(0.2, 0.95, swept);
    vec3 tone = mix(MUTEDINK, vHue, swept);
    colour = vec4(tone * a, a) + colour * (1.0 - a);
  }
}
`;

export class Dots {
  readonly mesh: Mesh<InstancedBufferGeometry>;
  private readonly own = {
    uDot: { value: 3 },
    uHollow: { value: 3 },
    uDotLight: { value: 1 },
    uDotLevels: { value: 1 },
  };

  constructor(shared: Shared, order: number) {
    const geometry = new InstancedBufferGeometry();
    geometry.setAttribute('position', new Float32BufferAttribute([-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0], 3));
    geometry.setIndex([0, 1, 2, 0, 2, 3]);
    geometry.instanceCount = 0;
    this.mesh = new Mesh(geometry, material(shared, this.own, VERTEX, FRAGMENT));
    this.mesh.frustumCulled = false;
    this.mesh.renderOrder = order;
  }

  /** `spacing` is the mean distance of threads, `band` the least of levels or rails. */
  show(nTokens: number, nLevels: number, nLanes: number, spacing: number, band: number): void {
    const count = nTokens * (nLevels + 2 * nLanes);
    this.own.uDotLevels.value = nLevels;
    this.own.uDot.value = Math.min(2.7, Math.max(0.9, Math.min(spacing * 0.07, band * 0.12)));
    // A hollow dot has to be large enough to have an inside.
    this.own.uHollow.value = Math.max(this.own.uDot.value, Math.min(3.2, spacing * 0.18));
    // Dots that run together would shine as a line.
    this.own.uDotLight.value = Math.min(1, Math.max(0.3, Math.min(spacing / 9, band / 16)));
    this.mesh.geometry.instanceCount = count;
    this.mesh.visible = count > 0;
  }
}
