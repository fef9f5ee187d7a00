// Writes the page of third-party notices: everything that is not ours in the built site, who made it, its licence.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { models } from './models.mjs';
import { root } from './shell.mjs';

/** What the compiler puts into headlight.wasm and its glue. `also` names further texts in licences/. */
const compiledIn = [
  {
    name: 'Eigen',
    licence: 'MPL-2.0',
    copyright: 'Copyright Benoît Jacob, Gaël Guennebaud and the Eigen contributors',
    note: 'Used unchanged, and compiled into headlight.wasm. Its source is at https://eigen.tuxfamily.org.',
    texts: ['mpl-2.0'],
  },
  {
    name: 'JSON for Modern C++ (nlohmann/json)',
    licence: 'MIT',
    copyright:
      'Copyright (c) 2013-2022 Niels Lohmann; parts Copyright (c) 2008-2009 Björn Hoehrmann and (c) 2009 Florian Loitsch',
    texts: ['mit'],
  },
  {
    name: 'Emscripten (its runtime and the glue around headlight.wasm)',
    licence: 'MIT',
    copyright: 'Copyright (c) 2010-2024 Emscripten authors (see its AUTHORS file)',
    texts: ['mit'],
  },
  {
    name: 'musl (the C library in headlight.wasm)',
    licence: 'MIT',
    copyright: 'Copyright (c) 2005-2020 Rich Felker, et al.',
    texts: ['mit'],
  },
  {
    name: 'LLVM: libc++, libc++abi, libunwind and compiler-rt (the C++ library in headlight.wasm)',
    licence: 'Apache-2.0 WITH LLVM-exception',
    copyright: 'Copyright (c) 2003-2024 by the LLVM contributors',
    texts: ['apache-2.0', 'llvm-exception'],
  },
];

/**
 * The notices as files of the site: the page, and its style (a style sheet of its own, since the policy allows no other).
 * @returns {{name: string, text: string}[]}
 */
export function noticesFiles() {
  return [
    { name: 'notices.html', text: page([...nodePackages(), ...compiledIn.map(withTexts), ...models.map(modelEntry)]) },
    { name: 'notices.css', text: readFileSync(join(import.meta.dirname, 'notices.css'), 'utf8') },
  ];
}

/** The names of all packages that may end in the bundle: the `dependencies`, and theirs. */
export function bundledPackages(lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))) {
  const names = new Set();
  const visit = (name) => {
    // Packages of types leave nothing in the bundle.
    if (names.has(name) || name.startsWith('@types/')) return;
    names.add(name);
    Object.keys(lock.packages[`node_modules/${name}`]?.dependencies ?? {}).forEach(visit);
  };
  Object.keys(lock.packages[''].dependencies ?? {}).forEach(visit);
  return [...names].sort();
}

function nodePackages() {
  return bundledPackages().map((name) => {
    const folder = join(root, 'node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((each) => /^licen[cs]e(\.|$)/i.test(each));
    // A package without the text is part of a project whose other package here has it.
    const text = file ? readFileSync(join(folder, file), 'utf8') : siblingText(name);
    return { name: `${name} ${version}`, licence: license, text };
  });
}

function siblingText(name) {
  const lit = join(root, 'node_modules/lit/LICENSE');
  if (name.startsWith('@lit-labs/') && existsSync(lit)) return readFileSync(lit, 'utf8');
  throw new Error(`${name} has no licence file: say in notices.mjs where its text is`);
}

function withTexts({ texts, ...entry }) {
  const read = (name) => readFileSync(join(import.meta.dirname, 'licences', `${name}.txt`), 'utf8');
  return { ...entry, text: texts.map(read).join('\n\n') };
}

function modelEntry({ title, licence, notice }) {
  return withTexts({ name: `${title} (a model)`, licence, note: notice, texts: [licence.toLowerCase()] });
}

function page(entries) {
  const articles = entries.map(
    ({ name, licence, copyright, note, text }) => `
      <details>
        <summary><strong>${escapeHtml(name)}</strong> <span>${escapeHtml(licence)}</span></summary>
        ${[copyright, note]
          .filter(Boolean)
          .map((line) => `<p>${escapeHtml(line)}</p>`)
          .join('\n        ')}
        <pre>${escapeHtml(text.trimEnd())}</pre>
      </details>`,
  );
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Headlight: third-party notices</title>
    ${icon()}<link rel="stylesheet" href="./notices.css">
  </head>
  <body>
    <main>
      <p><a href="./index.html">Headlight</a></p>
      <h1>Third-party notices</h1>
      <p>Headlight is under the MIT licence. It is built of the following work, with thanks to those who made it.</p>
${articles.join('')}
    </main>
  </body>
</html>
`;
}

/** The site's icon, if it has one: without the line, browsers ask for one that is not there. */
function icon() {
  const name = ['favicon.svg', 'icon.svg', 'favicon.ico', 'favicon.png'].find((each) =>
    existsSync(join(root, 'web/public', each)),
  );
  return name ? `<link rel="icon" href="./${name}">\n    ` : '';
}

function escapeHtml(text) {
  return text.replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character]);
}
