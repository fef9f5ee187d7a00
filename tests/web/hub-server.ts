/**
 * A server that imitates the hub for tests: its paths, redirects to another host that holds the large files, ranges,
 * slow, broken and wrong answers. Notes what it was asked for and how many bytes of each answer it sent.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

/** A file, and how the server treats it. Everything may be changed between requests. */
export interface HubFile {
  body: Uint8Array;
  /** Sends the asker on to the other port, as large files are. */
  redirect?: boolean;
  /** False: answers every request for a range with the whole file. */
  ranges?: boolean;
  /** False: refuses HEAD, as addresses signed for GET do. */
  head?: boolean;
  /** False: says neither Content-Range nor any mark of the version, as servers do that expose nothing to pages. */
  exposed?: boolean;
  /** False: does not say how long the answer is. */
  length?: boolean;
  /** Compresses the whole file. */
  gzip?: boolean;
  /** Answers with this status and nothing else. */
  status?: number;
  /** Statuses of the next answers, before all else. */
  statuses?: number[];
  /** The next answers are cut off after so many bytes by closing the connection. */
  breaks?: number[];
  /** Sends so many bytes, waits so many milliseconds, and so on. */
  trickle?: { readonly bytes: number; readonly milliseconds: number };
  /** Announces so many bytes more than it sends, and closes the connection; or, below 0, leaves them out. */
  lacking?: number;
  type?: string;
  /** Instead of the mark that follows from the contents. */
  etag?: string;
}

export interface HubRequest {
  readonly server: 'hub' | 'cdn';
  readonly method: string;
  readonly path: string;
  readonly range: string | null;
  status: number;
  /** Bytes of the body that were sent. */
  sent: number;
}

export interface Hub {
  readonly origin: string;
  /** Where the large files are. */
  readonly cdn: string;
  /** By path, as in `/owner/model/resolve/main/config.json`. */
  readonly files: Map<string, HubFile>;
  readonly requests: HubRequest[];
  /** Puts a file there and returns it. */
  put(path: string, body: Uint8Array | string, how?: Omit<HubFile, 'body'>): HubFile;
  /** Requests for a path so far, `OPTIONS` and redirects left out. */
  asked(path: string): HubRequest[];
  close(): Promise<void>;
}

/** What a hub answers with status 200 when it wants a login. */
export const LOGIN_PAGE =
  '<!DOCTYPE html>\n<html><head><title>Log in</title></head><body>Log in to go on.</body></html>';

export async function startHub(): Promise<Hub> {
  const files = new Map<string, HubFile>();
  const requests: HubRequest[] = [];
  let cdn = '';

  const answer = async (server: 'hub' | 'cdn', request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://hub');
    const path = decodeURIComponent(url.pathname);
    const { range = null } = request.headers;
    const note: HubRequest = { server, method: request.method ?? '', path, range, status: 0, sent: 0 };
    requests.push(note);
    response.setHeader('Access-Control-Allow-Origin', '*');
    const end = (status: number) => {
      note.status = status;
      response.writeHead(status).end();
    };
    if (request.method === 'OPTIONS') return end(403); // Nothing that needs asking first is allowed.
    const file = files.get(path);
    if (file === undefined) return end(404);
    const status = file.statuses?.shift() ?? file.status;
    if (status !== undefined) return end(status);
    if (server === 'hub' && file.redirect) {
      response.setHeader('Location', `${cdn}${url.pathname}?signature=x`);
      return end(302);
    }
    if (request.method === 'HEAD' && file.head === false) return end(403);

    const whole = file.gzip ? gzipSync(file.body) : file.body;
    const [, first = '', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
    const isPart = first !== '' && file.ranges !== false && !file.gzip;
    const from = isPart ? Number(first) : 0;
    const until = isPart && last !== '' ? Math.min(Number(last) + 1, whole.length) : whole.length;
    if (isPart && from >= whole.length) return end(416);
    const body = whole.subarray(from, until);
    if (file.exposed !== false) {
      response.setHeader('Access-Control-Expose-Headers', 'ETag, Content-Range');
      response.setHeader('ETag', file.etag ?? `"${createHash('sha256').update(file.body).digest('hex').slice(0, 16)}"`);
      if (isPart) response.setHeader('Content-Range', `bytes ${from}-${until - 1}/${whole.length}`);
    }
    if (file.gzip) response.setHeader('Content-Encoding', 'gzip');
    if (file.length !== false) response.setHeader('Content-Length', body.length + (file.lacking ?? 0));
    response.setHeader('Content-Type', file.type ?? 'application/octet-stream');
    note.status = isPart ? 206 : 200;
    response.writeHead(note.status);
    if (request.method === 'HEAD') return void response.end();
    const cut = file.breaks?.shift() ?? ((file.lacking ?? 0) > 0 ? body.length : undefined);
    await send(body.subarray(0, cut), file, response, note);
    if (cut === undefined) response.end();
    else setTimeout(() => response.destroy(), 20); // What was written has left by then.
  };

  const start = async (server: 'hub' | 'cdn') => {
    const listening = createServer((request, response) => void answer(server, request, response));
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    return { listening, origin: `http://127.0.0.1:${(listening.address() as AddressInfo).port}` };
  };
  const [hub, other] = [await start('hub'), await start('cdn')];
  cdn = other.origin;

  return {
    origin: hub.origin,
    cdn,
    files,
    requests,
    put(path, body, how = {}) {
      const file = { ...how, body: typeof body === 'string' ? new TextEncoder().encode(body) : body };
      files.set(path, file);
      return file;
    },
    asked: (path) => requests.filter((each) => each.path === path && each.method !== 'OPTIONS' && each.status !== 302),
    close: async () => {
      await Promise.all([stop(hub.listening), stop(other.listening)]);
    },
  };
}

async function send(body: Uint8Array, file: HubFile, response: ServerResponse, note: HubRequest): Promise<void> {
  const { bytes, milliseconds } = file.trickle ?? { bytes: 256 * 1024, milliseconds: 0 };
  for (let at = 0; at < body.length && !response.destroyed; at += bytes) {
    const chunk = body.subarray(at, at + bytes);
    note.sent += chunk.length;
    if (!response.write(chunk)) {
      await new Promise<void>((resolve) => {
        const goOn = () => {
          response.off('drain', goOn).off('close', goOn);
          resolve();
        };
        response.on('drain', goOn).on('close', goOn);
      });
    }
    if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
