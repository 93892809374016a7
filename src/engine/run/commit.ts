/**
 * Puts finished outputs in place: flushed, renamed, folders flushed. A reader sees the old file or the new one.
 * Knows no targets and no records.
 */
import { mkdirSync, readlinkSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { flush, isMissing, walkFiles } from '../state/files.ts';

export interface Placement {
  readonly temporary: string;
  /** Absolute. */
  readonly final: string;
  readonly directory: boolean;
}

export function putInPlace(placements: readonly Placement[]): void {
  const folders = new Set<string>();
  for (const placement of placements) {
    if (placement.directory) putDirectory(placement, folders);
    else putFile(placement.temporary, placement.final, folders);
  }
  for (const folder of folders) flush(folder);
}

function putFile(temporary: string, final: string, folders: Set<string>): void {
  makeFolder(dirname(final), folders);
  flush(temporary);
  renameSync(temporary, final);
  folders.add(dirname(final));
}

/**
 * File by file, so that at every moment each file in the directory is whole; files that are no longer
 * written go last.
 */
function putDirectory({ temporary, final }: Placement, folders: Set<string>): void {
  makeFolder(final, folders);
  const written = new Set(walkFiles(temporary));
  for (const name of written) {
    const target = join(final, name);
    // A folder in the old output where the new one has a file.
    if (statSync(target, { throwIfNoEntry: false })?.isDirectory()) rmSync(target, { recursive: true });
    putFile(join(temporary, name), target, folders);
  }
  for (const name of walkFiles(final)) if (!written.has(name)) rmSync(join(final, name));
}

/** Makes a folder and notes every folder above it that got a new entry. */
function makeFolder(folder: string, folders: Set<string>): void {
  const first = mkdirSync(folder, { recursive: true });
  if (first === undefined) return;
  for (let here = folder; here.length >= first.length; here = dirname(here)) folders.add(dirname(here));
}

/** `latest` beside a run's folder, pointing at it; swapped by rename. Does nothing when it points there already. */
export function pointLatest(runFolder: string): void {
  const link = join(dirname(runFolder), 'latest');
  const goal = basename(runFolder);
  try {
    if (readlinkSync(link) === goal) return;
  } catch (thrown) {
    // EINVAL: something that is no link stands there; renaming over it below fails and says so.
    if (!isMissing(thrown) && !(thrown instanceof Error && 'code' in thrown && thrown.code === 'EINVAL'))
      throw thrown;
  }
  const temporary = join(dirname(runFolder), `.latest-${process.pid}`);
  rmSync(temporary, { force: true });
  symlinkSync(goal, temporary);
  renameSync(temporary, link);
}
