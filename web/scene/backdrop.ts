/** The ground behind the scene: one triangle over the whole canvas. */
import { BufferGeometry, Float32BufferAttribute, Mesh } from 'three';
import { GROUND_GLSL, material, type Shared } from './shared';

export function makeBackdrop(shared: Shared): Mesh {
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new Float32BufferAttribute([-1, -1, 0, 3, -1, 0, -1, 3, 0], 3));
  const mesh = new Mesh(
    geometry,
    material(
      shared,
      {},
      'in vec3 position; void main() { gl_Position = vec4(position, 1.0); }',
      `${GROUND_GLSL} out vec4 colour; void main() { colour = vec4(groundAt(gl_FragCoord.xy), 1.0); }`,
    ),
  );
  mesh.frustumCulled = false;
  mesh.renderOrder = 0;
  return mesh;
}
