/** `pipeline restore`: what is put back, what is left alone, and what a build does then. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatIndex, parseIndex } from '../../src/engine/backup/index-file.ts';
import { BuildState } from '../../src/engine/state/workspace-state.ts';
import { Rig } from '../rig.ts';
import { backup, built, FILES, objects, restore } from './backed-up.ts';
import { cli } from './cli.ts';

const PROJECT = join(import.meta.dirname, '../..');

describe('restore', () => {
  it('puts all back into an empty folder, where a build has nothing to do then', async () => {
    const { rig, place } = await built();
    chmodSync(rig.path('in.txt'), 0o640);
    await backup(rig, place);
    const empty = new Rig();
    const into = empty.path('new');
    const { code, out, err } = await cli(['-C', into, 'restore', place.path('b')]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^12 files put back \(.*\), from backup 2026-11-23T15-40-00Z\n$/);
    expect(readdirSync(join(into, 'empty'))).toEqual(['a', 'b']);
    expect(statSync(join(into, 'in.txt')).mode & 0o777).toBe(0o640);
    expect(readFileSync(join(into, 'latest/total.txt'), 'utf8')).toBe('a\nmine\nb\nmine\n');
    expect(await cli(['-C', into, 'build', '--offline'])).toMatchObject({
      code: 0,
      out: '',
      err: 'nothing to do: 7 targets fresh\n',
    });
    expect((await cli(['-C', into, 'verify'])).code).toBe(0);
    expect((await cli(['-C', into, 'build', '--locked'])).code).toBe(0);
  });

  it('puts back what is missing, and leaves alone and names what differs', async () => {
    const { rig, place } = await built();
    await backup(rig, place);
    rig.remove('out');
    rig.edit('in.txt', () => 'edited\n');
    const { code, out, err } = await restore(rig, place);
    expect(code).toBe(1);
    expect(out).toMatch(/^2 files put back \(14 B\), 7 were there already, from backup /);
    expect(err).toBe(
      'error: in.txt is there and differs: it was left alone\n  = --force puts the backup in its place\n',
    );
    expect(rig.read('in.txt')).toBe('edited\n');
    const forced = await restore(rig, place, '--force', 'in.txt');
    expect([forced.code, rig.read('in.txt')]).toEqual([0, 'mine\n']);
    expect((await cli(['-C', rig.dir, 'build'])).err).toBe('nothing to do: 7 targets fresh\n');
  });

  it('goes back to an earlier backup as a whole, and a build has nothing to do then', async () => {
    const { rig, place } = await built();
    await backup(rig, place);
    rig.edit('in.txt', () => 'edited\n');
    await cli(['-C', rig.dir, 'build']);
    await backup(rig, place);
    expect((await restore(rig, place, '--force', '--at', '2026-11-23T15-40-00Z')).code).toBe(0);
    expect(rig.read('out/a/text')).toBe('a\nmine\n');
    expect((await cli(['-C', rig.dir, 'build', '--offline'])).err).toBe('nothing to do: 7 targets fresh\n');
    expect((await cli(['-C', rig.dir, 'verify'])).code).toBe(0);
  });

  it('leaves `latest` at the last run where the workspace has a later one than the backup', async () => {
    const { rig, place } = await built();
    await backup(rig, place);
    rig.edit('in.txt', () => 'edited\n');
    await cli(['-C', rig.dir, 'build']);
    const [latest, first] = [
      readlinkSync(rig.path('latest')),
      place.read('b/backups/2026-11-23T15-40-00Z.json'),
    ];
    const before = /"(runs\/[^/]+)\/total.txt"/.exec(first)?.[1] ?? '';
    expect(latest).not.toBe(before);
    rig.remove(before);
    await restore(rig, place);
    expect([rig.has(`${before}/total.txt`), readlinkSync(rig.path('latest'))]).toEqual([true, latest]);
    await restore(rig, place, '--force');
    expect(readlinkSync(rig.path('latest'))).toBe(before);
  });

  it('puts back the lockfile as one, with the files that it lies in', async () => {
    const { rig, place } = await built();
    rig.write('pipeline.lock', 'pipeline.lock 1\nas-of 2024-03-31T23:59:00Z\nsharded\n');
    rig.write('pipeline.lock.d/fetched/a', 'pipeline.lock 1\n');
    await backup(rig, place);
    const shards = (at: Rig) => at.files('pipeline.lock.d');
    rig.write('pipeline.lock', 'pipeline.lock 1\nas-of 2024-04-01T23:59:00Z\nsharded\n');
    rig.write('pipeline.lock.d/extra/a', 'pipeline.lock 1\n');
    rig.remove('pipeline.lock.d/fetched/a');
    // No mixture of two.
    expect((await restore(rig, place)).err).toMatch(/^error: pipeline.lock is there and differs/);
    expect(shards(rig)).toEqual(['pipeline.lock.d/extra/a']);
    expect((await restore(rig, place, '--force', 'in.txt')).code).toBe(0);
    expect(shards(rig)).toEqual(['pipeline.lock.d/extra/a']);
    expect((await restore(rig, place, '--force')).code).toBe(0);
    expect(shards(rig)).toEqual(['pipeline.lock.d/fetched/a']);
  });

  it('restores a selection: files, and folders with all in them', async () => {
    const { rig, place } = await built();
    await backup(rig, place);
    const empty = new Rig();
    expect((await restore(empty, place, 'raw/', 'config.yaml')).code).toBe(0);
    expect(empty.files('.').filter((path) => !path.startsWith('.pipeline/'))).toEqual([
      'config.yaml',
      'raw/a.txt',
      'raw/b.txt',
      'raw/old/a.txt',
    ]);
    const { code, err } = await restore(empty, place, 'raw/c.txt');
    expect([code, err]).toEqual([
      2,
      'error: nothing of this backup lies at raw/c.txt: `pipeline restore DIR --list --at NAME` lists what it has\n',
    ]);
  });

  it('puts what lies outside of the workspace back only where it is asked for by its path', async () => {
    const elsewhere = new Rig();
    const rig = new Rig({
      'pipeline.yaml': `version: 1\nrules:\n  one: { out: { text: "${elsewhere.path('far/one.txt')}" }, run: "echo 1 > \${out.text}" }\n`,
    });
    expect((await cli(['-C', rig.dir, 'build'])).code).toBe(0);
    const place = new Rig();
    expect((await backup(rig, place)).code).toBe(0);
    elsewhere.write('far/one.txt', 'another workspace has made this\n');
    const drill = new Rig();
    const left = {
      code: 1,
      err:
        `error: ${elsewhere.path('far/one.txt')}: outside of the workspace, missing or not as in the backup: left alone\n` +
        `  = name the files or their folder to put them there: \`pipeline restore DIR ${elsewhere.path('far')}\`\n`,
    };
    expect(await restore(drill, place, '--force')).toMatchObject(left);
    expect(await restore(drill, place, '--force', '.')).toMatchObject({ code: 0, err: '' });
    expect(elsewhere.read('far/one.txt')).toBe('another workspace has made this\n');
    elsewhere.remove('far');
    expect(await restore(rig, place)).toMatchObject(left);
    expect((await restore(rig, place, elsewhere.path('far'))).code).toBe(0);
    expect(elsewhere.read('far/one.txt')).toBe('1\n');
    expect(await restore(rig, place)).toMatchObject({ code: 0, err: '' });
    expect((await cli(['-C', rig.dir, 'build'])).err).toBe('nothing to do: 1 target fresh\n');
  });

  it('never leaves the workspace by what an index says', async () => {
    const { rig, place } = await built();
    await backup(rig, place);
    const path = place.path('b/backups/2026-11-23T15-40-00Z.json');
    const index = parseIndex(readFileSync(path, 'utf8'));
    const file = typeof index === 'string' ? undefined : index.files.find((each) => each.path === 'in.txt');
    if (typeof index === 'string' || file === undefined) throw new Error('unreadable');
    const lure = new Rig();
    const strange = [lure.path('one'), '../two', 'raw/../../two', `in.txt/../../two`];
    const files = strange.map((each) => ({ ...file, path: each }));
    writeFileSync(
      path,
      formatIndex({ ...index, files: [...index.files, ...files], folders: ['../two', 'in.txt'] }),
    );
    const into = new Rig();
    const { code, err } = await cli(['-C', into.path('w'), 'restore', place.path('b'), '--force']);
    expect(code).toBe(1);
    // Once as a folder.
    expect(err).toMatch(/^error: .*\/one and 4 more: outside of the workspace, /);
    expect(err).toContain('error: in.txt: the folder ');
    expect([lure.files('.'), readdirSync(into.dir)]).toEqual([[], ['w']]);
    expect(into.read('w/in.txt')).toBe('mine\n');
  });

  it('brings all else for a user without privileges, too, where a content is damaged', async ({ skip }) => {
    if (process.getuid?.() !== 0) return skip('becoming another user needs root');
    const { rig, place } = await built();
    await backup(rig, place);
    for (const object of objects(place))
      if (place.read(object) === FILES['config.yaml']) {
        chmodSync(place.path(object), 0o644);
        place.write(object, 'keys: [a, c]\n');
        chmodSync(place.path(object), 0o444);
      }
    const into = new Rig();
    for (const each of [place, into]) execFileSync('chown', ['-R', '65534:65534', each.dir]);
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'src/main.ts', '-C', into.dir, 'restore', place.path('b')],
      { cwd: PROJECT, uid: 65_534, gid: 65_534, encoding: 'utf8', env: { PATH: process.env['PATH'] } },
    );
    expect([status, stderr.split('\n').length]).toEqual([1, 3]);
    expect(stderr).toContain('error: config.yaml: its content in the backup is damaged');
    expect(into.files('.').filter((path) => !path.startsWith('.pipeline/'))).toHaveLength(9);
  });

  it('never puts damaged content in place', async () => {
    const { rig, place } = await built();
    await backup(rig, place);
    for (const object of objects(place)) {
      chmodSync(place.path(object), 0o644);
      if (place.read(object) === 'mine\n') place.write(object, 'mime\n');
      if (place.read(object) === FILES['config.yaml']) rmSync(place.path(object));
    }
    const empty = new Rig();
    const { code, err } = await restore(empty, place);
    expect(code).toBe(1);
    expect(err.replaceAll(place.dir, '').replaceAll(/[0-9a-f]{64}|[0-9a-f]{12}/g, '#')).toMatch(
      /^error: config.yaml: the backup has lost its content #\nerror: in.txt: its content in the backup is damaged: \/b\/objects\/..\/#\n {2}= an older backup may have them/,
    );
    expect([empty.has('in.txt'), empty.has('pipeline.yaml')]).toEqual([false, true]);
  });

  it('says where folders and files stand in each other’s way, and brings all else', async () => {
    const { rig, place } = await built();
    await backup(rig, place);
    const other = new Rig({ 'in.txt/x': '', raw: 'a file' });
    const { code, err } = await restore(other, place);
    expect(code).toBe(1);
    expect(err).toContain('in.txt is a folder, and the output is a file of that name\n');
    expect(err).toContain(
      `the folder ${other.path('raw')} cannot be made: a file or a link to nowhere stands in its way\n`,
    );
    expect(other.has('out/a/text')).toBe(true);
  });

  it('says that a folder holds no backup, and which ones there are', async () => {
    const { rig, place } = await built();
    expect(await restore(rig, place)).toMatchObject({
      code: 2,
      err: `error: ${place.path('b')}: there is no backup: no such folder\n`,
    });
    await backup(rig, place);
    expect(await restore(rig, place, '--at', '2026-01-01T00-00-00Z')).toMatchObject({
      code: 2,
      err: `error: ${place.path('b')}: no backup is called 2026-01-01T00-00-00Z: the last one is 2026-11-23T15-40-00Z\n`,
    });
    const index = place.path('b/backups/2026-11-23T15-40-00Z.json');
    writeFileSync(index, readFileSync(index, 'utf8').replace('"in.txt"', '"on.txt"'));
    expect(await restore(rig, place)).toMatchObject({
      code: 2,
      err: `error: ${index}: it is damaged: its checksum differs. Name another backup with --at\n`,
    });
    expect(existsSync(rig.path('on.txt'))).toBe(false);
  });

  it('waits for a build', async () => {
    const { rig, place } = await built();
    await backup(rig, place);
    const state = await BuildState.open(rig.dir, {
      holder: 'a build',
      wait: false,
      onWaiting: () => undefined,
      signal: new AbortController().signal,
    });
    const waiting = restore(rig, place);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await state?.close();
    expect(await waiting).toMatchObject({ code: 0, err: 'warning: waiting for another command: a build\n' });
  });
});
