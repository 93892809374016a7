import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../../src/engine/task.ts';
import {
  answerName,
  answerText,
  parseAnswer,
  rangeOfName,
} from '../../../../tasks/binance/rest/answer-file.ts';
import { Answers } from '../../../../tasks/binance/rest/answers.ts';
import type { SmallDisk } from '../../../small-disk.ts';
import { NO_SMALL_DISK, smallDisk } from '../../../small-disk.ts';
import { scratch } from '../../context.ts';
import { answer, asked, range, row, rows, SERIES, STEP } from './answered.ts';

const FOLDER = 'data/raw/binance-rest/spot/BTCUSDT/1m';

class Place {
  readonly workspace = scratch();
  readonly folder = join(this.workspace, FOLDER);
  readonly warnings: string[] = [];

  /** As a new build finds it. */
  async open(): Promise<Answers> {
    const found = await Answers.in({
      workspace: this.workspace,
      folder: this.folder,
      series: SERIES,
      step: STEP,
      warn: (line) => this.warnings.push(line),
    });
    if (!found.ok) throw new Error(found.failure.message);
    return found.value;
  }

  get names(): readonly string[] {
    return readdirSync(this.folder).sort();
  }

  put(name: string, text: string): void {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, name), text);
  }
}

const name = (first: number, last: number): string => answerName(range(first, last));

describe('an answer', () => {
  it('is a file named by the bars that were asked for, one row a line', async () => {
    const place = new Place();
    const answers = await place.open();
    await answers.add(answer(930, 932, { askedAt: asked(7), rows: [row(930), row(932)] }));
    expect(place.names).toEqual(['2024-01-01T153000Z_2024-01-01T153200Z.json']);
    const head =
      '{"version":1,"market":"spot","symbol":"BTCUSDT","interval":"1m","first":"2024-01-01T15:30:00Z","last":"2024-01-01T15:32:00Z"}';
    const text = `${JSON.stringify(row(930))},\n${JSON.stringify(row(932))}`;
    expect(readFileSync(join(place.folder, name(930, 932)), 'utf8')).toBe(
      [
        '{',
        '"version": 1,',
        '"market": "spot",',
        '"symbol": "BTCUSDT",',
        '"interval": "1m",',
        '"first": "2024-01-01T15:30:00Z",',
        '"last": "2024-01-01T15:32:00Z",',
        '"asked_at": "2024-06-01T00:07:00.000Z",',
        `"digest": "${sha256(`${head}\n[\n${text}\n]`)}",`,
        '"rows": [',
        `${JSON.stringify(row(930))},`,
        JSON.stringify(row(932)),
        ']',
        '}',
        '',
      ].join('\n'),
    );
    expect(answers.paths).toEqual([join(place.folder, name(930, 932))]);
  });

  it('is read back as it was written, an error too', async () => {
    const place = new Place();
    const unknown = answer(5, 9, { rows: [], error: { code: -1121, msg: 'Invalid symbol.' } });
    for (const each of [answer(0, 3, { rows: [row(1)] }), unknown]) await (await place.open()).add(each);
    const again = await place.open();
    await again.consult([range(0, 9)]);
    expect(again.answers).toEqual([answer(0, 3, { rows: [row(1)], error: undefined }), unknown]);
    expect(place.warnings).toEqual([]);
  });

  it('has a digest of what was answered, not of when: people may make it older, to have it asked for again', () => {
    const text = answerText(SERIES, answer(0, 2));
    const older = text.replace('"asked_at": "2024-06-01', '"asked_at": "2024-03-01');
    expect(parseAnswer(older, SERIES, range(0, 2), STEP)).toEqual({
      ok: true,
      answer: answer(0, 2, { askedAt: Date.UTC(2024, 2, 1), error: undefined }),
    });
  });

  it('that was cut anywhere is not taken for a shorter one', () => {
    const text = answerText(SERIES, answer(0, 2)).trimEnd();
    for (let length = 0; length < text.length; length++) {
      expect(parseAnswer(text.slice(0, length), SERIES, range(0, 2), STEP).ok).toBe(false);
    }
    expect(parseAnswer(text, SERIES, range(0, 2), STEP).ok).toBe(true);
  });

  it('has a name that gives its range back, and no other name does', () => {
    const bars = fc.integer({ min: 0, max: 3_000_000 });
    fc.assert(
      fc.property(bars, bars, (a, b) => {
        const bounds = range(Math.min(a, b), Math.max(a, b));
        expect(rangeOfName(answerName(bounds), STEP)).toEqual(bounds);
      }),
    );
    for (const wrong of [
      '2024-01-01T000030Z_2024-01-01T000100Z.json', // off the grid
      '2024-01-01T000100Z_2024-01-01T000000Z.json',
      '2024-02-30T000000Z_2024-03-01T000000Z.json',
      '2024-01-01T000000Z.json',
      '2024-01-01T000000Z_2024-01-01T000100Z.json.damaged',
      'x2024-01-01T000000Z_2024-01-01T000100Z.json',
    ]) {
      expect(rangeOfName(wrong, STEP)).toBeUndefined();
    }
  });
});

describe('stored answers', () => {
  it('are read only where they overlap what is asked for, among thousands', async () => {
    const place = new Place();
    mkdirSync(place.folder, { recursive: true });
    for (let index = 0; index < 4_000; index++) {
      writeFileSync(join(place.folder, name(100 + index, 100 + index)), 'not to be read');
    }
    await (await place.open()).add(answer(0, 9));
    const answers = await place.open();
    await answers.consult([range(5, 6)]);
    expect(answers.answers).toHaveLength(1);
    expect(place.warnings).toEqual([]);
  });

  it.each([
    ['is cut short', answerText(SERIES, answer(0, 2)).slice(0, 300), /^it is no JSON: /],
    ['is empty', '', /^it is no JSON: /],
    [
      'has a column too few',
      answerText(SERIES, answer(0, 2)).replace(',"0"]\n', ']\n'),
      /^rows\.2: column 12 \(ignore\): found the end of the row, expected a decimal number as a string$/,
    ],
    ['is of another version', '{"version":2}', /^version: Invalid input: expected 1$/],
    [
      'is of another symbol',
      answerText({ ...SERIES, symbol: 'ETHUSDT' }, answer(0, 2)),
      /^it is of spot\/ETHUSDT\/1m 2024-01-01T000000Z_2024-01-01T000200Z\.json, its place is that of spot\/BTCUSDT\/1m 2024-01-01T000000Z_2024-01-01T000200Z\.json$/,
    ],
    [
      'has been renamed',
      answerText(SERIES, answer(0, 1)),
      /^it is of spot\/BTCUSDT\/1m 2024-01-01T000000Z_2024-01-01T000100Z\.json, its place/,
    ],
    [
      'has a row out of its range',
      answerText(SERIES, answer(0, 2, { rows: [row(0), row(3)] })),
      /^rows\.1: it opens at 2024-01-01T00:03:00\.000Z, expected 2024-01-01T00:00:00Z or later, up to 2024-01-01T00:02:00Z$/,
    ],
    [
      'has been changed by hand, or by the disk',
      answerText(SERIES, answer(0, 2)).replace('"105.00000000"', '"105.00000001"'),
      /^it has been changed since it was written: it is not what its digest says$/,
    ],
    [
      'has lost a row',
      answerText(SERIES, answer(0, 2)).replace(`,\n${JSON.stringify(row(1))}`, ''),
      /^it has been changed since/,
    ],
    [
      'is of another market',
      answerText({ ...SERIES, market: 'um' }, answer(0, 2)),
      /^it is of um\/BTCUSDT\/1m 2024-01-01T000000Z_2024-01-01T000200Z\.json, its place is that of spot/,
    ],
    [
      'is of another interval',
      answerText({ ...SERIES, interval: '5m' }, answer(0, 2)),
      /^it is of spot\/BTCUSDT\/5m /,
    ],
    [
      'has rows out of order',
      answerText(SERIES, answer(0, 2, { rows: [row(2), row(1)] })),
      /^rows\.1: it opens at 2024-01-01T00:01:00\.000Z, expected /,
    ],
  ])('of which one %s: it is named, set aside, and counts as not there', async (_, text, problem) => {
    const place = new Place();
    place.put(name(0, 2), text);
    const answers = await place.open();
    await answers.consult([range(1, 1)]);
    expect(answers.answers).toEqual([]);
    expect(answers.paths).toEqual([]);
    expect(place.names).toEqual([`${name(0, 2)}.damaged`]);
    const [warning = '', ...more] = place.warnings;
    expect(more).toEqual([]);
    const [before, after] = [
      `${FOLDER}/${name(0, 2)}: `,
      `: it counts as not there, and is kept as ${name(0, 2)}.damaged`,
    ];
    expect(warning.startsWith(before) && warning.endsWith(after)).toBe(true);
    expect(warning.slice(before.length, -after.length)).toMatch(problem);
    await answers.add(answer(0, 2));
    expect(place.names).toEqual([name(0, 2), `${name(0, 2)}.damaged`]);
  });

  it('that are damaged twice are kept twice', async () => {
    const place = new Place();
    for (const text of ['one', 'two', 'three']) {
      place.put(name(0, 2), text);
      await (await place.open()).consult([range(0, 2)]);
    }
    const kept = ['.damaged', '.2.damaged', '.3.damaged'].map((end) => name(0, 2) + end);
    expect(place.names).toEqual([...kept].sort());
    expect(kept.map((each) => readFileSync(join(place.folder, each), 'utf8'))).toEqual([
      'one',
      'two',
      'three',
    ]);
  });

  it('that cannot be read are a failure, and stay where they are: nobody else may have their rows', async () => {
    const place = new Place();
    mkdirSync(place.folder, { recursive: true });
    symlinkSync(name(0, 2), join(place.folder, name(0, 2)));
    const answers = await place.open();
    expect(await answers.consult([range(5, 6)])).toBeUndefined();
    const failure = {
      code: 'answers-unreadable',
      message: `${FOLDER}/${name(0, 2)} cannot be read (ELOOP): the answers of REST are kept there`,
      hint: 'make it readable for this user, or remove it',
    };
    expect(await answers.consult([range(1, 1)])).toEqual(failure);
    expect(await answers.add(answer(0, 2))).toEqual(failure);
    expect(place.names).toEqual([name(0, 2)]);
    expect(place.warnings).toEqual([]);
  });

  it('that are gone by the time they are wanted are not there: another process may have joined them', async () => {
    const place = new Place();
    place.put(name(0, 2), answerText(SERIES, answer(0, 2)));
    const answers = await place.open();
    rmSync(join(place.folder, name(0, 2)));
    expect(await answers.consult([range(1, 1)])).toBeUndefined();
    expect([answers.answers, place.warnings]).toEqual([[], []]);
  });

  it('of which one is a folder: it is set aside', async () => {
    const place = new Place();
    mkdirSync(join(place.folder, name(0, 2)), { recursive: true });
    await (await place.open()).consult([range(1, 1)]);
    expect(place.names).toEqual([`${name(0, 2)}.damaged`]);
    expect(place.warnings).toEqual([
      `${FOLDER}/${name(0, 2)}: it is a folder: it counts as not there, and is kept as ${name(0, 2)}.damaged`,
    ]);
  });

  it('that a crash left half-written are cleared away, not those of somebody who is still writing', async () => {
    const place = new Place();
    place.put(`.${name(0, 2)}.4194304.tmp`, '{');
    place.put(`.${name(0, 2)}.${process.pid}.tmp`, '{');
    place.put(`.${name(0, 2)}.${process.ppid}.tmp`, '{');
    place.put('notes.txt', 'mine');
    await place.open();
    expect(place.names).toEqual([`.${name(0, 2)}.${process.ppid}.tmp`, 'notes.txt']);
  });

  it('may not be there yet, and may not be readable', async () => {
    const place = new Place();
    expect((await place.open()).answers).toEqual([]);
    expect(existsSync(place.folder)).toBe(false);
    mkdirSync(join(place.workspace, 'data/raw'), { recursive: true });
    writeFileSync(join(place.workspace, 'data/raw/binance-rest'), '');
    const { workspace, folder } = place;
    const found = await Answers.in({ workspace, folder, series: SERIES, step: STEP, warn: () => {} });
    expect(found).toEqual({
      ok: false,
      failure: {
        code: 'answers-unreadable',
        message: `${FOLDER} cannot be read (ENOTDIR): the answers of REST are kept there`,
        hint: 'make it a folder that this user may read and write',
      },
    });
  });

  it('that cannot be written are a failure that names the file, and leave nothing half-written', async () => {
    const place = new Place();
    const answers = await place.open();
    mkdirSync(join(place.folder, name(0, 2)), { recursive: true });
    expect(await answers.add(answer(0, 2))).toEqual({
      code: 'cannot-write',
      message: `${FOLDER}/${name(0, 2)} cannot be written: a folder stands where the file is wanted (EISDIR)`,
      hint: 'move that folder away',
    });
    expect(place.names).toEqual([name(0, 2)]);
    expect(answers.paths).toEqual([]);
  });
});

describe('a disk', () => {
  const onto = async (disk: SmallDisk): Promise<Answers> => {
    const found = await Answers.in({
      workspace: disk.path,
      folder: join(disk.path, FOLDER),
      series: SERIES,
      step: STEP,
      warn: () => {},
    });
    if (!found.ok) throw new Error(found.failure.message);
    return found.value;
  };

  it('that is read-only refuses an answer, by the name of the trouble', async ({ skip }) => {
    const disk = smallDisk(64);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    disk.readOnly();
    expect(await (await onto(disk)).add(answer(0, 2))).toEqual({
      code: 'cannot-write',
      message: `${FOLDER}/${name(0, 2)} cannot be written: the file system is read-only (EROFS)`,
      hint: 'point `paths` of the config elsewhere',
    });
  });

  it('that is full refuses an answer, keeps the one that it was to replace, and nothing half-written', async ({
    skip,
  }) => {
    const disk = smallDisk(64);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    await (await onto(disk)).add(answer(0, 9));
    const answers = await onto(disk);
    await answers.consult([range(0, 9)]);
    expect(await answers.add(answer(10, 999))).toMatchObject({ code: 'disk-full' });
    expect(readdirSync(join(disk.path, FOLDER))).toEqual([name(0, 9)]);
    expect(await answers.add(answer(10, 19))).toBeUndefined();
    expect(readdirSync(join(disk.path, FOLDER))).toEqual([name(0, 19)]);
  });
});

describe('an answer that touches others', () => {
  async function stored(...given: readonly ReturnType<typeof answer>[]) {
    const place = new Place();
    for (const each of given) {
      const answers = await place.open();
      await answers.consult([each]);
      expect(await answers.add(each)).toBeUndefined();
    }
    const answers = await place.open();
    await answers.consult([range(0, 100_000)]);
    return { names: place.names, answers: answers.answers, place };
  }

  it('is joined with them into one file, which is asked for as late as the last one', async () => {
    const parts = [
      answer(0, 4, { askedAt: asked(1) }),
      answer(5, 5, { askedAt: asked(2) }),
      answer(6, 9, { askedAt: asked(3) }),
    ];
    const { names, answers } = await stored(...parts);
    expect(names).toEqual([name(0, 9)]);
    expect(answers).toEqual([answer(0, 9, { askedAt: asked(3), error: undefined })]);
  });

  it('leaves few files although it is asked every few minutes for days', async () => {
    const place = new Place();
    const answers = await place.open();
    for (let bar = 0; bar < 25_000; bar += 500) await answers.add(answer(bar, bar + 499));
    expect(place.names).toEqual([name(0, 9_499), name(9_500, 18_999), name(19_000, 24_999)]);
  });

  it('closes the hole between two', async () => {
    const { names } = await stored(answer(0, 4), answer(6, 9), answer(5, 5));
    expect(names).toEqual([name(0, 9)]);
  });

  it('stays by itself where it or the other one has a hole or an error, or is of another month', async () => {
    const holed = await stored(answer(0, 4, { rows: [row(0)] }), answer(5, 9));
    expect(holed.names).toEqual([name(0, 4), name(5, 9)]);
    const empty = await stored(answer(0, 4), answer(5, 9, { rows: [] }));
    expect(empty.names).toEqual([name(0, 4), name(5, 9)]);
    const unknown = await stored(answer(0, 4, { error: { code: -1121, msg: '' } }), answer(5, 9));
    expect(unknown.names).toEqual([name(0, 4), name(5, 9)]);
    const last = 31 * 1_440 - 1;
    const months = await stored(answer(last, last), answer(last + 1, last + 1));
    expect(months.names).toEqual([name(last, last), name(last + 1, last + 1)]);
  });

  it('stays by itself where a third one says something of the same bars: joined, the older would outrank it', async () => {
    const { names } = await stored(
      answer(0, 4, { askedAt: asked(1) }),
      answer(3, 8, { askedAt: asked(2), rows: [row(3, 99)] }),
      answer(5, 9, { askedAt: asked(3) }),
    );
    expect(names).toEqual([name(0, 4), name(3, 8), name(5, 9)]);
  });

  it('takes up what a crash left beside the file it had been joined into', async () => {
    const place = new Place();
    place.put(name(0, 9), answerText(SERIES, answer(0, 9)));
    place.put(name(0, 4), answerText(SERIES, answer(0, 4)));
    await (await place.open()).add(answer(10, 12));
    expect(place.names).toEqual([name(0, 12)]);
  });

  it('keeps a bar that was given twice', async () => {
    const twice = [row(0), row(1, 100), row(1, 101)];
    const { names, answers } = await stored(answer(2, 4), answer(0, 1, { rows: twice, askedAt: asked(1) }));
    expect(names).toEqual([name(0, 4)]);
    expect(answers).toEqual([
      answer(0, 4, { askedAt: asked(1), rows: [...twice, ...rows(2, 4)], error: undefined }),
    ]);
  });

  it('replaces one of the same bars, and loses none of its rows', async () => {
    const { names, answers } = await stored(
      answer(0, 4, { askedAt: asked(1), rows: [row(0), row(1, 100)] }),
      answer(0, 4, { askedAt: asked(2), rows: [row(1, 101), row(3)] }),
    );
    expect(names).toEqual([name(0, 4)]);
    expect(answers).toEqual([
      answer(0, 4, { askedAt: asked(2), rows: [row(0), row(1, 101), row(3)], error: undefined }),
    ]);
  });
});
