/**
 * The rows of coverage_report.csv and gap_report.csv, from what was reckoned and how gates have judged it. It reckons
 * nothing itself and spells no CSV.
 */
import { isoSeconds } from '../bars/grid.ts';
import type { Judgement } from '../quality/judge.ts';
import { gapRow } from './gaps.ts';
import type { Figures, MonthFigures, SymbolFigures } from './reckon.ts';
import type { CoverageRow, GapRow, Source, Status } from './rows.ts';
import { ALL_MONTHS } from './rows.ts';
import { minutesOf } from './runs.ts';
import type { Tally } from './tally.ts';
import { coveragesOf } from './tally.ts';

/** One row a month, then the row that sums the symbol up. */
export function coverageRows({ symbols, step }: Figures, judgement: Judgement): readonly CoverageRow[] {
  return symbols.flatMap((figures) => {
    const { symbol, months, all } = figures;
    return [
      ...months.map((month) =>
        rowOf(symbol, month.month.month, month.tally, monthStatus(symbol, month, judgement), step),
      ),
      rowOf(symbol, ALL_MONTHS, all, symbolStatus(figures, judgement), step),
    ];
  });
}

export function gapRows({ symbols, step }: Figures): readonly GapRow[] {
  return symbols.flatMap(({ symbol, all }) => all.gaps.map((gap) => gapRow(symbol, gap, step)));
}

function rowOf(symbol: string, month: string, tally: Tally, status: Status, step: number): CoverageRow {
  const { expected, missing, excused, gaps } = tally;
  return {
    symbol,
    month,
    expected,
    present: expected - missing,
    missing,
    excused,
    ...coveragesOf(tally),
    gaps: gaps.length,
    longest_gap_minutes: minutesOf(tally.longest, step),
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

function sourceOf({ sources }: Tally): Source {
  const names = (['monthly', 'daily', 'rest'] as const).filter((name) => sources[name] > 0);
  return names.length > 1 ? 'mixed' : (names[0] ?? 'none');
}

export function monthStatus(
  symbol: string,
  { month: { month, kind } }: MonthFigures,
  { coverageOf }: Judgement,
): Status {
  return kind === 'present' ? coverageOf(symbol, month) : kind;
}

/** From best to worst. */
const SEVERITY: readonly Status[] = ['ok', 'warning', 'critical', 'absent', 'failed'];

/**
 * The worst month speaks for the symbol. An absent month is worse than a critical one, as all of it is missing;
 * but if all of it is excused nothing is wrong with it, and it does not count, unless no month is anything else:
 * then the symbol as a whole is absent.
 */
export function symbolStatus({ symbol, months }: SymbolFigures, judgement: Judgement): Status {
  if (months.length > 0 && months.every(({ month }) => month.kind === 'absent')) return 'absent';
  const worst = Math.max(
    0,
    ...months.map((each) => {
      const { excused, expected } = each.tally;
      if (each.month.kind === 'absent' && excused === expected) return 0;
      return SEVERITY.indexOf(monthStatus(symbol, each, judgement));
    }),
  );
  return SEVERITY[worst] ?? 'ok';
}
