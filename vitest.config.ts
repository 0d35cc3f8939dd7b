import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** A test of one room that starts its threads: Node cannot run those from the sources. */
const BUILT_UNITS = 'test/unit/**/*.built.test.ts';
const UNITS = ['test/*.test.ts', 'test/unit/**/*.test.ts'];
const ELSEWHERE = ['test/interop/**', 'test/manual/**', 'test/faults/**'];
const timeouts = { testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    // Most of them wait for processes and peers: one at a time would leave a machine of two cores idle for half an hour.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    coverage: { include: ['src/**/*.ts'], reporter: [], reportOnFailure: true },
    projects: [
      {
        // `#room` is src/room/index.ts here ("imports" in package.json): nothing has to be built.
        ssr: { resolve: { conditions: ['mailwagon-sources'] } },
        test: { ...timeouts, name: 'unit', include: UNITS, exclude: [BUILT_UNITS] },
      },
      {
        test: {
          ...timeouts,
          name: 'built',
          include: ['test/*/**/*.test.ts'],
          exclude: [...ELSEWHERE, 'test/unit/**/!(*.built).test.ts'],
          // Tests run what users run: the built output, loaded by Node itself.
          globalSetup: ['test/support/build-when-needed.ts'],
          server: { deps: { external: [/\/dist\//] } },
        },
      },
    ],
  },
});
