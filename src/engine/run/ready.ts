/**
 * Targets that may be decided, first come, first served within a pool. What is to run holds all that it was decided on
 * until it has run: so no more of a pool are decided than its runs will need soon. Knows no states.
 */
import { Queue } from './queue.ts';

/**
 * A pool works off some ten thousand targets a second at most, and is looked at again each time one of them ends. A
 * million plans of 4 kB each, on the other hand, are more than the memory of a process.
 */
const MOST_WAITING = 2_000;

export class Ready {
  readonly #queues = new Map<string, Queue>();
  readonly #waitingIn: (pool: string) => number;

  /** `waitingIn`: how many targets of a pool have been decided and have not started. */
  constructor(waitingIn: (pool: string) => number) {
    this.#waitingIn = waitingIn;
  }

  push(index: number, pool: string): void {
    const known = this.#queues.get(pool);
    if (known !== undefined) {
      known.push(index);
      return;
    }
    const queue = new Queue();
    queue.push(index);
    this.#queues.set(pool, queue);
  }

  /** Whether there is one that may be decided now. */
  hasNext(): boolean {
    return this.#open() !== undefined;
  }

  next(): number | undefined {
    return this.#open()?.next();
  }

  clear(): void {
    this.#queues.clear();
  }

  /** Of the pool that will have nothing to do first. */
  #open(): Queue | undefined {
    let fewest = MOST_WAITING;
    let open: Queue | undefined;
    for (const [pool, queue] of this.#queues) {
      if (queue.size === 0) continue;
      const waiting = this.#waitingIn(pool);
      if (waiting >= fewest) continue;
      fewest = waiting;
      open = queue;
    }
    return open;
  }
}
