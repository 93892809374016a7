/**
 * Readers that have nothing in common with what wrote the files: hyparquet (JavaScript), parquet-wasm with
 * apache-arrow (Rust), and DuckDB over the whole directory. What they must see is docs/DATASET.md.
 */
import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { tableFromIPC } from 'apache-arrow';
import { parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { readParquet } from 'parquet-wasm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import type { Rig } from '../rig.ts';
import { FROM, fewDays, SYMBOLS, TO } from './history.ts';
import { barsFolder, marketRig } from './market.ts';
import type { BarRow } from './rows.ts';
import { storedRows } from './rows.ts';

/** Name, type as Parquet has it, and as Arrow names it: µs without a time zone. */
const SCHEMA = [
  ['ts', 'TIMESTAMP MICROS', 'Timestamp<MICROSECOND>'],
  ['open', 'DOUBLE', 'Float64'],
  ['high', 'DOUBLE', 'Float64'],
  ['low', 'DOUBLE', 'Float64'],
  ['close', 'DOUBLE', 'Float64'],
  ['volume', 'DOUBLE', 'Float64'],
  ['close_time', 'TIMESTAMP MICROS', 'Timestamp<MICROSECOND>'],
  ['quote_volume', 'DOUBLE', 'Float64'],
  ['trades', 'INT64', 'Int64'],
  ['taker_buy_base', 'DOUBLE', 'Float64'],
  ['taker_buy_quote', 'DOUBLE', 'Float64'],
  ['source', 'STRING', 'Utf8'],
  ['flags', 'INT32', 'Int32'],
] as const;

let exchange: Emulator;

beforeAll(async () => {
  exchange = await startEmulator({ history: fewDays() });
});
afterAll(() => exchange.close());

async function built(): Promise<Rig> {
  const rig = marketRig({ exchange, symbols: SYMBOLS, from: FROM, to: TO, features: true });
  const { failures, diagnostics } = await rig.build(['bars']);
  expect({ failures, diagnostics }).toEqual({ failures: {}, diagnostics: '' });
  return rig;
}

/** First and last row as DuckDB reads them: milliseconds, then the other columns. */
async function edges(path: string): Promise<{ readonly rows: number; readonly edge: readonly BarRow[] }> {
  const rows = await storedRows(path);
  return { rows: rows.length, edge: [...rows.slice(0, 1), ...rows.slice(-1)] };
}

/** In the shape of `storedRows`. */
function asBar(values: readonly unknown[]): BarRow {
  const numbers = values
    .slice(0, 11)
    .map((value) => (value instanceof Date ? value.getTime() : Number(value)));
  return { values: numbers, source: String(values[11]), flags: Number(values[12]) };
}

describe('a month of bars', () => {
  it('has the same columns, types and values for hyparquet, parquet-wasm and DuckDB', async () => {
    const rig = await built();
    const path = rig.path(`${barsFolder({ symbol: 'BTCUSDT', month: '2024-01' })}/bars.parquet`);
    const bytes = readFileSync(path);
    const { rows, edge } = await edges(path);
    expect(rows).toBe(2 * 1_440);

    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const metadata = await parquetMetadataAsync(file);
    const columns = metadata.schema.slice(1).map(({ name, type, converted_type, logical_type }) => {
      // Without a time zone: that the times are UTC is an agreement, and pandas and Polars read them as they are.
      if (logical_type?.type === 'TIMESTAMP' && !logical_type.isAdjustedToUTC)
        return [name, `TIMESTAMP ${logical_type.unit}`];
      return [name, converted_type === 'UTF8' ? 'STRING' : type];
    });
    expect(columns).toEqual(SCHEMA.map(([name, type]) => [name, type]));
    const read = async (rowStart: number, rowEnd: number): Promise<readonly BarRow[]> => {
      const objects = await parquetReadObjects({ file, compressors, rowStart, rowEnd });
      return objects.map((each) => asBar(SCHEMA.map(([name]) => each[name])));
    };
    expect([...(await read(0, 1)), ...(await read(rows - 1, rows))]).toEqual(edge);
    // One row group a month, and every page packed with zstd.
    expect(metadata.row_groups).toHaveLength(1);
    const codecs = metadata.row_groups.flatMap((group) =>
      group.columns.map((column) => column.meta_data?.codec),
    );
    expect(new Set(codecs)).toEqual(new Set(['ZSTD']));

    const table = tableFromIPC(readParquet(bytes).intoIPCStream());
    expect(table.schema.fields.map(({ name, type }) => [name, String(type)])).toEqual(
      SCHEMA.map(([name, , type]) => [name, type]),
    );
    const rowOf = (at: number): BarRow => asBar(SCHEMA.map(([name]) => table.getChild(name)?.get(at)));
    expect([rowOf(0), rowOf(rows - 1)]).toEqual(edge);
  });

  it('says in its footer what it is of', async () => {
    const rig = await built();
    const bytes = readFileSync(
      rig.path(`${barsFolder({ symbol: 'ETHUSDT', month: '2024-02' })}/bars.parquet`),
    );
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const { key_value_metadata = [] } = await parquetMetadataAsync(file);
    const pairs = Object.fromEntries(key_value_metadata.map(({ key, value }) => [key, value]));
    expect(pairs).toMatchObject({ symbol: 'ETHUSDT', month: '2024-02' });
  });
});

describe('the directory of all bars', () => {
  it('lets DuckDB read the files of one symbol and month alone', async () => {
    const rig = await built();
    const glob = `${rig.path('data/processed/spot/bars_1m')}/*/*/*.parquet`;
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    try {
      const ask = async (sql: string): Promise<readonly (readonly unknown[])[]> =>
        (await connection.runAndReadAll(sql, [glob])).getRows();
      // A month is text, as docs/DATASET.md has readers say.
      const from =
        "read_parquet($1, hive_partitioning = true, hive_types = {'symbol': VARCHAR, 'month': VARCHAR})";
      const where = "WHERE symbol = 'ETHUSDT' AND month = '2024-02'";
      const counts = await ask(
        `SELECT symbol, month, count(*)::INTEGER FROM ${from} GROUP BY ALL ORDER BY ALL`,
      );
      expect(counts).toEqual([
        ['BTCUSDT', '2024-01', 2_880],
        ['BTCUSDT', '2024-02', 4_320],
        ['ETHUSDT', '2024-01', 2_880],
        ['ETHUSDT', '2024-02', 4_320],
      ]);
      const [some] = await ask(
        `SELECT count(*)::INTEGER, min(ts)::VARCHAR, max(ts)::VARCHAR FROM ${from} ${where}`,
      );
      expect(some).toEqual([4_320, '2024-02-01 00:00:00', '2024-02-03 23:59:00']);
      const plan = (await ask(`EXPLAIN ANALYZE SELECT sum(volume) FROM ${from} ${where}`)).flat().join('\n');
      expect(plan.match(/Total Files Read:\s*(\d+)/)?.[1]).toBe('1');
      expect(plan).toMatch(/Scanning Files:\s*1\/4/);
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  });
});
