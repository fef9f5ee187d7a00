// The system's packages that Headlight builds and tests with: finds what is missing and gets it, or says how.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { capture, findProgram, Problem, say } from './shell.mjs';

const program =
  (...names) =>
  () =>
    findProgram(...names) !== undefined;
const file = (path) => () => existsSync(path);
const header = (path) => () =>
  ['/usr/include', '/usr/local/include', '/opt/homebrew/include'].some((folder) => existsSync(join(folder, path)));
const font = (path) => () => process.platform !== 'linux' || existsSync(join('/usr/share/fonts', path));

/**
 * Debian's name of each package, what it is needed for, and a look at the disk that tells whether it is there. The looks
 * are cheap, so that a second `npm start` loses no time, and they accept the same thing from any other source.
 */
const packages = [
  { name: 'cmake', for: 'core', found: program('cmake') },
  { name: 'ninja-build', for: 'core', found: program('ninja') },
  { name: 'python3', for: 'core', found: program('python3') },
  { name: 'libeigen3-dev', for: 'core', found: header('eigen3/Eigen/Core') },
  { name: 'nlohmann-json3-dev', for: 'core', found: header('nlohmann/json.hpp') },

  // Emscripten's compiler, where Emscripten itself cannot be installed as a package.
  { name: 'clang-19', for: 'clang', found: program('clang-19') },
  { name: 'lld-19', for: 'clang', found: program('wasm-ld-19') },
  { name: 'llvm-19', for: 'clang', found: program('llvm-ar-19') },

  { name: 'python3-pip', for: 'model', found: () => capture('python3', ['-m', 'pip', '--version']).ok },

  { name: 'g++', for: 'native', found: program('g++', 'c++') },
  { name: 'libgtest-dev', for: 'native', found: header('gtest/gtest.h') },
  { name: 'libbenchmark-dev', for: 'native', found: header('benchmark/benchmark.h') },

  { name: 'clang-format-19', for: 'style', found: program('clang-format-19') },
  { name: 'clang-tidy-19', for: 'style', found: program('clang-tidy-19') },

  { name: 'clang-19', for: 'fuzz', found: program('clang-19') },
  { name: 'libclang-rt-19-dev', for: 'fuzz', found: file('/usr/lib/llvm-19/lib/clang/19/lib/linux') },

  { name: 'chromium', for: 'browser', found: () => findChromium() !== undefined },
  // Latin, Arabic and Hebrew; Chinese, Japanese and Korean; emoji. The browser tests type all of these.
  { name: 'fonts-dejavu-core', for: 'browser', found: font('truetype/dejavu/DejaVuSans.ttf') },
  { name: 'fonts-noto-cjk', for: 'browser', found: font('opentype/noto/NotoSansCJK-Regular.ttc') },
  { name: 'fonts-noto-color-emoji', for: 'browser', found: font('truetype/noto/NotoColorEmoji.ttf') },
];

/** A Chromium to test with: $CHROMIUM, or what the system has. */
export function findChromium() {
  return process.env.CHROMIUM || findProgram('chromium', 'chromium-browser', 'google-chrome');
}

/** Which of the packages for `purposes` are not there. */
export function missingPackages(...purposes) {
  const missing = packages.filter((entry) => purposes.includes(entry.for) && !entry.found());
  return [...new Set(missing.map((entry) => entry.name))];
}

/** Gets what the `purposes` (core, clang, model, native, style, fuzz, browser) still need. */
export function ensurePackages(...purposes) {
  installPackages(missingPackages(...purposes));
  const still = missingPackages(...purposes);
  if (still.length > 0) throw new Problem(`these packages were installed, but what they bring was not found: ${still}`);
}

/** Installs `names` with apt, saying how much comes; where that needs rights we lack, says which command does it. */
export function installPackages(names) {
  if (names.length === 0) return;
  if (!findProgram('apt-get')) {
    throw new Problem(
      `Missing: ${names.join(', ')} (these are Debian's names). There is no apt-get here: install the same from your ` +
        `system's packages, then run the command again.`,
    );
  }
  const install = ['apt-get', 'install', '--yes', '--no-install-recommends', ...names];
  const rights = rightsPrefix();
  if (!rights) {
    throw new Problem(
      `Missing: ${names.join(', ')}. Installing them needs administrator's rights; run this, then the command again:\n\n` +
        `  sudo apt-get update && sudo ${install.join(' ')}\n`,
    );
  }
  const apt = (args) => {
    const [first, ...rest] = [...rights, 'env', 'DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C', ...args];
    return [first, rest];
  };
  say(`Installing packages: ${names.join(' ')}`);
  const update = capture(...apt(['apt-get', 'update', '--quiet']));
  if (!update.ok) say(`  the package lists could not be brought up to date, going on with the old ones`);
  const preview = capture(...apt(['apt-get', 'install', '--assume-no', '--no-install-recommends', ...names])).output;
  for (const line of preview.match(/^(Need to get|After this operation).*$/gm) ?? []) say(`  ${line}`);
  const result = capture(...apt([...install, '--quiet']));
  if (!result.ok) {
    const tail = result.output.trimEnd().split('\n').slice(-8).join('\n');
    throw new Problem(`Could not install the packages.\n${tail}\n\nTry it by hand:\n\n  sudo ${install.join(' ')}\n`);
  }
}

/** What to put before a command that changes the system: nothing for root, sudo if it asks nothing, else undefined. */
function rightsPrefix() {
  if (process.getuid?.() === 0) return [];
  if (findProgram('sudo') && capture('sudo', ['-n', 'true']).ok) return ['sudo', '-n'];
  return undefined;
}

/** The version apt would install of `name`, e.g. "3.1.69~dfsg-1", or undefined. */
export function packageCandidate(name) {
  if (!findProgram('apt-cache')) return undefined;
  const candidate = /Candidate: (\S+)/.exec(
    capture('apt-cache', ['policy', name], { env: { LC_ALL: 'C' } }).output,
  )?.[1];
  return candidate === '(none)' ? undefined : candidate;
}
