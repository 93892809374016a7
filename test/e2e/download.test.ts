import { randomInt } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createSocketServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Emulator, LoggedRequest } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import { drawsOf } from '../../tasks/binance/emulator/prng.ts';
import type { Rig } from '../rig.ts';
import { NO_SMALL_DISK, smallDisk } from '../small-disk.ts';
import { listening } from '../tasks/server.ts';
import { cli } from './cli.ts';
import { FROM, fewDays, fileKey, TO } from './history.ts';
import { differences, marketRig, published } from './market.ts';

/** Set `DOWNLOAD_SEED` to the number in a failed test's name to have the same instants again, as far as they can be. */
const SEED = process.env['DOWNLOAD_SEED'] ?? String(randomInt(1_000_000));

const SYMBOL = 'BTCUSDT';
const KEY = fileKey(SYMBOL, '2024-01');
const TARGET = `archive/${SYMBOL}/2024-01`;
const PARTIAL = 'data/cache/partial';

let exchange: Emulator;

beforeEach(async () => {
  exchange = await startEmulator({ history: fewDays() });
});

afterEach(() => exchange.close());

const workspace = (): Rig => marketRig({ exchange, symbols: [SYMBOL], from: FROM, to: TO });

async function sizeOf(key: string): Promise<number> {
  const answer = await fetch(`${exchange.archiveUrl}/${key}`);
  const { byteLength } = await answer.arrayBuffer();
  exchange.clearRequests();
  return byteLength;
}

const asked = (key = KEY): readonly LoggedRequest[] =>
  exchange.requests.filter(({ path }) => path === `/${key}`);

/** What came of a file, or 0. */
function come(rig: Rig, key = KEY): number {
  const path = rig.path(`${PARTIAL}/${encodeURIComponent(key)}.partial`);
  return existsSync(path) ? statSync(path).size : 0;
}

/** Names below `data/raw` but what the listing wrote. */
const rawFiles = (rig: Rig): readonly string[] =>
  rig.files('data/raw').filter((path) => !/(listing|sources)\.json$/.test(path));

/** A build in a process of its own that is killed once so many bytes of the file have come. Gives how many there were. */
async function killedAt(rig: Rig, bytes: number): Promise<number> {
  const least = Math.max(bytes, come(rig) + 1);
  let kill: ((signal: NodeJS.Signals) => void) | undefined;
  let ended = false;
  const run = cli(rig.dir, ['build'], {
    onEvent: (_, by) => {
      kill ??= by;
    },
  }).finally(() => {
    ended = true;
  });
  // A busy machine may have come further the last time: something must come now, or there is nobody to kill yet.
  while ((kill === undefined || come(rig) < least) && !ended) await sleep(2);
  const there = come(rig);
  kill?.('SIGKILL');
  expect((await run).signal).toBe('SIGKILL');
  return there;
}

async function clean(): Promise<ReadonlyMap<string, Buffer | string>> {
  const rig = workspace();
  expect((await rig.build()).failures).toEqual({});
  return published(rig.dir);
}

describe('a build that is killed in the middle of a download', { timeout: 120_000 }, () => {
  it('is gone on with by the next one: no byte that had come is fetched again', async () => {
    const size = await sizeOf(KEY);
    const after = size >> 1;
    const stall = exchange.faults.add({ kind: 'stall', match: /-2024-01\.zip$/, after });
    const rig = workspace();
    await killedAt(rig, after);
    expect(rawFiles(rig).filter((path) => path.includes('2024-01'))).toEqual([]);

    stall.remove();
    const { failures } = await rig.build();
    expect(failures).toEqual({});
    expect(asked().map(({ range, status, bytes }) => ({ range, status, bytes }))).toEqual([
      { range: undefined, status: 200, bytes: after },
      { range: `bytes=${after}-`, status: 206, bytes: size - after },
    ]);
    expect(rig.files(PARTIAL)).toEqual([]);
    expect(differences(published(rig.dir), await clean())).toEqual([]);
  });

  it(`at any byte, and again, ends equal to a clean build (seed ${SEED})`, async () => {
    const draw = drawsOf(`download ${SEED}`);
    const size = await sizeOf(KEY);
    // Slow enough that what is left after the last kill takes seconds.
    const slowly = { kind: 'trickle', bytes: 1_024, everyMs: 10 } as const;
    const trickle = exchange.faults.add({ ...slowly, match: /-2024-01\.zip$/ });
    const rig = workspace();
    const begun = (): readonly number[] =>
      asked().map(({ range }) => Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0));
    const had: number[] = [0];
    for (let round = 0; round < 3; round++) {
      const fifth = Math.floor(size / 5);
      had.push(await killedAt(rig, round * fifth + 1 + draw(fifth)));
      expect(rawFiles(rig).filter((path) => path.includes('2024-01'))).toEqual([]);
    }
    trickle.remove();
    expect((await rig.build()).failures).toEqual({});
    expect(begun()).toHaveLength(4);
    for (const [round, from] of begun().entries()) expect(from).toBeGreaterThanOrEqual(had[round] ?? 0);
    // At most what was under way when the process ended.
    const sent = asked().reduce((sum, { bytes }) => sum + bytes, 0);
    expect(sent - size).toBeLessThanOrEqual(3 * 65_536);
    expect(rig.files(PARTIAL)).toEqual([]);
    expect(differences(published(rig.dir), await clean())).toEqual([]);
  });

  it('is fetched anew where the file was republished in between', async () => {
    const after = (await sizeOf(KEY)) >> 1;
    const stall = exchange.faults.add({ kind: 'stall', match: /-2024-01\.zip$/, after });
    const rig = workspace();
    await killedAt(rig, after);
    stall.remove();
    exchange.republish(KEY, (rows) => rows.map((row, at) => (at === 3 ? row.with(8, '7000') : row)));
    expect((await rig.build([], { refresh: true })).failures).toEqual({});
    expect(rig.files(PARTIAL)).toEqual([]);
    expect(differences(published(rig.dir), await clean())).toEqual([]);
  });
});

describe('a download that is cut again and again', () => {
  it('is gone on with by the retries of one build: each byte is sent once', async () => {
    const size = await sizeOf(KEY);
    const third = Math.floor(size / 3);
    exchange.faults.add({ kind: 'truncate', match: /-2024-01\.zip$/, after: third, times: 2 });
    const rig = workspace();
    expect((await rig.build()).failures).toEqual({});
    expect(asked().map(({ range, bytes }) => [range, bytes])).toEqual([
      [undefined, third],
      [`bytes=${third}-`, third],
      [`bytes=${2 * third}-`, size - 2 * third],
    ]);
    expect(differences(published(rig.dir), await clean())).toEqual([]);
  });

  it('has its parts for the next build when the retries are used up', async () => {
    const size = await sizeOf(KEY);
    const fault = exchange.faults.add({ kind: 'truncate', match: /-2024-01\.zip$/, after: 1_000 });
    const rig = workspace();
    const { failures } = await rig.build();
    expect(failures).toMatchObject({ [TARGET]: { code: 'http-cut' } });
    expect(come(rig)).toBe(4_000);
    expect(rawFiles(rig).filter((path) => path.includes('2024-01'))).toEqual([]);
    fault.remove();
    exchange.clearRequests();
    expect((await rig.build()).failures).toEqual({});
    expect(asked().map(({ range, bytes }) => [range, bytes])).toEqual([['bytes=4000-', size - 4_000]]);
    expect(rig.files(PARTIAL)).toEqual([]);
  });
});

describe('mirrors', () => {
  it('serve what the first address does not have, and the same dataset comes out', async () => {
    const other = await startEmulator({ history: fewDays() });
    onTestFinished(() => other.close());
    exchange.faults.add({ kind: 'status', status: 503, match: /\.zip$/ });
    const set = [`binance.archive_url=["${exchange.archiveUrl}", "${other.archiveUrl}"]`];
    const rig = workspace();
    const { failures, events } = await rig.build([], { set });
    expect(failures).toEqual({});
    expect(events.filter(({ type }) => type === 'target-retry')).toEqual([]);
    const lines = events.flatMap((event) =>
      event.type === 'target-log' && event.target === TARGET ? [event.line] : [],
    );
    expect(lines).toEqual([
      `mirror 1 of 2: GET ${exchange.archiveUrl}/${KEY} answered 503 Service Unavailable`,
    ]);
    exchange.faults.clear();
    expect(differences(published(rig.dir), await clean())).toEqual([]);
  });
});

describe('a disk that fills up in the middle of a download', () => {
  it('stops the downloads with what is needed; with more room the next build goes on', async ({ skip }) => {
    const disk = smallDisk(48);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    const size = await sizeOf(KEY);
    const rig = workspace();
    const set = [`paths.cache=${disk.path}`];
    const { failures } = await rig.build(TARGET, { set });
    const part = join(disk.path, 'partial', `${encodeURIComponent(KEY)}.partial`);
    const there = statSync(part).size;
    expect(failures).toEqual({
      [TARGET]: {
        code: 'disk-full',
        message: `${part} cannot be written: the disk is full (ENOSPC): ${size - there} more bytes are needed, 0 are free`,
        hint: 'free some space and build again: what has come so far is kept',
      },
    });
    expect(rawFiles(rig)).toEqual([]);

    disk.resize(1_024);
    expect((await rig.build(TARGET, { set })).failures).toEqual({});
    expect(asked().map(({ range }) => range)).toEqual([undefined, `bytes=${there}-`]);
    expect(readdirSync(join(disk.path, 'partial'))).toEqual([]);
  });

  it('that is read-only is named', async ({ skip }) => {
    const disk = smallDisk(48);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    disk.readOnly();
    const rig = workspace();
    const { failures } = await rig.build(TARGET, { set: [`paths.cache=${disk.path}`] });
    expect(failures).toEqual({
      [TARGET]: {
        code: 'cannot-write',
        message: `${join(disk.path, 'partial', encodeURIComponent(KEY))}.partial cannot be written: the file system is read-only (EROFS)`,
        hint: 'point `paths` of the config elsewhere',
      },
    });
    expect(rawFiles(rig)).toEqual([]);
  });
});

describe('an archive that cannot be reached', () => {
  async function failsWith(archiveUrl: string, failure: object): Promise<void> {
    const rig = workspace();
    const { failures } = await rig.build(TARGET, { set: [`binance.archive_url=${archiveUrl}`] });
    const { log: _, ...told } = failures[TARGET] ?? { log: [] };
    expect(told).toEqual(failure);
    expect(rawFiles(rig)).toEqual([]);
    expect(rig.files(PARTIAL)).toEqual([]);
  }

  const proxied = (proxy: string): void => {
    for (const name of ['http_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY'])
      vi.stubEnv(name, undefined);
    vi.stubEnv('https_proxy', proxy);
    onTestFinished(() => void vi.unstubAllEnvs());
  };

  it('because its name is unknown', async () => {
    await failsWith('https://archive.invalid', {
      code: 'http-dns',
      message: expect.stringMatching(
        /^GET https:\/\/archive\.invalid\/\S+\.zip\.CHECKSUM failed: the name archive\.invalid cannot be resolved \((ENOTFOUND|EAI_AGAIN)\)$/,
      ),
      hint: 'check the network, the name in the config, and whether a proxy is needed (HTTPS_PROXY)',
    });
  });

  it('because nobody vouches for its certificate', async () => {
    const pem = (name: string): string =>
      readFileSync(new URL(`../tasks/lib/fixtures/${name}`, import.meta.url), 'utf8');
    const keys = { key: pem('loopback-key.pem'), cert: pem('loopback-cert.pem') };
    const { url } = await listening(createTlsServer(keys), 'https');
    await failsWith(url, {
      code: 'http-tls',
      message: `GET ${url}/${KEY}.CHECKSUM failed: the certificate of ${new URL(url).host} comes from an unknown authority (DEPTH_ZERO_SELF_SIGNED_CERT)`,
      hint: 'if a proxy of your company opens TLS, name its certificate in network.ca_file (PEM)',
    });
  });

  it('because the proxy refuses the connection', async () => {
    const socket = createSocketServer();
    await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve));
    const address = socket.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    await new Promise((resolve) => socket.close(resolve));
    proxied(`http://127.0.0.1:${port}`);
    await failsWith('https://archive.invalid', {
      code: 'http-proxy',
      message: `GET https://archive.invalid/${KEY}.CHECKSUM failed: the proxy 127.0.0.1:${port} refused the connection (ECONNREFUSED)`,
      hint: 'check HTTPS_PROXY, and whether the proxy runs there; NO_PROXY names hosts that need none',
    });
  });

  it('because the proxy wants to know who asks', async () => {
    const { url } = await listening(
      createServer().on('connect', (_, socket) => {
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      }),
      'http',
    );
    proxied(url);
    await failsWith('https://archive.invalid', {
      code: 'http-proxy',
      message: `GET https://archive.invalid/${KEY}.CHECKSUM failed: the proxy ${new URL(url).host} answered 407`,
      hint: 'put user and password into HTTPS_PROXY: http://user:password@host:port',
    });
  });
});
