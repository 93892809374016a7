/**
 * What targets had made before they made what they have now: a checked line each, found by fingerprint. Read only when
 * something is to run. A lost or damaged one costs a build that could have been a copy, and `gc` the knowledge of what
 * the last builds had: so it is noted when lines were lost, and what cannot be made again is flushed. A file of another
 * program is left as it is. It knows neither where contents are kept nor whether they still are.
 */
import { closeSync, fsyncSync, ftruncateSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Digest } from '../hash.ts';
import { bytesAt, entryAt, errorCode, flush, replaceFile } from './files.ts';
import type { LineFormat } from './line-file.ts';
import { appendLine, formatLine, headerOf, parseLine, readLines } from './line-file.ts';
import type { OutputFact, SuccessRecord } from './record.ts';

export interface PastResult {
  /** First, so that a line can be found without being parsed. */
  readonly fingerprint: Digest;
  readonly target: string;
  readonly outputs: readonly OutputFact[];
  /** Inputs learnt while running: path and digest. */
  readonly discovered: SuccessRecord['discovered'];
  readonly origins?: NonNullable<SuccessRecord['origins']>;
  readonly alerts?: NonNullable<SuccessRecord['alerts']>;
  /** The number of the build in which another result took its place, and when that was (ISO, UTC). */
  readonly replacedIn: number;
  readonly replacedAt: string;
  /** Whether it may stand again where its fingerprint does. Otherwise it only says what there was. */
  readonly restorable: boolean;
}

/** That a target is no longer there: since this build, or with 0 that it is there again. */
interface GoneMark {
  readonly gone: string;
  readonly since: number;
}

/** What was replaced before this time (ISO, UTC) may be told by no line: some were lost. */
interface LostMark {
  readonly lost: string;
}

/** The file is not one that this program can read, and so nothing is known of what builds had. */
export class ResultsError extends Error {}

const FORMAT: LineFormat = {
  name: 'pipeline results',
  version: 1,
  foreign: (path, found) =>
    new ResultsError(
      `${path}:1: expected "pipeline results 1", found ${JSON.stringify(found.slice(0, 40))}. These are no notes of earlier results: move the file away, and the next build begins new ones`,
    ),
  newer: (path, version) =>
    new ResultsError(
      `${path}:1: written by a newer pipeline (results version ${version}, this one reads 1): use that version, or move the file away to begin new ones`,
    ),
};
const HEADER = `${headerOf(FORMAT)}\n`;
/** How a line's JSON begins, with the fingerprint after it. */
const START = '{"fingerprint":"';
const DIGITS = 64;

interface Index {
  readonly bytes: Buffer;
  /** Where the newest line of a fingerprint begins. */
  readonly at: Map<string, number>;
  readonly gone: Map<string, number>;
  /** Before when lines may be missing, epoch milliseconds. */
  readonly lostBefore: number | undefined;
  readonly wholeBytes: number;
}

export interface Health {
  /** Lines that do not add up, one that was cut short included. */
  readonly damaged: number;
  /** What was replaced before may be told by no line, epoch milliseconds; undefined: everything is told. */
  readonly lostBefore: number | undefined;
}

export class PastResults {
  readonly path: string;
  readonly #temporary: string;
  #index: Index | undefined;
  readonly #added = new Map<string, PastResult>();
  #file: { readonly fd: number; size: number } | undefined;
  #warnings: string[] = [];
  /** A line could not be written. */
  #owed = false;

  /** Begins the file where there is none, so that from then on it can be told from one that was lost. */
  constructor(path: string, temporary: string) {
    this.path = path;
    this.#temporary = temporary;
    if (entryAt(path) !== undefined) return;
    this.#append();
    this.#release();
  }

  /** Reads every line. Throws a `ResultsError` where the file is another's. */
  health(): Health {
    const { damaged, tornBytes } = readLines(
      this.path,
      FORMAT,
      (value) => isPast(value) || isMark(value) || isLost(value),
    );
    const all = damaged + (tornBytes > 0 ? 1 : 0);
    return { damaged: all, lostBefore: all > 0 ? Date.now() : this.#loaded()?.lostBefore };
  }

  /** What could not be noted although it cannot be made again: for warnings, each told once. */
  takeWarnings(): readonly string[] {
    const warnings = this.#warnings;
    this.#warnings = [];
    return warnings;
  }

  find(target: string, fingerprint: Digest): PastResult | undefined {
    const added = this.#added.get(fingerprint);
    if (added !== undefined) return added.target === target ? added : undefined;
    const index = this.#loaded();
    const at = index?.at.get(fingerprint);
    const found = index && at !== undefined ? resultAt(index.bytes, at) : undefined;
    return found?.target === target ? found : undefined;
  }

  /** Before the journal says that the record stands no more. `replacedIn`: the number of the present build. */
  add(record: SuccessRecord, restorable: boolean, replacedIn: number): void {
    const { fingerprint, target, outputs, discovered, origins, alerts } = record;
    const past: PastResult = {
      fingerprint,
      target,
      outputs,
      discovered,
      ...(origins === undefined ? {} : { origins }),
      ...(alerts === undefined ? {} : { alerts }),
      replacedIn,
      replacedAt: new Date().toISOString(),
      restorable,
    };
    if (this.#append(past)) this.#added.set(fingerprint, past);
    else if (!restorable)
      this.#warnings.push(
        `${this.path}: what ${target} had made before could not be noted: \`pipeline gc\` keeps what it does not know until enough builds were made`,
      );
  }

  /** Since which build a target has been gone, by target. */
  goneSince(): ReadonlyMap<string, number> {
    return this.#loaded()?.gone ?? new Map();
  }

  /** `since` 0: it is there again. */
  markGone(target: string, since: number): void {
    const index = this.#loaded();
    if (index === undefined || !this.#append({ gone: target, since })) return;
    note(index.gone, { gone: target, since });
  }

  /** In the order in which they were replaced: also such as have a fingerprint in common, of a file asked for again. */
  all(): readonly PastResult[] {
    return readResults(this.path);
  }

  /** Leaves only these, the marks of these targets, and since when all is told. Whole, or as it was. */
  keepOnly(
    results: readonly PastResult[],
    gone: ReadonlyMap<string, number>,
    lostBefore: number | undefined,
  ): void {
    if (this.#loaded() === undefined) return;
    this.close();
    const lost: LostMark[] = lostBefore === undefined ? [] : [{ lost: new Date(lostBefore).toISOString() }];
    const marks = [...gone].map(([target, since]): GoneMark => ({ gone: target, since }));
    const lines = [...lost, ...results, ...marks].map(formatLine);
    replaceFile(this.path, Buffer.concat([Buffer.from(HEADER), ...lines]), this.#temporary);
  }

  /** What is asked for later is read anew. */
  close(): void {
    if (this.#owed) this.#append();
    this.#release();
  }

  #release(): void {
    if (this.#file !== undefined) closeSync(this.#file.fd);
    this.#file = undefined;
    this.#index = undefined;
    this.#added.clear();
  }

  /** Undefined: the file is another's. */
  #loaded(): Index | undefined {
    this.#index ??= indexOf(this.path);
    return this.#index;
  }

  /**
   * Behind a note that lines were lost, where some were. False: it could not be written, a full disk say; then it is as
   * if it had never been, and that is owed such a note.
   */
  #append(...lines: readonly (PastResult | GoneMark)[]): boolean {
    const index = this.#loaded();
    if (index === undefined) return false;
    try {
      const begins = this.#file === undefined;
      this.#file ??= open(this.path, index.wholeBytes);
      const lost = (begins && index.wholeBytes < Math.max(index.bytes.length, 1)) || this.#owed;
      const bytes = Buffer.concat([...(lost ? [lostNow()] : []), ...lines].map(formatLine));
      appendLine(this.#file.fd, this.#file.size, bytes);
      this.#file.size += bytes.length;
      this.#owed = false;
      if (lines.some((line) => 'restorable' in line && !line.restorable)) {
        fsyncSync(this.#file.fd);
        if (begins) flush(dirname(this.path));
      }
      return true;
    } catch (thrown) {
      if (errorCode(thrown) === undefined) throw thrown;
      this.#owed = true;
      return false;
    }
  }
}

/** What the past results of a workspace say, for who reads without the lock: nothing of a file that is another's. */
export function readResults(path: string): readonly PastResult[] {
  const found: PastResult[] = [];
  try {
    readLines(path, FORMAT, (value) => isPast(value) && found.push(value) > 0);
  } catch (thrown) {
    if (!(thrown instanceof ResultsError)) throw thrown;
  }
  return found;
}

function lostNow(): LostMark {
  return { lost: new Date().toISOString() };
}

function open(path: string, wholeBytes: number): { readonly fd: number; size: number } {
  const fd = openSync(path, 'a');
  ftruncateSync(fd, wholeBytes);
  if (wholeBytes > 0) return { fd, size: wholeBytes };
  appendLine(fd, 0, Buffer.from(HEADER));
  return { fd, size: HEADER.length };
}

/** Reads every line and parses none but marks: there may be as many results as there have been targets. */
function indexOf(path: string): Index | undefined {
  const bytes = bytesAt(path);
  const wholeBytes = bytes.lastIndexOf(10) + 1;
  const at = new Map<string, number>();
  const gone = new Map<string, number>();
  let lostBefore: number | undefined;
  const header = bytes.toString('latin1', 0, HEADER.length);
  // Not even the header was written whole: then there is nothing behind it either.
  if (!header.startsWith(HEADER)) {
    return wholeBytes === 0 && HEADER.startsWith(header)
      ? { bytes, at, gone, lostBefore, wholeBytes }
      : undefined;
  }
  for (let line = HEADER.length; line < wholeBytes; line = bytes.indexOf(10, line) + 1) {
    const body = bytes.indexOf(123, line);
    const from = body + START.length;
    if (body < 0) break;
    if (bytes.toString('latin1', body, from) === START)
      at.set(bytes.toString('latin1', from, from + DIGITS), line);
    else {
      const value = parseLine(bytes, line, bytes.indexOf(10, line));
      if (isMark(value)) note(gone, value);
      if (isLost(value)) lostBefore = Math.max(lostBefore ?? 0, Date.parse(value.lost) || 0);
    }
  }
  return { bytes, at, gone, lostBefore, wholeBytes };
}

function resultAt(bytes: Buffer, at: number): PastResult | undefined {
  const value = parseLine(bytes, at, bytes.indexOf(10, at));
  return isPast(value) ? value : undefined;
}

/** The checksum has held, so that this program wrote it, in this version of the format. */
function isPast(value: unknown): value is PastResult {
  return typeof value === 'object' && value !== null && 'fingerprint' in value && 'restorable' in value;
}

function isMark(value: unknown): value is GoneMark {
  return typeof value === 'object' && value !== null && 'gone' in value && 'since' in value;
}

function isLost(value: unknown): value is LostMark {
  return typeof value === 'object' && value !== null && 'lost' in value && typeof value.lost === 'string';
}

function note(gone: Map<string, number>, { gone: target, since }: GoneMark): void {
  if (since === 0) gone.delete(target);
  else gone.set(target, since);
}
