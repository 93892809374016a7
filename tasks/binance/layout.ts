/**
 * Where the bulk archive keeps klines (docs/DOMAIN.md §1): keys, prefixes and names, both ways. Pure text: it
 * asks nothing and knows no URL of the archive.
 */
import { isDay, isMonth } from './time-keys.ts';

export const MARKETS = ['spot', 'um', 'cm'] as const;
export type Market = (typeof MARKETS)[number];

/** One kind of bars of one symbol. */
export interface Series {
  readonly market: Market;
  readonly symbol: string;
  readonly interval: string;
}

export type Period = 'monthly' | 'daily';

const ARCHIVE_ROOTS: Readonly<Record<Market, string>> = {
  spot: 'data/spot',
  um: 'data/futures/um',
  cm: 'data/futures/cm',
};

/** Folder below `paths.raw`. */
export const RAW_FOLDERS: Readonly<Record<Market, string>> = {
  spot: 'binance',
  um: 'binance-um',
  cm: 'binance-cm',
};

/** docs/DOMAIN.md §3: for spot the address with market data only, which avoids the geographic block. */
export const REST_URLS: Readonly<Record<Market, string>> = {
  spot: 'https://data-api.binance.vision',
  um: 'https://fapi.binance.com',
  cm: 'https://dapi.binance.com',
};

/** Which interface serves the market (docs/DOMAIN.md §3). */
const REST_ROOTS: Readonly<Record<Market, string>> = { spot: 'api/v3', um: 'fapi/v1', cm: 'dapi/v1' };

/** Request weight a minute for one address. Spot: docs/DOMAIN.md §3; futures: what their exchangeInfo names. */
export const REST_WEIGHT_LIMITS: Readonly<Record<Market, number>> = { spot: 6_000, um: 2_400, cm: 2_400 };

/** What becomes of gaps: asked for at REST, or left. */
export const FILLS = ['rest', 'none'] as const;

export const SYMBOL_FORM = /^[A-Z0-9_]+$/;
export const CHECKSUM_SUFFIX = '.CHECKSUM';

/** `BTCUSDT-1m-2024-01.zip`: the same in the archive and on disk. */
export function fileName(series: Pick<Series, 'symbol' | 'interval'>, timeKey: string): string {
  return `${series.symbol}-${series.interval}-${timeKey}.zip`;
}

/** The name of the one member of a ZIP. */
export function memberName(zipName: string): string {
  return `${zipName.slice(0, -'.zip'.length)}.csv`;
}

/** Holds a folder for each symbol. With a final slash. */
export function symbolsPrefix(market: Market, period: Period): string {
  return `${ARCHIVE_ROOTS[market]}/${period}/klines/`;
}

/** With a final slash. */
export function folderPrefix(series: Series, period: Period): string {
  return `${symbolsPrefix(series.market, period)}${series.symbol}/${series.interval}/`;
}

/** The key of the ZIP for a month or a day. */
export function keyFor(series: Series, timeKey: string): string {
  return folderPrefix(series, isDay(timeKey) ? 'daily' : 'monthly') + fileName(series, timeKey);
}

/** The greatest text below every daily key of a month and above every one before it: S3 lists what comes after a marker. */
export function markerBefore(series: Series, month: string): string {
  return `${folderPrefix(series, 'daily')}${series.symbol}-${series.interval}-${month}-`;
}

/** The month or day of a ZIP's key, or undefined where the key is not exactly of the expected shape. */
export function timeKeyOf(series: Series, period: Period, key: string): string | undefined {
  const start = `${folderPrefix(series, period)}${series.symbol}-${series.interval}-`;
  if (!key.startsWith(start) || !key.endsWith('.zip')) return undefined;
  const timeKey = key.slice(start.length, -'.zip'.length);
  const real = period === 'monthly' ? isMonth(timeKey) : isDay(timeKey);
  return real ? timeKey : undefined;
}

/** `https://host/base` and a key as one address. */
export function addressOf(baseUrl: string, key: string): string {
  const path = key.split('/').map(encodeURIComponent).join('/');
  return `${baseUrl.replace(/\/+$/, '')}/${path}`;
}

/** `https://host/base/api/v3/`: what the market's REST addresses begin with. */
export function restBase(restUrl: string, market: Market): string {
  return `${addressOf(restUrl, REST_ROOTS[market])}/`;
}
