// Answers HTTP requests with files from a folder: names, types, ranges, and the headers Headlight promises to live with.
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { gzipSync } from 'node:zlib';

/** The strictest policy every page works under. The tests send it, so a regression is a failure and not a surprise. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "require-trusted-types-for 'script'",
  'trusted-types lit-html headlight-worker',
].join('; ');

/**
 * @param connect where else the page may load models from: "https:", or an origin
 * @param isolate also ask for a cross-origin isolated page
 */
export function securityHeaders({ connect = '', isolate = false } = {}) {
  return {
    'Content-Security-Policy': contentSecurityPolicy.replace(
      "connect-src 'self'",
      `connect-src 'self'${connect === '' ? '' : ` ${connect}`}`,
    ),
    'X-Content-Type-Options': 'nosniff',
    ...(isolate && { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }),
  };
}

const types = {
  '.css': 'text/css; charset=utf-8',
  '.csv': 'text/csv; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

export function contentType(path) {
  return types[extname(path)] ?? 'application/octet-stream';
}

/**
 * The file inside `folder` that `pathname` means under `base` ("/" or "/x/"), or undefined if it means none: outside the
 * base, outside the folder, or not a valid address.
 */
export function fileFor(pathname, { folder, base = '/' }) {
  if (!pathname.startsWith(base)) return undefined;
  let name;
  try {
    name = decodeURIComponent(pathname.slice(base.length));
  } catch {
    return undefined;
  }
  if (name.includes('\0') || name.includes('\\')) return undefined;
  if (name === '' || name.endsWith('/')) name += 'index.html';
  const path = join(folder, name);
  return path.startsWith(join(folder, sep)) ? path : undefined;
}

/**
 * What a Range header asks of a file of `size` bytes.
 * @returns {{start: number, end: number} | 'unsatisfiable' | undefined} both ends included; undefined for the whole file
 *   (no range, several ranges or a malformed one: a server may answer these in full)
 */
export function parseRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  if (match[1] === '') {
    const length = Math.min(Number(match[2]), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 };
  }
  const start = Number(match[1]);
  const end = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (match[2] !== '' && Number(match[2]) < start) return undefined;
  return start >= size ? 'unsatisfiable' : { start, end };
}

/** What a page itself is made of goes compressed, as from any common host; models and traces go as they are. */
const compressible = new Set(['.css', '.html', '.js', '.mjs', '.svg']);
const compressed = new Map();

function gzipped(path, { mtimeMs, size }) {
  const known = compressed.get(path);
  if (known?.mtimeMs === mtimeMs && known.size === size) return known.bytes;
  const bytes = gzipSync(readFileSync(path));
  compressed.set(path, { mtimeMs, size, bytes });
  return bytes;
}

/** Answers with the file at `path`, or returns false if there is none. */
export function sendFile(request, response, path, headers = {}) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isFile()) return false;
  const range = parseRange(request.headers.range, stats.size);
  const common = {
    ...headers,
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'no-cache',
    'Content-Type': contentType(path),
  };
  if (compressible.has(extname(path))) {
    common.Vary = 'Accept-Encoding';
    if (range === undefined && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) {
      const bytes = gzipped(path, stats);
      response.writeHead(200, { ...common, 'Content-Encoding': 'gzip', 'Content-Length': bytes.length });
      response.end(request.method === 'HEAD' ? undefined : bytes);
      return true;
    }
  }
  if (range === 'unsatisfiable') {
    response.writeHead(416, { ...common, 'Content-Range': `bytes */${stats.size}` }).end();
    return true;
  }
  const { start, end } = range ?? { start: 0, end: stats.size - 1 };
  response.writeHead(range ? 206 : 200, {
    ...common,
    'Content-Length': end - start + 1,
    ...(range && { 'Content-Range': `bytes ${start}-${end}/${stats.size}` }),
  });
  if (request.method === 'HEAD' || stats.size === 0) response.end();
  else createReadStream(path, { start, end }).pipe(response);
  return true;
}

/** A request handler for a whole site: GET and HEAD of the files in `folder` under `base`, and nothing else. */
export function siteHandler({ folder, base = '/', connect = '', isolate = false }) {
  const headers = securityHeaders({ connect, isolate });
  return (request, response) => {
    const refuse = (status, text, extra = {}) =>
      response
        .writeHead(status, { ...headers, ...extra, 'Content-Type': 'text/plain; charset=utf-8' })
        .end(`${text}\n`);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return refuse(405, 'Only GET and HEAD', { Allow: 'GET, HEAD' });
    const pathname = (request.url ?? '/').split(/[?#]/)[0];
    if (`${pathname}/` === base) return refuse(301, 'The address ends with a slash', { Location: base });
    const path = fileFor(pathname, { folder, base });
    if (path && sendFile(request, response, path, headers)) return undefined;
    return refuse(404, 'No such file');
  };
}
