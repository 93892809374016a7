/**
 * The history of builds, beside the journal and of the same build: a header, then a checked line for each build.
 * Bounded, written at the end of a build by whoever holds the run lock, read without it. It is for people alone: a
 * lost or damaged one costs nothing but itself.
 */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canonicalJson } from '../json.ts';
import { isMissing, replaceFile } from './files.ts';
import type { LineFormat } from './line-file.ts';
import { appendLine, formatLine, headerOf, parseLine, readLines } from './line-file.ts';
import type { NewRun, RunRecord } from './run-record.ts';
import { isIdle, isQuiet, runRecord } from './run-record.ts';
import { STATE_FOLDER, StateError } from './workspace-state.ts';

const FORMAT: LineFormat = {
  name: 'pipeline history',
  version: 1,
  foreign: (path, found) =>
    new StateError(
      `${path}:1: expected "pipeline history 1", found ${JSON.stringify(found.slice(0, 40))}. This is not a history of builds: move the file away, and the next build begins a new one`,
    ),
  newer: (path, version) =>
    new StateError(
      `${path}:1: written by a newer pipeline (history version ${version}, this one reads 1): use that version, or move the file away to begin a new one`,
    ),
};
const HEADER = Buffer.from(`${headerOf(FORMAT)}\n`);

/** How many builds are kept, and how often more are cut down to that: counting means reading them all. */
export const KEPT = 1_000;
const CUT_EVERY = 250;
/** Beyond this the oldest go, down to the lesser, so that not every build has to cut. */
export const MOST_BYTES = 8_000_000;
const CUT_TO_BYTES = 6_000_000;

export interface History {
  /** Oldest first. */
  readonly runs: readonly RunRecord[];
  /** What was not as it should be, for a warning. */
  readonly remarks: readonly string[];
}

/** Needs no lock. Throws a `StateError` where the file is another's. */
export function readHistory(workspace: string): History {
  const path = pathIn(workspace);
  const runs: RunRecord[] = [];
  const { damaged, tornBytes } = readLines(path, FORMAT, (value) => {
    const { success, data } = runRecord.safeParse(value);
    if (success) runs.push(data);
    return success;
  });
  const remarks: string[] = [];
  if (damaged > 0)
    remarks.push(`${path}: ${damaged === 1 ? '1 build' : `${damaged} builds`} left out: damaged`);
  if (tornBytes > 0) remarks.push(`${path}: the last write was cut short: ${tornBytes} bytes left out`);
  return { runs, remarks };
}

/**
 * Adds a build. Only for the holder of the run lock. Throws a `StateError` where the file is another's, and what
 * the file system throws; either way what is there stays, but for a record of nothing to do that was to be replaced.
 *
 * A build with nothing to do costs a look at the last line and one small write. It is not flushed: a power cut may
 * take it along, and nothing is lost with it. One that did something is on the disk when this returns.
 * Answers what was not as it should be, if that was seen.
 */
export function recordRun(workspace: string, run: NewRun): readonly string[] {
  const path = pathIn(workspace);
  const tail = readTail(path);
  // None there yet, cut short, or damaged at its end.
  if (tail === undefined) return addToWhole(workspace, path, run);
  const { record, folded } = next(tail.last, run);
  const at = folded ? tail.at : tail.size;
  const line = formatLine(record);
  const many = !folded && record.number % CUT_EVERY === 0;
  if (many || at + line.length > MOST_BYTES) return addToWhole(workspace, path, run);
  const fd = openSync(path, 'a');
  try {
    ftruncateSync(fd, at);
    appendLine(fd, at, line);
    if (!isIdle(run)) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return [];
}

/** The number of the last build, without reading all of them where the last line tells. 0: there is none. */
export function lastRunNumber(workspace: string): number {
  const last = readTail(pathIn(workspace))?.last ?? readHistory(workspace).runs.at(-1);
  return last?.number ?? 0;
}

function pathIn(workspace: string): string {
  return join(workspace, STATE_FOLDER, 'history');
}

function addToWhole(workspace: string, path: string, run: NewRun): readonly string[] {
  const { runs, remarks } = readHistory(workspace);
  const { record, folded } = next(runs.at(-1), run);
  rewrite(path, [...(folded ? runs.slice(0, -1) : runs), record]);
  return remarks;
}

/**
 * The record of a build that comes after `last`, or takes its place: a cron job that finds nothing to do must not push
 * out what did something.
 */
function next(last: RunRecord | undefined, run: NewRun): { record: RunRecord; folded: boolean } {
  if (last === undefined || !isIdle(run) || !isIdle(last) || requestOf(last) !== requestOf(run))
    return { record: { number: (last?.number ?? 0) + 1, builds: 1, ...run }, folded: false };
  const { number, builds, startedAt } = last;
  return { record: { ...run, number, builds: builds + 1, startedAt }, folded: true };
}

/** All that two idle builds must have in common. */
function requestOf(run: NewRun): string {
  const { ended, asOf, runId, selectors, moreSelectors, options, counts } = run;
  const { from = null, to = null, version = null, alerts = [], moreAlerts = 0 } = run;
  return canonicalJson({
    ended,
    asOf,
    runId,
    selectors,
    moreSelectors,
    options,
    counts,
    from,
    to,
    version,
    alerts,
    moreAlerts,
  });
}

interface Tail {
  readonly last: RunRecord | undefined;
  /** Where its line begins. */
  readonly at: number;
  readonly size: number;
}

const CHUNK = 1 << 16;

/** The last record, without reading the others. Undefined where the file has to be looked at as a whole. */
function readTail(path: string): Tail | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
  try {
    const { size } = fstatSync(fd);
    if (!readAt(fd, 0, HEADER.length).equals(HEADER)) return undefined;
    if (size === HEADER.length) return { last: undefined, at: size, size };
    for (let length = CHUNK; ; length *= 8) {
      const from = Math.max(HEADER.length, size - length);
      const bytes = readAt(fd, from, size - from);
      if (bytes.at(-1) !== 10) return undefined;
      const start = bytes.length < 2 ? 0 : bytes.lastIndexOf(10, bytes.length - 2) + 1;
      if (start === 0 && from > HEADER.length) continue;
      const { success, data } = runRecord.safeParse(parseLine(bytes, start, bytes.length - 1));
      return success ? { last: data, at: from + start, size } : undefined;
    }
  } finally {
    closeSync(fd);
  }
}

function readAt(fd: number, from: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, from));
}

/** Whole and flushed under another name, then renamed: a reader finds the old file or the new one. */
function rewrite(path: string, runs: readonly RunRecord[]): void {
  const temporary = join(dirname(path), 'tmp', 'history');
  mkdirSync(dirname(temporary), { recursive: true });
  const lines = newest(kept(runs).map(formatLine));
  replaceFile(path, Buffer.concat([HEADER, ...lines]), temporary);
}

/** What did nothing goes first. */
function kept(runs: readonly RunRecord[]): readonly RunRecord[] {
  let spare = runs.length - KEPT;
  const rest = runs.filter((run) => {
    if (spare <= 0 || !isQuiet(run)) return true;
    spare--;
    return false;
  });
  return rest.slice(-KEPT);
}

function newest(lines: readonly Buffer[]): readonly Buffer[] {
  if (lines.reduce((sum, { length }) => sum + length, HEADER.length) <= MOST_BYTES) return lines;
  let bytes = HEADER.length;
  const from = lines.findLastIndex(({ length }) => {
    bytes += length;
    return bytes > CUT_TO_BYTES;
  });
  return lines.slice(Math.min(from + 1, lines.length - 1));
}
