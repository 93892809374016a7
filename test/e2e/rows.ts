/**
 * What must stand in a finished month, by an independent reader (csv-parse and Number), and what does stand there
 * (DuckDB, asked directly). It shares no code with the tasks that it is held against.
 */
import { DuckDBInstance } from '@duckdb/node-api';
import { parse } from 'csv-parse/sync';
import { memberOf } from '../../tasks/binance/emulator/zip.ts';

export interface BarRow {
  /** Columns in the order of the file, `source` and `flags` aside; times in milliseconds. */
  readonly values: readonly number[];
  readonly source: string;
  readonly flags: number;
}

const COLUMNS = [
  'ts',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'close_time',
  'quote_volume',
  'trades',
  'taker_buy_base',
  'taker_buy_quote',
] as const;
export type Column = (typeof COLUMNS)[number];

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export function csvIn(zip: Buffer): string {
  return memberOf(zip).text.toString();
}

export interface Expected {
  /** Milliseconds. */
  readonly interval: number;
  readonly source: 'monthly' | 'daily';
  readonly provisional: boolean;
}

/**
 * The bars that a CSV text of the archive stands for. Flags are reckoned from the row's own values; the two for
 * broken rules are never expected.
 */
export function expectedRows(csv: string, { interval, source, provisional }: Expected): readonly BarRow[] {
  const records: string[][] = parse(csv);
  const rows = records[0]?.[0] === 'open_time' ? records.slice(1) : records;
  return rows.map((fields) => {
    const values = fields.slice(0, 11).map(Number);
    const perMs = (values[0] ?? 0) > 1e14 ? 1000 : 1;
    const opened = (values[0] ?? 0) / perMs;
    const ts = Math.floor(opened / interval) * interval;
    const closed = Math.floor((values[6] ?? 0) / perMs);
    values[0] = ts;
    values[6] = closed;
    const flags =
      (opened === ts ? 0 : 1) +
      (closed - ts < interval - 1 ? 2 : 0) +
      (values[8] === 0 ? 4 : 0) +
      (provisional ? 8 : 0);
    return { values, source, flags };
  });
}

export async function storedRows(parquet: string): Promise<readonly BarRow[]> {
  const rows = await ask(
    `SELECT epoch_us(ts)::DOUBLE / 1000, open, high, low, close, volume, epoch_us(close_time)::DOUBLE / 1000,
       quote_volume, trades::DOUBLE, taker_buy_base, taker_buy_quote, source, flags
     FROM read_parquet($1, hive_partitioning = false)`,
    parquet,
  );
  return rows.map((row) => ({
    values: row.slice(0, 11).map(Number),
    source: String(row[11]),
    flags: Number(row[12]),
  }));
}

/** Rows as arrays, in the order of the file. */
export async function ask(sql: string, parquet: string): Promise<readonly (readonly unknown[])[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql, [parquet])).getRows();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** The first cell that is not the same double, bit for bit; undefined where all are. */
export function firstDifference(actual: readonly BarRow[], expected: readonly BarRow[]): string | undefined {
  for (let at = 0; at < Math.max(actual.length, expected.length); at++) {
    const [is, due] = [actual[at], expected[at]];
    if (is === undefined) return `row ${at} is missing: ${JSON.stringify(due)}`;
    if (due === undefined) return `row ${at} should not be there: ${JSON.stringify(is)}`;
    const column = COLUMNS.findIndex((_, index) => !Object.is(is.values[index], due.values[index]));
    if (column >= 0)
      return `row ${at}: ${COLUMNS[column]} is ${is.values[column]}, expected ${due.values[column]}`;
    if (is.source !== due.source) return `row ${at}: source is ${is.source}, expected ${due.source}`;
    if (is.flags !== due.flags) return `row ${at}: flags are ${is.flags}, expected ${due.flags}`;
  }
  return undefined;
}

export function column(rows: readonly BarRow[], name: Column): readonly number[] {
  const index = COLUMNS.indexOf(name);
  return rows.map(({ values }) => values[index] ?? Number.NaN);
}
