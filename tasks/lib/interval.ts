/**
 * Lengths of klines as Binance spells them. Intervals up to a day divide the day, so that every month is whole;
 * the longer ones straddle months and are refused. It knows neither files nor time zones.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const LENGTHS: Readonly<Record<string, number>> = {
  '1s': SECOND, // spot only
  '1m': MINUTE,
  '3m': 3 * MINUTE,
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  '30m': 30 * MINUTE,
  '1h': HOUR,
  '2h': 2 * HOUR,
  '4h': 4 * HOUR,
  '6h': 6 * HOUR,
  '8h': 8 * HOUR,
  '12h': 12 * HOUR,
  '1d': 24 * HOUR,
};

/** `1mo` is the archive's spelling of REST's `1M` (docs/DOMAIN.md §1). */
const STRADDLING: Readonly<Record<string, string>> = {
  '3d': 'three days',
  '1w': 'a week',
  '1mo': 'a month',
  '1M': 'a month',
};

/** Shortest first. */
export const INTERVALS: readonly string[] = Object.keys(LENGTHS);

/** Milliseconds, or undefined where the text is none of `INTERVALS`. */
export function intervalMs(interval: string): number | undefined {
  return Object.hasOwn(LENGTHS, interval) ? LENGTHS[interval] : undefined;
}

/** Why an interval is refused, or undefined where it is one of `INTERVALS`. */
export function refusedInterval(text: string): string | undefined {
  if (intervalMs(text) !== undefined) return undefined;
  const expected = `expected one of ${INTERVALS.join(', ')}`;
  if (!Object.hasOwn(STRADDLING, text)) return `"${text}" is no interval of klines: ${expected}`;
  return `bars of ${STRADDLING[text]} ("${text}") straddle months, and a month is what is built at a time: ${expected}`;
}

/** Why longer bars cannot be made of those of an interval, or undefined where they are a whole number of them. */
export function unevenly(interval: string, longer: string): string | undefined {
  const [bar, length] = [intervalMs(interval) ?? 1, intervalMs(longer)];
  if (length === undefined) return refusedInterval(longer);
  return length % bar === 0 ? undefined : `bars of ${longer} cannot be made of bars of ${interval}`;
}
