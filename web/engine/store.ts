/**
 * Keeps downloaded models in the browser, in parts, so that a broken download goes on where it stopped and a whole model
 * opens without the network. The only user of Cache Storage, which may be denied, full or emptied at any time: then
 * nothing is kept, and nothing else changes.
 */
import type { StoredModel } from './types';

/** Files are kept in pieces of so many bytes; the last one is shorter. */
export const PART_BYTES = 8 * 1024 * 1024;

const CACHE = 'headlight-models';

/** One load of one model, as far as keeping is concerned. */
export interface Keep {
  /** The model's address, by which it is listed and forgotten. */
  readonly address: string;
  readonly name: string;
  /** Whether the whole model was here when the load began: then nobody has to be asked for anything. */
  readonly complete: boolean;
  /** Set once storing failed, so that the rest of the load does not try again; nothing is kept any more. */
  off: boolean;
}

/** What is remembered of a file, so that parts of a changed one are not mixed with it. */
export interface FileFacts {
  readonly size: number;
  /** The server's ETag, or when it was last changed; null where it tells neither. */
  readonly validator: string | null;
}

/** A file as it is kept: how many parts from its beginning are there. `facts` null: it was asked for and is not there. */
export interface KeptFile {
  readonly facts: FileFacts | null;
  readonly parts: number;
}

/** Bytes of the part that begins at `PART_BYTES * part`. */
export const partLength = (size: number, part: number): number =>
  Math.max(0, Math.min(PART_BYTES, size - part * PART_BYTES));

/** @returns the load's place in the store: `complete` where the model is there as a whole */
export async function keepModel(address: string, name: string): Promise<Keep> {
  const model = await entry(keyOf({ model: address }));
  return { address, name, complete: model !== null && model['complete'] === true, off: false };
}

/** Notes that every file of the model has been kept, unless storing failed on the way. */
export async function keepWhole({ address, name, off }: Keep): Promise<void> {
  if (!off) await put(keyOf({ model: address }), JSON.stringify({ name, complete: true }));
}

export async function keptFile(model: string, file: string): Promise<KeptFile | null> {
  const found = await entry(keyOf({ model, file }));
  if (found === null) return null;
  if (found['missing'] === true) return { facts: null, parts: 0 };
  const facts = factsOf(found);
  if (facts === null) return null;
  const kept = new Set(
    (await keys()).filter((key) => key.model === model && key.file === file).map(({ part }) => part),
  );
  let parts = 0;
  while (kept.has(parts)) ++parts;
  return { facts, parts };
}

/** One part; null where it is not there, or is not as long as it should be. */
export async function keptPart(model: string, file: string, part: number, size: number): Promise<Uint8Array | null> {
  const bytes = await attempt(async (cache) => {
    const response = await cache.match(keyOf({ model, file, part }));
    return response === undefined ? null : new Uint8Array(await response.arrayBuffer());
  });
  return bytes?.length === partLength(size, part) ? bytes : null;
}

/** Remembers a file before its first part. `facts` null: it is not there. */
export async function keepFacts(keep: Keep, file: string, facts: FileFacts | null): Promise<void> {
  if (!keep.complete) await store(keep, keyOf({ model: keep.address }), JSON.stringify({ name: keep.name }));
  await store(keep, keyOf({ model: keep.address, file }), JSON.stringify(facts ?? { missing: true }));
}

export async function keepPart(keep: Keep, file: string, part: number, bytes: Uint8Array): Promise<void> {
  await store(keep, keyOf({ model: keep.address, file, part }), bytes);
}

export async function forgetFile(model: string, file: string): Promise<void> {
  await remove((key) => key.model === model && key.file === file);
}

/** Forgets one model, or all. */
export async function forgetModel(model: string | null): Promise<void> {
  if (model !== null) return remove((key) => key.model === model);
  try {
    await globalThis.caches?.delete(CACHE);
  } catch {
    // Where storage is denied there is nothing to forget.
  }
}

/** What is kept, by name. */
export async function keptModels(): Promise<StoredModel[]> {
  const known = await keys();
  const models = new Map(known.map(({ model }) => [model, 0]));
  // A part's length follows from its file's size.
  for (const { model, file, part } of known) {
    if (file === null || part !== null) continue;
    const size = factsOf(await entry(keyOf({ model, file })))?.size ?? 0;
    const parts = known.filter((key) => key.model === model && key.file === file && key.part !== null);
    const bytes = parts.reduce((sum, key) => sum + partLength(size, key.part ?? 0), 0);
    models.set(model, (models.get(model) ?? 0) + bytes);
  }
  const listed = await Promise.all(
    [...models].map(async ([address, bytes]) => {
      const model = await entry(keyOf({ model: address }));
      const name = typeof model?.['name'] === 'string' ? model['name'] : address;
      return { address, name, bytes, complete: model?.['complete'] === true };
    }),
  );
  return listed.sort((a, b) => a.name.localeCompare(b.name));
}

// ---- Entries ----

interface Key {
  readonly model: string;
  readonly file: string | null;
  readonly part: number | null;
}

/** Cache Storage wants addresses. This one leads nowhere, and is never asked for. */
function keyOf({ model, file, part }: { model: string; file?: string; part?: number }): string {
  const query = new URLSearchParams({ model });
  if (file !== undefined) query.set('file', file);
  if (part !== undefined) query.set('part', String(part));
  return `https://headlight.invalid/?${query}`;
}

async function keys(): Promise<Key[]> {
  const requests = (await attempt((cache) => cache.keys())) ?? [];
  return requests.flatMap(({ url }) => {
    const query = new URL(url).searchParams;
    const model = query.get('model');
    const part = query.get('part');
    return model === null ? [] : [{ model, file: query.get('file'), part: part === null ? null : Number(part) }];
  });
}

/** A small entry that we wrote; null where there is none that can be read. */
async function entry(key: string): Promise<Readonly<Record<string, unknown>> | null> {
  const found: unknown = await attempt(async (cache) => (await cache.match(key))?.json());
  return typeof found === 'object' && found !== null ? (found as Record<string, unknown>) : null;
}

function factsOf(found: Readonly<Record<string, unknown>> | null): FileFacts | null {
  const { size, validator } = found ?? {};
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return null;
  return { size, validator: typeof validator === 'string' ? validator : null };
}

async function store(keep: Keep, key: string, value: string | Uint8Array): Promise<void> {
  if (!keep.off && !(await put(key, value))) keep.off = true;
}

async function put(key: string, value: string | Uint8Array): Promise<boolean> {
  const done = await attempt(async (cache) => {
    await cache.put(key, new Response(value as BodyInit));
    return true;
  });
  return done === true;
}

async function remove(isMeant: (key: Key) => boolean): Promise<void> {
  for (const { model, file, part } of (await keys()).filter(isMeant)) {
    const key = keyOf({ model, ...(file === null ? {} : { file }), ...(part === null ? {} : { part }) });
    await attempt((cache) => cache.delete(key));
  }
}

/** Null where the browser keeps nothing for this page, or has no room left. */
async function attempt<T>(use: (cache: Cache) => Promise<T>): Promise<T | null> {
  try {
    return globalThis.caches === undefined ? null : await use(await globalThis.caches.open(CACHE));
  } catch {
    return null;
  }
}
