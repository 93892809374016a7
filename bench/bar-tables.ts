/**
 * Tables of bars to write as Parquet: a month that the emulator invents, and real files where there are some. Prices of
 * the market repeat themselves more than invented ones do.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collect } from '../tasks/bars/collect.ts';
import type { Bars } from '../tasks/bars/table.ts';
import { rowsOfZip } from '../tasks/bars/zip-rows.ts';
import { monthZip, seriesOf } from './month-files.ts';

export interface BarTable {
  readonly of: string;
  readonly bars: Bars;
}

const MINUTE = 60_000;
const LIMITS = { max_zip_bytes: 1 << 28, max_csv_bytes: 1 << 30 };
/** All the time that files of minutes may be of. */
const EVER = { start: 0, end: Date.UTC(2100, 0, 1) };

export async function inventedMonth(): Promise<BarTable> {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-bench-'));
  try {
    const { name, bytes } = monthZip(seriesOf(1));
    writeFileSync(join(folder, name), bytes);
    return { of: 'emulator', bars: await barsOf(folder, [name]) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One table of all files of a folder that are of one symbol, its bars a minute long. */
export async function realTables(folder: string): Promise<readonly BarTable[]> {
  if (!existsSync(folder)) return [];
  const tables: BarTable[] = [];
  for (const [of, { place, names }] of seriesIn(folder))
    tables.push({ of, bars: await barsOf(join(folder, place), names) });
  return tables;
}

const FILE = /^(\w+)-1m-([-\d]+)\.zip$/;

interface Files {
  readonly place: string;
  readonly names: string[];
}

function seriesIn(folder: string): ReadonlyMap<string, Files> {
  const series = new Map<string, Files>();
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const [name = '', ...above] = path.split('/').reverse();
    const symbol = FILE.exec(name)?.[1];
    if (symbol === undefined) continue;
    const place = above.reverse().join('/');
    const of = `${symbol} in ${place}`;
    const files = series.get(of) ?? { place, names: [] };
    files.names.push(name);
    series.set(of, files);
  }
  return series;
}

async function barsOf(folder: string, names: readonly string[]): Promise<Bars> {
  const batches = [];
  for (const name of names) {
    const [, symbol = '', key = ''] = FILE.exec(name) ?? [];
    const zip = { key, path: join(folder, name), own: undefined };
    const read = await rowsOfZip({ symbol, interval: '1m' }, zip, LIMITS);
    if (!read.ok) throw new Error(read.failure.message);
    batches.push(read.batch);
  }
  return collect(batches, EVER, MINUTE).bars;
}
