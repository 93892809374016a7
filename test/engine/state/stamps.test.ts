import { chmodSync, linkSync, mkdirSync, rmSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { changedSince, haveMoved, stampsOf } from '../../../src/engine/state/stamps.ts';
import { put, scratch } from './scratch.ts';

const inodes = (path: string): readonly number[] => stampsOf(path).map(({ ino }) => ino);

describe('the stamps of a path', () => {
  it('are those of each link on the way, and of what it leads to', () => {
    const folder = scratch({ 'real/deep/file': '', 'real/beside': '' });
    symlinkSync('real/deep', join(folder, 'linked'));
    symlinkSync('linked/../beside', join(folder, 'up'));
    const ino = (name: string): number => statSync(join(folder, name)).ino;
    expect(inodes(join(folder, 'linked/file')).slice(1)).toEqual([ino('real/deep/file')]);
    // As the kernel goes: up from where the link leads.
    expect(inodes(join(folder, 'up'))).toHaveLength(3);
    expect(inodes(join(folder, 'up')).at(-1)).toBe(ino('real/beside'));
  });

  it('are those of a folder and of all below it', () => {
    const folder = scratch({ 'in/a': '', 'in/sub/b': '' });
    mkdirSync(join(folder, 'in/empty'));
    const ino = (name: string): number => statSync(join(folder, name)).ino;
    expect(inodes(join(folder, 'in'))).toEqual(['in', 'in/a', 'in/empty', 'in/sub', 'in/sub/b'].map(ino));
  });

  it('are those of the last folder on the way where there is nothing', () => {
    const folder = scratch({ 'sub/file': '' });
    symlinkSync('sub/none/x', join(folder, 'dangling'));
    const { ino } = statSync(join(folder, 'sub'));
    expect(inodes(join(folder, 'sub/none/x'))).toEqual([ino]);
    expect(inodes(join(folder, 'dangling')).slice(1)).toEqual([ino]);
  });

  it('end, though links lead in a circle', () => {
    const folder = scratch({ 'in/file': '' });
    symlinkSync('b', join(folder, 'a'));
    symlinkSync('a', join(folder, 'b'));
    symlinkSync('.', join(folder, 'in/self'));
    symlinkSync('nowhere', join(folder, 'in/dangling'));
    expect(stampsOf(join(folder, 'a/x')).length).toBeGreaterThan(0);
    expect(stampsOf(join(folder, 'in')).length).toBeLessThan(10);
  });
});

describe('what is said to have moved', () => {
  it('is whatever was written, replaced or given other rights, and nothing that only got another name', async () => {
    const moved = async (act: (file: string) => void): Promise<boolean> => {
      const file = join(scratch({ file: 'one' }), 'file');
      const was = stampsOf(file);
      await sleep(20);
      act(file);
      return haveMoved(was, stampsOf(file));
    };
    expect(await moved(() => undefined)).toBe(false);
    expect(await moved((file) => linkSync(file, `${file}-too`))).toBe(false);
    expect(await moved((file) => put(file, 'two'))).toBe(true);
    expect(await moved((file) => chmodSync(file, 0o600))).toBe(true);
    expect(await moved((file) => rmSync(file))).toBe(true);
    expect(
      await moved((file) => {
        const { atime, mtime } = statSync(file);
        put(file, 'two');
        utimesSync(file, atime, mtime);
      }),
    ).toBe(true);
  });

  it('changed since an instant by its ctime, whatever its mtime is set to', async () => {
    const folder = scratch({ file: '' });
    const file = join(folder, 'file');
    utimesSync(file, new Date('2100-01-01T00:00:00Z'), new Date('2100-01-01T00:00:00Z'));
    await sleep(20);
    const instant = Date.now();
    await sleep(20);
    expect(changedSince(file, instant)).toBe(false);
    expect(changedSince(join(folder, 'none'), instant)).toBe(false);
    put(join(folder, 'none'), '');
    rmSync(join(folder, 'none'));
    expect(changedSince(join(folder, 'none'), instant)).toBe(true);
    expect(changedSince(file, instant)).toBe(false);
    utimesSync(file, new Date('1999-01-01T00:00:00Z'), new Date('1999-01-01T00:00:00Z'));
    expect(changedSince(file, instant)).toBe(true);
  });
});
