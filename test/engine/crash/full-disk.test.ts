/**
 * No room on the disk at a step of a build, for that step or for good: what could not be written failed with a message,
 * and what is there is whole. `npm run test:deep` tries every step; a real small disk shows that the errors are as feigned.
 */
import { mkdirSync, rmSync, statfsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STATE_FOLDER } from '../../../src/engine/state/workspace-state.ts';
import { NO_SMALL_DISK, smallDisk } from '../../small-disk.ts';
import { DEEP, inPairs, SEED, sampled, workInMemory } from './extent.ts';
import type { Ended, Program } from './process.ts';
import { buildIn, bundled, nothingAt } from './process.ts';
import type { Scenario } from './scenarios.ts';
import { manyParts, SCENARIOS } from './scenarios.ts';
import { cleanBuild, discard, expectNothingHalfWritten, expectRecovery, ready } from './trial.ts';

let program: Program;

beforeAll(async () => {
  workInMemory();
  program = await bundled(new URL('driver.ts', import.meta.url));
});

afterAll(() => program.remove());

const CASES = SCENARIOS.slice(0, 3).flatMap((scenario) =>
  [true, false].map((forGood) => ({
    name: scenario.name,
    forGood,
    until: forGood ? 'for good' : 'once',
    scenario,
  })),
);

/** Either all went well, or somebody was told of the disk. */
function expectTold({ signal, answer }: Ended, what: string): void {
  expect(signal, what).toBe(null);
  const told = [answer?.thrown, ...Object.values(answer?.failures ?? {}), ...(answer?.warnings ?? [])];
  const quiet = told.every((each) => each === undefined);
  const missing = Object.values(answer?.outcomes ?? {}).some((outcome) => outcome === 'failed');
  if (answer?.result !== 'built' || missing) expect(quiet, what).toBe(false);
  for (const each of told) if (each !== undefined) expect(each, what).toMatch(/ENOSPC|No space left|full/);
}

describe('a disk that is full', { timeout: 1_800_000 }, () => {
  it.each(CASES)(
    `$until at any step of $name breaks nothing (seed ${SEED})`,
    async ({ scenario, forGood }) => {
      const clean = await cleanBuild(scenario);
      const whole = await ready(scenario, clean, 'not full');
      const steps =
        (await buildIn(program, whole.rig.dir, { fault: nothingAt(whole.rig.dir) })).answer?.steps ?? 0;
      await inPairs(sampled(steps, 60, `${scenario.name} full ${forGood}`), async (at) => {
        const trial = await ready(scenario, clean, `full at step ${at}${forGood ? ' for good' : ''}`);
        const { dir } = trial.rig;
        const ended = await buildIn(program, dir, { fault: { kind: 'full', folder: dir, at, forGood } });
        expectTold(ended, trial.what);
        await expectNothingHalfWritten({ ...trial, failed: true });
        await expectRecovery(trial);
        discard(trial);
      });
    },
  );
});

describe('a disk with room for so much of the state and no more', { timeout: 600_000 }, () => {
  it('costs work alone, whatever did not fit', async ({ skip }) => {
    const disk = smallDisk(1_024);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    const scenario: Scenario = { name: 'a rebuild', states: [manyParts(0), manyParts(1)] };
    const clean = await cleanBuild(scenario);
    const kilobytes = Array.from({ length: DEEP ? 40 : 8 }, (_, at) => at * (DEEP ? 4 : 12));
    let refused = 0;
    for (const free of kilobytes) {
      const state = join(disk.path, `state-${free}`);
      mkdirSync(state);
      const trial = await ready(scenario, clean, `${free} KB free`, (rig) =>
        symlinkSync(state, rig.path(STATE_FOLDER)),
      );
      const room = statfsSync(disk.path);
      const filler = join(disk.path, 'filler');
      writeFileSync(filler, Buffer.alloc(Math.max(0, room.bavail * room.bsize - free * 1_024)));
      const message = await trial.rig.build().then(
        ({ failures }) =>
          Object.values(failures)
            .map((failure) => failure.message)
            .join('\n'),
        (thrown: unknown) => String(thrown),
      );
      if (message !== '') {
        expect(message, trial.what).toMatch(/ENOSPC|No space left/);
        refused++;
      }
      await expectNothingHalfWritten({ ...trial, failed: true });
      rmSync(filler);
      await expectRecovery(trial);
      rmSync(state, { recursive: true });
    }
    expect(refused).toBeGreaterThan(0);
  });
});
