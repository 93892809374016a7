import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keyFor } from '../../../tasks/binance/layout.ts';
import listing from '../../../tasks/binance/listing.ts';
import { listingSchema } from '../../../tasks/binance/listing-file.ts';
import { fakeContext, scratch } from '../context.ts';
import type { Handler, TestServer } from '../server.ts';
import { serve } from '../server.ts';
import { listingHandler, withSidecars } from './s3.ts';

const series = { market: 'spot', symbol: 'BTCUSDT', interval: '1m' } as const;
const LISTING = 'listing/BTCUSDT.json';
const keys = (...timeKeys: readonly string[]) =>
  withSidecars(timeKeys.map((timeKey) => keyFor(series, timeKey)));

interface More {
  readonly preferDaily?: string[];
  readonly signal?: AbortSignal;
  readonly sweep?: boolean;
  /** What an earlier run has left. */
  readonly previous?: string | undefined;
  readonly attempt?: number;
  readonly archive?: string | string[];
  readonly from?: string;
}

async function run(handler: Handler, more: More = {}) {
  const server = await serve(handler);
  const workspace = scratch();
  if (more.previous !== undefined) {
    mkdirSync(dirname(join(workspace, LISTING)), { recursive: true });
    writeFileSync(join(workspace, LISTING), more.previous);
  }
  const ctx = fakeContext({
    workspace,
    params: { ...series, prefer_daily: more.preferDaily ?? null },
    settings: {
      listing_url: `${server.url}/bucket`,
      archive_url: more.archive ?? 'http://127.0.0.1:9',
      probe_from: more.from ?? null,
    },
    out: { listing: LISTING },
    sweep: more.sweep ?? false,
    attempt: more.attempt ?? 4,
    attempts: 4,
    ...(more.signal === undefined ? {} : { signal: more.signal }),
  });
  const result = await listing.run(ctx);
  const path = ctx.outputs['listing'] ?? '';
  const text = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  return { server, ctx, result, text };
}

function queries({ asked }: TestServer): readonly string[] {
  return asked.map((path) => decodeURIComponent(path));
}

function parsed(text: string | undefined) {
  return listingSchema.parse(JSON.parse(text ?? ''));
}

const MONTHLY = '/bucket?delimiter=/&prefix=data/spot/monthly/klines/BTCUSDT/1m/';
const DAILY = '/bucket?delimiter=/&prefix=data/spot/daily/klines/BTCUSDT/1m/';

describe('the listing task', () => {
  it('lists both folders whole where nothing was listed before', async () => {
    const bucket = keys('2024-01', '2024-01-31', '2024-02-01');
    const { server, text, result } = await run(listingHandler(bucket));
    expect(queries(server)).toEqual([MONTHLY, DAILY]);
    const fetchedAt = expect.stringMatching(/Z$/);
    const [monthly, daily] = server.asked.map((path) => ({ url: server.url + path, fetchedAt }));
    expect(result).toEqual({ origins: { listing: [monthly, daily] } });
    expect(text?.replace(/[0-9a-f]{64}/, 'DIGEST')).toBe(`{
  "daily": {
    "2024-01-31": {"etag":"59","key":"data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01-31.zip","lastModified":"2024-02-02T03:04:05.000Z","size":1059},
    "2024-02-01": {"etag":"59","key":"data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02-01.zip","lastModified":"2024-02-02T03:04:05.000Z","size":1059}
  },
  "digest": "DIGEST",
  "interval": "1m",
  "market": "spot",
  "monthly": {
    "2024-01": {"etag":"58","key":"data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01.zip","lastModified":"2024-02-02T03:04:05.000Z","size":1058}
  },
  "symbol": "BTCUSDT",
  "version": 2
}
`);
  });

  it('lists the daily folder from the first month without a monthly file where it was listed before', async () => {
    const bucket = keys('2024-01', '2024-01-31', '2024-02-01');
    const { text: previous } = await run(listingHandler(bucket));
    const update = await run(listingHandler(bucket), { previous });
    expect(queries(update.server)).toEqual([
      MONTHLY,
      `${DAILY}&marker=data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02-`,
    ]);
    expect(update.text).toBe(previous);
  });

  it('lists all again when a sweep is due, or when what was listed before was edited', async () => {
    const bucket = keys('2024-01', '2024-01-31');
    const { text: previous } = await run(listingHandler(bucket));
    const sweep = await run(listingHandler(keys('2024-01', '2024-01-30')), { previous, sweep: true });
    expect(queries(sweep.server)).toEqual([MONTHLY, DAILY]);
    expect(Object.keys(parsed(sweep.text).daily)).toEqual(['2024-01-30']);
    const edited = previous?.replaceAll('2024-01-31', '2024-01-30');
    const mended = await run(listingHandler(bucket), { previous: edited });
    expect(queries(mended.server)).toEqual([MONTHLY, DAILY]);
    expect(mended.text).toBe(previous);
  });

  it('gives the same with any size of page, with and without NextMarker', async () => {
    const bucket = keys('2024-01', '2024-02', '2024-03-01', '2024-03-02', '2024-03-03');
    const { text } = await run(listingHandler(bucket));
    for (const pageSize of [1, 2, 3]) {
      for (const nextMarker of [true, false]) {
        expect((await run(listingHandler(bucket, { pageSize, nextMarker }))).text).toBe(text);
      }
    }
  });

  it('goes on behind the 500 files of a full page', async () => {
    const days = Array.from({ length: 1_100 }, (_, n) =>
      new Date(Date.UTC(2021, 0, 1) + n * 86_400_000).toISOString().slice(0, 10),
    );
    const { server, text } = await run(listingHandler(keys(...days), { nextMarker: false }));
    expect(Object.keys(parsed(text).daily)).toEqual(days);
    expect(queries(server).slice(1)).toEqual([
      DAILY,
      `${DAILY}&marker=${keyFor(series, days[499] ?? '')}.CHECKSUM`,
      `${DAILY}&marker=${keyFor(series, days[999] ?? '')}.CHECKSUM`,
    ]);
  });

  it('counts nothing but ZIPs of the exact name, and notes a sidecar that is not there', async () => {
    const folder = 'data/spot/monthly/klines/BTCUSDT/1m/';
    const bucket = [
      keyFor(series, '2024-01'),
      `${folder}BTCUSDT-1m-2024-13.zip`,
      `${folder}BTCUSDT-1m-2024-02.zip.bak`,
      `${folder}BTCUSDT-5m-2024-02.zip`,
      `${folder}index.html`,
    ];
    const { text } = await run(listingHandler(bucket));
    const { monthly } = parsed(text);
    expect(Object.keys(monthly)).toEqual(['2024-01']);
    expect(monthly['2024-01']?.checksum).toBe(false);
  });

  it('is absent, to be asked again tomorrow, where the archive has nothing', async () => {
    const { result, text } = await run(listingHandler(keys()));
    expect(result).toEqual({ absent: 'no klines of BTCUSDT at 1m in the archive', recheckAfter: 86_400_000 });
    expect(text).toBeUndefined();
  });

  it('fails with the address and the reason where the answer is no listing, and asks nobody else', async () => {
    const archive = await serve((_, response) => response.end());
    const answer: Handler = (_, response) => response.end('<html>Sign in</html>');
    const { server, result, text } = await run(answer, { archive: archive.url });
    const asked = `${server.url}/bucket?delimiter=%2F&prefix=data%2Fspot%2Fmonthly%2Fklines%2FBTCUSDT%2F1m%2F`;
    expect(result).toEqual({
      failed: {
        code: 'listing-malformed',
        message: `GET ${asked} answered with an HTML page, where a ListBucketResult was expected`,
        hint: 'check binance.listing_url and the proxy; if both are right, build again later',
        transient: true,
      },
    });
    expect(text).toBeUndefined();
    expect(archive.asked).toEqual([]);
  });

  it('fails where its settings name no address', async () => {
    const ctx = fakeContext({
      params: { ...series, prefer_daily: null },
      settings: { listing_url: 'bucket', archive_url: ['http://x', 'y'], probe_from: 'then' },
      out: { listing: 'l' },
    });
    const form =
      'is no address: expected http:// or https://, a host and perhaps a path, without user, query or fragment';
    expect(await listing.run(ctx)).toEqual({
      failed: {
        code: 'settings-invalid',
        message:
          `settings.listing_url: "bucket" ${form}; settings.archive_url.1: "y" ${form}; ` +
          'settings.probe_from: expected an instant in UTC such as 2025-08-22T23:59:00Z',
        hint: 'correct the settings of the rule in the manifest, or the config values that they name',
      },
    });
  });

  it('stops at once when it is aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('stop');
    await expect(run(() => controller.abort(reason), { signal: controller.signal })).rejects.toBe(reason);
  });
});

describe('a listing that cannot be reached', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2024-03-02T12:00:00Z') });
  });
  afterEach(() => void vi.useRealTimers());

  const unavailable: Handler = (_, response) => response.writeHead(503).end();

  /** What `listingHandler` lists of a file. */
  function archive(...timeKeys: readonly string[]): Handler {
    const there = new Set(timeKeys.map((timeKey) => `/${keyFor(series, timeKey)}`));
    return (request, response) => {
      const path = request.url ?? '';
      if (request.method !== 'HEAD' || !there.has(path)) return void response.writeHead(404).end();
      const length = path.length - 1;
      response.writeHead(200, {
        'content-length': 1_000 + length,
        etag: `"${length}"`,
        'last-modified': 'Fri, 02 Feb 2024 03:04:05 GMT',
      });
      response.end();
    };
  }

  const files = ['2024-01', '2024-02-29', '2024-03-01'] as const;

  it('is made up for by asking the archive for each file, with the entries that a listing would have', async () => {
    const { url } = await serve(archive(...files));
    const { server, ctx, result, text } = await run(unavailable, {
      archive: url,
      from: '2023-12-31T10:00:00Z',
    });
    const fetchedAt = expect.stringMatching(/Z$/);
    expect(result).toEqual({
      origins: {
        listing: ['monthly', 'daily'].map((period) => ({
          url: `${url}/data/spot/${period}/klines/BTCUSDT/1m/`,
          fetchedAt,
        })),
      },
    });
    const whole = parsed((await run(listingHandler(keys(...files)))).text);
    const found = parsed(text);
    expect([found.monthly, found.daily, found.probed]).toEqual([whole.monthly, whole.daily, true]);
    const host = new URL(server.url).host;
    const asked = `${server.url}/bucket?delimiter=%2F&prefix=data%2Fspot%2Fmonthly%2Fklines%2FBTCUSDT%2F1m%2F`;
    expect(ctx.warnings).toEqual([
      `the listing of BTCUSDT at ${host} cannot be reached (GET ${asked} answered 503 Service Unavailable): ` +
        // Five months, the days of the first that is there and of the one before, of February and of March until today.
        `${new URL(url).host} was asked for 98 files one by one instead, and has 3 of them; ` +
        'older files that are republished go unnoticed until the listing can be reached again',
    ]);
  });

  it('is listed whole as soon as it can be', async () => {
    const { url } = await serve(archive(...files));
    const probed = await run(unavailable, { archive: url, from: '2024-01-01T00:00:00Z' });
    const bucket = keys('2023-12', '2024-01-15', ...files);
    const { server, text } = await run(listingHandler(bucket), { previous: probed.text });
    expect(queries(server)).toEqual([MONTHLY, DAILY]);
    expect(text).toBe((await run(listingHandler(bucket))).text);
  });

  it('says which months it lacks at an end that were found one by one, and is believed', async () => {
    const { url } = await serve(archive(...files));
    const probed = await run(unavailable, { archive: url, from: '2024-01-01T00:00:00Z' });
    const { server, result, ctx } = await run(listingHandler(keys(...files.slice(1))), {
      previous: probed.text,
    });
    expect(Object.keys(result ?? {})).toEqual(['origins']);
    expect(ctx.warnings).toEqual([
      `${new URL(server.url).host} lists 1 of the files of BTCUSDT at 1m no more (2024-01): nothing is looked for in 2024-01, at an end of all that it lists`,
    ]);
  });

  it('is believed in what it said before', async () => {
    const { text: previous } = await run(listingHandler(keys('2017-08', '2024-01', '2024-01-31')));
    const { url, asked } = await serve(archive('2024-02', '2024-03-01'));
    const { text } = await run(unavailable, { archive: url, previous });
    const { monthly, daily } = parsed(text);
    expect([Object.keys(monthly), Object.keys(daily)]).toEqual([
      ['2017-08', '2024-01', '2024-02'],
      ['2024-01-31', '2024-03-01'],
    ]);
    expect(asked).not.toContain(`/${keyFor(series, '2017-08')}`);
  });

  it('is waited for as long as another try is to come, unless trying again does not help', async () => {
    const { url, asked } = await serve(archive(...files));
    const early = await run(unavailable, { archive: url, attempt: 3 });
    expect(early.result).toMatchObject({ failed: { code: 'http-server-error', transient: true } });
    expect(asked).toEqual([]);
    const refuses: Handler = (_, response) => response.writeHead(451).end();
    const { result } = await run(refuses, { archive: url, attempt: 1, from: '2024-01-01T00:00:00Z' });
    expect(Object.keys(result ?? {})).toEqual(['origins']);
  });

  it('fails as it is where the answer is to slow down, and is left alone for as long, by other symbols too', async () => {
    const { url, asked } = await serve(archive(...files));
    const slowDown: Handler = (_, response) => response.writeHead(429, { 'retry-after': '60' }).end();
    const { server, ctx, result } = await run(slowDown, { archive: url });
    expect(result).toMatchObject({ failed: { code: 'http-rate-limited', retryAfterMs: 60_000 } });
    expect(await listing.run(ctx)).toMatchObject({
      failed: {
        code: 'http-rate-limited',
        message: expect.stringMatching(
          `^${new URL(server.url).host} wants nothing to be asked until .*: GET `,
        ),
        hint: 'build again then; if it comes back, lower pools.network',
        retryAfterMs: expect.any(Number),
      },
    });
    expect(server.asked).toHaveLength(1);
    expect(asked).toEqual([]);
  });

  it('fails with the reasons of both where the archive cannot be asked either', async () => {
    const { url } = await serve(unavailable);
    const { server, result, ctx } = await run(unavailable, { archive: url, from: '2024-03-01T00:00:00Z' });
    const asked = `${server.url}/bucket?delimiter=%2F&prefix=data%2Fspot%2Fmonthly%2Fklines%2FBTCUSDT%2F1m%2F`;
    expect(result).toEqual({
      failed: {
        code: 'http-server-error',
        message:
          `GET ${asked} answered 503 Service Unavailable; its files cannot be asked for one by one either: ` +
          `HEAD ${url}/${keyFor(series, '2024-02')} answered 503 Service Unavailable`,
        hint: 'the server is in trouble: build again later',
        transient: true,
      },
    });
    expect(ctx.warnings).toEqual([]);
  });

  it.each<[string, Handler, number, string]>([
    [
      'answers with something else',
      (_, response) => response.end('<html>Sign in</html>'),
      4,
      'answered with an HTML page, where a ListBucketResult was expected',
    ],
    [
      'asks to be left alone',
      (_, response) => response.writeHead(429).end(),
      4,
      'answered 429 Too Many Requests',
    ],
    ['and the archive are down', unavailable, 4, 'answered 503 Service Unavailable'],
    ['is down, and another try is to come', unavailable, 1, 'answered 503 Service Unavailable'],
    ['has no file of the symbol any more', listingHandler([]), 4, 'and listed 3 files before'],
  ])('fails, and what it said before goes on to count, where it %s', async (_, handler, attempt, why) => {
    const { text: previous } = await run(listingHandler(keys('2017-08', '2024-01', '2024-01-31')));
    const { url } = await serve(unavailable);
    const { result, text, ctx } = await run(handler, { archive: url, previous, attempt, sweep: true });
    expect(result).toMatchObject({
      incomplete: {
        message: expect.stringMatching(`${why}(; .*)?; what was listed before goes on to count$`),
        transient: true,
      },
    });
    expect([text, ctx.warnings]).toEqual([previous, []]);
  });

  it.each([
    ['first', ['2017-09', '2024-01', '2024-02-28'], '2017-08'],
    ['last', ['2017-08', '2017-09'], '2024-01, 2024-02'],
  ])('fails where it lacks the %s months, which would count as without trade', async (_, now, months) => {
    const before = keys('2017-08', '2017-09', '2024-01', '2024-02-28');
    const { text: previous } = await run(listingHandler(before));
    const { result, text, server } = await run(listingHandler(keys(...now)), { previous, sweep: true });
    expect(result).toEqual({
      incomplete: {
        code: 'listing-shrunk',
        message: `${new URL(server.url).host} lists no klines of BTCUSDT at 1m of ${months}, at an end of all that it lists, and did before; what was listed before goes on to count`,
        hint: 'check binance.listing_url; if the publisher has withdrawn them for good, remove its listing.json',
        transient: true,
      },
    });
    expect(text).toBe(previous);
  });

  it('says which files it has no more where others, or REST, make up for them', async () => {
    const { text: previous } = await run(listingHandler(keys('2017-08', '2024-01', '2024-02', '2024-03-01')));
    const bucket = keys('2017-08', '2024-02');
    const { result, text, server, ctx } = await run(listingHandler(bucket), { previous, sweep: true });
    expect(Object.keys(result ?? {})).toEqual(['origins']);
    expect(text).toBe((await run(listingHandler(bucket))).text);
    expect(ctx.warnings).toEqual([
      `${new URL(server.url).host} lists 2 of the files of BTCUSDT at 1m no more (2024-01, 2024-03-01): what they served is taken from other files, or from REST`,
    ]);
  });

  it('fails where the archive has none of the files: the address may be wrong', async () => {
    const { url } = await serve(archive());
    const { result } = await run(unavailable, { archive: url, from: '2024-03-01T00:00:00Z' });
    expect(result).toMatchObject({
      failed: {
        message: expect.stringMatching(
          /; of the 33 files that 127\.0\.0\.1:\d+ was asked for instead none is there$/,
        ),
      },
    });
  });

  it('is made up for by the mirror that answers, one after the other', async () => {
    const broken = await serve(unavailable);
    const bare = await serve((_, response) => response.writeHead(200, { 'content-length': 5 }).end());
    const good = await serve(archive(...files));
    const { text } = await run(unavailable, {
      archive: [broken.url, bare.url, good.url],
      from: '2024-01-01T00:00:00Z',
    });
    expect(Object.keys(parsed(text).daily)).toEqual(['2024-02-29', '2024-03-01']);
    // Six were on their way before the first of them had failed.
    expect(broken.asked.length + bare.asked.length).toBeLessThanOrEqual(12);
  });

  it('is made up for by the one mirror that has a file, where others do not have it', async () => {
    const some = await serve(archive('2024-02-29'));
    const down = await serve(unavailable);
    const all = await serve(archive(...files));
    const { text } = await run(unavailable, {
      archive: [some.url, down.url, all.url],
      from: '2024-01-01T00:00:00Z',
    });
    const { monthly, daily } = parsed(text);
    expect([Object.keys(monthly), Object.keys(daily)]).toEqual([['2024-01'], ['2024-02-29', '2024-03-01']]);
    // Six were on their way before the first of them had failed.
    expect(down.asked.length).toBeLessThanOrEqual(6);
  });

  it('is no reason to believe an answer without size, date or ETag', async () => {
    const bare = await serve((_, response) =>
      response.writeHead(200, { 'content-length': 5, etag: '"x"' }).end(),
    );
    const { result } = await run(unavailable, { archive: bare.url, from: '2024-03-01T00:00:00Z' });
    expect(result).toMatchObject({
      failed: {
        message: expect.stringContaining(
          `HEAD ${bare.url}/${keyFor(series, '2024-02')} answered with content-length: 5, last-modified: none, etag: "x": ` +
            'expected all three, as the archive gives them',
        ),
      },
    });
  });

  it('stops asking when it is aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('stop');
    const { url } = await serve(() => controller.abort(reason));
    await expect(run(unavailable, { archive: url, signal: controller.signal })).rejects.toBe(reason);
  });
});
