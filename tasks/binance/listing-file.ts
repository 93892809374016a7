/**
 * The file that the listing task writes, reads again at its next run, and the sources task reads: its shape, one way
 * and the other. Asks nobody.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { canonicalJson, sha256 } from '../../src/engine/task.ts';
import { jsonText } from '../lib/json-text.ts';
import type { Series } from './layout.ts';
import { MARKETS } from './layout.ts';
import { isDay, isMonth } from './time-keys.ts';

const entrySchema = z.strictObject({
  key: z.string().min(1),
  size: z.int().nonnegative(),
  etag: z.string(),
  lastModified: z.string(),
  /** Present where the sidecar is not listed (yet). */
  checksum: z.exactOptional(z.literal(false)),
});

/** Version 1 left out the days of most months that a monthly file serves. */
export const listingSchema = z.strictObject({
  version: z.literal(2),
  market: z.enum(MARKETS),
  symbol: z.string(),
  interval: z.string(),
  /** By month, `2024-01`. */
  monthly: z.record(z.string().refine(isMonth, { error: 'expected a month such as 2024-01' }), entrySchema),
  /** By day, `2024-01-05`. */
  daily: z.record(z.string().refine(isDay, { error: 'expected a day such as 2024-01-05' }), entrySchema),
  /** Present where files were asked for one by one, as the listing could not be reached: there may be more. */
  probed: z.exactOptional(z.literal(true)),
  /** Of all the rest, so that a file that was edited is not taken for what the archive said. */
  digest: z.string(),
});

/** One listed ZIP. */
export type Entry = z.infer<typeof entrySchema>;
/** ZIPs by month or day. */
export type Entries = Readonly<Record<string, Entry>>;
export type Listing = z.infer<typeof listingSchema>;
export { entrySchema };

/** The same, but for the entries, of which there are thousands: zod takes microseconds for each. */
const quickSchema = listingSchema.extend({
  monthly: z.custom<Listing['monthly']>((value) => areEntries(value, isMonth)),
  daily: z.custom<Listing['daily']>((value) => areEntries(value, isDay)),
});

/** As `listingSchema` reads it, which has the last word on what is wrong. */
export function parseListing(value: unknown): z.ZodSafeParseResult<Listing> {
  const quick = quickSchema.safeParse(value);
  return quick.success ? quick : listingSchema.safeParse(value);
}

function areEntries(value: unknown, isKey: (key: string) => boolean): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(([key, entry]) => isKey(key) && isEntry(entry));
}

/** What `entrySchema` accepts of what JSON can hold. */
function isEntry(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (!('key' in value && 'size' in value && 'etag' in value && 'lastModified' in value)) return false;
  const { key, size, etag, lastModified } = value;
  const checked = !('checksum' in value);
  return (
    typeof key === 'string' &&
    key !== '' &&
    typeof size === 'number' &&
    Number.isSafeInteger(size) &&
    size >= 0 &&
    typeof etag === 'string' &&
    typeof lastModified === 'string' &&
    (checked || value.checksum === false) &&
    Object.keys(value).length === (checked ? 4 : 5)
  );
}

/** What is known of the files of one series. */
export interface Known {
  readonly monthly: Entries;
  readonly daily: Entries;
  readonly probed: boolean;
}

export function listingText(series: Series, { monthly, daily, probed }: Known): string {
  const { market, symbol, interval } = series;
  const listing = {
    version: 2,
    market,
    symbol,
    interval,
    monthly,
    daily,
    ...(probed ? { probed } : {}),
  } as const;
  return jsonText({ ...listing, digest: sha256(canonicalJson(listing)) });
}

/** What an earlier run knew; undefined where there is no such file, or it is of another series or not as it was written. */
export async function readPrevious(path: string, series: Series): Promise<Known | undefined> {
  const listing = parseListing(await jsonIn(path)).data;
  if (listing === undefined) return undefined;
  const { digest, ...rest } = listing;
  const same = (['market', 'symbol', 'interval'] as const).every((name) => listing[name] === series[name]);
  if (!same || digest !== sha256(canonicalJson(rest))) return undefined;
  return { monthly: listing.monthly, daily: listing.daily, probed: listing.probed ?? false };
}

/** Undefined where there is none to be read: whoever asks can do without. */
async function jsonIn(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}
