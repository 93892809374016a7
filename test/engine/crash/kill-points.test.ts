/**
 * A build that is killed at a step of what it does to the disk, and at each such step: `shim.ts` counts them and ends
 * the process. `npm run test:deep` tries them all.
 */
import { mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { STATE_FOLDER } from '../../../src/engine/state/workspace-state.ts';
import type { Rig } from '../../rig.ts';
import { DISK, inPairs, SEED, sampled, workInMemory } from './extent.ts';
import type { Program } from './process.ts';
import { buildIn, bundled, nothingAt } from './process.ts';
import { SCENARIOS } from './scenarios.ts';
import {
  cleanBuild,
  damagedBlobs,
  discard,
  expectNothingHalfWritten,
  expectRecovery,
  ready,
} from './trial.ts';

let program: Program;

beforeAll(async () => {
  workInMemory();
  program = await bundled(new URL('driver.ts', import.meta.url));
});

afterAll(() => program.remove());

/** On another volume than the workspace, so that outputs are made ready beside their places. */
function stateOnDisk(rig: Rig): void {
  const folder = mkdtempSync(join(DISK, 'pipeline-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(folder, rig.path(STATE_FOLDER));
}

describe('killed at any step', { timeout: 1_800_000 }, () => {
  const CASES = [
    ...SCENARIOS.map((scenario) => ({ name: scenario.name, scenario, far: false })),
    ...SCENARIOS.slice(1, 3).map((scenario) => ({
      name: `${scenario.name}, the state of builds on another volume,`,
      scenario,
      far: true,
    })),
  ];

  it.for(CASES)(
    `$name recovers, and shows nothing half-written (seed ${SEED})`,
    async ({ name, scenario, far }, { skip }) => {
      if (far && statSync(DISK).dev === statSync(tmpdir()).dev) return skip('there is no second volume here');
      const atFirst = far ? stateOnDisk : undefined;
      const clean = await cleanBuild(scenario);
      const whole = await ready(scenario, clean, 'not killed', atFirst);
      const { answer } = await buildIn(program, whole.rig.dir, { fault: nothingAt(whole.rig.dir) });
      expect(answer).toMatchObject({ result: 'built', failures: {} });
      await expectRecovery(whole);
      const steps = answer?.steps ?? 0;
      expect(steps).toBeGreaterThan(30);
      let killed = 0;
      await inPairs(sampled(steps, 30, name), async (at) => {
        const trial = await ready(scenario, clean, `killed at step ${at}${far ? ' (far)' : ''}`, atFirst);
        const { signal } = await buildIn(program, trial.rig.dir, {
          fault: { kind: 'kill', folder: trial.rig.dir, at },
        });
        if (signal === 'SIGKILL') killed++;
        await expectNothingHalfWritten(trial);
        expect(damagedBlobs(trial.rig), trial.what).toEqual([]);
        await expectRecovery(trial);
        discard(trial);
      });
      expect(killed).toBeGreaterThan(0);
    },
  );
});
