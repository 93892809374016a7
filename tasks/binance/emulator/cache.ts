/** A small memory of the things used last. Knows nothing of what it keeps. */

/** Gives what `make` made for the key, made again when `most` others have been asked for since. */
export function remember<T>(most: number, make: (key: string) => T): (key: string) => T {
  const kept = new Map<string, T>();
  return (key) => {
    const known = kept.get(key);
    const value = known ?? make(key);
    // Deleted and set again: a Map lists its keys in the order in which they came, so the oldest stands
    // first.
    kept.delete(key);
    kept.set(key, value);
    if (kept.size > most) {
      const [oldest] = kept.keys();
      if (oldest !== undefined) kept.delete(oldest);
    }
    return value;
  };
}
