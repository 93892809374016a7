/** The gates and halts that are shipped, held against what is known to be true of the exchange (docs/DOMAIN.md §2). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Json } from '../../../src/engine/task.ts';
import { haltsInForce } from '../../../tasks/config-halts.ts';
import { haltedBars, haltsSchema } from '../../../tasks/quality/halts.ts';
import { alertsOf } from '../../../tasks/quality/words.ts';
import type { MonthFacts } from '../../../tasks/reports/months.ts';
import { absent, failed, MINUTE, ms, present, symbol } from '../reports/facts.ts';
import type { Reported } from '../reports/reported.ts';
import { reported } from '../reports/reported.ts';

function shipped(name: string): Json {
  return parse(readFileSync(new URL(`../../../configs/${name}.yaml`, import.meta.url), 'utf8')) as Json;
}

const { quality } = shipped('quality') as unknown as { quality: { gates: readonly object[] } };
const halted = haltedBars(haltsSchema.parse(haltsInForce(shipped('halts'), 'spot')), MINUTE);

function judged(...months: readonly MonthFacts[]): Reported {
  return reported([symbol('2017-08', ...months)], { gates: quality.gates, halted });
}

function alarms({ judgement }: Reported): readonly string[] {
  return alertsOf(judgement).map(({ level, code, message }) => `${level} ${code}: ${message}`);
}

describe('the shipped gates', () => {
  it('do not alarm for ever about 2018-02: 94.9 % is all there is, and halts excuse the rest', () => {
    const result = judged(
      present(
        '2018-02',
        [
          ['2018-02-08T00:29', '2018-02-09T09:58'],
          ['2018-02-10T06:00', '2018-02-10T06:14'],
          ['2018-02-11T04:01', '2018-02-11T04:34'],
        ],
        { off_grid: 2_880, short_close: 3, duplicates: 12, jumps: { count: 4, largest: null } },
      ),
    );
    expect(result.coverage[0]).toMatchObject({
      coverage_raw: 0.948933,
      coverage_adjusted: 1,
      status: 'ok',
    });
    expect(alarms(result)).toEqual([]);
  });

  it('do not alarm about the outages of 2021-02-11 and 2021-03-06', () => {
    const result = judged(
      present('2021-02', [['2021-02-11T03:41', '2021-02-11T04:59']]),
      present('2021-03', [['2021-03-06T02:00', '2021-03-06T03:29']]),
    );
    expect(result.coverage.map(({ coverage_adjusted }) => coverage_adjusted)).toEqual([1, 1, 1]);
    expect(alarms(result)).toEqual([]);
  });

  it('alarm about two days that nothing explains, at the level of what they do to their month', () => {
    expect(alarms(judged(present('2024-01', [['2024-01-10', '2024-01-11T23:59']])))).toEqual([
      'critical coverage: less than 0.95 in 1 of 1 month, 0.935483: BTCUSDT/2024-01',
      'warning coverage: less than 0.99 in 1 of 1 month, 0.935483: BTCUSDT/2024-01',
      'warning gap: more than 24h in 1 of 1 symbol, 2880 minutes: BTCUSDT',
      'warning file-rows: more than 60 bars in 1 of 1 month, 2880 bars: BTCUSDT/2024-01',
    ]);
  });

  it('alarm about a file that was refused and a symbol that is not there', () => {
    const refused = judged(failed('2024-01', 'archive-checksum', ['archive/BTCUSDT/2024-01']));
    expect(alarms(refused).filter((line) => line.startsWith('critical'))).toEqual([
      'critical coverage: less than 0.95 in 1 of 1 month, 0: BTCUSDT/2024-01',
      'critical symbols: in 1 of 1 symbol: BTCUSDT',
      'critical failed: in 1 of 1 month: BTCUSDT/2024-01',
      'critical archive: in 1 of 1 month: BTCUSDT/2024-01',
    ]);
  });

  it('let a daily file come a day late, and no more than two weeks', () => {
    const until = (last: string): readonly string[] =>
      alarms(judged(present('2024-01', [[last, '2024-01-31T23:59']]))).filter((line) => / lag: /.test(line));
    expect(until('2024-01-30T00:00')).toEqual([]);
    expect(until('2024-01-29T23:59')).toEqual([
      'warning lag: more than 48h in 1 of 1 symbol, 2881 minutes: BTCUSDT',
    ]);
    expect(until('2024-01-17T23:59')).toEqual([
      'critical lag: more than 14d in 1 of 1 symbol, 20161 minutes: BTCUSDT',
      'warning lag: more than 48h in 1 of 1 symbol, 20161 minutes: BTCUSDT',
    ]);
  });

  it('have nothing against a symbol that was delisted, once REST confirms that there is no more', () => {
    const tail = ['2024-01-20T03:00', '2024-01-31T23:59'] as const;
    const gone = absent('2024-02', 'delisted');
    const missing = { first: ms(tail[0]), last: ms(tail[1]), missing: 17_100 };
    expect(alarms(judged(present('2024-01', [tail], { unknown_symbol: [missing] }), gone))).toEqual([]);
    expect(alarms(judged(present('2024-01', [tail]), gone))).toEqual([
      'critical lag: more than 14d in 1 of 1 symbol, 58860 minutes: BTCUSDT',
      'warning lag: more than 48h in 1 of 1 symbol, 58860 minutes: BTCUSDT',
    ]);
  });
});
