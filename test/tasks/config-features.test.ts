import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/engine/task.ts';
import { configSchema } from '../../tasks/config.ts';

const of = (interval: string, intervals: Json): Json => ({
  market: 'spot',
  interval,
  features: { intervals },
});
const said = (given: Json): readonly string[] =>
  configSchema.check(given).map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('the features of the config', () => {
  it.each<[string, readonly string[]]>([
    ['1s', ['5m', '1h', '1d']],
    ['1m', ['5m', '1h', '1d']],
    ['3m', ['1h', '1d']],
    ['15m', ['1h', '1d']],
    ['1h', ['1h', '1d']],
    ['1d', ['1d']],
  ])('of bars of %s are those that are a whole number of them', (interval, resampled) => {
    const given = of(interval, ['5m', '1h', '1d']);
    expect(said(given)).toEqual([]);
    expect(configSchema.complete(given)).toMatchObject({
      features: { intervals: ['5m', '1h', '1d'], resampled },
    });
  });

  it('stay as they are when the config is complete already', () => {
    const complete = configSchema.complete(of('1h', ['5m', '1h', '1d']));
    expect(said(complete)).toEqual([]);
    expect(configSchema.complete(complete)).toEqual(complete);
  });

  it('may be left out: a manifest need not have any', () => {
    expect(said({ market: 'spot', interval: '1m' })).toEqual([]);
    expect(configSchema.complete({ market: 'spot', interval: '1m' })).not.toHaveProperty('features');
  });

  it.each<[Json, string]>([
    [
      of('6h', ['5m', '8h']),
      'features.intervals: ["5m","8h"]: expected at least one that is a whole number of bars of 6h',
    ],
    [of('1m', []), 'features.intervals: []: expected a list of intervals such as [5m, 1h, 1d]'],
    [of('1m', '5m'), 'features.intervals: "5m": expected a list of intervals such as [5m, 1h, 1d]'],
    [of('1m', ['5m', 7]), 'features.intervals.1: 7 is no interval: expected 1m or 1h'],
    [
      { market: 'spot', features: { interval: '5m' } },
      'features.interval: "interval": no such name in features: expected one of intervals',
    ],
  ])('are refused as %j', (given, message) => {
    expect(said(given)).toEqual([message]);
  });

  it('straddle no months', () => {
    expect(said(of('1m', ['1w']))).toEqual([
      expect.stringMatching(/^features\.intervals\.0: bars of a week \("1w"\) straddle/),
    ]);
  });
});
