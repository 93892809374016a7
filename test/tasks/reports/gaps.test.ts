import { describe, expect, it } from 'vitest';
import { isoSeconds } from '../../../tasks/bars/grid.ts';
import { haltedBars, haltsSchema } from '../../../tasks/quality/halts.ts';
import { gapRow, gapsOfMonth, joinGaps } from '../../../tasks/reports/gaps.ts';
import { listedSince, listedUntil } from '../../../tasks/reports/listing.ts';
import type { MonthFacts } from '../../../tasks/reports/months.ts';
import { countOf } from '../../../tasks/reports/runs.ts';
import type { SummaryChanges } from './facts.ts';
import { absent, failed, MINUTE, monthSpan, ms, present, symbol } from './facts.ts';

const HALTS = haltsSchema.parse({
  version: 7,
  list: [
    { first: '2021-02-11T03:41:00Z', last: '2021-02-11T04:59:00Z' },
    { first: '2021-02-28T23:30:00Z', last: '2021-03-01T00:29:00Z', approximate: true },
  ],
});
const HALT = 'halt 2021-02-11T03:41:00Z to 2021-02-11T04:59:00Z, halts.yaml version 7';
const OVER_MIDNIGHT = 'halt 2021-02-28T23:30:00Z to 2021-03-01T00:29:00Z (approximate), halts.yaml version 7';

/** `02-11T03:41 to 02-11T04:59, 79 bars: cause; evidence` for each gap. */
function told(firstFile: string | null, months: readonly MonthFacts[], step = MINUTE): readonly string[] {
  const facts = symbol(firstFile, ...months);
  const listing = { since: listedSince(facts), until: listedUntil(facts), firstFile };
  const gaps = months.flatMap((month) => gapsOfMonth(month, listing, haltedBars(HALTS, step), step));
  return joinGaps(gaps, step).map((gap) => {
    const { first_missing, last_missing, missing, cause, evidence } = gapRow('BTCUSDT', gap, step);
    return `${first_missing.slice(5, 16)} to ${last_missing.slice(5, 16)}, ${missing} bars: ${cause}; ${evidence}`;
  });
}

const range = (first: string, last: string, step = MINUTE) => {
  const run = { first: ms(first), last: ms(last) };
  return { ...run, missing: countOf(run, step) };
};

function dailies(...days: readonly string[]): Pick<SummaryChanges, 'files'> {
  const files = days.map((day) => ({
    name: `BTCUSDT-1m-${day}.zip`,
    sha256: '0'.repeat(64),
    kind: 'daily' as const,
    rows: 1_440,
    expected: 1_440,
  }));
  return { files };
}

const NO_ROW = 'BTCUSDT-1m-2021-02.zip has no row of it; REST not asked';

describe('bars of a known halt', () => {
  it('are excused with the halt as evidence, and the gap is split at its ends', () => {
    expect(told('2020-01', [present('2021-02', [['2021-02-11T03:30', '2021-02-11T05:09']])])).toEqual([
      `02-11T03:30 to 02-11T03:40, 11 bars: unknown; ${NO_ROW}`,
      `02-11T03:41 to 02-11T04:59, 79 bars: halt; ${HALT}`,
      `02-11T05:00 to 02-11T05:09, 10 bars: unknown; ${NO_ROW}`,
    ]);
  });

  it('are those that are missing, and not those that are there', () => {
    const gaps = [
      ['2021-02-11T03:50', '2021-02-11T03:59'],
      ['2021-02-11T04:10', '2021-02-11T04:19'],
    ] as const;
    expect(told('2020-01', [present('2021-02', gaps)])).toEqual([
      `02-11T03:50 to 02-11T03:59, 10 bars: halt; ${HALT}`,
      `02-11T04:10 to 02-11T04:19, 10 bars: halt; ${HALT}`,
    ]);
    expect(told('2020-01', [present('2021-02')])).toEqual([]);
  });

  it('of longer intervals lie wholly within it', () => {
    const hour = 60 * MINUTE;
    const holes = present('2021-02', [['2021-02-11T03:00', '2021-02-11T05:00']], { step: hour });
    expect(told('2020-01', [holes], hour)).toEqual([
      `02-11T03:00 to 02-11T03:00, 1 bars: unknown; ${NO_ROW}`,
      `02-11T04:00 to 02-11T04:00, 1 bars: halt; ${HALT}`,
      `02-11T05:00 to 02-11T05:00, 1 bars: unknown; ${NO_ROW}`,
    ]);
  });

  it('are one gap over the border of months', () => {
    expect(
      told('2020-01', [
        present('2021-02', [['2021-02-28T23:30', '2021-02-28T23:59']]),
        present('2021-03', [['2021-03-01T00:00', '2021-03-01T00:29']]),
      ]),
    ).toEqual([`02-28T23:30 to 03-01T00:29, 60 bars: halt; ${OVER_MIDNIGHT}`]);
  });

  it('come after what was before the listing, or after it', () => {
    const first = present('2021-02', [['2021-02-01', '2021-02-11T04:19']]);
    expect(told('2021-02', [first])).toEqual([
      '02-01T00:00 to 02-11T04:19, 14660 bars: pre-listing; first listed file 2021-02',
    ]);
    const last = present('2021-02', [['2021-02-11T04:20', '2021-02-28T23:59']]);
    expect(told('2020-01', [last, absent('2021-03', 'delisted')])).toEqual([
      '02-11T04:20 to 03-31T23:59, 70300 bars: delisted; no later file is listed',
    ]);
    expect(told('2021-05', [absent('2021-02', 'pre-listing')])).toEqual([
      '02-01T00:00 to 02-28T23:59, 40320 bars: pre-listing; first listed file 2021-05',
    ]);
    // Nothing is listed, so that there is no boundary that could tell.
    expect(told(null, [absent('2021-02', 'pre-listing')])).toEqual([
      '02-01T00:00 to 02-28T23:59, 40320 bars: pre-listing; no listed file',
    ]);
    expect(told('2020-01', [absent('2021-02', 'delisted')])).toEqual([
      '02-01T00:00 to 02-28T23:59, 40320 bars: delisted; no later file is listed',
    ]);
  });

  it.each<[string, MonthFacts, string]>([
    [
      'a refused file',
      failed('2021-02', 'csv-malformed', ['archive/X/2021-02']),
      'quarantined; csv-malformed archive/X/2021-02',
    ],
    ['a month without a file', absent('2021-02', 'not-published'), 'not-published; no listed file'],
    [
      'files without a bar',
      absent('2021-02', 'no bar of 2021-02 in X.zip'),
      'unknown; no bar of 2021-02 in X.zip',
    ],
  ])('come before %s', (_, month, otherwise) => {
    expect(told('2020-01', [month])).toEqual([
      `02-01T00:00 to 02-11T03:40, 14621 bars: ${otherwise}`,
      `02-11T03:41 to 02-11T04:59, 79 bars: halt; ${HALT}`,
      `02-11T05:00 to 02-28T23:29, 25590 bars: ${otherwise}`,
      `02-28T23:30 to 02-28T23:59, 30 bars: halt; ${OVER_MIDNIGHT}`,
    ]);
  });

  it('come before what REST said, days without a file and the cut edge of a file', () => {
    const asked = range('2021-02-11T03:41', '2021-02-11T05:00');
    const empty = present('2021-02', [['2021-02-11T03:41', '2021-02-11T05:00']], {
      empty_at_source: [asked],
    });
    expect(told('2020-01', [empty])).toEqual([
      `02-11T03:41 to 02-11T04:59, 79 bars: halt; ${HALT}`,
      '02-11T05:00 to 02-11T05:00, 1 bars: confirmed-empty; REST asked for 2021-02-11T03:41:00Z to 2021-02-11T05:00:00Z: no bar',
    ]);
    const span = monthSpan('2021-02', { start: ms('2021-02-10'), end: ms('2021-02-12') });
    const day = present('2021-02', [['2021-02-11', '2021-02-11T23:59']], { span, ...dailies('2021-02-10') });
    expect(told('2020-01', [day])).toEqual([
      '02-11T00:00 to 02-11T03:40, 221 bars: not-published; no listed daily file',
      `02-11T03:41 to 02-11T04:59, 79 bars: halt; ${HALT}`,
      '02-11T05:00 to 02-11T23:59, 1140 bars: not-published; no listed daily file',
    ]);
    const atTheEnd = present('2021-02', [['2021-02-28T23:20', '2021-02-28T23:59']]);
    expect(told('2020-01', [atTheEnd])).toEqual([
      `02-28T23:20 to 02-28T23:29, 10 bars: unknown; ${NO_ROW}`,
      `02-28T23:30 to 02-28T23:59, 30 bars: halt; ${OVER_MIDNIGHT}`,
    ]);
  });
});

describe('a published file that lacks its first or last bars', () => {
  const AT_THE_END = ['2020-03-30T12:00', '2020-03-31T23:59'] as const;
  const FILE = 'BTCUSDT-1m-2020-03.zip';

  it('is cut short, where REST was not asked', () => {
    expect(told('2020-01', [present('2020-03', [AT_THE_END])])).toEqual([
      `03-30T12:00 to 03-31T23:59, 2160 bars: archive-defect; ${FILE} is cut short at its end; REST not asked`,
    ]);
    expect(told('2020-01', [present('2020-03', [['2020-03-01', '2020-03-01T00:00']])])).toEqual([
      `03-01T00:00 to 03-01T00:00, 1 bars: archive-defect; ${FILE} is cut short at its beginning; REST not asked`,
    ]);
  });

  it('is cut short, where REST could not be asked, and the evidence says why', () => {
    const banned = present('2020-03', [AT_THE_END], {
      unanswered: [
        { ...range('2020-03-30T12:00', '2020-03-31T09:59'), code: 'rest-banned' },
        { ...range('2020-03-31T10:00', '2020-03-31T23:59'), code: 'offline' },
      ],
    });
    expect(told('2020-01', [banned])).toEqual([
      `03-30T12:00 to 03-31T23:59, 2160 bars: archive-defect; ${FILE} is cut short at its end; REST not asked: rest-banned; REST not asked: offline`,
    ]);
  });

  it('is cut short from where its rows end, whatever else there is to say of a part of that', () => {
    const cut = present('2021-02', [['2021-02-10', '2021-02-28T23:29']], {
      span: monthSpan('2021-02'),
      empty_at_source: [range('2021-02-20', '2021-02-20T23:59')],
    });
    const tail = told('2020-01', [cut]);
    // The last half hour is there: the file lacks no edge.
    expect(tail.map((line) => line.split('; ')[0])).toEqual([
      '02-10T00:00 to 02-11T03:40, 1661 bars: unknown',
      '02-11T03:41 to 02-11T04:59, 79 bars: halt',
      '02-11T05:00 to 02-19T23:59, 12660 bars: unknown',
      '02-20T00:00 to 02-20T23:59, 1440 bars: confirmed-empty',
      '02-21T00:00 to 02-28T23:29, 11490 bars: unknown',
    ]);
    const head = present('2021-02', [['2021-02-01', '2021-02-20T23:59']], {
      empty_at_source: [range('2021-02-20', '2021-02-20T11:59')],
    });
    const EDGE = 'archive-defect; BTCUSDT-1m-2021-02.zip is cut short at its beginning; REST not asked';
    expect(told('2020-01', [head])).toEqual([
      `02-01T00:00 to 02-11T03:40, 14621 bars: ${EDGE}`,
      `02-11T03:41 to 02-11T04:59, 79 bars: halt; ${HALT}`,
      `02-11T05:00 to 02-19T23:59, 12660 bars: ${EDGE}`,
      '02-20T00:00 to 02-20T11:59, 720 bars: confirmed-empty; REST asked for 2021-02-20T00:00:00Z to 2021-02-20T11:59:00Z: no bar',
      `02-20T12:00 to 02-20T23:59, 720 bars: ${EDGE}`,
    ]);
  });

  it('has no defect where REST confirms that there is no bar, or does not know the symbol', () => {
    const asked = range(...AT_THE_END);
    expect(told('2020-01', [present('2020-03', [AT_THE_END], { empty_at_source: [asked] })])).toEqual([
      '03-30T12:00 to 03-31T23:59, 2160 bars: confirmed-empty; REST asked for 2020-03-30T12:00:00Z to 2020-03-31T23:59:00Z: no bar',
    ]);
    expect(told('2020-01', [present('2020-03', [AT_THE_END], { unknown_symbol: [asked] })])).toEqual([
      '03-30T12:00 to 03-31T23:59, 2160 bars: confirmed-empty; REST asked for 2020-03-30T12:00:00Z to 2020-03-31T23:59:00Z: unknown symbol',
    ]);
    // What is left of the gap does not reach the end of the file.
    const part = present('2020-03', [AT_THE_END], {
      empty_at_source: [range('2020-03-31T12:00', '2020-03-31T23:59')],
      unanswered: [{ ...range('2020-03-30T12:00', '2020-03-31T11:59'), code: 'offline' }],
    });
    expect(told('2020-01', [part])).toEqual([
      `03-30T12:00 to 03-31T11:59, 1440 bars: unknown; ${FILE} has no row of it; REST not asked: offline`,
      '03-31T12:00 to 03-31T23:59, 720 bars: confirmed-empty; REST asked for 2020-03-31T12:00:00Z to 2020-03-31T23:59:00Z: no bar',
    ]);
  });

  it('has none where the watermark or the start of the history falls inside its span', () => {
    const span = monthSpan('2020-03', { start: ms('2020-03-10'), end: ms('2020-03-20') });
    const gaps = [
      ['2020-03-10', '2020-03-10T00:09'],
      ['2020-03-19T23:00', '2020-03-19T23:59'],
    ] as const;
    expect(told('2020-01', [present('2020-03', gaps, { span })])).toEqual([
      `03-10T00:00 to 03-10T00:09, 10 bars: unknown; ${FILE} has no row of it; REST not asked`,
      `03-19T23:00 to 03-19T23:59, 60 bars: unknown; ${FILE} has no row of it; REST not asked`,
    ]);
  });

  it('may be one of a day: its own edges count, and what two of them lack is one gap', () => {
    const span = monthSpan('2020-03', { end: ms('2020-03-05') });
    const gaps = [
      ['2020-03-01T10:00', '2020-03-01T10:09'],
      ['2020-03-01T23:50', '2020-03-02T00:09'],
      ['2020-03-03T12:00', '2020-03-04T23:59'],
    ] as const;
    const days = dailies('2020-03-01', '2020-03-02', '2020-03-04');
    expect(told('2020-01', [present('2020-03', gaps, { span, ...days })])).toEqual([
      '03-01T10:00 to 03-01T10:09, 10 bars: unknown; BTCUSDT-1m-2020-03-01.zip has no row of it; REST not asked',
      '03-01T23:50 to 03-02T00:09, 20 bars: archive-defect; BTCUSDT-1m-2020-03-01.zip is cut short at its end; REST not asked; BTCUSDT-1m-2020-03-02.zip is cut short at its beginning',
      '03-03T12:00 to 03-03T23:59, 720 bars: not-published; no listed daily file',
      '03-04T00:00 to 03-04T23:59, 1440 bars: archive-defect; BTCUSDT-1m-2020-03-04.zip has no row; REST not asked',
    ]);
  });

  it('is named among the first of many, the others are counted', () => {
    const days = Array.from({ length: 9 }, (_, index) => `2020-03-0${index + 1}`);
    const span = monthSpan('2020-03', { end: ms('2020-03-10') });
    const month = present('2020-03', [['2020-03-02', '2020-03-09T23:59']], { span, ...dailies(...days) });
    expect(told('2020-01', [month])).toEqual([
      `03-02T00:00 to 03-09T23:59, 11520 bars: archive-defect; ${['02', '03', '04']
        .map((day) => `BTCUSDT-1m-2020-03-${day}.zip has no row`)
        .join('; ')
        .replace('; ', '; REST not asked; ')}; and 5 more`,
    ]);
  });

  it('is no file that REST answered', () => {
    const { files = [] } = dailies('2020-03-01');
    const rest = { ...files[0], name: 'BTCUSDT-1m-2020-03.rest.json', kind: 'rest' as const, expected: null };
    const span = monthSpan('2020-03', { end: ms('2020-03-03') });
    const month = present('2020-03', [['2020-03-02T10:00', '2020-03-02T23:59']], {
      span,
      files: [...files, { sha256: '', rows: 1, ...rest }],
    });
    expect(told('2020-01', [month])).toEqual([
      '03-02T10:00 to 03-02T23:59, 840 bars: not-published; no listed daily file',
    ]);
  });

  it('must have the name of one', () => {
    const files = [{ name: 'bars.zip', sha256: '', kind: 'monthly' as const, rows: 1, expected: 1 }];
    const month = present('2020-03', [AT_THE_END], { files });
    expect(() => told('2020-01', [month])).toThrow('"bars.zip" is the name of no monthly file');
  });
});

it('spells the row of a gap', () => {
  const run = { first: ms('2020-03-01T10:00'), last: ms('2020-03-01T12:00') };
  const row = gapRow('BTCUSDT', { ...run, cause: 'unknown', evidence: ['a', 'b'] }, 60 * MINUTE);
  expect(row).toEqual({
    symbol: 'BTCUSDT',
    first_missing: isoSeconds(run.first),
    last_missing: isoSeconds(run.last),
    missing: 3,
    minutes: 180,
    cause: 'unknown',
    evidence: 'a; b',
  });
});
