/**
 * The folder that backups lie in: contents by SHA-256 below `objects`, an index file for each backup below `backups`, and
 * a mark that tells it from all other folders. What stands under its name there is whole: it was written beside, flushed
 * and renamed. Knows no workspace.
 */
import { chmodSync, constants, mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Digest } from '../hash.ts';
import { sha256File } from '../hash.ts';
import { makeFolder } from '../run/make-folder.ts';
import {
  bytesAt,
  entryAt,
  errorCode,
  flush,
  namesIn,
  removeTree,
  replaceFile,
  statOf,
} from '../state/files.ts';
import type { RunLock } from '../state/run-lock.ts';
import { acquireRunLock } from '../state/run-lock.ts';
import { StateError } from '../state/workspace-state.ts';
import type { Index } from './index-file.ts';
import { byAge, formatIndex, nameAfter, parseIndex } from './index-file.ts';

/** The folder cannot be used for backups: what is wrong with it. */
export class BackupError extends StateError {}

const MARK = 'pipeline-backup';
const PARTIAL_MARK = `${MARK}.partial`;
const HEADER = 'pipeline backup 1\n';
const OWNER_READS = 0o400;
const ALL_READ = 0o444;
/** What a volume of its own may hold from the start. */
const NOBODYS = ['lost+found', PARTIAL_MARK];

export interface RepositoryOptions {
  /** Make it where there is none. */
  readonly create: boolean;
  readonly holder: string;
  readonly onWaiting: (holder: string) => void;
  readonly signal: AbortSignal;
}

export class Repository {
  /** Absolute, links resolved. */
  readonly folder: string;
  readonly #lock: RunLock;
  /** Folders with new entries that are not flushed yet. */
  readonly #unflushed = new Set<string>();
  #next = 0;

  private constructor(folder: string, lock: RunLock) {
    this.folder = folder;
    this.#lock = lock;
  }

  /** Waits until nobody else of this machine is at it. Throws a `BackupError` where it is something else than a backup. */
  static async open(folder: string, { create, ...lock }: RepositoryOptions): Promise<Repository> {
    checkFolder(folder, create);
    if (create) makeFolder(folder, new Set());
    const real = realpathSync(folder);
    const held = await acquireRunLock({ ...lock, identity: real, wait: true });
    if (held === undefined) throw new Error('waiting for a lock gave none');
    try {
      const repository = new Repository(real, held);
      checkFolder(real, create);
      if (create) repository.#prepare();
      return repository;
    } catch (thrown) {
      await held.release();
      throw thrown;
    }
  }

  /** Undefined where there is none yet, but could be one. */
  static async openIfThere(
    folder: string,
    options: Omit<RepositoryOptions, 'create'>,
  ): Promise<Repository | undefined> {
    checkFolder(folder, true);
    if (bytesAt(join(folder, MARK)).length === 0) return undefined;
    return Repository.open(folder, { ...options, create: false });
  }

  close(): Promise<void> {
    return this.#lock.release();
  }

  /** Whole, as far as can be said without reading it. */
  has(digest: Digest, size: number): boolean {
    const there = entryAt(this.place(digest));
    return there?.isFile() === true && there.size === size;
  }

  /**
   * False: it does not hold that (any more). Throws what the system does, the copy gone. `mode`: who may read the file
   * may read the copy, and nobody else.
   */
  async add(file: string | Uint8Array, digest: Digest, mode: number): Promise<boolean> {
    const temporary = this.#temporary();
    try {
      if (typeof file !== 'string') writeFileSync(temporary, file, { mode: 0o600 });
      else await copyFile(file, temporary, constants.COPYFILE_FICLONE);
      if ((await sha256File(temporary)) !== digest) return false;
      flush(temporary);
      chmodSync(temporary, OWNER_READS | (mode & ALL_READ));
      const place = this.place(digest);
      if (mkdirSync(dirname(place), { recursive: true }) !== undefined) this.#unflushed.add(this.#objects());
      renameSync(temporary, place);
      this.#unflushed.add(dirname(place));
      return true;
    } finally {
      rmSync(temporary, { force: true });
    }
  }

  /** For who reads files only: one that holds this, for as long as it is read. */
  asFile<T>(bytes: Uint8Array, read: (file: string) => T): T {
    const file = this.#temporary();
    try {
      writeFileSync(file, bytes, { mode: 0o600 });
      return read(file);
    } finally {
      rmSync(file, { force: true });
    }
  }

  place(digest: string): string {
    return join(this.#objects(), digest.slice(0, 2), digest);
  }

  /** An index is written when all that it names is on the disk. Answers its name. */
  write(index: Index): string {
    for (const folder of this.#unflushed) flush(folder);
    this.#unflushed.clear();
    const name = nameAfter(this.names(), Date.parse(index.at));
    replaceFile(this.indexPlace(name), formatIndex(index), this.#temporary());
    return name;
  }

  /** Of all backups, oldest first. */
  names(): readonly string[] {
    return namesIn(join(this.folder, 'backups'))
      .flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -'.json'.length)] : []))
      .sort(byAge);
  }

  /** The index, or what is wrong with it. */
  read(name: string): Index | string {
    return parseIndex(bytesAt(this.indexPlace(name)).toString('utf8'));
  }

  indexPlace(name: string): string {
    return join(this.folder, 'backups', `${name}.json`);
  }

  /** Every content that lies there. */
  *objects(): Generator<{ readonly digest: string; readonly bytes: number }, undefined> {
    for (const first of namesIn(this.#objects()))
      for (const digest of namesIn(join(this.#objects(), first)))
        yield { digest, bytes: entryAt(this.place(digest))?.size ?? 0 };
  }

  remove(digest: string): void {
    rmSync(this.place(digest), { force: true });
  }

  /**
   * Out of the way, so that the next backup copies it anew, but not gone: it may be all that there is. False: it cannot be
   * moved, on a read-only volume say.
   */
  setAside(digest: Digest): boolean {
    const folder = join(this.folder, 'damaged');
    try {
      mkdirSync(folder, { recursive: true });
      renameSync(this.place(digest), join(folder, digest));
      return true;
    } catch (thrown) {
      if (errorCode(thrown) === undefined) throw thrown;
      return false;
    }
  }

  #prepare(): void {
    const mark = join(this.folder, MARK);
    if (statOf(mark) === undefined) replaceFile(mark, HEADER, join(this.folder, PARTIAL_MARK));
    // What a crash has left half-written: nobody else is at it.
    removeTree(join(this.folder, 'tmp'));
    mkdirSync(join(this.folder, 'tmp'));
    mkdirSync(join(this.folder, 'backups'), { recursive: true });
    if (mkdirSync(this.#objects(), { recursive: true }) !== undefined) flush(this.folder);
  }

  #objects(): string {
    return join(this.folder, 'objects');
  }

  #temporary(): string {
    return join(this.folder, 'tmp', `${process.pid}-${this.#next++}`);
  }
}

function checkFolder(folder: string, create: boolean): void {
  const there = statOf(folder);
  if (there === undefined && create) return;
  if (there === undefined) throw new BackupError(`${folder}: there is no backup: no such folder`);
  if (!there.isDirectory()) throw new BackupError(`${folder} is a file, and backups lie in a folder`);
  const mark = bytesAt(join(folder, MARK)).toString('utf8');
  if (mark === HEADER) return;
  const [, version] = /^pipeline backup (\d+)\n$/.exec(mark) ?? [];
  if (version !== undefined)
    throw new BackupError(
      `${folder}: written by a newer pipeline (version ${version} of the backup, this one reads 1): use that version`,
    );
  const others = namesIn(folder).filter((name) => !NOBODYS.includes(name));
  if (others.length > 0)
    throw new BackupError(
      `${folder} is no backup, and not empty (it holds ${JSON.stringify(others[0])}): nothing was written. Name a new or an empty folder`,
    );
  if (!create) throw new BackupError(`${folder}: there is no backup: the folder is empty`);
}
