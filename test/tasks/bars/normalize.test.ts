import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Json, Member, Span } from '../../../src/engine/task.ts';
import { sha256 } from '../../../src/engine/task.ts';
import type { GapsDocument } from '../../../tasks/bars/documents.ts';
import { gapsSchema } from '../../../tasks/bars/documents.ts';
import normalize from '../../../tasks/bars/normalize.ts';
import type { Params } from '../../../tasks/bars/params.ts';
import { realFile } from '../../realdata.ts';
import { fakeContext, scratch } from '../context.ts';
import {
  asked,
  dayOf,
  independentRows,
  member,
  monthOf,
  storedRows,
  textIn,
  zippedIn,
  zippedRealCsv,
} from './real.ts';
import { bar, csvOf } from './rows.ts';

interface Given {
  readonly params?: Partial<Params>;
  readonly span: Span;
  readonly zips: readonly Member[];
  readonly plan?: Json;
  readonly settings?: Readonly<Record<string, Json>>;
}

const FINAL = { served: 'monthly', provisional: false };

async function run({ params, span, zips, plan = FINAL, settings = {} }: Given) {
  const ctx = fakeContext<Params>({
    target: 'staged/BTCUSDT/2020-01',
    params: { market: 'spot', symbol: 'BTCUSDT', interval: '1m', ...params },
    settings,
    values: { plan },
    members: { zips },
    partition: { keys: { symbol: 'BTCUSDT', month: '2020-01' }, spans: { month: span } },
    out: { bars: 'm.parquet', gaps: 'm.gaps.json' },
  });
  const result = await normalize.run(ctx);
  return { result, bars: ctx.outputs['bars'] ?? '', gaps: ctx.outputs['gaps'] ?? '' };
}

async function built(given: Given) {
  const { result, bars, gaps } = await run(given);
  expect(result).toBeUndefined();
  return { bars, rows: await storedRows(bars), gaps: readGaps(gaps) };
}

function readGaps(path: string): GapsDocument {
  return gapsSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}

async function failure(given: Given): Promise<string> {
  const { result } = await run(given);
  return result && 'failed' in result ? `${result.failed.code} ${result.failed.message}` : 'built';
}

/** What `values` of stored rows must be: the file's, with times in milliseconds. */
function expectedRows(csvs: readonly string[], perMs = 1): readonly (readonly number[])[] {
  return csvs
    .flatMap(independentRows)
    .map((row) =>
      row.map((value, column) => (column === 0 || column === 6 ? Math.floor(value / perMs) : value)),
    );
}

describe('real files come out digit for digit', () => {
  it('spot, 1m, milliseconds, three days', async () => {
    const paths = ['01', '02', '03'].map((day) => realFile(`spot/daily/BTCUSDT-1m-2020-01-${day}.zip`));
    const span = { start: dayOf('2020-01-01').start, end: dayOf('2020-01-03').end };
    const { rows, gaps } = await built({
      span,
      zips: paths.map(member),
      plan: { served: 'daily', provisional: true },
    });
    expect(rows.map(({ values }) => values)).toEqual(expectedRows(paths.map(textIn)));
    expect(rows).toHaveLength(3 * 1440);
    expect(new Set(rows.map(({ source }) => source))).toEqual(new Set(['daily']));
    expect(new Set(rows.map(({ flags }) => flags))).toEqual(new Set([8]));
    expect(gaps).toEqual({
      version: 2,
      start: '2020-01-01T00:00:00Z',
      end: '2020-01-04T00:00:00Z',
      expected: 4320,
      rows: 4320,
      first_ts: '2020-01-01T00:00:00Z',
      last_ts: '2020-01-03T23:59:00Z',
      gaps: [],
      counts: {
        duplicates: 0,
        conflicts: 0,
        off_grid: 0,
        short_close: 0,
        zero_trade: 0,
        provisional: 4320,
        price_rule: 0,
        volume_rule: 0,
        outside: 0,
        out_of_order: 0,
      },
      plan: { served: 'daily', provisional: true },
      files: paths.map((path) => ({
        name: basename(path),
        sha256: sha256(readFileSync(path)),
        kind: 'daily',
        rows: 1440,
        expected: null,
      })),
    });
  });

  it('spot, 1h, microseconds', async () => {
    const paths = ['08', '09'].map((day) => realFile(`spot/daily/BTCUSDT-1h-2026-05-${day}.zip`));
    const span = { start: dayOf('2026-05-08').start, end: dayOf('2026-05-09').end };
    const { rows, gaps } = await built({ params: { interval: '1h' }, span, zips: paths.map(member) });
    expect(rows.map(({ values }) => values)).toEqual(expectedRows(paths.map(textIn), 1000));
    expect(rows.map(({ flags }) => flags)).toEqual(Array(48).fill(0));
    expect(gaps.gaps).toEqual([]);
  });

  it('USD-M futures, 1m, with a header', async () => {
    const paths = ['05', '06'].map((day) => realFile(`um/daily/BTCUSDT-1m-2022-09-${day}.zip`));
    const span = { start: dayOf('2022-09-05').start, end: dayOf('2022-09-06').end };
    const { rows, gaps } = await built({ params: { market: 'um' }, span, zips: paths.map(member) });
    expect(rows.map(({ values }) => values)).toEqual(expectedRows(paths.map(textIn)));
    expect(rows.map(({ flags }) => flags)).toEqual(Array(2880).fill(0));
    expect(gaps.files.map((file) => file.rows)).toEqual([1440, 1440]);
  });

  it.each([
    ['BTCUSDT', '2021-02', '2021-02-11T04:00:00Z', 672],
    ['ETHUSDT', '2021-02', '2021-02-11T04:00:00Z', 672],
    ['BTCUSDT', '2021-03', '2021-03-06T02:00:00Z', 744],
    ['ETHUSDT', '2021-03', '2021-03-06T02:00:00Z', 744],
  ])('spot, 1h, the month %s %s with its outage', async (symbol, month, hour, expected) => {
    const name = `${symbol}-1h-${month}`;
    const path = zippedRealCsv(scratch(), name);
    const { rows, gaps } = await built({
      params: { symbol, interval: '1h' },
      span: monthOf(month),
      zips: [member(path)],
    });
    expect(rows.map(({ values }) => values)).toEqual(expectedRows([textIn(path)]));
    expect([gaps.expected, gaps.rows]).toEqual([expected, expected - 1]);
    expect(gaps.gaps).toEqual([{ first: hour, last: hour, missing: 1 }]);
    expect(new Set(rows.map(({ source }) => source))).toEqual(new Set(['monthly']));
  });

  it('the hour before the outage of 2021-02-11 closed early and saw no trade (docs/DOMAIN.md §2)', async () => {
    const path = zippedRealCsv(scratch(), 'BTCUSDT-1h-2021-02');
    const { rows, gaps } = await built({
      params: { interval: '1h' },
      span: monthOf('2021-02'),
      zips: [member(path)],
    });
    const flagged = rows.filter(({ flags }) => flags !== 0);
    expect(flagged.map(({ values, flags }) => [values[0], values[6], flags])).toEqual([
      [1_613_012_400_000, 1_613_014_854_773, 2 | 4],
    ]);
    expect(gaps.counts).toMatchObject({
      short_close: 1,
      zero_trade: 1,
      off_grid: 0,
      price_rule: 0,
      volume_rule: 0,
    });
  });
});

describe('a staged month', () => {
  const HOUR = { start: Date.UTC(2020, 0, 1), end: Date.UTC(2020, 0, 1, 1) };
  const at = (minute: number, ms = 0): number => HOUR.start + minute * 60_000 + ms;

  /** A file of these rows under the publisher's name. */
  function zip(key: string, csv: string, folder = scratch()): Member {
    return member(zippedIn(folder, `BTCUSDT-1m-${key}`, csv));
  }

  it('has the columns of the contract, one row group, and no nulls', async () => {
    const { bars } = await built({ span: HOUR, zips: [zip('2020-01', csvOf([bar(at(0)), bar(at(1))]))] });
    const columns = await asked(
      'SELECT column_name, column_type FROM (DESCRIBE FROM read_parquet($1))',
      bars,
    );
    expect(columns.map((column) => column.join(' '))).toEqual([
      'ts TIMESTAMP',
      'open DOUBLE',
      'high DOUBLE',
      'low DOUBLE',
      'close DOUBLE',
      'volume DOUBLE',
      'close_time TIMESTAMP',
      'quote_volume DOUBLE',
      'trades BIGINT',
      'taker_buy_base DOUBLE',
      'taker_buy_quote DOUBLE',
      'source VARCHAR',
      'flags INTEGER',
    ]);
    expect(await asked('SELECT num_rows, num_row_groups FROM parquet_file_metadata($1)', bars)).toEqual([
      [2n, 1n],
    ]);
  });

  it('of no files at all is an empty table and one gap', async () => {
    const plan = { served: 'none', provisional: true, reason: 'not-published' };
    const { rows, gaps } = await built({ span: HOUR, zips: [], plan });
    expect(rows).toEqual([]);
    expect(gaps).toMatchObject({
      expected: 60,
      rows: 0,
      first_ts: null,
      last_ts: null,
      gaps: [{ first: '2020-01-01T00:00:00Z', last: '2020-01-01T00:59:00Z', missing: 60 }],
      plan,
      files: [],
    });
  });

  it('of a month that no plan knows is provisional', async () => {
    const { rows, gaps } = await built({
      span: HOUR,
      zips: [zip('2020-01', csvOf([bar(at(0))]))],
      plan: null,
    });
    expect(rows.map(({ flags }) => flags)).toEqual([8]);
    expect(gaps.plan).toBeNull();
  });

  it('counts what it cut, floored and left out, and loses nothing else', async () => {
    const first = csvOf([bar(at(0)), bar(at(1, 5)), bar(at(2)), bar(at(2)), bar(at(60)), bar(at(-1))]);
    const second = csvOf([bar(at(2), { open: 101 }), bar(at(5))]);
    const { rows, gaps } = await built({
      span: HOUR,
      zips: [zip('2020-01-02', second), zip('2020-01-01', first)],
    });
    expect(rows.map(({ values, flags }) => [values[0], values[1], flags])).toEqual([
      [at(0), 100, 0],
      [at(1), 100, 1],
      [at(2), 100, 0],
      [at(5), 100, 0],
    ]);
    expect(gaps.counts).toMatchObject({
      duplicates: 2,
      conflicts: 1,
      off_grid: 1,
      outside: 2,
      out_of_order: 1,
    });
    expect(gaps.files.map((file) => [file.name, file.rows])).toEqual([
      ['BTCUSDT-1m-2020-01-01.zip', 6],
      ['BTCUSDT-1m-2020-01-02.zip', 2],
    ]);
    expect(gaps.gaps.map((gap) => gap.missing)).toEqual([2, 54]);
    const read = gaps.files.reduce((sum, file) => sum + file.rows, 0);
    expect(gaps.rows + gaps.counts.duplicates + gaps.counts.outside).toBe(read);
  });

  it('knows how many bars its files should have, whatever the configured start and the watermark', async () => {
    const spanned = (key: string, csv: string, own: Span): Member => {
      const { path, partition } = zip(key, csv);
      return { path, partition: { ...partition, spans: { file: own } } };
    };
    const files = async (span: Span, ...zips: readonly Member[]) =>
      (await built({ span, zips })).gaps.files.map(({ name, kind, rows, expected }) => [
        name,
        kind,
        rows,
        expected,
      ]);
    const cut = { start: at(1), end: at(3) };
    const month = spanned('2020-01', csvOf([bar(at(0)), bar(at(1))]), monthOf('2020-01'));
    expect(await files(cut, month)).toEqual([['BTCUSDT-1m-2020-01.zip', 'monthly', 2, 44_640]]);
    const day = spanned('2020-01-01', csvOf([bar(at(2))]), dayOf('2020-01-01'));
    const none = spanned('2020-01-02', '', dayOf('2020-01-02'));
    expect(await files(cut, day, none)).toEqual([
      ['BTCUSDT-1m-2020-01-01.zip', 'daily', 1, 1440],
      ['BTCUSDT-1m-2020-01-02.zip', 'daily', 0, 1440],
    ]);
  });

  it('is cut at the watermark', async () => {
    const rows = Array.from({ length: 60 }, (_, minute) => bar(at(minute)));
    const span = { start: HOUR.start, end: at(30) };
    const { gaps } = await built({ span, zips: [zip('2020-01', csvOf(rows))] });
    expect(gaps).toMatchObject({ expected: 30, rows: 30, gaps: [], last_ts: '2020-01-01T00:29:00Z' });
    expect(gaps.counts.outside).toBe(30);
  });

  it('has the same bytes in any folder, whatever the order that its files are given in', async () => {
    const paths = ['01', '02', '03'].map((day) => realFile(`spot/daily/BTCUSDT-1m-2020-01-${day}.zip`));
    const span = monthOf('2020-01');
    const once = await run({ span, zips: paths.map(member) });
    const again = await run({ span, zips: paths.toReversed().map(member) });
    expect(once.bars).not.toBe(again.bars);
    expect(readFileSync(again.bars).equals(readFileSync(once.bars))).toBe(true);
    expect(readFileSync(again.gaps, 'utf8')).toBe(readFileSync(once.gaps, 'utf8'));
    expect(readFileSync(once.gaps, 'utf8')).toMatch(/}\n$/);
  });

  it('has the same bytes in another process, time zone and locale', async () => {
    const script = fileURLToPath(new URL('normalize-once.ts', import.meta.url));
    const digests = [
      { TZ: 'Asia/Kathmandu', LC_ALL: 'de_DE.UTF-8' },
      { TZ: 'America/St_Johns', LC_ALL: 'C' },
    ].map((env) =>
      execFileSync(process.execPath, ['--import', 'tsx', script], {
        env: { ...process.env, ...env },
        encoding: 'utf8',
      }),
    );
    const path = realFile('spot/daily/BTCUSDT-1m-2020-01-01.zip');
    const plan = { served: 'daily', provisional: true };
    const { bars, gaps } = await run({ span: dayOf('2020-01-01'), zips: [member(path)], plan });
    const here = `${sha256(readFileSync(bars))} ${sha256(readFileSync(gaps))}\n`;
    expect(digests).toEqual([here, here]);
  });

  it('fails for a corrupt archive, naming file and byte', async () => {
    const path = join(scratch(), 'BTCUSDT-1m-2020-01-02.zip');
    const bytes = readFileSync(realFile('spot/daily/BTCUSDT-1m-2020-01-02.zip'));
    bytes[20_000] = (bytes[20_000] ?? 0) ^ 0xff;
    writeFileSync(path, bytes);
    expect(await failure({ span: HOUR, zips: [member(path)] })).toBe(
      'archive-corrupt BTCUSDT-1m-2020-01-02.zip: member "BTCUSDT-1m-2020-01-02.csv": byte 55: data unpack to 206401 bytes, expected 206419',
    );
  });

  it('fails for a member of another name, and for one that is too large', async () => {
    const path = zippedIn(scratch(), 'ETHUSDT-1m-2020-01', csvOf([bar(at(0))]));
    expect(await failure({ span: HOUR, zips: [member(path)] })).toMatch(
      /^archive-corrupt ETHUSDT-1m-2020-01\.zip: byte \d+: member "ETHUSDT-1m-2020-01\.csv", expected "BTCUSDT-1m-2020-01\.csv"$/,
    );
    const settings = { limits: { max_zip_bytes: 1000, max_csv_bytes: 10 } };
    expect(await failure({ span: HOUR, zips: [zip('2020-01', csvOf([bar(at(0))]))], settings })).toMatch(
      /^archive-too-large BTCUSDT-1m-2020-01\.zip: member "BTCUSDT-1m-2020-01\.csv" declares \d+ bytes, expected at most 10$/,
    );
  });

  it('fails for a malformed row, naming file, line and column', async () => {
    const csv = csvOf([bar(at(0)), bar(at(1))]).replace(/,105,2,(?!.*,105,2,)/s, ',,2,');
    expect(await failure({ span: HOUR, zips: [zip('2020-01', csv)] })).toMatch(
      /^csv-malformed BTCUSDT-1m-2020-01\.zip: line 2, column 5 \(close\), byte \d+: found nothing, expected a decimal number$/,
    );
  });

  it('fails for settings that are none', async () => {
    expect(await failure({ span: HOUR, zips: [], settings: { limits: { max_zip_bytes: 'much' } } })).toMatch(
      /^settings-invalid settings\.limits\.max_zip_bytes: /,
    );
  });

  it('stops when it is told to', async () => {
    const ctx = fakeContext<Params>({
      params: { market: 'spot', symbol: 'BTCUSDT', interval: '1m' },
      values: { plan: FINAL },
      members: { zips: [zip('2020-01', csvOf([bar(at(0))]))] },
      partition: { keys: { month: '2020-01' }, spans: { month: HOUR } },
      signal: AbortSignal.abort(new Error('enough')),
      out: { bars: 'm.parquet', gaps: 'm.gaps.json' },
    });
    await expect(normalize.run(ctx)).rejects.toThrow('enough');
  });

  it('is refused for an interval that straddles months', () => {
    expect(() => normalize.params?.parse({ market: 'spot', symbol: 'X', interval: '1w' })).toThrow(
      /straddle months/,
    );
    expect(() => normalize.params?.parse({ symbol: 'X', interval: '1m' })).toThrow(/market/);
  });
});
