/**
 * Makes one table of bars of the rows of several files: times floored to the grid, rows outside the span cut, one
 * row a bar, ascending. What it leaves out it counts. The result depends on the rows alone, not on their order.
 */
import type { Span } from '../../src/engine/task.ts';
import { barsWithin, floorTo } from './grid.ts';
import type { Klines } from './kline-csv.ts';
import { STRIDE } from './kline-csv.ts';
import { FLAG } from './rules.ts';
import type { Bars, Source } from './table.ts';
import { cell, chosen, firstRows, isAscending, newBars, SOURCES, sameValues } from './table.ts';

export interface Batch {
  readonly source: Source;
  readonly klines: Klines;
  /** What the file is of. A row of another day's file is second to that of the day's own, if both have it. */
  readonly own?: Span | undefined;
}

export interface Collected {
  readonly bars: Bars;
  /** Rows left out because another row has their bar … */
  readonly duplicates: number;
  /** … and how many of them said something else than the one that was kept. */
  readonly conflicts: number;
  /** Rows that open before the span or do not close within it. */
  readonly outside: number;
  /** Rows that open before the one above them in their file. */
  readonly outOfOrder: number;
}

/**
 * Of equal rank, rows of the stretch that their file is of go first, then those of earlier batches: give batches in
 * the order of their names.
 */
export function collect(batches: readonly Batch[], span: Span, interval: number): Collected {
  let [total, outOfOrder] = [0, 0];
  for (const { klines } of batches) {
    total += klines.rows;
    outOfOrder += countOutOfOrder(klines);
  }
  const all = newBars(total);
  const within = barsWithin(span, interval);
  let rows = 0;
  for (const batch of batches) rows = append(all, rows, batch, interval, ownPart(within, batch), NOTHING);
  if (rows < total) {
    for (const batch of batches)
      if (batch.own !== undefined) rows = append(all, rows, batch, interval, within, ownPart(within, batch));
  }
  const kept = firstRows(all, rows);
  const outside = total - rows;
  return isAscending(kept)
    ? { bars: kept, duplicates: 0, conflicts: 0, outside, outOfOrder }
    : { ...unique(kept), outside, outOfOrder };
}

function countOutOfOrder({ rows, values }: Klines): number {
  let count = 0;
  for (let at = STRIDE; at < rows * STRIDE; at += STRIDE)
    if (cell(values, at) < cell(values, at - STRIDE)) count++;
  return count;
}

/** Openings of bars: from `first` on, up to `beyond` without it. */
type Stretch = ReturnType<typeof barsWithin>;

const NOTHING: Stretch = { first: 0, beyond: 0 };

function ownPart(within: Stretch, { own }: Batch): Stretch {
  if (own === undefined) return within;
  return { first: Math.max(within.first, own.start), beyond: Math.min(within.beyond, own.end) };
}

/** Takes the rows whose bar lies in `wanted` and not in `had`. Returns the number of rows in `bars` afterwards. */
function append(
  bars: Bars,
  start: number,
  { source, klines }: Batch,
  interval: number,
  wanted: Stretch,
  had: Stretch,
): number {
  const perMs = klines.unit === 'us' ? 1000 : 1;
  const from = SOURCES.indexOf(source);
  const { values } = klines;
  let row = start;
  for (let at = 0; at < klines.rows * STRIDE; at += STRIDE) {
    const openTime = cell(values, at);
    const ts = floorTo(interval * perMs, openTime) / perMs;
    if (ts < wanted.first || ts >= wanted.beyond || (ts >= had.first && ts < had.beyond)) continue;
    bars.ts[row] = ts;
    bars.open[row] = cell(values, at + 1);
    bars.high[row] = cell(values, at + 2);
    bars.low[row] = cell(values, at + 3);
    bars.close[row] = cell(values, at + 4);
    bars.volume[row] = cell(values, at + 5);
    bars.close_time[row] = Math.floor(cell(values, at + 6) / perMs);
    bars.quote_volume[row] = cell(values, at + 7);
    bars.trades[row] = cell(values, at + 8);
    bars.taker_buy_base[row] = cell(values, at + 9);
    bars.taker_buy_quote[row] = cell(values, at + 10);
    bars.source[row] = from;
    bars.flags[row] = ts * perMs === openTime ? 0 : FLAG.offGrid;
    row++;
  }
  return row;
}

/** A row on the grid beats a floored one, an earlier source a later one, then the row that was taken earlier. */
function unique(bars: Bars): Pick<Collected, 'bars' | 'duplicates' | 'conflicts'> {
  const order = Array.from({ length: bars.rows }, (_, row) => row).sort(
    (a, b) =>
      cell(bars.ts, a) - cell(bars.ts, b) ||
      (cell(bars.flags, a) & FLAG.offGrid) - (cell(bars.flags, b) & FLAG.offGrid) ||
      cell(bars.source, a) - cell(bars.source, b) ||
      a - b,
  );
  const best: number[] = [];
  let conflicts = 0;
  for (const row of order) {
    const kept = best.at(-1);
    if (kept === undefined || cell(bars.ts, kept) !== cell(bars.ts, row)) best.push(row);
    else if (!sameValues(bars, kept, row)) conflicts++;
  }
  return { bars: chosen(bars, best), duplicates: bars.rows - best.length, conflicts };
}
