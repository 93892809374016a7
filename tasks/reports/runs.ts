/**
 * Arithmetic of runs of bars on a grid. Times are epoch milliseconds of a bar's opening, and the grid counts
 * from the epoch, which for every interval that divides a day is the exchange's own. It knows neither causes
 * nor files.
 */
import type { Span } from '../../src/engine/task.ts';
import { barsWithin } from '../bars/grid.ts';

/** Consecutive bars: the opening of the first and of the last one. Never empty. */
export interface Run {
  readonly first: number;
  readonly last: number;
}

/** All bars that lie wholly inside the span: those that open at or after its start and end by its end. */
export function runOf(span: Span, step: number): Run | undefined {
  const { first, beyond } = barsWithin(span, step);
  return run(first, beyond - step);
}

export function countOf({ first, last }: Run, step: number): number {
  return (last - first) / step + 1;
}

/** Minutes as a figure for reports: whole, or cut to 6 decimals where bars are shorter than a minute. */
export function minutesOf(bars: number, step: number): number {
  const seconds = (bars * step) / 1_000;
  return Math.floor((seconds * 1_000_000) / 60) / 1_000_000;
}

/** The bars that open before the moment, and those that open at or after it. */
export function cutAt(
  { first, last }: Run,
  moment: number,
  step: number,
): { readonly before: Run | undefined; readonly after: Run | undefined } {
  if (moment === Number.NEGATIVE_INFINITY) return { before: undefined, after: { first, last } };
  const edge = Math.ceil(moment / step) * step;
  return { before: run(first, Math.min(last, edge - step)), after: run(Math.max(first, edge), last) };
}

/**
 * Joins neighbours where `join` makes one of two that touch; undefined from it leaves them apart. The runs come
 * in ascending order and do not overlap.
 */
export function joinNeighbours<T extends Run>(
  runs: readonly T[],
  step: number,
  join: (earlier: T, later: T) => T | undefined,
): readonly T[] {
  const joined: T[] = [];
  for (const next of runs) {
    const previous = joined.at(-1);
    const one =
      previous !== undefined && previous.last + step === next.first ? join(previous, next) : undefined;
    if (one === undefined) joined.push(next);
    else joined[joined.length - 1] = one;
  }
  return joined;
}

function run(first: number, last: number): Run | undefined {
  return first <= last ? { first, last } : undefined;
}
