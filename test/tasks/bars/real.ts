/** Real files for tests of bars, what an independent reader makes of them, and what stands in a Parquet file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import type { Member, Span } from '../../../src/engine/task.ts';
import { withDuckDB } from '../../../tasks/lib/duckdb.ts';
import { realFile } from '../../realdata.ts';
import { zipOf } from './zip-writer.ts';

/** The key is what the file's name ends in: `2020-01-01`. */
export function member(path: string): Member {
  const file = /(\d{4}-\d{2}(?:-\d{2})?)\.zip$/.exec(path)?.[1] ?? 'none';
  return { path, partition: { keys: { symbol: 'X', file }, spans: {} } };
}

/** A ZIP of some CSV text, named as the publisher would, in a folder of the test. */
export function zippedIn(folder: string, stem: string, csv: string | Uint8Array): string {
  const path = join(folder, `${stem}.zip`);
  writeFileSync(path, zipOf({ name: `${stem}.csv`, data: csv }));
  return path;
}

export function zippedRealCsv(folder: string, name: string): string {
  return zippedIn(folder, name, readFileSync(realFile(`spot/csv/${name}.csv`)));
}

/** The text of a one-member ZIP, by the shortest way there is: not the reader under test. */
export function textIn(zipPath: string): string {
  const zip = readFileSync(zipPath);
  const start = 30 + zip.readUInt16LE(26) + zip.readUInt16LE(28);
  const central = zip.lastIndexOf('PK\x01\x02');
  return inflateRawSync(zip.subarray(start, start + zip.readUInt32LE(central + 20))).toString();
}

/** The 11 columns that count, as the file has them, by csv-parse and Number. */
export function independentRows(csv: string): readonly (readonly number[])[] {
  const records: string[][] = parse(csv);
  const rows = records[0]?.[0] === 'open_time' ? records.slice(1) : records;
  return rows.map((fields) => fields.slice(0, 11).map(Number));
}

export function dayOf(iso: string): Span {
  const start = Date.parse(`${iso}T00:00:00Z`);
  return { start, end: start + 86_400_000 };
}

export function monthOf(iso: string): Span {
  const [year = 0, month = 0] = iso.split('-').map(Number);
  return { start: Date.UTC(year, month - 1), end: Date.UTC(year, month) };
}

export interface StoredRow {
  /** The 11 numbers in the order of the file, times in milliseconds. */
  readonly values: readonly number[];
  readonly source: string;
  readonly flags: number;
}

export async function storedRows(parquet: string): Promise<readonly StoredRow[]> {
  const rows = await withDuckDB(new AbortController().signal, (session) =>
    session.rows(
      `SELECT epoch_us(ts), open, high, low, close, volume, epoch_us(close_time), quote_volume, trades,
         taker_buy_base, taker_buy_quote, source, flags FROM read_parquet($1)`,
      [parquet],
    ),
  );
  return rows.map((row) => {
    const values = row.slice(0, 11).map(Number);
    return {
      values: values.map((value, column) => (column === 0 || column === 6 ? value / 1000 : value)),
      source: String(row[11]),
      flags: Number(row[12]),
    };
  });
}

export async function asked(sql: string, path: string): Promise<readonly (readonly unknown[])[]> {
  return withDuckDB(new AbortController().signal, (session) => session.rows(sql, [path]));
}
