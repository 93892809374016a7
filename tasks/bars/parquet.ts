/**
 * Bars to Parquet and back, by DuckDB. The bytes depend on the rows, the metadata and the version of DuckDB only:
 * one thread, one row group, no clock. It knows no file names and judges no row.
 */
import type { Session } from '../lib/duckdb.ts';
import type { Columns, ColumnValues } from '../lib/duckdb-columns.ts';
import { int64s } from '../lib/int64.ts';
import type { Bars, ColumnName } from './table.ts';
import { barsOf, COLUMNS, cell, SOURCES } from './table.ts';

/**
 * v2 encodings split doubles into streams of bytes: three quarters of the default's bytes, and a month of minutes is read
 * as fast (`npm run bench -- parquet`). Dictionaries of prices cost a fifth of the time to write and save nothing; zstd's
 * third level saves less than 1 %. Row groups hold multiples of a vector, so that a month is one whatever its interval.
 */
const OPTIONS =
  'FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 1';

/** What `COPY … TO` is to be given. `metadata` goes into the footer, in its own order. */
export function parquetOptions(rows: number, metadata: Readonly<Record<string, string>> = {}): string {
  const rowGroup = Math.max(122_880, Math.ceil(rows / 2048) * 2048);
  const pairs = Object.entries(metadata).map(([key, value]) => `${quoted(key)}: ${quoted(value)}`);
  const footer = pairs.length === 0 ? '' : `, KV_METADATA {${pairs.join(', ')}}`;
  return `${OPTIONS}, ROW_GROUP_SIZE ${rowGroup}${footer}`;
}

const FROM_FILE = `
  epoch_ms(ts)::DOUBLE, open, high, low, close, volume, epoch_ms(close_time)::DOUBLE, quote_volume,
  trades::DOUBLE, taker_buy_base, taker_buy_quote,
  CASE source ${SOURCES.map((name, code) => `WHEN '${name}' THEN ${code}`).join(' ')} END::DOUBLE, flags::DOUBLE`;

export async function writeBars(
  session: Session,
  path: string,
  bars: Bars,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const to = `TO ${quoted(path)} (${parquetOptions(bars.rows, metadata)})`;
  await session.lend(fileColumns(bars), (from) => session.run(`COPY (FROM ${from}) ${to}`));
}

/** In the types of the file: casts in SQL, and hashing the name of each row's source, took a fifth of the time. */
export function fileColumns(bars: Bars): Columns {
  return COLUMNS.map((name) => [name, inFile(name, bars[name])]);
}

function inFile(name: ColumnName, values: Float64Array): ColumnValues {
  switch (name) {
    case 'ts':
    case 'close_time':
      return { micros: int64s(values, MICROS) };
    case 'trades':
      return int64s(values);
    case 'flags':
      return new Int32Array(values);
    case 'source':
      return named(values);
    default:
      return values;
  }
}

const MICROS = 1000;

/**
 * All names of an ENUM are in the file, and what it says of the column are the least and the last of them: so only those
 * that occur, unless none does.
 */
function named(source: Float64Array): ColumnValues {
  const occurs = SOURCES.map(() => false);
  for (let row = 0; row < source.length; row++) occurs[cell(source, row)] = true;
  const occurring = SOURCES.filter((_, code) => occurs[code]);
  const names = occurring.length === 0 ? SOURCES : occurring;
  const places = SOURCES.map((name) => names.indexOf(name));
  const codes = new Uint8Array(source.length);
  for (let row = 0; row < source.length; row++) codes[row] = places[cell(source, row)] ?? names.length;
  return { names, codes };
}

export async function readBars(session: Session, path: string): Promise<Bars> {
  return barsOf(await session.doubles(`SELECT ${FROM_FILE} FROM read_parquet($1)`, [path]));
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
