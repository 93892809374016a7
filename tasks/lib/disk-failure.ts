/**
 * What went wrong with a file that is written, in words: which file, why, what is needed and what is there, and what
 * to do. It writes no file.
 */
import { mkdirSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { TaskFailure } from '../../src/engine/task.ts';

export interface Written {
  /** What messages call the file. */
  readonly shown: string;
  /** Absolute: its volume is the one that is full. */
  readonly path: string;
  /** Bytes that are still to be written. */
  readonly needed: number;
}

const FULL: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
};

const REFUSED: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  EACCES: ['permission denied', 'make its folder writable for this user'],
  EPERM: ['the operation is not permitted', 'make its folder writable for this user'],
  EROFS: ['the file system is read-only', 'point `paths` of the config elsewhere'],
  ENOTDIR: ['a file stands where a folder is wanted', 'move that file away'],
  EEXIST: ['a file stands where a folder is wanted', 'move that file away'],
  EISDIR: ['a folder stands where the file is wanted', 'move that folder away'],
  // What Node says itself where a folder is to be removed as a file (found on 20).
  ERR_FS_EISDIR: ['a folder stands where the file is wanted', 'move that folder away'],
  ELOOP: ['symbolic links lead in a circle', 'mend the links in its path'],
  EMFILE: ['too many files are open', 'raise the limit of open files (ulimit -n), or lower pools.network'],
  ENFILE: ['too many files are open on this machine', 'end other programs, and build again'],
  EFBIG: ['the file is larger than the file system allows', 'point `paths` of the config elsewhere'],
  EIO: ['the device failed', 'check the disk, or point `paths` of the config elsewhere'],
};

/** A failure for what a call of `fs` threw, or undefined where it is none that is known: a bug. */
export function diskFailure(thrown: unknown, { shown, path, needed }: Written): TaskFailure | undefined {
  const code = errorCode(thrown);
  const full = FULL[code];
  if (full !== undefined) {
    const free = freeBytes(path);
    const there = free === undefined ? '' : `, ${free} are free`;
    return {
      code: 'disk-full',
      message: `${shown} cannot be written: ${full} (${code}): ${needed} more bytes are needed${there}`,
      hint: 'free some space and build again: what has come so far is kept',
    };
  }
  if (code === 'ENOENT')
    return {
      code: 'cannot-write',
      message: `${shown} cannot be written: it, or its folder, was removed meanwhile (ENOENT)`,
      hint: 'let no other program remove files there, and build again',
      transient: true,
    };
  const refused = REFUSED[code];
  if (refused === undefined) return undefined;
  const [what, hint] = refused;
  return { code: 'cannot-write', message: `${shown} cannot be written: ${what} (${code})`, hint };
}

export function errorCode(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}

/** With all above it. Node's own way says ENOENT where a file system is read-only, and hides why (measured on 20). */
export function makeFolder(folder: string): void {
  const isThere = (): boolean => statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isThere()) return;
  try {
    mkdirSync(folder);
  } catch (thrown) {
    // Another process may have been quicker.
    if (errorCode(thrown) === 'EEXIST' && isThere()) return;
    if (errorCode(thrown) !== 'ENOENT' || folder === dirname(folder)) throw thrown;
    makeFolder(dirname(folder));
    makeFolder(folder);
  }
}

/** On the volume of a path that need not exist; undefined where nobody can say. */
function freeBytes(path: string): number | undefined {
  for (let at = path; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = statfsSync(at);
      return bavail * bsize;
    } catch (thrown) {
      if (errorCode(thrown) !== 'ENOENT' || at === dirname(at)) return undefined;
    }
  }
}
