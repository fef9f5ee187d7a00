// Serves the built site under a sub-path and under the headers it promises to work with:
//   npm run serve -- [--port 4173] [--base /x/] [--connect https:] [--isolate]
// Pages may load models from this site alone, unless --connect names where else: "https:" for anywhere, or an origin.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { siteHandler } from './files.mjs';
import { buildFolder, command, option, Problem, say } from './shell.mjs';

await command(import.meta.url, () => {
  const folder = join(buildFolder, 'site');
  if (!existsSync(join(folder, 'index.html'))) throw new Problem('There is no build/site yet: npm run build makes it.');
  const port = Number(option('port', 4173));
  const base = String(option('base', '/'));
  if (!Number.isInteger(port)) throw new Problem(`--port: expected a number, found "${option('port')}"`);
  if (!/^\/(.*\/)?$/.test(base)) throw new Problem(`--base: expected something like /x/, found "${base}"`);
  const connect = String(option('connect', ''));
  if (!/^(https?:(\/\/[a-z0-9.-]+(:\d+)?)?)?$/.test(connect)) {
    throw new Problem(`--connect: expected https: or an origin such as https://example.org, found "${connect}"`);
  }
  const isolate = option('isolate', false) !== false;
  const server = createServer(siteHandler({ folder, base, connect, isolate }));
  server.on('error', (error) => {
    console.error(`Could not listen on port ${port}: ${error.message}`);
    process.exitCode = 1;
  });
  server.listen(port, () => say(`Serving build/site at http://localhost:${server.address().port}${base}`));
});
