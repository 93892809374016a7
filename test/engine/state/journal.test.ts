import type * as NodeFs from 'node:fs';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import { canonicalJson } from '../../../src/engine/json.ts';
import { Journal, JournalError, loadJournal } from '../../../src/engine/state/journal.ts';
import type {
  CodeRecord,
  FailureRecord,
  JournalRecord,
  SuccessRecord,
} from '../../../src/engine/state/record.ts';
import { messageOf, scratch } from './scratch.ts';

const disk = vi.hoisted((): { roomFor: number | undefined } => ({ roomFor: undefined }));

/** Lets a test run out of room in the middle of a line. */
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
  return { ...actual, writeSync };
});

const NOW = '2025-08-22T23:59:00.000Z';

function success(target: string, version: number): SuccessRecord {
  return {
    kind: 'success',
    target,
    fingerprint: sha256(`${target} ${version}`),
    parts: [
      ['task', 'task', 'bars/normalize'],
      ['param', 'symbol', 'BTC\nUSDT é😀'],
    ],
    outputs: [{ name: 'bars', path: `out/${target}.parquet`, digest: sha256(`${version}`) }],
    discovered: [['in/extra', sha256('extra')]],
    finishedAt: NOW,
    seconds: version,
  };
}

function failure(target: string, version: number): FailureRecord {
  const failed = { code: 'archive-corrupt', message: `byte ${version} is wrong`, log: ['one', 'two'] };
  return { kind: 'failure', target, fingerprint: sha256(`${version}`), failure: failed, finishedAt: NOW };
}

function code(version: number): CodeRecord {
  return { kind: 'code', digest: sha256(`code ${version}`), files: [['tasks/a.ts', sha256(`${version}`)]] };
}

function absent(target: string): SuccessRecord {
  return { ...success(target, 0), outputs: [], absent: { reason: 'not published', recheckAt: NOW } };
}

/** All kinds, targets that succeed, fail, and do both. */
const MIXED: readonly JournalRecord[] = [0, 1, 2, 3].flatMap((round): readonly JournalRecord[] => [
  { kind: 'start', target: `bars/${round}` },
  code(round),
  success(`bars/${round}`, round),
  failure(round % 2 === 0 ? 'bars/0' : 'staged/1', round),
  round === 3 ? absent('archive/x') : success('bars/0', round),
]);

interface Facts {
  readonly successes: Readonly<Record<string, SuccessRecord>>;
  readonly failures: Readonly<Record<string, FailureRecord>>;
  readonly codes: Readonly<Record<string, CodeRecord>>;
}

/** What the records mean, reckoned in another way than the journal's. */
function meaning(records: readonly JournalRecord[]): Facts {
  const last = (kind: 'success' | 'failure') => (target: string) =>
    records.findLastIndex((record) => record.kind === kind && record.target === target);
  const pick = <T extends JournalRecord>(test: (record: JournalRecord, at: number) => record is T) =>
    records.filter(test);
  const successes = pick(
    (record): record is SuccessRecord =>
      record.kind === 'success' && records[last('success')(record.target)] === record,
  );
  const failures = pick(
    (record, at): record is FailureRecord =>
      record.kind === 'failure' &&
      at === last('failure')(record.target) &&
      at > last('success')(record.target),
  );
  const codes = pick((record): record is CodeRecord => record.kind === 'code');
  return {
    successes: Object.fromEntries(successes.map((record) => [record.target, record])),
    failures: Object.fromEntries(failures.map((record) => [record.target, record])),
    codes: Object.fromEntries(codes.map((record) => [record.digest, record])),
  };
}

function factsOf(loaded: {
  readonly successes: ReadonlyMap<string, SuccessRecord>;
  readonly failures: ReadonlyMap<string, FailureRecord>;
  readonly codes: ReadonlyMap<string, CodeRecord>;
}): Facts {
  return {
    successes: Object.fromEntries(loaded.successes),
    failures: Object.fromEntries(loaded.failures),
    codes: Object.fromEntries(loaded.codes),
  };
}

/** Paths that were written once and that no target's last success has: each target here has a path of its own. */
function orphanedBy(records: readonly JournalRecord[]): readonly string[] {
  const ever = records.flatMap((record) => (record.kind === 'success' ? record.outputs : []));
  const now = Object.values(meaning(records).successes).flatMap(({ outputs }) => outputs);
  const kept = new Set(now.map(({ path }) => path));
  return [...new Set(ever.map(({ path }) => path))].filter((path) => !kept.has(path)).sort();
}

function textOf(facts: Facts): string {
  return canonicalJson(JSON.parse(JSON.stringify(facts)));
}

function open(folder: string): Journal {
  return new Journal(join(folder, 'journal'), join(folder, 'journal.new'));
}

function written(records: readonly JournalRecord[]): { folder: string; path: string; bytes: Buffer } {
  const folder = scratch();
  const journal = open(folder);
  for (const record of records) journal.append(record, false);
  journal.close();
  const path = join(folder, 'journal');
  return { folder, path, bytes: readFileSync(path) };
}

/** Offsets just behind each line. */
function lineEnds(bytes: Buffer): readonly number[] {
  return [...bytes.entries()].flatMap(([at, byte]) => (byte === 10 ? [at + 1] : []));
}

describe('a journal', () => {
  it('is empty where there is none, and looking at it makes none', () => {
    const path = join(scratch(), 'journal');
    expect(loadJournal(path)).toMatchObject({ lines: 0, remarks: [] });
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('gives back what was appended, the last record of a target winning', () => {
    const { folder, path } = written(MIXED);
    expect(factsOf(loadJournal(path))).toEqual(meaning(MIXED));
    const journal = open(folder);
    expect(factsOf(journal.loaded)).toEqual(meaning(MIXED));
    expect(journal.loaded.remarks).toEqual([]);
    journal.close();
  });

  it('knows at once what it was given', () => {
    const folder = scratch();
    const journal = open(folder);
    MIXED.forEach((record, at) => {
      journal.append(record, at % 5 === 0);
      expect(factsOf(journal.loaded)).toEqual(meaning(MIXED.slice(0, at + 1)));
    });
    journal.close();
  });

  it('begins with a header that names its version', () => {
    const { bytes } = written([]);
    expect(bytes.toString()).toBe('pipeline journal 1\n');
  });
});

describe('a journal cut short at any byte', () => {
  it('holds the records before the cut, and takes new ones', () => {
    const { folder, path, bytes } = written(MIXED);
    const ends = lineEnds(bytes);
    const later = success('later', 7);
    for (let length = 0; length <= bytes.length; length++) {
      const records = MIXED.slice(0, Math.max(0, ends.filter((end) => end <= length).length - 1));
      const whole = ends.findLast((end) => end <= length) ?? 0;
      const torn = length - whole;
      writeFileSync(path, bytes.subarray(0, length));

      const loaded = loadJournal(path);
      expect(factsOf(loaded)).toEqual(meaning(records));
      expect(loaded.remarks).toEqual(
        torn === 0 ? [] : [`${path}: the last write was cut short: ${torn} bytes left out`],
      );

      const journal = open(folder);
      journal.append(later, false);
      journal.close();
      const again = loadJournal(path);
      expect(factsOf(again)).toEqual(meaning([...records, later]));
      expect(again.remarks).toEqual([]);
    }
  });

  it('and filled up with zeros, as some file systems do after a power cut, is the same', () => {
    const { folder, path, bytes } = written(MIXED);
    const cut = (lineEnds(bytes)[10] ?? 0) + 5;
    writeFileSync(path, Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(4_096)]));
    open(folder).close();
    expect(factsOf(loadJournal(path))).toEqual(meaning(MIXED.slice(0, 10)));
  });
});

describe('one flipped bit', () => {
  it('in a record drops it and at most the next one, and alters none', () => {
    const { path, bytes } = written(MIXED);
    const ends = lineEnds(bytes);
    const victim = 7;
    const [from, to] = [ends[victim] ?? 0, ends[victim + 1] ?? 0];
    const without = (...gone: readonly number[]) =>
      textOf(meaning(MIXED.filter((_, at) => !gone.includes(at))));
    const intact = textOf(meaning(MIXED));
    for (let at = from; at < to; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        writeFileSync(path, damaged);
        const loaded = loadJournal(path);
        const found = textOf(factsOf(loaded));
        const allowed = at === to - 1 ? [without(victim, victim + 1)] : [without(victim)];
        expect(allowed, `byte ${at - from}, bit ${bit}`).toContain(found);
        expect(found).not.toBe(intact);
        expect(loaded.remarks.length).toBe(1);
      }
    }
  });

  it('is told once: the next build writes a sound journal', () => {
    const { folder, path, bytes } = written(MIXED);
    const middle = (lineEnds(bytes)[7] ?? 0) + 30;
    bytes[middle] = (bytes[middle] ?? 0) ^ 4;
    writeFileSync(path, bytes);
    const remark = `${path}: 1 damaged record left out: what they stood for is checked anew`;
    expect(loadJournal(path).remarks).toEqual([remark]);
    const journal = open(folder);
    expect(journal.loaded.remarks).toEqual([remark]);
    journal.close();
    expect(loadJournal(path).remarks).toEqual([]);
    expect(factsOf(loadJournal(path))).toEqual(meaning(MIXED.filter((_, at) => at !== 7)));
  });

  it('in the header is an error that gives the header', () => {
    const { folder, path, bytes } = written(MIXED);
    for (let at = 0; at < 'pipeline journal 1'.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        writeFileSync(path, damaged);
        expect(() => loadJournal(path)).toThrowError(JournalError);
        expect(() => open(folder)).toThrowError(JournalError);
        expect(readFileSync(path).equals(damaged)).toBe(true);
      }
    }
  });
});

describe('what is no journal of ours', () => {
  const refuse = (text: string): { path: string; message: string } => {
    const path = join(scratch({ journal: text }), 'journal');
    const message = messageOf(() => loadJournal(path));
    expect(messageOf(() => open(join(path, '..')))).toBe(message);
    expect(readFileSync(path, 'utf8')).toBe(text);
    return { path, message };
  };

  it('is left alone, with what to do', () => {
    const { path, message } = refuse('my diary\ndear');
    expect(message).toBe(
      `${path}:1: expected "pipeline journal 1", found "my diary". This is not a journal of pipeline: move the file away, and the next build starts from what is on disk`,
    );
  });

  it('is left alone when it has no line end at all', () => {
    const { path, message } = refuse('my diary has many pages and no line ends at all');
    expect(message).toBe(
      `${path}:1: expected "pipeline journal 1", found "my diary has many pages and no line ends". This is not a journal of pipeline: move the file away, and the next build starts from what is on disk`,
    );
  });

  it('and is written by a newer version is left to that version', () => {
    const { path, message } = refuse('pipeline journal 12\nwhatever\n');
    expect(message).toBe(
      `${path}:1: written by a newer pipeline (journal version 12, this one reads 1): use that version, or move the file away to build anew`,
    );
  });

  for (const header of [
    'pipeline journal 0',
    'pipeline journal 01',
    'pipeline journal 1 ',
    'pipeline journal',
  ]) {
    it(`is not called newer for "${header}"`, () => {
      const { path, message } = refuse(`${header}\n`);
      expect(message).toBe(
        `${path}:1: expected "pipeline journal 1", found "${header}". This is not a journal of pipeline: move the file away, and the next build starts from what is on disk`,
      );
    });
  }
});

describe('a line whose checksum is right', () => {
  const line = (body: string): string => {
    const bytes = Buffer.from(body);
    return `${crc32(bytes).toString(16).padStart(8, '0')} ${bytes.length} ${body}\n`;
  };
  const { outputs: _, ...shorn } = success('bars/1', 1);
  for (const body of [
    '',
    '{',
    'null',
    '1',
    '[]',
    '{}',
    '{"kind":"toString"}',
    '{"kind":"success","target":"a"}',
    JSON.stringify(shorn),
    JSON.stringify({ ...success('a', 1), parts: [['task', 'task']] }),
    JSON.stringify({ ...success('a', 1), outputs: [null] }),
    JSON.stringify({ ...success('a', 1), absent: 'soon' }),
    JSON.stringify({ incomplete: null, ...success('a', 1) }),
    JSON.stringify({ ...failure('a', 1), failure: undefined }),
    JSON.stringify({ ...code(1), files: [{}] }),
    '{"kind":"start"}',
  ]) {
    it(`is left out when it holds ${body.slice(0, 60) || 'nothing'}`, () => {
      const { path } = written([success('before', 1)]);
      writeFileSync(
        path,
        readFileSync(path, 'utf8') + line(body) + line(JSON.stringify(success('after', 2))),
      );
      const loaded = loadJournal(path);
      expect([...loaded.successes.keys()]).toEqual(['before', 'after']);
      expect(loaded.remarks).toEqual([
        `${path}: 1 damaged record left out: what they stood for is checked anew`,
      ]);
    });
  }
});

describe('compaction', () => {
  it('keeps the meaning of any sequence of records, opened and closed at any point', () => {
    const target = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor');
    const version = fc.integer({ min: 0, max: 3 });
    const record: fc.Arbitrary<JournalRecord> = fc.oneof(
      fc.tuple(target, version).map(([name, at]) => success(name, at)),
      fc.tuple(target, version).map(([name, at]) => failure(name, at)),
      target.map(absent),
      version.map(code),
      target.map((name): JournalRecord => ({ kind: 'start', target: name })),
    );
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 30 }),
        fc.integer({ min: 0, max: 30 }),
        fc.boolean(),
        (records, reopenAt, grow) => {
          const folder = scratch();
          let journal = open(folder);
          records.forEach((each, at) => {
            if (at === reopenAt) {
              // Enough dead lines that the next opening compacts.
              for (let n = 0; grow && n < 1_200; n++) journal.append({ kind: 'start', target: 'x' }, false);
              journal.close();
              journal = open(folder);
            }
            journal.append(each, false);
          });
          journal.close();
          const facts = (map: ReadonlyMap<string, unknown>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
          const loaded = loadJournal(join(folder, 'journal'));
          const wanted = meaning(records);
          expect(facts(loaded.successes)).toEqual(facts(new Map(Object.entries(wanted.successes))));
          expect(facts(loaded.failures)).toEqual(facts(new Map(Object.entries(wanted.failures))));
          expect(facts(loaded.codes)).toEqual(facts(new Map(Object.entries(wanted.codes))));
          expect([...loaded.orphans.keys()].sort()).toEqual(orphanedBy(records));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('makes a long journal of few targets short', () => {
    const { folder, path } = written(Array.from({ length: 2_000 }, (_, at) => success('bars/1', at)));
    const before = statSync(path).size;
    open(folder).close();
    expect(statSync(path).size * 100).toBeLessThan(before);
    expect(factsOf(loadJournal(path))).toEqual(meaning([success('bars/1', 1_999)]));
  });

  it('leaves a reader with the whole old journal or the whole new one', () => {
    const { folder, path, bytes } = written(Array.from({ length: 2_000 }, () => success('bars/1', 1)));
    // What a crash before the rename leaves.
    writeFileSync(join(folder, 'journal.new'), bytes.subarray(0, 1_000));
    expect(factsOf(loadJournal(path))).toEqual(meaning([success('bars/1', 1)]));
    open(folder).close();
    expect(factsOf(loadJournal(path))).toEqual(meaning([success('bars/1', 1)]));
  });
});

describe('a disk that is full', () => {
  it('spoils no other record than the one that found no room', () => {
    const { folder, path } = written([success('a', 1)]);
    const journal = open(folder);
    const sound = readFileSync(path);
    disk.roomFor = 40;
    expect(messageOf(() => journal.append(success('b', 1), true))).toBe(
      'ENOSPC: no space left on device, write',
    );
    expect([...journal.loaded.successes.keys()]).toEqual(['a']);
    expect(readFileSync(path).equals(sound)).toBe(true);
    disk.roomFor = undefined;
    journal.append(success('c', 1), true);
    journal.close();
    expect(loadJournal(path)).toMatchObject({ remarks: [] });
    expect([...loadJournal(path).successes.keys()]).toEqual(['a', 'c']);
  });
});
