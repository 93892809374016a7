/**
 * What `doctor` needs of the market's config: folders, hosts, one symbol to ask for. The config was checked when the
 * manifest was read, so what has another shape is left out and not complained of. It opens nothing.
 */
import { z } from 'zod';
import type { Json } from '../../src/engine/task.ts';
import type { Market, Series } from '../binance/layout.ts';
import { MARKETS, REST_WEIGHT_LIMITS, SYMBOL_FORM } from '../binance/layout.ts';
import type { NetworkSettings } from '../lib/settings.ts';
import { baseUrlSchema, networkSchema } from '../lib/settings.ts';

export interface MarketConfig {
  /** Monthly files of it are listed, one of them is fetched in part. */
  readonly series: Series;
  readonly listingUrl: string | undefined;
  /** Mirrors, in the order in which they are tried. */
  readonly archiveUrls: readonly string[];
  readonly restUrl: string | undefined;
  /** False where gaps are left as they are: then REST is not needed. */
  readonly fills: boolean;
  readonly weightLimit: number;
}

/** The folders that builds write to, as configs/base.yaml names them. */
const FOLDERS = [
  ['raw', 'data/raw'],
  ['cache', 'data/cache'],
  ['processed', 'data/processed'],
  ['reports', 'reports'],
  ['quarantine', 'data/quarantine'],
] as const;

const url = baseUrlSchema.optional().catch(undefined);
const folder = z.string().min(1);

const schema = z.looseObject({
  market: z.enum(MARKETS),
  interval: z.string().catch('1m'),
  symbols: z.array(z.string().regex(SYMBOL_FORM)).catch([]),
  binance: z
    .looseObject({
      listing_url: url,
      archive_url: z.union([baseUrlSchema.transform((one) => [one]), z.array(baseUrlSchema)]).catch([]),
      rest_url: url,
      rest_weight_limit: z.number().positive().optional().catch(undefined),
      fill: z.string().optional().catch(undefined),
    })
    .catch({ archive_url: [] }),
});

const pathsSchema = z.object({ paths: z.record(z.string(), z.unknown()) });

/** A symbol that every market has had for long: asked for where the config takes its symbols from the listing. */
const EVERLASTING: Readonly<Record<Market, string>> = { spot: 'BTCUSDT', um: 'BTCUSDT', cm: 'BTCUSD_PERP' };

/** Undefined where the config is not the market's. */
export function marketOf(config: Json): MarketConfig | undefined {
  const parsed = schema.safeParse(config);
  if (!parsed.success) return undefined;
  const { market, interval, symbols, binance } = parsed.data;
  return {
    series: { market, symbol: symbols[0] ?? EVERLASTING[market], interval },
    listingUrl: binance.listing_url,
    archiveUrls: binance.archive_url,
    restUrl: binance.rest_url,
    fills: binance.fill !== 'none',
    weightLimit: binance.rest_weight_limit ?? REST_WEIGHT_LIMITS[market],
  };
}

export function networkOf(config: Json): NetworkSettings {
  const parsed = z.looseObject({ network: networkSchema }).safeParse(config);
  return parsed.success ? parsed.data.network : networkSchema.parse({});
}

/** By the name that the config knows them by, relative to the workspace or absolute. */
export function foldersOf(config: Json): readonly (readonly [name: string, path: string])[] {
  const given = pathsSchema.safeParse(config).data?.paths ?? {};
  return FOLDERS.map(([name, usual]) => [name, folder.safeParse(given[name]).data ?? usual]);
}
