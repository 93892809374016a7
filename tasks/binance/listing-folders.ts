/**
 * Which stretches of a series' two folders are listed, and what of an earlier listing is kept. A sweep lists both
 * whole. Otherwise the daily folder is listed from the first month without a monthly file on, so that what a day costs
 * does not grow with the years behind it: before it, only republishing changes anything, which a later sweep notices.
 * It knows neither HTTP nor files.
 */
import type { TaskFailure } from '../../src/engine/task.ts';
import { byCodeUnit } from '../../src/engine/task.ts';
import type { Period, Series } from './layout.ts';
import { CHECKSUM_SUFFIX, folderPrefix, markerBefore, timeKeyOf } from './layout.ts';
import type { Entries, Entry, Known } from './listing-file.ts';
import type { ListResult, PageQuery } from './listing-pages.ts';
import type { ListedObject } from './listing-xml.ts';
import { monthOfKey, nextMonth } from './time-keys.ts';

export type Listed =
  | { readonly ok: true; readonly known: Known }
  | { readonly ok: false; readonly failure: TaskFailure };

export type List = (query: PageQuery) => Promise<ListResult>;

/** `previous` undefined: a sweep. The outcome is that of a sweep as long as nothing older has changed. */
export async function listFolders(list: List, series: Series, previous: Known | undefined): Promise<Listed> {
  const monthly = await list({ prefix: folderPrefix(series, 'monthly'), marker: undefined });
  if (!monthly.ok) return monthly;
  const months = entriesOf(series, 'monthly', monthly.objects);
  const from = previous === undefined ? undefined : openSince(previous.monthly, months);
  const marker = from === undefined ? undefined : markerBefore(series, from);
  const daily = await list({ prefix: folderPrefix(series, 'daily'), marker });
  if (!daily.ok) return daily;
  const kept = from === undefined ? {} : before(from, previous?.daily ?? {});
  const days = { ...kept, ...entriesOf(series, 'daily', daily.objects) };
  return { ok: true, known: { monthly: months, daily: days, probed: false } };
}

/**
 * From which month on days may have changed since the earlier listing. A month that was open then is listed once more,
 * although its monthly file may have come since: its last days had not.
 */
function openSince(earlier: Entries, now: Entries): string | undefined {
  const [a, b] = [firstMonthWithout(Object.keys(earlier)), firstMonthWithout(Object.keys(now))];
  if (a === undefined || b === undefined) return undefined;
  return byCodeUnit(a, b) < 0 ? a : b;
}

/** The first month after the first monthly file that has none itself; undefined where there are no monthly files. */
export function firstMonthWithout(months: readonly string[]): string | undefined {
  const listed = new Set(months);
  let month = [...months].sort(byCodeUnit)[0];
  while (month !== undefined && listed.has(month)) month = nextMonth(month);
  return month;
}

function before(month: string, days: Entries): Entries {
  return Object.fromEntries(Object.entries(days).filter(([day]) => byCodeUnit(monthOfKey(day), month) < 0));
}

/** ZIPs by month or day. What is not named exactly like a ZIP of the series does not count. */
function entriesOf(series: Series, period: Period, objects: readonly ListedObject[]): Entries {
  const keys = new Set(objects.map(({ key }) => key));
  const entries: Record<string, Entry> = {};
  for (const { key, size, etag, lastModified } of objects) {
    const timeKey = timeKeyOf(series, period, key);
    if (timeKey === undefined) continue;
    const sidecar = keys.has(key + CHECKSUM_SUFFIX);
    entries[timeKey] = { key, size, etag, lastModified, ...(sidecar ? {} : { checksum: false as const }) };
  }
  return entries;
}
