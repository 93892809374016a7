import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import { scratch } from '../context.ts';
import { origin } from '../origin.ts';
import type { Handler } from '../server.ts';
import { files, serve } from '../server.ts';
import type { ArchiveRun } from './archive-rig.ts';
import { damaged, dataFiles, FINAL, fetchFrom, GOOD, KEY, keptPath, NAME, SUM, ZIP } from './archive-rig.ts';

const CHECKSUM = `/${KEY}.CHECKSUM`;
const NO_WORD = `${'0'.repeat(64)}  ${NAME}\n`;

async function nobody(): Promise<string> {
  const socket = createServer();
  await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve));
  const address = socket.address();
  await new Promise((resolve) => socket.close(resolve));
  if (address === null || typeof address !== 'object') throw new Error('the socket has no port');
  return `http://127.0.0.1:${address.port}`;
}

const status = (code: number, path = /./): Handler => {
  const rest = files(GOOD);
  return (request, response) =>
    path.test(request.url ?? '') ? void response.writeHead(code).end() : rest(request, response);
};

function taken({ failed, path, workspace }: ArchiveRun): void {
  expect(failed).toBeUndefined();
  expect(readFileSync(path).equals(ZIP)).toBe(true);
  expect(dataFiles(workspace)).toEqual([]);
}

/** Logged of the first of two. */
const first = (rest: string): string => `mirror 1 of 2: ${rest}`;

describe('the next mirror is asked when the first one', () => {
  it.each<[string, Handler, (url: string) => string]>([
    ['answers 403', status(403), (url) => `GET ${url}.CHECKSUM answered 403 Forbidden`],
    ['answers 451', status(451), (url) => `GET ${url}.CHECKSUM answered 451 Unavailable For Legal Reasons`],
    ['answers 503', status(503), (url) => `GET ${url}.CHECKSUM answered 503 Service Unavailable`],
    [
      'has no CHECKSUM',
      status(404, /CHECKSUM/),
      (url) => `${NAME} has no checksum: GET ${url}.CHECKSUM answered 404`,
    ],
    [
      'has a CHECKSUM that is none',
      files({ ...GOOD, [CHECKSUM]: 'soon' }),
      (url) => `${url}.CHECKSUM holds "soon": expected 64 hex digits, two spaces and ${NAME}`,
    ],
    [
      'has no file',
      status(404, /zip$/),
      (url) => `${FINAL} is listed but not served: GET ${url} answered 404`,
    ],
    [
      'has a file of another length',
      files({ ...GOOD, [`/${KEY}`]: ZIP.subarray(1) }),
      (url) => `${FINAL}: ${url} gave ${ZIP.length - 1} bytes: expected ${ZIP.length}, the listed size`,
    ],
    [
      'cuts the line',
      (_, response) => void response.destroy(),
      (url) => `GET ${url}.CHECKSUM failed: the connection was cut (UND_ERR_SOCKET)`,
    ],
  ])('%s', async (_, handler, says) => {
    const [bad, good] = [await serve(handler), await serve(files(GOOD))];
    const run = await fetchFrom([bad.url, good.url]);
    taken(run);
    expect(run.ctx.lines).toEqual([first(says(`${bad.url}/${KEY}`))]);
    expect(good.asked).toEqual([CHECKSUM, `/${KEY}`]);
  });

  it('refuses the connection', async () => {
    const [bad, good] = [await nobody(), await serve(files(GOOD))];
    const run = await fetchFrom([bad, good.url]);
    taken(run);
    const host = new URL(bad).host;
    expect(run.ctx.lines).toEqual([
      first(`GET ${bad}/${KEY}.CHECKSUM failed: ${host} refused the connection (ECONNREFUSED)`),
    ]);
  });

  it('is slow, and what had come of it is gone on with', async () => {
    const slow = await serve((request, response) => {
      if (request.url === CHECKSUM) return void response.end(SUM);
      response.writeHead(200, { etag: '"v1"', 'content-length': ZIP.length });
      let sent = 0;
      const timer = setInterval(() => {
        response.write(ZIP.subarray(sent, sent + 200));
        sent += 200;
      }, 50);
      response.on('close', () => clearInterval(timer));
    });
    const good = await origin({ body: ZIP, beside: { [CHECKSUM]: SUM } });
    const run = await fetchFrom([slow.url, good.url], { network: { body_timeout: '400ms' } });
    taken(run);
    expect(run.ctx.lines).toEqual([
      first(`GET ${slow.url}/${KEY} failed: less than 4000 bytes of the answer came within 400ms`),
    ]);
    expect(good.requests).toMatchObject([{ range: expect.stringMatching(/^bytes=[1-9]\d*-$/), status: 206 }]);
  });

  it('gives bytes that are not what its CHECKSUM says, of which nothing is kept', async () => {
    const [bad, good] = [await serve(files({ ...GOOD, [`/${KEY}`]: damaged() })), await serve(files(GOOD))];
    const run = await fetchFrom([bad.url, good.url]);
    taken(run);
    const why = `${FINAL}: ${bad.url}/${KEY} has the SHA-256 ${sha256(damaged())}: expected ${sha256(ZIP)}, as its CHECKSUM says; member "BTCUSDT-1m-2020-01.csv": byte `;
    expect(run.ctx.lines).toEqual([expect.stringContaining(first(why))]);
  });
});

describe('a CHECKSUM of one mirror and bytes of another', () => {
  it('are fine when they agree: the first has no file, the second no CHECKSUM', async () => {
    const one = await serve(files({ [CHECKSUM]: SUM }));
    const two = await serve(files({ [`/${KEY}`]: ZIP }));
    const run = await fetchFrom([one.url, two.url]);
    taken(run);
    expect([one.asked, two.asked]).toEqual([
      [CHECKSUM, `/${KEY}`],
      [CHECKSUM, `/${KEY}`],
    ]);
  });

  it('are fine when they agree: bytes that the first CHECKSUM does not fit are not fetched again', async () => {
    const one = await serve(files({ ...GOOD, [CHECKSUM]: NO_WORD }));
    const two = await serve(files(GOOD));
    taken(await fetchFrom([one.url, two.url]));
    expect([one.asked, two.asked]).toEqual([[CHECKSUM, `/${KEY}`], [CHECKSUM]]);
  });

  it('are told apart in the message when they do not agree', async () => {
    const one = await serve(files({ [CHECKSUM]: NO_WORD }));
    const two = await serve(files({ [`/${KEY}`]: ZIP }));
    const { ctx, failed } = await fetchFrom([one.url, two.url], { attempt: 1, attempts: 2 });
    expect(ctx.lines[1]).toBe(
      `mirror 2 of 2: ${FINAL}: ${two.url}/${KEY} has the SHA-256 ${sha256(ZIP)}: expected ${'0'.repeat(64)}, as ${one.url}/${KEY}.CHECKSUM says; the ZIP itself is whole`,
    );
    expect(failed).toEqual({
      code: 'archive-gone',
      message: `${FINAL} is listed but not served: GET ${one.url}/${KEY} answered 404; tried 2 mirrors`,
      hint: 'the publisher may be replacing it: build again later, with --refresh if the listing is old',
      transient: true,
    });
  });
});

describe('a file that no mirror gives', () => {
  it('fails with what the first one said, and is worth another try if it is at any of them', async () => {
    const [one, two] = [await serve(status(451)), await serve(status(503))];
    const { failed, ctx } = await fetchFrom([one.url, two.url]);
    expect(failed).toEqual({
      code: 'http-location-refused',
      message: `GET ${one.url}/${KEY}.CHECKSUM answered 451 Unavailable For Legal Reasons; tried 2 mirrors`,
      hint:
        'the publisher does not serve this location, and trying again does not help: ' +
        'name a mirror in binance.archive_url, or use a network of another region (HTTPS_PROXY)',
      transient: true,
    });
    expect(ctx.lines).toEqual([
      `mirror 1 of 2: GET ${one.url}/${KEY}.CHECKSUM answered 451 Unavailable For Legal Reasons`,
      `mirror 2 of 2: GET ${two.url}/${KEY}.CHECKSUM answered 503 Service Unavailable`,
    ]);
  });

  it('is final if it is at all of them', async () => {
    const [one, two] = [await serve(status(451)), await serve(files({}))];
    expect((await fetchFrom([one.url, two.url])).failed?.transient).toBeUndefined();
  });

  it('is put into quarantine where one gave wrong bytes', async () => {
    const bad = damaged();
    const [one, two] = [await serve(status(503)), await serve(files({ ...GOOD, [`/${KEY}`]: bad }))];
    const { failed, workspace } = await fetchFrom([one.url, two.url]);
    expect(failed).toMatchObject({
      code: 'http-server-error',
      message: `GET ${one.url}/${KEY}.CHECKSUM answered 503 Service Unavailable; tried 2 mirrors; kept as ${keptPath(bad)}.zip`,
    });
    expect(dataFiles(workspace)).toEqual([`${keptPath(bad)}.json`, `${keptPath(bad)}.zip`]);
  });
});

describe('a mirror that has the same content', () => {
  it('goes on where the first one was cut', async () => {
    const one = await origin({ body: ZIP, cuts: [20_000], beside: { [CHECKSUM]: SUM } });
    const other = await origin({ body: ZIP, beside: { [CHECKSUM]: SUM } });
    taken(await fetchFrom([one.url, other.url]));
    expect(one.requests).toMatchObject([{ range: undefined, bytes: 20_000 }]);
    expect(other.requests).toMatchObject([
      { range: 'bytes=20000-', ifMatch: '"v1"', status: 206, bytes: ZIP.length - 20_000 },
    ]);
  });

  it('under another ETag gives all of it', async () => {
    const one = await origin({ body: ZIP, cuts: [20_000], beside: { [CHECKSUM]: SUM } });
    const other = await origin({ body: ZIP, etag: '"other"', beside: { [CHECKSUM]: SUM } });
    taken(await fetchFrom([one.url, other.url]));
    expect(other.requests.map(({ status: code }) => code)).toEqual([412, 200]);
  });
});

describe('a mirror that did not answer', () => {
  it('is not asked by the next file, as long as another one works', async () => {
    const silent = await serve(() => {});
    const good = await serve(files(GOOD));
    const network = { headers_timeout: '50ms' };
    taken(await fetchFrom([silent.url, good.url], { network }));
    const next = await fetchFrom([silent.url, good.url], { network });
    taken(next);
    expect(silent.asked).toEqual([CHECKSUM]);
    expect(next.ctx.lines).toEqual([]);
  });
});

describe('a mirror that asks to be left alone', () => {
  beforeEach(() => {
    vi.stubEnv('XDG_STATE_HOME', scratch());
    onTestFinished(() => void vi.unstubAllEnvs());
  });

  it('is waited for, once it is not long any more', async () => {
    let told = false;
    const rest = files(GOOD);
    const server = await serve((request, response) => {
      if (told) return rest(request, response);
      told = true;
      response.writeHead(429, { 'retry-after': '1' }).end();
    });
    const refused = await fetchFrom(server.url);
    expect(refused.failed).toEqual({
      code: 'http-rate-limited',
      message: `GET ${server.url}/${KEY}.CHECKSUM answered 429 Too Many Requests; it asks to wait 1s`,
      hint: 'too much was asked at once: lower pools.network or pools.rest',
      transient: true,
      retryAfterMs: 1_000,
    });
    const run = await fetchFrom(server.url);
    taken(run);
    expect(run.ctx.lines).toEqual([
      expect.stringMatching(
        /^waiting: \S+ wants nothing to be asked until \S+, and nothing is sent there before: GET /,
      ),
    ]);
  });

  it('is not asked by any file before that', async () => {
    const server = await serve((_, response) => response.writeHead(418, { 'retry-after': '300' }).end());
    await fetchFrom(server.url);
    const { failed } = await fetchFrom(server.url);
    expect(failed).toEqual({
      code: 'http-banned',
      message: expect.stringMatching(
        /^127\.0\.0\.1:\d+ has banned this address until \S+Z, and nothing is sent there before: GET \S+ answered 418 I'm a Teapot; it asks to wait 5m$/,
      ),
      hint: 'build again then, or name a mirror in binance.archive_url; if it comes back, lower pools.network',
      transient: true,
      retryAfterMs: expect.any(Number),
    });
    expect(server.asked).toHaveLength(1);
  });

  it('is not asked for the file itself either, when another file was told so in between', async () => {
    const waiting: ServerResponse[] = [];
    const server = await serve((_, response) => {
      if (waiting.length === 0) waiting.push(response);
      else response.writeHead(418, { 'retry-after': '300' }).end();
    });
    const early = fetchFrom(server.url);
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    await fetchFrom(server.url);
    waiting[0]?.end(SUM);
    expect((await early).failed).toMatchObject({ code: 'http-banned' });
    expect(server.asked).toEqual([CHECKSUM, CHECKSUM]);
  });
});
