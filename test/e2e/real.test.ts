import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator, zipOf } from '../../tasks/binance/emulator/emulator.ts';
import { realFile } from '../realdata.ts';
import type { Rig } from '../rig.ts';
import type { MarketSpec } from './market.ts';
import { barsFolder, coverageOf, marketRig, report } from './market.ts';
import type { BarRow, Expected } from './rows.ts';
import { ask, csvIn, expectedRows, firstDifference, HOUR, MINUTE, storedRows } from './rows.ts';

/** After the newest of the files. The workspace's clock must not lag behind the machine's. */
const NOW = Math.max(Date.now(), Date.UTC(2026, 5, 1));

const DAYS = ['2020-01-01', '2020-01-02', '2020-01-03'];
const MICRO_DAYS = ['2026-05-08', '2026-05-09'];
const UM_DAYS = ['2022-09-05', '2022-09-06'];
const MONTHS = ['2021-02', '2021-03'];
const SYMBOLS = ['BTCUSDT', 'ETHUSDT'];

const HALTS = [
  'halt 2021-02-11T03:41:00Z to 2021-02-11T04:59:00Z, halts.yaml version 1',
  'halt 2021-03-06T02:00:00Z to 2021-03-06T03:29:00Z, halts.yaml version 1',
];

let exchange: Emulator;

beforeAll(async () => {
  exchange = await startEmulator({ files: realFiles(), now: NOW });
});

afterAll(() => exchange.close());

function bytesOf(path: string): Buffer {
  return readFileSync(realFile(path));
}

function realFiles(): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  const daily = (interval: string, day: string): void => {
    const name = `BTCUSDT-${interval}-${day}.zip`;
    const key = `data/spot/daily/klines/BTCUSDT/${interval}/${name}`;
    files.set(key, bytesOf(`spot/daily/${name}`));
    files.set(`${key}.CHECKSUM`, bytesOf(`spot/daily/${name}.CHECKSUM`));
  };
  for (const day of DAYS) daily('1m', day);
  for (const day of MICRO_DAYS) daily('1h', day);
  for (const day of UM_DAYS) {
    const name = `BTCUSDT-1m-${day}.zip`;
    files.set(`data/futures/um/daily/klines/BTCUSDT/1m/${name}`, bytesOf(`um/daily/${name}`));
  }
  for (const symbol of SYMBOLS) {
    for (const month of MONTHS) {
      const stem = `${symbol}-1h-${month}`;
      const zip = zipOf(`${stem}.csv`, bytesOf(`spot/csv/${stem}.csv`));
      files.set(`data/spot/monthly/klines/${symbol}/1h/${stem}.zip`, zip);
    }
  }
  return files;
}

const now = new Date(NOW).toISOString();

async function built(rig: Rig): Promise<void> {
  const { failures, diagnostics, outcomes } = await rig.build([], {});
  expect({ failures, diagnostics }).toEqual({ failures: {}, diagnostics: '' });
  expect(outcomes['reports']).toBe('executed');
}

function fromDailies(paths: readonly string[], interval: number): readonly BarRow[] {
  const how: Expected = { interval, source: 'daily', provisional: true };
  return paths.flatMap((path) => expectedRows(csvIn(bytesOf(path)), how));
}

describe('bars of real files equal the CSV digit for digit', () => {
  it('spot, 1m, milliseconds, three daily files', async () => {
    const rig = marketRig(
      { exchange, symbols: ['BTCUSDT'], from: '2020-01-01T00:00:00Z', to: '2020-01-03T23:59:00Z' },
      now,
    );
    await built(rig);
    const file = rig.path(`${barsFolder({ symbol: 'BTCUSDT', month: '2020-01' })}/bars.parquet`);
    const expected = fromDailies(
      DAYS.map((day) => `spot/daily/BTCUSDT-1m-${day}.zip`),
      MINUTE,
    );
    expect(expected).toHaveLength(3 * 1440);
    expect(firstDifference(await storedRows(file), expected)).toBeUndefined();
    expect(coverageOf(rig, 'BTCUSDT', '2020-01')).toMatchObject({
      expected: '4320',
      present: '4320',
      missing: '0',
      coverage_raw: '1.000000',
      rule_breaks: '0',
      source: 'daily',
      status: 'ok',
    });
    expect(report(rig, 'gap_report')).toEqual([]);
  });

  it('spot, 1h, microseconds, two daily files: times are cut to the millisecond', async () => {
    const rig = marketRig(
      {
        exchange,
        symbols: ['BTCUSDT'],
        interval: '1h',
        from: '2026-05-08T00:00:00Z',
        to: '2026-05-09T23:59:00Z',
      },
      now,
    );
    await built(rig);
    const place = { symbol: 'BTCUSDT', month: '2026-05', interval: '1h' };
    const stored = await storedRows(rig.path(`${barsFolder(place)}/bars.parquet`));
    const expected = fromDailies(
      MICRO_DAYS.map((day) => `spot/daily/BTCUSDT-1h-${day}.zip`),
      HOUR,
    );
    expect(expected).toHaveLength(48);
    expect(expected[0]?.values.slice(0, 1)).toEqual([Date.UTC(2026, 4, 8)]);
    expect(expected[0]?.values[6]).toBe(Date.UTC(2026, 4, 8, 1) - 1);
    expect(firstDifference(stored, expected)).toBeUndefined();
  });

  it('USD-M, 1m, files with a header row', async () => {
    const rig = marketRig(
      {
        exchange,
        symbols: ['BTCUSDT'],
        market: 'um',
        from: '2022-09-05T00:00:00Z',
        to: '2022-09-06T23:59:00Z',
      },
      now,
    );
    await built(rig);
    const place = { symbol: 'BTCUSDT', month: '2022-09', market: 'um' };
    const paths = UM_DAYS.map((day) => `um/daily/BTCUSDT-1m-${day}.zip`);
    expect(csvIn(bytesOf(paths[0] ?? ''))).toMatch(/^open_time,/);
    const expected = fromDailies(paths, MINUTE);
    expect(expected).toHaveLength(2 * 1440);
    const stored = await storedRows(rig.path(`${barsFolder(place)}/bars.parquet`));
    expect(firstDifference(stored, expected)).toBeUndefined();
    expect(rig.has('data/raw/binance-um/BTCUSDT/1m/BTCUSDT-1m-2022-09-05.zip')).toBe(true);
  });
});

describe('two real outages, 2021-02-11 and 2021-03-06, in monthly 1h files of two symbols', () => {
  async function outages(changes: Partial<MarketSpec> = {}): Promise<Rig> {
    const rig = marketRig(
      {
        exchange,
        symbols: SYMBOLS,
        interval: '1h',
        from: '2021-02-01T00:00:00Z',
        to: '2021-03-31T23:59:00Z',
        ...changes,
      },
      now,
    );
    await built(rig);
    return rig;
  }

  it('every bar equals the CSV, the short close_time before an outage included', async () => {
    const rig = await outages();
    let shortCloses = 0;
    for (const symbol of SYMBOLS) {
      for (const month of MONTHS) {
        const csv = bytesOf(`spot/csv/${symbol}-1h-${month}.csv`).toString();
        const expected = expectedRows(csv, { interval: HOUR, source: 'monthly', provisional: false });
        const file = `${barsFolder({ symbol, month, interval: '1h' })}/bars.parquet`;
        expect(firstDifference(await storedRows(rig.path(file)), expected)).toBeUndefined();
        shortCloses += expected.filter(({ flags }) => (flags & 2) !== 0).length;
      }
    }
    expect(shortCloses).toBeGreaterThan(0);
  });

  it('the coverage report counts the missing bars, and excuses the halts', async () => {
    const rig = await outages();
    const counts = report(rig, 'coverage_report').map((row) =>
      [
        'symbol',
        'month',
        'expected',
        'present',
        'missing',
        'excused',
        'coverage_raw',
        'coverage_adjusted',
        'gaps',
        'longest_gap_minutes',
        'status',
      ].map((name) => row[name]),
    );
    expect(counts).toEqual(
      SYMBOLS.flatMap((symbol) => [
        [symbol, '2021-02', '672', '671', '1', '1', '0.998511', '1.000000', '1', '60', 'ok'],
        [symbol, '2021-03', '744', '743', '1', '1', '0.998655', '1.000000', '1', '60', 'ok'],
        [symbol, 'all', '1416', '1414', '2', '2', '0.998587', '1.000000', '2', '60', 'ok'],
      ]),
    );
  });

  it('the gap report names the hours and the halts', async () => {
    const rig = await outages();
    const gaps = report(rig, 'gap_report').map((row) => Object.values(row));
    expect(gaps).toEqual(
      SYMBOLS.flatMap((symbol) => [
        [symbol, '2021-02-11T04:00:00Z', '2021-02-11T04:00:00Z', '1', '60', 'halt', HALTS[0]],
        [symbol, '2021-03-06T02:00:00Z', '2021-03-06T02:00:00Z', '1', '60', 'halt', HALTS[1]],
      ]),
    );
  });

  it('a hole that no halt explains lowers the adjusted figure, and has its true cause', async () => {
    const stem = 'ETHUSDT-1h-2021-02';
    const gone = String(Date.parse('2021-02-20T10:00:00Z'));
    const lines = bytesOf(`spot/csv/${stem}.csv`).toString().split('\n');
    const holed = lines.filter((line) => !line.startsWith(gone)).join('\n');
    expect(holed.split('\n')).toHaveLength(lines.length - 1);
    const files = new Map(realFiles());
    files.set(`data/spot/monthly/klines/ETHUSDT/1h/${stem}.zip`, zipOf(`${stem}.csv`, Buffer.from(holed)));
    const other = await startEmulator({ files, now: NOW });
    try {
      const hole = async (fill: 'rest' | 'none') => {
        const rig = await outages({ exchange: other, fill });
        expect(coverageOf(rig, 'ETHUSDT', '2021-02')).toMatchObject({
          present: '670',
          missing: '2',
          excused: '1',
          coverage_raw: '0.997023',
          coverage_adjusted: '0.998509',
          gaps: '2',
        });
        expect(coverageOf(rig, 'BTCUSDT', '2021-02')).toMatchObject({ coverage_adjusted: '1.000000' });
        const found = report(rig, 'gap_report').filter(({ cause }) => cause !== 'halt');
        return found.map((row) => Object.values(row));
      };
      const at = '2021-02-20T10:00:00Z';
      expect(await hole('none')).toEqual([
        ['ETHUSDT', at, at, '1', '60', 'unknown', `${stem}.zip has no row of it; REST not asked`],
      ]);
      expect(await hole('rest')).toEqual([
        ['ETHUSDT', at, at, '1', '60', 'confirmed-empty', `REST asked for ${at} to ${at}: no bar`],
      ]);
    } finally {
      await other.close();
    }
  });

  it('where the calendar has no halt, what REST said is all that is known', async () => {
    const rig = await outages({ more: { halts: { spot: [] } } });
    expect(report(rig, 'gap_report').map(({ cause }) => cause)).toEqual(Array(4).fill('confirmed-empty'));
    expect(coverageOf(rig, 'BTCUSDT', '2021-02')).toMatchObject({
      excused: '0',
      coverage_adjusted: '0.998511',
    });
  });

  it('the files have the columns, types and metadata of the contract', async () => {
    const rig = await outages();
    const file = rig.path(
      `${barsFolder({ symbol: 'BTCUSDT', month: '2021-02', interval: '1h' })}/bars.parquet`,
    );
    const described = await ask('DESCRIBE SELECT * FROM read_parquet($1, hive_partitioning = false)', file);
    expect(described.map(([name, type]) => `${String(name)} ${String(type)}`)).toEqual([
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
    const metadata = await ask('SELECT key::VARCHAR, value::VARCHAR FROM parquet_kv_metadata($1)', file);
    expect(Object.fromEntries(metadata)).toMatchObject({
      symbol: 'BTCUSDT',
      month: '2021-02',
      market: 'spot',
    });
  });
});
