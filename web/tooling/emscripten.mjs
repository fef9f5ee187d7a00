// Finds an Emscripten that is new enough, or gets one; what it returns is all that building the core needs to know.
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ensurePackages, installPackages, packageCandidate } from './packages.mjs';
import { cacheFolder, capture, findProgram, megabytes, must, Problem, say } from './shell.mjs';

/** Relaxed SIMD with its final opcodes, -sEMBIND_AOT, and ES modules that run in Node are all there from here on. */
const oldest = [3, 1, 60];

/** The Debian release whose Emscripten is borrowed where the machine's own is too old, and the compiler it expects. */
const donor = { suite: 'trixie', llvm: '19' };
const borrowed = ['emscripten', 'binaryen', 'node-acorn', 'libc6', 'libstdc++6', 'libgcc-s1'];
const borrowedFolder = join(cacheFolder, `emscripten-${donor.suite}`);

/**
 * @returns {{emcmake: string, env: Record<string, string>}} the program that configures a build for WebAssembly, and the
 *   variables that it and the build need.
 */
export function ensureEmscripten() {
  const found = findEmscripten();
  if (found) return found;
  const candidate = packageCandidate('emscripten');
  if (candidate && isNewEnough(candidate)) {
    installPackages(['emscripten']);
  } else if (borrowableArchive()) {
    ensurePackages('clang');
    borrowEmscripten(borrowableArchive());
  }
  const installed = findEmscripten();
  if (installed) return installed;
  throw new Problem(
    `Emscripten ${oldest.join('.')} or newer is needed, and this system has no package of it. Install it with emsdk:\n\n` +
      '  git clone the repository emscripten-core/emsdk, then in its folder:\n' +
      '  ./emsdk install 4.0.10 && ./emsdk activate 4.0.10 && . ./emsdk_env.sh\n\n' +
      'and run the command again in the same terminal.',
  );
}

/** One that is already here: on the PATH, under $EMSDK, or borrowed earlier. */
export function findEmscripten() {
  const onPath = findProgram('emcc');
  const inEmsdk = process.env.EMSDK && join(process.env.EMSDK, 'upstream/emscripten/emcc');
  for (const emcc of [onPath, inEmsdk]) {
    if (!emcc || !existsSync(emcc)) continue;
    const version = capture(emcc, ['--version']).stdout;
    if (isNewEnough(version)) return { emcmake: emcc.replace(/emcc$/, 'emcmake'), env: nodeForEmscripten() };
  }
  if (!existsSync(borrowedFolder)) return undefined;
  return {
    emcmake: join(borrowedFolder, 'usr/share/emscripten/emcmake'),
    env: { EM_CONFIG: join(borrowedFolder, 'emscripten.config'), ...nodeForEmscripten() },
  };
}

/** Whether the first version number in `text` is at least `oldest`. */
export function isNewEnough(text) {
  const version = /(\d+)\.(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number);
  if (!version) return false;
  for (let i = 0; i < oldest.length; ++i) if (version[i] !== oldest[i]) return version[i] > oldest[i];
  return true;
}

/**
 * Linking with -sEMBIND_AOT runs the module in Node, and Node 20 knows relaxed SIMD only behind a flag. Emscripten takes
 * a program without arguments from its environment, hence the wrapper.
 */
function nodeForEmscripten() {
  if (Number(process.versions.node.split('.')[0]) >= 21) return { EM_NODE_JS: process.execPath };
  const wrapper = join(cacheFolder, 'node-relaxed-simd');
  const text = `#!/bin/sh\nexec '${process.execPath}' --experimental-wasm-relaxed-simd "$@"\n`;
  if (!existsSync(wrapper) || readFileSync(wrapper, 'utf8') !== text) {
    mkdirSync(cacheFolder, { recursive: true });
    writeFileSync(wrapper, text);
    chmodSync(wrapper, 0o755);
  }
  return { EM_NODE_JS: wrapper };
}

/**
 * The Debian archive this machine's own apt uses, with the key that signs it: {uri, signedBy}. Undefined where the
 * machine is not a Debian. No address stands in this project; a mirror stays the reader's mirror.
 */
function borrowableArchive() {
  if (!findProgram('apt-get') || !findProgram('dpkg')) return undefined;
  const format = '$(ORIGIN)|$(CODENAME)|$(COMPONENT)|$(REPO_URI)|$(SOURCESENTRY)';
  const targets = capture('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']).stdout;
  for (const line of targets.split('\n')) {
    const [origin, codename, component, uri, entry] = line.split('|');
    if (origin === 'Debian' && component === 'main' && codename && !codename.includes('-')) {
      return { uri, signedBy: signingKey(entry) };
    }
  }
  return undefined;
}

/** The key named by the apt source at `entry`, or undefined if it relies on apt's trusted keys. */
function signingKey(entry) {
  // apt counts stanzas in a .sources file and lines in a .list file, both from 1.
  const [path, number] = entry.split(/:(?=\d+$)/);
  const text = readFileSync(path, 'utf8');
  const parts = path.endsWith('.sources') ? text.split(/\n\s*\n/).filter((part) => part.trim()) : text.split('\n');
  const part = parts[Number(number) - 1] ?? '';
  return /^Signed-By:\s*(\/\S+)/im.exec(part)?.[1] ?? /signed-by=(\/[^\]\s,]+)/.exec(part)?.[1];
}

/**
 * Unpacks a newer release's Emscripten into the cache, without installing anything: its Python runs as it is, its
 * binaryen through the C library that comes along, and its compiler is this machine's own clang.
 */
function borrowEmscripten(archive) {
  say(`This system's Emscripten is too old: taking Debian ${donor.suite}'s, unpacked beside the system.`);
  mkdirSync(cacheFolder, { recursive: true });
  const temporary = mkdtempSync(join(cacheFolder, 'unfinished-'));
  try {
    for (const folder of ['lists/partial', 'archives/partial', 'packages', 'tree']) {
      mkdirSync(join(temporary, folder), { recursive: true });
    }
    const key = archive.signedBy ? ` [signed-by=${archive.signedBy}]` : '';
    writeFileSync(join(temporary, 'sources.list'), `deb${key} ${archive.uri} ${donor.suite} main\n`);
    const apt = [
      ['Dir::Etc::sourcelist', join(temporary, 'sources.list')],
      ['Dir::Etc::sourceparts', '-'],
      ['Dir::Etc::preferencesparts', '-'],
      ['Dir::State::Lists', join(temporary, 'lists')],
      ['Dir::Cache::pkgcache', ''],
      ['Dir::Cache::srcpkgcache', ''],
      ['APT::Sandbox::User', ''],
    ].flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    const inPackages = { cwd: join(temporary, 'packages') };
    must('Reading the list of packages', 'apt-get', [...apt, 'update', '--quiet'], inPackages);
    const uris = must('Finding Emscripten', 'apt-get', [...apt, 'download', '--print-uris', ...borrowed], inPackages);
    const bytes = [...uris.matchAll(/^'\S+' \S+ (\d+)/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
    say(`  ${borrowed.join(' ')}: ${megabytes(bytes)} to download, about 1.7 GB unpacked`);
    must('Downloading Emscripten', 'apt-get', [...apt, 'download', '--quiet', ...borrowed], inPackages);

    const tree = join(temporary, 'tree');
    for (const name of readdirSync(inPackages.cwd).filter((each) => each.endsWith('.deb'))) {
      must('Unpacking', 'dpkg', ['-x', name, tree], inPackages);
    }
    wrapBinaryen(tree);
    linkAcorn(tree);
    writeFileSync(join(tree, 'emscripten.config'), emscriptenConfig());
    renameSync(tree, borrowedFolder);
  } catch (error) {
    // Another run may have finished the same folder meanwhile; then there is nothing left to do.
    if (!existsSync(borrowedFolder)) throw error;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Binaryen's programs need the C library they were built with: each gets a wrapper that starts it through that one. */
function wrapBinaryen(tree) {
  const folder = join(tree, 'binaryen/bin');
  mkdirSync(folder, { recursive: true });
  const loader = findBelow(tree, /^ld-linux-[^/]*\.so\.\d+$/);
  const libraries = [findBelow(tree, /^libc\.so\.6$/), findBelow(tree, /^libstdc\+\+\.so\.6$/)];
  const inPlace = (path) => path.replace(tree, borrowedFolder);
  const libraryPath = [...new Set(libraries.map((path) => inPlace(join(path, '..'))))].join(':');
  for (const name of readdirSync(join(tree, 'usr/bin'))) {
    if (!name.startsWith('wasm') && name !== 'binaryen-unittests') continue;
    const real = join(borrowedFolder, 'usr/bin', name);
    const line = `exec '${inPlace(loader)}' --library-path '${libraryPath}:${borrowedFolder}/usr/lib' '${real}' "$@"`;
    writeFileSync(join(folder, name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  // Emscripten also looks for a sign of binaryen's own folder layout.
  symlinkSync('../usr/lib', join(tree, 'binaryen/lib'));
}

/** Emscripten's optimiser looks for acorn beside itself; Debian keeps it in a folder of its own. */
function linkAcorn(tree) {
  const modules = join(tree, 'usr/share/emscripten/node_modules');
  if (existsSync(modules) || isLink(modules)) rmSync(modules, { recursive: true });
  mkdirSync(modules);
  symlinkSync(join('../../nodejs/acorn'), join(modules, 'acorn'));
}

function emscriptenConfig() {
  return [
    "LLVM_ROOT = '/usr/bin'",
    `LLVM_ADD_VERSION = '${donor.llvm}'`,
    `CLANG_ADD_VERSION = '${donor.llvm}'`,
    `BINARYEN_ROOT = '${join(borrowedFolder, 'binaryen')}'`,
    `NODE_JS = '${process.execPath}'`,
    'FROZEN_CACHE = True  # The libraries come prebuilt; nothing may be rebuilt here.',
    '',
  ].join('\n');
}

function findBelow(folder, pattern) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (pattern.test(entry.name)) return join(entry.parentPath, entry.name);
  }
  throw new Problem(`expected a file like ${pattern} in the unpacked packages, found none`);
}

function isLink(path) {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}
