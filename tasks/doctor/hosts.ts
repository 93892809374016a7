/**
 * Whether the publisher's hosts answer as they should: the listing, the archive and its mirrors, and how fast a file
 * comes. Six requests at most, and none to a host that wants to be left alone. REST is in `rest.ts`.
 */
import type { Series } from '../binance/layout.ts';
import { addressOf, folderPrefix, keyFor } from '../binance/layout.ts';
import type { ListedObject } from '../binance/listing-xml.ts';
import { readListingPage } from '../binance/listing-xml.ts';
import { MirrorHealth } from '../binance/mirrors.ts';
import { previousMonth } from '../binance/time-keys.ts';
import type { HttpFailure } from '../lib/http.ts';
import { oneOf } from '../lib/http-body.ts';
import type { Asking } from './ask.ts';
import { askHead, askSample, askText } from './ask.ts';
import type { Check } from './check.ts';
import { fail, failed, ok, warn } from './check.ts';
import type { MarketConfig } from './market.ts';

/** Eight years of months and their sidecars. */
const MAX_KEYS = 200;
const MIRRORS = 3;
const SAMPLE = { bytes: 2_000_000, ms: 3_000 };

/** Bytes a second: a month of 1m bars takes longer than a minute. What is over within a second tells nothing of it. */
const SLOW = 30_000;

const ZIP_START = Buffer.from('PK\x03\x04', 'latin1');
const NO_ARCHIVE = 'check binance.archive_url and the proxy: this is no archive';

/** Shared with builds: a ban is remembered for them, too. */
const health = new MirrorHealth();

function heeding(url: string, asking: Asking): Asking {
  return { ...asking, gate: async () => health.hold(url) };
}

function note(url: string, answer: { readonly ok: true } | HttpFailure): void {
  if (answer.ok) health.worked(url);
  else if (answer.held !== true) health.failed(url, answer, () => {});
}

/** A ZIP of the archive to ask for, and whether the archive is known to have it. */
interface Wanted {
  readonly key: string;
  readonly listed: boolean;
}

export async function archiveChecks(
  { series, listingUrl, archiveUrls }: MarketConfig,
  asking: Asking,
  now: () => number,
): Promise<readonly Check[]> {
  const listing = listingUrl === undefined ? undefined : await listingCheck(listingUrl, series, asking);
  const wanted = listing?.largest ?? { key: guessedKey(series, now()), listed: false };
  const asked = await Promise.all(
    archiveUrls.slice(0, MIRRORS).map((url, at) => archiveCheck(url, wanted, asking, at)),
  );
  const served = asked.find((one) => one.served);
  // A mirror that works is enough for a build.
  const archives = asked.map(({ check }) =>
    check.state === 'fail' && served !== undefined ? { ...check, state: 'warn' as const } : check,
  );
  const download = served === undefined ? [] : [await downloadCheck(served.url, asking)];
  return [...(listing === undefined ? [] : [listing.check]), ...archives, ...download];
}

async function listingCheck(
  listingUrl: string,
  series: Series,
  asking: Asking,
): Promise<{ readonly check: Check; readonly largest?: Wanted }> {
  const name = 'listing';
  const url = new URL(listingUrl);
  url.searchParams.set('delimiter', '/');
  url.searchParams.set('prefix', folderPrefix(series, 'monthly'));
  url.searchParams.set('max-keys', String(MAX_KEYS));
  const begun = performance.now();
  const answer = await askText(url.href, heeding(listingUrl, asking));
  note(listingUrl, answer);
  if (!answer.ok) return { check: failed(name, answer.failure) };
  const read = readListingPage(answer.text);
  if (!read.ok) {
    const hint = 'check binance.listing_url and the proxy: this is no listing of the archive';
    return { check: fail(name, `GET ${url.href} answered with ${read.message}`, hint) };
  }
  const zips = read.page.objects.filter(({ key }) => key.endsWith('.zip'));
  const largest = zips.reduce<ListedObject | undefined>(
    (most, one) => (most === undefined || one.size > most.size ? one : most),
    undefined,
  );
  if (largest === undefined) {
    const detail = `${url.host} has no monthly file of ${series.symbol} at ${series.interval}`;
    return { check: warn(name, detail, 'check market, symbols and interval in the config') };
  }
  const count = `${zips.length}${read.page.next === undefined ? '' : ' or more'} monthly files`;
  const detail = `${url.host} has ${count} of ${series.symbol}, told in ${since(begun)}`;
  return { check: ok(name, detail), largest: { key: largest.key, listed: true } };
}

/** The month before last: even a late file has come by then. */
function guessedKey(series: Series, now: number): string {
  return keyFor(series, previousMonth(previousMonth(new Date(now).toISOString().slice(0, 7))));
}

async function archiveCheck(
  baseUrl: string,
  { key, listed }: Wanted,
  asking: Asking,
  at: number,
): Promise<{ readonly check: Check; readonly served: boolean; readonly url: string }> {
  const name = at === 0 ? 'archive' : `archive-${at + 1}`;
  const url = addressOf(baseUrl, key);
  const { host } = new URL(url);
  const begun = performance.now();
  const answer = await askHead(url, heeding(baseUrl, asking));
  note(baseUrl, answer);
  if (!answer.ok) return { check: failed(name, answer.failure), served: false, url };
  const served = answer.status === 200;
  if (served && /^text\/html\b/i.test(oneOf(answer.headers['content-type']) ?? '')) {
    const detail = `HEAD ${url} answered with an HTML page, where a ZIP was expected`;
    return { check: fail(name, detail, NO_ARCHIVE), served: false, url };
  }
  if (served) return { check: ok(name, `${host} answers in ${since(begun)}`), served, url };
  const check = listed
    ? fail(name, `HEAD ${url} answered 404, though it is listed`, 'check binance.archive_url')
    : warn(
        name,
        `${host} answers in ${since(begun)}, but has no ${fileOf(key)}`,
        'that name was a guess: mend the listing first, then look again',
      );
  return { check, served, url };
}

async function downloadCheck(url: string, asking: Asking): Promise<Check> {
  const name = 'download';
  const sample = await askSample(url, asking, SAMPLE);
  if (!sample.ok) return failed(name, sample.failure);
  const { bytes, start, seconds } = sample;
  if (bytes === 0)
    return fail(
      name,
      `GET ${url}: no bytes came`,
      'check the network and the proxy (HTTPS_PROXY), then look again',
    );
  const begun = start.subarray(0, ZIP_START.length);
  if (!begun.equals(ZIP_START.subarray(0, begun.length))) {
    const found = JSON.stringify(start.toString('latin1'));
    return fail(name, `GET ${url} answered with no ZIP: it begins with ${found}`, NO_ARCHIVE);
  }
  const rate = Number((bytes / 1e6 / seconds).toPrecision(3));
  const detail = `${rate} MB/s (${(bytes / 1e6).toFixed(2)} MB of ${fileOf(url)} in ${seconds.toFixed(2)} s)`;
  const hint =
    'use another network, or name a mirror in binance.archive_url; the files that come are gone on with';
  return seconds > 1 && bytes / seconds < SLOW ? warn(name, detail, hint) : ok(name, detail);
}

function fileOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function since(begun: number): string {
  return `${Math.round(performance.now() - begun)} ms`;
}
