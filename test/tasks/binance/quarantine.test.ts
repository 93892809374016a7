import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import { quarantine } from '../../../tasks/binance/quarantine.ts';
import { NO_SMALL_DISK, smallDisk } from '../../small-disk.ts';
import { scratch } from '../context.ts';
import { files, serve } from '../server.ts';
import {
  damaged,
  dataFiles,
  ENTRY,
  FINAL,
  fetchFrom,
  GOOD,
  KEY,
  keptPath,
  NAME,
  ZIP,
} from './archive-rig.ts';

const bad = damaged();
const kept = keptPath(bad);

/** Serves a file that its CHECKSUM does not fit. */
const wrong = () => serve(files({ ...GOOD, [`/${KEY}`]: bad }));

describe('a file with a wrong SHA-256', () => {
  it('is kept after the last try, with a JSON that says why', async () => {
    const { url } = await wrong();
    const { failed, workspace } = await fetchFrom(url, { attempt: 4, attempts: 4 });
    expect(dataFiles(workspace)).toEqual([`${kept}.json`, `${kept}.zip`]);
    expect(readFileSync(join(workspace, `${kept}.zip`)).equals(bad)).toBe(true);
    const member = /; (member .*); kept as /.exec(failed?.message ?? '')?.[1];
    expect(member).toMatch(/^member "BTCUSDT-1m-2020-01\.csv": byte \d+: /);
    const message = `${FINAL}: ${url}/${KEY} has the SHA-256 ${sha256(bad)}: expected ${sha256(ZIP)}, as its CHECKSUM says; ${member}`;
    expect(failed).toEqual({
      code: 'archive-checksum',
      message: `${message}; kept as ${kept}.zip`,
      hint: 'damaged on the way, or ZIP and CHECKSUM do not belong together at the publisher: build again later',
      transient: true,
    });
    const json = readFileSync(join(workspace, `${kept}.json`), 'utf8');
    expect(JSON.parse(json)).toEqual({
      version: 1,
      target: 'archive/BTCUSDT/2020-01',
      file: FINAL,
      code: 'archive-checksum',
      message,
      url: `${url}/${KEY}`,
      listed: ENTRY,
      expected_sha256: sha256(ZIP),
      actual_sha256: sha256(bad),
      size: bad.length,
      member,
    });
    expect(json.endsWith('}\n')).toBe(true);
  });

  it('is not kept before the last try, and nothing of it is left to be gone on with', async () => {
    const { url } = await wrong();
    const { failed, workspace } = await fetchFrom(url, { attempt: 3, attempts: 4 });
    expect(failed?.message).toMatch(/byte \d+: [^;]+$/);
    expect(dataFiles(workspace)).toEqual([]);
  });

  it('whose member is whole is kept with nothing to say of the member', async () => {
    const { url } = await serve(files({ ...GOOD, [`/${KEY}.CHECKSUM`]: `${'0'.repeat(64)}  ${NAME}\n` }));
    const { workspace } = await fetchFrom(url);
    const json = JSON.parse(readFileSync(join(workspace, `${keptPath(ZIP)}.json`), 'utf8'));
    expect(json).toMatchObject({ member: null, expected_sha256: '0'.repeat(64), actual_sha256: sha256(ZIP) });
  });

  it('is written once, however often it comes', async () => {
    const { url } = await wrong();
    const { workspace } = await fetchFrom(url);
    const stamps = (): readonly number[] =>
      ['.zip', '.json'].map((suffix) => statSync(join(workspace, kept + suffix)).ino);
    const before = stamps();
    const again = await fetchFrom(url, { workspace });
    expect(again.failed?.message).toMatch(/; kept as \S+\.zip$/);
    expect(stamps()).toEqual(before);
    expect(dataFiles(workspace)).toEqual([`${kept}.json`, `${kept}.zip`]);
  });

  it('is written again where what was kept has been changed, or lost its reason', async () => {
    const { url } = await wrong();
    const { workspace } = await fetchFrom(url);
    const reason = readFileSync(join(workspace, `${kept}.json`), 'utf8');
    writeFileSync(join(workspace, `${kept}.zip`), 'something else');
    rmSync(join(workspace, `${kept}.json`));
    await fetchFrom(url, { workspace });
    expect(readFileSync(join(workspace, `${kept}.zip`)).equals(bad)).toBe(true);
    expect(readFileSync(join(workspace, `${kept}.json`), 'utf8')).toBe(reason);
  });

  it('that cannot be kept fails with what is wrong with it all the same', async () => {
    const { url } = await wrong();
    const workspace = scratch();
    mkdirSync(join(workspace, 'data'));
    writeFileSync(join(workspace, 'data/quarantine'), 'a file');
    const { failed } = await fetchFrom(url, { workspace });
    expect(failed?.code).toBe('archive-checksum');
    expect(failed?.message).toMatch(
      new RegExp(`as its CHECKSUM says; .*; it could not be kept as ${kept}\\.zip \\((ENOTDIR|EEXIST)\\)$`),
    );
    expect(dataFiles(workspace)).toEqual(['data/quarantine']);
  });
});

describe('a file that was published broken', () => {
  const sums = { [`/${KEY}`]: bad, [`/${KEY}.CHECKSUM`]: `${sha256(bad)}  ${NAME}\n` };

  it('is kept at once: another try would bring the same', async () => {
    const { url } = await serve(files(sums));
    const { failed, workspace } = await fetchFrom(url, { attempt: 1, attempts: 4 });
    expect(dataFiles(workspace)).toEqual([`${kept}.json`, `${kept}.zip`]);
    const member = /: (member .*); http/.exec(failed?.message ?? '')?.[1];
    const message = `${FINAL}: ${member}; ${url}/${KEY} is served like this, its CHECKSUM matches`;
    expect(failed).toEqual({
      code: 'archive-corrupt',
      message: `${message}; kept as ${kept}.zip`,
      hint: 'the publisher must replace the file: once the listing shows another one, it is fetched',
    });
    expect(JSON.parse(readFileSync(join(workspace, `${kept}.json`), 'utf8'))).toMatchObject({
      code: 'archive-corrupt',
      message,
      expected_sha256: sha256(bad),
      actual_sha256: sha256(bad),
      member,
    });
  });

  it('stays in place where it was in place already', async () => {
    const { url } = await serve(files(sums));
    const workspace = scratch();
    mkdirSync(join(workspace, FINAL, '..'), { recursive: true });
    writeFileSync(join(workspace, FINAL), bad);
    const { failed } = await fetchFrom(url, { workspace });
    expect(failed?.code).toBe('archive-corrupt');
    expect(dataFiles(workspace)).toEqual([`${kept}.json`, `${kept}.zip`, FINAL]);
  });
});

describe('quarantine', () => {
  const reason = {
    target: 'archive/BTCUSDT/2020-01',
    file: FINAL,
    code: 'archive-checksum',
    message: 'wrong',
    url: 'https://x/y.zip',
    listed: ENTRY,
    expected_sha256: sha256(ZIP),
    actual_sha256: sha256(bad),
    size: bad.length,
    member: null,
  };

  it('takes a file from another volume', async ({ skip }) => {
    const disk = smallDisk(256);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    const [workspace, path] = [scratch(), join(disk.path, 'a.refused')];
    writeFileSync(path, bad);
    const where = { workspace, folder: 'data/quarantine/binance', symbol: 'BTCUSDT', interval: '1m' };
    expect(await quarantine(path, where, reason)).toBe(`kept as ${kept}.zip`);
    expect(existsSync(path)).toBe(false);
    expect(readFileSync(join(workspace, `${kept}.zip`)).equals(bad)).toBe(true);
  });

  it('leaves nothing half-written under its names when there is no room', async ({ skip }) => {
    const disk = smallDisk(32);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    const [workspace, path] = [scratch(), join(scratch(), 'a.refused')];
    writeFileSync(path, bad);
    const where = { workspace, folder: join(disk.path, 'q'), symbol: 'BTCUSDT', interval: '1m' };
    expect(await quarantine(path, where, reason)).toMatch(/^it could not be kept as \S+\.zip \(ENOSPC\)$/);
    const left = readdirSync(disk.path, { recursive: true, encoding: 'utf8' });
    expect(left.filter((name) => /\.(zip|json|partial)$/.test(name))).toEqual([]);
  });

  it('is told to be there where there is no room for its JSON alone, of which nothing is left', async ({
    skip,
  }) => {
    const page = 4_096;
    const disk = smallDisk((Math.ceil(bad.length / page) * page) / 1_024);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    const [workspace, path] = [scratch(), join(scratch(), 'a.refused')];
    writeFileSync(path, bad);
    const where = { workspace, folder: join(disk.path, 'q'), symbol: 'BTCUSDT', interval: '1m' };
    const there = `${join(disk.path, 'q')}${kept.slice('data/quarantine/binance'.length)}`;
    expect(await quarantine(path, where, reason)).toBe(`kept as ${there}.zip, without its JSON (ENOSPC)`);
    const left = readdirSync(disk.path, { recursive: true, encoding: 'utf8' });
    expect(left.filter((name) => /\.(zip|json|partial)$/.test(name))).toEqual([
      `${there}.zip`.slice(disk.path.length + 1),
    ]);
  });

  it.skipIf(process.getuid?.() === 0)(
    'says so when its folder is read-only: root may write anywhere',
    async () => {
      const [workspace, path] = [scratch(), join(scratch(), 'a.refused')];
      writeFileSync(path, bad);
      chmodSync(workspace, 0o555);
      const where = { workspace, folder: 'data/quarantine/binance', symbol: 'BTCUSDT', interval: '1m' };
      expect(await quarantine(path, where, reason)).toBe(`it could not be kept as ${kept}.zip (EACCES)`);
      chmodSync(workspace, 0o755);
    },
  );
});
