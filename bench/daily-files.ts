/**
 * A history of 1h bars for the measurement of daily updates: which months and days it has, and a ZIP of each. Made
 * beforehand and cheaply: what is measured does not depend on what stands in them.
 */
import { DAY, dayOf, keyOf, monthOf, nextMonth, stretchOf } from '../tasks/binance/emulator/calendar.ts';
import { zipOf } from '../tasks/binance/emulator/zip.ts';

export const INTERVAL = '1h';
const HOUR = 3_600_000;

/** So many symbols, each with so many years behind it. */
export interface Extent {
  readonly symbols: number;
  readonly years: number;
}

export interface History {
  readonly symbols: readonly string[];
  readonly start: string;
  /** Each has a monthly file. */
  readonly months: readonly string[];
  /** Up to the first update: those of the months, which are listed and do not serve, and those of the open month. */
  readonly days: readonly string[];
  /** One update each. */
  readonly updates: readonly string[];
}

/** The open month begins here; before the first update it has as many days as make the update no special one. */
const OPEN = Date.UTC(2024, 5, 1);
const DAYS_BEFORE = 15;

export function historyOf({ symbols, years }: Extent, updates: number): History {
  const from = Date.UTC(2024 - years, 6, 1);
  const first = OPEN + DAYS_BEFORE * DAY;
  const months: string[] = [];
  for (let at = from; at < OPEN; at = nextMonth(at)) months.push(monthOf(at));
  return {
    symbols: Array.from({ length: symbols }, (_, at) => `BENCH${at}USDT`),
    start: instant(from),
    months,
    days: daysIn(from, first),
    updates: daysIn(first, Math.min(first + updates * DAY, nextMonth(OPEN))),
  };
}

/** The last minute of the day. */
export function endOf(day: string | undefined): string {
  return `${day}T23:59:00Z`;
}

/** The files of the archive up to the first update. Of the days that do not serve all share one: nobody reads them. */
export function filesOf({ symbols, months, days }: History): ReadonlyMap<string, Buffer> {
  const unread = zipOfHours('ANY', months[0] ?? '');
  const open = monthOf(OPEN);
  return new Map(
    symbols.flatMap((symbol) => [
      ...months.map((month) => [keyIn(symbol, month), zipOfHours(symbol, month)] as const),
      ...days.map(
        (day) => [keyIn(symbol, day), day.startsWith(open) ? zipOfHours(symbol, day) : unread] as const,
      ),
    ]),
  );
}

export function keyIn(symbol: string, period: string): string {
  const cadence = period.length === 7 ? 'monthly' : 'daily';
  return keyOf({ market: 'spot', cadence, symbol, interval: INTERVAL, period });
}

export function zipOfHours(symbol: string, period: string): Buffer {
  const span = stretchOf(period);
  if (span === undefined) throw new Error(`"${period}" is neither a month nor a day`);
  const rows: string[] = [];
  for (let ts = span.start; ts < span.end; ts += HOUR) {
    const price = 43_000 + Math.sin(ts / (DAY * 10)) * 9_000 + Math.sin(ts / HOUR) * 70;
    const [open, high, low, close] = [price, price + 60, price - 60, price + 25].map((each) =>
      each.toFixed(2),
    );
    const [volume, quote] = [200, 200 * price].map((each) => each.toFixed(5));
    const [base, bought] = [90, 90 * price].map((each) => each.toFixed(5));
    rows.push(
      `${ts},${open},${high},${low},${close},${volume},${ts + HOUR - 1},${quote},9000,${base},${bought},0\n`,
    );
  }
  return zipOf(`${symbol}-${INTERVAL}-${period}.csv`, rows.join(''), span.end + HOUR);
}

function daysIn(from: number, to: number): readonly string[] {
  return Array.from({ length: Math.round((to - from) / DAY) }, (_, at) => dayOf(from + at * DAY));
}

function instant(ms: number): string {
  return new Date(ms).toISOString().replace('.000', '');
}
