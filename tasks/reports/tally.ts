/**
 * The figures of a month, and of several added up: of a symbol, of the dataset. Whole numbers and their quotients; it
 * judges nothing and spells no row.
 */
import type { Counts } from '../quality/counts.ts';
import { countsOf, sumCounts } from '../quality/counts.ts';
import type { Gap } from './gaps.ts';
import { isExcused } from './gaps.ts';
import type { MonthFacts } from './months.ts';
import { countOf, joinNeighbours, runOf } from './runs.ts';

export interface Tally {
  readonly expected: number;
  readonly excused: number;
  readonly missing: number;
  /** By symbol, then ascending; neighbours differ in their cause. */
  readonly gaps: readonly Gap[];
  /** Bars of the longest gap, whatever its cause, and of the longest stretch that nothing excuses. */
  readonly longest: number;
  readonly longestUnexcused: number;
  /** Openings of the first and of the last bar. */
  readonly first: number | null;
  readonly last: number | null;
  readonly duplicates: number;
  readonly offGrid: number;
  readonly zeroTrade: number;
  readonly ruleBreaks: number;
  readonly provisional: number;
  readonly sources: { readonly monthly: number; readonly daily: number; readonly rest: number };
  /** For the checks that add up. */
  readonly counts: Counts;
}

export function tallyOf(facts: MonthFacts, gaps: readonly Gap[], step: number): Tally {
  const whole = runOf(facts.span, step);
  const summary = facts.kind === 'present' ? facts.summary : undefined;
  return {
    expected: whole === undefined ? 0 : countOf(whole, step),
    missing: bars(gaps, step),
    excused: bars(gaps.filter(isExcused), step),
    gaps,
    ...longestOf(gaps, step),
    first: summary?.first_ts ?? null,
    last: summary?.last_ts ?? null,
    duplicates: summary?.duplicates ?? 0,
    offGrid: summary?.off_grid ?? 0,
    zeroTrade: summary?.zero_trade ?? 0,
    ruleBreaks: (summary?.price_rule ?? 0) + (summary?.volume_rule ?? 0),
    provisional: summary?.provisional ?? 0,
    sources: summary?.sources ?? { monthly: 0, daily: 0, rest: 0 },
    counts: countsOf(facts, gaps, step),
  };
}

/** Of one symbol; `gaps`: all of theirs, joined over their borders. */
export function sumMonths(months: readonly Tally[], gaps: readonly Gap[], step: number): Tally {
  return { ...sum(months), gaps, ...longestOf(gaps, step) };
}

export function sumSymbols(symbols: readonly Tally[]): Tally {
  return {
    ...sum(symbols),
    gaps: symbols.flatMap(({ gaps }) => gaps),
    longest: Math.max(0, ...symbols.map(({ longest }) => longest)),
    longestUnexcused: Math.max(0, ...symbols.map(({ longestUnexcused }) => longestUnexcused)),
  };
}

function sum(parts: readonly Tally[]): Omit<Tally, 'gaps' | 'longest' | 'longestUnexcused'> {
  const total = (figure: (part: Tally) => number): number => parts.reduce((so, part) => so + figure(part), 0);
  const firsts = parts.flatMap(({ first }) => first ?? []);
  const lasts = parts.flatMap(({ last }) => last ?? []);
  return {
    expected: total(({ expected }) => expected),
    missing: total(({ missing }) => missing),
    excused: total(({ excused }) => excused),
    first: firsts.length === 0 ? null : Math.min(...firsts),
    last: lasts.length === 0 ? null : Math.max(...lasts),
    duplicates: total(({ duplicates }) => duplicates),
    offGrid: total(({ offGrid }) => offGrid),
    zeroTrade: total(({ zeroTrade }) => zeroTrade),
    ruleBreaks: total(({ ruleBreaks }) => ruleBreaks),
    provisional: total(({ provisional }) => provisional),
    sources: {
      monthly: total(({ sources }) => sources.monthly),
      daily: total(({ sources }) => sources.daily),
      rest: total(({ sources }) => sources.rest),
    },
    counts: sumCounts(parts.map(({ counts }) => counts)),
  };
}

/** What nothing excuses may be of several causes: one stretch all the same. */
function longestOf(gaps: readonly Gap[], step: number): Pick<Tally, 'longest' | 'longestUnexcused'> {
  const unexcused = joinNeighbours(
    gaps.filter((gap) => !isExcused(gap)),
    step,
    (earlier, later) => ({ ...earlier, last: later.last }),
  );
  const most = (runs: readonly Gap[]): number =>
    runs.reduce((so, run) => Math.max(so, countOf(run, step)), 0);
  return { longest: most(gaps), longestUnexcused: most(unexcused) };
}

function bars(gaps: readonly Gap[], step: number): number {
  return gaps.reduce((so, gap) => so + countOf(gap, step), 0);
}

/** The coverage of what could be had; null when nothing could. The double nearest to the quotient. */
export function adjustedOf({ expected, missing, excused }: Tally): number | null {
  const left = expected - excused;
  return left === 0 ? null : (expected - missing) / left;
}

/** Both coverages as reports tell them. */
export function coveragesOf({ expected, missing, excused }: Tally): {
  readonly coverage_raw: number | null;
  readonly coverage_adjusted: number | null;
} {
  const present = expected - missing;
  return {
    coverage_raw: fraction(present, expected),
    coverage_adjusted: fraction(present, expected - excused),
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
