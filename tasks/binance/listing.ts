/**
 * Task: what the archive holds for one symbol, from S3 listings of its folders (docs/DOMAIN.md §1). Which of
 * the files serve is for `sources`. The daily folder is asked from the first month without a monthly file on,
 * for the months that `prefer_daily` takes from daily files, and backwards from the first monthly file on: what a
 * day costs does not grow with the years behind it.
 */
import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { TaskContext, TaskFailure } from '../../src/engine/task.ts';
import { byCodeUnit, defineTask, outputPath } from '../../src/engine/task.ts';
import { getText } from '../lib/http.ts';
import { baseUrlSchema, networkSchema, readSettings } from '../lib/settings.ts';
import type { Period, Series } from './layout.ts';
import {
  CHECKSUM_SUFFIX,
  dailyMonthPrefix,
  folderPrefix,
  MARKETS,
  markerBefore,
  SYMBOL_FORM,
  timeKeyOf,
} from './layout.ts';
import type { Entry } from './listing-file.ts';
import { listingText } from './listing-file.ts';
import type { PageQuery } from './listing-pages.ts';
import { listObjects } from './listing-pages.ts';
import type { ListedObject } from './listing-xml.ts';
import { isMonth, monthOfKey, nextMonth, previousMonth } from './time-keys.ts';

const DAY = 86_400_000;
/** A full page of 1,000 keys takes about 400 kB. */
const MAX_PAGE_BYTES = 16 << 20;

const paramsSchema = z.strictObject({
  market: z.enum(MARKETS),
  symbol: z.string().regex(SYMBOL_FORM),
  interval: z.string().regex(/^\w+$/),
  prefer_daily: z.array(z.string().refine(isMonth)).nullish(),
});

const settingsSchema = z.looseObject({ listing_url: baseUrlSchema, network: networkSchema });

type Found =
  | { readonly ok: true; readonly entries: Readonly<Record<string, Entry>> }
  | { readonly ok: false; readonly failure: TaskFailure };
type List = (period: Period, query: PageQuery) => Promise<Found>;

export default defineTask({
  version: 2,
  params: paramsSchema,
  async run(ctx) {
    const settings = readSettings(settingsSchema, ctx.settings);
    if (!settings.ok) return { failed: settings.failure };
    const { market, symbol, interval } = ctx.params;
    const series: Series = { market, symbol, interval };
    const list = lister(ctx, series, settings.value);

    const monthly = await list('monthly', { prefix: folderPrefix(series, 'monthly'), marker: undefined });
    if (!monthly.ok) return { failed: monthly.failure };
    const daily = await listDaily(list, series, Object.keys(monthly.entries), ctx.params.prefer_daily ?? []);
    if (!daily.ok) return { failed: daily.failure };

    if (Object.keys(monthly.entries).length + Object.keys(daily.entries).length === 0) {
      return { absent: `no klines of ${symbol} at ${interval} in the archive`, recheckAfter: DAY };
    }
    const listing = { version: 1 as const, ...series, monthly: monthly.entries, daily: daily.entries };
    await writeFile(outputPath(ctx, 'listing'), listingText(listing));
    return undefined;
  },
});

async function listDaily(
  list: List,
  series: Series,
  months: readonly string[],
  preferDaily: readonly string[],
): Promise<Found> {
  const from = firstMonthWithout(months);
  const marker = from === undefined ? undefined : markerBefore(series, from);
  const sweep = await list('daily', { prefix: folderPrefix(series, 'daily'), marker });
  if (!sweep.ok || from === undefined) return sweep;
  const entries = { ...sweep.entries };
  // The sweep covers what comes after `from`.
  const passedOver = new Set(months.filter((month) => byCodeUnit(month, from) < 0));
  for (const month of [...new Set(preferDaily)].filter((each) => passedOver.has(each))) {
    const found = await list('daily', { prefix: dailyMonthPrefix(series, month), marker: undefined });
    if (!found.ok) return found;
    Object.assign(entries, found.entries);
  }
  return listEarliest(list, series, [...months].sort(byCodeUnit)[0] ?? from, entries);
}

/**
 * Adds the days of the first monthly file, and of the months before it as long as the first of a month is listed:
 * daily files begin earlier than monthly ones at times (2019-12-31 and 2020-01 on USD-M), and what is listed first
 * decides what counts as not listed yet.
 */
async function listEarliest(
  list: List,
  series: Series,
  first: string,
  known: Readonly<Record<string, Entry>>,
): Promise<Found> {
  const entries = { ...known };
  for (let month = first; ; month = previousMonth(month)) {
    if (!Object.keys(known).some((day) => monthOfKey(day) === month)) {
      const found = await list('daily', { prefix: dailyMonthPrefix(series, month), marker: undefined });
      if (!found.ok) return found;
      Object.assign(entries, found.entries);
    }
    if (!Object.hasOwn(entries, `${month}-01`)) return { ok: true, entries };
  }
}

/** The first month after the first monthly file that has none itself; undefined where there are no monthly files. */
export function firstMonthWithout(months: readonly string[]): string | undefined {
  const listed = new Set(months);
  let month = [...months].sort(byCodeUnit)[0];
  while (month !== undefined && listed.has(month)) month = nextMonth(month);
  return month;
}

function lister(ctx: TaskContext<unknown>, series: Series, settings: z.output<typeof settingsSchema>): List {
  const { signal, workspace } = ctx;
  let keys = 0;
  return async (period, query) => {
    const result = await listObjects(query, async ({ prefix, marker }) => {
      const url = new URL(settings.listing_url);
      url.searchParams.set('delimiter', '/');
      url.searchParams.set('prefix', prefix);
      if (marker !== undefined) url.searchParams.set('marker', marker);
      const options = { signal, workspace, settings: settings.network, maxBytes: MAX_PAGE_BYTES };
      const answer = await getText(url.href, options);
      return answer.ok ? { ok: true, body: answer.text, url: url.href } : answer;
    });
    if (!result.ok) return result;
    keys += result.objects.length;
    ctx.progress(keys, undefined, 'keys');
    return { ok: true, entries: entriesOf(series, period, result.objects) };
  };
}

/** ZIPs by month or day. What is not named exactly like a ZIP of the series does not count. */
function entriesOf(series: Series, period: Period, objects: readonly ListedObject[]): Record<string, Entry> {
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
