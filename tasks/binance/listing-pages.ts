/**
 * Follows the pages of an S3 listing to their end. A listing that does not advance, leaves its prefix or never
 * ends is a failure. It knows neither HTTP nor what the keys mean: `ask` gets one page.
 */
import type { TaskFailure } from '../../src/engine/task.ts';
import { byCodeUnit } from '../../src/engine/task.ts';
import type { ListedObject } from './listing-xml.ts';
import { readListingPage } from './listing-xml.ts';

export interface PageQuery {
  readonly prefix: string;
  /** Only keys after it. */
  readonly marker: string | undefined;
}

export type PageAnswer =
  | { readonly ok: true; readonly body: string; readonly url: string }
  | { readonly ok: false; readonly failure: TaskFailure };

export type ListResult =
  | { readonly ok: true; readonly objects: readonly ListedObject[]; readonly prefixes: readonly string[] }
  | { readonly ok: false; readonly failure: TaskFailure };

/** 500,000 ZIPs with their sidecars: no symbol has that many days. */
const MAX_PAGES = 1_000;

export async function listObjects(
  query: PageQuery,
  ask: (query: PageQuery) => Promise<PageAnswer>,
  maxPages = MAX_PAGES,
): Promise<ListResult> {
  const objects: ListedObject[] = [];
  const prefixes: string[] = [];
  let marker = query.marker;
  for (let number = 1; number <= maxPages; number += 1) {
    const answer = await ask({ prefix: query.prefix, marker });
    if (!answer.ok) return answer;
    const read = readListingPage(answer.body);
    if (!read.ok) return refuse(answer.url, read.message, read.code);
    // A cache or a proxy that drops the query answers for another folder: without this, "nothing there".
    const { asked } = read.page;
    if (asked !== undefined && asked !== query.prefix)
      return refuse(answer.url, `the listing of the prefix ${JSON.stringify(asked)}`);
    const names = [...read.page.objects.map(({ key }) => key), ...read.page.prefixes];
    const stray = names.find((name) => !name.startsWith(query.prefix));
    if (stray !== undefined) return refuse(answer.url, `the key ${stray}, which is outside the prefix`);
    objects.push(...read.page.objects);
    prefixes.push(...read.page.prefixes);
    const { next } = read.page;
    if (next === undefined) return { ok: true, objects, prefixes };
    if (marker !== undefined && byCodeUnit(next, marker) <= 0) {
      return fail(
        'listing-loop',
        `GET ${answer.url} does not advance: the next page would start at ${next} again`,
      );
    }
    marker = next;
  }
  return fail('listing-endless', `the listing of ${query.prefix} has more than ${maxPages} pages`);
}

function refuse(url: string, what: string, code?: string): ListResult {
  return {
    ok: false,
    failure: {
      code: code === undefined ? 'listing-malformed' : 'listing-error',
      message: `GET ${url} answered with ${what}`,
      hint: 'check binance.listing_url and the proxy; if both are right, build again later',
      transient: true,
    },
  };
}

function fail(code: string, message: string): ListResult {
  return {
    ok: false,
    failure: { code, message, hint: 'check binance.listing_url: this is no listing of the archive' },
  };
}
