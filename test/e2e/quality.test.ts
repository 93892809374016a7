/** Gates on a real market, by the command line: exit code, what is said, and what stands in the reports. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import { readSummaryDocument } from '../../tasks/reports/document.ts';
import { readQuality } from '../../tasks/reports/read.ts';
import { cli } from '../cli/cli.ts';
import type { Rig } from '../rig.ts';
import { coverageOf, marketRig, report } from './market.ts';

const started: Emulator[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.close()));
});

/** Hours of two months, of which one lacks a day that no calendar of halts knows. */
async function market(): Promise<Rig> {
  const exchange = await startEmulator({
    history: {
      seed: 5,
      intervals: ['1h'],
      market: 'spot',
      now: '2024-03-05T00:00:00Z',
      symbols: [{ name: 'BTCUSDT', listed: '2023-12-01T00:00:00Z', ticks: 900_000 }],
      halts: [{ first: '2024-01-10T00:00:00Z', last: '2024-01-10T23:59:00Z' }],
    },
  });
  started.push(exchange);
  return marketRig({
    exchange,
    symbols: ['BTCUSDT'],
    interval: '1h',
    from: '2024-01-01T00:00:00Z',
    to: '2024-02-29T23:59:00Z',
  });
}

const WHERE = 'BTCUSDT/2024-01';
const BROKEN = `coverage: less than 0.99 in 1 of 2 months, 0.967741: ${WHERE}`;

describe('a gate of coverage', () => {
  it.each([
    { level: 'info', code: 0 },
    { level: 'warning', code: 0 },
    { level: 'critical', code: 4 },
  ] as const)('at level $level ends a build with $code', async ({ level, code }) => {
    const rig = await market();
    const gates = `quality.gates=[{ check: coverage, level: ${level}, scope: month, min: 0.99 }]`;
    const run = await cli(['-C', rig.dir, '--set', gates, 'build']);
    expect({ code: run.code, out: run.out }).toEqual({ code, out: '' });
    const line = `${level.padEnd(10)}reports  ${BROKEN}\n`;
    if (level === 'info') expect(run.err).not.toContain('coverage: ');
    else expect(run.err).toContain(line);
    expect((await cli(['-C', rig.dir, '--set', gates, 'build', '--quality=warn'])).code).toBe(0);
    expect((await cli(['-C', rig.dir, '--set', gates, 'build'])).code).toBe(code);

    const of = { check: 'coverage', level, scope: 'month', threshold: '0.99', unit: 'fraction' };
    expect(readQuality(rig.read('reports/latest/quality_report.csv'))).toEqual([
      { ...of, symbol: 'all', month: 'all', value: 0.967741, result: 'broken' },
      { ...of, symbol: 'BTCUSDT', month: '2024-01', value: 0.967741, result: 'broken' },
    ]);
    expect(readSummaryDocument(rig.read('reports/latest/summary.json'))).toMatchObject({
      verdict: {
        level,
        sentence: `1 of 1 gate is broken at level ${level}: coverage, less than 0.99 in 1 of 2 months, 0.967741: ${WHERE}.`,
      },
      gates: [{ broken: 1, where: [WHERE] }],
      symbols: [{ level, months: [{ level }, { level: 'ok' }] }],
    });
    const excepted = gates.replace(' }]', `, except: [${WHERE}] }]`);
    expect((await cli(['-C', rig.dir, '--set', excepted, 'build'])).code).toBe(0);
    expect((await cli(['-C', rig.dir, '--set', excepted, 'quality', '--broken'])).out).toBe(
      'no gate is broken\n',
    );
  });

  it('that no check is called like, or that is no gate, ends the command with 2, at its place', async () => {
    const rig = await market();
    rig.edit('configs/quality.yaml', (text) => text.replace('check: conflicts', 'check: conflict'));
    const { code, err } = await cli(['-C', rig.dir, 'build']);
    expect(code).toBe(2);
    expect(err).toContain('"conflict": no such check: did you mean "conflicts"?');
    expect(err).toMatch(/configs\/quality\.yaml:\d+:\d+/);
  });
});

it('files that have not come for long alarm where they have come of no symbol: the listing may be as old', async () => {
  const exchange = await startEmulator({
    history: {
      seed: 5,
      intervals: ['1h'],
      market: 'spot',
      now: '2024-03-05T00:00:00Z',
      symbols: [{ name: 'BTCUSDT', listed: '2024-01-01T00:00:00Z', ticks: 900_000 }],
    },
  });
  started.push(exchange);
  const rig = marketRig({
    exchange,
    symbols: ['BTCUSDT'],
    interval: '1h',
    from: '2024-01-01T00:00:00Z',
    to: null,
    fill: 'none',
  });
  const built = (asOf: string, ...more: readonly string[]) =>
    cli(['-C', rig.dir, 'build', '--as-of', asOf, ...more], {
      now: () => Date.parse('2024-06-01T00:00:00Z'),
    });
  expect((await built('2024-03-03')).code).toBe(0);
  const { code, err } = await built('2024-05-20', '--offline');
  expect(code).toBe(4);
  expect(err).toContain('critical  reports  lag: more than 14d in 1 of 1 symbol, 112320 minutes: BTCUSDT\n');
});

it('an archive that stands still is no delisting where REST goes on: no bar goes, whatever the as-of', async () => {
  const stalled = Array.from({ length: 60 }, (_, day) => new Date(Date.UTC(2024, 2, 5 + day)).toISOString());
  const exchange = await startEmulator({
    history: {
      seed: 5,
      intervals: ['1h'],
      market: 'spot',
      now: '2024-05-01T00:00:00Z',
      symbols: [{ name: 'BTCUSDT', listed: '2024-03-01T00:00:00Z', ticks: 900_000 }],
      missingDays: stalled.map((day) => ({ day: day.slice(0, 10) })),
      lateMonths: [{ month: '2024-03' }],
    },
  });
  started.push(exchange);
  const rig = marketRig({
    exchange,
    symbols: ['BTCUSDT'],
    interval: '1h',
    from: '2024-03-01T00:00:00Z',
    to: null,
  });
  for (const [asOf, bars] of [
    ['2024-04-17T23:59:00Z', '408'],
    ['2024-04-25T23:59:00Z', '600'],
  ] as const) {
    const { code, err } = await cli(['-C', rig.dir, 'build', '--as-of', asOf], {
      now: () => Date.parse('2024-05-01T00:00:00Z'),
    });
    expect(err).not.toContain('critical');
    expect(code).toBe(0);
    expect(report(rig, 'gap_report')).toEqual([]);
    expect(coverageOf(rig, 'BTCUSDT', '2024-03')).toMatchObject({
      coverage_raw: '1.000000',
      source: 'mixed',
    });
    expect(coverageOf(rig, 'BTCUSDT', '2024-04')).toMatchObject({ present: bars, source: 'rest' });
  }
});
