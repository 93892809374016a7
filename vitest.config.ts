import { existsSync, mkdtempSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';
import { testsThatNeedRealdata } from './test/needs-realdata.ts';
import { REALDATA } from './test/realdata.ts';

const root = fileURLToPath(new URL('.', import.meta.url));

/** Without the publisher's files, the tests that read them are left out, and it is said; with REALDATA=required it is an error. */
function leftOut(): readonly string[] {
  if (existsSync(REALDATA)) return [];
  const files = testsThatNeedRealdata(root);
  const message = `${files.length} test files read the publisher's own files, and ${fileURLToPath(REALDATA)} is not there (see CONTRIBUTING.md)`;
  if (process.env['REALDATA'] === 'required') throw new Error(message);
  process.stderr.write(`${message}: left out\n`);
  return files;
}

export default defineConfig({
  test: {
    // What a test learns of bans by its local exchange is nothing that the user's own builds should heed.
    env: { XDG_STATE_HOME: mkdtempSync(join(tmpdir(), 'pipeline-state-')) },
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...leftOut()],
    pool: 'forks',
    // Vitest would leave one core out, which is half of a small machine.
    maxWorkers: availableParallelism(),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
