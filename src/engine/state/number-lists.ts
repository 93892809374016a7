/** Many lists of numbers in two flat arrays: those of list `n` are `items[offsets[n]]` up to `items[offsets[n + 1]]`. */

export interface NumberLists {
  readonly offsets: Uint32Array;
  readonly items: Uint32Array;
}

/** Makes them one after the other. */
export class ListBuilder {
  readonly #offsets = [0];
  readonly #items: number[] = [];

  /** To the list that has not ended. */
  push(item: number): void {
    this.#items.push(item);
  }

  /** Ends a list. */
  end(): void {
    this.#offsets.push(this.#items.length);
  }

  /** Whether nothing has been put into the list that has not ended. */
  get isEmpty(): boolean {
    return this.#items.length === this.#offsets.at(-1);
  }

  lists(): NumberLists {
    return { offsets: Uint32Array.from(this.#offsets), items: Uint32Array.from(this.#items) };
  }
}

export function listAt({ offsets, items }: NumberLists, at: number): Uint32Array {
  return items.subarray(offsets[at] ?? 0, offsets[at + 1] ?? 0);
}

/** Which lists hold each number below `size`. */
export function inverted({ offsets, items }: NumberLists, size: number): NumberLists {
  const ends = new Uint32Array(size + 1);
  for (const item of items) ends[item + 1] = (ends[item + 1] ?? 0) + 1;
  for (let at = 1; at <= size; at++) ends[at] = (ends[at] ?? 0) + (ends[at - 1] ?? 0);
  const next = ends.slice();
  const holders = new Uint32Array(items.length);
  for (let list = 0; list + 1 < offsets.length; list++)
    for (let at = offsets[list] ?? 0; at < (offsets[list + 1] ?? 0); at++) {
      const item = items[at] ?? 0;
      const to = next[item] ?? 0;
      holders[to] = list;
      next[item] = to + 1;
    }
  return { offsets: ends, items: holders };
}
