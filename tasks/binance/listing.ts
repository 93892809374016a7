/**
 * Task: what the archive holds for one symbol, from S3 listings of its folders (docs/DOMAIN.md §1), or, where these
 * cannot be reached, from asking for its files one by one. Where neither can be had, what was listed before goes on to
 * count, and the target has failed all the same. Which of the files serve is for `sources`.
 */
import { resolve } from 'node:path';
import { z } from 'zod';
import type { Origin, TaskContext, TaskFailure, TaskResult } from '../../src/engine/task.ts';
import { defineTask } from '../../src/engine/task.ts';
import { INSTANT_FORM, instantMs } from '../lib/instant.ts';
import { baseUrlSchema, networkSchema, readSettings } from '../lib/settings.ts';
import { writeOutput } from '../lib/write-output.ts';
import { looker } from './archive-head.ts';
import { isUnreached, lister, listingAddress } from './ask-listing.ts';
import type { Series } from './layout.ts';
import { addressOf, folderPrefix, MARKETS, SYMBOL_FORM } from './layout.ts';
import type { Known } from './listing-file.ts';
import { listingText, readPrevious } from './listing-file.ts';
import type { Listed } from './listing-folders.ts';
import { listFolders } from './listing-folders.ts';
import { lossSince } from './listing-loss.ts';
import { archiveUrlsSchema } from './mirrors.ts';
import { probe } from './probe.ts';
import { isMonth } from './time-keys.ts';

const DAY = 86_400_000;
const PERIODS = ['monthly', 'daily'] as const;
/** Before the archive's first file (docs/DOMAIN.md §2). */
const FIRST_MONTH = '2017-08';

const paramsSchema = z.strictObject({
  market: z.enum(MARKETS),
  symbol: z.string().regex(SYMBOL_FORM),
  interval: z.string().regex(/^\w+$/),
  /** Matters only where files are asked for one by one: a listing has all days. */
  prefer_daily: z.array(z.string().refine(isMonth)).nullish(),
});

const settingsSchema = z.looseObject({
  listing_url: baseUrlSchema,
  archive_url: archiveUrlsSchema,
  probe_from: z
    .string()
    .refine((text) => instantMs(text) !== undefined, { error: `expected ${INSTANT_FORM}` })
    .nullish(),
  network: networkSchema,
});
type Settings = z.output<typeof settingsSchema>;
type Context = TaskContext<z.output<typeof paramsSchema>>;

export default defineTask({
  version: 3,
  params: paramsSchema,
  async run(ctx) {
    const settings = readSettings(settingsSchema, ctx.settings);
    if (!settings.ok) return { failed: settings.failure };
    const { market, symbol, interval } = ctx.params;
    const series: Series = { market, symbol, interval };
    const previous = await readPrevious(inPlace(ctx), series);

    const complete = ctx.sweep || previous?.probed === true ? undefined : previous;
    const listed = await listFolders(lister(ctx, settings.value), series, complete);
    const origins = listed.ok ? originsOf(series, settings.value) : probedOrigins(series, settings.value);
    const result = listed.ok
      ? unlessLost(ctx, listed.known, previous, settings.value)
      : await aroundListing(ctx, series, settings.value, previous, listed.failure);
    if (result.ok) return (await written(ctx, series, result.known)) ?? { origins: { listing: origins } };
    if (previous === undefined) return { failed: result.failure };
    const { failure } = result;
    const message = `${failure.message}; what was listed before goes on to count`;
    return (await written(ctx, series, previous)) ?? { incomplete: { ...failure, message } };
  },
});

async function written(ctx: Context, series: Series, known: Known): Promise<TaskResult> {
  if (countOf(known) === 0)
    return {
      absent: `no klines of ${series.symbol} at ${series.interval} in the archive`,
      recheckAfter: DAY,
    };
  const unwritten = await writeOutput(ctx, 'listing', listingText(series, known));
  return unwritten && { failed: unwritten };
}

/** What was asked now. What an incremental listing has kept of earlier ones came from the same places. */
function originsOf(series: Series, settings: Settings): readonly Origin[] {
  const fetchedAt = new Date().toISOString();
  return PERIODS.map((period) => ({
    url: listingAddress(settings, { prefix: folderPrefix(series, period), marker: undefined }),
    fetchedAt,
  }));
}

/** The folders whose files were asked for one by one, at the first of the mirrors. */
function probedOrigins(series: Series, { archive_url: [url = ''] }: Settings): readonly Origin[] {
  const fetchedAt = new Date().toISOString();
  return PERIODS.map((period) => ({ url: addressOf(url, folderPrefix(series, period)), fetchedAt }));
}

function countOf({ monthly, daily }: Known): number {
  return Object.keys(monthly).length + Object.keys(daily).length;
}

/** Nobody takes back years of files: an answer without them is of another place, or of a server in trouble. */
function unlessLost(
  ctx: Context,
  known: Known,
  previous: Known | undefined,
  { listing_url: url }: Settings,
): Listed {
  const before = previous === undefined ? 0 : countOf(previous);
  if (previous === undefined || before === 0) return { ok: true, known };
  const { symbol, interval } = ctx.params;
  const what = `klines of ${symbol} at ${interval}`;
  const refuse = (code: string, found: string, whole: string): Listed => ({
    ok: false,
    failure: {
      code,
      message: `${new URL(url).host} lists ${found}`,
      hint: `check binance.listing_url; if the publisher has withdrawn them ${whole} its listing.json`,
      transient: true,
    },
  });
  if (countOf(known) === 0)
    return refuse(
      'listing-emptied',
      `no ${what}, and listed ${before} files before`,
      'all, leave the symbol out, or remove',
    );
  const { files, months } = lossSince(previous, known, Date.now());
  // Of what was asked for one by one not all need be the archive's: that must not stand in the way for ever.
  if (months.length > 0 && !previous.probed)
    return refuse(
      'listing-shrunk',
      `no ${what} of ${someOf(months)}, at an end of all that it lists, and did before`,
      'for good, remove',
    );
  const becomes =
    months.length > 0
      ? `nothing is looked for in ${someOf(months)}, at an end of all that it lists`
      : 'what they served is taken from other files, or from REST';
  if (files.length > 0)
    ctx.warn(
      `${new URL(url).host} lists ${files.length} of the files of ${symbol} at ${interval} no more ` +
        `(${someOf(files)}): ${becomes}`,
    );
  return { ok: true, known };
}

function someOf(keys: readonly string[]): string {
  return keys.length > 3 ? `${keys[0]} … ${keys.at(-1)} (${keys.length})` : keys.join(', ');
}

function inPlace(ctx: Context): string {
  const shown = ctx.finalOutputs['listing'];
  if (shown === undefined) throw new Error(`${ctx.target}: the rule declares no output "listing"`);
  return resolve(ctx.workspace, shown);
}

/** The files of the archive, asked for one by one if nothing else is left to do; else the failure. */
async function aroundListing(
  ctx: Context,
  series: Series,
  { archive_url: urls, listing_url, probe_from, network }: Settings,
  previous: Known | undefined,
  failure: TaskFailure,
): Promise<Listed> {
  const failed: Listed = { ok: false, failure };
  if (!isUnreached(failure) || !ctx.isLastTry(failure)) return failed;
  const also = (what: string): Listed => ({
    ok: false,
    failure: { ...failure, message: `${failure.message}; ${what}` },
  });
  const probing = {
    series,
    from: probe_from?.slice(0, FIRST_MONTH.length) ?? FIRST_MONTH,
    now: Date.now(),
    preferDaily: ctx.params.prefer_daily ?? [],
    previous,
  };
  const hosts = urls.map((url) => new URL(url).host).join(', ');
  const probed = await probe(looker(ctx, { urls, network }), probing, (asked) =>
    ctx.progress(asked, undefined, 'files'),
  );
  if (!probed.ok) return also(`its files cannot be asked for one by one either: ${probed.failure.message}`);
  const { known, asked, found } = probed;
  if (previous === undefined && found === 0)
    return also(`of the ${asked} files that ${hosts} was asked for instead none is there`);
  ctx.warn(
    `the listing of ${series.symbol} at ${new URL(listing_url).host} cannot be reached (${failure.message}): ` +
      `${hosts} was asked for ${asked} files one by one instead, and has ${found} of them; ` +
      'older files that are republished go unnoticed until the listing can be reached again',
  );
  return { ok: true, known };
}
