/** What the emulator counts of REST, and its bans, by its own clock. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Emulator } from '../../../../tasks/binance/emulator/emulator.ts';
import { testHistory, umHistory } from '../../../../tasks/binance/emulator/test-history.ts';
import { WeightCounter } from '../../../../tasks/binance/emulator/weight.ts';
import { get, running } from './client.ts';

const MINUTE = 60_000;
const T0 = Date.UTC(2024, 2, 3, 12);
const KEY = '/data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02-02.zip';

const ask = async ({ restUrl }: Emulator, path = '/api/v3/time') => {
  const { status, headers, text } = await get(restUrl + path);
  return { status, retryAfter: headers.get('retry-after'), text };
};
const counts = ({ weight }: Emulator) => [weight.refused, weight.refusedWhileBanned, weight.unheeded];

describe('the weight used', () => {
  it('is known by market, in this minute and at its peak, with the limit of each', async () => {
    const emulator = await running({ history: [testHistory(), umHistory()] });
    const { weight, clock } = emulator;
    for (let i = 0; i < 3; i++) await ask(emulator);
    await ask(emulator, '/fapi/v1/klines?symbol=BTCUSDT&interval=1m');
    expect([weight.used(), weight.used('um'), weight.used('cm')]).toEqual([3, 5, 0]);
    clock.advance(MINUTE);
    await ask(emulator);
    expect([weight.used('spot'), weight.used('um')]).toEqual([1, 0]);
    expect([weight.peak(), weight.peak('um'), weight.peak('cm')]).toEqual([3, 5, 0]);
    expect([weight.limit(), weight.limit('um'), weight.limit('cm')]).toEqual([6_000, 2_400, 2_400]);
  });

  it('counts every request that came, whatever befell its answer, and no file', async () => {
    const emulator = await running({ history: testHistory() });
    const { faults, weight, requests, url } = emulator;
    faults.add({ match: '/api/', times: 1, kind: 'status', status: 503 });
    faults.add({ match: '/api/', skip: 1, times: 1, kind: 'reset' });
    expect((await ask(emulator)).status).toBe(503);
    await expect(ask(emulator)).rejects.toThrow('fetch failed');
    await ask(emulator, '/api/v3/nothing');
    await get(url + KEY);
    expect(weight.used()).toBe(3);
    expect(requests.map(({ status, weight: used }) => [status, used])).toEqual([
      [503, 1],
      [0, 2],
      [404, 3],
      [200, undefined],
    ]);
  });

  it('can be limited, which exchangeInfo says, and the 429s beyond are counted', async () => {
    const emulator = await running({ history: testHistory(), weight: { limit: 21 } });
    const { text } = await ask(emulator, '/api/v3/exchangeInfo');
    expect(JSON.parse(text).rateLimits).toEqual([
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 21 },
    ]);
    expect([(await ask(emulator)).status, (await ask(emulator)).status]).toEqual([200, 429]);
    expect([emulator.weight.refused, emulator.weight.peak()]).toEqual([1, 22]);
  });

  it('never lets more through in a minute of the clock than the limit, whatever the requests are', () => {
    const request = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 20_000 }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.array(request), (limit, requests) => {
        const counter = new WeightCounter({ limit });
        const allowed = new Map<number, number>();
        let now = 0;
        for (const [weight, pause] of requests) {
          now += pause;
          const minute = Math.floor(now / MINUTE);
          const verdict = counter.spend(weight, { now, seenMs: now });
          expect(verdict.used).toBe(counter.used(now));
          if (verdict.kind === 'allowed') allowed.set(minute, (allowed.get(minute) ?? 0) + weight);
          else expect(counter.used(now)).toBeGreaterThan(limit);
        }
        expect(Math.max(0, ...allowed.values())).toBeLessThanOrEqual(limit);
      }),
    );
  });
});

describe('a ban', () => {
  it('is drawn by 429s that are not heeded, and lasts for every request of that market', async () => {
    const emulator = await running({
      history: [testHistory(), umHistory()],
      weight: { limit: 1, banAfter: 2 },
    });
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push((await ask(emulator)).status);
    expect(statuses).toEqual([200, 429, 429, 418, 418, 418]);
    expect(emulator.weight.bannedUntil()).toBe(T0 + 2 * MINUTE);
    expect(counts(emulator).slice(0, 2)).toEqual([2, 2]);
    expect((await ask(emulator, '/api/v3/nothing')).status).toBe(418);
    expect((await ask(emulator, '/fapi/v1/time')).status).toBe(200);
    expect((await get(emulator.url + KEY)).status).toBe(200);
  });

  it('can be imposed, with a Retry-After that falls as the clock goes, until it ends', async () => {
    const emulator = await running({ history: testHistory() });
    emulator.ban('spot', 90);
    expect(await ask(emulator)).toEqual({
      status: 418,
      retryAfter: '90',
      text: `{"code":-1003,"msg":"Way too much request weight used; IP banned until ${T0 + 90_000}. Please use WebSocket Streams for live updates to avoid bans."}`,
    });
    emulator.clock.advance(30_001);
    expect((await ask(emulator)).retryAfter).toBe('60');
    emulator.clock.advance(59_998);
    expect((await ask(emulator)).retryAfter).toBe('1');
    emulator.clock.advance(1);
    expect((await ask(emulator)).status).toBe(200);
    expect(emulator.weight.refusedWhileBanned).toBe(3);
    emulator.weight.ban('spot', emulator.clock.now() + 500);
    expect((await ask(emulator)).status).toBe(418);
    emulator.weight.ban('spot', 0);
    expect([(await ask(emulator)).status, emulator.weight.bannedUntil()]).toEqual([200, undefined]);
  });

  it('can begin with any request, which is not counted against anybody', async () => {
    const emulator = await running({ history: testHistory() });
    const fault = emulator.faults.add({ match: /./, skip: 1, times: 1, kind: 'ban', seconds: 3 });
    expect([(await ask(emulator)).status, (await ask(emulator)).retryAfter]).toEqual([200, '3']);
    expect([fault.hits, ...counts(emulator)]).toEqual([1, 0, 0, 0]);
    expect((await ask(emulator)).status).toBe(418);
    expect(counts(emulator)).toEqual([0, 1, 0]);
    emulator.faults.add({ match: KEY, kind: 'ban', seconds: 3 });
    expect((await get(emulator.url + KEY)).status).toBe(200);
  });

  it('stands before every fault: while it lasts none meets a request', async () => {
    const emulator = await running({ history: testHistory() });
    const fault = emulator.faults.add({ match: '/api/', times: 1, kind: 'status', status: 503 });
    emulator.ban('spot', 1);
    expect([(await ask(emulator)).status, fault.hits]).toEqual([418, 0]);
    emulator.clock.advance(1_000);
    expect([(await ask(emulator)).status, fault.hits]).toEqual([503, 1]);
  });

  it('is unheeded by those who come when it has been told for longer than the grace', () => {
    const counter = new WeightCounter({ limit: 10, graceMs: 250 });
    const spend = (now: number, seenMs: number) => counter.spend(1, { now, seenMs }).kind;
    counter.ban(10_000);
    expect([0, 250, 251, 300].map((seenMs) => spend(5_000, 1_000 + seenMs))).toEqual(Array(4).fill('banned'));
    expect(counter.tally).toMatchObject({ refusedWhileBanned: 4, unheeded: 2 });
    counter.ban(20_000); // another one, of which nobody has been told
    spend(15_000, 5_000);
    spend(15_000, 5_100);
    expect(counter.tally).toMatchObject({ refusedWhileBanned: 6, unheeded: 2 });
    expect(spend(20_000, 9_000)).toBe('allowed');
    expect(counter.tally).toMatchObject({ refusedWhileBanned: 6, unheeded: 2 });
  });

  it('counts without grace where that is asked for', async () => {
    const emulator = await running({ history: testHistory(), weight: { graceMs: 0 } });
    emulator.ban('spot', 60);
    for (let i = 0; i < 3; i++) await ask(emulator);
    expect(counts(emulator)).toEqual([0, 3, 2]);
  });
});
