import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A warning that no test expects is a defect: fail on what was not looked at.
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
