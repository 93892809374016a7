/**
 * Puts rows from REST where the staged table has none. Where it has one, the staged row stays and the other is
 * counted. It knows neither files nor requests.
 */
import { collect } from './collect.ts';
import type { Klines } from './kline-csv.ts';
import type { MonthOf } from './params.ts';
import type { RuleContext } from './rules.ts';
import { applyRules } from './rules.ts';
import type { Bars } from './table.ts';
import { cell, chosen, concat, sameValues } from './table.ts';

export interface Merged {
  readonly bars: Bars;
  /** Rows that REST contributed. */
  readonly filled: number;
  /** Of the rows of REST; see `Collected`. */
  readonly duplicates: number;
  readonly conflicts: number;
  readonly outside: number;
  readonly outOfOrder: number;
}

/** `staged` is ascending and unique by `ts`, as the task before left it. */
export function fillFrom(
  staged: Bars,
  rest: Klines,
  { span, interval }: MonthOf,
  rules: RuleContext,
): Merged {
  const answer = collect([{ source: 'rest', klines: rest }], span, interval);
  applyRules(answer.bars, rules);
  if (answer.bars.rows === 0) return { ...answer, bars: staged, filled: 0 };

  const both = concat(staged, answer.bars);
  const rows = Array.from(staged.ts, (_, row) => row);
  const present = new Map(Array.from(staged.ts, (ts, row) => [ts, row]));
  let { duplicates, conflicts } = answer;
  for (let row = staged.rows; row < both.rows; row++) {
    const rival = present.get(cell(both.ts, row));
    if (rival === undefined) rows.push(row);
    else {
      duplicates++;
      if (!sameValues(both, rival, row)) conflicts++;
    }
  }
  const filled = rows.length - staged.rows;
  rows.sort((a, b) => cell(both.ts, a) - cell(both.ts, b));
  return { ...answer, bars: chosen(both, rows), filled, duplicates, conflicts };
}
