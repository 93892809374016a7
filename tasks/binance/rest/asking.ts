/**
 * What is to be asked for, and how an answer is to be read: which bars go into one question, which are closed, which
 * are proven not to be there, and when they are asked for again. Pure: the clock is an argument.
 */
import { floorTo } from '../../bars/grid.ts';
import type { RestRow } from '../../bars/rest-rows.ts';
import type { Range } from '../../lib/ranges.ts';
import { common, countIn } from '../../lib/ranges.ts';
import type { Answer } from './answer-file.ts';
import { barOf } from './answer-file.ts';

/** Rows of one answer (docs/DOMAIN.md §3). */
export const PAGE = 1_000;
/** How long the span of a question may be on COIN-M; no month is as long. */
const LONGEST_SPAN = 200 * 86_400_000;
/**
 * A row is taken for final only so long after its bar has closed: its last trades may come late (docs/DOMAIN.md §3), and
 * what is stored is never asked for again.
 */
const FINAL_AFTER = 15_000;
/** A bar without a row is missing only once it is so old: before, it may still be on its way. */
const SETTLED_AFTER = 5 * 60_000;
/** Of the time until bars are asked for again: so much earlier is not too early. */
const EARLY = 0.01;

/** The bars that are closed and final, by the exchange's time at the least. */
export function closedPart(ranges: readonly Range[], serverNow: number, step: number): readonly Range[] {
  const last = floorTo(step, serverNow - FINAL_AFTER) - step;
  return common(ranges, [{ first: Number.NEGATIVE_INFINITY, last }]);
}

/** The last bar of which it is proven that it is not there, when there is nothing of it. */
export function settledThrough(serverNow: number, step: number): number {
  return floorTo(step, serverNow - SETTLED_AFTER) - step;
}

/** Neighbours go into one question as long as one answer can hold all the bars from the first to the last. */
export function questions(ranges: readonly Range[], step: number): readonly Range[] {
  const asked: Range[] = [];
  for (const { first, last } of ranges) {
    const previous = asked.at(-1);
    const both = previous && { first: previous.first, last };
    if (both !== undefined && countIn(both, step) <= PAGE) asked[asked.length - 1] = both;
    else asked.push({ first, last });
  }
  return asked;
}

/**
 * The times to ask for, both included, so that rows come of the bars from `first` on: one off the grid opens after its
 * bar (docs/DOMAIN.md §2).
 */
export function spanOf({ first, last }: Range, step: number): { startTime: number; endTime: number } {
  return { startTime: first, endTime: Math.min(last + step, first + LONGEST_SPAN) - 1 };
}

/** What is known once a page has come: `next` is the bar to ask for next, undefined where that is all. */
export interface PageRead {
  readonly rows: readonly RestRow[];
  readonly next: number | undefined;
  /** The last bar that has been answered for certain; the one before `first` where there is none. */
  readonly through: number;
}

/**
 * Reads a page of rows from `first` on, which ascend. `serverNow` is the exchange's time when it was asked, at the
 * earliest: a bar that was open then, or hardly closed, is left out. It is the opening that tells: by it the rows that
 * are left out are the last ones, and a page that has such rows is the last one.
 */
export function readPage(
  { first, last }: Range,
  page: readonly RestRow[],
  serverNow: number,
  step: number,
): PageRead {
  const rows = page.filter((row) => barOf(row, step) <= last && row[0] + step + FINAL_AFTER <= serverNow);
  const lastRow = rows.at(-1);
  if (lastRow !== undefined && rows.length === page.length) {
    const through = barOf(lastRow, step);
    return { rows, through, next: through < last ? through + step : undefined };
  }
  // Nothing, or nothing more up to the end: the rest is empty as far as it is old enough.
  const asked = floorTo(step, spanOf({ first, last }, step).endTime);
  const settled = Math.min(asked, settledThrough(serverNow, step));
  const through = Math.max(lastRow === undefined ? first - step : barOf(lastRow, step), settled);
  return { rows, through, next: through === asked && asked < last ? asked + step : undefined };
}

/** Whether bars that had no row are to be asked for again. */
export function isDue({ askedAt }: Pick<Answer, 'askedAt'>, recheck: number, now: number): boolean {
  return askedAt + recheck * (1 - EARLY) <= now;
}

/** How long until something can be said of bars of which nothing can be said yet. */
export function settledIn({ first }: Range, serverNow: number, step: number): number {
  const closes = first + step;
  const final = closes + FINAL_AFTER;
  return final > serverNow ? final - serverNow : closes + SETTLED_AFTER - serverNow;
}
