/**
 * Which outputs no target writes any more: what is told of successes in their order, worked off when somebody asks,
 * since most commands never do. Knows neither files nor what still lies on the disk.
 */
import type { JournalRecord, OrphanRecord, OutputFact } from './record.ts';

/** A record, or where it can be read. */
export type Stored = number | JournalRecord;

type Told =
  | {
      readonly kind: 'success';
      readonly target: string;
      readonly now: Stored;
      readonly before: Stored | undefined;
    }
  | { readonly kind: 'orphan'; readonly record: Stored }
  | { readonly kind: 'cleared'; readonly path: string };

export class OrphanLog {
  readonly #read: (stored: Stored) => JournalRecord | undefined;
  readonly #orphans = new Map<string, OrphanRecord>();
  #told: Told[] = [];

  constructor(read: (stored: Stored) => JournalRecord | undefined) {
    this.#read = read;
  }

  /** `before`: the success of this target that stood until now. */
  success(target: string, now: Stored, before: Stored | undefined): void {
    // The first of a target leaves nothing behind, and is of interest only where it may lie in an orphan's place.
    if (before === undefined && this.#told.length === 0 && this.#orphans.size === 0) return;
    this.#told.push({ kind: 'success', target, now, before });
  }

  orphan(record: Stored): void {
    this.#told.push({ kind: 'orphan', record });
  }

  cleared(path: string): void {
    this.#told.push({ kind: 'cleared', path });
  }

  byPath(): ReadonlyMap<string, OrphanRecord> {
    for (const each of this.#told) this.#take(each);
    this.#told = [];
    return this.#orphans;
  }

  #take(told: Told): void {
    switch (told.kind) {
      case 'success': {
        const before = told.before === undefined ? [] : this.#outputs(told.before);
        if (before.length === 0 && this.#orphans.size === 0) return;
        const now = new Set(this.#outputs(told.now).map(({ path }) => path));
        for (const { path, digest } of before)
          if (!now.has(path)) this.#orphans.set(path, { kind: 'orphan', target: told.target, path, digest });
        for (const path of now) this.#orphans.delete(path);
        return;
      }
      case 'orphan': {
        const record = this.#read(told.record);
        if (record?.kind === 'orphan') this.#orphans.set(record.path, record);
        return;
      }
      case 'cleared':
        this.#orphans.delete(told.path);
        return;
    }
  }

  #outputs(stored: Stored): readonly OutputFact[] {
    const record = this.#read(stored);
    return record?.kind === 'success' ? record.outputs : [];
  }
}
