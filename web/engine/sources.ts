/**
 * Where a model's files come from: an address, or files the reader picked. Says which file is which, opens each as a
 * stream, and refuses addresses and file names that must not be opened. Runs in the worker.
 */
import { type Opened, openBlob, openRemote } from './download';
import { EngineError } from './errors';
import { type Keep, keepModel } from './store';

/** What crosses into the worker: files, or an absolute address. */
export type SentSource = Blob | readonly File[] | string;

/** One file of a source. `open` may be called again after a failure. */
export interface Part {
  readonly name: string;
  /** What opening and reading it is called while the reader waits. */
  readonly phase: 'download' | 'read';
  /** Null for a file of the reader's own. */
  readonly url: URL | null;
  open(signal: AbortSignal): Promise<Opened>;
}

export interface Parts {
  /** The model's name: the folder's, or the file's without its ending. */
  readonly name: string;
  /** The weights, in one file or in shards; or a trace. */
  readonly weights: readonly Part[];
  /** What the weights take together; null where only opening them tells. */
  readonly bytes: number | null;
  /** The list of shards that stands in for the weights where they are not there as one file. */
  readonly index: Part | null;
  /** Null where the source cannot hold one. A part that turns out to be missing rejects with `missing-file`. */
  readonly config: Part | null;
  readonly tokenizer: Part | null;
  readonly tokenizerConfig: Part | null;
  readonly chatTemplate: Part | null;
  /** Whether these are known to stand beside the weights, so that they can be read first. */
  readonly isFolder: boolean;
  /** The model's place in the browser's store; null for what is not kept. */
  readonly keep: Keep | null;
}

/** The public hub that names such as `owner/model` stand for. */
export const HUB = 'https://huggingface.co';

const WEIGHTS = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const MOST_SHARDS = 256;
const SHARD = /^(.{1,200})-(\d{5})-of-(\d{5})\.safetensors$/;
const MOST_TEXT = 64 * 1024 * 1024;

const BESIDE = {
  config: 'config.json',
  tokenizer: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
  chatTemplate: 'chat_template.jinja',
} as const;

/**
 * @throws {EngineError} bad-request for an address that is not allowed, missing-file where no file could be the weights or
 *   a shard of them is not there, bad-file for a list of shards that cannot be followed
 */
export async function partsOf(source: SentSource, signal: AbortSignal, hub = HUB): Promise<Parts> {
  if (typeof source === 'string') return partsOfAddress(pageAddress(source, hub) ?? source);
  if (!(source instanceof Blob)) return partsOfFiles(source, signal);
  return partsOfFiles([source instanceof File ? source : new File([source], 'file')], signal);
}

/**
 * The same source with its weights as the shards that its index lists. Only the list of files is taken from it: which
 * tensor is where, the shards say themselves.
 * @throws {EngineError} missing-file where there is no index either, bad-file for one that cannot be followed
 */
export async function inShards(parts: Parts, signal: AbortSignal): Promise<Parts> {
  const { index, keep } = parts;
  if (index?.url == null) throw missingWeights(parts.name, WEIGHTS);
  const { url } = index;
  const text = await textOf(index, signal).catch((error: unknown) => {
    throw isMissing(error) ? missingWeights(url.host, `${WEIGHTS} or ${INDEX}`) : error;
  });
  const { names, bytes } = shardsOf(index.name, text);
  return {
    ...parts,
    weights: names.map((name) => remotePart(name, new URL(name, url), keep, true)),
    bytes,
    index: null,
  };
}

export const isMissing = (error: unknown): boolean => error instanceof EngineError && error.code === 'missing-file';

/** A small file, as text. @throws {EngineError} not-a-model for a page or a pointer in its place, too-large */
export async function textOf(part: Part, signal: AbortSignal): Promise<string> {
  const { body } = await part.open(signal);
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const chunk of body) {
    received += chunk.length;
    if (received > MOST_TEXT) {
      throw new EngineError({
        code: 'too-large',
        message: `${part.name} is too large.`,
        expected: `at most ${MOST_TEXT} bytes`,
        found: 'more',
      });
    }
    chunks.push(chunk);
  }
  const text = await new Blob(chunks as BlobPart[]).text();
  refuseDisguised(part.name, text);
  return text;
}

/** What servers and Git put in a file's place. The core knows more of them, for weights. */
export function refuseDisguised(name: string, text: string): void {
  const disguise = /^\s*<(?:!doctype|html)/i.test(text)
    ? 'a web page (HTML)'
    : text.startsWith('version https://git-lfs')
      ? 'a Git LFS pointer'
      : null;
  if (disguise === null) return;
  throw new EngineError({
    code: 'not-a-model',
    message: `${name} is ${disguise}, not the file itself.`,
    expected: name,
    found: disguise,
  });
}

// ---- The hub ----

/**
 * The address that a hub name stands for: `owner/model`, `owner/model@revision`, and a file of it, as in
 * `owner/model/file.gguf`. Pages of the hub are understood as well. Null for anything else.
 */
export function hubAddress(text: string, hub = HUB): string | null {
  const page = pageAddress(text, hub);
  if (page !== null) return page;
  const [owner, repository = '', ...rest] = text.trim().split('/');
  const [model, revision = 'main', ...more] = repository.split('@');
  return more.length > 0 ? null : resolved(hub, owner, model, revision, rest);
}

/** A page of the hub as the address of the files that it is about; null for other addresses. */
function pageAddress(text: string, hub: string): string | null {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  if (url === null || url.origin !== hub || url.username !== '' || url.password !== '') return null;
  const [owner, model, view = 'tree', revision = 'main', ...rest] = decode(url.pathname).replace(/^\//, '').split('/');
  if (NOT_OWNERS.has(owner ?? '') || !['', 'tree', 'blob', 'resolve', 'raw'].includes(view)) return null;
  return resolved(hub, owner, model, revision || 'main', rest);
}

/** First words of the hub's addresses that are no owners of models. */
const NOT_OWNERS = new Set([
  'datasets',
  'spaces',
  'models',
  'docs',
  'api',
  'blog',
  'papers',
  'collections',
  'settings',
]);

function resolved(
  hub: string,
  owner: string | undefined,
  model: string | undefined,
  revision: string,
  path: readonly string[],
): string | null {
  const names = [owner ?? '', model ?? '', revision, ...path.filter((name) => name !== '')];
  if (names.length > 8 || !names.every((name) => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(name))) return null;
  const [, , , ...inside] = names;
  const isFile = /\.(gguf|safetensors|json)$/.test(inside.at(-1) ?? '');
  return [hub, owner, model, 'resolve', revision, ...inside].join('/') + (isFile ? '' : '/');
}

// ---- Addresses ----

async function partsOfAddress(address: string): Promise<Parts> {
  const url = allowed(address);
  const isFolder = url.pathname.endsWith('/');
  const last = decode(url.pathname.split('/').at(isFolder ? -2 : -1) ?? '');
  requireWholeGguf(last);
  const name = (isFolder ? folderName(url) : (SHARD.exec(last)?.[1] ?? stem(last))) || url.hostname;
  // A blob has no neighbours. What lies on this site, the browser's own cache keeps.
  const hasNeighbours = url.protocol !== 'blob:';
  const isForeign = hasNeighbours && url.origin !== globalThis.location?.origin;
  const keep = isForeign ? await keepModel(url.href, name) : null;
  const small = (file: string) => (hasNeighbours ? remotePart(file, new URL(file, url), keep, false) : null);
  const large = (file: string, at: URL) => remotePart(file, at, keep, isForeign);
  const siblings = isFolder ? null : shardNames(last);
  const weights = isFolder
    ? [large(WEIGHTS, new URL(WEIGHTS, url))]
    : siblings !== null && hasNeighbours
      ? siblings.map((file) => large(file, new URL(file, url)))
      : [large(last, url)];
  return {
    name,
    weights,
    bytes: null,
    index: isFolder ? small(INDEX) : null,
    config: small(BESIDE.config),
    tokenizer: small(BESIDE.tokenizer),
    tokenizerConfig: small(BESIDE.tokenizerConfig),
    chatTemplate: small(BESIDE.chatTemplate),
    isFolder,
    keep,
  };
}

/** The last folder's name; of `owner/model/resolve/revision/`, the model's. */
function folderName(url: URL): string {
  const folders = url.pathname.split('/').filter((folder) => folder !== '');
  return decode((folders.at(-2) === 'resolve' ? folders.at(-3) : folders.at(-1)) ?? '');
}

/** Only what a page could fetch without surprise: https, plain http where the page itself is served so, blobs. */
export function allowed(address: string): URL {
  const refuse = (expected: string, found: string) =>
    new EngineError({
      code: 'bad-request',
      message: `This address cannot be opened: ${found.slice(0, 200)}`,
      expected,
      found: found.slice(0, 200),
    });
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw refuse('an address', address);
  }
  const local =
    url.origin === globalThis.location?.origin || ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && url.protocol !== 'blob:' && !(url.protocol === 'http:' && local)) {
    throw refuse('https:, or a file of this site', url.protocol);
  }
  if (url.username !== '' || url.password !== '') throw refuse('no name or password in the address', url.hostname);
  return url;
}

export function remotePart(name: string, url: URL, keep: Keep | null, inParts: boolean): Part {
  const remote = { name, url, keep, inParts };
  return { name, phase: 'download', url, open: (signal) => openRemote(remote, signal) };
}

// ---- The reader's own files ----

/** Files are matched by base name. A dropped folder has more of the same name deeper down: the topmost are meant. */
async function partsOfFiles(given: readonly File[], signal: AbortSignal): Promise<Parts> {
  const files = given.map(placed);
  const topmost = [...files].sort((a, b) => pathOf(a).length - pathOf(b).length);
  const named = (name: string) => topmost.find((file) => file.name === name);
  const holdsWeights = ({ name }: File) => /\.(safetensors|gguf)$/.test(name);
  const index = topmost.find(({ name }) => name.endsWith('.safetensors.index.json'));
  const first = topmost.find(holdsWeights);
  const together = topmost.filter((file) => holdsWeights(file) && folderOf(file) === folderOf(first ?? file));
  const weights = await weightsAmong(topmost, together, index, signal);
  const [one] = weights;
  if (one === undefined) {
    const found = files.map((file) => file.name).join(', ');
    throw new EngineError({
      code: 'missing-file',
      message: 'None of these files holds weights: add the .safetensors or .gguf file.',
      expected: 'a .safetensors or .gguf file',
      found: found.slice(0, 200) || 'no file',
    });
  }
  requireWholeGguf(one.name);
  const beside = (name: string) => {
    const file = named(name);
    return file === undefined ? null : filePart(name, file);
  };
  const folder = one.name.endsWith('.gguf') ? undefined : pathOf(one).at(-2);
  const shard = SHARD.exec(one.name)?.[1];
  return {
    name: folder ?? shard ?? stem(one.name),
    weights: weights.map((file) => filePart(file.name, file)),
    bytes: weights.reduce((sum, { size }) => sum + size, 0),
    index: null,
    config: beside(BESIDE.config),
    tokenizer: beside(BESIDE.tokenizer),
    tokenizerConfig: beside(BESIDE.tokenizerConfig),
    chatTemplate: beside(BESIDE.chatTemplate),
    isFolder: named(BESIDE.config) !== undefined,
    keep: null,
  };
}

/** Files of a dropped folder come with their path for a name: they get both, as those of a chosen folder have. */
function placed(file: File): File {
  if (!file.name.includes('/')) return file;
  const plain = new File([file], file.name.split('/').at(-1) ?? '', { lastModified: file.lastModified });
  return Object.defineProperty(plain, 'webkitRelativePath', { value: file.name });
}

/** Which of the files are the weights: one, or shards; none where nothing could be. A trace has any name. */
async function weightsAmong(
  all: readonly File[],
  together: readonly File[],
  index: File | undefined,
  signal: AbortSignal,
): Promise<readonly File[]> {
  const whole = together.find(({ name }) => name === WEIGHTS);
  if (whole !== undefined) return [whole];
  const [first] = together;
  const isAlone = together.length === 1 && index === undefined && shardNames(first?.name ?? '') === null;
  if (isAlone || (first === undefined && index === undefined)) {
    const other = all.length === 1 ? all[0] : all.find(({ name }) => !/\.(json|jinja|md|txt)$/.test(name));
    return [first ?? other].filter((file) => file !== undefined);
  }
  return shardFiles(together, index, signal);
}

/** The shards among files of one folder: as the index lists them, or as their own names count them. */
async function shardFiles(files: readonly File[], index: File | undefined, signal: AbortSignal): Promise<File[]> {
  const names =
    index !== undefined
      ? shardsOf(index.name, await textOf(filePart(index.name, index), signal)).names
      : shardNames(files[0]?.name ?? '');
  if (names === null || (index === undefined && files.some(({ name }) => !names.includes(name)))) {
    throw new EngineError({
      code: 'bad-request',
      message: 'There are several files with weights that are no parts of one model: open one of them.',
      expected: 'one file with weights, or a set named model-00001-of-00002.safetensors and so on',
      found: files
        .map(({ name }) => name)
        .join(', ')
        .slice(0, 200),
    });
  }
  return names.map((name) => {
    const file = files.find((each) => each.name === name);
    if (file !== undefined) return file;
    throw new EngineError({
      code: 'missing-file',
      message: `The weights are in ${names.length} files, and ${name} is not among those that were opened.`,
      expected: name,
      found: files
        .map((each) => each.name)
        .join(', ')
        .slice(0, 200),
    });
  });
}

/** Only files of a chosen folder have a path. */
function pathOf(file: File): string[] {
  return (file.webkitRelativePath || file.name).split('/');
}

const folderOf = (file: File): string => pathOf(file).slice(0, -1).join('/');

function filePart(name: string, file: Blob): Part {
  return { name, phase: 'read', url: null, open: async (signal) => openBlob(name, file, signal) };
}

// ---- Shards ----

/** All names of the set that a shard's own name tells of: model-00001-of-00003.safetensors; null for other names. */
function shardNames(name: string): string[] | null {
  const [, base, which, count] = SHARD.exec(name) ?? [];
  const n = Number(count);
  if (base === undefined || n < 1 || n > MOST_SHARDS || Number(which) < 1 || Number(which) > n) return null;
  return Array.from({ length: n }, (_, i) => `${base}-${String(i + 1).padStart(5, '0')}-of-${count}.safetensors`);
}

/** The files that an index lists, by name, and what they hold together where it says so. */
function shardsOf(name: string, text: string): { readonly names: string[]; readonly bytes: number | null } {
  const refuse = (expected: string, found: unknown) => {
    const what = (JSON.stringify(found) ?? 'nothing').slice(0, 200);
    return new EngineError({
      code: 'bad-file',
      message: `${name} cannot be followed: expected ${expected}, found ${what}.`,
      expected,
      found: what,
    });
  };
  let index: { weight_map?: unknown; metadata?: { total_size?: unknown } | null } | null;
  try {
    index = JSON.parse(text);
  } catch {
    throw refuse('JSON', text.slice(0, 80));
  }
  const map = index?.weight_map;
  if (typeof map !== 'object' || map === null || Array.isArray(map)) throw refuse('a weight_map', map);
  const names = new Set<string>();
  for (const file of Object.values(map) as unknown[]) {
    // They are somebody's words, and become parts of addresses: plain names of neighbours only.
    if (typeof file !== 'string' || !/^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}\.safetensors$/.test(file)) {
      throw refuse('plain file names that end in .safetensors', file);
    }
    names.add(file);
    if (names.size > MOST_SHARDS) throw refuse(`at most ${MOST_SHARDS} files`, 'more');
  }
  if (names.size === 0) throw refuse('the name of a file', map);
  const bytes = index?.metadata?.total_size;
  return {
    names: [...names].sort(),
    bytes: typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes > 0 ? bytes : null,
  };
}

function requireWholeGguf(name: string): void {
  const count = /-\d{5}-of-(\d{5})\.gguf$/.exec(name)?.[1];
  if (count === undefined || Number(count) <= 1) return;
  throw new EngineError({
    code: 'unsupported',
    message: `${name} is one of ${Number(count)} parts of a GGUF file, which are not supported: join them first.`,
    expected: 'a GGUF file that is whole',
    found: `a part of ${Number(count)}`,
  });
}

const missingWeights = (where: string, what: string): EngineError =>
  new EngineError({
    code: 'missing-file',
    message: `There are no weights at ${where}: looked for ${what}. Where the weights have another name, add it to the address.`,
    expected: what,
    found: 'neither',
  });

const stem = (name: string): string => name.replace(/\.[^.]*$/, '') || name;

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
