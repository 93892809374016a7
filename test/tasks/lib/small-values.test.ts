import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationMs, durationText } from '../../../tasks/lib/duration.ts';
import { instantMs } from '../../../tasks/lib/instant.ts';
import { INTERVALS, intervalMs, refusedInterval } from '../../../tasks/lib/interval.ts';
import { jsonText } from '../../../tasks/lib/json-text.ts';
import { withoutSecrets } from '../../../tasks/lib/settings.ts';

describe('an interval', () => {
  it('is one of those up to a day, all of which divide the day', () => {
    expect(INTERVALS.join(' ')).toBe('1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d');
    for (const interval of INTERVALS) {
      expect(86_400_000 % (intervalMs(interval) ?? Number.NaN)).toBe(0);
      expect(refusedInterval(interval)).toBeUndefined();
    }
    expect(intervalMs('1m')).toBe(60_000);
    expect(intervalMs('12h')).toBe(43_200_000);
  });

  it.each([
    ['3d', 'three days'],
    ['1w', 'a week'],
    ['1mo', 'a month'],
    ['1M', 'a month'],
  ])('of %s is known and refused, because it straddles months', (text, words) => {
    expect(intervalMs(text)).toBeUndefined();
    expect(refusedInterval(text)).toBe(
      `bars of ${words} ("${text}") straddle months, and a month is what is built at a time: ` +
        'expected one of 1s, 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 8h, 12h, 1d',
    );
  });

  it.each(['', '7m', '1H', '60m', 'constructor', '1m '])(
    'that nobody has, %j, is refused by name',
    (text) => {
      expect(intervalMs(text)).toBeUndefined();
      expect(refusedInterval(text)).toBe(
        `"${text}" is no interval of klines: expected one of 1s, 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 8h, 12h, 1d`,
      );
    },
  );
});

describe('a duration', () => {
  it('is a number and a unit', () => {
    expect(['250ms', '10s', '5m', '1h', '1d'].map(durationMs)).toEqual([
      250, 10_000, 300_000, 3_600_000, 86_400_000,
    ]);
  });

  it.each(['', '10', 's', '0s', '-1s', '1.5s', '10 s', '10S', '1w', '9999999999s'])('is not %j', (text) => {
    expect(durationMs(text)).toBeUndefined();
  });

  it('is read back from its spelling', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999 }), (ms) => {
        expect(durationMs(durationText(ms))).toBe(ms);
      }),
    );
    expect(durationText(90_000)).toBe('90s');
    expect(durationText(120_000)).toBe('2m');
  });
});

describe('an instant', () => {
  it('is UTC, with or without seconds and their fraction', () => {
    const minute = Date.UTC(2025, 7, 22, 23, 59);
    expect(instantMs('2025-08-22T23:59:00Z')).toBe(minute);
    expect(instantMs('2025-08-22T23:59Z')).toBe(minute);
    expect(instantMs('2025-08-22T23:59:00.25Z')).toBe(minute + 250);
  });

  it.each([
    '2025-02-30T00:00:00Z',
    '2025-08-22T24:00:00Z',
    '2025-08-22T23:60:00Z',
    '2025-08-22T23:59:00',
    '2025-08-22T23:59:00+00:00',
    '2025-08-22 23:59:00Z',
    '2025-08-22',
    '',
  ])('is not %j', (text) => {
    expect(instantMs(text)).toBeUndefined();
  });

  it('is read back from toISOString', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }), (date) => {
        expect(instantMs(date.toISOString())).toBe(date.getTime());
      }),
    );
  });
});

describe('JSON text', () => {
  it('has sorted keys, one entry a line, and what is deeper on one line', () => {
    expect(jsonText({ b: { z: { y: [1, 2], x: null }, a: {} }, a: [3] })).toBe(
      '{\n  "a": [3],\n  "b": {\n    "a": {},\n    "z": {"x":null,"y":[1,2]}\n  }\n}\n',
    );
  });

  it('is the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 4 }), (value, depth) => {
        const plain = JSON.parse(JSON.stringify(value));
        expect(JSON.parse(jsonText(plain, depth))).toEqual(plain);
      }),
    );
  });
});

describe('an address in a message', () => {
  it.each([
    ['https://a.b/c', 'https://a.b/c'],
    ['https://user:geheim@a.b/c', 'https://…@a.b/c'],
    ['user:ge/he@im@a.b/c', '…@a.b/c'],
    ['https://a.b/c?token=geheim', 'https://a.b/c?…'],
    ['https://user:geheim@a.b/c#geheim', 'https://…@a.b/c#…'],
    ['https://a.b/?token=ge@heim', '…'],
    ['https://user:ge#he@im', '…'],
  ])('shows nothing that may be a secret: %s', (address, shown) => {
    expect(withoutSecrets(address)).toBe(shown);
  });
});
