/**
 * What summary.json of the reports is: all that a page, a monitor or a program of one's own needs to know of a run,
 * without reading the CSV files. The shape is a contract, published as configs/summary.schema.json; it reckons nothing.
 */
import { z } from 'zod';
import { LEVELS, SCOPES, UNITS, VERDICTS } from '../quality/checks.ts';
import { CAUSES, STATUSES } from './rows.ts';

export type { Verdict } from '../quality/checks.ts';
export { VERDICTS } from '../quality/checks.ts';

const count = z.int().nonnegative();
/** Whole where bars are no shorter than a minute. */
const minutes = z.number().nonnegative();
/** Cut, not rounded, to 6 decimals: 1 stands only where nothing is missing. */
const fraction = z.number().min(0).max(1);
const instant = z.iso.datetime().describe('UTC, such as 2025-08-22T23:59:00Z');
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const level = z.enum(VERDICTS).describe('of the worst gate that is broken there');

/** Figures that a month, a symbol and the dataset have alike. */
const coverage = {
  expected: count.describe('bars of the interval from the configured start to the as-of'),
  present: count,
  missing: count,
  excused: count.describe(
    'of the missing bars: before listing, after delisting, or in a halt of the exchange',
  ),
  coverage_raw: fraction.nullable().describe('present ÷ expected; null where nothing is expected'),
  coverage_adjusted: fraction
    .nullable()
    .describe('present ÷ (expected − excused); null where nothing is left'),
};

const gate = z.strictObject({
  check: z.string(),
  level: z.enum(LEVELS),
  scope: z.enum(SCOPES),
  threshold: z.union([z.number(), z.string()]).describe('as declared: what a value must not go beyond'),
  unit: z.enum(UNITS).describe('of the values; a threshold that is a duration is compared in minutes'),
  units: count.describe('how many months, symbols or datasets were measured'),
  broken: count.describe('of these: beyond the threshold, and not excepted'),
  excepted: count.describe('of these: beyond the threshold, known and accepted'),
  worst: z.number().nullable().describe('of all that were measured; null where none was'),
  where: z.array(z.string()).describe('the first units that are broken: BTCUSDT/2018-02, BTCUSDT or all'),
});

const month = z.strictObject({
  month: z.string(),
  status: z.enum(STATUSES),
  level,
  coverage_raw: coverage.coverage_raw,
  coverage_adjusted: coverage.coverage_adjusted,
  missing: coverage.missing,
  excused: coverage.excused,
});

const symbol = z.strictObject({
  symbol: z.string(),
  status: z.enum(STATUSES),
  level,
  first_ts: instant.nullable(),
  last_ts: instant.nullable(),
  lag_minutes: minutes
    .nullable()
    .describe(
      'from the end of the newest bar to that of the as-of; null without bars, and of a symbol that is known to be delisted',
    ),
  ...coverage,
  gaps: count,
  longest_gap_minutes: minutes,
  provisional: count.describe('bars that the monthly file does not serve yet'),
  files: z.strictObject({
    count,
    digest: digest.describe('SHA-256 of the names and digests of the files that the bars were made of'),
  }),
  months: z.array(month),
});

export const summaryDocument = z
  .strictObject({
    version: z.literal(1),
    market: z.string(),
    interval: z.string(),
    as_of: instant.describe('the last minute that counts'),
    verdict: z.strictObject({ level, sentence: z.string() }),
    totals: z.strictObject({
      symbols: count,
      months: count.describe('of all symbols together'),
      ...coverage,
      gaps: count,
      longest_gap_minutes: minutes,
      duplicates: count,
      off_grid: count,
      zero_trade: count,
      rule_breaks: count,
      missing_by_cause: z.record(z.enum(CAUSES), count),
      rows_by_source: z.strictObject({ monthly: count, daily: count, rest: count }),
    }),
    gates: z.array(gate).describe('in the order of their declaration'),
    symbols: z.array(symbol).describe('in the order of the config'),
    provenance: z.strictObject({
      schema_version: count.describe('of the bars'),
      halts_version: count.nullable().describe('of the list of halts; null without one'),
      gates_digest: digest,
      sources_digest: digest,
    }),
  })
  .describe('What a run of the reports says of the dataset');

export type SummaryDocument = z.output<typeof summaryDocument>;
export type GateSummary = SummaryDocument['gates'][number];
export type SymbolSummary = SummaryDocument['symbols'][number];

/** For programs that read the document, whatever they are written in. */
export function summaryJsonSchema(): object {
  return z.toJSONSchema(summaryDocument);
}

/** Throws an Error that says what is wrong where the text is no summary.json of this version. */
export function readSummaryDocument(text: string): SummaryDocument {
  const parsed = summaryDocument.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${path.map(String).join('.')}: ${message}`,
  );
  throw new Error(
    `${problems.slice(0, 3).join('; ')}: written by another version? run pipeline build reports`,
  );
}
