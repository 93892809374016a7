import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import universe from '../../../tasks/binance/universe.ts';
import { fakeContext, scratch } from '../context.ts';
import type { Handler } from '../server.ts';
import { serve } from '../server.ts';

const UNIVERSE = 'raw/universe.json';

/** Folders by period, as many a page. */
function folders(monthly: readonly string[], daily: readonly string[], pageSize = 1_000): Handler {
  return (request, response) => {
    const query = new URL(request.url ?? '', 'http://bucket').searchParams;
    const prefix = query.get('prefix') ?? '';
    const names = prefix.includes('/monthly/') ? monthly : daily;
    const all = [...names].sort().map((name) => `${prefix}${name}/`);
    const rest = all.filter((folder) => folder > (query.get('marker') ?? ''));
    const page = rest.slice(0, pageSize);
    response.end(
      `<ListBucketResult><Prefix>${prefix}</Prefix><IsTruncated>${rest.length > page.length}</IsTruncated>` +
        `${page.map((folder) => `<CommonPrefixes><Prefix>${folder}</Prefix></CommonPrefixes>`).join('')}</ListBucketResult>`,
    );
  };
}

interface More {
  readonly market?: 'spot' | 'um';
  readonly unlisted?: string[];
  readonly previous?: string | undefined;
  readonly attempt?: number;
}

async function run(handler: Handler, listed: string[] | null, more: More = {}) {
  const server = await serve(handler);
  const workspace = scratch();
  if (more.previous !== undefined) {
    mkdirSync(dirname(join(workspace, UNIVERSE)), { recursive: true });
    writeFileSync(join(workspace, UNIVERSE), more.previous);
  }
  const ctx = fakeContext({
    workspace,
    params: { market: more.market ?? 'spot', listed, unlisted: more.unlisted ?? null },
    settings: { listing_url: `${server.url}/bucket` },
    out: { universe: UNIVERSE },
    attempt: more.attempt ?? 4,
    attempts: 4,
  });
  const result = await universe.run(ctx);
  const text = (): string => readFileSync(ctx.outputs['universe'] ?? '', 'utf8');
  return { server, ctx, result, text };
}

describe('the universe', () => {
  it('is what the patterns name among the folders of both periods, in code-unit order', async () => {
    const { server, result, text } = await run(
      folders(['ETHUSDT', 'BTCUSDT', 'BTCUPUSDT', 'BNBBTC'], ['NEWUSDT', 'BTCUSDT', '1INCHUSDT']),
      ['*USDT'],
      { unlisted: ['*UPUSDT', '*DOWNUSDT'] },
    );
    expect(result).toBeUndefined();
    expect(text()).toBe(`{
  "listed": ["*USDT"],
  "market": "spot",
  "symbols": ["1INCHUSDT","BTCUSDT","ETHUSDT","NEWUSDT"],
  "unlisted": ["*UPUSDT","*DOWNUSDT"],
  "version": 1
}
`);
    expect(server.asked.map(decodeURIComponent)).toEqual([
      '/bucket?delimiter=/&prefix=data/spot/monthly/klines/',
      '/bucket?delimiter=/&prefix=data/spot/daily/klines/',
    ]);
  });

  it('is the same with any size of page', async () => {
    const [monthly, daily] = [
      ['A1', 'A2', 'A3', 'B1', 'C1'],
      ['A2', 'C2'],
    ];
    const { text } = await run(folders(monthly, daily), ['A*', '?2', '*1'], { market: 'um' });
    expect(JSON.parse(text())).toMatchObject({ symbols: ['A1', 'A2', 'A3', 'B1', 'C1', 'C2'] });
    for (const pageSize of [1, 2, 3]) {
      expect(
        (await run(folders(monthly, daily, pageSize), ['A*', '?2', '*1'], { market: 'um' })).text(),
      ).toBe(text());
    }
  });

  it('passes names over that are no symbols, and says which', async () => {
    const { ctx, text } = await run(folders(['BTCUSDT', '币安人生USDT', 'a b'], []), ['*']);
    expect(JSON.parse(text())).toMatchObject({ symbols: ['BTCUSDT'] });
    expect(ctx.lines).toEqual(['passed over, as no path could name them: a b, 币安人生USDT']);
  });

  it('fails where a pattern names nothing, with what comes nearest', async () => {
    const { result } = await run(folders(['BTCUSDT', 'ETHUSDT', 'BNBBTC', 'ETHBTC'], []), ['*BTC', '*USTD']);
    expect(result).toEqual({
      failed: {
        code: 'universe-empty',
        message:
          'no symbol of market spot in the archive matches the pattern "*USTD": it has 4, such as BTCUSDT, ETHUSDT, BNBBTC',
        hint: 'correct symbols.listed in the config: * stands for any characters, ? for one',
      },
    });
    expect((await run(folders([], []), ['*'])).result).toMatchObject({
      failed: {
        message: 'no symbol of market spot in the archive matches the pattern "*": it has none at all',
      },
    });
  });

  it('fails where nothing is left, and where the config has no patterns', async () => {
    const { result } = await run(folders(['BTCUSDT'], []), ['*USDT'], { unlisted: ['B*', 'C*'] });
    expect(result).toEqual({
      failed: {
        code: 'universe-empty',
        message: 'symbols.not leaves out all that symbols.listed names: *USDT without B*, C*',
        hint: 'take a pattern out of symbols.not',
      },
    });
    const { server, result: without } = await run(folders(['BTCUSDT'], []), null);
    expect(without).toEqual({
      failed: {
        code: 'universe-unused',
        message: 'the config lists its symbols itself: there is no pattern to pick any by',
        hint: 'to take them from the archive, say symbols: { listed: "*USDT" }',
      },
    });
    expect(server.asked).toEqual([]);
  });

  it('takes no params that are no patterns', () => {
    expect(() => universe.params?.parse({ market: 'spot', listed: ['a/b'], unlisted: null })).toThrow();
    expect(() => universe.params?.parse({ market: 'spot', listed: [], unlisted: null })).toThrow();
  });
});

describe('the universe, where the listing cannot be reached', () => {
  const unavailable: Handler = (_, response) => response.writeHead(503).end();

  it('is what the same patterns named before, which is said', async () => {
    const { text } = await run(folders(['BTCUSDT', 'ETHUSDT'], []), ['*USDT']);
    const previous = text();
    const { server, ctx, result, text: kept } = await run(unavailable, ['*USDT'], { previous });
    expect([result, kept()]).toEqual([undefined, previous]);
    const asked = `${server.url}/bucket?delimiter=%2F&prefix=data%2Fspot%2Fmonthly%2Fklines%2F`;
    expect(ctx.warnings).toEqual([
      `the listing at ${new URL(server.url).host} cannot be reached (GET ${asked} answered 503 Service Unavailable): ` +
        'the 2 symbols that it had before are kept; new ones go unnoticed until it can be reached again',
    ]);
  });

  it('fails where other patterns were asked for, or nothing is known', async () => {
    const { text } = await run(folders(['BTCUSDT', 'ETHUSDT'], []), ['*USDT']);
    const previous = text();
    const cases: readonly (readonly [string[], More])[] = [
      [['BTC*', '*USDT'], { previous }],
      [['*USDT'], { previous, unlisted: ['ETH*'] }],
      [['*USDT'], { previous, market: 'um' }],
      [['*USDT'], { previous: previous.slice(0, -5) }],
      [['*USDT'], {}],
    ];
    for (const [listed, more] of cases) {
      const { ctx, result } = await run(unavailable, listed, more);
      expect(result).toMatchObject({ failed: { code: 'http-server-error' } });
      expect(ctx.warnings).toEqual([]);
    }
  });

  it.each<[string, Handler, string, string]>([
    [
      'another try is to come',
      unavailable,
      'http-server-error',
      'answered 503 Service Unavailable; the 2 symbols that were found before go on to count',
    ],
    [
      'it answers with something else',
      (_, response) => response.end('<html>Sign in</html>'),
      'listing-malformed',
      'answered with an HTML page, where a ListBucketResult was expected; the 2 symbols that were found before go on to count',
    ],
    [
      'it has nothing any more',
      folders([], []),
      'universe-empty',
      'it has none at all; the 2 symbols that were found before go on to count',
    ],
  ])('is what it was, and has failed all the same, where %s', async (_, handler, code, message) => {
    const { text } = await run(folders(['BTCUSDT', 'ETHUSDT'], []), ['*USDT']);
    const previous = text();
    const { ctx, result, text: kept } = await run(handler, ['*USDT'], { previous, attempt: 2 });
    expect(result).toMatchObject({ incomplete: { code, message: expect.stringContaining(message) } });
    expect([kept(), ctx.warnings]).toEqual([previous, []]);
  });

  it('can be made up for by names in the config, which the hint says', async () => {
    const { result } = await run(unavailable, ['*USDT']);
    expect(result).toMatchObject({
      failed: {
        hint: 'the server is in trouble: build again later; or name the symbols one by one in the config',
      },
    });
  });
});
