import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sequel } from '../../../src/engine/run/sequel.ts';

const BOUNDS = { retries: 2, deadlineMs: 10_000, firstWaitMs: 1_000 };
const PASSING = { code: 'busy', message: 'busy', transient: true };

describe('what follows a failed try', () => {
  it('is another one after a wait that doubles, with jitter', () => {
    for (const [tried, least, most] of [
      [1, 500, 1_000],
      [2, 1_000, 2_000],
    ] as const) {
      const next = new Sequel(tried, BOUNDS, () => 0).after(PASSING, true);
      if (next.kind === 'end') throw new Error('another try was to follow');
      expect(next.waitMs).toBeGreaterThanOrEqual(least);
      expect(next.waitMs).toBeLessThanOrEqual(most);
    }
  });

  it('is nothing where no try is left, or none can help', () => {
    expect(new Sequel(3, BOUNDS, () => 0).after(PASSING, true)).toEqual({ kind: 'end', why: undefined });
    expect(new Sequel(1, BOUNDS, () => 0).after(PASSING, false)).toEqual({ kind: 'end', why: undefined });
  });

  it('is nothing, for a reason that is told, where there is no time for another', () => {
    const why = "another try would pass the rule's deadline of 10 s";
    expect(new Sequel(1, BOUNDS, () => 9_900).after(PASSING, true)).toEqual({ kind: 'end', why });
  });

  it('is what the task was told, also once time has gone by', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.nat({ max: 15_000 }),
        fc.nat({ max: 15_000 }),
        fc.nat({ max: 12_000 }),
        (tried, asked, ended, retryAfterMs) => {
          let spent = asked;
          const sequel = new Sequel(tried, BOUNDS, () => spent);
          const failure = { ...PASSING, retryAfterMs };
          const last = sequel.isLast(failure);
          spent = asked + ended;
          expect(sequel.after(failure, true).kind).toBe(last ? 'end' : 'again');
        },
      ),
    );
  });
});
