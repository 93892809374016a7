import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressOf,
  fileName,
  folderPrefix,
  keyFor,
  MARKETS,
  markerBefore,
  memberName,
  symbolsPrefix,
  timeKeyOf,
} from '../../../tasks/binance/layout.ts';
import {
  daysOf,
  isDay,
  isMonth,
  monthsIn,
  nextMonth,
  overlaps,
  previousMonth,
  spanOf,
} from '../../../tasks/binance/time-keys.ts';

const spot = { market: 'spot', symbol: 'BTCUSDT', interval: '1m' } as const;
const cm = { market: 'cm', symbol: 'BTCUSD_PERP', interval: '1h' } as const;

describe('a time key', () => {
  it('covers its month or its day', () => {
    expect(spanOf('2024-02')).toEqual({ start: Date.UTC(2024, 1, 1), end: Date.UTC(2024, 2, 1) });
    expect(spanOf('2024-12')).toEqual({ start: Date.UTC(2024, 11, 1), end: Date.UTC(2025, 0, 1) });
    expect(spanOf('2024-02-29')).toEqual({ start: Date.UTC(2024, 1, 29), end: Date.UTC(2024, 2, 1) });
  });

  it('is what `Date` spells, of every month and of all numbers of days from 1970 to 2100 and around centuries', () => {
    const spelt = (at: number, key: string): boolean =>
      new Date(at).toISOString().slice(0, key.length) === key;
    const wrong: string[] = [];
    const years = Array.from({ length: 131 }, (_, at) => 1970 + at);
    for (const year of [...years, 0, 99, 100, 400, 1600, 1900, 2400, 9999])
      for (let month = 0; month <= 13; month += 1) {
        const name = [String(year).padStart(4, '0'), String(month).padStart(2, '0')].join('-');
        for (const day of [undefined, ...Array.from({ length: 33 }, (_, at) => at)]) {
          const key = day === undefined ? name : `${name}-${String(day).padStart(2, '0')}`;
          const start = Date.UTC(year, month - 1, day ?? 1);
          const end = day === undefined ? Date.UTC(year, month, 1) : start + 86_400_000;
          const span = spanOf(key);
          if (spelt(start, key) ? span?.start !== start || span.end !== end : span !== undefined)
            wrong.push(key);
        }
      }
    expect(wrong).toEqual([]);
  });

  it.each([
    '',
    '2024',
    '2024-13',
    '2024-00',
    '2023-02-29',
    '2024-1',
    '2024-01-1',
    '2024-01-05T07',
    ' 2024-01',
    '0024-01',
  ])('is not %j', (key) => {
    expect(spanOf(key)).toBeUndefined();
    expect(isMonth(key) || isDay(key)).toBe(false);
  });

  it('is found again from any instant within', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
        (date) => {
          for (const length of [7, 10]) {
            const span = spanOf(date.toISOString().slice(0, length));
            expect(span !== undefined && span.start <= date.getTime() && date.getTime() < span.end).toBe(
              true,
            );
          }
        },
      ),
    );
  });

  it('of a month has its days', () => {
    expect(daysOf('2024-02')).toHaveLength(29);
    expect([daysOf('2024-02')[0], daysOf('2024-02').at(-1)]).toEqual(['2024-02-01', '2024-02-29']);
    expect(() => daysOf('2024-13')).toThrow('"2024-13" is no month');
  });

  it('of a month is followed by the next one', () => {
    expect(nextMonth('2024-12')).toBe('2025-01');
    expect(previousMonth('2025-01')).toBe('2024-12');
    expect(monthsIn({ start: Date.UTC(2023, 10, 30), end: Date.UTC(2024, 1, 1) })).toEqual([
      '2023-11',
      '2023-12',
      '2024-01',
    ]);
    expect(monthsIn({ start: Date.UTC(2024, 0, 1), end: Date.UTC(2024, 0, 1) })).toEqual([]);
  });

  it('overlaps only what shares an instant', () => {
    const january = { start: Date.UTC(2024, 0, 1), end: Date.UTC(2024, 1, 1) };
    expect(overlaps(january, { start: january.end, end: january.end + 1 })).toBe(false);
    expect(overlaps(january, { start: january.end - 1, end: january.end })).toBe(true);
  });
});

describe('the archive', () => {
  it('keeps files under keys of market, period, symbol and interval', () => {
    expect(keyFor(spot, '2024-01')).toBe('data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01.zip');
    expect(keyFor({ ...spot, market: 'um' }, '2024-01-05')).toBe(
      'data/futures/um/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01-05.zip',
    );
    expect(keyFor(cm, '2024-01-05')).toBe(
      'data/futures/cm/daily/klines/BTCUSD_PERP/1h/BTCUSD_PERP-1h-2024-01-05.zip',
    );
    expect(fileName(cm, '2024-01')).toBe('BTCUSD_PERP-1h-2024-01.zip');
    expect(memberName('BTCUSD_PERP-1h-2024-01.zip')).toBe('BTCUSD_PERP-1h-2024-01.csv');
  });

  it('names keys that lead back to the month or day', () => {
    const date = fc.date({ min: new Date('2010-01-01'), max: new Date('2099-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(date, fc.constantFrom(...MARKETS), fc.boolean(), (at, market, daily) => {
        const timeKey = at.toISOString().slice(0, daily ? 10 : 7);
        const series = { ...spot, market };
        expect(timeKeyOf(series, daily ? 'daily' : 'monthly', keyFor(series, timeKey))).toBe(timeKey);
        expect(timeKeyOf(series, daily ? 'monthly' : 'daily', keyFor(series, timeKey))).toBeUndefined();
      }),
    );
  });

  it.each([
    'BTCUSDT-1m-2024-01.zip.CHECKSUM',
    'BTCUSDT-1m-2024-01.csv',
    'BTCUSDT-1m-2024-13.zip',
    'BTCUSDT-1m-2024-01-05.zip',
    'ETHUSDT-1m-2024-01.zip',
    'BTCUSDT-1m-2024-01 (1).zip',
    'old/BTCUSDT-1m-2024-01.zip',
    '../BTCUSDT-1m-2024-01.zip',
    'BTCUSDT-1m-.zip',
  ])('does not count %s as a monthly file', (name) => {
    expect(timeKeyOf(spot, 'monthly', folderPrefix(spot, 'monthly') + name)).toBeUndefined();
  });

  it('lists a month from a marker that lies between the months before and its first day', () => {
    const marker = markerBefore(spot, '2024-03');
    expect(`${keyFor(spot, '2024-02-29')}.CHECKSUM` < marker).toBe(true);
    expect(marker < keyFor(spot, '2024-03-01')).toBe(true);
  });

  it('has a folder for each symbol', () => {
    expect(symbolsPrefix('spot', 'monthly')).toBe('data/spot/monthly/klines/');
    for (const period of ['monthly', 'daily'] as const)
      expect(folderPrefix(cm, period)).toBe(`${symbolsPrefix('cm', period)}BTCUSD_PERP/1h/`);
  });

  it('has addresses below any base', () => {
    expect(addressOf('http://h/base/', 'data/a b.zip')).toBe('http://h/base/data/a%20b.zip');
  });
});
