/**
 * Which of several stored answers counts where they speak of the same bars: the one that was asked for last. Pure: it
 * opens no file.
 */
import type { RestRow } from '../../bars/rest-rows.ts';
import type { Answer } from './answer-file.ts';
import { barOf } from './answer-file.ts';

/** A clock that is set right again leaves answers of days that have not come. */
const AHEAD = 86_400_000;

/** Nobody knows when it was asked for if the clock was wrong: any other answer counts for more. */
export function datable(answer: Answer, now: number): Answer {
  return answer.askedAt > now + AHEAD ? { ...answer, askedAt: 0 } : answer;
}

/** From the one that was asked for first. */
export function inOrder(answers: readonly Answer[]): readonly Answer[] {
  return [...answers].sort((a, b) => a.askedAt - b.askedAt || a.first - b.first || a.last - b.last);
}

/**
 * The rows of several answers, by opening of the bar: those of the answer that was asked for last, of those that have
 * any. Mostly it is one; around a shift of the grid it may be more (docs/DOMAIN.md §2), and which of them counts is not
 * decided here.
 */
export function rowsByBar(answers: readonly Answer[], step: number): ReadonlyMap<number, readonly RestRow[]> {
  const rows = new Map<number, { readonly of: Answer; readonly rows: RestRow[] }>();
  for (const answer of inOrder(answers)) {
    for (const row of answer.rows) {
      const bar = barOf(row, step);
      const known = rows.get(bar);
      if (known?.of === answer) known.rows.push(row);
      else rows.set(bar, { of: answer, rows: [row] });
    }
  }
  return new Map([...rows].map(([bar, found]) => [bar, found.rows]));
}

/** Ascending. */
export function rowsOf(answers: readonly Answer[], step: number): readonly RestRow[] {
  return [...rowsByBar(answers, step)].sort(([a], [b]) => a - b).flatMap(([, rows]) => rows);
}
