/**
 * The scene as glTF 2.0 in one binary file: every drawn link a named ribbon, threads as lines, a disc where a thread
 * crosses a layer's boundary. In metres, a thousand pixels to one; y is upward.
 */
import type { Point, SceneLink, SceneModel, SceneToken } from '../state/scene-model';
import { DARK, LIGHT } from './paper';
import { joined } from './zip';

/** Of the format: component types, buffer targets, primitive modes. */
const [BYTE, SHORT, LONG, FLOAT] = [5121, 5123, 5125, 5126];
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

/** One named thing of the scene, as its file has it. */
interface Shape {
  readonly name: string;
  readonly points: readonly Point[];
  /** A colour for each point, and how much they all cover of what is behind. */
  readonly colours: readonly Colour[];
  readonly light: number;
  /** Triangles; null: the points are ends of lines. Shapes with the same list share it in the file. */
  readonly order: readonly number[] | null;
  /** What a program may ask of it. */
  readonly extras?: object;
}

export interface GltfNames {
  /** What the whole scene is called. */
  readonly title: string;
  readonly generator: string;
}

export function glb(model: SceneModel, names: GltfNames): Uint8Array<ArrayBuffer> {
  const ribbonOrders = new Map<number, number[]>();
  const orderOf = (count: number): number[] => {
    const order = ribbonOrders.get(count) ?? ribbonOrder(count);
    ribbonOrders.set(count, order);
    return order;
  };
  const tokens = model.tokens.filter(({ places }) => places.length > 1);
  const shapes: Shape[] = model.links.map((link) => {
    const { layer, head, query, key, weight, light, points } = link;
    const name = linkName(link, model.tokens);
    const extras = { layer, head, query, key, weight };
    return { name, points: ribbonOf(link), colours: coloursOf(link), light, order: orderOf(points.length), extras };
  });
  const threads = tokens.flatMap(({ places }) => [places[0], places.at(-1)]) as Point[];
  if (threads.length > 0) shapes.push({ name: 'Threads', points: threads, ...plain(threads), order: null });
  for (const { index, label, places } of tokens) {
    const points = places.flatMap((place) => discOf(place, model.disc));
    const order = places.flatMap((_, i) => discOrder(i * (CORNERS + 1)));
    shapes.push({ name: `token ${index}: ${label}`, points, ...plain(points), order, extras: { token: index } });
  }
  return written(shapes, names);
}

/** Gathers vertex data of one kind. */
interface Store {
  readonly parts: Uint8Array[];
  length: number;
}

function written(shapes: readonly Shape[], { title, generator }: GltfNames): Uint8Array<ArrayBuffer> {
  const [positions, colours, indices] = Array.from({ length: 3 }, (): Store => ({ parts: [], length: 0 })) as [
    Store,
    Store,
    Store,
  ];
  const accessors: object[] = [];
  const orders = new Map<readonly number[], number>();

  const accessor = (bufferView: number, store: Store, data: ArrayBufferView, rest: object): number => {
    const byteOffset = put(store, new Uint8Array(data.buffer as ArrayBuffer));
    return accessors.push({ bufferView, byteOffset, ...rest }) - 1;
  };
  const placed = (points: readonly Point[]): number => {
    const ends = (of: (list: readonly number[]) => number) =>
      ([0, 1, 2] as const).map((i) => of(points.map((point) => Math.fround(point[i]))));
    const rest = { componentType: FLOAT, count: points.length, type: 'VEC3', min: ends(least), max: ends(most) };
    return accessor(0, positions, Float32Array.from(points.flat()), rest);
  };
  const coloured = (list: readonly Colour[], light: number): number => {
    const data = Uint8Array.from(list.flatMap((colour) => [...colour.map(linearByte), Math.round(255 * light)]));
    return accessor(1, colours, data, { componentType: BYTE, normalized: true, count: list.length, type: 'VEC4' });
  };
  const indexed = (list: readonly number[]): number => {
    const known = orders.get(list);
    if (known !== undefined) return known;
    const isSmall = most(list) < 65535;
    const data = isSmall ? Uint16Array.from(list) : Uint32Array.from(list);
    const rest = { componentType: isSmall ? SHORT : LONG, count: list.length, type: 'SCALAR' };
    const made = accessor(2, indices, data, rest);
    orders.set(list, made);
    return made;
  };

  const meshes = shapes.map(({ name, points, colours: list, light, order }) => {
    const attributes = { POSITION: placed(points), COLOR_0: coloured(list, light) };
    const how = order === null ? { mode: LINES } : { indices: indexed(order) };
    return { name, primitives: [{ attributes, ...how, material: 0 }] };
  });
  const nodes: object[] = shapes.map(({ name, extras }, mesh) => ({ name, mesh, ...(extras ? { extras } : {}) }));
  const children = nodes.length > 0 ? { children: nodes.map((_, i) => i) } : {};
  nodes.push({ name: title, scale: [METRES, METRES, METRES], ...children });

  const afterColours = positions.length + colours.length;
  const bufferViews = [
    { buffer: 0, byteOffset: 0, byteLength: positions.length, byteStride: 12, target: ARRAY },
    { buffer: 0, byteOffset: positions.length, byteLength: colours.length, byteStride: 4, target: ARRAY },
    { buffer: 0, byteOffset: afterColours, byteLength: indices.length, target: ELEMENTS },
  ];
  const binary = joined([positions, colours, indices].flatMap(({ parts }) => parts));
  const hasShapes = shapes.length > 0;
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
        alphaMode: 'BLEND',
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

/** Two triangles between each pair of neighbouring points. */
function ribbonOrder(count: number): number[] {
  return Array.from({ length: count - 1 }, (_, i) => 2 * i).flatMap((i) => [i, i + 1, i + 2, i + 2, i + 1, i + 3]);
}

function plain(points: readonly Point[]): Pick<Shape, 'colours' | 'light'> {
  return { colours: points.map(() => THREAD), light: 1 };
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
