/**
 * A build's dealings with the lockfile: an ordinary one keeps it, a locked one is held against it. A lockfile that
 * cannot be written is a warning: the build is done and recorded all the same, and the next one writes it.
 */
import type { Listener, LockDifference } from '../events.ts';
import type { Runner } from '../run/runner.ts';
import type { Session } from '../run/session.ts';
import { errorCode } from '../state/files.ts';
import { LockNote } from '../state/lock-note.ts';
import type { Lock } from '../state/lockfile.ts';
import { LOCKFILE, LockfileError } from '../state/lockfile.ts';
import { compareWithLock } from './compare.ts';
import { LockKeeper } from './keep.ts';

export interface LockAttendant {
  readonly listener: Listener;
  /**
   * The same runner, before whose first record the workspace notes that the lockfile is owed lines: a build that is cut
   * short, or locked, must not leave lines that nobody knows to be old.
   */
  around(runner: Runner): Runner;
  /**
   * Once nothing runs any more. `all`: everything that is built by default was asked for, and has ended well. Answers
   * what a locked build came to otherwise than its lockfile says.
   */
  close(all: boolean): Promise<readonly LockDifference[] | undefined>;
}

/** `lock`: of a locked build. Throws a `LockfileError` where there is one that cannot be read. */
export function attendLock(
  session: Session,
  lock: Lock | undefined,
  warn: (message: string) => void,
): LockAttendant {
  const note = new LockNote(session.workspace, session.memo);
  const around = (runner: Runner): Runner => ({
    expect: (plan) => runner.expect(plan),
    run: (plan, worked) => {
      note.owe();
      return runner.run(plan, worked);
    },
    restore: (plan, past) => {
      note.owe();
      return runner.restore(plan, past);
    },
  });
  if (lock !== undefined) {
    for (const message of lock.remarks) warn(message);
    return { listener: () => undefined, around, close: async (all) => compareWithLock(session, lock, all) };
  }
  const keeper = new LockKeeper(session, note);
  for (const message of keeper.remarks) warn(message);
  return {
    listener: (event) => keeper.listen(event),
    around,
    close: async (all) => {
      try {
        await keeper.write(all);
      } catch (thrown) {
        if (!(thrown instanceof LockfileError) && errorCode(thrown) === undefined) throw thrown;
        const why = thrown instanceof Error ? thrown.message : String(thrown);
        warn(`${LOCKFILE} was not written, and the next build will do it: ${why}`);
      }
      return undefined;
    },
  };
}
