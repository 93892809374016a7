/**
 * From when on a symbol counts as listed, and until when. The archive has no such dates: they are told by the first
 * file that the archive lists and the first bar in it, and by the last bar before months that are gone for good
 * (docs/DOMAIN.md §2). It knows no causes other than these two.
 */
import type { Span } from '../../src/engine/task.ts';
import { spanOf } from '../binance/time-keys.ts';
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
  const gone = months.findIndex((month) => month.kind === 'absent' && saysReason(month.reason, 'delisted'));
  const last = gone < 1 ? undefined : months[gone - 1];
  return last?.kind === 'present'
    ? (last.summary.last_ts ?? Number.POSITIVE_INFINITY)
    : Number.POSITIVE_INFINITY;
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
