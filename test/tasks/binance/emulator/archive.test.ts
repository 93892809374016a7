/**
 * The archive over HTTP: keys, sidecars, conditions, ranges, publication, and what a test can do to a file.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { startEmulator, zipOf } from '../../../../tasks/binance/emulator/emulator.ts';
import { testHistory, umHistory } from '../../../../tasks/binance/emulator/test-history.ts';
import { REALDATA } from '../../../realdata.ts';
import { get, recordsOf, running, unzip } from './client.ts';

const FOLDER = 'data/spot/daily/klines/BTCUSDT/1m';
const KEY = `${FOLDER}/BTCUSDT-1m-2024-02-02.zip`;
const MONTH = 'data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02.zip';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const tagged = (etag: string | null, headers: Record<string, string>) => ({
  headers: { 'if-match': etag ?? '', ...headers },
});

describe('a file of the archive', () => {
  it('comes with validators and its CHECKSUM, and yauzl and zlib accept it', async () => {
    const { url } = await running({ history: testHistory() });
    const zip = await get(`${url}/${KEY}`);
    expect(zip.status).toBe(200);
    expect(Object.fromEntries(zip.headers)).toMatchObject({
      'accept-ranges': 'bytes',
      'content-length': String(zip.body.length),
      'content-type': 'application/zip',
      etag: expect.stringMatching(/^"[0-9a-f]{32}"$/),
      'last-modified': 'Sat, 03 Feb 2024 00:13:42 GMT',
    });
    const member = await unzip(zip.body);
    expect(member.name).toBe('BTCUSDT-1m-2024-02-02.csv');
    expect(member.crc32).toBe(crc32(member.text));
    const sidecar = await get(`${url}/${KEY}.CHECKSUM`);
    expect(sidecar.text).toBe(`${sha256(zip.body)}  BTCUSDT-1m-2024-02-02.zip\n`);
  });

  it('HEAD says what GET would, without a body', async () => {
    const { url, requests } = await running({ history: testHistory() });
    const head = await get(`${url}/${KEY}`, { method: 'HEAD' });
    const full = await get(`${url}/${KEY}`);
    expect([head.status, head.body.length]).toEqual([200, 0]);
    for (const name of ['etag', 'content-length', 'last-modified', 'accept-ranges']) {
      expect(head.headers.get(name)).toBe(full.headers.get(name));
    }
    expect(requests.map(({ method, status, bytes }) => [method, status, bytes])).toEqual([
      ['HEAD', 200, 0],
      ['GET', 200, full.body.length],
    ]);
  });

  it('is the same bytes from two emulators, whatever else they have and was asked before', async () => {
    const one = await running({ history: testHistory() });
    const more = { name: 'ETHUSDT', listed: '2024-02-01T00:00:00Z' };
    const other = await running({ history: testHistory({ symbols: [...testHistory().symbols, more] }) });
    await get(`${other.url}/${MONTH}`);
    await get(`${other.listingUrl}?prefix=${FOLDER}/`);
    const [a, b] = [await get(`${one.url}/${KEY}`), await get(`${other.url}/${KEY}`)];
    expect(a.body.equals(b.body)).toBe(true);
    expect(a.headers.get('etag')).toBe(b.headers.get('etag'));
  });

  it('that is not there is NoSuchKey', async () => {
    const { url } = await running({ history: testHistory() });
    for (const key of [
      KEY.replace('2024-02-02', '2023-12-31'),
      KEY.replace('2024-02-02', '2024-02-30'),
      `${KEY}.CHECKSUM.CHECKSUM`,
      'data/',
    ]) {
      const { status, headers, text } = await get(`${url}/${key}`);
      expect(status).toBe(404);
      expect(headers.get('content-type')).toBe('application/xml');
      expect(text).toMatch(
        /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>NoSuchKey<\/Code><Message>The specified key does not exist\.<\/Message><Key>/,
      );
    }
  });

  it('is refused to other methods and to paths that cannot be decoded', async () => {
    const { url } = await running({ history: testHistory() });
    expect((await get(`${url}/${KEY}`, { method: 'PUT', body: 'x' })).status).toBe(405);
    for (const path of ['/data/%E0%A4%A', '/listing?prefix=%', '/api/v3/klines?symbol=%FF']) {
      const { status, text } = await get(url + path);
      expect(text).toBe(`"${path}" is no path with a query in percent-encoded UTF-8\n`);
      expect(status).toBe(400);
    }
  });
});

/** As it is spelt: `fetch` would tidy the path up first. */
function statusOfTarget(url: string, target: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const asked = request({ hostname, port, path: target, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.once('error', reject).end();
  });
}

describe('a path that leads out', () => {
  it('is a key that nobody has, and another address is refused', async () => {
    const { url } = await running({ history: testHistory(), files: new Map([[KEY, Buffer.from('x')]]) });
    const targets = ['/../../../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '//etc/passwd', '/etc/passwd'];
    for (const target of targets) expect(await statusOfTarget(url, target)).toBe(404);
    expect(await statusOfTarget(url, 'http://example.org/')).toBe(400);
  });
});

describe('ranges', () => {
  it('resume a broken download to the same bytes', async () => {
    const { url } = await running({ history: testHistory() });
    const full = await get(`${url}/${KEY}`);
    const etag = full.headers.get('etag');
    const rest = await get(`${url}/${KEY}`, tagged(etag, { range: 'bytes=1000-' }));
    expect(rest.status).toBe(206);
    expect(rest.headers.get('content-range')).toBe(`bytes 1000-${full.body.length - 1}/${full.body.length}`);
    expect(Buffer.concat([full.body.subarray(0, 1000), rest.body]).equals(full.body)).toBe(true);
  });

  it('can have an end, reach beyond it, or count from it', async () => {
    const { url } = await running({ history: testHistory() });
    const { body } = await get(`${url}/${KEY}`);
    const part = async (range: string): Promise<Buffer> =>
      (await get(`${url}/${KEY}`, { headers: { range } })).body;
    expect(await part('bytes=5-9')).toEqual(body.subarray(5, 10));
    expect(await part(`bytes=${body.length - 3}-${body.length + 9}`)).toEqual(body.subarray(-3));
    expect(await part('bytes=-22')).toEqual(body.subarray(-22));
    expect((await part(`bytes=-${body.length * 2}`)).equals(body)).toBe(true);
  });

  it('several at once, and what is no range, give the whole', async () => {
    const { url } = await running({ history: testHistory() });
    for (const range of ['bytes=0-1,5-6', 'bytes=9-5', 'lines=1-2', 'bytes=-']) {
      expect((await get(`${url}/${KEY}`, { headers: { range } })).status).toBe(200);
    }
  });

  it('beyond the end are 416 with the size', async () => {
    const { url } = await running({ history: testHistory() });
    const size = (await get(`${url}/${KEY}`)).body.length;
    const beyond = await get(`${url}/${KEY}`, { headers: { range: `bytes=${size}-` } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${size}`]);
    expect(beyond.text).toContain('<Code>InvalidRange</Code>');
  });

  it('of another revision: If-Match is 412, If-Range gives the new whole', async () => {
    const emulator = await running({ history: testHistory() });
    const url = `${emulator.url}/${KEY}`;
    const old = (await get(url)).headers.get('etag');
    emulator.republish(KEY);
    const refused = await get(url, tagged(old, { range: 'bytes=9-' }));
    expect(refused.status).toBe(412);
    expect(refused.text).toContain('<Condition>If-Match</Condition>');
    const whole = await get(url, { headers: { range: 'bytes=9-', 'if-range': old ?? '' } });
    expect(whole.status).toBe(200);
    const modified = whole.headers.get('last-modified') ?? '';
    expect((await get(url, { headers: { range: 'bytes=9-', 'if-range': modified } })).status).toBe(206);
    const same = await get(url, { headers: { 'if-none-match': whole.headers.get('etag') ?? '' } });
    expect([same.status, same.body.length]).toEqual([304, 0]);
  });
});

describe('publication', () => {
  const statusOf = async (url: string): Promise<number> => (await get(url, { method: 'HEAD' })).status;

  it('follows the clock: a day comes the next day, a month on the second of the next', async () => {
    const { url, clock } = await running({ history: testHistory() });
    clock.set(Date.parse('2024-02-03T00:13:41Z'));
    expect(await statusOf(`${url}/${KEY}`)).toBe(404);
    clock.advance(1_000);
    expect([await statusOf(`${url}/${KEY}`), await statusOf(`${url}/${KEY}.CHECKSUM`)]).toEqual([200, 200]);
    clock.set(Date.parse('2024-03-01T23:59:59Z'));
    expect(await statusOf(`${url}/${MONTH}`)).toBe(404);
    clock.set(Date.parse('2024-03-02T01:00:00Z'));
    expect(await statusOf(`${url}/${MONTH}`)).toBe(200);
  });

  it('can be late, until a time or until it is done, with the same bytes as if it had been in time', async () => {
    const inTime = await running({ history: testHistory() });
    const late = await running({
      history: testHistory({
        lateMonths: [{ month: '2024-01', until: '2024-02-15T00:00:00Z' }, { month: '2024-02' }],
        missingDays: [{ day: '2024-02-02' }],
      }),
    });
    late.clock.set(Date.parse('2024-02-14T23:59:59Z'));
    const january = MONTH.replace('02.zip', '01.zip');
    expect(await statusOf(`${late.url}/${january}`)).toBe(404);
    late.clock.advance(1_000);
    expect(await statusOf(`${late.url}/${january}`)).toBe(200);
    late.clock.set(Date.parse('2024-04-01T00:00:00Z'));
    for (const key of [MONTH, KEY]) {
      expect(await statusOf(`${late.url}/${key}`)).toBe(404);
      late.publish(key);
      const came = await get(`${late.url}/${key}`);
      expect(came.body.equals((await get(`${inTime.url}/${key}`)).body)).toBe(true);
      expect(came.headers.get('last-modified')).toBe('Mon, 01 Apr 2024 00:00:00 GMT');
    }
  });

  it('can be withdrawn, and come again', async () => {
    const { url, withdraw, publish } = await running({ history: testHistory() });
    withdraw(KEY);
    expect([await statusOf(`${url}/${KEY}`), await statusOf(`${url}/${KEY}.CHECKSUM`)]).toEqual([404, 404]);
    publish(KEY);
    expect(await statusOf(`${url}/${KEY}`)).toBe(200);
  });

  it('of any bytes at any key', async () => {
    const emulator = await running({ history: testHistory() });
    const key = 'data/spot/daily/klines/NEWUSDT/1m/NEWUSDT-1m-2024-03-01.zip';
    const bytes = zipOf('NEWUSDT-1m-2024-03-01.csv', '1,2,3\n');
    emulator.publish(key, bytes);
    expect((await get(`${emulator.url}/${key}`)).body).toEqual(bytes);
    expect((await get(`${emulator.url}/${key}.CHECKSUM`)).text).toBe(
      `${sha256(bytes)}  NEWUSDT-1m-2024-03-01.zip\n`,
    );
  });

  it('of what no source has is a mistake of the test', async () => {
    const emulator = await running({ history: testHistory() });
    expect(() => emulator.publish('data/nothing.zip')).toThrow(
      'no source of the emulator has data/nothing.zip',
    );
  });
});

describe('a republished file', () => {
  it('has other bytes, ETag, Last-Modified and CHECKSUM, and the rows that the transform gave', async () => {
    const emulator = await running({ history: umHistory() });
    const key = KEY.replace('spot', 'futures/um');
    const before = await get(`${emulator.url}/${key}`);
    emulator.republish(key, (rows) => rows.slice(0, 100));
    const after = await get(`${emulator.url}/${key}`);
    expect(await recordsOf(after.body)).toEqual((await recordsOf(before.body)).slice(0, 101)); // header
    expect(after.headers.get('etag')).not.toBe(before.headers.get('etag'));
    expect(after.headers.get('last-modified')).toBe('Sun, 03 Mar 2024 12:00:00 GMT');
    expect((await get(`${emulator.url}/${key}.CHECKSUM`)).text).toContain(sha256(after.body));
  });

  it('with the same rows is a new revision too, each time later than the one before', async () => {
    const emulator = await running({ history: testHistory() });
    const seen = [await get(`${emulator.url}/${KEY}`)];
    for (let i = 0; i < 2; i++) {
      emulator.republish(KEY);
      seen.push(await get(`${emulator.url}/${KEY}`));
    }
    expect(new Set(seen.map(({ headers }) => headers.get('etag'))).size).toBe(3);
    const times = seen.map(({ headers }) => Date.parse(headers.get('last-modified') ?? ''));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(times).size).toBe(3);
    const records = await Promise.all(seen.map(({ body }) => recordsOf(body)));
    expect(records[2]).toEqual(records[0]);
  });
});

describe('a damaged file', () => {
  const damaged = (damage: 'flipped' | 'truncated' | 'bad-crc' | 'wrong-checksum') =>
    running({ history: testHistory({ damaged: [{ symbol: 'BTCUSDT', period: '2024-02-02', damage }] }) });
  const stated = async (url: string): Promise<string> => (await get(`${url}.CHECKSUM`)).text.slice(0, 64);

  it('flipped: all that is stated is of the intact file, and mending changes none of it', async () => {
    const intact = await get(`${(await running({ history: testHistory() })).url}/${KEY}`);
    const emulator = await damaged('flipped');
    const url = `${emulator.url}/${KEY}`;
    const bad = await get(url);
    expect(bad.body.length).toBe(intact.body.length);
    expect(bad.body.equals(intact.body)).toBe(false);
    expect(await stated(url)).toBe(sha256(intact.body));
    emulator.mend(KEY);
    const good = await get(url);
    expect(good.body.equals(intact.body)).toBe(true);
    for (const name of ['etag', 'last-modified']) {
      expect([bad.headers.get(name), good.headers.get(name)]).toEqual(
        Array(2).fill(intact.headers.get(name)),
      );
    }
  });

  it.each(['truncated', 'bad-crc'] as const)(
    '%s: the CHECKSUM is right, the file is not; mended, it is a new revision',
    async (damage) => {
      const emulator = await damaged(damage);
      const url = `${emulator.url}/${KEY}`;
      const bad = await get(url);
      expect(await stated(url)).toBe(sha256(bad.body));
      const sound = unzip(bad.body).then(({ text, crc32: sum }) => crc32(text) === sum);
      await expect(sound.catch(() => false)).resolves.toBe(false);
      emulator.mend(KEY);
      const good = await get(url);
      const { text, crc32: sum } = await unzip(good.body);
      expect(crc32(text)).toBe(sum);
      expect(await stated(url)).toBe(sha256(good.body));
      expect(good.headers.get('etag')).not.toBe(bad.headers.get('etag'));
      expect(good.headers.get('last-modified')).toBe('Sun, 03 Mar 2024 12:00:00 GMT');
    },
  );

  it('wrong-checksum: the file is right, the CHECKSUM is not', async () => {
    const emulator = await damaged('wrong-checksum');
    const url = `${emulator.url}/${KEY}`;
    const { body } = await get(url);
    expect((await recordsOf(body)).length).toBe(1440);
    expect(await stated(url)).not.toBe(sha256(body));
    emulator.mend(KEY);
    expect(await stated(url)).toBe(sha256(body));
  });

  it('can be damaged while the emulator runs; mending what is whole is a mistake of the test', async () => {
    const emulator = await running({ history: testHistory() });
    const intact = await get(`${emulator.url}/${KEY}`);
    expect(() => emulator.mend(KEY)).toThrow(`nothing is damaged at ${KEY}`);
    emulator.damage(KEY, 'flipped');
    expect((await get(`${emulator.url}/${KEY}`)).body.equals(intact.body)).toBe(false);
  });
});

describe('given files', () => {
  const day = 'BTCUSDT-1m-2020-01-01.zip';
  const path = new URL(`spot/daily/${day}`, REALDATA);
  const key = `${FOLDER}/${day}`;

  it("are served as they are at the publisher's layout, with the given sidecar", async () => {
    const sidecar = readFileSync(new URL(`${path}.CHECKSUM`));
    const { url } = await running({
      files: new Map<string, Buffer | string>([
        [key, fileURLToPath(path)],
        [`${key}.CHECKSUM`, sidecar],
      ]),
    });
    const { body, headers } = await get(`${url}/${key}`);
    expect(body.equals(readFileSync(path))).toBe(true);
    expect(headers.get('last-modified')).toBe('Mon, 17 Jul 2023 07:48:26 GMT');
    expect((await get(`${url}/${key}.CHECKSUM`)).text).toBe(sidecar.toString());
    expect(sidecar.toString()).toContain(sha256(body));
  });

  it('get a computed sidecar where none is given, can come later, and stand before invented ones', async () => {
    const emulator = await running({ history: testHistory() });
    const bytes = zipOf('BTCUSDT-1m-2024-02-02.csv', '1,2\n');
    emulator.serveFiles(new Map([[KEY, bytes]]));
    expect((await get(`${emulator.url}/${KEY}`)).body).toEqual(bytes);
    expect((await get(`${emulator.url}/${KEY}.CHECKSUM`)).text).toContain(sha256(bytes));
    const other = KEY.replace('02-02.zip', '02-03.zip');
    expect((await get(`${emulator.url}/${other}`, { method: 'HEAD' })).status).toBe(200);
  });

  it('can be broken', async () => {
    const { url } = await running({ files: new Map([[KEY, Buffer.from('no ZIP at all')]]) });
    expect((await get(`${url}/${KEY}`)).text).toBe('no ZIP at all');
  });

  it('at a key that is none are a mistake of the test', async () => {
    await expect(startEmulator({ files: new Map([['a.zip', Buffer.alloc(0)]]) })).rejects.toThrow(
      `"a.zip" is no key of the archive's kline files`,
    );
  });
});
