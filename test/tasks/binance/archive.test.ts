import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import archive from '../../../tasks/binance/archive.ts';
import { zipOf } from '../../../tasks/binance/emulator/zip.ts';
import { REALDATA } from '../../realdata.ts';
import type { FakeContextOptions } from '../context.ts';
import { fakeContext, scratch } from '../context.ts';
import type { Handler, TestServer } from '../server.ts';
import { files, serve } from '../server.ts';

const real = new URL('spot/daily/', REALDATA);
const name = 'BTCUSDT-1m-2020-01-01.zip';
const key = `data/spot/daily/klines/BTCUSDT/1m/${name}`;
const zip = readFileSync(new URL(name, real));
const sidecar = readFileSync(new URL(`${name}.CHECKSUM`, real), 'utf8');
const digest = sha256(zip);
const final = `data/raw/binance/BTCUSDT/1m/${name}`;
const entry = { key, size: zip.length, etag: 'e', lastModified: '2020-01-02T00:00:00.000Z' };
const good = { [`/${key}`]: zip, [`/${key}.CHECKSUM`]: sidecar };
const params = { symbol: 'BTCUSDT', interval: '1m', file: '2020-01-01' };

interface Setup extends Partial<FakeContextOptions<typeof params>> {
  readonly entry?: object;
  /** What is in place under the final name. */
  readonly inPlace?: Buffer;
  readonly limits?: Record<string, number>;
}

async function run(handler: Handler, setup: Setup = {}) {
  const server = await serve(handler);
  const { inPlace, entry: given, limits, ...rest } = setup;
  const workspace = rest.workspace ?? scratch();
  if (inPlace !== undefined) {
    mkdirSync(join(workspace, dirname(final)), { recursive: true });
    writeFileSync(join(workspace, final), inPlace);
  }
  const ctx = fakeContext({
    params,
    values: { entry: { ...entry, ...given } },
    settings: {
      archive_url: server.url,
      partial: 'data/cache/partial',
      quarantine: 'data/quarantine/binance',
      ...(limits === undefined ? {} : { limits }),
    },
    out: { zip: final },
    ...rest,
    workspace,
  });
  const result = await archive.run(ctx);
  const failed = result !== undefined && 'failed' in result ? result.failed : undefined;
  return { server, ctx, workspace, result, failed, path: ctx.outputs['zip'] ?? '' };
}

/** Where the task says that refused bytes are. */
const kept = (bytes: Buffer): string =>
  `data/quarantine/binance/BTCUSDT/1m/BTCUSDT-1m-2020-01-01.${sha256(bytes).slice(0, 8)}.zip`;

/** Where the file came from, as the task tells. */
const origin = ({ url }: TestServer, more: object = {}) => ({
  origins: {
    zip: [
      {
        url: `${url}/${key}`,
        revision: entry.etag,
        modified: entry.lastModified,
        checksum: digest,
        bytes: zip.length,
        ...more,
      },
    ],
  },
});

const askedFor = ({ asked, url }: TestServer) => ({ asked, zipUrl: `${url}/${key}` });

describe('a file of the archive', () => {
  it('is taken when length, SHA-256 and content are right', async () => {
    const { server, result, path, ctx } = await run(files(good));
    expect(result).toEqual(origin(server, { fetchedAt: expect.stringMatching(/^\d{4}-.*Z$/) }));
    expect(readFileSync(path).equals(zip)).toBe(true);
    expect(server.asked).toEqual([`/${key}.CHECKSUM`, `/${key}`]);
    expect(ctx.progressed.at(-1)).toEqual({ done: zip.length, total: zip.length, unit: 'bytes' });
  });

  it('is adopted, and not fetched, when it is in place already', async () => {
    const { server, result, path, ctx, workspace } = await run(files(good), { inPlace: zip });
    // When it came, nobody knows.
    expect(result).toEqual(origin(server));
    expect(server.asked).toEqual([`/${key}.CHECKSUM`]);
    expect(readFileSync(path).equals(zip)).toBe(true);
    expect(ctx.lines).toEqual([`adopted the file in place: its SHA-256 ${digest} is the published one`]);
    expect(readdirSync(join(workspace, dirname(final)))).toEqual([name]);
  });

  it('is not adopted when the listing has another length: the sidecar may be older than the file', async () => {
    const { server, failed } = await run(files(good), { inPlace: zip, entry: { size: zip.length + 1 } });
    const { asked, zipUrl } = askedFor(server);
    expect(asked).toHaveLength(2);
    expect(failed).toEqual({
      code: 'archive-size',
      message: `${final}: ${zipUrl} gave ${zip.length} bytes: expected ${zip.length + 1}, the listed size`,
      hint: 'cut short on the way, or replaced since it was listed: build again, with --refresh if it stays',
      transient: true,
    });
  });

  it('that replaces another leaves the old one among the revisions', async () => {
    const old = Buffer.from('what was published before');
    const { failed, ctx, workspace, path } = await run(files(good), { inPlace: old });
    expect(failed).toBeUndefined();
    const revision = `BTCUSDT-1m-2020-01-01.${sha256(old).slice(0, 8)}.zip`;
    expect(readdirSync(join(workspace, dirname(final), 'revisions'))).toEqual([revision]);
    expect(readFileSync(join(workspace, dirname(final), 'revisions', revision)).equals(old)).toBe(true);
    expect(readFileSync(join(workspace, final)).equals(old)).toBe(true);
    expect(readFileSync(path).equals(zip)).toBe(true);
    expect(ctx.lines).toEqual([`kept what was in place as ${revision}`]);
  });

  it('that fails leaves what is in place alone, and no revision', async () => {
    const old = Buffer.from('what was published before');
    const { failed, workspace } = await run(files({ ...good, [`/${key}`]: Buffer.alloc(zip.length) }), {
      inPlace: old,
    });
    expect(failed?.code).toBe('archive-checksum');
    expect(readdirSync(join(workspace, dirname(final)))).toEqual([name]);
    expect(readFileSync(join(workspace, final)).equals(old)).toBe(true);
  });

  it('is fetched again over what an earlier attempt left, without writing through to the file in place', async () => {
    const workspace = scratch();
    const first = await run(files(good), { workspace, inPlace: zip });
    const changed = zipOf(name.replace('.zip', '.csv'), 'other rows');
    const second = await run(
      files({ [`/${key}`]: changed, [`/${key}.CHECKSUM`]: `${sha256(changed)}  ${name}` }),
      { workspace, entry: { size: changed.length } },
    );
    expect(second.failed).toBeUndefined();
    expect(second.path).toBe(first.path);
    expect(readFileSync(second.path).equals(changed)).toBe(true);
    expect(readFileSync(join(workspace, final)).equals(zip)).toBe(true);
  });

  it('with another SHA-256 than its sidecar says is refused with the damaged byte, and another try may help', async () => {
    const damaged = Buffer.from(zip);
    damaged[1_000] = (damaged[1_000] ?? 0) ^ 1;
    const { server, failed } = await run(files({ ...good, [`/${key}`]: damaged }));
    expect(failed).toEqual({
      code: 'archive-checksum',
      message: expect.stringMatching(
        new RegExp(
          `^${final}: ${askedFor(server).zipUrl} has the SHA-256 ${sha256(damaged)}: expected ${digest}, as its CHECKSUM says; member "${name.replace('.zip', '.csv')}": byte \\d+: .+; kept as \\S+$`,
        ),
      ),
      hint: 'damaged on the way, or ZIP and CHECKSUM do not belong together at the publisher: build again later',
      transient: true,
    });
  });

  it('whose sidecar states a wrong digest is refused, though the file is right', async () => {
    const wrong = '0'.repeat(64);
    const { server, failed } = await run(files({ ...good, [`/${key}.CHECKSUM`]: `${wrong}  ${name}\n` }));
    expect(failed?.message).toBe(
      `${final}: ${askedFor(server).zipUrl} has the SHA-256 ${digest}: expected ${wrong}, as its CHECKSUM says; the ZIP itself is whole; kept as ${kept(zip)}`,
    );
  });

  it('that was published broken, with a sidecar that matches, is refused', async () => {
    const broken = zip.subarray(0, zip.length - 100);
    const bodies = { [`/${key}`]: broken, [`/${key}.CHECKSUM`]: `${sha256(broken)}  ${name}\n` };
    const { server, failed } = await run(files(bodies), { entry: { size: broken.length } });
    expect(failed).toMatchObject({
      code: 'archive-corrupt',
      hint: 'the publisher must replace the file: once the listing shows another one, it is fetched',
    });
    expect(failed?.message).toMatch(
      new RegExp(
        `^${final}: .*; ${askedFor(server).zipUrl} is served like this, its CHECKSUM matches; kept as ${kept(broken)}$`,
      ),
    );
    expect(failed?.transient).toBeUndefined();
  });

  it('without a sidecar is not fetched', async () => {
    const { server, failed } = await run(files({ [`/${key}`]: zip }));
    const { asked, zipUrl } = askedFor(server);
    expect(failed).toEqual({
      code: 'checksum-missing',
      message: `${name} has no checksum: GET ${zipUrl}.CHECKSUM answered 404`,
      hint: 'an unverified file is never used; the publisher adds the sidecar as a rule soon: build again later',
    });
    expect(asked).toEqual([`/${key}.CHECKSUM`]);
  });

  it('with a sidecar that is none is not fetched', async () => {
    const { server, failed } = await run(files({ ...good, [`/${key}.CHECKSUM`]: 'soon' }));
    const { asked, zipUrl } = askedFor(server);
    expect(failed).toEqual({
      code: 'checksum-malformed',
      message: `${zipUrl}.CHECKSUM holds "soon": expected 64 hex digits, two spaces and ${name}`,
      hint: 'the publisher or a proxy serves something else under this address: build again later',
      transient: true,
    });
    expect(asked).toHaveLength(1);
  });

  it('that is listed and not served is told apart from network trouble', async () => {
    const { server, failed } = await run(files({ [`/${key}.CHECKSUM`]: sidecar }));
    expect(failed).toEqual({
      code: 'archive-gone',
      message: `${final} is listed but not served: GET ${askedFor(server).zipUrl} answered 404`,
      hint: 'the publisher may be replacing it: build again later, with --refresh if the listing is old',
      transient: true,
    });
  });

  it.each([
    [500, 'http-server-error', true],
    [451, 'http-location-refused', undefined],
  ])('fails with what HTTP says of a %i', async (status, code, transient) => {
    const { failed } = await run((request, response) => {
      if (request.url?.endsWith('.CHECKSUM')) response.end(sidecar);
      else response.writeHead(status).end();
    });
    expect([failed?.code, failed?.transient]).toEqual([code, transient]);
  });

  it('larger than the limit is not fetched', async () => {
    const { server, failed } = await run(files(good), { limits: { max_zip_bytes: 1_000 } });
    expect(failed).toEqual({
      code: 'http-too-large',
      message: `GET ${askedFor(server).zipUrl} answered with ${zip.length} bytes: at most 1000 are accepted (limits.max_zip_bytes)`,
      hint: 'if it is right, raise limits.max_zip_bytes',
    });
  });

  it('whose CSV is larger than the limit is refused', async () => {
    const { failed } = await run(files(good), { limits: { max_csv_bytes: 1_000 } });
    expect(failed?.code).toBe('archive-too-large');
  });

  it('that is aborted in the middle leaves what has come, to be gone on with, and nothing else', async () => {
    const controller = new AbortController();
    const reason = new Error('stop');
    const workspace = scratch();
    const stalling: Handler = (request, response) => {
      if (request.url?.endsWith('.CHECKSUM')) return void response.end(sidecar);
      response.writeHead(200, { 'content-length': zip.length, etag: '"v1"' });
      response.write(zip.subarray(0, 1_000));
    };
    const progress = (): void => controller.abort(reason);
    await expect(run(stalling, { workspace, signal: controller.signal, progress })).rejects.toBe(reason);
    expect(readdirSync(join(workspace, 'data'), { recursive: true }).sort()).toEqual([
      'cache',
      'cache/partial',
      `cache/partial/${encodeURIComponent(key)}.json`,
      `cache/partial/${encodeURIComponent(key)}.partial`,
    ]);
    expect(readFileSync(join(workspace, 'data/cache/partial', `${encodeURIComponent(key)}.partial`))).toEqual(
      zip.subarray(0, 1_000),
    );
    expect(readdirSync(join(workspace, '.tmp', 'zip', dirname(final)))).toEqual([]);
  });

  it.each([null, {}, { ...entry, key: 'data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2020-01-02.zip' }])(
    'with the entry %j is refused before anything is asked',
    async (given) => {
      const { server, failed } = await run(files(good), { values: { entry: given } });
      expect(failed).toEqual({
        code: 'entry-invalid',
        message: `task/under/test: the entry is ${JSON.stringify(given)}: expected key, size, etag and lastModified of ${name}`,
        hint: 'build sources again',
      });
      expect(server.asked).toEqual([]);
    },
  );
});
