import { readFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { addressOf, keyFor } from '../../../tasks/binance/layout.ts';
import { MirrorHealth } from '../../../tasks/binance/mirrors.ts';
import type { Asking } from '../../../tasks/doctor/ask.ts';
import type { Check } from '../../../tasks/doctor/check.ts';
import { archiveChecks } from '../../../tasks/doctor/hosts.ts';
import type { MarketConfig } from '../../../tasks/doctor/market.ts';
import { networkSchema } from '../../../tasks/lib/settings.ts';
import { listingHandler, withSidecars } from '../binance/s3.ts';
import { scratch } from '../context.ts';
import type { Handler, TestServer } from '../server.ts';
import { listening, serve } from '../server.ts';

const SERIES = { market: 'spot', symbol: 'BTCUSDT', interval: '1m' } as const;
const KEYS = ['2024-01', '2024-02', '2024-10'].map((month) => keyFor(SERIES, month));
/** All are of one size in the test bucket: the first counts as the largest. */
const ZIP = KEYS[0] ?? '';
const NOW = Date.UTC(2024, 11, 5);
const LISTING = '?delimiter=%2F&prefix=data%2Fspot%2Fmonthly%2Fklines%2FBTCUSDT%2F1m%2F&max-keys=200';

function asking(more: Partial<Asking> = {}): Asking {
  return {
    workspace: '/nowhere',
    network: networkSchema.parse({}),
    signal: new AbortController().signal,
    waitMs: 5_000,
    ...more,
  };
}

function config(listing: string, archives: readonly string[]): MarketConfig {
  return {
    series: SERIES,
    listingUrl: listing,
    archiveUrls: archives,
    restUrl: undefined,
    fills: true,
    weightLimit: 6_000,
  };
}

/** So many bytes that begin as a ZIP does. */
function zip(bytes: number): Buffer {
  return Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), Buffer.alloc(bytes)]).subarray(0, bytes);
}

/** Every key with so many bytes; `asked` has the method too. */
function archive(bytes: number, asked: string[] = []): Handler {
  return (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const known = KEYS.some((key) => request.url === `/${key}`);
    response.writeHead(known ? 200 : 404, { 'content-length': known ? bytes : 0 });
    response.end(known && request.method === 'GET' ? zip(bytes) : undefined);
  };
}

const checks = (market: MarketConfig, more: Partial<Asking> = {}): Promise<readonly Check[]> =>
  archiveChecks(market, asking(more), () => NOW);

/** Times and rates are not to be had twice. */
function timeless(found: readonly Check[]): readonly Check[] {
  return found.map((check) => ({
    ...check,
    detail: check.detail.replace(/\d+(\.\d+)?(e[+-]?\d+)?(?= (ms|s\b|MB\/s))/g, 'N'),
  }));
}

function bucket(): Promise<TestServer> {
  return serve(listingHandler(withSidecars(KEYS)));
}

describe('the archive', () => {
  it('is listed, asked for one listed file, and that one is fetched in part', async () => {
    const listing = await bucket();
    const asked: string[] = [];
    const server = await serve(archive(5_000_000, asked));
    const found = await checks(config(`${listing.url}/bucket`, [server.url]));
    const host = (url: string): string => new URL(url).host;
    expect(timeless(found)).toEqual([
      {
        name: 'listing',
        state: 'ok',
        detail: `${host(listing.url)} has 3 monthly files of BTCUSDT, told in N ms`,
      },
      { name: 'archive', state: 'ok', detail: `${host(server.url)} answers in N ms` },
      {
        name: 'download',
        state: 'ok',
        detail: expect.stringMatching(/^N MB\/s \(2\.\d\d MB of BTCUSDT-1m-2024-01\.zip in N s\)$/),
      },
    ]);
    expect(listing.asked).toEqual([`/bucket${LISTING}`]);
    expect(asked).toEqual([`HEAD /${ZIP}`, `GET /${ZIP}`]);
  });

  it('serves a small file whole, by range or not', async () => {
    const listing = await bucket();
    const ranges: (string | undefined)[] = [];
    const server = await serve((request, response) => {
      if (request.method === 'GET') ranges.push(request.headers.range);
      response.writeHead(request.headers.range === undefined ? 200 : 206).end(zip(30_000));
    });
    const found = await checks(config(listing.url, [server.url]));
    expect(found.at(-1)?.detail).toMatch(/^\d+(\.\d+)? MB\/s \(0\.03 MB of BTCUSDT-1m-2024-01\.zip in /);
    expect(ranges).toEqual(['bytes=0-1999999']);
  });

  it('that has a mirror which works is no failure', async () => {
    const listing = await bucket();
    const [broken, works] = [
      await serve((_, response) => response.writeHead(503).end()),
      await serve(archive(9)),
    ];
    const found = await checks(config(listing.url, [broken.url, works.url]));
    expect(found.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'listing ok',
      'archive warn',
      'archive-2 ok',
      'download ok',
    ]);
    expect(works.asked.at(-1)).toBe(`/${ZIP}`);
    const alone = await checks(config(listing.url, [broken.url]));
    expect(alone[1]).toEqual({
      name: 'archive',
      state: 'fail',
      detail: `HEAD ${broken.url}/${ZIP} answered 503 Service Unavailable`,
      hint: 'the server is in trouble: build again later',
    });
    expect(alone).toHaveLength(2);
  });

  it('of more mirrors than three is asked at three', async () => {
    const listing = await bucket();
    const servers = await Promise.all([1, 2, 3, 4].map(() => serve(archive(9))));
    const found = await checks(
      config(
        listing.url,
        servers.map(({ url }) => url),
      ),
    );
    expect(found.map(({ name }) => name)).toEqual([
      'listing',
      'archive',
      'archive-2',
      'archive-3',
      'download',
    ]);
    expect(servers.map(({ asked }) => asked.length)).toEqual([2, 1, 1, 0]);
  });

  it('that does not answer is given up', async () => {
    const listing = await bucket();
    const server = await serve(() => {});
    const found = await checks(config(listing.url, [server.url]), { waitMs: 200 });
    expect(found[1]?.detail).toBe(`HEAD ${server.url}/${ZIP} failed: no answer within 200ms`);
  });

  it('that has not what is listed is the wrong address', async () => {
    const listing = await bucket();
    const server = await serve((_, response) => response.writeHead(404).end());
    const found = await checks(config(listing.url, [server.url]));
    expect(found[1]).toEqual({
      name: 'archive',
      state: 'fail',
      detail: `HEAD ${addressOf(server.url, ZIP)} answered 404, though it is listed`,
      hint: 'check binance.archive_url',
    });
  });

  it('is asked for the month before last where the listing tells of none', async () => {
    const down = await serve((_, response) => response.writeHead(500).end());
    const server = await serve(archive(9));
    const found = await checks(config(down.url, [server.url]));
    expect(found.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'listing fail',
      'archive ok',
      'download ok',
    ]);
    expect(server.asked).toEqual([`/${KEYS[2]}`, `/${KEYS[2]}`]);
    const empty = await serve((_, response) => response.writeHead(404).end());
    expect(timeless(await checks(config(down.url, [empty.url])))[1]).toEqual({
      name: 'archive',
      state: 'warn',
      detail: `${new URL(empty.url).host} answers in N ms, but has no BTCUSDT-1m-2024-10.zip`,
      hint: 'that name was a guess: mend the listing first, then look again',
    });
  });

  it('that stalls in the middle is measured by what came', async () => {
    const listing = await bucket();
    const server = await serve((request, response) => {
      response.writeHead(200, { 'content-length': 9_000_000 });
      if (request.method === 'HEAD') response.end();
      else response.write(zip(600_000));
    });
    const found = await checks(config(listing.url, [server.url]), { waitMs: 700 });
    expect(found.at(-1)).toMatchObject({
      name: 'download',
      state: 'ok',
      detail: expect.stringContaining('MB/s (0.60 MB of BTCUSDT-1m-2024-01.zip in '),
    });
  });

  it('that is slow is said to be', async () => {
    const listing = await bucket();
    const server = await serve((request, response) => {
      response.writeHead(200, { 'content-length': 9_000_000 });
      if (request.method === 'HEAD') response.end();
      else response.write(zip(20_000));
    });
    const found = await checks(config(listing.url, [server.url]), { waitMs: 1_100 });
    expect(timeless(found).at(-1)).toEqual({
      name: 'download',
      state: 'warn',
      detail: 'N MB/s (0.02 MB of BTCUSDT-1m-2024-01.zip in N s)',
      hint: 'use another network, or name a mirror in binance.archive_url; the files that come are gone on with',
    });
  });

  it('that answers with a page is none, whatever its status', async () => {
    const listing = await bucket();
    const page = await serve((_, response) => response.setHeader('content-type', 'text/html').end('<html>'));
    const works = await serve(archive(9));
    const found = await checks(config(listing.url, [page.url, works.url]));
    expect(found.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'listing ok',
      'archive warn',
      'archive-2 ok',
      'download ok',
    ]);
    expect(found[1]).toEqual({
      name: 'archive',
      state: 'warn',
      detail: `HEAD ${page.url}/${ZIP} answered with an HTML page, where a ZIP was expected`,
      hint: 'check binance.archive_url and the proxy: this is no archive',
    });
  });

  it('whose file is no ZIP is said to be none', async () => {
    const listing = await bucket();
    const server = await serve((_, response) => response.end('{"login": "first"}'));
    expect((await checks(config(listing.url, [server.url]))).at(-1)).toEqual({
      name: 'download',
      state: 'fail',
      detail: `GET ${server.url}/${ZIP} answered with no ZIP: it begins with ${JSON.stringify('{"login": "first')}`,
      hint: 'check binance.archive_url and the proxy: this is no archive',
    });
  });

  it('that sends nothing is said to', async () => {
    const listing = await bucket();
    const server = await serve((request, response) => {
      response.writeHead(200, { 'content-length': 9_000_000 });
      if (request.method === 'HEAD') response.end();
      else response.flushHeaders();
    });
    const found = await checks(config(listing.url, [server.url]), { waitMs: 500 });
    expect(found.at(-1)).toEqual({
      name: 'download',
      state: 'fail',
      detail: `GET ${server.url}/${ZIP}: no bytes came`,
      hint: 'check the network and the proxy (HTTPS_PROXY), then look again',
    });
  });
});

describe('a host that wants to be left alone', () => {
  beforeEach(() => {
    vi.stubEnv('XDG_STATE_HOME', scratch());
    return () => vi.unstubAllEnvs();
  });

  it('is asked once, and builds know of it', async () => {
    const banned = await serve((_, response) => response.writeHead(418, { 'retry-after': '300' }).end());
    const found = await checks(config(`${banned.url}/bucket`, [banned.url]));
    expect(found.map(({ name, state }) => `${name} ${state}`)).toEqual(['listing fail', 'archive fail']);
    const { host } = new URL(banned.url);
    expect(found[1]?.detail).toMatch(
      new RegExp(`^${host} has banned this address until \\S+Z, and nothing is sent there before: GET `),
    );
    expect(banned.asked).toHaveLength(1);
    expect(new MirrorHealth().hold(banned.url)?.code).toBe('http-banned');
    await checks(config(`${banned.url}/bucket`, [banned.url]));
    expect(banned.asked).toHaveLength(1);
  });
});

describe('the listing', () => {
  const listed = async (url: string, more: Partial<Asking> = {}): Promise<Check | undefined> =>
    (await checks(config(url, []), more))[0];

  it('may have more files than are asked for', async () => {
    const many = Array.from({ length: 30 }, (_, at) => keyFor(SERIES, `20${10 + at}-01`));
    const { url } = await serve(listingHandler(withSidecars(many), { pageSize: 20 }));
    expect((await listed(url))?.detail).toMatch(/ has 10 or more monthly files of BTCUSDT, told in /);
  });

  it('of a symbol that is not there is a hint at the config', async () => {
    const { url } = await serve(listingHandler([]));
    expect(await listed(url)).toEqual({
      name: 'listing',
      state: 'warn',
      detail: `${new URL(url).host} has no monthly file of BTCUSDT at 1m`,
      hint: 'check market, symbols and interval in the config',
    });
  });

  it('that is a page of a firewall is none', async () => {
    const html = '<!DOCTYPE html><html><head><title>Sign in</title></head></html>';
    const { url } = await serve((_, response) => response.setHeader('content-type', 'text/html').end(html));
    expect(await listed(`${url}/x`)).toEqual({
      name: 'listing',
      state: 'fail',
      detail: `GET ${url}/x${LISTING} answered with an HTML page, where a ListBucketResult was expected`,
      hint: 'check binance.listing_url and the proxy: this is no listing of the archive',
    });
  });

  it.each([
    [
      403,
      { 'content-type': 'text/html' },
      ' answered 403 Forbidden with an HTML page',
      "a firewall or a proxy answered in the server's place, which often passes; if it does not, check the proxy (HTTPS_PROXY, NO_PROXY) or use another network",
    ],
    [
      451,
      {},
      ' answered 451 Unavailable For Legal Reasons',
      expect.stringContaining('the publisher does not serve this location, and trying again does not help'),
    ],
  ])('that is refused with a %i says what to do', async (status, headers, answered, hint) => {
    const { url } = await serve((_, response) => response.writeHead(status, headers).end());
    expect(await listed(url)).toEqual({
      name: 'listing',
      state: 'fail',
      detail: `GET ${url}/${LISTING}${answered}`,
      hint,
    });
  });

  it('of a host that nobody knows is a matter of names', async () => {
    const found = await listed('http://listing.invalid/x');
    expect(found).toMatchObject({
      state: 'fail',
      hint: 'check the network, the name in the config, and whether a proxy is needed (HTTPS_PROXY)',
    });
    expect(found?.detail).toMatch(
      / failed: the name listing\.invalid cannot be resolved \((ENOTFOUND|EAI_AGAIN)\)$/,
    );
  });

  it('behind a certificate that nobody vouches for says how to name its authority', async () => {
    const read = (name: string): string =>
      readFileSync(new URL(`../lib/fixtures/${name}`, import.meta.url), 'utf8');
    const pair = { cert: read('loopback-cert.pem'), key: read('loopback-key.pem') };
    const { url } = await listening(
      createTlsServer(pair, (_, response) => response.end()),
      'https',
    );
    expect(await listed(url)).toEqual({
      name: 'listing',
      state: 'fail',
      detail: expect.stringMatching(
        /the certificate of 127\.0\.0\.1:\d+ comes from an unknown authority \([A-Z_]+\)$/,
      ),
      hint: 'if a proxy of your company opens TLS, name its certificate in network.ca_file (PEM)',
    });
  });

  it('that does not answer is given up', async () => {
    const { url } = await serve(() => {});
    expect(await listed(url, { waitMs: 200 })).toEqual({
      name: 'listing',
      state: 'fail',
      detail: `GET ${url}/${LISTING} failed: no answer within 200ms`,
      hint: 'check the network, and whether a proxy is needed (HTTPS_PROXY)',
    });
  });

  it('ends at once when the user has had enough', async () => {
    const abort = new AbortController();
    const { url } = await serve(() => abort.abort(new Error('interrupted by SIGINT')));
    await expect(listed(url, { signal: abort.signal })).rejects.toThrow('interrupted by SIGINT');
  });
});
