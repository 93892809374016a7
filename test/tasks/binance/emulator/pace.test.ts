/** The speed of the whole server: a line that all connections share, and a pause before each answer. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../../../tasks/binance/emulator/bucket.ts';
import { testHistory } from '../../../../tasks/binance/emulator/test-history.ts';
import { get, running } from './client.ts';

const FOLDER = '/data/spot/daily/klines/BTCUSDT/1m/';
const KEY = `${FOLDER}BTCUSDT-1m-2024-02-02.zip`;
const never = new AbortController().signal;

/** Time that passes only while somebody waits, each wait longer than was asked for, as timers are. */
function timer(late = 0) {
  let now = 1_000;
  return {
    now: () => now,
    pass: (ms: number) => {
      now += ms;
    },
    wait: async (ms: number) => {
      now += ms + late;
    },
  };
}

describe('a line of so many bytes a second', () => {
  it('takes as long as its bytes do, but for what it may make up for at once, however late timers are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1_000, max: 100_000_000 }),
        fc.array(fc.integer({ min: 1, max: 65_536 }), { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 0, max: 15 }),
        async (bytesPerSecond, takes, late) => {
          const time = timer(late);
          const bucket = new TokenBucket(bytesPerSecond, time);
          for (const bytes of takes) await bucket.take(bytes, never);
          const before = takes.slice(0, -1).reduce((sum, bytes) => sum + bytes, 0);
          const due = Math.max(0, (before / bytesPerSecond) * 1_000 - 20);
          expect(time.now() - 1_000).toBeGreaterThanOrEqual(due - 1e-6);
          expect(time.now() - 1_000).toBeLessThanOrEqual(due + late + 1e-6);
        },
      ),
    );
  });

  it('saves nothing up while it is idle', async () => {
    const time = timer();
    const bucket = new TokenBucket(1_000, time);
    await bucket.take(1_000, never);
    time.pass(3_600_000);
    const begins = time.now();
    for (let i = 0; i < 3; i++) await bucket.take(1_000, never);
    expect(time.now() - begins).toBe(2_000 - 20);
  });

  it('is taken in portions of a few milliseconds', () => {
    const portions = [10, 1_000_000, 40_000_000].map((rate) => new TokenBucket(rate).portion);
    expect(portions).toEqual([1_024, 5_000, 65_536]);
    expect(() => new TokenBucket(0)).toThrow('a line of 0 bytes a second');
  });
});

describe('an emulator behind such a line', () => {
  it('gives the same bytes, and those who share the line take turns', async () => {
    const fast = await running({ history: testHistory() });
    const slow = await running({ history: testHistory(), bytesPerSecond: 150_000 });
    const whole = (await get(fast.url + KEY)).body;
    const ends: string[] = [];
    const ask = async (name: string, init: RequestInit = {}): Promise<Buffer> => {
      const { body } = await get(slow.url + KEY, init);
      ends.push(name);
      return body;
    };
    const file = ask('file');
    while (slow.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const part = await ask('part', { headers: { range: 'bytes=0-4999' } });
    expect(part.equals(whole.subarray(0, 5000))).toBe(true);
    expect((await file).equals(whole)).toBe(true);
    expect(ends).toEqual(['part', 'file']);
    expect(slow.requests.map(({ bytes }) => bytes)).toEqual([whole.length, 5000]);
  });

  it('goes on when a client leaves in the middle, and counts what it got', async () => {
    const { url, requests } = await running({ history: testHistory(), bytesPerSecond: 20_000 });
    const leaving = new AbortController();
    const response = await fetch(url + KEY, { signal: leaving.signal });
    await response.body?.getReader().read();
    leaving.abort();
    const { status, body } = await get(`${url}/${KEY.slice(1)}.CHECKSUM`);
    expect([status, body.length > 64]).toEqual([200, true]);
    expect(requests[0]?.bytes).toBeLessThan(Number(response.headers.get('content-length')));
  });
});

describe('an emulator with latency', () => {
  it('waits before each answer, and longer where a fault delays it too', async () => {
    const { url, requests, faults } = await running({ history: testHistory(), latencyMs: 30 });
    faults.add({ match: '/api/v3/time', kind: 'delay', ms: 300 });
    const slow = get(`${url}/api/v3/time`);
    const answers = await Promise.all([get(`${url}/api/v3/ping`), get(`${url + KEY}.CHECKSUM`)]);
    expect([...answers, await slow].map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(requests.at(-1)?.path).toBe('/api/v3/time');
  });

  it('counts a request when it comes, and answers as things are after the wait', async () => {
    const { url, requests, clock, weight } = await running({ history: testHistory(), latencyMs: 200 });
    const begins = clock.now();
    const answer = get(`${url}/api/v3/time`);
    while (weight.used() === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(requests).toEqual([]);
    clock.advance(7);
    expect(JSON.parse((await answer).text)).toEqual({ serverTime: begins + 7 });
    expect(requests.map(({ at }) => at)).toEqual([begins]);
  });
});
