/**
 * The private append-only log: a version header, then one record a line with its length and CRC-32. A torn
 * tail is cut off and said; a line that does not add up is left out, which can only make a target stale, since
 * records hold facts of content. It knows what records mean only so far as the last one of a target wins.
 */
import { closeSync, fsyncSync, ftruncateSync, openSync } from 'node:fs';
import { replaceFile } from './files.ts';
import type { LineFormat } from './line-file.ts';
import { appendLine, formatLine, headerOf, readLines } from './line-file.ts';
import type { CodeRecord, FailureRecord, JournalRecord, OrphanRecord, SuccessRecord } from './record.ts';
import { isRecord } from './record.ts';

const FORMAT: LineFormat = {
  name: 'pipeline journal',
  version: 1,
  foreign: (path, found) =>
    new JournalError(
      `${path}:1: expected "pipeline journal 1", found ${JSON.stringify(found.slice(0, 40))}. This is not a journal of pipeline: move the file away, and the next build starts from what is on disk`,
    ),
  newer: (path, version) =>
    new JournalError(
      `${path}:1: written by a newer pipeline (journal version ${version}, this one reads 1): use that version, or move the file away to build anew`,
    ),
};

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
  const { lines, damaged, wholeBytes, tornBytes } = readLines(path, FORMAT, (value) => {
    if (!isRecord(value)) return false;
    apply(loaded, value);
    return true;
  });
  return { ...loaded, remarks: remarksOn(path, damaged, tornBytes), lines, damaged, wholeBytes };
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
      const whole = Buffer.concat([Buffer.from(`${headerOf(FORMAT)}\n`), ...kept.map(formatLine)]);
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
    appendLine(this.#fd, this.#size, line);
    this.#size += line.length;
    if (durable) fsyncSync(this.#fd);
    apply(this.loaded, record);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
