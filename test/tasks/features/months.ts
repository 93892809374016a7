/**
 * Months of bars as Parquet files for tests of features: written from rows, taken through both tasks as the manifest
 * chains them, and read back. It judges nothing.
 */
import { join } from 'node:path';
import type { Span } from '../../../src/engine/task.ts';
import { writeBars } from '../../../tasks/bars/parquet.ts';
import type { Bars } from '../../../tasks/bars/table.ts';
import { newBars } from '../../../tasks/bars/table.ts';
import resample from '../../../tasks/features/resample.ts';
import tail from '../../../tasks/features/tail.ts';
import { withDuckDB } from '../../../tasks/lib/duckdb.ts';
import { fakeContext, scratch } from '../context.ts';

export const MINUTE = 60_000;
export const DAY = 86_400_000;

export interface Row {
  readonly ts: number;
  readonly close: number;
  /** The others follow from `close` unless they are given. */
  readonly open?: number;
  readonly high?: number;
  readonly low?: number;
  readonly volume?: number;
  readonly quote_volume?: number;
  readonly trades?: number;
  readonly taker_buy_base?: number;
  readonly taker_buy_quote?: number;
  readonly flags?: number;
}

export function tableOf(rows: readonly Row[]): Bars {
  const bars = newBars(rows.length);
  for (const [at, row] of rows.entries()) {
    bars.ts[at] = row.ts;
    bars.close_time[at] = row.ts + MINUTE - 1;
    bars.close[at] = row.close;
    bars.open[at] = row.open ?? row.close;
    bars.high[at] = row.high ?? row.close;
    bars.low[at] = row.low ?? row.close;
    bars.volume[at] = row.volume ?? 0;
    bars.quote_volume[at] = row.quote_volume ?? 0;
    bars.trades[at] = row.trades ?? 0;
    bars.taker_buy_base[at] = row.taker_buy_base ?? 0;
    bars.taker_buy_quote[at] = row.taker_buy_quote ?? 0;
    bars.flags[at] = row.flags ?? 0;
  }
  return bars;
}

export async function writeMonth(path: string, rows: readonly Row[]): Promise<string> {
  await asked((session) => writeBars(session, path, tableOf(rows)));
  return path;
}

export interface Given {
  readonly span: Span;
  readonly bars: string;
  readonly interval?: string;
  readonly to?: string;
  /** The tail of the month before. */
  readonly before?: string;
}

/** The tail of a month, as a path. */
export async function tailOf({ span, bars, interval = '1m' }: Given): Promise<string> {
  const ctx = fakeContext({
    params: { market: 'spot' as const, symbol: 'X', interval },
    partition: { keys: { symbol: 'X', month: '2024-01' }, spans: { month: span } },
    inputs: { bars },
    out: { tail: 'tail.parquet' },
  });
  await tail.run(ctx);
  return ctx.outputs['tail'] ?? '';
}

export async function resampled(given: Given): Promise<{ readonly result: unknown; readonly path: string }> {
  const { span, bars, interval = '1m', to = '5m', before } = given;
  const ctx = fakeContext({
    target: `features/X/${to}/2024-01`,
    params: { market: 'spot' as const, symbol: 'X', interval, to },
    partition: { keys: { symbol: 'X', resampled: to, month: '2024-01' }, spans: { month: span } },
    inputs: { bars, before },
    out: { bars: 'features.parquet' },
  });
  const result: unknown = await resample.run(ctx);
  return { result, path: ctx.outputs['bars'] ?? '' };
}

/** All rows of a query with plain values: times as epoch milliseconds, whole numbers as numbers. */
export async function rowsOf(
  sql: string,
  ...values: readonly string[]
): Promise<readonly (readonly (number | string | null)[])[]> {
  const rows = await asked((session) => session.rows(sql, values));
  return rows.map((row) =>
    row.map((value) => (value === null || typeof value === 'string' ? value : Number(value))),
  );
}

export const FEATURES = `SELECT epoch_ms(ts), open, high, low, close, volume, quote_volume, trades, taker_buy_base,
  taker_buy_quote, bars, expected, flags, log_return, realised_vol, vol_bars FROM read_parquet($1)`;

export function inScratch(name: string): string {
  return join(scratch(), name);
}

function asked<T>(work: Parameters<typeof withDuckDB<T>>[1]): Promise<T> {
  return withDuckDB(new AbortController().signal, work);
}
