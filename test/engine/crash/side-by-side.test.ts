/** Several processes that build one workspace at once, some of them killed: one after the other, and each thing once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEEP, draws, SEED } from './extent.ts';
import type { Program } from './process.ts';
import { buildIn, bundled } from './process.ts';
import { SCENARIOS } from './scenarios.ts';
import { cleanBuild, expectNothingHalfWritten, expectRecovery, ready } from './trial.ts';

const ROUNDS = DEEP ? 20 : 2;

let program: Program;

beforeAll(async () => {
  program = await bundled(new URL('driver.ts', import.meta.url));
});

afterAll(() => program.remove());

describe('builds of one workspace at once', { timeout: 600_000 }, () => {
  it.each([
    { scenario: SCENARIOS[0], runs: ['report', 'sorted', 'split/a', 'split/b', 'upper/a', 'upper/b'] },
    // Of part b only the spelling of its input changed.
    { scenario: SCENARIOS[1], runs: ['report', 'sorted', 'split/a', 'upper/a', 'upper/b'] },
  ])('make each target of $scenario.name once among them', async ({ scenario, runs }) => {
    if (scenario === undefined) throw new Error('there is no such scenario');
    const clean = await cleanBuild(scenario);
    for (let round = 0; round < ROUNDS; round++) {
      const trial = await ready(scenario, clean, `round ${round}`);
      const ended = await Promise.all([1, 2, 3].map((jobs) => buildIn(program, trial.rig.dir, { jobs })));
      const made = ended.flatMap(({ answer }) =>
        Object.entries(answer?.outcomes ?? {}).flatMap(([target, outcome]) =>
          outcome === 'fresh' ? [] : [target],
        ),
      );
      expect(ended.map(({ answer }) => answer?.result)).toEqual(['built', 'built', 'built']);
      expect(made.sort(), trial.what).toEqual(runs);
      await expectRecovery(trial);
    }
  });

  it('leave one that would not wait with nothing done, and nothing broken', async () => {
    const [scenario] = SCENARIOS;
    if (scenario === undefined) throw new Error('there is no scenario');
    const clean = await cleanBuild(scenario);
    const trial = await ready(scenario, clean, 'no wait');
    const ended = await Promise.all([1, 2, 3].map(() => buildIn(program, trial.rig.dir, { wait: false })));
    const results = ended.map(({ answer }) => answer?.result).sort();
    expect(results[0]).toBe('built');
    for (const { answer } of ended) if (answer?.result === 'locked') expect(answer.outcomes).toEqual({});
    await expectRecovery(trial);
  });

  it(`go on where one of them was killed (seed ${SEED})`, async () => {
    const draw = draws('side by side');
    for (const [at, scenario] of SCENARIOS.slice(0, DEEP ? undefined : 2).entries()) {
      const clean = await cleanBuild(scenario);
      for (let round = 0; round < ROUNDS; round++) {
        const trial = await ready(scenario, clean, `scenario ${at}, round ${round}`);
        const { dir } = trial.rig;
        const ended = await Promise.all([
          buildIn(program, dir, { killAfterMs: 150 + draw(250) }),
          buildIn(program, dir, { killAfterMs: 150 + draw(400) }),
          buildIn(program, dir, {}),
        ]);
        expect(ended[2]?.answer, trial.what).toMatchObject({ result: 'built', failures: {} });
        await expectNothingHalfWritten(trial);
        await expectRecovery(trial);
      }
    }
  });
});
