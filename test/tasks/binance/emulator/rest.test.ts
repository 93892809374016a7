import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Emulator } from '../../../../tasks/binance/emulator/emulator.ts';
import { zipOf } from '../../../../tasks/binance/emulator/emulator.ts';
import { cmHistory, testHistory, umHistory } from '../../../../tasks/binance/emulator/test-history.ts';
import { REALDATA } from '../../../realdata.ts';
import { get, recordsOf, running } from './client.ts';

type Row = readonly (string | number)[];

const T0 = Date.UTC(2024, 1, 2);
const MINUTE = 60_000;
const HALT = { first: '2024-02-02T12:40:00Z', last: '2024-02-02T13:59:00Z' };

async function klines(
  emulator: Emulator,
  query: Record<string, string | number>,
  headers: Record<string, string> = {},
): Promise<readonly Row[]> {
  const entries = Object.entries({ symbol: 'BTCUSDT', interval: '1m', ...query });
  const search = entries.map(([name, value]) => `${name}=${value}`).join('&');
  const { status, text } = await get(`${emulator.restUrl}/api/v3/klines?${search}`, { headers });
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  return JSON.parse(text);
}

const opens = (rows: readonly Row[]): number[] => rows.map(([time]) => Number(time));

describe('klines', () => {
  it('are the rows of the archive, times and counts as numbers, the rest as text', async () => {
    const emulator = await running({ history: testHistory() });
    const rows = await klines(emulator, { startTime: T0, limit: 3 });
    const file = await get(`${emulator.url}/data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02-02.zip`);
    const archived = (await recordsOf(file.body)).slice(0, 3);
    expect(rows).toEqual(
      archived.map((row) => row.map((field, i) => (i === 0 || i === 6 || i === 8 ? Number(field) : field))),
    );
  });

  it('are 500 by default and 1,000 at most on spot', async () => {
    const emulator = await running({ history: testHistory() });
    expect((await klines(emulator, { startTime: T0 })).length).toBe(500);
    expect((await klines(emulator, { startTime: T0, limit: 5000 })).length).toBe(1000);
  });

  it('include both bounds, in milliseconds or microseconds', async () => {
    const emulator = await running({ history: testHistory() });
    const bounds = { startTime: T0 + MINUTE, endTime: T0 + 3 * MINUTE };
    const expected = [1, 2, 3].map((i) => T0 + i * MINUTE);
    expect(opens(await klines(emulator, bounds))).toEqual(expected);
    expect(
      opens(await klines(emulator, { startTime: bounds.startTime * 1000, endTime: bounds.endTime * 1000 })),
    ).toEqual(expected);
    expect(opens(await klines(emulator, { startTime: T0 + 1, endTime: T0 + 2 * MINUTE - 1 }))).toEqual([
      T0 + MINUTE,
    ]);
  });

  it('without a start are the newest up to the end', async () => {
    const emulator = await running({ history: testHistory() });
    expect(opens(await klines(emulator, { endTime: T0 + MINUTE, limit: 3 }))).toEqual([
      T0 - MINUTE,
      T0,
      T0 + MINUTE,
    ]);
    expect(opens(await klines(emulator, { endTime: Date.UTC(2023, 0, 1) }))).toEqual([]);
  });

  it('from inside a hole are the next rows, and paging over it gives every row once', async () => {
    const emulator = await running({ history: testHistory({ halts: [HALT] }) });
    const inside = await klines(emulator, { startTime: Date.parse('2024-02-02T13:00:00Z'), limit: 1 });
    expect(opens(inside)).toEqual([Date.parse('2024-02-02T14:00:00Z')]);
    const paged: number[] = [];
    const last = T0 + 1439 * MINUTE;
    for (let start = T0; start <= last; ) {
      const page = opens(await klines(emulator, { startTime: start, endTime: last, limit: 333 }));
      paged.push(...page);
      start = (page.at(-1) ?? last) + MINUTE;
    }
    const file = await get(`${emulator.url}/data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02-02.zip`);
    expect(paged).toEqual((await recordsOf(file.body)).map(([time]) => Number(time)));
    expect(paged.length).toBe(1360);
  });

  it('wholly inside a hole are none', async () => {
    const emulator = await running({ history: testHistory({ halts: [HALT] }) });
    const bounds = { startTime: Date.parse(HALT.first), endTime: Date.parse(HALT.last) };
    expect(await klines(emulator, bounds)).toEqual([]);
  });

  it('from before the listing are the first ones there are', async () => {
    const emulator = await running({ history: testHistory() });
    const rows = await klines(emulator, { startTime: 0, limit: 2 });
    expect(opens(rows)).toEqual([Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 1) + MINUTE]);
  });

  it('have the rows that the archive lacks', async () => {
    const emulator = await running({ history: testHistory({ archiveGaps: [HALT] }) });
    const bounds = { startTime: Date.parse(HALT.first), endTime: Date.parse(HALT.last) };
    expect((await klines(emulator, bounds)).length).toBe(80);
    const file = await get(`${emulator.url}/data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02-02.zip`);
    expect((await recordsOf(file.body)).length).toBe(1360);
  });

  it('of longer intervals are the longer bars', async () => {
    const emulator = await running({ history: testHistory() });
    const rows = await klines(emulator, { interval: '4h', startTime: T0, limit: 7 });
    expect(opens(rows)).toEqual([0, 1, 2, 3, 4, 5, 6].map((i) => T0 + i * 240 * MINUTE));
    expect(rows[0]?.[6]).toBe(T0 + 240 * MINUTE - 1);
  });

  it('are in microseconds where the header asks for them', async () => {
    const emulator = await running({ history: testHistory() });
    const query = { startTime: T0, limit: 1 };
    const [row] = await klines(emulator, query, { 'X-MBX-TIME-UNIT': 'MICROSECOND' });
    const [plain] = await klines(emulator, query);
    expect([row?.[0], row?.[6]]).toEqual([T0 * 1000, T0 * 1000 + 59_999_999]);
    expect(row?.slice(1, 6)).toEqual(plain?.slice(1, 6));
  });
});

describe('the open candle', () => {
  it('is returned, closes in the future, and differs from what it becomes', async () => {
    const emulator = await running({ history: testHistory() });
    emulator.clock.set(T0 + 30_000);
    const early = await klines(emulator, { limit: 2 });
    expect(opens(early)).toEqual([T0 - MINUTE, T0]);
    expect(Number(early[1]?.[6])).toBeGreaterThan(emulator.clock.now());
    emulator.clock.set(T0 + MINUTE - 1);
    const [, closed] = await klines(emulator, { limit: 2 });
    emulator.clock.set(T0 + 5 * MINUTE);
    const [final] = await klines(emulator, { startTime: T0, limit: 1 });
    expect(closed).toEqual(final);
    expect(Number(early[1]?.[5])).toBeLessThan(Number(final?.[5]));
  });

  it('of a longer interval holds the minutes so far', async () => {
    const emulator = await running({ history: testHistory() });
    emulator.clock.set(T0 + 10 * MINUTE - 1);
    const [open] = await klines(emulator, { interval: '1h', startTime: T0 });
    const minutes = await klines(emulator, { startTime: T0 });
    expect(minutes.length).toBe(10);
    expect(Number(open?.[8])).toBe(minutes.reduce((total, row) => total + Number(row[8]), 0));
    expect(open?.[6]).toBe(T0 + 60 * MINUTE - 1);
  });
});

describe('a call with a mistake', () => {
  it.each([
    [
      'symbol missing',
      'interval=1m',
      -1102,
      "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.",
    ],
    ['symbol empty', 'symbol=&interval=1m', -1105, "Parameter 'symbol' was empty."],
    [
      'symbol in lower case',
      'symbol=btcusdt&interval=1m',
      -1100,
      "Illegal characters found in parameter 'symbol'; legal range is '^[A-Z0-9-_.]{1,20}$'.",
    ],
    ['symbol unknown', 'symbol=NOPE&interval=1m', -1121, 'Invalid symbol.'],
    [
      'interval missing',
      'symbol=BTCUSDT',
      -1102,
      "Mandatory parameter 'interval' was not sent, was empty/null, or malformed.",
    ],
    ['interval unknown', 'symbol=BTCUSDT&interval=7m', -1120, 'Invalid interval.'],
    [
      'a start that is no number',
      'symbol=BTCUSDT&interval=1m&startTime=2024-01-01',
      -1100,
      "Illegal characters found in parameter 'startTime'; legal range is '^[0-9]{1,20}$'.",
    ],
    [
      'a limit of none',
      'symbol=BTCUSDT&interval=1m&limit=0',
      -1130,
      "Data sent for parameter 'limit' is not valid.",
    ],
    [
      'a parameter too many',
      'symbol=BTCUSDT&interval=1m&from=1',
      -1104,
      "Not all sent parameters were read; read '2' parameter(s) but was sent '3'.",
    ],
    [
      'a parameter twice',
      'symbol=BTCUSDT&interval=1m&interval=1h',
      -1101,
      'Duplicate values for a parameter detected.',
    ],
  ])('%s', async (_, query, code, msg) => {
    const { url } = await running({ history: testHistory() });
    const { status, text, headers } = await get(`${url}/api/v3/klines?${query}`);
    expect([status, text]).toEqual([400, JSON.stringify({ code, msg })]);
    expect(headers.get('x-mbx-used-weight-1m')).toBe('2');
  });

  it('goes to a path that is none', async () => {
    const { url } = await running({ history: testHistory() });
    const { status, text } = await get(`${url}/api/v3/trades`);
    expect([status, text]).toEqual([
      404,
      '{"code":-5000,"msg":"Path /api/v3/trades, Method GET is invalid"}',
    ]);
  });
});

describe('the other markets', () => {
  it('um and cm have their own paths, symbols, decimals and limits', async () => {
    const { url } = await running({ history: [umHistory(), cmHistory()] });
    const um = await get(`${url}/fapi/v1/klines?symbol=BTCUSDT&interval=1m&startTime=${T0}&limit=1500`);
    expect(JSON.parse(um.text).length).toBe(1500);
    expect(JSON.parse(um.text)[0][1]).toMatch(/^\d+\.\d{2}$/);
    const cm = await get(`${url}/dapi/v1/klines?symbol=BTCUSD_PERP&interval=1m&startTime=${T0}&limit=1`);
    expect(JSON.parse(cm.text)[0][5]).toMatch(/^\d+$/);
    expect((await get(`${url}/dapi/v1/klines?symbol=BTCUSDT&interval=1m`)).text).toContain('-1121');
    expect((await get(`${url}/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=1501`)).text).toContain(
      '-1130',
    );
    expect(
      (await get(`${url}/fapi/v1/klines?symbol=BTCUSDT&interval=1m&startTime=2&endTime=1`)).text,
    ).toContain('-1023');
  });
});

describe('time, ping and exchangeInfo', () => {
  it("are by the emulator's clock", async () => {
    const { url, clock } = await running({ history: testHistory() });
    clock.set(T0 + 123);
    for (const path of ['/api/v3/time', '/fapi/v1/time', '/dapi/v1/time']) {
      expect((await get(url + path)).text).toBe(`{"serverTime":${T0 + 123}}`);
    }
    expect((await get(`${url}/api/v3/ping`)).text).toBe('{}');
    const headers = { 'x-mbx-time-unit': 'microsecond' };
    expect((await get(`${url}/api/v3/time`, { headers })).text).toBe(`{"serverTime":${T0 + 123}000}`);
    expect(JSON.parse((await get(`${url}/api/v3/exchangeInfo`)).text)).toMatchObject({
      serverTime: T0 + 123,
      symbols: [{ symbol: 'BTCUSDT', status: 'TRADING' }],
    });
    expect((await get(`${url}/api/v3/exchangeInfo?symbol=NOPE`)).text).toBe(
      '{"code":-1121,"msg":"Invalid symbol."}',
    );
  });
});

describe('weight', () => {
  it('is counted a minute by the clock, and beyond the limit is 429 until the minute ends', async () => {
    const emulator = await running({ history: testHistory(), weight: { limit: 5 } });
    emulator.clock.set(T0 + 17_000);
    const call = () => get(`${emulator.url}/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=1`);
    const used = async () => (await call()).headers.get('x-mbx-used-weight-1m');
    expect([await used(), await used()]).toEqual(['2', '4']);
    const refused = await call();
    expect([refused.status, refused.headers.get('retry-after'), refused.text]).toEqual([
      429,
      '43',
      '{"code":-1003,"msg":"Too much request weight used; current limit is 5 request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API."}',
    ]);
    emulator.clock.advance(43_000);
    expect(await used()).toBe('2');
  });

  it('of futures depends on the limit asked for, and is not that of spot', async () => {
    const { url } = await running({ history: [testHistory(), umHistory()] });
    const used: (string | null)[] = [];
    for (const limit of [99, 100, 500, 1500]) {
      const { headers } = await get(`${url}/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=${limit}`);
      used.push(headers.get('x-mbx-used-weight-1m'));
    }
    expect(used).toEqual(['1', '3', '8', '18']);
    expect((await get(`${url}/api/v3/time`)).headers.get('x-mbx-used-weight-1m')).toBe('1');
  });

  it('spent on through refusals draws a ban that grows', async () => {
    const emulator = await running({ history: testHistory(), weight: { limit: 1, banAfter: 1 } });
    emulator.clock.set(T0);
    const answer = async () => {
      const { status, headers } = await get(`${emulator.url}/api/v3/klines?symbol=BTCUSDT&interval=1m`);
      return [status, headers.get('retry-after')];
    };
    expect([await answer(), await answer()]).toEqual([
      [429, '60'],
      [418, '120'],
    ]);
    emulator.clock.advance(119_000);
    expect(await answer()).toEqual([418, '1']);
    emulator.clock.advance(1_000 + MINUTE);
    expect([await answer(), await answer()]).toEqual([
      [429, '60'],
      [418, '240'],
    ]);
  });
});

describe('given files', () => {
  it('are what REST answers from: real rows, in milliseconds', async () => {
    const key = 'data/spot/daily/klines/BTCUSDT/1h/BTCUSDT-1h-2026-05-08.zip';
    const path = fileURLToPath(new URL('spot/daily/BTCUSDT-1h-2026-05-08.zip', REALDATA));
    const emulator = await running({ files: new Map([[key, path]]), now: Date.UTC(2026, 4, 10) });
    const rows = await klines(emulator, { interval: '1h', startTime: Date.UTC(2026, 4, 8), limit: 2 });
    expect(rows).toEqual([
      [
        1778198400000,
        '80006.00000000',
        '80142.84000000',
        '79729.72000000',
        '79831.99000000',
        '958.06006000',
        1778201999999,
        '76636658.96208970',
        67626,
        '559.85461000',
        '44801546.15802500',
        '0',
      ],
      expect.arrayContaining([1778202000000]),
    ]);
    expect((await klines(emulator, { interval: '1h', limit: 1 }))[0]?.[0]).toBe(Date.UTC(2026, 4, 8, 23));
    expect(await klines(emulator, { interval: '1m' })).toEqual([]);
  });

  it('with a real outage: nothing inside it, the short bar before it, the next bar after it', async () => {
    const csv = readFileSync(new URL('spot/csv/BTCUSDT-1h-2021-02.csv', REALDATA));
    const key = 'data/spot/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2021-02.zip';
    const emulator = await running({
      files: new Map([[key, zipOf('BTCUSDT-1h-2021-02.csv', csv)]]),
      now: Date.UTC(2021, 3, 1),
    });
    const hour = (clock: number): number => Date.UTC(2021, 1, 11, clock);
    const rows = await klines(emulator, { interval: '1h', startTime: hour(3), limit: 2 });
    expect(rows.map((row) => [row[0], row[6]])).toEqual([
      [hour(3), 1613014854773],
      [hour(5), hour(6) - 1],
    ]);
    expect(await klines(emulator, { interval: '1h', startTime: hour(4), endTime: hour(5) - 1 })).toEqual([]);
  });
});
