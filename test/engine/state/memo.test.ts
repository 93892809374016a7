import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import type * as Files from '../../../src/engine/state/files.ts';
import { StatMemo, Unreadable } from '../../../src/engine/state/memo.ts';
import { messageOf, put, putPipe, scratch } from './scratch.ts';

const volume = vi.hoisted(() => ({ coarse: false }));

/** What `stat` says on a volume without fractions of a second. */
vi.mock('../../../src/engine/state/files.ts', async (original) => {
  const actual = await original<typeof Files>();
  return {
    ...actual,
    statOf: (path: string) => {
      const stat = actual.statOf(path);
      if (stat === undefined || !volume.coarse) return stat;
      stat.mtimeMs = Math.floor(stat.mtimeMs / 1_000) * 1_000;
      stat.ctimeMs = Math.floor(stat.ctimeMs / 1_000) * 1_000;
      return stat;
    },
  };
});

const A = sha256('aaa');
const B = sha256('bbb');

/** Long enough that a file's stamps count as old, whatever the tick of the clock. */
async function settle(): Promise<void> {
  await sleep(80);
}

function memoIn(folder: string): StatMemo {
  return new StatMemo(join(folder, '.memo'), folder);
}

function saved(memo: StatMemo, folder: string): StatMemo {
  memo.save(join(folder, '.memo.new'));
  return memoIn(folder);
}

afterEach(() => {
  vi.useRealTimers();
  volume.coarse = false;
});

describe('a file that nobody touched', () => {
  it('is read once', async () => {
    const folder = scratch({ 'in/a': 'aaa' });
    await settle();
    const memo = memoIn(folder);
    expect([memo.digest('in/a'), memo.digest('in/a'), memo.digest('in/a')]).toEqual([A, A, A]);
    expect(memo.hashed).toBe(1);
  });

  it('is not read by the next process either', async () => {
    const folder = scratch({ 'in/a': 'aaa' });
    await settle();
    const memo = memoIn(folder);
    memo.digest('in/a');
    const next = saved(memo, folder);
    expect(next.digest('in/a')).toBe(A);
    expect(next.hashed).toBe(0);
  });

  it('is read again after a touch, and has the same digest', async () => {
    const folder = scratch({ 'in/a': 'aaa' });
    await settle();
    const memo = memoIn(folder);
    memo.digest('in/a');
    utimesSync(join(folder, 'in/a'), 1_000_000_000, 1_000_000_000);
    await settle();
    expect([memo.digest('in/a'), memo.digest('in/a')]).toEqual([A, A]);
    expect(memo.hashed).toBe(2);
  });

  it('may be called by its absolute path', async () => {
    const folder = scratch({ 'in/a': 'aaa' });
    expect(memoIn(folder).digest(join(folder, 'in/a'))).toBe(A);
  });
});

describe('an edit is seen', () => {
  it('when size and mtime are what they were: ctime tells', async () => {
    const folder = scratch({ a: 'aaa' });
    const file = join(folder, 'a');
    await settle();
    const memo = memoIn(folder);
    memo.digest('a');
    const { atime, mtime, mtimeMs } = statSync(file);
    writeFileSync(file, 'bbb');
    utimesSync(file, atime, mtime);
    expect(Math.abs(statSync(file).mtimeMs - mtimeMs)).toBeLessThan(1);
    expect(memo.digest('a')).toBe(B);
  });

  it('when it comes within the tick in which the file was hashed', () => {
    const folder = scratch();
    const file = join(folder, 'a');
    const memo = memoIn(folder);
    // Many rounds: which of them fall into one tick is the clock's business.
    for (let round = 0; round < 200; round++) {
      writeFileSync(file, 'aaa');
      expect(memo.digest('a')).toBe(A);
      writeFileSync(file, 'bbb');
      expect(memo.digest('a')).toBe(B);
    }
  });

  it('when the note of the tick was saved and another process looks, much later', async () => {
    const folder = scratch({ a: 'aaa' });
    const memo = memoIn(folder);
    memo.digest('a');
    writeFileSync(join(folder, 'a'), 'bbb');
    const next = saved(memo, folder);
    await settle();
    expect(next.digest('a')).toBe(B);
  });

  it('when a volume keeps whole seconds only: a second is no time there', () => {
    const folder = scratch({ a: 'aaa' });
    const { ctimeMs } = statSync(join(folder, 'a'));
    const readsIn = (coarse: boolean, after: number): number => {
      volume.coarse = coarse;
      vi.useFakeTimers({ toFake: ['Date'], now: ctimeMs + after });
      const memo = memoIn(folder);
      memo.digest('a');
      memo.digest('a');
      return memo.hashed;
    };
    expect([readsIn(false, 1_000), readsIn(true, 1_000), readsIn(true, 4_000)]).toEqual([1, 2, 1]);
  });

  it('when another file is renamed over it, with the same size and mtime', async () => {
    const folder = scratch({ a: 'aaa', b: 'bbb' });
    for (const name of ['a', 'b']) utimesSync(join(folder, name), 1_000_000_000, 1_000_000_000);
    await settle();
    const memo = memoIn(folder);
    memo.digest('a');
    renameSync(join(folder, 'b'), join(folder, 'a'));
    expect(memo.digest('a')).toBe(B);
  });

  it('when the clock was set back after the file was written', () => {
    const folder = scratch({ a: 'aaa' });
    const memo = memoIn(folder);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 86_400_000 });
    expect([memo.digest('a'), memo.digest('a')]).toEqual([A, A]);
    // A stamp in the future proves nothing, so each look is a read.
    expect(memo.hashed).toBe(2);
  });
});

describe('a memo file that cannot be trusted', () => {
  const good = async (): Promise<{ folder: string; text: string }> => {
    const folder = scratch({ 'in/a': 'aaa', 'in/b': 'bbb' });
    await settle();
    const memo = memoIn(folder);
    memo.digest('in/a');
    memo.digest('in/b');
    memo.save(join(folder, '.memo.new'));
    return { folder, text: readFileSync(join(folder, '.memo'), 'utf8') };
  };
  const readsAnew = (folder: string): void => {
    const memo = memoIn(folder);
    expect([memo.digest('in/a'), memo.digest('in/b'), memo.hashed]).toEqual([A, B, 2]);
  };

  it('is ignored when cut short anywhere', async () => {
    const { folder, text } = await good();
    for (let length = 0; length < text.length; length++) {
      writeFileSync(join(folder, '.memo'), text.slice(0, length));
      readsAnew(folder);
    }
  });

  it('is ignored when one byte is another', async () => {
    const { folder, text } = await good();
    for (let at = 0; at < text.length; at++) {
      const bytes = Buffer.from(text);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(join(folder, '.memo'), bytes);
      readsAnew(folder);
    }
  });

  for (const [what, text] of [
    ['of a newer version', 'pipeline stat memo 2\n\n'],
    ['of another program', '{"version":1}'],
    ['without text', '\u0000\u0001\u0002'],
  ] as const) {
    it(`is ignored when it is one ${what}`, async () => {
      const { folder } = await good();
      writeFileSync(join(folder, '.memo'), text);
      readsAnew(folder);
    });
  }

  it('is ignored when it is a folder', async () => {
    const { folder } = await good();
    rmSync(join(folder, '.memo'));
    mkdirSync(join(folder, '.memo'));
    readsAnew(folder);
  });
});

describe('paths', () => {
  for (const name of [
    'with space',
    ' lead',
    'trail ',
    'é 😀',
    'a"b\\c',
    "it's",
    '-rf',
    'tab\tin',
    'cr\rin',
  ]) {
    it(`${JSON.stringify(name)} is remembered`, async () => {
      const folder = scratch({ [name]: 'aaa' });
      await settle();
      const memo = memoIn(folder);
      expect(memo.digest(name)).toBe(A);
      const next = saved(memo, folder);
      expect([next.digest(name), next.hashed]).toEqual([A, 0]);
    });
  }

  it('with a line end are read anew by the next process, and spoil nothing', async () => {
    const folder = scratch({ 'a\nb': 'aaa', c: 'bbb' });
    await settle();
    const memo = memoIn(folder);
    expect([memo.digest('a\nb'), memo.digest('c')]).toEqual([A, B]);
    const next = saved(memo, folder);
    expect([next.digest('a\nb'), next.digest('c'), next.hashed]).toEqual([A, B, 1]);
  });
});

describe('where there is nothing', () => {
  it('there is no digest: no file, a file on the way, a link to nowhere, a link to itself', () => {
    const folder = scratch({ file: 'aaa' });
    symlinkSync('nowhere', join(folder, 'dangling'));
    symlinkSync('loop', join(folder, 'loop'));
    const memo = memoIn(folder);
    for (const path of ['nothing', 'file/below', 'dangling', 'loop', 'loop/below'])
      expect(memo.digest(path)).toBeUndefined();
  });

  it('there is none after a file was deleted, and one again after it came back', async () => {
    const folder = scratch({ a: 'aaa' });
    await settle();
    const memo = memoIn(folder);
    memo.digest('a');
    rmSync(join(folder, 'a'));
    expect(memo.digest('a')).toBeUndefined();
    put(join(folder, 'a'), 'bbb');
    expect(memo.digest('a')).toBe(B);
  });
});

describe('what cannot be read', () => {
  it('is named with what it is: a pipe, which would be waited for', () => {
    const folder = scratch();
    putPipe(join(folder, 'pipe'));
    const memo = memoIn(folder);
    expect(messageOf(() => memo.digest('pipe'))).toBe(
      'pipe cannot be read: it is neither a file nor a folder',
    );
    expect(() => memo.digest('pipe')).toThrowError(Unreadable);
  });

  it.skipIf(process.getuid?.() === 0)('is named with why: root alone may read everything', () => {
    const folder = scratch({ 'in/a': 'aaa' });
    chmodSync(join(folder, 'in/a'), 0);
    expect(messageOf(() => memoIn(folder).digest('in/a'))).toBe(
      'in/a cannot be read: this user may not read it',
    );
  });

  it.skipIf(process.platform !== 'linux')(
    'is a file whose name is not UTF-8: its changes would go unseen',
    () => {
      const folder = scratch({ 'in/a': 'aaa' });
      writeFileSync(Buffer.concat([Buffer.from(`${folder}/in/`), Buffer.from([0xff])]), 'x');
      expect(messageOf(() => memoIn(folder).digest('in'))).toBe(
        'in/\ufffd cannot be read: its name is not UTF-8: rename it',
      );
    },
  );

  it('is named with the code of the system otherwise', () => {
    const folder = scratch();
    const name = 'n'.repeat(300);
    expect(messageOf(() => memoIn(folder).digest(name))).toBe(`${name} cannot be read: ENAMETOOLONG`);
  });
});

describe('a folder', () => {
  it('has the digest of its paths and contents, whatever its own name', () => {
    const folder = scratch({ 'x/a': 'aaa', 'x/sub/b': 'bbb', 'y/a': 'aaa', 'y/sub/b': 'bbb' });
    const memo = memoIn(folder);
    expect(memo.digest('x')).toBe(memo.digest('y'));
    expect(memo.digest('x/')).toBe(memo.digest('x'));
    renameSync(join(folder, 'y/sub/b'), join(folder, 'y/sub/c'));
    expect(memo.digest('x')).not.toBe(memo.digest('y'));
  });

  it('has another digest when content moves between its files, or between name and content', () => {
    const folder = scratch({
      'x/a': 'aaa',
      'x/b': 'bbb',
      'y/a': 'bbb',
      'y/b': 'aaa',
      [`z/a\n${B} b`]: 'aaa',
    });
    const memo = memoIn(folder);
    expect(new Set(['x', 'y', 'z'].map((name) => memo.digest(name))).size).toBe(3);
  });

  it('is not read again while nothing in it changed', async () => {
    const folder = scratch({ 'x/a': 'aaa', 'x/sub/b': 'bbb' });
    await settle();
    const memo = memoIn(folder);
    expect(memo.digest('x')).toBe(memo.digest('x'));
    expect(memo.hashed).toBe(2);
  });

  it('counts linked files and folders by what they lead to', () => {
    const folder = scratch({ 'x/a': 'aaa', 'x/sub/b': 'bbb', 'real/a': 'aaa', 'elsewhere/b': 'bbb' });
    mkdirSync(join(folder, 'y'));
    symlinkSync('../real/a', join(folder, 'y/a'));
    symlinkSync('../elsewhere', join(folder, 'y/sub'));
    const memo = memoIn(folder);
    expect(memo.digest('y')).toBe(memo.digest('x'));
    writeFileSync(join(folder, 'elsewhere/b'), 'ccc');
    expect(memo.digest('y')).not.toBe(memo.digest('x'));
  });

  it('may hold links in a circle', () => {
    const folder = scratch({ 'x/a': 'aaa', 'y/a': 'aaa', 'y/sub/b': 'bbb' });
    for (const name of ['up', 'again', 'more', 'still']) symlinkSync('..', join(folder, 'y/sub', name));
    symlinkSync('.', join(folder, 'y/self'));
    symlinkSync('../y', join(folder, 'x/other'));
    symlinkSync('../x', join(folder, 'y/other'));
    const memo = memoIn(folder);
    expect(memo.digest('y')).toBe(memo.digest('y'));
    expect(memo.digest('x')).not.toBe(memo.digest('y'));
  });

  it('leaves out what has no content: pipes, links to nowhere, empty folders', () => {
    const folder = scratch({ 'x/a': 'aaa', 'y/a': 'aaa' });
    putPipe(join(folder, 'y/pipe'));
    symlinkSync('nowhere', join(folder, 'y/dangling'));
    mkdirSync(join(folder, 'y/empty'));
    const memo = memoIn(folder);
    expect(memo.digest('y')).toBe(memo.digest('x'));
  });

  it('that is empty has a digest, unlike one that is not there', () => {
    const folder = scratch();
    mkdirSync(join(folder, 'empty'));
    const memo = memoIn(folder);
    expect(memo.digest('empty')).toMatch(/^[0-9a-f]{64}$/);
    expect(memo.digest('none')).toBeUndefined();
  });
});

describe('saving', () => {
  it('writes nothing when nothing was learnt', () => {
    const folder = scratch();
    memoIn(folder).save(join(folder, '.memo.new'));
    expect(statSync(join(folder, '.memo'), { throwIfNoEntry: false })).toBeUndefined();
  });

  it('leaves out what would not be trusted', async () => {
    const folder = scratch({ old: 'aaa' });
    await settle();
    put(join(folder, 'new'), 'bbb');
    const memo = memoIn(folder);
    memo.digest('old');
    memo.digest('new');
    memo.save(join(folder, '.memo.new'));
    const lines = readFileSync(join(folder, '.memo'), 'utf8').split('\n');
    expect(lines.slice(2).map((line) => line.split(' ').at(-1))).toEqual(['old']);
  });
});
