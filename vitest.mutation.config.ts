/** The tests that mutants of the engine are held against: those of the engine that need no process and no long draw. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/engine/**/*.test.ts'],
    exclude: [
      'test/engine/{crash,oracle,watch,lineage,verify}/**',
      'test/engine/build/{oracle,lock-merge,lock-shards}.test.ts',
      'test/engine/state/run-lock.test.ts',
      // Of the manifest alone: two thirds of the time of all, and not a line of what is mutated.
      'test/engine/manifest/{syntax,examples}.test.ts',
    ],
    pool: 'forks',
    testTimeout: 60_000,
  },
});
