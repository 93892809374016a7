/**
 * Days and months in UTC, and the archive's keys (docs/DOMAIN.md §1): how a key is spelt and which stretch of
 * time its file covers. It knows no rows and no publication times.
 */

export const MINUTE = 60_000;
export const DAY = 86_400_000;

export type Market = 'spot' | 'um' | 'cm';
export type Cadence = 'monthly' | 'daily';

/** Epoch milliseconds, `start` inclusive, `end` exclusive. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

export interface KeyParts {
  readonly market: Market;
  readonly cadence: Cadence;
  readonly symbol: string;
  readonly interval: string;
  /** `2025-01` or `2025-01-31`. */
  readonly period: string;
}

const FOLDERS: Readonly<Record<Market, string>> = { spot: 'spot', um: 'futures/um', cm: 'futures/cm' };
const KEY =
  /^data\/(spot|futures\/um|futures\/cm)\/(monthly|daily)\/klines\/([^/]+)\/([^/]+)\/([^/]+)-([^/-]+)-(\d{4}-\d{2}(?:-\d{2})?)\.zip$/;

/** The folder of a symbol's files, with its final slash. */
export function folderOf(parts: Omit<KeyParts, 'period'>): string {
  return `data/${FOLDERS[parts.market]}/${parts.cadence}/klines/${parts.symbol}/${parts.interval}/`;
}

export function keyOf(parts: KeyParts): string {
  return `${folderOf(parts)}${parts.symbol}-${parts.interval}-${parts.period}.zip`;
}

/** What a key says, or undefined where the text is no key of a kline ZIP. */
export function partsOf(key: string): KeyParts | undefined {
  const [, folder, cadence, symbol, interval, , , period] = KEY.exec(key) ?? [];
  const market = folder === 'spot' ? 'spot' : folder === 'futures/um' ? 'um' : 'cm';
  if (symbol === undefined || interval === undefined || period === undefined) return undefined;
  const parts: KeyParts = {
    market,
    cadence: cadence === 'monthly' ? 'monthly' : 'daily',
    symbol,
    interval,
    period,
  };
  const fits = (parts.cadence === 'monthly') === (period.length === 7) && stretchOf(period) !== undefined;
  return fits && keyOf(parts) === key ? parts : undefined;
}

/** What `2025-01` or `2025-01-31` covers, or undefined where there is no such month or day. */
export function stretchOf(period: string): Stretch | undefined {
  const month = period.length === 7;
  const start = Date.parse(month ? `${period}-01T00:00:00Z` : `${period}T00:00:00Z`);
  if (Number.isNaN(start) || !new Date(start).toISOString().startsWith(period)) return undefined;
  return { start, end: month ? nextMonth(start) : start + DAY };
}

export function monthOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 7);
}

export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** The first instant of the month after the one that holds `ms`. */
export function nextMonth(ms: number): number {
  const date = new Date(ms);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

/** Every month or day that shares an instant with the stretch, ascending. */
export function periodsIn(cadence: Cadence, stretch: Stretch): readonly string[] {
  const periods: string[] = [];
  if (cadence === 'daily') {
    for (let day = Math.floor(stretch.start / DAY) * DAY; day < stretch.end; day += DAY)
      periods.push(dayOf(day));
    return periods;
  }
  for (let at = stretch.start; at < stretch.end; at = nextMonth(at)) periods.push(monthOf(at));
  return periods;
}
