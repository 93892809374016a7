import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Check } from '../../../tasks/doctor/check.ts';
import type { MarketConfig } from '../../../tasks/doctor/market.ts';
import { clockCheck, restChecks, weightCheck } from '../../../tasks/doctor/rest.ts';
import { activeBan } from '../../../tasks/lib/hosts/bans.ts';
import { networkSchema } from '../../../tasks/lib/settings.ts';
import { scratch } from '../context.ts';
import type { Handler, TestServer } from '../server.ts';
import { serve } from '../server.ts';

// Bans are kept for all processes of this user, who shall not notice the test.
beforeEach(() => {
  vi.stubEnv('XDG_STATE_HOME', scratch());
  return () => vi.unstubAllEnvs();
});

const EXCHANGE_TIME = Date.UTC(2025, 2, 1);

function timeHandler(headers: Readonly<Record<string, string>> = { 'x-mbx-used-weight-1m': '12' }): Handler {
  return (_, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.end(JSON.stringify({ serverTime: EXCHANGE_TIME }));
  };
}

async function asked(
  handler: Handler,
  more: {
    readonly market?: 'spot' | 'um' | 'cm';
    readonly fills?: boolean;
    readonly now?: () => number;
    readonly server?: TestServer;
  } = {},
) {
  const server = more.server ?? (await serve(handler));
  const { market = 'spot', fills = true, now = () => EXCHANGE_TIME } = more;
  const config: MarketConfig = {
    series: { market, symbol: 'BTCUSDT', interval: '1m' },
    listingUrl: undefined,
    archiveUrls: [],
    restUrl: `${server.url}/base/`,
    fills,
    weightLimit: 6_000,
  };
  const asking = {
    workspace: '/nowhere',
    network: networkSchema.parse({}),
    signal: new AbortController().signal,
    waitMs: 5_000,
  };
  const found: readonly Check[] = await restChecks(config, asking, now);
  return { found, server };
}

/** Ticks as given, one a look. */
function ticking(...times: readonly number[]): () => number {
  const left = [...times];
  return () => EXCHANGE_TIME + (left.shift() ?? 0);
}

describe('REST', () => {
  it.each([
    ['spot', '/base/api/v3/time'],
    ['um', '/base/fapi/v1/time'],
    ['cm', '/base/dapi/v1/time'],
  ] as const)('of %s is asked twice for the time', async (market, path) => {
    const { found, server } = await asked(timeHandler(), { market });
    expect(found).toEqual([
      { name: 'rest', state: 'ok', detail: `${new URL(server.url).host} answers in 0 ms` },
      {
        name: 'clock',
        state: 'ok',
        detail: "this machine's clock is 0.00 s ahead of the exchange's",
      },
      {
        name: 'rest-weight',
        state: 'ok',
        detail: '12 of 6000 used in this minute, by all programs of this address',
      },
    ]);
    expect(server.asked).toEqual([path, path]);
  });

  it('tells the clock by the shorter way, less half of it', async () => {
    // 3 s for the connection and the answer, which would look like 1.5 s; then 40 ms.
    const slow = await asked(timeHandler(), { now: ticking(0, 3_000, -20, 20) });
    expect(slow.found[0]?.detail).toMatch(/ answers in 40 ms$/);
    expect(slow.found[1]).toMatchObject({ state: 'ok', detail: expect.stringContaining('0.00 s') });
    const behind = await asked(timeHandler(), { now: ticking(-2_350, -2_250, -9_000, -1_000) });
    expect(behind.found[1]).toEqual({
      name: 'clock',
      state: 'warn',
      detail: "this machine's clock is 2.30 s behind the exchange's",
      hint: 'set the clock by the network: timedatectl set-ntp true, or systemsetup -setusingnetworktime on',
    });
  });

  it('that is refused is a failure, or a warning where gaps are left as they are', async () => {
    const handler: Handler = (_, response) =>
      response.writeHead(451).end('{"code":0,"msg":"restricted location"}');
    const { found, server } = await asked(handler);
    expect(found).toEqual([
      {
        name: 'rest',
        state: 'fail',
        detail: `GET ${server.url}/base/api/v3/time answered 451 Unavailable For Legal Reasons: {"code":0,"msg":"restricted location"}`,
        hint: expect.stringContaining('the publisher does not serve this location'),
      },
    ]);
    expect(server.asked).toHaveLength(1);
    expect((await asked(handler, { fills: false })).found).toMatchObject([{ name: 'rest', state: 'warn' }]);
  });

  it('that answers with a page is told to be a firewall, a proxy or a login', async () => {
    const { found, server } = await asked((_, response) =>
      response.end('<html><title>Sign in</title></html>'),
    );
    expect(found).toEqual([
      {
        name: 'rest',
        state: 'fail',
        detail: `GET ${server.url}/base/api/v3/time answered a page, "Sign in", where JSON was expected`,
        hint: expect.stringContaining('check the proxy (HTTPS_PROXY) and binance.rest_url'),
      },
    ]);
  });

  it('that answers something else is not REST', async () => {
    const { found, server } = await asked((_, response) => response.end('{"time":1}'));
    expect(found).toEqual([
      {
        name: 'rest',
        state: 'fail',
        detail: `GET ${server.url}/base/api/v3/time answered what cannot be used: found "{\\"time\\":1}", expected {"serverTime":…}`,
        hint: expect.stringContaining('check binance.rest_url'),
      },
    ]);
  });

  it('that bans this address is not asked again while the ban lasts, by builds neither', async () => {
    const banned: Handler = (_, response) => response.writeHead(418, { 'retry-after': '3600' }).end();
    const server = await serve(banned);
    const before = Date.now();
    const first = await asked(banned, { server });
    const until = activeBan(new URL(server.url).host, Date.now())?.until ?? 0;
    expect(until - before).toBeGreaterThanOrEqual(3_600_000);
    expect(first.found).toMatchObject([
      { name: 'rest', state: 'fail', detail: expect.stringContaining(' has banned this address until ') },
    ]);
    const second = await asked(banned, { server });
    expect(second.found[0]?.detail).toBe(first.found[0]?.detail);
    expect(server.asked).toHaveLength(1);
  });

  it('whose weight a proxy keeps back cannot be steered by', async () => {
    const { found } = await asked(timeHandler({}));
    expect(found[2]).toEqual({
      name: 'rest-weight',
      state: 'warn',
      detail: 'the answer has no X-MBX-USED-WEIGHT-1M',
      hint: 'a proxy leaves out headers: builds cannot steer by it, lower binance.rest_weight_share',
    });
  });
});

describe('the clock', () => {
  it.each([
    [1_000, 'ok', '1.00 s ahead of'],
    [-1_000, 'ok', '1.00 s behind'],
    [1_001, 'warn', '1.00 s ahead of'],
    [-30_000, 'warn', '30 s behind'],
    [30_001, 'fail', '30 s ahead of'],
    [-86_400_000, 'fail', '86400 s behind'],
  ])('that is off by %i ms is %s', (ms, state, words) => {
    expect(clockCheck(ms)).toMatchObject({
      state,
      detail: `this machine's clock is ${words} the exchange's`,
    });
  });

  it('is judged alike ahead and behind', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), (ms) => {
        expect(clockCheck(ms).state).toBe(clockCheck(-ms).state);
        expect(clockCheck(ms).hint === undefined).toBe(clockCheck(ms).state === 'ok');
      }),
    );
  });
});

describe('request weight', () => {
  it('that is nearly used up makes builds wait', () => {
    expect(weightCheck(4_799, 6_000).state).toBe('ok');
    expect(weightCheck(4_800, 6_000)).toEqual({
      name: 'rest-weight',
      state: 'warn',
      detail: '4800 of 6000 used in this minute, by all programs of this address',
      hint: 'wait a minute, or stop what else asks the exchange from this address',
    });
  });
});
