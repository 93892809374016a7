/** Rows and answers for tests of REST: bars of a minute from the first of January 2024 on, named by their number. */
import type { RestRow } from '../../../../tasks/bars/rest-rows.ts';
import { restRowSchema } from '../../../../tasks/bars/rest-rows.ts';
import type { Answer } from '../../../../tasks/binance/rest/answer-file.ts';
import type { Range } from '../../../../tasks/lib/ranges.ts';
import { bar, restRow } from '../../bars/rows.ts';

export const STEP = 60_000;
export const START = Date.UTC(2024, 0, 1);
export const SERIES = { market: 'spot', symbol: 'BTCUSDT', interval: '1m' } as const;

/** Opening of the bar with this number. */
export const at = (number: number): number => START + number * STEP;

export const range = (first: number, last: number): Range => ({ first: at(first), last: at(last) });

/** The row of a bar; `close` tells versions of it apart. */
export function row(number: number, close = 105): RestRow {
  return restRowSchema.parse(restRow(bar(at(number), { close })));
}

export function rows(first: number, last: number): readonly RestRow[] {
  return Array.from({ length: last - first + 1 }, (_, index) => row(first + index));
}

/** Asked for at minute `asked` of an hour long after; whole unless other rows are given. */
export function answer(first: number, last: number, changes: Partial<Answer> = {}): Answer {
  return { ...range(first, last), askedAt: Date.UTC(2024, 5, 1), rows: rows(first, last), ...changes };
}

export const asked = (minute: number): number => Date.UTC(2024, 5, 1, 0, minute);
