/**
 * The same bars as Parquet in several ways: how large the file is, how long it takes to write, and to read all of it in
 * DuckDB, turn by turn. It judges nobody: the table is what the choice in `tasks/bars/parquet.ts` follows.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Compression, readParquet, WriterPropertiesBuilder, writeParquet } from 'parquet-wasm';
import { fileColumns, parquetOptions } from '../tasks/bars/parquet.ts';
import { COLUMNS } from '../tasks/bars/table.ts';
import type { Session } from '../tasks/lib/duckdb.ts';
import { withDuckDB } from '../tasks/lib/duckdb.ts';
import type { BarTable } from './bar-tables.ts';
import { median } from './median.ts';

export interface ParquetResult {
  readonly part: 'parquet';
  /** Where the rows come from. */
  readonly of: string;
  readonly rows: number;
  readonly written: string;
  readonly repeats: number;
  readonly megabytes: number;
  readonly seconds: { readonly write: number; readonly scan: number };
  /** Of all that are written of these rows. */
  readonly ratio_to_smallest: number;
  /** Of the time to read it all: its own ÷ that of DuckDB's default. */
  readonly scan_ratio_to_default: number;
}

const OURS = 'ours';
const DEFAULT = 'DuckDB default';
const WASM = 'parquet-wasm, zstd';

const ZSTD = 'FORMAT parquet, COMPRESSION zstd';
const NO_DICTIONARY = 'DICTIONARY_SIZE_LIMIT 1';

/** By name, what DuckDB is told. v2 without a dictionary splits doubles into streams of bytes. */
function waysOf(rows: number): ReadonlyMap<string, string> {
  return new Map([
    [OURS, parquetOptions(rows)],
    [DEFAULT, 'FORMAT parquet'],
    ['v1, zstd 3', ZSTD],
    ['v1, zstd 1, no dictionary', `${ZSTD}, COMPRESSION_LEVEL 1, ${NO_DICTIONARY}`],
    ['v2, zstd 1', `${ZSTD}, COMPRESSION_LEVEL 1, PARQUET_VERSION v2`],
    ['v2, zstd 3', `${ZSTD}, PARQUET_VERSION v2`],
    ['v2, zstd 3, no dictionary', `${ZSTD}, PARQUET_VERSION v2, ${NO_DICTIONARY}`],
    ['v2, snappy, no dictionary', `FORMAT parquet, PARQUET_VERSION v2, ${NO_DICTIONARY}`],
    ['v2, lz4, no dictionary', `FORMAT parquet, COMPRESSION lz4_raw, PARQUET_VERSION v2, ${NO_DICTIONARY}`],
  ]);
}

interface Measured {
  readonly path: string;
  readonly write: number[];
  readonly scan: number[];
}

export async function benchParquet(
  { of, bars }: BarTable,
  repeats: number,
): Promise<readonly ParquetResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-bench-'));
  try {
    const ways = waysOf(bars.rows);
    const measured = new Map<string, Measured>(
      [...ways.keys(), WASM].map((name, at) => [
        name,
        { path: join(folder, `${at}.parquet`), write: [], scan: [] },
      ]),
    );
    const [first] = measured.values();
    await withDuckDB(new AbortController().signal, async (session) => {
      const sums = new Set<string>();
      // The first turn is not counted: it loads what is loaded on first use.
      for (let turn = 0; turn <= repeats; turn++) {
        for (const [name, { path, write, scan }] of rotated([...measured], turn)) {
          const options = ways.get(name);
          write.push(
            await (options === undefined
              ? wasmWritten(first?.path ?? '', path)
              : written(session, { of, bars }, path, options)),
          );
          const { seconds, sum } = await scanned(session, path);
          scan.push(seconds);
          sums.add(sum);
        }
      }
      if (sums.size > 1) throw new Error(`the files differ: ${[...sums].join(' and ')}`);
    });
    return resultsOf(of, bars.rows, repeats, measured);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Nobody is always the one that comes after the slowest. */
function rotated<T>(all: readonly T[], turn: number): readonly T[] {
  const first = turn % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}

async function written(session: Session, { bars }: BarTable, path: string, options: string): Promise<number> {
  const columns = fileColumns(bars);
  const started = performance.now();
  await session.lend(columns, (from) => session.run(`COPY (FROM ${from}) TO '${path}' (${options})`));
  return (performance.now() - started) / 1_000;
}

/** Of the rows of another file, for it has no table of ours. */
async function wasmWritten(from: string, path: string): Promise<number> {
  const table = readParquet(readFileSync(from));
  const properties = new WriterPropertiesBuilder().setCompression(Compression.ZSTD).build();
  const started = performance.now();
  writeFileSync(path, writeParquet(table, properties));
  return (performance.now() - started) / 1_000;
}

/** Small files are read several times, so that there is something to measure. */
const LEAST_ROWS = 40_000;

const SUMS = COLUMNS.map((name) => {
  if (name === 'ts' || name === 'close_time') return `sum(epoch_us(${name}))`;
  return name === 'source' ? `min(${name}), max(${name})` : `sum(${name})`;
}).join(', ');

/** Nobody knows the sum of a column without having read it. */
async function scanned(
  session: Session,
  path: string,
): Promise<{ readonly seconds: number; readonly sum: string }> {
  let [rows, times, sum] = [0, 0, ''];
  const started = performance.now();
  do {
    const [row] = await session.rows(`SELECT count(*), ${SUMS} FROM read_parquet($1)`, [path]);
    sum = String(row);
    rows += Number(row?.[0]);
    times++;
  } while (rows > 0 && rows < LEAST_ROWS);
  return { seconds: (performance.now() - started) / 1_000 / times, sum };
}

function resultsOf(
  of: string,
  rows: number,
  repeats: number,
  measured: ReadonlyMap<string, Measured>,
): readonly ParquetResult[] {
  const all = [...measured].map(([name, { path, write, scan }]) => ({
    name,
    megabytes: statSync(path).size / 1e6,
    seconds: { write: median(write.slice(1)), scan: median(scan.slice(1)) },
  }));
  const smallest = Math.min(...all.map(({ megabytes }) => megabytes));
  const usual = all.find(({ name }) => name === DEFAULT)?.seconds.scan ?? Number.NaN;
  return all.map(({ name, megabytes, seconds }) => ({
    part: 'parquet',
    of,
    rows,
    written: name,
    repeats,
    megabytes,
    seconds,
    ratio_to_smallest: megabytes / smallest,
    scan_ratio_to_default: seconds.scan / usual,
  }));
}
