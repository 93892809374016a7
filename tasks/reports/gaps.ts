/**
 * Gaps and their causes: the missing bars of a month as runs that have one cause each, and the runs of a symbol
 * joined over the months' borders. It knows neither percentages nor files.
 */
import { isoSeconds } from '../bars/grid.ts';
import { common, without } from '../lib/ranges.ts';
import type { HaltedBars } from '../quality/halts.ts';
import type { Explanation, Gap } from './lacking.ts';
import { explainerOf } from './lacking.ts';
import type { MonthFacts } from './months.ts';
import { refusalOf, saysReason } from './months.ts';
import type { Cause, GapRow } from './rows.ts';
import type { Run } from './runs.ts';
import { countOf, cutAt, joinNeighbours, minutesOf, runOf } from './runs.ts';

export type { Gap } from './lacking.ts';

/** What is known about from when until when the symbol was listed. */
export interface Listing {
  /** Bars that open before are missing because nothing was listed yet. */
  readonly since: number;
  /** Bars that open after are missing because it is traded no more. */
  readonly until: number;
  readonly firstFile: string | null;
}

/** Texts in the cell of one gap. */
const MOST_EVIDENCE = 4;

/** Missing bars that nobody could have: they count neither for nor against the adjusted coverage. */
const EXCUSED: ReadonlySet<Cause> = new Set<Cause>(['pre-listing', 'delisted', 'halt']);

export function isExcused({ cause }: Pick<Gap, 'cause'>): boolean {
  return EXCUSED.has(cause);
}

/**
 * Every missing bar of the month, ascending; neighbours differ in their cause. `halted`: the bars of known halts,
 * ascending.
 */
export function gapsOfMonth(
  month: MonthFacts,
  listing: Listing,
  halted: readonly HaltedBars[],
  step: number,
): readonly Gap[] {
  const preListing: Explanation = {
    cause: 'pre-listing',
    evidence: [listing.firstFile === null ? 'no listed file' : `first listed file ${listing.firstFile}`],
  };
  const explain = explainerFor(month, listing, preListing, halted, step);
  const gaps = missingRuns(month, step).flatMap((run) => {
    const { before, after } = cutAt(run, listing.since, step);
    const { before: listed, after: gone } = after ? cutAt(after, listing.until + 1, step) : NOWHERE;
    return [
      ...(before === undefined ? [] : [{ ...before, ...preListing }]),
      ...(listed === undefined ? [] : explain([listed])),
      ...(gone === undefined ? [] : [{ ...gone, ...DELISTED }]),
    ];
  });
  return joinGaps(gaps, step);
}

/** Of pieces of one run of missing bars. */
type Explain = (pieces: readonly Run[]) => readonly Gap[];

/** For bars that are missing although the symbol was listed, as far as the boundary tells. */
function explainerFor(
  month: MonthFacts,
  { firstFile }: Listing,
  preListing: Explanation,
  halted: readonly HaltedBars[],
  step: number,
): Explain {
  if (month.kind === 'present') return aroundHalts(explainerOf(month.summary, step), halted, step);
  const whole = causeOf(month, preListing, firstFile);
  const explain: Explain = (pieces) => pieces.map((run) => ({ ...run, ...whole }));
  // What comes before a halt in the order of precedence is not split by one.
  return BEFORE_HALT.has(whole.cause) ? explain : aroundHalts(explain, halted, step);
}

function aroundHalts(explain: Explain, halted: readonly HaltedBars[], step: number): Explain {
  return (pieces) => {
    const halts = common(halted, pieces).map(({ first, last, evidence }): Gap => {
      return { first, last, cause: 'halt', evidence: [evidence] };
    });
    const others = explain(without(pieces, halts, step));
    return [...halts, ...others].sort((a, b) => a.first - b.first);
  };
}

/** Makes one gap of neighbours with the same cause: a gap that goes on over a month's border is one. */
export function joinGaps(gaps: readonly Gap[], step: number): readonly Gap[] {
  return joinNeighbours(gaps, step, (earlier, later) =>
    earlier.cause === later.cause
      ? { ...earlier, last: later.last, evidence: [...new Set([...earlier.evidence, ...later.evidence])] }
      : undefined,
  );
}

export function gapRow(symbol: string, gap: Gap, step: number): GapRow {
  const missing = countOf(gap, step);
  return {
    symbol,
    first_missing: isoSeconds(gap.first),
    last_missing: isoSeconds(gap.last),
    missing,
    minutes: minutesOf(missing, step),
    cause: gap.cause,
    evidence: evidenceText(gap.evidence),
  };
}

/** Of a gap over many files what it begins with, and how much more there is. */
function evidenceText(evidence: readonly string[]): string {
  const more = evidence.length - MOST_EVIDENCE;
  if (more <= 0) return evidence.join('; ');
  return `${evidence.slice(0, MOST_EVIDENCE).join('; ')}; and ${more} more`;
}

function missingRuns(month: MonthFacts, step: number): readonly Run[] {
  if (month.kind === 'present') return month.summary.gaps;
  const whole = runOf(month.span, step);
  return whole === undefined ? [] : [whole];
}

const UNPUBLISHED: Explanation = { cause: 'not-published', evidence: ['no listed file'] };
const NOWHERE = { before: undefined, after: undefined };
const DELISTED: Explanation = { cause: 'delisted', evidence: ['no later file is listed'] };
const BEFORE_HALT: ReadonlySet<Cause> = new Set<Cause>(['pre-listing', 'delisted']);

type NoBars = Exclude<MonthFacts, { readonly kind: 'present' }>;

function causeOf(month: NoBars, preListing: Explanation, firstFile: string | null): Explanation {
  switch (month.kind) {
    case 'absent':
      if (saysReason(month.reason, 'pre-listing')) return preListing;
      if (saysReason(month.reason, 'delisted')) return DELISTED;
      // What is not listed at all has no month that could say so.
      if (firstFile === null || saysReason(month.reason, 'not-published')) return UNPUBLISHED;
      return { cause: 'unknown', evidence: [month.reason] };
    case 'failed':
      return {
        cause: refusalOf(month.code) === undefined ? 'unknown' : 'quarantined',
        evidence: [failureText(month.code, month.roots)],
      };
  }
}

function failureText(code: string, roots: readonly string[]): string {
  const [root, ...more] = roots;
  if (root === undefined) return code;
  return more.length === 0 ? `${code} ${root}` : `${code} ${root} and ${more.length} more`;
}
