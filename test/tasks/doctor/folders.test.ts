import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Check } from '../../../tasks/doctor/check.ts';
import {
  accessText,
  fileSystemCheck,
  folderCheck,
  freeBytes,
  nearestFolder,
  sameVolume,
} from '../../../tasks/doctor/folders.ts';
import { scratch } from '../context.ts';

/** Root may write everywhere: what is asked as root is asked as nobody. */
function asNobody<T>(act: () => T): T {
  if (process.geteuid?.() !== 0) return act();
  process.seteuid?.(65_534);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
  }
}

function checked(name: string, shown: string, path: string): Check {
  return folderCheck({ name, shown, path, instead: `name another folder in paths.${name}` });
}

function coded(code: string): () => never {
  return () => {
    throw Object.assign(new Error(code), { code });
  };
}

describe('a folder', () => {
  it('is tried out with a file that is gone afterwards', () => {
    const workspace = scratch();
    mkdirSync(join(workspace, 'data/raw'), { recursive: true });
    expect(checked('raw', 'data/raw', join(workspace, 'data/raw'))).toEqual({
      name: 'raw',
      state: 'ok',
      detail: 'data/raw can be written',
    });
    expect(readdirSync(workspace, { recursive: true })).toEqual(['data', join('data', 'raw')]);
  });

  it('that is not there yet is tried where it would be made, and not made', () => {
    const workspace = scratch();
    expect(checked('cache', 'data/cache', join(workspace, 'data/cache'))).toEqual({
      name: 'cache',
      state: 'ok',
      detail: 'data/cache can be made',
    });
    expect(readdirSync(workspace)).toEqual([]);
  });

  it('that this user may not write to says whose it is, and what to do', () => {
    const workspace = scratch();
    chmodSync(workspace, 0o755);
    const raw = join(workspace, 'raw');
    mkdirSync(raw);
    chmodSync(raw, 0o555);
    const owner = process.getuid?.();
    const check = asNobody(() => checked('raw', 'raw', raw));
    const uid = asNobody(() => process.geteuid?.());
    expect(check).toEqual({
      name: 'raw',
      state: 'fail',
      detail: `raw cannot be written (EACCES): it belongs to user ${owner} with mode 555, this process runs as user ${uid}`,
      hint: 'give this user the folder (chown, chmod), or name another folder in paths.raw',
    });
    const below = asNobody(() => checked('raw', 'raw/a/b', join(raw, 'a/b')));
    expect(below.detail).toContain(`${raw}, where raw/a/b would be made, cannot be written (EACCES)`);
  });

  it('cannot be made where a file or a broken link is in the way', () => {
    const workspace = scratch();
    writeFileSync(join(workspace, 'data'), 'x');
    symlinkSync('nowhere', join(workspace, 'link'));
    for (const [shown, there] of [
      ['data/raw', 'data'],
      ['data', 'data'],
      ['link', 'link'],
    ] as const) {
      expect(checked('raw', shown, join(workspace, shown))).toEqual({
        name: 'raw',
        state: 'fail',
        detail: `${shown} cannot be made: ${join(workspace, there)} is no folder`,
        hint: 'move what is there away, or name another folder in paths.raw',
      });
    }
  });

  it('tells no user where the system has none', () => {
    expect(accessText({ owner: 0, mode: 0o40755, uid: undefined })).toBe(
      ': it belongs to user 0 with mode 755',
    );
    expect(accessText(undefined)).toBe('');
  });
});

describe('a place that leads nowhere', () => {
  it('has no volume and no room', () => {
    const workspace = scratch();
    symlinkSync('nowhere', join(workspace, 'link'));
    const [link, other] = [join(workspace, 'link/a'), join(workspace, 'b')];
    expect(sameVolume(link, other)).toBeUndefined();
    expect(freeBytes(link)).toBe('ENOENT');
    expect(sameVolume(other, workspace)).toBe(true);
    expect(freeBytes(other)).toBeGreaterThan(0);
  });
});

describe('the nearest folder', () => {
  it('ends at the root', () => {
    expect(nearestFolder('/no-such-folder/at/all')).toBe('/');
  });
});

describe('the file system', () => {
  it('is tried out in the workspace, and left as it was', () => {
    const workspace = scratch();
    expect(fileSystemCheck(workspace)).toEqual({
      name: 'file-system',
      state: 'ok',
      detail: 'files can be renamed and hard-linked',
    });
    expect(readdirSync(workspace)).toEqual([]);
  });

  it('that cannot rename is none to build on, one without hard links is', () => {
    const workspace = scratch();
    const fine = (): void => undefined;
    expect(fileSystemCheck(workspace, { rename: coded('EXDEV'), link: fine })).toEqual({
      name: 'file-system',
      state: 'fail',
      detail: 'files in the workspace cannot be renamed (EXDEV)',
      hint: 'put the workspace on another file system: finished files get their names by renaming',
    });
    expect(fileSystemCheck(workspace, { rename: fine, link: coded('EPERM') })).toEqual({
      name: 'file-system',
      state: 'warn',
      detail: 'files can be renamed, but not hard-linked (EPERM)',
      hint: 'builds do without: what a link would share is copied and takes its own space',
    });
    expect(readdirSync(workspace)).toEqual([]);
  });
});
