/**
 * The files of one backup as they come together: those whose content is not there yet are copied, and each copy is hashed
 * before it counts. Knows neither records nor why a file is wanted.
 */
import { sha256 } from '../hash.ts';
import { byCodeUnit } from '../json.ts';
import { bytesAt, errorCode, statOf } from '../state/files.ts';
import { keptStateIn, wholeLines } from '../state/kept-state.ts';
import type { StatMemo } from '../state/memo.ts';
import type { Wanted } from './contents.ts';
import type { IndexedFile, Lack } from './index-file.ts';
import type { Found } from './look.ts';
import { lookFor } from './look.ts';
import type { Progress } from './progress.ts';
import { counting } from './progress.ts';
import type { Repository } from './repository.ts';

export function isFull(thrown: unknown): boolean {
  const code = errorCode(thrown);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** The volume of the backup is full. */
export class NoRoom extends Error {
  readonly copied: number;
  /** Undefined where only the index is missing. */
  readonly missingBytes: number | undefined;

  constructor(copied: number, missingBytes: number | undefined, cause: unknown) {
    super('no room left', { cause });
    this.copied = copied;
    this.missingBytes = missingBytes;
  }
}

export interface StateFile {
  readonly bytes: Buffer;
  readonly mode: number;
}

/** A file of the workspace, or a text of which the file goes on growing. */
type Source = Found & { readonly bytes?: Buffer };

export class Collection {
  readonly #workspace: string;
  readonly #repository: Repository | undefined;
  readonly #dryRun: boolean;
  readonly #signal: AbortSignal;
  readonly #onProgress: (progress: Progress) => void;
  readonly #copied = new Map<string, IndexedFile>();
  #files = new Map<string, IndexedFile>();
  #wanted: readonly Source[] = [];
  #folders: readonly string[] = [];
  #lacks: readonly Lack[] = [];

  /** `repository`: undefined where there is none yet, in a dry run. */
  constructor(
    workspace: string,
    repository: Repository | undefined,
    options: {
      readonly dryRun: boolean;
      readonly signal: AbortSignal;
      readonly onProgress: (progress: Progress) => void;
    },
  ) {
    this.#workspace = workspace;
    this.#repository = repository;
    this.#dryRun = options.dryRun;
    this.#signal = options.signal;
    this.#onProgress = options.onProgress;
  }

  /** In code-unit order of paths. */
  files(): readonly IndexedFile[] {
    return [...this.#files.values()].sort((a, b) => byCodeUnit(a.path, b.path));
  }

  /** In a dry run: what would be copied. */
  get copied(): readonly IndexedFile[] {
    return [...this.#copied.values()];
  }

  /** Of the last gathering, whether it could be copied or not. */
  get wanted(): readonly IndexedFile[] {
    return this.#wanted;
  }

  get folders(): readonly string[] {
    return this.#folders;
  }

  get lacks(): readonly Lack[] {
    return this.#lacks;
  }

  /** What is kept of the state folder, as it is now, by path. */
  state(): ReadonlyMap<string, StateFile> {
    const read = keptStateIn(this.#workspace).map(({ path, file }) => {
      const { mode = 0o600 } = statOf(file) ?? {};
      return [path, { bytes: wholeLines(bytesAt(file)), mode: mode & 0o777 }] as const;
    });
    return new Map(read.filter(([, { bytes }]) => bytes.length > 0));
  }

  /** All of it anew, but for contents that are there. */
  async gather(
    wanted: readonly Wanted[],
    memo: StatMemo,
    state: ReadonlyMap<string, StateFile>,
  ): Promise<void> {
    const { files, folders, lacks } = await lookFor(wanted, memo, this.#signal);
    const sources: readonly Source[] = [...files, ...[...state].map(recordsAs)];
    const trouble: Lack[] = [];
    this.#wanted = sources;
    this.#files = new Map();
    const missing = this.#missing(sources);
    const one = [...missing.values()].flatMap(([first]) => first ?? []);
    let left = one.reduce((sum, { size }) => sum + size, 0);
    const done = counting(one, this.#onProgress);
    const failed = new Set<string>();
    for (const first of one) {
      const { digest } = first;
      const lacks: Lack[] = [];
      // Where one of them cannot be read, another one may.
      for (const source of missing.get(digest) ?? []) {
        this.#signal.throwIfAborted();
        const why = await this.#copy(source, left);
        if (why === undefined) {
          this.#copied.set(digest, indexed(source));
          break;
        }
        lacks.push({ path: source.path, why });
      }
      if (!this.#copied.has(digest)) {
        failed.add(digest);
        trouble.push(...lacks);
      }
      left -= first.size;
      done(first);
    }
    for (const source of sources)
      if (!failed.has(source.digest)) this.#files.set(source.path, indexed(source));
    this.#folders = folders;
    this.#lacks = [...lacks, ...trouble].sort((a, b) => byCodeUnit(a.path, b.path));
  }

  /** Of each content that is not there yet, the files that have it. */
  #missing(sources: readonly Source[]): ReadonlyMap<string, readonly Source[]> {
    const missing = new Map<string, Source[]>();
    for (const source of sources) {
      const { digest, size } = source;
      if (this.#copied.has(digest) || this.#repository?.has(digest, size)) continue;
      const same = missing.get(digest);
      if (same === undefined) missing.set(digest, [source]);
      else same.push(source);
    }
    return missing;
  }

  /** Why it could not be. */
  async #copy({ from, bytes, digest, mode }: Source, left: number): Promise<string | undefined> {
    if (this.#dryRun || this.#repository === undefined) return undefined;
    try {
      const whole = await this.#repository.add(bytes ?? from, digest, mode);
      return whole ? undefined : 'it changed while it was copied';
    } catch (thrown) {
      const code = errorCode(thrown);
      if (code === undefined || !(thrown instanceof Error)) throw thrown;
      if (isFull(thrown)) throw new NoRoom(this.#copied.size, left, thrown);
      return thrown.message;
    }
  }
}

function recordsAs([path, { bytes, mode }]: readonly [string, StateFile]): Source {
  return { path, kind: 'record', digest: sha256(bytes), size: bytes.length, mode, from: path, bytes };
}

function indexed({ path, kind, digest, size, mode, run }: IndexedFile): IndexedFile {
  return { path, kind, digest, size, mode, ...(run === undefined ? {} : { run }) };
}
