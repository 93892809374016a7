/**
 * A market of a few days for tests of the whole pipeline: two symbols, two days of January in a monthly file, three
 * days of February in daily ones. Data only.
 */
import type { Market } from '../../tasks/binance/emulator/calendar.ts';
import { DAY, keyOf } from '../../tasks/binance/emulator/calendar.ts';
import type { HistorySpec } from '../../tasks/binance/emulator/emulator.ts';

export const SYMBOLS = ['BTCUSDT', 'ETHUSDT'] as const;

/** First and last minute of what `fewDays` has. */
export const FROM = '2024-01-30T00:00:00Z';
export const TO = '2024-02-03T23:59:00Z';

export function fewDays(changes: Partial<HistorySpec> = {}): HistorySpec {
  return {
    seed: 11,
    market: 'spot',
    now: '2024-02-04T12:00:00Z',
    symbols: [
      { name: 'BTCUSDT', listed: FROM, ticks: 4_300_000 },
      { name: 'ETHUSDT', listed: FROM, ticks: 230_000, stepDecimals: 4 },
    ],
    ...changes,
  };
}

/** Archive key of a month's or a day's file of 1m bars on spot. */
export function fileKey(symbol: string, period: string, market: Market = 'spot', interval = '1m'): string {
  const cadence = period.length === 7 ? 'monthly' : 'daily';
  return keyOf({ market, cadence, symbol, interval, period });
}

/** Days as the archive names them, both ends included. */
export function days(first: string, last: string): readonly string[] {
  const named: string[] = [];
  for (let at = Date.parse(first); at <= Date.parse(last); at += DAY) {
    named.push(new Date(at).toISOString().slice(0, 10));
  }
  return named;
}
