/**
 * Builds with several targets at once, killed at any moment of the clock, also several times in a row, with edits in
 * between. `npm run test:deep` kills ten times as often. The market's own builds are killed in `test/e2e/kill.test.ts`.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rig } from '../../rig.ts';
import { DEEP, draws, inPairs, SEED } from './extent.ts';
import type { Program } from './process.ts';
import { buildIn, bundled } from './process.ts';
import { manyParts } from './scenarios.ts';
import type { Picture } from './trial.ts';
import { expectNothingHalfWritten, expectRecovery, isIntermediate, Known, pictureOf } from './trial.ts';

/** Instants at which a build is killed, in each of the two workspaces that are worked on side by side. */
const INSTANTS = DEEP ? 250 : 20;
const VERSIONS = 5;

let program: Program;

beforeAll(async () => {
  program = await bundled(new URL('driver.ts', import.meta.url));
});

afterAll(() => program.remove());

function write(rig: Rig, version: number): void {
  for (const [path, text] of Object.entries(manyParts(version)))
    if (!rig.has(path) || rig.read(path) !== text) rig.write(path, text);
}

describe('killed at any moment', { timeout: 1_800_000 }, () => {
  it(`builds show whole files only, and the next one ends as a clean one (seed ${SEED})`, async () => {
    const clean: Picture[] = [];
    for (let version = 0; version < VERSIONS; version++) {
      const rig = new Rig(manyParts(version));
      expect((await rig.build()).failures).toEqual({});
      clean.push(pictureOf(rig.dir));
    }
    const timed = new Rig(manyParts(0));
    const started = performance.now();
    expect((await buildIn(program, timed.dir, { jobs: 4 })).answer).toMatchObject({ result: 'built' });
    const wholeMs = performance.now() - started;

    const pictureFor = (version: number): Picture => clean[version] ?? new Map();

    let killed = 0;
    await inPairs([0, 1], async (side) => {
      const draw = draws(`moments ${side}`);
      let rig = new Rig();
      let before: Picture = new Map();
      for (let kills = 0; kills < INSTANTS; ) {
        // Now and then from nothing.
        if (draw(6) === 0) {
          rig = new Rig();
          before = new Map();
        }
        const known = new Known(before);
        const kept = [...before.keys()].filter(
          (path) => !isIntermediate(path) && clean.every((each) => each.has(path)),
        );
        let version = 0;
        for (let row = 1 + draw(3); row > 0 && kills < INSTANTS; row--, kills++) {
          version = draw(VERSIONS);
          write(rig, version);
          known.add(pictureFor(version));
          const killAfterMs = Math.round(wholeMs * (0.25 + draw(900) / 1_000));
          const what = `side ${side}, kill ${kills}, version ${version}, after ${killAfterMs} ms`;
          const { signal } = await buildIn(program, rig.dir, { jobs: 1 + draw(6), killAfterMs });
          if (signal === 'SIGKILL') killed++;
          await expectNothingHalfWritten({ rig, known, kept, clean: pictureFor(version), what });
        }
        const what = `side ${side}, after ${kills} kills, version ${version}`;
        await expectRecovery({ rig, known, kept, clean: pictureFor(version), what });
        before = pictureOf(rig.dir);
      }
    });
    expect(killed).toBeGreaterThan(INSTANTS / 2);
  });
});
