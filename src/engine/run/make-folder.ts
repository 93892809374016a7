/** Makes the folders that outputs need, and says in full why one cannot be made. Flushes nothing itself. */
import { lstatSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode, isMissing, statOf } from '../state/files.ts';
import { PlaceTaken } from './place-taken.ts';

/** Makes a folder and notes every folder above it that got a new entry. */
export function makeFolder(folder: string, folders: Set<string>): void {
  // To look costs a twentieth of an attempt that fails.
  if (statOf(folder)?.isDirectory()) return;
  const first = makeAll(folder);
  if (first === undefined) return;
  for (let here = folder; here.length >= first.length; here = dirname(here)) folders.add(dirname(here));
}

function makeAll(folder: string): string | undefined {
  try {
    return mkdirSync(folder, { recursive: true });
  } catch (thrown) {
    if (!isMissing(thrown) && errorCode(thrown) !== 'EEXIST') throw thrown;
    if (isMissing(thrown)) tellWhy(folder);
    const message = `the folder ${folder} cannot be made: a file or a link to nowhere stands in its way`;
    throw new PlaceTaken('ENOTDIR', message);
  }
}

/** The recursive call says ENOENT on a read-only volume (measured on Node 20); the plain one says why. */
function tellWhy(folder: string): void {
  const above = dirname(folder);
  if (above !== folder && lstatSync(above, { throwIfNoEntry: false }) === undefined) tellWhy(above);
  else if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) {
    try {
      mkdirSync(folder);
    } catch (thrown) {
      if (!isMissing(thrown)) throw thrown;
    }
  }
}
