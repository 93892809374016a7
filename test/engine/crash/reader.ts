/**
 * Reads all that builds of a workspace publish, over and over, while they run: bit by bit, as a slow reader does. Told
 * to stop by a line on stdin, it says which contents it has met and what was missing. It takes no lock.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { sha256 } from '../../../src/engine/hash.ts';
import { loadManifest } from '../../../src/engine/manifest/load.ts';
import { filesBelow } from '../../../src/engine/state/files.ts';
import { readLock } from '../../../src/engine/state/lockfile.ts';
import { survey } from '../../../src/engine/status.ts';

const [workspace = '', ...always] = process.argv.slice(2);

const met = new Map<string, Set<string>>();
const problems = new Set<string>();
let rounds = 0;
let stopped = false;

process.stdin.once('data', () => {
  stopped = true;
});

function digestAt(path: string): string {
  const fd = openSync(join(workspace, path), 'r');
  const chunks: Buffer[] = [];
  try {
    for (;;) {
      const chunk = Buffer.alloc(8_192);
      const length = readSync(fd, chunk);
      if (length === 0) return sha256(Buffer.concat(chunks));
      chunks.push(chunk.subarray(0, length));
    }
  } finally {
    closeSync(fd);
  }
}

function read(path: string, mustBe: boolean): void {
  try {
    met.set(path, (met.get(path) ?? new Set()).add(digestAt(path)));
  } catch (thrown) {
    if (mustBe) problems.add(`${path}: ${thrown}`);
  }
}

async function look(): Promise<void> {
  const now = Date.now();
  const manifest = loadManifest({
    workspace,
    set: [],
    asOf: undefined,
    defaultAsOf: now,
    now,
    builtinTasks: [],
    configSchema: { check: () => [], complete: (config) => config, known: [] },
  });
  if (!manifest.ok) throw new Error(JSON.stringify(manifest.diagnostics));
  readLock(workspace);
  await survey({
    workspace,
    manifest: manifest.value,
    builtins: new Map(),
    selectors: [],
    between: undefined,
    force: false,
    refresh: false,
    now,
  });
}

process.stdout.write('reads\n');
while (!stopped) {
  for (const path of always) read(path, true);
  // These come and go: one may be gone between the look at its folder and the look at itself.
  for (const folder of ['out', 'reports/latest'])
    for (const name of filesBelow(join(workspace, folder))) read(`${folder}/${name}`, false);
  if (rounds++ % 10 === 0) await look().catch((thrown: unknown) => problems.add(String(thrown)));
  await breathe();
}
process.stdout.write(
  `${JSON.stringify({ rounds, problems: [...problems], met: [...met].map(([path, digests]) => [path, [...digests]]) })}\n`,
);
process.stdin.destroy();
