import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import { NO_SMALL_DISK, smallDisk } from '../../small-disk.ts';
import { scratch } from '../context.ts';
import type { Origin, OriginOptions } from '../origin.ts';
import { origin } from '../origin.ts';
import { serve } from '../server.ts';
import type { ArchiveRun } from './archive-rig.ts';
import {
  damaged,
  dataFiles,
  ENTRY,
  FINAL,
  fetchFrom,
  KEY,
  leavePart,
  NAME,
  PART,
  PARTIAL,
  SUM,
  ZIP,
} from './archive-rig.ts';

const zipAt = (options: Partial<OriginOptions> = {}): Promise<Origin> =>
  origin({ body: ZIP, beside: { [`/${KEY}.CHECKSUM`]: SUM }, ...options });

function taken({ failed, path, workspace }: ArchiveRun): void {
  expect(failed).toBeUndefined();
  expect(readFileSync(path).equals(ZIP)).toBe(true);
  expect(dataFiles(workspace).filter((file) => file !== FINAL)).toEqual([]);
}

const ranges = ({ requests }: Origin) => requests.map(({ range, bytes }) => [range, bytes]);

describe('a file of the archive that was cut', () => {
  it('stays where its parts are gathered, and the next try goes on', async () => {
    const server = await zipAt({ cuts: [30_000] });
    const workspace = scratch();
    const cut = await fetchFrom(server.url, { workspace });
    expect(cut.failed).toEqual({
      code: 'http-cut',
      message: `GET ${server.url}/${KEY} failed: the connection was cut (UND_ERR_SOCKET)`,
      hint: 'build again',
      transient: true,
    });
    expect(dataFiles(workspace)).toEqual([`${PART}.json`, `${PART}.partial`]);
    const run = await fetchFrom(server.url, { workspace });
    taken(run);
    expect(ranges(server)).toEqual([
      [undefined, 30_000],
      ['bytes=30000-', ZIP.length - 30_000],
    ]);
    expect(run.ctx.progressed.at(-1)).toEqual({ done: ZIP.length, total: ZIP.length, unit: 'bytes' });
    expect(run.ctx.progressed[0]?.done).toBeGreaterThan(30_000);
  });

  it('goes on after silence, too', async () => {
    const server = await zipAt({ cuts: [30_000], stall: true });
    const workspace = scratch();
    const { failed } = await fetchFrom(server.url, { workspace, network: { body_timeout: '200ms' } });
    expect(failed).toEqual({
      code: 'http-timeout',
      message: `GET ${server.url}/${KEY} failed: the answer stopped in the middle (UND_ERR_BODY_TIMEOUT)`,
      hint: 'build again; on a slow line raise network.body_timeout',
      transient: true,
    });
    taken(await fetchFrom(server.url, { workspace }));
    expect(ranges(server)[1]).toEqual(['bytes=30000-', ZIP.length - 30_000]);
  });

  it('is fetched from the start when it was republished in between', async () => {
    const server = await zipAt();
    const workspace = scratch();
    leavePart(workspace, damaged().subarray(0, 30_000), '"v0"');
    taken(await fetchFrom(server.url, { workspace }));
    expect(server.requests.map(({ status }) => status)).toEqual([412, 200]);
  });

  it('is fetched from the start when the listed size is another one now', async () => {
    const server = await zipAt();
    const workspace = scratch();
    leavePart(workspace, ZIP.subarray(0, 30_000));
    const { failed } = await fetchFrom(server.url, { workspace, entry: { size: ENTRY.size - 1 } });
    expect(failed?.code).toBe('archive-size');
    expect(ranges(server)).toEqual([[undefined, ZIP.length]]);
    expect(dataFiles(workspace)).toEqual([]);
  });

  it('whose beginning went bad on the disk is fetched whole in the same try', async () => {
    const server = await zipAt();
    const workspace = scratch();
    leavePart(workspace, damaged(100).subarray(0, 30_000));
    const run = await fetchFrom(server.url, { workspace });
    taken(run);
    expect(ranges(server)).toEqual([
      ['bytes=30000-', ZIP.length - 30_000],
      [undefined, ZIP.length],
    ]);
    expect(run.ctx.lines).toEqual([
      'gone on with at byte 30000, and the SHA-256 is not the published one: fetching all of it',
    ]);
  });

  it('of which all had come is only checked', async () => {
    const server = await zipAt();
    const workspace = scratch();
    leavePart(workspace, ZIP);
    taken(await fetchFrom(server.url, { workspace }));
    expect(server.requests).toEqual([]);
  });

  it('leaves no parts behind once another file in place turns out to be it', async () => {
    const server = await zipAt();
    const workspace = scratch();
    leavePart(workspace, ZIP.subarray(0, 30_000));
    mkdirSync(join(workspace, dirname(FINAL)), { recursive: true });
    writeFileSync(join(workspace, FINAL), ZIP);
    taken(await fetchFrom(server.url, { workspace }));
    expect(server.requests).toEqual([]);
  });
});

describe('a file in place, in a folder elsewhere', () => {
  const elsewhere = (bytes: Buffer): string => {
    const path = join(scratch(), NAME);
    writeFileSync(path, bytes);
    return path;
  };

  it('is adopted', async () => {
    const server = await zipAt();
    const { failed, path } = await fetchFrom(server.url, { out: { zip: elsewhere(ZIP) } });
    expect(failed).toBeUndefined();
    expect(readFileSync(path).equals(ZIP)).toBe(true);
    expect(server.requests).toEqual([]);
  });

  it('is kept among the revisions there when another takes its place', async () => {
    const server = await zipAt();
    const zip = elsewhere(damaged());
    const { failed } = await fetchFrom(server.url, { out: { zip } });
    expect(failed).toBeUndefined();
    const revision = `${NAME.replace('.zip', '')}.${sha256(damaged()).slice(0, 8)}.zip`;
    expect(readFileSync(join(dirname(zip), 'revisions', revision)).equals(damaged())).toBe(true);
  });
});

describe('a disk that has no room for a file of the archive', () => {
  it('fails with what is needed and what is free, and the next try goes on once there is room', async ({
    skip,
  }) => {
    const disk = smallDisk(32);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    const server = await zipAt();
    const workspace = scratch();
    const setup = { workspace, settings: { partial: disk.path } };
    const { failed } = await fetchFrom(server.url, setup);
    const part = join(disk.path, `${encodeURIComponent(KEY)}.partial`);
    const came = readFileSync(part).length;
    expect(came).toBeGreaterThan(0);
    expect(failed).toEqual({
      code: 'disk-full',
      message: `${part} cannot be written: the disk is full (ENOSPC): ${ZIP.length - came} more bytes are needed, 0 are free`,
      hint: 'free some space and build again: what has come so far is kept',
    });
    expect(dataFiles(workspace)).toEqual([]);

    disk.resize(512);
    taken(await fetchFrom(server.url, setup));
    expect(ranges(server)[1]).toEqual([`bytes=${came}-`, ZIP.length - came]);
  });

  it('is told of the volume of the outputs, too', async ({ skip }) => {
    const disk = smallDisk(32);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    const server = await zipAt();
    // The temporary output lies in the workspace, the parts elsewhere.
    const { failed, workspace } = await fetchFrom(server.url, {
      workspace: disk.path,
      settings: { partial: scratch() },
    });
    expect(failed).toEqual({
      code: 'disk-full',
      message: expect.stringMatching(
        new RegExp(
          `^${FINAL} cannot be written: the disk is full \\(ENOSPC\\): ${ZIP.length} more bytes are needed, \\d+ are free$`,
        ),
      ),
      hint: 'free some space and build again: what has come so far is kept',
    });
    expect(dataFiles(workspace)).toEqual([]);
  });

  it('is asked before any other mirror: none of them would help', async ({ skip }) => {
    const disk = smallDisk(32);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    const [one, two] = [await zipAt(), await zipAt()];
    const { failed } = await fetchFrom([one.url, two.url], { settings: { partial: disk.path } });
    expect(failed?.code).toBe('disk-full');
    expect(two.requests).toEqual([]);
  });
});

describe('a folder that cannot be written', () => {
  it('fails with its reason when the file system is read-only', async ({ skip }) => {
    const disk = smallDisk(32);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    disk.readOnly();
    const server = await zipAt();
    const { failed, workspace } = await fetchFrom(server.url, { settings: { partial: disk.path } });
    expect(failed).toEqual({
      code: 'cannot-write',
      message: `${join(disk.path, encodeURIComponent(KEY))}.partial cannot be written: the file system is read-only (EROFS)`,
      hint: 'point `paths` of the config elsewhere',
    });
    expect(dataFiles(workspace)).toEqual([]);
  });

  it('fails with its reason when a file has its name', async () => {
    const server = await zipAt();
    const workspace = scratch();
    mkdirSync(join(workspace, 'data'));
    writeFileSync(join(workspace, 'data/cache'), 'a file');
    const { failed } = await fetchFrom(server.url, { workspace });
    expect(failed).toEqual({
      code: 'cannot-write',
      message: `${PART}.partial cannot be written: a file stands where a folder is wanted (ENOTDIR)`,
      hint: 'move that file away',
    });
    expect(dataFiles(workspace)).toEqual(['data/cache']);
  });

  it.for<[string, Buffer, string]>([
    ['begun of other content', ZIP.subarray(0, 9), '"v0"'],
    ['that is whole and damaged', damaged(), '"v1"'],
  ])('is named where a part in it, %s, cannot be thrown away', async ([_, bytes, etag], { skip }) => {
    const disk = smallDisk(256);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    const name = join(disk.path, encodeURIComponent(KEY));
    writeFileSync(`${name}.partial`, bytes);
    writeFileSync(`${name}.json`, JSON.stringify({ version: 1, etag, size: ZIP.length }));
    disk.readOnly();
    const server = await zipAt();
    const { failed } = await fetchFrom(server.url, { settings: { partial: disk.path } });
    expect(failed).toEqual({
      code: 'cannot-write',
      message: `${name}.partial cannot be written: the file system is read-only (EROFS)`,
      hint: 'point `paths` of the config elsewhere',
    });
  });

  it('is the one that is named: that of the revisions, where a file has its name', async () => {
    const server = await zipAt();
    const workspace = scratch();
    mkdirSync(join(workspace, dirname(FINAL)), { recursive: true });
    writeFileSync(join(workspace, FINAL), 'old');
    const revisions = join(dirname(FINAL), 'revisions');
    writeFileSync(join(workspace, revisions), 'a file');
    const { failed } = await fetchFrom(server.url, { workspace });
    expect(failed).toEqual({
      code: 'cannot-write',
      message: `${revisions} cannot be written: a file stands where a folder is wanted (EEXIST)`,
      hint: 'move that file away',
    });
    expect(readFileSync(join(workspace, FINAL), 'utf8')).toBe('old');
  });

  it('is worth another try when somebody removed it in the middle', async () => {
    const workspace = scratch();
    const server = await serve(async (request, response) => {
      if (request.url?.endsWith('.CHECKSUM') === true) return void response.end(SUM);
      response.writeHead(200, { 'content-length': ZIP.length }).write(ZIP.subarray(0, 1_000));
      while (!existsSync(join(workspace, `${PART}.partial`))) await sleep(5);
      rmSync(join(workspace, PARTIAL), { recursive: true });
      response.end(ZIP.subarray(1_000));
    });
    const { failed } = await fetchFrom(server.url, { workspace });
    expect(failed).toEqual({
      code: 'cannot-write',
      message: `${PART}.partial cannot be written: it, or its folder, was removed meanwhile (ENOENT)`,
      hint: 'let no other program remove files there, and build again',
      transient: true,
    });
    expect(dataFiles(workspace)).toEqual([]);
  });
});
