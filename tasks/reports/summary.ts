/**
 * The summary.json that stands beside each month of bars, checked: its shape, and that its figures add up, so
 * that a report never rests on a file that contradicts itself. It opens no file.
 */
import { z } from 'zod';
import type { Span } from '../../src/engine/task.ts';
import { isoSeconds } from '../bars/grid.ts';
import { INSTANT_FORM, instantMs } from '../lib/instant.ts';
import { common } from '../lib/ranges.ts';
import { daysSchema } from './days.ts';
import type { Run } from './runs.ts';
import { countOf, runOf } from './runs.ts';

const count = z.int().nonnegative();

const instant = z.string().transform((text, ctx) => {
  const ms = instantMs(text);
  if (ms !== undefined) return ms;
  ctx.addIssue({ code: 'custom', message: `expected ${INSTANT_FORM}, got ${JSON.stringify(text)}` });
  return z.NEVER;
});

/** A run of missing bars: openings of the first and of the last one. */
const missing = z.object({ first: instant, last: instant, missing: count });

const schema = z.object({
  version: z.literal(2),
  symbol: z.string(),
  month: z.string(),
  /** The partition, clipped; `end` is exclusive. */
  start: instant,
  end: instant,
  expected: count,
  rows: count,
  first_ts: instant.nullable(),
  last_ts: instant.nullable(),
  /** Every bar that is missing. */
  gaps: z.array(missing),
  /** Of these: REST has none, does not know the symbol, or was not asked, and why not. */
  empty_at_source: z.array(missing),
  unknown_symbol: z.array(missing),
  unanswered: z.array(missing.extend({ code: z.string() })),
  duplicates: count,
  off_grid: count,
  zero_trade: count,
  price_rule: count,
  volume_rule: count,
  /** Rows of the files that lie outside the clipped partition and were cut. */
  outside: count,
  /** Rows that open before the one above them in their file. */
  out_of_order: count,
  conflicts: count,
  short_close: count,
  provisional: count,
  /** Bars that break each rule. */
  breaks: z.object({
    high: count,
    low: count,
    price: count,
    volume: count,
    taker: count,
    quote_volume: count,
    zero_trades: count,
  }),
  /** Closes that differ from the one right before by more than so many standard deviations of the month. */
  jumps: z.object({
    count,
    largest: z.object({ ts: instant, sigma: z.number().positive() }).nullable(),
  }),
  /** Runs of bars without trades, and the bars of the longest of them. */
  flats: z.object({ count, longest: count }),
  /** Rows by where they come from. */
  sources: z.object({ monthly: count, daily: count, rest: count }),
  /** `expected`: bars of the whole stretch that the file is of; null of what REST answered. */
  files: z.array(
    z.object({
      name: z.string(),
      sha256: z.string(),
      kind: z.enum(['monthly', 'daily', 'rest']),
      rows: count,
      expected: count.nullable(),
    }),
  ),
  days: daysSchema,
});

export type Summary = z.output<typeof schema>;

/** What the fan-in says that the summary is of. */
export interface Expectation {
  readonly symbol: string;
  readonly month: string;
  readonly span: Span;
  readonly step: number;
}

export type ParsedSummary =
  | { readonly ok: true; readonly summary: Summary }
  /** A clause that goes after the file's name. */
  | { readonly ok: false; readonly problem: string };

export function parseSummary(text: string, expectation: Expectation): ParsedSummary {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return {
      ok: false,
      problem: `it is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
    };
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    return { ok: false, problem: parsed.error.issues.map(issueText).slice(0, 3).join('; ') };
  }
  const problem = contradiction(parsed.data, expectation);
  return problem === undefined ? { ok: true, summary: parsed.data } : { ok: false, problem };
}

function issueText(issue: z.core.$ZodIssue): string {
  return issue.path.length === 0 ? issue.message : `${issue.path.map(String).join('.')}: ${issue.message}`;
}

/** The first figure that contradicts another one, or the partition, as a sentence. */
function contradiction(summary: Summary, { symbol, month, span, step }: Expectation): string | undefined {
  const { start, end, expected, rows, sources } = summary;
  if (summary.symbol !== symbol || summary.month !== month) {
    return `it is of ${summary.symbol}/${summary.month}, expected ${symbol}/${month}`;
  }
  if (start !== span.start || end !== span.end) {
    return `it covers ${isoSeconds(start)} to ${isoSeconds(end)}, the partition ${isoSeconds(span.start)} to ${isoSeconds(span.end)}`;
  }
  const whole = runOf(span, step);
  const bars = whole === undefined ? 0 : countOf(whole, step);
  if (expected !== bars) return `expected: ${expected}, but the partition has ${bars} bars`;
  const holes = wholeGaps(summary.gaps, whole, step);
  if (!holes.ok) return holes.problem;
  if (rows + holes.missing !== expected) {
    return `rows and gaps: ${rows} rows and ${holes.missing} missing bars are not the ${expected} expected`;
  }
  const stray = strayAnswer(summary, step);
  if (stray !== undefined) return stray;
  const sourced = sources.monthly + sources.daily + sources.rest;
  if (sourced !== rows) return `sources: they add up to ${sourced}, not to the ${rows} rows`;
  return (
    edgeProblem('first_ts', summary.first_ts, rows === 0 ? null : holes.firstBar) ??
    edgeProblem('last_ts', summary.last_ts, rows === 0 ? null : holes.lastBar)
  );
}

type Holes =
  | { readonly ok: true; readonly missing: number; readonly firstBar: number; readonly lastBar: number }
  | { readonly ok: false; readonly problem: string };

/** Gaps must be whole runs in ascending order, with at least one bar between two of them. */
function wholeGaps(gaps: Summary['gaps'], whole: Run | undefined, step: number): Holes {
  let missing = 0;
  let firstBar = whole?.first ?? 0;
  let lastBar = whole?.last ?? 0;
  let free = firstBar;
  for (const [index, gap] of gaps.entries()) {
    const inside =
      whole !== undefined && gap.first >= free && gap.last >= gap.first && gap.last <= whole.last;
    const onGrid = gap.first % step === 0 && gap.last % step === 0;
    if (!inside || !onGrid || countOf(gap, step) !== gap.missing) {
      const says = `${gap.missing} bars from ${isoSeconds(gap.first)} to ${isoSeconds(gap.last)}`;
      return {
        ok: false,
        problem: `gaps.${index}: ${says} are no run of bars of this month after the gap before`,
      };
    }
    missing += gap.missing;
    if (gap.first === firstBar) firstBar = gap.last + step;
    if (gap.last === whole.last) lastBar = gap.first - step;
    free = gap.last + 2 * step;
  }
  return { ok: true, missing, firstBar, lastBar };
}

/** What REST is said to have said must be of missing bars, and of each at most one thing. */
function strayAnswer(summary: Summary, step: number): string | undefined {
  let free = Number.NEGATIVE_INFINITY;
  for (const { name, first, last, missing } of answersIn(summary)) {
    const inside = common(summary.gaps, [{ first, last }]).reduce((sum, gap) => sum + countOf(gap, step), 0);
    if (first < free || inside !== missing || countOf({ first, last }, step) !== missing) {
      const says = `${missing} bars from ${isoSeconds(first)} to ${isoSeconds(last)}`;
      return `${name}: ${says} are no missing bars of which nothing else is said`;
    }
    free = last + step;
  }
  return undefined;
}

/** Ascending. */
function answersIn(summary: Summary) {
  const names = ['empty_at_source', 'unknown_symbol', 'unanswered'] as const;
  return names
    .flatMap((name) => summary[name].map((range) => ({ ...range, name })))
    .sort((a, b) => a.first - b.first);
}

function edgeProblem(name: string, is: number | null, due: number | null): string | undefined {
  const text = (ms: number | null): string => (ms === null ? 'null' : isoSeconds(ms));
  return is === due ? undefined : `${name}: it is ${text(is)}, but by rows and gaps it must be ${text(due)}`;
}
