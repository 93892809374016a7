/**
 * The private append-only log: a version header, then one record a line with its length and CRC-32. A torn
 * tail is cut off and said; a line that does not add up is left out, which can only make a target stale, since
 * records hold facts of content. It knows what records mean only so far as the last one of a target wins.
 */
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { replaceFile } from './files.ts';
import type { CodeRecord, FailureRecord, JournalRecord, SuccessRecord } from './record.ts';

const HEADER = 'pipeline journal 1';
const HEADER_SHAPE = /^pipeline journal (\d+)$/;

export interface Loaded {
  readonly successes: Map<string, SuccessRecord>;
  readonly failures: Map<string, FailureRecord>;
  readonly codes: Map<string, CodeRecord>;
  /** What was not as it should be, for a warning. */
  readonly remarks: readonly string[];
}

export class JournalError extends Error {}

/** Reads without writing: what `status` does while a build may run. */
export function loadJournal(path: string): Loaded & { readonly lines: number; readonly goodBytes: number } {
  const loaded = {
    successes: new Map<string, SuccessRecord>(),
    failures: new Map<string, FailureRecord>(),
    codes: new Map<string, CodeRecord>(),
  };
  const remarks: string[] = [];
  const bytes = read(path);
  let lines = 0;
  let goodBytes = 0;
  let damaged = 0;
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(10, at);
    const end = newline < 0 ? bytes.length : newline;
    if (at === 0) {
      if (newline < 0) break;
      checkHeader(path, bytes.toString('utf8', 0, end));
      goodBytes = end + 1;
    } else {
      const record = newline < 0 ? undefined : parseLine(bytes, at, end);
      if (record !== undefined) {
        lines++;
        apply(loaded, record);
        goodBytes = end + 1;
      } else if (newline >= 0) damaged++;
    }
    at = end + 1;
  }
  if (goodBytes < bytes.length)
    remarks.push(`${path}: the last write was cut short; ${bytes.length - goodBytes} bytes dropped`);
  else if (damaged > 0)
    remarks.push(`${path}: ${damaged} damaged records left out; their targets are checked anew`);
  return { ...loaded, remarks, lines, goodBytes };
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return Buffer.alloc(0);
    throw thrown;
  }
}

function checkHeader(path: string, line: string): void {
  const version = HEADER_SHAPE.exec(line)?.[1];
  if (version === undefined) {
    throw new JournalError(
      `${path}:1: expected "${HEADER}", found ${JSON.stringify(line.slice(0, 40))}. This is not a journal of pipeline: move the file away, and the next build starts from what is on disk`,
    );
  }
  if (version !== '1') {
    throw new JournalError(
      `${path}:1: written by a newer pipeline (journal version ${version}, this one reads 1): use that version, or move the file away to build anew`,
    );
  }
}

function parseLine(bytes: Buffer, at: number, end: number): JournalRecord | undefined {
  // `<crc32, 8 hex> <length> <json>`
  const space = bytes.indexOf(32, at + 9);
  if (space < 0 || space >= end || bytes[at + 8] !== 32) return undefined;
  const body = bytes.subarray(space + 1, end);
  if (bytes.toString('latin1', at + 9, space) !== String(body.length)) return undefined;
  if (bytes.toString('latin1', at, at + 8) !== checksum(body)) return undefined;
  return JSON.parse(body.toString('utf8')) as JournalRecord;
}

function checksum(body: Uint8Array): string {
  return crc32(body).toString(16).padStart(8, '0');
}

function formatLine(record: JournalRecord): Buffer {
  const body = Buffer.from(JSON.stringify(record));
  return Buffer.concat([Buffer.from(`${checksum(body)} ${body.length} `), body, Buffer.from('\n')]);
}

function apply(loaded: Omit<Loaded, 'remarks'>, record: JournalRecord): void {
  switch (record.kind) {
    case 'success':
      loaded.successes.set(record.target, record);
      loaded.failures.delete(record.target);
      return;
    case 'failure':
      loaded.failures.set(record.target, record);
      return;
    case 'code':
      loaded.codes.set(record.digest, record);
      return;
    case 'start':
      return;
  }
}

/** The journal while a build holds the run lock: the only writer. */
export class Journal {
  readonly loaded: Loaded;
  readonly #fd: number;

  constructor(path: string, temporary: string) {
    const { lines, goodBytes, ...loaded } = loadJournal(path);
    this.loaded = loaded;
    const live = loaded.successes.size + loaded.failures.size + loaded.codes.size;
    if (goodBytes === 0 || lines > 3 * live + 1_000) {
      const kept = [...loaded.codes.values(), ...loaded.successes.values(), ...loaded.failures.values()];
      replaceFile(path, Buffer.concat([Buffer.from(`${HEADER}\n`), ...kept.map(formatLine)]), temporary);
      this.#fd = openSync(path, 'a');
    } else {
      this.#fd = openSync(path, 'a');
      ftruncateSync(this.#fd, goodBytes);
    }
  }

  /** With `durable`, returns when the record is on the disk. */
  append(record: JournalRecord, durable: boolean): void {
    const line = formatLine(record);
    for (let done = 0; done < line.length; ) done += writeSync(this.#fd, line, done);
    if (durable) fsyncSync(this.#fd);
    apply(this.loaded, record);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
