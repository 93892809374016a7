/**
 * One month's ZIP to Parquet, in this process and turn by turn: the floor below which nobody comes (read, inflate, check),
 * our task, and DuckDB's reader of CSV, once with the same writer behind it and once as it is out of the box.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { crc32, inflateRawSync } from 'node:zlib';
import type { Json, TaskContext } from '../src/engine/task.ts';
import normalize from '../tasks/bars/normalize.ts';
import { parquetOptions } from '../tasks/bars/parquet.ts';
import { withDuckDB } from '../tasks/lib/duckdb.ts';
import { median } from './median.ts';
import type { Series } from './month-files.ts';
import { monthZip } from './month-files.ts';

export interface KernelResult {
  readonly part: 'normalize';
  readonly what: 'kernel';
  readonly rows: number;
  readonly csv_mb: number;
  readonly zip_mb: number;
  readonly repeats: number;
  readonly seconds: Seconds;
  /** Of all threads of this process: what it takes of one core, whatever else the machine does. */
  readonly cpu_seconds: Seconds;
  /** Our time ÷ theirs. */
  readonly ratio_to_inflate: number;
  readonly ratio_to_polars_or_duckdb_csv: number;
  readonly ratio_to_duckdb_csv_plain: number;
  readonly cpu_ratio_to_inflate: number;
  readonly cpu_ratio_to_polars_or_duckdb_csv: number;
}

/**
 * Each turn takes the month so many times in a row, from a heap that is empty: so each route pays for its own garbage, and
 * for none of what the routes before it left.
 */
const IN_A_ROW = 5;

const ROUTES = ['floor', 'kernel', 'duckdb_csv', 'duckdb_csv_plain'] as const;
type Seconds = Readonly<Record<(typeof ROUTES)[number], number>>;

export async function benchKernel(series: Series, repeats: number): Promise<KernelResult> {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-bench-'));
  try {
    const { name, bytes } = monthZip(series);
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const csv = unpacked(path);
    const rows = csv.toString('latin1').trimEnd().split('\n').length;
    const routes = {
      floor: () => unpacked(path),
      kernel: () => normalizeTo(folder, path, series),
      duckdb_csv: () => throughCsv(folder, path, `(SELECT ${SELECTED} FROM ${READ})`, parquetOptions(rows)),
      duckdb_csv_plain: () => throughCsv(folder, path, '(FROM read_csv($1))', 'FORMAT parquet'),
    };
    // Once before the first turn: what is loaded on first use is no part of a month.
    for (const route of Object.values(routes)) await route();
    await routes.duckdb_csv();
    await checkRows(join(folder, OURS), join(folder, THEIRS), rows);
    const wall = noTimes();
    const cpu = noTimes();
    for (let turn = 0; turn < repeats; turn++) {
      for (const name of ROUTES) {
        collectGarbage();
        const [started, used] = [performance.now(), process.cpuUsage()];
        for (let time = 0; time < IN_A_ROW; time++) await routes[name]();
        const { user, system } = process.cpuUsage(used);
        wall[name].push((performance.now() - started) / 1_000 / IN_A_ROW);
        cpu[name].push((user + system) / 1_000_000 / IN_A_ROW);
      }
    }
    const seconds = mediansOf(wall);
    const cpuSeconds = mediansOf(cpu);
    return {
      part: 'normalize',
      what: 'kernel',
      rows,
      csv_mb: csv.length / 1e6,
      zip_mb: bytes.length / 1e6,
      repeats,
      seconds,
      cpu_seconds: cpuSeconds,
      ratio_to_inflate: seconds.kernel / seconds.floor,
      ratio_to_polars_or_duckdb_csv: seconds.kernel / seconds.duckdb_csv,
      ratio_to_duckdb_csv_plain: seconds.kernel / seconds.duckdb_csv_plain,
      cpu_ratio_to_inflate: cpuSeconds.kernel / cpuSeconds.floor,
      cpu_ratio_to_polars_or_duckdb_csv: cpuSeconds.kernel / cpuSeconds.duckdb_csv,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

setFlagsFromString('--expose-gc');
// Garbage is collected by force here, so often that V8 takes code that runs every few turns for old and throws it away.
setFlagsFromString('--no-flush-bytecode');
const collectGarbage: () => void = runInNewContext('gc');

function noTimes(): Record<keyof Seconds, number[]> {
  return { floor: [], kernel: [], duckdb_csv: [], duckdb_csv_plain: [] };
}

function mediansOf(times: Readonly<Record<keyof Seconds, readonly number[]>>): Seconds {
  return {
    floor: median(times.floor),
    kernel: median(times.kernel),
    duckdb_csv: median(times.duckdb_csv),
    duckdb_csv_plain: median(times.duckdb_csv_plain),
  };
}

const OURS = 'ours.parquet';
const THEIRS = 'duckdb.parquet';
const CSV = 'month.csv';

/**
 * As little as can be done: the sizes come from the end of the file, where the directory of a ZIP with one member stands,
 * and one call inflates all. Shared with nobody, so that what we measure against does not move with our own code.
 */
export function unpacked(path: string): Buffer {
  const zip = readFileSync(path);
  const directory = zip.readUInt32LE(zip.length - 6);
  const expected = zip.readUInt32LE(directory + 16);
  const [packed, size] = [zip.readUInt32LE(directory + 20), zip.readUInt32LE(directory + 24)];
  const data = 30 + zip.readUInt16LE(26) + zip.readUInt16LE(28);
  const bytes = inflateRawSync(zip.subarray(data, data + packed), {
    chunkSize: size + 1,
    maxOutputLength: size + 1,
  });
  if (bytes.length !== size || crc32(bytes) !== expected) throw new Error(`${path} is damaged`);
  return bytes;
}

async function normalizeTo(folder: string, zip: string, { symbols, months, start }: Series): Promise<void> {
  const [symbol = '', month = ''] = [symbols[0], months[0]];
  const from = Date.parse(start);
  const span = { start: from, end: new Date(from).setUTCMonth(new Date(from).getUTCMonth() + 1) };
  const ctx: TaskContext<{ market: 'spot'; symbol: string; interval: string }> = {
    target: `staged/${symbol}/${month}`,
    workspace: folder,
    inputs: { zips: [zip] },
    values: { plan: { served: 'monthly', provisional: false } },
    members: { zips: [{ path: zip, partition: { keys: { symbol, file: month }, spans: { file: span } } }] },
    absent: {},
    failed: {},
    outputs: { bars: join(folder, OURS), gaps: join(folder, 'gaps.json') },
    finalOutputs: {},
    expected: {},
    params: { market: 'spot', symbol, interval: '1m' },
    settings: SETTINGS,
    partition: { keys: { symbol, month }, spans: { month: span } },
    signal: new AbortController().signal,
    attempt: 1,
    isLastTry: () => true,
    offline: true,
    sweep: false,
    progress: () => undefined,
    log: () => undefined,
    warn: () => undefined,
  };
  const done = await normalize.run(ctx);
  if (done !== undefined) throw new Error(`the task ended with ${JSON.stringify(done)}`);
}

const SETTINGS: Readonly<Record<string, Json>> = {
  limits: { max_zip_bytes: 268_435_456, max_csv_bytes: 1_073_741_824 },
};

/**
 * What one would write without us: unpack to a file, have DuckDB read it and write it. `duckdb_csv` is told the types, and
 * writes what we write as we write it; `duckdb_csv_plain` is told nothing, and writes what it finds as it pleases.
 */
async function throughCsv(folder: string, zip: string, rows: string, options: string): Promise<void> {
  const csv = join(folder, CSV);
  writeFileSync(csv, unpacked(zip));
  await withDuckDB(new AbortController().signal, (session) =>
    session.run(`COPY ${rows} TO $2 (${options})`, [csv, join(folder, THEIRS)]),
  );
}

const AMOUNTS = ['open', 'high', 'low', 'close', 'volume'];
const REST = ['taker_buy_base', 'taker_buy_quote'];
const TYPES = [
  'ts: BIGINT',
  ...AMOUNTS.map((name) => `${name}: DOUBLE`),
  'close_time: BIGINT',
  'quote_volume: DOUBLE',
  'trades: BIGINT',
  ...REST.map((name) => `${name}: DOUBLE`),
  'ignored: VARCHAR',
].map((pair) => pair.replace(/^(\w+): (\w+)$/, "'$1': '$2'"));
const READ = `read_csv($1, header = false, auto_detect = false, columns = {${TYPES.join(', ')}})`;
const SELECTED = `make_timestamp_ms(ts) AS ts, ${AMOUNTS.join(', ')}, make_timestamp_ms(close_time) AS close_time,
  quote_volume, trades, ${REST.join(', ')}, 'monthly' AS source, 0::INTEGER AS flags`;

/** Whoever writes other rows is not measured. */
async function checkRows(ours: string, theirs: string, rows: number): Promise<void> {
  const sums = 'count(*), sum(close), sum(volume), sum(trades), min(ts), max(close_time)';
  const [mine, other] = await withDuckDB(new AbortController().signal, async (session) => [
    await session.rows(`SELECT ${sums} FROM read_parquet($1)`, [ours]),
    await session.rows(`SELECT ${sums} FROM read_parquet($1)`, [theirs]),
  ]);
  const [a, b] = [String(mine?.[0]), String(other?.[0])];
  if (a !== b || !a.startsWith(`${rows},`))
    throw new Error(`the routes disagree: ${a} and ${b} of ${rows} rows`);
}
