/**
 * Asks the listing host for the pages of one prefix, and says of a failure whether it means that the host cannot be
 * reached. It knows neither what the keys mean nor what to do without them.
 */
import type { TaskContext, TaskFailure } from '../../src/engine/task.ts';
import { getText } from '../lib/http.ts';
import type { NetworkSettings } from '../lib/settings.ts';
import type { List } from './listing-folders.ts';
import type { PageQuery } from './listing-pages.ts';
import { listObjects } from './listing-pages.ts';
import { MirrorHealth } from './mirrors.ts';

/** A full page of 1,000 keys takes about 400 kB. */
const MAX_PAGE_BYTES = 16 << 20;

/** A host that asked to be left alone is not asked for other symbols either. */
const health = new MirrorHealth();

export interface ListingHost {
  readonly listing_url: string;
  readonly network: NetworkSettings;
}

/** Of one page of a prefix. */
export function listingAddress(
  { listing_url }: Pick<ListingHost, 'listing_url'>,
  { prefix, marker }: PageQuery,
): string {
  const url = new URL(listing_url);
  url.searchParams.set('delimiter', '/');
  url.searchParams.set('prefix', prefix);
  if (marker !== undefined) url.searchParams.set('marker', marker);
  return url.href;
}

export function lister(ctx: TaskContext<unknown>, host: ListingHost): List {
  const { signal, workspace } = ctx;
  const gate = async (): Promise<TaskFailure | undefined> => {
    const givenUp = health.givenUp(host.listing_url);
    if (givenUp !== undefined) return givenUp;
    const hold = health.hold(host.listing_url);
    return hold && { ...hold, hint: 'build again then; if it comes back, lower pools.network' };
  };
  const options = { signal, workspace, settings: host.network, maxBytes: MAX_PAGE_BYTES, gate };
  let names = 0;
  return async (query) => {
    const result = await listObjects(query, async ({ prefix, marker }) => {
      const url = listingAddress(host, { prefix, marker });
      const answer = await getText(url, options);
      if (!answer.ok) {
        if (answer.held !== true) health.failed(host.listing_url, answer, ctx.log);
        return answer;
      }
      health.worked(host.listing_url);
      return { ok: true, body: answer.text, url };
    });
    if (!result.ok) return result;
    names += result.objects.length + result.prefixes.length;
    ctx.progress(names, undefined, 'keys');
    return result;
  };
}

/** The host did not answer, or refuses this place: another one may answer. A listing that is malformed is none of these. */
const UNREACHED: ReadonlySet<string> = new Set([
  'http-connect',
  'http-cut',
  'http-dns',
  'http-firewall',
  'http-forbidden',
  'http-location-refused',
  'http-proxy',
  'http-server-error',
  'http-timeout',
  'http-tls',
]);

export function isUnreached({ code }: TaskFailure): boolean {
  return UNREACHED.has(code);
}
