/**
 * Where the lines of the lockfile lie: in `pipeline.lock`, or above a number of lines in one file for each rule and
 * first key below `pipeline.lock.d/`, so that a build rewrites only what it touches. Knows no line's meaning.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow, isMissing, statOf } from './files.ts';

/** Relative to the workspace. */
export const LOCKFILE = 'pipeline.lock';
export const LOCK_FOLDER = `${LOCKFILE}.d`;

/** The lockfile, its shards, and what a crash may leave of either. */
export function isLockPath(relative: string): boolean {
  return (
    relative === LOCKFILE ||
    relative === partialOf(LOCKFILE) ||
    relative === LOCK_FOLDER ||
    relative.startsWith(`${LOCK_FOLDER}/`)
  );
}

/** Where a file is written before it gets its name. */
export function partialOf(path: string): string {
  return `${path}.partial`;
}

/** Undefined when there is none. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}

/** Names relative to the folder of shards, in code-unit order. */
export function shardsIn(workspace: string): readonly string[] {
  return inFolder(workspace).filter((name) => !isPartial(name));
}

/** What a crash has left half-written beside them. */
export function partialShardsIn(workspace: string): readonly string[] {
  return inFolder(workspace).filter(isPartial);
}

function isPartial(name: string): boolean {
  return name.endsWith(partialOf(''));
}

function inFolder(workspace: string): readonly string[] {
  const folder = join(workspace, LOCK_FOLDER);
  return statOf(folder)?.isDirectory() ? filesBelow(folder) : [];
}

/** The shard that a target's lines lie in: `bars/BTCUSDT`, of a rule without keys `reports/_`. */
export function shardOf(target: string): string {
  const [rule = '', key] = target.split('/');
  return `${fileNameOf(rule)}/${key === undefined ? '_' : fileNameOf(key)}`;
}

/** Two keys may come to one name: a shard holds whatever lines it holds. */
export function fileNameOf(key: string): string {
  const plain = key.replace(/[^A-Za-z0-9._=+@,~-]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
  const short = plain.replace(/^\./, '%2e').slice(0, 100);
  return short.replace(/\.partial$/, '%2epartial') || '%';
}
