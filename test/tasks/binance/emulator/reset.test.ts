/** One emulator for many builds: back to the start, and content that several emulators share. */
import { describe, expect, it } from 'vitest';
import { contentOf, sharedContentOf } from '../../../../tasks/binance/emulator/content.ts';
import type { Emulator, HistorySpec } from '../../../../tasks/binance/emulator/emulator.ts';
import { zipOf } from '../../../../tasks/binance/emulator/emulator.ts';
import { defineHistory } from '../../../../tasks/binance/emulator/history.ts';
import { synthetic } from '../../../../tasks/binance/emulator/synthetic.ts';
import { testHistory } from '../../../../tasks/binance/emulator/test-history.ts';
import { get, running } from './client.ts';

const FOLDER = 'data/spot/daily/klines/BTCUSDT/1m/';
const day = (period: string): string => `${FOLDER}BTCUSDT-1m-${period}.zip`;
const HISTORY = testHistory({
  damaged: [{ symbol: 'BTCUSDT', period: '2024-02-02', damage: 'truncated' }],
  missingDays: [{ day: '2024-02-03' }],
});

/** All that a client can see of the market: listing, files, sidecars, rows, time and weight. */
async function view({ url, listingUrl, restUrl }: Emulator): Promise<readonly string[]> {
  const paths = ['2024-02-02', '2024-02-03', '2024-02-04', '2024-02-05', '2024-03-01'].flatMap((period) => [
    `${url}/${day(period)}`,
    `${url}/${day(period)}.CHECKSUM`,
  ]);
  const asked = [
    `${restUrl}/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=3`,
    `${restUrl}/api/v3/time`,
    `${listingUrl}?prefix=${FOLDER}`,
    ...paths,
  ];
  const seen: string[] = [];
  for (const address of asked) {
    const { status, headers, body } = await get(address);
    const known = ['etag', 'last-modified', 'x-mbx-used-weight-1m'].map((name) => headers.get(name));
    // A 404 carries the number of the request.
    seen.push(JSON.stringify([status, known, status === 404 ? '' : body.toString('latin1')]));
  }
  return seen;
}

describe('reset', () => {
  it('undoes whatever was done: files, faults, clock, weight, bans and the log', async () => {
    const emulator = await running({
      history: HISTORY,
      files: new Map([[day('2024-02-05'), zipOf('a.csv', '1,2\n')]]),
      weight: { limit: 30, banAfter: 1 },
    });
    const before = await view(emulator);
    emulator.mend(day('2024-02-02'));
    emulator.publish(day('2024-02-03'));
    emulator.republish(day('2024-02-04'), (rows) => rows.slice(0, 5));
    emulator.withdraw(day('2024-02-05'));
    emulator.serveFiles(new Map([[day('2024-03-01'), zipOf('b.csv', '3,4\n')]]));
    emulator.faults.add({ match: '/', kind: 'status', status: 500, skip: 1 });
    emulator.clock.advance(86_400_000);
    emulator.ban('spot', 3_600);
    expect((await view(emulator)).filter((line, i) => line === before[i])).toEqual([]);

    emulator.reset();
    expect(emulator.requests).toEqual([]);
    const { weight } = emulator;
    expect([weight.used(), weight.peak(), weight.refused, weight.refusedWhileBanned]).toEqual([0, 0, 0, 0]);
    expect(weight.bannedUntil()).toBeUndefined();
    expect(await view(emulator)).toEqual(before);
    expect(emulator.requests.length).toBe(before.length);
  });

  it('forgets that there were bans before: the next one is a first one', async () => {
    const emulator = await running({ history: HISTORY, weight: { limit: 1, banAfter: 1 } });
    const until = async (): Promise<number | undefined> => {
      for (let i = 0; i < 3; i++) await get(`${emulator.restUrl}/api/v3/time`);
      return emulator.weight.bannedUntil();
    };
    const first = await until();
    emulator.clock.advance(3_600_000);
    expect(await until()).toBe((first ?? 0) + 3_600_000 + 120_000);
    emulator.reset();
    expect(await until()).toBe(first);
  });

  it('logs no request that came before it', async () => {
    const emulator = await running({ history: HISTORY });
    const fault = emulator.faults.add({ match: 'time', kind: 'delay', ms: 100 });
    const late = get(`${emulator.restUrl}/api/v3/time`);
    while (fault.hits === 0) await new Promise((resolve) => setImmediate(resolve));
    emulator.reset();
    await get(`${emulator.restUrl}/api/v3/ping`);
    expect((await late).status).toBe(200);
    expect(emulator.requests.map(({ path }) => path)).toEqual(['/api/v3/ping']);
  });

  it('starts a running clock again', async () => {
    const start = Date.UTC(2024, 2, 3, 12);
    const emulator = await running({ history: HISTORY, running: true });
    emulator.clock.advance(-86_400_000);
    emulator.reset();
    expect(emulator.clock.now()).toBeGreaterThanOrEqual(start);
  });
});

describe('content', () => {
  const files = (spec: HistorySpec): readonly string[] =>
    synthetic(defineHistory(spec))
      .files('data/', Date.parse(spec.now))
      .map(({ key }) => key);
  const plain = testHistory({ now: '2024-01-04T12:00:00Z' });

  it('is shared by histories with the same rows, however their files are published or damaged', () => {
    const shared = sharedContentOf(defineHistory(plain));
    const others: Partial<HistorySpec>[] = [
      { now: '2024-02-01T00:00:00Z' },
      { intervals: ['1h'] },
      { dailyDelayMs: 1, monthlyDelayMs: 1 },
      { missingDays: [{ day: '2024-01-02' }], lateMonths: [{ month: '2024-01' }] },
      { damaged: [{ symbol: 'BTCUSDT', period: '2024-01-02', damage: 'flipped' }] },
    ];
    for (const other of others) expect(sharedContentOf(defineHistory({ ...plain, ...other }))).toBe(shared);
  });

  it.each<[string, Partial<HistorySpec>]>([
    ['the seed', { seed: 2 }],
    ['the market', { market: 'um', symbols: [{ name: 'BTCUSDT', listed: '2024-01-01T00:00:00Z' }] }],
    ['a halt', { halts: [{ first: '2024-01-02T01:00:00Z', last: '2024-01-02T02:00:00Z' }] }],
    [
      'an off-grid stretch',
      { offGrid: [{ first: '2024-01-02T01:00:00Z', last: '2024-01-02T02:00:00Z', shiftMs: 9 }] },
    ],
    ['a quiet minute', { quiet: [{ first: '2024-01-02T01:00:00Z', last: '2024-01-02T01:00:00Z' }] }],
    ['the share of quiet minutes', { quietPerMille: 500 }],
    [
      'a gap of the archive',
      { archiveGaps: [{ first: '2024-01-02T01:00:00Z', last: '2024-01-02T02:00:00Z' }] },
    ],
    ['the price', { symbols: [{ name: 'BTCUSDT', listed: '2024-01-01T00:00:00Z', ticks: 77_777 }] }],
  ])('is its own, and as if nothing were shared, where %s differs', (_, change) => {
    const spec = { ...plain, ...change };
    const history = defineHistory(spec);
    const shared = sharedContentOf(history);
    expect(shared).not.toBe(sharedContentOf(defineHistory(plain)));
    const [one, other] = [synthetic(history, shared), synthetic(history, contentOf(history))];
    const query = { market: spec.market, symbol: 'BTCUSDT', interval: '15m', limit: 1000, now: history.now };
    expect(one.klines(query)).toEqual(other.klines(query));
    const keys = files(spec).filter((key) => key.endsWith('2024-01-02.zip'));
    expect(keys.length).toBe(1);
    for (const key of keys) {
      expect(one.bytes(key).equals(other.bytes(key))).toBe(true);
      expect(one.facts(key)).toEqual(other.facts(key));
      const unlike = synthetic(defineHistory(plain)).bytes(day('2024-01-02'));
      expect(one.bytes(key).equals(unlike)).toBe(false);
    }
  });
});
