// What Headlight adds to Vite: the core rebuilt on save, the models beside the pages, and the third-party notices.
import { existsSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { buildCore } from './core.mjs';
import { fileFor, sendFile } from './files.mjs';
import { withGuide } from './guide.mjs';
import { modelList, models, modelsFolder, place } from './models.mjs';
import { noticesFiles } from './notices.mjs';
import { root } from './shell.mjs';

/** Saving a C++ file rebuilds the core; the page is reloaded once that succeeded, and shows the compiler's words if not. */
export function rebuildCore() {
  const sources = [join(root, 'cpp'), join(root, 'CMakeLists.txt')];
  const isSource = (path) => sources.some((source) => path === source || path.startsWith(source + sep));
  return {
    name: 'headlight:rebuild-core',
    apply: 'serve',
    configureServer(server) {
      // Vitest starts a server too, and must not build behind the tests' back.
      if (process.env.VITEST) return;
      let building = false;
      let outdated = false;
      let failure;
      const rebuild = async () => {
        outdated = true;
        if (building) return;
        building = true;
        while (outdated) {
          outdated = false;
          server.config.logger.info('rebuilding the core …', { timestamp: true });
          const { ok, output } = await buildCore();
          if (outdated) continue;
          failure = ok ? undefined : overlayError(output);
          if (ok) {
            // Vite ignores build/, so it has to be told that what it remembers of it is old.
            server.moduleGraph.invalidateAll();
            server.ws.send({ type: 'full-reload', path: '*' });
            server.config.logger.info('the core is rebuilt', { timestamp: true });
          } else {
            server.ws.send(failure);
            server.config.logger.error(output);
          }
        }
        building = false;
      };
      server.watcher.add(sources);
      server.watcher.on('all', (_event, path) => {
        if (isSource(path)) rebuild();
      });
      // A page opened while the core is broken shows why, too.
      server.ws.on('connection', () => {
        if (failure) server.ws.send(failure);
      });
    },
  };
}

/** A compiler's output as Vite's overlay shows it, the first error in front. */
export function overlayError(output) {
  const first = /^(.*?):(\d+):(\d+): (?:fatal )?error: (.*)$/m.exec(output);
  const found = first && { loc: { file: first[1], line: Number(first[2]), column: Number(first[3]) } };
  return {
    type: 'error',
    err: {
      message: first ? first[4] : 'The core could not be built',
      plugin: 'headlight:rebuild-core',
      stack: '',
      frame: output.trim(),
      ...found,
    },
  };
}

/** build/models under models/ and the list of what is there as models.json, in development as in the built site. */
export function serveModels() {
  let outDir;
  return {
    name: 'headlight:models',
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir);
    },
    configureServer(server) {
      server.middlewares.use('/models', (request, response, next) => {
        const path = fileFor((request.url ?? '').split(/[?#]/)[0], { folder: modelsFolder });
        if (path && sendFile(request, response, path)) return;
        next();
      });
      server.middlewares.use('/models.json', (_request, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.end(modelList());
      });
    },
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'models.json', source: modelList() });
    },
    closeBundle() {
      for (const { id, files } of models) {
        for (const { name } of files) {
          const path = join(modelsFolder, id, name);
          if (existsSync(path)) place(path, join(outDir, 'models', id, name));
        }
      }
    },
  };
}

/** notices.html: who made what Headlight is built of, and under which licence. */
export function notices() {
  return {
    name: 'headlight:notices',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const name = (request.url ?? '').split(/[?#]/)[0].slice(1);
        const file = noticesFiles().find((each) => each.name === name);
        if (!file) return next();
        response.writeHead(200, {
          'Content-Type': `${name.endsWith('.css') ? 'text/css' : 'text/html'}; charset=utf-8`,
        });
        response.end(file.text);
      });
    },
    generateBundle() {
      for (const { name, text } of noticesFiles()) this.emitFile({ type: 'asset', fileName: name, source: text });
    },
  };
}

/** The guide's sections put into its pages. */
export function guide() {
  return {
    name: 'headlight:guide',
    transformIndexHtml: { order: 'pre', handler: (page) => withGuide(page) },
    generateBundle: {
      order: 'post',
      // The text comes before what moves in it: on a slow connection scripts wait for the page and its styles.
      handler(_, bundle) {
        for (const file of Object.values(bundle)) {
          if (/^index[.\w]*\.html$/.test(file.fileName))
            file.source = file.source.replace(
              /<(script type="module"|link rel="modulepreload")/g,
              '<$1 fetchpriority="low"',
            );
        }
      },
    },
    configureServer(server) {
      server.watcher.on('change', (path) => {
        if (path.includes(join('site', 'guide')) && !path.endsWith('.ts'))
          server.ws.send({ type: 'full-reload', path: '*' });
      });
    },
  };
}
