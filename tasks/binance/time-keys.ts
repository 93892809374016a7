/**
 * Months and days as the archive names them, `2024-01` and `2024-01-05`, and the stretches of UTC they cover.
 * Pure calendar: it knows no files and no clock.
 */
import type { Span } from '../../src/engine/task.ts';

const DAY = 86_400_000;

/** What a key covers, or undefined where it names no real month or day. */
export function spanOf(key: string): Span | undefined {
  const match = /^(\d{4})-(\d{2})(?:-(\d{2}))?$/.exec(key);
  if (match === null) return undefined;
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = match[3];
  const start = Date.UTC(year, month - 1, day === undefined ? 1 : Number(day));
  // Date.UTC rolls 30 February over and reads years below 100 as 19xx: a key must be spelt back the same way.
  if (new Date(start).toISOString().slice(0, key.length) !== key) return undefined;
  return { start, end: day === undefined ? Date.UTC(year, month, 1) : start + DAY };
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
