/**
 * What targets had made before they made what they have now: a checked line each, found by fingerprint. Read only when
 * something is to run. A lost or damaged one costs a build that could have been a copy, so that nothing is flushed;
 * a file of another program is left as it is. It knows neither where contents are kept nor whether they still are.
 */
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import type { Digest } from '../hash.ts';
import { bytesAt, errorCode, replaceFile } from './files.ts';
import { appendLine, formatLine, parseLine } from './line-file.ts';
import type { OutputFact, SuccessRecord } from './record.ts';

export interface PastResult {
  /** First, so that a line can be found without being parsed. */
  readonly fingerprint: Digest;
  readonly target: string;
  readonly outputs: readonly OutputFact[];
  /** Inputs learnt while running: path and digest. */
  readonly discovered: SuccessRecord['discovered'];
  readonly origins?: NonNullable<SuccessRecord['origins']>;
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

const HEADER = 'pipeline results 1\n';
/** How a line's JSON begins, with the fingerprint after it. */
const START = '{"fingerprint":"';
const DIGITS = 64;

interface Index {
  readonly bytes: Buffer;
  /** Where the newest line of a fingerprint begins. */
  readonly at: Map<string, number>;
  readonly gone: Map<string, number>;
  readonly wholeBytes: number;
}

export class PastResults {
  readonly #path: string;
  readonly #temporary: string;
  #index: Index | undefined;
  readonly #added = new Map<string, PastResult>();
  #file: { readonly fd: number; size: number } | undefined;

  constructor(path: string, temporary: string) {
    this.#path = path;
    this.#temporary = temporary;
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
    const { fingerprint, target, outputs, discovered, origins } = record;
    const past: PastResult = {
      fingerprint,
      target,
      outputs,
      discovered,
      ...(origins === undefined ? {} : { origins }),
      replacedIn,
      replacedAt: new Date().toISOString(),
      restorable,
    };
    if (this.#append(past)) this.#added.set(fingerprint, past);
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

  /** The newest of each fingerprint. */
  all(): readonly PastResult[] {
    const index = this.#loaded();
    if (index === undefined) return [];
    const old = [...index.at].flatMap(([fingerprint, at]) => {
      const found = this.#added.has(fingerprint) ? undefined : resultAt(index.bytes, at);
      return found ?? [];
    });
    return [...old, ...this.#added.values()];
  }

  /** Leaves only these, and the marks of these targets. Whole, or as it was. */
  keepOnly(results: readonly PastResult[], gone: ReadonlyMap<string, number>): void {
    if (this.#loaded() === undefined) return;
    this.close();
    const marks = [...gone].map(([target, since]): GoneMark => ({ gone: target, since }));
    const lines = [...results, ...marks].map(formatLine);
    replaceFile(this.#path, Buffer.concat([Buffer.from(HEADER), ...lines]), this.#temporary);
  }

  /** What is asked for later is read anew. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file.fd);
    this.#file = undefined;
    this.#index = undefined;
    this.#added.clear();
  }

  /** Undefined: the file is another's. */
  #loaded(): Index | undefined {
    this.#index ??= indexOf(this.#path);
    return this.#index;
  }

  /** False: it could not be written, a full disk say; then it is as if it had never been. */
  #append(line: PastResult | GoneMark): boolean {
    const index = this.#loaded();
    if (index === undefined) return false;
    try {
      this.#file ??= open(this.#path, index.wholeBytes);
      const bytes = formatLine(line);
      appendLine(this.#file.fd, this.#file.size, bytes);
      this.#file.size += bytes.length;
      return true;
    } catch (thrown) {
      if (errorCode(thrown) === undefined) throw thrown;
      return false;
    }
  }
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
  const header = bytes.toString('latin1', 0, HEADER.length);
  // Not even the header was written whole: then there is nothing behind it either.
  if (!header.startsWith(HEADER)) {
    return wholeBytes === 0 && HEADER.startsWith(header) ? { bytes, at, gone, wholeBytes } : undefined;
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
    }
  }
  return { bytes, at, gone, wholeBytes };
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

function note(gone: Map<string, number>, { gone: target, since }: GoneMark): void {
  if (since === 0) gone.delete(target);
  else gone.set(target, since);
}
