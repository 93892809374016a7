import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { ConfigSchema } from '../../src/engine/manifest/model.ts';
import type { Json } from '../../src/engine/task.ts';
import { configSchema } from '../../tasks/config.ts';

const config = (name: string) =>
  parse(readFileSync(new URL(`../../configs/${name}`, import.meta.url), 'utf8'));
const shipped = { ...config('base.yaml'), ...config('data.history.yaml') };
/** One line an issue. */
const said = (given: Json): readonly string[] =>
  configSchema.check(given).map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('the config of the market', () => {
  it('has the form that the engine asks for', () => {
    const schema: ConfigSchema = configSchema;
    expect(schema.known).toContain('history.start_ts_utc');
    expect(schema.known).toContain('quality.checks.jump_sigma');
    expect([...schema.known]).toEqual([...schema.known].sort());
  });

  it('as it is shipped is right', () => {
    expect(said(shipped)).toEqual([]);
  });

  it('may leave out what it likes, and have more at the top', () => {
    expect(said({ market: 'um', currency: 'EUR' })).toEqual([]);
    expect(
      said({ market: 'spot', network: null, limits: { max_zip_bytes: null }, history: { end_ts_utc: null } }),
    ).toEqual([]);
    expect(
      said({ market: 'cm', symbols: ['BTCUSD_PERP', 'ETHUSD_240628'], pools: { cpu: 'auto', mine: 3 } }),
    ).toEqual([]);
  });

  it('is none of ours without market and binance', () => {
    expect(said({ symbols: ['a', 'b'], interval: 5, history: { from: 'long ago' }, limits: 3 })).toEqual([]);
    expect(said(null)).toEqual([]);
    expect(said(['a'])).toEqual([]);
  });

  it.each<[string, Json, string]>([
    ['market', 'spto', 'market: "spto": expected one of spot, um, cm'],
    ['market', null, 'market: null: expected one of spot, um, cm'],
    ['interval', 60, 'interval: 60 is no interval: expected 1m or 1h'],
    [
      'symbols',
      [],
      'symbols: []: expected a list of symbols such as ["BTCUSDT"], or patterns such as { listed: "*USDT" }',
    ],
    [
      'symbols',
      'BTCUSDT',
      'symbols: "BTCUSDT": expected a list of symbols such as ["BTCUSDT"], or patterns such as { listed: "*USDT" }',
    ],
    [
      'symbols',
      null,
      'symbols: null: expected a list of symbols such as ["BTCUSDT"], or patterns such as { listed: "*USDT" }',
    ],
    ['symbols', {}, 'symbols.listed: nothing: expected a pattern of A-Z, 0-9, _, * and ? such as "*USDT"'],
    [
      'symbols',
      { listed: 'USDT$' },
      'symbols.listed: "USDT$": expected a pattern of A-Z, 0-9, _, * and ? such as "*USDT"',
    ],
    [
      'symbols',
      { listed: [] },
      'symbols.listed: []: expected a pattern such as "*USDT", or a list of patterns',
    ],
    [
      'symbols',
      { listed: '*', not: ['*UP', '/'] },
      'symbols.not.1: "/": expected a pattern of A-Z, 0-9, _, * and ? such as "*USDT"',
    ],
    [
      'symbols',
      { listed: '*', except: 'B*' },
      'symbols.except: "except": no such name in symbols: expected a list of symbols such as ["BTCUSDT"], or patterns such as { listed: "*USDT" }',
    ],
    [
      'symbols',
      { keys: { rule: 'mine', pointer: '' } },
      'symbols.keys.pointer: "": expected a text that is not empty',
    ],
    ['symbols', ['btcusdt'], 'symbols.0: "btcusdt": expected a symbol of A-Z, 0-9 and _ such as BTCUSDT'],
    ['symbols', ['A', '../B'], 'symbols.1: "../B": expected a symbol of A-Z, 0-9 and _ such as BTCUSDT'],
    ['symbols', ['A', 'B', 'A'], 'symbols.2: "A": expected each symbol once'],
    [
      'history',
      { start_ts_utc: '2017-08-17' },
      'history.start_ts_utc: "2017-08-17": expected an instant in UTC such as 2025-08-22T23:59:00Z',
    ],
    [
      'history',
      { start_ts_utc: null },
      'history.start_ts_utc: null: expected an instant in UTC such as 2025-08-22T23:59:00Z',
    ],
    [
      'history',
      { strat_ts_utc: 'x' },
      'history.strat_ts_utc: "strat_ts_utc": no such name in history: expected one of end_ts_utc, start_ts_utc',
    ],
    [
      'history',
      { start_ts_utc: '2024-02-01T00:00:00Z', end_ts_utc: '2024-01-31T23:59:00Z' },
      'history.end_ts_utc: "2024-01-31T23:59:00Z": expected nothing before history.start_ts_utc, "2024-02-01T00:00:00Z"',
    ],
    [
      'binance',
      { archive_url: 'ftp://x' },
      'binance.archive_url: "ftp://x": expected http:// or https://, a host and perhaps a path, without user, query or fragment',
    ],
    [
      'binance',
      { archive_url: ['https://x', 'ftp://x'] },
      'binance.archive_url: "ftp://x": expected http:// or https://, a host and perhaps a path, without user, query or fragment',
    ],
    [
      'binance',
      { archive_url: { 'https://u:hunter2@x': 1 } },
      'binance.archive_url: …@x":1}: expected http:// or https://, a host and perhaps a path, without user, query or fragment',
    ],
    ['binance', { archive_url: [] }, 'binance.archive_url: []: expected at least one address'],
    ['binance', { fill: 'REST' }, 'binance.fill: "REST": expected one of rest, none'],
    [
      'binance',
      { rest_weight_share: 0 },
      'binance.rest_weight_share: 0: expected a share above 0 and up to 1 such as 0.8',
    ],
    [
      'binance',
      { rest_weight_limit: 0.5 },
      'binance.rest_weight_limit: 0.5: expected a whole number above 0 such as 6000',
    ],
    [
      'binance',
      { listed: ['*'] },
      'binance.listed: ["*"]: expected nothing, it follows from symbols: leave it out',
    ],
    [
      'binance',
      { unlisted: [] },
      'binance.unlisted: []: expected nothing, it follows from symbols: leave it out',
    ],
    [
      'binance',
      { archive_url: 'user:hunter2@x' },
      'binance.archive_url: "…@x": expected http:// or https://, a host and perhaps a path, without user, query or fragment',
    ],
    [
      'binance',
      { archive_url: 'https://user:hunter2@x/y?key=hunter2' },
      'binance.archive_url: "https://…@x/y?…": expected http:// or https://, a host and perhaps a path, without user, query or fragment',
    ],
    [
      'binance',
      { rest_url: 7 },
      'binance.rest_url: 7: expected http:// or https://, a host and perhaps a path, without user, query or fragment',
    ],
    [
      'binance',
      { prefer_daily: ['2020-13'] },
      'binance.prefer_daily.0: "2020-13": expected a month such as 2020-12',
    ],
    [
      'binance',
      { prefer_daily: '2020-12' },
      'binance.prefer_daily: "2020-12": expected a list of months such as ["2020-12"]',
    ],
    [
      'binance',
      { url: 'https://x' },
      'binance.url: "url": no such name in binance: expected one of archive_url, fill, ' +
        'listing_refresh, listing_sweep, listing_url, prefer_daily, rest_recheck, rest_url, rest_weight_limit, rest_weight_share',
    ],
    [
      'binance',
      { folder: 'binance-um' },
      'binance.folder: "binance-um": expected "binance", which follows from market "spot": leave it out',
    ],
    [
      'network',
      { body_timeout: '10 s' },
      'network.body_timeout: "10 s": expected a whole number and a unit of ms, s, m, h or d, such as 10s',
    ],
    [
      'binance',
      { listing_refresh: 60 },
      'binance.listing_refresh: 60: expected a whole number and a unit of ms, s, m, h or d, such as 10s',
    ],
    ['network', { user_agent: 'é' }, 'network.user_agent: "é": expected a text of printable ASCII'],
    ['network', { ca_file: '' }, 'network.ca_file: "": expected a text that is not empty'],
    [
      'network',
      { proxy: 'x' },
      'network.proxy: "proxy": no such name in network: expected one of body_timeout, ca_file, connect_timeout, deadline, headers_timeout, user_agent',
    ],
    ['network', 'fast', 'network: "fast": expected names and values'],
    ['limits', { max_zip_bytes: 0 }, 'limits.max_zip_bytes: 0: expected a whole number of bytes above 0'],
    [
      'limits',
      { max: 1 },
      'limits.max: "max": no such name in limits: expected one of max_csv_bytes, max_zip_bytes',
    ],
    ['pools', { rest: 0.5 }, 'pools.rest: 0.5: expected a whole number above 0, or auto for one per core'],
    ['paths', { raw: 3 }, 'paths.raw: 3: expected a text that is not empty'],
    [
      'quality',
      { coverage: { critical: 0.95, warning: 0.99 } },
      'quality.coverage: expected nothing: thresholds are those of quality.gates now, see configs/quality.yaml of `pipeline init`',
    ],
    [
      'quality',
      { checks: { jump_sigma: 0 } },
      'quality.checks.jump_sigma: 0: expected a number above 0 such as 20',
    ],
    [
      'quality',
      { checks: { flat: 3 } },
      'quality.checks.flat: "flat": no such name in quality.checks: expected one of flat_bars, jump_sigma',
    ],
  ])('with %s: %j is refused with the bad value and what is expected', (name, value, message) => {
    expect(said({ market: 'spot', [name]: value })).toEqual([message]);
  });

  it('refuses intervals that straddle months, and seconds of futures', () => {
    expect(said({ market: 'spot', interval: '1w' })).toEqual([
      'interval: bars of a week ("1w") straddle months, and a month is what is built at a time: ' +
        'expected one of 1s, 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 8h, 12h, 1d',
    ]);
    expect(said({ market: 'spot', interval: '1s' })).toEqual([]);
    expect(said({ market: 'um', interval: '1s' })).toEqual([
      'interval: "1s": expected 1m or longer, only spot has seconds and market is "um"',
    ]);
  });

  it('says everything at once', () => {
    expect(
      said({ market: 'x', symbols: [], limits: { a: 1, b: 2 } }).map((line) => line.split(':')[0]),
    ).toEqual(['market', 'symbols', 'limits.a', 'limits.b']);
  });
});

describe('the completed config', () => {
  it.each([
    ['spot', 'binance', 'https://data-api.binance.vision', 6_000],
    ['um', 'binance-um', 'https://fapi.binance.com', 2_400],
    ['cm', 'binance-cm', 'https://dapi.binance.com', 2_400],
  ])('of %s has its folder, REST address and weight limit', (market, folder, rest_url, rest_weight_limit) => {
    const completed = configSchema.complete({ market, binance: { archive_url: 'http://a' }, other: 1 });
    const added = { folder, rest_url, rest_weight_limit, listed: null, unlisted: null };
    const halts = { in_force: null };
    expect(completed).toEqual({ market, binance: { archive_url: 'http://a', ...added }, halts, other: 1 });
    expect(configSchema.complete(completed)).toEqual(completed);
    expect(said(completed)).toEqual([]);
  });

  it('keeps a REST address and a weight limit that are given', () => {
    const given = { rest_url: 'http://mine', rest_weight_limit: 1_200 };
    expect(configSchema.complete({ market: 'spot', binance: given })).toMatchObject({ binance: given });
    const cleared = configSchema.complete({
      market: 'spot',
      binance: { rest_url: null, rest_weight_limit: null },
    });
    expect(cleared).toMatchObject({
      binance: { rest_url: 'https://data-api.binance.vision', rest_weight_limit: 6_000 },
    });
  });

  it.each<[Json, Json, Json]>([
    [{ listed: '*USDT' }, ['*USDT'], []],
    [{ listed: ['BTC*', 'ETH*'], not: '*UPUSDT' }, ['BTC*', 'ETH*'], ['*UPUSDT']],
    [{ listed: ['*'], not: [] }, ['*'], []],
  ])(
    'of symbols by patterns, %j, takes them from the rule that looks for them',
    (symbols, listed, unlisted) => {
      const given = { market: 'spot', symbols };
      expect(said(given)).toEqual([]);
      const completed = configSchema.complete(given);
      expect(completed).toMatchObject({
        symbols: { keys: { rule: 'universe', pointer: '/symbols' } },
        binance: { listed, unlisted },
      });
      expect(configSchema.complete(completed)).toEqual(completed);
      expect(said(completed)).toEqual([]);
    },
  );

  it('of symbols by name, or by a rule of the manifest, has them as they are', () => {
    for (const symbols of [['BTCUSDT'], { keys: { rule: 'mine', pointer: '/x' } }]) {
      expect(said({ market: 'spot', symbols })).toEqual([]);
      expect(configSchema.complete({ market: 'spot', symbols })).toMatchObject({
        symbols,
        binance: { listed: null, unlisted: null },
      });
    }
  });

  it('is the same where there is no market', () => {
    expect(configSchema.complete({ symbols: ['a'] })).toEqual({ symbols: ['a'] });
    expect(configSchema.complete({ symbols: { listed: '*' } })).toEqual({ symbols: { listed: '*' } });
    expect(configSchema.complete(null)).toBeNull();
  });
});
