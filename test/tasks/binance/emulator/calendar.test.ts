import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY, keyOf, partsOf, periodsIn, stretchOf } from '../../../../tasks/binance/emulator/calendar.ts';

describe("the archive's keys", () => {
  it('are read back as they were written, for every market, cadence and period', () => {
    const day = fc
      .integer({ min: 15_000, max: 30_000 })
      .map((days) => new Date(days * DAY).toISOString().slice(0, 10));
    fc.assert(
      fc.property(
        fc.constantFrom('spot', 'um', 'cm'),
        fc.boolean(),
        fc.stringMatching(/^[A-Z0-9]{2,10}(_[A-Z0-9]{1,6})?$/),
        fc.constantFrom('1m', '1h', '1d'),
        day,
        (market, monthly, symbol, interval, date) => {
          const parts = {
            market,
            cadence: monthly ? ('monthly' as const) : ('daily' as const),
            symbol,
            interval,
            period: monthly ? date.slice(0, 7) : date,
          };
          expect(partsOf(keyOf(parts))).toEqual(parts);
        },
      ),
    );
  });

  it.each([
    ['a sidecar', 'data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2025-02-01.zip.CHECKSUM'],
    ['a day that does not exist', 'data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2025-02-29.zip'],
    ['a month that does not exist', 'data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2025-13.zip'],
    ['a day in the monthly folder', 'data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2025-02-01.zip'],
    ['a name of another symbol', 'data/spot/daily/klines/BTCUSDT/1m/ETHUSDT-1m-2025-02-01.zip'],
    ['a name of another interval', 'data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-5m-2025-02-01.zip'],
    ['another market', 'data/option/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2025-02-01.zip'],
  ])('do not include %s', (_, key) => {
    expect(partsOf(key)).toBeUndefined();
  });
});

describe('periods', () => {
  it('cover leap days and year ends', () => {
    expect(stretchOf('2024-02')).toEqual({ start: Date.UTC(2024, 1, 1), end: Date.UTC(2024, 2, 1) });
    expect(stretchOf('2024-12')).toEqual({ start: Date.UTC(2024, 11, 1), end: Date.UTC(2025, 0, 1) });
    expect(stretchOf('2024-02-29')).toEqual({ start: Date.UTC(2024, 1, 29), end: Date.UTC(2024, 2, 1) });
  });

  it('are all that share an instant with a stretch', () => {
    const stretch = { start: Date.UTC(2024, 10, 30, 12), end: Date.UTC(2025, 0, 1, 0, 0, 0, 1) };
    expect(periodsIn('monthly', stretch)).toEqual(['2024-11', '2024-12', '2025-01']);
    expect(periodsIn('daily', { start: stretch.start, end: Date.UTC(2024, 11, 2) })).toEqual([
      '2024-11-30',
      '2024-12-01',
    ]);
  });
});
