/**
 * Which files builds have put into a directory that is an output: a small file for each such directory, on the disk
 * before the first of its names is. A record holds the digest of a directory alone, and of what an interrupted build
 * has put there, there is no record. Whatever else lies in it is the user's. It removes nothing.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sha256 } from '../hash.ts';
import { byCodeUnit } from '../json.ts';
import { bytesAt, flush, removeTree, replaceFile, statOf } from './files.ts';
import { STATE_FOLDER } from './workspace-state.ts';

const FOLDER = `${STATE_FOLDER}/folders`;
const HEADER = 'pipeline folder 1';

/** Relative to the directory. None where the list cannot be read, or is of something else. `path`: as it is recorded. */
export function namesWritten(workspace: string, path: string): ReadonlySet<string> {
  const [header, sum, ...rest] = bytesAt(placeOf(workspace, path)).toString('utf8').split('\n');
  const body = rest.join('\n');
  if (header !== HEADER || sum !== sha256(body)) return new Set();
  const [of, ...names] = body.split('\n').map((line): unknown => JSON.parse(line));
  return new Set(of === path ? names.filter((name) => typeof name === 'string') : []);
}

/** These and no others, from now on, even if the power is cut. Must hold the run lock. */
export function noteNames(workspace: string, path: string, names: readonly string[]): void {
  const known = namesWritten(workspace, path);
  if (known.size === names.length && names.every((name) => known.has(name))) return;
  const place = placeOf(workspace, path);
  if (names.length === 0) {
    removeTree(place);
    return;
  }
  const body = [path, ...[...names].sort(byCodeUnit)].map((text) => JSON.stringify(text)).join('\n');
  const folder = dirname(place);
  if (statOf(folder) === undefined) {
    mkdirSync(folder, { recursive: true });
    flush(dirname(folder));
  }
  replaceFile(place, `${HEADER}\n${sha256(body)}\n${body}`, join(workspace, STATE_FOLDER, 'tmp', 'folder'));
}

function placeOf(workspace: string, path: string): string {
  return join(workspace, FOLDER, sha256(path));
}
