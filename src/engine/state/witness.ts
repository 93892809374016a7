/**
 * What a pass has looked at on disk, in a form that can be looked at again: files by their stats, places where nothing
 * was, folders by their names. Knows no targets, and not when a file is at rest: the stats of others prove nothing.
 */
import type { Digest } from '../hash.ts';
import { digestOfValue } from '../hash.ts';
import { errorCode, filesBelow, statOf } from './files.ts';

/** What of a file's stats changes with each edit. */
export interface Stamp {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly ino: number;
}

/** Flat, for there are many. Paths are relative to the workspace, or absolute. */
export interface Seen {
  readonly paths: readonly string[];
  /** Of each path its size, mtime, ctime and inode; a size below 0: nothing was there. */
  readonly stamps: Float64Array;
  /** Folders with the digest of what is named below them. */
  readonly folders: readonly (readonly [path: string, names: string])[];
}

export const STAMP = 4;
const NOTHING: Stamp = { size: -1, mtimeMs: 0, ctimeMs: 0, ino: 0 };

export class Witness {
  readonly #stamps = new Map<string, Stamp>();
  readonly #folders = new Map<string, Digest>();
  #blind = false;

  /** Something was looked at that cannot be told here: nothing follows from the rest. */
  get blind(): boolean {
    return this.#blind;
  }

  lookAway(): void {
    this.#blind = true;
  }

  /** Of what was looked at twice and found different, the pass rests on both: a link was turned, a folder renamed. */
  file(path: string, stamp: Stamp): void {
    const known = this.#stamps.get(path);
    if (known === undefined) this.#stamps.set(path, stamp);
    else if (known !== stamp && !isSame(known, stamp)) this.lookAway();
  }

  nothing(path: string): void {
    this.file(path, NOTHING);
  }

  folder(path: string, names: readonly string[]): void {
    const digest = digestOfValue(names);
    const known = this.#folders.get(path);
    if (known === undefined) this.#folders.set(path, digest);
    else if (known !== digest) this.lookAway();
  }

  seen(): Seen {
    const paths = [...this.#stamps.keys()];
    const stamps = new Float64Array(paths.length * STAMP);
    let at = 0;
    for (const { size, mtimeMs, ctimeMs, ino } of this.#stamps.values()) {
      stamps[at++] = size;
      stamps[at++] = mtimeMs;
      stamps[at++] = ctimeMs;
      stamps[at++] = ino;
    }
    return { paths, stamps, folders: [...this.#folders] };
  }
}

function isSame(one: Stamp, other: Stamp): boolean {
  return (
    one.size === other.size &&
    one.mtimeMs === other.mtimeMs &&
    one.ctimeMs === other.ctimeMs &&
    one.ino === other.ino
  );
}

/** Whether all of it is as it was. `absolute`: of a path as it was asked for. */
export function isAsSeen({ paths, stamps, folders }: Seen, absolute: (path: string) => string): boolean {
  try {
    for (const [index, path] of paths.entries())
      if (!isAs(absolute(path), stamps, index * STAMP)) return false;
    return folders.every(([path, names]) => digestOfValue(filesBelow(absolute(path))) === names);
  } catch (thrown) {
    // What cannot be looked at is for a full pass to tell of.
    if (errorCode(thrown) === undefined) throw thrown;
    return false;
  }
}

function isAs(path: string, stamps: Float64Array, at: number): boolean {
  const is = statOf(path);
  if (is === undefined) return (stamps[at] ?? 0) < 0;
  return (
    is.size === stamps[at] &&
    is.mtimeMs === stamps[at + 1] &&
    is.ctimeMs === stamps[at + 2] &&
    is.ino === stamps[at + 3] &&
    is.isFile()
  );
}
