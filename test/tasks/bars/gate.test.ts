import { expect, it } from 'vitest';
import { checkBars } from '../../../tasks/bars/gate.ts';
import type { Bars } from '../../../tasks/bars/table.ts';
import { newBars } from '../../../tasks/bars/table.ts';

const START = Date.UTC(2024, 0, 1);
const SPAN = { start: START, end: START + 5 * 60_000 };

function table(...ts: readonly number[]): Bars {
  return { ...newBars(ts.length), ts: Float64Array.from(ts, (minute) => START + minute * 60_000) };
}

function verdict(bars: Bars): string | undefined {
  const failure = checkBars(bars, SPAN, 60_000, 'bars of X');
  return failure && `${failure.code} ${failure.message}`;
}

it('a table passes that is ascending, unique, on the grid and within its span, with or without gaps', () => {
  for (const bars of [table(), table(0), table(0, 1, 2, 3, 4), table(1, 4)])
    expect(verdict(bars)).toBeUndefined();
});

it('a table fails that is not', () => {
  expect(verdict(table(0, 2, 1))).toBe(
    'gate-order bars of X: row 2 opens at 2024-01-01T00:01:00Z, expected one after 2024-01-01T00:02:00Z',
  );
  expect(verdict(table(0, 0))).toBe(
    'gate-order bars of X: row 1 opens at 2024-01-01T00:00:00Z, expected one after 2024-01-01T00:00:00Z',
  );
  expect(verdict(table(0, 0.5))).toBe(
    'gate-grid bars of X: row 1 opens at 2024-01-01T00:00:30.000Z, expected a multiple of 60000 ms',
  );
  for (const [minute, iso] of [
    [-1, '2023-12-31T23:59:00Z'],
    [5, '2024-01-01T00:05:00Z'],
  ] as const) {
    expect(verdict(table(minute))).toBe(
      `gate-span bars of X: row 0 opens at ${iso}, expected a bar within 2024-01-01T00:00:00Z to 2024-01-01T00:05:00Z`,
    );
  }
});

it('a table fails that lacks a value', () => {
  const bars = table(0, 1);
  expect(verdict({ ...bars, close: Float64Array.of(1, Number.NaN) })).toBe(
    'gate-null bars of X: row 1 has no close, expected a number',
  );
  expect(verdict({ ...bars, trades: Float64Array.of(1) })).toBe(
    'gate-null bars of X: row 1 has no trades, expected a number',
  );
});
