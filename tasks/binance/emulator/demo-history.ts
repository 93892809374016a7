/**
 * The market that `pipeline demo` shows: three months of two symbols with every trouble that real archives
 * have had (docs/DOMAIN.md §1, §2), across the switch to microseconds at the turn of 2024 to 2025. Data only.
 */
import type { HistorySpec } from './history-spec.ts';

/** The last minute that counts in the demo. */
export const DEMO_AS_OF = '2025-02-28T23:59:00Z';
/** The file that is broken until `emulator.mend` is called with it. */
export const DEMO_DAMAGED_KEY = 'data/spot/monthly/klines/ETHUSDT/1m/ETHUSDT-1m-2025-01.zip';
/** The file that has not come: its month is served by dailies until `emulator.publish` is called with it. */
export const DEMO_LATE_KEYS: readonly string[] = ['BTCUSDT', 'ETHUSDT'].map(
  (symbol) => `data/spot/monthly/klines/${symbol}/1m/${symbol}-1m-2025-02.zip`,
);

export function demoHistory(seed: number): HistorySpec {
  return {
    seed,
    market: 'spot',
    now: '2025-03-05T00:00:00Z',
    intervals: ['1m', '1d'],
    symbols: [
      { name: 'BTCUSDT', listed: '2024-12-01T00:00:00Z', ticks: 9_600_000 },
      // In the middle of a month: what stands before is a gap with a cause.
      { name: 'ETHUSDT', listed: '2024-12-13T08:00:00Z', ticks: 330_000, stepDecimals: 4 },
    ],
    // As long as the newest real one, 2023-03-24 12:40 to 13:59 (docs/DOMAIN.md §2).
    halts: [{ first: '2025-01-14T12:40:00Z', last: '2025-01-14T13:59:00Z' }],
    // By as much as the real bars of 2018-02-09 were.
    offGrid: [
      {
        first: '2024-12-10T06:00:00Z',
        last: '2024-12-10T08:29:00Z',
        symbols: ['BTCUSDT'],
        shiftMs: 14_789,
      },
    ],
    quiet: [
      { first: '2024-12-20T03:17:00Z', last: '2024-12-20T03:18:00Z', symbols: ['ETHUSDT'] },
      { first: '2025-02-02T02:02:00Z', last: '2025-02-02T02:02:00Z', symbols: ['BTCUSDT'] },
    ],
    lateMonths: [{ month: '2025-02' }],
    damaged: [{ symbol: 'ETHUSDT', period: '2025-01', damage: 'flipped' }],
  };
}
