/** Numbers that a seed gives, so that what was measured can be measured again. */

/** From 0 up to 1 without it, by mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Whole numbers below `limit`, none of them twice. */
export function drawOnce(limit: number, seed: number): () => number {
  const random = randomOf(seed);
  const drawn = new Set<number>();
  return () => {
    if (drawn.size === limit) throw new Error(`all ${limit} are drawn`);
    let at = Math.floor(random() * limit);
    while (drawn.has(at)) at = (at + 1) % limit;
    drawn.add(at);
    return at;
  };
}
