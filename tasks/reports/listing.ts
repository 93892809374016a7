/**
 * From when on a symbol counts as listed, and until when. The archive has no such dates: they are told by the first
 * file that the archive lists and the first bar in it, and by the last bar before months that are gone for good
 * (docs/DOMAIN.md §2). It knows no causes other than these two.
 */
import type { Span } from '../../src/engine/task.ts';
import { spanOf } from '../binance/time-keys.ts';
import { without } from '../lib/ranges.ts';
import { servedIn } from './lacking.ts';
import type { MonthFacts, SymbolFacts } from './months.ts';
import { saysReason } from './months.ts';

/**
 * Bars that open before this moment are missing because nothing was listed yet; minus infinity where nothing is
 * known. What is not proven stays unexcused:
 * - The first bar counts only where it lies in the first file's span or before it. If the file's month failed,
 *   is absent or is empty, then the symbol was listed when the span begins, and the hole that follows is one.
 * - If the span began before the partition and rows outside the partition were cut, then the symbol may have
 *   been trading before the configured start, and a hole right after it is one as well.
 */
export function listedSince({ firstFile, months }: Pick<SymbolFacts, 'firstFile' | 'months'>): number {
  if (firstFile === null) return Number.NEGATIVE_INFINITY;
  const span = spanOfFile(firstFile);
  const earliest = months.find((month) => firstBar(month) !== null);
  if (earliest?.kind !== 'present') return span.start;
  const bar = firstBar(earliest);
  if (bar === null || bar >= span.end) return span.start;
  const cutBefore = span.start < earliest.span.start && earliest.summary.outside > 0;
  return cutBefore ? span.start : bar;
}

/**
 * Bars that open after this moment are missing because the symbol is traded no more; infinity where that is not known.
 * It takes a month that is gone (`delisted`), and bars in the one right before it.
 */
export function listedUntil({ months }: Pick<SymbolFacts, 'months'>): number {
  return lastSeen(months)?.summary.last_ts ?? Number.POSITIVE_INFINITY;
}

/**
 * That no file has come for long says that a symbol is gone only where it was not traded on after its last file: where
 * REST has bars from then, and does not say that they end, files that were to come are not there, and months without
 * any are not published.
 */
export function withoutRefuted(months: readonly MonthFacts[], step: number): readonly MonthFacts[] {
  const seen = lastSeen(months);
  if (seen === undefined) return months;
  const { last_ts, sources } = seen.summary;
  const lastOfFiles = servedIn(seen.summary, step).at(-1)?.last ?? Number.NEGATIVE_INFINITY;
  const goesOn = sources.rest > 0 && last_ts !== null && last_ts > lastOfFiles;
  if (!goesOn || isConfirmedGone(months, step)) return months;
  return months.map((month) => (isGone(month) ? { ...month, reason: 'not-published' } : month));
}

/** Whether REST has said of all bars after the last one, in its month, that there are none. */
export function isConfirmedGone(months: readonly MonthFacts[], step: number): boolean {
  const summary = lastSeen(months)?.summary;
  const tail = summary?.gaps.at(-1);
  if (summary === undefined || tail === undefined || tail.first <= (summary.last_ts ?? tail.first))
    return false;
  const empty = [...summary.empty_at_source, ...summary.unknown_symbol].sort((a, b) => a.first - b.first);
  return without([tail], empty, step).length === 0;
}

/** The month with bars right before those that are gone. */
function lastSeen(months: readonly MonthFacts[]): (MonthFacts & { kind: 'present' }) | undefined {
  const gone = months.findIndex(isGone);
  const last = gone < 1 ? undefined : months[gone - 1];
  return last?.kind === 'present' ? last : undefined;
}

function isGone(month: MonthFacts): month is MonthFacts & { kind: 'absent' } {
  return month.kind === 'absent' && saysReason(month.reason, 'delisted');
}

function spanOfFile(key: string): Span {
  const span = spanOf(key);
  if (span !== undefined) return span;
  throw new Error(
    `"${key}" is no key of a listed file: expected a month such as 2017-08 or a day such as 2017-08-17`,
  );
}

function firstBar(month: MonthFacts): number | null {
  return month.kind === 'present' ? month.summary.first_ts : null;
}
