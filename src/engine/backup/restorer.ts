/**
 * Puts files of a backup in place one by one: what is missing, and what differs where that was asked for. Each is hashed
 * before it gets its name. Knows neither which backup it is of nor what was chosen.
 */
import { chmodSync, constants, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { sha256File } from '../hash.ts';
import { putInPlace } from '../run/commit.ts';
import { pointLatest } from '../run/latest-link.ts';
import { makeFolder } from '../run/make-folder.ts';
import { entryAt, errorCode, isMissing, statOf } from '../state/files.ts';
import { JOURNAL_PATH } from '../state/kept-state.ts';
import { LOCK_FOLDER, LOCKFILE, shardsIn } from '../state/lockfile-shards.ts';
import type { IndexedFile } from './index-file.ts';
import type { Progress } from './progress.ts';
import { counting } from './progress.ts';
import type { Repository } from './repository.ts';

export interface Trouble {
  readonly path: string;
  readonly why: string;
}

/** Single files, also of directories: none is ever cleared, and nothing goes for them. */
const OWNS_NOTHING: Parameters<typeof putInPlace>[1] = {
  written: () => new Set(),
  note: () => undefined,
  displace: () => undefined,
};

export class Restorer {
  readonly restored: IndexedFile[] = [];
  readonly differing: string[] = [];
  readonly outside: string[] = [];
  readonly failures: Trouble[] = [];
  same = 0;
  readonly #inPlace = new Set<string>();
  readonly #workspace: string;
  readonly #repository: Repository;
  readonly #scratch: string;
  readonly #force: boolean;
  readonly #isNamed: (path: string) => boolean;
  /** Records are worth nothing beside those that are there: they would speak of other files. */
  readonly #skipsRecords: boolean;

  constructor(
    workspace: string,
    repository: Repository,
    scratch: string,
    force: boolean,
    named: (path: string) => boolean,
  ) {
    this.#workspace = workspace;
    this.#repository = repository;
    this.#scratch = scratch;
    this.#force = force;
    this.#isNamed = named;
    this.#skipsRecords = !force && entryAt(join(workspace, JOURNAL_PATH)) !== undefined;
  }

  async all(
    files: readonly IndexedFile[],
    {
      signal,
      onProgress,
    }: { readonly signal: AbortSignal; readonly onProgress: (progress: Progress) => void },
  ): Promise<void> {
    const done = counting(files, onProgress);
    // Records come last: of files that are not there they must not speak.
    const inOrder = [
      ...files.filter(({ kind }) => kind !== 'record'),
      ...files.filter(({ kind }) => kind === 'record'),
    ];
    for (const file of inOrder) {
      signal.throwIfAborted();
      if (file.kind === 'record' && this.#skipsRecords) continue;
      // Of another lockfile: their lines would count beside its own.
      if (isShard(file.path) && this.differing.includes(LOCKFILE)) continue;
      try {
        await this.#one(file);
      } catch (thrown) {
        this.#noteFailure(file.path, thrown);
      }
      done(file);
    }
  }

  makeFolders(paths: readonly string[]): void {
    for (const path of paths) {
      const final = resolve(this.#workspace, path);
      try {
        if (statOf(final)?.isDirectory()) continue;
        if (this.#mayWrite(path, final)) makeFolder(final, new Set());
        else this.outside.push(final);
      } catch (thrown) {
        this.#noteFailure(path, thrown);
      }
    }
  }

  /**
   * What has come to the lockfile since is none of the one that was put back. `all`: files of the backup; where not all
   * of its lockfile is in place now, nothing is dropped.
   */
  dropOtherShards(all: readonly IndexedFile[]): void {
    const lock = all.filter(({ kind }) => kind === 'lockfile');
    const isInPlace = ({ path }: IndexedFile): boolean => this.#inPlace.has(path);
    if (lock.length === 0 || !lock.every(isInPlace)) return;
    const ours = new Set(lock.map(({ path }) => path));
    for (const name of shardsIn(this.#workspace)) {
      const path = `${LOCK_FOLDER}/${name}`;
      if (!ours.has(path)) rmSync(join(this.#workspace, path));
    }
  }

  #noteFailure(path: string, thrown: unknown): void {
    const code = errorCode(thrown);
    // Where the volume is full no other file fits either.
    if (!(thrown instanceof Error) || code === undefined || code === 'ENOSPC' || code === 'EDQUOT')
      throw thrown;
    this.failures.push({ path, why: thrown.message });
  }

  /**
   * A backup that is tried in an empty folder must not reach the files of the workspace that it is of, nor an index that
   * somebody has made up those of anybody: what lies elsewhere is asked for by its path.
   */
  #mayWrite(path: string, final: string): boolean {
    return final.startsWith(`${this.#workspace}/`) || this.#isNamed(path);
  }

  async #one(file: IndexedFile): Promise<void> {
    const final = resolve(this.#workspace, file.path);
    const there = statOf(final);
    if (there?.isFile() && there.size === file.size && (await sha256File(final)) === file.digest) this.same++;
    else if (!this.#mayWrite(file.path, final)) {
      this.outside.push(final);
      return;
    } else if (there?.isFile() && !this.#force) this.differing.push(file.path);
    else if (await this.#bring(file, final)) this.restored.push(file);
    else return;
    this.#inPlace.add(file.path);
    // Beside records of its own a workspace has a last run of its own.
    if (file.run !== undefined && !this.#skipsRecords) pointLatest(final, file.run);
  }

  async #bring(file: IndexedFile, final: string): Promise<boolean> {
    const temporary = join(this.#scratch, 'file');
    // What is left of one that was damaged may be read-only, as contents are.
    rmSync(temporary, { force: true });
    try {
      await copyFile(this.#repository.place(file.digest), temporary, constants.COPYFILE_FICLONE);
    } catch (thrown) {
      if (!isMissing(thrown)) throw thrown;
      this.failures.push({
        path: file.path,
        why: `the backup has lost its content ${file.digest.slice(0, 12)}`,
      });
      return false;
    }
    if ((await sha256File(temporary)) !== file.digest) {
      this.failures.push({
        path: file.path,
        why: `its content in the backup is damaged: ${this.#repository.place(file.digest)}`,
      });
      return false;
    }
    chmodSync(temporary, file.mode);
    putInPlace([{ temporary, final, directory: false }], OWNS_NOTHING);
    return true;
  }
}

function isShard(path: string): boolean {
  return path.startsWith(`${LOCK_FOLDER}/`);
}
