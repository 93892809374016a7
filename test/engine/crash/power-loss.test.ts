/**
 * A power cut at a step of what a build does to the disk: what was not flushed is gone, all of it or, drawn anew each time, a
 * part of it, as file systems may write in any order. `npm run test:deep` tries every step.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inPairs, SEED, sampled, workInMemory } from './extent.ts';
import type { Program } from './process.ts';
import { buildIn, bundled, nothingAt } from './process.ts';
import { SCENARIOS } from './scenarios.ts';
import { cleanBuild, discard, expectNothingHalfWritten, expectRecovery, ready } from './trial.ts';

let program: Program;

beforeAll(async () => {
  workInMemory();
  program = await bundled(new URL('driver.ts', import.meta.url));
});

afterAll(() => program.remove());

const LOSSES = SCENARIOS.flatMap((scenario) =>
  (['all', 'some'] as const).map((lost) => ({ name: scenario.name, lost, scenario })),
);

describe('a power cut at any step', { timeout: 1_800_000 }, () => {
  it.each(LOSSES)(
    `of $name, with $lost of what was not flushed lost, costs work alone (seed ${SEED})`,
    async ({ scenario, lost }) => {
      const clean = await cleanBuild(scenario);
      const whole = await ready(scenario, clean, 'not cut');
      const steps =
        (await buildIn(program, whole.rig.dir, { fault: nothingAt(whole.rig.dir) })).answer?.steps ?? 0;
      expect(steps).toBeGreaterThan(30);
      let cut = 0;
      await inPairs(sampled(steps, 60, `${scenario.name} ${lost}`), async (at) => {
        const trial = await ready(scenario, clean, `power cut at step ${at}, ${lost} lost`);
        const { dir } = trial.rig;
        const { signal } = await buildIn(program, dir, {
          fault: { kind: 'power', folder: dir, at, ...(lost === 'all' ? {} : { seed: `${SEED} ${at}` }) },
        });
        if (signal === 'SIGKILL') cut++;
        await expectNothingHalfWritten(trial);
        await expectRecovery(trial);
        discard(trial);
      });
      expect(cut).toBeGreaterThan(0);
    },
  );
});
