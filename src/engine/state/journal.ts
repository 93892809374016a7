/**
 * The private append-only log: a version header, then one record a line with its length and CRC-32. A torn
 * tail is cut off and said; a line that does not add up is left out, which can only make a target stale, since
 * records hold facts of content. It knows what records mean only so far as the last one of a target wins.
 */
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { isMissing, replaceFile } from './files.ts';
import type { CodeRecord, FailureRecord, JournalRecord, OrphanRecord, SuccessRecord } from './record.ts';
import { isRecord } from './record.ts';

const HEADER = 'pipeline journal 1';
const HEADER_SHAPE = /^pipeline journal ([1-9]\d*)$/;

export interface Loaded {
  readonly successes: Map<string, SuccessRecord>;
  readonly failures: Map<string, FailureRecord>;
  readonly codes: Map<string, CodeRecord>;
  /** By path. Noted as successes replace each other, so only a journal that is rewritten spells them out. */
  readonly orphans: Map<string, OrphanRecord>;
  /** What was not as it should be, for a warning. */
  readonly remarks: readonly string[];
}

export class JournalError extends Error {}

interface LoadedLines extends Loaded {
  readonly lines: number;
  readonly damaged: number;
  /** Up to and with the last line end: what follows was cut short. */
  readonly wholeBytes: number;
}

/** Reads without writing: what `status` does while a build may run. */
export function loadJournal(path: string): LoadedLines {
  const loaded = {
    successes: new Map<string, SuccessRecord>(),
    failures: new Map<string, FailureRecord>(),
    codes: new Map<string, CodeRecord>(),
    orphans: new Map<string, OrphanRecord>(),
  };
  const bytes = read(path);
  const wholeBytes = bytes.lastIndexOf(10) + 1;
  let lines = 0;
  let damaged = 0;
  for (let at = 0; at < wholeBytes; ) {
    const end = bytes.indexOf(10, at);
    if (at === 0) checkHeader(path, bytes.toString('utf8', 0, end));
    else {
      const record = parseLine(bytes, at, end);
      if (record === undefined) damaged++;
      else apply(loaded, record);
      lines++;
    }
    at = end + 1;
  }
  // Not even the header was written whole, or this is something else.
  if (wholeBytes === 0 && !HEADER.startsWith(bytes.toString('utf8')))
    checkHeader(path, bytes.toString('utf8'));
  const remarks = remarksOn(path, damaged, bytes.length - wholeBytes);
  return { ...loaded, remarks, lines, damaged, wholeBytes };
}

function remarksOn(path: string, damaged: number, torn: number): readonly string[] {
  const remarks: string[] = [];
  if (damaged > 0) {
    const records = damaged === 1 ? '1 damaged record' : `${damaged} damaged records`;
    remarks.push(`${path}: ${records} left out: what they stood for is checked anew`);
  }
  if (torn > 0) remarks.push(`${path}: the last write was cut short: ${torn} bytes left out`);
  return remarks;
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (thrown) {
    if (isMissing(thrown)) return Buffer.alloc(0);
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
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
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
      noteOrphans(loaded, record);
      loaded.successes.set(record.target, record);
      loaded.failures.delete(record.target);
      return;
    case 'failure':
      loaded.failures.set(record.target, record);
      return;
    case 'orphan':
      loaded.orphans.set(record.path, record);
      return;
    case 'code':
      loaded.codes.set(record.digest, record);
      return;
    case 'start':
      return;
  }
}

/** Outputs that the target's success before this one had at paths where it has none now. */
function noteOrphans(
  { successes, orphans }: Omit<Loaded, 'remarks'>,
  { target, outputs }: SuccessRecord,
): void {
  for (const { path, digest } of successes.get(target)?.outputs ?? []) {
    if (!outputs.some((output) => output.path === path))
      orphans.set(path, { kind: 'orphan', target, path, digest });
  }
  if (orphans.size > 0) for (const { path } of outputs) orphans.delete(path);
}

/** The journal while a build holds the run lock: the only writer. */
export class Journal {
  readonly loaded: Loaded;
  readonly #fd: number;
  #size: number;

  constructor(path: string, temporary: string) {
    const { lines, damaged, wholeBytes, ...loaded } = loadJournal(path);
    this.loaded = loaded;
    const { successes, failures, codes, orphans } = loaded;
    const live = successes.size + failures.size + codes.size + orphans.size;
    if (wholeBytes === 0 || damaged > 0 || lines > 3 * live + 1_000) {
      const kept = [codes, orphans, successes, failures].flatMap((records) => [...records.values()]);
      const whole = Buffer.concat([Buffer.from(`${HEADER}\n`), ...kept.map(formatLine)]);
      replaceFile(path, whole, temporary);
      this.#fd = openSync(path, 'a');
      this.#size = whole.length;
    } else {
      this.#fd = openSync(path, 'a');
      ftruncateSync(this.#fd, wholeBytes);
      this.#size = wholeBytes;
    }
  }

  /** With `durable`, returns when the record is on the disk. */
  append(record: JournalRecord, durable: boolean): void {
    const line = formatLine(record);
    try {
      for (let done = 0; done < line.length; ) done += writeSync(this.#fd, line, done);
    } catch (thrown) {
      // The disk is full, say: half a line would spoil the next one.
      ftruncateSync(this.#fd, this.#size);
      throw thrown;
    }
    this.#size += line.length;
    if (durable) fsyncSync(this.#fd);
    apply(this.loaded, record);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
