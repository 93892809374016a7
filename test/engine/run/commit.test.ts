import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import type { Ownership, Placement } from '../../../src/engine/run/commit.ts';
import { clearPlaces, putInPlace } from '../../../src/engine/run/commit.ts';
import { pointLatest } from '../../../src/engine/run/latest-link.ts';
import { PlaceTaken } from '../../../src/engine/run/place-taken.ts';
import { filesBelow } from '../../../src/engine/state/files.ts';
import { messageOf, put, scratch } from '../state/scratch.ts';

function file(folder: string, name: string, text: string): Placement {
  const temporary = join(folder, 'tmp', name, 'out');
  put(temporary, text);
  return { temporary, final: join(folder, 'final', name), directory: false };
}

function directory(folder: string, name: string, files: Readonly<Record<string, string>>): Placement {
  const temporary = join(folder, 'tmp', name, 'out');
  mkdirSync(temporary, { recursive: true });
  for (const [path, text] of Object.entries(files)) put(join(temporary, path), text);
  return { temporary, final: join(folder, 'final', name), directory: true };
}

/** What is displaced goes to a folder of that name, beside that of outputs. */
function ownership(written: readonly string[], noted: (readonly string[])[] = []): Ownership<Placement> {
  return {
    written: () => new Set(written),
    note: (_, names) => void noted.push([...names].sort()),
    displace: ({ final }, name) => {
      const to = join(dirname(dirname(final)), 'displaced', name);
      mkdirSync(dirname(to), { recursive: true });
      renameSync(join(final, name), to);
    },
  };
}

/** Puts outputs in place; `written`: what builds have put into each directory among them. Returns what was noted of it. */
function place(
  outputs: readonly Placement[],
  written: readonly string[] = [],
): readonly (readonly string[])[] {
  const noted: (readonly string[])[] = [];
  putInPlace(outputs, ownership(written, noted));
  return noted;
}

function contents(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    filesBelow(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );
}

function otherVolume(): string | undefined {
  const shm = statSync('/dev/shm', { throwIfNoEntry: false });
  return shm !== undefined && shm.dev !== statSync(scratch()).dev ? '/dev/shm' : undefined;
}

describe('a file output', () => {
  it('is put in place, its folders made, and leaves nothing behind', () => {
    const folder = scratch();
    place([file(folder, 'a/b/c.txt', 'new'), file(folder, 'd.txt', 'too')]);
    expect(contents(join(folder, 'final'))).toEqual({ 'a/b/c.txt': 'new', 'd.txt': 'too' });
    expect(filesBelow(join(folder, 'tmp'))).toEqual([]);
  });

  it('replaces the last one', () => {
    const folder = scratch({ 'final/c.txt': 'a longer old text' });
    place([file(folder, 'c.txt', 'new')]);
    expect(contents(join(folder, 'final'))).toEqual({ 'c.txt': 'new' });
  });

  it('replaces a link, and leaves what it led to alone', () => {
    const folder = scratch({ precious: 'old', 'final/x': '' });
    symlinkSync('../precious', join(folder, 'final/c.txt'));
    place([file(folder, 'c.txt', 'new')]);
    expect(lstatSync(join(folder, 'final/c.txt')).isFile()).toBe(true);
    expect(readFileSync(join(folder, 'precious'), 'utf8')).toBe('old');
  });

  it('replaces a link to a folder just so', () => {
    const folder = scratch({ 'precious/x': 'old', 'final/x': '' });
    symlinkSync('../precious', join(folder, 'final/c.txt'));
    place([file(folder, 'c.txt', 'new')]);
    expect(readFileSync(join(folder, 'final/c.txt'), 'utf8')).toBe('new');
    expect(contents(join(folder, 'precious'))).toEqual({ x: 'old' });
  });

  it('that the task wrote as a link becomes the content that it led to', () => {
    const folder = scratch({ 'in/a': 'content' });
    const placed = file(folder, 'c.txt', '');
    const linked = { ...placed, temporary: `${placed.temporary}-link` };
    symlinkSync('../../in/a', linked.temporary);
    place([linked]);
    expect(lstatSync(join(folder, 'final/c.txt')).isFile()).toBe(true);
    expect(contents(folder)).toMatchObject({ 'final/c.txt': 'content', 'in/a': 'content' });
  });

  it('is never seen half-written by who reads it all the time', async () => {
    const folder = scratch();
    const size = 1 << 20;
    const final = join(folder, 'final/big');
    place([file(folder, 'big', '0'.repeat(size))]);
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const reader = new Worker(
      `const { workerData: { final, size, stop }, parentPort } = require('node:worker_threads');
       const { readFileSync } = require('node:fs');
       const seen = new Set(); let bad = 0;
       parentPort.postMessage('reads');
       do {
         const text = readFileSync(final, 'latin1');
         if (text.length !== size || text !== text[0].repeat(size)) bad++;
         seen.add(text[0]);
       } while (Atomics.load(stop, 0) === 0);
       parentPort.postMessage({ bad, seen: seen.size });`,
      { eval: true, workerData: { final, size, stop } },
    );
    const next = (): Promise<unknown> => new Promise((resolve) => reader.once('message', resolve));
    await next();
    const last = next();
    for (let round = 1; round < 60; round++) {
      place([file(folder, 'big', String(round % 10).repeat(size))]);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    Atomics.store(stop, 0, 1);
    const { bad, seen } = (await last) as { bad: number; seen: number };
    expect(bad).toBe(0);
    expect(seen).toBeGreaterThan(1);
  });

  it('goes to another volume than the temporary folder, whole', ({ skip }) => {
    const other = otherVolume() ?? skip('there is no second volume here');
    const folder = scratch();
    const far = scratch({ 'c.txt': 'old' }, other);
    symlinkSync(far, join(folder, 'final'));
    place([file(folder, 'c.txt', 'new'), file(folder, 'sub/d.txt', 'too')]);
    expect(contents(far)).toEqual({ 'c.txt': 'new', 'sub/d.txt': 'too' });
  });
});

describe('a directory output', () => {
  it('is put in place file by file, and loses what is no longer written', () => {
    const folder = scratch({
      'final/data/old.txt': 'old',
      'final/data/both.txt': 'old',
      'final/data/deep/er/old.txt': 'old',
      'final/beside.txt': 'kept',
    });
    const noted = place(
      [directory(folder, 'data', { 'both.txt': 'new', 'sub/new.txt': 'new' })],
      ['both.txt', 'deep/er/old.txt', 'old.txt', 'gone.txt'],
    );
    expect(noted).toEqual([
      ['both.txt', 'deep/er/old.txt', 'old.txt', 'sub/new.txt'],
      ['both.txt', 'sub/new.txt'],
    ]);
    expect(contents(join(folder, 'final'))).toEqual({
      'beside.txt': 'kept',
      'data/both.txt': 'new',
      'data/sub/new.txt': 'new',
    });
    expect(readdirSync(join(folder, 'final/data')).sort()).toEqual(['both.txt', 'sub']);
  });

  it('may be empty, and may become so', () => {
    const folder = scratch({ 'final/data/old/x': '' });
    expect(place([directory(folder, 'data', {}), directory(folder, 'other', {})], ['old/x'])).toEqual([
      ['old/x'],
      [],
      [],
    ]);
    expect(readdirSync(join(folder, 'final/data'))).toEqual([]);
    expect(readdirSync(join(folder, 'final/other'))).toEqual([]);
  });

  it('may have a file where it had a folder, and a folder where it had a file', () => {
    const folder = scratch({ 'final/data/a/x': 'old', 'final/data/b': 'old', 'final/data/a/y/z': 'old' });
    place([directory(folder, 'data', { a: 'new', 'b/c/d': 'new' })], ['a/x', 'b', 'a/y/z']);
    expect(contents(join(folder, 'final/data'))).toEqual({ a: 'new', 'b/c/d': 'new' });
  });

  it('never reaches through a link, neither to write nor to delete', () => {
    const folder = scratch({ 'precious/x': 'old', 'precious/sub/y': 'old', 'final/data/f': 'old' });
    symlinkSync('../../precious', join(folder, 'final/data/linked'));
    symlinkSync('../../precious', join(folder, 'final/data/gone'));
    symlinkSync('nowhere', join(folder, 'final/data/dangling'));
    place(
      [directory(folder, 'data', { 'linked/x': 'new', 'linked/sub/z': 'new' })],
      ['dangling', 'f', 'gone/x'],
    );
    expect(contents(join(folder, 'final/data'))).toEqual({ 'linked/sub/z': 'new', 'linked/x': 'new' });
    expect(readdirSync(join(folder, 'final/data'))).toEqual(['linked']);
    expect(contents(join(folder, 'precious'))).toEqual({ 'sub/y': 'old', x: 'old' });
  });

  it('holds the content of what the task linked, and takes nothing from there', () => {
    const folder = scratch({ 'in/a': 'A', 'in/sub/a': 'SA', 'in/sub.a': 'other' });
    const placed = directory(folder, 'data', { own: 'own' });
    symlinkSync(join(folder, 'in/a'), join(placed.temporary, 'a'));
    symlinkSync(join(folder, 'in/sub'), join(placed.temporary, 'sub'));
    symlinkSync(join(folder, 'in/sub.a'), join(placed.temporary, 'sub.a'));
    symlinkSync('nowhere', join(placed.temporary, 'dangling'));
    place([placed]);
    expect(contents(join(folder, 'final/data'))).toEqual({
      a: 'A',
      own: 'own',
      'sub/a': 'SA',
      'sub.a': 'other',
    });
    expect(lstatSync(join(folder, 'final/data/sub')).isDirectory()).toBe(true);
    expect(lstatSync(join(folder, 'final/data/a')).isFile()).toBe(true);
    expect(contents(join(folder, 'in'))).toEqual({ a: 'A', 'sub.a': 'other', 'sub/a': 'SA' });
  });

  it('goes to another volume', ({ skip }) => {
    const other = otherVolume() ?? skip('there is no second volume here');
    const folder = scratch();
    const far = scratch({ 'data/old': 'old', 'data/a': 'old' }, other);
    symlinkSync(far, join(folder, 'final'));
    place([directory(folder, 'data', { a: 'new', 'b/c': 'new' })], ['old']);
    expect(contents(far)).toEqual({ 'data/a': 'new', 'data/b/c': 'new' });
  });

  it('clears away the copy that a crash has left under the name it had until it was whole', () => {
    const folder = scratch({ 'final/data/.a.partial': 'ha', 'final/data/sub/.b.partial': 'ha' });
    place([directory(folder, 'data', { a: 'new' })], ['sub/b']);
    expect(contents(join(folder, 'final'))).toEqual({ 'data/a': 'new' });
  });

  it('takes the place of a link, and leaves alone what it led to', () => {
    const folder = scratch({ 'precious/thesis.doc': 'mine', 'precious/sub/x': 'mine', 'final/beside': '' });
    symlinkSync('../precious', join(folder, 'final/data'));
    symlinkSync('nowhere', join(folder, 'final/dangling'));
    symlinkSync('beside', join(folder, 'final/empty'));
    place(
      [
        directory(folder, 'data', { 'sub/x': 'new' }),
        directory(folder, 'dangling', { x: 'new' }),
        directory(folder, 'empty', {}),
      ],
      ['sub/x', 'thesis.doc'],
    );
    expect(contents(join(folder, 'precious'))).toEqual({ 'sub/x': 'mine', 'thesis.doc': 'mine' });
    for (const name of ['data', 'dangling', 'empty'])
      expect(lstatSync(join(folder, 'final', name)).isDirectory()).toBe(true);
    expect(contents(join(folder, 'final'))).toEqual({
      beside: '',
      'dangling/x': 'new',
      'data/sub/x': 'new',
    });
  });
});

describe('a file in a directory output that no build has put there', () => {
  it.each([
    ['beside what is written', { 'thesis.doc': 'mine', 'old.txt': 'old' }, ['old.txt'], 'thesis.doc'],
    ['in a folder where a file goes', { 'a/mine': 'mine', 'a/old': 'old' }, ['a/old'], 'a/mine'],
    ['where a folder goes', { b: 'mine' }, ['b/c'], 'b'],
    ['where a folder was', { sub: 'mine' }, ['sub/x'], 'sub'],
  ] as const)('%s, is displaced, and what is written takes its place', (_, files, written, name) => {
    const folder = scratch({ 'final/a.txt': 'old' });
    for (const [path, text] of Object.entries(files)) put(join(folder, 'final/data', path), text);
    const outputs = [file(folder, 'a.txt', 'new'), directory(folder, 'data', { a: 'new', 'b/c': 'new' })];
    place(outputs, written);
    expect(contents(join(folder, 'final'))).toEqual({ 'a.txt': 'new', 'data/a': 'new', 'data/b/c': 'new' });
    expect(contents(join(folder, 'displaced'))).toEqual({ [name]: 'mine' });
  });

  it('may be a link, also one to nowhere', () => {
    for (const goal of ['../../precious', 'nowhere']) {
      const folder = scratch({ 'precious/x': 'mine', 'final/data/a': 'old' });
      symlinkSync(goal, join(folder, 'final/data/z'));
      place([directory(folder, 'data', { a: 'new' })], ['a']);
      expect(readlinkSync(join(folder, 'displaced/z'))).toBe(goal);
      expect(contents(join(folder, 'final/data'))).toEqual({ a: 'new' });
      expect(contents(join(folder, 'precious'))).toEqual({ x: 'mine' });
    }
  });

  it('is displaced as well when all that was written there goes', () => {
    const folder = scratch({
      'final/data/sub/mine': 'mine',
      'final/data/sub/old': 'old',
      'final/one': 'old',
    });
    clearPlaces([directory(folder, 'data', {}), file(folder, 'one', '')], ownership(['sub/old']));
    expect(contents(join(folder, 'displaced'))).toEqual({ 'sub/mine': 'mine' });
    expect(readdirSync(join(folder, 'final'))).toEqual([]);
  });

  it('gives way where a file of that name is written', () => {
    const folder = scratch({ 'final/data/a': 'mine' });
    expect(place([directory(folder, 'data', { a: 'new' })])).toEqual([['a']]);
    expect(contents(join(folder, 'final/data'))).toEqual({ a: 'new' });
  });
});

describe('something else in the way', () => {
  it('of a file is an error that names it, and no output is touched', () => {
    const folder = scratch({ 'final/a.txt': 'old', 'final/b.txt/inside': 'old' });
    const outputs = [file(folder, 'a.txt', 'new'), file(folder, 'b.txt', 'new')];
    expect(messageOf(() => place(outputs))).toBe(
      `${folder}/final/b.txt is a folder, and the output is a file of that name`,
    );
    expect(contents(join(folder, 'final'))).toEqual({ 'a.txt': 'old', 'b.txt/inside': 'old' });
  });

  it('of a directory is an error that names it, and no output is touched', () => {
    const folder = scratch({ 'final/a.txt': 'old', 'final/data': 'old' });
    const outputs = [file(folder, 'a.txt', 'new'), directory(folder, 'data', { x: 'new' })];
    expect(messageOf(() => place(outputs))).toBe(
      `${folder}/final/data is a file, and the output is a directory of that name`,
    );
    expect(contents(join(folder, 'final'))).toEqual({ 'a.txt': 'old', data: 'old' });
  });

  for (const what of ['a file', 'a link to nowhere']) {
    it(`above an output, ${what}, is an error that names the folder, and no output is touched`, () => {
      const folder = scratch({ 'final/a.txt': 'old' });
      if (what === 'a file') put(join(folder, 'final/sub'), 'old');
      else symlinkSync('nowhere', join(folder, 'final/sub'));
      const outputs = [file(folder, 'a.txt', 'new'), file(folder, 'sub/b.txt', 'new')];
      const act = (): unknown => place(outputs);
      expect(messageOf(act)).toBe(
        `the folder ${folder}/final/sub cannot be made: a file or a link to nowhere stands in its way`,
      );
      expect(act).toThrowError(PlaceTaken);
      expect(readFileSync(join(folder, 'final/a.txt'), 'utf8')).toBe('old');
    });
  }

  it('has the code that the file system would give', () => {
    const folder = scratch({ 'final/x/inside': '', 'final/y': '' });
    const code = (act: () => void): unknown => {
      try {
        act();
      } catch (thrown) {
        return thrown instanceof PlaceTaken ? thrown.code : thrown;
      }
      return undefined;
    };
    expect(code(() => place([file(folder, 'x', '')]))).toBe('EISDIR');
    expect(code(() => place([directory(folder, 'y', {})]))).toBe('ENOTDIR');
  });
});

describe('an output that shares its inode with an input', () => {
  it('is replaced, not written through', () => {
    const folder = scratch({ 'in/a': 'old' });
    const placed = file(folder, 'a', 'x');
    const hard = { ...placed, temporary: `${placed.temporary}-hard` };
    linkSync(join(folder, 'in/a'), hard.temporary);
    place([hard]);
    place([file(folder, 'a', 'new')]);
    expect(contents(folder)).toMatchObject({ 'final/a': 'new', 'in/a': 'old' });
  });
});

describe('latest', () => {
  it('points at the last run beside it, and swaps', () => {
    const folder = scratch({ 'reports/r1/a.csv': '1', 'reports/r2/a.csv': '2' });
    for (const run of ['r1', 'r2', 'r2', 'r1']) {
      pointLatest(join(folder, `reports/${run}/a.csv`), run);
      expect(readlinkSync(join(folder, 'reports/latest'))).toBe(run);
    }
    expect(readdirSync(join(folder, 'reports')).sort()).toEqual(['latest', 'r1', 'r2']);
  });

  it('stands above a folder that is called runs', () => {
    const folder = scratch({ 'reports/runs/r1/a.csv': '1' });
    pointLatest(join(folder, 'reports/runs/r1/a.csv'), 'r1');
    expect(readlinkSync(join(folder, 'reports/latest'))).toBe('runs/r1');
    expect(readFileSync(join(folder, 'reports/latest/a.csv'), 'utf8')).toBe('1');
  });

  it('is no business of an output outside of the run', () => {
    const folder = scratch({ 'out/a.csv': '1' });
    pointLatest(join(folder, 'out/a.csv'), 'r1');
    pointLatest(join(folder, 'out/r1'), 'r1');
    expect(readdirSync(join(folder, 'out'))).toEqual(['a.csv']);
  });

  it('takes the place of a link to nowhere, and of what a crash left', () => {
    const folder = scratch({ 'reports/r1/a.csv': '1' });
    symlinkSync('r0', join(folder, 'reports/latest'));
    symlinkSync('r0', join(folder, 'reports/.latest.partial'));
    pointLatest(join(folder, 'reports/r1/a.csv'), 'r1');
    expect(readlinkSync(join(folder, 'reports/latest'))).toBe('r1');
    expect(readdirSync(join(folder, 'reports')).sort()).toEqual(['latest', 'r1']);
  });

  for (const kind of ['folder', 'file'] as const) {
    it(`never replaces a plain ${kind} of that name`, () => {
      const folder = scratch({ 'reports/r1/a.csv': '1' });
      const latest = join(folder, 'reports/latest');
      if (kind === 'folder') mkdirSync(latest);
      else writeFileSync(latest, 'mine');
      const point = (): void => pointLatest(join(folder, 'reports/r1/a.csv'), 'r1');
      expect(messageOf(point)).toBe(
        `${latest} is a ${kind}, and the link to the last run has that name: move it away`,
      );
      expect(point).toThrowError(PlaceTaken);
      expect(lstatSync(latest).isSymbolicLink()).toBe(false);
      expect(existsSync(join(folder, 'reports/.latest.partial'))).toBe(false);
    });
  }
});
