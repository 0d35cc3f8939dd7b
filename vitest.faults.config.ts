import { defineConfig } from 'vitest/config';

// Faults take minutes and the whole machine: one at a time, apart from `npm test`.
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    server: { deps: { external: [/\/dist\//] } },
  },
});
