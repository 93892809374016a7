/** What is in the invented files: read by csv-parse, judged by exact arithmetic. */
import { describe, expect, it } from 'vitest';
import { defineHistory } from '../../../../tasks/binance/emulator/history.ts';
import type { HistorySpec } from '../../../../tasks/binance/emulator/history-spec.ts';
import { synthetic } from '../../../../tasks/binance/emulator/synthetic.ts';
import {
  cmHistory,
  headerSwitchHistory,
  testHistory,
  umHistory,
} from '../../../../tasks/binance/emulator/test-history.ts';
import { exact, recordsOf, unzip } from './client.ts';

const MONTH = 'data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02.zip';
const DAY = 'data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02-02.zip';

const make = (spec: HistorySpec, key = DAY): Buffer => synthetic(defineHistory(spec)).bytes(key);
const rows = (spec: HistorySpec, key = DAY) => recordsOf(make(spec, key));
const minute = (clock: string): number => Date.parse(`2024-02-02T${clock}:00Z`);
const range = (first: string, last: string) => ({
  first: `2024-02-02T${first}:00Z`,
  last: `2024-02-02T${last}:00Z`,
});

describe('the rows of a month', () => {
  it('obey exchange sense, to the last decimal', async () => {
    const records = await rows(testHistory({ quietPerMille: 20 }), MONTH);
    expect(records.length).toBe(29 * 1440);
    let quiet = 0;
    let before: readonly string[] | undefined;
    for (const [i, record] of records.entries()) {
      expect(record.length).toBe(12);
      const [time, o = '', h = '', l = '', c = '', v = '', close, q = '', count, tv = '', tq = '', ignore] =
        record;
      const [open, high] = [exact(o, 8), exact(h, 8)];
      const [low, last] = [exact(l, 8), exact(c, 8)];
      const [volume, taker] = [exact(v, 8), exact(tv, 8)];
      const [quote, takerQuote] = [exact(q, 8) * 10n ** 8n, exact(tq, 8) * 10n ** 8n];
      const sound =
        Number(time) === Date.UTC(2024, 1, 1) + i * 60_000 &&
        Number(close) === Number(time) + 59_999 &&
        high >= open &&
        high >= last &&
        low <= open &&
        low <= last &&
        low > 0n &&
        quote >= low * volume &&
        quote <= high * volume &&
        takerQuote >= low * taker &&
        takerQuote <= high * taker &&
        taker <= volume &&
        takerQuote <= quote &&
        (volume === 0n) === (count === '0') &&
        (volume > 0n || (o === (before?.[4] ?? o) && h === o && l === o && c === o)) &&
        ignore === '0';
      if (!sound) expect.fail(`row ${i + 1} breaks a rule: ${record.join(',')}`);
      if (count === '0') quiet++;
      before = record;
    }
    expect(quiet).toBeGreaterThan(400);
    expect(quiet).toBeLessThan(1300);
  });

  it('keep the price within half and one and a half times its base', async () => {
    const prices = (await rows(testHistory(), MONTH)).map((record) => Number(record[4]));
    expect(Math.min(...prices)).toBeGreaterThanOrEqual(21_500);
    expect(Math.max(...prices)).toBeLessThanOrEqual(64_500);
    expect(new Set(prices).size).toBeGreaterThan(10_000);
  });

  it('are those of its days, joined', async () => {
    const source = synthetic(defineHistory(testHistory()));
    const days: Buffer[] = [];
    for (let day = 1; day <= 29; day++) {
      const key = DAY.replace('02-02.zip', `02-${String(day).padStart(2, '0')}.zip`);
      days.push((await unzip(source.bytes(key))).text);
    }
    expect((await unzip(source.bytes(MONTH))).text.equals(Buffer.concat(days))).toBe(true);
  });
});

describe('determinism', () => {
  const keys = [MONTH, DAY, DAY.replace('02-02.zip', '01-31.zip')];

  it('the same seed gives the same bytes, in whatever order files are asked for', () => {
    const one = synthetic(defineHistory(testHistory()));
    const other = synthetic(defineHistory(testHistory()));
    const forward = keys.map((key) => one.bytes(key));
    const backward = keys.toReversed().map((key) => other.bytes(key));
    expect(forward.every((bytes, i) => bytes.equals(backward.toReversed()[i] ?? Buffer.alloc(0)))).toBe(true);
    expect(one.bytes(DAY).equals(forward[1] ?? Buffer.alloc(0))).toBe(true);
  });

  it('another seed, symbol or market gives other rows', async () => {
    const [first] = await rows(testHistory());
    const [reseeded] = await rows(testHistory({ seed: 2 }));
    expect(reseeded?.slice(1)).not.toEqual(first?.slice(1));
    const [other] = await rows(
      testHistory({ symbols: [{ name: 'ETHUSDT', listed: '2024-01-01T00:00:00Z', ticks: 4_300_000 }] }),
      DAY.replaceAll('BTC', 'ETH'),
    );
    expect(other?.slice(1)).not.toEqual(first?.slice(1));
  });

  it('a halt or a shift changes no other row', async () => {
    const plain = await rows(testHistory());
    const troubled = await rows(
      testHistory({
        halts: [range('06:00', '06:09')],
        offGrid: [{ ...range('12:00', '12:09'), shiftMs: 7_001 }],
      }),
    );
    const unlike = plain.filter((row) => !troubled.some((other) => other.join() === row.join()));
    expect(unlike.map(([time]) => Number(time))).toEqual([
      minute('05:59'), // closes early
      ...Array.from({ length: 10 }, (_, i) => minute('06:00') + i * 60_000),
      ...Array.from({ length: 10 }, (_, i) => minute('12:00') + i * 60_000),
    ]);
  });
});

describe("the archive's form", () => {
  it('spot: no header, milliseconds up to 2024, microseconds from 2025 on, 8 decimals', async () => {
    const spec = testHistory({ now: '2025-02-01T00:00:00Z' });
    const [last] = (await rows(spec, DAY.replace('2024-02-02', '2024-12-31'))).slice(-1);
    const [first] = await rows(spec, DAY.replace('2024-02-02', '2025-01-01'));
    expect([last?.[0], last?.[6]]).toEqual(['1735689540000', '1735689599999']);
    expect([first?.[0], first?.[6]]).toEqual(['1735689600000000', '1735689659999999']);
    for (const column of [1, 2, 3, 4, 5, 7, 9, 10]) expect(first?.[column]).toMatch(/^\d+\.\d{8}$/);
  });

  it('um: a header row, milliseconds after 2025 too, and the decimals of the real files', async () => {
    const spec = umHistory({ now: '2025-02-01T00:00:00Z' });
    const [header, first] = await rows(
      spec,
      DAY.replace('spot', 'futures/um').replaceAll('2024-02-02', '2025-01-01'),
    );
    expect(header?.join()).toBe(
      'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore',
    );
    expect(first?.map((field) => field.replace(/\d/g, '9').replace(/9+/, 'n')).join()).toBe(
      'n,n.99,n.99,n.99,n.99,n.999,n,n.99999,n,n.999,n.99999,n',
    );
    expect(first?.[0]).toBe('1735689600000');
  });

  it('cm: whole contracts, and the quote volume in coin between contracts × size ÷ high and ÷ low', async () => {
    const key = 'data/futures/cm/daily/klines/BTCUSD_PERP/1m/BTCUSD_PERP-1m-2024-02-02.zip';
    const [, ...records] = await rows(cmHistory(), key);
    expect(records.length).toBe(1440);
    for (const [, , high, low, , volume = '', , quote] of records) {
      expect(volume).toMatch(/^\d+$/);
      const dollars = Number(volume) * 100;
      // Rounded to 8 decimals, twice.
      expect(Number(quote)).toBeGreaterThanOrEqual(dollars / Number(high) - 2e-8);
      expect(Number(quote)).toBeLessThanOrEqual(dollars / Number(low) + 2e-8);
    }
  });

  it('futures files have the header from 2022 on and not before', async () => {
    const key = 'data/futures/um/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2021-12.zip';
    const [old] = await rows(headerSwitchHistory(), key);
    const [young] = await rows(headerSwitchHistory(), key.replace('2021-12', '2022-01'));
    expect([old?.[0], young?.[0]]).toEqual(['1638316800000', 'open_time']);
  });

  it('longer intervals are made of the same minutes', async () => {
    const spec = testHistory({ intervals: ['1m', '1h'], halts: [range('06:41', '08:09')] });
    const minutes = await rows(spec);
    const hours = await rows(spec, DAY.replaceAll('1m', '1h'));
    expect(hours.length).toBe(23); // 07:00 is wholly inside the halt
    const six = hours.find(([time]) => Number(time) === minute('06:00'));
    const of = minutes.filter(([time]) => Number(time) >= minute('06:00') && Number(time) < minute('07:00'));
    expect(of.length).toBe(41);
    const sum = (column: number): bigint =>
      of.reduce((total, row) => total + exact(row[column] ?? '', 8), 0n);
    expect(six?.slice(1, 5).map(Number)).toEqual([
      Number(of[0]?.[1]),
      Math.max(...of.map((row) => Number(row[2]))),
      Math.min(...of.map((row) => Number(row[3]))),
      Number(of.at(-1)?.[4]),
    ]);
    expect([5, 7, 9, 10].map((column) => exact(six?.[column] ?? '', 8))).toEqual([5, 7, 9, 10].map(sum));
    expect(Number(six?.[8])).toBe(of.reduce((total, row) => total + Number(row[8]), 0));
    // Cut short with its last minute, as the real hours before outages are.
    expect(six?.[6]).toBe(of.at(-1)?.[6]);
    expect(Number(hours[5]?.[6])).toBe(minute('05:59') + 59_999);
  });
});

describe('declared trouble', () => {
  it('a halt: no rows, and the bar before it closes early', async () => {
    const records = await rows(testHistory({ halts: [range('12:40', '13:59')] }));
    expect(records.length).toBe(1440 - 80);
    const index = records.findIndex(([time]) => Number(time) === minute('12:39'));
    expect(Number(records[index]?.[6])).toBeLessThan(minute('12:39') + 59_999);
    expect(Number(records[index]?.[6])).toBeGreaterThan(minute('12:39'));
    expect(Number(records[index + 1]?.[0])).toBe(minute('14:00'));
  });

  it('a halt of one symbol is no halt of another', async () => {
    const symbols = ['BTCUSDT', 'ETHUSDT'].map((name) => ({ name, listed: '2024-01-01T00:00:00Z' }));
    const spec = testHistory({ symbols, halts: [{ ...range('00:00', '11:59'), symbols: ['ETHUSDT'] }] });
    expect((await rows(spec)).length).toBe(1440);
    expect((await rows(spec, DAY.replaceAll('BTC', 'ETH'))).length).toBe(720);
  });

  it('an off-grid stretch: open times moved off the minute, a minute long each', async () => {
    const records = await rows(testHistory({ offGrid: [{ ...range('09:28', '09:29'), shiftMs: 14_789 }] }));
    const index = records.findIndex(([time]) => Number(time) === minute('09:28') + 14_789);
    expect(records.slice(index - 1, index + 3).map(([time]) => Number(time) - minute('09:28'))).toEqual([
      -60_000, 14_789, 74_789, 120_000,
    ]);
    expect(Number(records[index]?.[6])).toBe(minute('09:28') + 14_789 + 59_999);
  });

  it('a minute without trades carries the price, across midnight too', async () => {
    const midnight = { first: '2024-02-01T23:58:00Z', last: '2024-02-02T00:01:00Z' };
    const spec = testHistory({ quiet: [midnight] });
    const yesterday = await rows(spec, DAY.replace('02-02.zip', '02-01.zip'));
    const today = await rows(spec);
    const price = yesterday.at(-3)?.[4];
    for (const row of [...yesterday.slice(-2), ...today.slice(0, 2)]) {
      expect(row.slice(1, 6)).toEqual([price, price, price, price, '0.00000000']);
      expect(row.slice(7, 11)).toEqual(['0.00000000', '0', '0.00000000', '0.00000000']);
    }
    expect(today[2]?.[8]).not.toBe('0');
  });

  it('a symbol has rows from its first minute to its last, and files only for those days', async () => {
    const symbols = [{ name: 'BTCUSDT', listed: '2024-02-02T04:00:00Z', delisted: '2024-02-05T11:59:00Z' }];
    const spec = testHistory({ symbols });
    expect((await rows(spec)).length).toBe(20 * 60);
    expect((await rows(spec, DAY.replace('02-02.zip', '02-05.zip'))).length).toBe(12 * 60);
    const source = synthetic(defineHistory(spec));
    const names = source
      .files('data/spot/daily/', defineHistory(spec).now)
      .map(({ key }) => key.slice(-'2024-02-02.zip'.length));
    expect(names).toEqual(['2024-02-02.zip', '2024-02-03.zip', '2024-02-04.zip', '2024-02-05.zip']);
  });

  it('a gap of the archive can be in one cadence only', async () => {
    const spec = testHistory({ archiveGaps: [{ ...range('10:00', '10:59'), cadence: 'daily' }] });
    expect((await rows(spec)).length).toBe(1380);
    expect((await rows(spec, MONTH)).length).toBe(29 * 1440);
  });
});

describe('a declaration with a mistake', () => {
  it.each<[string, Partial<HistorySpec>, string]>([
    [
      'an instant that is none',
      { now: 'yesterday' },
      'history: "yesterday" is no instant such as 2025-01-31T23:59:00Z',
    ],
    [
      'a symbol that is not there',
      { halts: [{ ...range('01:00', '02:00'), symbols: ['XRPUSDT'] }] },
      'history: "XRPUSDT" is none of its symbols: BTCUSDT',
    ],
    [
      'a range that runs backwards',
      { halts: [range('02:00', '01:00')] },
      'history: the range 2024-02-02T02:00:00Z to 2024-02-02T01:00:00Z ends before it starts',
    ],
    [
      'a shift by a whole minute',
      { offGrid: [{ ...range('01:00', '02:00'), shiftMs: 60_000 }] },
      'history: off-grid by 60000 ms: expected 1 to 59999',
    ],
    [
      'an interval of seconds',
      { intervals: ['1s'] },
      'history: no interval "1s": expected one from 1m to 1d',
    ],
    [
      'a month that does not exist',
      { lateMonths: [{ month: '2024-13' }] },
      'history: "2024-13" is neither a month nor a day',
    ],
    [
      'too many decimals',
      { symbols: [{ name: 'BTCUSDT', listed: '2024-01-01T00:00:00Z', tickDecimals: 5, stepDecimals: 5 }] },
      'history: BTCUSDT has 5 + 5 decimals of price and amount: their product has at most 8',
    ],
  ])('%s is refused', (_, mistake, message) => {
    expect(() => defineHistory(testHistory(mistake))).toThrow(new Error(message));
  });
});
