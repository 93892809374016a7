/** The same rows as Parquet in several ways: which rows, and what is told of them. No time is looked at. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { realTables } from '../../bench/bar-tables.ts';
import { benchParquet } from '../../bench/parquet.ts';
import { tableLine } from '../../bench/results.ts';
import { collect } from '../../tasks/bars/collect.ts';
import { realFile } from '../realdata.ts';
import { bar, klinesOf } from '../tasks/bars/rows.ts';
import { scratch } from '../tasks/context.ts';

const MINUTE = 60_000;

function someBars(rows: number) {
  const klines = klinesOf(
    Array.from({ length: rows }, (_, row) => bar(row * MINUTE, { open: 90 + (row % 20) })),
  );
  return collect([{ source: 'daily', klines }], { start: 0, end: rows * MINUTE }, MINUTE).bars;
}

describe('bars written as Parquet in several ways', () => {
  it('are told with their sizes beside the smallest, and the time to read them beside that of the default', async () => {
    const results = await benchParquet({ of: 'a test', bars: someBars(3_000) }, 1);
    expect(results.map(({ written }) => written)).toEqual([
      'ours',
      'DuckDB default',
      'v1, zstd 3',
      'v1, zstd 1, no dictionary',
      'v2, zstd 1',
      'v2, zstd 3',
      'v2, zstd 3, no dictionary',
      'v2, snappy, no dictionary',
      'v2, lz4, no dictionary',
      'parquet-wasm, zstd',
    ]);
    expect(Math.min(...results.map((result) => result.ratio_to_smallest))).toBe(1);
    expect(results[1]?.scan_ratio_to_default).toBe(1);
    expect(new Set(results.map(({ of, rows, repeats }) => `${of} ${rows} ${repeats}`))).toEqual(
      new Set(['a test 3000 1']),
    );
  });

  it('are one row each of the table', () => {
    const line = tableLine({
      part: 'parquet',
      of: 'emulator',
      rows: 44_640,
      written: 'ours',
      repeats: 7,
      megabytes: 2.1727,
      seconds: { write: 0.0118, scan: 0.0075 },
      ratio_to_smallest: 1.004,
      scan_ratio_to_default: 0.85,
    });
    expect(line.split('|').map((cell) => cell.trim())).toEqual([
      '',
      'parquet',
      'emulator, 44,640 rows: ours',
      '2.173 MB',
      'written in 11.8 ms, read in 7.5 ms',
      "1.00 × smallest, read in 0.85 × the default's time",
      '',
      '',
    ]);
  });
});

describe('real files to write as Parquet', () => {
  it('are none where their folder is not there', async () => {
    expect(await realTables(join(scratch(), 'nowhere'))).toEqual([]);
  });

  it('make one table for each folder and symbol, of files of minutes only', async () => {
    const folder = scratch();
    for (const file of [
      'spot/daily/BTCUSDT-1m-2020-01-01.zip',
      'spot/daily/BTCUSDT-1m-2020-01-02.zip',
      'spot/daily/BTCUSDT-1h-2026-05-08.zip',
      'um/daily/BTCUSDT-1m-2022-09-05.zip',
    ])
      cpSync(realFile(file), join(folder, file));
    const tables = await realTables(folder);
    expect(tables.map(({ of, bars }) => [of, bars.rows])).toEqual([
      ['BTCUSDT in spot/daily', 2_880],
      ['BTCUSDT in um/daily', 1_440],
    ]);
  });
});
