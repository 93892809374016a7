/**
 * Who reads while builds run, in a process of its own: finds whole files, each the result of some build, and all that
 * no build takes away. Two hundred builds in `npm run test:deep`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sha256 } from '../../../src/engine/hash.ts';
import { Rig } from '../../rig.ts';
import { DEEP, draws, SEED } from './extent.ts';
import type { Program } from './process.ts';
import { bundled } from './process.ts';
import { manyParts } from './scenarios.ts';
import { pictureOf } from './trial.ts';

const BUILDS = DEEP ? 200 : 20;
const PARTS = ['a', 'b', 'c'];
const ALWAYS = [
  'reports/latest/r.csv',
  ...PARTS.flatMap((part) => [`out/upper/${part}.txt`, `out/count/${part}.json`]),
];

const reportSchema = z.object({
  rounds: z.number(),
  problems: z.array(z.string()),
  met: z.array(z.tuple([z.string(), z.array(z.string())])),
});

let program: Program;

beforeAll(async () => {
  program = await bundled(new URL('reader.ts', import.meta.url));
});

afterAll(() => program.remove());

/** The digests of what stands there, under the names that a reader would use. */
function note(rig: Rig, known: Map<string, Set<string>>): void {
  const picture = pictureOf(rig.dir);
  const latest = picture.get('reports/latest')?.replace(/^-> /, 'reports/');
  for (const [path, content] of picture) {
    const read = latest && path.startsWith(`${latest}/`) ? path.replace(latest, 'reports/latest') : path;
    known.set(read, (known.get(read) ?? new Set()).add(sha256(Buffer.from(content, 'latin1'))));
  }
}

/** As editors save: the reader's status must not meet half a manifest, which is no fault of the build's. */
function save(rig: Rig, path: string, text: string): void {
  rig.write('.saved', text);
  renameSync(rig.path('.saved'), rig.path(path));
}

describe('a reader without a lock', { timeout: 600_000 }, () => {
  it(`meets nothing but whole results of ${BUILDS} builds, and status and the lockfile can be read (seed ${SEED})`, async () => {
    const draw = draws('reader');
    const rig = new Rig(manyParts(0, PARTS));
    expect((await rig.build()).failures).toEqual({});
    const known = new Map<string, Set<string>>();
    note(rig, known);

    const always = [...ALWAYS, ...(rig.has('pipeline.lock') ? ['pipeline.lock'] : [])];
    const child = spawn(process.execPath, [program.path, rig.dir, ...always], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('reads');
    for (let build = 0; build < BUILDS; build++) {
      for (const [path, text] of Object.entries(manyParts(draw(4), PARTS))) save(rig, path, text);
      rig.write('in/more.txt', `more ${draw(2 * BUILDS)}\n`);
      const { failures, diagnostics } = await rig.build([], { jobs: 1 + draw(4) });
      expect({ failures, diagnostics }).toEqual({ failures: {}, diagnostics: '' });
      note(rig, known);
    }
    child.stdin.end('stop\n');
    const report = reportSchema.parse(JSON.parse(String((await lines.next()).value)));
    await once(child, 'close');

    expect(report.problems).toEqual([]);
    const unknown = report.met.flatMap(([path, digests]) =>
      digests.flatMap((digest) => (known.get(path)?.has(digest) ? [] : [path])),
    );
    expect(unknown).toEqual([]);
    // It has looked while much was going on.
    const moved = report.met.find(([path]) => path === 'reports/latest/r.csv')?.[1] ?? [];
    expect(moved.length).toBeGreaterThan(BUILDS / 4);
  });
});
