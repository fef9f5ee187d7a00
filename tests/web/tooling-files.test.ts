/** The server of the built site: what it refuses, how it answers ranges, and the headers it sends. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentType, fileFor, parseRange, securityHeaders, siteHandler } from '../../web/tooling/files.mjs';

describe('fileFor', () => {
  const site = { folder: '/site', base: '/x/' };

  it.each([
    ['/x/', '/site/index.html'],
    ['/x/explore.html', '/site/explore.html'],
    ['/x/assets/a%20b.js', '/site/assets/a b.js'],
    ['/x/a/', '/site/a/index.html'],
  ])('finds %s', (pathname, path) => expect(fileFor(pathname, site)).toBe(path));

  it.each([
    ['outside the base', '/explore.html'],
    ['above the folder', '/x/../secret'],
    ['above the folder, escaped', '/x/%2e%2e/secret'],
    ['above the folder, slash escaped', '/x/..%2f..%2fetc/passwd'],
    ['a folder with the same beginning', '/x/../site-secret/file'],
    ['a backslash', '/x/..%5csecret'],
    ['a null byte', '/x/index.html%00.png'],
    ['a broken escape', '/x/%'],
  ])('refuses an address %s', (_name, pathname) => expect(fileFor(pathname, site)).toBeUndefined());
});

describe('parseRange', () => {
  it.each([
    ['bytes=0-99', { start: 0, end: 99 }],
    ['bytes=900-', { start: 900, end: 999 }],
    ['bytes=-100', { start: 900, end: 999 }],
    ['bytes=-5000', { start: 0, end: 999 }],
    ['bytes=990-2000', { start: 990, end: 999 }],
    ['bytes=1000-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=9-3', undefined],
    ['bytes=-', undefined],
    ['bytes=0-1,5-6', undefined],
    ['lines=0-1', undefined],
    [undefined, undefined],
  ])('%s of 1000 bytes', (header, range) => expect(parseRange(header, 1000)).toEqual(range));
});

describe('the server', () => {
  let folder: string;
  let server: Server;
  let port: number;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'headlight-site-'));
    writeFileSync(join(folder, 'index.html'), '<!doctype html>');
    writeFileSync(join(folder, 'core.wasm'), '0123456789');
    writeFileSync(join(folder, 'empty.txt'), '');
    server = createServer(siteHandler({ folder, base: '/x/' }));
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    port = (server.address() as { port: number }).port;
  });

  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  const get = (path: string, options: RequestInit = {}) => fetch(`http://127.0.0.1:${port}${path}`, options);

  it('sends the promised policy, word for word, and asks for no isolation', async () => {
    const { headers } = await get('/x/');
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; " +
        "font-src 'self'; connect-src 'self'; worker-src 'self'; require-trusted-types-for 'script'; " +
        'trusted-types lit-html headlight-worker',
    );
    expect(headers.get('cross-origin-opener-policy')).toBeNull();
  });

  it('lets the page connect elsewhere only where it is told so', () => {
    expect(securityHeaders()['Content-Security-Policy']).toContain("connect-src 'self'; ");
    expect(securityHeaders({ connect: 'https:' })['Content-Security-Policy']).toContain("connect-src 'self' https:; ");
  });

  it('names the type of every kind of file of the site', async () => {
    expect((await get('/x/core.wasm')).headers.get('content-type')).toBe('application/wasm');
    expect(contentType('a.mjs')).toBe('text/javascript; charset=utf-8');
    expect(contentType('a.woff2')).toBe('font/woff2');
    expect(contentType('a.safetensors')).toBe('application/octet-stream');
  });

  it('sends a part of a file', async () => {
    const response = await get('/x/core.wasm', { headers: { range: 'bytes=2-4' } });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe('bytes 2-4/10');
    expect(await response.text()).toBe('234');
  });

  it('compresses what a page is made of, and nothing else', async () => {
    const page = await get('/x/');
    expect([page.headers.get('content-encoding'), await page.text()]).toEqual(['gzip', '<!doctype html>']);
    expect(
      (await get('/x/', { headers: { 'accept-encoding': 'identity' } })).headers.get('content-encoding'),
    ).toBeNull();
    expect((await get('/x/core.wasm')).headers.get('content-encoding')).toBeNull();
    writeFileSync(join(folder, 'index.html'), '<!doctype html><p>');
    expect(await (await get('/x/')).text()).toBe('<!doctype html><p>');
  });

  it('sends an empty file', async () => {
    const response = await get('/x/empty.txt');
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it('refuses what is not there, and every method but GET and HEAD', async () => {
    expect((await get('/x/missing.js')).status).toBe(404);
    expect((await get('/index.html')).status).toBe(404);
    expect((await get('/x/', { method: 'POST' })).status).toBe(405);
  });

  it('stays in its folder when the address was not cleaned by a browser', async () => {
    const reply = await new Promise<string>((done) => {
      const socket = connect(port, '127.0.0.1', () => socket.end('GET /x/../../../etc/passwd HTTP/1.0\r\n\r\n'));
      socket.once('data', (data) => done(String(data)));
    });
    expect(reply).toMatch(/^HTTP\/1\.1 404/);
  });
});
