/**
 * What a row of each report is: the types that the command line prints, and the columns of the CSV files in
 * their order, which are a contract. It knows neither how a row is reckoned nor how a file is written.
 */
import type { Level, Scope, Unit } from '../quality/checks.ts';

export const SOURCES = ['monthly', 'daily', 'rest', 'mixed', 'none'] as const;
export type Source = (typeof SOURCES)[number];

export const STATUSES = ['ok', 'warning', 'critical', 'absent', 'failed'] as const;
export type Status = (typeof STATUSES)[number];

/** Why bars are missing, in the order of precedence: where two hold, the earlier one is told. */
export const CAUSES = [
  'pre-listing',
  'delisted',
  'halt',
  'quarantined',
  'not-published',
  'archive-defect',
  'confirmed-empty',
  'unknown',
] as const;
export type Cause = (typeof CAUSES)[number];

/** `month` of the row that sums a symbol up. */
export const ALL_MONTHS = 'all';

/** One symbol and month, or one symbol (`month` is `all`). */
export interface CoverageRow {
  readonly symbol: string;
  readonly month: string;
  readonly expected: number;
  readonly present: number;
  readonly missing: number;
  readonly excused: number;
  /** Cut to 6 decimals; null when nothing was expected. */
  readonly coverage_raw: number | null;
  /** The same of what is left without the excused bars; null when nothing is left. */
  readonly coverage_adjusted: number | null;
  readonly gaps: number;
  readonly longest_gap_minutes: number;
  readonly first_ts: string | null;
  readonly last_ts: string | null;
  readonly duplicates: number;
  readonly off_grid: number;
  readonly zero_trade: number;
  readonly rule_breaks: number;
  readonly source: Source;
  readonly status: Status;
}

/** One run of missing bars with one cause. */
export interface GapRow {
  readonly symbol: string;
  readonly first_missing: string;
  readonly last_missing: string;
  readonly missing: number;
  readonly minutes: number;
  readonly cause: Cause;
  /** What the cause rests on; empty where nothing is known. */
  readonly evidence: string;
}

export const RESULTS = ['pass', 'broken', 'excepted'] as const;

/** One gate, applied to all (`symbol` and `month` are `all`), or one unit that is beyond its threshold. */
export interface QualityRow {
  readonly check: string;
  readonly level: Level;
  readonly scope: Scope;
  /** As declared. */
  readonly threshold: string;
  readonly symbol: string;
  readonly month: string;
  /** Of the unit, or the worst of all; at most 6 decimals; null where nothing was measured. */
  readonly value: number | null;
  readonly unit: Unit;
  readonly result: (typeof RESULTS)[number];
}

/**
 * How the cells of a column are spelt. Fractions have 6 decimals, figures as many as they need; fractions, figures and
 * instants may be empty.
 */
export type ColumnKind = 'text' | 'count' | 'minutes' | 'fraction' | 'figure' | 'instant';

export type Columns<Row> = { readonly [Name in keyof Row]: ColumnKind };

export const COVERAGE_COLUMNS: Columns<CoverageRow> = {
  symbol: 'text',
  month: 'text',
  expected: 'count',
  present: 'count',
  missing: 'count',
  excused: 'count',
  coverage_raw: 'fraction',
  coverage_adjusted: 'fraction',
  gaps: 'count',
  longest_gap_minutes: 'minutes',
  first_ts: 'instant',
  last_ts: 'instant',
  duplicates: 'count',
  off_grid: 'count',
  zero_trade: 'count',
  rule_breaks: 'count',
  source: 'text',
  status: 'text',
};

export const QUALITY_COLUMNS: Columns<QualityRow> = {
  check: 'text',
  level: 'text',
  scope: 'text',
  threshold: 'text',
  symbol: 'text',
  month: 'text',
  value: 'figure',
  unit: 'text',
  result: 'text',
};

export const GAP_COLUMNS: Columns<GapRow> = {
  symbol: 'text',
  first_missing: 'instant',
  last_missing: 'instant',
  missing: 'count',
  minutes: 'minutes',
  cause: 'text',
  evidence: 'text',
};
