/**
 * The only owner of `.pipeline/`: where the journal, the stat memo, temporary outputs, bundles of user tasks and
 * their identities lie. Everything in it is private and can be lost: the next build then checks or builds anew.
 */
import { appendFileSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isMissing, nearestExisting, onSameVolume, removeTree, replaceFile } from './files.ts';
import type { Loaded } from './journal.ts';
import { Journal, loadJournal } from './journal.ts';
import { StatMemo } from './memo.ts';
import type { RunLock } from './run-lock.ts';
import { acquireRunLock } from './run-lock.ts';

const FOLDER = '.pipeline';
const GITIGNORE = '*\n';

export interface BuildLockOptions {
  readonly holder: string;
  readonly wait: boolean;
  readonly onWaiting: (holder: string) => void;
  readonly signal: AbortSignal;
}

/** Reads only: for `status` and other commands that need no lock. */
export function openForReading(workspace: string): { readonly loaded: Loaded; readonly memo: StatMemo } {
  const folder = join(workspace, FOLDER);
  return {
    loaded: loadJournal(join(folder, 'journal')),
    memo: new StatMemo(join(folder, 'memo'), workspace),
  };
}

/** Paths that the state folder may not collide with, for file globs and watchers. */
export function isStatePath(relative: string): boolean {
  return relative === FOLDER || relative.startsWith(`${FOLDER}/`);
}

/** Where bundles of user tasks and their identities are cached; made when first written. */
export function codeCache(workspace: string): {
  readonly folder: string;
  read(): string | undefined;
  write(text: string): void;
} {
  const folder = join(workspace, FOLDER, 'code');
  const index = join(folder, 'index.json');
  return {
    folder,
    read: () => {
      try {
        return readFileSync(index, 'utf8');
      } catch (thrown) {
        if (isMissing(thrown)) return undefined;
        throw thrown;
      }
    },
    write: (text) => {
      prepare(workspace);
      replaceFile(index, text, `${index}.${process.pid}`);
    },
  };
}

function prepare(workspace: string): string {
  const folder = join(workspace, FOLDER);
  mkdirSync(join(folder, 'code'), { recursive: true });
  const ignore = join(folder, '.gitignore');
  try {
    readFileSync(ignore);
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
    replaceFile(ignore, GITIGNORE, `${ignore}.${process.pid}`);
  }
  return folder;
}

export class BuildState {
  readonly workspace: string;
  readonly memo: StatMemo;
  readonly journal: Journal;
  readonly #folder: string;
  readonly #lock: RunLock;
  #nextTemporary = 0;

  private constructor(workspace: string, folder: string, lock: RunLock) {
    this.workspace = workspace;
    this.#folder = folder;
    this.#lock = lock;
    this.#sweep();
    mkdirSync(join(folder, 'tmp'), { recursive: true });
    this.journal = new Journal(join(folder, 'journal'), join(folder, 'tmp', 'journal'));
    this.memo = new StatMemo(join(folder, 'memo'), workspace);
  }

  /** Undefined when another build holds the workspace and waiting is off. */
  static async open(workspace: string, options: BuildLockOptions): Promise<BuildState | undefined> {
    const folder = prepare(workspace);
    const lock = await acquireRunLock({ ...options, identity: realpathSync(folder) });
    if (lock === undefined) return undefined;
    try {
      return new BuildState(workspace, folder, lock);
    } catch (thrown) {
      await lock.release();
      throw thrown;
    }
  }

  /**
   * An empty place for the outputs of one run of a target, on the volume of its first output so that a rename can
   * put them in place. Where that is not the workspace's volume, it is noted so that a crash leaves nothing behind.
   */
  temporaryFolder(firstOutput: string): string {
    const name = `${process.pid}-${this.#nextTemporary++}`;
    const usual = join(this.#folder, 'tmp');
    let folder = join(usual, name);
    if (!onSameVolume(usual, firstOutput)) {
      folder = join(nearestExisting(dirname(firstOutput)), `${FOLDER}-tmp-${name}`);
      appendFileSync(join(this.#folder, 'elsewhere'), `${folder}\n`, { flush: true });
    }
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  async close(): Promise<void> {
    this.journal.close();
    this.memo.save(join(this.#folder, 'tmp', 'memo'));
    removeTree(join(this.#folder, 'elsewhere'));
    await this.#lock.release();
  }

  /** What a crash left half-written. Safe: we hold the run lock. */
  #sweep(): void {
    removeTree(join(this.#folder, 'tmp'));
    const list = join(this.#folder, 'elsewhere');
    let text = '';
    try {
      text = readFileSync(list, 'utf8');
    } catch (thrown) {
      if (!isMissing(thrown)) throw thrown;
    }
    for (const path of text.split('\n')) if (basename(path).startsWith(`${FOLDER}-tmp-`)) removeTree(path);
    removeTree(list);
  }
}
