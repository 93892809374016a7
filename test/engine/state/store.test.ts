/** Contents by digest: nobody else's file, never given unchecked, and no trouble to anybody when they cannot be kept. */
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOfValue, sha256 } from '../../../src/engine/hash.ts';
import { Store } from '../../../src/engine/state/store.ts';
import { NO_SMALL_DISK, smallDisk } from '../../small-disk.ts';
import { put, scratch } from './scratch.ts';

function storeIn(folder: string): Store {
  mkdirSync(join(folder, 'tmp'), { recursive: true });
  return new Store(join(folder, 'store'), join(folder, 'tmp'));
}

/** As a commit does it: hold, put another file in place, keep. */
function replace(store: Store, path: string, text: string): void {
  const digest = sha256(readFileSync(path));
  const held = store.hold(path);
  put(`${path}.new`, text);
  renameSync(`${path}.new`, path);
  if (held !== undefined) store.put(held, digest);
}

describe('a content', () => {
  it('comes out as it went in, as a file of its own that its owner may write', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const folder = scratch();
        const store = storeIn(folder);
        put(join(folder, 'a'), bytes);
        replace(store, join(folder, 'a'), 'new');
        const digest = sha256(bytes);
        expect(store.has(digest, false)).toBe(true);
        expect(await store.give(digest, false, join(folder, 'b'))).toBe(true);
        expect(new Uint8Array(readFileSync(join(folder, 'b')))).toEqual(bytes);
        const [given, blob] = [statSync(join(folder, 'b')), statSync(store.contents()[0]?.path ?? '')];
        expect(given.ino).not.toBe(blob.ino);
        expect([given.mode & 0o200, blob.mode & 0o222]).toEqual([0o200, 0]);
      }),
      { numRuns: 20 },
    );
  });

  it('that is held and never kept leaves the file as it was', () => {
    const folder = scratch({ a: 'text' });
    const store = storeIn(folder);
    const before = statSync(join(folder, 'a'));
    const held = store.hold(join(folder, 'a')) ?? '';
    store.discard(held);
    const { ino, mode, nlink } = statSync(join(folder, 'a'));
    expect({ ino, mode, nlink }).toEqual({ ino: before.ino, mode: before.mode, nlink: 1 });
    expect([store.contents(), readdirSync(join(folder, 'tmp'))]).toEqual([[], []]);
  });

  it('is not taken from a file that is still in place: a write there reaches no blob', async () => {
    const folder = scratch({ a: 'text' });
    const store = storeIn(folder);
    const held = store.hold(join(folder, 'a')) ?? '';
    // Nothing has taken its place: somebody else holds a link to what is held.
    store.put(held, sha256('text'));
    writeFileSync(join(folder, 'a'), 'edit');
    expect(await store.give(sha256('text'), false, join(folder, 'b'))).toBe(true);
    expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('text');
    expect(statSync(join(folder, 'a')).mode & 0o200).toBe(0o200);
  });

  it('is copied where somebody else links to it', () => {
    const folder = scratch({ a: 'text' });
    const store = storeIn(folder);
    linkSync(join(folder, 'a'), join(folder, 'mine'));
    replace(store, join(folder, 'a'), 'new');
    expect(statSync(store.contents()[0]?.path ?? '').ino).not.toBe(statSync(join(folder, 'mine')).ino);
    expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
  });

  it('is no link, and nothing behind one', () => {
    const folder = scratch({ a: 'text' });
    symlinkSync('a', join(folder, 'link'));
    expect(storeIn(folder).hold(join(folder, 'link'))).toBeUndefined();
    expect(storeIn(folder).hold(join(folder, 'nothing'))).toBeUndefined();
    expect(storeIn(folder).hold(folder)).toBeUndefined();
  });

  it('that does not have its digest is not given, and is gone', async () => {
    const folder = scratch({ a: 'text' });
    const store = storeIn(folder);
    replace(store, join(folder, 'a'), 'new');
    const blob = store.contents()[0]?.path ?? '';
    chmodSync(blob, 0o644);
    writeFileSync(blob, 'tezt');
    expect(await store.give(sha256('text'), false, join(folder, 'b'))).toBe(false);
    expect([existsSync(join(folder, 'b')), store.contents()]).toEqual([false, []]);
    expect(await store.give(sha256('text'), false, join(folder, 'b'))).toBe(false);
  });

  it('that was cut short is replaced when it comes again', async () => {
    const folder = scratch({ a: 'text' });
    const store = storeIn(folder);
    replace(store, join(folder, 'a'), 'new');
    const blob = store.contents()[0]?.path ?? '';
    chmodSync(blob, 0o644);
    writeFileSync(blob, 'te');
    put(join(folder, 'a'), 'text');
    replace(store, join(folder, 'a'), 'newer');
    expect(await store.give(sha256('text'), false, join(folder, 'b'))).toBe(true);
  });

  it('that finds no room on the disk is not kept, and nobody is troubled', ({ skip }) => {
    const disk = smallDisk(64) ?? skip(NO_SMALL_DISK);
    const folder = scratch({ a: 'x'.repeat(200_000) });
    mkdirSync(join(disk.path, 'tmp'));
    const store = new Store(join(disk.path, 'store'), join(disk.path, 'tmp'));
    // Another volume, so that it must be copied.
    expect(store.hold(join(folder, 'a'))).toBeUndefined();
    expect(readdirSync(join(disk.path, 'tmp'))).toEqual([]);
  });
});

describe('a directory', () => {
  const listing = [
    ['all', sha256('all')],
    ['deep/a', sha256('a')],
  ] as const;

  function kept(): { store: Store; folder: string } {
    const folder = scratch({ 'd/all': 'all', 'd/deep/a': 'a' });
    const store = storeIn(folder);
    for (const [name] of listing) replace(store, join(folder, 'd', name), 'new');
    store.putListing(listing);
    return { store, folder };
  }

  it('is its listing, by the digest that directories have everywhere, and the contents of its files', async () => {
    const { store, folder } = kept();
    const digest = digestOfValue(listing);
    expect([store.has(digest, true), store.has(digest, false)]).toEqual([true, false]);
    expect(await store.give(digest, true, join(folder, 'again'))).toBe(true);
    expect(readFileSync(join(folder, 'again/deep/a'), 'utf8')).toBe('a');
    expect(
      store
        .contents()
        .map((each) => each.listing)
        .sort(),
    ).toEqual([false, false, true]);
  });

  it('of which a content is missing is not there', async () => {
    const { store, folder } = kept();
    const [path = ''] = store.contents().flatMap((each) => (each.digest === sha256('a') ? [each.path] : []));
    renameSync(path, join(folder, 'away'));
    expect(store.has(digestOfValue(listing), true)).toBe(false);
    expect(await store.give(digestOfValue(listing), true, join(folder, 'again'))).toBe(false);
  });

  it('with a damaged listing is not there, and the listing is gone', () => {
    const { store } = kept();
    const [path = ''] = store.contents().flatMap((each) => (each.listing ? [each.path] : []));
    chmodSync(path, 0o644);
    writeFileSync(path, '[["../../../x","y"]]');
    expect(store.has(digestOfValue(listing), true)).toBe(false);
    expect(existsSync(path)).toBe(false);
  });
});
