/** The file that the listing task writes and the sources task reads: its shape, one way and the other. Asks nothing. */
import { z } from 'zod';
import { jsonText } from '../lib/json-text.ts';
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

export const listingSchema = z.strictObject({
  version: z.literal(1),
  market: z.enum(MARKETS),
  symbol: z.string(),
  interval: z.string(),
  /** By month, `2024-01`. */
  monthly: z.record(z.string().refine(isMonth, { error: 'expected a month such as 2024-01' }), entrySchema),
  /** By day, `2024-01-05`. */
  daily: z.record(z.string().refine(isDay, { error: 'expected a day such as 2024-01-05' }), entrySchema),
});

/** One listed ZIP. */
export type Entry = z.infer<typeof entrySchema>;
export type Listing = z.infer<typeof listingSchema>;
export { entrySchema };

export function listingText(listing: Listing): string {
  return jsonText(listing);
}
