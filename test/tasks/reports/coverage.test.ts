import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AbsentMember, FailedMember, Json, Member, TaskResult } from '../../../src/engine/task.ts';
import task from '../../../tasks/reports/coverage.ts';
import { readSummaryDocument } from '../../../tasks/reports/document.ts';
import { readCoverage, readGaps, readQuality } from '../../../tasks/reports/read.ts';
import { fakeContext, scratch } from '../context.ts';
import type { GapTexts, SummaryChanges } from './facts.ts';
import { partition, summaryJson, summaryOf } from './facts.ts';
import { COVERAGE_GATES } from './reported.ts';

let workspace: string;
beforeEach(() => {
  workspace = scratch();
});

function month(symbol: string, key: string, gaps: GapTexts = [], changes: SummaryChanges = {}): Member {
  const folder = join(workspace, 'data', `symbol=${symbol}`, `month=${key}`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'summary.json');
  writeFileSync(path, summaryJson(summaryOf(symbol, key, gaps, changes)));
  return { path, partition: partition(symbol, key) };
}

interface Given {
  readonly summaries?: readonly Member[];
  readonly absent?: readonly AbsentMember[];
  readonly failed?: readonly FailedMember[];
  readonly first?: readonly (readonly [symbol: string, first: Json])[];
  readonly failedFirst?: readonly FailedMember[];
  readonly params?: Readonly<Record<string, Json>>;
}

function params(more: Readonly<Record<string, Json>> = {}) {
  return task.params?.parse({
    as_of: '2024-02-29T23:59:00Z',
    market: 'spot',
    interval: '1m',
    gates: COVERAGE_GATES,
    ...more,
  });
}

async function run(given: Given): Promise<TaskResult | undefined> {
  const parsed = params(given.params);
  if (parsed === undefined) throw new Error('the task has no parser of params');
  const first = given.first ?? [];
  const ctx = fakeContext({
    workspace,
    params: parsed,
    values: { first: first.map(([, value]) => value) },
    members: {
      summaries: given.summaries ?? [],
      first: first.map(([symbol]) => ({ path: `${symbol}.json`, partition: partition(symbol) })),
    },
    absent: { summaries: given.absent ?? [], first: [] },
    failed: { summaries: given.failed ?? [], first: given.failedFirst ?? [] },
    out: {
      coverage: 'coverage_report.csv',
      gaps: 'gap_report.csv',
      quality: 'quality_report.csv',
      summary: 'summary.json',
      page: 'report.html',
    },
  });
  const result = (await task.run(ctx)) ?? undefined;
  expect(ctx.lines).toEqual([]);
  return result;
}

const written = (path: string): string => readFileSync(join(workspace, '.tmp', path), 'utf8');
const coverageText = (): string => written('coverage/coverage_report.csv');
const gapText = (): string => written('gaps/gap_report.csv');
const qualityText = (): string => written('quality/quality_report.csv');
const summaryText = (): string => written('summary/summary.json');

describe('reports/coverage', () => {
  it('writes the two reports, byte for byte', async () => {
    const result = await run({
      summaries: [
        month('ETHUSDT', '2024-01', [['2024-01-31T23:00', '2024-01-31T23:59']], {
          duplicates: 2,
          price_rule: 1,
        }),
        month('ETHUSDT', '2024-02', [['2024-02-01', '2024-02-01T00:29']]),
        month('BTCUSDT', '2024-02', [['2024-02-01', '2024-02-10T05:59']], { off_grid: 3, zero_trade: 4 }),
      ],
      absent: [
        { target: 'bars/BTCUSDT/2024-01', reason: 'pre-listing', partition: partition('BTCUSDT', '2024-01') },
      ],
      failed: [
        {
          target: 'bars/ADAUSDT/2024-01',
          partition: partition('ADAUSDT', '2024-01'),
          code: 'archive-corrupt',
          roots: ['archive/ADAUSDT/2024-01-07', 'archive/ADAUSDT/2024-01-08'],
        },
        {
          target: 'bars/ADAUSDT/2024-02',
          partition: partition('ADAUSDT', '2024-02'),
          code: 'task-crashed',
          roots: ['bars/ADAUSDT/2024-02'],
        },
      ],
      first: [
        ['ETHUSDT', '2017-08'],
        ['BTCUSDT', '2024-02'],
        ['ADAUSDT', '2018-04'],
      ],
    });
    expect(result).toEqual({
      alerts: [
        {
          level: 'critical',
          code: 'coverage',
          message: 'less than 0.95 in 2 of 5 months, 0 at worst: ADAUSDT/2024-01, ADAUSDT/2024-02',
        },
        {
          level: 'warning',
          code: 'coverage',
          message: 'less than 0.99 in 2 of 5 months, 0 at worst: ADAUSDT/2024-01, ADAUSDT/2024-02',
        },
      ],
    });
    expect(coverageText()).toBe(
      [
        'symbol,month,expected,present,missing,excused,coverage_raw,coverage_adjusted,gaps,longest_gap_minutes,first_ts,last_ts,duplicates,off_grid,zero_trade,rule_breaks,source,status',
        'ETHUSDT,2024-01,44640,44580,60,0,0.998655,0.998655,1,60,2024-01-01T00:00:00Z,2024-01-31T22:59:00Z,2,0,0,1,monthly,ok',
        'ETHUSDT,2024-02,41760,41730,30,0,0.999281,0.999281,1,30,2024-02-01T00:30:00Z,2024-02-29T23:59:00Z,0,0,0,0,monthly,ok',
        'ETHUSDT,all,86400,86310,90,0,0.998958,0.998958,1,90,2024-01-01T00:00:00Z,2024-02-29T23:59:00Z,2,0,0,1,monthly,ok',
        'BTCUSDT,2024-01,44640,0,44640,44640,0.000000,,1,44640,,,0,0,0,0,none,absent',
        'BTCUSDT,2024-02,41760,28440,13320,13320,0.681034,1.000000,1,13320,2024-02-10T06:00:00Z,2024-02-29T23:59:00Z,0,3,4,0,monthly,ok',
        'BTCUSDT,all,86400,28440,57960,57960,0.329166,1.000000,1,57960,2024-02-10T06:00:00Z,2024-02-29T23:59:00Z,0,3,4,0,monthly,ok',
        'ADAUSDT,2024-01,44640,0,44640,0,0.000000,0.000000,1,44640,,,0,0,0,0,none,failed',
        'ADAUSDT,2024-02,41760,0,41760,0,0.000000,0.000000,1,41760,,,0,0,0,0,none,failed',
        'ADAUSDT,all,86400,0,86400,0,0.000000,0.000000,2,44640,,,0,0,0,0,none,failed',
        '',
      ].join('\n'),
    );
    expect(gapText()).toBe(
      [
        'symbol,first_missing,last_missing,missing,minutes,cause,evidence',
        'ETHUSDT,2024-01-31T23:00:00Z,2024-02-01T00:29:00Z,90,90,archive-defect,ETHUSDT-1m-2024-01.zip is cut short at its end; REST not asked; ETHUSDT-1m-2024-02.zip is cut short at its beginning',
        'BTCUSDT,2024-01-01T00:00:00Z,2024-02-10T05:59:00Z,57960,57960,pre-listing,first listed file 2024-02',
        'ADAUSDT,2024-01-01T00:00:00Z,2024-01-31T23:59:00Z,44640,44640,quarantined,archive-corrupt archive/ADAUSDT/2024-01-07 and 1 more',
        'ADAUSDT,2024-02-01T00:00:00Z,2024-02-29T23:59:00Z,41760,41760,unknown,task-crashed bars/ADAUSDT/2024-02',
        '',
      ].join('\n'),
    );
    expect(qualityText()).toBe(
      [
        'check,level,scope,threshold,symbol,month,value,unit,result',
        'coverage,critical,month,0.95,all,all,0,fraction,broken',
        'coverage,critical,month,0.95,ADAUSDT,2024-01,0,fraction,broken',
        'coverage,critical,month,0.95,ADAUSDT,2024-02,0,fraction,broken',
        'coverage,warning,month,0.99,all,all,0,fraction,broken',
        'coverage,warning,month,0.99,ADAUSDT,2024-01,0,fraction,broken',
        'coverage,warning,month,0.99,ADAUSDT,2024-02,0,fraction,broken',
        '',
      ].join('\n'),
    );
    expect(readSummaryDocument(summaryText())).toMatchObject({
      as_of: '2024-02-29T23:59:00Z',
      verdict: {
        level: 'critical',
        sentence:
          '1 of 2 gates is broken at level critical: coverage, less than 0.95 in 2 of 5 months, 0 at worst: ADAUSDT/2024-01, ADAUSDT/2024-02.',
      },
      totals: { symbols: 3, months: 6, missing: 144_450, longest_gap_minutes: 57_960 },
      symbols: [{ symbol: 'ETHUSDT' }, { symbol: 'BTCUSDT' }, { symbol: 'ADAUSDT' }],
    });
    expect(readCoverage(coverageText())).toHaveLength(9);
    expect(readGaps(gapText()).map(({ missing }) => missing)).toEqual([90, 57_960, 44_640, 41_760]);
  });

  it('keeps the declared order when a symbol has no listing, if it is told it', async () => {
    const failed = (symbol: string): FailedMember => ({
      target: `bars/${symbol}/2024-01`,
      partition: partition(symbol, '2024-01'),
      code: 'network-timeout',
      roots: [`listing/${symbol}`],
    });
    const given = {
      summaries: [month('SOLUSDT', '2024-01'), month('ADAUSDT', '2024-01')],
      failed: [failed('BNBUSDT')],
      first: [
        ['SOLUSDT', '2020-08'],
        ['ADAUSDT', '2018-04'],
      ] as const,
      failedFirst: [{ ...failed('BNBUSDT'), partition: partition('BNBUSDT') }],
    };
    const symbols = () =>
      readCoverage(coverageText())
        .filter((row) => row.month === 'all')
        .map((row) => row.symbol);
    await run({ ...given, params: { symbols: ['SOLUSDT', 'BNBUSDT', 'ADAUSDT', 'NEWUSDT'] } });
    expect(symbols()).toEqual(['SOLUSDT', 'BNBUSDT', 'ADAUSDT']);
    await run(given);
    expect(symbols()).toEqual(['SOLUSDT', 'ADAUSDT', 'BNBUSDT']);
  });

  it('writes headers alone when there is nothing to tell of', async () => {
    expect(await run({})).toEqual({ alerts: [] });
    expect(coverageText()).toMatch(/^symbol,month,[a-z_,]+,status\n$/);
    expect(gapText()).toMatch(/^symbol,first_missing,[a-z_,]+,evidence\n$/);
    expect(readQuality(qualityText()).map(({ value, result }) => [value, result])).toEqual([
      [null, 'pass'],
      [null, 'pass'],
    ]);
    expect(readSummaryDocument(summaryText()).verdict).toEqual({
      level: 'ok',
      sentence: 'All 2 gates hold.',
    });
  });

  it('fails, and names the file, when a summary contradicts itself', async () => {
    const summaries = [month('ETHUSDT', '2024-01'), month('ETHUSDT', '2024-02', [], { rows: 7 })];
    expect(await run({ summaries, first: [['ETHUSDT', '2017-08']] })).toEqual({
      failed: {
        code: 'summary-malformed',
        message:
          'data/symbol=ETHUSDT/month=2024-02/summary.json: rows and gaps: 7 rows and 0 missing bars are not the 41760 expected',
        hint: 'build the bars of ETHUSDT/2024-02 again with --force',
      },
    });
  });

  it('refuses params that it cannot reckon with', () => {
    expect(() => params({ interval: '1w' })).toThrow('straddle months');
    expect(() =>
      params({ gates: [{ check: 'coverage', level: 'critical', scope: 'month', min: 95 }] }),
    ).toThrow('95: expected a fraction from 0 to 1 such as 0.95');
    expect(() => params({ as_of: 'yesterday' })).toThrow('expected an instant in UTC');
  });
});
