/**
 * Contents kept by digest, so that what was built before can be put back instead of built again. A blob is a file
 * named by its SHA-256; a directory is the canonical text of its listing, `DIGEST.list`, beside the blobs of its files.
 * It knows no targets and no records, and trusts nothing that it holds: what it gives was hashed on the way out.
 *
 * Content comes in two steps, so that no file of the user's is ever one with a blob: first the old file gets a second
 * name in the temporary folder (a hard link, or a copy where links cannot be had); once another file has taken its
 * place, that name moves into the store. A crash in between loses the blob and nothing else.
 */
import type { Stats } from 'node:fs';
import {
  chmodSync,
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Digest } from '../hash.ts';
import { sha256, sha256File } from '../hash.ts';
import { canonicalJson } from '../json.ts';
import { entryAt, errorCode, isMissing, namesIn } from './files.ts';

/** The files of a directory: names relative to it, in code-unit order. */
export type Listing = readonly (readonly [name: string, digest: Digest])[];

/** What lies in the store. */
export interface Stored {
  readonly path: string;
  readonly digest: Digest;
  /** Of a directory. */
  readonly listing: boolean;
  readonly bytes: number;
  /** Epoch milliseconds: when it came here. */
  readonly storedAt: number;
}

const LISTING = '.list';
const NAME = /^([0-9a-f]{64})(\.list)?$/;

export class Store {
  readonly #folder: string;
  readonly #temporary: string;
  #next = 0;

  /** Nothing is read or made before something is asked for. `temporary`: on the store's volume, swept after a crash. */
  constructor(folder: string, temporary: string) {
    this.#folder = folder;
    this.#temporary = temporary;
  }

  /** Gives the file another name, by which `put` finds it. Undefined where it cannot be had, which is no failure. */
  hold(path: string): string | undefined {
    const held = join(this.#temporary, `held-${process.pid}-${this.#next++}`);
    return guarded(held, () => {
      // What a link leads to belongs to somebody else.
      if (!lstatSync(path).isFile()) return undefined;
      try {
        linkSync(path, held);
      } catch (thrown) {
        if (errorCode(thrown) === undefined || isMissing(thrown)) throw thrown;
        copyFileSync(path, held, constants.COPYFILE_FICLONE);
      }
      return held;
    });
  }

  /** Takes over what is held, of which the caller knows the digest. Whoever else has that file keeps it to himself. */
  put(held: string, digest: Digest): void {
    guarded(held, () => {
      const { size, nlink, mode } = lstatSync(held);
      const blob = this.#blob(digest);
      if (fileAt(blob)?.size === size) return rmSync(held);
      mkdirSync(dirname(blob), { recursive: true });
      const own = nlink === 1 ? held : `${held}-copy`;
      if (own !== held) copyFileSync(held, own, constants.COPYFILE_FICLONE);
      chmodSync(own, mode & 0o555);
      renameSync(own, blob);
      rmSync(held, { force: true });
      return undefined;
    });
  }

  putListing(listing: Listing): void {
    const text = canonicalJson(listing);
    const place = this.#blob(sha256(text)) + LISTING;
    const temporary = join(this.#temporary, `held-${process.pid}-${this.#next++}`);
    guarded(temporary, () => {
      if (fileAt(place) !== undefined) return undefined;
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(temporary, text, { mode: 0o444 });
      renameSync(temporary, place);
      return undefined;
    });
  }

  discard(held: string): void {
    rmSync(held, { force: true });
  }

  /** Whether there is such content, as far as can be said without reading it. */
  has(digest: Digest, directory: boolean): boolean {
    if (!directory) return fileAt(this.#blob(digest)) !== undefined;
    const listing = this.listing(digest);
    return listing?.every(([, each]) => fileAt(this.#blob(each)) !== undefined) ?? false;
  }

  /** The files of a directory that is kept; a damaged listing is none. */
  listing(digest: Digest): Listing | undefined {
    const place = this.#blob(digest) + LISTING;
    try {
      const text = readFileSync(place, 'utf8');
      if (sha256(text) === digest) return JSON.parse(text) as Listing;
    } catch (thrown) {
      if (isMissing(thrown)) return undefined;
      if (errorCode(thrown) === undefined) throw thrown;
    }
    rmSync(place, { force: true });
    return undefined;
  }

  /** Writes a fresh copy, which is nobody else's file. False: there is none, or it was damaged and is gone now. */
  async give(digest: Digest, directory: boolean, to: string): Promise<boolean> {
    if (!directory) return this.#giveFile(digest, to);
    const listing = this.listing(digest);
    if (listing === undefined) return false;
    mkdirSync(to, { recursive: true });
    for (const [name, each] of listing) {
      const place = join(to, name);
      mkdirSync(dirname(place), { recursive: true });
      if (!(await this.#giveFile(each, place))) return false;
    }
    return true;
  }

  /** Everything there is, for who decides what may go. */
  contents(): readonly Stored[] {
    return namesIn(this.#folder).flatMap((first) =>
      namesIn(join(this.#folder, first)).flatMap((name): Stored[] => {
        const path = join(this.#folder, first, name);
        const [, digest, suffix] = NAME.exec(name) ?? [];
        const stat = fileAt(path);
        if (digest === undefined || stat === undefined) return [];
        const { size: bytes, ctimeMs: storedAt } = stat;
        return [{ path, digest: digest as Digest, listing: suffix !== undefined, bytes, storedAt }];
      }),
    );
  }

  async #giveFile(digest: Digest, to: string): Promise<boolean> {
    const blob = this.#blob(digest);
    const stat = fileAt(blob);
    if (stat === undefined) return false;
    await copyFile(blob, to, constants.COPYFILE_FICLONE);
    if ((await sha256File(to)) === digest) {
      chmodSync(to, (stat.mode & 0o777) | (0o222 & ~process.umask()));
      return true;
    }
    rmSync(to, { force: true });
    rmSync(blob, { force: true });
    return false;
  }

  #blob(digest: Digest): string {
    return join(this.#folder, digest.slice(0, 2), digest);
  }
}

/** To keep something only ever saves work: a disk that is full or forbids it is no reason to fail. */
function guarded<T>(held: string, act: () => T): T | undefined {
  try {
    return act();
  } catch (thrown) {
    if (errorCode(thrown) === undefined) throw thrown;
    for (const each of [held, `${held}-copy`]) rmSync(each, { force: true });
    return undefined;
  }
}

/** Of a file that lies there itself. What this user may not look at is none. */
function fileAt(path: string): Stats | undefined {
  let stat: Stats | undefined;
  try {
    stat = entryAt(path);
  } catch (thrown) {
    if (errorCode(thrown) !== 'EACCES') throw thrown;
  }
  return stat?.isFile() === true ? stat : undefined;
}
