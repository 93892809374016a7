/**
 * Bars joined into longer ones, as features and the cross-check with the publisher's own have them. A bar that is
 * missing is missing: each longer bar says how many it is made of. It knows neither files nor months.
 */
import { floorTo } from '../bars/grid.ts';
import type { Bars } from '../bars/table.ts';
import { cell } from '../bars/table.ts';

export interface LongerBar extends ReturnType<typeof joined> {
  readonly ts: number;
}

/**
 * `bars` ascend. `length` is a whole number of them. Only what is over by `end` comes, and only what has a bar in it.
 */
export function longerBars(bars: Bars, length: number, end: number): readonly LongerBar[] {
  const longer: LongerBar[] = [];
  for (let from = 0; from < bars.rows; ) {
    const ts = floorTo(length, cell(bars.ts, from));
    let to = from + 1;
    while (to < bars.rows && cell(bars.ts, to) < ts + length) to++;
    if (ts + length <= end) longer.push({ ts, ...joined(bars, from, to) });
    from = to;
  }
  return longer;
}

/** The bars of rows `from` up to but not including `to` as one. */
function joined(bars: Bars, from: number, to: number) {
  let [high, low, flags] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0];
  for (let row = from; row < to; row++) {
    high = Math.max(high, cell(bars.high, row));
    low = Math.min(low, cell(bars.low, row));
    flags |= cell(bars.flags, row);
  }
  return {
    open: cell(bars.open, from),
    high,
    low,
    close: cell(bars.close, to - 1),
    volume: total(bars.volume, from, to),
    quote_volume: total(bars.quote_volume, from, to),
    trades: total(bars.trades, from, to),
    taker_buy_base: total(bars.taker_buy_base, from, to),
    taker_buy_quote: total(bars.taker_buy_quote, from, to),
    bars: to - from,
    flags,
  };
}

/** The publisher's amounts have as many (docs/DOMAIN.md §1). */
const DECIMALS = 8;

/**
 * The sum of the decimals that the doubles stand for, as far as a double holds it: errors of addition are carried along
 * (Neumaier 1974), and what is left beyond the last decimal is cut off.
 */
function total(column: Float64Array, from: number, to: number): number {
  let [sum, lost] = [0, 0];
  for (let row = from; row < to; row++) {
    const value = cell(column, row);
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return Number((sum + lost).toFixed(DECIMALS));
}
