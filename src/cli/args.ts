/** Values of options, parsed: instants, ranges, numbers. Bad ones are usage errors that say what is expected. */
import { timeKey } from '../engine/graph/calendar.ts';
import { floorMinute, MINUTE, parseInstant } from '../engine/manifest/instant.ts';
import type { Span } from '../engine/task.ts';

export class UsageError extends Error {
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

const DAY = 86_400_000;
const AS_OF_HINT = 'write it as 2025-08-22T23:59:00Z (UTC), a day as 2025-08-22, or `now`';
const BETWEEN_HINT =
  'write a year as 2024, a month as 2024-08, a day as 2024-08-01, or an instant as 2024-08-01T12:00:00Z (UTC)';

/** Epoch milliseconds of the minute. A day means its last minute. `now` is the last minute that has ended. */
export function parseAsOf(text: string, now: number): number {
  if (text === 'now') return floorMinute(now) - MINUTE;
  const day = timeKey(text);
  const at = day === undefined ? instantOf(text, '--as-of', AS_OF_HINT) : day.end - MINUTE;
  const minute = floorMinute(at);
  if (minute + MINUTE > now) {
    throw new UsageError(
      `--as-of ${text} lies in the future: that minute has not ended`,
      'use `--as-of now` for the last minute that has',
    );
  }
  return minute;
}

/** Yesterday's last minute, UTC: what counts when nobody says otherwise. */
export function yesterdaysLastMinute(now: number): number {
  return Math.floor(now / DAY) * DAY - MINUTE;
}

function instantOf(text: string, option: string, hint: string): number {
  const at = parseInstant(text);
  if (at === undefined) throw new UsageError(`${option} ${text} is no instant`, hint);
  return at;
}

/** `--from` and `--to` name partitions (2024, 2024-08, 2024-08-01) or instants; both ends are included. */
export function parseBetween(from: string | undefined, to: string | undefined): Span | undefined {
  if (from === undefined && to === undefined) return undefined;
  const start =
    from === undefined ? -8.64e15 : (timeKey(from)?.start ?? instantOf(from, '--from', BETWEEN_HINT));
  const end = to === undefined ? 8.64e15 : (timeKey(to)?.end ?? instantOf(to, '--to', BETWEEN_HINT) + MINUTE);
  if (start >= end) throw new UsageError(`--from ${from} lies after --to ${to}`, 'swap them');
  return { start, end };
}

/** What critical alerts are to a build: an exit code of their own, or something to be told of. */
export const QUALITIES = ['enforce', 'warn'] as const;
export type Quality = (typeof QUALITIES)[number];

export function parseQuality(text: string): Quality {
  const quality = QUALITIES.find((each) => each === text);
  if (quality !== undefined) return quality;
  throw new UsageError(
    `--quality=${text}: expected one of ${QUALITIES.join(', ')}`,
    'leave it out to enforce',
  );
}

export function parseJobs(text: string): number {
  const jobs = Number(text);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= 10_000) return jobs;
  throw new UsageError(`-j ${text} is no number of jobs`, 'give a whole number from 1, e.g. -j 4');
}
