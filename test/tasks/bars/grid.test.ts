import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countWithin, gapsIn, isoSeconds } from '../../../tasks/bars/grid.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = { start: Date.UTC(2024, 0, 1), end: Date.UTC(2024, 0, 2) };

describe('the grid of a span', () => {
  it('has the bars that lie wholly within it', () => {
    expect(countWithin(DAY, MINUTE)).toBe(1440);
    expect(countWithin({ start: DAY.start + 1, end: DAY.end - 1 }, MINUTE)).toBe(1438);
    expect(countWithin({ start: DAY.start, end: DAY.start + 59_999 }, MINUTE)).toBe(0);
    expect(countWithin({ start: DAY.start + 1, end: DAY.start + 2 }, MINUTE)).toBe(0);
  });

  it('counts an hour from the configured start as part of a day of bars', () => {
    expect(countWithin({ start: DAY.start + 4 * HOUR, end: DAY.end }, HOUR)).toBe(20);
  });
});

describe('gaps', () => {
  const at = (...hours: readonly number[]): Float64Array =>
    Float64Array.from(hours, (hour) => DAY.start + hour * HOUR);
  const told = (ts: Float64Array): readonly string[] =>
    gapsIn(ts, DAY, HOUR).map(
      ({ first, last, missing }) => `${isoSeconds(first)} ${isoSeconds(last)} ${missing}`,
    );

  it('are the runs of missing bars, at the edges too', () => {
    expect(told(at(1, 2, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21))).toEqual([
      '2024-01-01T00:00:00Z 2024-01-01T00:00:00Z 1',
      '2024-01-01T03:00:00Z 2024-01-01T04:00:00Z 2',
      '2024-01-01T09:00:00Z 2024-01-01T09:00:00Z 1',
      '2024-01-01T22:00:00Z 2024-01-01T23:00:00Z 2',
    ]);
  });

  it('are one over all of an empty table, and none of a span without bars', () => {
    expect(told(at())).toEqual(['2024-01-01T00:00:00Z 2024-01-01T23:00:00Z 24']);
    expect(gapsIn(at(), { start: DAY.start, end: DAY.start + 1 }, HOUR)).toEqual([]);
  });

  it('and rows make up the grid, each bar once', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 23 })), (hours) => {
        const present = hours.toSorted((a, b) => a - b);
        const missing = gapsIn(at(...present), DAY, HOUR).flatMap((gap) =>
          Array.from({ length: gap.missing }, (_, index) => gap.first + index * HOUR),
        );
        const all = [...at(...present), ...missing].sort((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: 24 }, (_, hour) => DAY.start + hour * HOUR));
      }),
    );
  });
});
