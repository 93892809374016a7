/**
 * Holds the longer bars that can be made of ours against the publisher's own of that length, bar by bar. Sums may be
 * apart by the last place; what our bar lacks may explain that it says less. It knows neither files nor tables.
 */
import { barsWithin, countWithin } from '../bars/grid.ts';
import type { Bars } from '../bars/table.ts';
import { cell } from '../bars/table.ts';
import type { LongerBar } from '../features/longer.ts';
import { longerBars } from '../features/longer.ts';
import type { Grid } from './side.ts';

const PRICES = ['open', 'high', 'low', 'close'] as const;
const SUMS = ['volume', 'quote_volume', 'trades', 'taker_buy_base', 'taker_buy_quote'] as const;
const COMPARED = [...PRICES, ...SUMS] as const;

type Compared = (typeof COMPARED)[number];

/** A bar that differs is of one class. */
export const CLASSES = [
  /** We have no bar of the time. */
  'ours-missing',
  /** The publisher has none. */
  'publisher-missing',
  /** Ours lacks bars of the time, and nothing that it says contradicts that this is all. */
  'missing-bars',
  'prices',
  'sums',
  'prices-and-sums',
] as const;

export type Class = (typeof CLASSES)[number];

export interface LongerDifference {
  readonly ts: number;
  readonly of: Class;
  readonly column: Compared | 'bar';
  /** Of `bar`: 1 where it is there. */
  readonly ours: number;
  readonly publisher: number;
  /** What ours is made of, and what it is to be made of. */
  readonly bars: number;
  readonly expected: number;
}

export interface LongerComparison {
  readonly bars: {
    /** Of the grid of longer bars. */
    readonly expected: number;
    /** There in one of the two at least. */
    readonly compared: number;
    readonly agreeing: number;
    readonly missing_in_both: number;
  };
  readonly classes: Readonly<Record<Class, number>>;
  readonly columns: Readonly<Record<Compared, number>>;
}

/** `length` is a whole number of bars of `ours`. Bars that reach over an end of the span are left out. */
export function compareLonger(
  ours: Bars,
  publisher: Bars,
  { span, interval }: Grid,
  length: number,
  on: (difference: LongerDifference) => void,
): LongerComparison {
  const { first, beyond } = barsWithin(span, length);
  const made = new Map(longerBars(ours, length, beyond).map((bar) => [bar.ts, bar]));
  const theirs = new Map(Array.from(publisher.ts, (ts, row) => [ts, row]));
  const present = new Set(ours.ts);
  const expected = length / interval;
  const classes: Record<Class, number> = {
    'ours-missing': 0,
    'publisher-missing': 0,
    'missing-bars': 0,
    prices: 0,
    sums: 0,
    'prices-and-sums': 0,
  };
  const columns = noColumns();
  let [compared, agreeing, missingInBoth] = [0, 0, 0];

  for (let ts = first; ts < beyond; ts += length) {
    const bar = made.get(ts);
    const row = theirs.get(ts);
    if (bar === undefined && row === undefined) {
      missingInBoth++;
      continue;
    }
    compared++;
    if (bar === undefined || row === undefined) {
      const of = bar === undefined ? 'ours-missing' : 'publisher-missing';
      classes[of]++;
      const [mine, their] = bar === undefined ? [0, 1] : [1, 0];
      on({ ts, of, column: 'bar', ours: mine, publisher: their, bars: bar?.bars ?? 0, expected });
      continue;
    }
    const pair: Pair = {
      bar,
      their: (column) => cell(publisher[column], row),
      lacks: bar.bars < expected,
      lacksFirst: !present.has(ts),
      lacksLast: !present.has(ts + length - interval),
    };
    const differing = COMPARED.filter((column) => differs(column, bar[column], pair.their(column)));
    if (differing.length === 0) {
      agreeing++;
      continue;
    }
    const of = classOf(pair, differing);
    classes[of]++;
    for (const column of differing) {
      columns[column]++;
      on({ ts, of, column, ours: bar[column], publisher: pair.their(column), bars: bar.bars, expected });
    }
  }
  const bars = { expected: countWithin(span, length), compared, agreeing, missing_in_both: missingInBoth };
  return { bars, classes, columns };
}

interface Pair {
  readonly bar: LongerBar;
  readonly their: (column: Compared) => number;
  readonly lacks: boolean;
  readonly lacksFirst: boolean;
  readonly lacksLast: boolean;
}

function classOf(pair: Pair, differing: readonly Compared[]): Class {
  if (pair.lacks && differing.every((column) => explained(column, pair))) return 'missing-bars';
  const prices = differing.some((column) => isPrice(column));
  const sums = differing.some((column) => !isPrice(column));
  return prices && sums ? 'prices-and-sums' : prices ? 'prices' : 'sums';
}

/** Whether what is missing from ours can be why it says something else. */
function explained(column: Compared, { bar, their, lacksFirst, lacksLast }: Pair): boolean {
  switch (column) {
    case 'open':
      return lacksFirst;
    case 'close':
      return lacksLast;
    case 'low':
      return bar.low > their('low');
    default:
      return bar[column] < their(column);
  }
}

function isPrice(column: Compared): boolean {
  return PRICES.some((price) => price === column);
}

function differs(column: Compared, ours: number, publisher: number): boolean {
  if (column === 'trades' || isPrice(column)) return ours !== publisher;
  return !(Math.abs(ours - publisher) <= toleranceOf(publisher));
}

/** Amounts have 8 decimals (docs/DOMAIN.md §1). */
const LAST_PLACE = 1e-8;

/**
 * One of the last place, as where each bar of the publisher's is rounded by itself. Beyond some 90 million the places of
 * a double are coarser: there the bars of a sum have each lost up to half of theirs, and both sums as much again.
 */
function toleranceOf(amount: number): number {
  return LAST_PLACE + 2 * Number.EPSILON * Math.abs(amount);
}

function noColumns(): Record<Compared, number> {
  return {
    open: 0,
    high: 0,
    low: 0,
    close: 0,
    volume: 0,
    quote_volume: 0,
    trades: 0,
    taker_buy_base: 0,
    taker_buy_quote: 0,
  };
}
