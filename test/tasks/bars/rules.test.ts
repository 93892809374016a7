import { describe, expect, it } from 'vitest';
import { collect } from '../../../tasks/bars/collect.ts';
import type { Market } from '../../../tasks/bars/rules.ts';
import { applyRules, countBreaks, countFlags, FLAG } from '../../../tasks/bars/rules.ts';
import type { RawRow } from './rows.ts';
import { bar, klinesOf } from './rows.ts';

const TS = Date.UTC(2024, 0, 1);
const SPAN = { start: TS, end: TS + 86_400_000 };

function flags(changes: Partial<RawRow>, market: Market = 'spot', provisional = false): number | undefined {
  const { bars } = collect([{ source: 'monthly', klines: klinesOf([bar(TS, changes)]) }], SPAN, 60_000);
  applyRules(bars, { market, interval: 60_000, provisional });
  return bars.flags[0];
}

const PRICES = ['high', 'low', 'price'];
const NONE = { trades: 0, volume: 0, quote: 0, takerBase: 0, takerQuote: 0 };

describe('a bar is flagged', () => {
  it('not at all when it keeps every rule', () => {
    expect(flags({})).toBe(0);
    expect(flags({ open: 100, high: 100, low: 100, close: 100, volume: 2, quote: 200 })).toBe(0);
  });

  it.each([
    [
      'off the grid, measuring its close against the floored opening',
      { openTime: TS + 14_789 },
      FLAG.offGrid,
    ],
    ['short', { closeTime: TS + 59_998 }, FLAG.shortClose],
    ['short when it closes before it opens', { closeTime: TS - 1 }, FLAG.shortClose],
    ['without trades', NONE, FLAG.noTrades],
    ['by price: high below open', { open: 110.5 }, FLAG.priceRule],
    ['by price: high below close', { close: 110.5 }, FLAG.priceRule],
    ['by price: low above open', { open: 89.5 }, FLAG.priceRule],
    ['by price: low above close', { close: 89.5 }, FLAG.priceRule],
    [
      'by price: nothing costs nothing',
      { ...NONE, open: 0, high: 0, low: 0, close: 0 },
      FLAG.priceRule | FLAG.noTrades,
    ],
    ['by volume: negative', { volume: -2, quote: 0, takerBase: 0, takerQuote: 0 }, FLAG.volumeRule],
    ['by volume: takers bought more than was sold', { takerBase: 2.1 }, FLAG.volumeRule],
    ['by volume: takers paid more than was paid', { takerQuote: 201 }, FLAG.volumeRule],
    ['by volume: paid less than the lowest price', { quote: 179 }, FLAG.volumeRule],
    ['by volume: paid more than the highest price', { quote: 221 }, FLAG.volumeRule],
    ['by volume: volume without trades', { trades: 0 }, FLAG.noTrades | FLAG.volumeRule],
    ['by volume: trades without volume', { ...NONE, trades: 1 }, FLAG.volumeRule],
    ['by volume: money without volume', { ...NONE, quote: 5 }, FLAG.noTrades | FLAG.volumeRule],
  ])('%s', (_, changes, expected) => {
    expect(flags(changes)).toBe(expected);
  });

  it('provisional, beside anything else', () => {
    expect(flags({}, 'spot', true)).toBe(FLAG.provisional);
    expect(flags(NONE, 'spot', true)).toBe(FLAG.provisional | FLAG.noTrades);
  });

  it('never for the last of 8 decimals of its trades, nor for what a double cannot hold', () => {
    expect(flags({ quote: 180 - 3e-8 })).toBe(0);
    expect(flags({ quote: 180 - 1e-6 })).toBe(FLAG.volumeRule);
    const volume = 123_456_789_012.125;
    expect(
      flags({ high: 0.1, low: 0.1, open: 0.1, close: 0.1, volume, quote: volume * 0.1 * (1 + 1e-12) }),
    ).toBe(0);
    expect(flags({ takerBase: 2 + 1e-9 })).toBe(0);
  });

  it('by its ratio of volumes in every market but COIN-M, which counts contracts', () => {
    const contracts = {
      open: 42_000,
      high: 42_100,
      low: 41_900,
      close: 42_050,
      volume: 500,
      quote: 1.19,
      takerBase: 100,
      takerQuote: 0.2,
    };
    expect([flags(contracts, 'spot'), flags(contracts, 'um'), flags(contracts, 'cm')]).toEqual([32, 32, 0]);
    expect(flags({ ...contracts, takerBase: 501 }, 'cm')).toBe(32);
  });
});

describe('of the rules', () => {
  /** Names of those that a bar breaks. */
  function broken(changes: Partial<RawRow>, market: Market = 'spot'): readonly string[] {
    const { bars } = collect([{ source: 'daily', klines: klinesOf([bar(TS, changes)]) }], SPAN, 60_000);
    return Object.entries(countBreaks(bars, market)).flatMap(([name, count]) => (count === 0 ? [] : [name]));
  }

  it.each<[string, Partial<RawRow>, readonly string[]]>([
    ['a regular bar breaks none', {}, []],
    ['a bar without trades and volume breaks none', NONE, []],
    ['high is below open', { open: 110.5 }, ['high']],
    ['high is below close', { close: 110.5 }, ['high']],
    ['high is below all', { high: 89, quote: 178 }, ['high', 'low', 'quote_volume']],
    ['low is above open', { open: 89.5 }, ['low']],
    ['low is above close', { close: 89.5 }, ['low']],
    ['a price is 0', { low: 0 }, ['price']],
    ['all prices are 0', { ...NONE, open: 0, high: 0, low: 0, close: 0 }, ['price']],
    ['a price is below 0', { open: -1 }, ['low', 'price']],
    ['an amount is below 0', { takerBase: -1e-8 }, ['volume']],
    ['takers bought more than was sold', { takerBase: 2.1 }, ['taker']],
    ['takers paid more than was paid', { takerQuote: 201 }, ['taker']],
    ['less was paid than the lowest price', { quote: 179 }, ['quote_volume']],
    ['more was paid than the highest price', { quote: 221 }, ['quote_volume']],
    ['there is volume without trades', { trades: 0 }, ['zero_trades']],
    ['there are trades without volume', { ...NONE, trades: 1 }, ['zero_trades']],
    [
      'all goes wrong',
      { open: -1, volume: -2, trades: 0 },
      ['low', 'price', 'volume', 'taker', 'quote_volume', 'zero_trades'],
    ],
  ])('%s', (_, changes, expected) => {
    expect(broken(changes)).toEqual(expected);
    // What is counted and what is flagged are one thing.
    const flagged = flags(changes) ?? 0;
    expect((flagged & FLAG.priceRule) !== 0).toBe(expected.some((rule) => PRICES.includes(rule)));
    expect((flagged & FLAG.volumeRule) !== 0).toBe(expected.some((rule) => !PRICES.includes(rule)));
  });

  it('that of the quote volume does not hold on COIN-M, and counts are of bars', () => {
    expect(broken({ quote: 1, takerQuote: 1 }, 'cm')).toEqual([]);
    expect(broken({ quote: 1, takerQuote: 1 }, 'um')).toEqual(['quote_volume']);
    const rows = [0, 1, 2, 3].map((minute) => bar(TS + minute * 60_000, minute < 3 ? { trades: 0 } : {}));
    const { bars } = collect([{ source: 'daily', klines: klinesOf(rows) }], SPAN, 60_000);
    expect(countBreaks(bars, 'spot')).toMatchObject({ zero_trades: 3, taker: 0 });
  });
});

it('every flag is counted by its name', () => {
  const rows = [
    bar(TS, NONE),
    bar(TS + 60_000, { closeTime: 0 }),
    bar(TS + 120_001, { high: 1, closeTime: TS + 179_999, quote: 500 }),
  ];
  const { bars } = collect([{ source: 'monthly', klines: klinesOf(rows) }], SPAN, 60_000);
  applyRules(bars, { market: 'spot', interval: 60_000, provisional: true });
  expect(countFlags(bars)).toEqual({
    off_grid: 1,
    short_close: 1,
    zero_trade: 1,
    provisional: 3,
    price_rule: 1,
    volume_rule: 1,
  });
});
