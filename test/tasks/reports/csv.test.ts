import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toCsv } from '../../../tasks/reports/csv.ts';
import { readCoverage, readGaps } from '../../../tasks/reports/read.ts';
import type { CoverageRow, GapRow } from '../../../tasks/reports/rows.ts';
import { CAUSES, COVERAGE_COLUMNS, GAP_COLUMNS, SOURCES, STATUSES } from '../../../tasks/reports/rows.ts';

const GAP: GapRow = {
  symbol: 'BTCUSDT',
  first_missing: '2018-02-08T00:29:00Z',
  last_missing: '2018-02-09T09:58:00Z',
  missing: 2010,
  minutes: 2010,
  cause: 'unknown',
  evidence: '',
};
const GAP_HEADER = 'symbol,first_missing,last_missing,missing,minutes,cause,evidence';

describe('CSV', () => {
  it('has a header row, LF, and quotes only where a cell needs them', () => {
    const rows = [GAP, { ...GAP, evidence: 'a "b", c' }, { ...GAP, evidence: 'two words; more' }];
    expect(toCsv(GAP_COLUMNS, rows)).toBe(
      `${GAP_HEADER}\n` +
        'BTCUSDT,2018-02-08T00:29:00Z,2018-02-09T09:58:00Z,2010,2010,unknown,\n' +
        'BTCUSDT,2018-02-08T00:29:00Z,2018-02-09T09:58:00Z,2010,2010,unknown,"a ""b"", c"\n' +
        'BTCUSDT,2018-02-08T00:29:00Z,2018-02-09T09:58:00Z,2010,2010,unknown,two words; more\n',
    );
  });

  it('without rows is the header', () => {
    expect(toCsv(GAP_COLUMNS, [])).toBe(`${GAP_HEADER}\n`);
    expect(readGaps(`${GAP_HEADER}\n`)).toEqual([]);
  });

  it('holds any text so that an independent reader finds it again', () => {
    const cell = fc.array(fc.constantFrom('a', ' ', ',', '"', '\n', '\r', ';', 'é'), { maxLength: 8 });
    fc.assert(
      fc.property(cell, (letters) => {
        const evidence = letters.join('');
        const read = parse(toCsv(GAP_COLUMNS, [{ ...GAP, evidence }]), { record_delimiter: '\n' });
        expect(read[1]?.at(-1)).toBe(evidence);
      }),
    );
  });

  it('refuses a number that is none', () => {
    expect(() => toCsv(GAP_COLUMNS, [{ ...GAP, missing: Number.NaN }])).toThrow(
      'column missing of kind count cannot hold NaN',
    );
  });
});

describe('a report that is read back', () => {
  const millionths = fc.nat(1_000_000).map((n) => n / 1_000_000);
  const second = fc.nat(4_000_000_000).map((s) => new Date(s * 1000).toISOString().replace('.000', ''));
  const coverage: fc.Arbitrary<CoverageRow> = fc.record({
    symbol: fc.constantFrom('BTCUSDT', '1000SATSUSDT'),
    month: fc.constantFrom('2024-01', 'all'),
    expected: fc.nat(),
    present: fc.nat(),
    missing: fc.nat(),
    excused: fc.nat(),
    coverage_raw: fc.option(millionths),
    coverage_adjusted: fc.option(millionths),
    gaps: fc.nat(),
    longest_gap_minutes: fc.oneof(fc.nat(), millionths),
    first_ts: fc.option(second),
    last_ts: fc.option(second),
    duplicates: fc.nat(),
    off_grid: fc.nat(),
    zero_trade: fc.nat(),
    rule_breaks: fc.nat(),
    source: fc.constantFrom(...SOURCES),
    status: fc.constantFrom(...STATUSES),
  });

  it('has the rows that were written, to the last decimal', () => {
    fc.assert(
      fc.property(fc.array(coverage, { maxLength: 4 }), (rows) => {
        expect(readCoverage(toCsv(COVERAGE_COLUMNS, rows))).toEqual(rows);
      }),
    );
    const gaps = CAUSES.map((cause) => ({ ...GAP, cause, minutes: 0.983333, evidence: 'x, "y"' }));
    expect(readGaps(toCsv(GAP_COLUMNS, gaps))).toEqual(gaps);
  });

  it('is refused with the line and what was expected', () => {
    const line = 'BTCUSDT,2018-02-08T00:29:00Z,2018-02-09T09:58:00Z,2010,2010,unknown,';
    const refusal = (text: string): string => {
      try {
        readGaps(text);
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
      return 'read';
    };
    expect(refusal(`${GAP_HEADER}\n${line}\n`)).toBe('read');
    expect(refusal('symbol,cause\n')).toBe(
      `line 1: the columns are "symbol,cause", expected "${GAP_HEADER}": written by another version? run pipeline build reports`,
    );
    expect(refusal('')).toMatch(/^line 1: the columns are "", expected /);
    expect(refusal(`${GAP_HEADER}\n${line}\nBTCUSDT\n`)).toBe('line 3: it has 1 cells, expected 7');
    expect(refusal(`${GAP_HEADER}\n${line.replace('2010,2010', '2010,many')}\n`)).toBe(
      'line 2: minutes is "many", expected a number',
    );
    expect(refusal(`${GAP_HEADER}\n${line.replace('unknown', 'weather')}\n`)).toBe(
      `line 2: cause is "weather", expected one of ${CAUSES.join(', ')}`,
    );
  });
});
