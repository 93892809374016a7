/**
 * Digests of files without reading them again: path → stat and digest. An entry counts only while size,
 * mtime, ctime and inode are what they were, and only if the file was already at rest when it was read:
 * one that changed within the clock's tick of being hashed is hashed again. Knows no targets.
 */
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../hash.ts';
import { digestOfValue, sha256FileSync } from '../hash.ts';
import { errorCode, filesBelow, isMissing, replaceFile, statOf } from './files.ts';
import type { Entry } from './memo-file.ts';
import { MemoFile } from './memo-file.ts';
import type { Witness } from './witness.ts';
import { isSame } from './witness.ts';

/**
 * Time stamps move in ticks: of the kernel's clock (4 ms at HZ=250, 10 ms at HZ=100), or of whole seconds on some
 * volumes (FAT: two). Two edits in one tick look alike, so a file is trusted only once more than this lay between
 * its last change and the moment of hashing.
 */
export const FINE_TICK_MS = 50;
const COARSE_TICK_MS = 2_500;

const NOT_UTF8 = 'its name is not UTF-8: rename it';

/** Something stands at a path, and its content cannot be had. */
export class Unreadable extends Error {
  constructor(path: string, why: string, cause?: unknown) {
    super(`${path} cannot be read: ${why}`, { cause });
  }
}

export class StatMemo {
  readonly #file: string;
  readonly #workspace: string;
  readonly #kept: MemoFile;
  /** What was learnt since that was read. */
  readonly #learnt = new Map<string, Entry>();
  /** How many files were really read: tests count it. */
  hashed = 0;
  /** Told of all that is looked at, while there is one. */
  witness: Witness | undefined;

  constructor(file: string, workspace: string) {
    this.#file = file;
    this.#workspace = workspace;
    this.#kept = new MemoFile(file);
  }

  /**
   * Digest of a file, or of a folder's listing of paths and digests; undefined where there is nothing.
   * Paths are relative to the workspace, or absolute. Throws `Unreadable` where something stands in the way.
   */
  digest(path: string): Digest | undefined {
    const absolute = this.absolute(path);
    try {
      const stat = statOf(absolute);
      if (stat === undefined) {
        this.witness?.nothing(path);
        return undefined;
      }
      if (stat.isDirectory()) return this.#digestOfFolder(path, absolute);
      const entry = this.#learnt.get(path) ?? this.#kept.get(path);
      if (entry !== undefined && same(entry, stat)) {
        this.witness?.file(path, entry);
        return entry.digest;
      }
      // Reading a pipe waits for whoever writes to it, maybe for ever.
      if (!stat.isFile()) throw new Unreadable(path, 'it is neither a file nor a folder');
      return this.#hash(path, absolute, stat);
    } catch (thrown) {
      this.witness?.lookAway();
      if (isMissing(thrown)) return undefined;
      const code = errorCode(thrown);
      if (code === undefined) throw thrown;
      const why = code === 'EACCES' || code === 'EPERM' ? 'this user may not read it' : `${code}`;
      throw new Unreadable(path, why, thrown);
    }
  }

  save(temporary: string): void {
    if (this.#learnt.size === 0) return;
    const isKept = (path: string, entry: Entry): boolean =>
      !path.includes('\n') && atRest(entry, entry.hashedAt);
    const learnt = [...this.#learnt].map(
      ([path, entry]) => [path, isKept(path, entry) ? entry : undefined] as const,
    );
    replaceFile(this.#file, this.#kept.textWith(learnt), temporary);
  }

  absolute(path: string): string {
    return path.startsWith('/') ? path : join(this.#workspace, path);
  }

  /** The same file as a recipe, which runs in the workspace, is to spell it. */
  toRead(path: string): string {
    return path;
  }

  #digestOfFolder(path: string, absolute: string): Digest {
    const base = path.endsWith('/') ? path : `${path}/`;
    const names = filesBelow(absolute);
    this.witness?.folder(path, names);
    return digestOfValue(
      names.flatMap((name) => {
        const digest = this.digest(base + name);
        // Its changes would go unseen: such a name cannot be spelt back.
        if (digest === undefined && name.includes('\ufffd')) throw new Unreadable(base + name, NOT_UTF8);
        return digest === undefined ? [] : [[name, digest]];
      }),
    );
  }

  #hash(path: string, absolute: string, stat: Stats): Digest {
    const hashedAt = Date.now();
    this.hashed++;
    const digest = sha256FileSync(absolute);
    const { size, mtimeMs, ctimeMs, ino } = stat;
    const entry = { size, mtimeMs, ctimeMs, ino, digest, hashedAt };
    this.#learnt.set(path, entry);
    if (atRest(entry, hashedAt)) this.witness?.file(path, entry);
    else this.witness?.lookAway();
    return digest;
  }
}

/** A stamp in the future of `hashedAt` (the clock was set back) fails the same comparison. */
export function atRest(stat: Pick<Entry, 'mtimeMs' | 'ctimeMs'>, hashedAt: number): boolean {
  const coarse = stat.mtimeMs % 1000 === 0 && stat.ctimeMs % 1000 === 0;
  const tick = coarse ? COARSE_TICK_MS : FINE_TICK_MS;
  return Math.max(stat.mtimeMs, stat.ctimeMs) + tick < hashedAt;
}

function same(entry: Entry, stat: Stats): boolean {
  return isSame(entry, stat) && atRest(stat, entry.hashedAt);
}
