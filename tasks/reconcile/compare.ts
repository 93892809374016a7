/**
 * Holds two or three sources of the same bars against each other, bar by bar: which of them lack a bar, in which
 * columns they differ, and which one is alone with what it says. A bar counts for a source only where that source could
 * have it. It knows neither files nor tables.
 */
import { barsWithin, countWithin } from '../bars/grid.ts';
import type { Source } from '../bars/table.ts';
import { cell } from '../bars/table.ts';
import type { Grid, Side } from './side.ts';

/** What rows say, in the order of the archive's columns. */
const COMPARED = [
  'open_time',
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
] as const;

export type Compared = (typeof COMPARED)[number];

/** `bar`: whether it is there. `duplicates` and `order` count rows of it. */
export type DifferingColumn = Compared | 'bar' | 'duplicates' | 'order';

/** What each source says of one column of one bar; undefined where it says nothing. */
export interface Difference {
  readonly ts: number;
  readonly column: DifferingColumn;
  readonly said: Readonly<Partial<Record<Source, number>>>;
}

type BySource = Readonly<Record<Source, number>>;

/** Bars whose values differ. */
export interface Disagreement {
  readonly bars: number;
  /** Two of three agree, and this one does not. */
  readonly alone: BySource;
  /** All three say something else. */
  readonly none_agree: number;
  /** Only two have the bar: which of them is right cannot be told. */
  readonly of_two: number;
}

export interface Comparison {
  readonly bars: {
    /** Of the grid. */
    readonly expected: number;
    /** Those that two sources or more could have, and one has. */
    readonly compared: number;
    /** Of the compared: there in each of these sources, with the same values. */
    readonly agreeing: number;
    /** Those that two sources or more could have, and none has. */
    readonly missing_in_all: number;
  };
  readonly missing: BySource;
  readonly values: Disagreement & { readonly columns: Readonly<Record<Compared, number>> };
  /** Nothing differs but `close_time`, as next to an outage (docs/DOMAIN.md §2). */
  readonly close_time_only: Disagreement;
  /** Rows beyond the first of their bar, whatever other sources have. */
  readonly duplicates: BySource;
  /** Rows that open before the one above them. */
  readonly order: BySource;
}

/** A side at one bar; without a row it could have one and has none, or could not have any. */
interface Here {
  readonly side: Side;
  readonly row: number | undefined;
  readonly able: boolean;
}

interface There extends Here {
  readonly row: number;
}

/** `on` is told of every difference, ascending by time, then in the order of the columns. */
export function compare(
  sides: readonly Side[],
  { span, interval }: Grid,
  on: (difference: Difference) => void,
): Comparison {
  const { first, beyond } = barsWithin(span, interval);
  const looks = sides.map((side) => looker(side, first, beyond, interval));
  const [missing, duplicates, order] = [zeros(), zeros(), zeros()];
  const values = { ...tally(), columns: noColumns() };
  const closeTimeOnly = tally();
  let [compared, agreeing, missingInAll] = [0, 0, 0];

  for (let ts = first; ts < beyond; ts += interval) {
    const all = looks.map((look) => look(ts));
    const able = all.filter((here) => here.able);
    const present = able.filter(isThere);
    if (able.length > 1 && present.length === 0) missingInAll++;
    if (able.length > 1 && present.length > 0) {
      compared++;
      const lacking = able.filter((here) => !isThere(here));
      for (const { side } of lacking) missing[side.source]++;
      if (lacking.length > 0) on({ ts, column: 'bar', said: said(able, (here) => (isThere(here) ? 1 : 0)) });

      const differing = COMPARED.filter((column) => !agree(present, [column]));
      for (const column of differing) on({ ts, column, said: said(present, (here) => saidBy(here, column)) });
      const telling = differing.filter((column) => column !== 'close_time');
      if (telling.length > 0) {
        count(values, present, telling);
        for (const column of differing) values.columns[column]++;
      } else if (differing.length > 0) count(closeTimeOnly, present, differing);
      if (lacking.length === 0 && differing.length === 0) agreeing++;
    }
    const repeated = ({ side, row }: Here): number => side.repeated.get(ts) ?? (row === undefined ? 0 : 1);
    if (all.some(({ side }) => side.repeated.has(ts))) {
      for (const here of all) duplicates[here.side.source] += Math.max(0, repeated(here) - 1);
      on({ ts, column: 'duplicates', said: said(all, repeated) });
    }
    const outOfOrder = ({ side }: Here): number => side.outOfOrder.get(ts) ?? 0;
    if (all.some(({ side }) => side.outOfOrder.has(ts))) {
      for (const here of all) order[here.side.source] += outOfOrder(here);
      on({ ts, column: 'order', said: said(all, outOfOrder) });
    }
  }
  const expected = countWithin(span, interval);
  return {
    bars: { expected, compared, agreeing, missing_in_all: missingInAll },
    missing,
    values,
    close_time_only: closeTimeOnly,
    duplicates,
    order,
  };
}

function looker(side: Side, first: number, beyond: number, interval: number): (ts: number) => Here {
  const rows = new Map(Array.from(side.bars.ts, (ts, row) => [ts, row]));
  const covered = new Uint8Array((beyond - first) / interval);
  for (const range of side.covers)
    covered.fill(1, (range.first - first) / interval, (range.last - first) / interval + 1);
  return (ts) => {
    const row = rows.get(ts);
    return { side, row, able: row !== undefined || covered[(ts - first) / interval] === 1 };
  };
}

function isThere(here: Here): here is There {
  return here.row !== undefined;
}

function saidBy({ side: { bars, openTime }, row }: There, column: Compared): number {
  return cell(column === 'open_time' ? openTime : bars[column], row);
}

function agree([one, ...others]: readonly There[], columns: readonly Compared[]): boolean {
  if (one === undefined) return true;
  return columns.every((column) => others.every((other) => saidBy(other, column) === saidBy(one, column)));
}

interface Tally {
  bars: number;
  readonly alone: Record<Source, number>;
  none_agree: number;
  of_two: number;
}

/** `columns` are those that tell the sources apart. */
function count(tally: Tally, present: readonly There[], columns: readonly Compared[]): void {
  tally.bars++;
  if (present.length < 3) {
    tally.of_two++;
    return;
  }
  const alone = present.find((one) =>
    agree(
      present.filter((other) => other !== one),
      columns,
    ),
  );
  if (alone === undefined) tally.none_agree++;
  else tally.alone[alone.side.source]++;
}

function said<H extends Here>(some: readonly H[], of: (here: H) => number): Difference['said'] {
  return Object.fromEntries(some.map((here) => [here.side.source, of(here)]));
}

function zeros(): Record<Source, number> {
  return { monthly: 0, daily: 0, rest: 0 };
}

function tally(): Tally {
  return { bars: 0, alone: zeros(), none_agree: 0, of_two: 0 };
}

function noColumns(): Record<Compared, number> {
  return {
    open_time: 0,
    open: 0,
    high: 0,
    low: 0,
    close: 0,
    volume: 0,
    close_time: 0,
    quote_volume: 0,
    trades: 0,
    taker_buy_base: 0,
    taker_buy_quote: 0,
  };
}
