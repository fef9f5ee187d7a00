/** Who may use whom: dependencies point one way, in web/ and in cpp/. Also what no tracked file may contain. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Every part of web/, with the parts it may use; of those after `types` it may import types only. */
const webParts: Record<string, { uses: string[]; types: string[] }> = {
  engine: { uses: [], types: [] },
  state: { uses: [], types: ['engine'] },
  session: { uses: ['engine', 'state'], types: [] },
  scene: { uses: [], types: ['engine', 'state', 'session'] },
  export: { uses: [], types: ['engine', 'state', 'session'] },
  element: { uses: ['engine', 'state', 'session', 'scene', 'export'], types: [] },
  site: { uses: ['element'], types: [] },
};

/** The only parts that may import a package (or the core's build) at run time. */
const packageOwners: Record<string, string[]> = {
  '#wasm': ['engine'],
  '@huggingface/tokenizers': ['engine'],
  '@huggingface/jinja': ['engine'],
  comlink: ['engine'],
  three: ['scene'],
  lit: ['element', 'site'],
  '@fontsource-variable/inter': ['element', 'site'],
  '@fontsource-variable/jetbrains-mono': ['element', 'site'],
  '@fontsource/source-serif-4': ['element', 'site'],
};

/** Every part of cpp/, with the parts it may include. */
const cppParts: Record<string, string[]> = {
  linalg: [],
  attn: ['linalg'],
  model: ['attn', 'linalg'],
  formats: ['model', 'attn', 'linalg'],
  analysis: ['model', 'attn', 'linalg'],
  wasm: ['formats', 'analysis', 'model', 'attn', 'linalg'],
  tools: ['formats', 'analysis', 'model', 'attn', 'linalg'],
};

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** The imports, re-exports and dynamic imports of a TypeScript file. Comments and strings in between do not matter. */
function importsOf(text: string): Import[] {
  const found: Import[] = [];
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  for (const [, type, specifier] of code.matchAll(
    /^\s*(?:import|export)\s+(type\s)?(?:[\w*{}\s,$]*?\sfrom\s*)?['"]([^'"]+)['"]/gm,
  )) {
    found.push({ specifier: specifier ?? '', typeOnly: type !== undefined });
  }
  for (const [, type, specifier] of code.matchAll(/(typeof\s+)?\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)) {
    found.push({ specifier: specifier ?? '', typeOnly: type !== undefined });
  }
  return found;
}

function filesBelow(folder: string, pattern: RegExp): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** What is wrong with `specifier` in a file of `part`, or undefined. */
function judge(part: string, file: string, { specifier, typeOnly }: Import): string | undefined {
  // The bytes of the core have no name of their own: their address is asked for by path.
  if (/build\/wasm\/.*\?url$/.test(specifier)) return judge(part, file, { specifier: '#wasm', typeOnly });
  const uses = webParts[part] ?? { uses: [], types: [] };
  if (specifier.startsWith('.')) {
    const target = relative(join(root, 'web'), resolve(dirname(file), specifier)).split(sep)[0] ?? '';
    if (target === part || uses.uses.includes(target)) return undefined;
    if (uses.types.includes(target)) return typeOnly ? undefined : `${part} may import only types from ${target}`;
    return `${part} may not use ${target}`;
  }
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const owners = packageOwners[name];
  if (!owners) return `${name} has no owner in the table`;
  return owners.includes(part) ? undefined : `only ${owners.join(' and ')} may import ${name}`;
}

describe('web/', () => {
  const parts = readdirSync(join(root, 'web'), { withFileTypes: true }).filter((entry) => entry.isDirectory());

  it('consists of the parts in the table', () => {
    const others = ['tooling', 'docs', 'public'];
    const names = parts.map((entry) => entry.name).filter((name) => !others.includes(name));
    expect(Object.keys(webParts)).toEqual(expect.arrayContaining(names));
  });

  it.each(Object.keys(webParts))('%s uses only what it may', (part) => {
    const wrong = filesBelow(join(root, 'web', part), /\.ts$/).flatMap((file) =>
      importsOf(readFileSync(file, 'utf8'))
        .map((each) => ({ each, verdict: judge(part, file, each) }))
        .filter(({ verdict }) => verdict)
        .map(({ each, verdict }) => `${relative(root, file)}: '${each.specifier}': ${verdict}`),
    );
    expect(wrong).toEqual([]);
  });

  it('reads imports as TypeScript does', () => {
    const text = `
      import a from 'a';
      import type { B } from './b';
      import {
        c,
        d as e,
      } from "../c";
      import './style.css';
      export * from './f';
      export type { G } from './g';
      // import no from 'comment';
      const h = await import('./h');
      type I = typeof import('./i');`;
    expect(importsOf(text).map(({ specifier, typeOnly }) => `${specifier}${typeOnly ? ' (type)' : ''}`)).toEqual([
      'a',
      './b (type)',
      '../c',
      './style.css',
      './f',
      './g (type)',
      './h',
      './i (type)',
    ]);
  });

  it.each([
    ['state', './x', false, undefined],
    ['state', '../engine/types', true, undefined],
    ['state', '../engine/client', false, 'state may import only types from engine'],
    ['scene', '../element/viewer', true, 'scene may not use element'],
    ['site', '../engine/client', false, 'site may not use engine'],
    ['site', '../tooling/files.mjs', false, 'site may not use tooling'],
    ['element', 'three', false, 'only scene may import three'],
    ['scene', 'three/addons/controls/OrbitControls.js', false, undefined],
    ['session', '#wasm', false, 'only engine may import #wasm'],
    ['engine', 'left-pad', false, 'left-pad has no owner in the table'],
  ])('%s importing %s (type only: %s): %s', (part, specifier, typeOnly, verdict) => {
    expect(judge(part, join(root, 'web', part, 'file.ts'), { specifier, typeOnly })).toBe(verdict);
  });
});

describe('cpp/', () => {
  const sources = (part: string) =>
    filesBelow(join(root, 'cpp', part), /\.(h|cpp)$/).map((file) => ({
      file: relative(root, file),
      text: readFileSync(file, 'utf8'),
    }));

  it.each(Object.entries(cppParts))('%s includes only what it may', (part, allowed) => {
    const wrong = sources(part).flatMap(({ file, text }) =>
      [...text.matchAll(/^#include [<"](?:headlight\/)?(\w+)\//gm)]
        .map(([line, target = '']) => ({ line, target }))
        .filter(({ target }) => target in cppParts && target !== part && !allowed.includes(target))
        .map(({ line }) => `${file}: ${line}`),
    );
    expect(wrong).toEqual([]);
  });

  it.each(Object.keys(cppParts).filter((part) => part !== 'wasm'))('%s does not know Emscripten', (part) => {
    const wrong = sources(part).filter(({ text }) => /#include <emscripten|__EMSCRIPTEN__/.test(text));
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });

  it.each(Object.keys(cppParts).filter((part) => part !== 'tools'))('%s neither prints nor aborts', (part) => {
    const banned = /#include <iostream>|\b(printf|fprintf|abort|exit|puts)\s*\(|std::(cout|cerr|clog)/;
    const wrong = sources(part).filter(({ text }) => banned.test(text.replace(/\/\/.*$/gm, '')));
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });

  it('opens every file by saying what it is', () => {
    const wrong = Object.keys(cppParts)
      .flatMap(sources)
      .filter(({ text }) => !/^(\/\/|\/\*)/.test(text));
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });
});

describe('tracked files', () => {
  const generated = /^(build|node_modules|\.git)\//;
  const text = /\.(ts|js|mjs|json|h|cpp|txt|md|html|css|py|cmake|in|yml)$|(^|\/)[^./]+$|(^|\/)\.[^/]*$/;
  const tracked = () =>
    filesBelow(root, text)
      .map((path) => relative(root, path))
      .filter((path) => !generated.test(path));

  // The brackets keep these expressions from finding themselves.
  const forbidden: [string, RegExp][] = [
    ['host of a registry or an archive', /registry[.]npmjs|pypi[.]org|python[h]osted|deb[.]debian/],
    ["path of somebody's machine", /[/]work[/](main|shared)|[/]root[/]|[.][.][/]shared[/]/],
    ['unfinished note', /\b(TO[D]O|FIX[M]E)\b/],
  ];

  it.each(forbidden)('contain no %s', (_what, pattern) => {
    const wrong = tracked().filter((path) => pattern.test(readFileSync(join(root, path), 'utf8')));
    expect(wrong).toEqual([]);
  });

  it('lie at the top level only where a tool must find them', () => {
    const allowed =
      /^(CMakeLists\.txt|CMakePresets\.json|LICENSE|README\.md|package(-lock)?\.json|vite\.config\.js|tsconfig\.json|biome\.json|cpp|web|tests|\..*)$/;
    const top = new Set(tracked().map((path) => path.split('/')[0] ?? ''));
    expect([...top].filter((name) => !allowed.test(name))).toEqual([]);
  });
});

/** All panels share one shadow root: a class that two of them style by its bare name would dress one as the other. */
it('no two panels style the same bare class', () => {
  const shared = new Set(['styles.ts', 'layout.ts']);
  /** Set on the viewer itself, for all panels to see. */
  const ofTheViewer = /^(dragging|flat|view-\w+)$/;
  const owners = new Map<string, Set<string>>();
  for (const file of filesBelow(join(root, 'web/element'), /\.ts$/)) {
    const name = relative(join(root, 'web/element'), file);
    if (shared.has(name)) continue;
    for (const [, sheet = ''] of readFileSync(file, 'utf8').matchAll(/css`([^`]*)`/g)) {
      const rules = sheet.replace(/\/\*[\s\S]*?\*\//g, '').matchAll(/([^{};]+)\{/g);
      for (const selector of [...rules].flatMap(([, selectors = '']) => selectors.split(','))) {
        const bare = /^\s*\.([a-z0-9-]+)(?![.:[a-z0-9-])/.exec(selector)?.[1];
        if (bare !== undefined && !ofTheViewer.test(bare)) owners.set(bare, (owners.get(bare) ?? new Set()).add(name));
      }
    }
  }
  const twice = [...owners].filter(([, files]) => files.size > 1).map(([bare, files]) => `${bare}: ${[...files]}`);
  expect(owners.size).toBeGreaterThan(50);
  expect(twice).toEqual([]);
});
