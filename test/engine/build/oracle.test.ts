/** Whatever was edited, deleted, forged, broken off or built in part: a build then equals a clean build, and is the last. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BuildEvent, Outcome } from '../../../src/engine/events.ts';
import type { Built } from '../../rig.ts';
import { Rig } from '../../rig.ts';
import { collect } from './collecting.ts';
import type { Edit, World } from './oracle.ts';
import { edits, editWorld, madeIn, manifestOf, newWorld, tasksOf } from './oracle.ts';

type Step =
  | { readonly kind: 'edit'; readonly edit: Edit }
  | { readonly kind: 'part'; readonly selector: string; readonly jobs: number; readonly force: boolean }
  /** Broken off at the n-th event. */
  | { readonly kind: 'break'; readonly at: number }
  /** What earlier builds left is removed, but for the last few. */
  | { readonly kind: 'gc'; readonly keepRuns: number }
  | { readonly kind: 'compare'; readonly jobs: number };

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('edit'), edit: edits }) },
  fc.record({
    kind: fc.constant('part'),
    selector: fc.constantFrom(
      ...['month', '+leaf', 'list+', 'total', '@stale', '@failed', 'globbed', 'item'],
      ...['universe+', 'month/a+', 'item/b', 'leaf/*'],
    ),
    jobs: fc.constantFrom(1, 3),
    force: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('break'), at: fc.nat({ max: 60 }) }),
  fc.record({ kind: fc.constant('gc'), keepRuns: fc.constantFrom(0, 1, 3) }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('compare'), jobs: fc.constantFrom(1, 3) }) },
) as fc.Arbitrary<Step>;

const scripts = fc.array(steps, { minLength: 6, maxLength: 24 });

function carryOut(rig: Rig, world: World, edit: Edit): void {
  switch (edit.kind) {
    case 'forge':
    case 'lose': {
      const made = madeIn(rig.dir, world);
      const path = made[edit.which % Math.max(1, made.length)];
      // What nobody owns any more may be edited into a source of its own, which a clean build would have to be given.
      if (path === undefined || (edit.kind === 'forge' && /^(out|other)\//.test(path))) return;
      if (edit.kind === 'lose') rig.remove(path);
      else rig.write(path, 'forged');
      return;
    }
    case 'forget': {
      const path = edit.file === 'memo' ? '.pipeline/memo' : 'items';
      if (rig.has(path)) rig.remove(path);
      return;
    }
    default:
      editWorld(rig, world, edit);
  }
}

async function cleanBuild(world: World): Promise<{ readonly rig: Rig; readonly built: Built }> {
  const rig = new Rig(Object.fromEntries(world.sources), { builtins: tasksOf(world) });
  rig.write('pipeline.yaml', manifestOf(world));
  return { rig, built: await rig.build() };
}

/** What became of each target, whether it had to run, was put back, or neither. */
function ends({ outcomes }: Built): Readonly<Record<string, Outcome>> {
  return Object.fromEntries(
    Object.entries(outcomes).map(([target, outcome]) => [
      target,
      outcome === 'fresh' || outcome === 'restored' ? 'executed' : outcome,
    ]),
  );
}

function outputsOf({ events }: Built): readonly string[] {
  return events.flatMap((event) => (event.type === 'target-finished' ? (event.outputs ?? []) : []));
}

async function compare(rig: Rig, world: World, jobs: number): Promise<void> {
  const builtins = tasksOf(world);
  const foretold = await rig.states([], { builtins });
  const built = await rig.build([], { builtins, jobs });
  // Of an intermediate that is lost, `status` cannot know whether something pending will need it.
  const told = Object.entries(foretold).filter(
    ([target]) => !world.intermediate || !/^(item|tree)\//.test(target),
  );
  const gone = (target: string): boolean =>
    world.given && !world.symbols.includes(target.split('/')[1] ?? '');
  const wrong = told.filter(
    ([target, state]) =>
      !(bearsOut(state, built.outcomes[target]) || (gone(target) && !(target in built.outcomes))),
  );
  expect(wrong.map(([target, state]) => [target, state, built.outcomes[target]])).toEqual([]);
  const clean = await cleanBuild(world);
  expect([built.diagnostics, built.result]).toEqual(['', 'built']);
  expect(ends(built)).toEqual(ends(clean.built));
  const read = (at: Rig): Readonly<Record<string, string>> =>
    Object.fromEntries(
      outputsOf(clean.built).flatMap((output) =>
        madeIn(clean.rig.dir, world)
          .filter((path) => path === output || path.startsWith(`${output}/`))
          .filter((path) => at === clean.rig || !isSpared(path, rig, world))
          .map((path) => [path, at.has(path) ? at.read(path) : 'missing']),
      ),
    );
  const expected = Object.fromEntries(
    Object.entries(read(clean.rig)).filter(([path]) => !isSpared(path, rig, world)),
  );
  expect(read(rig)).toEqual(expected);
  // Nor does it miss anything that may go.
  await collect(rig, { builtins, keepRuns: 0 });
  const again = await rig.build([], { builtins, jobs });
  expect([again.ran, again.restored]).toEqual([[], []]);
  const states = await rig.states([], { builtins });
  expect(Object.entries(states).filter(([, state]) => state === 'stale' || state === 'pending')).toEqual([]);
}

/** What `status` calls fresh does not run; what it calls stale does, unless its key is gone with what gave it. */
function bearsOut(state: string, outcome: Outcome | undefined): boolean {
  return state === 'fresh' ? outcome === 'fresh' : state !== 'stale' || outcome !== 'fresh';
}

/** An intermediate that nobody has needed since it was lost. */
function isSpared(path: string, rig: Rig, { intermediate }: World): boolean {
  return intermediate && /^(items|tree)\//.test(path) && !rig.has(path);
}

/** More of them: `ORACLE_RUNS=200 npx vitest run test/engine/build/oracle.test.ts`. */
const RUNS = Number(process.env['ORACLE_RUNS'] ?? 12);

describe('random edits and builds', () => {
  it('end as a clean build does', { timeout: 10_000 * RUNS }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), scripts, async (given, script) => {
        const world = newWorld(given);
        const rig = new Rig(Object.fromEntries(world.sources));
        rig.write('pipeline.yaml', manifestOf(world));
        for (const step of [...script, { kind: 'compare', jobs: 2 } as const]) {
          const builtins = tasksOf(world);
          switch (step.kind) {
            case 'edit':
              carryOut(rig, world, step.edit);
              break;
            case 'part':
              await rig.build(step.selector, { builtins, jobs: step.jobs, force: step.force });
              break;
            case 'break': {
              const abort = new AbortController();
              let left = step.at;
              const onEvent = (_event: BuildEvent): void => {
                if (left-- === 0) abort.abort();
              };
              await rig
                .build([], { builtins, jobs: 2, signal: abort.signal, onEvent })
                .catch(() => undefined);
              break;
            }
            case 'gc': {
              const { failures } = await collect(rig, { builtins, keepRuns: step.keepRuns });
              expect(failures).toEqual([]);
              break;
            }
            case 'compare':
              await compare(rig, world, step.jobs);
          }
        }
      }),
      { numRuns: RUNS },
    );
  });
});
