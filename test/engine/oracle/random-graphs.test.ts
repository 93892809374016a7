/**
 * Random manifests, edited, harmed, broken off and built in every way: each build does what a reference written apart
 * from the engine says, and runs no target more. `ORACLE_SEED=…` repeats a run, `ORACLE_BUILDS=…` sets how many
 * builds there are at least (`npm run test:deep`: 2,000), `ORACLE_SHRINK_S=0` tells a failure as it was drawn.
 */
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Drawn } from './drawing.ts';
import { drawn } from './drawing.ts';
import { filesOf } from './manifest-text.ts';
import type { Step } from './steps.ts';
import { steps } from './steps.ts';
import { Trial } from './trial.ts';

const SEED = Number(process.env['ORACLE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const DEEP = process.env['PIPELINE_DEEP'] === '1';
const BUILDS = Number(process.env['ORACLE_BUILDS'] ?? (DEEP ? 2_000 : 200));
const SHRINK_MS = Number(process.env['ORACLE_SHRINK_S'] ?? 120) * 1000;
const PATH = process.env['ORACLE_PATH'];

let builds = 0;
let recalled = 0;
let narrowed = 0;

async function tried(script: readonly Step[], given: Drawn): Promise<void> {
  const trial = new Trial(given);
  try {
    for (const [at, step] of script.entries()) {
      try {
        await trial.carryOut(step);
      } catch (thrown) {
        throw new Error(report(trial, script, at, thrown), { cause: thrown });
      }
    }
  } finally {
    builds += trial.builds;
    recalled += trial.recalled;
    narrowed += trial.narrowed;
    trial.close();
  }
}

function report(trial: Trial, script: readonly Step[], at: number, thrown: unknown): string {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  const done = script.slice(0, at + 1).map((step, index) => `${index + 1}. ${JSON.stringify(step)}`);
  const { 'pipeline.yaml': manifest } = filesOf(trial.world);
  return `step ${at + 1}: ${stripVTControlCharacters(why)}\n\nsteps:\n${done.join('\n')}\n\nthe manifest then:\n${manifest}`;
}

describe('builds of random manifests', () => {
  it('do what a reference evaluator says, and run nothing more', {
    timeout: 600_000 + BUILDS * 2_000,
  }, async () => {
    process.stderr.write(`random graphs: ORACLE_SEED=${SEED}\n`);
    for (let round = 0; builds < BUILDS; round++) {
      await fc.assert(fc.asyncProperty(steps, drawn, tried), {
        seed: SEED + round,
        unbiased: true,
        numRuns: PATH === undefined ? 5 : 1,
        // A failure is made smaller for so long.
        ...(SHRINK_MS > 0 ? { interruptAfterTimeLimit: SHRINK_MS } : { endOnFailure: true }),
        ...(PATH === undefined ? {} : { path: PATH }),
      });
      if (PATH !== undefined) return;
    }
    process.stderr.write(
      `random graphs: ${builds} builds, ${recalled} of which could be recalled, ${narrowed} narrowed\n`,
    );
    expect(builds).toBeGreaterThanOrEqual(BUILDS);
  });
});
