import type * as NodeFs from 'node:fs';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { KEPT, MOST_BYTES, readHistory, recordRun } from '../../../src/engine/state/history.ts';
import { formatLine } from '../../../src/engine/state/line-file.ts';
import type { NewRun, RunRecord } from '../../../src/engine/state/run-record.ts';
import { StateError } from '../../../src/engine/state/workspace-state.ts';
import { busyRun, idleRun, newRun } from '../history/runs.ts';
import { messageOf, scratch } from './scratch.ts';

const disk = vi.hoisted((): { roomFor: number | undefined; flushed: number } => ({
  roomFor: undefined,
  flushed: 0,
}));

/** Lets a test run out of room in the middle of a line, and counts what is flushed. */
vi.mock('node:fs', async (original) => {
  const actual = await original<typeof NodeFs>();
  const writeSync = (fd: number, bytes: Uint8Array, offset: number): number => {
    if (disk.roomFor === undefined) return actual.writeSync(fd, bytes, offset);
    if (disk.roomFor === 0) {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    }
    const done = actual.writeSync(fd, bytes, offset, Math.min(bytes.length - offset, disk.roomFor));
    disk.roomFor -= done;
    return done;
  };
  const fsyncSync = (fd: number): void => {
    disk.flushed++;
    actual.fsyncSync(fd);
  };
  return { ...actual, writeSync, fsyncSync };
});

const HEADER = 'pipeline history 1\n';

/** A workspace whose history holds these builds, and the path of the file. */
function written(runs: readonly NewRun[]): { workspace: string; path: string; bytes: Buffer } {
  const workspace = scratch();
  const path = join(workspace, '.pipeline', 'history');
  for (const run of runs) expect(recordRun(workspace, run)).toEqual([]);
  return { workspace, path, bytes: existsSync(path) ? readFileSync(path) : Buffer.alloc(0) };
}

/** As a file of these records, whatever the bounds are. */
function withFile(text: string | Uint8Array): { workspace: string; path: string } {
  const workspace = scratch({ '.pipeline/history': '' });
  const path = join(workspace, '.pipeline', 'history');
  writeFileSync(path, text);
  return { workspace, path };
}

function fileOf(runs: readonly RunRecord[]): Buffer {
  return Buffer.concat([Buffer.from(HEADER), ...runs.map(formatLine)]);
}

function numbered(runs: readonly NewRun[]): RunRecord[] {
  return runs.map((run, at) => ({ number: at + 1, builds: 1, ...run }));
}

function lineEnds(bytes: Buffer): readonly number[] {
  return [...bytes.entries()].flatMap(([at, byte]) => (byte === 10 ? [at + 1] : []));
}

const THREE = [busyRun(1), busyRun(2), busyRun(3)];

describe('the history of builds', () => {
  it('is empty where there is none, and looking at it makes none', () => {
    const workspace = scratch();
    expect(readHistory(workspace)).toEqual({ runs: [], remarks: [] });
    expect(existsSync(join(workspace, '.pipeline'))).toBe(false);
  });

  it('gives back what was recorded, oldest first, with rising numbers', () => {
    const { workspace } = written(THREE);
    expect(readHistory(workspace)).toEqual({ runs: numbered(THREE), remarks: [] });
  });

  it('begins with a header that names its version', () => {
    expect(
      written([busyRun(1)])
        .bytes.toString()
        .startsWith(HEADER),
    ).toBe(true);
  });

  it('is flushed with a build that did something, and not with one that did nothing', () => {
    const { workspace } = written([busyRun(1)]);
    disk.flushed = 0;
    recordRun(workspace, idleRun(1));
    recordRun(workspace, idleRun(2));
    recordRun(workspace, idleRun(3, { asOf: '2026-01-05T23:59:00Z' }));
    expect(disk.flushed).toBe(0);
    recordRun(workspace, busyRun(2));
    expect(disk.flushed).toBe(1);
  });

  it('finds the last build whatever the size of its line', () => {
    const long = 'x'.repeat(300);
    const targets = Array.from({ length: 500 }, (_, at) => ({
      target: `bars/${at}`,
      outcome: 'executed' as const,
      seconds: 1,
      reasons: [1, 2, 3].map((n) => ({ kind: 'input' as const, name: `${long}${n}`, was: long, is: long })),
      moreReasons: 0,
    }));
    const { workspace, bytes } = written([busyRun(1), busyRun(2, { targets })]);
    expect(bytes.length).toBeGreaterThan(600_000);
    disk.flushed = 0;
    recordRun(workspace, busyRun(3));
    // To write the whole file anew would take two.
    expect(disk.flushed).toBe(1);
    expect(readHistory(workspace).runs.map(({ number, seconds }) => [number, seconds])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });
});

describe('builds with nothing to do', () => {
  it('in a row are one record, which says how many and since when', () => {
    const { workspace } = written([busyRun(1), idleRun(1), idleRun(2), idleRun(7), busyRun(2)]);
    const { runs } = readHistory(workspace);
    expect(runs.map(({ number, builds }) => [number, builds])).toEqual([
      [1, 1],
      [2, 3],
      [3, 1],
    ]);
    expect(runs[1]).toEqual({
      ...idleRun(7),
      number: 2,
      builds: 3,
      startedAt: '2026-01-05T09:01:00.000Z',
    });
  });

  it('keep the file as long as it is, however often they come', () => {
    const { workspace, path } = written([busyRun(1), idleRun(1)]);
    const { length } = readFileSync(path);
    for (let at = 0; at < 100; at++) recordRun(workspace, idleRun(at % 60));
    expect(readFileSync(path).length - length).toBeLessThan(4);
    expect(readHistory(workspace).runs.at(-1)).toMatchObject({ number: 2, builds: 101 });
  });

  it.each([
    ['another as-of', { asOf: '2026-01-05T23:59:00Z' }],
    ['another run', { runId: '2026-01-04-0123abcd' }],
    ['other selectors', { selectors: ['bars'] }],
    ['other edges in time', { from: '2026-01-01T00:00:00Z' }],
    ['other options', { options: { force: false, refresh: false, sweep: false, offline: true } }],
    ['another version', { version: '9.9.9' }],
    ['other counts', { counts: { fresh: 11 } }],
    ['a warning', { warnings: [{ target: 'listing/BTCUSDT', message: 'late' }] }],
    ['an interruption', { ended: 'interrupted' as const }],
    ['something blocked', { counts: { fresh: 9, blocked: 1 } }],
  ])('of %s are another record', (_, more) => {
    const { workspace } = written([idleRun(1), idleRun(2, more), idleRun(3)]);
    expect(readHistory(workspace).runs.map(({ builds }) => builds)).toEqual([1, 1, 1]);
  });
});

describe('a history cut short at any byte', () => {
  it('holds the builds before the cut, and takes new ones', () => {
    const { workspace, path, bytes } = written(THREE);
    const ends = lineEnds(bytes);
    const later = busyRun(9);
    for (let length = 0; length <= bytes.length; length++) {
      const runs = THREE.slice(0, Math.max(0, ends.filter((end) => end <= length).length - 1));
      const torn = length - (ends.findLast((end) => end <= length) ?? 0);
      const remarks = torn === 0 ? [] : [`${path}: the last write was cut short: ${torn} bytes left out`];
      writeFileSync(path, bytes.subarray(0, length));
      expect(readHistory(workspace)).toEqual({ runs: numbered(runs), remarks });
      expect(recordRun(workspace, later)).toEqual(remarks);
      expect(readHistory(workspace)).toEqual({ runs: numbered([...runs, later]), remarks: [] });
    }
  });

  it('and filled up with zeros, as some file systems do after a power cut, is the same', () => {
    const { workspace, path, bytes } = written(THREE);
    const cut = (lineEnds(bytes)[2] ?? 0) + 5;
    writeFileSync(path, Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(4_096)]));
    recordRun(workspace, busyRun(9));
    expect(readHistory(workspace)).toEqual({
      runs: numbered([busyRun(1), busyRun(2), busyRun(9)]),
      remarks: [],
    });
  });
});

describe('one flipped bit', () => {
  it('in a record drops it and at most the next one, alters none, and keeps no build from being recorded', () => {
    const { workspace, path, bytes } = written(THREE);
    const ends = lineEnds(bytes);
    const all = numbered(THREE);
    for (const victim of [1, 2]) {
      const [from, to] = [ends[victim] ?? 0, ends[victim + 1] ?? 0];
      for (let at = from; at < to; at++) {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
        writeFileSync(path, damaged);
        const found = readHistory(workspace);
        const sound = all.filter((_, place) => place !== victim && (at < to - 1 || place !== victim + 1));
        expect(found.runs, `byte ${at - from}`).toEqual(sound);
        expect(found.remarks.length).toBe(1);
        recordRun(workspace, busyRun(9));
        expect(readHistory(workspace).runs.at(-1)).toMatchObject(busyRun(9));
      }
    }
  });

  it('is told by its line, and no longer once the file is written anew', () => {
    const { workspace, path, bytes } = written(THREE);
    const last = (lineEnds(bytes)[2] ?? 0) + 30;
    bytes[last] = (bytes[last] ?? 0) ^ 4;
    writeFileSync(path, bytes);
    const remarks = [`${path}: 1 build left out: damaged`];
    expect(readHistory(workspace).remarks).toEqual(remarks);
    expect(recordRun(workspace, busyRun(4))).toEqual(remarks);
    expect(readHistory(workspace)).toEqual({
      runs: numbered([busyRun(1), busyRun(2), busyRun(4)]),
      remarks: [],
    });
  });
});

describe('a line whose checksum is right', () => {
  const [record] = numbered([busyRun(1)]);
  it.each([
    ['nothing', {}],
    ['a list', []],
    ['half a record', { number: 1, builds: 1 }],
    ['a count below nothing', { ...record, moreTargets: -1 }],
    ['a time that is none', { ...record, startedAt: 'yesterday' }],
    ['an outcome that we do not know', { ...record, counts: { ...record?.counts, lost: 1 } }],
  ])('is left out when it holds %s', (_, value) => {
    const { workspace, path } = withFile(Buffer.concat([fileOf(numbered(THREE)), formatLine(value)]));
    expect(readHistory(workspace)).toEqual({
      runs: numbered(THREE),
      remarks: [`${path}: 1 build left out: damaged`],
    });
  });
});

describe('a file that is no history of ours', () => {
  const refused = (text: string): { path: string; message: string } => {
    const { workspace, path } = withFile(text);
    const message = messageOf(() => readHistory(workspace));
    expect(() => readHistory(workspace)).toThrowError(StateError);
    expect(messageOf(() => recordRun(workspace, busyRun(1)))).toBe(message);
    expect(readFileSync(path, 'utf8')).toBe(text);
    return { path, message };
  };

  it('is left alone, with what to do', () => {
    const { path, message } = refused('my diary\ndear');
    expect(message).toBe(
      `${path}:1: expected "pipeline history 1", found "my diary". This is not a history of builds: move the file away, and the next build begins a new one`,
    );
  });

  it('and is written by a newer version is left to that version', () => {
    const { path, message } = refused('pipeline history 12\nwhatever\n');
    expect(message).toBe(
      `${path}:1: written by a newer pipeline (history version 12, this one reads 1): use that version, or move the file away to begin a new one`,
    );
  });
});

describe('the bounds', () => {
  it('keep the last 1,000 builds, cut when there are 250 more', () => {
    const before = numbered(Array.from({ length: KEPT + 249 }, (_, at) => busyRun(at)));
    const { workspace } = withFile(fileOf(before));
    expect(readHistory(workspace).runs.length).toBe(1_249);
    recordRun(workspace, busyRun(7));
    const { runs } = readHistory(workspace);
    expect(runs).toEqual([...before.slice(-999), { ...busyRun(7), number: 1_250, builds: 1 }]);
  });

  it('let builds that built nothing go before those that did', () => {
    const all = Array.from({ length: KEPT + 249 }, (_, at) => {
      // Every hour the listing was asked, and found as it was.
      if (at % 2 === 1) return newRun({ seconds: at, counts: { checked: 1 } });
      return at === 0 ? newRun({ seconds: at, ended: 'interrupted' }) : busyRun(at);
    });
    const { workspace } = withFile(fileOf(numbered(all)));
    recordRun(workspace, busyRun(7));
    const { runs } = readHistory(workspace);
    expect(runs.length).toBe(1_000);
    const quiet = runs.filter(({ counts }) => counts.checked > 0);
    expect(runs.length - quiet.length).toBe(626);
    // Of these the oldest went.
    expect(quiet.at(0)?.number).toBe(502);
  });

  it('keep the file within 8 MB, its oldest builds first to go', () => {
    const warnings = [{ target: 'a', message: 'x'.repeat(500_000) }];
    const before = numbered(Array.from({ length: 15 }, (_, at) => busyRun(at, { warnings })));
    const { workspace, path } = withFile(fileOf(before));
    recordRun(workspace, busyRun(16, { warnings }));
    expect(readFileSync(path).length).toBeLessThan(MOST_BYTES);
    const numbers = readHistory(workspace).runs.map(({ number }) => number);
    expect(numbers).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  });

  it('keep the last build, whatever its size', () => {
    const { workspace } = written([busyRun(1)]);
    const warnings = [{ target: 'a', message: 'x'.repeat(MOST_BYTES) }];
    recordRun(workspace, busyRun(2, { warnings }));
    expect(readHistory(workspace).runs.map(({ number }) => number)).toEqual([2]);
    recordRun(workspace, busyRun(3));
    expect(readHistory(workspace).runs.map(({ number }) => number)).toEqual([3]);
  });

  it('leave a reader with the whole old file or the whole new one', () => {
    const { workspace, path, bytes } = written(THREE);
    // What a crash before the rename leaves.
    const left = join(workspace, '.pipeline', 'tmp', 'history');
    mkdirSync(join(left, '..'), { recursive: true });
    writeFileSync(left, bytes.subarray(0, 100));
    writeFileSync(path, bytes.subarray(0, bytes.length - 1));
    expect(readHistory(workspace).runs).toEqual(numbered(THREE.slice(0, 2)));
    recordRun(workspace, busyRun(4));
    expect(readHistory(workspace).runs).toEqual(numbered([busyRun(1), busyRun(2), busyRun(4)]));
    expect(existsSync(left)).toBe(false);
  });
});

describe('any sequence of builds', () => {
  const build = fc.oneof(
    fc.integer({ min: 0, max: 9 }).map((seconds) => busyRun(seconds)),
    fc.integer({ min: 0, max: 59 }).map((minute) => idleRun(minute)),
    fc.integer({ min: 0, max: 59 }).map((minute) => idleRun(minute, { selectors: ['bars'] })),
  );

  it('is told as it was: those that did something one by one, the others counted', () => {
    fc.assert(
      fc.property(fc.array(build, { maxLength: 25 }), (runs) => {
        const { workspace } = written(runs);
        const found = readHistory(workspace);
        expect(found.remarks).toEqual([]);
        expect(found.runs.map(({ number }) => number)).toEqual(found.runs.map((_, at) => at + 1));
        let at = 0;
        for (const { number, builds, startedAt, ...last } of found.runs) {
          const stood = runs.slice(at, at + builds);
          expect(startedAt).toBe(stood[0]?.startedAt);
          expect({ ...last, startedAt: stood.at(-1)?.startedAt }).toEqual(stood.at(-1));
          const before = runs[at - 1];
          const [one] = stood;
          if (before?.counts.executed === 0 && one?.counts.executed === 0)
            expect(one.selectors).not.toEqual(before.selectors);
          if (builds > 1) expect(new Set(stood.map(({ selectors }) => selectors.join())).size).toBe(1);
          at += builds;
        }
        expect(at).toBe(runs.length);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a disk that is full', () => {
  it('spoils no other build than the one that found no room', () => {
    const { workspace, path, bytes } = written(THREE);
    disk.roomFor = 40;
    expect(messageOf(() => recordRun(workspace, busyRun(4)))).toBe('ENOSPC: no space left on device, write');
    disk.roomFor = undefined;
    expect(readFileSync(path).equals(bytes)).toBe(true);
    recordRun(workspace, busyRun(5));
    expect(readHistory(workspace)).toEqual({ runs: numbered([...THREE, busyRun(5)]), remarks: [] });
  });
});
