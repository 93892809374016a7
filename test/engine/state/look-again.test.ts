import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SharedSeen } from '../../../src/engine/state/look-again.ts';
import { changedSince, lookBeside } from '../../../src/engine/state/look-again.ts';
import { STAMP } from '../../../src/engine/state/witness.ts';
import { scratch } from './scratch.ts';

const LOOKER = new URL('./looker-entry.mjs', import.meta.url);
const MOST = 1_000_000;

/** Few files under many names, as links and folders allow, or it would take long. */
function seenIn(folder: string, count: number): SharedSeen {
  const names = ['a', 'b', 'ü'];
  for (const name of names) writeFileSync(join(folder, name), name);
  const paths = Array.from({ length: count }, (_, at) => {
    const name = names[at % names.length] ?? '';
    return at % 7 === 0 ? join(folder, name) : at % 5 === 0 ? `gone/${at}` : `./${name}`;
  });
  const stamps = new Float64Array(new SharedArrayBuffer(count * STAMP * 8));
  for (const [at, path] of paths.entries()) {
    const is = path.startsWith('gone')
      ? undefined
      : statSync(path.startsWith('/') ? path : join(folder, path));
    const stamp = is === undefined ? [-1, 0, 0, 0] : [is.size, is.mtimeMs, is.ctimeMs, is.ino];
    stamps.set(stamp, at * STAMP);
  }
  const text = Buffer.from(paths.join('\n'));
  const shared = new Uint8Array(new SharedArrayBuffer(text.length));
  shared.set(text);
  return { paths, stamps, folders: [], sharedPaths: () => shared };
}

function placesOf({ paths }: SharedSeen, isMeant: (path: string) => boolean): readonly number[] {
  return paths.flatMap((path, at) => (isMeant(path) ? [at] : []));
}

const sorted = (places: readonly number[] = []): readonly number[] => [...places].sort((a, b) => a - b);

describe('a second look', () => {
  it.each([
    ['alone', undefined],
    ['with a thread', LOOKER],
  ])('finds what has changed, come or gone, %s', async (_, looker) => {
    const folder = scratch();
    const seen = seenIn(folder, 85_000);
    const look = { workspace: folder, most: MOST, looker };
    expect(await changedSince(seen, look)).toEqual({ paths: [], folders: [] });
    writeFileSync(join(folder, 'ü'), 'u');
    mkdirSync(join(folder, 'gone'));
    writeFileSync(join(folder, 'gone/84995'), '');
    const expected = placesOf(seen, (path) => path.endsWith('ü') || path === 'gone/84995');
    expect(sorted((await changedSince(seen, look))?.paths)).toEqual(expected);
    expect(await changedSince(seen, { ...look, most: expected.length - 1 })).toBeUndefined();
  });

  it('is left to a full pass where the thread cannot be started, or does not come to an end', async () => {
    const folder = scratch();
    const seen = seenIn(folder, 85_000);
    const missing = new URL('./no-such-entry.mjs', import.meta.url);
    const found = await changedSince(seen, { workspace: folder, most: MOST, looker: missing });
    expect([undefined, { paths: [], folders: [] }]).toContainEqual(found);
  });

  it('takes pieces that nobody has taken, to the last', () => {
    const folder = scratch();
    const seen = seenIn(folder, 5_000);
    writeFileSync(join(folder, 'a'), 'changed');
    const share = { workspace: folder, paths: seen.sharedPaths(), stamps: seen.stamps, count: 5_000 };
    const taken = new Int32Array(new SharedArrayBuffer(8));
    const expected = placesOf(seen, (path) => path.endsWith('a'));
    expect(lookBeside({ ...share, taken })).toEqual(expected);
    expect(Atomics.load(taken, 1)).toBe(1);
    expect(lookBeside({ ...share, taken })).toEqual([]);
    const others = new Int32Array(new SharedArrayBuffer(8));
    Atomics.store(others, 0, 3);
    expect(lookBeside({ ...share, taken: others })).toEqual(expected.filter((at) => at >= 3 * 1_024));
  });

  it.skipIf(process.getuid?.() === 0)(
    'is left to a full pass where something may not be looked at',
    async () => {
      const folder = scratch();
      mkdirSync(join(folder, 'shut'));
      writeFileSync(join(folder, 'shut/a'), '');
      const seen = seenIn(folder, 10);
      const paths = ['shut/a', ...seen.paths.slice(1)];
      chmodSync(join(folder, 'shut'), 0);
      expect(await changedSince({ ...seen, paths }, { workspace: folder, most: MOST })).toBeUndefined();
      chmodSync(join(folder, 'shut'), 0o755);
    },
  );
});
