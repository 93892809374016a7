/** Hand-made months for the tests of reports: summaries that add up, made from a span and its gaps. */
import type { Partition, Span } from '../../../src/engine/task.ts';
import type { Summary as Document } from '../../../tasks/bars/documents.ts';
import { isoSeconds } from '../../../tasks/bars/grid.ts';
import { unpacked } from '../../../tasks/reports/days.ts';
import type { MonthFacts, SymbolFacts } from '../../../tasks/reports/months.ts';
import type { Run } from '../../../tasks/reports/runs.ts';
import { countOf, runOf } from '../../../tasks/reports/runs.ts';
import type { Summary } from '../../../tasks/reports/summary.ts';

export const MINUTE = 60_000;

export function ms(text: string): number {
  return Date.parse(text.length > 10 ? `${text}Z` : text);
}

export function monthSpan(month: string, clipped: Partial<Span> = {}): Span {
  const [year, number] = month.split('-').map(Number);
  return { start: ms(`${month}-01`), end: Date.UTC(year ?? 0, number ?? 0, 1), ...clipped };
}

/** First and last missing bar of each gap, as text without `Z`. */
export type GapTexts = readonly (readonly [first: string, last: string])[];

type File = Summary['files'][number];

export interface SummaryChanges extends Partial<Omit<Summary, 'files'>> {
  /** By their names; what else is said of them is that of a file that lacks nothing. */
  readonly files?: readonly (Partial<File> & Pick<File, 'name'>)[];
  readonly span?: Span;
  readonly step?: number;
}

export function summaryOf(
  symbol: string,
  month: string,
  gapTexts: GapTexts = [],
  changes: SummaryChanges = {},
): Summary {
  const { span = monthSpan(month), step = MINUTE, files, ...rest } = changes;
  const whole = runOf(span, step) ?? { first: 0, last: -step };
  const gaps = gapTexts.map(([first, last]) => {
    const run = { first: ms(first), last: ms(last) };
    return { ...run, missing: countOf(run, step) };
  });
  const rows = countOf(whole, step) - gaps.reduce((so, { missing }) => so + missing, 0);
  const [head, tail] = [gaps[0], gaps.at(-1)];
  return {
    version: 2,
    symbol,
    month,
    start: span.start,
    end: span.end,
    expected: countOf(whole, step),
    rows,
    first_ts: rows === 0 ? null : head?.first === whole.first ? head.last + step : whole.first,
    last_ts: rows === 0 ? null : tail?.last === whole.last ? tail.first - step : whole.last,
    gaps,
    empty_at_source: [],
    unknown_symbol: [],
    unanswered: [],
    duplicates: 0,
    off_grid: 0,
    zero_trade: 0,
    price_rule: 0,
    volume_rule: 0,
    outside: 0,
    out_of_order: 0,
    conflicts: 0,
    short_close: 0,
    provisional: 0,
    breaks: { high: 0, low: 0, price: 0, volume: 0, taker: 0, quote_volume: 0, zero_trades: 0 },
    jumps: { count: 0, largest: null },
    flats: { count: 0, longest: 0 },
    sources: { monthly: rows, daily: 0, rest: 0 },
    files: (files ?? [{ name: `${symbol}-1m-${month}.zip` }]).map((file) => fileOf(file, step)),
    days: new Float64Array(0),
    ...rest,
  };
}

/** What it is of stands in its name. */
function fileOf(file: Partial<File> & Pick<File, 'name'>, step: number): File {
  const [, month = '', day] = /(\d{4}-\d{2})(-\d{2})?\.(?:zip|rest\.json)$/.exec(file.name) ?? [];
  const kind = file.name.endsWith('.rest.json') ? 'rest' : day === undefined ? 'monthly' : 'daily';
  const { start, end } = monthSpan(month);
  const expected = (kind === 'daily' ? 86_400_000 : end - start) / step;
  const whole = { rows: expected, expected: kind === 'rest' ? null : expected };
  return { sha256: '0'.repeat(64), kind, ...whole, ...file };
}

/** As bars/merge writes it, with the members that reports do not read. */
export function summaryJson(summary: Summary): string {
  const time = (at: number | null): string | null => (at === null ? null : isoSeconds(at));
  const runs = <T extends Run>(of: readonly T[]) =>
    of.map((run) => ({ ...run, first: isoSeconds(run.first), last: isoSeconds(run.last) }));
  const document: Document = {
    ...summary,
    market: 'spot',
    interval: '1m',
    start: isoSeconds(summary.start),
    end: isoSeconds(summary.end),
    first_ts: time(summary.first_ts),
    last_ts: time(summary.last_ts),
    gaps: runs(summary.gaps),
    empty_at_source: runs(summary.empty_at_source),
    unknown_symbol: runs(summary.unknown_symbol),
    unanswered: runs(summary.unanswered),
    days: unpacked(summary.days),
    min_low: 1,
    max_high: 2,
    jumps: { ...summary.jumps, largest: jumpOf(summary) },
  };
  return JSON.stringify(document);
}

function jumpOf({ jumps: { largest } }: Summary): Document['jumps']['largest'] {
  return largest === null ? null : { ...largest, ts: isoSeconds(largest.ts) };
}

export function present(month: string, gaps: GapTexts = [], changes: SummaryChanges = {}): MonthFacts {
  const span = changes.span ?? monthSpan(month);
  return { month, span, kind: 'present', summary: summaryOf('BTCUSDT', month, gaps, changes) };
}

export function absent(month: string, reason: string, span: Span = monthSpan(month)): MonthFacts {
  return { month, span, kind: 'absent', reason };
}

export function failed(
  month: string,
  code: string,
  roots: readonly string[],
  span = monthSpan(month),
): MonthFacts {
  return { month, span, kind: 'failed', code, roots };
}

export function symbol(firstFile: string | null, ...months: readonly MonthFacts[]): SymbolFacts {
  return { symbol: 'BTCUSDT', firstFile, months };
}

export function partition(name: string, month?: string, span?: Span): Partition {
  if (month === undefined) return { keys: { symbol: name }, spans: {} };
  return { keys: { symbol: name, month }, spans: { month: span ?? monthSpan(month) } };
}
