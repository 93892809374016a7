/**
 * The keys of one dimension in their order, with the time each covers. Lists and calendars have one key set;
 * a dynamic dimension has one for every key of the dimension that it hangs on. Knows no rules.
 */
import type { Dimension } from '../manifest/model.ts';
import type { Span } from '../task.ts';
import { calendarKeys, timeKey } from './calendar.ts';

export interface KeySet {
  readonly keys: readonly string[];
  readonly positions: ReadonlyMap<string, number>;
  /** What the key covers, whole; undefined for a key that names no stretch of time. */
  readonly whole: readonly (Span | undefined)[];
  /** The same, clipped to the calendar's edges and the watermark; dynamic keys are never clipped. */
  readonly clipped: readonly (Span | undefined)[];
}

function keySet(
  keys: readonly string[],
  whole: readonly (Span | undefined)[],
  clipped: readonly (Span | undefined)[],
): KeySet {
  return { keys, positions: new Map(keys.map((key, position) => [key, position])), whole, clipped };
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
    const time = timeKey(key);
    if (time) timed.push({ key, span: { start: time.start, end: time.end } });
    else plain.push(key);
  }
  timed.sort((a, b) => a.span.start - b.span.start || b.span.end - a.span.end);
  const spans = [...timed.map(({ span }) => span), ...plain.map(() => undefined)];
  return keySet([...timed.map(({ key }) => key), ...plain], spans, spans);
}
