import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator, HistorySpec } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import type { Rig } from '../rig.ts';
import { days, fileKey } from './history.ts';
import { barsFolder, coverageOf, marketRig, report } from './market.ts';
import type { BarRow } from './rows.ts';
import { column, csvIn, expectedRows, firstDifference, MINUTE, storedRows } from './rows.ts';

const SYMBOL = 'BTCUSDT';
const FROM = '2024-12-29T00:00:00Z';
const TO = '2025-01-03T23:59:00Z';

/** From the last days with milliseconds, served by a monthly file, into the first ones with microseconds. */
const HISTORY: HistorySpec = {
  seed: 5,
  market: 'spot',
  now: '2025-01-04T12:00:00Z',
  symbols: [{ name: SYMBOL, listed: FROM, ticks: 9_600_000 }],
  halts: [
    { first: '2024-12-30T12:40:00Z', last: '2024-12-30T13:59:00Z' },
    { first: '2025-01-02T23:50:00Z', last: '2025-01-03T00:09:00Z' },
  ],
  offGrid: [
    { first: '2024-12-29T06:00:00Z', last: '2024-12-29T08:29:00Z', shiftMs: 14_789 },
    { first: '2025-01-01T10:00:00Z', last: '2025-01-01T10:04:00Z', shiftMs: 59_999 },
  ],
  quiet: [
    { first: '2024-12-31T03:17:00Z', last: '2024-12-31T03:18:00Z' },
    { first: '2025-01-02T02:02:00Z', last: '2025-01-02T02:02:00Z' },
  ],
  archiveGaps: [{ first: '2025-01-01T20:00:00Z', last: '2025-01-01T20:06:00Z', cadence: 'daily' }],
};

let exchange: Emulator;

beforeAll(async () => {
  exchange = await startEmulator({ history: HISTORY });
});

afterAll(() => exchange.close());

async function served(period: string): Promise<string> {
  const answer = await fetch(`${exchange.archiveUrl}/${fileKey(SYMBOL, period)}`);
  return csvIn(Buffer.from(await answer.arrayBuffer()));
}

async function built(): Promise<Rig> {
  // What the files themselves say: REST would fill the gap of the archive.
  const rig = marketRig({ exchange, symbols: [SYMBOL], from: FROM, to: TO, fill: 'none' });
  const { failures, diagnostics } = await rig.build();
  expect({ failures, diagnostics }).toEqual({ failures: {}, diagnostics: '' });
  return rig;
}

const bars = (rig: Rig, month: string): Promise<readonly BarRow[]> =>
  storedRows(rig.path(`${barsFolder({ symbol: SYMBOL, month })}/bars.parquet`));

describe('halts, off-grid stretches, minutes without trades, a gap of the archive, and the switch to microseconds', () => {
  it('leave every other value as it is in the files, on both sides of the switch', async () => {
    const rig = await built();
    const monthly = await served('2024-12');
    const daily = await Promise.all(days('2025-01-01', '2025-01-03').map(served));
    expect(monthly.split(',')[0]).toHaveLength(13);
    expect(daily[0]?.split(',')[0]).toHaveLength(16);

    const december = expectedRows(monthly, { interval: MINUTE, source: 'monthly', provisional: false });
    expect(firstDifference(await bars(rig, '2024-12'), december)).toBeUndefined();
    const january = daily.flatMap((csv) =>
      expectedRows(csv, { interval: MINUTE, source: 'daily', provisional: true }),
    );
    expect(firstDifference(await bars(rig, '2025-01'), january)).toBeUndefined();
  });

  it('are flagged where they are: floored, cut short, without trades', async () => {
    const rig = await built();
    const all = [...(await bars(rig, '2024-12')), ...(await bars(rig, '2025-01'))];
    const flagged = (bit: number): readonly string[] =>
      column(
        all.filter(({ flags }) => (flags & bit) !== 0),
        'ts',
      ).map((ts) => new Date(ts).toISOString());
    const offGrid = flagged(1);
    expect(offGrid).toHaveLength(150 + 5);
    expect([offGrid[0], offGrid[149], offGrid[150], offGrid[154]]).toEqual([
      '2024-12-29T06:00:00.000Z',
      '2024-12-29T08:29:00.000Z',
      '2025-01-01T10:00:00.000Z',
      '2025-01-01T10:04:00.000Z',
    ]);
    expect(flagged(2)).toEqual(['2024-12-30T12:39:00.000Z', '2025-01-02T23:49:00.000Z']);
    expect(flagged(4)).toEqual([
      '2024-12-31T03:17:00.000Z',
      '2024-12-31T03:18:00.000Z',
      '2025-01-02T02:02:00.000Z',
    ]);
    expect(flagged(16 | 32)).toEqual([]);
  });

  it('are counted in the summaries', async () => {
    const rig = await built();
    const summary = (month: string) => rig.json(`${barsFolder({ symbol: SYMBOL, month })}/summary.json`);
    const clean = { duplicates: 0, conflicts: 0, outside: 0, price_rule: 0, volume_rule: 0 };
    expect(summary('2024-12')).toMatchObject({
      ...clean,
      start: FROM,
      end: '2025-01-01T00:00:00Z',
      expected: 3 * 1440,
      rows: 3 * 1440 - 80,
      first_ts: FROM,
      last_ts: '2024-12-31T23:59:00Z',
      gaps: [{ first: '2024-12-30T12:40:00Z', last: '2024-12-30T13:59:00Z', missing: 80 }],
      off_grid: 150,
      short_close: 1,
      zero_trade: 2,
      provisional: 0,
      sources: { monthly: 3 * 1440 - 80, daily: 0, rest: 0 },
      files: [{ name: 'BTCUSDT-1m-2024-12.zip' }],
    });
    expect(summary('2025-01')).toMatchObject({
      ...clean,
      start: '2025-01-01T00:00:00Z',
      end: '2025-01-04T00:00:00Z',
      expected: 3 * 1440,
      rows: 3 * 1440 - 20 - 7,
      gaps: [
        { first: '2025-01-01T20:00:00Z', last: '2025-01-01T20:06:00Z', missing: 7 },
        { first: '2025-01-02T23:50:00Z', last: '2025-01-03T00:09:00Z', missing: 20 },
      ],
      off_grid: 5,
      short_close: 1,
      zero_trade: 1,
      provisional: 3 * 1440 - 27,
      files: days('2025-01-01', '2025-01-03').map((day) => ({ name: `BTCUSDT-1m-${day}.zip` })),
    });
  });

  it('are counted in the coverage report, per month and in sum', async () => {
    const rig = await built();
    const names = ['expected', 'present', 'missing', 'gaps', 'longest_gap_minutes', 'off_grid', 'zero_trade'];
    const counts = (month: string): readonly (string | undefined)[] => {
      const row = coverageOf(rig, SYMBOL, month);
      return [...names, 'rule_breaks', 'duplicates', 'source'].map((name) => row[name]);
    };
    expect(counts('2024-12')).toEqual(['4320', '4240', '80', '1', '80', '150', '2', '0', '0', 'monthly']);
    expect(counts('2025-01')).toEqual(['4320', '4293', '27', '2', '20', '5', '1', '0', '0', 'daily']);
    expect(counts('all')).toEqual(['8640', '8533', '107', '3', '80', '155', '3', '0', '0', 'mixed']);
    const gaps = report(rig, 'gap_report').map((row) => [
      row['first_missing'],
      row['last_missing'],
      row['minutes'],
    ]);
    expect(gaps).toEqual([
      ['2024-12-30T12:40:00Z', '2024-12-30T13:59:00Z', '80'],
      ['2025-01-01T20:00:00Z', '2025-01-01T20:06:00Z', '7'],
      ['2025-01-02T23:50:00Z', '2025-01-03T00:09:00Z', '20'],
    ]);
  });
});
