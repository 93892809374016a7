import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { int64s } from '../../../tasks/lib/int64.ts';

describe('whole numbers held as doubles', () => {
  it('become 64-bit integers exactly, times a factor, however large the product and whatever its sign', () => {
    const edges = [0, -0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 32 - 1, 2 ** 32, -(2 ** 32) - 1, 1e14];
    const whole = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(...edges, 2 ** 53 - 1, -(2 ** 53) + 1));
    fc.assert(
      fc.property(fc.array(whole), fc.constantFrom(1, 1000), (values, factor) => {
        expect([...int64s(Float64Array.from(values), factor)]).toEqual(
          values.map((value) => BigInt(value) * BigInt(factor)),
        );
      }),
      { numRuns: 500 },
    );
  });

  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY])('refuse %d', (value) => {
    expect(() => int64s(Float64Array.of(1, value))).toThrow(`${value} is no whole number`);
  });

  it('refuse what 64 bits do not hold', () => {
    expect(int64s(Float64Array.of(-(2 ** 63)))).toEqual(BigInt64Array.of(-(2n ** 63n)));
    expect(() => int64s(Float64Array.of(2 ** 63))).toThrow(`${2 ** 63} times 1 is more than 64 bits hold`);
  });
});
