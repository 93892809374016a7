/**
 * What must hold of a build beyond that it did what the reference says: of a part nothing that the whole would not
 * do, of `status` that it foretold it, of the end that sources alone would have led there.
 */
import { dirname } from 'node:path';
import type { FreshRun, TargetStatus } from '../../../src/engine/events.ts';
import { condense } from '../../../src/engine/standing.ts';
import type { StatusNote, Verdict } from '../../../src/engine/state/standing.ts';
import type { Built } from '../../rig.ts';
import type { Ask } from './ask.ts';
import { expectSame, members } from './difference.ts';
import { Disk } from './disk.ts';
import { Records } from './records.ts';
import { Reference } from './reference.ts';
import type { World } from './world.ts';

/** What a build began with. */
export interface Begun {
  readonly world: World;
  readonly before: Disk;
  readonly records: Records;
  readonly asked: Omit<Ask, 'roots' | 'demanded'>;
}

/** Whatever a build was asked for or where it was broken off: nothing may run that a whole build would not run. */
export function expectPartOfAll(
  { world, before, records, asked }: Begun,
  built: Built,
  ran: ReadonlySet<string>,
): void {
  if (asked.force) return;
  const all = new Reference(world, before.copy(), records.copy(), {
    ...asked,
    roots: { kind: 'all' },
    demanded: [],
  });
  const isMade = (id: string): boolean =>
    world.rules.some(({ name, intermediate }) => intermediate && name === id.split('/')[0]);
  // Of an intermediate that the whole needs as files, a part may need the record alone.
  const should = Object.entries(built.outcomes).map(([id, outcome]): [string, string | undefined] => [
    id,
    isMade(id) && outcome === 'fresh' ? outcome : all.outcomes.get(id),
  ]);
  expectSame('outcomes of a part, beside those of the whole', built.outcomes, new Map(should));
  const idle = [...ran].filter((id) => !all.ran.has(id));
  expectSame('targets that need not have run', members(idle), new Map());
}

/** What `status` calls fresh does not run; what it calls stale does, unless its key is gone with what gave it. */
export function expectForetold(
  world: World,
  states: Readonly<Record<string, string>>,
  { outcomes }: Built,
): void {
  // A failure that has passed on the same inputs is nothing that anybody could foretell.
  const healed = Object.entries(states).some(
    ([id, state]) => state === 'failed' && MADE.has(outcomes[id] ?? ''),
  );
  const wrong = Object.entries(states).filter(([id, state]) => {
    const outcome = outcomes[id];
    const rule = world.rules.find(({ name }) => name === id.split('/')[0]);
    if (rule === undefined || rule.intermediate) return false;
    const mayBeGone = rule.for.includes('file') || (world.symbols === undefined && rule.for.includes('sym'));
    if (outcome === undefined) return !mayBeGone;
    // That something upstream is going to fail cannot be known, where one that is absent stands beside it.
    if (state === 'fresh') return outcome !== 'fresh' && outcome !== 'blocked' && !healed;
    return state === 'stale' && outcome === 'fresh';
  });
  expectSame('states that were foretold', new Map(wrong), new Map(wrong.map(([id]) => [id, outcomes[id]])));
}

const MADE: ReadonlySet<string> = new Set(['executed', 'restored', 'checked', 'fresh']);

/** What would have been recalled instead of a pass is what the pass has found. */
export function expectRecalled({ counts, alone }: Verdict, { outcomes }: Built): void {
  const found = new Map<string, number>();
  for (const [id, outcome] of Object.entries(outcomes)) {
    const place = `${id.split('/')[0]} ${outcome}`;
    found.set(place, (found.get(place) ?? 0) + 1);
  }
  const told = counts.map(({ rule, outcome, count }): [string, number] => [`${rule} ${outcome}`, count]);
  for (const { rule } of alone) told.push([`${rule} fresh`, 1]);
  expectSame('what was recalled, beside what a pass has found', new Map(told), found);
}

/** And what `status` would have told of it is what a dry pass finds. */
export function expectStatus(
  noted: StatusNote | undefined,
  found: readonly TargetStatus[],
  orphans: readonly string[],
): void {
  const listed = (entries: readonly (TargetStatus | FreshRun)[]): ReadonlyMap<string, string> =>
    new Map(entries.map((entry, at) => [`${at}`, JSON.stringify(entry)]));
  expectSame('what status was to be told', listed(noted?.targets ?? []), listed(condense(found)));
  const paths = noted?.orphans.map(({ path }) => path) ?? [];
  expectSame('orphans that status was to be told', members(new Set(paths)), members(new Set(orphans)));
}

/**
 * From sources alone the same comes out. What is fetched, and what users put among outputs, no source tells; and a
 * directory that one rule has left and another has written into is no more what was recorded, and stays in the way.
 */
export function expectClean(world: World, after: Reference): void {
  if (world.rules.some(({ make }) => make === 'fetch') || after.obstructed.size > 0) return;
  const sources = [...after.disk.files].filter(([path]) => !path.startsWith('out/'));
  const folders = new Set(sources.map(([path]) => dirname(path)));
  const clean = new Reference(world, new Disk(new Map(sources), folders), new Records(), {
    roots: { kind: 'default' },
    force: false,
    refresh: false,
    struck: () => false,
    outside: '',
    told: {},
    isGone: () => false,
    demanded: [],
  });
  const ends = ({ outcomes }: Reference): ReadonlyMap<string, string> =>
    new Map([...outcomes].map(([id, outcome]) => [id, MADE.has(outcome) ? 'made' : outcome]));
  expectSame('how targets end, beside a clean build', ends(after), ends(clean));
  const elided = (path: string): boolean =>
    !after.disk.files.has(path) &&
    world.rules.some(({ intermediate, place }) => intermediate && path.startsWith(`out/${place}`));
  const made = [...clean.disk.files].filter(([path]) => !elided(path));
  const there = made.map(([path]): [string, string | undefined] => [path, after.disk.files.get(path)]);
  expectSame('files, beside a clean build', new Map(there), new Map(made));
}
