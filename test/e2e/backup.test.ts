/** Backups of the market's workspace: what a build does after a restore, and what a kill, a full disk or a build at work leaves. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import type { Ran } from '../cli/cli.ts';
import { cli } from '../cli/cli.ts';
import { Rig } from '../rig.ts';
import { NO_SMALL_DISK, smallDisk } from '../small-disk.ts';
import { PROJECT } from './cli.ts';
import { FROM, fewDays, fileKey, SYMBOLS, TO } from './history.ts';
import { differences, marketRig, published, tree } from './market.ts';

let exchange: Emulator;

beforeEach(async () => {
  // A hole that REST fills, so that there are answers of its to keep.
  const hole = { first: '2024-01-30T06:00:00Z', last: '2024-01-30T07:59:00Z' };
  exchange = await startEmulator({ history: fewDays({ archiveGaps: [hole] }) });
});

afterEach(() => exchange.close());

async function built(): Promise<Rig> {
  const rig = marketRig({ exchange, symbols: SYMBOLS, from: FROM, to: TO, features: true });
  expect((await rig.build()).failures).toEqual({});
  return rig;
}

/** One of its files is another one in the archive now, and the old one is kept beside it. */
async function republished(rig: Rig): Promise<void> {
  exchange.republish(fileKey('BTCUSDT', '2024-02-02'), (rows) =>
    rows.map((row, at) => (at === 600 ? row.with(2, '99999.00000000') : row)),
  );
  expect((await rig.build([], { refresh: true })).failures).toEqual({});
}

const backup = (rig: Rig, folder: string): Promise<Ran> => cli(['-C', rig.dir, 'backup', folder]);

/** What is neither made again nor of earlier runs. */
function lasting(rig: Rig): ReadonlyMap<string, Buffer | string> {
  const latest = [...published(rig.dir)];
  const others = [...tree(rig.dir)].filter(([path]) => !/^(?:\.pipeline|data\/cache|reports)\//.test(path));
  return new Map([...others, ...latest]);
}

async function restored(place: Rig, ...paths: readonly string[]): Promise<Rig> {
  const into = new Rig();
  expect(await cli(['-C', into.dir, 'restore', place.path('b'), ...paths])).toMatchObject({
    code: 0,
    err: '',
  });
  return into;
}

describe('after a restore into an empty folder', () => {
  it('all that lasts is there byte for byte, and a build has nothing to do, network or not', async () => {
    const rig = await built();
    await republished(rig);
    const place = new Rig();
    expect(await backup(rig, place.path('b'))).toMatchObject({ code: 0, err: '' });
    const into = await restored(place);
    expect(differences(lasting(into), lasting(rig))).toEqual([]);
    const paths = [...lasting(into).keys()];
    expect(paths.filter((path) => path.includes('/revisions/'))).toHaveLength(1);
    expect(paths.filter((path) => path.startsWith('data/raw/binance-rest/'))).toHaveLength(2);

    exchange.clearRequests();
    for (const how of [['--offline'], ['--locked'], []]) {
      const { code, err } = await cli(['-C', into.dir, 'build', ...how]);
      expect([code, err]).toEqual([
        0,
        expect.stringMatching(/^nothing to do: \d+ targets fresh(?:; .*)?\n$/),
      ]);
    }
    expect(exchange.requests).toEqual([]);
    expect((await cli(['-C', into.dir, 'verify'])).code).toBe(0);
    expect((await cli(['-C', into.dir, 'log'])).out).toContain('1 rows changed');
  });

  it('without its records, a locked build makes the same of the restored sources, and asks nobody', async () => {
    const rig = await built();
    const place = new Rig();
    await backup(rig, place.path('b'));
    await exchange.close();
    for (const paths of [[], ['pipeline.yaml', 'configs', 'pipeline.lock', 'data/raw']]) {
      const into = await restored(place, ...paths);
      into.remove('.pipeline');
      expect((await cli(['-C', into.dir, 'build', '--locked', '--offline'])).code).toBe(0);
      expect(differences(lasting(into), lasting(rig))).toEqual([]);
      expect((await cli(['-C', into.dir, 'verify'])).code).toBe(0);
    }
  });
});

describe('a backup', () => {
  it('that is killed leaves what the next one goes on with', { timeout: 60_000 }, async () => {
    const rig = await built();
    const place = new Rig();
    const objects = place.path('b/objects');
    const copied = (): number => (existsSync(objects) ? readdirSync(objects, { recursive: true }).length : 0);
    for (const many of [1, 15, 40]) {
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', 'src/main.ts', '-C', rig.dir, 'backup', place.path('b')],
        { cwd: PROJECT, stdio: 'ignore' },
      );
      const ended = new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)));
      while (copied() < many && child.exitCode === null) await sleep(1);
      child.kill('SIGKILL');
      await ended;
    }
    expect(await backup(rig, place.path('b'))).toMatchObject({ code: 0, err: '' });
    expect((await cli(['backup', place.path('b'), '--verify'])).code).toBe(0);
    expect(place.files('b/tmp')).toEqual([]);
    expect(differences(lasting(await restored(place)), lasting(rig))).toEqual([]);
  });

  it('says how much room it lacks, keeps what it has copied, and goes on once there is room', async ({
    skip,
  }) => {
    const disk = smallDisk(400);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    const rig = await built();
    const folder = join(disk.path, 'b');
    const full = await backup(rig, folder);
    expect([full.code, full.out]).toEqual([1, '']);
    expect(full.err).toMatch(
      /^error: no room left for .*\/b: \d+ files were copied, .* [kM]B are still to come, and no backup was made\n {2}= free that much there, or let old backups go with --keep, and run it again: what was copied stays\n$/,
    );
    const place = { path: () => folder } as unknown as Rig;
    expect((await cli(['-C', rig.dir, 'restore', folder, '--list'])).out).toBe('no backup yet\n');
    const before = readdirSync(join(folder, 'objects')).length;
    expect(before).toBeGreaterThan(0);
    disk.resize(20_000);
    expect(await backup(rig, folder)).toMatchObject({ code: 0, err: '' });
    expect(differences(lasting(await restored(place)), lasting(rig))).toEqual([]);
  });

  it('beside a build at work has nothing in it but whole files, old ones or new ones', async () => {
    const rig = await built();
    // What was brought in is kept although it lies in the cache.
    const whole = () => new Map([...tree(rig.dir), ...lasting(rig)]);
    const before = whole();
    exchange.republish(fileKey('BTCUSDT', '2024-01'), (rows) => rows.map((row) => row.with(8, '7')));
    const place = new Rig();
    let running = true;
    const build = rig.build([], { refresh: true }).finally(() => {
      running = false;
    });
    for (let count = 0; running; count++) {
      const { code, err } = await backup(rig, place.path(`b${count}`));
      expect({ code, err }).toEqual({ code: 0, err: '' });
    }
    expect((await build).failures).toEqual({});
    const after = whole();
    for (const name of readdirSync(place.dir)) {
      const into = new Rig();
      expect((await cli(['-C', into.dir, 'restore', place.path(name)])).code).toBe(0);
      const torn = [...tree(into.dir)].flatMap(([path, content]) => {
        if (path.startsWith('.pipeline/') || path === 'reports/latest') return [];
        const isWhole = [before, after].some(
          (each) => each.get(path)?.toString('latin1') === content.toString('latin1'),
        );
        return isWhole || path.startsWith('reports/') ? [] : [path];
      });
      expect(torn).toEqual([]);
    }
  });
});
