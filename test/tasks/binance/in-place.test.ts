import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import { inPlace, keepRevision, linkOrCopy } from '../../../tasks/binance/in-place.ts';
import { scratch } from '../context.ts';

const { signal } = new AbortController();

describe('what is in place', () => {
  it('is a file with its size and SHA-256, or nothing', async () => {
    const folder = scratch();
    writeFileSync(join(folder, 'a.zip'), 'abc');
    mkdirSync(join(folder, 'd.zip'));
    const path = join(folder, 'a.zip');
    expect(await inPlace(path, signal)).toEqual({ path, size: 3, sha256: sha256('abc') });
    expect(await inPlace(join(folder, 'b.zip'), signal)).toBeUndefined();
    expect(await inPlace(join(path, 'b.zip'), signal)).toBeUndefined();
    expect(await inPlace(join(folder, 'd.zip'), signal)).toBeUndefined();
  });

  it('is linked, not copied, where that is possible', async () => {
    const folder = scratch();
    writeFileSync(join(folder, 'a'), 'abc');
    await linkOrCopy(join(folder, 'a'), join(folder, 'b'));
    expect(statSync(join(folder, 'b')).ino).toBe(statSync(join(folder, 'a')).ino);
  });

  it('is copied where it is a symbolic link, which would lead elsewhere from another folder', async () => {
    const folder = scratch();
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'a'), 'abc');
    symlinkSync('a', join(folder, 'b'));
    await linkOrCopy(join(folder, 'b'), join(folder, 'sub', 'c'));
    expect(lstatSync(join(folder, 'sub', 'c')).isFile()).toBe(true);
    expect(readFileSync(join(folder, 'sub', 'c'), 'utf8')).toBe('abc');
    expect(readdirSync(join(folder, 'sub'))).toEqual(['c']);
  });

  it('is kept once as a revision, however often it is asked for', async () => {
    const folder = scratch();
    const path = join(folder, 'BTCUSDT-1m-2024-01.zip');
    writeFileSync(path, 'abc');
    const old = { path, size: 3, sha256: sha256('abc') };
    const kept = join(folder, 'revisions', 'BTCUSDT-1m-2024-01.ba7816bf.zip');
    expect(await keepRevision(old, signal)).toBe(kept);
    expect(await keepRevision(old, signal)).toBe(kept);
    expect(readFileSync(kept, 'utf8')).toBe('abc');
    expect(readdirSync(join(folder, 'revisions'))).toHaveLength(1);
  });

  it('is kept under its whole SHA-256 where other bytes have its name, which stay', async () => {
    const folder = scratch();
    const path = join(folder, 'BTCUSDT-1m-2024-01.zip');
    writeFileSync(path, 'abc');
    const old = { path, size: 3, sha256: sha256('abc') };
    const revisions = join(folder, 'revisions');
    const [short, whole] = [sha256('abc').slice(0, 8), sha256('abc')].map(
      (id) => `BTCUSDT-1m-2024-01.${id}.zip`,
    );
    mkdirSync(revisions);
    for (const [name, bytes] of [
      [short, 'cut'],
      [whole, ''],
    ] as const)
      writeFileSync(join(revisions, name ?? ''), bytes);
    expect(await keepRevision(old, signal)).toBe(join(revisions, whole ?? ''));
    expect(await keepRevision(old, signal)).toBe(join(revisions, whole ?? ''));
    expect(readdirSync(revisions).sort()).toEqual([short, whole].sort());
    expect(readFileSync(join(revisions, short ?? ''), 'utf8')).toBe('cut');
    expect(readFileSync(join(revisions, whole ?? ''), 'utf8')).toBe('abc');
  });
});
