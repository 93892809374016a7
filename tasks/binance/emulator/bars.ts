/**
 * Bars as one flat array of numbers in the archive's column order, prices and amounts as whole steps of their
 * last decimal, so that sums and comparisons are exact; and the same bars over a longer interval.
 * It knows neither text nor where bars come from.
 */
import { DAY, MINUTE } from './calendar.ts';

/** Row i starts at i × WIDTH. Times are epoch milliseconds. */
export type Bars = Float64Array;

export const WIDTH = 11;
export const OPEN_TIME = 0;
export const OPEN = 1;
export const HIGH = 2;
export const LOW = 3;
export const CLOSE = 4;
export const VOLUME = 5;
export const CLOSE_TIME = 6;
export const QUOTE = 7;
export const TRADES = 8;
export const TAKER_BASE = 9;
export const TAKER_QUOTE = 10;
/** What adds up over a longer interval. */
const SUMS = [VOLUME, QUOTE, TRADES, TAKER_BASE, TAKER_QUOTE] as const;

/**
 * How many decimals a whole number of steps carries, and how many are printed (`7195.24000000` is 719524, 2,
 * 8).
 */
export interface Decimals {
  readonly carried: number;
  readonly printed: number;
}

export interface Format {
  readonly price: Decimals;
  readonly volume: Decimals;
  readonly quote: Decimals;
}

/** What `volume` steps cost at `price` ticks, in the market's quote steps. */
export type Cost = (price: number, volume: number) => number;

export function rowsOf(bars: Bars): number {
  return bars.length / WIDTH;
}

export function at(bars: Bars, row: number, column: number): number {
  return bars[row * WIDTH + column] ?? Number.NaN;
}

/** The rows that satisfy the test on their open time. Bars ascend, so those are neighbours. */
export function within(bars: Bars, first: number, last: number): Bars {
  const rows = rowsOf(bars);
  let from = 0;
  while (from < rows && at(bars, from, OPEN_TIME) < first) from++;
  let to = from;
  while (to < rows && at(bars, to, OPEN_TIME) <= last) to++;
  return bars.subarray(from * WIDTH, to * WIDTH);
}

/**
 * Minute bars as they stand at an instant: nothing that opens later, and the open one only as far as it got.
 */
export function asSeenAt(minutes: Bars, now: number, cost: Cost): Bars {
  const seen = within(minutes, Number.NEGATIVE_INFINITY, now);
  const last = rowsOf(seen) - 1;
  if (last < 0 || at(seen, last, OPEN_TIME) + MINUTE - 1 <= now) return seen;
  const bars = seen.slice();
  const row = bars.subarray(last * WIDTH);
  const share = (now - at(bars, last, OPEN_TIME) + 1) / MINUTE;
  const part = (column: number): number => Math.floor(at(bars, last, column) * share);
  const open = at(bars, last, OPEN);
  const close = open + Math.trunc((at(bars, last, CLOSE) - open) * share);
  const volume = part(VOLUME);
  const taker = Math.min(volume, part(TAKER_BASE));
  row[HIGH] = Math.max(open, close);
  row[LOW] = Math.min(open, close);
  row[CLOSE] = close;
  row[VOLUME] = volume;
  row[QUOTE] = cost(close, volume);
  row[TRADES] = volume === 0 ? 0 : Math.max(1, part(TRADES));
  row[TAKER_BASE] = taker;
  row[TAKER_QUOTE] = cost(close, taker);
  return bars;
}

/**
 * One day's minute bars over an interval that divides the day. A longer bar ends on its grid, but where its
 * last minute was cut short by a halt it ends there too, as the real 1h bars next to outages do
 * (docs/DOMAIN.md §2).
 */
export function overInterval(minutes: Bars, interval: number): Bars {
  if (interval === MINUTE) return minutes;
  const rows = rowsOf(minutes);
  const out = new Float64Array(Math.ceil(DAY / interval) * WIDTH);
  let count = -1;
  let opened = Number.NaN;
  for (let i = 0; i < rows; i++) {
    const time = at(minutes, i, OPEN_TIME);
    const start = Math.floor(time / interval) * interval;
    if (start !== opened) {
      out.set(minutes.subarray(i * WIDTH, (i + 1) * WIDTH), ++count * WIDTH);
      opened = start;
    } else {
      const row = count * WIDTH;
      out[row + HIGH] = Math.max(at(out, count, HIGH), at(minutes, i, HIGH));
      out[row + LOW] = Math.min(at(out, count, LOW), at(minutes, i, LOW));
      out[row + CLOSE] = at(minutes, i, CLOSE);
      for (const sum of SUMS) out[row + sum] = at(out, count, sum) + at(minutes, i, sum);
    }
    const closes = at(minutes, i, CLOSE_TIME);
    out[count * WIDTH + OPEN_TIME] = start;
    out[count * WIDTH + CLOSE_TIME] = closes - time < MINUTE - 1 ? closes : start + interval - 1;
  }
  return out.subarray(0, (count + 1) * WIDTH);
}
