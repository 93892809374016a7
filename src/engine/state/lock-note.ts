/**
 * Whether the lockfile still is what this workspace has written last: a small private file says what that was. It goes
 * before the first target of a build runs, so that a build that was cut short owes the lockfile its lines.
 */
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Digest } from '../hash.ts';
import { digestOfValue } from '../hash.ts';
import type { Json } from '../json.ts';
import { flush, isMissing, replaceFile } from './files.ts';
import { LockfileError } from './lockfile.ts';
import { LOCK_FOLDER, LOCKFILE, partialOf } from './lockfile-shards.ts';
import type { StatMemo } from './memo.ts';
import { Unreadable } from './memo.ts';
import { STATE_FOLDER } from './workspace-state.ts';

export class LockNote {
  readonly #path: string;
  readonly #memo: StatMemo;
  #said: string | undefined;
  #owed = false;

  constructor(workspace: string, memo: StatMemo) {
    this.#path = join(workspace, STATE_FOLDER, 'locked');
    this.#memo = memo;
    try {
      this.#said = readFileSync(this.#path, 'utf8');
    } catch (thrown) {
      if (!isMissing(thrown)) throw thrown;
    }
  }

  /** False: the last build of this workspace owes its lines, or there was none. */
  get paid(): boolean {
    return this.#said !== undefined;
  }

  /** Whether nobody has changed the lockfile since, and it was written for the same (`for`). */
  holds(about: Json): boolean {
    return this.#said === this.#now(about);
  }

  /** From now on, until it is said again, lines are owed. To be called before anything is recorded. */
  owe(): void {
    if (this.#owed) return;
    this.#owed = true;
    rmSync(this.#path, { force: true });
    flush(dirname(this.#path));
  }

  say(about: Json): void {
    this.#owed = false;
    this.#said = this.#now(about);
    replaceFile(this.#path, this.#said, partialOf(this.#path));
  }

  #now(about: Json): string {
    const files = [LOCKFILE, LOCK_FOLDER].map((path) => this.#digestOf(path));
    return `${digestOfValue([...files, about])}\n`;
  }

  #digestOf(path: string): Digest | null {
    try {
      return this.#memo.digest(path) ?? null;
    } catch (thrown) {
      if (!(thrown instanceof Unreadable)) throw thrown;
      throw new LockfileError(`${thrown.message}: make it readable for this user`, { cause: thrown });
    }
  }
}
