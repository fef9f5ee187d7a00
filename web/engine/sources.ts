/**
 * Where a model's files come from: an address, or files the reader picked. Says which file is which, opens each as a
 * stream, and refuses addresses that must not be opened. Runs in the worker.
 */
import { aborted, EngineError } from './errors';

/** What crosses into the worker: files, or an absolute address. */
export type SentSource = Blob | readonly File[] | string;

/** One file of a source. `open` may be called again after a failure. */
export interface Part {
  readonly name: string;
  /** What opening and reading it is called while the reader waits. */
  readonly phase: 'download' | 'read';
  open(signal: AbortSignal): Promise<{ readonly size: number | null; readonly body: ReadableStream<Uint8Array> }>;
}

export interface Parts {
  /** The model's name: the folder's, or the file's without its ending. */
  readonly name: string;
  /** The weights, or a trace. */
  readonly main: Part;
  /** Null where the source cannot hold one. A part that turns out to be missing rejects with `missing-file`. */
  readonly config: Part | null;
  readonly tokenizer: Part | null;
  /** Whether config and tokenizer are known to stand beside the weights, so that they can be read first. */
  readonly isFolder: boolean;
}

const WEIGHTS = 'model.safetensors';

/** @throws {EngineError} bad-request for an address that is not allowed, missing-file where no file could be the weights */
export function partsOf(source: SentSource): Parts {
  if (typeof source === 'string') return partsOfAddress(source);
  if (source instanceof Blob) {
    const name = source instanceof File ? source.name : 'file';
    return { name: stem(name), main: filePart(name, source), config: null, tokenizer: null, isFolder: false };
  }
  return partsOfFiles(source);
}

/** Files are matched by base name. A dropped folder has more of the same name deeper down: the topmost are meant. */
function partsOfFiles(files: readonly File[]): Parts {
  const topmost = [...files].sort((a, b) => pathOf(a).length - pathOf(b).length);
  const named = (name: string) => topmost.find((file) => file.name === name);
  const weights = topmost.filter((file) => file.name.endsWith('.safetensors'));
  const [first, second] = weights;
  if (first !== undefined && second !== undefined && pathOf(first).length === pathOf(second).length) {
    throw new EngineError({
      code: 'unsupported',
      message: 'Weights in several files are not supported yet.',
      expected: 'one .safetensors file',
      found: `${weights.length} of them`,
    });
  }
  const main = first ?? (files.length === 1 ? files[0] : topmost.find((file) => !file.name.endsWith('.json')));
  if (main === undefined) {
    throw new EngineError({
      code: 'missing-file',
      message: 'None of these files holds weights: add the .safetensors file.',
      expected: 'a .safetensors file',
      found:
        files
          .map((file) => file.name)
          .join(', ')
          .slice(0, 200) || 'no file',
    });
  }
  const config = named('config.json');
  const tokenizer = named('tokenizer.json');
  const folder = pathOf(main).at(-2);
  return {
    name: folder ?? stem(main.name),
    main: filePart(main.name, main),
    config: config === undefined ? null : filePart('config.json', config),
    tokenizer: tokenizer === undefined ? null : filePart('tokenizer.json', tokenizer),
    isFolder: config !== undefined,
  };
}

/** Only files of a chosen folder have a path. */
function pathOf(file: File): string[] {
  return (file.webkitRelativePath || file.name).split('/');
}

function partsOfAddress(address: string): Parts {
  const url = allowed(address);
  const isFolder = url.pathname.endsWith('/');
  const at = (name: string) => fetchedPart(name, new URL(name, url));
  const segments = url.pathname.split('/').filter((segment) => segment !== '');
  const last = decode(segments.at(-1) ?? '');
  return {
    name: (isFolder ? last : stem(last)) || url.hostname,
    main: isFolder ? at(WEIGHTS) : fetchedPart(last, url),
    // A blob has no neighbours.
    config: url.protocol === 'blob:' ? null : at('config.json'),
    tokenizer: url.protocol === 'blob:' ? null : at('tokenizer.json'),
    isFolder,
  };
}

/** Only what a page could fetch without surprise: https, plain http where the page itself is served so, blobs. */
function allowed(address: string): URL {
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

function filePart(name: string, file: Blob): Part {
  return {
    name,
    phase: 'read',
    open: async () => ({ size: file.size, body: file.stream() as ReadableStream<Uint8Array> }),
  };
}

function fetchedPart(name: string, url: URL): Part {
  return {
    name,
    phase: 'download',
    async open(signal) {
      const response = await fetchAllowed(url, signal);
      if (response.status === 404 || response.status === 410) {
        throw new EngineError({
          code: 'missing-file',
          message: `${name} is not there: ${url.href} answers ${response.status}.`,
          expected: name,
          found: `status ${response.status}`,
        });
      }
      if (!response.ok || response.body === null) {
        throw new EngineError({
          code: 'network',
          message: `${url.host} answers ${response.status} for ${name}.`,
          expected: 'status 200',
          found: `status ${response.status}`,
        });
      }
      // The length of a compressed answer is not the length of what arrives.
      const length = response.headers.get('content-encoding') === null ? response.headers.get('content-length') : null;
      return { size: /^\d+$/.test(length ?? '') ? Number(length) : null, body: response.body };
    },
  };
}

async function fetchAllowed(url: URL, signal: AbortSignal): Promise<Response> {
  let violated: string | null = null;
  const watch = (event: Event) => {
    violated = (event as SecurityPolicyViolationEvent).effectiveDirective;
  };
  globalThis.addEventListener?.('securitypolicyviolation', watch);
  try {
    return await fetch(url, { signal, credentials: 'same-origin', redirect: 'follow' });
  } catch {
    if (signal.aborted) throw aborted();
    await new Promise((resolve) => setTimeout(resolve, 20)); // The violation is reported after the failure.
    if (violated !== null) {
      throw new EngineError({
        code: 'blocked-by-policy',
        message: `This page's policy (${violated}) does not allow requests to ${url.host}.`,
        expected: `${url.origin} in ${violated}`,
        found: 'a policy without it',
      });
    }
    throw new EngineError({
      code: 'network',
      message: `${url.host || 'The file'} could not be reached, or does not let this page read its files.`,
      expected: 'an answer',
      found: 'none',
    });
  } finally {
    globalThis.removeEventListener?.('securitypolicyviolation', watch);
  }
}

const stem = (name: string): string => name.replace(/\.[^.]*$/, '') || name;

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
