/**
 * The scene as glTF 2.0 in one binary file: every drawn link a named ribbon, threads as lines, a disc where a thread
 * crosses a layer's boundary. In metres, a thousand pixels to one; y is upward.
 */
import type { Point, SceneLink, SceneModel, SceneToken } from '../state/scene-model';
import { DARK, LIGHT } from './paper';
import { joined } from './zip';

/** Of the format: component types, buffer targets, primitive modes. */
const [BYTE, SHORT, FLOAT] = [5121, 5123, 5126];
const [ARRAY, ELEMENTS] = [34962, 34963];
const LINES = 1;
const METRES = 0.001;
/** Corners of a disc. */
const CORNERS = 12;

type Colour = readonly [red: number, green: number, blue: number];
/** The light of attention, and what little of it a weak link has; seen on dark grounds and on bright ones. */
const LIT = colourOf(DARK.light);
const UNLIT = colourOf(LIGHT.muted);
const THREAD = UNLIT;

/** Of `#rrggbb`, 0 to 1. */
function colourOf(hex: string): Colour {
  const part = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16) / 255;
  return [part(1), part(3), part(5)];
}

/** Gathers vertex data of one kind and remembers where each piece lies. */
interface Store {
  readonly parts: Uint8Array[];
  length: number;
}

export interface GltfNames {
  /** What the whole scene is called. */
  readonly title: string;
  readonly generator: string;
}

export function glb(model: SceneModel, { title, generator }: GltfNames): Uint8Array<ArrayBuffer> {
  const positions: Store = { parts: [], length: 0 };
  const colours: Store = { parts: [], length: 0 };
  const indices: Store = { parts: [], length: 0 };
  const accessors: object[] = [];
  const meshes: object[] = [];
  const nodes: { name: string; mesh?: number; extras?: object; children?: number[]; scale?: number[] }[] = [];

  const accessor = (entry: object): number => accessors.push(entry) - 1;
  const placed = (points: readonly Point[]): number => {
    const data = Float32Array.from(points.flat());
    const axis = (i: 0 | 1 | 2) => points.map((point) => Math.fround(point[i]));
    const min = ([0, 1, 2] as const).map((i) => least(axis(i)));
    const max = ([0, 1, 2] as const).map((i) => most(axis(i)));
    const byteOffset = put(positions, new Uint8Array(data.buffer));
    return accessor({ bufferView: 0, byteOffset, componentType: FLOAT, count: points.length, type: 'VEC3', min, max });
  };
  const coloured = (list: readonly Colour[]): number => {
    const byteOffset = put(colours, Uint8Array.from(list.flatMap((colour) => [...colour.map(linearByte), 255])));
    const count = list.length;
    return accessor({ bufferView: 1, byteOffset, componentType: BYTE, normalized: true, count, type: 'VEC4' });
  };
  const indexed = (list: readonly number[], isLarge: boolean): number => {
    const data = isLarge ? Uint32Array.from(list) : Uint16Array.from(list);
    const byteOffset = put(indices, new Uint8Array(data.buffer));
    return accessor({
      bufferView: 2,
      byteOffset,
      componentType: isLarge ? 5125 : SHORT,
      count: list.length,
      type: 'SCALAR',
    });
  };
  const mesh = (
    name: string,
    points: readonly Point[],
    colour: readonly Colour[],
    order: number | null,
    mode?: number,
  ): number =>
    meshes.push({
      name,
      primitives: [
        {
          attributes: { POSITION: placed(points), COLOR_0: coloured(colour) },
          ...(order === null ? {} : { indices: order }),
          material: 0,
          ...(mode === undefined ? {} : { mode }),
        },
      ],
    }) - 1;

  // Ribbons of as many points are joined up alike: they share their indices.
  const orders = new Map<number, number>();
  const orderOf = (count: number): number => {
    const known = orders.get(count);
    if (known !== undefined) return known;
    const list = Array.from({ length: count - 1 }, (_, i) => [
      2 * i,
      2 * i + 1,
      2 * i + 2,
      2 * i + 2,
      2 * i + 1,
      2 * i + 3,
    ]);
    const made = indexed(list.flat(), false);
    orders.set(count, made);
    return made;
  };

  for (const link of model.links) {
    const name = linkName(link, model.tokens);
    const { layer, head, query, key, weight } = link;
    const made = mesh(name, ribbonOf(link), coloursOf(link), orderOf(link.points.length));
    nodes.push({ name, mesh: made, extras: { layer, head, query, key, weight } });
  }
  const threads = model.tokens
    .filter(({ places }) => places.length > 1)
    .flatMap(({ places }) => [places[0], places.at(-1)]) as Point[];
  if (threads.length > 0)
    nodes.push({
      name: 'Threads',
      mesh: mesh(
        'Threads',
        threads,
        threads.map(() => THREAD),
        null,
        LINES,
      ),
    });
  for (const { index, label, places } of model.tokens) {
    if (places.length === 0) continue;
    const discs = places.flatMap((place) => discOf(place, model.disc));
    const order = indexed(
      places.flatMap((_, i) => discOrder(i * (CORNERS + 1))),
      places.length * (CORNERS + 1) > 65535,
    );
    const name = `token ${index}: ${label}`;
    nodes.push({
      name,
      mesh: mesh(
        name,
        discs,
        discs.map(() => THREAD),
        order,
      ),
      extras: { token: index },
    });
  }

  const children = nodes.map((_, i) => i);
  nodes.push({ name: title, scale: [METRES, METRES, METRES], ...(children.length > 0 ? { children } : {}) });
  const stores = [positions, colours, indices];
  const offsets = stores.map((_, i) => stores.slice(0, i).reduce((sum, { length }) => sum + length, 0));
  const bufferViews = [
    { buffer: 0, byteOffset: offsets[0], byteLength: positions.length, byteStride: 12, target: ARRAY },
    { buffer: 0, byteOffset: offsets[1], byteLength: colours.length, byteStride: 4, target: ARRAY },
    { buffer: 0, byteOffset: offsets[2], byteLength: indices.length, target: ELEMENTS },
  ];
  const binary = joined(stores.flatMap(({ parts }) => parts));
  const hasShapes = binary.length > 0;
  const scene = {
    asset: { version: '2.0', generator },
    extensionsUsed: ['KHR_materials_unlit'],
    scene: 0,
    scenes: [{ name: title, nodes: [nodes.length - 1] }],
    nodes,
    ...(hasShapes ? { meshes, accessors, bufferViews, buffers: [{ byteLength: binary.length }] } : {}),
    materials: [
      {
        name: 'Light',
        doubleSided: true,
        pbrMetallicRoughness: { metallicFactor: 0, roughnessFactor: 1 },
        extensions: { KHR_materials_unlit: {} },
      },
    ],
  };
  return packed(JSON.stringify(scene), binary);
}

/** "L3 H1 it -> animal 0.68". */
function linkName({ layer, head, query, key, weight }: SceneLink, tokens: readonly SceneToken[]): string {
  const label = (index: number) => tokens.find((token) => token.index === index)?.label ?? String(index);
  return `L${layer} H${head} ${label(query)} -> ${label(key)} ${weight.toFixed(2)}`;
}

/** Both edges of the ribbon, point by point. It faces the front, as the scene's first view does. */
function ribbonOf({ points, width }: SceneLink): Point[] {
  return points.flatMap(([x, y, z], i) => {
    const [before, after] = [points[Math.max(0, i - 1)], points[Math.min(points.length - 1, i + 1)]];
    const [dx, dy] = [(after?.[0] ?? x) - (before?.[0] ?? x), (after?.[1] ?? y) - (before?.[1] ?? y)];
    const length = Math.hypot(dx, dy);
    const [ax, ay] = length > 0 ? [-dy / length, dx / length] : [1, 0];
    const half = width / 2;
    return [
      [x + ax * half, y + ay * half, z],
      [x - ax * half, y - ay * half, z],
    ] as Point[];
  });
}

/** By weight, and brightest at the key that is looked at: the direction, without an arrow. */
function coloursOf({ points, weight }: SceneLink): Colour[] {
  return points.flatMap((_, i) => {
    const share = Math.sqrt(weight) * (1 - (0.5 * i) / Math.max(1, points.length - 1));
    const colour = UNLIT.map((from, c) => from + ((LIT[c] ?? 0) - from) * share) as unknown as Colour;
    return [colour, colour];
  });
}

function discOf([x, y, z]: Point, radius: number): Point[] {
  const rim = Array.from({ length: CORNERS }, (_, i): Point => {
    const angle = (2 * Math.PI * i) / CORNERS;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle), z];
  });
  return [[x, y, z], ...rim];
}

function discOrder(start: number): number[] {
  return Array.from({ length: CORNERS }, (_, i) => [start, start + 1 + i, start + 1 + ((i + 1) % CORNERS)]).flat();
}

/** Pieces begin at multiples of 4, as every component type allows. */
function put(store: Store, data: Uint8Array): number {
  const at = store.length;
  const padding = (4 - (data.length % 4)) % 4;
  store.parts.push(data, new Uint8Array(padding));
  store.length += data.length + padding;
  return at;
}

/** glTF's vertex colours are proportional to light. */
function linearByte(value: number): number {
  return Math.round(255 * (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
}

const least = (list: readonly number[]): number => list.reduce((a, b) => Math.min(a, b), Infinity);
const most = (list: readonly number[]): number => list.reduce((a, b) => Math.max(a, b), -Infinity);

/** Header, JSON padded with spaces, numbers padded with zeros. */
function packed(text: string, binary: Uint8Array): Uint8Array<ArrayBuffer> {
  const written = new TextEncoder().encode(text);
  const json = new Uint8Array(Math.ceil(written.length / 4) * 4).fill(0x20);
  json.set(written);
  const chunks = [chunkOf(0x4e4f534a, json), ...(binary.length > 0 ? [chunkOf(0x004e4942, binary)] : [])];
  const length = 12 + chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  return joined([new Uint8Array(Uint32Array.of(0x46546c67, 2, length).buffer), ...chunks]);
}

function chunkOf(type: number, data: Uint8Array): Uint8Array {
  return joined([new Uint8Array(Uint32Array.of(data.length, type).buffer), data]);
}
