/** How the tests of web/ run: in Node, against the shipped .wasm. */
import { defineConfig } from 'vitest/config';

// Node 20 knows relaxed SIMD only behind a flag; newer ones do not know the flag.
const relaxedSimd = Number(process.versions.node.split('.')[0]) < 21 ? ['--experimental-wasm-relaxed-simd'] : [];

export default defineConfig({
  root: import.meta.dirname,
  cacheDir: '../../build/vitest',
  test: {
    include: ['**/*.test.ts'],
    environment: 'node',
    setupFiles: ['./repeatable.ts'],
    execArgv: relaxedSimd,
    testTimeout: 60_000,
  },
});
