/**
 * The few file operations that durability rests on: flush, replace, walk. Knows what no file is for.
 */

import type { Stats } from 'node:fs';
import {
  closeSync,
  fsync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { byCodeUnit } from '../json.ts';

/** The code of a file-system error (`ENOENT`), undefined for anything else that was thrown. */
export function errorCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : undefined;
}

export function isMissing(thrown: unknown): boolean {
  const code = errorCode(thrown);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/**
 * What a path leads to, links followed. Undefined where there is nothing: no entry, a file where a folder should
 * be on the way, a link to nowhere or to itself.
 */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (thrown) {
    if (isMissing(thrown) || errorCode(thrown) === 'ELOOP') return undefined;
    throw thrown;
  }
}

/** What lies at a path itself, a link as a link. Undefined where there is nothing. */
export function entryAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (thrown) {
    if (isMissing(thrown) || errorCode(thrown) === 'ELOOP') return undefined;
    throw thrown;
  }
}

/** What a file holds; nothing where there is none. */
export function bytesAt(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (thrown) {
    if (isMissing(thrown)) return Buffer.alloc(0);
    throw thrown;
  }
}

/** Flushes a file's bytes, or a folder's entries, to the disk. */
export function flush(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** As many as the threads that Node gives to file calls: more gain nothing, and fewer leave the disk idle. */
const AT_A_TIME = 4;

/**
 * Flushes many files, several at a time, while the loop goes on: what they wait for is the same turn of the disk (300 bytes
 * each on ext4: 0.08 ms a file, 0.2 ms one after the other). Answers what the system said of those that it could not flush.
 */
export async function flushAll(paths: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
  const failed = new Map<string, unknown>();
  const rest = paths.values();
  const some = async (): Promise<void> => {
    for (const path of rest) {
      try {
        await flushAside(path);
      } catch (thrown) {
        failed.set(path, thrown);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, paths.length) }, some));
  return failed;
}

async function flushAside(path: string): Promise<void> {
  const fd = openSync(path, 'r');
  try {
    await new Promise<void>((resolve, reject) => {
      fsync(fd, (failed) => (failed === null ? resolve() : reject(failed)));
    });
  } finally {
    closeSync(fd);
  }
}

/** Replaces a file whole: readers see the old text or the new one, also after a power cut. */
export function replaceFile(path: string, text: string | Uint8Array, temporary: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(temporary, text);
  flush(temporary);
  renameSync(temporary, path);
  flush(dirname(path));
}

/** What lies right in a folder, in code-unit order; nothing where there is none. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort(byCodeUnit);
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw thrown;
  }
}

/** What lies below a folder and is no folder itself, links not followed: names relative to it, in code-unit order. */
export function entriesBelow(folder: string): readonly string[] {
  const found: string[] = [];
  const visit = (relative: string): void => {
    for (const entry of readdirSync(join(folder, relative), { withFileTypes: true })) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) visit(path);
      else found.push(path);
    }
  };
  visit('');
  return found.sort(byCodeUnit);
}

/**
 * The files whose content can be read below a folder, links followed: names relative to it, `/` as separator, in
 * code-unit order. A link back to a folder that it lies in is left out, as are pipes, sockets and links to nowhere.
 */
export function filesBelow(folder: string): readonly string[] {
  const found: string[] = [];
  /** `above`: real paths of the folders on the way here. */
  const visit = (relative: string, above: readonly string[]): void => {
    const here = join(folder, relative);
    const real = realpathSync.native(here);
    if (above.includes(real)) return;
    for (const entry of readdirSync(here, { withFileTypes: true })) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      const kind = entry.isSymbolicLink() ? statOf(join(folder, path)) : entry;
      if (kind?.isFile()) found.push(path);
      else if (kind?.isDirectory()) {
        try {
          visit(path, [...above, real]);
        } catch (thrown) {
          // It went away between the two looks.
          if (!isMissing(thrown)) throw thrown;
        }
      }
    }
  };
  visit('', []);
  return found.sort(byCodeUnit);
}

export function removeTree(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** Whether two paths lie on one volume, so that a rename can join them. The first must exist. */
export function onSameVolume(existing: string, other: string): boolean {
  return statSync(existing).dev === statOf(nearestExisting(other))?.dev;
}

export function nearestExisting(path: string): string {
  for (let here = path; ; here = dirname(here)) {
    try {
      lstatSync(here);
      return here;
    } catch (thrown) {
      if (!isMissing(thrown) || here === dirname(here)) throw thrown;
    }
  }
}
