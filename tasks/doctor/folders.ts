/**
 * Whether folders can be written, and whether the file system can do what builds rest on: tried out with files of
 * our own, which are removed again. It makes no folder and knows no config.
 */
import { linkSync, lstatSync, renameSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Check } from './check.ts';
import { fail, ok, warn } from './check.ts';

/** Who a folder belongs to and who asks; ids are undefined where the system has none. */
export interface Access {
  readonly owner: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number | undefined;
}

/** The folder itself, or the nearest one above it that is there. */
export function nearestFolder(path: string): string {
  for (let here = path; ; here = dirname(here)) {
    try {
      lstatSync(here);
      return here;
    } catch (thrown) {
      const code = codeOf(thrown);
      if ((code !== 'ENOENT' && code !== 'ENOTDIR') || here === dirname(here)) return here;
    }
  }
}

export interface Folder {
  readonly name: string;
  /** As people name it. */
  readonly shown: string;
  /** Absolute. */
  readonly path: string;
  /** What else than this folder there is: `name another folder in paths.raw`. */
  readonly instead: string;
}

export function folderCheck({ name, shown, path, instead }: Folder): Check {
  const nearest = nearestFolder(path);
  const code = withProbe(nearest, () => undefined);
  if (code === undefined)
    return ok(name, nearest === path ? `${shown} can be written` : `${shown} can be made`);
  if (code === 'ENOTDIR' || code === 'ENOENT')
    return fail(
      name,
      `${shown} cannot be made: ${nearest} is no folder`,
      `move what is there away, or ${instead}`,
    );
  const where = nearest === path ? shown : `${nearest}, where ${shown} would be made,`;
  const detail = `${where} cannot be written (${code})${accessText(accessOf(nearest))}`;
  return fail(name, detail, whatToDo(code, instead));
}

function whatToDo(code: string, instead: string): string {
  switch (code) {
    case 'EROFS':
      return `mount the file system for writing, or ${instead}`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `free some space, or ${instead}`;
    default:
      return `give this user the folder (chown, chmod), or ${instead}`;
  }
}

export function accessText(access: Access | undefined): string {
  if (access === undefined) return '';
  const { owner, mode, uid } = access;
  const who = uid === undefined ? '' : `, this process runs as user ${uid}`;
  return `: it belongs to user ${owner} with mode ${(mode & 0o777).toString(8)}${who}`;
}

function accessOf(path: string): Access | undefined {
  try {
    const { uid, mode } = statSync(path);
    return { owner: uid, mode, uid: process.geteuid?.() };
  } catch {
    return undefined;
  }
}

/** Whether two folders, or the nearest ones above them, lie on one volume. Undefined where nobody may look. */
export function sameVolume(a: string, b: string): boolean | undefined {
  try {
    return statSync(nearestFolder(a)).dev === statSync(nearestFolder(b)).dev;
  } catch (thrown) {
    codeOf(thrown);
    return undefined;
  }
}

/** Bytes that this user may still write, or the code of why that cannot be told. */
export function freeBytes(path: string): number | string {
  try {
    const { bavail, bsize } = statfsSync(nearestFolder(path));
    return bavail * bsize;
  } catch (thrown) {
    return codeOf(thrown);
  }
}

/** What is tried; a test may try something else. */
const CALLS = { rename: renameSync, link: linkSync };

export function fileSystemCheck(folder: string, calls = CALLS): Check {
  const name = 'file-system';
  const moved = withProbe(folder, calls.rename);
  if (moved !== undefined) {
    const detail = `files in the workspace cannot be renamed (${moved})`;
    return fail(
      name,
      detail,
      'put the workspace on another file system: finished files get their names by renaming',
    );
  }
  const linked = withProbe(folder, calls.link);
  if (linked === undefined) return ok(name, 'files can be renamed and hard-linked');
  const detail = `files can be renamed, but not hard-linked (${linked})`;
  return warn(name, detail, 'builds do without: what a link would share is copied and takes its own space');
}

let probes = 0;

/** Makes a file of ours, does something with it, and removes it and the other name. Undefined, or the code of what went wrong. */
function withProbe(folder: string, act: (probe: string, other: string) => void): string | undefined {
  const probe = join(folder, `doctor-probe-${process.pid}-${probes++}.tmp`);
  const other = `${probe}.2`;
  try {
    writeFileSync(probe, 'written by `pipeline doctor`, to be removed at once\n', { flag: 'wx' });
  } catch (thrown) {
    return codeOf(thrown);
  }
  try {
    act(probe, other);
    return undefined;
  } catch (thrown) {
    return codeOf(thrown);
  } finally {
    rmSync(other, { force: true });
    rmSync(probe, { force: true });
  }
}

/** Of a system's error; anything else is a bug. */
function codeOf(thrown: unknown): string {
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string') return thrown.code;
  throw thrown;
}
