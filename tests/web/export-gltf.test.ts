/** The scene as glTF: opened again by a strict reader, with every drawn link in it. */
import { describe, expect, it } from 'vitest';
import { glb } from '../../web/export/gltf';
import type { SceneLink, SceneModel } from '../../web/state/scene-model';

interface Accessor {
  bufferView: number;
  byteOffset: number;
  componentType: number;
  count: number;
  type: 'SCALAR' | 'VEC3' | 'VEC4';
  normalized?: boolean;
  min?: number[];
  max?: number[];
}
interface Gltf {
  asset: { version: string; generator: string };
  extensionsUsed: string[];
  scene: number;
  scenes: { nodes: number[] }[];
  nodes: { name: string; mesh?: number; children?: number[]; scale?: number[]; extras?: Record<string, number> }[];
  meshes?: {
    primitives: { attributes: Record<string, number>; indices?: number; material: number; mode?: number }[];
  }[];
  accessors?: Accessor[];
  bufferViews?: { buffer: number; byteOffset: number; byteLength: number; byteStride?: number; target: number }[];
  buffers?: { byteLength: number }[];
  materials: { doubleSided: boolean }[];
}

const SIZES: Record<number, number> = { 5121: 1, 5123: 2, 5125: 4, 5126: 4 };
const PARTS = { SCALAR: 1, VEC3: 3, VEC4: 4 };

/** What the specification demands of this file, checked; then the numbers of each accessor. */
function open(file: Uint8Array): { gltf: Gltf; numbers: (accessor: number) => number[][] } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  expect(view.getUint32(0, true)).toBe(0x46546c67);
  expect(view.getUint32(4, true)).toBe(2);
  expect(view.getUint32(8, true)).toBe(file.length);
  const chunks: [number, Uint8Array][] = [];
  for (let at = 12; at < file.length; ) {
    const length = view.getUint32(at, true);
    expect(length % 4).toBe(0);
    chunks.push([view.getUint32(at + 4, true), file.slice(at + 8, at + 8 + length)]);
    at += 8 + length;
    expect(at).toBeLessThanOrEqual(file.length);
  }
  expect(chunks.map(([type]) => type)).toEqual(chunks.length === 2 ? [0x4e4f534a, 0x004e4942] : [0x4e4f534a]);
  const gltf: Gltf = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(chunks[0]?.[1]));
  const binary = chunks[1]?.[1] ?? new Uint8Array();
  expect(gltf.asset.version).toBe('2.0');
  expect(gltf.buffers?.[0]?.byteLength ?? 0).toBe(binary.length);
  for (const { byteOffset, byteLength, target } of gltf.bufferViews ?? []) {
    expect(byteLength).toBeGreaterThan(0);
    expect(byteOffset + byteLength).toBeLessThanOrEqual(binary.length);
    expect([34962, 34963]).toContain(target);
  }
  const numbers = (index: number): number[][] => {
    const accessor = gltf.accessors?.[index] as Accessor;
    const buffer = gltf.bufferViews?.[accessor.bufferView];
    const size = SIZES[accessor.componentType] ?? Number.NaN;
    const parts = PARTS[accessor.type];
    const stride = buffer?.byteStride ?? size * parts;
    expect(((buffer?.byteOffset ?? 0) + accessor.byteOffset) % size).toBe(0);
    // Vertex data is aligned to 4, whatever it is of.
    if (buffer?.target === 34962) expect((accessor.byteOffset % 4) + (stride % 4)).toBe(0);
    expect(accessor.byteOffset + stride * (accessor.count - 1) + size * parts).toBeLessThanOrEqual(
      buffer?.byteLength ?? 0,
    );
    const data = new DataView(binary.buffer, (buffer?.byteOffset ?? 0) + accessor.byteOffset);
    const read = {
      5121: (at: number) => data.getUint8(at),
      5123: (at: number) => data.getUint16(at, true),
      5125: (at: number) => data.getUint32(at, true),
      5126: (at: number) => data.getFloat32(at, true),
    }[accessor.componentType];
    return Array.from({ length: accessor.count }, (_, i) =>
      Array.from({ length: parts }, (_, part) => read?.(i * stride + part * size) ?? Number.NaN),
    );
  };
  // Every node hangs somewhere once, every mesh is used, every number of a vertex is finite and within what is stated.
  const hung = gltf.nodes.flatMap((node) => node.children ?? []);
  expect([...hung, ...(gltf.scenes[gltf.scene]?.nodes ?? [])].sort((a, b) => a - b)).toEqual([...gltf.nodes.keys()]);
  for (const node of gltf.nodes) expect(node.children?.length).not.toBe(0);
  for (const { primitives } of gltf.meshes ?? []) {
    for (const { attributes, indices, material } of primitives) {
      expect(gltf.materials[material]).toBeDefined();
      const positions = numbers(attributes['POSITION'] ?? -1);
      const stated = gltf.accessors?.[attributes['POSITION'] ?? -1];
      for (const axis of [0, 1, 2]) {
        const values = positions.map((point) => point[axis] ?? Number.NaN);
        expect(values.every(Number.isFinite)).toBe(true);
        expect(stated?.min?.[axis]).toBe(Math.min(...values));
        expect(stated?.max?.[axis]).toBe(Math.max(...values));
      }
      const colours = numbers(attributes['COLOR_0'] ?? -1);
      expect(colours).toHaveLength(positions.length);
      expect(new Set(colours.map((colour) => colour[3])).size).toBe(1);
      const order = indices === undefined ? [] : numbers(indices).flat();
      expect(order.every((index) => index < positions.length)).toBe(true);
      expect(order.length % 3).toBe(0);
    }
  }
  return { gltf, numbers };
}

const link = (weight: number, more: Partial<SceneLink> = {}): SceneLink => ({
  layer: 3,
  head: 1,
  query: 1,
  key: 0,
  weight,
  width: 3,
  light: weight,
  points: [
    [0, 0, 0],
    [0, 10, 4],
    [40, 20, 4],
    [40, 30, 0],
  ],
  ...more,
});
const token = (index: number, label: string, x: number) => ({
  index,
  label,
  places: [0, 30, 60].map((y) => [x, y, 0] as const),
});
const model: SceneModel = {
  tokens: [token(0, 'animal', 0), token(1, 'it', 40)],
  links: [link(0.68), link(0.1, { layer: 2, head: 0, key: 1 })],
  disc: 2,
};
const names = { title: 'The animal it', generator: 'Headlight' };

describe('the scene as glTF', () => {
  it('holds every drawn link under its name, with what it says', () => {
    const { gltf } = open(glb(model, names));
    const found = gltf.nodes.filter((node) => node.extras?.['weight'] !== undefined);
    expect(found.map(({ name, extras }) => [name, extras])).toEqual([
      ['L3 H1 it -> animal 0.68', { layer: 3, head: 1, query: 1, key: 0, weight: 0.68 }],
      ['L2 H0 it -> it 0.10', { layer: 2, head: 0, query: 1, key: 1, weight: 0.1 }],
    ]);
  });

  it('draws a link as a ribbon along its way, as wide as it is', () => {
    const { gltf, numbers } = open(glb(model, names));
    const mesh = gltf.meshes?.[gltf.nodes[0]?.mesh ?? -1]?.primitives[0];
    const edges = numbers(mesh?.attributes['POSITION'] ?? -1) as [number, number, number][];
    expect(edges).toHaveLength(8);
    for (const [i, [x, y, z]] of model.links[0]?.points.entries() ?? []) {
      const [a, b] = [edges[2 * i], edges[2 * i + 1]] as [number[], number[]];
      for (const [axis, value] of [x, y, z].entries())
        expect(((a[axis] ?? 0) + (b[axis] ?? 0)) / 2).toBeCloseTo(value, 4);
      expect(Math.hypot(...a.map((value, axis) => value - (b[axis] ?? 0)))).toBeCloseTo(3, 4);
    }
    // Three pieces of two triangles; both sides are seen.
    expect(numbers(mesh?.indices ?? -1)).toHaveLength(18);
    expect(gltf.materials[mesh?.material ?? -1]?.doubleSided).toBe(true);
  });

  it('is lighter the greater the weight, and lightest at the key', () => {
    const { gltf, numbers } = open(glb(model, names));
    const red = (node: number) =>
      numbers(gltf.meshes?.[gltf.nodes[node]?.mesh ?? -1]?.primitives[0]?.attributes['COLOR_0'] ?? -1).map(
        ([r]) => r ?? 0,
      );
    const [strong, weak] = [red(0), red(1)];
    expect(strong[0]).toBeGreaterThan(weak[0] ?? Infinity);
    expect(strong[0]).toBeGreaterThan(strong.at(-1) ?? Infinity);
  });

  it('covers what is behind it as much as it has light', () => {
    const { gltf, numbers } = open(glb(model, names));
    const cover = gltf.nodes.slice(0, 2).map(({ mesh = -1 }) => {
      const colours = numbers(gltf.meshes?.[mesh]?.primitives[0]?.attributes['COLOR_0'] ?? -1);
      return colours[0]?.[3];
    });
    expect(cover).toEqual([Math.round(255 * 0.68), Math.round(255 * 0.1)]);
    expect(gltf.materials[0]).toMatchObject({ alphaMode: 'BLEND' });
  });

  it('names tokens, and has their threads', () => {
    const { gltf, numbers } = open(glb(model, names));
    expect(gltf.nodes.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['token 0: animal', 'token 1: it', 'Threads', 'The animal it']),
    );
    const threads = gltf.meshes?.[gltf.nodes.find(({ name }) => name === 'Threads')?.mesh ?? -1]?.primitives[0];
    expect(threads?.mode).toBe(1);
    expect(numbers(threads?.attributes['POSITION'] ?? -1)).toEqual([
      [0, 0, 0],
      [0, 60, 0],
      [40, 0, 0],
      [40, 60, 0],
    ]);
  });

  it('is valid where there are no links, and where there is nothing', () => {
    open(glb({ ...model, links: [] }, names));
    const { gltf } = open(glb({ tokens: [], links: [], disc: 2 }, names));
    expect(gltf.meshes).toBeUndefined();
  });

  it('holds many links', () => {
    const many = Array.from({ length: 3000 }, (_, i) => link(i / 3000, { query: i }));
    expect(open(glb({ ...model, links: many }, names)).gltf.nodes).toHaveLength(3000 + 2 + 1 + 1);
  });
});
