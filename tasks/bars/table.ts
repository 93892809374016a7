/**
 * Bars in memory: a column of doubles for each column of the file (docs/DATASET.md), and how rows are chosen
 * and ordered. It knows neither where rows come from nor what their values mean.
 */

import { takeDoubles } from '../lib/scratch.ts';

/** In the order of the file. Times are epoch milliseconds here, `source` is an index into `SOURCES`. */
export const COLUMNS = [
  'ts',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'close_time',
  'quote_volume',
  'trades',
  'taker_buy_base',
  'taker_buy_quote',
  'source',
  'flags',
] as const;

export type ColumnName = (typeof COLUMNS)[number];

export type Bars = { readonly rows: number } & Readonly<Record<ColumnName, Float64Array>>;

/** Where a row comes from; of two rows for one minute that are equally good, the earlier source is kept. */
export const SOURCES = ['monthly', 'daily', 'rest'] as const;

export type Source = (typeof SOURCES)[number];

/** What a bar says: two rows for one minute that agree in these are not in conflict. */
export const VALUES = COLUMNS.filter((name) => name !== 'ts' && name !== 'source' && name !== 'flags');

/** The value in a row; `NaN`, which compares with nothing, beyond the end. */
export function cell(column: Float64Array, row: number): number {
  return column[row] ?? Number.NaN;
}

/** Each cell is to be written. In one piece of memory: what is set aside and given back 13 times costs 13 times. */
export function newBars(rows: number): Bars {
  const all = takeDoubles(COLUMNS.length * rows);
  return fromColumns(rows, (_, index) => all.subarray(index * rows, (index + 1) * rows));
}

export function firstRows(bars: Bars, rows: number): Bars {
  return rows === bars.rows ? bars : fromColumns(rows, (name) => bars[name].subarray(0, rows));
}

/** The rows with these numbers, in this order. */
export function chosen(bars: Bars, rows: readonly number[]): Bars {
  return fromColumns(rows.length, (name) => Float64Array.from(rows, (row) => cell(bars[name], row)));
}

export function concat(first: Bars, second: Bars): Bars {
  return fromColumns(first.rows + second.rows, (name) => {
    const column = new Float64Array(first.rows + second.rows);
    column.set(first[name]);
    column.set(second[name], first.rows);
    return column;
  });
}

/** From columns in the order of `COLUMNS`. */
export function barsOf(columns: readonly Float64Array[]): Bars {
  const rows = columns[0]?.length ?? 0;
  return fromColumns(rows, (_, index) => columns[index] ?? new Float64Array(rows));
}

export function columnsOf(bars: Bars): readonly Float64Array[] {
  return COLUMNS.map((name) => bars[name]);
}

export function sameValues(bars: Bars, a: number, b: number): boolean {
  return VALUES.every((name) => cell(bars[name], a) === cell(bars[name], b));
}

export function isAscending({ ts }: Bars): boolean {
  for (let row = 1; row < ts.length; row++) if (cell(ts, row) <= cell(ts, row - 1)) return false;
  return true;
}

function fromColumns(rows: number, column: (name: ColumnName, index: number) => Float64Array): Bars {
  const at = (name: ColumnName): Float64Array => column(name, COLUMNS.indexOf(name));
  return {
    rows,
    ts: at('ts'),
    open: at('open'),
    high: at('high'),
    low: at('low'),
    close: at('close'),
    volume: at('volume'),
    close_time: at('close_time'),
    quote_volume: at('quote_volume'),
    trades: at('trades'),
    taker_buy_base: at('taker_buy_base'),
    taker_buy_quote: at('taker_buy_quote'),
    source: at('source'),
    flags: at('flags'),
  };
}
