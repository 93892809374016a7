/** A small memory of the things used last. Knows nothing of what it keeps. */

/** Gives what is kept under the key, else keeps what `make` gives. */
export type Shelf<T> = (key: string, make: () => T) => T;

/**
 * Keeps what was used last while the sum of the weights stays within `most`; the newest is kept whatever it
 * weighs.
 */
export function shelf<T>(most: number, weigh: (value: T) => number): Shelf<T> {
  const kept = new Map<string, T>();
  let total = 0;
  return (key, make) => {
    const known = kept.get(key);
    const value = known ?? make();
    // Deleted and set again: a Map lists its keys in the order in which they came, so the oldest stands
    // first.
    kept.delete(key);
    kept.set(key, value);
    if (known === undefined) total += weigh(value);
    for (const [oldest, old] of kept) {
      if (total <= most || oldest === key) break;
      kept.delete(oldest);
      total -= weigh(old);
    }
    return value;
  };
}

/** Gives what `make` made for the key, made again when `most` others have been asked for since. */
export function remember<T>(most: number, make: (key: string) => T): (key: string) => T {
  const kept = shelf<T>(most, () => 1);
  return (key) => kept(key, () => make(key));
}
