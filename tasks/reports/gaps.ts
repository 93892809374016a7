/**
 * Gaps and their causes: the missing bars of a month as runs that have one cause each, and the runs of a symbol
 * joined over the months' borders. It knows neither percentages nor files.
 */
import { floorTo, isoSeconds } from '../bars/grid.ts';
import { spanOf } from '../binance/time-keys.ts';
import { common, without } from '../lib/ranges.ts';
import type { MonthFacts } from './months.ts';
import { saysReason } from './months.ts';
import type { Cause, GapRow } from './rows.ts';
import type { Run } from './runs.ts';
import { countOf, cutAt, joinNeighbours, minutesOf, runOf } from './runs.ts';
import type { Summary } from './summary.ts';

const DAY = 86_400_000;

export interface Gap extends Run {
  readonly cause: Cause;
  /** Short and stable texts, in the order of time, each once. */
  readonly evidence: readonly string[];
}

/** What is known about from when until when the symbol was listed. */
export interface Listing {
  /** Bars that open before are missing because nothing was listed yet. */
  readonly since: number;
  /** Bars that open after are missing because it is traded no more. */
  readonly until: number;
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
  const otherwise = causeOf(month, preListing, listing.firstFile);
  const days = month.kind === 'present' ? publishedDays(month.summary) : undefined;
  const answers = month.kind === 'present' ? answersOf(month.summary) : [];
  const explain = (run: Run): readonly Gap[] => explained(run, answers, otherwise, step);
  const gaps = missingRuns(month, step).flatMap((run) => {
    const { before, after } = cutAt(run, listing.since, step);
    const { before: listed, after: gone } = after ? cutAt(after, listing.until + 1, step) : NOWHERE;
    return [
      ...(before === undefined ? [] : [{ ...before, ...preListing }]),
      ...(listed === undefined ? [] : byDay(listed, days, explain, step)),
      ...(gone === undefined ? [] : [{ ...gone, ...DELISTED }]),
    ];
  });
  return joinGaps(gaps, step);
}

/** Days, by their start, whose files were published; undefined where a file of the whole month was. */
function publishedDays({ files }: Summary): ReadonlySet<number> | undefined {
  const days = new Set<number>();
  for (const { name } of files) {
    if (!name.endsWith('.zip')) continue;
    const day = spanOf(name.slice(-'2024-01-05.zip'.length, -'.zip'.length));
    if (day === undefined) return undefined;
    days.add(day.start);
  }
  return days;
}

/** A run as pieces of days, as far as days were published each for itself. */
function byDay(
  { first, last }: Run,
  days: ReadonlySet<number> | undefined,
  explain: (run: Run) => readonly Gap[],
  step: number,
): readonly Gap[] {
  if (days === undefined) return explain({ first, last });
  const pieces: Gap[] = [];
  for (let at = first; at <= last; ) {
    const start = floorTo(DAY, at);
    const end = start + DAY - step;
    const piece = { first: at, last: Math.min(last, end) };
    pieces.push(...(days.has(start) ? explain(piece) : [{ ...piece, ...UNPUBLISHED_DAY }]));
    at = end + step;
  }
  return pieces;
}

/** What REST said of missing bars, ascending. */
function answersOf({ empty_at_source, unknown_symbol, unanswered }: Summary): readonly Gap[] {
  const told = (evidence: string) => ({ cause: 'confirmed-empty', evidence: [evidence] }) as const;
  return [
    ...empty_at_source.map(({ first, last }) => ({ first, last, ...told('REST has no bar of it') })),
    ...unknown_symbol.map(({ first, last }) => ({ first, last, ...told('REST does not know the symbol') })),
    ...unanswered.map(({ first, last, code }) => {
      return { first, last, cause: 'unknown', evidence: [`REST not asked: ${code}`] } as const;
    }),
  ].sort((a, b) => a.first - b.first);
}

/** A run as pieces of which REST said something, and the others. */
function explained(run: Run, answers: readonly Gap[], otherwise: Explanation, step: number): readonly Gap[] {
  const silent = without([run], answers, step).map((rest) => ({ ...rest, ...otherwise }));
  return [...common(answers, [run]), ...silent].sort((a, b) => a.first - b.first);
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

const UNPUBLISHED: Explanation = { cause: 'not-published', evidence: ['no listed file'] };
const NOWHERE = { before: undefined, after: undefined };
const DELISTED: Explanation = { cause: 'delisted', evidence: ['no later file is listed'] };
/** Not as much: a monthly file may be listed where days are preferred to it. */
const UNPUBLISHED_DAY: Explanation = { cause: 'not-published', evidence: ['no listed daily file'] };

/** Of the month's bars that are missing although the symbol was listed, as far as the boundary tells. */
function causeOf(month: MonthFacts, preListing: Explanation, firstFile: string | null): Explanation {
  switch (month.kind) {
    case 'present':
      return { cause: 'unknown', evidence: [] };
    case 'absent':
      if (saysReason(month.reason, 'pre-listing')) return preListing;
      if (saysReason(month.reason, 'delisted')) return DELISTED;
      // What is not listed at all has no month that could say so.
      if (firstFile === null || saysReason(month.reason, 'not-published')) return UNPUBLISHED;
      return { cause: 'unknown', evidence: [month.reason] };
    case 'failed':
      return {
        cause: REFUSED.test(month.code) ? 'quarantined' : 'unknown',
        evidence: [failureText(month.code, month.roots)],
      };
  }
}

/** Failures of the file itself: a file that cannot be had is none of them. */
const REFUSED = /^(?:archive-(?!gone$)|checksum-|csv-)/;

function failureText(code: string, roots: readonly string[]): string {
  const [root, ...more] = roots;
  if (root === undefined) return code;
  return more.length === 0 ? `${code} ${root}` : `${code} ${root} and ${more.length} more`;
}
