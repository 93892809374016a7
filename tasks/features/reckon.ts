/**
 * Longer bars of a month of bars, their returns, and the volatility of the 24 hours up to the end of each. A bar that
 * is missing is missing: nothing is carried forward, no return reaches over a hole, and each bar says how many it is
 * made of. It knows neither files nor tables.
 */
import { floorTo } from '../bars/grid.ts';
import type { MonthOf } from '../bars/params.ts';
import type { Bars } from '../bars/table.ts';
import { cell } from '../bars/table.ts';
import { longerBars } from './longer.ts';
import type { Closes } from './window.ts';
import { WINDOW } from './window.ts';

/** In the order of the file; `ts` is in epoch milliseconds here, NaN stands for no value. */
export const COLUMNS = [
  'ts',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'quote_volume',
  'trades',
  'taker_buy_base',
  'taker_buy_quote',
  'bars',
  'expected',
  'flags',
  'log_return',
  'realised_vol',
  'vol_bars',
] as const;

type Row = Readonly<Record<(typeof COLUMNS)[number], number>>;

export type Features = { readonly rows: number } & Readonly<Record<keyof Row, Float64Array>>;

/**
 * `before` are closes of the time before the month. `length` is that of the bars to make: a whole number of bars of
 * the month, and of them a whole number a day. A bar comes once it is over; one that began before the configured start
 * is there with what there is of it.
 */
export function featuresOf(
  bars: Bars,
  before: Closes,
  { span, interval }: Pick<MonthOf, 'span' | 'interval'>,
  length: number,
): Features {
  const first = floorTo(length, span.start);
  const grid: Grid = { start: first - WINDOW, end: floorTo(length, span.end), length };
  const past = pastOf([before, bars], grid, interval);
  const expected = length / interval;
  const rows = longerBars(bars, length, grid.end).map(
    (bar): Row => ({ ...bar, expected, ...backwards(past, (bar.ts - grid.start) / length) }),
  );
  return columnsOf(rows);
}

/** Stretches of one length, the first from `start` on, the last up to `end`. */
interface Grid {
  readonly start: number;
  readonly end: number;
  readonly length: number;
}

/** For each stretch of a grid; those of a day are `day`. */
interface Past {
  readonly day: number;
  /** Of the last bar in it; NaN without any. */
  readonly close: Float64Array;
  /** Of the log returns of bars in it that come right after another one … */
  readonly squares: Float64Array;
  /** … and how many these are. */
  readonly returns: Float64Array;
}

function pastOf(closes: readonly Closes[], { start, end, length }: Grid, interval: number): Past {
  const stretches = (end - start) / length;
  const close = new Float64Array(stretches).fill(Number.NaN);
  const squares = new Float64Array(stretches);
  const returns = new Float64Array(stretches);
  let [lastTs, lastClose] = [Number.NaN, Number.NaN];
  for (const each of closes) {
    for (const [row, ts] of each.ts.entries()) {
      const now = cell(each.close, row);
      const at = Math.floor((ts - start) / length);
      // The grid begins where a bar of the window has the close before it, and ends at the last bar that is over.
      if (at >= 0 && at < stretches) {
        close[at] = now;
        const change = ts - lastTs === interval ? logReturn(lastClose, now) : Number.NaN;
        if (!Number.isNaN(change)) {
          squares[at] = cell(squares, at) + change * change;
          returns[at] = cell(returns, at) + 1;
        }
      }
      [lastTs, lastClose] = [ts, now];
    }
  }
  return { day: WINDOW / length, close, squares, returns };
}

/** A price that is none has no logarithm: its bar breaks a rule, and its flag says so. */
function logReturn(before: number, after: number): number {
  return before > 0 && after > 0 ? Math.log(after / before) : Number.NaN;
}

/** Sums of sums, each of its own stretch: none drifts, as a sum that is carried on with does. */
function backwards({ day, close, squares, returns }: Past, at: number) {
  let [sum, count] = [0, 0];
  for (let each = at - day + 1; each <= at; each++) {
    sum += cell(squares, each);
    count += cell(returns, each);
  }
  return {
    log_return: logReturn(cell(close, at - 1), cell(close, at)),
    realised_vol: count === 0 ? Number.NaN : Math.sqrt(sum),
    vol_bars: count,
  };
}

function columnsOf(rows: readonly Row[]): Features {
  const column = (name: keyof Row): Float64Array => Float64Array.from(rows, (row) => row[name]);
  return {
    rows: rows.length,
    ts: column('ts'),
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
    quote_volume: column('quote_volume'),
    trades: column('trades'),
    taker_buy_base: column('taker_buy_base'),
    taker_buy_quote: column('taker_buy_quote'),
    bars: column('bars'),
    expected: column('expected'),
    flags: column('flags'),
    log_return: column('log_return'),
    realised_vol: column('realised_vol'),
    vol_bars: column('vol_bars'),
  };
}
