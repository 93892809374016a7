/**
 * Months and days as the archive names them, `2024-01` and `2024-01-05`, and the stretches of UTC they cover.
 * Pure calendar: it knows no files and no clock.
 */
import type { Span } from '../../src/engine/task.ts';

const DAY = 86_400_000;

/**
 * What a key covers, or undefined where it names no real month or day. By arithmetic: a listing has thousands of keys,
 * and is checked at every update.
 */
export function spanOf(key: string): Span | undefined {
  const ofDay = key.length === 10;
  if ((!ofDay && key.length !== 7) || key[4] !== '-' || (ofDay && key[7] !== '-')) return undefined;
  const year = digits(key, 0, 4);
  const month = digits(key, 5, 7);
  // `Date.UTC` reads years below 100 as 19xx, and rolls months and days over.
  if (!(year >= 100 && month >= 1 && month <= 12)) return undefined;
  if (!ofDay) return { start: Date.UTC(year, month - 1), end: Date.UTC(year, month) };
  const day = digits(key, 8, 10);
  if (!(day >= 1 && day <= daysIn(year, month))) return undefined;
  const start = Date.UTC(year, month - 1, day);
  return { start, end: start + DAY };
}

/** The number spelt by the digits of a stretch of text; NaN where anything else stands there. */
function digits(text: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

export function isMonth(key: string): boolean {
  return key.length === 7 && spanOf(key) !== undefined;
}

export function isDay(key: string): boolean {
  return key.length === 10 && spanOf(key) !== undefined;
}

function monthAt(ms: number): string {
  return new Date(ms).toISOString().slice(0, 7);
}

/** `2024-01` of `2024-01` and of `2024-01-05`. */
export function monthOfKey(key: string): string {
  return key.slice(0, 7);
}

/** Every month that overlaps the span, in order. */
export function monthsIn(span: Span): readonly string[] {
  const months: string[] = [];
  for (let at = span.start; at < span.end; ) {
    const month = monthAt(at);
    months.push(month);
    const next = spanOf(month)?.end;
    if (next === undefined) throw new RangeError(`no month at ${at}`);
    at = next;
  }
  return months;
}

/** Every day of a month, in order. */
export function daysOf(month: string): readonly string[] {
  const span = spanOf(month);
  if (span === undefined) throw new RangeError(`"${month}" is no month`);
  return Array.from({ length: (span.end - span.start) / DAY }, (_, index) =>
    new Date(span.start + index * DAY).toISOString().slice(0, 10),
  );
}

export function nextMonth(month: string): string {
  const span = spanOf(month);
  if (span === undefined) throw new RangeError(`"${month}" is no month`);
  return monthAt(span.end);
}

export function previousMonth(month: string): string {
  const span = spanOf(month);
  if (span === undefined) throw new RangeError(`"${month}" is no month`);
  return monthAt(span.start - 1);
}

export function overlaps(a: Span, b: Span): boolean {
  return a.start < b.end && b.start < a.end;
}
