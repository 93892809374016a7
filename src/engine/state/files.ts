/**
 * The few file operations that durability rests on: flush, replace, walk. Knows what no file is for.
 */
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
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

/** Flushes a file's bytes, or a folder's entries, to the disk. */
export function flush(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
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

/** Regular files below a folder, relative to it, `/` as separator, in code-unit order. */
export function walkFiles(folder: string): readonly string[] {
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

export function removeTree(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** Whether two paths lie on one volume, so that a rename can join them. The first must exist. */
export function onSameVolume(existing: string, other: string): boolean {
  return lstatSync(existing).dev === lstatSync(nearestExisting(other)).dev;
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
