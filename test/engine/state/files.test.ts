import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  entriesBelow,
  filesBelow,
  nearestExisting,
  onSameVolume,
  removeTree,
  replaceFile,
  statOf,
} from '../../../src/engine/state/files.ts';
import { putPipe, scratch } from './scratch.ts';

const otherVolume = (): string | undefined => {
  const shm = statSync('/dev/shm', { throwIfNoEntry: false });
  return shm !== undefined && shm.dev !== statSync(scratch()).dev ? '/dev/shm' : undefined;
};

describe('walking a folder', () => {
  it('lists names in code-unit order, below folders of any name', () => {
    const folder = scratch({ 'b/z': '', 'b/a': '', a: '', 'B/é': '', 'a b/c\nd': '', '.hidden': '' });
    const names = ['.hidden', 'B/é', 'a', 'a b/c\nd', 'b/a', 'b/z'];
    expect(filesBelow(folder)).toEqual(names);
    expect(entriesBelow(folder)).toEqual(names);
  });

  it('follows links for content, and takes them for what they are otherwise', () => {
    const folder = scratch({ 'x/a': '', 'real/b': '' });
    symlinkSync('../real', join(folder, 'x/linked'));
    symlinkSync('../real/b', join(folder, 'x/file'));
    symlinkSync('nowhere', join(folder, 'x/dangling'));
    symlinkSync('..', join(folder, 'x/up'));
    expect(filesBelow(join(folder, 'x'))).toEqual(['a', 'file', 'linked/b', 'up/real/b']);
    expect(entriesBelow(join(folder, 'x'))).toEqual(['a', 'dangling', 'file', 'linked', 'up']);
  });

  it('reads no pipes', () => {
    const folder = scratch();
    putPipe(join(folder, 'pipe'));
    expect(filesBelow(folder)).toEqual([]);
    expect(entriesBelow(folder)).toEqual(['pipe']);
  });
});

describe('replacing a file', () => {
  it('makes its folder, and leaves nothing beside it', () => {
    const folder = scratch();
    const file = join(folder, 'a/b/file');
    replaceFile(file, 'one', join(folder, 'temporary'));
    replaceFile(file, 'two', join(folder, 'temporary'));
    expect(readFileSync(file, 'utf8')).toBe('two');
    expect(readdirSync(folder)).toEqual(['a']);
  });
});

describe('what a path leads to', () => {
  it('is nothing behind a file, a dangling link and a link to itself', () => {
    const folder = scratch({ file: '' });
    symlinkSync('nowhere', join(folder, 'dangling'));
    symlinkSync('self', join(folder, 'self'));
    for (const name of ['none', 'file/x', 'dangling', 'self', 'self/x'])
      expect(statOf(join(folder, name))).toBeUndefined();
    expect(statOf(join(folder, 'file'))?.isFile()).toBe(true);
  });

  it('exists at least at the root', () => {
    const folder = scratch({ file: '' });
    expect(nearestExisting(join(folder, 'a/b/c'))).toBe(folder);
    expect(nearestExisting(join(folder, 'file/b/c'))).toBe(join(folder, 'file'));
    expect(nearestExisting('/nowhere-at-all/x')).toBe('/');
  });
});

describe('volumes', () => {
  it('are those that links lead to', ({ skip }) => {
    const other = otherVolume() ?? skip('there is no second volume here');
    const folder = scratch();
    const far = scratch({}, other);
    symlinkSync(far, join(folder, 'far'));
    expect(onSameVolume(folder, join(folder, 'out/x'))).toBe(true);
    expect(onSameVolume(folder, join(far, 'out/x'))).toBe(false);
    expect(onSameVolume(folder, join(folder, 'far/out/x'))).toBe(false);
  });
});

describe('removing a tree', () => {
  it('removes links, not what they lead to, and nothing where there is nothing', () => {
    const folder = scratch({ 'kept/file': 'x' });
    mkdirSync(join(folder, 'tree'));
    symlinkSync('../kept', join(folder, 'tree/link'));
    writeFileSync(join(folder, 'tree/file'), '');
    removeTree(join(folder, 'tree'));
    removeTree(join(folder, 'tree'));
    expect(readdirSync(folder)).toEqual(['kept']);
    expect(readFileSync(join(folder, 'kept/file'), 'utf8')).toBe('x');
  });
});
