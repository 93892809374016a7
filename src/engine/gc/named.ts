/**
 * What the lockfile and the last builds name, and so may never be removed: contents by digest, files by path. A result
 * is named by a build when it was its target's current one at the end of it. Reads facts only; removes nothing.
 */
import type { Digest } from '../hash.ts';
import type { Loaded } from '../state/journal.ts';
import type { LockedFile } from '../state/lockfile-lines.ts';
import type { OutputFact } from '../state/record.ts';
import type { PastResult } from '../state/results.ts';
import type { Store } from '../state/store.ts';

export interface Facts {
  readonly loaded: Loaded;
  readonly past: readonly PastResult[];
  /** Since which build a target has been gone. */
  readonly goneSince: ReadonlyMap<string, number>;
  /** Whether the target is gone, as far as can be said. */
  readonly isGone: (target: string) => boolean;
  /** Every file that a line of the lockfile names. */
  readonly locked: readonly LockedFile[];
  /** The number of the last build, and how many count. */
  readonly lastRun: number;
  readonly keepRuns: number;
  /** When the first of those began, epoch milliseconds; minus infinity where all that there were count. */
  readonly countedSince: number;
  /** Whether the past results are all that these builds had: none are lost. */
  readonly tellsAll: boolean;
}

type Fact = Pick<OutputFact, 'path' | 'digest'>;

export class Named {
  readonly #facts: Facts;
  readonly #digests = new Set<string>();
  /** `PATH DIGEST`: what stood there with that content. */
  readonly #files = new Set<string>();
  /** The same, of all that is told of, named or not. */
  readonly #told = new Set<string>();
  readonly #lockedPaths: ReadonlySet<string>;
  readonly #lockedFiles: ReadonlySet<string>;

  constructor(facts: Facts) {
    this.#facts = facts;
    const { locked, past, loaded } = facts;
    this.#lockedPaths = new Set(locked.map(({ path }) => path));
    this.#lockedFiles = new Set(locked.map(spelt));
    this.#add(locked);
    for (const result of past) this.#tell(result.outputs, this.result(result));
    for (const target of loaded.successes.keys())
      this.#tell(loaded.successes.get(target)?.outputs ?? [], this.current(target));
  }

  /** Whether a past result is named. */
  result({ replacedIn, outputs }: PastResult): boolean {
    return this.#counts(replacedIn) || outputs.some((fact) => this.#lockedFiles.has(spelt(fact)));
  }

  /** Whether what a target has made last is named: it is there, or has gone only lately. */
  current(target: string): boolean {
    const { isGone, goneSince, keepRuns } = this.#facts;
    if (!isGone(target)) return true;
    const since = goneSince.get(target);
    // No build has noticed yet: to the last one it was there.
    return since === undefined ? keepRuns > 0 : this.#counts(since);
  }

  /** `writtenAt`: epoch milliseconds; decides where no result tells of the file any more, the notes being lost, say. */
  file(fact: Fact, writtenAt: number): boolean {
    if (this.locks(fact.path) || this.#files.has(spelt(fact))) return true;
    return !this.#told.has(spelt(fact)) && writtenAt >= this.#facts.countedSince;
  }

  /** Whether a line of the lockfile is about this path. */
  locks(path: string): boolean {
    return this.#lockedPaths.has(path);
  }

  /** Whether what is not named is nobody's: otherwise a note that is lost may have named it. */
  get tellsAll(): boolean {
    return this.#facts.tellsAll;
  }

  content(digest: Digest): boolean {
    return this.#digests.has(digest);
  }

  /** With the contents of all directories that are named. */
  withListings(store: Store): this {
    for (const digest of [...this.#digests])
      for (const [, each] of store.listing(digest as Digest) ?? []) this.#digests.add(each);
    return this;
  }

  /** Whether one of the builds that count ended before the one of this number. */
  #counts(number: number): boolean {
    const { lastRun, keepRuns } = this.#facts;
    return number - 1 > lastRun - keepRuns;
  }

  #tell(facts: readonly Fact[], named: boolean): void {
    for (const fact of facts) this.#told.add(spelt(fact));
    if (named) this.#add(facts);
  }

  #add(facts: readonly Fact[]): void {
    for (const fact of facts) {
      this.#digests.add(fact.digest);
      this.#files.add(spelt(fact));
    }
  }
}

function spelt({ path, digest }: Fact): string {
  return `${digest} ${path}`;
}
