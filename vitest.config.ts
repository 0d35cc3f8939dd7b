import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/interop/**', 'test/manual/**', 'test/faults/**', 'node_modules/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Most of them wait for processes and peers: one at a time would leave a machine of two cores idle for half an hour.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Tests run what users run: the built output, loaded by Node itself.
    server: { deps: { external: [/\/dist\//] } },
  },
});
