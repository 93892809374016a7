/**
 * What a listing has no longer that an earlier one had. Files missing from its midst are made up for by others, or by
 * REST; months missing at its ends would count as not listed yet, or as delisted, and nobody would look for them again.
 * Pure: it knows neither addresses nor what is done about it.
 */
import { byCodeUnit } from '../../src/engine/task.ts';
import { DELISTED_AFTER_MS } from './choose.ts';
import type { Known } from './listing-file.ts';
import { monthOfKey, spanOf } from './time-keys.ts';

interface Loss {
  /** The months and days whose files are gone, in order. */
  readonly files: readonly string[];
  /** The months of which no file is left, and which would be taken for times without trade. */
  readonly months: readonly string[];
}

/** `now`: epoch milliseconds. */
export function lossSince(previous: Known, known: Known, now: number): Loss {
  const left = new Set(keysOf(known));
  const files = keysOf(previous).filter((key) => !left.has(key));
  const months = new Set([...left].map(monthOfKey));
  const first = [...months].sort(byCodeUnit)[0] ?? '';
  const end = Math.max(...[...left].map((key) => spanOf(key)?.end ?? 0));
  const gone = [...new Set(files.map(monthOfKey))].filter((month) => !months.has(month));
  const isBefore = (month: string): boolean => byCodeUnit(month, first) < 0;
  const isAfter = (month: string): boolean =>
    end + DELISTED_AFTER_MS < now && (spanOf(month)?.start ?? 0) >= end;
  return { files, months: gone.filter((month) => isBefore(month) || isAfter(month)) };
}

function keysOf({ monthly, daily }: Known): readonly string[] {
  return [...Object.keys(monthly), ...Object.keys(daily)].sort(byCodeUnit);
}
