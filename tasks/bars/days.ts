/**
 * A month of bars day by day (UTC), for charts: the last close, and what was traded. It knows no grid: a day with
 * holes is told by the bars that it has.
 */
import type { Day } from './documents.ts';
import type { Bars } from './table.ts';
import { cell } from './table.ts';

const DAY = 86_400_000;

/** Sums of doubles end in digits that mean nothing: so many are kept. */
const DIGITS = 12;

export function daysOf({ rows, ts, close, quote_volume }: Bars): readonly Day[] {
  const days: Day[] = [];
  let traded = 0;
  for (let row = 0; row < rows; row++) {
    const day = Math.floor(cell(ts, row) / DAY);
    traded += cell(quote_volume, row);
    if (row + 1 < rows && Math.floor(cell(ts, row + 1) / DAY) === day) continue;
    days.push([
      new Date(day * DAY).toISOString().slice(0, 10),
      cell(close, row),
      Number(traded.toPrecision(DIGITS)),
    ]);
    traded = 0;
  }
  return days;
}
