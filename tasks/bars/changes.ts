/**
 * What a table of bars has otherwise than the one before it: counts, by bar. It knows neither files nor why they
 * differ.
 */
import { FLAG } from './rules.ts';
import type { Bars } from './table.ts';
import { cell, VALUES } from './table.ts';

/** Bars, by names that people read. One that has changed may have become final as well. */
export type Changes = {
  readonly rows_added: number;
  /** A value is another one, `source` and `flags` aside. */
  readonly rows_changed: number;
  readonly rows_removed: number;
  /** Provisional before, and not any more. */
  readonly rows_made_final: number;
};

/** Undefined where there are none. Both are ascending and unique by `ts`. */
export function changesBetween(before: Bars, after: Bars): Changes | undefined {
  let [added, changed, removed, final] = [0, 0, 0, 0];
  let old = 0;
  for (let row = 0; row < after.rows; row++) {
    const ts = cell(after.ts, row);
    for (; old < before.rows && cell(before.ts, old) < ts; old++) removed++;
    if (cell(before.ts, old) !== ts) {
      added++;
      continue;
    }
    if (VALUES.some((name) => cell(before[name], old) !== cell(after[name], row))) changed++;
    if (isProvisional(before, old) && !isProvisional(after, row)) final++;
    old++;
  }
  removed += before.rows - old;
  if (added + changed + removed + final === 0) return undefined;
  return { rows_added: added, rows_changed: changed, rows_removed: removed, rows_made_final: final };
}

function isProvisional(bars: Bars, row: number): boolean {
  return (cell(bars.flags, row) & FLAG.provisional) !== 0;
}
