/**
 * How an invented market history is declared: plain data that reads like the tables of docs/DOMAIN.md §2,
 * resolved into numbers by `history.ts`. Instants are ISO 8601 in UTC; ranges name their first and last
 * minute, both included.
 */
import type { Market } from './calendar.ts';

/** One coin under a ticker. */
export interface LifeSpec {
  /** Its first minute. */
  readonly listed: string;
  /** Its last minute, where trading has ended. */
  readonly delisted?: string;
  /** About what it costs, in ticks: 9500000 is 95000.00 on spot. */
  readonly ticks?: number;
  /** Once it is delisted REST knows nothing of it any more (-1121); the archive keeps its files. Default: no. */
  readonly gone?: boolean;
}

export interface SymbolSpec extends LifeSpec {
  readonly name: string;
  /** Other coins that got the same ticker later, each after the one before was delisted. */
  readonly reused?: readonly LifeSpec[];
  /** Decimals of a tick. Default: 2 on spot, 1 on futures. */
  readonly tickDecimals?: number;
  /** Decimals of the smallest amount. Default: 5 on spot, 3 on um; cm counts whole contracts. */
  readonly stepDecimals?: number;
  /** What one contract is worth in dollars; cm only. Default 100. */
  readonly contractSize?: number;
}

export interface MinuteRange {
  readonly first: string;
  readonly last: string;
  /** Default: all. */
  readonly symbols?: readonly string[];
}

/** What is wrong with a file in the archive, until it is mended. */
export type Damage =
  /**
   * Bytes of the member are flipped on the way out (a bad copy in a cache): size, ETag and CHECKSUM are those
   * of the intact file.
   */
  | 'flipped'
  /** The publisher's own file ends early: the CHECKSUM is right, the ZIP has no directory. */
  | 'truncated'
  /** The publisher's own file has a wrong CRC-32 inside: the CHECKSUM is right, the ZIP well-formed. */
  | 'bad-crc'
  /** The file is right, its CHECKSUM is of something else. */
  | 'wrong-checksum'
  /** The file is right, its CHECKSUM has the right digest and another file's name. */
  | 'misnamed-checksum'
  /** The file is right, its CHECKSUM is there and has no bytes. */
  | 'empty-checksum'
  /** The file is right, and there is no CHECKSUM beside it: neither served nor listed. */
  | 'no-checksum';

export interface HistorySpec {
  /** The same seed gives the same bytes. */
  readonly seed: number;
  readonly market: Market;
  readonly symbols: readonly SymbolSpec[];
  /** Where the emulator's clock starts. */
  readonly now: string;
  /** What the archive has folders for. Default `1m`. REST knows every interval from 1m to 1d. */
  readonly intervals?: readonly string[];
  /** No rows anywhere, REST included; the bar before closes early. */
  readonly halts?: readonly MinuteRange[];
  /** Rows whose open_time is off the minute by `shiftMs`. */
  readonly offGrid?: readonly (MinuteRange & { readonly shiftMs: number })[];
  /** Rows without a trade. */
  readonly quiet?: readonly MinuteRange[];
  /** How many more of a thousand minutes have no trade, at random. */
  readonly quietPerMille?: number;
  /** Rows that the archive lacks and REST has; in both cadences unless one is named. */
  readonly archiveGaps?: readonly (MinuteRange & { readonly cadence?: 'monthly' | 'daily' })[];
  /** How long after the end of its day, or month, a file comes. Default: 13:42 minutes; 1 day and 13:42 minutes. */
  readonly dailyDelayMs?: number;
  readonly monthlyDelayMs?: number;
  /** Monthly files that come at `until`, or not before `publish`. */
  readonly lateMonths?: readonly {
    readonly month: string;
    readonly until?: string;
    readonly symbols?: readonly string[];
  }[];
  /** Daily files that do not come before `publish`. */
  readonly missingDays?: readonly { readonly day: string; readonly symbols?: readonly string[] }[];
  /** Broken files, by period: `{ symbol: 'ETHUSDT', period: '2025-01', damage: 'flipped' }`. */
  readonly damaged?: readonly {
    readonly symbol: string;
    readonly period: string;
    readonly damage: Damage;
    /** Default: the first of `intervals`. */
    readonly interval?: string;
  }[];
}
