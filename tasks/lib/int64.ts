/**
 * Whole numbers that lie in doubles → 64-bit integers as databases take them. By halves, since a BigInt apiece costs 30 ns.
 * It knows not what the numbers count.
 */

const HALF = 2 ** 32;

/** `values` times a whole `factor`, exactly. Throws where a value is no whole number, or too large. */
export function int64s(values: Float64Array, factor = 1): BigInt64Array {
  const whole = new BigInt64Array(values.length);
  // The lower half first, as in all processors that there are libraries for.
  const halves = new Int32Array(whole.buffer);
  const most = Number.MAX_SAFE_INTEGER / factor;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? Number.NaN;
    // NaN where it is infinite or none.
    if (Math.floor(value) - value !== 0) throw new RangeError(`${value} is no whole number`);
    if (Math.abs(value) > most) {
      const product = BigInt(value) * BigInt(factor);
      if (product !== BigInt.asIntN(64, product))
        throw new RangeError(`${value} times ${factor} is more than 64 bits hold`);
      whole[index] = product;
      continue;
    }
    const product = value * factor;
    // What is left of a number by `|` are its lower 32 bits, be it negative or large.
    halves[2 * index] = product | 0;
    halves[2 * index + 1] = Math.floor(product / HALF) | 0;
  }
  return whole;
}
