/**
 * The reports read back, for commands that print them as tables or JSON: numbers are numbers, empty cells null.
 * It knows the columns and neither paths nor screens.
 */
import { parse } from 'csv-parse/sync';
import { LEVELS, SCOPES, UNITS } from '../quality/checks.ts';
import { namesOf } from './csv.ts';
import type { Columns, CoverageRow, GapRow, QualityRow } from './rows.ts';
import {
  CAUSES,
  COVERAGE_COLUMNS,
  GAP_COLUMNS,
  QUALITY_COLUMNS,
  RESULTS,
  SOURCES,
  STATUSES,
} from './rows.ts';

/** Throws an Error that names the line where the text is no coverage_report.csv of this version. */
export function readCoverage(csvText: string): CoverageRow[] {
  return readRows(csvText, COVERAGE_COLUMNS).map((row) => ({
    symbol: row.text('symbol'),
    month: row.text('month'),
    expected: row.number('expected'),
    present: row.number('present'),
    missing: row.number('missing'),
    excused: row.number('excused'),
    coverage_raw: row.empty('coverage_raw') ? null : row.number('coverage_raw'),
    coverage_adjusted: row.empty('coverage_adjusted') ? null : row.number('coverage_adjusted'),
    gaps: row.number('gaps'),
    longest_gap_minutes: row.number('longest_gap_minutes'),
    first_ts: row.empty('first_ts') ? null : row.text('first_ts'),
    last_ts: row.empty('last_ts') ? null : row.text('last_ts'),
    duplicates: row.number('duplicates'),
    off_grid: row.number('off_grid'),
    zero_trade: row.number('zero_trade'),
    rule_breaks: row.number('rule_breaks'),
    source: row.oneOf('source', SOURCES),
    status: row.oneOf('status', STATUSES),
  }));
}

/** Throws an Error that names the line where the text is no gap_report.csv of this version. */
export function readGaps(csvText: string): GapRow[] {
  return readRows(csvText, GAP_COLUMNS).map((row) => ({
    symbol: row.text('symbol'),
    first_missing: row.text('first_missing'),
    last_missing: row.text('last_missing'),
    missing: row.number('missing'),
    minutes: row.number('minutes'),
    cause: row.oneOf('cause', CAUSES),
    evidence: row.text('evidence'),
  }));
}

/** Throws an Error that names the line where the text is no quality_report.csv of this version. */
export function readQuality(csvText: string): QualityRow[] {
  return readRows(csvText, QUALITY_COLUMNS).map((row) => ({
    check: row.text('check'),
    level: row.oneOf('level', LEVELS),
    scope: row.oneOf('scope', SCOPES),
    threshold: row.text('threshold'),
    symbol: row.text('symbol'),
    month: row.text('month'),
    value: row.empty('value') ? null : row.number('value'),
    unit: row.oneOf('unit', UNITS),
    result: row.oneOf('result', RESULTS),
  }));
}

/** The cells of one line by column. */
interface Cells<Name extends string> {
  text(name: Name): string;
  empty(name: Name): boolean;
  number(name: Name): number;
  oneOf<T extends string>(name: Name, values: readonly T[]): T;
}

function readRows<Row>(csvText: string, columns: Columns<Row>): readonly Cells<keyof Row & string>[] {
  const names = namesOf(columns);
  const [header, ...lines] = parse(csvText, { relax_column_count: true });
  const found = (header ?? []).join(',');
  if (found !== names.join(',')) {
    throw new Error(
      `line 1: the columns are "${found}", expected "${names.join(',')}": written by another version? run pipeline build reports`,
    );
  }
  // No cell holds a line end, so that records and lines count alike.
  return lines.map((cells, index) => {
    const line = index + 2;
    if (cells.length !== names.length) {
      throw new Error(`line ${line}: it has ${cells.length} cells, expected ${names.length}`);
    }
    const text = (name: keyof Row & string): string => cells[names.indexOf(name)] ?? '';
    return {
      text,
      empty: (name) => text(name) === '',
      number(name) {
        if (/^\d+(?:\.\d+)?$/.test(text(name))) return Number(text(name));
        throw new Error(`line ${line}: ${name} is "${text(name)}", expected a number`);
      },
      oneOf(name, values) {
        const value = values.find((one) => one === text(name));
        if (value !== undefined) return value;
        throw new Error(`line ${line}: ${name} is "${text(name)}", expected one of ${values.join(', ')}`);
      },
    };
  });
}
