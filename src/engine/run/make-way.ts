/**
 * What targets that are gone left behind gives way where an output of another kind goes: a file where a folder is
 * wanted, a folder where a file is. A clean build would not find it there. Leaves everything else where it is.
 */
import { renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { entriesBelow, entryAt, errorCode, removeTree, statOf } from '../state/files.ts';
import type { Session } from './session.ts';

export interface Coming {
  /** As it is recorded: relative to the workspace, or absolute. */
  readonly path: string;
  readonly directory: boolean;
  /** Where it lies until then: what gives way is moved beside it, and goes when that is swept. */
  readonly temporary: string;
}

/** `going`: told of each path before it goes. */
export function makeWay(session: Session, coming: Coming, going: (path: string) => void): void {
  const { path, directory, temporary } = coming;
  let aside = 0;
  const absolute = (each: string): string => session.memo.absolute(each);
  const goes = (each: string): boolean =>
    session.makerOf(each) === undefined && session.leftBehind.writerOf(each) !== undefined;
  const remove = (each: string): void => {
    going(each);
    moveAside(absolute(each), `${temporary}.gone-${aside++}`);
  };
  for (let above = dirname(path); above !== '.' && above !== '/'; above = dirname(above)) {
    const there = statOf(absolute(above));
    if (there?.isDirectory()) break;
    if (there !== undefined && goes(above)) remove(above);
  }
  const there = entryAt(absolute(path));
  // A link gives way by itself, wherever it leads.
  if (there === undefined || there.isSymbolicLink() || there.isDirectory() === directory) return;
  if (directory) {
    // Its own place: what the target itself wrote there as a file is left behind as well.
    if (session.leftBehind.writerOf(path) !== undefined) remove(path);
    return;
  }
  const files = entriesBelow(absolute(path));
  // Of what was left there folders may remain whose files somebody has deleted: nothing is lost with them.
  if (!files.every((name) => goes(join(path, name)))) return;
  for (const name of files) going(join(path, name));
  remove(path);
}

/** At once: of a folder that is half gone nobody could say any more that it is what was recorded. */
function moveAside(path: string, to: string): void {
  try {
    renameSync(path, to);
  } catch (thrown) {
    if (errorCode(thrown) !== 'EXDEV') throw thrown;
    removeTree(path);
  }
}
