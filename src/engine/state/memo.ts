/**
 * Digests of files without reading them again: path → stat and digest. An entry counts only while size,
 * mtime, ctime and inode are what they were, and only if the file was already at rest when it was read:
 * one that changed within the clock's tick of being hashed is hashed again. Knows no targets.
 */
import type { Stats } from 'node:fs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../hash.ts';
import { digestOfValue, sha256, sha256FileSync } from '../hash.ts';
import { byCodeUnit } from '../json.ts';
import { errorCode, filesBelow, isMissing, replaceFile, statOf } from './files.ts';
import type { Stamp, Witness } from './witness.ts';

/**
 * Time stamps move in ticks: of the kernel's clock (4 ms at HZ=250, 10 ms at HZ=100), or of whole seconds on some
 * volumes (FAT: two). Two edits in one tick look alike, so a file is trusted only once more than this lay between
 * its last change and the moment of hashing.
 */
export const FINE_TICK_MS = 50;
const COARSE_TICK_MS = 2_500;

interface Entry extends Stamp {
  readonly digest: Digest;
  /** Wall clock when hashing began, milliseconds. */
  readonly hashedAt: number;
}

const HEADER = 'pipeline stat memo 1';
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
  readonly #entries = new Map<string, Entry>();
  #changed = false;
  /** How many files were really read: tests count it. */
  hashed = 0;
  /** Told of all that is looked at, while there is one. */
  witness: Witness | undefined;

  /** A memo that cannot be read is an empty one: it only ever saves work. */
  constructor(file: string, workspace: string) {
    this.#file = file;
    this.#workspace = workspace;
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      return;
    }
    const [header, sum, ...lines] = text.split('\n');
    if (header !== HEADER || sum !== sha256(lines.join('\n'))) return;
    for (const line of lines) {
      const [digest, size, mtimeMs, ctimeMs, ino, hashedAt, ...path] = line.split(' ');
      if (digest === undefined || path.length === 0) continue;
      this.#entries.set(path.join(' '), {
        digest: digest as Digest,
        size: Number(size),
        mtimeMs: Number(mtimeMs),
        ctimeMs: Number(ctimeMs),
        ino: Number(ino),
        hashedAt: Number(hashedAt),
      });
    }
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
      const entry = this.#entries.get(path);
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
    if (!this.#changed) return;
    const lines = [...this.#entries]
      .sort(([a], [b]) => byCodeUnit(a, b))
      .filter(([path, entry]) => !path.includes('\n') && atRest(entry, entry.hashedAt))
      .map(([path, e]) => `${e.digest} ${e.size} ${e.mtimeMs} ${e.ctimeMs} ${e.ino} ${e.hashedAt} ${path}`);
    const body = lines.join('\n');
    replaceFile(this.#file, `${HEADER}\n${sha256(body)}\n${body}`, temporary);
    this.#changed = false;
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
    this.#entries.set(path, entry);
    this.#changed = true;
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
  return (
    entry.size === stat.size &&
    entry.mtimeMs === stat.mtimeMs &&
    entry.ctimeMs === stat.ctimeMs &&
    entry.ino === stat.ino &&
    atRest(stat, entry.hashedAt)
  );
}
