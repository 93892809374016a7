/** `pipeline backup`: what is kept, what is said, and what a folder that is something else is told. */
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Repository } from '../../src/engine/backup/repository.ts';
import { BuildState } from '../../src/engine/state/workspace-state.ts';
import { Rig } from '../rig.ts';
import { NO_SMALL_DISK, smallDisk } from '../small-disk.ts';
import { backup, built, cells, FILES, MODULES, objects, restore } from './backed-up.ts';
import { cli } from './cli.ts';

describe('backup', () => {
  it('keeps what nobody makes, what was brought in, what was made to be kept, and the records', async () => {
    const rig = new Rig({ ...FILES, ...MODULES });
    expect((await cli(['-C', rig.dir, 'build'])).code).toBe(0);
    const place = new Rig();
    const { code, out, err } = await backup(rig, place);
    expect([code, err]).toEqual([0, '']);
    expect(cells(out, place).map((line) => line.split(' | ').slice(0, 2).join(' '))).toEqual([
      'files bytes',
      'manifest and configs 2',
      'task modules 2',
      'lockfile 1',
      'other files that were read 1',
      'sources 3',
      'outputs 4',
      'records of builds 2',
      'total 15',
      'backup 2026-11-23T15-40-00Z in DIR',
    ]);
    const { out: listed } = await restore(rig, place, '--at', '2026-11-23T15-40-00Z', '--list', '--json');
    const files = JSON.parse(listed) as readonly { readonly path: string }[];
    expect(files.map(({ path }) => path.replace(/-[0-9a-f]{8}\//, '-RUN/'))).toEqual([
      '.pipeline/history',
      '.pipeline/journal',
      'config.yaml',
      'in.txt',
      'out/a/text',
      'out/b/text',
      'pipeline.lock',
      'pipeline.yaml',
      'raw/a.txt',
      'raw/b.txt',
      'raw/old/a.txt',
      'runs/2024-03-31-RUN/total.txt',
      'tasks/lib/words.ts',
      'tasks/words.ts',
      'words.txt',
    ]);
    const into = new Rig();
    expect((await restore(into, place)).code).toBe(0);
    expect((await cli(['-C', into.dir, 'build', '--offline'])).err).toBe('nothing to do: 8 targets fresh\n');
  });

  it('copies only what is not there yet, and says beforehand what that is', async () => {
    const { rig, place } = await built();
    const dry = await backup(rig, place, '--dry-run', '--json');
    expect([dry.code, place.has('b')]).toEqual([0, false]);
    const first = await backup(rig, place, '--json');
    expect({ ...JSON.parse(dry.out), backup: '2026-11-23T15-40-00Z' }).toEqual(JSON.parse(first.out));
    const before = objects(place);
    rig.edit('in.txt', () => 'another\n');
    const { out } = await backup(rig, place, '--json');
    expect(JSON.parse(out)).toMatchObject({
      backup: '2026-11-23T15-40-00Z-2',
      counts: { input: { files: { count: 1, bytes: 8 }, copied: { count: 1, bytes: 8 } } },
      lacks: [],
    });
    expect(objects(place).length - before.length).toBe(1);
  });

  it('names each file that is not as it was recorded, keeps all others, and ends with 1', async () => {
    const { rig, place } = await built();
    expect((await backup(rig, place)).code).toBe(0);
    rig.write('raw/a.txt', 'damaged\n');
    rig.remove('raw/b.txt');
    const { code, err } = await backup(rig, place, '--keep', '1');
    expect(code).toBe(1);
    expect(err.replaceAll(/[0-9a-f]{12}/g, '#')).toBe(
      'error: raw/a.txt: it differs from its record: # recorded, # found\nerror: raw/b.txt: it is not there\n' +
        '  = `pipeline build` makes or fetches what is missing; the files named are not in this backup, and none was pruned\n',
    );
    expect(readdirSync(place.path('b/backups'))).toHaveLength(2);
    const later = await restore(rig, place, '--list');
    expect(cells(later.out, place).map((line) => line.split(' | ').at(-1))).toEqual(['lacks', '0', '2']);
  });

  it('lets old backups go, and the contents that only they had', async () => {
    const { rig, place } = await built();
    for (const text of ['one\n', 'two\n', 'three\n']) {
      rig.edit('in.txt', () => text);
      expect((await backup(rig, place)).code).toBe(0);
    }
    const before = objects(place).length;
    const { code, out } = await backup(rig, place, '--keep', '2');
    expect(code).toBe(0);
    expect(cells(out, place).at(-1)).toBe('backup 2026-11-23T15-40-00Z-4 in DIR, 2 older ones pruned (8 B)');
    // `one` and `two`: the fourth names what the third named.
    expect(objects(place).length).toBe(before - 2);
    expect((await backup(rig, place, '--verify')).code).toBe(0);
  });

  it('warns where backups of two workspaces lie in one folder, and lets none of the other one go', async () => {
    const { rig, place } = await built();
    const other = new Rig(FILES);
    expect((await backup(other, place)).err).toBe('');
    const { code, err } = await backup(rig, place, '--keep', '1');
    expect([code, err]).toEqual([
      0,
      `warning: the last backup in ${place.path('b')} is one of ${other.dir}, and this one of ${rig.dir}: \`restore\` takes whichever is the newest. Give each workspace a folder of its own\n`,
    ]);
    expect((await backup(rig, place, '--keep', '1')).err).toBe('');
    expect(readdirSync(place.path('b/backups'))).toEqual([
      '2026-11-23T15-40-00Z-3.json',
      '2026-11-23T15-40-00Z.json',
    ]);
    const back = new Rig();
    expect((await restore(back, place, '--at', '2026-11-23T15-40-00Z')).code).toBe(0);
  });

  it('reads all contents with --verify, and the next backup makes good what was damaged or lost', async () => {
    const { rig, place } = await built();
    await backup(rig, place);
    const digestOf = (path: string): string =>
      (
        JSON.parse(place.read('b/backups/2026-11-23T15-40-00Z.json')) as {
          files: { path: string; digest: string }[];
        }
      ).files.find((file) => file.path === path)?.digest ?? '';
    const object = (path: string): string => `b/objects/${digestOf(path).slice(0, 2)}/${digestOf(path)}`;
    chmodSync(place.path(object('in.txt')), 0o644);
    place.write(object('in.txt'), 'mime\n');
    place.remove(object('config.yaml'));
    const found = await backup(rig, place, '--verify');
    expect(found.code).toBe(1);
    expect(found.out).toMatch(
      /^backup 2026-11-23T15-40-00Z: \d+ contents read \(.*\), 2 not as they were\n$/,
    );
    expect(found.err.replaceAll(/[0-9a-f]{12}/g, '#')).toBe(
      'error: content # of config.yaml is missing\nerror: content # of in.txt is damaged\n' +
        '  = the next backup copies it anew as long as the workspace has it; what was damaged lies in `damaged`\n',
    );
    expect((await backup(rig, place)).code).toBe(0);
    expect((await backup(rig, place, '--verify')).err).toBe('');
  });

  it('lets nobody read in the backup what only its owner may read in the workspace', async () => {
    const { rig, place } = await built();
    chmodSync(rig.path('config.yaml'), 0o600);
    chmodSync(rig.path('.pipeline/journal'), 0o640);
    await backup(rig, place);
    const modeOf = (content: string): string[] =>
      objects(place).flatMap((object) =>
        place.read(object) === content ? [(statSync(place.path(object)).mode & 0o777).toString(8)] : [],
      );
    expect(modeOf(FILES['config.yaml'])).toEqual(['400']);
    expect(modeOf(rig.read('.pipeline/journal'))).toEqual(['440']);
    expect(modeOf(FILES['in.txt'])).toEqual(['444']);
    const into = new Rig();
    await restore(into, place);
    expect(statSync(into.path('config.yaml')).mode & 0o777).toBe(0o600);
    expect(statSync(into.path('.pipeline/journal')).mode & 0o777).toBe(0o640);
  });

  it('has no secrets of the environment in it', async () => {
    const { rig, place } = await built();
    rig.write('.env', 'PIPELINE_TOKEN=do-not-tell\n');
    await backup(rig, place);
    const all = place.files('b').map((path) => place.read(path));
    expect(all.filter((text) => text.includes('do-not-tell'))).toEqual([]);
    expect(all.filter((text) => text === FILES['in.txt'])).toHaveLength(1);
  });

  it('counts a backup as the newest although the clock was set back, and never lets that one go', async () => {
    const { rig, place } = await built();
    await backup(rig, place);
    rig.edit('in.txt', () => 'later\n');
    const earlier = { now: () => Date.parse('2026-11-20T00:00:00Z') };
    const { code, out } = await cli(['-C', rig.dir, 'backup', place.path('b'), '--keep', '1'], earlier);
    expect(code).toBe(0);
    expect(cells(out, place).at(-1)).toMatch(
      /^backup 2026-11-23T15-40-00Z-2 in DIR, 1 older one pruned \(.*\)$/,
    );
    const into = new Rig();
    await restore(into, place);
    expect(into.read('in.txt')).toBe('later\n');
  });

  it('names what is damaged on a volume that cannot be written to', async ({ skip }) => {
    const disk = smallDisk(1_000);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    const { rig } = await built();
    const folder = join(disk.path, 'b');
    const into = (...args: readonly string[]) => cli(['-C', rig.dir, 'backup', folder, ...args]);
    expect((await into()).code).toBe(0);
    const object = readdirSync(join(folder, 'objects'), { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, 'objects', name))
      .find((path) => statSync(path).isFile() && readFileSync(path, 'utf8') === 'mine\n');
    if (object === undefined) throw new Error('not there');
    chmodSync(object, 0o644);
    writeFileSync(object, 'mime\n');
    disk.readOnly();
    const { code, err } = await into('--verify');
    expect(code).toBe(1);
    expect(err.replaceAll(/[0-9a-f]{12}/g, '#')).toBe(
      'error: content # of in.txt is damaged\n' +
        '  = the backup cannot be written to: what is damaged stays in its place, and the next backup takes it for whole. Run this again where it can be\n',
    );
    expect(await into()).toMatchObject({
      code: 1,
      err: `error: EROFS: read-only file system, rmdir '${folder}/tmp'\n  = make the folder writable for this user\n`,
    });
    expect(await cli(['-C', rig.dir, 'backup', `${disk.path}/new`])).toMatchObject({
      code: 1,
      err: `error: EROFS: read-only file system, mkdir '${disk.path}/new'\n  = make the folder writable for this user\n`,
    });
  });

  it('lets old backups make room for the new one with --keep, and always has one that is whole', async ({
    skip,
  }) => {
    const disk = smallDisk(400);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    const { rig } = await built();
    const folder = join(disk.path, 'b');
    const into = (...args: readonly string[]) => cli(['-C', rig.dir, 'backup', folder, ...args]);
    const content = (letter: string): string => letter.repeat(100_000);
    for (const letter of ['a', 'b']) {
      rig.edit('in.txt', () => content(letter));
      expect((await into('--keep', '3')).code).toBe(0);
    }
    rig.edit('in.txt', () => content('c'));
    disk.resize(330);
    const full = await into();
    expect(full.code).toBe(1);
    expect(full.err).toMatch(/^error: no room left for /);
    // Of two only one goes.
    const { code, out } = await into('--keep', '2');
    expect([code, out.split('\n').at(-2)]).toEqual([
      0,
      expect.stringMatching(/, 1 older one pruned \(100 kB\)$/),
    ]);
    expect((await into('--verify')).code).toBe(0);
    const restored = new Rig();
    await cli(['-C', restored.dir, 'restore', folder]);
    expect(restored.read('in.txt')).toBe(content('c'));
  });

  it('says now and then how far it is, and so does a restore', async () => {
    const { rig, place } = await built();
    const slow = () => {
      let now = Date.parse('2026-11-23T15:40:00Z');
      return {
        now: () => {
          now += 4_000;
          return now;
        },
      };
    };
    const made = await cli(['-C', rig.dir, 'backup', place.path('b')], slow());
    expect(made.code).toBe(0);
    expect(made.err.replaceAll(/, .* of .*/g, ', …')).toBe(
      [1, 4, 7, 10].map((many) => `progress  ${many} of 12 files, …\n`).join(''),
    );
    const into = new Rig();
    const back = await cli(['-C', into.dir, 'restore', place.path('b')], slow());
    expect(back.err).toMatch(/^(progress {2}\d+ of 12 files, \S+ k?B of \S+ kB\n){4}$/);
    expect((await cli(['-q', 'backup', place.path('b'), '--verify'], slow())).err).toBe('');
  });

  it('goes on after a crash, whatever it left', async () => {
    const { rig, place } = await built();
    mkdirSync(place.path('b'));
    // Killed before the mark had its name.
    place.write('b/pipeline-backup.partial', 'pipeli');
    expect((await backup(rig, place)).code).toBe(0);
    place.write('b/tmp/123-0', 'half of something');
    const [object = ''] = objects(place);
    chmodSync(place.path(object), 0o644);
    writeFileSync(place.path(object), '');
    expect((await backup(rig, place)).code).toBe(0);
    expect(place.files('b/tmp')).toEqual([]);
    expect((await backup(rig, place, '--verify')).code).toBe(0);
  });

  it('lets two of them go one after the other', async () => {
    const { rig, place } = await built();
    const both = await Promise.all([backup(rig, place), backup(rig, place)]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.map(({ err }) => err).join('')).toMatch(
      /^warning: waiting for who is at this backup: process \d+, backup\n$/,
    );
    expect(readdirSync(place.path('b/backups'))).toHaveLength(2);
    expect((await backup(rig, place, '--verify')).code).toBe(0);
  });

  it('waits for no build: what is there is whole', async () => {
    const { rig, place } = await built();
    const state = await BuildState.open(rig.dir, {
      holder: 'a build',
      wait: false,
      onWaiting: () => undefined,
      signal: new AbortController().signal,
    });
    expect(await backup(rig, place)).toMatchObject({ code: 0, err: '' });
    await state?.close();
  });

  it('follows links, and keeps what lies behind them', async () => {
    const { rig, place } = await built();
    const elsewhere = new Rig({ 'in.txt': 'mine\n' });
    rig.remove('in.txt');
    symlinkSync(elsewhere.path('in.txt'), rig.path('in.txt'));
    await backup(rig, place);
    const empty = new Rig();
    expect((await restore(empty, place, 'in.txt')).code).toBe(0);
    expect(empty.read('in.txt')).toBe('mine\n');
  });

  it.each([
    [
      'lies in the workspace that is to be backed up: what takes the one takes the other. Name a folder elsewhere, best on another disk',
      'w/inside',
    ],
    [
      'is no backup, and not empty (it holds "letters"): nothing was written. Name a new or an empty folder',
      'taken',
    ],
    ['is a file, and backups lie in a folder', 'file'],
    ['is a link to nowhere', 'nowhere'],
    ['written by a newer pipeline (version 2 of the backup, this one reads 1): use that version', 'newer'],
  ])('refuses a folder that %s', async (why, folder) => {
    const place = new Rig({ 'taken/letters': '', file: '', 'newer/pipeline-backup': 'pipeline backup 2\n' });
    for (const [path, text] of Object.entries(FILES)) place.write(`w/${path}`, text);
    symlinkSync('gone', place.path('nowhere'));
    const before = place.files('.');
    const { code, err } = await cli(['-C', place.path('w'), 'backup', place.path(folder)]);
    expect(code).toBe(2);
    expect(err).toMatch(new RegExp(`^error: .*/${folder}:? `));
    expect(err).toContain(why);
    expect(place.files('.')).toEqual(before);
  });

  it.each([
    [['--keep', '0'], 'error: --keep 0 is no number of backups\n  = give a whole number from 1, e.g. 30\n'],
    [
      ['--verify', '--keep', '2'],
      'error: --verify makes no backup: it goes with neither --keep nor --dry-run\n  = run it by itself\n',
    ],
  ])('refuses %j', async (args, err) => {
    const rig = new Rig(FILES);
    expect(await backup(rig, new Rig(), ...args)).toEqual({ code: 2, out: '', err });
  });
});

it('a repository that is closed can be opened again', async () => {
  const place = new Rig();
  const options = { holder: 'a test', onWaiting: () => undefined, signal: new AbortController().signal };
  const first = await Repository.open(place.path('b'), { ...options, create: true });
  await first.close();
  const second = await Repository.open(place.path('b'), { ...options, create: false });
  expect(second.names()).toEqual([]);
  await second.close();
});
