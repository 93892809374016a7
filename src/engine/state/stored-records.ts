/**
 * Records of one kind by key, of which those that stand in a file are parsed when they are first asked for. Reads as
 * a map does, in the order in which they were last put; knows neither what the records mean nor how they are written.
 */
import type { Stored } from './orphan-log.ts';
import type { JournalRecord } from './record.ts';

export class StoredRecords<T extends JournalRecord> implements ReadonlyMap<string, T> {
  readonly #stored = new Map<string, Stored>();
  readonly #read: (stored: Stored) => JournalRecord | undefined;
  readonly #is: (record: JournalRecord) => record is T & JournalRecord;

  /** `read`: undefined where what stands at a place is no record after all; it is then as if it were not there. */
  constructor(
    read: (stored: Stored) => JournalRecord | undefined,
    is: (record: JournalRecord) => record is T & JournalRecord,
  ) {
    this.#read = read;
    this.#is = is;
  }

  /** With what has not been looked at: that it is a record shows when it is asked for. So do `keys`. */
  get size(): number {
    return this.#stored.size;
  }

  get(key: string): T | undefined {
    const stored = this.#stored.get(key);
    if (stored === undefined) return undefined;
    const record = this.#read(stored);
    if (record === undefined || !this.#is(record)) {
      this.#stored.delete(key);
      return undefined;
    }
    if (record !== stored) this.#stored.set(key, record);
    return record;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  keys(): MapIterator<string> {
    return this.#stored.keys();
  }

  *entries(): Generator<[string, T], undefined> {
    for (const key of this.#stored.keys()) {
      const record = this.get(key);
      if (record !== undefined) yield [key, record];
    }
  }

  *values(): Generator<T, undefined> {
    for (const [, record] of this.entries()) yield record;
  }

  [Symbol.iterator](): Generator<[string, T], undefined> {
    return this.entries();
  }

  forEach(act: (record: T, key: string, all: ReadonlyMap<string, T>) => void): void {
    for (const [key, record] of this.entries()) act(record, key, this);
  }

  put(key: string, stored: Stored): void {
    this.#stored.delete(key);
    this.#stored.set(key, stored);
  }

  drop(key: string): void {
    this.#stored.delete(key);
  }

  /** Not parsed for that. */
  place(key: string): Stored | undefined {
    return this.#stored.get(key);
  }

  /** All of them, not parsed for that. */
  stored(): Iterable<Stored> {
    return this.#stored.values();
  }
}
