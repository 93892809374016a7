/**
 * Which of the listed files serve which month: a pure function of listing, as-of and config. The monthly ZIP
 * once it is listed, else the daily ZIPs of its days; `preferDaily` names the months whose monthly file is
 * known to be wrong (docs/DOMAIN.md §2). It reads nothing and knows no URL.
 */
import type { Span } from '../../src/engine/task.ts';
import { byCodeUnit } from '../../src/engine/task.ts';
import type { Entry, Listing } from './listing-file.ts';
import { monthOfKey, monthsIn, overlaps, spanOf } from './time-keys.ts';

const MINUTE = 60_000;

/**
 * A symbol without a file for so long before the as-of is taken to trade no more: a month of 31 days, whose file came
 * 13 days late at worst; dailies, which come the next day, have stalled for a week (docs/DOMAIN.md §1).
 */
export const DELISTED_AFTER_MS = 45 * 86_400_000;

export interface ChooseOptions {
  /** The last minute that counts, epoch milliseconds. */
  readonly asOf: number;
  readonly start: number;
  readonly preferDaily: readonly string[];
}

export interface MonthPlan {
  readonly served: 'monthly' | 'daily' | 'none';
  /** A better file may come: the month is not served by its monthly file, `preferDaily` aside. */
  readonly provisional: boolean;
  /**
   * Of `none`: before the first listed file; after the last one, when that is old; or not there (yet). Months between
   * two listed files are of the last kind: a name that is used again has such a hole.
   */
  readonly reason?: 'pre-listing' | 'delisted' | 'not-published';
}

export interface Sources {
  readonly version: 1;
  /** The files that serve, by month or day. A file serves its whole span even when the as-of falls inside it. */
  readonly files: Readonly<Record<string, Entry>>;
  /** The listed files that do not. */
  readonly others: Readonly<Record<string, Entry>>;
  /** Every month that overlaps the range. */
  readonly months: Readonly<Record<string, MonthPlan>>;
  /** The listed key that starts first, of a month with listed days the first day; null where nothing is listed. */
  readonly first: string | null;
}

export function choose(listing: Pick<Listing, 'monthly' | 'daily'>, options: ChooseOptions): Sources {
  const range: Span = { start: options.start, end: options.asOf + MINUTE };
  const all = { ...listing.monthly, ...listing.daily };
  const keys = Object.keys(all);
  const first = firstOf(keys);
  const last = keys.reduce((end, key) => Math.max(end, spanAt(key).end), Number.NEGATIVE_INFINITY);
  const gone = last + DELISTED_AFTER_MS < range.end ? last : Number.POSITIVE_INFINITY;
  const days = daysByMonth(listing, range);
  const prefer = new Set(options.preferDaily);

  const serving = new Set<string>();
  const months: Record<string, MonthPlan> = {};
  for (const month of monthsIn(range)) {
    const monthly = Object.hasOwn(listing.monthly, month);
    const daily = days.get(month) ?? [];
    const preferred = prefer.has(month);
    const served =
      monthly && !(preferred && daily.length > 0) ? 'monthly' : daily.length > 0 ? 'daily' : 'none';
    const provisional = served !== 'monthly' && !preferred;
    months[month] = {
      served,
      provisional,
      ...(served === 'none' ? { reason: whyNone(month, first, gone) } : {}),
    };
    for (const key of served === 'monthly' ? [month] : served === 'daily' ? daily : []) serving.add(key);
  }
  const files: Record<string, Entry> = {};
  const others: Record<string, Entry> = {};
  for (const [key, entry] of Object.entries(all)) (serving.has(key) ? files : others)[key] = entry;
  return { version: 1, files, others, months, first: first ?? null };
}

/** The listed days that overlap the range, by month. */
function daysByMonth(listing: Pick<Listing, 'daily'>, range: Span): ReadonlyMap<string, readonly string[]> {
  const days = new Map<string, string[]>();
  for (const key of Object.keys(listing.daily)) {
    if (!overlaps(spanAt(key), range)) continue;
    const month = monthOfKey(key);
    const known = days.get(month);
    if (known === undefined) days.set(month, [key]);
    else known.push(key);
  }
  return days;
}

/** `gone`: since when there are no more files, where that is long ago. */
function whyNone(month: string, first: string | undefined, gone: number): NonNullable<MonthPlan['reason']> {
  if (first === undefined) return 'not-published';
  const { start, end } = spanAt(month);
  if (end <= spanAt(first).start) return 'pre-listing';
  return start >= gone ? 'delisted' : 'not-published';
}

/**
 * Of a month with listed days the first of these, which tells more exactly where the listing is. Keys come by time when
 * they come by code unit, a month before its days.
 */
function firstOf(keys: readonly string[]): string | undefined {
  const earliest = leastOf(keys);
  return leastOf(keys.filter((key) => key !== earliest && monthOfKey(key) === earliest)) ?? earliest;
}

function leastOf(keys: readonly string[]): string | undefined {
  return keys.reduce<string | undefined>(
    (least, key) => (least === undefined || byCodeUnit(key, least) < 0 ? key : least),
    undefined,
  );
}

function spanAt(key: string): Span {
  const span = spanOf(key);
  if (span === undefined) throw new RangeError(`"${key}" is no month or day: the listing was not checked`);
  return span;
}
