/** Rows for tests of bars: klines from fields, and tables back to plain rows. It knows no files. */
import type { Klines } from '../../../tasks/bars/kline-csv.ts';
import { STRIDE } from '../../../tasks/bars/kline-csv.ts';
import type { TimeUnit } from '../../../tasks/bars/kline-row.ts';
import type { Bars, ColumnName } from '../../../tasks/bars/table.ts';
import { cell } from '../../../tasks/bars/table.ts';

/** A row as a file has it. */
export interface RawRow {
  readonly openTime: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly closeTime: number;
  readonly quote: number;
  readonly trades: number;
  readonly takerBase: number;
  readonly takerQuote: number;
}

/** A bar of one minute that breaks no rule. */
export function bar(openTime: number, changes: Partial<RawRow> = {}): RawRow {
  return {
    openTime,
    open: 100,
    high: 110,
    low: 90,
    close: 105,
    volume: 2,
    closeTime: openTime + 59_999,
    quote: 200,
    trades: 3,
    takerBase: 1,
    takerQuote: 100,
    ...changes,
  };
}

export function klinesOf(rows: readonly RawRow[], unit: TimeUnit = 'ms'): Klines {
  const values = new Float64Array(rows.length * STRIDE);
  for (const [index, r] of rows.entries()) {
    const fields = [
      r.openTime,
      r.open,
      r.high,
      r.low,
      r.close,
      r.volume,
      r.closeTime,
      r.quote,
      r.trades,
      r.takerBase,
    ];
    values.set([...fields, r.takerQuote, 0], index * STRIDE);
  }
  return { rows: rows.length, unit, values };
}

export function csvOf(rows: readonly RawRow[]): string {
  const { values } = klinesOf(rows);
  let text = '';
  for (let at = 0; at < values.length; at += STRIDE)
    text += `${values.subarray(at, at + STRIDE).join(',')}\n`;
  return text;
}

/** As REST sends it: numbers as strings, times and the count apart. */
export function restRow(r: RawRow): readonly (number | string)[] {
  const text = (value: number): string => value.toFixed(8);
  const prices = [r.open, r.high, r.low, r.close, r.volume].map(text);
  return [
    r.openTime,
    ...prices,
    r.closeTime,
    text(r.quote),
    r.trades,
    text(r.takerBase),
    text(r.takerQuote),
    '0',
  ];
}

export function rowsOf(bars: Bars): readonly Readonly<Record<ColumnName, number>>[] {
  return Array.from({ length: bars.rows }, (_, row) => {
    const value = (name: ColumnName): number => cell(bars[name], row);
    return {
      ts: value('ts'),
      open: value('open'),
      high: value('high'),
      low: value('low'),
      close: value('close'),
      volume: value('volume'),
      close_time: value('close_time'),
      quote_volume: value('quote_volume'),
      trades: value('trades'),
      taker_buy_base: value('taker_buy_base'),
      taker_buy_quote: value('taker_buy_quote'),
      source: value('source'),
      flags: value('flags'),
    };
  });
}
