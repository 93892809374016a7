/**
 * Monthly files of 1m bars as the emulator invents them, for measurements that need bytes like the publisher's. The
 * same number gives the same files.
 */
import { keyOf } from '../tasks/binance/emulator/calendar.ts';
import { startEmulator } from '../tasks/binance/emulator/emulator.ts';
import { defineHistory } from '../tasks/binance/emulator/history.ts';
import type { HistorySpec } from '../tasks/binance/emulator/history-spec.ts';
import { synthetic } from '../tasks/binance/emulator/synthetic.ts';

/** More months are those of further symbols. */
const MOST_MONTHS = 48;
/** After the months that `binance.prefer_daily` takes from their 30 daily files. */
const FIRST_YEAR = 2022;

export interface Series {
  readonly symbols: readonly string[];
  /** Of each symbol. */
  readonly months: readonly string[];
  readonly start: string;
  readonly end: string;
}

/** At least `count` months, as many of each symbol. */
export function seriesOf(count: number): Series {
  const symbols = Math.ceil(count / MOST_MONTHS);
  return seriesFor(symbols, Math.ceil(count / symbols));
}

export function seriesFor(symbols: number, each: number): Series {
  const end = new Date(Date.UTC(FIRST_YEAR, each, 1) - 60_000);
  return {
    symbols: Array.from({ length: symbols }, (_, at) => `BENCH${at}USDT`),
    months: Array.from({ length: each }, (_, at) =>
      new Date(Date.UTC(FIRST_YEAR, at, 1)).toISOString().slice(0, 7),
    ),
    start: `${FIRST_YEAR}-01-01T00:00:00Z`,
    end: end.toISOString().replace('.000', ''),
  };
}

export function monthZip({ symbols, months, ...span }: Series): {
  readonly name: string;
  readonly bytes: Buffer;
} {
  const [symbol] = symbols;
  const [month] = months;
  const name = `${symbol}-1m-${month}.zip`;
  const source = synthetic(defineHistory(historyOf({ symbols, months, ...span })));
  return { name, bytes: source.bytes(`data/spot/monthly/klines/${symbol}/1m/${name}`) };
}

/** Every monthly file at its key. */
export function zipsOf(series: Series): ReadonlyMap<string, Buffer> {
  const source = synthetic(defineHistory(historyOf(series)));
  return new Map(
    series.symbols.flatMap((symbol) =>
      series.months.map((month) => {
        const key = keyOf({ market: 'spot', cadence: 'monthly', symbol, interval: '1m', period: month });
        return [key, source.bytes(key)] as const;
      }),
    ),
  );
}

export function startSeries(series: Series): ReturnType<typeof startEmulator> {
  return startEmulator({ history: historyOf(series) });
}

function historyOf({ symbols, start, end }: Series): HistorySpec {
  return {
    seed: 11,
    market: 'spot',
    // The last monthly file has come.
    now: new Date(Date.parse(end) + 5 * 86_400_000).toISOString(),
    symbols: symbols.map((name, at) => ({ name, listed: start, ticks: 4_300_000 + at * 1_000 })),
  };
}
