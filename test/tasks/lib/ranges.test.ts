import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Range } from '../../../tasks/lib/ranges.ts';
import { common, countIn, countInAll, joined, without } from '../../../tasks/lib/ranges.ts';

const STEP = 10;

/** Bars 0 to 39 of the grid, as a set: what the ranges stand for. */
const bars = fc.uniqueArray(fc.integer({ min: 0, max: 39 })).map((list) => new Set(list));

function ranges(set: ReadonlySet<number>): readonly Range[] {
  return joined(
    [...set].map((bar) => ({ first: bar * STEP, last: bar * STEP })),
    STEP,
  );
}

function members(list: readonly Range[]): readonly number[] {
  return list.flatMap(({ first, last }) =>
    Array.from({ length: (last - first) / STEP + 1 }, (_, index) => first / STEP + index),
  );
}

describe('sets of bars', () => {
  it('have in common, leave over and join just what sets of numbers do', () => {
    fc.assert(
      fc.property(bars, bars, (a, b) => {
        const sorted = (list: Iterable<number>) => [...list].sort((x, y) => x - y);
        expect(members(ranges(a))).toEqual(sorted(a));
        expect(members(common(ranges(a), ranges(b)))).toEqual(sorted([...a].filter((bar) => b.has(bar))));
        expect(members(without(ranges(a), ranges(b), STEP))).toEqual(
          sorted([...a].filter((bar) => !b.has(bar))),
        );
        expect(members(joined([...ranges(b), ...ranges(a)], STEP))).toEqual(sorted(new Set([...a, ...b])));
        expect(countInAll(ranges(a), STEP)).toBe(a.size);
      }),
    );
  });

  it('keep what their ranges carry', () => {
    const marked = [{ first: 0, last: 90, mark: 'x' }];
    expect(common(marked, [{ first: 20, last: 200 }])).toEqual([{ first: 20, last: 90, mark: 'x' }]);
    expect(without(marked, [{ first: 20, last: 20 }], STEP)).toEqual([
      { first: 0, last: 10, mark: 'x' },
      { first: 30, last: 90, mark: 'x' },
    ]);
  });

  it('are joined where they touch, and not over a single bar between them', () => {
    const touching = [
      { first: 20, last: 30 },
      { first: 0, last: 10 },
      { first: 50, last: 50 },
    ];
    expect(joined(touching, STEP)).toEqual([
      { first: 0, last: 30 },
      { first: 50, last: 50 },
    ]);
    expect(countIn({ first: 0, last: 30 }, STEP)).toBe(4);
  });
});
