/**
 * The lockfile `pipeline.lock`: the committed facts of content that a build can be repeated from. Reads it whole, from
 * one file or from shards, and says where two lines contradict each other. Which facts stand in it is for `engine/lock`.
 */
import { join } from 'node:path';
import type { Digest } from '../hash.ts';
import type { Json } from '../json.ts';
import { errorCode } from './files.ts';
import type { LockEntry, LockedFile, LockText } from './lockfile-lines.ts';
import { parseLock } from './lockfile-lines.ts';
import { LOCK_FOLDER, LOCKFILE, readText, shardsIn } from './lockfile-shards.ts';
import { StateError } from './workspace-state.ts';

export { LOCKFILE } from './lockfile-shards.ts';

/** The lockfile cannot be read: what is wrong, each with its file and line. Nothing is built before it is mended. */
export class LockfileError extends StateError {}

export interface LockFact {
  readonly target: string;
  readonly digest: Digest;
}

export interface Lock {
  /** The last minute that counts, epoch milliseconds. */
  readonly asOf: number;
  /** What was brought in from outside, by path: relative to the workspace, or absolute where the manifest says so. */
  readonly sources: ReadonlyMap<string, LockFact>;
  /** Final outputs, by path. */
  readonly outputs: ReadonlyMap<string, LockFact>;
  /** What was read in the files of pinned targets, by target and JSON pointer. */
  readonly values: ReadonlyMap<string, ReadonlyMap<string, Json>>;
  /** In which order members of a value come where it is not that of their names, by target and pointer. */
  readonly orders: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
  /** Why the publisher had nothing for a target. */
  readonly absences: ReadonlyMap<string, string>;
  /** Targets of which two lines say different things, after a merge: none of these lines is in the maps above. */
  readonly doubled: ReadonlySet<string>;
  /** All files that any line names, those of doubled targets too: what nothing may remove. */
  readonly files: readonly LockedFile[];
  /** What was not as it should be, for a warning. */
  readonly remarks: readonly string[];
}

/** Undefined: there is none. Throws a `LockfileError` where it cannot be read. */
export function readLock(workspace: string): Lock | undefined {
  const read = readLockEntries(workspace);
  return read && lockOf(read);
}

export interface ReadEntries {
  /** Undefined: no line says so. */
  readonly asOf: number | undefined;
  readonly sharded: boolean;
  readonly lines: readonly LockEntry[];
  readonly remarks: readonly string[];
}

const NO_SHARDS = `${LOCKFILE}: it says that its lines lie in ${LOCK_FOLDER}, and there are none: put that folder back as it was committed, or remove ${LOCKFILE} and build`;

export function readLockEntries(workspace: string): ReadEntries | undefined {
  const problems: string[] = [];
  const head = readPart(workspace, LOCKFILE, problems);
  const lines = [...(head?.lines ?? [])];
  if (head?.sharded) {
    const names = shardsIn(workspace);
    if (names.length === 0) problems.push(NO_SHARDS);
    for (const name of names)
      lines.push(...(readPart(workspace, `${LOCK_FOLDER}/${name}`, problems)?.lines ?? []));
  }
  if (problems.length > 0) throw new LockfileError(problems.slice(0, 5).join('\n'));
  if (head === undefined) return undefined;
  const remarks =
    head.asOfs.length > 1 ? [`${LOCKFILE}: two lines say "as-of", after a merge: the later one counts`] : [];
  return { asOf: head.asOfs.at(-1), sharded: head.sharded, lines, remarks };
}

/** Only the as-of, and whatever else is wrong with the file: commands that do not need it are not held up by it. */
export function lockedAsOf(workspace: string): number | undefined {
  const text = textOf(workspace, LOCKFILE);
  return typeof text === 'string' ? parseLock(headOf(text)).asOfs.at(-1) : undefined;
}

/** The header and the lines on the as-of, wherever a merge has put them. */
function headOf(text: string): string {
  // Not by a pattern over many lines: to it a value may hold ends of lines of other scripts, U+2028 say.
  const lines = text.split('\n').filter((line) => /^(?:pipeline\.lock|as-of) /.test(line));
  return text.startsWith(lines[0] ?? '\n') ? lines.join('\n') : '';
}

function readPart(workspace: string, file: string, problems: string[]): LockText | undefined {
  const text = textOf(workspace, file);
  if (text === undefined) return undefined;
  if (typeof text !== 'string') {
    problems.push(`${file}: cannot be read: ${text.message}`);
    return undefined;
  }
  const parsed = parseLock(text);
  for (const { line, message } of parsed.problems) problems.push(`${file}:${line}: ${message}`);
  if (file === LOCKFILE && parsed.problems.length === 0 && parsed.asOfs.length === 0)
    problems.push(`${file}:1: no line says "as-of YYYY-MM-DDTHH:MM:00Z": remove the file and build`);
  return parsed;
}

/** What keeps it from being read, a folder of that name say, as a value. */
function textOf(workspace: string, file: string): string | Error | undefined {
  try {
    return readText(join(workspace, file));
  } catch (thrown) {
    if (errorCode(thrown) === undefined || !(thrown instanceof Error)) throw thrown;
    return thrown;
  }
}

function lockOf({ asOf = 0, lines, remarks }: ReadEntries): Lock {
  const doubled = doubledTargets(lines);
  const sources = new Map<string, LockFact>();
  const outputs = new Map<string, LockFact>();
  const values = new Map<string, Map<string, Json>>();
  const orders = new Map<string, Map<string, readonly string[]>>();
  const absences = new Map<string, string>();
  for (const line of lines) {
    if (doubled.has(line.target)) continue;
    switch (line.kind) {
      case 'source':
        sources.set(line.path, { target: line.target, digest: line.digest });
        break;
      case 'output':
        outputs.set(line.path, { target: line.target, digest: line.digest });
        break;
      case 'value':
        put(values, line.target, line.pointer, line.value);
        break;
      case 'keys':
        put(orders, line.target, line.pointer, line.keys);
        break;
      case 'absent':
        absences.set(line.target, line.reason);
    }
  }
  const files = lines.filter((line): line is LockedFile => line.kind === 'source' || line.kind === 'output');
  const telling = [...remarks, ...[...doubled].map(remarkOnDoubled)];
  return { asOf, sources, outputs, values, orders, absences, doubled, files, remarks: telling };
}

function remarkOnDoubled(target: string): string {
  return `${LOCKFILE}: two lines say different things of ${target}, after a merge: a build of it says which is right`;
}

function put<T>(all: Map<string, Map<string, T>>, target: string, pointer: string, value: T): void {
  const of = all.get(target);
  if (of === undefined) all.set(target, new Map([[pointer, value]]));
  else of.set(pointer, value);
}

/** Targets with two lines on one thing; a path that two targets claim makes both doubtful. */
export function doubledTargets(lines: readonly LockEntry[]): ReadonlySet<string> {
  const first = new Map<string, { readonly target: string; readonly says: string }>();
  const doubled = new Set<string>();
  for (const line of lines) {
    const { about, says } = statement(line);
    const before = first.get(about);
    if (before === undefined) first.set(about, { target: line.target, says });
    else if (before.says !== says) {
      doubled.add(before.target);
      doubled.add(line.target);
    }
  }
  // What the publisher does not have has no file.
  const absent = new Set(lines.flatMap(({ kind, target }) => (kind === 'absent' ? [target] : [])));
  for (const { kind, target } of lines) if (kind !== 'absent' && absent.has(target)) doubled.add(target);
  return doubled;
}

/** What a line is about, and what it says of it. */
function statement(line: LockEntry): { readonly about: string; readonly says: string } {
  switch (line.kind) {
    case 'source':
    case 'output':
      return { about: `file\n${line.path}`, says: `${line.kind}\n${line.target}\n${line.digest}` };
    case 'value':
      return { about: `value\n${line.target}\n${line.pointer}`, says: JSON.stringify(line.value) };
    case 'keys':
      return { about: `keys\n${line.target}\n${line.pointer}`, says: JSON.stringify(line.keys) };
    case 'absent':
      return { about: `absent\n${line.target}`, says: line.reason };
  }
}
