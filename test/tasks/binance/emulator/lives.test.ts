/** Symbols that end, tickers that are given to another coin, and files that are not there yet. */
import { describe, expect, it } from 'vitest';
import type { Emulator, HistorySpec } from '../../../../tasks/binance/emulator/emulator.ts';
import { defineHistory } from '../../../../tasks/binance/emulator/history.ts';
import { testHistory } from '../../../../tasks/binance/emulator/test-history.ts';
import { INTERVALS, intervalMs } from '../../../../tasks/lib/interval.ts';
import { get, recordsOf, running } from './client.ts';

type Row = readonly (string | number)[];

const DAY = 86_400_000;
const MINUTE = 60_000;
const OLD = { listed: '2024-01-01T00:00:00Z', delisted: '2024-01-10T02:59:00Z' };
const NEW = { listed: '2024-02-05T06:00:00Z' };

const symbolOf = (lives: Omit<HistorySpec['symbols'][number], 'name'>): HistorySpec =>
  testHistory({ symbols: [{ name: 'LUNAUSDT', ...lives }] });

async function periods({ listingUrl }: Emulator, cadence: 'daily' | 'monthly'): Promise<readonly string[]> {
  const query = new URLSearchParams({ prefix: `data/spot/${cadence}/klines/LUNAUSDT/1m/` });
  const { text } = await get(`${listingUrl}?${query}`);
  return [...text.matchAll(/LUNAUSDT-1m-([\d-]+)\.zip<\/Key>/g)].map(([, period = '']) => period);
}

async function klines(emulator: Emulator, query: Record<string, string | number>): Promise<readonly Row[]> {
  const search = Object.entries({ symbol: 'LUNAUSDT', interval: '1m', ...query });
  const { status, text } = await get(
    `${emulator.restUrl}/api/v3/klines?${search.map((pair) => pair.join('=')).join('&')}`,
  );
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  return JSON.parse(text);
}

const opens = (rows: readonly Row[]): readonly string[] =>
  rows.map(([time]) => new Date(Number(time)).toISOString().slice(0, 16));
const rowsOf = async (emulator: Emulator, period: string) => {
  const cadence = period.length === 7 ? 'monthly' : 'daily';
  const key = `data/spot/${cadence}/klines/LUNAUSDT/1m/LUNAUSDT-1m-${period}.zip`;
  return recordsOf((await get(`${emulator.url}/${key}`)).body);
};
const ofStatus = async (emulator: Emulator): Promise<string> =>
  (await get(`${emulator.restUrl}/api/v3/exchangeInfo?symbol=LUNAUSDT`)).text;

describe('a symbol that was delisted', () => {
  it('has files up to its last day and month, and REST still gives the rows of its life', async () => {
    const emulator = await running({ history: symbolOf(OLD) });
    expect((await periods(emulator, 'daily')).at(-1)).toBe('2024-01-10');
    expect(await periods(emulator, 'monthly')).toEqual(['2024-01']);
    expect((await rowsOf(emulator, '2024-01')).length).toBe(9 * 1440 + 180);
    const last = opens(await klines(emulator, { limit: 2 }));
    expect(last).toEqual(['2024-01-10T02:58', '2024-01-10T02:59']);
    expect(await klines(emulator, { startTime: Date.parse('2024-01-10T03:00:00Z') })).toEqual([]);
    expect(JSON.parse(await ofStatus(emulator)).symbols).toEqual([{ symbol: 'LUNAUSDT', status: 'BREAK' }]);
  });

  it('may be gone: REST knows nothing of it from then on, and the files stay', async () => {
    const emulator = await running({ history: symbolOf({ ...OLD, gone: true }) });
    const unknown = '{"code":-1121,"msg":"Invalid symbol."}';
    const path = `${emulator.restUrl}/api/v3/klines?symbol=LUNAUSDT&interval=1m&startTime=0`;
    expect(await get(path)).toMatchObject({ status: 400, text: unknown });
    expect(await ofStatus(emulator)).toBe(unknown);
    expect((await rowsOf(emulator, '2024-01-10')).length).toBe(180);
    emulator.clock.set(Date.parse('2024-01-10T02:59:30Z'));
    expect(opens(await klines(emulator, { limit: 1 }))).toEqual(['2024-01-10T02:59']);
    expect(JSON.parse(await ofStatus(emulator)).symbols).toEqual([{ symbol: 'LUNAUSDT', status: 'TRADING' }]);
  });

  it('was unknown before it was listed', async () => {
    const emulator = await running({ history: symbolOf(NEW), now: Date.parse('2024-02-05T05:59:59Z') });
    expect(await ofStatus(emulator)).toBe('{"code":-1121,"msg":"Invalid symbol."}');
    emulator.clock.advance(1_000);
    expect(opens(await klines(emulator, {}))).toEqual(['2024-02-05T06:00']);
  });
});

describe('a ticker that was given to another coin', () => {
  const both = symbolOf({ ...OLD, ticks: 9_000_000, reused: [{ ...NEW, ticks: 500 }] });

  it('has the files of both lives, and none between them', async () => {
    const emulator = await running({ history: both });
    const days = await periods(emulator, 'daily');
    expect([days[0], days[9], days[10], days.at(-1)]).toEqual([
      '2024-01-01',
      '2024-01-10',
      '2024-02-05',
      '2024-03-02',
    ]);
    expect(await periods(emulator, 'monthly')).toEqual(['2024-01', '2024-02']);
    const february = await rowsOf(emulator, '2024-02');
    expect(new Date(Number(february[0]?.[0])).toISOString()).toBe('2024-02-05T06:00:00.000Z');
    const price = async (period: string) => Number((await rowsOf(emulator, period))[0]?.[1]);
    expect(await price('2024-01')).toBeGreaterThan(40_000);
    expect(await price('2024-02')).toBeLessThan(8);
  });

  it("has rows of both in REST, the old one's not after its end where it is gone", async () => {
    const emulator = await running({ history: both });
    const across = { startTime: Date.parse('2024-01-10T02:59:00Z'), limit: 2 };
    expect(opens(await klines(emulator, across))).toEqual(['2024-01-10T02:59', '2024-02-05T06:00']);
    const hours = await klines(emulator, {
      ...across,
      startTime: Date.UTC(2024, 0, 10),
      interval: '1h',
      limit: 4,
    });
    expect(opens(hours).slice(2)).toEqual(['2024-01-10T02:00', '2024-02-05T06:00']);
    const forgetful = symbolOf({ ...OLD, gone: true, reused: [NEW] });
    const young = await running({ history: forgetful });
    expect(opens(await klines(young, { startTime: 0, limit: 1 }))).toEqual(['2024-02-05T06:00']);
    young.clock.set(Date.parse('2024-01-20T00:00:00Z'));
    expect(await ofStatus(young)).toBe('{"code":-1121,"msg":"Invalid symbol."}');
  });

  it('leaves the rows of the first life as they would be without the second, also on a day of both', async () => {
    const same = '2024-01-10T12:00:00Z';
    const alone = await running({ history: symbolOf(OLD) });
    const shared = await running({ history: symbolOf({ ...OLD, reused: [{ listed: same }] }) });
    const [first, day] = [await rowsOf(alone, '2024-01-10'), await rowsOf(shared, '2024-01-10')];
    expect(day.length).toBe(180 + 720);
    expect(day.slice(0, 180)).toEqual(first);
    expect(Number(day[180]?.[0])).toBe(Date.parse(same));
    expect(day.slice(180)).not.toEqual(
      await rowsOf(await running({ history: symbolOf({ listed: same }) }), '2024-01-10'),
    );
  });

  it.each<[string, Omit<HistorySpec['symbols'][number], 'name'>, string]>([
    [
      'before it is free',
      { ...OLD, reused: [{ listed: '2024-01-10T02:59:00Z' }] },
      'history: LUNAUSDT is given to another coin at 2024-01-10T02:59:00Z, before it is free',
    ],
    [
      'while nothing says when it is free',
      { listed: OLD.listed, reused: [NEW] },
      'history: LUNAUSDT is given to another coin at 2024-02-05T06:00:00Z, before it is free',
    ],
    [
      'and delisted before it is listed',
      { ...OLD, reused: [{ ...NEW, delisted: '2024-02-04T00:00:00Z' }] },
      'history: LUNAUSDT is delisted at 2024-02-04T00:00:00Z, before it is listed at 2024-02-05T06:00:00Z',
    ],
  ])('%s is a mistake of the declaration', (_, lives, message) => {
    expect(() => defineHistory(symbolOf(lives))).toThrow(new Error(message));
  });
});

describe('what no archive has yet', () => {
  const slow = testHistory({
    symbols: [{ name: 'LUNAUSDT', listed: '2024-01-01T00:00:00Z' }],
    dailyDelayMs: 3 * DAY,
    monthlyDelayMs: 10 * DAY,
  });

  it('are the days and months whose files take so long', async () => {
    const emulator = await running({ history: slow });
    const newest = async () => [
      (await periods(emulator, 'daily')).at(-1),
      (await periods(emulator, 'monthly')).at(-1),
    ];
    expect(await newest()).toEqual(['2024-02-28', '2024-01']);
    emulator.clock.set(Date.UTC(2024, 2, 11) - 1);
    expect(await newest()).toEqual(['2024-03-06', '2024-01']);
    emulator.clock.advance(1);
    expect(await newest()).toEqual(['2024-03-07', '2024-02']);
  });

  it('REST has, up to the open candle', async () => {
    const emulator = await running({ history: slow });
    const start = Date.UTC(2024, 1, 29);
    const hours = await klines(emulator, { interval: '1h', startTime: start, limit: 1000 });
    expect(hours.length).toBe(3 * 24 + 13);
    expect(hours.every(([time], i) => time === start + i * 60 * MINUTE)).toBe(true);
  });

  it.each(INTERVALS.filter((interval) => interval !== '1s'))(
    'of %s bars: the last one is open, holds the minutes so far, and closes in the future',
    async (interval) => {
      const emulator = await running({ history: slow, now: Date.parse('2024-03-03T13:07:30.500Z') });
      const now = emulator.clock.now();
      const length = intervalMs(interval) ?? 0;
      const [before, open] = await klines(emulator, { interval, limit: 2 });
      const starts = Math.floor(now / length) * length;
      expect([open?.[0], open?.[6]]).toEqual([starts, starts + length - 1]);
      expect(Number(open?.[6])).toBeGreaterThan(now);
      expect([before?.[0], before?.[6]]).toEqual([starts - length, starts - 1]);
      const minutes = await klines(emulator, { startTime: starts, limit: 1000 });
      expect(Number(open?.[8])).toBe(minutes.reduce((sum, row) => sum + Number(row[8]), 0));
      emulator.clock.set(starts + length);
      const [closed] = await klines(emulator, { interval, startTime: starts, limit: 1 });
      expect(closed?.slice(0, 2)).toEqual(open?.slice(0, 2));
      expect(Number(closed?.[8])).toBeGreaterThan(Number(open?.[8]));
    },
  );
});
