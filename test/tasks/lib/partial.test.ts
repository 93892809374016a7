import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diskFailure } from '../../../tasks/lib/disk-failure.ts';
import type { Place } from '../../../tasks/lib/partial.ts';
import { begun, discardPartial, moveFile, PartialFile, placeOf } from '../../../tasks/lib/partial.ts';
import { NO_SMALL_DISK, smallDisk } from '../../small-disk.ts';
import { scratch } from '../context.ts';

function opened(file: ReturnType<typeof PartialFile.fresh>): PartialFile {
  if (!(file instanceof PartialFile)) throw new Error(file.message);
  return file;
}

/** Writes the pieces and closes. */
function written(place: Place, size: number, ...pieces: readonly string[]): void {
  const file = opened(PartialFile.fresh(place, { size, etag: '"v1"' }));
  for (const piece of pieces) expect(file.append(Buffer.from(piece))).toBeUndefined();
  file.close();
}

describe('the place of what has come so far', () => {
  it('is a file named after the key, in one folder for all', () => {
    expect(placeOf('/w', 'data/cache/partial', 'data/spot/daily/klines/A/1m/A-1m-2024-01-05.zip')).toEqual({
      data: '/w/data/cache/partial/data%2Fspot%2Fdaily%2Fklines%2FA%2F1m%2FA-1m-2024-01-05.zip.partial',
      sidecar: '/w/data/cache/partial/data%2Fspot%2Fdaily%2Fklines%2FA%2F1m%2FA-1m-2024-01-05.zip.json',
      shown: 'data/cache/partial/data%2Fspot%2Fdaily%2Fklines%2FA%2F1m%2FA-1m-2024-01-05.zip.partial',
    });
    expect(placeOf('/w', '/other/volume', 'a').data).toBe('/other/volume/a.partial');
  });

  it('is another one for another key, whatever stands in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (one, two) => {
        const names = [one, two].map((key) => placeOf('/w', 'p', key));
        for (const { data, sidecar } of names) {
          expect([dirname(data), dirname(sidecar)]).toEqual(['/w/p', '/w/p']);
          expect(basename(data)).toMatch(/^[\w.!~'()%-]+$/);
        }
        expect(names[0]?.data === names[1]?.data).toBe(one === two);
      }),
    );
  });
});

describe('what has come so far', () => {
  it('is written in order and can be gone on with', () => {
    const place = placeOf(scratch(), 'partial', 'a');
    written(place, 9, 'abc', 'de');
    const there = begun(place, 9);
    expect(there).toEqual({ bytes: 5, etag: '"v1"' });
    if (there === undefined) throw new Error('nothing is there');
    const file = opened(PartialFile.after(place, there, 9));
    expect(file.bytes).toBe(5);
    expect(file.append(Buffer.from('fghi'))).toBeUndefined();
    expect(file.bytes).toBe(9);
    file.close();
    expect(readFileSync(place.data, 'utf8')).toBe('abcdefghi');
    expect(begun(place, 9)).toEqual({ bytes: 9, etag: '"v1"' });
  });

  it('is on the disk piece by piece, so that a killed process has lost none that was taken', () => {
    const place = placeOf(scratch(), 'partial', 'a');
    const file = opened(PartialFile.fresh(place, { size: 9, etag: '"v1"' }));
    expect(file.append(Buffer.from('abc'))).toBeUndefined();
    expect(begun(place, 9)).toEqual({ bytes: 3, etag: '"v1"' });
    file.close();
  });

  it('begins anew without the sidecar of what was there before', () => {
    const place = placeOf(scratch(), 'partial', 'a');
    written(place, 9, 'abc');
    opened(PartialFile.fresh(place, { size: 9, etag: undefined })).close();
    expect([statSync(place.data).size, existsSync(place.sidecar)]).toEqual([0, false]);
  });

  it('is gone once it is thrown away, also when it is not there', () => {
    const place = placeOf(scratch(), 'partial', 'a');
    written(place, 9, 'abc');
    discardPartial(place);
    discardPartial(place);
    expect(readdirSync(dirname(place.data))).toEqual([]);
    expect(begun(place, 9)).toBeUndefined();
  });
});

describe('a disk that does not take it', () => {
  it('is full: the message tells what is needed and what is free, and what was taken stays', ({ skip }) => {
    const disk = smallDisk(64);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    const place = placeOf(disk.path, 'partial', 'a');
    const file = opened(PartialFile.fresh(place, { size: 100_000, etag: '"v1"' }));
    const failure = file.append(Buffer.alloc(100_000, 'x'));
    file.close();
    const taken = statSync(place.data).size;
    expect(taken).toBeGreaterThan(0);
    expect(failure).toEqual({
      code: 'disk-full',
      message: `partial/a.partial cannot be written: the disk is full (ENOSPC): ${100_000 - taken} more bytes are needed, 0 are free`,
      hint: 'free some space and build again: what has come so far is kept',
    });
    disk.resize(256);
    const there = begun(place, 100_000);
    expect(there).toEqual({ bytes: taken, etag: '"v1"' });
    if (there === undefined) throw new Error('nothing is there');
    const rest = opened(PartialFile.after(place, there, 100_000));
    expect(rest.append(Buffer.alloc(100_000 - taken, 'x'))).toBeUndefined();
    rest.close();
    expect(readFileSync(place.data).equals(Buffer.alloc(100_000, 'x'))).toBe(true);
  });

  it('is read-only', ({ skip }) => {
    const disk = smallDisk(64);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    disk.readOnly();
    const place = placeOf(disk.path, 'partial', 'a');
    expect(PartialFile.fresh(place, { size: 9, etag: '"v1"' })).toEqual({
      code: 'cannot-write',
      message: 'partial/a.partial cannot be written: the file system is read-only (EROFS)',
      hint: 'point `paths` of the config elsewhere',
    });
  });

  it('has a file where the folder should be', () => {
    const workspace = scratch();
    writeFileSync(join(workspace, 'partial'), '');
    expect(PartialFile.fresh(placeOf(workspace, 'partial', 'a'), { size: 9, etag: '"v1"' })).toEqual({
      code: 'cannot-write',
      message: 'partial/a.partial cannot be written: a file stands where a folder is wanted (EEXIST)',
      hint: 'move that file away',
    });
  });

  it('has a folder where the file should be', () => {
    const place = placeOf(scratch(), 'partial', 'a');
    mkdirSync(place.data, { recursive: true });
    expect(PartialFile.fresh(place, { size: 9, etag: '"v1"' })).toEqual({
      code: 'cannot-write',
      message: 'partial/a.partial cannot be written: a folder stands where the file is wanted (EISDIR)',
      hint: 'move that folder away',
    });
  });

  it.each([
    [
      'EDQUOT',
      'disk-full',
      'x cannot be written: the disk quota is used up (EDQUOT): 7 more bytes are needed',
    ],
    ['EACCES', 'cannot-write', 'x cannot be written: permission denied (EACCES)'],
    ['EIO', 'cannot-write', 'x cannot be written: the device failed (EIO)'],
    ['ELOOP', 'cannot-write', 'x cannot be written: symbolic links lead in a circle (ELOOP)'],
    ['EMFILE', 'cannot-write', 'x cannot be written: too many files are open (EMFILE)'],
    [
      'ERR_FS_EISDIR',
      'cannot-write',
      'x cannot be written: a folder stands where the file is wanted (ERR_FS_EISDIR)',
    ],
  ])('says %s in a sentence', (code, kind, message) => {
    const thrown = Object.assign(new Error('x'), { code });
    const failure = diskFailure(thrown, { shown: 'x', path: '/nowhere/x', needed: 7 });
    expect(failure).toEqual({ code: kind, message: expect.any(String), hint: expect.stringMatching(/./) });
    expect(failure?.message.replace(/, \d+ are free$/, '')).toBe(message);
    expect(failure?.transient).toBeUndefined();
  });

  it('is a bug when nobody knows what it says', () => {
    const wanted = { shown: 'x', path: '/x', needed: 7 };
    expect(diskFailure(Object.assign(new Error('x'), { code: 'EBADF' }), wanted)).toBeUndefined();
    expect(diskFailure(new TypeError('x'), wanted)).toBeUndefined();
  });
});

describe('a finished file', () => {
  it('is moved', () => {
    const folder = scratch();
    writeFileSync(join(folder, 'a'), 'abc');
    moveFile(join(folder, 'a'), join(folder, 'b'));
    expect(readdirSync(folder)).toEqual(['b']);
  });

  it('is copied to another volume, and does not stay behind', ({ skip }) => {
    const disk = smallDisk(64);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    const folder = scratch();
    writeFileSync(join(disk.path, 'a'), 'abc');
    moveFile(join(disk.path, 'a'), join(folder, 'b'));
    expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('abc');
    expect(readdirSync(disk.path)).toEqual([]);
  });
});
