/**
 * The JSON files that stand beside tables of bars: gaps.json of a staged month, which `bars/merge` and the filling
 * of gaps read, and summary.json of a finished one, which reports read. Shapes only: it opens no file.
 */
import { z } from 'zod';
import type { Range } from '../lib/ranges.ts';
import { common, countIn } from '../lib/ranges.ts';
import type { Gap } from './grid.ts';
import { isoSeconds } from './grid.ts';
import type { Flats, Jumps } from './oddities.ts';
import type { FillDocument } from './rest-rows.ts';
import type { Breaks } from './rules.ts';
import type { Source } from './table.ts';

/** What serves a month, as `binance/sources` says under `/months/{month}`; null where it does not know the month. */
export const planSchema = z
  .object({
    served: z.enum(['monthly', 'daily', 'none']),
    provisional: z.boolean(),
    reason: z.enum(['pre-listing', 'delisted', 'not-published']).exactOptional(),
  })
  .nullable();

export type Plan = z.output<typeof planSchema>;

/** A month that nothing is known to serve cannot be final. */
export function isProvisional(plan: Plan): boolean {
  return plan?.provisional ?? true;
}

const count = z.int().nonnegative();
const instant = z.string();

const fileSchema = z.strictObject({
  name: z.string(),
  sha256: z.string(),
  kind: z.enum(['monthly', 'daily']),
  rows: count,
  /** Bars of the whole stretch that the file is of, whatever counts of it; null where that is not known. */
  expected: count.nullable(),
});

export const gapsSchema = z.strictObject({
  version: z.literal(2),
  start: instant,
  end: instant,
  expected: count,
  rows: count,
  first_ts: instant.nullable(),
  last_ts: instant.nullable(),
  gaps: z.array(z.strictObject({ first: instant, last: instant, missing: count })),
  counts: z.strictObject({
    duplicates: count,
    conflicts: count,
    off_grid: count,
    short_close: count,
    zero_trade: count,
    provisional: count,
    price_rule: count,
    volume_rule: count,
    outside: count,
    out_of_order: count,
  }),
  plan: planSchema,
  files: z.array(fileSchema),
});

export type GapsDocument = z.output<typeof gapsSchema>;

export type SourceFile = GapsDocument['files'][number];

/** The last close of a day (UTC) and what was traded on it, in the unit of `quote_volume`. */
export type Day = readonly [day: string, close: number, quoteVolume: number];

export type Summary = {
  readonly version: 2;
  readonly symbol: string;
  readonly market: string;
  readonly interval: string;
  readonly month: string;
  readonly start: string;
  readonly end: string;
  readonly expected: number;
  readonly rows: number;
  readonly first_ts: string | null;
  readonly last_ts: string | null;
  readonly min_low: number | null;
  readonly max_high: number | null;
  readonly gaps: GapsDocument['gaps'];
  /** Of the gaps: REST has no bar of these … */
  readonly empty_at_source: GapsDocument['gaps'];
  /** … does not know the symbol (any more) … */
  readonly unknown_symbol: GapsDocument['gaps'];
  /** … or could not be asked, for the reason that the code names. */
  readonly unanswered: readonly (GapsDocument['gaps'][number] & { readonly code: string })[];
  readonly sources: { readonly monthly: number; readonly daily: number; readonly rest: number };
  /** Bars that break each rule; `price_rule` and `volume_rule` count those that break any of theirs. */
  readonly breaks: Breaks;
  readonly jumps: Jumps;
  readonly flats: Flats;
  /** What REST answered has no stretch of its own. */
  readonly files: readonly (Omit<SourceFile, 'kind'> & { readonly kind: Source })[];
  /** Each day with a bar, ascending. */
  readonly days: readonly Day[];
} & GapsDocument['counts'];

/** The parts that both documents have. */
export function extentOf(
  ts: Float64Array,
  gaps: readonly Gap[],
): Pick<Summary, 'first_ts' | 'last_ts' | 'gaps'> {
  const iso = (ms: number | undefined): string | null => (ms === undefined ? null : isoSeconds(ms));
  return {
    first_ts: iso(ts.at(0)),
    last_ts: iso(ts.at(-1)),
    gaps: gaps.map(spelt),
  };
}

/** What REST said of the gaps that remain. */
export function answeredOf(
  gaps: readonly Gap[],
  { empty, unknownSymbol, unanswered }: FillDocument,
  interval: number,
): Pick<Summary, 'empty_at_source' | 'unknown_symbol' | 'unanswered'> {
  const counted = (range: Range) => spelt({ ...range, missing: countIn(range, interval) });
  return {
    empty_at_source: common(empty, gaps).map(counted),
    unknown_symbol: common(unknownSymbol, gaps).map(counted),
    unanswered: common(unanswered, gaps).map((range) => ({ ...counted(range), code: range.code })),
  };
}

function spelt({ first, last, missing }: Gap): GapsDocument['gaps'][number] {
  return { first: isoSeconds(first), last: isoSeconds(last), missing };
}
