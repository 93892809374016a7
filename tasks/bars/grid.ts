/**
 * The grid of bars within a span of time, and the runs of it that are missing: whole numbers, UTC. It knows neither
 * prices nor files.
 */
import type { Span } from '../../src/engine/task.ts';

/** A run of missing bars: openings of the first and the last one, epoch milliseconds. */
export interface Gap {
  readonly first: number;
  readonly last: number;
  readonly missing: number;
}

/** Down to the bar that the time falls into. Intervals up to a day divide the day, so that the grid starts at the epoch. */
export function floorTo(interval: number, ms: number): number {
  return Math.floor(ms / interval) * interval;
}

/** Openings of the bars that lie wholly within the span: the first one, and the one that is no longer in it. */
export function barsWithin(
  span: Span,
  interval: number,
): { readonly first: number; readonly beyond: number } {
  const first = Math.ceil(span.start / interval) * interval;
  return { first, beyond: Math.max(first, floorTo(interval, span.end)) };
}

export function countWithin(span: Span, interval: number): number {
  const { first, beyond } = barsWithin(span, interval);
  return (beyond - first) / interval;
}

/** `ts` is ascending, unique and within the span: what it lacks of the grid, in order. */
export function gapsIn(ts: Float64Array, span: Span, interval: number): readonly Gap[] {
  const { first, beyond } = barsWithin(span, interval);
  const gaps: Gap[] = [];
  let due = first;
  const upTo = (present: number): void => {
    if (present > due)
      gaps.push({ first: due, last: present - interval, missing: (present - due) / interval });
    due = present + interval;
  };
  for (const present of ts) upTo(present);
  upTo(beyond);
  return gaps;
}

/** `2021-02-11T03:41:00Z`: what stands in JSON and CSV. Bars and clipped partitions begin at whole seconds. */
export function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
