/**
 * What a pass has looked at on disk, in a form that can be looked at again: files by their stats, places where nothing
 * was, folders by their names; and for which target, where it was for one. Knows targets by number only, and not when a
 * file is at rest: the stats of others prove nothing.
 */
import type { Digest } from '../hash.ts';
import { digestOfValue } from '../hash.ts';

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

/** For whom something was looked at: a target by its number, the pass itself, or, while something runs, nobody. */
export type For = number | 'pass' | 'nobody';

export const STAMP = 4;
/** Where nothing was. */
export const NOTHING: Stamp = { size: -1, mtimeMs: 0, ctimeMs: 0, ino: 0 };

interface Looked<T> {
  readonly at: T;
  /** For the most part it is one. */
  by: For | Set<For>;
}

export class Witness {
  readonly #files = new Map<string, Looked<Stamp>>();
  readonly #folders = new Map<string, Looked<Digest>>();
  readonly #unsure = new Set<For>();
  readonly #reads: (Uint32Array | undefined)[] = [];
  /** Set by who looks. What is looked at for nobody is of no matter to what the pass comes to. */
  by: For = 'pass';

  /** Something was looked at for the pass that cannot be told here: nothing follows from the rest. */
  get blind(): boolean {
    return this.#unsure.has('pass');
  }

  /** The same for a target: nothing follows of it. */
  isUnsure(target: number): boolean {
    return this.#unsure.has(target);
  }

  lookAway(): void {
    if (this.by !== 'nobody') this.#unsure.add(this.by);
  }

  file(path: string, stamp: Stamp): void {
    this.#look(this.#files, path, stamp, isSame);
  }

  nothing(path: string): void {
    this.file(path, NOTHING);
  }

  folder(path: string, names: readonly string[]): void {
    if (this.by !== 'nobody') this.#look(this.#folders, path, digestOfValue(names), Object.is);
  }

  /** Targets that a target reads. */
  reads(target: number, producers: Iterable<number>): void {
    this.#reads[target] = Uint32Array.from(producers);
  }

  readsOf(target: number): Iterable<number> {
    return this.#reads[target] ?? [];
  }

  fileAt(path: string): { readonly at: Stamp; readonly by: Iterable<For> } | undefined {
    const found = this.#files.get(path);
    return found && { at: found.at, by: each(found.by) };
  }

  folderAt(path: string): { readonly at: Digest; readonly by: Iterable<For> } | undefined {
    const found = this.#folders.get(path);
    return found && { at: found.at, by: each(found.by) };
  }

  /** Of each path for whom it was looked at, in the order of first looks. */
  *files(): Generator<readonly [path: string, stamp: Stamp, by: Iterable<For>], undefined> {
    for (const [path, { at, by }] of this.#files) yield [path, at, each(by)];
  }

  *folders(): Generator<readonly [path: string, names: Digest, by: Iterable<For>], undefined> {
    for (const [path, { at, by }] of this.#folders) yield [path, at, each(by)];
  }

  /** Of what was looked at twice and found different, all rest on both: a link was turned, a folder renamed. */
  #look<T>(all: Map<string, Looked<T>>, path: string, at: T, same: (one: T, other: T) => boolean): void {
    const { by } = this;
    if (by === 'nobody') return;
    const known = all.get(path);
    if (known === undefined) {
      all.set(path, { at, by });
      return;
    }
    if (known.by instanceof Set) known.by.add(by);
    else if (known.by !== by) known.by = new Set([known.by, by]);
    if (known.at !== at && !same(known.at, at)) for (const who of each(known.by)) this.#unsure.add(who);
  }
}

function each(by: For | Set<For>): Iterable<For> {
  return by instanceof Set ? by : [by];
}

export function isSame(one: Stamp, other: Stamp): boolean {
  return (
    one.size === other.size &&
    one.mtimeMs === other.mtimeMs &&
    one.ctimeMs === other.ctimeMs &&
    one.ino === other.ino
  );
}

/** As it lies in the flat array. */
export function stampAt({ stamps }: Seen, at: number): Stamp {
  const from = at * STAMP;
  return {
    size: stamps[from] ?? 0,
    mtimeMs: stamps[from + 1] ?? 0,
    ctimeMs: stamps[from + 2] ?? 0,
    ino: stamps[from + 3] ?? 0,
  };
}
