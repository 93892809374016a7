/** The archive task in a locked build: which copy will do, and what is said when none does. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import { scratch } from '../context.ts';
import { files, serve } from '../server.ts';
import { damaged, FINAL, fetchFrom, GOOD, KEY, NAME, ZIP } from './archive-rig.ts';

const EXPECTED = { zip: sha256(ZIP) };
/** Republished: the same length, other bytes, and a CHECKSUM that is right. */
const OTHER = damaged();
const REPUBLISHED = { [`/${KEY}`]: OTHER, [`/${KEY}.CHECKSUM`]: `${sha256(OTHER)}  ${NAME}\n` };
const REVISION = join(dirname(FINAL), 'revisions', `BTCUSDT-1m-2020-01.${EXPECTED.zip.slice(0, 8)}.zip`);
let workspace: string;

beforeEach(() => {
  workspace = scratch();
});

function put(relative: string, bytes: Uint8Array): void {
  mkdirSync(dirname(join(workspace, relative)), { recursive: true });
  writeFileSync(join(workspace, relative), bytes);
}

describe('an archive that a lockfile names', () => {
  it('is fetched where it is served as it was', async () => {
    const { url } = await serve(files(GOOD));
    const { failed, path } = await fetchFrom(url, { workspace, expected: EXPECTED });
    expect(failed).toBeUndefined();
    expect(readFileSync(path).equals(ZIP)).toBe(true);
  });

  it('is not fetched where its CHECKSUM is another, and what is in place stays', async () => {
    const { url, asked } = await serve(files(REPUBLISHED));
    put(FINAL, OTHER);
    const { failed } = await fetchFrom(url, { workspace, expected: EXPECTED });
    expect(failed).toEqual({
      code: 'source-gone',
      message: `${FINAL}: pipeline.lock names the SHA-256 ${EXPECTED.zip}, and ${url}/${KEY}.CHECKSUM says ${sha256(OTHER)}: the publisher has replaced the file`,
      hint: 'put the locked file in place from a copy, or build without --locked to take the new one',
    });
    expect(asked).toEqual([`/${KEY}.CHECKSUM`]);
    expect(readFileSync(join(workspace, FINAL)).equals(OTHER)).toBe(true);
  });

  it('is taken from a mirror that still has it', async () => {
    const mirrors = [await serve(files(REPUBLISHED)), await serve(files(GOOD))];
    const urls = mirrors.map(({ url }) => url);
    const { failed, path } = await fetchFrom(urls, { workspace, expected: EXPECTED });
    expect(failed).toBeUndefined();
    expect(readFileSync(path).equals(ZIP)).toBe(true);
  });

  it('is taken from the revisions, nobody being asked, and what was in place is kept there', async () => {
    put(FINAL, OTHER);
    put(REVISION, ZIP);
    const { failed, path, ctx } = await fetchFrom('http://127.0.0.1:1', { workspace, expected: EXPECTED });
    expect(failed).toBeUndefined();
    expect(readFileSync(path).equals(ZIP)).toBe(true);
    const kept = `BTCUSDT-1m-2020-01.${sha256(OTHER).slice(0, 8)}.zip`;
    expect(readFileSync(join(workspace, dirname(FINAL), 'revisions', kept)).equals(OTHER)).toBe(true);
    expect(ctx.lines).toEqual([
      `adopted BTCUSDT-1m-2020-01.${EXPECTED.zip.slice(0, 8)}.zip: its SHA-256 is the locked one`,
      `kept what was in place as ${kept}`,
    ]);
  });

  it('is not taken from a file that only bears the name of the revision', async () => {
    put(REVISION, OTHER);
    const { url } = await serve(files(REPUBLISHED));
    const { failed, ctx } = await fetchFrom(url, { workspace, expected: EXPECTED });
    expect(failed?.code).toBe('source-gone');
    expect(ctx.warnings).toEqual([`${REVISION} has the SHA-256 ${sha256(OTHER)}: it was damaged`]);
  });

  it('is taken from the revisions offline as well, and else said to be wanting', async () => {
    put(REVISION, ZIP);
    const { failed, path } = await fetchFrom('http://127.0.0.1:1', {
      workspace,
      expected: EXPECTED,
      offline: true,
    });
    expect(failed).toBeUndefined();
    expect(readFileSync(path).equals(ZIP)).toBe(true);
    put(REVISION, OTHER);
    const none = await fetchFrom('http://127.0.0.1:1', { workspace, expected: EXPECTED, offline: true });
    expect(none.failed).toEqual({
      code: 'offline',
      message: `archive/BTCUSDT/2020-01: ${FINAL} must be asked for, which --offline forbids, and no kept file has the locked SHA-256 ${EXPECTED.zip}`,
      hint: 'build once without --offline',
    });
  });
});
