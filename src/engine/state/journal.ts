/**
 * The private append-only log: a version header, then one record a line with its length and CRC-32. A torn tail is cut
 * off and said; a line that does not add up is left out, which can only make a target stale, since records hold facts
 * of content. It knows neither how a record is spelt nor what the records mean together.
 */
import { closeSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { replaceFile } from './files.ts';
import { JournalIndex } from './journal-index.ts';
import { textOfRecord, withPartsLater } from './journal-text.ts';
import type { LineFormat, ReadLines } from './line-file.ts';
import { appendLine, formatText, headerOf, scanLines } from './line-file.ts';
import type { CodeRecord, FailureRecord, JournalRecord, OrphanRecord, SuccessRecord } from './record.ts';

/** Version 1 had no tab in its lines. */
const FORMAT: LineFormat = {
  name: 'pipeline journal',
  version: 2,
  oldest: 1,
  foreign: (path, found) =>
    new JournalError(
      `${path}:1: expected "pipeline journal 2", found ${JSON.stringify(found.slice(0, 40))}. This is not a journal of pipeline: move the file away, and the next build starts from what is on disk`,
    ),
  newer: (path, version) =>
    new JournalError(
      `${path}:1: written by a newer pipeline (journal version ${version}, this one reads 1 and 2): use that version, or move the file away to build anew`,
    ),
};

/** What stands, by target, digest or path. A record is parsed when it is asked for. */
export interface Loaded {
  readonly successes: ReadonlyMap<string, SuccessRecord>;
  readonly failures: ReadonlyMap<string, FailureRecord>;
  readonly codes: ReadonlyMap<string, CodeRecord>;
  /** Noted as successes replace each other, so only a journal that is rewritten spells them out. */
  readonly orphans: ReadonlyMap<string, OrphanRecord>;
  /** What was not as it should be, for a warning. */
  readonly remarks: readonly string[];
}

export class JournalError extends Error {}

/** Reads without writing: what `status` does while a build may run. */
export function loadJournal(path: string): Loaded {
  return load(path).loaded;
}

interface Read extends ReadLines {
  readonly index: JournalIndex;
  readonly loaded: Loaded;
}

function load(path: string): Read {
  const index = new JournalIndex();
  const lines = scanLines(path, FORMAT, (bytes, from, to) => index.note(bytes, from, to));
  const { successes, failures, codes } = index;
  const remarks = remarksOn(path, lines);
  const loaded: Loaded = {
    successes,
    failures,
    codes,
    get orphans() {
      return index.orphans;
    },
    remarks,
  };
  return { ...lines, index, loaded };
}

function remarksOn(path: string, { damaged, tornBytes: torn }: ReadLines): readonly string[] {
  const remarks: string[] = [];
  if (damaged > 0) {
    const records = damaged === 1 ? '1 damaged record' : `${damaged} damaged records`;
    remarks.push(`${path}: ${records} left out: what they stood for is checked anew`);
  }
  if (torn > 0) remarks.push(`${path}: the last write was cut short: ${torn} bytes left out`);
  return remarks;
}

/** The journal while a build holds the run lock: the only writer. */
export class Journal {
  readonly loaded: Loaded;
  readonly #index: JournalIndex;
  readonly #fd: number;
  #size: number;

  constructor(path: string, temporary: string) {
    const read = load(path);
    this.loaded = read.loaded;
    this.#index = read.index;
    const whole = mustRewrite(read) ? rewritten(read) : undefined;
    if (whole !== undefined) replaceFile(path, whole, temporary);
    this.#size = whole?.length ?? read.wholeBytes;
    this.#fd = openSync(path, 'a+');
    // Only then: even to the same length it sets the time stamps, and a journal at rest is what others go by.
    if (whole === undefined && read.tornBytes > 0) ftruncateSync(this.#fd, read.wholeBytes);
  }

  /**
   * With `durable`, returns when the record is on the disk. What `loaded` then has of a success is as if it were read
   * again: of a large graph all parts together take more memory than all the rest, and hardly any of them is asked for.
   */
  append(record: JournalRecord, durable: boolean): void {
    const line = formatText(textOfRecord(record));
    const at = this.#size;
    appendLine(this.#fd, at, line);
    this.#size += line.length;
    if (durable) this.flush();
    this.#index.add(record.kind === 'success' ? this.#kept(record, at, line.length) : record);
  }

  /** Apart from `append`, whose line would otherwise be held by what is kept. */
  #kept(record: SuccessRecord, at: number, length: number): SuccessRecord {
    return withPartsLater(record, () => {
      const line = Buffer.alloc(length);
      readSync(this.#fd, line, 0, length, at);
      return line;
    });
  }

  /** Returns when all that was appended is on the disk. */
  flush(): void {
    fsyncSync(this.#fd);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Of an older version, damaged, or over three times what it says. Orphans are counted only where they could tip it. */
function mustRewrite({ version, wholeBytes, damaged, lines, index, loaded }: Read): boolean {
  if (wholeBytes === 0 || damaged > 0 || version !== FORMAT.version) return true;
  const most = 3 * index.size + 1_000;
  return lines > most && lines > most + 3 * loaded.orphans.size;
}

/** What stands: lines of this version as they are, without parsing them. */
function rewritten({ version, index }: Read): Buffer {
  const texts = [...index.texts(version === FORMAT.version)];
  return Buffer.concat([Buffer.from(`${headerOf(FORMAT)}\n`), ...texts.map(formatText)]);
}
