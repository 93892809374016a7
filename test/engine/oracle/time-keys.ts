/** Keys and the time they cover, reckoned apart from the engine: days and months by `Date` alone. Knows no rules. */
import type { Dim, World } from './world.ts';
import { DAY_FROM, MONTH_FROM } from './world.ts';

export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Key {
  readonly key: string;
  readonly whole: Span | undefined;
  /** What tasks are told. */
  readonly clipped: Span | undefined;
}

export function watermarkOf(world: World): number {
  return Date.parse(world.asOf) + 60_000;
}

/** `2024-01` or `2024-01-05`; undefined: names no time. */
export function spanOf(key: string): Span | undefined {
  const [year, month, day] = key.split('-').map(Number);
  if (year === undefined || month === undefined) return undefined;
  if (/^\d{4}-\d\d$/.test(key)) return { start: Date.UTC(year, month - 1), end: Date.UTC(year, month) };
  if (!/^\d{4}-\d\d-\d\d$/.test(key)) return undefined;
  const start = Date.UTC(year, month - 1, day);
  return { start, end: start + 86_400_000 };
}

export function keyFor(every: 'month' | 'day', at: number): string {
  return new Date(at).toISOString().slice(0, every === 'month' ? 7 : 10);
}

export function calendar(world: World, every: 'month' | 'day'): readonly Key[] {
  const from = Date.parse(every === 'month' ? MONTH_FROM : DAY_FROM);
  const to = watermarkOf(world);
  const keys: Key[] = [];
  for (let at = from; at < to; ) {
    const key = keyFor(every, at);
    const whole = spanOf(key);
    if (whole === undefined) throw new Error(`no time: ${key}`);
    keys.push({ key, whole, clipped: { start: Math.max(whole.start, from), end: Math.min(whole.end, to) } });
    at = whole.end;
  }
  return keys;
}

/** The key beside one of a calendar, also where the calendar has none. */
export function beside(every: 'month' | 'day', key: string, by: number): string {
  const span = spanOf(key);
  if (span === undefined) throw new Error(`no time: ${key}`);
  if (every === 'day') return keyFor('day', span.start + by * 86_400_000);
  const date = new Date(span.start);
  return keyFor('month', Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + by));
}

/** Time first, ascending, a longer key before the shorter that begin with it; the others as they come. */
export function inOrderOfTime(given: readonly string[]): readonly Key[] {
  const keys = [...new Set(given)].map((key): Key => ({ key, whole: spanOf(key), clipped: spanOf(key) }));
  const timed = keys.filter(({ whole }) => whole !== undefined);
  timed.sort(
    (a, b) => (a.whole?.start ?? 0) - (b.whole?.start ?? 0) || (b.whole?.end ?? 0) - (a.whole?.end ?? 0),
  );
  return [...timed, ...keys.filter(({ whole }) => whole === undefined)];
}

export function within(a: Span, b: Span): boolean {
  return a.start >= b.start && a.end <= b.end;
}

export function nest(a: Span, b: Span): boolean {
  return within(a, b) || within(b, a);
}

export function isCalendar(dim: Dim): dim is 'month' | 'day' {
  return dim === 'month' || dim === 'day';
}

/** Keys that a `where` names: one, or a range of time. */
export function named(keys: readonly Key[], wanted: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const each of wanted) {
    const [from, to] = each.split('..').map(spanOf);
    for (const { key, whole } of keys) {
      if (key === each) found.add(key);
      if (from && to && whole && whole.start < to.end && whole.end > from.start) found.add(key);
    }
  }
  return found;
}
