import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import {
  cmHistory,
  headerSwitchHistory,
  testHistory,
  umHistory,
} from '../../tasks/binance/emulator/test-history.ts';
import { fileKey } from './history.ts';
import type { Place } from './market.ts';
import { barsFolder, coverageOf, marketRig } from './market.ts';
import { csvIn, DAY, expectedRows, firstDifference, HOUR, MINUTE, storedRows } from './rows.ts';

const intervals = ['5m', '1h', '1d'];

let exchange: Emulator;
let switching: Emulator;

beforeAll(async () => {
  exchange = await startEmulator({
    history: [testHistory({ intervals }), umHistory({ intervals }), cmHistory({ intervals })],
  });
  switching = await startEmulator({ history: headerSwitchHistory('um') });
});

afterAll(async () => {
  await exchange.close();
  await switching.close();
});

async function served(
  from: Emulator,
  { symbol, month, market = 'spot', interval = '1m' }: Place,
): Promise<string> {
  const known = market === 'um' || market === 'cm' ? market : 'spot';
  const answer = await fetch(`${from.archiveUrl}/${fileKey(symbol, month, known, interval)}`);
  return csvIn(Buffer.from(await answer.arrayBuffer()));
}

const LENGTHS: Readonly<Record<string, number>> = { '1m': MINUTE, '5m': 5 * MINUTE, '1h': HOUR, '1d': DAY };

describe('one month of every market', () => {
  it.each([
    { market: 'um', symbol: 'BTCUSDT', interval: '5m', rows: 31 * 288 },
    { market: 'um', symbol: 'BTCUSDT', interval: '1d', rows: 31 },
    { market: 'cm', symbol: 'BTCUSD_PERP', interval: '1h', rows: 31 * 24 },
    { market: 'cm', symbol: 'BTCUSD_PERP', interval: '5m', rows: 31 * 288 },
    { market: 'spot', symbol: 'BTCUSDT', interval: '1d', rows: 31 },
  ])('$market $interval equals the archive', async ({ market, symbol, interval, rows }) => {
    const rig = marketRig({
      exchange,
      symbols: [symbol],
      market,
      interval,
      from: '2024-01-01T00:00:00Z',
      to: '2024-01-31T23:59:00Z',
    });
    const { failures, diagnostics } = await rig.build();
    expect({ failures, diagnostics }).toEqual({ failures: {}, diagnostics: '' });
    const place = { symbol, month: '2024-01', market, interval };
    const expected = expectedRows(await served(exchange, place), {
      interval: LENGTHS[interval] ?? Number.NaN,
      source: 'monthly',
      provisional: false,
    });
    expect(expected).toHaveLength(rows);
    const file = rig.path(`${barsFolder(place)}/bars.parquet`);
    expect(firstDifference(await storedRows(file), expected)).toBeUndefined();
    expect(coverageOf(rig, symbol, '2024-01')).toMatchObject({
      expected: String(rows),
      present: String(rows),
      rule_breaks: '0',
      status: 'ok',
    });
  });

  it('raw files of futures lie beside those of spot, not among them', async () => {
    const rig = marketRig({
      exchange,
      symbols: ['BTCUSD_PERP'],
      market: 'cm',
      interval: '1d',
      from: '2024-01-01T00:00:00Z',
      to: '2024-01-31T23:59:00Z',
    });
    await rig.build();
    expect(rig.has('data/raw/binance-cm/BTCUSD_PERP/1d/BTCUSD_PERP-1d-2024-01.zip')).toBe(true);
    expect(rig.has('data/raw/binance')).toBe(false);
  });
});

describe('the header row, which futures have had since 2022', () => {
  it('is read over where it is, and not missed where it is not', async () => {
    const rig = marketRig({
      exchange: switching,
      symbols: ['BTCUSDT'],
      market: 'um',
      from: '2021-12-01T00:00:00Z',
      to: '2022-01-31T23:59:00Z',
    });
    expect((await rig.build()).failures).toEqual({});
    for (const [month, starts] of [
      ['2021-12', /^1638316800000,/],
      ['2022-01', /^open_time,.*\n1640995200000,/],
    ] as const) {
      const place = { symbol: 'BTCUSDT', month, market: 'um' };
      const csv = await served(switching, place);
      expect(csv).toMatch(starts);
      const expected = expectedRows(csv, { interval: MINUTE, source: 'monthly', provisional: false });
      expect(expected).toHaveLength(31 * 1440);
      const stored = await storedRows(rig.path(`${barsFolder(place)}/bars.parquet`));
      expect(firstDifference(stored, expected)).toBeUndefined();
    }
  });
});

describe('an interval that straddles months', () => {
  it('is refused before anything is asked', async () => {
    exchange.clearRequests();
    const rig = marketRig({
      exchange,
      symbols: ['BTCUSDT'],
      interval: '1w',
      from: '2024-01-01T00:00:00Z',
      to: '2024-01-31T23:59:00Z',
    });
    const { result, diagnostics } = await rig.build();
    expect(result).toBe('invalid');
    expect(diagnostics).toBe(
      [
        'error: the config value "interval": bars of a week ("1w") straddle months, and a month is what is built at a time: expected one of 1s, 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 8h, 12h, 1d',
        ' --> configs/e2e.yaml:3:15',
        '  |',
        '3 |   "interval": "1w",',
        '  |               ^^^^',
        '',
        '1 error',
      ].join('\n'),
    );
    expect(exchange.requests).toEqual([]);
  });
});
