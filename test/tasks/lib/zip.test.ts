import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MemberResult, ZipLimits } from '../../../tasks/lib/zip.ts';
import { readOnlyMember } from '../../../tasks/lib/zip.ts';
import { realFile } from '../../realdata.ts';
import type { MemberSpec } from '../bars/zip-writer.ts';
import { zipOf } from '../bars/zip-writer.ts';
import { scratch } from '../context.ts';

const REAL = realFile('spot/daily/BTCUSDT-1m-2020-01-01.zip');
const EXPECTED = { member: 'a.csv', display: 'a.zip' };
const LIMITS = { maxZipBytes: 1 << 20, maxMemberBytes: 1 << 20 };
const TEXT = '1,2,3\n'.repeat(200);
/** Where the data of a member called `a.csv` begin. */
const DATA = 30 + 'a.csv'.length;

async function read(zip: Uint8Array, limits: ZipLimits = LIMITS): Promise<MemberResult> {
  const path = join(scratch(), 'some.zip');
  writeFileSync(path, zip);
  return readOnlyMember(path, EXPECTED, limits);
}

async function failure(zip: Uint8Array, limits?: ZipLimits): Promise<string> {
  const result = await read(zip, limits);
  return result.ok ? 'accepted' : `${result.failure.code} ${result.failure.message}`;
}

const good: MemberSpec = { name: 'a.csv', data: TEXT };

describe('the only member of a ZIP', () => {
  it('comes out whole, deflated or stored, and empty if it is', async () => {
    for (const spec of [
      good,
      { ...good, method: 0 },
      { ...good, data: '' },
      { ...good, data: '', method: 0 },
    ]) {
      const zip = zipOf(spec);
      const result = await read(zip);
      if (!result.ok) expect.fail(result.failure.message);
      expect(result.bytes.toString()).toBe(spec.data);
      expect(result.archive.equals(zip)).toBe(true);
    }
  });

  it('comes out of a real archive', async () => {
    const member = 'BTCUSDT-1m-2020-01-01.csv';
    const result = await readOnlyMember(REAL, { member, display: 'x' }, LIMITS);
    if (!result.ok) expect.fail(result.failure.message);
    expect(result.bytes).toHaveLength(204_966);
    expect(result.bytes.toString('latin1', 0, 28)).toBe('1577836800000,7195.24000000,');
  });
});

describe('a ZIP is refused with its name, the byte, what was found and what was expected', () => {
  const cases: readonly (readonly [string, Buffer, string])[] = [
    [
      'another member',
      zipOf({ ...good, name: 'b.csv' }),
      `byte ${DATA + zipData(good)}: member "b.csv", expected "a.csv"`,
    ],
    [
      'a path that leads elsewhere',
      zipOf({ ...good, name: '../a.csv' }),
      `byte ${DATA + 3 + zipData(good)}: unreadable directory entry: invalid relative path: ../a.csv`,
    ],
    [
      'two members of one name',
      zipOf(good, good),
      `byte ${2 * (DATA + zipData(good)) + 51}: a second member "a.csv", expected only "a.csv"`,
    ],
    ['no member', zipOf(), 'no member in 22 bytes, expected "a.csv"'],
    [
      'a symlink',
      zipOf({ ...good, mode: 0o120777 }),
      'member "a.csv" is of file type 0o120000, expected a regular file',
    ],
    [
      'a directory',
      zipOf({ ...good, mode: 0o040755 }),
      'member "a.csv" is of file type 0o40000, expected a regular file',
    ],
    ['encryption', zipOf({ ...good, flags: 1 }), 'member "a.csv" is encrypted, expected plain data'],
    [
      'another compression',
      zipOf({ ...good, method: 12 }),
      'member "a.csv" is compressed by method 12, expected 0 (stored) or 8 (deflated)',
    ],
    [
      'a wrong CRC-32',
      zipOf({ ...good, lies: { crc: 0x1234 } }),
      `member "a.csv": byte ${DATA}: data have CRC-32 ${crc32(TEXT).toString(16)}, expected 00001234`,
    ],
    [
      'more data than declared',
      zipOf({ ...good, lies: { size: 100 } }),
      `member "a.csv": byte ${DATA}: data unpack to more than the declared 100 bytes`,
    ],
    [
      'less data than declared',
      zipOf({ ...good, lies: { size: 5000 } }),
      `member "a.csv": byte ${DATA}: data unpack to 1200 bytes, expected 5000`,
    ],
    [
      'another name in the local header',
      zipOf({ ...good, lies: { localName: 'x.csv' } }),
      'byte 0: local header names "x.csv", expected "a.csv"',
    ],
    [
      'another method in the local header',
      zipOf({ ...good, lies: { localMethod: 0 } }),
      'byte 0: local header says method 0, expected 8 as in the directory',
    ],
    [
      'no archive at all',
      Buffer.from('<html>404</html>'.repeat(9)),
      'byte 144: the file ends, and member "a.csv" is in no readable central directory: End of central directory record signature not found. Either not a zip file, or file is truncated',
    ],
    [
      'an empty file',
      Buffer.alloc(0),
      'byte 0: the file ends, and member "a.csv" is in no readable central directory: End of central directory record signature not found. Either not a zip file, or file is truncated',
    ],
  ];
  it.each(cases)('%s', async (_, zip, message) => {
    expect(await failure(zip)).toBe(`archive-corrupt a.zip: ${message}`);
  });

  it('deflate data that are wrong, at the byte where inflating stops', async () => {
    const zip = zipOf(good);
    zip[DATA] = 0xff; // a block of the type that does not exist
    expect(await failure(zip)).toBe(
      `archive-corrupt a.zip: member "a.csv": byte ${DATA}: invalid deflate data (invalid block type)`,
    );
  });

  it('deflate data that end too early', async () => {
    const zip = zipOf({
      ...good,
      data: Buffer.from('\x05\x00\xfa', 'latin1'),
      method: 0,
      lies: { localMethod: 8 },
    });
    zip.writeUInt16LE(8, zip.indexOf('PK\x01\x02') + 10);
    expect(await failure(zip)).toBe(
      `archive-corrupt a.zip: member "a.csv": byte ${DATA + 3}: data end within a deflate stream, expected 3 unpacked bytes`,
    );
  });

  it('too large a file, before it is read', async () => {
    const zip = zipOf(good);
    expect(await failure(zip, { ...LIMITS, maxZipBytes: 50 })).toBe(
      `archive-too-large a.zip: ${zip.length} bytes, expected at most 50`,
    );
  });

  it('too large a member, before memory is set aside for it', async () => {
    const zip = zipOf({ ...good, lies: { size: 0xfffffff0 } });
    expect(await failure(zip)).toBe(
      'archive-too-large a.zip: member "a.csv" declares 4294967280 bytes, expected at most 1048576',
    );
  });
});

describe('a damaged ZIP gives the same bytes or a failure, never other bytes', () => {
  const whole = readFileSync(REAL);
  const expected = { member: 'BTCUSDT-1m-2020-01-01.csv', display: 'x' };

  async function outcome(zip: Uint8Array, path: string): Promise<string> {
    writeFileSync(path, zip);
    const result = await readOnlyMember(path, expected, LIMITS);
    if (!result.ok) return result.failure.code;
    return result.bytes.equals(right) ? 'same' : 'other';
  }
  let right: Buffer = Buffer.alloc(0);

  it('whichever byte of a real archive is flipped', async () => {
    const path = join(scratch(), 'x.zip');
    const original = await readOnlyMember(REAL, expected, LIMITS);
    if (!original.ok) expect.fail(original.failure.message);
    right = original.bytes;
    // Every byte of the headers at both ends, and a sample of the data between them.
    const places = fc.oneof(
      fc.nat({ max: 80 }),
      fc.nat({ max: 120 }).map((fromEnd) => whole.length - 1 - fromEnd),
      fc.nat({ max: whole.length - 1 }),
    );
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(places, fc.integer({ min: 1, max: 255 }), async (place, mask) => {
        const zip = Buffer.from(whole);
        zip[place] = (zip[place] ?? 0) ^ mask;
        const found = await outcome(zip, path);
        seen.add(found);
        expect(['same', 'archive-corrupt', 'archive-too-large']).toContain(found);
      }),
      { numRuns: 400 },
    );
    expect(seen).toContain('archive-corrupt');
  });

  it('wherever it was cut', async () => {
    const path = join(scratch(), 'x.zip');
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: whole.length - 1 }), async (length) => {
        expect(await outcome(whole.subarray(0, length), path)).toBe('archive-corrupt');
      }),
      { numRuns: 60 },
    );
  });
});

/** Packed length of a member's data. */
function zipData(spec: MemberSpec): number {
  const zip = zipOf(spec);
  return zip.indexOf('PK\x01\x02') - 30 - spec.name.length;
}
