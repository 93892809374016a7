import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RestOptions } from '../../../../tasks/binance/rest/client.ts';
import { RestClient } from '../../../../tasks/binance/rest/client.ts';
import { activeBan, recordBan } from '../../../../tasks/lib/hosts/bans.ts';
import { networkSchema } from '../../../../tasks/lib/settings.ts';
import { scratch } from '../../context.ts';
import { serve } from '../../server.ts';
import { at, rows, SERIES } from './answered.ts';

beforeEach(() => {
  vi.stubEnv('XDG_STATE_HOME', scratch());
});

afterEach(() => vi.unstubAllEnvs());

interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An interface of which `/time` works; klines are answered by `reply`. */
async function exchange(reply: (count: number) => Reply, time: () => Reply = () => ({})) {
  let count = 0;
  return serve((request, response) => {
    const isTime = request.url?.endsWith('/time') ?? false;
    const body = isTime ? `{"serverTime":${Date.UTC(2024, 5, 1)}}` : '[]';
    const given = isTime ? time() : reply(count++);
    response.writeHead(given.status ?? 200, { 'content-type': 'application/json', ...given.headers });
    response.end(given.body ?? body);
  });
}

const lines: string[] = [];

function client(restUrl: string, changes: Partial<RestOptions> = {}): RestClient {
  lines.splice(0);
  return new RestClient({
    market: 'spot',
    restUrl,
    limit: 6_000,
    share: 0.95,
    network: networkSchema.parse({}),
    workspace: '/nowhere',
    signal: new AbortController().signal,
    log: (line) => lines.push(line),
    ...changes,
  });
}

const QUERY = { symbol: SERIES.symbol, interval: SERIES.interval, startTime: at(0), endTime: at(10) - 1 };
const SENT = 'klines?symbol=BTCUSDT&interval=1m&startTime=1704067200000&endTime=1704067799999&limit=1000';

describe('the REST interface', () => {
  it.each([
    ['spot', '', '/api/v3/'],
    ['um', '/', '/fapi/v1/'],
    ['cm', '/mirror/', '/mirror/dapi/v1/'],
  ] as const)(
    'of %s is asked for the time first, then for rows, below the path of its address',
    async (market, base, root) => {
      const { url, asked } = await exchange(() => ({ body: JSON.stringify(rows(0, 9)) }));
      const answer = await client(url + base, { market, limit: 2_400 }).klines(QUERY);
      expect(answer).toEqual({ ok: true, rows: rows(0, 9) });
      expect(asked).toEqual([`${root}time`, root + SENT]);
    },
  );

  it('is asked for the time by one of many, and by none before that is answered', async () => {
    const { url, asked } = await exchange(() => ({}));
    const clients = Array.from({ length: 5 }, () => client(url));
    await Promise.all(clients.map((each) => each.klines(QUERY)));
    expect(asked.filter((path) => path.endsWith('/time'))).toHaveLength(1);
    expect(asked[0]).toBe('/api/v3/time');
    expect(asked).toHaveLength(6);
  });

  it('tells its time at the earliest, and anew when it is asked to', async () => {
    const { url, asked } = await exchange(() => ({}));
    const one = client(url);
    const first = await one.serverNow();
    const second = await one.serverNow();
    expect(first.ok && second.ok && second.value >= first.value).toBe(true);
    expect(first.ok && first.value <= Date.UTC(2024, 5, 1)).toBe(true);
    expect(asked).toHaveLength(1);
    await one.serverNow(true);
    expect(asked).toHaveLength(2);
  });

  it('may give a bar twice: nothing is left out here', async () => {
    const page = [...rows(0, 1), ...rows(1, 2)];
    const { url } = await exchange(() => ({ body: JSON.stringify(page) }));
    expect(await client(url).klines(QUERY)).toEqual({ ok: true, rows: page });
  });

  it('that does not know a symbol has answered', async () => {
    const { url } = await exchange(() => ({ status: 400, body: '{"code":-1121,"msg":"Invalid symbol."}' }));
    expect(await client(url).klines(QUERY)).toEqual({
      ok: 'unknown-symbol',
      error: { code: -1121, msg: 'Invalid symbol.' },
    });
  });

  it('is not asked where one request weighs more than the share allows', async () => {
    const { url, asked } = await exchange(() => ({}));
    expect(await client(url, { market: 'um', limit: 20, share: 0.2 }).klines(QUERY)).toEqual({
      ok: false,
      failure: {
        code: 'rest-weight',
        message: 'a request of klines weighs 5, and 0.2 of a limit of 20 a minute is 4',
        hint: 'raise binance.rest_weight_share or binance.rest_weight_limit',
      },
    });
    expect(asked).toEqual([]);
  });
});

const OR_NONE = 'leave gaps as they are with binance.fill: none';
const AGAIN = `build again; if it stays, check binance.rest_url, or ${OR_NONE}`;
const DATA_API = `set binance.rest_url: https://data-api.binance.vision, which has market data only and is served everywhere, or ${OR_NONE}`;

/** `$URL` stands for the address that was asked. */
async function failure(reply: Reply, changes: Partial<RestOptions> = {}) {
  const { url } = await exchange(() => reply);
  const answer = await client(url, changes).klines(QUERY);
  if (answer.ok !== false) throw new Error('it was answered');
  const text = JSON.stringify(answer.failure).replaceAll(`${url}/api/v3/${SENT}`, '$URL');
  return JSON.parse(text.replaceAll(url.replace('http://', ''), '$HOST'));
}

describe('a refusal', () => {
  it.each<readonly [what: string, reply: Reply, expected: object]>([
    [
      'by a firewall passes, mostly',
      { status: 403, headers: { 'content-type': 'text/html' }, body: '<html><title>ERROR</title></html>' },
      {
        code: 'http-firewall',
        message: 'GET $URL answered 403 Forbidden with an HTML page, "ERROR"',
        hint: `a firewall or a proxy answered in the server's place, which often passes; if it does not, check the proxy (HTTPS_PROXY, NO_PROXY) or use another network, or ${DATA_API}`,
        transient: true,
      },
    ],
    [
      'of the location is final, and tells of the host for market data',
      { status: 451, body: '{"code":0,"msg":"Service unavailable from a restricted location"}' },
      {
        code: 'http-location-refused',
        message:
          'GET $URL answered 451 Unavailable For Legal Reasons: {"code":0,"msg":"Service unavailable from a restricted location"}',
        hint: `the publisher does not serve this location, and trying again does not help: ${DATA_API}, or use a network of another region (HTTPS_PROXY)`,
      },
    ],
    [
      'of an overloaded exchange passes',
      { status: 503, body: '{"code":-1008,"msg":"Server is currently overloaded."}' },
      {
        code: 'rest-overloaded',
        message:
          'GET $URL answered 503 Service Unavailable: {"code":-1008,"msg":"Server is currently overloaded."}',
        hint: 'the exchange is overloaded and drops requests: build again later',
        transient: true,
      },
    ],
    [
      'by a server in trouble passes',
      { status: 502, body: '' },
      {
        code: 'http-server-error',
        message: 'GET $URL answered 502 Bad Gateway',
        hint: 'the server is in trouble: build again later',
        transient: true,
      },
    ],
    [
      'of the interval is final',
      { status: 400, body: '{"code":-1120,"msg":"Invalid interval."}' },
      {
        code: 'rest-interval',
        message: 'GET $URL answered 400 Bad Request: {"code":-1120,"msg":"Invalid interval."}',
        hint: `REST of this market has no such interval: choose another one, or ${OR_NONE}`,
      },
    ],
    [
      'of a parameter is final',
      { status: 400, body: '{"code":-1100,"msg":"Illegal characters found."}' },
      {
        code: 'rest-refused',
        message: 'GET $URL answered 400 Bad Request: {"code":-1100,"msg":"Illegal characters found."}',
        hint: `the exchange takes this request for wrong, and trying again does not help: report it as a defect of the pipeline, and ${OR_NONE} meanwhile`,
      },
    ],
  ])('%s', async (_, reply, expected) => {
    expect(await failure(reply)).toEqual(expected);
  });

  it('of the location on futures has no other host to name', async () => {
    const { url } = await exchange(() => ({ status: 451 }));
    const answer = await client(url, { market: 'um' }).klines(QUERY);
    expect(answer).toMatchObject({
      failure: {
        hint: `the publisher does not serve this location, and trying again does not help: ${OR_NONE}, or use a network of another region (HTTPS_PROXY)`,
      },
    });
  });
});

describe('an answer that cannot be used', () => {
  const broken = rows(0, 2).map((row) => [...row]);
  it.each<readonly [what: string, body: string, code: string, problem: string]>([
    [
      'is a page',
      '<!doctype html><html><title>Sign in\n to Wi-Fi</title>',
      'rest-html',
      'a page, "Sign in to Wi-Fi", where JSON was expected',
    ],
    ['is empty', '', 'rest-malformed', 'what cannot be used: found "", expected a list of rows'],
    ['is null', 'null', 'rest-malformed', 'what cannot be used: found "null", expected a list of rows'],
    ['is cut', '[[17040', 'rest-malformed', 'what cannot be used: found "[[17040", expected a list of rows'],
    [
      'is no list',
      '{"rows":[]}',
      'rest-malformed',
      'what cannot be used: found {"rows":[]}, expected a list of rows',
    ],
    [
      'has a number where text belongs',
      JSON.stringify([broken[0], broken[1]?.with(4, 105)]),
      'rest-malformed',
      'what cannot be used: row 2, column 5 (close): found 105, expected a decimal number as a string',
    ],
    [
      'has times in microseconds',
      JSON.stringify([broken[0]?.with(0, 1_704_067_200_000_000)]),
      'rest-malformed',
      'what cannot be used: row 1, column 1 (open_time): found 1704067200000000, expected a time in milliseconds as a number',
    ],
    [
      'is out of order',
      JSON.stringify([broken[1], broken[0]]),
      'rest-malformed',
      `what cannot be used: row 2, column 1 (open_time): found ${at(0)}, expected ${at(1)} or later`,
    ],
    [
      'begins too early',
      JSON.stringify([broken[0]?.with(0, at(0) - 1)]),
      'rest-malformed',
      `what cannot be used: row 1, column 1 (open_time): found ${at(0) - 1}, expected ${at(0)} or later`,
    ],
  ])('because it %s is named with what was found, and asked for again', async (_, body, code, problem) => {
    const failed = await failure({ body });
    expect(failed).toMatchObject({ code, message: `GET $URL answered ${problem}`, transient: true });
    expect(failed.hint).toBe(
      code === 'rest-malformed'
        ? AGAIN
        : `a proxy, a firewall or a login page answers in the exchange's place: check the proxy (HTTPS_PROXY) and binance.rest_url, or ${OR_NONE}`,
    );
  });

  it('to the question for the time is one, too', async () => {
    const { url } = await exchange(
      () => ({}),
      () => ({ body: '{"time":1}' }),
    );
    expect(await client(url).klines(QUERY)).toEqual({
      ok: false,
      failure: {
        code: 'rest-malformed',
        message: `GET ${url}/api/v3/time answered what cannot be used: found "{\\"time\\":1}", expected {"serverTime":…}`,
        hint: AGAIN,
        transient: true,
      },
    });
  });
});

describe('a ban', () => {
  const TEAPOT = {
    status: 418,
    headers: { 'retry-after': '120' },
    body: '{"code":-1003,"msg":"IP banned."}',
  };
  const NOW = Date.UTC(2024, 5, 1, 12);

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW });
  });
  afterEach(() => vi.useRealTimers());

  it('ends all requests to the host until it is over, and the failure says when that is', async () => {
    const { url, asked } = await exchange(() => TEAPOT);
    const host = new URL(url).host;
    const expected = {
      ok: false,
      failure: {
        code: 'rest-banned',
        message: `${host} has banned this address until 2024-06-01T12:02:00Z, and nothing is sent there before: it answered 418 (-1003 IP banned.)`,
        hint: 'build again then; too much was asked of this address, by this or by another program: lower binance.rest_weight_share',
        transient: true,
        retryAfterMs: 120_000,
      },
    };
    expect(await client(url).klines(QUERY)).toEqual(expected);
    expect(await client(url).klines(QUERY)).toEqual(expected);
    vi.setSystemTime(NOW + 119_000);
    expect(await client(url).klines(QUERY)).toMatchObject({ failure: { retryAfterMs: 1_000 } });
    expect(asked).toEqual(['/api/v3/time', `/api/v3/${SENT}`]);
    vi.setSystemTime(NOW + 120_000);
    expect(await client(url).klines(QUERY)).toMatchObject({ failure: { code: 'rest-banned' } });
    expect(asked.at(-1)).toBe(`/api/v3/${SENT}`);
    expect(asked.length).toBeGreaterThan(2);
  });

  it('that another process meets while the connection is made ready is heeded: nothing is sent', async () => {
    const { url, asked } = await exchange(() => ({}));
    const one = client(url);
    expect((await one.serverNow()).ok).toBe(true);
    const host = new URL(url).host;
    // A group of settings of its own: making it ready takes a while.
    const other = client(url, { network: networkSchema.parse({ body_timeout: '61s' }) });
    const answered = other.klines(QUERY);
    for (let turn = 0; turn < 5; turn++) await undefined;
    recordBan(host, { status: 418, waitMs: 60_000, reason: 'it answered 418' }, { now: NOW, log: () => {} });
    expect(await answered).toMatchObject({ ok: false, failure: { code: 'rest-banned' } });
    expect(asked).toEqual(['/api/v3/time']);
  });

  it('without a time grows with each time that it comes again, and is forgotten with an answer', async () => {
    let banned = true;
    const reply = (): Reply => (banned ? { status: 418 } : {});
    const { url } = await exchange(reply, reply);
    const minutes: number[] = [];
    for (const passed of [0, 2, 6, 14]) {
      vi.setSystemTime(NOW + passed * 60_000);
      const answer = await client(url).klines(QUERY);
      if (answer.ok === false) minutes.push((answer.failure.retryAfterMs ?? 0) / 60_000);
    }
    expect(minutes).toEqual([2, 4, 8, 16]);
    banned = false;
    vi.setSystemTime(NOW + 30 * 60_000);
    expect(await client(url).klines(QUERY)).toMatchObject({ ok: true });
    banned = true;
    expect(await client(url).klines(QUERY)).toMatchObject({ failure: { retryAfterMs: 120_000 } });
  });
});

describe('too many requests', () => {
  it('are a failure that says how long to wait, and others wait in their place', async () => {
    const { url, asked } = await exchange((count) =>
      count === 0
        ? {
            status: 429,
            headers: { 'retry-after': '1' },
            body: '{"code":-1003,"msg":"Too much request weight used."}',
          }
        : {},
    );
    const first = await client(url).klines(QUERY);
    const host = new URL(url).host;
    expect(first).toMatchObject({
      failure: {
        code: 'rest-limited',
        message: expect.stringMatching(
          /^127\.0\.0\.1:\d+ wants nothing more to be asked until \S+Z: it answered 429 \(-1003 Too much request weight used\.\)$/,
        ),
        transient: true,
        retryAfterMs: 1_000,
      },
    });
    expect(await client(url).klines(QUERY)).toMatchObject({ ok: true });
    expect(lines).toEqual([`${host} wants nothing to be asked for 1 s: waiting`]);
    expect(asked).toHaveLength(3);
  });

  it('without a time, or told by the code alone, mean the rest of the minute', async () => {
    const time = { body: `{"serverTime":${Date.UTC(2024, 5, 1) + 40_000}}` };
    const { url } = await exchange(
      () => ({ status: 400, body: '{"code":-1003,"msg":""}' }),
      () => time,
    );
    const answer = await client(url).klines(QUERY);
    if (answer.ok !== false) throw new Error('it was answered');
    expect(answer.failure.code).toBe('rest-limited');
    expect(activeBan(new URL(url).host, Date.now())).toMatchObject({ status: 429 });
    expect(Math.round((answer.failure.retryAfterMs ?? 0) / 1_000)).toBe(20);
  });

  it('of other programs are seen in the header: the next minute of the exchange is waited for', async () => {
    const late = {
      body: `{"serverTime":${Date.UTC(2024, 5, 1) + 59_700}}`,
      headers: { 'x-mbx-used-weight-1m': '5699' },
    };
    const { url, asked } = await exchange(
      () => ({}),
      () => late,
    );
    expect(await client(url).klines(QUERY)).toMatchObject({ ok: true });
    expect(lines).toEqual(['the request weight of this minute is used up: waiting for 1 s']);
    expect(asked).toHaveLength(2);
  });

  it('are waited for no longer than the build lasts', async () => {
    const full = { headers: { 'x-mbx-used-weight-1m': '6000' } };
    const { url, asked } = await exchange(
      () => ({}),
      () => full,
    );
    const abort = new AbortController();
    const waiting = client(url, { signal: abort.signal }).klines(QUERY);
    await vi.waitFor(() => expect(lines).toHaveLength(1));
    abort.abort(new Error('interrupted'));
    await expect(waiting).rejects.toThrow('interrupted');
    expect(asked).toHaveLength(1);
  });
});
