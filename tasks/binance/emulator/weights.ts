/**
 * The weight of all three markets, each with its own limit and bans: what REST meters by, and what a test may
 * read and do. It knows no requests.
 */
import type { Market } from './calendar.ts';
import type { WeightOptions } from './weight.ts';
import { WeightCounter } from './weight.ts';

/** A minute. Spot: docs/DOMAIN.md §3; futures: what their exchangeInfo names. */
const LIMITS: Readonly<Record<Market, number>> = { spot: 6_000, um: 2_400, cm: 2_400 };

/** By the emulator's clock. The market is spot where none is named; the counts are those of all markets. */
export interface Weights {
  /** What one minute allows. */
  limit(market?: Market): number;
  /** In the present minute. */
  used(market?: Market): number;
  /** The most in any minute so far. */
  peak(market?: Market): number;
  /** Epoch milliseconds, or undefined where no ban lasts. */
  bannedUntil(market?: Market): number | undefined;
  /** Every request is 418 until then. A time that has passed ends the ban. */
  ban(market: Market, untilMs: number): void;
  /** Requests that were answered 429. */
  readonly refused: number;
  /** Requests that came while a ban lasted. The one that drew it is none of them. */
  readonly refusedWhileBanned: number;
  /**
   * Those of them that came more than `graceMs` of the machine's clock after the first 418 of that ban had
   * been answered: nobody who heeds a ban sends one.
   */
  readonly unheeded: number;
}

export interface Meters {
  readonly weights: Weights;
  of(market: Market): WeightCounter;
  reset(): void;
}

export function metersOf(options: Partial<WeightOptions>, now: () => number): Meters {
  const counter = (market: Market): WeightCounter =>
    new WeightCounter({ ...options, limit: options.limit ?? LIMITS[market] });
  const counters: Readonly<Record<Market, WeightCounter>> = {
    spot: counter('spot'),
    um: counter('um'),
    cm: counter('cm'),
  };
  const sum = (of: (tally: WeightCounter['tally']) => number): number =>
    Object.values(counters).reduce((total, { tally }) => total + of(tally), 0);
  const weights: Weights = {
    limit: (market = 'spot') => counters[market].limit,
    used: (market = 'spot') => counters[market].used(now()),
    peak: (market = 'spot') => counters[market].tally.peak,
    bannedUntil: (market = 'spot') => counters[market].bannedUntil(now()),
    ban: (market, untilMs) => counters[market].ban(untilMs),
    get refused() {
      return sum(({ refused }) => refused);
    },
    get refusedWhileBanned() {
      return sum(({ refusedWhileBanned }) => refusedWhileBanned);
    },
    get unheeded() {
      return sum(({ unheeded }) => unheeded);
    },
  };
  return {
    weights,
    of: (market) => counters[market],
    reset: () => {
      for (const each of Object.values(counters)) each.reset();
    },
  };
}
