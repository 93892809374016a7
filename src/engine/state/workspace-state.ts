/**
 * The only owner of `.pipeline/`: where the journal, the stat memo, temporary outputs, bundles of user tasks and
 * their identities lie. Everything in it is private and can be lost: the next build then checks or builds anew.
 */
import { mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, removeTree, replaceFile, statOf } from './files.ts';
import type { Loaded } from './journal.ts';
import { Journal, loadJournal } from './journal.ts';
import { isLockPath } from './lockfile-shards.ts';
import { StatMemo } from './memo.ts';
import { PastResults } from './results.ts';
import type { RunLock } from './run-lock.ts';
import { acquireRunLock } from './run-lock.ts';
import { Store } from './store.ts';
import { sweepTemporary, TemporaryFolders } from './temporary.ts';

/** Relative to the workspace. */
export const STATE_FOLDER = '.pipeline';
const GITIGNORE = '*\n';

/** The state folder cannot be used: nobody's bug, and nothing can be built before it is mended. */
export class StateError extends Error {}

export interface BuildLockOptions {
  readonly holder: string;
  readonly wait: boolean;
  readonly onWaiting: (holder: string) => void;
  readonly signal: AbortSignal;
}

/** Reads only: for `status` and other commands that need no lock. */
export function openForReading(workspace: string): { readonly loaded: Loaded; readonly memo: StatMemo } {
  const folder = join(workspace, STATE_FOLDER);
  refuseFile(folder);
  return {
    loaded: loadJournal(join(folder, 'journal')),
    memo: new StatMemo(join(folder, 'memo'), workspace),
  };
}

/** Paths that builds themselves write to, the lockfile among them: no file of these is anybody's input or output. */
export function isStatePath(relative: string): boolean {
  return relative === STATE_FOLDER || relative.startsWith(`${STATE_FOLDER}/`) || isLockPath(relative);
}

/** Where bundles of user tasks and their identities are cached; made when first written. */
export function codeCache(workspace: string): {
  readonly folder: string;
  /** Undefined when there is none that can be read: everything in it can be had again. */
  read(): string | undefined;
  write(text: string): void;
  /** Puts a bundle in the folder, whole or not at all: it is run from there. */
  writeBundle(name: string, text: string): void;
} {
  const folder = join(workspace, STATE_FOLDER, 'code');
  const index = join(folder, 'index.json');
  const replace = (file: string, text: string): void => {
    prepare(workspace);
    replaceFile(file, text, `${file}.${process.pid}`);
  };
  return {
    folder,
    read: () => {
      try {
        return readFileSync(index, 'utf8');
      } catch {
        return undefined;
      }
    },
    write: (text) => replace(index, text),
    writeBundle: (name, text) => replace(join(folder, name), text),
  };
}

function prepare(workspace: string): string {
  const folder = join(workspace, STATE_FOLDER);
  refuseFile(folder);
  try {
    mkdirSync(join(folder, 'code'), { recursive: true });
    writeFileSync(join(folder, '.gitignore'), GITIGNORE, { flag: 'wx' });
  } catch (thrown) {
    const code = errorCode(thrown);
    if (code === undefined) throw thrown;
    // The .gitignore stands there already: the user's own changes to it stay.
    if (code === 'EEXIST' && statOf(join(folder, 'code'))?.isDirectory()) return folder;
    // A full disk says for itself what to do.
    if (code === 'ENOSPC' || code === 'EDQUOT') throw thrown;
    const message = `${folder} cannot be written to (${code}): make the workspace writable for this user`;
    throw new StateError(message, { cause: thrown });
  }
  return folder;
}

function refuseFile(folder: string): void {
  const there = statOf(folder);
  if (there === undefined || there.isDirectory()) return;
  throw new StateError(
    `${folder} is a file, and the state of builds is kept in a folder of that name: move it away`,
  );
}

/** A workspace whose run lock is held. Either of these ends it, the first by giving the lock on. */
export interface Held {
  open(): Promise<BuildState>;
  release(): Promise<void>;
}

export class BuildState {
  readonly workspace: string;
  readonly memo: StatMemo;
  readonly journal: Journal;
  /** What was made before what is there now, and the contents of that by digest. */
  readonly results: PastResults;
  readonly store: Store;
  readonly temporary: TemporaryFolders;
  readonly #folder: string;
  readonly #lock: RunLock;

  private constructor(workspace: string, folder: string, lock: RunLock) {
    this.workspace = workspace;
    this.#folder = folder;
    this.#lock = lock;
    mkdirSync(join(folder, 'tmp'), { recursive: true });
    this.journal = new Journal(join(folder, 'journal'), join(folder, 'tmp', 'journal'));
    this.memo = new StatMemo(join(folder, 'memo'), workspace);
    this.results = new PastResults(join(folder, 'results'), join(folder, 'tmp', 'results'));
    this.store = new Store(join(folder, 'store'), join(folder, 'tmp'));
    this.temporary = new TemporaryFolders(folder, workspace);
  }

  /** Undefined when another build holds the workspace and waiting is off. */
  static async open(workspace: string, options: BuildLockOptions): Promise<BuildState | undefined> {
    return (await BuildState.hold(workspace, options))?.open();
  }

  /** The same in two steps: what was kept is read by the second. */
  static async hold(workspace: string, options: BuildLockOptions): Promise<Held | undefined> {
    const folder = prepare(workspace);
    const lock = await acquireRunLock({ ...options, identity: realpathSync(folder) });
    if (lock === undefined) return undefined;
    const orRelease = async <T>(act: () => T): Promise<T> => {
      try {
        return act();
      } catch (thrown) {
        await lock.release();
        throw thrown;
      }
    };
    await orRelease(() => sweep(folder));
    return {
      open: () => orRelease(() => new BuildState(workspace, folder, lock)),
      release: () => lock.release(),
    };
  }

  async close(): Promise<void> {
    try {
      this.journal.close();
      this.results.close();
      this.memo.save(join(this.#folder, 'tmp', 'memo'));
      this.temporary.close();
    } catch (thrown) {
      // The memo only saves work: a disk that is full now must not undo a build that is recorded.
      if (errorCode(thrown) === undefined) throw thrown;
    } finally {
      await this.#lock.release();
    }
  }
}

/** An empty place on the volume of the state folder. Whoever holds it holds the run lock. */
export interface Scratch {
  readonly folder: string;
  close(): Promise<void>;
}

/**
 * For who takes part in no build and leaves no record, and yet must not be built under: of the state folder nothing but
 * the place itself is touched, and what a crash leaves of it is swept by the next build.
 */
export async function openScratch(
  workspace: string,
  options: BuildLockOptions,
): Promise<Scratch | undefined> {
  const folder = prepare(workspace);
  const lock = await acquireRunLock({ ...options, identity: realpathSync(folder) });
  if (lock === undefined) return undefined;
  const place = join(folder, 'tmp', 'scratch');
  const close = async (): Promise<void> => {
    try {
      removeTree(place);
    } finally {
      await lock.release();
    }
  };
  try {
    sweep(folder);
    mkdirSync(place, { recursive: true });
    return { folder: place, close };
  } catch (thrown) {
    await lock.release();
    throw thrown;
  }
}

/** What a crash left half-written. Safe for who holds the run lock. */
function sweep(folder: string): void {
  sweepTemporary(folder);
  const code = join(folder, 'code');
  if (statOf(code)?.isDirectory())
    for (const name of readdirSync(code)) if (isAbandoned(name)) removeTree(join(code, name));
}

/** Who asks for the identity of code needs no lock: what it is about to put in place bears its number. */
function isAbandoned(name: string): boolean {
  const [, writer] = /\.(\d+)$/.exec(name) ?? [];
  if (writer === undefined) return false;
  try {
    process.kill(Number(writer), 0);
    return false;
  } catch (thrown) {
    return errorCode(thrown) === 'ESRCH';
  }
}
