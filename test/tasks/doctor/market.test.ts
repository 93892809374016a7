import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../tasks/config.ts';
import { foldersOf, marketOf, networkOf } from '../../../tasks/doctor/market.ts';

const CONFIG = {
  market: 'um',
  interval: '1h',
  symbols: ['ETHUSDT', 'BTCUSDT'],
  binance: { listing_url: 'http://l/x', archive_url: ['http://a', 'http://b'] },
};

describe("the market's config", () => {
  it('gives hosts, the first symbol and what follows from the market', () => {
    expect(marketOf(configSchema.complete(CONFIG))).toEqual({
      series: { market: 'um', symbol: 'ETHUSDT', interval: '1h' },
      listingUrl: 'http://l/x',
      archiveUrls: ['http://a', 'http://b'],
      restUrl: 'https://fapi.binance.com',
      fills: true,
      weightLimit: 2_400,
    });
  });

  it('may name one archive, and do without REST', () => {
    const binance = { archive_url: 'http://a', fill: 'none', rest_weight_limit: 100 };
    expect(marketOf({ ...CONFIG, binance })).toMatchObject({
      listingUrl: undefined,
      archiveUrls: ['http://a'],
      restUrl: undefined,
      fills: false,
      weightLimit: 100,
    });
  });

  it.each([
    ['spot', 'BTCUSDT'],
    ['um', 'BTCUSDT'],
    ['cm', 'BTCUSD_PERP'],
  ])('of %s that takes its symbols from the listing is asked about %s', (market, symbol) => {
    const config = { ...CONFIG, market, symbols: { listed: '*USDT' } };
    expect(marketOf(config)?.series.symbol).toBe(symbol);
  });

  it('is none where no market is named', () => {
    expect(marketOf({})).toBeUndefined();
    expect(marketOf({ symbols: ['a'], market: 'fish' })).toBeUndefined();
    expect(marketOf(null)).toBeUndefined();
  });

  it('names folders, those of configs/base.yaml where it does not', () => {
    expect(foldersOf({ paths: { raw: '/mnt/raw', cache: null, other: 1 } })).toEqual([
      ['raw', '/mnt/raw'],
      ['cache', 'data/cache'],
      ['processed', 'data/processed'],
      ['reports', 'reports'],
      ['quarantine', 'data/quarantine'],
    ]);
    expect(foldersOf({}).map(([, path]) => path)[0]).toBe('data/raw');
  });

  it('has network settings, the usual ones where its own are no good', () => {
    expect(networkOf({ network: { user_agent: 'me', connect_timeout: '1s' } })).toMatchObject({
      user_agent: 'me',
      connect_timeout: 1_000,
    });
    expect(networkOf({ network: { connect_timeout: 7 } }).connect_timeout).toBe(10_000);
    expect(networkOf({}).connect_timeout).toBe(10_000);
  });
});
