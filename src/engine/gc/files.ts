/**
 * Sizes and removal of files that builds have made. Links are neither followed nor removed: nothing that lies behind
 * one, out of the workspace, is ever touched.
 */
import { realpathSync, rmdirSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { entriesBelow, entryAt, errorCode, isMissing } from '../state/files.ts';

export interface Size {
  readonly files: number;
  readonly bytes: number;
  /** Epoch milliseconds: the newest change of any of them. */
  readonly changedAt: number;
}

/** The regular files at a path, itself or below it: absolute. */
export function regularFiles(absolute: string): readonly string[] {
  const there = entryAt(absolute);
  if (there?.isFile()) return [absolute];
  if (!there?.isDirectory()) return [];
  return entriesBelow(absolute)
    .map((name) => join(absolute, name))
    .filter((file) => entryAt(file)?.isFile());
}

export function sizeOf(absolute: string): Size {
  let [files, bytes, changedAt] = [0, 0, 0];
  for (const file of regularFiles(absolute)) {
    const stat = entryAt(file);
    if (stat === undefined) continue;
    files++;
    bytes += stat.size;
    changedAt = Math.max(changedAt, stat.mtimeMs, stat.ctimeMs);
  }
  return { files, bytes, changedAt };
}

/**
 * Whether the way there leads through no link out of the workspace. `recorded`: as the manifest names it; an absolute
 * path may lie anywhere, if no link is on the way.
 */
export function isWithinReach(workspace: string, recorded: string): boolean {
  const folder = dirname(recorded.startsWith('/') ? recorded : join(workspace, recorded));
  try {
    const real = realpathSync(folder);
    return (
      real === workspace || real.startsWith(`${workspace}/`) || (recorded.startsWith('/') && real === folder)
    );
  } catch (thrown) {
    if (isMissing(thrown)) return false;
    throw thrown;
  }
}

/** The files at a path, then the folders that they leave empty, below the workspace. Throws what the system does. */
export function removeFiles(workspace: string, absolute: string): void {
  const folders = new Set<string>();
  for (const file of regularFiles(absolute)) {
    unlinkSync(file);
    folders.add(dirname(file));
  }
  for (const folder of folders) {
    for (let here = folder; here.startsWith(`${workspace}/`) && removedEmpty(here); here = dirname(here));
  }
}

function removedEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (thrown) {
    const code = errorCode(thrown);
    // Another of the files that went lay there too, and its folder is gone with it.
    if (code === 'ENOENT') return true;
    if (code === undefined) throw thrown;
    return false;
  }
}
