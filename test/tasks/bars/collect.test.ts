import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../tasks/bars/collect.ts';
import { collect } from '../../../tasks/bars/collect.ts';
import type { RawRow } from './rows.ts';
import { bar, klinesOf, rowsOf } from './rows.ts';

const MINUTE = 60_000;
const START = Date.UTC(2024, 0, 1);
const at = (minute: number, ms = 0): number => START + minute * MINUTE + ms;
const HOUR = { start: START, end: START + 60 * MINUTE };

const monthly = (...rows: readonly RawRow[]): Batch => ({ source: 'monthly', klines: klinesOf(rows) });
const daily = (...rows: readonly RawRow[]): Batch => ({ source: 'daily', klines: klinesOf(rows) });

function kept(batches: readonly Batch[]) {
  const { bars, ...counts } = collect(batches, HOUR, MINUTE);
  return {
    rows: rowsOf(bars).map(({ ts, open, source, flags }) => [(ts - START) / MINUTE, open, source, flags]),
    ...counts,
  };
}

const clean = { duplicates: 0, conflicts: 0, outside: 0, outOfOrder: 0 };

describe('rows of several files', () => {
  it('become one ascending table', () => {
    const batches = [daily(bar(at(2)), bar(at(0))), daily(bar(at(1)))];
    expect(kept(batches)).toEqual({
      rows: [
        [0, 100, 1, 0],
        [1, 100, 1, 0],
        [2, 100, 1, 0],
      ],
      ...clean,
      outOfOrder: 1,
    });
  });

  it('are out of order where they open before the row above in their own file, whether that is in the span or not', () => {
    expect(kept([daily(bar(at(5))), daily(bar(at(4)))]).outOfOrder).toBe(0);
    expect(kept([daily(bar(at(5)), bar(at(5)))]).outOfOrder).toBe(0);
    expect(kept([daily(bar(at(5, 20)), bar(at(5, 10)), bar(at(90)), bar(at(80)))]).outOfOrder).toBe(2);
  });

  it('are floored to the grid with a flag', () => {
    expect(kept([monthly(bar(at(0)), bar(at(1, 14_789)))])).toEqual({
      rows: [
        [0, 100, 0, 0],
        [1, 100, 0, 1],
      ],
      ...clean,
    });
  });

  it('have their closing times cut to the millisecond when they are in microseconds', () => {
    const row = bar(at(3) * 1000, { closeTime: at(3, 59_999) * 1000 + 999 });
    const { bars } = collect([{ source: 'daily', klines: klinesOf([row], 'us') }], HOUR, MINUTE);
    expect([bars.ts[0], bars.close_time[0], bars.flags[0]]).toEqual([at(3), at(3, 59_999), 0]);
  });

  it('are off the grid by one microsecond, too', () => {
    const row = bar(at(3) * 1000 + 1);
    const { bars } = collect([{ source: 'daily', klines: klinesOf([row], 'us') }], HOUR, MINUTE);
    expect([bars.ts[0], bars.flags[0]]).toEqual([at(3), 1]);
  });

  it('are cut, and counted, where they open before the span or do not close within it', () => {
    const span = { start: at(1) - 30_000, end: at(4) + 59_999 };
    const rows = [0, 1, 2, 3, 4, 5].map((minute) => bar(at(minute)));
    const { bars, outside } = collect([monthly(...rows)], span, MINUTE);
    expect([...bars.ts]).toEqual([at(1), at(2), at(3)]);
    expect(outside).toBe(3);
  });

  it('keep one row a bar: on the grid before floored, monthly before daily, then the earlier file, then the earlier row', () => {
    expect(kept([monthly(bar(at(0, 500), { open: 1 })), daily(bar(at(0), { open: 2 }))])).toEqual({
      rows: [[0, 2, 1, 0]],
      duplicates: 1,
      conflicts: 1,
      outside: 0,
      outOfOrder: 0,
    });
    expect(kept([daily(bar(at(0), { open: 2 })), monthly(bar(at(0), { open: 1 }))]).rows).toEqual([
      [0, 1, 0, 0],
    ]);
    expect(kept([daily(bar(at(0), { open: 1 })), daily(bar(at(0), { open: 2 }))]).rows).toEqual([
      [0, 1, 1, 0],
    ]);
    expect(kept([daily(bar(at(0), { open: 1 }), bar(at(0), { open: 2 }))]).rows).toEqual([[0, 1, 1, 0]]);
  });

  it('keep that of the file whose stretch the bar lies in, before those that strayed into a neighbour', () => {
    const own = (from: number, to: number) => ({ own: { start: at(from), end: at(to) } });
    const first = {
      ...daily(bar(at(0)), bar(at(30), { open: 99 }), bar(at(31), { open: 98 })),
      ...own(0, 30),
    };
    const second = {
      ...daily(bar(at(30), { open: 101 }), bar(at(-1)), bar(at(0), { open: 97 })),
      ...own(30, 60),
    };
    expect(kept([first, second])).toEqual({
      rows: [
        [0, 100, 1, 0],
        [30, 101, 1, 0],
        [31, 98, 1, 0],
      ],
      duplicates: 2,
      conflicts: 2,
      outside: 1,
      outOfOrder: 1,
    });
    const floored = { ...daily(bar(at(30, 5), { open: 102 })), ...own(30, 60) };
    expect(kept([first, floored]).rows.map(([minute, open]) => [minute, open])).toContainEqual([30, 99]);
  });

  it('are in conflict only where they say different things', () => {
    const same = kept([monthly(bar(at(0)), bar(at(0)), bar(at(1))), daily(bar(at(0)))]);
    expect(same).toMatchObject({ duplicates: 2, conflicts: 0 });
    expect(kept([monthly(bar(at(0)), bar(at(0), { takerQuote: 99 }))])).toMatchObject({
      duplicates: 1,
      conflicts: 1,
    });
  });

  it('may be none', () => {
    expect(kept([])).toEqual({ rows: [], ...clean });
    expect(kept([monthly()])).toEqual({ rows: [], ...clean });
  });
});

/** The rules once more, as slowly and plainly as they can be said. */
function plainly(batches: readonly (readonly RawRow[])[], sources: readonly ('monthly' | 'daily')[]) {
  const rows = batches.flatMap((batch, file) =>
    batch.map((raw, row) => ({
      raw,
      file,
      row,
      source: sources[file] === 'monthly' ? 0 : 1,
      minute: Math.floor((raw.openTime - START) / MINUTE),
    })),
  );
  const inside = rows.filter(({ minute }) => minute >= 0 && minute < 60);
  const result = [];
  let conflicts = 0;
  for (let minute = 0; minute < 60; minute++) {
    const rivals = inside.filter((row) => row.minute === minute);
    const offGrid = (row: (typeof rows)[number]): number => (row.raw.openTime === at(minute) ? 0 : 1);
    rivals.sort((a, b) => offGrid(a) - offGrid(b) || a.source - b.source || a.file - b.file || a.row - b.row);
    const [best, ...others] = rivals;
    if (best === undefined) continue;
    result.push([minute, best.raw.open, best.source, offGrid(best)]);
    const values = ({ raw: { openTime: _, ...rest } }: (typeof rows)[number]): string => JSON.stringify(rest);
    conflicts += others.filter((other) => values(other) !== values(best)).length;
  }
  return {
    rows: result,
    duplicates: inside.length - result.length,
    conflicts,
    outside: rows.length - inside.length,
    outOfOrder: batches.flatMap((batch) =>
      batch.filter(({ openTime }, row) => openTime < (batch[row - 1]?.openTime ?? 0)),
    ).length,
  };
}

const rawRow = fc
  .tuple(
    fc.integer({ min: -3, max: 63 }),
    fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 59_999 }) },
    ),
    fc.integer({ min: 1, max: 3 }),
  )
  .map(([minute, off, open]) => bar(at(minute, off), { open, closeTime: at(minute, 59_999) }));

describe('whatever the rows and their order', () => {
  const files = fc.array(
    fc.tuple(fc.array(rawRow, { maxLength: 80 }), fc.constantFrom('monthly' as const, 'daily' as const)),
    { maxLength: 4 },
  );

  it('the result is that of the plain rules', () => {
    fc.assert(
      fc.property(files, (given) => {
        const batches = given.map(([rows, source]) => ({ source, klines: klinesOf(rows) }));
        expect(kept(batches)).toEqual(
          plainly(
            given.map(([rows]) => rows),
            given.map(([, source]) => source),
          ),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('rows that are on the grid and agree give the same table in any order, in one file or many', () => {
    const minutes = fc.array(fc.integer({ min: 0, max: 59 }), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(minutes, fc.nat(), (list, where) => {
        const rows = list.map((minute) => bar(at(minute), { open: 100 + minute / 10 }));
        const cut = where % list.length;
        const sorted = kept([daily(...rows.toSorted((a, b) => a.openTime - b.openTime))]);
        const { outOfOrder, ...table } = sorted;
        expect(outOfOrder).toBe(0);
        expect(kept([daily(...rows)])).toMatchObject(table);
        expect(kept([daily(...rows.slice(cut)), daily(...rows.slice(0, cut))])).toMatchObject(table);
        expect(sorted.conflicts).toBe(0);
        expect(sorted.rows).toHaveLength(new Set(list).size);
      }),
      { numRuns: 200 },
    );
  });

  it('flooring in microseconds is that of whole numbers', () => {
    const time = fc.bigInt({ min: 1_500_000_000_000_000n, max: 4_000_000_000_000_000n });
    fc.assert(
      fc.property(
        time,
        fc.constantFrom(1_000, 60_000, 180_000, 3_600_000, 86_400_000),
        (micros, interval) => {
          const step = BigInt(interval) * 1000n;
          const row = bar(Number(micros), { closeTime: Number(micros) });
          const span = { start: 0, end: 5_000_000_000_000 };
          const { bars } = collect([{ source: 'daily', klines: klinesOf([row], 'us') }], span, interval);
          expect(bars.ts[0]).toBe(Number(((micros / step) * step) / 1000n));
          expect(bars.close_time[0]).toBe(Number(micros / 1000n));
          expect(bars.flags[0]).toBe(micros % step === 0n ? 0 : 1);
        },
      ),
    );
  });
});
