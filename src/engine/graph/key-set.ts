/**
 * The keys of one dimension in their order, with the time each covers. Lists and calendars have one key set;
 * a dynamic dimension has one for every key of the dimension that it hangs on. Knows no rules.
 */
import type { Dimension } from '../manifest/model.ts';
import type { Span } from '../task.ts';
import { calendarKeys, timeKey } from './calendar.ts';

export interface KeySet {
  /** Those that cover time come first, by start. */
  readonly keys: readonly string[];
  readonly positions: ReadonlyMap<string, number>;
  /** What the key covers, whole; undefined for a key that names no stretch of time. */
  readonly whole: readonly (Span | undefined)[];
  /** The same, clipped to the calendar's edges and the watermark; dynamic keys are never clipped. */
  readonly clipped: readonly (Span | undefined)[];
  /** For each key that covers time, the latest end up to it: ascending, which the ends themselves need not be. */
  readonly reach: readonly number[];
}

function keySet(
  keys: readonly string[],
  whole: readonly (Span | undefined)[],
  clipped: readonly (Span | undefined)[],
): KeySet {
  const reach: number[] = [];
  for (const span of whole) {
    if (span !== undefined) reach.push(Math.max(span.end, reach.at(-1) ?? span.end));
  }
  const positions = new Map(keys.map((key, position) => [key, position]));
  return { keys, positions, whole, clipped, reach };
}

/** `watermark` is the end of the last minute that counts, epoch milliseconds. */
export function staticKeySet(
  dimension: Extract<Dimension, { kind: 'list' | 'calendar' }>,
  watermark: number,
): KeySet {
  if (dimension.kind === 'list') {
    const none = dimension.keys.map(() => undefined);
    return keySet(dimension.keys, none, none);
  }
  const { from } = dimension;
  const to = Math.min(dimension.to, watermark);
  const times = calendarKeys(dimension.every, from, to);
  return keySet(
    times.map((time) => time.key),
    times.map(({ start, end }) => ({ start, end })),
    times.map(({ start, end }) => ({ start: Math.max(start, from), end: Math.min(end, to) })),
  );
}

/** Time partitions ascending (a longer one before the shorter ones that start with it), other keys as given, after them. */
export function dynamicKeySet(keys: readonly string[]): KeySet {
  const timed: { key: string; span: Span }[] = [];
  const plain: string[] = [];
  for (const key of new Set(keys)) {
    const span = spanOf(key);
    if (span) timed.push({ key, span });
    else plain.push(key);
  }
  timed.sort((a, b) => a.span.start - b.span.start || b.span.end - a.span.end);
  const spans = [...timed.map(({ span }) => span), ...plain.map(() => undefined)];
  return keySet([...timed.map(({ key }) => key), ...plain], spans, spans);
}

const DAY = 86_400_000;

/** What a key covers. Most of thousands of keys are days, and those that every month has need no calendar. */
function spanOf(key: string): Span | undefined {
  const day = /^([1-9]\d{3})-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$/.exec(key);
  if (day !== null) {
    const start = Date.UTC(Number(day[1]), Number(day[2]) - 1, Number(day[3]));
    return { start, end: start + DAY };
  }
  const time = timeKey(key);
  return time && { start: time.start, end: time.end };
}

/** Position of the first key that covers time and may reach beyond this instant; all before it have ended. */
export function firstReaching({ reach }: KeySet, instant: number): number {
  let [low, high] = [0, reach.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((reach[middle] ?? 0) <= instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether a key can be part of a path and of a target's name; keys of lists are checked with the manifest. */
export function isUsableKey(key: string): boolean {
  return key !== '' && key !== '.' && key !== '..' && !/[/\u0000-\u001f\u007f]/.test(key);
}
