/**
 * Looks at a model at an address before it is loaded: names, sizes, licence and what it will take. Asks for small files,
 * the beginnings of others and sizes; never for weights.
 */
import { runBytes, runTokensOf } from './budget';
import { beginningOf, lookAt } from './download';
import { EngineError, isAbort } from './errors';
import { type GgufFacts, ggufFacts, isGguf, shapeOf } from './gguf-facts';
import { HUB, hubAddress, inShards, isMissing, type Part, partsOf, refuseDisguised, textOf } from './sources';
import { keptModels } from './store';
import type { Offer } from './types';

/** A GGUF file's settings stand at its beginning, its vocabulary after most of them. */
const GGUF_BEGINNING = 1024 * 1024;
const README_BEGINNING = 64 * 1024;
/** Requests at a time. */
const AT_ONCE = 6;

interface Sized {
  readonly name: string;
  readonly bytes: number | null;
  readonly host: string;
}

/**
 * @param text  an address as `load` takes it, or a name of the hub
 * @throws {EngineError} bad-request for what is neither, missing-file where no model is there; network, blocked-by-policy
 */
export async function offerOf(text: string, signal: AbortSignal, hub = HUB): Promise<Offer> {
  const address = hubAddress(text, hub) ?? text.trim();
  let parts = await partsOf(address, signal, hub);
  if (parts.keep !== null) parts.keep.off = true; // Only what is loaded is kept.
  const [first] = parts.weights;
  if (first?.url == null) throw new EngineError({ code: 'bad-request', message: 'This is not an address.' });
  const url = first.url;
  const href = parts.isFolder ? new URL('.', url).href : url.href;
  const isGgufFile = first.name.toLowerCase().endsWith('.gguf');

  let facts: GgufFacts = { name: null, licence: null, architecture: null, shape: null };
  let sizes: Sized[];
  if (isGgufFile) {
    const { bytes, size, host } = await beginningOf({ name: first.name, url }, GGUF_BEGINNING, signal);
    if (!isGguf(bytes)) throw notGguf(first.name, bytes);
    facts = ggufFacts(bytes);
    const total = size ?? (await lookAt({ name: first.name, url }, signal)).size;
    sizes = [{ name: first.name, bytes: total, host }];
  } else {
    sizes = await sizesOf(parts.weights, signal).catch(async (error: unknown) => {
      if (!isMissing(error) || parts.index === null) throw error;
      parts = await inShards(parts, signal);
      return sizesOf(parts.weights, signal);
    });
    // A folder is a model's; a single file may be a trace, which needs no configuration.
    const read = (part: Part) => textOf(part, signal);
    const config =
      parts.isFolder && parts.config !== null ? await read(parts.config) : await optional(parts.config, signal, read);
    const { mayGenerate, ...known } = configFacts(config ?? '');
    facts = { ...facts, ...known };
    // Loading asks for what is about chats only where there may be any.
    const beside = [parts.config, parts.tokenizer, ...(mayGenerate ? [parts.tokenizerConfig, parts.chatTemplate] : [])];
    for (const part of beside) {
      const [sized] = (await optional(part, signal, (each) => sizesOf([each], signal))) ?? [];
      if (sized !== undefined) sizes.push(sized);
    }
  }

  const weights = sum(sizes.slice(0, parts.weights.length)) ?? parts.bytes;
  const runTokens = runTokensOf(facts.shape?.nCtx ?? null);
  const hosts = [new URL(address).host, ...sizes.map(({ host }) => host)];
  const licence = facts.licence ?? (await optional(readme(url), signal, (page) => licenceIn(page, signal)));
  return {
    address: href,
    name: shown(facts.name) ?? parts.name,
    host: [...new Set(hosts)].join(' → '),
    files: sizes.map(({ name, bytes }) => ({ name, bytes })),
    bytes: sum(sizes),
    licence: shown(licence),
    family: shown(facts.architecture),
    memory: { weights, run: facts.shape === null ? null : runBytes(facts.shape, runTokens), runTokens },
    stored: (await keptModels()).find((model) => model.address === href)?.bytes ?? 0,
  };
}

/** What config.json says of the model before the core reads it: good for estimates and for what to ask for. */
export function configFacts(config: string): Pick<GgufFacts, 'architecture' | 'shape'> & {
  /** Whether it may be one that generates text: false only where it names what it is. */
  readonly mayGenerate: boolean;
} {
  let found: unknown;
  try {
    found = JSON.parse(config);
  } catch {
    return { architecture: null, shape: null, mayGenerate: true };
  }
  const json = typeof found === 'object' && found !== null ? (found as Record<string, unknown>) : {};
  const count = (...keys: string[]) => {
    const value = keys.map((key) => json[key]).find((each) => each != null);
    return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value < 1e9 ? value : null;
  };
  const classes = json['architectures'];
  return {
    mayGenerate: !Array.isArray(classes) || classes.some((name) => /CausalLM|LMHead/.test(String(name))),
    architecture: typeof json['model_type'] === 'string' ? json['model_type'] : null,
    shape: shapeOf({
      nLayers: count('num_hidden_layers', 'n_layer', 'n_layers'),
      nHeads: count('num_attention_heads', 'n_head', 'n_heads'),
      nKvHeads: count('num_key_value_heads'),
      dModel: count('hidden_size', 'n_embd', 'dim'),
      dHead: count('head_dim'),
      nCtx: count('max_position_embeddings', 'n_positions'),
    }),
  };
}

/** Sizes of files, a few at a time. */
async function sizesOf(parts: readonly Part[], signal: AbortSignal): Promise<Sized[]> {
  const sizes: Sized[] = [];
  for (let i = 0; i < parts.length; i += AT_ONCE) {
    const some = parts.slice(i, i + AT_ONCE).map(async ({ name, url }) => {
      const { size, host } = await lookAt({ name, url: url as URL }, signal);
      return { name, bytes: size, host };
    });
    sizes.push(...(await Promise.all(some)));
  }
  return sizes;
}

/** Null where the source has no such file. */
async function optional<P, T>(part: P | null, signal: AbortSignal, use: (part: P) => Promise<T>): Promise<T | null> {
  if (part === null) return null;
  try {
    return await use(part);
  } catch (error) {
    if (signal.aborted || isAbort(error) || !isMissing(error)) throw error;
    return null;
  }
}

/** The model's page: beside its files, or at the top of the repository that they lie in. */
function readme(url: URL): URL | null {
  if (url.protocol === 'blob:') return null;
  const top = /^.*?\/resolve\/[^/]+\//.exec(url.pathname)?.[0];
  return new URL(top === undefined ? 'README.md' : `${top}README.md`, url);
}

/** `license:` (or `license_name:` where that says only "other") of the settings between two lines of dashes. */
async function licenceIn(page: URL, signal: AbortSignal): Promise<string | null> {
  const { bytes } = await beginningOf({ name: 'README.md', url: page }, README_BEGINNING, signal);
  const text = new TextDecoder().decode(bytes);
  const settings = /^\uFEFF?---\r?\n([\s\S]*?)\n---/.exec(text)?.[1] ?? '';
  const named = (name: string) =>
    new RegExp(`^${name}:[ \\t]*(?:\\r?\\n[ \\t]*-[ \\t]*)?([^\\r\\n]+)`, 'm').exec(settings)?.[1];
  const licence = plain(named('license'));
  return licence === 'other' ? (plain(named('license_name')) ?? licence) : licence;
}

const plain = (value: string | undefined): string | null => value?.trim().replace(/^["'[]+|["'\]]+$/g, '') || null;

/** Somebody's words, short and without characters that do not show. */
function shown(text: string | null): string | null {
  return (
    text
      ?.replace(/[\p{Cc}\p{Cf}]/gu, '')
      .trim()
      .slice(0, 120) || null
  );
}

/** Null where one of them is not known. */
function sum(sizes: readonly Sized[]): number | null {
  return sizes.reduce<number | null>((all, { bytes }) => (all === null || bytes === null ? null : all + bytes), 0);
}

function notGguf(name: string, bytes: Uint8Array): EngineError {
  const text = new TextDecoder().decode(bytes.subarray(0, 64));
  refuseDisguised(name, text);
  return new EngineError({
    code: 'not-a-model',
    message: `${name} is not a GGUF file: it does not begin as one.`,
    expected: 'GGUF',
    found: JSON.stringify(text.slice(0, 8)),
  });
}
