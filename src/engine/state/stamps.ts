/**
 * What time stamps say of all that reading a path has to do with: links on the way, the file, or a folder and all below
 * it. By them it shows that content was changed and changed back. Reads no content, and knows what no file is for.
 */
import type { Stats } from 'node:fs';
import { readdirSync, readlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { byCodeUnit } from '../json.ts';
import { entryAt, errorCode } from './files.ts';

/** The kernel's clock for time stamps may lag behind the one that programs read. */
const LAG_MS = 10;

/** What time stamps say of one entry of a volume. */
export type Stamp = Pick<Stats, 'ino' | 'size' | 'mtimeMs' | 'ctimeMs' | 'nlink'>;

/** Where a path leads, link by link. */
interface Way {
  /** Of each link that is followed. */
  readonly links: readonly Stamp[];
  /** Without links on the way; undefined where there is nothing. */
  readonly real: string | undefined;
  /** The last place on the way that is there. */
  readonly nearest: string;
}

/** What has been found of ways, for paths that are looked at together: they share folders. */
export type Ways = Map<string, Way>;

/** As the kernel has it. */
const MOST_LINKS = 40;

/**
 * The stamps of all that reading a path has to do with: of each link on the way, and of the file, or the folder and all
 * below it. Where there is nothing: of the folder that would show if something came and went.
 */
export function stampsOf(path: string, ways: Ways = new Map()): readonly Stamp[] {
  const found: Stamp[] = [];
  const visit = (each: string, above: readonly string[]): void => {
    const { links, real, nearest } = wayTo(each, ways);
    found.push(...links);
    // A link to nowhere within a folder is none of its content.
    if (real === undefined && above.length > 0) return;
    const stat = seenAt(real ?? nearest);
    if (stat === undefined) return;
    found.push(stampOf(stat));
    if (real === undefined || !stat.isDirectory() || above.includes(real)) return;
    for (const name of readableNames(real)) visit(join(real, name), [...above, real]);
  };
  visit(path, []);
  return found;
}

/**
 * Whether something was done to what has these stamps. Another name for the same file, or one less, moves its ctime
 * too, and nothing else: that is what keeping a file by a hard link does.
 */
export function haveMoved(was: readonly Stamp[], is: readonly Stamp[]): boolean {
  return (
    was.length !== is.length ||
    was.some((old, at) => {
      const now = is[at];
      if (now?.ino !== old.ino || now.size !== old.size || now.mtimeMs !== old.mtimeMs) return true;
      return now.ctimeMs !== old.ctimeMs && now.nlink === old.nlink;
    })
  );
}

/**
 * Whether what a path leads to may have changed at this instant (epoch milliseconds) or later, or have come or gone.
 * By ctime alone: mtime is for users to set, into the future if they like.
 */
export function changedSince(path: string, instant: number): boolean {
  return stampsOf(path).some(({ ctimeMs }) => ctimeMs + LAG_MS >= instant);
}

function wayTo(path: string, ways: Ways, followed = 0): Way {
  const known = ways.get(path);
  if (known !== undefined) return known;
  const above = dirname(path);
  const found =
    above === path ? { links: [], real: path, nearest: path } : wayOn(path, above, ways, followed);
  ways.set(path, found);
  return found;
}

function wayOn(path: string, above: string, ways: Ways, followed: number): Way {
  const { links, real: folder, nearest } = wayTo(above, ways, followed);
  if (folder === undefined) return { links, real: undefined, nearest };
  const here = join(folder, basename(path));
  const stat = seenAt(here);
  if (stat === undefined || followed > MOST_LINKS) return { links, real: undefined, nearest: folder };
  if (!stat.isSymbolicLink()) return { links, real: here, nearest: here };
  const on = wayFrom(folder, goalOf(here), ways, followed + 1);
  return { ...on, links: [...links, stampOf(stat), ...on.links] };
}

/** Step by step: `..` leads up from where a link has led, not from where it stands. */
function wayFrom(folder: string, goal: string, ways: Ways, followed: number): Way {
  const from = goal.startsWith('/') ? '/' : folder;
  let way: Way = { links: [], real: from, nearest: from };
  for (const step of goal.split('/')) {
    if (way.real === undefined) break;
    if (step === '' || step === '.') continue;
    const next = wayTo(step === '..' ? dirname(way.real) : join(way.real, step), ways, followed);
    way = { ...next, links: [...way.links, ...next.links] };
  }
  return way;
}

/** Itself, should it be no link any more. */
function goalOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch (thrown) {
    if (errorCode(thrown) === undefined) throw thrown;
    return link;
  }
}

function stampOf({ ino, size, mtimeMs, ctimeMs, nlink }: Stats): Stamp {
  return { ino, size, mtimeMs, ctimeMs, nlink };
}

/** What this user may not look at shows when it is read. */
function seenAt(path: string): Stats | undefined {
  try {
    return entryAt(path);
  } catch (thrown) {
    if (errorCode(thrown) === undefined) throw thrown;
    return undefined;
  }
}

/** In an order that is always the same; nothing of a folder that went away, or that this user may not read. */
function readableNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort(byCodeUnit);
  } catch (thrown) {
    if (errorCode(thrown) === undefined) throw thrown;
    return [];
  }
}
