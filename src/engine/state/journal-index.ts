/**
 * What the lines of a journal say together: the last record of a target wins. Lines are noted by where they stand,
 * and parsed when they are asked for. Reads no files.
 */
import { keyOfRecord, keyOfText, recordOfText, textAt, textOfRecord } from './journal-text.ts';
import type { Stored } from './orphan-log.ts';
import { OrphanLog } from './orphan-log.ts';
import type { CodeRecord, FailureRecord, JournalRecord, OrphanRecord, SuccessRecord } from './record.ts';
import { StoredRecords } from './stored-records.ts';

export class JournalIndex {
  readonly successes: StoredRecords<SuccessRecord>;
  readonly failures: StoredRecords<FailureRecord>;
  readonly codes: StoredRecords<CodeRecord>;
  readonly #orphans: OrphanLog;
  #bytes: Buffer = Buffer.alloc(0);

  constructor() {
    const read = this.#read.bind(this);
    this.successes = new StoredRecords(read, (record) => record.kind === 'success');
    this.failures = new StoredRecords(read, (record) => record.kind === 'failure');
    this.codes = new StoredRecords(read, (record) => record.kind === 'code');
    this.#orphans = new OrphanLog(read);
  }

  get orphans(): ReadonlyMap<string, OrphanRecord> {
    return this.#orphans.byPath();
  }

  /** The text of a line; all of them lie in the same bytes. False: it is no record. */
  note(bytes: Buffer, from: number, to: number): boolean {
    this.#bytes = bytes;
    const found = keyOfText(bytes, from, to);
    if (found !== undefined) {
      this.#put(found.kind, found.key, from);
      return true;
    }
    const record = recordOfText(bytes, from);
    if (record !== undefined) this.add(record);
    return record !== undefined;
  }

  add(record: JournalRecord): void {
    this.#put(record.kind, keyOfRecord(record), record);
  }

  /** What stands, in an order in which it comes out the same when it is read again: orphans behind all successes. */
  *texts(asTheyAre: boolean): Generator<string | Buffer, undefined> {
    for (const kept of [this.codes, this.successes, this.failures])
      for (const stored of kept.stored()) {
        if (typeof stored === 'number' && asTheyAre) yield textAt(this.#bytes, stored);
        else {
          const record = this.#read(stored);
          if (record !== undefined) yield textOfRecord(record);
        }
      }
    for (const orphan of this.orphans.values()) yield textOfRecord(orphan);
  }

  /** How many records stand, orphans aside: those must be worked out. */
  get size(): number {
    return this.codes.size + this.successes.size + this.failures.size;
  }

  #read(stored: Stored): JournalRecord | undefined {
    return typeof stored === 'number' ? recordOfText(this.#bytes, stored) : stored;
  }

  #put(kind: JournalRecord['kind'], key: string, stored: Stored): void {
    switch (kind) {
      case 'success':
        this.#orphans.success(key, stored, this.successes.place(key));
        this.successes.put(key, stored);
        this.failures.drop(key);
        return;
      case 'failure':
        this.failures.put(key, stored);
        return;
      case 'code':
        this.codes.put(key, stored);
        return;
      case 'orphan':
        this.#orphans.orphan(stored);
        return;
      case 'cleared':
        this.#orphans.cleared(key);
        return;
      case 'gone':
        this.successes.drop(key);
        this.failures.drop(key);
        return;
      case 'start':
        return;
    }
  }
}
