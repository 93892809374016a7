/**
 * Gaps and their causes: the missing bars of a month as runs that have one cause each, and the runs of a symbol
 * joined over the months' borders. It knows neither percentages nor files.
 */
import { isoSeconds } from '../bars/grid.ts';
import type { MonthFacts } from './months.ts';
import type { Cause, GapRow } from './rows.ts';
import type { Run } from './runs.ts';
import { countOf, cutAt, joinNeighbours, minutesOf, runOf } from './runs.ts';

export interface Gap extends Run {
  readonly cause: Cause;
  /** Short and stable texts, in the order of time, each once. */
  readonly evidence: readonly string[];
}

/** What is known about when the symbol was listed. */
export interface Listing {
  /** Bars that open before are missing because nothing was listed yet. */
  readonly since: number;
  readonly firstFile: string | null;
}

/** Missing bars that nobody could have: they count neither for nor against the adjusted coverage. */
const EXCUSED: ReadonlySet<Cause> = new Set<Cause>(['pre-listing', 'delisted', 'halt']);

export function isExcused({ cause }: Pick<Gap, 'cause'>): boolean {
  return EXCUSED.has(cause);
}

/** Every missing bar of the month, ascending; neighbours differ in their cause. */
export function gapsOfMonth(month: MonthFacts, listing: Listing, step: number): readonly Gap[] {
  const preListing = {
    cause: 'pre-listing',
    evidence: [listing.firstFile === null ? 'no listed file' : `first listed file ${listing.firstFile}`],
  } as const;
  const otherwise = causeOf(month, preListing);
  const gaps = missingRuns(month, step).flatMap((run) => {
    const { before, after } = cutAt(run, listing.since, step);
    return [
      ...(before === undefined ? [] : [{ ...before, ...preListing }]),
      ...(after === undefined ? [] : [{ ...after, ...otherwise }]),
    ];
  });
  return joinGaps(gaps, step);
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
    evidence: gap.evidence.join('; '),
  };
}

function missingRuns(month: MonthFacts, step: number): readonly Run[] {
  if (month.kind === 'present') return month.summary.gaps;
  const whole = runOf(month.span, step);
  return whole === undefined ? [] : [whole];
}

type Explanation = Pick<Gap, 'cause' | 'evidence'>;

/** Of the month's bars that are missing although the symbol was listed, as far as the boundary tells. */
function causeOf(month: MonthFacts, preListing: Explanation): Explanation {
  switch (month.kind) {
    case 'present':
      return { cause: 'unknown', evidence: [] };
    case 'absent':
      // The reason may come with the target it began at: what counts is the word.
      return /(?:^|[^a-z-])pre-listing(?:$|[^a-z-])/.test(month.reason)
        ? preListing
        : { cause: 'unknown', evidence: [] };
    case 'failed': {
      const broken = month.code.startsWith('archive-') || month.code.startsWith('checksum-');
      return { cause: broken ? 'quarantined' : 'unknown', evidence: [failureText(month.code, month.roots)] };
    }
  }
}

function failureText(code: string, roots: readonly string[]): string {
  const [root, ...more] = roots;
  if (root === undefined) return code;
  return more.length === 0 ? `${code} ${root}` : `${code} ${root} and ${more.length} more`;
}
