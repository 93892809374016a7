/**
 * Records by what they wrote and by what they read, so that lineage can be followed both ways. Reads each record once
 * and no file.
 */
import { posix } from 'node:path';
import type { ReadFact } from '../events.ts';
import { byCodeUnit } from '../json.ts';
import type { OrphanRecord, SuccessRecord } from '../state/record.ts';
import type { Read } from './made.ts';
import { readRecord } from './made.ts';

/** One that has outputs. */
export interface Entry extends Read {
  readonly record: SuccessRecord;
}

export interface Maker {
  readonly entry: Entry;
  /** The path of the output: that of the file, or of the folder that it lies in. */
  readonly output: string;
}

export interface Reader {
  readonly entry: Entry;
  /** What it has read, as recorded. */
  readonly path: string;
}

export class RecordIndex {
  readonly #entries = new Map<string, Entry>();
  readonly #makers = new Map<string, Maker>();
  /** Of outputs that another target has written before, as one does whose rule is called otherwise now: the last first. */
  readonly #formerMakers = new Map<string, readonly Maker[]>();
  readonly #readers = new Map<string, Reader[]>();
  readonly #orphans = new Map<string, OrphanRecord>();
  /** Targets that have no outputs, and why. */
  readonly #bare = new Map<string, 'absent' | 'failed'>();
  /** Readers of files within outputs that are folders, by the folder. Made when first asked for. */
  #within: ReadonlyMap<string, readonly Reader[]> | undefined;

  /** `records`: in the order they were written. `failed`: targets whose last attempt has failed, whether an earlier one has left outputs or not. */
  constructor(records: Iterable<SuccessRecord>, failed: Iterable<string>, orphans: Iterable<OrphanRecord>) {
    for (const orphan of orphans) this.#orphans.set(orphan.path, orphan);
    for (const target of failed) this.#bare.set(target, 'failed');
    for (const record of records) {
      if (record.absent !== undefined) {
        if (!this.#bare.has(record.target)) this.#bare.set(record.target, 'absent');
        continue;
      }
      this.#bare.delete(record.target);
      const entry = { ...readRecord(record), record };
      this.#entries.set(record.target, entry);
      for (const { path } of record.outputs) {
        const former = this.#makers.get(path);
        if (former !== undefined)
          this.#formerMakers.set(path, [former, ...(this.#formerMakers.get(path) ?? [])]);
        this.#makers.set(path, { entry, output: path });
      }
    }
    for (const entry of this.#entries.values()) {
      for (const path of new Set(entry.inputs.map(({ path }) => path))) {
        const readers = this.#readers.get(path);
        if (readers === undefined) this.#readers.set(path, [{ entry, path }]);
        else readers.push({ entry, path });
      }
    }
  }

  /** Names of all targets that are recorded, in code-unit order. */
  get names(): readonly string[] {
    return [...this.#entries.keys(), ...this.#bare.keys()].sort(byCodeUnit);
  }

  /** Why a target that is recorded has nothing. */
  bare(target: string): 'absent' | 'failed' | undefined {
    return this.#bare.get(target);
  }

  /** Everything that was written or read. */
  get paths(): Iterable<string> {
    return new Set([...this.#makers.keys(), ...this.#readers.keys()]);
  }

  entry(target: string): Entry | undefined {
    return this.#entries.get(target);
  }

  /** Whose output the path is, or lies in; where several have written it, who did last. */
  makerOf(path: string): Maker | undefined {
    for (let at = path; ; at = posix.dirname(at)) {
      const maker = this.#makers.get(at);
      if (maker !== undefined) return maker;
      if (at === '.' || at === '/' || at === '') return undefined;
    }
  }

  /** The same for what was read: of several that have written the path, who has made this content of it. */
  makerOfRead({ path, pointer, digest }: ReadFact): Maker | undefined {
    const last = this.makerOf(path);
    const former = this.#formerMakers.get(path);
    if (last === undefined || former === undefined || pointer !== undefined) return last;
    const wrote = ({ outputs }: Entry): boolean =>
      outputs.some((output) => output.path === path && output.digest === digest);
    return [last, ...former].find(({ entry }) => wrote(entry)) ?? last;
  }

  /** Who has read just this path. */
  readersOf(path: string): readonly Reader[] {
    return this.#readers.get(path) ?? [];
  }

  /** Who has read an output, or a file in one that is a folder. */
  readersWithin(output: string): readonly Reader[] {
    this.#within ??= this.#readWithin();
    return [...this.readersOf(output), ...(this.#within.get(output) ?? [])];
  }

  /** Who has read what just this target has made of an output. */
  readersOfMade(entry: Entry, output: string): readonly Reader[] {
    const readers = this.readersWithin(output);
    if (!this.#formerMakers.has(output)) return readers;
    return readers.filter((reader) =>
      reader.entry.inputs.some(
        (input) => input.path === reader.path && this.makerOfRead(input)?.entry === entry,
      ),
    );
  }

  /** A file that a target wrote once and writes no more. */
  orphan(path: string): OrphanRecord | undefined {
    return this.#orphans.get(path);
  }

  #readWithin(): ReadonlyMap<string, readonly Reader[]> {
    const within = new Map<string, Reader[]>();
    for (const [path, readers] of this.#readers) {
      const maker = this.#makers.has(path) ? undefined : this.makerOf(path);
      if (maker === undefined) continue;
      const known = within.get(maker.output);
      if (known === undefined) within.set(maker.output, [...readers]);
      else for (const reader of readers) known.push(reader);
    }
    return within;
  }
}
