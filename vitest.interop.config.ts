import { defineConfig } from 'vitest/config';

// Real peers from Debian's packages; a missing one fails by its name.
export default defineConfig({
  test: {
    include: ['test/interop/**/*.test.ts', 'test/manual/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    globalSetup: ['test/support/build-when-needed.ts'],
    server: { deps: { external: [/\/dist\//] } },
  },
});
