/** The models that a site carries: its `models.json`, read as strictly as any file from outside. No DOM. */
import { EngineError } from '../engine/errors';

/** A model that lies beside the page. */
export interface SiteModel {
  readonly id: string;
  readonly title: string;
  /** Where it comes from: `owner/name`. */
  readonly source: string;
  readonly licence: string;
  /** The whole download. */
  readonly bytes: number;
  /** Absolute; a folder ends in `/`. */
  readonly address: string;
  /** What it is good for, in a phrase; null where the list does not say. */
  readonly about: string | null;
}

const MOST_MODELS = 24;
const MOST_BYTES = 64_000;
const MOST_CHARACTERS = 300;

/**
 * Fetches and reads the list.
 * @returns null where there is none: a site without models is nothing to complain of
 * @throws {EngineError} bad-file where there is something else
 */
export async function fetchSiteModels(address: URL, signal: AbortSignal): Promise<readonly SiteModel[] | null> {
  let text: string;
  try {
    const response = await fetch(address, { signal });
    if (!response.ok) return null;
    text = await response.text();
  } catch {
    return null;
  }
  if (text.length > MOST_BYTES) throw unreadable(`at most ${MOST_BYTES} characters`, `${text.length}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw unreadable('JSON', text.slice(0, 40));
  }
  return parseSiteModels(json, address);
}

/** @throws {EngineError} bad-file, naming the entry and the field */
export function parseSiteModels(json: unknown, base: URL): readonly SiteModel[] {
  if (!Array.isArray(json)) throw unreadable('a list', typeof json);
  if (json.length > MOST_MODELS) throw unreadable(`at most ${MOST_MODELS} models`, String(json.length));
  return json.map((entry: unknown, i) => parseModel(entry, `models[${i}]`, base));
}

function parseModel(entry: unknown, where: string, base: URL): SiteModel {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    throw unreadable(`${where} to be an object`, entry === null ? 'null' : typeof entry);
  }
  const fields = entry as Record<string, unknown>;
  const words = (name: string): string => {
    const value = fields[name];
    if (typeof value !== 'string' || value.trim() === '' || value.length > MOST_CHARACTERS) {
      throw unreadable(`${where}.${name} to be a text of 1 to ${MOST_CHARACTERS} characters`, spelled(value));
    }
    return value;
  };
  const { bytes, about } = fields;
  if (!(Number.isSafeInteger(bytes) && (bytes as number) > 0)) {
    throw unreadable(`${where}.bytes to be a whole number above 0`, spelled(bytes));
  }
  return {
    id: words('id'),
    title: words('title'),
    source: words('source'),
    licence: words('licence'),
    bytes: bytes as number,
    address: sameSite(words('address'), base, where),
    about: about === undefined ? null : words('about'),
  };
}

/** What is said to be on this site has to be: a list must not send the reader elsewhere unasked. */
function sameSite(address: string, base: URL, where: string): string {
  const url = URL.canParse(address, base) ? new URL(address, base) : null;
  if (url === null || url.origin !== base.origin || url.protocol !== base.protocol) {
    throw unreadable(`${where}.address to be on this site`, spelled(address));
  }
  return url.href;
}

function spelled(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 60);
}

function unreadable(expected: string, found: string): EngineError {
  return new EngineError({
    code: 'bad-file',
    message: `The site’s list of models cannot be read: expected ${expected}, found ${found}.`,
    expected,
    found,
  });
}
