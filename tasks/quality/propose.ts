/**
 * Halts that the calendar lacks, proposed from the reports: the exchange's outages hit all symbols that are listed at
 * the time (docs/DOMAIN.md §2), so that what is missing for most of them at once is likely to be one. It decides
 * nothing, and knows neither the calendar nor files.
 */
import { isoSeconds } from '../bars/grid.ts';
import { spanOf } from '../binance/time-keys.ts';
import type { Range } from '../lib/ranges.ts';
import { common, joined, without } from '../lib/ranges.ts';
import type { Cause, CoverageRow, GapRow } from '../reports/rows.ts';
import { CAUSES } from '../reports/rows.ts';
import { MINUTE } from './halts.ts';

/** Fewer symbols tell nothing: a hole of one file looks the same. */
export const LEAST_SYMBOLS = 3;
/** Of the symbols of which it is known whether they have the bars. */
const MOST = { of: 3, are: 2 };

/** Minutes that are missing for most symbols. */
export interface Proposal {
  readonly first: string;
  readonly last: string;
  readonly minutes: number;
  /** Without any bar from the first to the last minute; ascending as in the reports. */
  readonly symbols: readonly string[];
  /** Without some of the bars. */
  readonly partly: readonly string[];
  /** Symbols of which it is known, these among them. */
  readonly of: number;
  /** What the gap report says of them. */
  readonly causes: readonly Cause[];
  /** Bars are longer than a minute: the halt may have begun before the first and ended after the last of them. */
  readonly approximate: boolean;
}

export interface Proposals {
  /** Symbols in the reports. */
  readonly symbols: number;
  readonly proposals: readonly Proposal[];
  /** Missing for as large a part of too few symbols. */
  readonly undecided: readonly Proposal[];
}

type Reported = Pick<CoverageRow, 'symbol' | 'month' | 'status'>;
type Missing = Pick<GapRow, 'symbol' | 'first_missing' | 'last_missing' | 'missing' | 'minutes' | 'cause'>;

/** Of such bars nothing is known: there was nothing to look into, or it says nothing of the exchange. */
const SAYS_NOTHING: ReadonlySet<Cause> = new Set<Cause>([
  'pre-listing',
  'delisted',
  'quarantined',
  'not-published',
]);
/** Months of which bars were made; of others nothing is known. */
const SEEN: ReadonlySet<Reported['status']> = new Set<Reported['status']>(['ok', 'warning', 'critical']);

export function proposeHalts(coverage: readonly Reported[], gaps: readonly Missing[]): Proposals {
  const symbols = [...new Set(coverage.map(({ symbol }) => symbol))];
  const step = stepOf(gaps);
  const edges = symbols.flatMap((symbol) => {
    const mine = gaps.filter((gap) => gap.symbol === symbol).map(rangeOf);
    const spans = coverage.flatMap((row) => (row.symbol === symbol ? spanOfMonth(row, step) : []));
    const dark = joined(
      mine.filter(({ cause }) => SAYS_NOTHING.has(cause)),
      step,
    );
    const known = without(joined(spans, step), dark, step);
    const missing = mine.filter(({ cause }) => !SAYS_NOTHING.has(cause) && cause !== 'halt');
    return [
      ...known.flatMap((range) => edgesOf(range, { symbol }, step)),
      ...common(missing, known).flatMap((range) => edgesOf(range, { symbol, cause: range.cause }, step)),
    ];
  });
  const found = stretches(segmentsOf(edges)).flatMap((stretch) => asProposal(stretch, symbols, step));
  return {
    symbols: symbols.length,
    proposals: found.filter(({ of }) => of >= LEAST_SYMBOLS),
    undecided: found.filter(({ of }) => of < LEAST_SYMBOLS),
  };
}

/** All rows of a report are of one interval. */
function stepOf([gap]: readonly Missing[]): number {
  return gap === undefined ? MINUTE : Math.round((gap.minutes * 60) / gap.missing) * 1_000;
}

function rangeOf({ first_missing, last_missing, cause }: Missing): Range & { readonly cause: Cause } {
  return { first: Date.parse(first_missing), last: Date.parse(last_missing), cause };
}

function spanOfMonth({ month, status }: Reported, step: number): readonly Range[] {
  const span = SEEN.has(status) ? spanOf(month) : undefined;
  return span === undefined ? [] : [{ first: span.start, last: span.end - step }];
}

/** From `at` on the symbol is one of those that are known, or, where there is a cause, of those that miss their bars; or no more. */
interface Edge {
  readonly at: number;
  readonly begins: boolean;
  readonly symbol: string;
  readonly cause?: Cause;
}

function edgesOf(
  { first, last }: Range,
  what: Pick<Edge, 'symbol' | 'cause'>,
  step: number,
): readonly Edge[] {
  return [
    { at: first, begins: true, ...what },
    { at: last + step, begins: false, ...what },
  ];
}

/** A stretch in which most symbols have no bars, always the same ones. */
interface Segment {
  readonly start: number;
  readonly end: number;
  readonly known: number;
  readonly missing: ReadonlyMap<string, Cause>;
}

function segmentsOf(edges: readonly Edge[]): readonly Segment[] {
  const segments: Segment[] = [];
  const known = new Set<string>();
  const missing = new Map<string, Cause>();
  // What ends at a moment does so before anything begins there.
  const ordered = [...edges].sort((a, b) => a.at - b.at || Number(a.begins) - Number(b.begins));
  for (const [index, { at, begins, symbol, cause }] of ordered.entries()) {
    if (cause === undefined) known[begins ? 'add' : 'delete'](symbol);
    else if (begins) missing.set(symbol, cause);
    else missing.delete(symbol);
    const end = ordered[index + 1]?.at ?? at;
    if (end > at && missing.size > 0 && missing.size * MOST.of >= known.size * MOST.are) {
      segments.push({ start: at, end, known: known.size, missing: new Map(missing) });
    }
  }
  return segments;
}

/** Segments that touch, as long as they are of enough symbols, or of too few. */
function stretches(segments: readonly Segment[]): readonly (readonly Segment[])[] {
  const found: Segment[][] = [];
  for (const segment of segments) {
    const current = found.at(-1);
    const previous = current?.at(-1);
    const goesOn =
      previous?.end === segment.start && previous.known >= LEAST_SYMBOLS === segment.known >= LEAST_SYMBOLS;
    if (goesOn) current?.push(segment);
    else found.push([segment]);
  }
  return found;
}

/** Nothing where bars of seconds fill no minute. */
function asProposal(
  segments: readonly Segment[],
  order: readonly string[],
  step: number,
): readonly Proposal[] {
  const first = Math.ceil((segments[0]?.start ?? 0) / MINUTE) * MINUTE;
  const end = Math.floor((segments.at(-1)?.end ?? 0) / MINUTE) * MINUTE;
  if (end <= first) return [];
  const throughout = (symbol: string): boolean => segments.every(({ missing }) => missing.has(symbol));
  const somewhere = (symbol: string): boolean => segments.some(({ missing }) => missing.has(symbol));
  const told = new Set(segments.flatMap(({ missing }) => [...missing.values()]));
  return [
    {
      first: isoSeconds(first),
      last: isoSeconds(end - MINUTE),
      minutes: (end - first) / MINUTE,
      symbols: order.filter(throughout),
      partly: order.filter((symbol) => somewhere(symbol) && !throughout(symbol)),
      of: Math.max(...segments.map(({ known }) => known)),
      causes: CAUSES.filter((cause) => told.has(cause)),
      approximate: step > MINUTE,
    },
  ];
}
