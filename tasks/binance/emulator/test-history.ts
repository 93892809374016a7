/** Small histories for tests, one a market: plain, and changed by whatever a test is about. Data only. */
import type { HistorySpec } from './history-spec.ts';

/**
 * BTCUSDT on spot from 2024-01-01 on, the clock at noon of 2024-03-03: two months and two days are published.
 */
export function testHistory(options: Partial<HistorySpec> = {}): HistorySpec {
  return {
    seed: 1,
    market: 'spot',
    now: '2024-03-03T12:00:00Z',
    symbols: [{ name: 'BTCUSDT', listed: '2024-01-01T00:00:00Z', ticks: 4_300_000 }],
    ...options,
  };
}

/** The same times on USD-M futures: a header row, milliseconds, fewer decimals. */
export function umHistory(options: Partial<HistorySpec> = {}): HistorySpec {
  return testHistory({
    market: 'um',
    symbols: [{ name: 'BTCUSDT', listed: '2024-01-01T00:00:00Z', ticks: 430_000 }],
    ...options,
  });
}

/** The same times on COIN-M futures: the volume counts contracts, the quote volume is in coin. */
export function cmHistory(options: Partial<HistorySpec> = {}): HistorySpec {
  return testHistory({
    market: 'cm',
    symbols: [{ name: 'BTCUSD_PERP', listed: '2024-01-01T00:00:00Z', ticks: 430_000, contractSize: 100 }],
    ...options,
  });
}

/** Futures whose files lie on both sides of 2022, where the header row came (docs/DOMAIN.md §1). */
export function headerSwitchHistory(market: 'um' | 'cm' = 'um'): HistorySpec {
  const spec = market === 'um' ? umHistory() : cmHistory();
  return {
    ...spec,
    now: '2022-02-03T12:00:00Z',
    symbols: spec.symbols.map((symbol) => ({ ...symbol, listed: '2021-12-01T00:00:00Z' })),
  };
}
