import { describe, expect, it, onTestFinished } from 'vitest';
import type { Market } from '../../tasks/binance/emulator/calendar.ts';
import { startEmulator, zipOf } from '../../tasks/binance/emulator/emulator.ts';
import { readQuality } from '../../tasks/reports/read.ts';
import type { Built, Rig } from '../rig.ts';
import { fileKey } from './history.ts';
import type { MarketSpec } from './market.ts';
import { barsFolder, coverageOf, marketRig, report } from './market.ts';
import { column, DAY, HOUR, storedRows } from './rows.ts';

const SYMBOL = 'BTCUSDT';

/** A row as the archive has it; times in milliseconds. */
function row(
  openTime: number,
  changes: Partial<Record<'close' | 'closeTime' | 'unit', number>> = {},
): string {
  const { close = 105.5, closeTime = openTime + HOUR - 1, unit = 1 } = changes;
  const closes = unit === 1 ? closeTime : closeTime * unit + unit - 1;
  return [openTime * unit, '100.0', '110', '90.00000001', close, 2, closes, '200.5', 3, 1, 100, 0].join(',');
}

/** Openings of the hours from one instant to another, both included. */
function hours(first: string, last: string): readonly number[] {
  const count = (Date.parse(last) - Date.parse(first)) / HOUR + 1;
  return Array.from({ length: count }, (_, index) => Date.parse(first) + index * HOUR);
}

function whole(month: string): readonly number[] {
  const start = Date.parse(`${month}-01`);
  const end = new Date(start).setUTCMonth(new Date(start).getUTCMonth() + 1);
  return Array.from({ length: (end - start) / HOUR }, (_, index) => start + index * HOUR);
}

type Files = Readonly<Record<string, readonly string[]>>;

/** Builds bars of an hour from files that are given by their month or day. */
async function built(
  files: Files,
  spec: Partial<MarketSpec> & Pick<MarketSpec, 'from' | 'to'>,
): Promise<{ readonly rig: Rig; readonly built: Built }> {
  const { symbols: [symbol = SYMBOL] = [], interval = '1h' } = spec;
  const market: Market = spec.market === 'um' || spec.market === 'cm' ? spec.market : 'spot';
  const given = Object.entries(files).map(([period, lines]) => {
    const text = lines.map((line) => `${line}\n`).join('');
    const zip = zipOf(`${symbol}-${interval}-${period}.csv`, text);
    return [fileKey(symbol, period, market, interval), zip] as const;
  });
  const exchange = await startEmulator({ files: new Map(given), now: Date.UTC(2026, 0, 1) });
  onTestFinished(() => exchange.close());
  const rig = marketRig({ exchange, symbols: [symbol], interval, fill: 'none', ...spec });
  return { rig, built: await rig.build() };
}

function gaps(rig: Rig): readonly (readonly (string | undefined)[])[] {
  const names = ['first_missing', 'last_missing', 'missing', 'cause', 'evidence'];
  return report(rig, 'gap_report').map((cells) => names.map((name) => cells[name]));
}

describe('the first listed file', () => {
  it('may be of a day before the first month: it is built, and not taken for pre-listing', async () => {
    const { rig, built: run } = await built(
      {
        '2019-12-31': hours('2019-12-31T00:00Z', '2019-12-31T23:00Z').map((ts) => row(ts)),
        '2020-01-01': hours('2020-01-01T00:00Z', '2020-01-01T23:00Z').map((ts) => row(ts)),
        '2020-01': whole('2020-01').map((ts) => row(ts)),
      },
      { market: 'um', from: '2019-12-01T00:00:00Z', to: '2020-01-31T23:59:00Z' },
    );
    expect(run.failures).toEqual({});
    expect(coverageOf(rig, SYMBOL, '2019-12')).toMatchObject({
      present: '24',
      excused: '720',
      source: 'daily',
    });
    expect(coverageOf(rig, SYMBOL, '2020-01')).toMatchObject({ present: '744', source: 'monthly' });
    expect(gaps(rig)).toEqual([
      ['2019-12-01T00:00:00Z', '2019-12-30T23:00:00Z', '720', 'pre-listing', 'first listed file 2019-12-31'],
    ]);
  });

  it('of a month excuses no days for which daily files are listed', async () => {
    const { rig } = await built(
      {
        '2024-01': hours('2024-01-08T00:00Z', '2024-01-31T23:00Z').map((ts) => row(ts)),
        '2024-01-05': hours('2024-01-05T06:00Z', '2024-01-05T23:00Z').map((ts) => row(ts)),
      },
      { from: '2024-01-01T00:00:00Z', to: '2024-01-31T23:59:00Z' },
    );
    expect(gaps(rig)).toEqual([
      ['2024-01-01T00:00:00Z', '2024-01-04T23:00:00Z', '96', 'pre-listing', 'first listed file 2024-01-05'],
      [
        '2024-01-05T00:00:00Z',
        '2024-01-07T23:00:00Z',
        '72',
        'unknown',
        `${SYMBOL}-1h-2024-01.zip has no row of it; REST not asked`,
      ],
    ]);
    expect(coverageOf(rig, SYMBOL, 'all')).toMatchObject({ excused: '96', coverage_adjusted: '0.888888' });
  });
});

describe('days after the switch to microseconds', () => {
  it('keep their own rows before those of neighbours, and the report tells days that are not published', async () => {
    const days = ['2025-01-01', '2025-01-02', '2025-01-04', '2025-01-05'];
    const { rig, built: run } = await built(
      {
        '2024-12': whole('2024-12').map((ts) => row(ts)),
        ...Object.fromEntries(
          days.map((day) => {
            const own = hours(`${day}T00:00Z`, `${day}T23:00Z`);
            const before = row(Date.parse(day) - HOUR, { close: 109, unit: 1000 });
            const after = row(Date.parse(day) + DAY, { close: 91, unit: 1000 });
            return [day, [before, ...own.map((ts) => row(ts, { unit: 1000 })), after]];
          }),
        ),
      },
      { from: '2024-12-30T10:20:30Z', to: '2025-01-05T10:30:00Z' },
    );
    expect(run.failures).toEqual({});
    expect(coverageOf(rig, SYMBOL, '2024-12')).toMatchObject({ expected: '37', present: '37' });
    expect(coverageOf(rig, SYMBOL, '2025-01')).toMatchObject({
      expected: '106',
      present: '84',
      missing: '22',
      coverage_raw: '0.792452',
      gaps: '1',
      longest_gap_minutes: '1320',
      duplicates: '4',
      last_ts: '2025-01-05T09:00:00Z',
      status: 'critical',
    });
    expect(coverageOf(rig, SYMBOL, 'all')).toMatchObject({
      expected: '143',
      present: '121',
      source: 'mixed',
    });
    expect(gaps(rig)).toEqual([
      ['2025-01-03T01:00:00Z', '2025-01-03T22:00:00Z', '22', 'not-published', 'no listed daily file'],
    ]);
    const place = barsFolder({ symbol: SYMBOL, month: '2025-01', interval: '1h' });
    const rows = await storedRows(rig.path(`${place}/bars.parquet`));
    const closes = column(rows, 'close').flatMap((close, at) =>
      close === 105.5 ? [] : [[rows[at]?.values[0], close]],
    );
    expect(closes).toEqual([
      [Date.UTC(2025, 0, 3), 91],
      [Date.UTC(2025, 0, 3, 23), 109],
    ]);
  });
});

describe('files that say nothing of their month', () => {
  it('are told from months without files; malformed ones and other content are quarantined', async () => {
    const { rig, built: run } = await built(
      {
        '2024-01': whole('2024-01').map((ts) => row(ts)),
        '2024-02': [],
        '2024-03': whole('2024-03').map((ts) => row(ts / 1000, { closeTime: ts / 1000 + 3_599 })),
        '2024-04': [...whole('2024-04').map((ts) => row(ts)), 'cut'],
        '2024-05': [...whole('2024-05'), Date.UTC(2024, 5, 1)].map((ts) => row(ts)),
      },
      { from: '2024-01-01T00:00:00Z', to: '2024-07-10T11:30:00Z' },
    );
    expect(
      Object.entries(run.failures)
        .sort()
        .map(([target, { code }]) => [target, code]),
    ).toEqual([
      ['staged/BTCUSDT/2024-03', 'csv-misplaced'],
      ['staged/BTCUSDT/2024-04', 'csv-malformed'],
    ]);
    expect(gaps(rig)).toEqual([
      [
        '2024-02-01T00:00:00Z',
        '2024-02-29T23:00:00Z',
        '696',
        'unknown',
        'no bar of 2024-02 in BTCUSDT-1h-2024-02.zip, which is empty',
      ],
      [
        '2024-03-01T00:00:00Z',
        '2024-04-30T23:00:00Z',
        '1464',
        'quarantined',
        'csv-misplaced staged/BTCUSDT/2024-03; csv-malformed staged/BTCUSDT/2024-04',
      ],
      ['2024-06-01T00:00:00Z', '2024-07-10T10:00:00Z', '947', 'not-published', 'no listed file'],
    ]);
    const statuses = report(rig, 'coverage_report').map((cells) => [
      cells['month'],
      cells['expected'],
      cells['status'],
    ]);
    expect(statuses).toEqual([
      ['2024-01', '744', 'ok'],
      ['2024-02', '696', 'absent'],
      ['2024-03', '744', 'failed'],
      ['2024-04', '720', 'failed'],
      ['2024-05', '744', 'ok'],
      ['2024-06', '720', 'absent'],
      ['2024-07', '227', 'absent'],
      ['all', '4595', 'failed'],
    ]);
    const broken = readQuality(rig.read('reports/latest/quality_report.csv')).flatMap((each) =>
      each.result === 'broken' && each.scope === 'month' && each.month !== 'all' && each.check !== 'coverage'
        ? [`${each.level} ${each.check} ${each.month} ${each.value}`]
        : [],
    );
    expect(broken).toEqual([
      'critical failed 2024-03 1',
      'critical failed 2024-04 1',
      'critical schema 2024-03 1',
      'critical schema 2024-04 1',
      'warning empty-file 2024-02 1',
      'info outside 2024-05 1',
    ]);
  });
});

describe('bars of a day', () => {
  it('three times over count once, and gaps are told in minutes, over the ends of months too', async () => {
    const day = (ts: number): string => row(ts, { closeTime: ts + DAY - 1 });
    const daysOf = (month: string): readonly number[] => whole(month).filter((ts) => ts % DAY === 0);
    const january = daysOf('2021-01').map(day);
    const { rig } = await built(
      {
        '2021-01': [
          ...january.slice(10),
          ...january.slice(0, 10),
          ...january.slice(4, 8),
          ...january.slice(4, 8),
        ],
        '2021-02': daysOf('2021-02').slice(1, -1).map(day),
        '2021-03': daysOf('2021-03').slice(2).map(day),
      },
      { symbols: ['JUVUSDT'], interval: '1d', from: '2020-12-15T04:00:00Z', to: '2021-03-20T12:00:00Z' },
    );
    const names = ['month', 'expected', 'present', 'excused', 'gaps', 'longest_gap_minutes', 'duplicates'];
    expect(report(rig, 'coverage_report').map((cells) => names.map((name) => cells[name]))).toEqual([
      ['2020-12', '16', '0', '16', '1', '23040', '0'],
      ['2021-01', '31', '31', '0', '0', '0', '8'],
      ['2021-02', '28', '26', '0', '2', '1440', '0'],
      ['2021-03', '19', '17', '0', '1', '2880', '0'],
      ['all', '94', '74', '16', '3', '23040', '8'],
    ]);
    expect(gaps(rig).slice(1)).toEqual([
      [
        '2021-02-01T00:00:00Z',
        '2021-02-01T00:00:00Z',
        '1',
        'archive-defect',
        'JUVUSDT-1d-2021-02.zip is cut short at its beginning; REST not asked',
      ],
      [
        '2021-02-28T00:00:00Z',
        '2021-03-02T00:00:00Z',
        '3',
        'archive-defect',
        'JUVUSDT-1d-2021-02.zip is cut short at its end; REST not asked; JUVUSDT-1d-2021-03.zip is cut short at its beginning',
      ],
    ]);
  });
});
