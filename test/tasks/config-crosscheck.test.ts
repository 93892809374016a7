import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/engine/task.ts';
import { configSchema } from '../../tasks/config.ts';

const of = (interval: string, longer: Json): Json => ({
  market: 'spot',
  interval,
  crosscheck: { interval: longer },
});
const said = (given: Json): readonly string[] =>
  configSchema.check(given).map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('the cross-check of the config', () => {
  it.each(['5m', '15m', '1h', '4h', '1d', '1m'])('may be against %s where bars are of 1m', (longer) => {
    expect(said(of('1m', longer))).toEqual([]);
  });

  it.each(['1s', '1m', '1h', '1d'])('is against 1d as shipped, whatever bars are of: %s', (interval) => {
    expect(said(of(interval, '1d'))).toEqual([]);
  });

  it('may be left out: a manifest need not have it', () => {
    expect(said({ market: 'spot', interval: '1m' })).toEqual([]);
  });

  it.each<[Json, string]>([
    [of('1h', '5m'), 'crosscheck.interval: "5m": expected a whole number of bars of 1h such as 1d'],
    [of('3m', '5m'), 'crosscheck.interval: "5m": expected a whole number of bars of 3m such as 1d'],
    [of('1m', 5), 'crosscheck.interval: 5 is no interval: expected 1m or 1h'],
    [
      { market: 'spot', crosscheck: { intervals: ['5m'] } },
      'crosscheck.intervals: "intervals": no such name in crosscheck: expected one of interval',
    ],
  ])('is refused as %j', (given, message) => {
    expect(said(given)).toEqual([message]);
  });

  it('straddles no months', () => {
    expect(said(of('1m', '1w'))).toEqual([
      expect.stringMatching(/^crosscheck\.interval: bars of a week \("1w"\) straddle months/),
    ]);
  });
});
