/** Draws all straight strokes at once, in screen-space width with analytic edges. */
import {
  DynamicDrawUsage,
  Float32BufferAttribute,
  InstancedBufferGeometry,
  InstancedInterleavedBuffer,
  InterleavedBufferAttribute,
  Mesh,
} from 'three';
import { material, type Shared } from './shared';
import { STROKE_FLOATS, type Stroke, writeStroke } from './strokes';

const SEGMENTS = 8;

const VERTEX = `
in vec3 position;
in vec3 iFrom, iTo;
in vec4 iLook;
in vec2 iKind;
out vec3 vAcross;
flat out vec4 vLook;
flat out vec2 vKind;
void main() {
  float soft = iKind.y, half_ = iLook.x * 0.5 * mix(uPixelRatio, uScale, soft);
  float reach = half_ + 1.0 - soft, depth;
  gl_Position = beside(mix(iFrom, iTo, position.x), iTo - iFrom, position.y * reach, depth);
  vAcross = vec3(position.y * reach * nearness(depth), position.x, clarity(depth));
  vLook = vec4(half_ * nearness(depth), iLook.yzw);
  vKind = iKind;
}
`;

const FRAGMENT = `
in vec3 vAcross;
flat in vec4 vLook;
flat in vec2 vKind;
out vec4 colour;
void main() {
  float off = abs(vAcross.x), half_ = vLook.x;
  float cover = vKind.y > 0.5
    ? pow(max(0.0, 1.0 - off * off / (half_ * half_)), 1.5)
    : clamp(half_ + 0.5 - off, 0.0, 1.0) * min(1.0, half_ * 2.0);
  float fade = vLook.w;
  if (fade > 0.0) cover *= smoothstep(0.0, fade, vAcross.y) * smoothstep(0.0, fade, 1.0 - vAcross.y);
  if (vKind.x > 0.0) cover *= step(fract(vAcross.y * vKind.x), 0.55);
  float alpha = vLook.y * cover * vAcross.z;
  colour = vec4(uTones[int(vLook.z)] * alpha, alpha);
}
`;

export class Lines {
  readonly mesh: Mesh<InstancedBufferGeometry>;
  private data = new Float32Array(0);
  private buffer: InstancedInterleavedBuffer | null = null;
  private readonly shared: Shared;

  constructor(shared: Shared, order: number) {
    this.shared = shared;
    this.mesh = new Mesh(this.geometry(0), material(shared, {}, VERTEX, FRAGMENT));
    this.mesh.frustumCulled = false;
    this.mesh.renderOrder = order;
  }

  show(strokes: readonly Stroke[]): void {
    if (strokes.length * STROKE_FLOATS > this.data.length) {
      this.mesh.geometry.dispose();
      this.mesh.geometry = this.geometry(Math.ceil(strokes.length * 1.3) + 8);
    }
    for (const [i, stroke] of strokes.entries()) writeStroke(this.data, i, stroke);
    if (this.buffer) this.buffer.needsUpdate = true;
    this.mesh.geometry.instanceCount = strokes.length;
    this.mesh.visible = strokes.length > 0;
    this.shared.uploaded += this.data.byteLength;
  }

  private geometry(capacity: number): InstancedBufferGeometry {
    const positions: number[] = [];
    const index: number[] = [];
    for (let i = 0; i <= SEGMENTS; i++) positions.push(i / SEGMENTS, -1, 0, i / SEGMENTS, 1, 0);
    for (let i = 0; i < SEGMENTS; i++) index.push(2 * i, 2 * i + 1, 2 * i + 2, 2 * i + 2, 2 * i + 1, 2 * i + 3);
    const geometry = new InstancedBufferGeometry();
    geometry.setAttribute('position', new Float32BufferAttribute(positions, 3));
    geometry.setIndex(index);
    geometry.instanceCount = 0;
    this.data = new Float32Array(capacity * STROKE_FLOATS);
    this.buffer = new InstancedInterleavedBuffer(this.data, STROKE_FLOATS);
    this.buffer.setUsage(DynamicDrawUsage);
    geometry.setAttribute('iFrom', new InterleavedBufferAttribute(this.buffer, 3, 0));
    geometry.setAttribute('iTo', new InterleavedBufferAttribute(this.buffer, 3, 3));
    geometry.setAttribute('iLook', new InterleavedBufferAttribute(this.buffer, 4, 6));
    geometry.setAttribute('iKind', new InterleavedBufferAttribute(this.buffer, 2, 10));
    return geometry;
  }
}
