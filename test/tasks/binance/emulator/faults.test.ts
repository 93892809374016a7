import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { LoggedRequest } from '../../../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../../../tasks/binance/emulator/emulator.ts';
import { testHistory } from '../../../../tasks/binance/emulator/test-history.ts';
import { get, running } from './client.ts';

const KEY = '/data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02-02.zip';

const started = () => running({ history: testHistory() });

describe('a fault', () => {
  it('answers with a status, headers and body instead of the truth, so many times', async () => {
    const { url, faults } = await started();
    const fault = faults.add({
      match: KEY,
      times: 2,
      kind: 'status',
      status: 503,
      headers: { 'Retry-After': '7' },
      body: '<html>busy</html>',
    });
    const answers = [await get(url + KEY), await get(url + KEY), await get(url + KEY)];
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 200]);
    expect([answers[0]?.headers.get('retry-after'), answers[0]?.text]).toEqual(['7', '<html>busy</html>']);
    expect(fault.hits).toBe(2);
  });

  it('meets only what matches, by text or pattern, on path and query, and by method', async () => {
    const { url, faults } = await started();
    const fault = { kind: 'status', status: 500 } as const;
    faults.add({ ...fault, match: /startTime=1\d\d$/g });
    faults.add({ ...fault, match: '.CHECKSUM', method: 'HEAD' });
    const rest = `${url}/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=1&startTime=`;
    const statuses = [`${rest}123`, `${rest}155`, `${rest}1`, `${url + KEY}.CHECKSUM`];
    const got = await Promise.all(statuses.map(async (address) => (await get(address)).status));
    expect(got).toEqual([500, 500, 200, 200]);
    expect((await get(`${url + KEY}.CHECKSUM`, { method: 'HEAD' })).status).toBe(500);
  });

  it('can let the first ones pass, be removed, and all be cleared', async () => {
    const { url, faults } = await started();
    const fault = faults.add({ match: KEY, kind: 'status', status: 500, skip: 1 });
    expect([(await get(url + KEY)).status, (await get(url + KEY)).status]).toEqual([200, 500]);
    fault.remove();
    expect((await get(url + KEY)).status).toBe(200);
    faults.add({ match: KEY, kind: 'status', status: 500 });
    faults.clear();
    expect((await get(url + KEY)).status).toBe(200);
  });

  it('reset: the connection breaks, before the answer or in its body', async () => {
    const { url, faults, requests } = await started();
    faults.add({ match: KEY, times: 1, kind: 'reset' });
    await expect(get(url + KEY)).rejects.toThrow('fetch failed');
    faults.add({ match: KEY, times: 1, kind: 'reset', after: 1000 });
    await expect(get(url + KEY)).rejects.toThrow(/terminated|fetch failed/);
    expect(requests.map(({ status, bytes }) => [status, bytes])).toEqual([
      [0, 0],
      [200, 1000],
    ]);
  });

  it('truncate: the head announces all, the body ends early, and a range fetches the rest', async () => {
    const { url, faults } = await started();
    const whole = (await get(url + KEY)).body;
    faults.add({ match: KEY, times: 1, kind: 'truncate', after: 5000 });
    const response = await fetch(url + KEY);
    expect(response.headers.get('content-length')).toBe(String(whole.length));
    const chunks: Uint8Array[] = [];
    const read = async (): Promise<void> => {
      for await (const chunk of response.body ?? []) chunks.push(chunk);
    };
    await expect(read()).rejects.toThrow('terminated');
    const rest = await get(url + KEY, { headers: { range: 'bytes=5000-' } });
    expect(Buffer.concat([...chunks, rest.body]).equals(whole)).toBe(true);
  });

  it('flip: one byte is another, the size stays', async () => {
    const { url, faults } = await started();
    const whole = (await get(url + KEY)).body;
    faults.add({ match: KEY, times: 1, kind: 'flip', offset: 100 });
    const bad = (await get(url + KEY)).body;
    expect(bad.length).toBe(whole.length);
    expect([...bad.keys()].filter((i) => bad[i] !== whole[i])).toEqual([100]);
    expect((await get(url + KEY)).body.equals(whole)).toBe(true);
  });

  it('delay: the true answer comes after one that was asked for later', async () => {
    const { url, faults, requests } = await started();
    faults.add({ match: '2024-02-02.zip', kind: 'delay', ms: 500 });
    const slow = get(url + KEY);
    await get(`${url}/api/v3/time`);
    expect((await slow).status).toBe(200);
    expect(requests.map(({ path }) => path)).toEqual(['/api/v3/time', KEY]);
  });

  it('stall: some bytes come and then nothing, until the emulator closes', async () => {
    const emulator = await startEmulator({ history: testHistory() });
    emulator.faults.add({ match: KEY, kind: 'stall', after: 10 });
    emulator.faults.add({ match: '/api/v3/time', kind: 'stall' });
    const response = await fetch(emulator.url + KEY);
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value?.length).toBe(10);
    const next = reader?.read();
    const silent = get(`${emulator.url}/api/v3/time`);
    const both = Promise.allSettled([next, silent]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await emulator.close();
    expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

describe('a fault of its time', () => {
  it("meets from one instant of the emulator's clock until another, and counts what it passes only then", async () => {
    const { url, faults, clock } = await started();
    const [from, until] = [clock.now() + 1_000, clock.now() + 3_000];
    const fault = faults.add({ match: KEY, kind: 'status', status: 503, from, until, skip: 1 });
    const status = async (): Promise<number> => (await get(url + KEY)).status;
    expect([await status(), await status()]).toEqual([200, 200]);
    clock.set(from);
    expect([await status(), await status()]).toEqual([200, 503]);
    clock.set(until - 1);
    expect(await status()).toBe(503);
    clock.set(until);
    expect(await status()).toBe(200);
    expect(fault.hits).toBe(2);
  });
});

describe('a redirect', () => {
  const REST = '/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=1';
  const seen = (requests: readonly LoggedRequest[]) => requests.map(({ query, status }) => [query, status]);

  it('leads to the same address once more, where no redirect meets it, and nothing else sees the mark', async () => {
    const { url, faults, requests } = await started();
    const [file, rows] = [await get(url + KEY), await get(url + REST)];
    faults.add({ match: /./, kind: 'redirect' });
    const again = await get(url + KEY);
    expect([again.status, again.body.equals(file.body)]).toEqual([200, true]);
    expect((await get(url + REST)).text).toBe(rows.text);
    expect(seen(requests.slice(2))).toEqual([
      ['', 302],
      ['emulator-redirected=1', 200],
      [REST.slice(15), 302],
      [`${REST.slice(15)}&emulator-redirected=1`, 200],
    ]);
  });

  it('has the status and the place that were asked for, and may lead in circles', async () => {
    const { url, faults } = await started();
    faults.add({ match: KEY, kind: 'redirect', status: 307, location: KEY });
    const { status, headers } = await get(url + KEY, { redirect: 'manual' });
    expect([status, headers.get('location')]).toEqual([307, KEY]);
    await expect(get(url + KEY)).rejects.toThrow('fetch failed');
  });

  it('meets other faults at its end', async () => {
    const { url, faults } = await started();
    faults.add({ match: KEY, kind: 'redirect', times: 1 });
    faults.add({ match: 'emulator-redirected', kind: 'status', status: 503 });
    expect((await get(url + KEY)).status).toBe(503);
  });
});

describe('a trickle', () => {
  it('is the true answer in many parts, after which the connection goes on', async () => {
    const { url, faults, requests } = await started();
    const whole = (await get(url + KEY)).body;
    faults.add({ match: KEY, kind: 'trickle', bytes: 20_000, everyMs: 1 });
    expect((await get(url + KEY)).body.equals(whole)).toBe(true);
    const part = await get(url + KEY, { headers: { range: 'bytes=1000-50000' } });
    expect(part.body.equals(whole.subarray(1000, 50_001))).toBe(true);
    expect(requests.map(({ bytes }) => bytes)).toEqual([whole.length, whole.length, 49_001]);
  });

  it('counts the bytes that went out so far', async () => {
    const { url, faults, requests } = await started();
    faults.add({ match: KEY, kind: 'trickle', bytes: 10, everyMs: 3_600_000 });
    const response = await fetch(url + KEY);
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value?.length).toBe(10);
    expect(requests.map(({ status, bytes }) => [status, bytes])).toEqual([[200, 10]]);
    await reader?.cancel();
  });

  it('can end before its end', async () => {
    const { url, faults, requests } = await started();
    faults.add({ match: KEY, kind: 'trickle', bytes: 100, everyMs: 1 });
    faults.add({ match: KEY, kind: 'truncate', after: 250 });
    await expect(get(url + KEY)).rejects.toThrow('terminated');
    expect(requests.map(({ bytes }) => bytes)).toEqual([250]);
  });
});

describe('the request log', () => {
  it('has times, method, path, query, range, status and bytes, and can be cleared', async () => {
    const { url, requests, clearRequests, clock, elapsedMs } = await started();
    await get(url + KEY, { headers: { range: 'bytes=0-9', 'if-match': '*' } });
    const between = elapsedMs();
    clock.advance(5);
    await get(`${url}/api/v3/time?a=b%20c`);
    const [first, second] = requests.map(({ seenMs }) => seenMs);
    expect([(first ?? 0) > 0, (first ?? 0) < between, (second ?? 0) > between]).toEqual([true, true, true]);
    expect(requests.map(({ seenMs: _, ...request }) => request)).toEqual([
      {
        at: Date.UTC(2024, 2, 3, 12),
        method: 'GET',
        path: KEY,
        query: '',
        range: 'bytes=0-9',
        ifMatch: '*',
        status: 206,
        bytes: 10,
      },
      {
        at: Date.UTC(2024, 2, 3, 12) + 5,
        method: 'GET',
        path: '/api/v3/time',
        query: 'a=b%20c',
        status: 200,
        bytes: 28,
        weight: 1,
      },
    ]);
    clearRequests();
    expect(requests).toEqual([]);
  });

  it('has when a request arrived, not when it was answered', async () => {
    const { url, requests, faults, clock } = await started();
    const fault = faults.add({ match: '/api/v3/time', times: 1, kind: 'delay', ms: 200 });
    const late = get(`${url}/api/v3/time`);
    while (fault.hits === 0) await new Promise((resolve) => setImmediate(resolve));
    await get(`${url}/api/v3/ping`);
    clock.advance(7);
    expect(JSON.parse((await late).text)).toEqual({ serverTime: Date.UTC(2024, 2, 3, 12) + 7 });
    expect(requests.map(({ path, at }) => [path, at - Date.UTC(2024, 2, 3, 12)])).toEqual([
      ['/api/v3/ping', 0],
      ['/api/v3/time', 0],
    ]);
  });
});

describe('the emulator', () => {
  it('listens on the loopback address alone and leaves its port when it closes', async () => {
    const emulator = await startEmulator({ history: testHistory() });
    const { hostname, port } = new URL(emulator.url);
    expect(hostname).toBe('127.0.0.1');
    await get(emulator.url + KEY);
    await emulator.close();
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(Number(port), '127.0.0.1', resolve);
    });
    await new Promise((resolve) => server.close(resolve));
  });

  it('has a clock that stands until it is set, or runs where that is asked for', async () => {
    const standing = await started();
    expect([standing.clock.now(), standing.clock.now()]).toEqual(Array(2).fill(Date.UTC(2024, 2, 3, 12)));
    const running_ = await running({ history: testHistory(), running: true });
    const before = running_.clock.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(running_.clock.now()).toBeGreaterThan(before);
    running_.clock.set(5_000_000);
    expect(running_.clock.now()).toBeGreaterThanOrEqual(5_000_000);
  });
});
