import { describe, expect, it } from 'vitest';
import type { MonthFacts } from '../../../tasks/reports/months.ts';
import type { CoverageRow } from '../../../tasks/reports/rows.ts';
import { absent, failed, MINUTE, monthSpan, ms, present, symbol } from './facts.ts';
import type { Reported } from './reported.ts';
import { reported } from './reported.ts';

function reports(firstFile: string | null, ...months: readonly MonthFacts[]): Reported {
  return reported([symbol(firstFile, ...months)]);
}

function row({ coverage }: Reported, month: string): CoverageRow {
  const found = coverage.find((one) => one.month === month);
  if (found === undefined) throw new Error(`no row of ${month}`);
  return found;
}

/** The gap report in short: first, last, bars, cause, evidence. */
function gaps({ gaps: rows }: Reported): readonly unknown[] {
  return rows.map((gap) => [gap.first_missing, gap.last_missing, gap.missing, gap.cause, gap.evidence]);
}

describe('coverage', () => {
  it('of a whole month is 1, and the symbol has a row of its own after its months', () => {
    const result = reports('2023-12', present('2024-01'), present('2024-02'));
    expect(result.gaps).toEqual([]);
    expect(result.coverage.map(({ month, expected }) => [month, expected])).toEqual([
      ['2024-01', 44_640],
      ['2024-02', 41_760],
      ['all', 86_400],
    ]);
    expect(row(result, 'all')).toEqual({
      symbol: 'BTCUSDT',
      month: 'all',
      expected: 86_400,
      present: 86_400,
      missing: 0,
      excused: 0,
      coverage_raw: 1,
      coverage_adjusted: 1,
      gaps: 0,
      longest_gap_minutes: 0,
      first_ts: '2024-01-01T00:00:00Z',
      last_ts: '2024-02-29T23:59:00Z',
      duplicates: 0,
      off_grid: 0,
      zero_trade: 0,
      rule_breaks: 0,
      source: 'monthly',
      status: 'ok',
    });
  });

  it('excuses what was missing before the listing within the first month', () => {
    const result = reports('2017-11', present('2017-11', [['2017-11-01', '2017-11-06T03:53']]));
    expect(row(result, '2017-11')).toMatchObject({
      expected: 43_200,
      present: 35_766,
      missing: 7_434,
      excused: 7_434,
      coverage_raw: 0.827916,
      coverage_adjusted: 1,
      gaps: 1,
      longest_gap_minutes: 7_434,
      first_ts: '2017-11-06T03:54:00Z',
      status: 'ok',
    });
    expect(gaps(result)).toEqual([
      ['2017-11-01T00:00:00Z', '2017-11-06T03:53:00Z', 7_434, 'pre-listing', 'first listed file 2017-11'],
    ]);
  });

  it('excuses whole months before the listing, and one gap runs on into the month of the listing', () => {
    const result = reports(
      '2017-11',
      absent('2017-09', 'pre-listing'),
      absent('2017-10', 'pre-listing'),
      present('2017-11', [['2017-11-01', '2017-11-06T03:53']]),
    );
    expect(row(result, '2017-10')).toMatchObject({
      expected: 44_640,
      present: 0,
      missing: 44_640,
      excused: 44_640,
      coverage_raw: 0,
      coverage_adjusted: null,
      gaps: 1,
      longest_gap_minutes: 44_640,
      first_ts: null,
      last_ts: null,
      source: 'none',
      status: 'absent',
    });
    expect(row(result, 'all')).toMatchObject({
      coverage_adjusted: 1,
      gaps: 1,
      longest_gap_minutes: 43_200 + 44_640 + 7_434,
      first_ts: '2017-11-06T03:54:00Z',
      status: 'ok',
    });
    expect(gaps(result)).toEqual([
      ['2017-09-01T00:00:00Z', '2017-11-06T03:53:00Z', 95_274, 'pre-listing', 'first listed file 2017-11'],
    ]);
  });

  it('takes an absent month for pre-listing by the boundary, whatever the reason says', () => {
    const result = reports('2017-11', absent('2017-10', 'not-published'), present('2017-11'));
    expect(row(result, '2017-10')).toMatchObject({ excused: 44_640, status: 'absent' });
  });

  it('takes an absent month for pre-listing by its reason, where nothing was ever listed', () => {
    const result = reports(null, absent('2017-10', 'sources/BTCUSDT: pre-listing'));
    expect(gaps(result)).toEqual([
      ['2017-10-01T00:00:00Z', '2017-10-31T23:59:00Z', 44_640, 'pre-listing', 'no listed file'],
    ]);
    expect(row(result, 'all')).toMatchObject({ coverage_adjusted: null, status: 'absent' });
  });

  it('does not excuse a failed first month, nor anything after it', () => {
    const result = reports(
      '2017-11',
      absent('2017-10', 'pre-listing'),
      failed('2017-11', 'archive-corrupt', ['archive/BTCUSDT/2017-11']),
      present('2017-12', [['2017-12-01', '2017-12-01T00:59']]),
    );
    expect(row(result, '2017-11')).toMatchObject({
      present: 0,
      missing: 43_200,
      excused: 0,
      coverage_adjusted: 0,
      source: 'none',
      status: 'failed',
    });
    expect(gaps(result)).toEqual([
      ['2017-10-01T00:00:00Z', '2017-10-31T23:59:00Z', 44_640, 'pre-listing', 'first listed file 2017-11'],
      [
        '2017-11-01T00:00:00Z',
        '2017-11-30T23:59:00Z',
        43_200,
        'quarantined',
        'archive-corrupt archive/BTCUSDT/2017-11',
      ],
      [
        '2017-12-01T00:00:00Z',
        '2017-12-01T00:59:00Z',
        60,
        'archive-defect',
        'BTCUSDT-1m-2017-12.zip is cut short at its beginning; REST not asked',
      ],
    ]);
    expect(row(result, 'all').status).toBe('failed');
  });

  it('excuses the days before the first daily file of a month that failed', () => {
    const result = reports('2024-01-11', failed('2024-01', 'checksum-mismatch', ['archive/X/2024-01-11']));
    expect(gaps(result)).toEqual([
      ['2024-01-01T00:00:00Z', '2024-01-10T23:59:00Z', 14_400, 'pre-listing', 'first listed file 2024-01-11'],
      [
        '2024-01-11T00:00:00Z',
        '2024-01-31T23:59:00Z',
        30_240,
        'quarantined',
        'checksum-mismatch archive/X/2024-01-11',
      ],
    ]);
    expect(row(result, '2024-01')).toMatchObject({ missing: 44_640, excused: 14_400, gaps: 2 });
  });

  it('splits a gap where its cause changes: the listed days without bars are not excused', () => {
    const result = reports('2017-11-04', present('2017-11', [['2017-11-01', '2017-11-06T03:53']]));
    expect(gaps(result)).toEqual([
      ['2017-11-01T00:00:00Z', '2017-11-03T23:59:00Z', 4_320, 'pre-listing', 'first listed file 2017-11-04'],
      [
        '2017-11-04T00:00:00Z',
        '2017-11-06T03:53:00Z',
        3_114,
        'unknown',
        'BTCUSDT-1m-2017-11.zip has no row of it; REST not asked',
      ],
    ]);
    const figures = { missing: 7_434, excused: 4_320, gaps: 2, longest_gap_minutes: 4_320 };
    expect(row(result, '2017-11')).toMatchObject(figures);
    expect(row(result, 'all')).toMatchObject(figures);
  });

  it('excuses nothing where the history starts after the listing', () => {
    const result = reports('2017-08', present('2018-01', [['2018-01-01', '2018-01-01T11:59']]));
    expect(row(result, '2018-01')).toMatchObject({ missing: 720, excused: 0 });
    expect(gaps(result)).toEqual([
      [
        '2018-01-01T00:00:00Z',
        '2018-01-01T11:59:00Z',
        720,
        'archive-defect',
        'BTCUSDT-1m-2018-01.zip is cut short at its beginning; REST not asked',
      ],
    ]);
  });

  it('counts an absent month in the middle as missing', () => {
    const result = reports(
      '2023-01',
      present('2024-01'),
      absent('2024-02', 'not-published'),
      present('2024-03'),
    );
    expect(row(result, '2024-02')).toMatchObject({
      missing: 41_760,
      excused: 0,
      coverage_adjusted: 0,
      status: 'absent',
    });
    expect(gaps(result)).toEqual([
      ['2024-02-01T00:00:00Z', '2024-02-29T23:59:00Z', 41_760, 'not-published', 'no listed file'],
    ]);
    expect(row(result, 'all')).toMatchObject({ source: 'monthly', status: 'absent' });
  });

  it('takes a symbol that the archive does not have for not published', () => {
    const result = reports(null, absent('2024-01', 'listing/X: no klines of X at 1m in the archive'));
    expect(gaps(result)).toEqual([
      ['2024-01-01T00:00:00Z', '2024-01-31T23:59:00Z', 44_640, 'not-published', 'no listed file'],
    ]);
    expect(row(result, 'all')).toMatchObject({ excused: 0, status: 'absent' });
  });

  it('tells a month whose files hold no bar from one without files', () => {
    const result = reports('2023-01', absent('2024-01', 'no bar of 2024-01 in BTCUSDT-1m-2024-01.zip'));
    expect(gaps(result)).toEqual([
      [
        '2024-01-01T00:00:00Z',
        '2024-01-31T23:59:00Z',
        44_640,
        'unknown',
        'no bar of 2024-01 in BTCUSDT-1m-2024-01.zip',
      ],
    ]);
  });

  it('tells days without a file from holes in the files of days, and goes on into months without any', () => {
    const files = ['2024-02-01', '2024-02-02', '2024-02-04'].map((day) => ({
      name: `BTCUSDT-1m-${day}.zip`,
    }));
    const holed = present(
      '2024-02',
      [
        ['2024-02-02T23:00', '2024-02-04T00:09'],
        ['2024-02-05', '2024-02-29T23:59'],
      ],
      { files },
    );
    const result = reports('2023-01', holed, absent('2024-03', 'not-published'));
    expect(gaps(result)).toEqual([
      [
        '2024-02-02T23:00:00Z',
        '2024-02-02T23:59:00Z',
        60,
        'archive-defect',
        'BTCUSDT-1m-2024-02-02.zip is cut short at its end; REST not asked',
      ],
      ['2024-02-03T00:00:00Z', '2024-02-03T23:59:00Z', 1_440, 'not-published', 'no listed daily file'],
      [
        '2024-02-04T00:00:00Z',
        '2024-02-04T00:09:00Z',
        10,
        'archive-defect',
        'BTCUSDT-1m-2024-02-04.zip is cut short at its beginning; REST not asked',
      ],
      [
        '2024-02-05T00:00:00Z',
        '2024-03-31T23:59:00Z',
        80_640,
        'not-published',
        'no listed daily file; no listed file',
      ],
    ]);
    expect(row(result, '2024-02')).toMatchObject({ gaps: 4, longest_gap_minutes: 36_000, excused: 0 });
  });

  it.each([
    ['csv-malformed', 'quarantined'],
    ['csv-misplaced', 'quarantined'],
    ['archive-size', 'quarantined'],
    ['checksum-missing', 'quarantined'],
    ['archive-gone', 'unknown'],
    ['http-timeout', 'unknown'],
  ])('after %s a month is %s', (code, cause) => {
    const result = reports('2023-01', failed('2024-01', code, ['archive/X/2024-01']));
    expect(result.gaps.map((gap) => [gap.cause, gap.evidence])).toEqual([
      [cause, `${code} archive/X/2024-01`],
    ]);
  });

  it('counts a gap over the border of months in each month, and once in the gap report', () => {
    const result = reports(
      '2023-01',
      present('2024-01', [
        ['2024-01-10', '2024-01-10T00:04'],
        ['2024-01-31T23:00', '2024-01-31T23:59'],
      ]),
      present('2024-02', [['2024-02-01', '2024-02-01T00:29']]),
    );
    expect(row(result, '2024-01')).toMatchObject({ gaps: 2, longest_gap_minutes: 60 });
    expect(row(result, '2024-02')).toMatchObject({ gaps: 1, longest_gap_minutes: 30 });
    expect(row(result, 'all')).toMatchObject({ missing: 95, gaps: 2, longest_gap_minutes: 90 });
    expect(gaps(result)).toEqual([
      [
        '2024-01-10T00:00:00Z',
        '2024-01-10T00:04:00Z',
        5,
        'unknown',
        'BTCUSDT-1m-2024-01.zip has no row of it; REST not asked',
      ],
      [
        '2024-01-31T23:00:00Z',
        '2024-02-01T00:29:00Z',
        90,
        'archive-defect',
        'BTCUSDT-1m-2024-01.zip is cut short at its end; REST not asked; BTCUSDT-1m-2024-02.zip is cut short at its beginning',
      ],
    ]);
  });

  it('joins failed months of one cause and names what each of them rests on, once', () => {
    const result = reports(
      '2023-01',
      failed('2024-01', 'archive-corrupt', ['archive/X/2024-01']),
      failed('2024-02', 'archive-corrupt', [
        'archive/X/2024-02-01',
        'archive/X/2024-02-02',
        'archive/X/2024-02-03',
      ]),
      failed('2024-03', 'network-timeout', ['listing/X']),
      failed('2024-04', 'network-timeout', ['listing/X']),
    );
    expect(gaps(result)).toEqual([
      [
        '2024-01-01T00:00:00Z',
        '2024-02-29T23:59:00Z',
        86_400,
        'quarantined',
        'archive-corrupt archive/X/2024-01; archive-corrupt archive/X/2024-02-01 and 2 more',
      ],
      ['2024-03-01T00:00:00Z', '2024-04-30T23:59:00Z', 87_840, 'unknown', 'network-timeout listing/X'],
    ]);
    expect(row(result, 'all')).toMatchObject({
      present: 0,
      first_ts: null,
      source: 'none',
      status: 'failed',
    });
  });

  it('never shows 1 where a single bar is missing', () => {
    const result = reports('2023-01', present('2023-11', [['2023-11-07T12:00', '2023-11-07T12:00']]));
    expect(row(result, '2023-11')).toMatchObject({ present: 43_199, coverage_raw: 0.999976, status: 'ok' });
    const years = Array.from({ length: 240 }, (_, index) => {
      const month = `${2000 + Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, '0')}`;
      return present(month, index === 100 ? [[`${month}-05`, `${month}-05`]] : []);
    });
    expect(row(reports('1999-01', ...years), 'all')).toMatchObject({ missing: 1, coverage_raw: 0.999999 });
  });

  it('expects only the bars of a clipped month, and nothing of one shorter than a bar', () => {
    const open = monthSpan('2024-01', { end: ms('2024-01-01T00:10:30') });
    expect(row(reports('2023-01', present('2024-01', [], { span: open })), '2024-01').expected).toBe(10);
    const tiny = monthSpan('2024-01', { end: ms('2024-01-01T00:00:30') });
    expect(row(reports('2023-01', absent('2024-01', 'not-published', tiny)), '2024-01')).toMatchObject({
      expected: 0,
      coverage_raw: null,
      coverage_adjusted: null,
      gaps: 0,
      status: 'absent',
    });
  });

  it('adds up counts, and tells the source of the rows', () => {
    const result = reports(
      '2023-01',
      present('2024-01', [], { duplicates: 3, off_grid: 5, zero_trade: 7, price_rule: 1, volume_rule: 2 }),
      present('2024-02', [], { duplicates: 1, sources: { monthly: 0, daily: 41_000, rest: 760 } }),
      present('2024-03', [], { sources: { monthly: 0, daily: 0, rest: 44_640 } }),
    );
    expect(result.coverage.map(({ source }) => source)).toEqual(['monthly', 'mixed', 'rest', 'mixed']);
    expect(row(result, 'all')).toMatchObject({ duplicates: 4, off_grid: 5, zero_trade: 7, rule_breaks: 3 });
  });
});

describe('what REST said of a gap', () => {
  const range = (first: string, last: string) => {
    const run = { first: ms(`2024-01-05T${first}`), last: ms(`2024-01-05T${last}`) };
    return { ...run, missing: (run.last - run.first) / MINUTE + 1 };
  };
  const said = {
    empty_at_source: [range('10:00', '10:09')],
    unknown_symbol: [range('10:20', '10:29')],
    unanswered: [
      { ...range('10:30', '10:39'), code: 'rest-banned' },
      { ...range('10:40', '10:44'), code: 'too-recent' },
    ],
  };
  const GAP: readonly [string, string] = ['2024-01-05T10:00', '2024-01-05T10:59'];

  it('is its cause, or why it has none', () => {
    const result = reports('2023-01', present('2024-01', [GAP], said));
    const day = (time: string): string => `2024-01-05T${time}:00Z`;
    const asked = (first: string, last: string): string => `REST asked for ${day(first)} to ${day(last)}`;
    const NO_ROW = 'BTCUSDT-1m-2024-01.zip has no row of it';
    expect(gaps(result)).toEqual([
      [day('10:00'), day('10:09'), 10, 'confirmed-empty', `${asked('10:00', '10:09')}: no bar`],
      [day('10:10'), day('10:19'), 10, 'unknown', `${NO_ROW}; REST not asked`],
      [day('10:20'), day('10:29'), 10, 'confirmed-empty', `${asked('10:20', '10:29')}: unknown symbol`],
      [
        day('10:30'),
        day('10:59'),
        30,
        'unknown',
        `${NO_ROW}; REST not asked: rest-banned; REST not asked: too-recent; REST not asked`,
      ],
    ]);
    expect(row(result, '2024-01')).toMatchObject({ missing: 60, excused: 0, gaps: 4 });
  });

  it('comes after the days that were not published, and after what was before the listing', () => {
    const days = [{ name: 'BTCUSDT-1m-2024-01-04.zip' }, { name: 'BTCUSDT-1m-2024-01.rest.json' }];
    const late = reports('2023-01', present('2024-01', [GAP], { ...said, files: days }));
    expect(late.gaps.map(({ cause }) => cause)).toEqual(['not-published']);
    const from = present('2024-01', [['2024-01-01', '2024-01-05T10:09']], {
      empty_at_source: [{ first: ms('2024-01-01'), last: ms('2024-01-05T10:09'), missing: 6_370 }],
    });
    expect(reports('2024-01', from).gaps.map(({ cause }) => cause)).toEqual(['pre-listing']);
  });
});

describe('a symbol that was delisted', () => {
  it('is excused from its last bar on', () => {
    const last = present('2022-05', [['2022-05-13T00:31', '2022-05-31T23:59']], {
      unknown_symbol: [{ first: ms('2022-05-13T00:31'), last: ms('2022-05-31T23:59'), missing: 27_329 }],
    });
    const result = reports('2020-08', last, absent('2022-06', 'sources/BTCUSDT: delisted'));
    expect(gaps(result)).toEqual([
      ['2022-05-13T00:31:00Z', '2022-06-30T23:59:00Z', 70_529, 'delisted', 'no later file is listed'],
    ]);
    expect(row(result, '2022-05')).toMatchObject({ coverage_adjusted: 1, status: 'ok' });
    expect(row(result, '2022-06')).toMatchObject({ excused: 43_200, status: 'absent' });
    expect(row(result, 'all')).toMatchObject({ coverage_adjusted: 1, status: 'ok' });
  });
});

describe('the status', () => {
  const lacking = (month: string, minutes: number): MonthFacts =>
    present(month, [
      [`${month}-02`, new Date(ms(`${month}-02`) + (minutes - 1) * MINUTE).toISOString().slice(0, 19)],
    ]);

  it('follows the adjusted coverage, and a threshold that is just met is met', () => {
    // 2024-04 has 43,200 bars: 432 are 1 %, 2,160 are 5 %.
    const status = (minutes: number) =>
      row(reports('2023-01', lacking('2024-04', minutes)), '2024-04').status;
    expect([432, 433, 2_160, 2_161].map(status)).toEqual(['ok', 'warning', 'warning', 'critical']);
  });

  it('of a symbol is that of its worst month: failed, absent, critical, warning, ok', () => {
    const ok = present('2024-01');
    const warning = lacking('2024-02', 1_000);
    const critical = lacking('2024-03', 9_000);
    const missing = absent('2024-05', 'not-published');
    const broken = failed('2024-06', 'archive-corrupt', ['archive/X/2024-06']);
    const all = (...months: MonthFacts[]) => row(reports('2023-01', ...months), 'all').status;
    expect(all(ok)).toBe('ok');
    expect(all(ok, warning)).toBe('warning');
    expect(all(ok, warning, critical)).toBe('critical');
    expect(all(ok, warning, critical, missing)).toBe('absent');
    expect(all(ok, warning, critical, missing, broken)).toBe('failed');
  });

  it('of a symbol does not suffer from absent months that are excused', () => {
    const before = absent('2023-12', 'pre-listing');
    expect(row(reports('2024-01', before, present('2024-01')), 'all').status).toBe('ok');
    expect(row(reports('2024-01', before, lacking('2024-01', 1_000)), 'all').status).toBe('warning');
    expect(row(reports('2024-01', before), 'all').status).toBe('absent');
  });
});
