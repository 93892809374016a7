/** The lockfile as text and as files: what is read is what was written, and what is no lockfile is said by line. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import type { Json } from '../../../src/engine/json.ts';
import { LockfileError, lockedAsOf, readLock, readLockEntries } from '../../../src/engine/state/lockfile.ts';
import type { LockEntry } from '../../../src/engine/state/lockfile-lines.ts';
import { formatAsOf, formatLine, formatLock, parseLock } from '../../../src/engine/state/lockfile-lines.ts';
import { isLockPath, shardOf } from '../../../src/engine/state/lockfile-shards.ts';
import { MOST_LINES, writeLock, writeShards } from '../../../src/engine/state/lockfile-write.ts';
import { messageOf, put, scratch } from './scratch.ts';

const AS_OF = Date.parse('2024-02-03T23:59:00Z');
const [ONE, TWO] = [sha256('one'), sha256('two')];

/** Anything that a target, a path or a pointer may be called, half surrogate pairs and line ends among them. */
const text = fc.string({
  unit: fc.constantFrom(...'ab/#"\\ ~\n\r\t\u0000\u007f\u0085\u2028\ud83d\ude00é', '\ud800'),
});
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);
const line: fc.Arbitrary<LockEntry> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('source' as const, 'output' as const),
    target: text,
    path: text,
    digest: fc.string().map((seed) => sha256(seed)),
  }),
  fc.record({ kind: fc.constant('value' as const), target: text, pointer: text, value: json }),
  fc.record({ kind: fc.constant('keys' as const), target: text, pointer: text, keys: fc.array(text) }),
  fc.record({ kind: fc.constant('absent' as const), target: text, reason: text }),
);

function source(target: string, path: string, digest = ONE): LockEntry {
  return { kind: 'source', target, path, digest };
}

function output(target: string, path: string, digest = ONE): LockEntry {
  return { kind: 'output', target, path, digest };
}

describe('a line of the lockfile', () => {
  it('is read as what was written, whatever names and values are', () => {
    fc.assert(
      fc.property(line, (written) => {
        const spelt = formatLine(written);
        expect(spelt).not.toMatch(/[\n\r]/);
        const { lines, problems } = parseLock(formatLock([written]));
        expect(problems).toEqual([]);
        expect(lines).toEqual([written]);
      }),
    );
  });

  it('is spelt bare where it can be', () => {
    const lines: readonly LockEntry[] = [
      output('bars/BTCUSDT/2024-01', 'data/bars.parquet'),
      source('archive/a b/1', 'raw/"x".zip', TWO),
      {
        kind: 'value',
        target: 'sources/BTCUSDT',
        pointer: '/files/2024-01',
        value: { size: 7, etag: 'x y' },
      },
      { kind: 'value', target: 'sources/BTCUSDT', pointer: '', value: null },
      { kind: 'keys', target: 'universe', pointer: '/symbols', keys: ['b', 'a'] },
      { kind: 'absent', target: 'listing/XUSDT', reason: 'no such symbol' },
    ];
    expect(formatLock(lines, [formatAsOf(AS_OF)])).toBe(
      [
        'pipeline.lock 1',
        'as-of 2024-02-03T23:59:00Z',
        'absent listing/XUSDT "no such symbol"',
        'keys universe /symbols ["b","a"]',
        `output bars/BTCUSDT/2024-01 data/bars.parquet ${ONE}`,
        `source "archive/a b/1" "raw/\\"x\\".zip" ${TWO}`,
        'value sources/BTCUSDT "" null',
        'value sources/BTCUSDT /files/2024-01 {"etag":"x y","size":7}',
        '',
      ].join('\n'),
    );
  });
});

describe('the text of a lockfile', () => {
  it('is the same in whatever order the lines come, and holds each once', () => {
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const once = formatLock(lines);
        expect(formatLock([...lines].reverse())).toBe(once);
        expect(formatLock([...lines, ...lines])).toBe(once);
      }),
    );
  });

  it('may have been given other line ends by git', () => {
    const written = formatLock([output('a', 'b')], [formatAsOf(AS_OF)]);
    expect(parseLock(written.replaceAll('\n', '\r\n'))).toEqual(parseLock(written));
  });

  it('never throws, and tells line and text of what it cannot read', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (rows) => {
        const { problems } = parseLock(['pipeline.lock 1', ...rows].join('\n'));
        for (const { line: at, message } of problems)
          expect([at > 1, message]).toEqual([true, expect.any(String)]);
      }),
    );
  });

  it.each([
    ['output a b', 'expected "output TARGET PATH SHA256", found "output a b"'],
    [`source a ${ONE}`, `expected "source TARGET PATH SHA256", found "source a ${ONE}"`],
    [
      `source a b ${ONE.toUpperCase()}`,
      `expected "source TARGET PATH SHA256", found "source a b ${ONE.toUpperCase()}"`.slice(0, 135),
    ],
    ['value a /b', 'expected "value TARGET POINTER JSON", found "value a /b"'],
    ['value a /b {x}', 'expected "value TARGET POINTER JSON", found "value a /b {x}"'],
    ['keys a /b {}', 'expected "keys TARGET POINTER [KEY, …]", found "keys a /b {}"'],
    ['absent a because', 'expected "absent TARGET "REASON"", found "absent a because"'],
    ['as-of yesterday', 'expected "as-of YYYY-MM-DDTHH:MM:00Z", found "as-of yesterday"'],
    [
      'as-of 2024-02-30T00:00:00Z',
      'expected "as-of YYYY-MM-DDTHH:MM:00Z", found "as-of 2024-02-30T00:00:00Z"',
    ],
    [
      'as-of 2024-02-03T23:59:30Z',
      'expected "as-of YYYY-MM-DDTHH:MM:00Z", found "as-of 2024-02-03T23:59:30Z"',
    ],
    [
      'sauce a b c',
      'expected a line that begins with as-of, output, source, value, keys, absent or sharded, found "sauce a b c"',
    ],
    [
      '<<<<<<< HEAD',
      'a merge was left unresolved here ("<<<<<<< HEAD"): keep the lines of both sides and remove the marks, or remove the file and build',
    ],
    [
      '=======',
      'a merge was left unresolved here ("======="): keep the lines of both sides and remove the marks, or remove the file and build',
    ],
  ])('says what is wrong with the line %s', (row, message) => {
    const { problems } = parseLock(`pipeline.lock 1\n${formatLine(output('a', 'b'))}\n${row}\n`);
    expect(
      problems.map((problem) => [problem.line, problem.message.startsWith(message.slice(0, 90))]),
    ).toEqual([[3, true]]);
  });

  it.each([
    [
      'pipeline.lock 2',
      'written by a newer pipeline (version 2 of the format, this one reads 1): use that version',
    ],
    ['# yarn lockfile v1', 'expected "pipeline.lock 1", found "# yarn lockfile v1"'],
    ['', 'expected "pipeline.lock 1", found ""'],
    [
      '<<<<<<< HEAD',
      'a merge was left unresolved here ("<<<<<<< HEAD"): keep the lines of both sides and remove the marks, or remove the file and build',
    ],
  ])('is refused by its first line %s', (header, message) => {
    expect(parseLock(`${header}\nwhatever follows\n`).problems).toEqual([{ line: 1, message }]);
  });
});

describe('reading a workspace’s lockfile', () => {
  it('gives undefined where there is none', () => {
    expect([readLock(scratch()), lockedAsOf(scratch())]).toEqual([undefined, undefined]);
  });

  it('gives what stands in it, by path and by target', async () => {
    const folder = scratch();
    const lines: readonly LockEntry[] = [
      source('archive/a', 'raw/a.zip'),
      output('bars/a', 'bars/a', TWO),
      { kind: 'value', target: 'sources', pointer: '/files/a', value: 1 },
      { kind: 'keys', target: 'sources', pointer: '/files', keys: ['a'] },
      { kind: 'absent', target: 'listing/x', reason: 'not there' },
    ];
    await writeLock(folder, { asOf: AS_OF, lines, sharded: false });
    const lock = readLock(folder);
    expect(lock).toEqual({
      asOf: AS_OF,
      sources: new Map([['raw/a.zip', { target: 'archive/a', digest: ONE }]]),
      outputs: new Map([['bars/a', { target: 'bars/a', digest: TWO }]]),
      values: new Map([['sources', new Map([['/files/a', 1]])]]),
      orders: new Map([['sources', new Map([['/files', ['a']]])]]),
      absences: new Map([['listing/x', 'not there']]),
      doubled: new Set(),
      files: [lines[1], lines[0]],
      remarks: [],
    });
    expect(lockedAsOf(folder)).toBe(AS_OF);
  });

  it('takes lines that a merge has doubled for no lines, names their target, and protects what they name', () => {
    const folder = scratch({
      'pipeline.lock': formatLock(
        [
          source('a', 'a.zip'),
          source('a', 'a.zip', TWO),
          output('b', 'b'),
          output('c', 'x'),
          output('d', 'x'),
        ],
        [formatAsOf(AS_OF), formatAsOf(AS_OF + 60_000)],
      ),
    });
    const lock = readLock(folder);
    expect([
      lock?.asOf,
      lock?.sources.size,
      lock && [...lock.outputs.keys()],
      lock && [...lock.doubled],
    ]).toEqual([AS_OF + 60_000, 0, ['b'], ['c', 'd', 'a']]);
    expect(lock?.files.map(({ path, digest }) => [path, digest])).toContainEqual(['a.zip', TWO]);
    expect(lock?.remarks).toEqual([
      'pipeline.lock: two lines say "as-of", after a merge: the later one counts',
      ...['c', 'd', 'a'].map(
        (target) =>
          `pipeline.lock: two lines say different things of ${target}, after a merge: a build of it says which is right`,
      ),
    ]);
  });

  it('takes the later as-of, whichever comes first', () => {
    for (const asOfs of [
      [AS_OF, AS_OF + 60_000],
      [AS_OF + 60_000, AS_OF],
    ]) {
      const folder = scratch({ 'pipeline.lock': formatLock([], asOfs.map(formatAsOf)) });
      expect([readLock(folder)?.asOf, lockedAsOf(folder)]).toEqual([AS_OF + 60_000, AS_OF + 60_000]);
    }
    const upsideDown = `pipeline.lock 1\n${formatAsOf(AS_OF + 60_000)}\n${formatAsOf(AS_OF)}\n`;
    expect(readLock(scratch({ 'pipeline.lock': upsideDown }))?.asOf).toBe(AS_OF + 60_000);
  });

  it('says of a target with a file that it cannot be absent as well', () => {
    const folder = scratch({
      'pipeline.lock': formatLock(
        [source('a', 'a.zip'), { kind: 'absent', target: 'a', reason: 'gone' }],
        [formatAsOf(AS_OF)],
      ),
    });
    const lock = readLock(folder);
    expect([lock?.sources.size, lock?.absences.size, lock && [...lock.doubled]]).toEqual([0, 0, ['a']]);
  });

  it('throws with file and line, and still tells the as-of to those who need no more', () => {
    const folder = scratch({
      'pipeline.lock': `pipeline.lock 1\nas-of 2024-02-03T23:59:00Z\n<<<<<<< HEAD\n`,
    });
    expect(() => readLock(folder)).toThrow(LockfileError);
    expect(messageOf(() => readLock(folder))).toMatch(/^pipeline\.lock:3: a merge was left unresolved here/);
    expect(lockedAsOf(folder)).toBe(AS_OF);
    put(join(folder, 'pipeline.lock'), 'pipeline.lock 1\n');
    expect(messageOf(() => readLock(folder))).toBe(
      'pipeline.lock:1: no line says "as-of YYYY-MM-DDTHH:MM:00Z": remove the file and build',
    );
  });

  it('takes the as-of from no other line, and no folder for a lockfile', () => {
    const folder = scratch({
      'pipeline.lock': `pipeline.lock 1\nas-of 2024-02-03T23:59:00Z\nvalue a /b "\u2028as-of 2025-02-03T23:59:00Z\u2028"\n`,
    });
    expect([lockedAsOf(folder), readLock(folder)?.asOf]).toEqual([AS_OF, AS_OF]);
    const other = scratch();
    mkdirSync(join(other, 'pipeline.lock'));
    expect(lockedAsOf(other)).toBe(undefined);
    expect(messageOf(() => readLock(other))).toBe(
      'pipeline.lock: cannot be read: EISDIR: illegal operation on a directory, read',
    );
  });
});

describe('a lockfile of many lines', () => {
  const many = (count: number): LockEntry[] =>
    Array.from({ length: count }, (_, at) => output(`bars/S${at % 3}/${at}`, `bars/${at}`));

  it('lies in one file for each rule and first key, and becomes one file again when it has shrunk by half', async () => {
    const folder = scratch();
    const lines = [...many(MOST_LINES), output('report', 'report.csv'), source('odd/.. x', 'raw')];
    await writeLock(folder, { asOf: AS_OF, lines, sharded: false });
    expect(readFileSync(join(folder, 'pipeline.lock'), 'utf8')).toBe(
      'pipeline.lock 1\nas-of 2024-02-03T23:59:00Z\nsharded\n',
    );
    expect(readdirSync(join(folder, 'pipeline.lock.d'), { recursive: true }).sort()).toEqual([
      'bars',
      'bars/S0',
      'bars/S1',
      'bars/S2',
      'odd',
      'odd/%2e.%20x',
      'report',
      'report/_',
    ]);
    const read = readLockEntries(folder);
    expect(new Set(read?.lines.map(formatLine))).toEqual(new Set(lines.map(formatLine)));
    expect([read?.sharded, read?.asOf]).toEqual([true, AS_OF]);

    await writeLock(folder, { asOf: AS_OF, lines: many(MOST_LINES - 1), sharded: true });
    expect(readLockEntries(folder)?.sharded).toBe(true);
    expect(existsSync(join(folder, 'pipeline.lock.d/report'))).toBe(false);
    await writeLock(folder, { asOf: AS_OF, lines: many(10), sharded: true });
    expect([readLockEntries(folder)?.sharded, existsSync(join(folder, 'pipeline.lock.d'))]).toEqual([
      false,
      false,
    ]);
    expect(readLock(folder)?.outputs.size).toBe(10);
  });

  it('rewrites the shards whose lines change and no others', async () => {
    const folder = scratch();
    await writeLock(folder, { asOf: AS_OF, lines: many(MOST_LINES + 1), sharded: false });
    const inode = (name: string): number => statSync(join(folder, 'pipeline.lock.d/bars', name)).ino;
    const before = ['S0', 'S1', 'S2'].map(inode);
    const changed = many(MOST_LINES + 1).map((each, at) =>
      at === 4 ? output(each.target, 'bars/4', TWO) : each,
    );
    await writeLock(folder, { asOf: AS_OF, lines: changed, sharded: true });
    expect(['S0', 'S1', 'S2'].map((name, at) => inode(name) === before[at])).toEqual([true, false, true]);
    await writeShards(folder, new Map([['bars/S2', []]]), AS_OF + 60_000);
    const read = readLockEntries(folder);
    expect([read?.lines.some(({ target }) => target.startsWith('bars/S2')), read?.asOf]).toEqual([
      false,
      AS_OF + 60_000,
    ]);
  });

  it('is no lockfile without its shards', async () => {
    const folder = scratch();
    await writeLock(folder, { asOf: AS_OF, lines: many(MOST_LINES + 1), sharded: false });
    rmSync(join(folder, 'pipeline.lock.d'), { recursive: true });
    expect(messageOf(() => readLock(folder))).toBe(
      'pipeline.lock: it says that its lines lie in pipeline.lock.d, and there are none: put that folder back as it was committed, or remove pipeline.lock and build',
    );
  });

  it('names the shard whose line cannot be read', async () => {
    const folder = scratch();
    await writeLock(folder, { asOf: AS_OF, lines: many(MOST_LINES + 1), sharded: false });
    put(join(folder, 'pipeline.lock.d/bars/S1'), 'pipeline.lock 1\noutput a\n');
    expect(messageOf(() => readLock(folder))).toBe(
      'pipeline.lock.d/bars/S1:2: expected "output TARGET PATH SHA256", found "output a"',
    );
  });

  it('has a shard for every target, and only paths of its own', () => {
    const key = fc.oneof(fc.string(), fc.constantFrom('x.partial', '.partial', '..'));
    fc.assert(
      fc.property(fc.string(), key, (rule, first) => {
        const name = shardOf(`${rule}/${first}`);
        expect(name).toMatch(/^[^/]*\/[^/]+$/);
        expect(name.split('/')).not.toContain('..');
        expect(name).not.toMatch(/\.partial$/);
        expect(isLockPath(`pipeline.lock.d/${name}`)).toBe(true);
      }),
    );
    expect(
      ['pipeline.lock', 'pipeline.lock.partial', 'pipeline.lock.d', 'pipeline.lockx'].map(isLockPath),
    ).toEqual([true, true, true, false]);
  });
});
