/** What can be wrong with the outputs of a target, as failures that say what to do. Knows no tasks and no records. */
import { statSync } from 'node:fs';
import type { Failure } from '../events.ts';
import { errorCode } from '../state/files.ts';
import type { OutputPlace } from './places.ts';

const DISK_TROUBLE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space and build again',
  EDQUOT: 'the disk quota is used up: free some space and build again',
  EACCES: 'make the folder writable for this user',
  EPERM: 'make the folder writable for this user',
  EROFS: 'the volume is mounted read-only: point `paths` of the config elsewhere',
  ENOTDIR: 'a file stands where a folder is wanted: move it away',
  EISDIR: 'a folder stands where a file is wanted: move it away',
  ENOTEMPTY: 'a folder stands where a file is wanted: move it away',
  EEXIST: 'a file stands where a folder is wanted: move it away',
  ELOOP: 'a link leads back to itself: move it away',
};

/** Trouble with the place where outputs go is an expected failure; anything else that is thrown here is a bug. */
export function diskTrouble(target: string, thrown: unknown): Failure | undefined {
  const code = errorCode(thrown) ?? '';
  const hint = DISK_TROUBLE[code];
  if (hint === undefined || !(thrown instanceof Error)) return undefined;
  return {
    code: 'cannot-write',
    message: `${target}: its outputs cannot be written: ${thrown.message}`,
    hint,
  };
}

/** Of what a task has thrown: a disk without room is nobody's bug, whichever file it was. */
export function noRoom(target: string, thrown: unknown): Failure | undefined {
  return ['ENOSPC', 'EDQUOT', 'EROFS'].includes(errorCode(thrown) ?? '')
    ? diskTrouble(target, thrown)
    : undefined;
}

/** Undefined: the task wrote what the rule declares. */
export function wrongShape({ name, path, temporary, directory }: OutputPlace): string | undefined {
  const stat = statSync(temporary, { throwIfNoEntry: false });
  if (stat === undefined) return `the task ended without writing output "${name}" (${path})`;
  if (directory && !stat.isDirectory())
    return `output "${name}" (${path}/) must be a directory, and is a file`;
  if (!directory && !stat.isFile()) return `output "${name}" (${path}) must be a file, and is none`;
  return undefined;
}
