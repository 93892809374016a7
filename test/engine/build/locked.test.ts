/** A build by the lockfile: what it asks, what it takes from the lockfile, and what it says of everything else. */
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import type { Rig } from '../../rig.ts';
import type { Market } from './lock-rig.ts';
import { built, CONFIG, clone, fill, MANIFEST, tasksOf, World, workspace } from './lock-rig.ts';

const LOCK = 'pipeline.lock';

async function builtOnce(manifest = MANIFEST, config = CONFIG): Promise<Market> {
  const world = new World();
  fill(world);
  const rig = workspace(world, manifest, config);
  const { failures } = await rig.build();
  expect(failures).toEqual({});
  world.asked.length = 0;
  return { world, rig };
}

const SOURCES = ['archive/a/2024-01', 'archive/a/2024-02-01', 'archive/a/2024-02-02', 'archive/b/2024-01'];

function isAsked({ world }: Market): readonly string[] {
  return [...world.asked].sort();
}

describe('a locked build of another checkout', () => {
  it('makes the same bytes, asks for the locked files and no listing, and leaves the lockfile alone', async () => {
    const here = await builtOnce();
    const there = clone(here);
    const { failures, differing, outcomes } = await there.build([], { locked: true });
    expect([failures, differing]).toEqual([{}, []]);
    expect(isAsked(here)).toEqual(SOURCES);
    expect(built(there)).toEqual(built(here.rig));
    expect(there.read(LOCK)).toBe(here.rig.read(LOCK));
    expect([outcomes['listing/a'], outcomes['sources/a'], outcomes['archive/a/2024-01']]).toEqual([
      'fresh',
      'fresh',
      'executed',
    ]);
    expect(there.files('raw').filter((path) => path.endsWith('.json'))).toEqual([]);
    expect((await there.build([], { locked: true })).ran).toEqual([]);
  });

  it('does so whatever has been listed since', async () => {
    const here = await builtOnce();
    const there = clone(here);
    here.world.publish('a', '2024-02-03', 'third of february');
    here.world.list('b', {});
    const { failures, differing } = await there.build([], { locked: true });
    expect([failures, differing]).toEqual([{}, []]);
    expect(built(there)).toEqual(built(here.rig));
  });

  it('lets nothing stand that has other bytes than the locked ones, though nobody would miss it', async () => {
    const manifest = MANIFEST.replace('task: archive\n', 'task: archive\n    intermediate: true\n');
    const { rig, world } = await builtOnce(manifest);
    rig.remove('raw/b/2024-01.zip');
    expect((await rig.build([], { locked: true })).ran).toEqual([]);
    rig.write('raw/a/2024-01.zip', 'damaged');
    const { outcomes, failures, differing } = await rig.build([], { locked: true });
    expect([outcomes['archive/a/2024-01'], failures, differing]).toEqual(['restored', {}, []]);
    expect(rig.has('raw/a/2024-01.zip')).toBe(false);
    // In another checkout nothing is known but the lockfile.
    const there = clone({ rig, world });
    there.write('raw/a/2024-01.zip', 'damaged');
    world.asked.length = 0;
    expect((await there.build([], { locked: true })).differing).toEqual([]);
    expect(there.read('raw/a/2024-01.zip')).toBe('january of a');
    expect(isAsked({ rig, world })).toEqual(SOURCES);
  });

  it('keeps keys in the order in which they were given', async () => {
    const manifest = MANIFEST.replace(
      '\n  file: {',
      '\n  part: { of: symbol, keys: { rule: sources, pointer: /files } }\n  file: {',
    ).concat(
      '  joined:\n    for: [symbol]\n    in: { staged: { rule: piece } }\n    out: { bars: "joined/${symbol}" }\n    run: "cat ${in.staged} > ${out.bars}"\n  piece:\n    for: [symbol, part]\n    in: { entry: { rule: sources, pointer: "/files/${part}" } }\n    out: { zip: "pieces/${symbol}/${part}" }\n    task: piece\n',
    );
    const world = new World();
    const tasks = tasksOf(world);
    const piece = tasks.get('archive');
    if (piece === undefined) throw new Error('there is no such task');
    const builtins = new Map([...tasks, ['piece', piece]]);
    for (const name of ['z', 'b', 'y']) world.publish('a', name, name);
    const here = workspace(world, manifest, 'symbols: [a]\n');
    expect((await here.build('joined', { builtins })).failures).toEqual({});
    expect(here.read('joined/a')).toBe('zby');
    const there = clone({ world, rig: here });
    expect((await there.build('joined', { builtins, locked: true })).differing).toEqual([]);
    expect(there.read('joined/a')).toBe('zby');
  });

  it('of some targets asks for no more than those need', async () => {
    const here = await builtOnce();
    const there = clone(here);
    const { differing, failures } = await there.build('bars/b', { locked: true });
    expect([failures, differing, isAsked(here)]).toEqual([{}, [], ['archive/b/2024-01']]);
  });

  it('of some targets is not told of lines that nothing there can answer to', async () => {
    const here = await builtOnce();
    here.rig.edit(LOCK, (text) => `${text}output gone/z gone/z.txt ${sha256('')}\n`);
    const there = clone(here);
    expect((await there.build('bars/b', { locked: true })).differing).toEqual([]);
    expect((await there.build([], { locked: true })).differing).toEqual([
      { target: 'gone/z', path: 'gone/z.txt', locked: sha256(''), is: null },
    ]);
  });

  it('knows what the publisher did not have, and does not ask again', async () => {
    const here = await builtOnce(MANIFEST, 'symbols: [a, x]\n');
    const there = clone(here);
    here.world.publish('x', '2024-01', 'january of x');
    const { failures, differing, outcomes } = await there.build([], { locked: true });
    expect([failures, differing]).toEqual([{}, []]);
    expect([outcomes['listing/x'], outcomes['bars/x/2024-01']]).toEqual(['absent', 'absent']);
    expect(built(there)).toEqual(built(here.rig));
  });

  it('takes files that were copied there, and runs no source then', async () => {
    const here = await builtOnce();
    const there = clone(here);
    for (const path of here.rig.files('raw').filter((each) => each.endsWith('.zip')))
      there.write(path, here.rig.read(path));
    const { failures, differing } = await there.build([], { locked: true, offline: true });
    expect([failures, differing, isAsked(here)]).toEqual([{}, [], []]);
    expect(built(there)).toEqual(built(here.rig));
  });
});

describe('a locked build of a workspace that has gone on', () => {
  it('goes back to what is locked, as far as its sources can be had', async () => {
    const here = await builtOnce();
    const locked = here.rig.read(LOCK);
    const before = built(here.rig);
    here.world.publish('b', '2024-01', 'january of b, once more');
    await here.rig.build([], { refresh: true });
    here.rig.write(LOCK, locked);
    here.world.publish('b', '2024-01', 'january of b');
    here.world.asked.length = 0;
    const { failures, differing } = await here.rig.build([], { locked: true });
    expect([failures, differing, isAsked(here)]).toEqual([{}, [], ['archive/b/2024-01']]);
    expect(built(here.rig)).toMatchObject(before);
    // And the next ordinary build notes what it finds.
    expect((await here.rig.build([], { refresh: true })).failures).toEqual({});
    expect(here.rig.read(LOCK)).toBe(locked);
  });

  it('fails a source that comes with other bytes, and leaves in place what is there', async () => {
    const here = await builtOnce();
    const locked = here.rig.read(LOCK);
    here.world.publish('b', '2024-01', 'january of b, once more');
    await here.rig.build([], { refresh: true });
    here.rig.write(LOCK, locked);
    const { failures, outcomes } = await here.rig.build([], { locked: true });
    expect(failures['archive/b/2024-01']).toEqual({
      code: 'source-gone',
      message: `archive/b/2024-01: pipeline.lock names raw/b/2024-01.zip with the SHA-256 ${sha256('january of b')}, and ${sha256('january of b, once more')} came`,
      hint: 'put the locked file in place from a copy, or build without --locked to take what is there now',
    });
    expect(outcomes['bars/b/2024-01']).toBe('blocked');
    expect(here.rig.read('raw/b/2024-01.zip')).toBe('january of b, once more');
  });

  it('runs no target whose answer would be asked again by its age', async () => {
    const here = await builtOnce();
    const later = new Date(Date.now() + 86_400_000).toISOString();
    const { ran } = await here.rig.build([], { locked: true, now: later });
    expect([ran, isAsked(here)]).toEqual([[], []]);
  });

  it('is told by status before', async () => {
    const here = await builtOnce();
    here.rig.remove('bars/a/2024-01.txt');
    const states = await here.rig.states();
    expect(states['bars/a/2024-01']).toBe('stale');
  });
});

describe('a volatile source that somebody reads whole', () => {
  const manifest = MANIFEST.concat(
    '  dates: { for: [symbol], in: { staged: { rule: listing } }, out: { bars: "dates/${symbol}" }, task: copy }\n',
  );

  it('must come as it was, and is asked for where it is not in place', async () => {
    const here = await builtOnce(manifest);
    const there = clone(here);
    const { failures, differing } = await there.build([], { locked: true });
    expect([failures, differing]).toEqual([{}, []]);
    expect(isAsked(here)).toEqual([...SOURCES, 'listing/a', 'listing/b']);
    expect(built(there)).toEqual(built(here.rig));
  });

  it('is gone when it has changed, and nothing is asked where it is in place', async () => {
    const here = await builtOnce(manifest);
    const there = clone(here);
    here.world.publish('a', '2024-02-03', 'third of february');
    const { failures } = await there.build([], { locked: true });
    expect(Object.entries(failures).map(([target, { code }]) => [target, code])).toEqual([
      ['listing/a', 'source-gone'],
    ]);
    here.world.asked.length = 0;
    expect((await here.rig.build([], { locked: true })).failures).toEqual({});
    expect(isAsked(here)).toEqual([]);
  });
});

describe('what differs from the lockfile', () => {
  async function differing(edit: (rig: Rig) => void): Promise<readonly string[]> {
    const here = await builtOnce();
    const there = clone(here);
    edit(there);
    const { differing: found, failures } = await there.build([], { locked: true });
    expect(failures).toEqual({});
    return found.map(
      ({ target, locked, is }) => `${target} ${locked === null ? '-' : 'L'}${is === null ? '-' : 'I'}`,
    );
  }

  it('is told of an output that comes out otherwise', async () => {
    const found = await differing((rig) =>
      rig.edit(LOCK, (text) => text.replace(/(output bars\/a\/2024-01 \S+) ./, '$1 f')),
    );
    expect(found).toEqual(['bars/a/2024-01 LI']);
  });

  it('is told of an output that no line names, of one that has two, and of lines that nothing answers to', async () => {
    const found = await differing((rig) => {
      rig.edit(LOCK, (text) => text.replace(/^output bars\/a\/2024-01 .*\n/m, ''));
      rig.edit(LOCK, (text) => `${text}output bars/a/2024-02 bars/a/2024-02.txt ${sha256('')}\n`);
      rig.edit(LOCK, (text) => `${text}output bars/z/2024-02 bars/z/2024-02.txt ${sha256('')}\n`);
      rig.edit(LOCK, (text) => `${text}output bars/b/2024-02 bars/more.txt ${sha256('')}\n`);
    });
    expect(found).toEqual([
      'bars/a/2024-01 -I',
      'bars/a/2024-02 -I',
      'bars/b/2024-02 L-',
      'bars/z/2024-02 L-',
    ]);
  });

  it('is told of all that follows from another config, the reports under another number', async () => {
    const here = await builtOnce();
    const there = clone(here);
    there.write('config.yaml', 'symbols: [a]\n');
    const { differing: found } = await there.build([], { locked: true });
    expect([...new Set(found.map(({ target }) => target))]).toEqual([
      'archive/b/2024-01',
      'bars/b/2024-01',
      'bars/b/2024-02',
      'report',
    ]);
  });

  it('is told with the end of the build', async () => {
    const here = await builtOnce();
    const there = clone(here);
    there.edit(LOCK, (text) => text.replace(/^output bars\/a\/2024-01 .*\n/m, ''));
    const { events } = await there.build([], { locked: true });
    expect(events.at(-1)).toMatchObject({
      type: 'build-finished',
      differing: [{ target: 'bars/a/2024-01', path: 'bars/a/2024-01.txt', locked: null }],
    });
    expect((await there.build()).events.at(-1)).not.toHaveProperty('differing');
  });

  it('of a failed target is told as its failure alone', async () => {
    const here = await builtOnce();
    const there = clone(here);
    here.world.withdraw('b', '2024-01');
    const { failures, differing: found } = await there.build([], { locked: true });
    expect(Object.keys(failures)).toEqual(['archive/b/2024-01']);
    expect([...new Set(found.map(({ target }) => target))]).toEqual(['report']);
  });
});

describe('a value that is not locked', () => {
  it('fails who reads it, and nobody else', async () => {
    const here = await builtOnce();
    const there = clone(here);
    there.edit(LOCK, (text) => text.replace(/^value sources\/a \/months\/2024-02 .*\n/m, ''));
    const { failures, outcomes } = await there.build([], { locked: true });
    expect(failures).toEqual({
      'staged/a/2024-02': {
        code: 'not-locked',
        message:
          'staged/a/2024-02: input "plan": pipeline.lock does not say what raw/a/sources.json has at /months/2024-02',
        hint: 'run `pipeline build` (without --locked), which writes what is missing',
      },
    });
    expect([outcomes['bars/a/2024-01'], outcomes['bars/a/2024-02']]).toEqual(['executed', 'blocked']);
  });

  it('fails who should give keys by it', async () => {
    const here = await builtOnce();
    const there = clone(here);
    there.edit(LOCK, (text) => text.replaceAll(/^value sources\/b .*\n/gm, ''));
    const { failures, outcomes } = await there.build([], { locked: true });
    expect(failures['sources/b']).toEqual({
      code: 'not-locked',
      message: 'sources/b: pipeline.lock does not say which keys it gives at /files',
      hint: 'run `pipeline build` (without --locked), which writes what is missing',
    });
    expect([outcomes['bars/a/2024-01'], outcomes['report']]).toEqual(['executed', 'executed']);
  });
});
