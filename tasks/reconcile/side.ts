/**
 * One of the three that are compared: the rows of the monthly file, of the daily files, or of REST, one a bar, with what
 * was wrong with the rows before they were one a bar. Which row counts where several have one bar is settled as it is
 * for the dataset. It compares nothing and opens no file.
 */
import type { Span } from '../../src/engine/task.ts';
import type { Batch } from '../bars/collect.ts';
import { collect } from '../bars/collect.ts';
import { barsWithin, floorTo } from '../bars/grid.ts';
import { STRIDE } from '../bars/kline-csv.ts';
import { FLAG } from '../bars/rules.ts';
import type { Bars, Source } from '../bars/table.ts';
import { cell } from '../bars/table.ts';
import type { Range } from '../lib/ranges.ts';

/** What is the same for all sides. */
export interface Grid {
  /** Clipped to the watermark. */
  readonly span: Span;
  /** Length of a bar in milliseconds. */
  readonly interval: number;
}

export interface Side {
  readonly source: Source;
  /** All rows that were there to be read. */
  readonly rows: number;
  readonly bars: Bars;
  /** When the row of each bar says that it opens: whole milliseconds, as `close_time`. */
  readonly openTime: Float64Array;
  /** Bars that have a row if the source has them: those of its files, and those that REST has answered for. */
  readonly covers: readonly Range[];
  /** How many rows there are of a bar, where it is more than one. */
  readonly repeated: ReadonlyMap<number, number>;
  /** How many rows of a bar open before the one above them in their file, where there are any. */
  readonly outOfOrder: ReadonlyMap<number, number>;
  /** Rows that open before the span or do not close within it. */
  readonly outside: number;
  readonly offGrid: number;
}

/** `batches` are in the order of their names, and all of that source. */
export function sideOf(
  source: Source,
  batches: readonly Batch[],
  covers: readonly Range[],
  { span, interval }: Grid,
): Side {
  const { bars, outside } = collect(batches, span, interval);
  const within = barsWithin(span, interval);
  const repeats = new Map<number, number>();
  const outOfOrder = new Map<number, number>();
  const opened = new Map<number, number>();
  let rows = 0;
  for (const { klines } of batches) {
    const perMs = klines.unit === 'us' ? 1000 : 1;
    let above = Number.NEGATIVE_INFINITY;
    rows += klines.rows;
    for (let row = 0; row < klines.rows; row++) {
      const openTime = cell(klines.values, row * STRIDE);
      const ts = floorTo(interval * perMs, openTime) / perMs;
      if (ts >= within.first && ts < within.beyond) {
        repeats.set(ts, (repeats.get(ts) ?? 0) + 1);
        if (openTime < above) outOfOrder.set(ts, (outOfOrder.get(ts) ?? 0) + 1);
        opened.set(ts, Math.min(opened.get(ts) ?? Number.POSITIVE_INFINITY, Math.floor(openTime / perMs)));
      }
      above = openTime;
    }
  }
  return {
    source,
    rows,
    bars,
    // A row on the grid is preferred; of several that are off it the first one stands for all.
    openTime: bars.ts.map((ts, row) => (isOffGrid(bars, row) ? (opened.get(ts) ?? ts) : ts)),
    covers,
    repeated: new Map([...repeats].filter(([, count]) => count > 1)),
    outOfOrder,
    outside,
    offGrid: bars.flags.reduce((count, _, row) => count + (isOffGrid(bars, row) ? 1 : 0), 0),
  };
}

function isOffGrid({ flags }: Bars, row: number): boolean {
  return (cell(flags, row) & FLAG.offGrid) !== 0;
}

/** The bars of a stretch of time within the grid. */
export function barsOfSpan({ start, end }: Span, { span, interval }: Grid): readonly Range[] {
  const common = { start: Math.max(start, span.start), end: Math.min(end, span.end) };
  const { first, beyond } = barsWithin(common, interval);
  return first < beyond ? [{ first, last: beyond - interval }] : [];
}
