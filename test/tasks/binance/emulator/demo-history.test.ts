/** The demo has to show what it promises: each trouble is really in what the emulator serves. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  DEMO_AS_OF,
  DEMO_DAMAGED_KEY,
  DEMO_LATE_KEYS,
  demoHistory,
} from '../../../../tasks/binance/emulator/demo-history.ts';
import { get, recordsOf, running } from './client.ts';

const key = (symbol: string, period: string): string =>
  `data/spot/${period.length === 7 ? 'monthly' : 'daily'}/klines/${symbol}/1m/${symbol}-1m-${period}.zip`;
const started = () => running({ history: demoHistory(7) });

describe('the demo', () => {
  it('is published up to its as-of, and its clock stands after it', async () => {
    const { url, clock } = await started();
    expect(clock.now()).toBeGreaterThan(Date.parse(DEMO_AS_OF));
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
      expect((await get(`${url}/${key(symbol, '2025-02-28')}`)).status).toBe(200);
    }
  });

  it('has the switch to microseconds, the halt and the off-grid stretch', async () => {
    const { url } = await started();
    const december = await recordsOf((await get(`${url}/${key('BTCUSDT', '2024-12')}`)).body);
    const january = await recordsOf((await get(`${url}/${key('BTCUSDT', '2025-01')}`)).body);
    expect([december[0]?.[0], january[0]?.[0]]).toEqual(['1733011200000', '1735689600000000']);
    expect([december.length, january.length]).toEqual([31 * 1440, 31 * 1440 - 80]);
    expect(december.filter(([time]) => Number(time) % 60_000 !== 0).length).toBe(150);
  });

  it('has a listing in the middle of a month and minutes without trades', async () => {
    const { url } = await started();
    const december = await recordsOf((await get(`${url}/${key('ETHUSDT', '2024-12')}`)).body);
    expect(Number(december[0]?.[0])).toBe(Date.UTC(2024, 11, 13, 8));
    expect(december.filter((row) => row[8] === '0').length).toBe(2);
    expect((await get(`${url}/${key('ETHUSDT', '2024-12-12')}`)).status).toBe(404);
    expect((await get(`${url}/${key('ETHUSDT', '2024-12-13')}`)).status).toBe(200);
  });

  it('has late months that dailies stand in for, until they are published', async () => {
    const { url, publish } = await started();
    expect(DEMO_LATE_KEYS).toEqual([key('BTCUSDT', '2025-02'), key('ETHUSDT', '2025-02')]);
    for (const late of DEMO_LATE_KEYS) {
      expect((await get(`${url}/${late}`, { method: 'HEAD' })).status).toBe(404);
      publish(late);
      expect((await get(`${url}/${late}`, { method: 'HEAD' })).status).toBe(200);
    }
  });

  it('has one corrupt file, until it is mended', async () => {
    const { url, mend } = await started();
    expect(DEMO_DAMAGED_KEY).toBe(key('ETHUSDT', '2025-01'));
    const sums = async (): Promise<boolean> => {
      const stated = (await get(`${url}/${DEMO_DAMAGED_KEY}.CHECKSUM`)).text.slice(0, 64);
      const { body } = await get(`${url}/${DEMO_DAMAGED_KEY}`);
      return createHash('sha256').update(body).digest('hex') === stated;
    };
    expect(await sums()).toBe(false);
    mend(DEMO_DAMAGED_KEY);
    expect(await sums()).toBe(true);
    expect((await recordsOf((await get(`${url}/${DEMO_DAMAGED_KEY}`)).body)).length).toBe(31 * 1440 - 80);
  });
});
