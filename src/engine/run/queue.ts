/** Targets by index, first in, first out. Knows nothing of what they wait for. */
export class Queue {
  /** Taken from `#at` on: shifting a long array would move all of it each time. */
  #indices: number[] = [];
  #at = 0;

  get size(): number {
    return this.#indices.length - this.#at;
  }

  push(index: number): void {
    this.#indices.push(index);
  }

  /** Undefined: there is none, and what was taken is let go. */
  next(): number | undefined {
    const index = this.#indices[this.#at++];
    if (index === undefined) this.clear();
    return index;
  }

  clear(): void {
    this.#indices = [];
    this.#at = 0;
  }
}
