/**
 * Bounds on concurrency: a queue and a limit for each pool, and a limit over all of them. First come, first
 * served within a pool; a full pool holds nobody else up. Knows neither targets nor tasks.
 */

/** So many may be all but over at a time: they hold what they have made. */
const MOST_ENDING = 64;

export class Pools<T> {
  readonly #jobs: number;
  readonly #pools: readonly Pool<T>[];
  readonly #byName: ReadonlyMap<string, Pool<T>>;
  #busy = 0;
  #ending = 0;

  constructor(limits: ReadonlyMap<string, number>, jobs: number) {
    this.#jobs = jobs;
    this.#byName = new Map(
      [...limits].map(([name, limit]) => [name, { limit, busy: 0, queue: [], head: 0 }]),
    );
    this.#pools = [...this.#byName.values()];
  }

  /** What has started and is not released yet. */
  get busy(): number {
    return this.#busy + this.#ending;
  }

  enqueue(pool: string, item: T): void {
    this.#pool(pool).queue.push(item);
  }

  /** Items of a pool that have not started. */
  waitingIn(pool: string): number {
    const { queue, head } = this.#pool(pool);
    return queue.length - head;
  }

  /** The next item that may start, which then counts as busy until it is released; undefined when none may. */
  start(): T | undefined {
    if (this.#busy >= this.#jobs || this.#ending >= MOST_ENDING) return undefined;
    for (const pool of this.#pools) {
      if (pool.busy >= pool.limit || pool.head >= pool.queue.length) continue;
      const item = pool.queue[pool.head++];
      // Taking from the front of a long array moves all of it: drop what was taken now and then instead.
      if (pool.head > 1_024 && pool.head * 2 > pool.queue.length) {
        pool.queue.splice(0, pool.head);
        pool.head = 0;
      }
      pool.busy++;
      this.#busy++;
      return item;
    }
    return undefined;
  }

  /**
   * An item that is all but over gives way to the next of its pool: its release is then to be told of by `ended`. One job
   * at a time means that nothing begins before the last has ended.
   */
  giveWay(pool: string): boolean {
    if (this.#jobs === 1) return false;
    this.release(pool);
    this.#ending++;
    return true;
  }

  ended(): void {
    this.#ending--;
  }

  release(pool: string): void {
    this.#pool(pool).busy--;
    this.#busy--;
  }

  /** Forgets what has not started. */
  clear(): void {
    for (const pool of this.#pools) {
      pool.queue.length = 0;
      pool.head = 0;
    }
  }

  #pool(name: string): Pool<T> {
    const pool = this.#byName.get(name);
    if (pool === undefined) throw new Error(`the manifest let an unknown pool through: "${name}"`);
    return pool;
  }
}

interface Pool<T> {
  readonly limit: number;
  busy: number;
  readonly queue: T[];
  head: number;
}
