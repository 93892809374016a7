/** Time that passes only when a test lets it: a heap of timers, and the promises that hang on them. */
import type { Timer } from '../../../../tasks/binance/rest/limiter.ts';

interface Due {
  readonly at: number;
  readonly serial: number;
  readonly call: () => void;
}

export class VirtualTime implements Timer {
  #now = 0;
  #serial = 0;
  readonly #heap: Due[] = [];
  readonly #cancelled = new Set<number>();

  now(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): () => void {
    const serial = this.#serial++;
    this.#push({ at: this.#now + Math.max(0, ms), serial, call });
    return () => void this.#cancelled.add(serial);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Lets so much time pass, with all that becomes due in it. */
  async run(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settled();
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      this.#pop();
      if (this.#cancelled.delete(next.serial)) continue;
      this.#now = next.at;
      next.call();
      await settled();
    }
    this.#now = end;
  }

  #push(due: Due): void {
    const heap = this.#heap;
    heap.push(due);
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#before(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    this.#swap(0, heap.length - 1);
    heap.pop();
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const least = this.#before(left + 1, left) ? left + 1 : left;
      if (!this.#before(least, at)) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #before(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return false;
    return one.at < other.at || (one.at === other.at && one.serial < other.serial);
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return;
    this.#heap[a] = other;
    this.#heap[b] = one;
  }
}

/** Enough turns for a chain of awaits without timers to come to its end. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await undefined;
}
