/** A summary of reports, gaps and a build for tests of monitoring, with the uninteresting fields filled in. */

import type { Reported } from '../../../tasks/monitoring/notify/facts.ts';
import type { FailedFigure, Run } from '../../../tasks/monitoring/run.ts';
import type { SummaryDocument } from '../../../tasks/reports/document.ts';
import { readSummaryDocument } from '../../../tasks/reports/document.ts';
import type { GapRow } from '../../../tasks/reports/rows.ts';

type SymbolSummary = SummaryDocument['symbols'][number];

const DIGEST = 'a'.repeat(64);

export function symbolOf(symbol: string, changes: Partial<SymbolSummary> = {}): SymbolSummary {
  return {
    symbol,
    status: 'ok',
    level: 'ok',
    first_ts: '2024-01-01T00:00:00Z',
    last_ts: '2024-01-31T23:59:00Z',
    lag_minutes: 0,
    expected: 1000,
    present: 990,
    missing: 10,
    excused: 10,
    coverage_raw: 0.99,
    coverage_adjusted: 1,
    gaps: 1,
    longest_gap_minutes: 10,
    provisional: 0,
    files: { count: 1, digest: DIGEST },
    months: [],
    ...changes,
  };
}

export interface DocumentChanges extends Partial<Omit<SummaryDocument, 'totals' | 'version'>> {
  readonly totals?: Partial<SummaryDocument['totals']>;
}

/** Read back, so that it is one that the schema takes. */
export function documentOf({ totals, ...changes }: DocumentChanges = {}): SummaryDocument {
  const symbols = changes.symbols ?? [symbolOf('BTCUSDT'), symbolOf('ETHUSDT')];
  return readSummaryDocument(
    JSON.stringify({
      version: 1,
      market: 'spot',
      interval: '1m',
      as_of: '2024-01-31T23:59:00Z',
      verdict: { level: 'ok', sentence: 'Nothing is missing that can be had.' },
      totals: {
        symbols: symbols.length,
        months: symbols.length,
        expected: 2000,
        present: 1980,
        missing: 20,
        excused: 20,
        coverage_raw: 0.99,
        coverage_adjusted: 1,
        gaps: 2,
        longest_gap_minutes: 10,
        duplicates: 3,
        off_grid: 0,
        zero_trade: 0,
        rule_breaks: 0,
        missing_by_cause: {
          'pre-listing': 0,
          delisted: 0,
          halt: 20,
          quarantined: 0,
          'not-published': 0,
          'archive-defect': 0,
          'confirmed-empty': 0,
          unknown: 0,
        },
        rows_by_source: { monthly: 1980, daily: 0, rest: 0 },
        ...totals,
      },
      gates: [],
      provenance: { schema_version: 2, halts_version: 1, gates_digest: DIGEST, sources_digest: DIGEST },
      ...changes,
      symbols,
    }),
  );
}

type Gate = SummaryDocument['gates'][number];

export function gateOf(changes: Partial<Gate> = {}): Gate {
  return {
    check: 'coverage',
    level: 'critical',
    scope: 'month',
    threshold: 0.95,
    unit: 'fraction',
    units: 2,
    broken: 1,
    excepted: 0,
    worst: 0.9,
    where: ['BTCUSDT/2024-01'],
    ...changes,
  };
}

/** Of minutes, both included. */
export function gapOf(symbol: string, first: string, last: string, changes: Partial<GapRow> = {}): GapRow {
  const missing = (Date.parse(`${last}Z`) - Date.parse(`${first}Z`)) / 60_000 + 1;
  return {
    symbol,
    first_missing: `${first}Z`,
    last_missing: `${last}Z`,
    missing,
    minutes: missing,
    cause: 'unknown',
    evidence: '',
    ...changes,
  };
}

export function reportedOf(document: SummaryDocument, gaps: readonly GapRow[] = []): Reported {
  return { document, gaps, folder: 'reports/runs/2024-01-31-0a1b2c3d' };
}

export function failedOf(target: string, changes: Partial<FailedFigure> = {}): FailedFigure {
  const message = `${target}: CRC-32 is 0a1b2c3d, expected 4e5f6071`;
  return { target, code: 'archive-corrupt', message, host: undefined, ...changes };
}

const COUNTS = { executed: 0, restored: 0, checked: 0, fresh: 0, absent: 0, failed: 0, blocked: 0 };

export function runOf(changes: Partial<Run> = {}): Run {
  return {
    ended: 'done',
    idle: false,
    asOf: '2024-01-31T23:59:00Z',
    runId: null,
    seconds: 12.5,
    counts: { ...COUNTS, executed: 2, fresh: 3 },
    rules: [
      { rule: 'archive', counts: { ...COUNTS, fresh: 3 }, seconds: [], retries: 0 },
      { rule: 'bars', counts: { ...COUNTS, executed: 2 }, seconds: [0.5, 2], retries: 1 },
    ],
    failures: [],
    downloaded: undefined,
    ...changes,
  };
}

export { COUNTS };
