/**
 * Commits in rounds: of targets that end close together the outputs are flushed several at a time, while tasks go on; then
 * they are put in place and the records appended one after the other, but folders and the journal, which they share, are
 * flushed once for all. No record is on the disk before what it stands for. Knows no tasks.
 */
import { errorCode, flush, flushAll } from '../state/files.ts';
import type { Journal } from '../state/journal.ts';
import type { SuccessRecord } from '../state/record.ts';
import type { Staged } from './commit.ts';

/** What one target brings. Each call is made at most once, and what one of them throws concerns that target alone. */
export interface Commit {
  /** No output is replaced yet. Undefined: nothing is to be put in place. */
  stage(): (Staged & { discard(): void }) | undefined;
  /** Appends to the journal. */
  record(): SuccessRecord;
}

interface Member {
  readonly commit: Commit;
  readonly resolve: (record: SuccessRecord) => void;
  readonly reject: (thrown: unknown) => void;
  staged?: ReturnType<Commit['stage']>;
  record?: SuccessRecord;
}

export class Rounds {
  readonly #journal: Journal;
  readonly #waiting: Member[] = [];
  #underWay = false;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Resolves once the record is on the disk, and all that it stands for. */
  commit(commit: Commit): Promise<SuccessRecord> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ commit, resolve, reject });
      if (this.#underWay) return;
      this.#underWay = true;
      // Whoever else ends before the loop comes round joins.
      setImmediate(() => void this.#rounds());
    });
  }

  /** One after the other: who ends during one waits for the next. */
  async #rounds(): Promise<void> {
    while (this.#waiting.length > 0) await this.#round(this.#waiting.splice(0));
    this.#underWay = false;
  }

  async #round(members: readonly Member[]): Promise<void> {
    const staged = each(members, (member) => {
      member.staged = member.commit.stage();
    });
    const unflushed = await flushAll(staged.flatMap((member) => member.staged?.files ?? []));
    const ready = each(staged, (member) => {
      for (const file of member.staged?.files ?? []) if (unflushed.has(file)) throw unflushed.get(file);
    });
    const placed = each(ready, ({ staged }) => staged?.place());
    const flushed = flushFolders(placed);
    const settled = each(flushed, ({ staged }) => staged?.settle());
    const recorded = each(settled, (member) => {
      member.record = member.commit.record();
    });
    const durable = recorded.length === 0 ? [] : this.#flushJournal(recorded);
    const rid = new Set(each(members, ({ staged }) => tidy(() => staged?.discard())));
    for (const member of durable) {
      const { record, resolve } = member;
      if (record !== undefined && rid.has(member)) resolve(record);
    }
  }

  #flushJournal(members: readonly Member[]): readonly Member[] {
    try {
      this.#journal.flush();
      return members;
    } catch (thrown) {
      for (const { reject } of members) reject(thrown);
      return [];
    }
  }
}

/** What cannot be removed lies about until it is swept, and undoes nothing. */
function tidy(act: () => void): void {
  try {
    act();
  } catch (thrown) {
    if (errorCode(thrown) === undefined) throw thrown;
  }
}

/** Those with whom it went well; the others hear why not. */
function each(members: readonly Member[], act: (member: Member) => void): readonly Member[] {
  return members.filter((member) => {
    try {
      act(member);
      return true;
    } catch (thrown) {
      member.reject(thrown);
      return false;
    }
  });
}

function flushFolders(members: readonly Member[]): readonly Member[] {
  const flushed = new Map<string, { readonly failed?: unknown }>();
  const flushOnce = (folder: string): void => {
    let known = flushed.get(folder);
    if (known === undefined) {
      try {
        flush(folder);
        known = {};
      } catch (failed) {
        known = { failed };
      }
      flushed.set(folder, known);
    }
    if ('failed' in known) throw known.failed;
  };
  return each(members, ({ staged }) => {
    for (const folder of staged?.folders ?? []) flushOnce(folder);
  });
}
