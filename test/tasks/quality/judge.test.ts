/** Gates applied to months that are known: every check at every level and scope, and thresholds that are just met. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Check, Scope, Unit } from '../../../tasks/quality/checks.ts';
import { boundOf, CHECK_NAMES, factsOf, LEVELS } from '../../../tasks/quality/checks.ts';
import { alertsOf, verdictSentence } from '../../../tasks/quality/words.ts';
import type { MonthFacts, SymbolFacts } from '../../../tasks/reports/months.ts';
import { summarize } from '../../../tasks/reports/summarize.ts';
import type { SummaryChanges } from '../reports/facts.ts';
import { absent, failed, MINUTE, monthSpan, ms, present, symbol } from '../reports/facts.ts';
import type { Reported } from '../reports/reported.ts';
import { reported } from '../reports/reported.ts';

const MONTH = '2024-01';
const BREAKS = { high: 0, low: 0, price: 0, volume: 0, taker: 0, quote_volume: 0, zero_trades: 0 };

/** Three bars in the middle of the month. */
const HOLE = [['2024-01-10T00:00', '2024-01-10T00:02']] as const;
const TAIL = [['2024-01-31T23:58', '2024-01-31T23:59']] as const;

function month(changes: SummaryChanges = {}): MonthFacts {
  return present(MONTH, [], changes);
}

/** A month in which the check is broken, the number it gives, its unit, and a threshold that it is beyond. */
const CASES: Readonly<
  Record<Check, readonly [month: MonthFacts, value: number, unit: Unit, beyond: number | string]>
> = {
  archive: [failed(MONTH, 'archive-corrupt', ['archive/BTCUSDT/2024-01']), 1, 'months', 0],
  schema: [failed(MONTH, 'csv-malformed', ['staged/BTCUSDT/2024-01']), 1, 'months', 0],
  'empty-file': [month({ files: [{ name: 'BTCUSDT-1m-2024-01.zip', rows: 0 }] }), 1, 'files', 0],
  'file-rows': [present(MONTH, HOLE), 3, 'bars', 2],
  order: [month({ out_of_order: 3 }), 3, 'rows', 2],
  duplicates: [month({ duplicates: 3 }), 3, 'rows', 2],
  conflicts: [month({ conflicts: 3 }), 3, 'rows', 2],
  'off-grid': [month({ off_grid: 3 }), 3, 'bars', 2],
  outside: [month({ outside: 3 }), 3, 'rows', 2],
  high: [month({ breaks: { ...BREAKS, high: 3 } }), 3, 'bars', 2],
  low: [month({ breaks: { ...BREAKS, low: 3 } }), 3, 'bars', 2],
  price: [month({ breaks: { ...BREAKS, price: 3 } }), 3, 'bars', 2],
  volume: [month({ breaks: { ...BREAKS, volume: 3 } }), 3, 'bars', 2],
  taker: [month({ breaks: { ...BREAKS, taker: 3 } }), 3, 'bars', 2],
  'quote-volume': [month({ breaks: { ...BREAKS, quote_volume: 3 } }), 3, 'bars', 2],
  'zero-trades': [month({ breaks: { ...BREAKS, zero_trades: 3 } }), 3, 'bars', 2],
  'short-close': [month({ short_close: 3 }), 3, 'bars', 2],
  jumps: [month({ jumps: { count: 3, largest: { ts: ms('2024-01-02'), sigma: 21 } } }), 3, 'bars', 2],
  flats: [month({ flats: { count: 3, longest: 300 } }), 3, 'runs', 2],
  failed: [failed(MONTH, 'task-threw', ['bars/BTCUSDT/2024-01']), 1, 'months', 0],
  coverage: [present(MONTH, HOLE), 0.999932, 'fraction', 0.99994],
  gap: [present(MONTH, HOLE), 3, 'minutes', '179s'],
  symbols: [failed(MONTH, 'archive-corrupt', ['archive/BTCUSDT/2024-01']), 1, 'symbols', 0],
  lag: [present(MONTH, TAIL), 2, 'minutes', '1m'],
};

/** How an alert spells the limit and the value of each case. */
const SPELT: Readonly<Record<Check, readonly [limit: string, value: string]>> = {
  archive: ['in', '1 month'],
  schema: ['in', '1 month'],
  'empty-file': ['in', '1 file'],
  'file-rows': ['more than 2 bars in', '3 bars'],
  order: ['more than 2 rows in', '3 rows'],
  duplicates: ['more than 2 rows in', '3 rows'],
  conflicts: ['more than 2 rows in', '3 rows'],
  'off-grid': ['more than 2 bars in', '3 bars'],
  outside: ['more than 2 rows in', '3 rows'],
  high: ['more than 2 bars in', '3 bars'],
  low: ['more than 2 bars in', '3 bars'],
  price: ['more than 2 bars in', '3 bars'],
  volume: ['more than 2 bars in', '3 bars'],
  taker: ['more than 2 bars in', '3 bars'],
  'quote-volume': ['more than 2 bars in', '3 bars'],
  'zero-trades': ['more than 2 bars in', '3 bars'],
  'short-close': ['more than 2 bars in', '3 bars'],
  jumps: ['more than 2 bars in', '3 bars'],
  flats: ['more than 2 runs in', '3 runs'],
  failed: ['in', '1 month'],
  coverage: ['less than 0.99994 in', '0.999932'],
  gap: ['more than 179s in', '3 minutes'],
  symbols: ['in', '1 symbol'],
  lag: ['more than 1m in', '2 minutes'],
};

/** The whole text of an alert. What is counted in units of the scope has no value of its own. */
function messageOf(check: Check, scope: Scope): string {
  const [limit, value] = SPELT[check];
  if (scope === 'dataset') return `${limit} the whole dataset: ${value}`;
  return `${limit} 1 of 1 ${scope}${value === `1 ${scope}` ? '' : `, ${value}`}: ${NAMES[scope]}`;
}

const NAMES: Readonly<Record<Scope, string>> = {
  month: `BTCUSDT/${MONTH}`,
  symbol: 'BTCUSDT',
  dataset: 'all',
};

function gateOf(check: Check, threshold: number | string, more: object = {}): object {
  return { check, level: 'critical', scope: 'month', [boundOf(check)]: threshold, ...more };
}

function listed(...months: readonly MonthFacts[]): SymbolFacts {
  return symbol('2023-01', ...months);
}

/** What summary.json says. */
function summaryOf({ figures, judgement }: Reported) {
  return summarize(figures, judgement, {
    market: 'spot',
    interval: '1m',
    asOf: '2024-01-31T23:59:00Z',
    haltsVersion: null,
  });
}

describe('every gate', () => {
  it('is of a check that is tried here', () => {
    expect(Object.keys(CASES).sort()).toEqual([...CHECK_NAMES].sort());
  });

  const all = Object.entries(CASES).flatMap(([name, [facts, value, unit, beyond]]) => {
    const check = name as Check;
    return factsOf(check).scopes.flatMap((scope) =>
      LEVELS.map((level) => ({ check, scope, level, facts, value, unit, beyond })),
    );
  });

  it.each(all)('is broken beyond its threshold: $check of the $scope at level $level', (given) => {
    const { check, scope, level, facts, value, unit, beyond } = given;
    const result = reported([listed(facts)], { gates: [gateOf(check, beyond, { scope, level })] });
    const of = { check, level, scope, threshold: String(beyond), unit, value };
    const where = { symbol: 'BTCUSDT', month: scope === 'month' ? MONTH : 'all' };
    expect(result.quality).toEqual([
      { ...of, symbol: 'all', month: 'all', result: 'broken' },
      ...(scope === 'dataset' ? [] : [{ ...of, ...where, result: 'broken' }]),
    ]);
    expect(alertsOf(result.judgement)).toEqual(
      level === 'info' ? [] : [{ level, code: check, message: messageOf(check, scope) }],
    );
    expect(summaryOf(result)).toMatchObject({
      verdict: { level },
      gates: [
        {
          check,
          level,
          scope,
          threshold: beyond,
          unit,
          units: 1,
          broken: 1,
          worst: value,
          where: [NAMES[scope]],
        },
      ],
      symbols: [
        {
          level: scope === 'dataset' ? 'ok' : level,
          months: [{ level: scope === 'month' ? level : 'ok' }],
        },
      ],
    });
  });

  it.each(all)('holds at a threshold that is just met: $check of the $scope at level $level', (given) => {
    const { check, scope, level, facts, value } = given;
    // The quotient itself, not what is told of it.
    const exact = check === 'coverage' ? 44_637 / 44_640 : value;
    const met = factsOf(check).unit === 'minutes' ? `${value}m` : exact;
    const result = reported([listed(facts)], { gates: [gateOf(check, met, { scope, level })] });
    expect(result.quality.map((row) => [row.result, row.value])).toEqual([['pass', value]]);
    expect(alertsOf(result.judgement)).toEqual([]);
    expect(summaryOf(result).verdict).toEqual({ level: 'ok', sentence: 'The one gate holds.' });
  });

  it.each(Object.keys(CASES) as Check[])('says nothing of what is as it should be: %s', (check) => {
    const scope = factsOf(check).scopes.find((each) => each !== 'dataset') ?? 'dataset';
    const result = reported([listed(month())], {
      gates: [
        gateOf(check, check === 'coverage' ? 1 : factsOf(check).unit === 'minutes' ? '1ms' : 0, { scope }),
      ],
    });
    expect(result.quality.map((row) => row.result)).toEqual(['pass']);
  });
});

describe('a threshold', () => {
  it('of coverage that is just met passes, and one that is a bar higher is broken, whatever the fraction', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 * 1_440 }), (holes) => {
        const end = ms('2024-01-10');
        const [first = '', last = ''] = [end - holes * MINUTE, end - MINUTE].map((at) =>
          new Date(at).toISOString().slice(0, 16),
        );
        const facts = present(MONTH, [[first, last]]);
        const met = (44_640 - holes) / 44_640;
        const above = (44_640 - holes + 1) / 44_640;
        const gate = (min: number): object[] => [gateOf('coverage', min)];
        expect(reported([listed(facts)], { gates: gate(met) }).quality[0]?.result).toBe('pass');
        expect(reported([listed(facts)], { gates: gate(above) }).quality[0]?.result).toBe('broken');
      }),
      { numRuns: 50 },
    );
  });

  it('of a count or a gap is just met by as many, and by no more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.constantFrom(1, 60), (count, seconds) => {
        const step = seconds * 1_000;
        const from = ms('2024-01-10');
        const gap = [from, from + (count - 1) * step].map((at) => new Date(at).toISOString().slice(0, 19));
        const span = { start: ms('2024-01-10') - 3_600_000, end: ms('2024-01-11') };
        const facts = present(MONTH, [[gap[0] ?? '', gap[1] ?? '']], { duplicates: count, span, step });
        const gates = (more: number): object[] => [
          gateOf('duplicates', count + more),
          gateOf('gap', `${(count + more) * seconds}s`, { scope: 'symbol' }),
        ];
        const results = (more: number): readonly unknown[] =>
          reported([listed(facts)], { gates: gates(more), step }).judgement.results.map(
            ({ broken }) => broken.length,
          );
        expect(results(0)).toEqual([0, 0]);
        if (count > 1) expect(results(-1)).toEqual([1, 1]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('an exception', () => {
  const facts = [listed(present('2024-01', HOLE), present('2024-02', [['2024-02-03', '2024-02-03T00:09']]))];
  const gates = (except: readonly string[]): object[] => [gateOf('file-rows', 0, { except })];

  it('is reported, and alarms nobody', () => {
    const result = reported(facts, { gates: gates(['BTCUSDT/2024-01', 'BTCUSDT/2024-02']) });
    expect(result.quality.map((row) => [row.symbol, row.month, row.value, row.result])).toEqual([
      ['all', 'all', 10, 'pass'],
      ['BTCUSDT', '2024-01', 3, 'excepted'],
      ['BTCUSDT', '2024-02', 10, 'excepted'],
    ]);
    expect(alertsOf(result.judgement)).toEqual([]);
    expect(summaryOf(result)).toMatchObject({
      verdict: { level: 'ok' },
      gates: [{ broken: 0, excepted: 2, worst: 10, where: [] }],
    });
  });

  it('is of its gate and its unit alone', () => {
    const result = reported(facts, { gates: [...gates(['BTCUSDT/2024-01']), gateOf('coverage', 1)] });
    expect(result.quality.map((row) => [row.check, row.month, row.result])).toEqual([
      ['file-rows', 'all', 'broken'],
      ['file-rows', '2024-02', 'broken'],
      ['file-rows', '2024-01', 'excepted'],
      ['coverage', 'all', 'broken'],
      ['coverage', '2024-01', 'broken'],
      ['coverage', '2024-02', 'broken'],
    ]);
    expect(result.coverage.map(({ month: key, status }) => [key, status])).toEqual([
      ['2024-01', 'critical'],
      ['2024-02', 'critical'],
      ['all', 'critical'],
    ]);
  });

  it('takes the status of coverage with it', () => {
    const gate = gateOf('coverage', 1, { except: ['BTCUSDT/2024-01', 'BTCUSDT/2024-02'] });
    expect(reported(facts, { gates: [gate] }).coverage.map(({ status }) => status)).toEqual([
      'ok',
      'ok',
      'ok',
    ]);
  });
});

describe('what is measured', () => {
  const rows = ({ quality }: Reported): readonly unknown[] =>
    quality.map((row) => [row.symbol, row.month, row.value, row.result]);

  it('is not what does not count: months that are excused have no coverage', () => {
    const excused = absent('2024-01', 'pre-listing');
    const gates = [gateOf('coverage', 0.95), gateOf('symbols', 0, { scope: 'symbol' })];
    const result = reported([symbol('2024-02', excused, present('2024-02'))], { gates });
    expect(rows(result)).toEqual([
      ['all', 'all', 1, 'pass'],
      ['all', 'all', 0, 'pass'],
    ]);
    expect(summaryOf(result).gates.map(({ units }) => units)).toEqual([1, 1]);
  });

  it('is no missing symbol where the listing is yet to come, and one where nothing excuses it', () => {
    const gates = [gateOf('symbols', 0, { scope: 'symbol' }), gateOf('symbols', 0, { scope: 'dataset' })];
    const toCome = symbol('2024-03', absent('2024-01', 'pre-listing'));
    expect(rows(reported([toCome], { gates }))).toEqual([
      ['all', 'all', null, 'pass'],
      ['all', 'all', null, 'pass'],
    ]);
    const unknown = { ...symbol(null, absent('2024-01', 'not-published')), symbol: 'TYPOUSDT' };
    expect(rows(reported([toCome, unknown], { gates }))).toEqual([
      ['all', 'all', 1, 'broken'],
      ['TYPOUSDT', 'all', 1, 'broken'],
      ['all', 'all', 1, 'broken'],
    ]);
  });

  it('is no age of a symbol that is traded no more, where one is traded still or REST says so, too', () => {
    const gates = [gateOf('lag', '1m', { scope: 'symbol' }), gateOf('lag', '1m', { scope: 'dataset' })];
    const after = absent('2024-02', 'delisted');
    const gone = listed(present('2024-01', TAIL), after);
    const late = listed(present('2024-01', TAIL), absent('2024-02', 'not-published'));
    expect(rows(reported([gone, { ...late, symbol: 'ETHUSDT' }], { gates }))).toEqual([
      ['all', 'all', 41_762, 'broken'],
      ['ETHUSDT', 'all', 41_762, 'broken'],
      ['all', 'all', 41_762, 'broken'],
    ]);
    const unknown_symbol = [{ first: ms(TAIL[0][0]), last: ms(TAIL[0][1]), missing: 2 }];
    const confirmed = listed(present('2024-01', TAIL, { unknown_symbol }), after);
    expect(rows(reported([confirmed], { gates }))).toEqual([
      ['all', 'all', null, 'pass'],
      ['all', 'all', null, 'pass'],
    ]);
  });

  it('is the age of all where no file has come of any of them: a listing that is old looks the same', () => {
    const gates = [gateOf('lag', '14d', { scope: 'symbol' })];
    const gone = listed(present('2024-01', TAIL), absent('2024-02', 'delisted'));
    const typo = { ...symbol(null, absent('2024-01', 'not-published')), symbol: 'TYPOUSDT' };
    expect(rows(reported([gone, { ...gone, symbol: 'ETHUSDT' }, typo], { gates }))).toEqual([
      ['all', 'all', 41_762, 'broken'],
      ['BTCUSDT', 'all', 41_762, 'broken'],
      ['ETHUSDT', 'all', 41_762, 'broken'],
    ]);
  });

  it('as the age of bars that are longer than a minute begins when the next one has ended', () => {
    const hour = 3_600_000;
    const span = { ...monthSpan('2024-01'), end: ms('2024-01-20T10:30') };
    const facts = present('2024-01', [], { span, step: hour });
    const gates = [gateOf('lag', '1m', { scope: 'symbol' })];
    const at = (watermark: string): unknown =>
      reported([listed(facts)], { gates, step: hour, watermark: ms(watermark) }).quality[0]?.value;
    expect(at('2024-01-20T10:59')).toBe(0);
    expect(at('2024-01-20T11:00')).toBe(60);
  });

  it('as a gap is the longest stretch that nothing excuses, whatever its causes, over the borders of months', () => {
    const months = [
      present(
        '2024-01',
        [
          ['2024-01-10T00:00', '2024-01-10T09:59'],
          ['2024-01-31T23:00', '2024-01-31T23:59'],
        ],
        {
          empty_at_source: [{ first: ms('2024-01-31T23:00'), last: ms('2024-01-31T23:29'), missing: 30 }],
        },
      ),
      present('2024-02', [['2024-02-01', '2024-02-01T00:09']]),
    ];
    const halted = [{ first: ms('2024-01-10T00:00'), last: ms('2024-01-10T08:59'), evidence: 'halt' }];
    const gates = [gateOf('gap', '1m', { scope: 'symbol' }), gateOf('gap', '1m')];
    expect(rows(reported([listed(...months)], { gates, halted }))).toEqual([
      ['all', 'all', 70, 'broken'],
      ['BTCUSDT', 'all', 70, 'broken'],
      ['all', 'all', 60, 'broken'],
      ['BTCUSDT', '2024-01', 60, 'broken'],
      ['BTCUSDT', '2024-02', 10, 'broken'],
    ]);
  });

  it('as rows that files lack is what REST had to give, and what is missing still, of their own days alone', () => {
    const files = ['2024-01-01', '2024-01-02'].map((day) => ({ name: `BTCUSDT-1m-${day}.zip` }));
    const facts = (missing: readonly (readonly [string, string])[], rest: number): MonthFacts => {
      const span = { ...monthSpan('2024-01'), end: ms('2024-01-04') };
      const made = present('2024-01', missing, { span, files });
      if (made.kind !== 'present') throw new Error('it is present');
      const { rows: there } = made.summary;
      return { ...made, summary: { ...made.summary, sources: { monthly: 0, daily: there - rest, rest } } };
    };
    const value = (month: MonthFacts): unknown =>
      reported([listed(month)], { gates: [gateOf('file-rows', 0)] }).quality[0]?.value;
    // The third day has no file: all of it came from REST.
    expect(value(facts([], 1_440))).toBe(0);
    // Seven rows of the days that have one, too.
    expect(value(facts([], 1_447))).toBe(7);
    expect(value(facts([['2024-01-02T05:00', '2024-01-02T05:04']], 1_447))).toBe(12);
    // Ten bars of the third day are not at REST either.
    expect(value(facts([['2024-01-03T05:00', '2024-01-03T05:09']], 1_437))).toBe(7);
  });

  it('of a file that REST agrees with is no lack', () => {
    const facts = present('2024-01', HOLE, {
      empty_at_source: [{ first: ms('2024-01-10T00:00'), last: ms('2024-01-10T00:01'), missing: 2 }],
    });
    expect(reported([listed(facts)], { gates: [gateOf('file-rows', 0)] }).quality[0]?.value).toBe(1);
  });

  it('of files that are gone is no refusal', () => {
    const gates = [gateOf('archive', 0), gateOf('failed', 0)];
    const gone = failed('2024-01', 'archive-gone', ['archive/BTCUSDT/2024-01']);
    expect(rows(reported([listed(gone)], { gates }))).toEqual([
      ['all', 'all', 0, 'pass'],
      ['all', 'all', 1, 'broken'],
      ['BTCUSDT', '2024-01', 1, 'broken'],
    ]);
  });

  it('of files without rows is counted where a month has no bar for them, too', () => {
    const reasons: readonly (readonly [string, number | null])[] = [
      ['no bar of 2024-01 in BTCUSDT-1m-2024-01.zip, which is empty', 1],
      ['bars/BTCUSDT/2024-01: no bar of 2024-01 in 31 files, 12 of them empty', 12],
      ['no bar of 2024-01 in 31 files', 0],
      ['no bar of 2024-01 in BTCUSDT-1m-2024-01.zip', 0],
      ['not-published', null],
    ];
    for (const [reason, count] of reasons) {
      const result = reported([listed(absent('2024-01', reason))], { gates: [gateOf('empty-file', 0)] });
      expect(result.quality[0]).toMatchObject({ value: count, result: count ? 'broken' : 'pass' });
    }
  });

  it('of bars is nothing where there are none', () => {
    const gates = [
      gateOf('price', 0),
      gateOf('price', 0, { scope: 'symbol' }),
      gateOf('price', 0, { scope: 'dataset' }),
    ];
    const none = reported([listed(failed('2024-01', 'task-threw', ['bars/BTCUSDT/2024-01']))], { gates });
    expect(rows(none)).toEqual([
      ['all', 'all', null, 'pass'],
      ['all', 'all', null, 'pass'],
      ['all', 'all', null, 'pass'],
    ]);
    expect(summaryOf(none).gates.map(({ units }) => units)).toEqual([0, 0, 0]);
  });
});

describe('what is said', () => {
  it('names the first units, counts the rest, and tells the worst', () => {
    const symbols = Array.from({ length: 7 }, (_, at) => ({
      ...listed(month({ conflicts: at + 1 })),
      symbol: `S${at}USDT`,
    }));
    const result = reported(symbols, {
      gates: [
        gateOf('conflicts', 1, { level: 'warning' }),
        gateOf('conflicts', 20, { scope: 'dataset' }),
        gateOf('duplicates', 0),
        gateOf('outside', 0, { level: 'info' }),
      ],
    });
    expect(alertsOf(result.judgement)).toEqual([
      { level: 'critical', code: 'conflicts', message: 'more than 20 rows in the whole dataset: 28 rows' },
      {
        level: 'warning',
        code: 'conflicts',
        message:
          'more than 1 row in 6 of 7 months, 7 rows at worst: S1USDT/2024-01, S2USDT/2024-01, S3USDT/2024-01, S4USDT/2024-01, S5USDT/2024-01 and 1 more',
      },
    ]);
    expect(verdictSentence(result.judgement)).toBe(
      '1 of 4 gates is broken at level critical: conflicts, more than 20 rows in the whole dataset: 28 rows.',
    );
  });

  it('leaves the limit out where nothing is allowed', () => {
    const result = reported([listed(month({ conflicts: 1, duplicates: 2 }))], {
      gates: [gateOf('conflicts', 0), gateOf('duplicates', 0), gateOf('failed', 0)],
    });
    expect(alertsOf(result.judgement).map(({ message }) => message)).toEqual([
      'in 1 of 1 month, 1 row: BTCUSDT/2024-01',
      'in 1 of 1 month, 2 rows: BTCUSDT/2024-01',
    ]);
    expect(verdictSentence(result.judgement)).toBe(
      '2 of 3 gates are broken at level critical: conflicts, in 1 of 1 month, 1 row: BTCUSDT/2024-01. And 1 more at this level.',
    );
  });

  it('is the same where no gate is declared', () => {
    const result = reported([listed(month())], { gates: [] });
    expect(summaryOf(result)).toMatchObject({
      verdict: { level: 'ok', sentence: 'No gate is declared.' },
      gates: [],
    });
    expect(result.quality).toEqual([]);
  });
});
