import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DownloadOptions } from '../../../tasks/lib/download.ts';
import { download } from '../../../tasks/lib/download.ts';
import type { Place } from '../../../tasks/lib/partial.ts';
import { placeOf } from '../../../tasks/lib/partial.ts';
import { networkSchema } from '../../../tasks/lib/settings.ts';
import { scratch } from '../context.ts';
import type { OriginOptions } from '../origin.ts';
import { origin } from '../origin.ts';
import { files, serve } from '../server.ts';

const body = Buffer.from('The quick brown fox jumps over the lazy dog.');
const size = body.length;

function options(more: Partial<DownloadOptions> = {}): DownloadOptions {
  const { signal } = new AbortController();
  return { signal, workspace: '/nowhere', maxBytes: 1_000_000, settings: networkSchema.parse({}), ...more };
}

const place = (): Place => placeOf(scratch(), 'partial', 'data/spot/a.zip');

/** As an earlier try would have left it. */
function left(at: Place, bytes: Buffer | string, sidecar?: object | string): void {
  mkdirSync(join(at.data, '..'), { recursive: true });
  writeFileSync(at.data, bytes);
  if (sidecar !== undefined)
    writeFileSync(at.sidecar, typeof sidecar === 'string' ? sidecar : JSON.stringify(sidecar));
}

const V1 = { version: 1, etag: '"v1"', size };

describe('a download', () => {
  it('writes the body and tells how far it is', async () => {
    const big = Buffer.alloc(300_000, 'x');
    const { url } = await serve(files({ '/big': big }));
    const at = place();
    const seen: number[] = [];
    const goal = { place: at, size: big.length };
    expect(await download(`${url}/big`, goal, options({ onProgress: (done) => seen.push(done) }))).toEqual({
      ok: true,
      from: 0,
    });
    expect(readFileSync(at.data).equals(big)).toBe(true);
    expect(seen.at(-1)).toBe(300_000);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
  });

  it('writes no file for a 404', async () => {
    const { url } = await serve(files({}));
    const at = place();
    expect(await download(`${url}/none`, { place: at, size }, options())).toMatchObject({
      ok: false,
      status: 404,
    });
    expect(existsSync(at.data)).toBe(false);
  });

  it('is refused before anything is read when another length is announced, and leaves nothing', async () => {
    const { url } = await origin({ body });
    const at = place();
    left(at, body, V1);
    expect(await download(url, { place: at, size: size + 1 }, options())).toEqual({
      ok: false,
      gave: String(size),
    });
    expect(readdirSync(join(at.data, '..'))).toEqual([]);
  });

  it.each([
    [size + 1, String(size)],
    [size - 1, `more than ${size - 1}`],
  ])('of unannounced length is refused when it is not of %i bytes', async (expected, gave) => {
    const { url } = await origin({ body, chunked: true });
    const at = place();
    expect(await download(url, { place: at, size: expected }, options())).toEqual({ ok: false, gave });
    expect(readdirSync(join(at.data, '..'))).toEqual([]);
  });

  it('larger than what is allowed is refused by its announced length', async () => {
    const { url } = await origin({ body });
    const limited = options({ maxBytes: 10, limitName: 'limits.max_zip_bytes' });
    expect(await download(url, { place: place(), size }, limited)).toMatchObject({
      failure: {
        code: 'http-too-large',
        message: `GET ${url} answered with ${size} bytes: at most 10 are accepted (limits.max_zip_bytes)`,
      },
    });
  });

  it('that is aborted keeps what has come, and the next one goes on there', async () => {
    const server = await origin({ body, cuts: [17], stall: true });
    const at = place();
    const controller = new AbortController();
    const reason = new Error('stop');
    const onProgress = (): void => controller.abort(reason);
    const aborted = download(
      server.url,
      { place: at, size },
      options({ signal: controller.signal, onProgress }),
    );
    await expect(aborted).rejects.toBe(reason);
    expect(readFileSync(at.data, 'utf8')).toBe(body.subarray(0, 17).toString());
    expect(await download(server.url, { place: at, size }, options())).toEqual({ ok: true, from: 17 });
    expect(server.requests).toEqual([
      { range: undefined, ifMatch: undefined, status: 200, bytes: 17 },
      { range: 'bytes=17-', ifMatch: '"v1"', status: 206, bytes: size - 17 },
    ]);
  });
});

describe('a download that was cut', () => {
  /** Tries until it is done. Each cut is an answer that ends early. */
  async function triedWith(given: Partial<OriginOptions>) {
    const server = await origin({ body, ...given });
    const at = place();
    let failed = 0;
    for (;;) {
      const got = await download(server.url, { place: at, size }, options());
      if (got.ok) return { server, at, failed };
      if (!('failure' in got) || ++failed > 20) throw new Error(JSON.stringify(got));
      expect(got.failure).toMatchObject({ code: 'http-cut', transient: true });
    }
  }

  it('at any byte goes on from what has come, and ends equal', async () => {
    for (let cut = 0; cut < size; cut++) {
      const { server, at, failed } = await triedWith({ cuts: [cut] });
      expect(readFileSync(at.data).equals(body), `cut at ${cut}`).toBe(true);
      const [first, second] = server.requests;
      expect(failed).toBe(1);
      expect(first).toEqual({ range: undefined, ifMatch: undefined, status: 200, bytes: cut });
      // Nothing is asked twice.
      expect(second).toEqual(
        cut === 0
          ? { range: undefined, ifMatch: undefined, status: 200, bytes: size }
          : { range: `bytes=${cut}-`, ifMatch: '"v1"', status: 206, bytes: size - cut },
      );
    }
  });

  it('any number of times ends equal, with each byte sent once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(size), { maxLength: 6 }), async (cuts) => {
        const { server, at } = await triedWith({ cuts });
        expect(readFileSync(at.data).equals(body)).toBe(true);
        expect(server.requests.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(size);
      }),
      { numRuns: 25 },
    );
  });

  it('goes on at another server that has the same content', async () => {
    const first = await origin({ body, cuts: [20] });
    const second = await origin({ body });
    const at = place();
    await download(first.url, { place: at, size }, options());
    expect(await download(second.url, { place: at, size }, options())).toEqual({ ok: true, from: 20 });
    expect(readFileSync(at.data).equals(body)).toBe(true);
  });
});

describe('what an earlier try has left', () => {
  const other = Buffer.from(body.map((byte) => byte ^ 1));
  const all = { range: undefined, ifMatch: undefined, status: 200, bytes: size };
  const asked = { range: 'bytes=9-', ifMatch: '"v1"' };

  it('is all there is to fetch when it is whole: nothing is asked', async () => {
    const server = await origin({ body });
    const at = place();
    left(at, body, V1);
    expect(await download(server.url, { place: at, size }, options())).toEqual({ ok: true, from: size });
    expect(server.requests).toEqual([]);
  });

  it.each<[string, Partial<OriginOptions>, readonly object[]]>([
    [
      'the content has changed since (412)',
      { etag: '"v2"' },
      [{ ...asked, status: 412, bytes: '<Error>'.length }, all],
    ],
    [
      'another content comes from a server that knows no If-Match',
      { etag: '"v2"', ignoresIfMatch: true },
      [{ ...asked, status: 206, bytes: size - 9 }, all],
    ],
    [
      'the rest has no ETag',
      { etag: undefined, ignoresIfMatch: true },
      [{ ...asked, status: 206, bytes: size - 9 }, all],
    ],
    [
      'the rest begins elsewhere',
      { headers206: { 'content-range': `bytes 8-${size - 1}/${size}` } },
      [{ ...asked, status: 206, bytes: size - 9 }, all],
    ],
    [
      'only a part of the rest comes',
      { headers206: { 'content-range': `bytes 9-${size - 2}/${size}` } },
      [{ ...asked, status: 206, bytes: size - 9 }, all],
    ],
    [
      'the whole is of another length now',
      { headers206: { 'content-range': `bytes 9-${size - 1}/${size + 1}` } },
      [{ ...asked, status: 206, bytes: size - 9 }, all],
    ],
    ['the server ignores ranges (200)', { ignoresRange: true }, [{ ...asked, status: 200, bytes: size }]],
  ])('is thrown away when %s', async (_, given, requests) => {
    const server = await origin({ body: other, ...given });
    const at = place();
    left(at, body.subarray(0, 9), V1);
    expect(await download(server.url, { place: at, size }, options())).toEqual({ ok: true, from: 0 });
    expect(readFileSync(at.data).equals(other)).toBe(true);
    expect(server.requests).toEqual(requests);
  });

  it.each(['"v\n1"', '"v\u00001"', '"vé1"', '"\u20ac"'])(
    'is not gone on with where its tag, %j, is none that can be sent: a sidecar that was edited is no trap',
    async (etag) => {
      const server = await origin({ body });
      const at = place();
      left(at, other.subarray(0, 9), { version: 1, etag, size });
      expect(await download(server.url, { place: at, size }, options())).toEqual({ ok: true, from: 0 });
      expect(server.requests).toEqual([all]);
    },
  );

  it('stays where a page of another length comes in place of the rest', async () => {
    const page = await serve(files({ '/': '<html>Sign in</html>' }));
    const at = place();
    left(at, body.subarray(0, 9), V1);
    const goal = { place: at, size };
    expect(await download(`${page.url}/`, goal, options())).toEqual({ ok: false, gave: '20' });
    const server = await origin({ body });
    expect(await download(server.url, goal, options())).toEqual({ ok: true, from: 9 });
    expect(readFileSync(at.data).equals(body)).toBe(true);
  });

  it('is thrown away when the server has nothing behind it (416)', async () => {
    const server = await origin({ body: body.subarray(0, 9) });
    const at = place();
    left(at, body.subarray(0, 9), V1);
    expect(await download(server.url, { place: at, size }, options())).toEqual({ ok: false, gave: '9' });
    expect(server.requests.map(({ status }) => status)).toEqual([416, 200]);
    expect(readdirSync(join(at.data, '..'))).toEqual([]);
  });

  it.each<[string, Buffer, object | string | undefined]>([
    ['has no sidecar', body.subarray(0, 9), undefined],
    ['has a sidecar that was cut short', body.subarray(0, 9), '{"version":1,"et'],
    ['has a sidecar of another version', body.subarray(0, 9), { ...V1, version: 2 }],
    ['has a sidecar with a weak ETag', body.subarray(0, 9), { ...V1, etag: 'W/"v1"' }],
    ['is of a file of another size', body.subarray(0, 9), { ...V1, size: size + 1 }],
    ['is longer than the file', Buffer.concat([body, body]), V1],
    ['is empty', Buffer.alloc(0), V1],
  ])('counts for nothing when it %s', async (_, bytes, sidecar) => {
    const server = await origin({ body: other });
    const at = place();
    left(at, bytes, sidecar);
    expect(await download(server.url, { place: at, size }, options())).toEqual({ ok: true, from: 0 });
    expect(readFileSync(at.data).equals(other)).toBe(true);
    expect(server.requests).toEqual([all]);
  });

  it.each([undefined, 'W/"v1"', 'v1'])('cannot be gone on with when the ETag was %s', async (etag) => {
    const server = await origin({ body, etag, cuts: [9] });
    const at = place();
    left(at, body, { ...V1, size: size + 1 });
    expect(await download(server.url, { place: at, size }, options())).toMatchObject({ ok: false });
    expect(statSync(at.data).size).toBe(9);
    expect(existsSync(at.sidecar)).toBe(false);
    expect(await download(server.url, { place: at, size }, options())).toEqual({ ok: true, from: 0 });
    expect(server.requests).toEqual([{ ...all, bytes: 9 }, all]);
  });

  it.each([503, 403, 404, 429])('stays when the server answers %i', async (status) => {
    const { url } = await serve((_, response) => response.writeHead(status).end());
    const at = place();
    left(at, body.subarray(0, 9), V1);
    expect(await download(url, { place: at, size }, options())).toMatchObject({ ok: false, status });
    expect(readFileSync(at.data).equals(body.subarray(0, 9))).toBe(true);
    expect(existsSync(at.sidecar)).toBe(true);
  });
});
