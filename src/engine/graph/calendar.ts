/**
 * Time partitions: the keys of years, months, ISO weeks, days and hours, and what stretch of UTC time each
 * covers. Pure arithmetic on epoch milliseconds; knows no rules and no clock.
 */
import type { Every } from '../manifest/model.ts';
import type { Span } from '../task.ts';

export interface TimeKey extends Span {
  readonly key: string;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
/** 1970-01-05 was a Monday: ISO weeks start there. */
const FIRST_MONDAY = 4 * DAY;

/** `Date.UTC` takes the years 0 to 99 for 1900 to 1999; a setter does not. */
function utc(year: number, month = 0, day = 1): number {
  return new Date(0).setUTCFullYear(year, month, day);
}

/** Start of the partition that `at` lies in. */
function startOf(every: Every, at: number): number {
  const date = new Date(at);
  switch (every) {
    case 'year':
      return utc(date.getUTCFullYear());
    case 'month':
      return utc(date.getUTCFullYear(), date.getUTCMonth());
    case 'week':
      return Math.floor((at - FIRST_MONDAY) / WEEK) * WEEK + FIRST_MONDAY;
    case 'day':
      return Math.floor(at / DAY) * DAY;
    case 'hour':
      return Math.floor(at / HOUR) * HOUR;
  }
}

/** Start of the partition that lies `by` partitions after the one that starts at `start`. */
function stepFrom(every: Every, start: number, by: number): number {
  const date = new Date(start);
  switch (every) {
    case 'year':
      return utc(date.getUTCFullYear() + by);
    case 'month':
      return utc(date.getUTCFullYear(), date.getUTCMonth() + by);
    case 'week':
      return start + by * WEEK;
    case 'day':
      return start + by * DAY;
    case 'hour':
      return start + by * HOUR;
  }
}

function endOf(every: Every, start: number): number {
  return stepFrom(every, start, 1);
}

/** `2024`, `2024-01`, `2024-W05`, `2024-01-05`, `2024-01-05T07`. */
function keyOf(every: Every, start: number): string {
  const iso = new Date(start).toISOString();
  switch (every) {
    case 'year':
      return iso.slice(0, 4);
    case 'month':
      return iso.slice(0, 7);
    case 'week': {
      // An ISO week belongs to the year of its Thursday.
      const thursday = start + 3 * DAY;
      const year = new Date(thursday).getUTCFullYear();
      const number = Math.floor((thursday - utc(year)) / WEEK) + 1;
      return `${String(year).padStart(4, '0')}-W${String(number).padStart(2, '0')}`;
    }
    case 'day':
      return iso.slice(0, 10);
    case 'hour':
      return iso.slice(0, 13);
  }
}

/** The partitions that overlap [from, to), ascending, each with its whole span. Empty when from ≥ to. */
export function calendarKeys(every: Every, from: number, to: number): readonly TimeKey[] {
  const keys: TimeKey[] = [];
  if (!(from < to)) return keys;
  for (let start = startOf(every, from); start < to; ) {
    const end = endOf(every, start);
    keys.push({ key: keyOf(every, start), start, end });
    start = end;
  }
  return keys;
}

/** The partition that `at` lies in. */
export function timeKeyAt(every: Every, at: number): TimeKey {
  const start = startOf(every, at);
  return { key: keyOf(every, start), start, end: endOf(every, start) };
}

/** Years that a key can spell with four digits. */
const [FIRST, LAST] = [utc(1), utc(9999, 11, 1)];

/** The partition `by` steps from the one that starts at `start`; undefined where no key can name it. */
export function timeKeyBeside(every: Every, start: number, by: number): TimeKey | undefined {
  const there = stepFrom(every, start, by);
  return there >= FIRST && there <= LAST ? timeKeyAt(every, there) : undefined;
}

const SHAPES: readonly (readonly [RegExp, Every])[] = [
  [/^\d{4}$/, 'year'],
  [/^\d{4}-(0[1-9]|1[0-2])$/, 'month'],
  [/^\d{4}-W(0[1-9]|[1-4]\d|5[0-3])$/, 'week'],
  [/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'day'],
  [/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])$/, 'hour'],
];

/** What kind of partition a key names; undefined for any other text. */
export function everyOf(key: string): Every | undefined {
  return timeKey(key) && shapeOf(key);
}

function shapeOf(key: string): Every | undefined {
  return SHAPES.find(([shape]) => shape.test(key))?.[1];
}

/** What a key of a dynamic dimension covers, if it names a time partition; undefined for any other text. */
export function timeKey(key: string): TimeKey | undefined {
  const every = shapeOf(key);
  if (every === undefined) return undefined;
  const start = every === 'week' ? startOfWeekKey(key) : Date.parse(instantOf(every, key));
  // `2024-02-30` parses as nothing or as another day: a key is a partition only if it is spelt as we would spell it.
  if (Number.isNaN(start) || keyOf(every, start) !== key) return undefined;
  return { key, start, end: endOf(every, start) };
}

function instantOf(every: Every, key: string): string {
  switch (every) {
    case 'year':
      return `${key}-01-01T00:00:00Z`;
    case 'month':
      return `${key}-01T00:00:00Z`;
    case 'hour':
      return `${key}:00:00Z`;
    case 'week':
    case 'day':
      return `${key}T00:00:00Z`;
  }
}

function startOfWeekKey(key: string): number {
  // 4 January always lies in week 1.
  const fourth = utc(Number(key.slice(0, 4)), 0, 4);
  return startOf('week', fourth) + (Number(key.slice(6)) - 1) * WEEK;
}

/** One of the two holds the other whole: how time dimensions relate (a day and its month, in either direction). */
export function nested(a: Span, b: Span): boolean {
  return (a.start >= b.start && a.end <= b.end) || (b.start >= a.start && b.end <= a.end);
}
