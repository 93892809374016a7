import { describe, expect, it } from 'vitest';
import type { RestRow } from '../../../../tasks/bars/rest-rows.ts';
import { restRowSchema } from '../../../../tasks/bars/rest-rows.ts';
import { readPage, spanOf } from '../../../../tasks/binance/rest/asking.ts';
import { at, range, row, rows, STEP } from './answered.ts';

/** Long after all bars of these tests. */
const LATER = at(100_000);
const DAY = 86_400_000;

/** The same row, opened so much later, as around a shift of the grid. */
const off = (number: number, ms: number): RestRow => {
  const [open, ...more] = row(number);
  return [open + ms, ...more];
};

describe('a page', () => {
  it('that is whole says where to go on', () => {
    expect(readPage(range(0, 4_999), rows(0, 999), LATER, STEP)).toEqual({
      rows: rows(0, 999),
      through: at(999),
      next: at(1_000),
    });
  });

  it('of more rows than were asked for loses none', () => {
    expect(readPage(range(0, 4_999), rows(0, 1_000), LATER, STEP)).toEqual({
      rows: rows(0, 1_000),
      through: at(1_000),
      next: at(1_001),
    });
  });

  it('with a bar that says to close in a hundred years ends nothing: it is the opening that tells', () => {
    const odd = rows(0, 999).map((each) =>
      each[0] === at(500) ? restRowSchema.parse(each.with(6, LATER * 2)) : each,
    );
    expect(readPage(range(0, 4_999), odd, LATER, STEP)).toEqual({
      rows: odd,
      through: at(999),
      next: at(1_000),
    });
  });

  it('that goes on beyond the last bar is cut there, and is the last one', () => {
    expect(readPage(range(0, 9), [row(2), row(9), row(10), row(11)], LATER, STEP)).toEqual({
      rows: [row(2), row(9)],
      through: at(9),
      next: undefined,
    });
    expect(readPage(range(0, 9), [row(30)], LATER, STEP)).toEqual({
      rows: [],
      through: at(9),
      next: undefined,
    });
  });

  it('takes rows off the grid for the bars they fall into, two of one bar as well', () => {
    const page = [row(0), off(0, 14_789), off(1, 14_789), off(2, 59_999)];
    expect(readPage(range(0, 2), page, LATER, STEP)).toEqual({
      rows: page,
      through: at(2),
      next: undefined,
    });
  });

  it('leaves out a row off the grid that is still open although its bar has closed', () => {
    const now = at(3) + 20_000;
    expect(readPage(range(0, 5), [row(0), off(1, 30_000), off(2, 30_000)], now, STEP)).toEqual({
      rows: [row(0), off(1, 30_000)],
      through: at(1),
      next: undefined,
    });
  });

  it('without a row is proof only of what is old enough', () => {
    expect(readPage(range(0, 9), [], LATER, STEP)).toMatchObject({ rows: [], through: at(9) });
    expect(readPage(range(0, 9), [], at(10), STEP)).toMatchObject({ rows: [], through: at(4) });
    expect(readPage(range(0, 9), [], at(3), STEP)).toMatchObject({ rows: [], through: at(-1) });
  });
});

describe('a question', () => {
  it('goes to the end of its last bar, and never over more than 200 days', () => {
    expect(spanOf(range(3, 7), STEP)).toEqual({ startTime: at(3), endTime: at(8) - 1 });
    const long = spanOf({ first: at(0), last: at(0) + 400 * DAY }, DAY);
    expect(long.endTime - long.startTime).toBe(200 * DAY - 1);
    expect(readPage({ first: at(0), last: at(0) + 400 * DAY }, [], at(0) + 900 * DAY, DAY)).toMatchObject({
      through: at(0) + 199 * DAY,
      next: at(0) + 200 * DAY,
    });
  });
});
