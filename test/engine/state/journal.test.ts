import type * as NodeFs from 'node:fs';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import { canonicalJson } from '../../../src/engine/json.ts';
import type { Loaded } from '../../../src/engine/state/journal.ts';
import { Journal, JournalError, loadJournal } from '../../../src/engine/state/journal.ts';
import { textOfRecord } from '../../../src/engine/state/journal-text.ts';
import { formatLine, formatText } from '../../../src/engine/state/line-file.ts';
import type {
  CodeRecord,
  FailureRecord,
  JournalRecord,
  OrphanRecord,
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

/** Thousands of journals are written, and each truncation of a file on a disk is a flush on some file systems. */
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
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

interface Everything extends Facts {
  readonly orphans: Readonly<Record<string, OrphanRecord>>;
}

function everythingIn(loaded: Loaded): Everything {
  return { ...factsOf(loaded), orphans: Object.fromEntries(loaded.orphans) };
}

/** The same by the rules as they are told, one record after the other, nothing put off. */
function replayed(records: readonly JournalRecord[]): Everything {
  const successes = new Map<string, SuccessRecord>();
  const failures = new Map<string, FailureRecord>();
  const codes = new Map<string, CodeRecord>();
  const orphans = new Map<string, OrphanRecord>();
  for (const record of records) {
    switch (record.kind) {
      case 'success': {
        const { target, outputs } = record;
        for (const { path, digest } of successes.get(target)?.outputs ?? [])
          orphans.set(path, { kind: 'orphan', target, path, digest });
        for (const { path } of outputs) orphans.delete(path);
        successes.set(target, record);
        failures.delete(target);
        break;
      }
      case 'failure':
        failures.set(record.target, record);
        break;
      case 'code':
        codes.set(record.digest, record);
        break;
      case 'orphan':
        orphans.set(record.path, record);
        break;
      case 'gone':
        successes.delete(record.target);
        failures.delete(record.target);
        break;
      case 'cleared':
        orphans.delete(record.path);
        break;
      case 'start':
        break;
    }
  }
  return everythingIn({ successes, failures, codes, orphans, remarks: [] });
}

function textOf(facts: Facts): string {
  return canonicalJson(JSON.parse(JSON.stringify(facts)));
}

function open(folder: string): Journal {
  return new Journal(join(folder, 'journal'), join(folder, 'journal.new'));
}

function written(records: readonly JournalRecord[]): { folder: string; path: string; bytes: Buffer } {
  const folder = scratch({}, MEMORY);
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
    const path = join(scratch({}, MEMORY), 'journal');
    const loaded = loadJournal(path);
    expect(factsOf(loaded)).toEqual(meaning([]));
    expect(loaded.remarks).toEqual([]);
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
    const folder = scratch({}, MEMORY);
    const journal = open(folder);
    MIXED.forEach((record, at) => {
      journal.append(record, at % 5 === 0);
      expect(factsOf(journal.loaded)).toEqual(meaning(MIXED.slice(0, at + 1)));
    });
    journal.close();
  });

  it('is a map to whoever reads it, what was written last at its end', () => {
    const { path } = written([success('a', 1), success('b', 1), success('a', 2)]);
    const { successes } = loadJournal(path);
    expect(successes.size).toBe(2);
    expect([...successes.keys()]).toEqual(['b', 'a']);
    expect([...successes.values()]).toEqual([success('b', 1), success('a', 2)]);
    expect([...successes.entries()]).toEqual([...successes]);
    expect(successes.has('a')).toBe(true);
    expect(successes.has('c')).toBe(false);
    expect(successes.get('c')).toBeUndefined();
    expect(successes.get('a')).toBe(successes.get('a'));
    const seen: string[] = [];
    successes.forEach((record, key, all) => {
      expect(all.get(key)).toBe(record);
      seen.push(key);
    });
    expect(seen).toEqual(['b', 'a']);
    // The parts are read late, and are a member like any other.
    expect({ ...successes.get('a') }).toEqual(success('a', 2));
    expect(JSON.parse(JSON.stringify(successes.get('a')))).toEqual(success('a', 2));
  });

  it('begins with a header that names its version', () => {
    const { bytes } = written([]);
    expect(bytes.toString()).toBe('pipeline journal 2\n');
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
  it('anywhere in a small journal costs the record that it hits, or makes it no journal', () => {
    const small = (target: string, version: number): SuccessRecord => ({
      ...success(target, version),
      parts: [['task', 'task', 'x']],
      discovered: [],
    });
    const records: readonly JournalRecord[] = [
      small('é', 1),
      small('é', 2),
      {
        kind: 'failure',
        target: 'é',
        fingerprint: sha256(''),
        failure: { code: 'a', message: '' },
        finishedAt: NOW,
      },
      { kind: 'orphan', target: 'x', path: 'x', digest: sha256('x') },
    ];
    const without = (...gone: readonly number[]): string =>
      textOf(replayed(records.filter((_, each) => !gone.includes(each))));
    // A line end that is none joins two lines, and at the end of the file leaves a torn one.
    const oneLess = records.map((_, at) => without(at));
    const twoLess = records.map((_, at) => without(at, at + 1));
    const { path, bytes } = written(records);
    const ends = lineEnds(bytes);
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        writeFileSync(path, damaged);
        if (at < (ends[0] ?? 0)) {
          expect(() => loadJournal(path), `byte ${at}, bit ${bit}`).toThrowError(JournalError);
          continue;
        }
        const hit = ends.filter((end) => end <= at).length - 1;
        const loaded = loadJournal(path);
        const found = [textOf(everythingIn(loaded)), loaded.remarks.length];
        const wanted = [bytes[at] === 10 ? twoLess[hit] : oneLess[hit], 1];
        expect(found, `byte ${at}, bit ${bit}`).toEqual(wanted);
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
    for (let at = 0; at < 'pipeline journal 2'.length; at++) {
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
    const path = join(scratch({ journal: text }, MEMORY), 'journal');
    const message = messageOf(() => loadJournal(path));
    expect(messageOf(() => open(join(path, '..')))).toBe(message);
    expect(readFileSync(path, 'utf8')).toBe(text);
    return { path, message };
  };

  it('is left alone, with what to do', () => {
    const { path, message } = refuse('my diary\ndear');
    expect(message).toBe(
      `${path}:1: expected "pipeline journal 2", found "my diary". This is not a journal of pipeline: move the file away, and the next build starts from what is on disk`,
    );
  });

  it('is left alone when it has no line end at all', () => {
    const { path, message } = refuse('my diary has many pages and no line ends at all');
    expect(message).toBe(
      `${path}:1: expected "pipeline journal 2", found "my diary has many pages and no line ends". This is not a journal of pipeline: move the file away, and the next build starts from what is on disk`,
    );
  });

  it('and is written by a newer version is left to that version', () => {
    for (const version of ['3', '12', '99999999999999999999']) {
      const { path, message } = refuse(`pipeline journal ${version}\nwhatever\n`);
      expect(message).toBe(
        `${path}:1: written by a newer pipeline (journal version ${version}, this one reads 1 and 2): use that version, or move the file away to build anew`,
      );
    }
  });

  for (const header of [
    'pipeline journal 0',
    'pipeline journal 01',
    'pipeline journal 2 ',
    'pipeline journal',
  ]) {
    it(`is not called newer for "${header}"`, () => {
      const { path, message } = refuse(`${header}\n`);
      expect(message).toBe(
        `${path}:1: expected "pipeline journal 2", found "${header}". This is not a journal of pipeline: move the file away, and the next build starts from what is on disk`,
      );
    });
  }
});

describe('a line whose checksum is right', () => {
  const line = (body: string): Buffer => formatText(body);
  const between = (body: string): { path: string; remarks: readonly string[] } => {
    const { path } = written([success('before', 1)]);
    const after = line(textOfRecord(success('after', 2)));
    writeFileSync(path, Buffer.concat([readFileSync(path), line(body), after]));
    const loaded = loadJournal(path);
    expect(Object.keys(factsOf(loaded).successes)).toEqual(['before', 'after']);
    expect(factsOf(loaded)).toEqual(meaning([success('before', 1), success('after', 2)]));
    return { path, remarks: loaded.remarks };
  };

  const { target: _, ...nameless } = success('bars/1', 1);
  for (const body of [
    '',
    '{',
    'null',
    '1',
    '[]',
    '{}',
    '{"kind":"toString"}',
    '{"kind":"success","target":',
    '{"kind":"success","target":"a',
    '{"kind":"start"}',
    '{"kind":"gone"}',
    JSON.stringify(nameless),
    JSON.stringify({ incomplete: null, ...success('a', 1) }),
    '\t[]',
    '[]\t[]',
  ]) {
    it(`is left out, and said, when it holds ${JSON.stringify(body.slice(0, 60))}`, () => {
      const { path, remarks } = between(body);
      expect(remarks).toEqual([`${path}: 1 damaged record left out: what they stood for is checked anew`]);
    });
  }

  const { outputs: __, ...shorn } = success('a', 1);
  for (const body of [
    '{"kind":"success","target":"a"}',
    '{"kind":"success","target":"a"}\t[]',
    '{"kind":"success","target":"a" nonsense',
    '{"kind":"failure","target":"a"}',
    '{"kind":"code","digest":"a"}',
    '{"kind":"orphan","path":"a"}',
    textOfRecord(failure('a', 1)).replace('"code":', '"cod":'),
    textOfRecord(code(1)).replace(/"files":.*/, '"files":[{}]}'),
    JSON.stringify(shorn),
    JSON.stringify({ ...success('a', 1), parts: [['task', 'task']] }),
    textOfRecord({ ...success('a', 1), outputs: [] }).replace('"outputs":[]', '"outputs":[null]'),
    textOfRecord({ ...success('a', 1), recheckAt: NOW }).replace('"recheckAt"', '"absent"'),
    // What comes twice counts as it comes last.
    textOfRecord(success('a', 1)).replace('}\t', ',"kind":"start"}\t'),
  ]) {
    it(`is as if it were not there, once it is asked for, when it holds ${body.slice(0, 60)}`, () => {
      expect(between(body).remarks).toEqual([]);
      expect([...loadJournal(between(body).path).orphans.keys()]).toEqual([]);
    });
  }

  it('and whose parts are none says of nothing what it was', () => {
    const { path } = written([]);
    const text = textOfRecord(success('a', 1)).replace(/\t.*/, '\t[["task"]]');
    writeFileSync(path, Buffer.concat([readFileSync(path), line(text)]));
    expect(loadJournal(path).successes.get('a')).toEqual({ ...success('a', 1), parts: [] });
  });
});

describe('a journal of version 1', () => {
  const first: readonly JournalRecord[] = [
    { kind: 'orphan', target: 'old', path: 'out/old.parquet', digest: sha256('old') },
    ...MIXED,
  ];
  const ofVersion1 = (): { folder: string; path: string; bytes: Buffer } => {
    const path = join(scratch({}, MEMORY), 'journal');
    const bytes = Buffer.concat([Buffer.from('pipeline journal 1\n'), ...first.map(formatLine)]);
    writeFileSync(path, bytes);
    return { folder: join(path, '..'), path, bytes };
  };

  it('is read as it is', () => {
    const { path, bytes } = ofVersion1();
    const loaded = loadJournal(path);
    expect(factsOf(loaded)).toEqual(meaning(MIXED));
    expect([...loaded.orphans.keys()]).toEqual(['out/old.parquet']);
    expect(loaded.remarks).toEqual([]);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it('is written anew, in the present one, by the next build', () => {
    const { folder, path } = ofVersion1();
    const journal = open(folder);
    expect(journal.loaded.remarks).toEqual([]);
    journal.append(success('later', 1), true);
    journal.close();
    expect(readFileSync(path, 'utf8').split('\n')[0]).toBe('pipeline journal 2');
    expect(factsOf(loadJournal(path))).toEqual(meaning([...MIXED, success('later', 1)]));
    expect([...loadJournal(path).orphans.values()]).toEqual(first.slice(0, 1));
  });

  it('cut short or damaged at any byte loses what is hit and nothing else', () => {
    const { path, bytes } = ofVersion1();
    const ends = lineEnds(bytes);
    for (let length = ends[0] ?? 0; length <= bytes.length; length += 37) {
      writeFileSync(path, bytes.subarray(0, length));
      const count = ends.filter((end) => end <= length).length - 1;
      expect(factsOf(loadJournal(path))).toEqual(meaning(first.slice(0, count)));
    }
    for (let at = ends[0] ?? 0; at < bytes.length; at += 41) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
      writeFileSync(path, damaged);
      const hit = ends.filter((end) => end <= at).length - 1;
      const gone = bytes[at] === 10 ? [hit, hit + 1] : [hit];
      expect(textOf(factsOf(loadJournal(path)))).toBe(
        textOf(meaning(first.filter((_, each) => !gone.includes(each)))),
      );
    }
  });
});

describe('compaction', () => {
  /** Names as they come, and such as are written with escapes. */
  const target = fc.oneof(
    fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', 'bars/BTC "é"\\', 'a\tb\nc'),
    fc.string({ unit: 'binary', maxLength: 4 }),
  );
  const version = fc.integer({ min: 0, max: 3 });
  const path = fc.constantFrom('out/p', 'out/q', 'out/ä', 'a\tb');
  const outputs = fc.uniqueArray(path, { maxLength: 3 });
  const record: fc.Arbitrary<JournalRecord> = fc.oneof(
    fc.tuple(target, version, outputs).map(([name, at, paths]) => ({
      ...success(name, at),
      outputs: paths.map((each) => ({ name: 'out', path: each, digest: sha256(`${at}`) })),
    })),
    fc.tuple(target, version).map(([name, at]) => failure(name, at)),
    target.map(absent),
    version.map(code),
    target.map((name): JournalRecord => ({ kind: 'start', target: name })),
    target.map((name): JournalRecord => ({ kind: 'gone', target: name })),
    path.map((each): JournalRecord => ({ kind: 'cleared', path: each })),
    fc
      .tuple(target, path)
      .map(
        ([name, each]): JournalRecord => ({ kind: 'orphan', target: name, path: each, digest: sha256('o') }),
      ),
  );

  it('keeps the meaning of any sequence of records, opened, asked and closed at any point', () => {
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 30 }),
        fc.integer({ min: 0, max: 30 }),
        fc.integer({ min: 0, max: 30 }),
        fc.boolean(),
        (records, reopenAt, askAt, grow) => {
          const folder = scratch({}, MEMORY);
          let journal = open(folder);
          records.forEach((each, at) => {
            if (at === reopenAt) {
              // Enough dead lines that the next opening compacts.
              for (let n = 0; grow && n < 1_200; n++) journal.append({ kind: 'start', target: 'x' }, false);
              journal.close();
              journal = open(folder);
            }
            if (at === askAt) expect(everythingIn(journal.loaded)).toEqual(replayed(records.slice(0, at)));
            journal.append(each, false);
          });
          expect(everythingIn(journal.loaded)).toEqual(replayed(records));
          journal.close();
          expect(everythingIn(loadJournal(join(folder, 'journal')))).toEqual(replayed(records));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('leaves what stands byte for byte, and the orphans behind it', () => {
    const { outputs, ...rest } = success('a', 1);
    const moved: SuccessRecord = {
      ...rest,
      outputs: outputs.map((each) => ({ ...each, path: 'elsewhere' })),
    };
    const dead = Array.from({ length: 1_200 }, (): JournalRecord => ({ kind: 'start', target: 'x' }));
    const { folder, path } = written([
      success('a', 1),
      success('b', 1),
      ...dead,
      moved,
      failure('b', 2),
      code(1),
    ]);
    open(folder).close();
    const orphan = { kind: 'orphan', target: 'a', path: 'out/a.parquet', digest: sha256('1') } as const;
    const lines = [code(1), success('b', 1), moved, failure('b', 2), orphan].map((each) =>
      formatText(textOfRecord(each)).toString(),
    );
    expect(readFileSync(path, 'utf8')).toBe(`pipeline journal 2\n${lines.join('')}`);
    open(folder).close();
    expect(readFileSync(path, 'utf8')).toBe(`pipeline journal 2\n${lines.join('')}`);
    expect(loadJournal(path).orphans.get('out/a.parquet')).toEqual(orphan);
  });

  it('happens beyond three lines for each record that stands, and a thousand', () => {
    const linesAfter = (dead: number): number => {
      const starts = Array.from({ length: dead }, (): JournalRecord => ({ kind: 'start', target: 'x' }));
      const { folder, path } = written([success('a', 1), success('b', 1), ...starts]);
      open(folder).close();
      return readFileSync(path, 'utf8').trimEnd().split('\n').length - 1;
    };
    expect(linesAfter(1_004)).toBe(1_006);
    expect(linesAfter(1_005)).toBe(2);
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
    expect(loadJournal(path).remarks).toEqual([]);
    expect([...loadJournal(path).successes.keys()]).toEqual(['a', 'c']);
  });
});
