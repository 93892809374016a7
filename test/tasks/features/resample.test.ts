import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/engine/task.ts';
import resample from '../../../tasks/features/resample.ts';
import type { Given, Row } from './months.ts';
import { DAY, FEATURES, inScratch, MINUTE, resampled, rowsOf, tailOf, writeMonth } from './months.ts';

const JANUARY = { start: Date.UTC(2024, 0, 1), end: Date.UTC(2024, 1, 1) };
const FEBRUARY = { start: JANUARY.end, end: Date.UTC(2024, 2, 1) };

/** A bar so many minutes after the border of the two months, or before it. */
const at = (minute: number, close: number, more: Partial<Row> = {}): Row => ({
  ts: JANUARY.end + minute * MINUTE,
  close,
  ...more,
});
/** One bar a minute, closes that go somewhere. */
const run = (first: number, last: number): readonly Row[] =>
  Array.from({ length: last - first + 1 }, (_, index) =>
    at(first + index, 100 + Math.sin(first + index) + (first + index) / 1000),
  );

interface Found {
  readonly result: unknown;
  readonly path: string;
  readonly rows: readonly Readonly<Record<string, number | null>>[];
}

/** February of these bars, with the tail of January where that has any. */
async function february(
  bars: readonly Row[],
  more: Partial<Given> & { readonly january?: readonly Row[] } = {},
) {
  const { january, ...given } = more;
  const path = await writeMonth(inScratch('bars.parquet'), bars);
  const before =
    january === undefined
      ? {}
      : {
          before: await tailOf({ span: JANUARY, bars: await writeMonth(inScratch('bars.parquet'), january) }),
        };
  const made = await resampled({ span: FEBRUARY, bars: path, ...before, ...given });
  return { ...made, bars: path, ...before };
}

async function read({ result, path }: Pick<Found, 'result' | 'path'>) {
  expect(result).toBeUndefined();
  const names = FEATURES.replace(/^SELECT /, '')
    .replace(/ FROM .*$/s, '')
    .replace('epoch_ms(ts)', 'ts')
    .split(/,\s+/);
  const rows = await rowsOf(FEATURES, path);
  return rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index] ?? null])));
}

/** The root of the sum of squared log returns from each close to the next. */
function volatility(closes: readonly Row[]): number {
  const returns = closes
    .slice(1)
    .map(({ close }, index) => Math.log(close / (closes[index]?.close ?? Number.NaN)));
  return Math.sqrt(returns.reduce((sum, each) => sum + each * each, 0));
}

describe('a longer bar', () => {
  it('has the first open, the last close, the extremes, and sums of the decimals, not of their errors', async () => {
    const parts = [
      at(0, 10, {
        open: 9,
        high: 12,
        low: 8,
        volume: 0.1,
        quote_volume: 0.7,
        trades: 2,
        taker_buy_base: 0.1,
      }),
      at(1, 11, { open: 10, high: 11, low: 10, volume: 0.2, quote_volume: 0.1, trades: 3, flags: 8 }),
      at(4, 12, { open: 11, high: 13, low: 11, volume: 0.3, taker_buy_quote: 1e-8, flags: 8 | 1 }),
    ];
    expect(await read(await february(parts))).toEqual([
      {
        ts: FEBRUARY.start,
        open: 9,
        high: 13,
        low: 8,
        close: 12,
        volume: 0.6,
        quote_volume: 0.8,
        trades: 5,
        taker_buy_base: 0.1,
        taker_buy_quote: 1e-8,
        bars: 3,
        expected: 5,
        flags: 9,
        log_return: null,
        realised_vol: expect.closeTo(Math.log(11 / 10), 12),
        vol_bars: 1,
      },
    ]);
  });

  it('that has no parts is not there, and the one after it has no return', async () => {
    const rows = await read(await february([...run(0, 4), ...run(10, 14), ...run(15, 16)]));
    expect(rows.map(({ ts, bars }) => [Number(ts) - FEBRUARY.start, bars])).toEqual([
      [0, 5],
      [10 * MINUTE, 5],
      [15 * MINUTE, 2],
    ]);
    const [, second, third] = rows;
    expect(second?.['log_return']).toBeNull();
    expect(third?.['log_return']).toBeCloseTo(
      Math.log(Number(third?.['close']) / Number(second?.['close'])),
      12,
    );
  });

  it('comes once it is over', async () => {
    const { start } = FEBRUARY;
    const until = (minutes: number, to: string) =>
      february(run(0, minutes - 1), { span: { start, end: start + minutes * MINUTE }, to });
    expect(await read(await until(14, '5m'))).toHaveLength(2);
    expect(await read(await until(15, '5m'))).toHaveLength(3);
    expect((await until(1439, '1d')).result).toEqual({ absent: 'no bar of 1d has ended in 2024-01' });
    expect(await read(await until(1440, '1d'))).toHaveLength(1);
  });

  it('that began before the configured start is there with what there is of it', async () => {
    const span = { start: FEBRUARY.start + 240 * MINUTE, end: FEBRUARY.end };
    const rows = await read(await february(run(240, 1440 + 1439), { span, to: '1d' }));
    expect(rows).toMatchObject([
      { ts: FEBRUARY.start, bars: 1200, expected: 1440, vol_bars: 1199, log_return: null },
      { ts: FEBRUARY.start + DAY, bars: 1440, expected: 1440, vol_bars: 1440 },
    ]);
  });

  it('of a price that is none has no return, and none counts for the volatility', async () => {
    const rows = await read(
      await february([...run(0, 4), at(5, 0), ...run(6, 9), at(14, 0), ...run(15, 19)]),
    );
    expect(rows.map(({ log_return, vol_bars }) => [log_return === null, vol_bars])).toEqual([
      [true, 4],
      [false, 7],
      [true, 7],
      [true, 11],
    ]);
  });
});

describe('the first bars of a month', () => {
  it('go on from the month before, 24 hours back and no further', async () => {
    const before = run(-2000, -1);
    const month = run(0, 9);
    const rows = await read(await february(month, { january: before }));
    const all = [...before, ...month];
    const closes = (last: number) =>
      all.filter(({ ts }) => ts >= at(last - 1440, 0).ts && ts <= at(last, 0).ts);
    expect(rows).toMatchObject([
      {
        log_return: expect.closeTo(Math.log((month[4]?.close ?? 0) / (before.at(-1)?.close ?? 0)), 12),
        vol_bars: 1440,
        realised_vol: expect.closeTo(volatility(closes(4)), 12),
      },
      { vol_bars: 1440, realised_vol: expect.closeTo(volatility(closes(9)), 12) },
    ]);
  });

  it('of a day go on from the whole last day', async () => {
    const rows = await read(await february(run(0, 1439), { january: [at(-1440, 50)], to: '1d' }));
    expect(rows).toMatchObject([{ log_return: expect.any(Number), vol_bars: 1439 }]);
    const older = await read(await february(run(0, 1439), { january: [at(-1441, 50)], to: '1d' }));
    expect(older).toMatchObject([{ log_return: null, vol_bars: 1439 }]);
  });

  it('have nothing to go on from where there is no month before, or it ended long ago', async () => {
    const alone = await february(run(0, 9));
    const late = await february(run(0, 9), { january: run(-30_000, -2_000) });
    expect((await read(alone)).map(({ vol_bars }) => vol_bars)).toEqual([4, 9]);
    expect(await read(alone)).toMatchObject([{ log_return: null }, { log_return: expect.any(Number) }]);
    expect(await read(late)).toEqual(await read(alone));
  });

  it('without a single return have no volatility, rather than one of 0', async () => {
    expect(await read(await february([at(3, 7)]))).toMatchObject([{ realised_vol: null, vol_bars: 0 }]);
    expect(await read(await february([at(2, 7), at(3, 7)]))).toMatchObject([
      { realised_vol: 0, vol_bars: 1 },
    ]);
  });
});

describe('the file', () => {
  it('has the columns of the contract, one row group, and says what it was made of', async () => {
    const made = await february(run(0, 9), { january: run(-9, -1) });
    const columns = await rowsOf(
      `SELECT column_name || ' ' || column_type FROM (DESCRIBE FROM read_parquet($1))`,
      made.path,
    );
    expect(columns.flat()).toEqual([
      'ts TIMESTAMP',
      'open DOUBLE',
      'high DOUBLE',
      'low DOUBLE',
      'close DOUBLE',
      'volume DOUBLE',
      'quote_volume DOUBLE',
      'trades BIGINT',
      'taker_buy_base DOUBLE',
      'taker_buy_quote DOUBLE',
      'bars INTEGER',
      'expected INTEGER',
      'flags INTEGER',
      'log_return DOUBLE',
      'realised_vol DOUBLE',
      'vol_bars INTEGER',
    ]);
    expect(await rowsOf('SELECT num_rows, num_row_groups FROM parquet_file_metadata($1)', made.path)).toEqual(
      [[2, 1]],
    );
    const metadata = await rowsOf(
      'SELECT decode(key), decode(value) FROM parquet_kv_metadata($1)',
      made.path,
    );
    expect(Object.fromEntries(metadata)).toEqual({
      schema_version: '1',
      symbol: 'X',
      month: '2024-01',
      interval: '5m',
      market: 'spot',
      source_interval: '1m',
      bars_sha256: sha256(readFileSync(made.bars)),
      before_sha256: sha256(readFileSync(made.before ?? '')),
    });
    const alone = await february(run(0, 9));
    const [[before] = []] = await rowsOf(
      `SELECT decode(value) FROM parquet_kv_metadata($1) WHERE decode(key) = 'before_sha256'`,
      alone.path,
    );
    expect(before).toBe('');
  });

  it('has the same bytes on every run, in any folder', async () => {
    const [once, again] = [await february(run(0, 99)), await february(run(0, 99))];
    expect(again.path).not.toBe(once.path);
    expect(readFileSync(again.path).equals(readFileSync(once.path))).toBe(true);
  });

  it('is of bars that are a whole number of the others', () => {
    const refused = (interval: string, to: string): string => {
      try {
        resample.params?.parse({ market: 'spot', symbol: 'X', interval, to });
        return 'right';
      } catch (error) {
        return error instanceof Error ? (JSON.parse(error.message)[0]?.message ?? '') : '';
      }
    };
    expect(refused('1m', '1m')).toBe('right');
    expect(refused('1m', '1d')).toBe('right');
    expect(refused('1h', '5m')).toBe('bars of 5m cannot be made of bars of 1h');
    expect(refused('3m', '5m')).toBe('bars of 5m cannot be made of bars of 3m');
    expect(refused('1m', '1w')).toMatch(/straddle months/);
  });
});

describe('the tail of a month', () => {
  const tail = async (rows: readonly Row[], span = JANUARY) =>
    tailOf({ span, bars: await writeMonth(inScratch('bars.parquet'), rows) });
  const rows = (path: string) => rowsOf('SELECT epoch_ms(ts), close FROM read_parquet($1)', path);

  it('is its last 24 hours, times and closes', async () => {
    const bars = [at(-2000, 1), at(-1441, 2), at(-1440, 3), at(-700, 4), at(-1, 5)];
    expect(await rows(await tail(bars))).toEqual([
      [at(-1440, 3).ts, 3],
      [at(-700, 4).ts, 4],
      [at(-1, 5).ts, 5],
    ]);
    expect(await rows(await tail(bars, { ...JANUARY, end: at(-1440, 0).ts }))).toHaveLength(5);
  });

  it('has the same bytes whatever else changes in the month, and others when a close in it does', async () => {
    const bytes = async (bars: readonly Row[]) => readFileSync(await tail(bars)).toString('hex');
    const once = await bytes([at(-2000, 1), ...run(-300, -1)]);
    expect(
      await bytes([at(-1441, 7), ...run(-300, -1).map((row) => ({ ...row, volume: 5, flags: 8 }))]),
    ).toBe(once);
    expect(await bytes([...run(-300, -2), at(-1, 5)])).not.toBe(once);
  });

  it('may be empty', async () => {
    expect(await rows(await tail(run(-2000, -1900)))).toEqual([]);
  });
});
