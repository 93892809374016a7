import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { daysOf } from '../../../tasks/bars/days.ts';
import { flatsIn, jumpsIn } from '../../../tasks/bars/oddities.ts';
import type { Bars } from '../../../tasks/bars/table.ts';
import { newBars } from '../../../tasks/bars/table.ts';

const MINUTE = 60_000;
const START = Date.UTC(2024, 0, 1);

interface Given {
  readonly minute: number;
  readonly close: number;
  readonly trades?: number;
  readonly quote?: number;
}

function barsOf(rows: readonly Given[]): Bars {
  const bars = newBars(rows.length);
  for (const [row, { minute, close, trades = 1, quote = 1 }] of rows.entries()) {
    bars.ts[row] = START + minute * MINUTE;
    bars.close[row] = close;
    bars.trades[row] = trades;
    bars.quote_volume[row] = quote;
  }
  return bars;
}

/** Closes that go up and down by a thousandth, minute by minute, with others at some minutes. */
function restless(minutes: number, others: Readonly<Record<number, number>> = {}): readonly Given[] {
  return Array.from({ length: minutes }, (_, minute) => ({
    minute,
    close: others[minute] ?? (minute % 2 === 0 ? 100 : 100.1),
  }));
}

describe('jumps', () => {
  const jumps = (rows: readonly Given[], sigmas = 20) => jumpsIn(barsOf(rows), MINUTE, sigmas);

  it('are none in a month that goes on as it does', () => {
    expect(jumps(restless(1_000), 1.1)).toEqual({ count: 0, largest: null });
  });

  it('are counted there and back, with the bar of the first of the farthest', () => {
    const found = jumps(restless(3_000, { 500: 130, 501: 130 }));
    expect(found).toEqual({ count: 2, largest: { ts: '2024-01-01T08:22:00Z', sigma: expect.any(Number) } });
    expect(found.largest?.sigma).toBeGreaterThan(20);
    expect(found.largest?.sigma).toBe(Number(found.largest?.sigma.toFixed(2)));
  });

  it('are none over a missing bar: nothing is known of the time between', () => {
    const rows = restless(3_000, { 500: 130, 501: 130, 502: 130 });
    expect(jumps(rows).count).toBe(2);
    const holed = rows.filter(({ minute }) => minute !== 500);
    expect(jumps(holed)).toMatchObject({ count: 1, largest: { ts: '2024-01-01T08:23:00Z' } });
  });

  it('need a hundred returns to be told', () => {
    expect(jumps(restless(100, { 50: 130 }), 2)).toEqual({ count: 0, largest: null });
    expect(jumps(restless(101, { 50: 130 }), 2).count).toBe(2);
  });

  it('are none where the price moves steadily, and none can be farther than the root of the returns', () => {
    const doubled = Array.from({ length: 201 }, (_, minute) => ({ minute, close: 2 ** minute }));
    expect(jumps(doubled)).toEqual({ count: 0, largest: null });
    const once = jumps(restless(402, { 200: 1e9, 201: 1e9 }), 1);
    expect(once.largest?.sigma).toBeGreaterThan(10);
    expect(once.largest?.sigma).toBeLessThanOrEqual(Math.sqrt(401));
  });

  it('are none where no price moves, and none from or to a price that is none', () => {
    expect(jumps(restless(300).map((row) => ({ ...row, close: 7 })))).toEqual({ count: 0, largest: null });
    expect(jumps(restless(3_000, { 500: 0, 501: -1 }), 5)).toEqual({ count: 0, largest: null });
  });
});

describe('flat stretches', () => {
  const flats = (rows: readonly Given[], least: number) => flatsIn(barsOf(rows), MINUTE, least);
  const still = (...minutes: readonly number[]): readonly Given[] =>
    minutes.map((minute) => ({ minute, close: 5, trades: 0 }));

  it('are runs of bars without trades, of so many or more', () => {
    const rows = [...still(0, 1, 2), { minute: 3, close: 5 }, ...still(4, 5, 6, 7)];
    expect(flats(rows, 3)).toEqual({ count: 2, longest: 4 });
    expect(flats(rows, 4)).toEqual({ count: 1, longest: 4 });
    expect(flats(rows, 5)).toEqual({ count: 0, longest: 0 });
    expect(flats([], 1)).toEqual({ count: 0, longest: 0 });
  });

  it('end at a missing bar, and at another close', () => {
    expect(flats(still(0, 1, 3, 4), 3)).toEqual({ count: 0, longest: 0 });
    const moved = [...still(0, 1), { minute: 2, close: 6, trades: 0 }, { minute: 3, close: 6, trades: 0 }];
    expect(flats(moved, 2)).toEqual({ count: 2, longest: 2 });
  });
});

describe('days', () => {
  it('have the close of their last bar and what was traded, those without a bar are left out', () => {
    const rows = [
      { minute: 0, close: 1, quote: 0.1 },
      { minute: 7, close: 2, quote: 0.2 },
      { minute: 1439, close: 3, quote: 0.3 },
      { minute: 1440, close: 4, quote: 5 },
      { minute: 3 * 1440 + 5, close: 6, quote: 123_456_789.123456 },
    ];
    expect(daysOf(barsOf(rows))).toEqual([
      ['2024-01-01', 3, 0.6],
      ['2024-01-02', 4, 5],
      ['2024-01-04', 6, 123_456_789.123],
    ]);
    expect(daysOf(barsOf([]))).toEqual([]);
  });

  it('hold each bar once', () => {
    const minutes = fc.uniqueArray(fc.integer({ min: 0, max: 20_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(minutes, (list) => {
        const rows = list.toSorted((a, b) => a - b).map((minute) => ({ minute, close: minute, quote: 1 }));
        const byDay = new Map<number, readonly number[]>();
        for (const { minute } of rows) {
          const day = Math.floor(minute / 1440);
          byDay.set(day, [...(byDay.get(day) ?? []), minute]);
        }
        expect(daysOf(barsOf(rows))).toEqual(
          [...byDay].map(([day, of]) => [
            `2024-01-${String(day + 1).padStart(2, '0')}`,
            Math.max(...of),
            of.length,
          ]),
        );
      }),
    );
  });
});
