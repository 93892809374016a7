import { describe, expect, it } from 'vitest';
import { discard } from '../../../tasks/lib/discard.ts';

describe('memory that is given back', () => {
  it('is gone for all that looked at it', () => {
    const [one, other] = [new Float64Array(10_000), Buffer.allocUnsafeSlow(100_000)];
    const part = one.subarray(5, 10);
    discard(part, other, one);
    expect([one.length, part.length, other.length]).toEqual([0, 0, 0]);
    discard(one);
  });

  it('is left alone where it is small, since others may live in it', () => {
    const [pooled, neighbour] = [Buffer.from('abc'), Buffer.from('def')];
    discard(pooled);
    expect([String(pooled), String(neighbour)]).toEqual(['abc', 'def']);
  });

  it('can be as much as one likes, without growing the process', () => {
    const before = process.memoryUsage().arrayBuffers;
    for (let time = 0; time < 50; time++) discard(new Float64Array(1 << 20));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 << 20);
  });
});
