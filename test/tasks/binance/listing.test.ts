import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { keyFor } from '../../../tasks/binance/layout.ts';
import listing, { firstMonthWithout } from '../../../tasks/binance/listing.ts';
import { listingSchema } from '../../../tasks/binance/listing-file.ts';
import { fakeContext } from '../context.ts';
import type { Handler, TestServer } from '../server.ts';
import { serve } from '../server.ts';
import { listingHandler, withSidecars } from './s3.ts';

const series = { market: 'spot', symbol: 'BTCUSDT', interval: '1m' } as const;
const keys = (...timeKeys: readonly string[]) =>
  withSidecars(timeKeys.map((timeKey) => keyFor(series, timeKey)));

async function run(
  handler: Handler,
  more: { readonly preferDaily?: string[]; readonly signal?: AbortSignal } = {},
) {
  const server = await serve(handler);
  const ctx = fakeContext({
    params: { ...series, prefer_daily: more.preferDaily ?? null },
    settings: { listing_url: `${server.url}/bucket` },
    out: { listing: 'listing/BTCUSDT.json' },
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

describe('the listing task', () => {
  it('asks the monthly folder wholly and the daily one from the first month without a monthly file', async () => {
    const bucket = keys('2024-01', '2024-02', '2024-02-29', '2024-03-01', '2024-03-02');
    const { server, text } = await run(listingHandler(bucket));
    expect(queries(server)).toEqual([
      '/bucket?delimiter=/&prefix=data/spot/monthly/klines/BTCUSDT/1m/',
      '/bucket?delimiter=/&prefix=data/spot/daily/klines/BTCUSDT/1m/&marker=data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-03-',
      '/bucket?delimiter=/&prefix=data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01-',
    ]);
    expect(text).toBe(`{
  "daily": {
    "2024-03-01": {"etag":"59","key":"data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-03-01.zip","lastModified":"2024-02-02T03:04:05.000Z","size":1059},
    "2024-03-02": {"etag":"59","key":"data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-03-02.zip","lastModified":"2024-02-02T03:04:05.000Z","size":1059}
  },
  "interval": "1m",
  "market": "spot",
  "monthly": {
    "2024-01": {"etag":"58","key":"data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01.zip","lastModified":"2024-02-02T03:04:05.000Z","size":1058},
    "2024-02": {"etag":"58","key":"data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02.zip","lastModified":"2024-02-02T03:04:05.000Z","size":1058}
  },
  "symbol": "BTCUSDT",
  "version": 1
}
`);
  });

  it('asks for the days of months that are taken from daily files, unless the sweep has them', async () => {
    const bucket = keys('2020-12', '2020-12-01', '2020-12-31', '2021-01', '2021-01-01', '2021-02-01');
    const { server, text } = await run(listingHandler(bucket), {
      preferDaily: ['2020-12', '2021-02', '2020-12'],
    });
    expect(queries(server).slice(1)).toEqual([
      '/bucket?delimiter=/&prefix=data/spot/daily/klines/BTCUSDT/1m/&marker=data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2021-02-',
      '/bucket?delimiter=/&prefix=data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2020-12-',
      '/bucket?delimiter=/&prefix=data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2020-11-',
    ]);
    expect(Object.keys(listingSchema.parse(JSON.parse(text ?? '')).daily)).toEqual([
      '2020-12-01',
      '2020-12-31',
      '2021-02-01',
    ]);
  });

  it('goes back from the first monthly file as long as first days of months are listed', async () => {
    const days = ['2019-10-30', '2019-12-01', '2019-12-31', '2020-01-01', '2020-02-02'];
    const { server, text } = await run(listingHandler(keys('2020-01', '2020-02', '2020-03', ...days)));
    expect(
      queries(server)
        .slice(1)
        .map((query) => query.slice(-16)),
    ).toEqual([
      '-1m-2020-04-'.padStart(16, 'USDT'),
      ...['2020-01', '2019-12', '2019-11'].map((m) => `USDT-1m-${m}-`),
    ]);
    expect(Object.keys(listingSchema.parse(JSON.parse(text ?? '')).daily)).toEqual([
      '2019-12-01',
      '2019-12-31',
      '2020-01-01',
    ]);
  });

  it('asks for all days where there are no monthly files', async () => {
    const { server, text } = await run(listingHandler(keys('2024-03-30', '2024-04-01')), {
      preferDaily: ['2020-12'],
    });
    expect(queries(server)[1]).toBe('/bucket?delimiter=/&prefix=data/spot/daily/klines/BTCUSDT/1m/');
    expect(server.asked).toHaveLength(2);
    expect(Object.keys(listingSchema.parse(JSON.parse(text ?? '')).daily)).toEqual([
      '2024-03-30',
      '2024-04-01',
    ]);
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
    const { monthly } = listingSchema.parse(JSON.parse(text ?? ''));
    expect(Object.keys(monthly)).toEqual(['2024-01']);
    expect(monthly['2024-01']?.checksum).toBe(false);
  });

  it('is absent, to be asked again tomorrow, where the archive has nothing', async () => {
    const { result, text } = await run(listingHandler(keys()));
    expect(result).toEqual({ absent: 'no klines of BTCUSDT at 1m in the archive', recheckAfter: 86_400_000 });
    expect(text).toBeUndefined();
  });

  it('fails with the address and the reason where the answer is no listing', async () => {
    const { server, result, text } = await run((_, response) => response.end('<html>Sign in</html>'));
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
  });

  it('fails with what HTTP says, and writes nothing', async () => {
    const { result, text } = await run((_, response) => response.writeHead(503).end());
    expect(result).toMatchObject({ failed: { code: 'http-server-error', transient: true } });
    expect(text).toBeUndefined();
  });

  it('fails where its settings name no address', async () => {
    const ctx = fakeContext({
      params: { ...series, prefer_daily: null },
      settings: { listing_url: 'bucket' },
      out: { listing: 'l' },
    });
    expect(await listing.run(ctx)).toEqual({
      failed: {
        code: 'settings-invalid',
        message:
          'settings.listing_url: "bucket" is no address: expected http:// or https://, a host and perhaps a path, ' +
          'without user, query or fragment',
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

describe('the first month without a monthly file', () => {
  it('comes after the first one, be it a hole or the end', () => {
    expect(firstMonthWithout([])).toBeUndefined();
    expect(firstMonthWithout(['2023-12', '2023-11', '2024-01'])).toBe('2024-02');
    expect(firstMonthWithout(['2023-11', '2024-01'])).toBe('2023-12');
  });
});
