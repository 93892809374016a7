import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flipped, memberOf, truncated, withBadCrc, zipOf } from '../../../../tasks/binance/emulator/zip.ts';
import { REALDATA } from '../../../realdata.ts';
import { unzip } from './client.ts';

const REAL_ZIP = readFileSync(new URL('spot/daily/BTCUSDT-1m-2020-01-01.zip', REALDATA));
const TEXT = 'some text that deflates, some text that deflates\n'.repeat(50);

describe('a written ZIP', () => {
  it('gives yauzl the same name and text, with the CRC-32 that zlib computes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/), fc.string(), async (stem, text) => {
        const member = await unzip(zipOf(`${stem}.csv`, text));
        expect(member).toEqual({
          name: `${stem}.csv`,
          crc32: crc32(Buffer.from(text)),
          text: Buffer.from(text),
        });
      }),
    );
  });

  it('is the same bytes for the same name, text and time, and other bytes for another time', () => {
    const time = Date.UTC(2025, 1, 2, 0, 13, 42);
    expect(zipOf('a.csv', TEXT, time)).toEqual(zipOf('a.csv', TEXT, time));
    expect(zipOf('a.csv', TEXT, time + 2_000)).not.toEqual(zipOf('a.csv', TEXT, time));
    expect(memberOf(zipOf('a.csv', TEXT, time)).modified).toBe(time);
  });

  it("has the publisher's headers: byte for byte the real ones but for time, CRC and sizes", () => {
    const real = memberOf(REAL_ZIP);
    const ours = zipOf(real.name, real.text, real.modified);
    const local = (zip: Buffer): Buffer => Buffer.concat([zip.subarray(0, 18), zip.subarray(22, 55)]);
    const directory = (zip: Buffer): Buffer => {
      const central = Buffer.from(zip.subarray(-22 - 71));
      central.writeUInt32LE(0, 20); // the deflated size: levels differ
      central.writeUInt32LE(0, 71 + 16); // and with it the place of the directory
      return central;
    };
    expect(local(ours)).toEqual(local(REAL_ZIP));
    expect(directory(ours)).toEqual(directory(REAL_ZIP));
  });
});

describe('reading a ZIP back', () => {
  it("takes the publisher's own, with and without extra fields", () => {
    expect(memberOf(REAL_ZIP)).toMatchObject({
      name: 'BTCUSDT-1m-2020-01-01.csv',
      modified: Date.UTC(2023, 6, 17, 7, 48, 26),
    });
    const futures = memberOf(readFileSync(new URL('um/daily/BTCUSDT-1m-2022-09-05.zip', REALDATA)));
    expect(futures.text.toString().startsWith('open_time,open,')).toBe(true);
  });

  it('refuses what is no whole ZIP', () => {
    expect(() => memberOf(Buffer.from('nothing'))).toThrow(
      'a ZIP of 7 bytes with one member and no comment was expected',
    );
  });
});

describe('a damaged ZIP', () => {
  const intact = zipOf('a.csv', TEXT.repeat(200));

  it('flipped: keeps its size and differs in its member', async () => {
    expect(flipped(intact).length).toBe(intact.length);
    const read = unzip(flipped(intact)).then(({ text, crc32: stated }) => crc32(text) === stated);
    await expect(read.catch(() => false)).resolves.toBe(false);
  });

  it('truncated: has no directory', async () => {
    await expect(unzip(truncated(intact))).rejects.toThrow(/end of central directory/i);
  });

  it('bad-crc: opens and inflates, and only the CRC-32 tells', async () => {
    const { text, crc32: stated } = await unzip(withBadCrc(intact));
    expect(text.toString()).toBe(TEXT.repeat(200));
    expect(stated).not.toBe(crc32(text));
  });

  it('leaves the intact bytes alone', () => {
    const before = Buffer.from(intact);
    flipped(intact);
    truncated(intact);
    withBadCrc(intact);
    expect(intact).toEqual(before);
  });
});
