/**
 * Fetches a model's files: in parts where the server can, from where it stopped when a transfer breaks, and out of the
 * browser's store where they are kept. The only one that asks the network for anything of a model.
 */
import { aborted, EngineError, isAbort } from './errors';
import { type FileFacts, forgetFile, type Keep, keepFacts, keepPart, keptFile, keptPart, PART_BYTES } from './store';

/** A file that is being read. `body` can be read once; who does not want it calls `close`. */
export interface Opened {
  /** Null where the server does not say, or says only how much it sends compressed. */
  readonly size: number | null;
  readonly body: AsyncIterable<Uint8Array>;
  close(): void;
}

/** A file at an address. */
export interface Remote {
  /** For messages. */
  readonly name: string;
  readonly url: URL;
  /** Null where it is not to be kept. */
  readonly keep: Keep | null;
  /** Whether it is asked for part by part: one long transfer breaks more easily, and what is kept is kept late. */
  readonly inParts: boolean;
}

/** How long it waits before each further try at a transfer that broke, in milliseconds; then it gives up. */
const WAITS = [250, 750, 1500];

/** A range of bytes, end excluded. */
interface Range {
  readonly from: number;
  readonly end: number;
}

interface Answer {
  /** Where the body begins in the file, and where it ends as far as it is known. */
  readonly from: number;
  readonly end: number | null;
  /** Of the whole file. */
  readonly size: number | null;
  readonly validator: string | null;
  /** Who answered in the end, after redirects. */
  readonly host: string;
  readonly body: ReadableStream<Uint8Array>;
}

/** A transfer that ended too early: worth another try. */
class Broken extends Error {}

/** No answer, or none now: worth another try once the file has begun to arrive. */
class Passing extends EngineError {}

/**
 * @throws {EngineError} missing-file where it is not there or not to be had without logging in; network, blocked-by-policy
 */
export async function openRemote(remote: Remote, signal: AbortSignal): Promise<Opened> {
  const { name, url, keep } = remote;
  const kept = keep === null ? null : await keptFile(keep.address, url.href);
  if (keep?.complete && kept !== null && kept.facts === null)
    throw missing(name, url, 'it was not when last asked for');
  if (keep !== null && kept !== null && kept.facts !== null) {
    const { facts, parts } = kept;
    if (keep.complete || (parts > 0 && remote.inParts && (await isUnchanged(remote, facts, signal)))) {
      return { size: facts.size, body: bytesOf(remote, facts, parts, null, signal), close: () => {} };
    }
    await forgetFile(keep.address, url.href);
  }
  const first = await firstAnswer(remote, signal).catch(async (error: unknown) => {
    const isMissing = error instanceof EngineError && error.code === 'missing-file';
    if (isMissing && keep !== null) await keepFacts(keep, url.href, null);
    throw error;
  });
  const { size, validator } = first;
  if (size !== null && keep !== null) await keepFacts(keep, url.href, { size, validator });
  return {
    size,
    body: bytesOf(remote, first, 0, first, signal),
    close: () => void first.body.cancel().catch(() => {}),
  };
}

/** Size and last host of a file, without its contents. @throws as openRemote */
export async function lookAt(
  { name, url }: { readonly name: string; readonly url: URL },
  signal: AbortSignal,
): Promise<{ readonly size: number | null; readonly validator: string | null; readonly host: string }> {
  const response = await request(url, signal, { method: 'HEAD' });
  if (response.status === 404 || response.status === 410) throw missing(name, url, `status ${response.status}`);
  if (response.ok) return { size: lengthOf(response), validator: validatorOf(response), host: hostOf(response, url) };
  // Signed addresses are good for one method only: whether the file is there, a request for a byte of it tells.
  const { size, validator, host, body } = await ask(name, url, { from: 0, end: 1 }, signal);
  await body.cancel().catch(() => {});
  return { size, validator, host };
}

/** The first `most` bytes of a file, or all that it has; size and host as `lookAt`. @throws as openRemote */
export async function beginningOf(
  { name, url }: { readonly name: string; readonly url: URL },
  most: number,
  signal: AbortSignal,
): Promise<{ readonly bytes: Uint8Array; readonly size: number | null; readonly host: string }> {
  const { body, size, host } = await ask(name, url, { from: 0, end: most }, signal);
  const bytes = new Uint8Array(most);
  let length = 0;
  try {
    for await (const chunk of chunksOf(body, signal)) {
      const wanted = chunk.subarray(0, most - length);
      bytes.set(wanted, length);
      length += wanted.length;
      if (length === most) break;
    }
  } catch (error) {
    if (error instanceof Broken) throw incomplete(name, `${most} bytes`, `${length} bytes`);
    throw error;
  }
  return { bytes: bytes.subarray(0, length), size, host };
}

/** A stream's chunks. Stops at once when cancelled; lets go of the stream when nobody reads on. */
export async function* chunksOf(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  const stop = () => void reader.cancel().catch(() => {});
  signal.addEventListener('abort', stop);
  try {
    for (;;) {
      const read = await reader.read().catch((cause: unknown) => {
        throw signal.aborted ? aborted() : new Broken(String(cause));
      });
      if (signal.aborted) throw aborted();
      if (read.done) return;
      yield read.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** A file of the reader's own as an opened one. */
export function openBlob(name: string, blob: Blob, signal: AbortSignal): Opened {
  async function* body() {
    try {
      yield* chunksOf(blob.stream() as ReadableStream<Uint8Array>, signal);
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      // It was moved, changed or unplugged after it was chosen.
      throw incomplete(name, 'the file as it was chosen', error.message);
    }
  }
  return { size: blob.size, body: body(), close: () => {} };
}

// ---- One file ----

/** The file's bytes in order: the parts that are kept, then the network's, which are kept as they come. */
async function* bytesOf(
  { name, url, keep, inParts }: Remote,
  facts: { readonly size: number | null; readonly validator: string | null },
  keptParts: number,
  first: Answer | null,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { size } = facts;
  let at = 0;
  if (keep !== null && size !== null) {
    for (let part = 0; part < keptParts && at < size; ++part) {
      const bytes = await keptPart(keep.address, url.href, part, size);
      if (signal.aborted) throw aborted();
      if (bytes === null) break;
      at += bytes.length;
      yield bytes;
    }
  }
  const parts = keep === null ? null : partsFrom(keep, url.href, at);
  let answer = first;
  let tries = 0;
  for (let isWhole = size !== null && at >= size && first === null; !isWhole; ) {
    try {
      // What arrives compressed has no places to go on from: it comes again from the beginning.
      const range = { from: at, end: inParts ? Math.min(partEnd(at), size ?? Infinity) : (size ?? 0) };
      answer ??= await ask(name, url, size === null || (at === 0 && !inParts) ? null : range, signal);
      requireUnchanged(name, answer, facts);
      const end = answer.end ?? size;
      let skip = at - answer.from;
      for await (const chunk of chunksOf(answer.body, signal)) {
        const fresh = chunk.subarray(Math.min(skip, chunk.length));
        skip -= chunk.length - fresh.length;
        if (fresh.length === 0) continue;
        if (end !== null && at + fresh.length > end) throw incomplete(name, `${end} bytes`, `more than ${end}`);
        at += fresh.length;
        await parts?.add(fresh);
        yield fresh;
      }
      if (end !== null && at < end) throw new Broken('it ended too early');
      isWhole = size === null || at >= size;
      tries = 0;
    } catch (error) {
      const wait = error instanceof Broken || error instanceof Passing ? WAITS[tries++] : undefined;
      if (wait === undefined) {
        if (!(error instanceof Broken)) throw error;
        throw incomplete(name, size === null ? 'the whole file' : `${size} bytes`, `${at} bytes`);
      }
      await pause(wait, signal);
    }
    answer = null;
  }
  await parts?.end();
  if (size === null && keep !== null) await keepFacts(keep, url.href, { size: at, validator: facts.validator });
}

/** Gathers what arrives into parts and keeps each when it is full. */
function partsFrom(
  keep: Keep,
  file: string,
  from: number,
): { add(chunk: Uint8Array): Promise<void>; end(): Promise<void> } {
  let part = from / PART_BYTES;
  let chunks: Uint8Array[] = [];
  let length = 0;
  const end = async () => {
    if (length === 0 || keep.off) return;
    const bytes = new Uint8Array(length);
    let offset = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, offset);
      offset += chunk.length;
    }
    chunks = [];
    length = 0;
    await keepPart(keep, file, part++, bytes);
  };
  return {
    async add(chunk) {
      for (let rest = chunk; rest.length > 0 && !keep.off; ) {
        const taken = rest.subarray(0, PART_BYTES - length);
        chunks.push(taken);
        length += taken.length;
        rest = rest.subarray(taken.length);
        if (length === PART_BYTES) await end();
      }
      if (keep.off) chunks = [];
    },
    end,
  };
}

const partEnd = (at: number): number => (Math.floor(at / PART_BYTES) + 1) * PART_BYTES;

/** The answer that says how large the file is, if the server can be made to say it. */
async function firstAnswer({ name, url, inParts }: Remote, signal: AbortSignal): Promise<Answer> {
  if (!inParts) return ask(name, url, null, signal);
  const answer = await ask(name, url, { from: 0, end: PART_BYTES }, signal);
  // The whole file: the server does not know parts.
  if (answer.size !== null || answer.end === null) return answer;
  const { size } = await lookAt({ name, url }, signal).catch((error: unknown) => {
    if (isAbort(error)) throw error;
    return { size: null };
  });
  if (size !== null) return { ...answer, end: Math.min(size, PART_BYTES), size };
  await answer.body.cancel().catch(() => {});
  return ask(name, url, null, signal);
}

/** Whether what is kept is still what the server has. Where it cannot tell, it counts as changed. */
async function isUnchanged(remote: Remote, facts: FileFacts, signal: AbortSignal): Promise<boolean> {
  if (facts.validator === null) return false;
  const { size, validator } = await lookAt(remote, signal);
  return validator === facts.validator && (size === null || size === facts.size);
}

/** Parts of two versions of a file must not be mixed. */
function requireUnchanged(
  name: string,
  answer: Answer,
  { size, validator }: { readonly size: number | null; readonly validator: string | null },
): void {
  const isOther =
    (validator !== null && answer.validator !== null && validator !== answer.validator) ||
    (size !== null && answer.size !== null && size !== answer.size);
  if (!isOther) return;
  void answer.body.cancel().catch(() => {});
  throw new EngineError({
    code: 'network',
    message: `${name} changed on the server while it was being downloaded. Try again.`,
    expected: `${size ?? 'the same'} bytes, ${validator ?? 'unmarked'}`,
    found: `${answer.size ?? 'the same'} bytes, ${answer.validator ?? 'unmarked'}`,
  });
}

// ---- One request ----

/** @param range  the bytes that are wanted; null: all. The answer may be the whole file all the same. */
async function ask(name: string, url: URL, range: Range | null, signal: AbortSignal): Promise<Answer> {
  // One plain range is allowed across origins without asking for permission first.
  const headers: Record<string, string> = range === null ? {} : { Range: `bytes=${range.from}-${range.end - 1}` };
  const response = await request(url, signal, { headers });
  const { status, body } = response;
  const host = hostOf(response, url);
  const validator = validatorOf(response);
  if (range !== null && status === 206 && body !== null) {
    // Many servers do not let a page read which range it is; how many bytes come is counted in any case.
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '') ?? [];
    if (from !== undefined && Number(from) !== range.from) {
      void body.cancel().catch(() => {});
      throw unusable(name, host, `bytes from ${range.from}`, `bytes from ${from}`);
    }
    const sent = lengthOf(response);
    const isLast = sent !== null && sent < range.end - range.from;
    const size = total !== undefined ? Number(total) : isLast ? range.from + sent : null;
    return {
      from: range.from,
      end: size === null ? range.end : Math.min(size, range.end),
      size,
      validator,
      host,
      body,
    };
  }
  if (status === 200) {
    const size = lengthOf(response);
    return { from: 0, end: size, size, validator, host, body: body ?? emptyBody() };
  }
  void body?.cancel().catch(() => {});
  // An empty file has no bytes to ask for.
  if (range !== null && range.from === 0 && status === 416) return ask(name, url, null, signal);
  if (status === 404 || status === 410) throw missing(name, url, `status ${status}`);
  if (status === 401 || status === 403) {
    throw new EngineError({
      code: 'missing-file',
      message:
        `${host} does not give ${name} to everybody (status ${status}): it is not there, or wants you to log in or to ` +
        'accept its terms. Download it in your browser and open the files.',
      expected: name,
      found: `status ${status}`,
    });
  }
  if ([429, 502, 503, 504].includes(status)) {
    throw new Passing({
      code: 'network',
      message: `${host} ${status === 429 ? 'has had too many requests' : 'is busy'} (status ${status} for ${name}). Try again later.`,
      expected: 'status 200',
      found: `status ${status}`,
    });
  }
  throw unusable(name, host, 'status 200', `status ${status}`);
}

async function request(url: URL, signal: AbortSignal, how: RequestInit): Promise<Response> {
  let violated: string | null = null;
  const watch = (event: Event) => {
    violated = (event as SecurityPolicyViolationEvent).effectiveDirective;
  };
  globalThis.addEventListener?.('securitypolicyviolation', watch);
  try {
    return await fetch(url, { ...how, signal, credentials: 'same-origin', referrerPolicy: 'no-referrer' });
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
    throw new Passing({
      code: 'network',
      message: `${url.host || 'The file'} could not be reached, or does not let this page read its files.`,
      expected: 'an answer',
      found: 'none',
    });
  } finally {
    globalThis.removeEventListener?.('securitypolicyviolation', watch);
  }
}

/** The length of a compressed answer is not the length of what arrives. */
function lengthOf(response: Response): number | null {
  const length = response.headers.get('content-encoding') === null ? response.headers.get('content-length') : null;
  return /^\d{1,15}$/.test(length ?? '') ? Number(length) : null;
}

const validatorOf = ({ headers }: Response): string | null => headers.get('etag') ?? headers.get('last-modified');

const hostOf = (response: Response, url: URL): string => new URL(response.url || url).host;

const emptyBody = (): ReadableStream<Uint8Array> => new ReadableStream({ start: (controller) => controller.close() });

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(aborted());
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
  });
}

const missing = (name: string, url: URL, found: string): EngineError =>
  new EngineError({
    code: 'missing-file',
    message: `${name} is not there: ${url.href} (${found}).`,
    expected: name,
    found,
  });

const unusable = (name: string, host: string, expected: string, found: string): EngineError =>
  new EngineError({ code: 'network', message: `${host} answers with ${found} for ${name}.`, expected, found });

const incomplete = (name: string, expected: string, found: string): EngineError =>
  new EngineError({
    code: 'network',
    message: `${name} arrived incomplete or changed: expected ${expected}, found ${found}. Try again.`,
    expected,
    found,
  });
