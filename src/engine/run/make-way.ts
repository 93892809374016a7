/**
 * What targets that are gone left behind gives way where an output of another kind goes: a file where a folder is
 * wanted, a folder where a file is. A clean build would not find it there. Leaves everything else where it is.
 */
import { dirname, join } from 'node:path';
import { entriesBelow, removeTree, statOf } from '../state/files.ts';
import type { Session } from './session.ts';

export interface Coming {
  /** As it is recorded: relative to the workspace, or absolute. */
  readonly path: string;
  readonly directory: boolean;
}

export function makeWay(session: Session, { path, directory }: Coming): void {
  const absolute = (each: string): string => session.memo.absolute(each);
  const goes = (each: string): boolean =>
    session.makerOf(each) === undefined && session.leftBehind.writerOf(each) !== undefined;
  for (let above = dirname(path); above !== '.' && above !== '/'; above = dirname(above)) {
    const there = statOf(absolute(above));
    if (there?.isDirectory()) break;
    if (there !== undefined && goes(above)) removeTree(absolute(above));
  }
  const there = statOf(absolute(path));
  if (there === undefined || there.isDirectory() === directory) return;
  if (directory) {
    if (goes(path)) removeTree(absolute(path));
    return;
  }
  const files = entriesBelow(absolute(path));
  if (files.length > 0 && files.every((name) => goes(join(path, name)))) removeTree(absolute(path));
}
