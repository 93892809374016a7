/**
 * Puts finished outputs in place: flushed, renamed, folders flushed. A reader sees the old file or the new one.
 * Knows no targets and no records.
 */
import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { entriesBelow, errorCode, filesBelow, flush, isMissing, statOf } from '../state/files.ts';

export interface Placement {
  readonly temporary: string;
  /** Absolute. */
  readonly final: string;
  readonly directory: boolean;
}

/** Something of another kind stands where an output goes. `code` as the file system would have it. */
export class PlaceTaken extends Error {
  readonly code: string;

  constructor(code: 'EISDIR' | 'ENOTDIR', message: string) {
    super(message);
    this.code = code;
  }
}

/** One file of an output: `name` is its place within a directory, empty for a file that is an output itself. */
interface Move {
  readonly from: string;
  readonly final: string;
  readonly name: string;
}

/** All that can fail for want of room or of the right shape fails before the first old output is replaced. */
export function putInPlace(placements: readonly Placement[]): void {
  for (const placement of placements) refuseOtherShape(placement);
  const folders = new Set<string>();
  const moves = placements.map(({ temporary, final, directory }) => {
    makeFolder(directory ? final : dirname(final), folders);
    return directory ? movesInto(temporary, final) : [{ from: ownContent(temporary), final, name: '' }];
  });
  for (const { from } of moves.flat()) flush(from);
  placements.forEach(({ final, directory }, at) => {
    const wanted = moves[at] ?? [];
    for (const move of wanted) carryOut(move, folders);
    if (directory) clearAway(final, new Set(wanted.map(({ name }) => name)), folders);
  });
  for (const folder of folders) flush(folder);
}

function refuseOtherShape({ final, directory }: Placement): void {
  const there = statOf(final);
  if (there === undefined) return;
  if (directory && !there.isDirectory())
    throw new PlaceTaken('ENOTDIR', `${final} is a file, and the output is a directory of that name`);
  if (!directory && there.isDirectory())
    throw new PlaceTaken('EISDIR', `${final} is a folder, and the output is a file of that name`);
}

function movesInto(temporary: string, final: string): readonly Move[] {
  const real = realpathSync(temporary);
  return filesBelow(temporary).map((name, at) => {
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
    const beside = join(dirname(target), `.${basename(target)}.partial`);
    copyFileSync(from, beside);
    flush(beside);
    renameSync(beside, target);
  }
  folders.add(dirname(target));
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

/** Files that are no longer written go last, and the folders that they leave empty. */
function clearAway(final: string, wanted: ReadonlySet<string>, folders: Set<string>): void {
  for (const name of entriesBelow(final)) {
    if (wanted.has(name)) continue;
    rmSync(join(final, name));
    let above = dirname(name);
    for (; above !== '.' && removedEmpty(join(final, above)); above = dirname(above))
      folders.delete(join(final, above));
    folders.add(join(final, above));
  }
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

/** Makes a folder and notes every folder above it that got a new entry. */
function makeFolder(folder: string, folders: Set<string>): void {
  const first = makeAll(folder);
  if (first === undefined) return;
  for (let here = folder; here.length >= first.length; here = dirname(here)) folders.add(dirname(here));
}

function makeAll(folder: string): string | undefined {
  try {
    return mkdirSync(folder, { recursive: true });
  } catch (thrown) {
    if (!isMissing(thrown) && errorCode(thrown) !== 'EEXIST') throw thrown;
    if (isMissing(thrown)) tellWhy(folder);
    const message = `the folder ${folder} cannot be made: a file or a link to nowhere stands in its way`;
    throw new PlaceTaken('ENOTDIR', message);
  }
}

/** The recursive call says ENOENT on a read-only volume (measured on Node 20); the plain one says why. */
function tellWhy(folder: string): void {
  const above = dirname(folder);
  if (above !== folder && lstatSync(above, { throwIfNoEntry: false }) === undefined) tellWhy(above);
  else if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) {
    try {
      mkdirSync(folder);
    } catch (thrown) {
      if (!isMissing(thrown)) throw thrown;
    }
  }
}

/**
 * `latest` points at the folder of the last run: beside it, or above a folder that is called `runs`
 * (`reports/latest` → `reports/runs/2025-02-28-95db2d73`). Swapped by rename; does nothing when it points there
 * already. `final` is any absolute output path below the run's folder.
 */
export function pointLatest(final: string, runId: string): void {
  const at = final.indexOf(`/${runId}/`);
  if (at < 0) return;
  const above = final.slice(0, at);
  const home = basename(above) === 'runs' ? dirname(above) : above;
  const goal = relative(home, join(above, runId));
  const link = join(home, 'latest');
  const there = lstatSync(link, { throwIfNoEntry: false });
  if (there?.isSymbolicLink() && readlinkSync(link) === goal) return;
  if (there !== undefined && !there.isSymbolicLink()) {
    const kind = there.isDirectory() ? 'a folder' : 'a file';
    const message = `${link} is ${kind}, and the link to the last run has that name: move it away`;
    throw new PlaceTaken(there.isDirectory() ? 'EISDIR' : 'ENOTDIR', message);
  }
  const temporary = join(home, '.latest.partial');
  rmSync(temporary, { force: true });
  symlinkSync(goal, temporary);
  renameSync(temporary, link);
}
