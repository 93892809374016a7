/**
 * Writes the lockfile: whole, or only the shards that are touched, each file by way of a temporary one and only where
 * its text changes. Knows lines and where they lie, not what they mean.
 */
import { mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode, flush, flushAll, isMissing, replaceFile, statOf } from './files.ts';
import { LockfileError } from './lockfile.ts';
import type { LockedLine } from './lockfile-lines.ts';
import { formatAsOf, formatLock, formatSharded, parseLock } from './lockfile-lines.ts';
import { ownLines } from './lockfile-own.ts';
import {
  LOCK_FOLDER,
  LOCKFILE,
  partialOf,
  partialShardsIn,
  readText,
  shardOf,
  shardsIn,
} from './lockfile-shards.ts';

/** One file is read and merged at a glance up to so many lines; below half of it, shards become one file again. */
export const MOST_LINES = 5_000;

/** So many shards are flushed together: a kill leaves no more of them half-written. */
const AT_ONCE = 256;

export interface LockToWrite {
  /** Epoch milliseconds. */
  readonly asOf: number;
  readonly lines: readonly LockedLine[];
  /** Whether the lines lie in shards now. */
  readonly sharded: boolean;
}

/** Everything that there is to say. */
export async function writeLock(workspace: string, { asOf, lines, sharded }: LockToWrite): Promise<void> {
  for (const name of partialShardsIn(workspace)) removeShard(workspace, name);
  const stays = lines.length > (sharded ? MOST_LINES / 2 : MOST_LINES);
  if (!stays) {
    writeHead(workspace, formatLock(lines, [formatAsOf(asOf)]));
    for (const name of shardsIn(workspace)) removeShard(workspace, name);
    return;
  }
  const shards = inShards(lines);
  await writeShards(workspace, shards, asOf);
  for (const name of shardsIn(workspace)) if (!shards.has(name)) removeShard(workspace, name);
}

/** Some shards, each with all of its lines; one without any is removed. The others stay as they are. */
export async function writeShards(
  workspace: string,
  shards: ReadonlyMap<string, readonly LockedLine[]>,
  asOf: number,
): Promise<void> {
  const folders = new Set<string>();
  /** Those that lie beside their places. */
  const coming: string[] = [];
  try {
    for (const [name, lines] of shards) {
      const path = join(workspace, LOCK_FOLDER, name);
      if (lines.length === 0) removeShard(workspace, name);
      else if (prepareShard(path, formatLock(lines), coming)) folders.add(dirname(path));
      if (coming.length === AT_ONCE) await placeShards(coming);
    }
    await placeShards(coming);
  } catch (thrown) {
    for (const path of coming) rmSync(partialOf(path), { force: true });
    throw thrown;
  }
  for (const folder of folders) flush(folder);
  // Last: what it says to be in shards is there.
  writeHead(workspace, formatLock([], [formatAsOf(asOf), formatSharded()]));
}

export function inShards(lines: readonly LockedLine[]): ReadonlyMap<string, readonly LockedLine[]> {
  const shards = new Map<string, LockedLine[]>();
  let [target, shard]: [string | undefined, LockedLine[]] = [undefined, []];
  for (const line of lines) {
    // Those of one target come together.
    if (line.target !== target) {
      target = line.target;
      const name = shardOf(target);
      shard = shards.get(name) ?? [];
      shards.set(name, shard);
    }
    shard.push(line);
  }
  return shards;
}

/** `own`: as this workspace has written it. Throws a `LockfileError` where the text is none. */
export function readShard(workspace: string, name: string, own = false): readonly LockedLine[] {
  const file = `${LOCK_FOLDER}/${name}`;
  const text = readText(join(workspace, file));
  if (text === undefined) return [];
  const written = own ? ownLines(text) : undefined;
  if (written !== undefined) return written;
  const { lines, problems } = parseLock(text);
  if (problems.length > 0)
    throw new LockfileError(problems.map(({ line, message }) => `${file}:${line}: ${message}`).join('\n'));
  return lines;
}

/** Beside its place. False where its text stands there already. */
function prepareShard(path: string, text: string, coming: string[]): boolean {
  if (readText(path) === text) return false;
  mkdirSync(dirname(path), { recursive: true });
  coming.push(path);
  writeFileSync(partialOf(path), text);
  return true;
}

/** As `replaceFile` for each, but for the folder, which is flushed once for all shards in it. Then none is coming. */
async function placeShards(coming: string[]): Promise<void> {
  const failed = await flushAll(coming.map(partialOf));
  for (const thrown of failed.values()) throw thrown;
  for (const path of coming) renameSync(partialOf(path), path);
  coming.length = 0;
}

function writeHead(workspace: string, text: string): void {
  const path = join(workspace, LOCKFILE);
  const partial = partialOf(path);
  if (readText(path) !== text) replaceFile(path, text, partial);
  // What a kill has left: it may have been written for inputs that are as they were before again.
  else if (statOf(partial)?.isFile()) rmSync(partial, { force: true });
}

export function removeShard(workspace: string, name: string): void {
  const path = join(workspace, LOCK_FOLDER, name);
  rmSync(path, { force: true });
  for (const folder of [dirname(path), join(workspace, LOCK_FOLDER)]) removeEmpty(folder);
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (thrown) {
    if (!isMissing(thrown) && errorCode(thrown) !== 'ENOTEMPTY' && errorCode(thrown) !== 'EEXIST')
      throw thrown;
  }
}
