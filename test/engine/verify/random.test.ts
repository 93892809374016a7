/** Whatever was edited, lost or forged before a build: what it has come to is verified, and what is forged then is found. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLock } from '../../../src/engine/state/lockfile.ts';
import { Rig } from '../../rig.ts';
import type { Edit, WorldEdit } from '../build/oracle.ts';
import { edits, editWorld, manifestOf, newWorld, tasksOf } from '../build/oracle.ts';
import { DEEP, workInMemory } from '../crash/extent.ts';
import { everything, inShort, verifyRig } from './verifying.ts';

workInMemory();

const rounds = fc.array(
  fc.record({ edits: fc.array(edits, { minLength: 1, maxLength: 5 }), forged: fc.nat(), lost: fc.boolean() }),
  { minLength: 1, maxLength: 3 },
);

function isOfWorld(edit: Edit): edit is WorldEdit {
  return edit.kind !== 'forge' && edit.kind !== 'lose' && edit.kind !== 'forget';
}

describe('a verification after any build', () => {
  it('finds what was forged or lost since, and nothing else', {
    timeout: DEEP ? 3_600_000 : 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(rounds, fc.boolean(), async (script, given) => {
        const world = newWorld(given);
        const rig = new Rig({ 'pipeline.yaml': manifestOf(world) });
        for (const [path, text] of world.sources) rig.write(path, text);
        for (const { edits: some, forged, lost } of script) {
          // Forged and lost outputs are for the test itself.
          for (const edit of some) if (isOfWorld(edit)) editWorld(rig, world, edit);
          const builtins = tasksOf(world);
          const built = await rig.build([], { builtins });
          expect([...(readLock(rig.dir)?.doubled ?? [])]).toEqual([]);
          if (built.result !== 'built') continue;
          const before = everything(rig.dir);
          const seen = await verifyRig(rig, [], { builtins });
          expect(inShort(seen)).toEqual([]);
          expect(seen.failures.map(({ target }) => target).sort()).toEqual(
            Object.keys(built.failures).sort(),
          );
          expect(everything(rig.dir)).toEqual(before);

          const files = [...(readLock(rig.dir)?.outputs.keys() ?? [])].filter(
            (path) => !path.startsWith('tree/'),
          );
          const path = files[forged % Math.max(1, files.length)];
          if (path === undefined) continue;
          const text = rig.read(path);
          if (lost) rig.remove(path);
          else rig.write(path, `${text}forged`);
          const { findings } = await verifyRig(rig, [], { builtins });
          expect(findings.map((each) => each.path)).toEqual([path]);
          expect(findings[0]?.inPlace).toEqual(
            lost ? null : expect.not.stringMatching(findings[0]?.locked ?? ''),
          );
          // A build mends it only where its target does not fail.
          rig.write(path, text);
        }
      }),
      { numRuns: DEEP ? 100 : 5 },
    );
  });
});
