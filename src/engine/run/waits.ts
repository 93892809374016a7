/**
 * What each target waited for before it could go on: whose end, and how long for room in its pool. Kept only in a
 * build whose listeners ask for it. Knows indices, and neither states nor targets.
 */
export interface Wait {
  /** The target whose end let it go on; undefined where nothing held it up from the start. */
  readonly after: number | undefined;
  /** Milliseconds in the queue of its pool, all times together where it was decided anew. */
  readonly queuedMs: number;
}

export class Waits {
  readonly #now: () => number;
  readonly #after: (number | undefined)[] = [];
  readonly #since: number[] = [];
  readonly #queuedMs: number[] = [];
  #settling: number | undefined;

  /** `now` in milliseconds, from any start. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whatever becomes ready from here on does so because this one has settled. */
  settling(index: number): void {
    this.#settling = index;
  }

  ready(index: number): void {
    this.#after[index] = this.#settling;
  }

  /** An intermediate whose files are needed after all goes on when the one that needs them could. */
  demanded(index: number, by: number): void {
    this.#after[index] = this.#after[by];
  }

  queued(index: number): void {
    this.#since[index] = this.#now();
  }

  started(index: number): void {
    const since = this.#since[index];
    if (since !== undefined) this.#queuedMs[index] = (this.#queuedMs[index] ?? 0) + this.#now() - since;
  }

  of(index: number): Wait {
    return { after: this.#after[index], queuedMs: this.#queuedMs[index] ?? 0 };
  }
}
