/**
 * The numbers of the checks that add up, had from the facts of a month. What is a matter of bars is not measured where
 * a month has none: null. It knows no thresholds.
 */

import { emptyFilesIn } from '../bars/no-bars.ts';
import { common, countInAll, without } from '../lib/ranges.ts';
import type { Gap } from '../reports/gaps.ts';
import { isExcused } from '../reports/gaps.ts';
import { servedIn } from '../reports/lacking.ts';
import type { MonthFacts } from '../reports/months.ts';
import { refusalOf } from '../reports/months.ts';
import { runOf } from '../reports/runs.ts';
import type { Summary } from '../reports/summary.ts';
import type { CountCheck } from './checks.ts';

export type Counts = Readonly<Record<CountCheck, number | null>>;

/** `gaps`: all missing bars of the month, by their causes. */
export function countsOf(month: MonthFacts, gaps: readonly Gap[], step: number): Counts {
  const whole = {
    archive: refusedFor(month, 'archive'),
    schema: refusedFor(month, 'schema'),
    failed: month.kind === 'failed' ? 1 : 0,
  };
  return { ...measuredIn(month, gaps, step), ...whole };
}

/** What no part has measured stays unmeasured. */
export function sumCounts(parts: readonly Counts[]): Counts {
  const total = (check: CountCheck): number | null =>
    parts.reduce<number | null>(
      (sum, { [check]: count }) => (count === null ? sum : (sum ?? 0) + count),
      null,
    );
  return {
    archive: total('archive'),
    schema: total('schema'),
    'empty-file': total('empty-file'),
    'file-rows': total('file-rows'),
    order: total('order'),
    duplicates: total('duplicates'),
    conflicts: total('conflicts'),
    'off-grid': total('off-grid'),
    outside: total('outside'),
    high: total('high'),
    low: total('low'),
    price: total('price'),
    volume: total('volume'),
    taker: total('taker'),
    'quote-volume': total('quote-volume'),
    'zero-trades': total('zero-trades'),
    'short-close': total('short-close'),
    jumps: total('jumps'),
    flats: total('flats'),
    failed: total('failed'),
  };
}

function refusedFor(month: MonthFacts, what: ReturnType<typeof refusalOf>): number {
  return month.kind === 'failed' && refusalOf(month.code) === what ? 1 : 0;
}

type OfBars = Omit<Counts, 'archive' | 'schema' | 'failed'>;

/** Of a month without bars only whether its files have rows is known. */
function measuredIn(month: MonthFacts, gaps: readonly Gap[], step: number): OfBars {
  switch (month.kind) {
    case 'present':
      return countsIn(month, gaps, step);
    case 'absent':
      return { ...UNMEASURED, 'empty-file': emptyFilesIn(month.reason) ?? null };
    case 'failed':
      return UNMEASURED;
  }
}

function countsIn(month: MonthFacts & { kind: 'present' }, gaps: readonly Gap[], step: number): OfBars {
  const { summary } = month;
  const { breaks } = summary;
  return {
    'empty-file': summary.files.filter(({ kind, rows }) => kind !== 'rest' && rows === 0).length,
    'file-rows': lackingInFiles(summary, month, gaps, step),
    order: summary.out_of_order,
    duplicates: summary.duplicates,
    conflicts: summary.conflicts,
    'off-grid': summary.off_grid,
    outside: summary.outside,
    high: breaks.high,
    low: breaks.low,
    price: breaks.price,
    volume: breaks.volume,
    taker: breaks.taker,
    'quote-volume': breaks.quote_volume,
    'zero-trades': breaks.zero_trades,
    'short-close': summary.short_close,
    jumps: summary.jumps.count,
    flats: summary.flats.count,
  };
}

/**
 * Bars of the partition that a file is of and that did not come from it: still missing, excused by nothing and not
 * confirmed by REST, or had from REST. What lies outside of the files' stretches can only have come from REST, and is
 * no fault of theirs.
 */
function lackingInFiles(
  summary: Summary,
  { span }: Pick<MonthFacts, 'span'>,
  gaps: readonly Gap[],
  step: number,
): number {
  const run = runOf(span, step);
  if (run === undefined) return 0;
  const served = servedIn(summary, step);
  const beside = without([run], served, step);
  const fromRestBeside = countInAll(beside, step) - countInAll(common(gaps, beside), step);
  const missing = common(
    gaps.filter((gap) => !isExcused(gap) && gap.cause !== 'confirmed-empty'),
    served,
  );
  return Math.max(0, summary.sources.rest - fromRestBeside) + countInAll(missing, step);
}

const UNMEASURED: OfBars = {
  'empty-file': null,
  'file-rows': null,
  order: null,
  duplicates: null,
  conflicts: null,
  'off-grid': null,
  outside: null,
  high: null,
  low: null,
  price: null,
  volume: null,
  taker: null,
  'quote-volume': null,
  'zero-trades': null,
  'short-close': null,
  jumps: null,
  flats: null,
};
