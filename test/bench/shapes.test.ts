/** What is measured on: graphs as they are told to us and to our peers, and months. Nothing is measured here. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { filesOf, historyOf, keyIn } from '../../bench/daily-files.ts';
import { stubFiles } from '../../bench/daily-stub.ts';
import { dayShape } from '../../bench/day-shape.ts';
import { marketShape } from '../../bench/market-shape.ts';
import { seriesOf } from '../../bench/month-files.ts';
import { drawOnce } from '../../bench/random.ts';
import type { Shape } from '../../bench/shape.ts';

/** Of what no step makes: the files that have to be there. */
function sourcesOf(shape: Shape): ReadonlySet<string> {
  const steps = [...shape.steps()];
  const made = new Set(steps.map(({ out }) => out));
  return new Set(steps.flatMap(({ ins }) => ins).filter((path) => !made.has(path)));
}

describe.each([
  ['days', dayShape(200)],
  ['market', marketShape(200)],
])('the graph of %s', (_, shape) => {
  it('gives peers the same inputs', () => {
    expect([...sourcesOf(shape)].sort()).toEqual([...shape.inputs()].map(([path]) => path).sort());
  });

  it('changes an input without changing its length, and otherwise each time', () => {
    const first = new Map(shape.inputs());
    for (const at of [0, 57, 199]) {
      const [one, two] = [shape.edit(at, 1), shape.edit(at, 2)];
      expect(one.before).toBe(first.get(one.path));
      expect(one.text.length).toBe(one.before.length);
      expect(new Set([one.before, one.text, two.text]).size).toBe(3);
    }
  });
});

describe('the graph of days', () => {
  it('has a target for each day, each month and the report, and as many steps', () => {
    const shape = dayShape(200);
    // Two symbols with 100 days in four months each.
    expect(shape.targets).toBe(2 * (100 + 4) + 1);
    expect([...shape.steps()]).toHaveLength(shape.targets);
  });

  it('is built anew along one day, its month and the report', () => {
    expect(dayShape(200).edit(131, 1)).toEqual({
      path: 'in/S1USDT/2020-02-01.txt',
      before: 'S1USDT 2020-02-01 0\n',
      text: 'S1USDT 2020-02-01 1\n',
      targets: ['days/S1USDT/2020-02-01', 'months/S1USDT/2020-02', 'report'],
    });
  });

  it('has no size that leaves a symbol unfinished', () => {
    expect(() => dayShape(2_500)).toThrow('a size of 2500: expected a multiple of 1000');
  });
});

describe('the graph of the market', () => {
  it('leaves out for peers what is absent: one file in fifty, and the first month', () => {
    const shape = marketShape(200);
    expect(shape.targets).toBe(2 * (2 + 100 + 2 * 4) + 1);
    expect([...shape.steps()]).toHaveLength(shape.targets - 2 * (2 + 2));
  });

  it('changes the entry of a file that is there, in a month that is served', () => {
    const absent = 0;
    expect(marketShape(200).edit(absent, 1).targets).toEqual([
      'listing/S0USDT',
      'sources/S0USDT',
      'archive/S0USDT/2020-02-01',
      'staged/S0USDT/2020-02',
      'bars/S0USDT/2020-02',
      'reports',
    ]);
  });
});

describe('numbers drawn once', () => {
  it('are all there are, none twice, and the same for the same seed', () => {
    const drawn = (seed: number): readonly number[] => {
      const draw = drawOnce(20, seed);
      return Array.from({ length: 20 }, draw);
    };
    expect([...drawn(7)].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, at) => at));
    expect(drawn(7)).toEqual(drawn(7));
    expect(drawn(7)).not.toEqual(drawn(8));
  });
});

describe('months to be normalized', () => {
  it('are as many as asked for, of further symbols where one has no more, each served by its monthly file', () => {
    const few = seriesOf(12);
    expect([few.symbols.length, few.months[0], few.months.at(-1), few.end]).toEqual([
      1,
      '2022-01',
      '2022-12',
      '2022-12-31T23:59:00Z',
    ]);
    const many = seriesOf(200);
    expect([many.symbols.length, many.months.length]).toEqual([5, 40]);
    const config: unknown = parse(readFileSync(new URL('../../configs/base.yaml', import.meta.url), 'utf8'));
    const { binance } = z.object({ binance: z.object({ prefer_daily: z.array(z.string()) }) }).parse(config);
    expect(seriesOf(48).months.filter((month) => binance.prefer_daily.includes(month))).toEqual([]);
  });
});

describe('the history behind a daily update', () => {
  const history = historyOf({ symbols: 2, years: 2 }, 3);

  it('has months with files of their own and an open one, however long it is', () => {
    expect([history.start, history.months.length, history.months.at(-1)]).toEqual([
      '2022-07-01T00:00:00Z',
      23,
      '2024-05',
    ]);
    expect([history.days[0], history.days.at(-1)]).toEqual(['2022-07-01', '2024-06-15']);
    expect(history.updates).toEqual(['2024-06-16', '2024-06-17', '2024-06-18']);
  });

  it('has files of what serves, and one for all the days that do not', () => {
    const files = filesOf(history);
    expect(files.size).toBe(2 * (history.months.length + history.days.length));
    const of = (symbol: string, period: string) => files.get(keyIn(symbol, period));
    expect(of('BENCH0USDT', '2022-07-01')).toBe(of('BENCH1USDT', '2024-05-31'));
    expect(of('BENCH0USDT', '2024-06-01')).not.toBe(of('BENCH1USDT', '2024-06-01'));
  });

  it('is reported on by the rule that the project has, where months are made by a stub', () => {
    const shipped = z
      .object({ rules: z.record(z.string(), z.json()) })
      .parse(parse(readFileSync('pipeline.yaml', 'utf8')));
    const files = new Map(stubFiles(shipped, history));
    const stub = z
      .object({ rules: z.record(z.string(), z.json()) })
      .parse(JSON.parse(files.get('pipeline.yaml') ?? ''));
    expect(Object.keys(stub.rules)).toEqual(['sources', 'bars', 'reports']);
    expect(stub.rules['reports']).toEqual(shipped.rules['reports']);
  });
});
