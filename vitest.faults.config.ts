import { defineConfig } from 'vitest/config';

// Faults take minutes and the whole machine: one at a time, apart from `npm test`.
export default defineConfig({
  test: {
    // Full disks are stories that every run tells; they belong here, too.
    include: ['test/faults/**/*.test.ts', 'test/scenarios/{disk-full,back-pressure}.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    globalSetup: ['test/support/build-when-needed.ts'],
    server: { deps: { external: [/\/dist\//] } },
  },
});
