/**
 * The pure reckoning behind the coverage and gap reports: facts in, rows out, symbols in the order they come,
 * months ascending, then the row that sums the symbol up. It opens no file and spells no CSV.
 */
import { isoSeconds } from '../bars/grid.ts';
import type { Gap } from './gaps.ts';
import { gapRow, gapsOfMonth, isExcused, joinGaps } from './gaps.ts';
import { listedSince, listedUntil } from './listing.ts';
import type { MonthFacts, SymbolFacts } from './months.ts';
import type { CoverageRow, GapRow, Source, Status } from './rows.ts';
import { ALL_MONTHS } from './rows.ts';
import { countOf, minutesOf, runOf } from './runs.ts';

/** Below `critical` of the adjusted coverage a month is critical, else below `warning` a warning. */
export interface Thresholds {
  readonly critical: number;
  readonly warning: number;
}

export interface Reports {
  readonly coverage: readonly CoverageRow[];
  readonly gaps: readonly GapRow[];
}

export function reckon(symbols: readonly SymbolFacts[], step: number, thresholds: Thresholds): Reports {
  const coverage: CoverageRow[] = [];
  const gaps: GapRow[] = [];
  for (const facts of symbols) {
    const listing = { since: listedSince(facts), until: listedUntil(facts), firstFile: facts.firstFile };
    const months = facts.months.map((month) => tallyOf(month, gapsOfMonth(month, listing, step), step));
    const all = sum(months, step);
    for (const [index, { month, kind }] of facts.months.entries()) {
      const tally = months[index];
      if (tally === undefined) continue;
      const status = kind === 'present' ? judged(tally, thresholds) : kind;
      coverage.push(rowOf(facts.symbol, month, tally, status, step));
    }
    coverage.push(rowOf(facts.symbol, ALL_MONTHS, all, overall(facts.months, months, thresholds), step));
    for (const gap of all.gaps) gaps.push(gapRow(facts.symbol, gap, step));
  }
  return { coverage, gaps };
}

/** The figures of a month, or of several added up. */
interface Tally {
  readonly expected: number;
  readonly excused: number;
  readonly missing: number;
  readonly gaps: readonly Gap[];
  readonly first: number | null;
  readonly last: number | null;
  readonly duplicates: number;
  readonly offGrid: number;
  readonly zeroTrade: number;
  readonly ruleBreaks: number;
  readonly sources: { readonly monthly: number; readonly daily: number; readonly rest: number };
}

function tallyOf(facts: MonthFacts, gaps: readonly Gap[], step: number): Tally {
  const whole = runOf(facts.span, step);
  const summary = facts.kind === 'present' ? facts.summary : undefined;
  return {
    expected: whole === undefined ? 0 : countOf(whole, step),
    missing: bars(gaps, step),
    excused: bars(gaps.filter(isExcused), step),
    gaps,
    first: summary?.first_ts ?? null,
    last: summary?.last_ts ?? null,
    duplicates: summary?.duplicates ?? 0,
    offGrid: summary?.off_grid ?? 0,
    zeroTrade: summary?.zero_trade ?? 0,
    ruleBreaks: (summary?.price_rule ?? 0) + (summary?.volume_rule ?? 0),
    sources: summary?.sources ?? { monthly: 0, daily: 0, rest: 0 },
  };
}

function sum(months: readonly Tally[], step: number): Tally {
  const total = (figure: (month: Tally) => number): number =>
    months.reduce((so, month) => so + figure(month), 0);
  return {
    expected: total((month) => month.expected),
    missing: total((month) => month.missing),
    excused: total((month) => month.excused),
    gaps: joinGaps(
      months.flatMap(({ gaps }) => gaps),
      step,
    ),
    first: months.find(({ first }) => first !== null)?.first ?? null,
    last: months.findLast(({ last }) => last !== null)?.last ?? null,
    duplicates: total((month) => month.duplicates),
    offGrid: total((month) => month.offGrid),
    zeroTrade: total((month) => month.zeroTrade),
    ruleBreaks: total((month) => month.ruleBreaks),
    sources: {
      monthly: total(({ sources }) => sources.monthly),
      daily: total(({ sources }) => sources.daily),
      rest: total(({ sources }) => sources.rest),
    },
  };
}

function rowOf(symbol: string, month: string, tally: Tally, status: Status, step: number): CoverageRow {
  const { expected, missing, excused, gaps } = tally;
  const present = expected - missing;
  const longest = gaps.reduce((most, gap) => Math.max(most, countOf(gap, step)), 0);
  return {
    symbol,
    month,
    expected,
    present,
    missing,
    excused,
    coverage_raw: fraction(present, expected),
    coverage_adjusted: fraction(present, expected - excused),
    gaps: gaps.length,
    longest_gap_minutes: minutesOf(longest, step),
    first_ts: tally.first === null ? null : isoSeconds(tally.first),
    last_ts: tally.last === null ? null : isoSeconds(tally.last),
    duplicates: tally.duplicates,
    off_grid: tally.offGrid,
    zero_trade: tally.zeroTrade,
    rule_breaks: tally.ruleBreaks,
    source: sourceOf(tally),
    status,
  };
}

/**
 * Cut, not rounded, to 6 decimals, in whole numbers: 1 stands only where nothing is missing, however long the
 * history. (A million times the bars of a century of seconds is still a safe integer.)
 */
function fraction(part: number, whole: number): number | null {
  if (whole === 0) return null;
  const millionths = part * 1_000_000;
  return (millionths - (millionths % whole)) / whole / 1_000_000;
}

function bars(gaps: readonly Gap[], step: number): number {
  return gaps.reduce((so, gap) => so + countOf(gap, step), 0);
}

function sourceOf({ sources }: Tally): Source {
  const names = (['monthly', 'daily', 'rest'] as const).filter((name) => sources[name] > 0);
  return names.length > 1 ? 'mixed' : (names[0] ?? 'none');
}

/** By the exact quotient: both it and the threshold are the doubles nearest to what they stand for. */
function judged({ expected, missing, excused }: Tally, { critical, warning }: Thresholds): Status {
  const left = expected - excused;
  if (left === 0) return 'ok';
  const adjusted = (expected - missing) / left;
  return adjusted < critical ? 'critical' : adjusted < warning ? 'warning' : 'ok';
}

/** From best to worst. */
const SEVERITY: readonly Status[] = ['ok', 'warning', 'critical', 'absent', 'failed'];

/**
 * The worst month speaks for the symbol. An absent month is worse than a critical one, as all of it is missing;
 * but if all of it is excused nothing is wrong with it, and it does not count, unless no month is anything else:
 * then the symbol as a whole is absent.
 */
function overall(facts: readonly MonthFacts[], tallies: readonly Tally[], thresholds: Thresholds): Status {
  if (facts.length > 0 && facts.every(({ kind }) => kind === 'absent')) return 'absent';
  const worst = Math.max(
    0,
    ...tallies.map((tally, index) => {
      const kind = facts[index]?.kind ?? 'present';
      if (kind === 'absent' && tally.excused === tally.expected) return 0;
      return SEVERITY.indexOf(kind === 'present' ? judged(tally, thresholds) : kind);
    }),
  );
  return SEVERITY[worst] ?? 'ok';
}
