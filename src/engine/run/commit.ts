/**
 * Puts finished outputs in place: flushed, renamed, folders flushed. A reader sees the old file or the new one.
 * Knows no targets and no records.
 */
import { copyFileSync, lstatSync, realpathSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { entriesBelow, entryAt, errorCode, filesBelow, flush } from '../state/files.ts';
import { makeFolder } from './make-folder.ts';
import { PlaceTaken } from './place-taken.ts';

export interface Placement {
  readonly temporary: string;
  /** Absolute. */
  readonly final: string;
  readonly directory: boolean;
}

/** Which files in a directory that is an output builds have put there: names relative to it. */
export interface Ownership<T extends Placement> {
  written(place: T): ReadonlySet<string>;
  /** These and no others. Called before the first of them is there, and when others have gone. */
  note(place: T, names: readonly string[]): void;
  /** Takes away what no build has put there, so that nothing of anybody's is lost. */
  displace(place: T, name: string): void;
}

/** One file of an output: `name` is its place within a directory, empty for a file that is an output itself. */
interface Move {
  readonly from: string;
  readonly final: string;
  readonly name: string;
}

/** An output about to be put in place: what it brings, and what goes for it. */
interface Coming<T extends Placement> {
  readonly place: T;
  /** Of a directory: what the task has written there. */
  readonly names: readonly string[];
  /** Of a directory: entries that this build does not bring; of these, those that no build has put there. */
  readonly going: ReadonlySet<string>;
  readonly foreign: ReadonlySet<string>;
  /** A link stands where the directory goes. */
  readonly linked: boolean;
}

/** Outputs that are about to be put in place. */
export interface Staged {
  /** What is to be flushed before. */
  readonly files: readonly string[];
  /** Folders that are to be flushed once all is in place; those of what has been done so far. */
  readonly folders: ReadonlySet<string>;
  place(): void;
  /** When the folders have been flushed. */
  settle(): void;
}

export function putInPlace<T extends Placement>(placements: readonly T[], owned: Ownership<T>): void {
  const staged = stage(placements, owned);
  for (const file of staged.files) flush(file);
  staged.place();
  for (const folder of staged.folders) flush(folder);
  staged.settle();
}

/** What can fail for want of the right shape fails here, and for want of room when the files are flushed. */
export function stage<T extends Placement>(placements: readonly T[], owned: Ownership<T>): Staged {
  const coming = placements.map((place) => look(place, owned));
  const folders = new Set<string>();
  const moves = coming.map(({ place: { temporary, final, directory }, names, linked }) => {
    makeFolder(directory && !linked ? final : dirname(final), folders);
    return directory
      ? movesInto(temporary, final, names)
      : [{ from: ownContent(temporary), final, name: '' }];
  });
  return {
    files: moves.flat().map(({ from }) => from),
    folders,
    place: () => {
      for (const { place, names, going } of coming)
        if (place.directory) owned.note(place, [...names, ...going]);
      coming.forEach((each, at) => {
        const { place, going, linked } = each;
        const { final, directory } = place;
        // What it leads to is somebody else's, and stays as it is.
        if (linked) rmSync(final);
        if (directory) makeFolder(final, folders);
        displaceForeign(each, owned, folders);
        for (const move of moves[at] ?? []) carryOut(move, folders);
        if (going.size > 0) clearAway(final, going, folders);
      });
    },
    // Not before: what a power cut brings back would be nobody's.
    settle: () => {
      for (const { place, names, going } of coming) if (going.size > 0) owned.note(place, names);
    },
  };
}

/** A link gives way, be it to a file or to a directory: nothing is lost with it. */
function look<T extends Placement>(place: T, owned: Ownership<T>): Coming<T> {
  const { temporary, final, directory } = place;
  const there = entryAt(final);
  const names = directory ? filesBelow(temporary) : [];
  const none = { place, names, going: new Set<string>(), foreign: new Set<string>() };
  if (there === undefined || there.isSymbolicLink())
    return { ...none, linked: directory && there !== undefined };
  if (directory && !there.isDirectory())
    throw new PlaceTaken('ENOTDIR', `${final} is a file, and the output is a directory of that name`);
  if (!directory && there.isDirectory())
    throw new PlaceTaken('EISDIR', `${final} is a folder, and the output is a file of that name`);
  return directory
    ? { ...none, ...goingFrom(place, names, owned), linked: false }
    : { ...none, linked: false };
}

/** What is there beside what comes, and what of it no build has put there: that is the user's. */
function goingFrom<T extends Placement>(
  place: T,
  names: readonly string[],
  owned: Ownership<T>,
): Pick<Coming<T>, 'going' | 'foreign'> {
  const { final } = place;
  const wanted = new Set(names);
  const going = entriesBelow(final).filter((name) => !wanted.has(name));
  if (going.length === 0) return { going: new Set(), foreign: new Set() };
  const ours = new Set([...wanted, ...owned.written(place)]);
  const folders = new Set([...ours].flatMap(foldersAbove));
  const foreign = going.filter((name) => {
    if (ours.has(name) || ours.has(name.replace(PARTIAL, '$1$2'))) return false;
    // Somebody has put a link in the place of a folder of ours: only the link goes.
    return !(folders.has(name) && entryAt(join(final, name))?.isSymbolicLink());
  });
  return { going: new Set(going), foreign: new Set(foreign) };
}

/** What lies there goes, and nothing comes: nobody needs it. */
export function clearPlaces<T extends Placement>(placements: readonly T[], owned: Ownership<T>): void {
  const folders = new Set<string>();
  for (const place of placements) {
    const { final, directory } = place;
    const there = entryAt(final);
    if (there === undefined) continue;
    if (!directory || !there.isDirectory()) rmSync(final);
    else {
      const { going, foreign } = goingFrom(place, [], owned);
      displaceForeign({ place, foreign }, owned, folders);
      clearAway(final, going, folders);
      removedEmpty(final);
      owned.note(place, []);
    }
  }
}

function foldersAbove(name: string): readonly string[] {
  const steps = name.split('/');
  return steps.slice(1).map((_, at) => steps.slice(0, at + 1).join('/'));
}

function movesInto(temporary: string, final: string, names: readonly string[]): readonly Move[] {
  const real = realpathSync(temporary);
  return names.map((name, at) => {
    const from = join(temporary, name);
    // Behind a link: what it leads to belongs to somebody else.
    const foreign = realpathSync(from) !== join(real, name);
    return { from: foreign ? copied(from, `${temporary}.content-${at}`) : from, final, name };
  });
}

/** An output holds content, never a link to it: a link out of the temporary folder would lead nowhere. */
function ownContent(temporary: string): string {
  return lstatSync(temporary).isSymbolicLink() ? copied(temporary, `${temporary}.content`) : temporary;
}

function copied(from: string, to: string): string {
  copyFileSync(from, to);
  return to;
}

function carryOut({ from, final, name }: Move, folders: Set<string>): void {
  const target = join(final, name);
  if (name !== '') clearWay(final, name);
  makeFolder(dirname(target), folders);
  try {
    renameSync(from, target);
  } catch (thrown) {
    if (errorCode(thrown) !== 'EXDEV') throw thrown;
    // Another volume than the temporary folder's: the copy that is renamed must lie beside the target.
    const beside = partialOf(target);
    copyFileSync(from, beside);
    flush(beside);
    renameSync(beside, target);
  }
  folders.add(dirname(target));
}

/** How a copy is called that is about to be renamed: a crash may leave one. */
const PARTIAL = /^((?:.*\/)?)\.([^/]*)\.partial$/;

function partialOf(target: string): string {
  return join(dirname(target), `.${basename(target)}.partial`);
}

/** Within an output directory, whatever the last run left of another kind gives way. */
function clearWay(final: string, name: string): void {
  const steps = name.split('/');
  for (let depth = 1; depth < steps.length; depth++) {
    const folder = join(final, ...steps.slice(0, depth));
    const there = lstatSync(folder, { throwIfNoEntry: false });
    if (there?.isDirectory()) continue;
    if (there !== undefined) rmSync(folder);
    return;
  }
  const target = join(final, name);
  if (lstatSync(target, { throwIfNoEntry: false })?.isDirectory()) rmSync(target, { recursive: true });
}

/** Files that are no longer written go last. */
function clearAway(final: string, going: ReadonlySet<string>, folders: Set<string>): void {
  for (const name of entriesBelow(final)) {
    if (!going.has(name)) continue;
    rmSync(join(final, name));
    leaveNoEmpty(final, name, folders);
  }
}

/** Before anything comes: it may go where they are. */
function displaceForeign<T extends Placement>(
  { place, foreign }: Pick<Coming<T>, 'place' | 'foreign'>,
  owned: Ownership<T>,
  folders: Set<string>,
): void {
  for (const name of foreign) {
    owned.displace(place, name);
    leaveNoEmpty(place.final, name, folders);
  }
}

/** The folders that a file has left empty by going. */
function leaveNoEmpty(final: string, name: string, folders: Set<string>): void {
  let above = dirname(name);
  for (; above !== '.' && removedEmpty(join(final, above)); above = dirname(above))
    folders.delete(join(final, above));
  folders.add(join(final, above));
}

function removedEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOTEMPTY' || errorCode(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}
