import type * as NodeFs from 'node:fs';
import { mkdirSync, readFileSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  logFiles,
  logOf,
  logPathOf,
  logWithin,
  MOST_LOG_BYTES,
  TargetLog,
} from '../../../src/engine/state/target-logs.ts';
import { put, scratch } from './scratch.ts';

const disk = vi.hoisted((): { roomFor: number | undefined } => ({ roomFor: undefined }));

/** Lets a test run out of room. */
vi.mock('node:fs', async (original) => {
  const actual = await original<typeof NodeFs>();
  const writeSync = (fd: number, bytes: Uint8Array, offset: number): number => {
    if (disk.roomFor === undefined) return actual.writeSync(fd, bytes, offset);
    if (disk.roomFor < bytes.length)
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    disk.roomFor -= bytes.length;
    return actual.writeSync(fd, bytes, offset);
  };
  return { ...actual, writeSync };
});

function logged(workspace: string, target: string, ...lines: readonly string[]): string | undefined {
  const log = new TargetLog(workspace, target);
  for (const line of lines) log.line(line);
  log.close();
  return logOf(workspace, target);
}

function textOf(workspace: string, target: string): string {
  return readFileSync(join(workspace, logPathOf(target)), 'utf8');
}

describe('where the log of a target lies', () => {
  it.each([
    ['bars/BTCUSDT/2024-01', '.pipeline/logs/bars/BTCUSDT/2024-01.log'],
    ['reports', '.pipeline/logs/reports.log'],
    ['a/..', '.pipeline/logs/a/%2E..log'],
    ['../../x', '.pipeline/logs/%2E./%2E./x.log'],
    ['a/.git/x', '.pipeline/logs/a/%2Egit/x.log'],
    ['/etc/passwd', '.pipeline/logs/%/etc/passwd.log'],
    ['a//b', '.pipeline/logs/a/%/b.log'],
    ['a.log/b', '.pipeline/logs/a%2Elog/b.log'],
    ['a b/100%', '.pipeline/logs/a%20b/100%25.log'],
    ['é\u0000\n', '.pipeline/logs/%C3%A9%00%0A.log'],
  ])('of %j is %s', (target, path) => {
    expect(logPathOf(target)).toBe(path);
  });

  it('is below the logs, whatever the keys are, and never that of another target', () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom(
        '.',
        '..',
        '',
        'a',
        'a.log',
        '%',
        '%2E',
        '\\',
        '~',
        'x'.repeat(300),
        `${'x'.repeat(300)}y`,
      ),
    );
    const target = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
    fc.assert(
      fc.property(target, target, (one, other) => {
        const [path, second] = [logPathOf(one), logPathOf(other)];
        expect(path).toMatch(/^\.pipeline\/logs(\/(?!\.)[\w@=+,.%-]{1,225})+\.log$/);
        expect(path === second).toBe(one === other);
        // Neither is a folder on the way to the other.
        expect(`${path}/`.startsWith(`${second}/`)).toBe(path === second);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the log of a run', () => {
  it('holds each line as soon as it is said', () => {
    const workspace = scratch();
    const log = new TargetLog(workspace, 'a/b');
    log.line('one');
    expect(textOf(workspace, 'a/b')).toBe('one\n');
    log.line('two é');
    expect(textOf(workspace, 'a/b')).toBe('one\ntwo é\n');
    expect(log.path).toBe('.pipeline/logs/a/b.log');
    expect(log.lines).toBe(2);
    log.close();
    expect(textOf(workspace, 'a/b')).toBe('one\ntwo é\n');
    expect(logOf(workspace, 'a/b')).toBe('.pipeline/logs/a/b.log');
  });

  it('takes the place of the last one, also when nothing is said', () => {
    const workspace = scratch();
    expect(logged(workspace, 'a', 'first')).toBe('.pipeline/logs/a.log');
    logged(workspace, 'a', 'second');
    expect(textOf(workspace, 'a')).toBe('second\n');
    expect(logged(workspace, 'a')).toBeUndefined();
    expect(logFiles(workspace)).toEqual([]);
  });

  it('is not made by a remark alone', () => {
    const workspace = scratch();
    const log = new TargetLog(workspace, 'a');
    log.remark('nobody has said anything');
    expect(log.path).toBeUndefined();
    log.line('one');
    log.remark('try 1 failed');
    log.close();
    expect(textOf(workspace, 'a')).toBe('one\ntry 1 failed\n');
    expect(log.lines).toBe(1);
  });

  it('keeps the first half and the last of what is too long, and says how much it leaves out', () => {
    const workspace = scratch();
    const log = new TargetLog(workspace, 'long');
    const lineOf = (at: number): string => `line ${String(at).padStart(94, '0')}`;
    const count = 200_000;
    for (let at = 0; at < count; at++) log.line(lineOf(at));
    log.close();
    const lines = textOf(workspace, 'long').trimEnd().split('\n');
    const half = MOST_LOG_BYTES / 2 / 100;
    expect(lines.slice(0, half)).toEqual(Array.from({ length: half }, (_, at) => lineOf(at)));
    expect(lines[half]).toBe(`[${count - 2 * half} lines left out]`);
    expect(lines.slice(half + 1)).toEqual(Array.from({ length: half }, (_, at) => lineOf(count - half + at)));
  });

  it('cuts a single line that is too long', () => {
    const workspace = scratch();
    logged(workspace, 'a', 'first', 'x'.repeat(3 * MOST_LOG_BYTES), 'last');
    expect(statSync(join(workspace, logPathOf('a'))).size).toBeLessThanOrEqual(MOST_LOG_BYTES + 50);
    expect(textOf(workspace, 'a').startsWith('first\n')).toBe(true);
    expect(textOf(workspace, 'a').endsWith('\nlast\n')).toBe(true);
  });

  it('does not follow a link that stands in its place', () => {
    const workspace = scratch({ precious: 'mine' });
    mkdirSync(join(workspace, '.pipeline/logs'), { recursive: true });
    symlinkSync(join(workspace, 'precious'), join(workspace, logPathOf('a')));
    logged(workspace, 'a', 'one');
    expect(readFileSync(join(workspace, 'precious'), 'utf8')).toBe('mine');
    expect(textOf(workspace, 'a')).toBe('one\n');
  });

  it('that cannot be written is none, and nobody fails of it', () => {
    const workspace = scratch();
    put(join(workspace, '.pipeline/logs'), 'a file');
    const log = new TargetLog(workspace, 'a/b');
    log.line('one');
    expect(log.path).toBeUndefined();
    log.close();
    expect(logOf(workspace, 'a/b')).toBeUndefined();
    expect(logFiles(workspace)).toEqual([]);
  });

  it('ends where the disk was full', () => {
    const workspace = scratch();
    const log = new TargetLog(workspace, 'a');
    disk.roomFor = 10;
    try {
      for (const line of ['one', 'two', 'and more', 'x']) log.line(line);
      log.close();
    } finally {
      disk.roomFor = undefined;
    }
    expect(textOf(workspace, 'a')).toBe('one\ntwo\n');
    expect(log.path).toBeUndefined();
  });
});

describe('the logs of a workspace', () => {
  it('are listed in code-unit order', () => {
    const workspace = scratch();
    for (const target of ['b/x', 'a/z', 'B', 'a/y']) logged(workspace, target, 'said');
    expect(logFiles(workspace)).toEqual([
      '.pipeline/logs/B.log',
      '.pipeline/logs/a/y.log',
      '.pipeline/logs/a/z.log',
      '.pipeline/logs/b/x.log',
    ]);
  });

  it('belong to a build by the time at which they were written', () => {
    const workspace = scratch();
    logged(workspace, 'a', 'said');
    const at = 1_700_000_000_000;
    utimesSync(join(workspace, logPathOf('a')), at / 1000, at / 1000);
    expect(logWithin(workspace, 'a', at - 1, at + 1)).toBe('.pipeline/logs/a.log');
    expect(logWithin(workspace, 'a', at + 1, at + 2)).toBeUndefined();
    expect(logWithin(workspace, 'a', at - 2, at - 1)).toBeUndefined();
    expect(logWithin(workspace, 'b', 0, Number.MAX_VALUE)).toBeUndefined();
  });
});
